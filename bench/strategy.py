"""The whole graph of `make demo` on real trades: bars, events, labels, bets, returns, portfolio and risk, all collected.

CPU time of `graph.replay` from a frame, on one core; the best and the median of several rounds, on the recording as it is and
on many of it in a row.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import polars as pl

from openquant.demo import example, frame_of_trades
from openquant.strategy import Strategy

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "binance_spot_btc_eth_sol_20250325.csv.gz"


def repeated(frame: pl.DataFrame, times: int) -> pl.DataFrame:
    length = int(frame["ts"].to_physical().max() - frame["ts"].to_physical().min()) + 1  # type: ignore[operator]
    later = (pl.col("ts").to_physical() + i * length for i in range(times))
    return pl.concat([frame.with_columns(ts.cast(pl.Datetime("ns")).alias("ts")) for ts in later])


def replayed(frame: pl.DataFrame) -> tuple[float, Strategy]:
    built = example()
    replay = built.graph.open({"trades": frame})
    started = time.process_time()
    replay.run()
    return time.process_time() - started, built


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    once = frame_of_trades(SAMPLE).with_columns(pl.col("symbol").cast(pl.Categorical))
    for name, frame in (("the recording", once), ("100 of it", repeated(once, 100))):
        times = [replayed(frame)[0] for _ in range(options.rounds)]
        rows = {table: len(rows) for table, rows in replayed(frame)[1].tables.items()}
        best, median = min(times), statistics.median(times)
        print(
            f"{name}: {frame.height:,} trades, best {best / frame.height * 1e9:.1f} ns/tick ({frame.height / best / 1e6:.1f} M/s), "
            f"median {median / frame.height * 1e9:.1f} ns/tick; rows collected {rows}"
        )


if __name__ == "__main__":
    main()
