"""Time of the functions that make data ready: cleaning, report, calendar, loading and bars.

.venv/bin/python python/benchmarks/benchmark_data_processing.py --iterations 10 --rows 1000000
"""

from __future__ import annotations

import argparse
import functools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from timing import measured

import openquant
from openquant.data import align_calendar, clean_ohlcv, data_quality_report, load_ohlcv

SYMBOLS = 10
BARS: dict[str, dict[str, Any]] = {
    "build_tick_bars": {"ticks_per_bar": 50},
    "build_volume_bars": {"volume_per_bar": 100_000.0},
    "build_dollar_bars": {"dollar_value_per_bar": 5_000_000.0},
    "build_time_bars": {"interval": "1h"},
}


def minutes(rows: int) -> pl.DataFrame:
    """Minute bars of ten symbols, sorted, from a seeded walk."""
    rng = np.random.default_rng(7)
    each = -(-rows // SYMBOLS)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 1e-3, (SYMBOLS, each)), axis=1)).reshape(-1)
    ts = np.tile(1_704_067_200_000_000 + 60_000_000 * np.arange(each), SYMBOLS)
    return pl.DataFrame(
        {
            "ts": pl.Series(ts).cast(pl.Datetime("us")),
            "symbol": np.repeat([f"S{i}" for i in range(SYMBOLS)], each),
            "open": close,
            "high": close * 1.001,
            "low": close * 0.999,
            "close": close,
            "volume": rng.exponential(1_000.0, len(ts)),
        }
    ).head(rows)


def benchmarks(df: pl.DataFrame, folder: Path) -> list[tuple[str, Callable[[], Any]]]:
    shuffled = df.sample(fraction=1.0, shuffle=True, seed=7)
    df.write_csv(folder / "bars.csv")
    df.write_parquet(folder / "bars.parquet")
    out: list[tuple[str, Callable[[], Any]]] = [
        ("clean_ohlcv", lambda: clean_ohlcv(df)),
        ("clean_ohlcv shuffled", lambda: clean_ohlcv(shuffled)),
        ("data_quality_report", lambda: data_quality_report(df)),
        ("align_calendar 1m", lambda: align_calendar(df, interval="1m")),
        ("align_calendar shuffled", lambda: align_calendar(shuffled, interval="1m")),
        ("load_ohlcv csv", lambda: load_ohlcv(folder / "bars.csv")),
        ("load_ohlcv parquet", lambda: load_ohlcv(folder / "bars.parquet")),
    ]
    return out + bars(df)


def bars(df: pl.DataFrame) -> list[tuple[str, Callable[[], Any]]]:
    return [(name, functools.partial(getattr(openquant.bars, name), df, **options)) for name, options in BARS.items()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iterations", type=int, default=10)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    if options.iterations < 1 or options.rows < 1:
        parser.error("--iterations and --rows must be at least 1")
    print(
        f"{'name':24}{'iterations':>12}{'rows':>12}{'best_cpu_ms':>12}{'mean_ms':>12}{'p95_ms':>12}{'runs_per_sec':>14}"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name, function in benchmarks(minutes(options.rows), Path(folder)):
            told = measured(function, options.iterations)
            figures = (
                f"{told['best_cpu_ms']:12.3f}{told['mean_ms']:12.3f}{told['p95_ms']:12.3f}{told['runs_per_sec']:14.1f}"
            )
            print(f"{name:24}{options.iterations:12}{options.rows:12}{figures}")


if __name__ == "__main__":
    main()
