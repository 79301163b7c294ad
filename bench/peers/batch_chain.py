"""The chain and volume bars of bench/engine.cpp as a batch of pandas or polars expressions: CPU time per event in nanoseconds.

Volume bars are cut at multiples of the running volume: near to exact bars, which neither can express.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import polars as pl

WINDOW, SPAN, THRESHOLD, VOLUME_PER_BAR = 100, 20, 2.0, 100.0


def walk(events: int) -> np.ndarray:  # type: ignore[type-arg]
    return 100.0 + np.cumsum(np.random.default_rng(1).normal(0.0, 0.005, events))


def in_pandas(values: np.ndarray) -> Callable[[], object]:  # type: ignore[type-arg]
    series = pd.Series(values)

    def run() -> object:
        smooth = series.ewm(span=SPAN).mean()
        window = smooth.rolling(WINDOW)
        z = (smooth - window.mean()) / window.std()
        return z[z.abs() >= THRESHOLD]

    return run


def in_polars(values: np.ndarray) -> Callable[[], object]:  # type: ignore[type-arg]
    frame = pl.DataFrame({"x": values})
    smooth = pl.col("smooth")
    z = (smooth - smooth.rolling_mean(WINDOW)) / smooth.rolling_std(WINDOW)

    def run() -> object:
        told = frame.select(pl.col("x").ewm_mean(span=SPAN).alias("smooth")).select(z.alias("z"))
        return told.filter(pl.col("z").abs() >= THRESHOLD)

    return run


def bars_in_pandas(events: int) -> Callable[[], object]:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"ts": np.arange(events), "price": walk(events), "size": rng.uniform(0.0, 2.0, events)})

    def run() -> object:
        groups = frame.groupby((frame["size"].cumsum() // VOLUME_PER_BAR).astype("int64"), sort=False)
        return groups.agg(
            ts=("ts", "last"),
            open=("price", "first"),
            high=("price", "max"),
            low=("price", "min"),
            close=("price", "last"),
            volume=("size", "sum"),
            n_obs=("size", "size"),
        )

    return run
