"""Results as polars frames for notebooks and files, and signals collected live.

Every frame's columns have the same dtypes whatever the input, an empty one included: Float64 for numbers, Int64 for
whole numbers, String for names; times are Datetime in the input's unit, microseconds for text.
"""

from __future__ import annotations

import importlib
import math
from typing import TYPE_CHECKING, Any

from openquant import _arguments as arguments
from openquant._lazy import np, pl
from openquant._timestamps import Timestamps, times_of
from openquant.signal_buffer import SignalStreamBuffer, encodable, symbols

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import numpy.typing as npt
    import pandas as pd  # type: ignore[import-untyped,unused-ignore]

    from openquant._arguments import Numbers, Times

    Names = Sequence[str] | npt.NDArray[Any] | pl.Series

__all__ = [
    "SignalStreamBuffer",
    "to_pandas",
    "to_polars_backtest_frame",
    "to_polars_event_frame",
    "to_polars_frontier_frame",
    "to_polars_indicator_matrix",
    "to_polars_signal_frame",
    "to_polars_weights_frame",
]


def to_polars_signal_frame(
    timestamps: Times | Timestamps, signal: Numbers, side: Numbers | None = None, symbol: str | Names | None = None
) -> pl.DataFrame:
    """Signals over time as a frame: ts, signal[, side][, symbol].

    Args:
        timestamps: Time of each signal.
        signal: Signed size of the bet, finite.
        side: Direction of each bet, finite; no column if None.
        symbol: One name for every row, or one each; no column if None.

    Returns:
        ts (Datetime), signal (Float64) and, where given, side (Float64) and symbol (String): one row each, in the order given.

    Raises:
        ValueError: lengths differ, a time cannot be read, or a number is NaN or infinite; it says which and where.
        TypeError: an argument is of another type.

    Source:
        AFML 10.2, bets over time.

    >>> to_polars_signal_frame(["2024-01-01 09:30:00"], [0.5], side=[1], symbol="BTC").rows()
    [(datetime.datetime(2024, 1, 1, 9, 30), 0.5, 1.0, 'BTC')]
    """
    times = times_of(timestamps, "timestamps")
    columns = [times.series("ts"), _numbers("signal", arguments.finite(signal, "signal"), "timestamps", len(times))]
    if side is not None:
        columns.append(_numbers("side", arguments.finite(side, "side"), "timestamps", len(times)))
    if symbol is not None:
        names = symbols(symbol, len(times))
        columns.append(_texts("symbol", names * len(times) if isinstance(symbol, str) else names))
    return pl.DataFrame(columns)


def to_polars_event_frame(
    starts: Times | Timestamps,
    ends: Times | Timestamps,
    probs: Numbers,
    sides: Numbers | None = None,
    labels: Numbers | None = None,
) -> pl.DataFrame:
    """Events with the probability of a win as a frame: start_ts, end_ts, prob[, side][, label].

    Args:
        starts: Time of each event.
        ends: Time at which its path ends.
        probs: Probabilities in [0, 1].
        sides: Direction of each bet, finite; no column if None.
        labels: Outcomes, whole numbers such as -1, 0 and 1; no column if None.

    Returns:
        start_ts and end_ts (Datetime), prob (Float64) and, where given, side (Float64) and label (Int64).

    Raises:
        ValueError: lengths differ, a time cannot be read, or a number is out of its range; it says which and where.
        TypeError: an argument is of another type.

    Source:
        AFML 3.4 (the path of an event) and 10.3 (its probability).

    >>> frame = to_polars_event_frame(["2024-01-01 09:30:00"], ["2024-01-01 09:45:00"], [0.6], labels=[1])
    >>> frame.select("prob", "label").rows()
    [(0.6, 1)]
    """
    start, end = times_of(starts, "starts"), times_of(ends, "ends")
    arguments.same_length("starts", len(start), "ends", len(end))
    prob = _numbers("prob", arguments.probabilities(probs, "probs"), "starts", len(start), "probs")
    columns = [start.series("start_ts"), end.series("end_ts"), prob]
    if sides is not None:
        columns.append(_numbers("side", arguments.finite(sides, "sides"), "starts", len(start), "sides"))
    if labels is not None:
        columns.append(_numbers("label", _whole(labels, "labels"), "starts", len(start), "labels"))
    return pl.DataFrame(columns)


