"""Bars from OHLCV rows or from trades, each symbol on its own (AFML 2.3).

>>> import openquant, polars as pl
>>> trades = pl.DataFrame({"ts": [0, 1, 2, 3], "symbol": ["A"] * 4, "price": [5.0, 7.0, 6.0, 8.0], "size": [1.0] * 4})
>>> openquant.bars.build_tick_bars(trades, 2)["close"].to_list()
[7.0, 8.0]
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

from openquant import events
from openquant._arguments import (
    choice,
    flag,
    floats,
    interval_ns,
    number,
    prices,
    whole,
)
from openquant._bar_rows import BarRows, check_sorted, symbols_of
from openquant._batch import Rows, run, runs
from openquant._lazy import pl
from openquant._timestamps import Timestamps
from openquant.graph import Graph
from openquant.operators import (
    DollarBars,
    ResampledBars,
    ResampledTimeBars,
    ReturnDiagnostics,
    TickBars,
    TimeBars,
    VolumeBars,
)

if TYPE_CHECKING:
    from openquant._bar_rows import Kind
    from openquant.operator import Operator

    Remainder = Literal["reset", "carry", "split"]

__all__ = ["bar_diagnostics", "build_dollar_bars", "build_tick_bars", "build_time_bars", "build_volume_bars"]


def _graph(operator: Operator, of: Kind) -> Graph:
    """One source, trades or ohlcv, and the table bars."""
    choice(of, "of", ("trades", "ohlcv"))
    graph = Graph()
    source = graph.source(of, events.Trade if of == "trades" else events.Ohlcv)
    graph.collect(graph.add(operator, source), name="bars")
    return graph


def _tick_graph(
    ticks_per_bar: int = 50, *, remainder: Remainder = "reset", partial: bool = False, of: Kind = "trades"
) -> Graph:
    """The graph of `build_tick_bars`: a source trades (Trade) or ohlcv (Ohlcv), table bars."""
    choice(remainder, "remainder", ("reset", "carry", "split"))
    if of == "trades":
        return _graph(TickBars(ticks_per_bar=ticks_per_bar, partial=partial), of)
    return _graph(ResampledBars(measure="tick", per_bar=ticks_per_bar, remainder=remainder, partial=partial), of)


def _volume_graph(
    volume_per_bar: float = 100_000.0,
    *,
    remainder: Remainder = "reset",
    partial: bool = False,
    of: Kind = "trades",
) -> Graph:
    """The graph of `build_volume_bars`: a source trades (Trade) or ohlcv (Ohlcv), table bars."""
    if of == "trades":
        return _graph(VolumeBars(volume_per_bar=volume_per_bar, remainder=remainder, partial=partial), of)
    return _graph(ResampledBars(measure="volume", per_bar=volume_per_bar, remainder=remainder, partial=partial), of)


def _dollar_graph(
    dollar_value_per_bar: float = 5_000_000.0,
    *,
    remainder: Remainder = "reset",
    partial: bool = False,
    of: Kind = "trades",
) -> Graph:
    """The graph of `build_dollar_bars`: a source trades (Trade) or ohlcv (Ohlcv), table bars."""
    if of == "trades":
        return _graph(DollarBars(dollar_value_per_bar=dollar_value_per_bar, remainder=remainder, partial=partial), of)
    return _graph(
        ResampledBars(measure="dollar", per_bar=dollar_value_per_bar, remainder=remainder, partial=partial), of
    )


def _time_graph(interval: str = "1d", *, of: Kind = "trades") -> Graph:
    """The graph of `build_time_bars`: a source trades (Trade) or ohlcv (Ohlcv), table bars."""
    ns = interval_ns(interval)
    return _graph(TimeBars(interval_ns=ns) if of == "trades" else ResampledTimeBars(interval_ns=ns), of)


def _options(remainder: Any, partial: Any) -> dict[str, Any]:
    return {
        "remainder": choice(remainder, "remainder", ("reset", "carry", "split")),
        "partial": flag(partial, "partial"),
    }


@runs(_tick_graph)
def build_tick_bars(
    df: pl.DataFrame, ticks_per_bar: int = 50, *, remainder: Remainder = "reset", partial: bool = False
) -> pl.DataFrame:
    """A bar from every `ticks_per_bar` rows of a symbol.

    Args:
        df: OHLCV rows (ts, symbol, open, high, low, close, volume, perhaps adj_close) or trades (ts, symbol, price, size,
            perhaps side: 'buy'/'sell', 'b'/'s', +1/-1, null where unknown), each symbol's rows in the order of time; symbols
            may be mixed, and trades may share a time. Prices and sizes are above 0, a row's volume may be 0.
        ticks_per_bar: Rows in a bar, >= 1.
        remainder: As for `build_volume_bars`; rows are never divided, so it changes nothing here.
        partial: Keep the unfinished last bar of each symbol.

    Returns:
        By symbol and time: ts (of the last row), symbol, open, high, low, close, volume, adj_close, start_ts (of the first row),
        n_obs (rows), dollar_value (sum of close times volume, or price times size); for trades also vwap, and, where df has
        side, buy_volume and sell_volume. Times are Datetime in df's unit. Empty for an empty frame.

    Raises:
        ValueError: a column is missing, a value is null, not finite or out of range, rows of a symbol are not sorted, or a
            parameter is out of range.
        TypeError: an argument or a column is of another type.

    Source:
        AFML 2.3.1.2.

    >>> rows = {"ts": ["2024-01-01", "2024-01-02"], "symbol": ["A", "A"], "open": [1.0, 3.0], "high": [4.0, 5.0],
    ...         "low": [1.0, 2.0], "close": [3.0, 4.0], "volume": [10.0, 20.0]}
    >>> build_tick_bars(pl.DataFrame(rows), 2).select("open", "high", "low", "close", "volume", "dollar_value").row(0)
    (1.0, 5.0, 1.0, 4.0, 30.0, 110.0)
    """
    given, options = BarRows(df), _options(remainder, partial)
    n = whole(ticks_per_bar, "ticks_per_bar", 1, 9 * 10**15)
    return given.bars(_tick_graph(n, **options, of=given.of))


@runs(_volume_graph)
def build_volume_bars(
    df: pl.DataFrame,
    volume_per_bar: float = 100_000.0,
    *,
    remainder: Remainder = "reset",
    partial: bool = False,
) -> pl.DataFrame:
    """A bar at each row where the running volume of its symbol reaches the threshold.

    Args:
        df: OHLCV rows or trades; see `build_tick_bars`.
        volume_per_bar: Volume that closes a bar, above 0.
        remainder: What becomes of the excess: "reset" drops it from the running sum, "carry" starts the next bar's running sum
            with it, "split" divides a row over as many bars as it fills (volume and dollar value; the count is not divided).
        partial: Keep the unfinished last bar of each symbol.

    Returns:
        Bars as `build_tick_bars` returns them.

    Raises:
        ValueError: as `build_tick_bars`; with "split", a row that fills 100,000 bars or more.
        TypeError: an argument or a column is of another type.

    Source:
        AFML 2.3.1.3.

    >>> trades = pl.DataFrame({"ts": [0, 1, 2], "symbol": ["A"] * 3, "price": [5.0, 7.0, 6.0], "size": [3.0, 9.0, 1.0]})
    >>> build_volume_bars(trades, 5.0, remainder="split")["volume"].to_list()
    [5.0, 5.0]
    """
    given, options = BarRows(df), _options(remainder, partial)
    per_bar = number(volume_per_bar, "volume_per_bar", 0.0, above=True)
    return given.bars(_volume_graph(per_bar, **options, of=given.of))


@runs(_dollar_graph)
def build_dollar_bars(
    df: pl.DataFrame,
    dollar_value_per_bar: float = 5_000_000.0,
    *,
    remainder: Remainder = "reset",
    partial: bool = False,
) -> pl.DataFrame:
    """A bar at each row where the running dollar value of its symbol reaches the threshold.

    Args:
        df: OHLCV rows (whose dollar value is close times volume) or trades (price times size); see `build_tick_bars`.
        dollar_value_per_bar: Dollar value that closes a bar, in the quote currency, above 0.
        remainder: As for `build_volume_bars`.
        partial: Keep the unfinished last bar of each symbol.

    Returns:
        Bars as `build_tick_bars` returns them.

    Raises:
        ValueError: as `build_volume_bars`.
        TypeError: an argument or a column is of another type.

    Source:
        AFML 2.3.1.4.

    >>> trades = pl.DataFrame({"ts": [0, 1, 2], "symbol": ["A"] * 3, "price": [5.0, 7.0, 6.0], "size": [3.0, 9.0, 1.0]})
    >>> build_dollar_bars(trades, 70.0)["dollar_value"].to_list()
    [78.0]
    """
    given, options = BarRows(df), _options(remainder, partial)
    per_bar = number(dollar_value_per_bar, "dollar_value_per_bar", 0.0, above=True)
    return given.bars(_dollar_graph(per_bar, **options, of=given.of))


@runs(_time_graph)
def build_time_bars(df: pl.DataFrame, interval: str = "1d") -> pl.DataFrame:
    """A bar from the rows of each window [k interval, (k + 1) interval) since the epoch, in UTC.

    The row on the boundary opens the next bar. There is no bar for a window without rows; the last bar is kept.

    Args:
        df: OHLCV rows or trades; see `build_tick_bars`.
        interval: A whole number and s, m, h or d, at most 11574 days.

    Returns:
        Bars as `build_tick_bars` returns them.

    Raises:
        ValueError: as `build_tick_bars`; an interval of another form.
        TypeError: an argument or a column is of another type.

    Source:
        AFML 2.3.1.1.

    >>> times = ["2024-01-01 10:00:00", "2024-01-01 10:59:59.9", "2024-01-01 11:00:00"]
    >>> trades = pl.DataFrame({"ts": times, "symbol": ["A"] * 3, "price": [5.0, 7.0, 6.0], "size": [3.0, 9.0, 1.0]})
    >>> build_time_bars(trades, "1h")["n_obs"].to_list()
    [2, 1]
    """
    given = BarRows(df, step=interval_ns(interval))
    return given.bars(_time_graph(interval, of=given.of))


def _diagnostics_graph() -> Graph:
    """The graph of `bar_diagnostics`: source close (Price), table diagnostics, filled when the stream ends."""
    graph = Graph()
    graph.collect(graph.add(ReturnDiagnostics(), graph.source("close", events.Price)), name="diagnostics")
    return graph


@runs(_diagnostics_graph)
def bar_diagnostics(df: pl.DataFrame) -> dict[str, Any]:
    """How near the simple returns of bars are to independent and normal ones, all symbols together.

    Args:
        df: Bars: ts, symbol, close (above 0), each symbol's rows in the order of time.

    Returns:
        n_bars, lag1_return_autocorr (Pearson correlation of the pooled pairs (r[t-1], r[t]), which never cross symbols),
        lag1_sq_return_autocorr (the same of squared returns), return_std (ddof 1) and jarque_bera (from population moments). A
        figure that too few returns or no variance leave undefined is NaN.

    Raises:
        ValueError: a column is missing, a value is null, not finite or out of range, or rows of a symbol are not sorted.
        TypeError: df is no polars DataFrame, or a column is of another type.

    Source:
        AFML exercise 2.1; Jarque and Bera (1987).

    >>> bars = pl.DataFrame({"ts": [0, 1, 2, 3], "symbol": ["A"] * 4, "close": [100.0, 150.0, 75.0, 112.5]})
    >>> figures = bar_diagnostics(bars)
    >>> figures["n_bars"], round(figures["lag1_return_autocorr"], 12)
    (4, -1.0)
    """
    if not isinstance(df, pl.DataFrame):
        raise TypeError(f"df must be a polars DataFrame, not {type(df).__name__}")
    missing = [column for column in ("ts", "symbol", "close") if column not in df.columns]
    if missing:
        raise ValueError(f"missing required columns: {', '.join(missing)}")
    times = Timestamps(df["ts"], "ts")
    codes, names = symbols_of(df["symbol"])
    close = floats(df["close"], "close")
    check_sorted(times, codes, names)
    rows = Rows(events.Price, {"ts": times.streamed()[0], "price": close}, names, codes)
    graph = run(_diagnostics_graph(), {"close": rows}, explain=lambda: prices(close))
    told = graph.tables["diagnostics"].take()

    def figure(name: str, flag: str) -> float:
        return float(told[name][0]) if len(told[name]) and told[flag][0] else math.nan

    return {
        "n_bars": df.height,
        "lag1_return_autocorr": figure("lag1_return_autocorr", "has_autocorr"),
        "lag1_sq_return_autocorr": figure("lag1_sq_return_autocorr", "has_sq_autocorr"),
        "return_std": figure("return_std", "has_std"),
        "jarque_bera": figure("jarque_bera", "has_jarque_bera"),
    }
