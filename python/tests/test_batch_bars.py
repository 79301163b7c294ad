"""`openquant.bars` against polars' group_by. Prices are quarters and sizes eighths: every sum is exact."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from scipy import stats

from openquant.bars import bar_diagnostics, build_dollar_bars, build_tick_bars, build_time_bars, build_volume_bars

modest = settings(max_examples=60, deadline=None)
BUILD = {"tick": build_tick_bars, "volume": build_volume_bars, "dollar": build_dollar_bars}
HOUR = 3_600_000_000


@st.composite
def frames(draw: st.DrawFn) -> tuple[pl.DataFrame, bool]:
    """Rows of up to three symbols, mixed or one after the other, and whether they are trades."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, trades = draw(st.integers(1, 120)), draw(st.booleans())
    price = 100 + np.cumsum(rng.integers(-2, 3, n)) / 4
    data: dict[str, Any] = {
        "ts": pl.Series(10**15 + np.cumsum(rng.integers(0, HOUR, n))).cast(pl.Datetime("us")),
        "symbol": rng.choice(draw(st.sampled_from([["X"], ["B", "A", "C"]])), n),
    }
    if trades:
        data |= {"price": price, "size": rng.integers(1, 40, n) / 8}
        if draw(st.booleans()):
            data["side"] = pl.Series(rng.choice(["buy", "sell", "b", "s", None], n).tolist(), dtype=pl.String)
    else:
        data |= {
            "open": price,
            "high": price + 1,
            "low": price - 1,
            "close": price + 0.25,
            "volume": rng.integers(0, 40, n) / 8,
        }
        if draw(st.booleans()):
            data["adj_close"] = price / 2
    df = pl.DataFrame(data).with_columns(pl.col("symbol").cast(draw(st.sampled_from([pl.String, pl.Categorical]))))
    return (df if draw(st.booleans()) else df.sort(pl.col("symbol").cast(pl.String), maintain_order=True)), trades


def expected(df: pl.DataFrame, trades: bool, bar: pl.Expr | None = None) -> pl.DataFrame:
    """One row per distinct `bar` of each symbol."""
    price, size = (pl.col("price"), pl.col("size")) if trades else (pl.col("close"), pl.col("volume"))
    first, high, low = (price, price, price) if trades else (pl.col("open"), pl.col("high"), pl.col("low"))
    adjusted = pl.col("adj_close") if "adj_close" in df.columns else price
    columns = {
        "ts": pl.col("ts").last(),
        "open": first.first(),
        "high": high.max(),
        "low": low.min(),
        "close": price.last(),
        "volume": size.sum(),
        "adj_close": adjusted.last(),
        "start_ts": pl.col("ts").first(),
        "n_obs": pl.len().cast(pl.Int64),
        "dollar_value": (price * size).sum(),
    }
    if trades:
        columns["vwap"] = (price * size).sum() / size.sum()
        if "side" in df.columns:
            columns["buy_volume"] = size.filter(pl.col("side").is_in(["buy", "b"])).sum()
            columns["sell_volume"] = size.filter(pl.col("side").is_in(["sell", "s"])).sum()
    out = df.group_by("symbol", "bar", maintain_order=True).agg(**columns).drop("bar")
    order = ["ts", "symbol", *[c for c in columns if c != "ts"]]
    return out.select(order).sort(pl.col("symbol").cast(pl.String), maintain_order=True)


def numbered(df: pl.DataFrame, amount: str, per_bar: float, carry: bool, partial: bool) -> pl.DataFrame:
    """Rows with the number of their bar, those of unfinished bars left out unless `partial`."""
    parts = []
    for symbol in df["symbol"].cast(pl.String).unique().sort():
        own = df.filter(pl.col("symbol").cast(pl.String) == symbol)
        bar, running, bars = 0, 0.0, []
        for value in own[amount].to_list():
            bars.append(bar)
            running += value
            if running >= per_bar:
                bar, running = bar + 1, running - per_bar if carry else 0.0
        own = own.with_columns(bar=pl.Series(bars))
        parts.append(own if partial else own.filter(pl.col("bar") < bar))
    return pl.concat(parts)


