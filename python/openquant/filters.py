"""Event filters: at which bars something happened (AFML 2.5).

>>> import openquant
>>> openquant.filters.cusum_filter_indices([100.0, 101.0, 103.0, 99.0], 0.02)
[2, 3]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

from openquant import _core, events
from openquant._arguments import LARGEST, choice, finite, floats, is_list, like, number, prices, same_length, whole
from openquant._batch import Data, Numbered, run, runs
from openquant._lazy import np
from openquant._timestamps import Timestamps
from openquant.graph import Graph
from openquant.operators import CusumFilter, ZScoreFilter

if TYPE_CHECKING:
    import numpy.typing as npt

    from openquant._arguments import Ints, Numbers, Times

__all__ = [
    "cusum_filter_indices",
    "cusum_filter_timestamps",
    "z_score_filter_indices",
    "z_score_filter_timestamps",
]

_MAX_WINDOW = 10_000_000


def _cusum_graph(threshold: float | None = None) -> Graph:
    """The graph of `cusum_filter_indices`: sources close (Price) and, without a threshold, thresholds (Value); table events."""
    graph = Graph()
    if threshold is None:
        thresholds = graph.source("thresholds", events.Value)  # declared first: known to the price of its own time
        close = graph.source("close", events.Price)
        event = graph.add(CusumFilter(), close, thresholds=thresholds)
    else:
        close = graph.source("close", events.Price)
        event = graph.add(CusumFilter(threshold=threshold), close)
    graph.collect(event, name="events")
    return graph


def _cusum(close: Numbers, threshold: float | Numbers) -> Ints:
    c = floats(close, "close")
    rows: Data = {"close": Numbered(events.Price, c, "close")}
    if isinstance(threshold, (int, float)) or getattr(threshold, "ndim", None) == 0:
        graph = _cusum_graph(number(threshold, "threshold", 0.0, above=True))
    else:
        graph = _cusum_graph()
        rows = {"thresholds": _thresholds(threshold, len(c)), **rows}
    return _event_rows(run(graph, rows, explain=lambda: prices(c)))


def _thresholds(values: Numbers, bars: int) -> Numbered:
    if is_list(values) and values and values[0] is None:
        values = [float("nan"), *values[1:]]
    h = floats(values, "threshold")
    same_length("close", bars, "threshold", len(h))
    row = _core.first_outside(h[1:], 5e-324, LARGEST)  # the first is not used: no return leads to the first close
    if row >= 0:
        raise ValueError(f"threshold at row {row + 1} is {float(h[row + 1])!r}; it must be finite and above 0")
    return Numbered(events.Value, h, "close", first=1)


def _event_rows(graph: Graph) -> Ints:
    rows: Ints = graph.tables["events"].take()["ts"]
    return rows


@runs(_cusum_graph)
def cusum_filter_indices(close: Numbers, threshold: float | Numbers) -> list[int] | npt.NDArray[np.int64]:
    """Bars at which the log price has drifted by more than the threshold (symmetric CUSUM filter).

    S+ = max(0, S+ + r) and S- = min(0, S- + r) with r = ln(c[i] / c[i-1]); if S- < -threshold, S- restarts and the bar is an
    event, else if S+ > threshold, S+ does and it is. Comparisons are strict, and only the side that fired restarts.

    Args:
        close: Prices, n of them, finite and above 0.
        threshold: Log return above 0: a number, or one per bar (n of them; the first is not used).

    Returns:
        Indices of the events, rising; a list for a list or tuple, else an int64 array. Empty for no prices.

    Raises:
        ValueError: a price or threshold is not finite or not above 0, or the lengths differ.
        TypeError: an argument is no number, or no sequence of numbers.

    Source:
        AFML 2.5.2.1, snippet 2.4.

    >>> cusum_filter_indices([100.0, 101.0, 103.0, 99.0], 0.02)
    [2, 3]
    >>> cusum_filter_indices([100.0, 101.0, 103.0, 99.0], [0.0, 0.005, 0.5, 0.5])
    [1]
    """
    answer: list[int] | npt.NDArray[np.int64] = like(close, _cusum(close, threshold))
    return answer


@runs(_cusum_graph)
def cusum_filter_timestamps(
    close: Numbers, timestamps: Times, threshold: float | Numbers
) -> list[Any] | npt.NDArray[Any]:
    """Times of the bars at which the log price has drifted by more than the threshold; see `cusum_filter_indices`.

    Args:
        close: Prices, n of them, finite and above 0.
        timestamps: Their n times, not falling: text, datetimes, datetime64, int64 ns UTC, or a polars Series of them.
        threshold: Log return above 0: a number, or one per bar.

    Returns:
        Times of the events in kind: text for text, datetimes for datetimes, an array for an array or Series.

    Raises:
        ValueError: as `cusum_filter_indices`; unreadable or falling timestamps.
        TypeError: an argument is of another kind.

    Source:
        AFML 2.5.2.1, snippet 2.4.

    >>> cusum_filter_timestamps([100.0, 103.0], ["2024-01-01 09:30:00", "2024-01-01T09:31:00.5Z"], 0.02)
    ['2024-01-01 09:31:00.5']
    """
    times = _times(close, timestamps)
    return times.take(_cusum(close, threshold))


def _times(close: Numbers, timestamps: Times) -> Timestamps:
    times = Timestamps(timestamps, "timestamps")
    same_length("close", len(floats(close, "close")), "timestamps", len(times))
    return times.sorted()


def _z_score_graph(
    mean_window: int, std_window: int, threshold: float, side: Literal["upper", "lower", "both"] = "upper"
) -> Graph:
    """The graph of `z_score_filter_indices`: source close (Value), table events."""
    operator = ZScoreFilter(mean_window=mean_window, std_window=std_window, threshold=threshold, side=side)
    graph = Graph()
    graph.collect(graph.add(operator, graph.source("close", events.Value)), name="events")
    return graph


def _z_score(close: Numbers, mean_window: int, std_window: int, threshold: float, side: Any) -> Ints:
    c = floats(close, "close")
    graph = _z_score_graph(
        whole(mean_window, "mean_window", 1, _MAX_WINDOW),
        whole(std_window, "std_window", 2, _MAX_WINDOW),
        number(threshold, "threshold", 0.0, above=True),
        cast("Literal['upper', 'lower', 'both']", choice(side, "side", ("upper", "lower", "both"))),
    )
    return _event_rows(run(graph, {"close": Numbered(events.Value, c, "close")}, explain=lambda: finite(c, "close")))


@runs(_z_score_graph)
def z_score_filter_indices(
    close: Numbers,
    mean_window: int,
    std_window: int,
    threshold: float,
    *,
    side: Literal["upper", "lower", "both"] = "upper",
) -> list[int] | npt.NDArray[np.int64]:
    """Bars whose value lies at least `threshold` rolling standard deviations above (below) its rolling mean.

    Both windows include the bar itself, so that in a window of w the largest possible z is (w - 1) / sqrt(w): a higher
    threshold can never be met. No events where the deviation is 0, or before both windows are full. The cost of a bar does not
    depend on the windows.

    Args:
        close: Prices, or any other finite numbers such as a spread.
        mean_window: Bars in the mean, >= 1.
        std_window: Bars in the sample standard deviation (ddof 1), >= 2.
        threshold: Standard deviations, above 0.
        side: upper: c >= mean + threshold std; lower: c <= mean - threshold std; both.

    Returns:
        Indices of the events, rising; a list for a list or tuple, else an int64 array. An index may differ from the plain
        formula only where |z - threshold| < 1e-9.

    Raises:
        ValueError: a number is not finite, a window or the threshold is out of range, or side is none of the three.
        TypeError: an argument is of another kind.

    Source:
        z = (c - mean) / std; its largest value: Shiffler (1988).

    >>> z_score_filter_indices([1.0, 2.0, 1.0, 2.0, 9.0], 5, 5, 1.5)
    [4]
    >>> z_score_filter_indices([1.0, 2.0, 1.0, 2.0, -9.0], 5, 5, 1.5, side="both")
    [4]
    """
    answer: list[int] | npt.NDArray[np.int64] = like(close, _z_score(close, mean_window, std_window, threshold, side))
    return answer


@runs(_z_score_graph)
def z_score_filter_timestamps(
    close: Numbers,
    timestamps: Times,
    mean_window: int,
    std_window: int,
    threshold: float,
    *,
    side: Literal["upper", "lower", "both"] = "upper",
) -> list[Any] | npt.NDArray[Any]:
    """Times of the bars that `z_score_filter_indices` finds.

    Args:
        close: As there, n of them.
        timestamps: Their n times, not falling; see `cusum_filter_timestamps`.
        mean_window: As there.
        std_window: As there.
        threshold: As there.
        side: As there.

    Returns:
        Times of the events, in kind.

    Raises:
        ValueError: as `z_score_filter_indices`; unreadable or falling timestamps; lengths differ.
        TypeError: an argument is of another kind.

    Source:
        z = (c - mean) / std.

    >>> days = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05"]
    >>> z_score_filter_timestamps([1.0, 2.0, 1.0, 2.0, 9.0], days, 5, 5, 1.5)
    ['2024-01-05 00:00:00']
    """
    times = _times(close, timestamps)
    return times.take(_z_score(close, mean_window, std_window, threshold, side))
