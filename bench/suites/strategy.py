"""The whole graph of `make demo` on real trades: bars, events, labels, bets, returns, portfolio and risk, all collected."""

from __future__ import annotations

import time

import polars as pl

from measuring import NS, OURS, ROOT, Figures, quick, show, told
from openquant.demo import example, frame_of_trades

SAMPLE = ROOT / "data" / "binance_spot_btc_eth_sol_20250325.csv.gz"


def repeated(frame: pl.DataFrame, times: int) -> pl.DataFrame:
    length = int(frame["ts"].to_physical().max() - frame["ts"].to_physical().min()) + 1  # type: ignore[operator]
    later = (pl.col("ts").to_physical() + i * length for i in range(times))
    return pl.concat([frame.with_columns(ts.cast(pl.Datetime("ns")).alias("ts")) for ts in later])


def seconds(frame: pl.DataFrame) -> float:
    replay = example().graph.open({"trades": frame})
    started = time.process_time()
    replay.run()
    return time.process_time() - started


def main() -> None:
    once = frame_of_trades(SAMPLE).with_columns(pl.col("symbol").cast(pl.Categorical))
    figures: Figures = {}
    for name, frame in (("the recording", once), ("100 of it", repeated(once, 100))):
        figures[f"strategy/{name}"] = {OURS: told(NS * seconds(frame) / frame.height for _ in range(quick(20, 3)))}
    show(figures)


if __name__ == "__main__":
    main()
