"""The graph: sources, operators, callables and sinks, fed by a replay or live."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Self

from openquant import _core, events, frames, journal, live
from openquant._exit import stop_at_exit
from openquant._lazy import pl
from openquant.callables import Driver
from openquant.operator import Operator
from openquant.signal_buffer import SignalStreamBuffer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from openquant.events import EventType

    Rows = pl.DataFrame | str | os.PathLike[str] | _core.Feed

Port = _core.Port


def read_trades(
    *paths: str | os.PathLike[str], symbol: str | None = None, instruments: Sequence[str] = (), only: Sequence[str] = ()
) -> _core.Feed:
    """Opens files of trades for one replay, plain or gzip; each one's format is told from its first line.

    Args:
        paths: Raw websocket captures (``local_ns {frame}``), JSON lines, Binance public-data CSV, or CSV whose header
            names ts, price, size and perhaps symbol, side, id, ts_publish, ts_recv, flags. Several are merged by time, and
            their ids are not judged: two files may be of two venues.
        symbol: The symbol of a file that names none; by default the file's name up to the first ``-`` or ``.``.
        instruments: Names for the instruments of a file that only numbers them.
        only: Symbols to keep; all by default.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is empty, a folder, or in no known format.
    """
    return _core.open_trades([os.fspath(path) for path in paths], symbol or "", list(instruments), list(only))


def read_quotes(
    *paths: str | os.PathLike[str], instruments: Sequence[str] = (), only: Sequence[str] = ()
) -> _core.Feed:
    """Opens files of best bids and asks for one replay, plain or gzip; each one's format is told from its first line.

    Args:
        paths: Raw websocket captures (their bookTicker frames; on spot, where the venue tells no time, the time of receipt
            counts) or JSON lines (items of OrderBookL1, or objects with ts, symbol, bid, ask and perhaps bid_size, ask_size).
            Several are merged by time. A file may hold trades too: `read_trades` reads those.
        instruments: Names for the instruments of a file that only numbers them.
        only: Symbols to keep; all by default.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is empty, a folder, or in no known format.
    """
    return _core.open_quotes([os.fspath(path) for path in paths], "", list(instruments), list(only))


class Table:
    """Collects every row of a stream. Readable at any time, while the engine runs too."""

    def __init__(self, core: _core.Table) -> None:
        self._core = core

    @property
    def name(self) -> str:
        return self._core.name

    @property
    def event_type(self) -> EventType:
        return events.by_name[self._core.type]

    def frame(self) -> pl.DataFrame:
        """The rows so far: ts (Datetime ns, UTC), symbol, then the event type's fields, in the order of the stream."""
        columns = self._core.columns()
        frame = frames.frame_of(columns, self.event_type)
        if not self._core.keeps_positions:
            return frame
        return frame.with_columns(pl.Series("source_position", columns["source_position"], dtype=pl.UInt64))

    def tail(self, rows: int = 5) -> pl.DataFrame:
        """The newest rows, without a copy of the others."""
        if rows < 0:
            raise ValueError(f"tail: rows = {rows} must be >= 0")
        return frames.frame_of(self._core.newest(rows), self.event_type)

    def hash(self) -> str:
        """Digest of every value's bits, in order; equal tables have equal hashes on every machine."""
        columns = self._core.columns()
        names = columns["names"]
        digest = hashlib.blake2b("\0".join(names[i] for i in columns["symbol"].tolist()).encode(), digest_size=8)
        for field in self.event_type.fields:
            digest.update(columns[field.name].tobytes())
        return digest.hexdigest()

    def columns(self) -> dict[str, Any]:
        """The rows so far as numpy arrays by field, made at once: they look at the table's memory and are read-only.

        ``names`` lists the symbols, ``symbol`` indexes it; timestamps are int64 nanoseconds UTC, choices int8.
        """
        return self._core.columns()

    def take(self) -> dict[str, Any]:
        """As `columns`, but the arrays can be written to, and the table is empty afterwards."""
        return self._core.take()

    def clear(self) -> None:
        """Forgets the rows collected so far."""
        self._core.clear()

    def __len__(self) -> int:
        return len(self._core)

    def __repr__(self) -> str:
        return f"<Table {self.name!r}: {len(self)} {self._core.type} rows>"


