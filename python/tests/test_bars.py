"""Bars against cumulative sums and polars' group_by.

Prices are multiples of 1/4, sizes and thresholds of 1/8: every sum is exact, and so is every comparison of bars.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from test_operators import run

import openquant

Floats = npt.NDArray[np.float64]

modest = settings(max_examples=50, deadline=None)
eighths = st.integers(1, 400).map(lambda k: k / 8)
thresholds = st.integers(1, 40).map(lambda k: k / 8)
measures = st.sampled_from(["tick", "volume", "dollar"])


@st.composite
def markets(draw: st.DrawFn, falls: bool = False) -> pl.DataFrame:
    """Interleaved trades of up to three symbols, some at equal times or prices, some of unknown side, a few very large."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(1, 150))
    size = rng.integers(1, 40, n) / 8
    size[rng.random(n) < 0.05] *= 32
    side = rng.choice(np.array([-1, 0, 1], dtype=np.int8), n, p=[0.3, 0.4, 0.3] if draw(st.booleans()) else [0, 1, 0])
    return pl.DataFrame(
        {
            "ts": 1000 + np.cumsum(rng.integers(-2 if falls else 0, 6, n)),
            "symbol": rng.choice(draw(st.sampled_from([["X"], ["B", "A", "C"]])), n),
            "price": 100 + np.cumsum(rng.integers(-2, 3, n)) / 4,
            "size": size,
            "side": side,
            "id": rng.integers(1, 1000, n).astype(np.uint64),
        },
        schema_overrides={"symbol": pl.String},
    )


def grouped(trades: pl.DataFrame) -> pl.DataFrame:
    """One row per distinct `bar`, over trades of one symbol in their order."""
    dollars, size = pl.col("price") * pl.col("size"), pl.col("size")
    bars = trades.group_by("bar", maintain_order=True).agg(
        ts=pl.col("latest").last(),
        symbol=pl.col("symbol").first(),
        start_ts=pl.col("latest").first(),
        open=pl.col("price").first(),
        high=pl.col("price").max(),
        low=pl.col("price").min(),
        close=pl.col("price").last(),
        volume=size.sum(),
        dollar_value=dollars.sum(),
        vwap=dollars.sum() / size.sum(),
        buy_volume=size.filter(pl.col("side") > 0).sum(),
        sell_volume=size.filter(pl.col("side") < 0).sum(),
        n_obs=pl.len().cast(pl.Int64),
        first_id=pl.col("id").first(),
        last_id=pl.col("id").last(),
        gap=pl.lit(False),
        late=pl.col("late").any(),
    )
    return bars.drop("bar")


def assert_bars(
    operator: Any, trades: pl.DataFrame, bar_of: Callable[[pl.DataFrame], tuple[pl.DataFrame, int]]
) -> None:
    """`bar_of` gives one symbol's trades with the number of their `bar`, and how many bars are finished."""
    out = run({"t": (openquant.Trade, trades)}, lambda graph, ports: graph.add(operator, ports["t"]))
    out = out.with_columns(pl.col("ts", "start_ts").to_physical()).sort("symbol", maintain_order=True)
    expected = []
    for symbol in sorted(trades["symbol"].unique()):
        own = trades.filter(pl.col("symbol") == symbol).with_columns(latest=pl.col("ts").cum_max())
        own = own.with_columns(late=pl.col("ts") < pl.col("latest"))
        numbered, finished = bar_of(own)
        expected.append(grouped(numbered if operator.partial else numbered.filter(pl.col("bar") < finished)))
    assert_frame_equal(out, pl.concat(expected), check_exact=True)


