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

BLOCK = 1_000_000


def append(path: Path, begin: int, end: int) -> None:
    """Rows [begin, end) of one market, the same whatever the steps in which the file grows."""
    import numpy as np
    import polars as pl

    with path.open("ab") as file:
        for first in range(begin, end, BLOCK):
            rng = np.random.default_rng(first)
            rows = min(BLOCK, end - first)
            number = np.arange(first, first + rows)
            price = (60_000.0 * np.exp(np.cumsum(rng.normal(0.0, 1e-5, rows)))).round(2)
            size = rng.exponential(0.01, rows).round(5) + 1e-5
            trades = pl.DataFrame(
                {
                    "id": 4_000_000_000 + number,
                    "price": price,
                    "qty": size,
                    "quote_qty": price * size,
                    "time": 1_700_000_000_000 + 10 * number,
                    "is_buyer_maker": rng.random(rows) < 0.5,
                    "is_best_match": np.ones(rows, dtype=bool),
                }
            )
            trades.write_csv(file, include_header=False, float_precision=8)


def memory(key: str) -> float:
    """A figure of this process in MiB."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status[key].split()[0]) / 1024


def replay(path: str) -> dict[str, Any]:
    import openquant as oq

    graph = oq.Graph()
    trades = graph.source("trades", oq.Trade)
    graph.add(oq.EwmaMean(span=100.0), trades)
    graph.add(oq.RollingMean(window=1_000), trades)
    bars = graph.add(oq.DollarBars(dollar_value_per_bar=1e6), trades)
    events = graph.collect(graph.add(oq.CusumFilter(threshold=0.005), bars))
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
    if options.replay:
        return print(json.dumps(replay(options.replay)))
    figures = []
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path, written = Path(folder) / "BTCUSDT-trades.csv", 0
        for rows in sorted(options.rows):
            append(path, written, rows)
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