class Replay:
    """A replay under way: `run` it, `step` through it, `pause` it from another thread."""

    def __init__(self, core: _core.Replay | _core.JournalReplay) -> None:
        self._core = core

    def run(self) -> Self:
        """Runs to the end of the data, or until `stop`. The GIL is not held meanwhile; Ctrl-C is answered."""
        while not self._core.run_for(100):
            pass
        return self

    def run_for(self, budget_ms: int) -> bool:
        """Runs for about `budget_ms` milliseconds; true if that was the end."""
        return self._core.run_for(budget_ms)

    def step(self, rows: int = 1) -> bool:
        """Takes the next `rows` rows at once, whatever the pace; false if that was the end."""
        if rows < 1:
            raise ValueError(f"step: rows = {rows} must be >= 1")
        return self._core.step(rows)

    def pause(self) -> None:
        self._core.pause()

    def resume(self) -> None:
        self._core.resume()

    def stop(self) -> None:
        """Ends the replay where it is, without ending the streams."""
        self._core.stop()

    @property
    def paused(self) -> bool:
        return self._core.paused

    @property
    def done(self) -> bool:
        return self._core.done

    @property
    def rows(self) -> int:
        """Rows taken so far, those refused included."""
        return self._core.rows

    @property
    def progress(self) -> float:
        """Share of the input read so far, 0 to 1."""
        return self._core.progress

    @property
    def rejected(self) -> dict[str, int]:
        """Rows refused so far, by kind."""
        return self._core.rejected()

    @property
    def torn_bytes(self) -> int:
        """Bytes left out at the end of a journal, where its writer was stopped in the midst of a record; known when done."""
        return self._core.torn_bytes if isinstance(self._core, _core.JournalReplay) else 0

    @property
    def closed(self) -> bool:
        """False of a journal whose recording was not closed; known when done."""
        return self._core.closed if isinstance(self._core, _core.JournalReplay) else True

    def __repr__(self) -> str:
        return f"<Replay: {self.rows} rows, {'done' if self.done else f'{self.progress:.0%}'}>"


class Checksum:
    """What a stream has said so far as one number: rows, their symbols' ids and their places, whatever the chunks.

    Two runs of one graph over the same rows have equal checksums on every machine; it does not resist someone who wants
    another stream to agree.
    """

    def __init__(self, core: _core.Checksum) -> None:
        self._core = core

    @property
    def name(self) -> str:
        return self._core.name

    @property
    def event_type(self) -> EventType:
        return events.by_name[self._core.type]

    def hexdigest(self) -> str:
        """The checksum so far, 16 hexadecimal digits."""
        return f"{self._core.state()[0]:016x}"

    def __len__(self) -> int:
        """Rows summed up so far."""
        return self._core.state()[1]