def to_polars_indicator_matrix(
    ind_mat: Any, bar_index: Numbers | Times | None = None, label_names: Names | None = None
) -> pl.DataFrame:
    """An indicator matrix (AFML 4.5.3) as a frame: bar_index, then a column of 0 and 1 for each label.

    Args:
        ind_mat: Rows are bars, columns are labels, values are 0 or 1, as from `get_ind_matrix`.
        bar_index: Whole number or time of each bar; 0, 1, .. if None.
        label_names: Distinct names of the labels' columns; label_0, label_1, .. if None.

    Returns:
        bar_index (Int64, or Datetime for times), and an Int64 column for each label: one row for each bar.

    Raises:
        ValueError: rows differ in length, a value is not 0 or 1, lengths differ, or a name is used twice.
        TypeError: an argument is of another type.

    Source:
        AFML 4.5.3, snippet 4.3.

    >>> to_polars_indicator_matrix([[1, 0], [1, 1]]).to_dict(as_series=False)
    {'bar_index': [0, 1], 'label_0': [1, 1], 'label_1': [0, 1]}
    """
    matrix = arguments.matrix(ind_mat, "ind_mat")
    odd = np.flatnonzero((matrix != 0.0) & (matrix != 1.0))
    if len(odd):
        row, column = divmod(int(odd[0]), matrix.shape[1])
        raise ValueError(f"ind_mat at row {row}, column {column} is {float(matrix[row, column])!r}; it must be 0 or 1")
    bars = _bar_index(bar_index, len(matrix))
    arguments.same_length("ind_mat", len(matrix), "bar_index", len(bars))
    names = [f"label_{i}" for i in range(matrix.shape[1])] if label_names is None else _label_names(label_names)
    if matrix.shape == (0, 0):
        matrix = np.empty((0, len(names)))  # of no rows nobody knows how long they are
    arguments.same_length("ind_mat columns", matrix.shape[1], "label_names", len(names))
    columns = np.ascontiguousarray(matrix.T.astype(np.int64))
    return pl.DataFrame([bars, *(pl.Series(name, column) for name, column in zip(names, columns, strict=True))])


def to_polars_weights_frame(
    asset_names: Names, weights: Numbers, as_of: str | date | np.datetime64 | int | None = None
) -> pl.DataFrame:
    """A portfolio as a frame: asset, weight[, as_of].

    Args:
        asset_names: Name of each asset.
        weights: Share of each asset, finite.
        as_of: The time of the portfolio, the same in every row; no column if None.

    Returns:
        asset (String), weight (Float64) and, where given, as_of (Datetime): one row for each asset.

    Raises:
        ValueError: lengths differ, `as_of` cannot be read, or a weight is NaN or infinite; it says at what row.
        TypeError: an argument is of another type.

    Source:
        Markowitz (1952), a portfolio as the share of each asset.

    >>> to_polars_weights_frame(["CL", "NG"], [0.75, 0.25], as_of="2024-01-01").rows()[0]
    ('CL', 0.75, datetime.datetime(2024, 1, 1, 0, 0))
    """
    names = encodable(arguments.names(asset_names, "asset_names"), "asset_names")
    weight = _numbers("weight", arguments.finite(weights, "weights"), "asset_names", len(names), "weights")
    columns = [_texts("asset", names), weight]
    if as_of is not None:
        one: Any = [as_of]
        time = Timestamps(one, "as_of")
        columns.append(time.series("as_of", np.repeat(time.ns, len(names))))
    return pl.DataFrame(columns)


def to_polars_frontier_frame(
    volatility: Numbers, returns: Numbers, sharpe: Numbers | None = None, point_ids: Names | None = None
) -> pl.DataFrame:
    """An efficient frontier as a frame: volatility, return[, sharpe], point_id.

    Args:
        volatility: Standard deviation of each portfolio, finite and >= 0.
        returns: Mean return of each portfolio, finite, per the same time.
        sharpe: Sharpe ratios; one without risk may be infinite, as `allocate_max_sharpe` gives it. No column if None.
        point_ids: Name of each point; p0, p1, .. if None.

    Returns:
        volatility, return and, where given, sharpe (Float64), and point_id (String): one row for each portfolio.

    Raises:
        ValueError: lengths differ, or a number is out of its range; it says which and where.
        TypeError: an argument is of another type.

    Source:
        Markowitz (1952), the efficient frontier; Sharpe (1966), the ratio.

    >>> to_polars_frontier_frame([0.1, 0.2], [0.05, 0.08]).rows()
    [(0.1, 0.05, 'p0'), (0.2, 0.08, 'p1')]
    """
    risk = arguments.floats(volatility, "volatility")
    arguments.within(risk, "volatility", 0.0, arguments.LARGEST, "a volatility must be finite and >= 0")
    n = len(risk)
    columns = [pl.Series("volatility", risk)]
    columns.append(_numbers("return", arguments.finite(returns, "returns"), "volatility", n, "returns"))
    if sharpe is not None:
        ratios = arguments.floats(sharpe, "sharpe")
        arguments.within(ratios, "sharpe", -math.inf, math.inf, "a Sharpe ratio must not be NaN")
        columns.append(_numbers("sharpe", ratios, "volatility", n))
    if point_ids is None:
        ids = [f"p{i}" for i in range(n)]
    else:
        ids = encodable(arguments.names(point_ids, "point_ids"), "point_ids")
    arguments.same_length("volatility", n, "point_ids", len(ids))
    return pl.DataFrame([*columns, _texts("point_id", ids)])


