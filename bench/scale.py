"""Ticks streamed from disk through a graph at 1, 10 and 100 million: the cost per tick and the memory must not grow.

A file of trades in Binance's public-data layout grows from size to size and is gone afterwards: 100 million take 7 GB in the
folder for temporary files, or in `--folder`. Each size is replayed by a process of its own, whose peak memory is that of the
replay; the trades become dollar bars, those CUSUM events, and two averages follow every trade. CPU time counts.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import openquant as oq

BLOCK = 1_000_000
FIRST_ID, FIRST_MS, MOST = 4_000_000_000, 1_700_000_000_000, 100_000_000


class Market:
    """Blocks of trades as text: each again the same walk of prices, under the next ids and times."""

    def __init__(self) -> None:
        rng = np.random.default_rng(1)
        price = (60_000.0 * np.exp(np.cumsum(rng.normal(0.0, 1e-5, BLOCK)))).round(2)
        size = rng.exponential(0.01, BLOCK).round(5) + 1e-5
        trades = pl.DataFrame(
            {
                "id": pl.repeat(FIRST_ID, BLOCK, eager=True),
                "price": price,
                "qty": size,
                "quote_qty": price * size,
                "time": pl.repeat(FIRST_MS, BLOCK, eager=True),
                "is_buyer_maker": rng.random(BLOCK) < 0.5,
                "is_best_match": np.ones(BLOCK, dtype=bool),
            }
        )
        text = trades.write_csv(include_header=False, float_precision=8).encode()
        self.text = np.frombuffer(text, dtype=np.uint8).copy()
        self.ends = np.flatnonzero(self.text == ord("\n")) + 1
        commas = np.flatnonzero(self.text == ord(",")).reshape(BLOCK, 6)
        self.id_ends, self.time_ends = commas[:, 0], commas[:, 4]

    def append(self, path: Path, begin: int, end: int) -> None:
        with path.open("ab") as file:
            for first in range(begin, end, BLOCK):
                number = np.arange(first, first + BLOCK, dtype=np.uint32)
                self.stamp(self.id_ends, number)
                self.stamp(self.time_ends, 10 * number)
                file.write(self.text[: self.ends[min(BLOCK, end - first) - 1]])

    def stamp(self, ends: np.ndarray, number: np.ndarray) -> None:
        """The last nine digits before `ends`."""
        for digit in range(1, 10):
            self.text[ends - digit] = ord("0") + number % 10
            number = number // 10


def memory(key: str) -> float:
    """A figure of this process in MiB."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status[key].split()[0]) / 1024


def replay(path: str) -> dict[str, Any]:
    graph = oq.Graph()
    trades = graph.source("trades", oq.Trade)
    graph.add(oq.EwmaMean(span=100.0), trades)
    graph.add(oq.RollingMean(window=1_000), trades)
    bars = graph.add(oq.DollarBars(dollar_value_per_bar=1e6), trades)
    events = graph.collect(graph.add(oq.CusumFilter(threshold=0.005), bars))
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
    before, started = memory("VmRSS"), time.process_time()
    result = graph.replay({"trades": path})
    seconds = time.process_time() - started
    return {
        "rows": result.rows,
        "ns_per_tick": seconds / result.rows * 1e9,
        "peak_mib": memory("VmHWM"),
        "before_mib": before,
        "events": len(events),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000, 100_000_000])
    parser.add_argument("--folder", type=Path, help="where the file is written")
    parser.add_argument("--json", action="store_true", help="print figures as JSON")
    parser.add_argument("--replay", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if max(options.rows) > MOST:
        parser.error(f"at most {MOST:,} rows: ids and times change in their last nine digits")
    if options.replay:
        return print(json.dumps(replay(options.replay)))
    figures = []
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path, written, market = Path(folder) / "BTCUSDT-trades.csv", 0, Market()
        for rows in sorted(options.rows):
            market.append(path, written, rows)
            written = rows
            out = subprocess.run(
                [sys.executable, __file__, "--replay", path], check=True, capture_output=True, text=True
            )
            figures.append(json.loads(out.stdout) | {"gib": path.stat().st_size / 2**30})
            if figures[-1]["rows"] != rows:
                raise SystemExit(f"{figures[-1]['rows']:,} of {rows:,} rows were read")
    if options.json:
        return print(json.dumps(figures))
    for size in figures:
        print(
            f"{size['rows']:>12,} ticks, {size['gib']:5.2f} GiB: {size['ns_per_tick']:6.1f} ns/tick, "
            f"peak memory {size['peak_mib']:6.1f} MiB ({size['before_mib']:.1f} before the replay), {size['events']:,} events"
        )


if __name__ == "__main__":
    main()
