"""How a batch function becomes a replay: its arguments are rows of sources, its answer is what a graph's tables hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, cast

from openquant import _core, events
from openquant._lazy import np
from openquant.graph import Graph, Replay

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from openquant.events import EventType

P = ParamSpec("P")
Q = ParamSpec("Q")
R_co = TypeVar("R_co", covariant=True)


class StreamFunction(Protocol[P, R_co, Q]):
    """A batch function of a stream; `graph(**params)` returns the very Graph that a call runs, to be fed live."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    def graph(self, *args: Q.args, **kwargs: Q.kwargs) -> Graph: ...


def runs(graph: Callable[Q, Graph]) -> Callable[[Callable[P, R_co]], StreamFunction[P, R_co, Q]]:
    """Marks a function that answers by replaying its arguments through `graph(**params)`."""

    def mark(function: Callable[P, R_co]) -> StreamFunction[P, R_co, Q]:
        function.graph = graph  # type: ignore[attr-defined]
        return cast("StreamFunction[P, R_co, Q]", function)

    return mark


@dataclass(frozen=True)
class Rows:
    """Rows of one source: columns by field, read where they are. Without codes all are of the first symbol."""

    event_type: EventType
    columns: Mapping[str, npt.NDArray[Any]]
    names: Sequence[str]
    codes: npt.NDArray[np.uint32] | None = None

    def feed(self) -> _core.Feed:
        columns = [self.columns.get(field.name) for field in self.event_type.fields]
        return _core.columns_feed(self.event_type.name, columns, self.codes, list(self.names))

    def __len__(self) -> int:
        return len(self.columns["ts"])


@dataclass(frozen=True)
class Numbered:
    """Numbers from row `first` on, at the times first, first + 1, ...: the time of what they cause is the row that caused it."""

    event_type: EventType
    values: npt.NDArray[np.float64]
    name: str
    first: int = 0

    def feed(self) -> _core.Feed:
        return _core.numbered_feed(self.event_type.name, self.values, self.first, self.name)


@dataclass(frozen=True)
class Aligned:
    """A matrix of prices, time by asset, as rows of `openquant.AlignedPrice`."""

    prices: npt.NDArray[np.float64]
    times: npt.NDArray[np.int64]
    names: Sequence[str]
    event_type: EventType = events.AlignedPrice

    def feed(self) -> _core.Feed:
        return _core.matrix_feed(self.prices, self.times, list(self.names))


Data = dict[str, "Rows | Numbered | Aligned"]


PART = 65_536  # rows


def run(
    graph: Graph,
    *turns: Data,
    each: Callable[[Graph], None] | None = None,
    explain: Callable[[], Any] | None = None,
) -> Graph:
    """Replays the rows through the graph, those of one turn merged by time, and ends the streams after the last turn.

    `each` is called after every so many rows, and at the end of a turn: what it takes from tables they need not hold. `explain` is
    called where a source has refused a row, to raise what is wrong with the arguments: so they are looked through once, by the source.
    """
    for turn in turns:
        replay = open_replay(graph, turn, flush=turn is turns[-1])
        if each is None:
            replay.run()
        else:
            while replay.step(PART):
                each(graph)
            each(graph)
        sound(replay, explain)
    return graph


def open_replay(graph: Graph, rows: Data, *, flush: bool) -> Replay:
    return Replay(_core.Replay(graph._core, {name: given.feed() for name, given in rows.items()}, 0, 0.0, flush))


def sound(replay: Replay, explain: Callable[[], Any] | None = None) -> None:
    """No row was refused."""
    if rejected := replay.rejected:
        if explain:
            explain()
        fault, count = next(iter(rejected.items()))
        raise ValueError(f"{count} rows are refused for their {fault}")


def refused(graph: Graph) -> int:
    """Rows that the graph's operators refused."""
    return sum(node["refused"] for node in graph.stats()["nodes"])