def closing_at(ends: list[int], trades: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Bars that close at these rows."""
    bar = np.searchsorted(np.array(ends, dtype=np.int64), np.arange(trades.height), side="left")
    return trades.with_columns(bar=pl.Series(bar)), len(ends)


def first_rows(n: int, closes: Callable[[slice], Any]) -> list[int]:
    """Ends of bars that each begin after the last; `closes(rows)` tells at which rows the bar could close."""
    ends: list[int] = []
    while True:
        start = ends[-1] + 1 if ends else 0
        candidates = np.flatnonzero(closes(slice(start, n))) if start < n else np.array([])
        if candidates.size == 0:
            return ends
        ends.append(start + int(candidates[0]))


@modest
@given(markets(falls=True), eighths, st.booleans())
def test_volume_bars_reset(trades: pl.DataFrame, per_bar: float, partial: bool) -> None:
    def bar_of(own: pl.DataFrame) -> tuple[pl.DataFrame, int]:
        total = own["size"].cum_sum().to_numpy()
        ends: list[int] = []
        while True:
            end = int(np.searchsorted(total, (total[ends[-1]] if ends else 0.0) + per_bar))
            if end == len(total):
                return closing_at(ends, own)
            ends.append(end)

    assert_bars(openquant.VolumeBars(volume_per_bar=per_bar, partial=partial), trades, bar_of)


@modest
@given(markets(), eighths, st.booleans())
def test_volume_bars_carry(trades: pl.DataFrame, per_bar: float, partial: bool) -> None:
    def bar_of(own: pl.DataFrame) -> tuple[pl.DataFrame, int]:
        # Bars closed by row i: as many as the volume fills, but at most one a row.
        rows = np.arange(own.height + 1)
        filled = np.concatenate([[0], own["size"].cum_sum().to_numpy() // per_bar]).astype(np.int64)
        closed = rows + np.minimum.accumulate(filled - rows)
        return own.with_columns(bar=pl.Series(closed[:-1])), int(closed[-1])

    assert_bars(openquant.VolumeBars(volume_per_bar=per_bar, remainder="carry", partial=partial), trades, bar_of)


@modest
@given(markets(), eighths, st.booleans())
def test_volume_bars_split(trades: pl.DataFrame, per_bar: float, partial: bool) -> None:
    def bar_of(own: pl.DataFrame) -> tuple[pl.DataFrame, int]:
        # Bar k holds the volume from k * per_bar to (k + 1) * per_bar; a trade lies in every bar that it overlaps.
        after = pl.col("size").cum_sum()
        parts = own.with_columns(begin=after - pl.col("size"), end=after)
        k = int(per_bar * 8)
        first = (pl.col("begin") * 8).cast(pl.Int64) // k
        last = ((pl.col("end") * 8).cast(pl.Int64) + k - 1) // k
        parts = parts.with_columns(bar=pl.int_ranges(first, last)).explode("bar")
        low, high = pl.col("bar") * per_bar, (pl.col("bar") + 1) * per_bar
        parts = parts.with_columns(size=pl.min_horizontal("end", high) - pl.max_horizontal("begin", low))
        return parts, int(float(own["size"].sum()) // per_bar)

    assert_bars(openquant.VolumeBars(volume_per_bar=per_bar, remainder="split", partial=partial), trades, bar_of)


@modest
@given(markets(falls=True), st.integers(1, 200), st.booleans())
def test_time_bars(trades: pl.DataFrame, interval_ns: int, partial: bool) -> None:
    def bar_of(own: pl.DataFrame) -> tuple[pl.DataFrame, int]:
        window = own["latest"] // interval_ns  # a late trade goes into the open bar
        return own.with_columns(bar=window), int(window[-1])

    assert_bars(openquant.TimeBars(interval_ns=interval_ns, partial=partial), trades, bar_of)


@modest
@given(markets(), st.booleans(), st.integers(1, 40), st.booleans())
def test_range_bars(trades: pl.DataFrame, fraction: bool, quarters: int, partial: bool) -> None:
    wanted = quarters / 1024 if fraction else quarters / 4

    def bar_of(own: pl.DataFrame) -> tuple[pl.DataFrame, int]:
        price = own["price"].to_numpy()

        def closes(rows: slice) -> Any:
            p = price[rows]
            return np.maximum.accumulate(p) - np.minimum.accumulate(p) >= (wanted * p[0] if fraction else wanted)

        return closing_at(first_rows(len(price), closes), own)

    operator = openquant.RangeBars(range=wanted, unit="fraction" if fraction else "price", partial=partial)
    assert_bars(operator, trades, bar_of)


def signed_flow(own: pl.DataFrame, measure: str) -> tuple[Floats, Floats]:
    """What each trade counts, and its sign: its side's, else that of the last price change or side."""
    change = pl.col("price").diff().sign().replace(0.0, None)
    sign = pl.when(pl.col("side") != 0).then(pl.col("side").cast(pl.Float64)).otherwise(change)
    counts = {"tick": pl.col("size") * 0 + 1, "volume": pl.col("size"), "dollar": pl.col("price") * pl.col("size")}[
        measure
    ]
    both = own.select(amount=counts, sign=sign.forward_fill())
    return both["amount"].to_numpy(), both["sign"].fill_null(0.0).to_numpy()


@modest
@given(markets(), measures, thresholds, st.booleans())
def test_imbalance_bars(trades: pl.DataFrame, measure: Any, threshold: float, partial: bool) -> None:
    threshold *= {"tick": 8, "volume": 1, "dollar": 100}[measure]

    def bar_of(own: pl.DataFrame) -> tuple[pl.DataFrame, int]:
        amount, sign = signed_flow(own, measure)
        ends = first_rows(len(sign), lambda rows: np.abs(np.cumsum((amount * sign)[rows])) >= threshold)
        return closing_at(ends, own)

    operator = openquant.ImbalanceBars(measure=measure, expectation="fixed", threshold=threshold, partial=partial)
    assert_bars(operator, trades, bar_of)


@modest
@given(markets(), measures, thresholds, st.booleans())
def test_runs_bars(trades: pl.DataFrame, measure: Any, threshold: float, partial: bool) -> None:
    threshold *= {"tick": 8, "volume": 1, "dollar": 100}[measure]

    def bar_of(own: pl.DataFrame) -> tuple[pl.DataFrame, int]:
        amount, sign = signed_flow(own, measure)
        buys, sells = amount * (sign > 0), amount * (sign < 0)
        ends = first_rows(
            len(sign), lambda rows: np.maximum(np.cumsum(buys[rows]), np.cumsum(sells[rows])) >= threshold
        )
        return closing_at(ends, own)

    operator = openquant.RunsBars(measure=measure, expectation="fixed", threshold=threshold, partial=partial)
    assert_bars(operator, trades, bar_of)