@modest
@given(
    frames(),
    st.sampled_from(["tick", "volume", "dollar"]),
    st.sampled_from(["reset", "carry"]),
    st.booleans(),
    st.integers(1, 30),
)
def test_bars_by_amount(given_: tuple[pl.DataFrame, bool], kind: str, remainder: Any, partial: bool, k: int) -> None:
    df, trades = given_
    per_bar = k if kind == "tick" else k / 2 if kind == "volume" else k * 64.0
    price, size = ("price", "size") if trades else ("close", "volume")
    amounts = df.with_columns(tick=1.0, volume_=pl.col(size), dollar=pl.col(price) * pl.col(size))
    amount = "volume_" if kind == "volume" else kind
    want = expected(numbered(amounts, amount, per_bar, remainder == "carry", partial), trades)
    got = BUILD[kind](df, per_bar, remainder=remainder, partial=partial)
    assert_frame_equal(got, want, check_exact=True)


@modest
@given(frames(), st.sampled_from(["1s", "7m", "1h", "1d", "90d"]))
def test_time_bars(given_: tuple[pl.DataFrame, bool], interval: str) -> None:
    df, trades = given_
    us = int(interval[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86_400}[interval[-1]] * 1_000_000
    want = expected(df.with_columns(bar=pl.col("ts").to_physical() // us), trades)
    assert_frame_equal(build_time_bars(df, interval), want, check_exact=True)


@modest
@given(frames(), st.sampled_from(["volume", "dollar"]), st.integers(1, 30))
def test_split_loses_nothing_and_fills_every_bar(given_: tuple[pl.DataFrame, bool], kind: str, k: int) -> None:
    df, trades = given_
    per_bar = k / 8 if kind == "volume" else k * 16.0
    got = BUILD[kind](df, per_bar, remainder="split", partial=True)
    price, size = ("price", "size") if trades else ("close", "volume")
    column = "volume" if kind == "volume" else "dollar_value"
    amount = pl.col(size) if kind == "volume" else pl.col(size) * pl.col(price)
    totals = df.group_by(pl.col("symbol").cast(pl.String)).agg(total=amount.sum()).sort("symbol")
    told = got.group_by(pl.col("symbol").cast(pl.String)).agg(pl.col(column).sum()).sort("symbol")
    np.testing.assert_allclose(told[column], totals["total"], rtol=1e-12)
    whole = BUILD[kind](df, per_bar, remainder="split")
    np.testing.assert_allclose(whole[column], per_bar, rtol=1e-12)


@modest
@given(frames())
def test_diagnostics(given_: tuple[pl.DataFrame, bool]) -> None:
    df, trades = given_
    bars = df.rename({"price": "close"}) if trades else df
    told = bar_diagnostics(bars)
    pairs, returns = [], []
    for _, own in bars.group_by(pl.col("symbol").cast(pl.String), maintain_order=True):
        c = own["close"].to_numpy()
        r = c[1:] / c[:-1] - 1.0
        returns.append(r)
        pairs.append(np.stack([r[:-1], r[1:]]) if len(r) > 1 else np.zeros((2, 0)))
    r, (x, y) = np.concatenate(returns), np.concatenate(pairs, axis=1)

    def correlation(a: Any, b: Any) -> float:
        return float(np.corrcoef(a, b)[0, 1]) if len(a) > 1 and np.ptp(a) > 1e-12 and np.ptp(b) > 1e-12 else math.nan

    close = {"rtol": 1e-7, "atol": 1e-9, "equal_nan": True}
    assert told["n_bars"] == bars.height
    np.testing.assert_allclose(told["return_std"], np.std(r, ddof=1) if len(r) > 1 else np.nan, rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(told["lag1_return_autocorr"], correlation(x, y), **close)
    varied = np.ptp(x * x) > 1e-12 and np.ptp(y * y) > 1e-12 if len(x) > 1 else True
    if varied:
        np.testing.assert_allclose(told["lag1_sq_return_autocorr"], correlation(x * x, y * y), **close)
    if len(r) > 1 and np.ptp(r) > 1e-12:
        np.testing.assert_allclose(told["jarque_bera"], stats.jarque_bera(r).statistic, **close)


def test_diagnostics_that_are_not_defined_are_nan() -> None:
    def told(close: list[float]) -> dict[str, Any]:
        return bar_diagnostics(
            pl.DataFrame(
                {"ts": range(len(close)), "symbol": ["A"] * len(close), "close": close},
                schema_overrides={"close": pl.Float64, "ts": pl.Int64, "symbol": pl.String},
            )
        )

    figures = ("return_std", "lag1_return_autocorr", "lag1_sq_return_autocorr", "jarque_bera")
    assert told([])["n_bars"] == 0 and all(math.isnan(told([])[f]) for f in figures)
    assert all(math.isnan(told([1.0, 2.0])[f]) for f in figures)
    flat = told([5.0] * 9)
    assert flat["return_std"] == 0.0 and math.isnan(flat["jarque_bera"]) and math.isnan(flat["lag1_return_autocorr"])


TRADES = pl.DataFrame({"ts": [1, 1, 2], "symbol": ["A"] * 3, "price": [5.0, 6.0, 7.0], "size": [1.0, 2.0, 3.0]})
ROWS = pl.DataFrame(
    {
        "ts": [1, 2],
        "symbol": ["A"] * 2,
        "open": [1.0, 2.0],
        "high": [1.0, 2.0],
        "low": [1.0, 2.0],
        "close": [1.0, 2.0],
        "volume": [0.0, 2.0],
    }
)


def test_trades_are_never_deduplicated_and_sides_are_read() -> None:
    same = pl.concat([TRADES.head(1)] * 4)
    assert build_tick_bars(same, 4)["volume"].to_list() == [4.0]
    for sides in ([1, -1, None], [1.0, -1.0, 0.0], ["BUY", "Sell", None]):
        bar = build_tick_bars(TRADES.with_columns(side=pl.Series(sides)), 3).row(0, named=True)
        assert (bar["buy_volume"], bar["sell_volume"]) == (1.0, 2.0)
    assert "buy_volume" not in build_tick_bars(TRADES, 3).columns


@pytest.mark.parametrize("build", [*BUILD.values(), build_time_bars])
@pytest.mark.parametrize("df", [TRADES, ROWS])
def test_nothing_for_nothing_with_the_same_schema(build: Any, df: pl.DataFrame) -> None:
    assert build(df.clear()).schema == build(df).schema
    for dtype in (pl.Datetime("ms"), pl.Datetime("us", "UTC"), pl.Datetime("ns"), pl.Date, pl.String):
        texts = pl.Series(["2024-01-01", "2024-01-02", "2024-01-03"][: df.height])
        ts = (
            texts
            if dtype == pl.String
            else texts.str.to_datetime(time_unit="us").cast(pl.Datetime("us")).cast(dtype)
            if not isinstance(dtype, pl.Datetime) or dtype.time_zone is None
            else texts.str.to_datetime(time_unit="us").dt.replace_time_zone("UTC")
        )
        schema = build(df.with_columns(ts=ts)).schema
        assert schema["ts"] == schema["start_ts"] == (dtype if isinstance(dtype, pl.Datetime) else pl.Datetime("us"))


@modest
@given(frames(), st.sampled_from(["1h", "7d"]), st.integers(1, 10**7))
def test_times_before_1970(given_: tuple[pl.DataFrame, bool], interval: str, weeks: int) -> None:
    """Moved back by whole windows, bars are what they were, moved back."""
    df, _ = given_
    back = pl.duration(days=7 * (2000 + weeks % 5000))

    def check(build: Any) -> None:
        want = build(df).with_columns(pl.col("ts", "start_ts") - back)
        assert_frame_equal(build(df.with_columns(pl.col("ts") - back)), want, check_exact=True)

    check(lambda d: build_time_bars(d, interval))
    check(lambda d: build_tick_bars(d, 5, partial=True))


def test_rows_whose_own_start_matter_not() -> None:
    assert build_time_bars(ROWS, "1s")["start_ts"].to_physical().to_list() == [1]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: build_tick_bars(TRADES, 0), ValueError, "ticks_per_bar = 0"),
        (lambda: build_tick_bars(TRADES, 2.5), TypeError, "ticks_per_bar must be a whole number"),
        (lambda: build_volume_bars(TRADES, 0.0), ValueError, "volume_per_bar = 0.0"),
        (lambda: build_volume_bars(TRADES, np.nan), ValueError, "volume_per_bar = nan"),
        (lambda: build_dollar_bars(TRADES, -1.0), ValueError, "dollar_value_per_bar = -1.0"),
        (lambda: build_dollar_bars(TRADES, np.inf), ValueError, "dollar_value_per_bar = inf"),
        (lambda: build_volume_bars(TRADES, 1.0, remainder="keep"), ValueError, "remainder = 'keep'"),
        (lambda: build_volume_bars(TRADES, 1.0, partial=1), TypeError, "partial must be True or False"),
        (lambda: build_volume_bars(TRADES, 1e-9, remainder="split"), ValueError, "larger than 100000 bars"),
        (lambda: build_time_bars(TRADES, "1w"), ValueError, "interval = '1w'"),
        (lambda: build_time_bars(TRADES, "0d"), ValueError, "interval = '0d'"),
        (lambda: build_time_bars(TRADES, 60), TypeError, "interval must be text"),
        (lambda: build_tick_bars(TRADES.to_dict()), TypeError, "polars DataFrame"),
        (lambda: build_tick_bars(TRADES.drop("size")), ValueError, "missing required trade columns: size"),
        (
            lambda: build_tick_bars(ROWS.drop("low", "volume")),
            ValueError,
            "missing required OHLCV columns: low, volume",
        ),
        (lambda: build_tick_bars(TRADES.with_columns(price=pl.lit(np.nan))), ValueError, "price at row 0 is nan"),
        (
            lambda: build_tick_bars(TRADES.with_columns(price=pl.lit(None, pl.Float64))),
            ValueError,
            "price at row 0 is nan",
        ),
        (lambda: build_tick_bars(TRADES.with_columns(price=pl.lit(0.0))), ValueError, "price at row 0 is 0.0"),
        (
            lambda: build_tick_bars(TRADES.with_columns(size=pl.Series([1.0, 0.0, 1.0]))),
            ValueError,
            "size at row 1 is 0.0",
        ),
        (lambda: build_tick_bars(ROWS.with_columns(volume=pl.lit(-1.0))), ValueError, "volume at row 0 is -1.0"),
        (lambda: build_tick_bars(TRADES.with_columns(side=pl.lit("up"))), ValueError, "side at row 0"),
        (lambda: build_tick_bars(TRADES.with_columns(side=pl.lit(2))), ValueError, "side at row 0"),
        (
            lambda: build_tick_bars(TRADES.with_columns(symbol=pl.lit(None, pl.String))),
            ValueError,
            "symbol at row 0 is null",
        ),
        (lambda: build_tick_bars(TRADES.with_columns(symbol=pl.lit(1))), TypeError, "symbol must hold names"),
        (
            lambda: build_tick_bars(TRADES.with_columns(ts=pl.lit("now"))),
            ValueError,
            "invalid datetime 'now' in ts at row 0",
        ),
        (lambda: build_tick_bars(TRADES.with_columns(ts=pl.Series([None, 1, 2]))), ValueError, "ts at row 0 is null"),
        (lambda: build_tick_bars(TRADES.with_columns(ts=pl.Series([3, 1, 2]))), ValueError, "ts at row 1"),
        (lambda: build_tick_bars(TRADES.with_columns(price=pl.lit("5"))), TypeError, "price must hold numbers"),
        (lambda: bar_diagnostics(TRADES), ValueError, "missing required columns: close"),
        (lambda: bar_diagnostics([1]), TypeError, "polars DataFrame"),
    ],
)
def test_refusals(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert message in str(caught.value)
