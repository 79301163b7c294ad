"""Triple-barrier labels and meta-labels (AFML chapter 3).

>>> import openquant
>>> days = ["2024-01-01", "2024-01-02", "2024-01-03"]
>>> openquant.labeling.triple_barrier_labels(days, [100.0, 103.0, 104.0], days[:1], days[:1], [0.02])
[('2024-01-01 00:00:00', 0.030000000000000027, 0.02, 1, None)]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openquant._arguments import choice
from openquant._batch import runs
from openquant._labels import label, labels_graph, meta_graph
from openquant._lazy import np

if TYPE_CHECKING:
    from openquant._arguments import Numbers, Times
    from openquant._labels import Answer, Pairs, VerticalLabel

__all__ = ["meta_labels", "triple_barrier_events", "triple_barrier_labels"]


@runs(labels_graph)
def triple_barrier_events(
    close_timestamps: Times,
    close_prices: Numbers,
    t_events: Times,
    target_timestamps: Times,
    target_values: Numbers,
    pt: float = 1.0,
    sl: float = 1.0,
    min_ret: float = 0.0,
    vertical_barrier_times: Pairs | None = None,
    side_prediction: Pairs | None = None,
) -> Answer:
    """When the path of each event first touches one of its three barriers.

    An event counts if it is a close timestamp and has a target at its own time that is finite and above `min_ret` and, where
    sides are given, a side. Its path are the closes strictly after it, r = (p / p0 - 1) side. The upper barrier is touched
    where r > pt trgt, the lower one where r < -sl trgt, both strict.

    Args:
        close_timestamps: Times of the closes, n of them, rising strictly.
        close_prices: Their n prices, finite and above 0.
        t_events: Times of the events, in any order.
        target_timestamps: Times of the targets, none twice.
        target_values: Returns that scale the barriers, such as daily volatility; one that is not finite is none.
        pt: Upper barrier in targets; 0: none.
        sl: Lower barrier in targets; 0: none.
        min_ret: Targets count above this.
        vertical_barrier_times: Pairs (event, time), a mapping or a frame of two columns: the path, which begins after the event,
            ends at its first close at or after that time; past the data at the last close. Other events have none.
        side_prediction: Pairs (event, side), side in [-1, 1] and not 0.

    Returns:
        (start, t1, trgt, side, pt, sl) of each event, by start: t1 is the time of the close that touches a barrier, else the
        last close. An event on the last close has no path and is left out. side is None without sides. A list of tuples where
        the closes came as lists, else a frame with these columns.

    Raises:
        ValueError: closes that are not finite, not above 0 or not rising; lengths differ; a vertical barrier before its event; a
            side out of range; a time that targets, sides or vertical barriers give twice; a barrier parameter below 0.
        TypeError: an argument is of another kind.

    Source:
        AFML 3.2 to 3.4, snippet 3.2.

    >>> days = ["2024-01-01", "2024-01-02", "2024-01-03"]
    >>> triple_barrier_events(days, [100.0, 103.0, 104.0], days[:1], days[:1], [0.02], pt=2.0)
    [('2024-01-01 00:00:00', '2024-01-03 00:00:00', 0.02, None, 2.0, 1.0)]
    """
    given = label(
        labels_graph,
        close_timestamps,
        close_prices,
        t_events,
        target_timestamps,
        target_values,
        (pt, sl, min_ret),
        vertical_barrier_times,
        side_prediction,
        use_side=side_prediction is not None,
    )
    n = len(given.start)
    scales = {"pt": np.full(n, float(pt)), "sl": np.full(n, float(sl))}
    return given.answer(start=given.start, t1=given.end, trgt=given.trgt, side=given.side, **scales)


@runs(labels_graph)
def triple_barrier_labels(
    close_timestamps: Times,
    close_prices: Numbers,
    t_events: Times,
    target_timestamps: Times,
    target_values: Numbers,
    pt: float = 1.0,
    sl: float = 1.0,
    min_ret: float = 0.0,
    vertical_barrier_times: Pairs | None = None,
    side_prediction: Pairs | None = None,
    *,
    vertical_label: VerticalLabel = "sign",
) -> Answer:
    """The outcome of each event: the return at the barrier that its path touches first, and its sign.

    Args:
        close_timestamps: As for `triple_barrier_events`, and so are the others.
        close_prices: As there.
        t_events: As there.
        target_timestamps: As there.
        target_values: As there.
        pt: As there.
        sl: As there.
        min_ret: As there.
        vertical_barrier_times: As there.
        side_prediction: As there.
        vertical_label: "sign": the sign of the return at the vertical barrier too (AFML 3.5); "zero": 0 there and at the end of
            the data (AFML exercise 3.3).

    Returns:
        (start, ret, trgt, label, side) of each event, by start; ret includes the side, label is -1, 0 or 1. A list of tuples where
        the closes came as lists, else a frame with these columns.

    Raises:
        ValueError: as `triple_barrier_events`; vertical_label is neither of the two.
        TypeError: an argument is of another kind.

    Source:
        AFML 3.5, snippet 3.5.

    >>> days = ["2024-01-01", "2024-01-02", "2024-01-03"]
    >>> triple_barrier_labels(days, [100.0, 98.0, 104.0], days[:1], days[:1], [0.01], side_prediction=[(days[0], -1)])
    [('2024-01-01 00:00:00', 0.020000000000000018, 0.01, 1, -1.0)]
    """
    choice(vertical_label, "vertical_label", ("sign", "zero"))
    given = label(
        labels_graph,
        close_timestamps,
        close_prices,
        t_events,
        target_timestamps,
        target_values,
        (pt, sl, min_ret),
        vertical_barrier_times,
        side_prediction,
        use_side=side_prediction is not None,
        vertical_label=vertical_label,
    )
    return given.answer(start=given.start, ret=given.ret, trgt=given.trgt, label=given.label, side=given.side)


@runs(meta_graph)
def meta_labels(
    close_timestamps: Times,
    close_prices: Numbers,
    t_events: Times,
    target_timestamps: Times,
    target_values: Numbers,
    side_prediction: Pairs,
    pt: float = 1.0,
    sl: float = 1.0,
    min_ret: float = 0.0,
    vertical_barrier_times: Pairs | None = None,
) -> Answer:
    """Whether a bet on the side of each event earned anything: label 1 if ret > 0, else 0.

    Args:
        close_timestamps: As for `triple_barrier_events`, and so are the others.
        close_prices: As there.
        t_events: As there.
        target_timestamps: As there.
        target_values: As there.
        side_prediction: As there; required.
        pt: As there.
        sl: As there.
        min_ret: As there.
        vertical_barrier_times: As there.

    Returns:
        (start, ret, trgt, label, side) of each event, by start; ret includes the side. A list of tuples where the closes came
        as lists, else a frame with these columns.

    Raises:
        ValueError: as `triple_barrier_events`.
        TypeError: an argument is of another kind.

    Source:
        AFML 3.6, snippet 3.7.

    >>> days = ["2024-01-01", "2024-01-02", "2024-01-03"]
    >>> meta_labels(days, [100.0, 98.0, 104.0], days[:1], days[:1], [0.01], [(days[0], 1)])
    [('2024-01-01 00:00:00', -0.020000000000000018, 0.01, 0, 1.0)]
    """
    if side_prediction is None:
        raise TypeError("side_prediction must be pairs (event, side); without sides there is nothing to bet on")
    given = label(
        meta_graph,
        close_timestamps,
        close_prices,
        t_events,
        target_timestamps,
        target_values,
        (pt, sl, min_ret),
        vertical_barrier_times,
        side_prediction,
    )
    return given.answer(start=given.start, ret=given.ret, trgt=given.trgt, label=given.label, side=given.side)
