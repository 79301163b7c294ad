"""A live session: connections feed a graph on threads of their own while Python looks on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal, Self

from openquant import _core, events, journal
from openquant._exit import stop_at_exit
from openquant.connectors import Connector

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    import polars as pl

    from openquant.graph import Graph
    from openquant.journal import Recording

    Connectors = Connector | Sequence[Connector] | Mapping[str, Connector | Sequence[Connector]]
    History = pl.DataFrame | str | os.PathLike[str] | _core.Feed


class Session:
    """A live session under way. `Graph.live` starts one; `stop` it, or leave its ``with`` block."""

    def __init__(self, core: _core.Session, recording: Recording | None) -> None:
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
            if self._core.failed:
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
        self._stopped = True
        try:
            self._core.stop(flush)
        finally:
            if self._recording is not None:
                self._recording.close()

    @property
    def running(self) -> bool:
        return not self._stopped and not self._core.failed

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
    core = _core.Session(
        graph._core, fed, capacity, overflow, round(spin_us * 1000), "" if ca_file is None else str(ca_file), clock_ms
    )
    recording = None if record is None else graph.record(record)
    session = Session(core, recording)
    try:
        core.open()
        if warm_up is not None:
            _replay_history(graph, fed, warm_up)
        core.start()
        stop_at_exit(session)
    except BaseException:
        session.stop(flush=False)
        raise
    return session


def _replay_history(graph: Graph, fed: list[_core.Feeder], warm_up: Any) -> None:
    """Connections are open meanwhile: what they bring waits in the inlets, and ids tell what history holds already."""
    kinds = {source: {f.ids for f in fed if f.source == source} for source in {f.source for f in fed}}
    ids = {source: kind for source, (kind, *others) in kinds.items() if not others}
    if journal.is_journal(warm_up):
        history = journal.open_replay(graph, warm_up, flush=False, ids=ids)
        while not history.run_for(100):
            pass
        graph._core.hand_over()
        return
    if isinstance(warm_up, _core.Feed) or not hasattr(warm_up, "keys"):
        warm_up = {fed[0].source: warm_up}
    data = {source: graph._feed(source, rows) for source, rows in warm_up.items()}
    for source in data.keys() & ids.keys():
        data[source].say_ids(ids[source])
    graph.open(data, flush=False).run()
    graph._core.hand_over()
