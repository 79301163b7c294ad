"""The graph of the triple-barrier labelers, and events, targets, sides and barriers as rows of its sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from openquant import _core, events
from openquant._arguments import LARGEST, floats, is_list, number, prices, same_length
from openquant._batch import Rows, run
from openquant._lazy import np, pl
from openquant._timestamps import LATEST, Timestamps
from openquant.graph import Graph
from openquant.operators import TripleBarrier

if TYPE_CHECKING:
    import numpy.typing as npt

    from openquant._arguments import Floats, Ints, Numbers, Times

    Pairs = Sequence[tuple[Any, Any]] | Mapping[Any, Any] | pl.DataFrame
    VerticalLabel = Literal["sign", "zero"]
    Answer = list[tuple[Any, ...]] | pl.DataFrame


_MAX_EVENTS = 10_000_000
_TIMES = ("start", "t1")


def labels_graph(
    pt: float = 1.0,
    sl: float = 1.0,
    min_ret: float = 0.0,
    *,
    use_side: bool = False,
    vertical_label: VerticalLabel = "sign",
    max_open: int = 100_000,
) -> Graph:
    """The graph of the labelers: sources close (Price), targets (Volatility), deadlines (Deadline), events (Event); table labels.

    An event counts if a close, a target and, where sides are used, a side of its own time have come; its deadline likewise.
    """
    return _graph(pt, sl, min_ret, use_side=use_side, vertical_label=vertical_label, max_open=max_open)


def meta_graph(pt: float = 1.0, sl: float = 1.0, min_ret: float = 0.0, *, max_open: int = 100_000) -> Graph:
    """The graph of `meta_labels`: as `labels_graph`, with sides, and labels of 1 and 0."""
    return _graph(pt, sl, min_ret, use_side=True, meta_label=True, max_open=max_open)


def _graph(pt: float, sl: float, min_ret: float, **options: Any) -> Graph:
    graph = Graph()
    close = graph.source("close", events.Price)
    targets = graph.source("targets", events.Volatility)
    deadlines = graph.source("deadlines", events.Deadline)
    event = graph.source("events", events.Event)
    operator = TripleBarrier(pt=pt, sl=sl, min_ret=min_ret, match_times=True, **options)
    graph.collect(graph.add(operator, close, event, volatility=targets, deadlines=deadlines), name="labels")
    return graph


@dataclass(frozen=True)
class Labels:
    """Labels sorted by the start of their events."""

    times: Timestamps
    as_list: bool
    sided: bool
    start: Ints
    end: Ints
    ret: Floats
    trgt: Floats
    side: Floats
    label: npt.NDArray[np.int8]

    def answer(self, **columns: npt.NDArray[Any]) -> Answer:
        """Tuples, or a frame, of the columns; times in kind, and side None where no sides were given."""
        if self.as_list:
            told: dict[str, Any] = {n: self.times.answer(c) if n in _TIMES else c.tolist() for n, c in columns.items()}
            told["side"] = told["side"] if self.sided else [None] * len(self.start)
            rows: list[tuple[Any, ...]] = list(zip(*told.values(), strict=True))
            return rows
        data: dict[str, Any] = {n: self.times.series(n, c) if n in _TIMES else c for n, c in columns.items()}
        data["side"] = (
            self.side if self.sided else pl.Series([None], dtype=pl.Float64).new_from_index(0, len(self.start))
        )
        return pl.DataFrame(data)


def label(
    graph: Callable[..., Graph],
    close_timestamps: Times,
    close_prices: Numbers,
    t_events: Times,
    target_timestamps: Times,
    target_values: Numbers,
    barriers: tuple[float, float, float],
    vertical_barrier_times: Pairs | None,
    side_prediction: Pairs | None,
    **options: Any,
) -> Labels:
    """What `graph` makes of the arguments: `graph(pt, sl, min_ret, max_open=..., **options)`."""
    times = Timestamps(close_timestamps, "close_timestamps").sorted(strictly=True)
    close = prices(close_prices, "close_prices")
    same_length("close_timestamps", len(times), "close_prices", len(close))
    parameters = (number(x, name, 0.0) for x, name in zip(barriers, ("pt", "sl", "min_ret"), strict=True))
    starts = np.sort(Timestamps(t_events, "t_events").ns, kind="stable")
    if len(starts) > _MAX_EVENTS:
        raise ValueError(f"t_events has {len(starts)} rows; at most {_MAX_EVENTS}")
    rows = {
        "close": (times.ns, {"price": close}),
        "targets": _targets(Timestamps(target_timestamps, "target_timestamps").ns, target_values),
        "deadlines": _deadlines(vertical_barrier_times),
        "events": (
            starts,
            {"side": _sides(starts, side_prediction), "price": np.zeros(len(starts))},
        ),  # the close counts
    }
    ran = graph(*parameters, max_open=max(1, len(starts)), **options)
    moved = times.streamed()[1]
    run(ran, {name: _source(ran, name, ts, moved, columns) for name, (ts, columns) in rows.items()})
    told = ran.tables["labels"].take()
    order = np.argsort(told["start_ts"], kind="stable")
    start, end, *figures = (told[c][order] for c in ("start_ts", "ts", "ret", "trgt", "side", "label"))
    as_list = is_list(close_timestamps) and is_list(close_prices)
    return Labels(times, as_list, side_prediction is not None, start - moved, end - moved, *figures)


def _source(graph: Graph, name: str, ts: Ints, moved: int, columns: dict[str, npt.NDArray[Any]]) -> Rows:
    """Rows from the first close on, moved as the closes were: what came before has no close, nor has what is far beyond."""
    first, end = np.searchsorted(ts, [-moved, LATEST - moved + 1])
    kept = {field: column[first:end] for field, column in columns.items()}
    if "until" in kept:
        kept["until"] = np.minimum(kept["until"], LATEST - moved) + moved
    return Rows(graph.sources[name], {"ts": ts[first:end] + moved if moved else ts[first:end], **kept}, ["close"])


def _find(keys: Ints, wanted: Ints) -> Ints:
    """Row of each wanted time among rising keys, -1 where there is none."""
    if not len(keys):
        return np.full(len(wanted), -1)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, at, -1)


def _rising(times: Ints, name: str) -> Ints | slice:
    """Rows in the order of time; a time that is given twice is ambiguous."""
    if _core.first_unsorted(times, True) < 0:
        return slice(None)
    order = np.argsort(times, kind="stable")
    twice = np.flatnonzero(np.diff(times[order]) == 0)
    if len(twice):
        first, second = order[twice[0]], order[twice[0] + 1]
        text = _core.format_times(times[first : first + 1])[0]
        raise ValueError(f"{name} gives {text} twice, at rows {first} and {second}; keep one of them")
    return order


def _targets(times: Ints, target_values: Numbers) -> tuple[Ints, dict[str, npt.NDArray[Any]]]:
    """Targets in the order of time, but for those that are none: not finite, or below 0."""
    targets = floats(target_values, "target_values")
    same_length("target_timestamps", len(times), "target_values", len(targets))
    order = _rising(times, "target_timestamps")
    times, targets = times[order], targets[order]
    if _core.first_outside(targets, 0.0, LARGEST) >= 0:
        known = (targets >= 0.0) & (targets <= LARGEST)
        times, targets = times[known], targets[known]
    return times, {"volatility": targets}


def _pairs(pairs: Pairs, name: str) -> tuple[Any, Any]:
    if isinstance(pairs, pl.DataFrame):
        if pairs.width != 2:
            raise ValueError(f"{name} must have two columns, not {pairs.width}")
        return pairs.to_series(0), pairs.to_series(1)
    items = list(pairs.items()) if isinstance(pairs, Mapping) else pairs.tolist() if hasattr(pairs, "tolist") else pairs
    if not isinstance(items, (list, tuple)):
        raise TypeError(
            f"{name} must be a list of pairs, a mapping or a frame of two columns, not {type(pairs).__name__}"
        )
    for row, item in enumerate(items):
        if not isinstance(item, (list, tuple)) or len(item) != 2:
            raise ValueError(f"{name} at row {row} is no pair (event, value)")
    return [item[0] for item in items], [item[1] for item in items]


def _sides(starts: Ints, side_prediction: Pairs | None) -> Floats:
    """The side of each event, 0 where it has none; 1 for all without predictions."""
    if side_prediction is None:
        return np.ones(len(starts))
    keys, values = _pairs(side_prediction, "side_prediction")
    times, sides = Timestamps(keys, "side_prediction").ns, floats(values, "side_prediction")
    bad = np.flatnonzero(~((np.abs(sides) <= 1.0) & (sides != 0.0)))
    if len(bad):
        raise ValueError(f"side_prediction at row {bad[0]} is {float(sides[bad[0]])!r}; a side is in [-1, 1] and not 0")
    order = _rising(times, "side_prediction")
    at = _find(times[order], starts)
    return np.where(at >= 0, sides[order][at], 0.0) if len(times) else np.zeros(len(starts))


def _deadlines(vertical_barrier_times: Pairs | None) -> tuple[Ints, dict[str, npt.NDArray[Any]]]:
    """Times of the events that have a vertical barrier, and of those barriers."""
    if vertical_barrier_times is None:
        return np.zeros(0, np.int64), {"until": np.zeros(0, np.int64)}
    keys, values = _pairs(vertical_barrier_times, "vertical_barrier_times")
    times = Timestamps(keys, "vertical_barrier_times").ns
    until = Timestamps(values, "vertical_barrier_times").ns
    early = np.flatnonzero(until < times)
    if len(early):
        start, end = _core.format_times(np.array([times[early[0]], until[early[0]]]))
        raise ValueError(f"vertical_barrier_times at row {early[0]}: {end} is before its event, {start}")
    order = _rising(times, "vertical_barrier_times")
    return times[order], {"until": until[order]}