def to_polars_backtest_frame(
    timestamps: Times | Timestamps,
    equity_curve: Numbers,
    returns: Numbers | None = None,
    positions: Numbers | None = None,
) -> pl.DataFrame:
    """A backtest over time as a frame: ts, equity[, returns][, position].

    Args:
        timestamps: Time of each row.
        equity_curve: Wealth at that time, finite.
        returns: What the step that ends there earned, finite; no column if None.
        positions: Position held, finite; no column if None.

    Returns:
        ts (Datetime), equity and, where given, returns and position (Float64): one row for each time.

    Raises:
        ValueError: lengths differ, a time cannot be read, or a number is NaN or infinite; it says which and where.
        TypeError: an argument is of another type.

    Source:
        AFML chapter 14, the statistics of a backtest.

    >>> to_polars_backtest_frame(["2024-01-01", "2024-01-02"], [1.0, 1.1], positions=[0, 1]).columns
    ['ts', 'equity', 'position']
    """
    times = times_of(timestamps, "timestamps")
    columns = [times.series("ts")]
    given = (
        ("equity", "equity_curve", equity_curve),
        ("returns", "returns", returns),
        ("position", "positions", positions),
    )
    for column, name, values in given:
        if values is not None:
            columns.append(_numbers(column, arguments.finite(values, name), "timestamps", len(times), name))
        elif name == "equity_curve":
            raise TypeError("equity_curve must be numbers, not None")
    return pl.DataFrame(columns)


def to_pandas(df: pl.DataFrame) -> pd.DataFrame:
    """A polars frame as a pandas DataFrame, with the same columns and times.

    Args:
        df: Any polars DataFrame.

    Returns:
        The same columns: datetime64 in the frame's unit for times, objects or strings of pandas for text.

    Raises:
        TypeError: `df` is not a polars DataFrame.
        ImportError: pandas or pyarrow is not installed: ``pip install 'openquant[pandas]'``.

    Source:
        `polars.DataFrame.to_pandas`.

    >>> to_pandas(to_polars_weights_frame(["CL"], [1.0])).to_dict("records")
    [{'asset': 'CL', 'weight': 1.0}]
    """
    if not isinstance(df, pl.DataFrame):
        raise TypeError(f"df must be a polars DataFrame, not {type(df).__name__}; collect a LazyFrame first")
    for package in ("pandas", "pyarrow"):
        try:
            importlib.import_module(package)
        except ImportError as error:
            raise ImportError(f"to_pandas needs {package}: pip install 'openquant[pandas]'", name=package) from error
    return df.to_pandas()


def _numbers(column: str, values: Any, first: str, rows: int, name: str = "") -> pl.Series:
    """A column of checked numbers, as many as the `first` argument has."""
    arguments.same_length(first, rows, name or column, len(values))
    return pl.Series(column, values)


def _texts(column: str, values: list[str]) -> pl.Series:
    return pl.Series(column, values, dtype=pl.String)


def _whole(values: Numbers, name: str) -> npt.NDArray[np.int64]:
    numbers = arguments.finite(values, name)
    odd = np.flatnonzero((numbers != np.trunc(numbers)) | (np.abs(numbers) >= 2.0**63))
    if len(odd):
        raise ValueError(f"{name} at row {odd[0]} is {float(numbers[odd[0]])!r}; a whole number (int64) is wanted")
    exact = np.asarray(values)
    return (exact if exact.dtype.kind in "iu" else numbers).astype(np.int64)


def _bar_index(values: Any, rows: int) -> pl.Series:
    if values is None:
        return pl.Series("bar_index", np.arange(rows, dtype=np.int64))
    if isinstance(values, pl.Series):
        numbers = values.dtype.is_numeric() or values.dtype == pl.Null
    elif arguments.is_list(values):
        numbers = not values or isinstance(values[0], (int, float, np.number))
    else:
        numbers = getattr(getattr(values, "dtype", None), "kind", "") in ("i", "u", "f")
    if numbers:
        return pl.Series("bar_index", _whole(values, "bar_index"))
    return Timestamps(values, "bar_index").series("bar_index")


def _label_names(values: Names) -> list[str]:
    names = encodable(arguments.names(values, "label_names"), "label_names")
    seen = {"bar_index"}
    for row, name in enumerate(names):
        if name in seen:
            raise ValueError(f"label_names at row {row} is {name!r}, which is the name of another column")
        seen.add(name)
    return names
