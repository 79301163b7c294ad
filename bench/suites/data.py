"""The functions that make data ready, on 1,000,000 rows, beside polars where it can say the same in an expression."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
from benchmark_data_processing import bars, minutes

from measuring import MS, OURS, Figures, alternate, quick, show
from openquant.data import align_calendar, clean_ohlcv


def cleaned(df: pl.DataFrame) -> pl.DataFrame:
    return (
        df.drop_nulls()
        .sort("symbol", "ts", maintain_order=True)
        .unique(["symbol", "ts"], keep="last", maintain_order=True)
    )


def aligned(df: pl.DataFrame) -> pl.DataFrame:
    return df.sort("symbol", "ts").upsample("ts", every="1m", group_by="symbol")


def main() -> None:
    df = minutes(quick(1_000_000, 100_000))
    shuffled = df.sample(fraction=1.0, shuffle=True, seed=7)
    functions: dict[str, dict[str, Callable[[], Any]]] = {
        "clean_ohlcv": {OURS: lambda: clean_ohlcv(df), "polars": lambda: cleaned(df)},
        "align_calendar": {OURS: lambda: align_calendar(df, interval="1m"), "polars": lambda: aligned(df)},
        **{name: {OURS: function} for name, function in bars(df)},
        "clean_ohlcv, shuffled": {OURS: lambda: clean_ohlcv(shuffled), "polars": lambda: cleaned(shuffled)},
        "align_calendar, shuffled": {
            OURS: lambda: align_calendar(shuffled, interval="1m"),
            "polars": lambda: aligned(shuffled),
        },
    }
    figures: Figures = {}
    for name, contenders in functions.items():
        figures[f"data functions/{name}"] = alternate(contenders, MS, quick(9, 3))
    show(figures)


if __name__ == "__main__":
    main()
