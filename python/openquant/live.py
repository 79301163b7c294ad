"""A live session: connections feed a graph on threads of their own while Python looks on."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any, Literal, Self

from openquant import _core, events, journal
from openquant._exit import stop_at_exit
from openquant.connectors import Connector

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    import polars as pl

    from openquant.graph import Graph
    from openquant.journal import Recording

    Connectors = Connector | Sequence[Connector] | Mapping[str, Connector | Sequence[Connector]]
    History = pl.DataFrame | str | os.PathLike[str] | _core.Feed


class Session:
    """A live session under way. `Graph.live` starts one; `stop` it, or leave its ``with`` block."""

    def __init__(self, graph: Graph, core: _core.Session, recording: Recording | None) -> None:
        self._graph = graph
        self._core = core
        self._recording = recording
        self._started = time.monotonic()
        self._stopped = False

    def stats(self) -> dict[str, Any]:
        """What the session has done so far; never waits for the engine.

        ``connections``: each one's venue, url, state (connecting, open, waiting or closed), counts of frames, trades, malformed
        frames, bytes, connects, disconnects and refusals, last_error, times of the last trade, and lag_ns from its match to its
        receipt. ``sources``: rows queued, pushed and dropped of each. ``failed``: whether something has stopped the session;
        `stop` and `wait` raise what. ``seconds`` since the start.
        """
        return {**self._core.stats(), "failed": self._core.failed, "seconds": time.monotonic() - self._started}

    def wait(self, seconds: float) -> None:
        """Lets the session run for so long; Ctrl-C is answered.

        Raises:
            RuntimeError: the session has failed; it says why.
        """
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if not self.running:
                self.stop()
                return
            time.sleep(min(0.05, left))

    def stop(self, *, flush: bool = True) -> None:
        """Closes the connections, works on all that was received, and ends the streams if `flush`. Twice does no harm.

        Raises:
            RuntimeError: a node of the graph, a connection or the recording had failed; it says which and why.
        """
        if self._stopped:
            return
        self._core.refuse_to_node()
        self._stopped = True
        try:
            self._core.stop(flush)
        finally:
            if self._recording is not None:
                self._recording.close()

    def __del__(self) -> None:
        if not getattr(self, "_stopped", True):
            with contextlib.suppress(Exception):  # there is nobody left to tell
                self.stop(flush=False)

    @property
    def running(self) -> bool:
        """Whether it goes on: not stopped, not failed, and its graph not stopped by others."""
        return not self._stopped and not self._core.failed and self._graph._core.running

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        states = ", ".join(f"{c['venue']} {c['state']}" for c in self._core.stats()["connections"])
        return f"<Session: {states}>"


def feeders(graph: Graph, connectors: Connectors) -> list[_core.Feeder]:
    """One for each connector: the source that it feeds, and how its symbols are called there.

    Symbols are the venue's own where a session has one venue, and ``venue:SYMBOL`` where it has several.
    """
    by_source = connectors if hasattr(connectors, "keys") else {_trades_of(graph): connectors}
    flat = [
        (source, connector)
        for source, given in by_source.items()  # type: ignore[union-attr]
        for connector in ([given] if isinstance(given, Connector) else given)
    ]
    if not flat:
        raise ValueError("a live session needs at least one connector, such as openquant.connectors.binance('btcusdt')")
    for source, connector in flat:
        if not isinstance(connector, Connector):
            raise TypeError(
                f"source {source!r}: {connector!r} is not a connector such as connectors.binance('btcusdt')"
            )
    several = len({connector.venue for _, connector in flat}) > 1
    return [
        _core.Feeder(source, c.venue, list(c.markets), c.url, f"{c.venue}:" if several else "", c.ids)
        for source, c in flat
    ]


def _trades_of(graph: Graph) -> str:
    names = [name for name, kind in graph.sources.items() if kind is events.Trade]
    if len(names) != 1:
        raise ValueError(
            f"the graph has {len(names)} sources of Trade: say which takes what, as in live({{'trades': connector}})"
        )
    return names[0]


def start(
    graph: Graph,
    connectors: Connectors,
    *,
    record: str | os.PathLike[str] | None,
    warm_up: History | Mapping[str, History] | None,
    capacity: int,
    overflow: Literal["block", "drop_oldest", "conflate"],
    spin_us: float,
    ca_file: str | os.PathLike[str] | None,
    clock_ms: int,
) -> Session:
    """What `Graph.live` does."""
    fed = feeders(graph, connectors)
    _check(capacity, spin_us, clock_ms)
    history = None if warm_up is None else _history(graph, fed, warm_up)
    core = _core.Session(
        graph._core, fed, capacity, overflow, round(spin_us * 1000), "" if ca_file is None else str(ca_file), clock_ms
    )
    session = Session(graph, core, None if record is None else graph.record(record))
    try:
        core.open()
        if history is not None:
            _replay(graph, history)
        core.start()
        stop_at_exit(session)
    except BaseException:
        with contextlib.suppress(Exception):  # the error under way says more
            session.stop(flush=False)
        raise
    return session


def _check(capacity: int, spin_us: float, clock_ms: int) -> None:
    for name, value in (("capacity", capacity), ("clock_ms", clock_ms)):
        if not isinstance(value, int) or not 1 <= value <= 2**40:
            raise ValueError(f"{name} = {value!r} must be a whole number >= 1")
    if not 0 <= spin_us <= 1e9:
        raise ValueError(f"spin_us = {spin_us!r} must be between 0 and 1e9 (microseconds)")


def _history(graph: Graph, fed: list[_core.Feeder], warm_up: Any) -> Callable[[], Any]:
    """What opens the replay of history; refuses one whose trades could not be told from the feed's."""
    kinds = {source: {f.ids for f in fed if f.source == source} for source in {f.source for f in fed}}
    ids = {source: kind for source, (kind, *others) in kinds.items() if not others}
    if journal.is_journal(warm_up):
        return lambda: journal.open_replay(graph, warm_up, flush=False, ids=ids)
    if isinstance(warm_up, _core.Feed) or not hasattr(warm_up, "keys"):
        warm_up = {fed[0].source: warm_up}
    for source, rows in warm_up.items():
        if source in kinds and source not in ids:
            raise ValueError(
                f"warm_up: source {source!r} is fed by venues whose ids are of several kinds, so that ids of rows do not tell "
                "what the feed repeats: warm it up from a journal"
            )
        if source in ids and hasattr(rows, "columns"):
            _check_frame(rows, source, ids[source], [f for f in fed if f.source == source])
    data = {source: graph._feed(source, rows) for source, rows in warm_up.items()}
    for source in data.keys() & ids.keys():
        data[source].say_ids(ids[source])
    return lambda: graph.open(data, flush=False)


def _check_frame(rows: pl.DataFrame, source: str, ids: str, fed: list[_core.Feeder]) -> None:
    if ids != "unknown" and "id" not in rows.columns:
        raise ValueError(
            f"warm_up: the frame for source {source!r} has no column id, by which trades that the feed repeats are known"
        )
    announced = [symbol for f in fed for symbol in f.symbols]
    if announced and rows.height and "symbol" in rows.columns and not rows["symbol"].cast(str).is_in(announced).any():
        raise ValueError(
            f"warm_up: the frame for source {source!r} has none of the feed's symbols, {', '.join(announced[:5])}"
        )


def _replay(graph: Graph, history: Callable[[], Any]) -> None:
    """Connections are open meanwhile: what they bring waits in the inlets, and ids tell what history holds already."""
    replay = history()
    try:
        while not replay.run_for(100):
            pass
    except BaseException:
        replay.stop()
        replay.run_for(0)  # lets go of the graph
        raise
    graph._core.hand_over()