class Graph:
    """One dataflow graph. Build all of it, then replay data through it or feed it live.

    The same rows give the same output bits however they arrive: replayed in any chunks, or pushed one by one.
    """

    def __init__(self) -> None:
        self._core = _core.Graph()
        self._sources: dict[str, EventType] = {}
        self._tables: dict[str, Table] = {}

    def source(
        self, name: str, event_type: EventType, *, ids: Literal["unknown", "opaque", "monotonic", "dense"] = "unknown"
    ) -> Port:
        """Adds a source of `event_type` rows.

        Args:
            name: What `replay` and `push` call it.
            event_type: Such as `openquant.Trade`.
            ids: What the ids of pushed rows and frames say. dense: rise by one per row and symbol, so gaps are reported and
                repeats dropped; monotonic: rise; opaque: have no order, but a repeat among a symbol's last 65,536 is dropped;
                unknown: are not judged. Files and connectors know their own kind.
        """
        if not isinstance(event_type, events.EventType):
            raise TypeError(f"source {name!r}: {event_type!r} is not an event type such as openquant.Trade")
        port = self._core.source(name, event_type.name, ids)
        self._sources[name] = event_type
        return port

    def add(
        self,
        node: Operator | SignalStreamBuffer | Callable[..., Any],
        *ports: Port,
        name: str | None = None,
        output: EventType | None = None,
        per: Literal["row", "frame"] = "row",
        **inputs: Port,
    ) -> Port:
        """Adds an operator, a Python callable or a buffer of signals and wires its inputs.

        Args:
            node: An operator, a `SignalStreamBuffer` (one port of Signal rows), or a callable. A callable gets each row
                as a dict (per="row") and returns None, a dict or several; or each chunk as a frame (per="frame") and
                returns one row per given row, or rows with their given row's number in a column ``row``. It is
                stateless, or an object with ``snapshot() -> bytes`` and ``restore(bytes)``; the laws of operators do not
                cover it.
            ports: The required inputs in their order, then optional ones.
            name: Name of the node; by default the operator's, in snake case.
            output: Event type that a callable emits; none makes it a sink.
            per: What a callable is called with.
            inputs: Inputs by name, such as ``volatility=``.

        Raises:
            ValueError: an input is missing, unknown, of another type or of another graph; or the graph has already run.
        """
        for port in (*ports, *inputs.values()):
            if not isinstance(port, Port):
                raise TypeError(f"{port!r} is not a port: pass what graph.source or graph.add returned")
        if isinstance(node, Operator):
            if output is not None:
                raise TypeError(f"{node!r} knows its output; output= is for callables")
            return self._core.add(node._core, ports, inputs, name or "")
        if isinstance(node, SignalStreamBuffer):
            if len(ports) != 1 or inputs or output is not None:
                raise ValueError("a SignalStreamBuffer takes one port, of Signal rows, and emits nothing")
            return self._core.add_buffer(node._core, ports[0], name or "")
        if isinstance(node, type) or not callable(node):
            raise TypeError(f"{node!r} is not an operator or a callable; did you forget to call the class?")
        if len(ports) != 1 or inputs:
            raise ValueError("a callable takes one input")
        if per not in ("row", "frame"):
            raise ValueError(f"per = {per!r} must be 'row' or 'frame'")
        driver = Driver(node, events.by_name[ports[0].type], output, per)
        identifier = driver.name.strip("<>")
        return self._core.add_callable(driver, ports[0], output.name if output else "", name or self._free(identifier))

    def collect(
        self, port: Port, *, name: str | None = None, capacity: int = 1_000_000_000, positions: bool = False
    ) -> Table:
        """Adds a sink that keeps every row of `port`, up to `capacity`; rows beyond it are counted as refused.

        With `positions` there is a column source_position: the number, in the order of all sources, of the source row that caused
        a row; rows that come out when the stream ends take further numbers.
        """
        if capacity < 1:
            raise ValueError(f"collect: capacity = {capacity} must be >= 1 (rows)")
        table = Table(self._core.collect(port, name or "", capacity, positions))
        self._tables[table.name] = table
        return table

    def checksum(self, port: Port, *, name: str | None = None) -> Checksum:
        """Adds a sink that sums up every row of `port` in constant memory, to tell whether two runs said the same."""
        return Checksum(self._core.checksum(port, name or ""))

    @property
    def sources(self) -> Mapping[str, EventType]:
        """Event type of each source, by name."""
        return MappingProxyType(self._sources)

    @property
    def tables(self) -> Mapping[str, Table]:
        """What `collect` has added, by name."""
        return MappingProxyType(self._tables)

    def open(
        self,
        data: Mapping[str, Rows] | str | os.PathLike[str],
        *,
        chunk: int | None = None,
        speed: float | None = None,
        flush: bool | None = None,
    ) -> Replay:
        """Prepares a replay to be run, stepped or paused; see `replay`."""
        if chunk is not None and (not isinstance(chunk, int) or chunk < 1):
            raise ValueError(
                f"replay: chunk = {chunk!r} must be a whole number >= 1 (rows), or None for the engine's choice"
            )
        if speed is not None and not speed > 0:
            raise ValueError(
                f"replay: speed = {speed!r} must be > 0 (times real time), or None for as fast as possible"
            )
        if isinstance(data, (str, os.PathLike)):
            return Replay(journal.open_replay(self, data, chunk=chunk, speed=speed, flush=flush))
        feeds = {name: self._feed(name, rows) for name, rows in data.items()}
        return Replay(_core.Replay(self._core, feeds, chunk or 0, speed or 0.0, flush is None or flush))

    def replay(
        self,
        data: Mapping[str, Rows] | str | os.PathLike[str],
        *,
        chunk: int | None = None,
        speed: float | None = None,
        flush: bool | None = None,
    ) -> Replay:
        """Replays data through the graph, several sources merged by event time; or a journal, in the order that it recorded.

        Args:
            data: By source: a polars DataFrame, the path of a file of trades (of quotes for a source of quotes), or what
                `read_trades` or `read_quotes` opened. Or the folder of a journal that `record` or a live session wrote for
                a graph like this one: its tables are then those of that session, to the bit.
            chunk: Rows handled at once, None for the engine's choice. The output does not depend on it.
            speed: Times real time by the data's own timestamps; None for as fast as possible.
            flush: End the streams after the last row, so that open bars and labels come out; False to continue later. By
                default data ends them, and a journal does if they ended in the recording: not if that was killed.

        Raises:
            ValueError: an unknown source, an unknown or missing column, or the graph is running; a journal of another graph,
                or one that is damaged other than cut short at its end (`Replay.torn_bytes`).
            FileNotFoundError: a path does not exist.
            RuntimeError: a callable of the graph failed; it says at which node and row.
        """
        replay = self.open(data, chunk=chunk, speed=speed, flush=flush)
        try:
            return replay.run()
        except BaseException:
            replay.stop()
            replay.run_for(0)  # lets go of the graph, though the error may hold the replay
            raise

    def record(self, folder: str | os.PathLike[str]) -> journal.Recording:
        """Records all that the graph takes in from now on, to be closed when it no longer runs, or used in a ``with`` statement.

        Rows are handed to the operating system before the graph works on them, so nothing is lost that a killed process had
        worked on; only closing forces them to the disk. If a row cannot be written, the replay or session ends with RuntimeError.

        Args:
            folder: Where the journal goes, for `replay`; made if it is missing.

        Raises:
            ValueError: the folder holds a journal already, or the graph is running or recorded already.
            RuntimeError: the folder cannot be written to.
        """
        return journal.Recording(self, folder)

    def start(self, *, capacity: int = 65_536, overflow: Literal["block", "drop_oldest", "conflate"] = "block") -> None:
        """Starts the engine's thread, to be fed by `push`.

        Args:
            capacity: Rows that may wait in each source's inlet.
            overflow: When it is full: block the pushing thread, drop the oldest row, or (always) keep only each symbol's
                newest row. What is dropped is counted in `describe`; unless it was newer rows of the symbol that took its
                place, the source's continuity port reports it.
        """
        self._core.start(capacity, overflow)
        stop_at_exit(self)

    def live(
        self,
        connectors: live.Connectors,
        *,
        record: str | os.PathLike[str] | None = None,
        warm_up: Any = None,
        capacity: int = 65_536,
        overflow: Literal["block", "drop_oldest", "conflate"] = "block",
        spin_us: float = 0.0,
        ca_file: str | os.PathLike[str] | None = None,
        clock_ms: int = 100,
    ) -> live.Session:
        """Connects to venues and runs the graph on what they tell, on threads of its own.

        ``push`` works meanwhile, for sources that no connector feeds. Symbols are the venue's own where the session has one venue,
        and ``venue:SYMBOL`` where it has several. What connections lose, repeat or resume is told by the source's continuity port.

        Args:
            connectors: Such as ``openquant.connectors.binance("btcusdt")``; several; or by source, where the graph has several
                sources of Trade. A source of Clock, if there is one, gets the time: that of the newest trade and what has
                passed since it came.
            record: A new folder for the session's journal, which ``replay`` turns into the same bytes.
            warm_up: History to replay first, while the connections are open already: a journal, what `replay` takes, or that by
                source. Trades that the live feed tells again are known by their ids and dropped as ``overlap``; a hole between
                history and feed is reported as a gap. Symbols must be those of the feed.
            capacity: Trades that may wait in each source's inlet.
            overflow: When it is full: let the connection wait, drop the oldest trade, or (always) keep only each symbol's
                newest. What is dropped is counted; dropped oldest trades are reported on the source's continuity port.
            spin_us: How long the engine looks for rows before it sleeps, in microseconds: waking up takes some, looking
                takes a core.
            ca_file: PEM file of the only certificate authority to trust, instead of the system's.
            clock_ms: Milliseconds between two rows of a source of Clock.

        Raises:
            ValueError: an unknown venue, source or policy, or a URL of the wrong form.
            RuntimeError: the session could not start; later, at `Session.stop`, whatever made it fail.
        """
        return live.start(
            self,
            connectors,
            record=record,
            warm_up=warm_up,
            capacity=capacity,
            overflow=overflow,
            spin_us=spin_us,
            ca_file=ca_file,
            clock_ms=clock_ms,
        )

    def push(self, source: str, rows: pl.DataFrame | Mapping[str, Any]) -> None:
        """Hands rows to a started graph: a frame, or one row as a mapping of columns to values.

        Raises:
            ValueError: the graph is not started, or the rows do not fit the source.
            RuntimeError: a callable of the graph has failed; it says at which node and row.
        """
        if source not in self._sources:
            raise ValueError(f"the graph has no source {source!r}; it has {self._known()}")
        if isinstance(rows, pl.DataFrame):
            height = rows.height
            taken = self._core.push(source, self._feed(source, rows))
        elif hasattr(rows, "keys"):
            height = 1
            taken = self._core.push_row(
                source, rows.get("symbol"), frames.values(rows, self._sources[source], f"source {source!r}")
            )
        else:
            raise TypeError(
                f"source {source!r}: push takes a DataFrame or one row as a mapping, not {type(rows).__name__}"
            )
        if taken == height:
            return
        if self._core.failed:
            self._core.stop(False)
        raise ValueError("the graph is not running: call start() before push()")

    def stop(self, *, flush: bool = True) -> None:
        """Processes what was pushed, ends the streams if `flush`, and joins the engine's thread."""
        self._core.stop(flush)

    def snapshot(self) -> bytes:
        """State of the whole graph at a chunk boundary: operators, symbols, positions. Not what sinks collected."""
        return self._core.snapshot()

    def restore(self, state: bytes) -> None:
        """Takes over a snapshot of a graph of the same shape; any other is refused by name and changes nothing."""
        self._core.restore(state)

    def describe(self) -> pl.DataFrame:
        """One row per source and node: what it is, its inputs, rows in and out, refusals, and time per call."""
        told = self._core.describe()
        rows = [
            {
                "name": s["name"],
                "operator": f"source of {s['type']}",
                "rows_out": s["rows"],
                "refused": sum(s["rejected"].values()) + s["dropped"],
            }
            for s in told["sources"]
        ]
        for node in told["nodes"]:
            rows.append({**node, "inputs": ", ".join(node["inputs"])})
        order = [
            "name",
            "operator",
            "inputs",
            "keyed",
            "lawful",
            "calls",
            "rows_in",
            "rows_out",
            "refused",
            "ns_per_row",
        ]
        order += ["latency_ns_p50", "latency_ns_p99", "latency_ns_p999", "latency_ns_max"]
        return pl.DataFrame(rows, infer_schema_length=None).select(
            pl.col(c) for c in order if any(c in r for r in rows)
        )

    def stats(self) -> dict[str, Any]:
        """The figures behind `describe`, with each source's rejections by kind, pushed, dropped and queued rows."""
        return self._core.describe()

    def to_dot(self) -> str:
        """The graph in Graphviz's language."""
        return self._core.to_dot()

    def _feed(self, source: str, rows: Rows) -> _core.Feed:
        if isinstance(rows, _core.Feed):
            return rows
        if isinstance(rows, (str, Path, os.PathLike)):
            quotes = self._sources.get(source) is events.Quote
            return read_quotes(rows) if quotes else read_trades(rows)
        if not isinstance(rows, pl.DataFrame):
            raise TypeError(
                f"source {source!r}: {type(rows).__name__} is not a polars DataFrame, a path or an opened file"
            )
        if source not in self._sources:
            raise ValueError(f"the graph has no source {source!r}; it has {self._known()}")
        return frames.feed(rows, self._sources[source], f"source {source!r}")

    def _known(self) -> str:
        return ", ".join(repr(name) for name in self._sources) or "none"

    def _free(self, name: str) -> str:
        told = self._core.describe()
        taken = {entry["name"] for entry in told["sources"] + told["nodes"]}
        free, number = name, 2
        while free in taken:
            free, number = f"{name}_{number}", number + 1
        return free

    def __repr__(self) -> str:
        told = self._core.describe()
        return f"<Graph: {len(told['sources'])} sources, {len(told['nodes'])} nodes, position {told['position']}>"
