"""
The openquant engine.
"""

from __future__ import annotations
import collections.abc
import numpy
import numpy.typing
import typing
from . import data
from . import kernels
from . import sampling

__all__: list[str] = [
    "Checksum",
    "Feed",
    "Feeder",
    "Graph",
    "JournalReplay",
    "Operator",
    "Port",
    "Recording",
    "Replay",
    "Session",
    "SignalBuffer",
    "Simulator",
    "Table",
    "category_feed",
    "category_names",
    "columns_feed",
    "data",
    "event_types",
    "first_outside",
    "first_unsorted",
    "first_unsorted_of",
    "format_times",
    "journal_sources",
    "kernels",
    "matrix_feed",
    "nanoseconds",
    "numbered_feed",
    "open_quotes",
    "open_trades",
    "operators",
    "parse_times",
    "plain_floats",
    "plain_rows",
    "sampling",
    "simulated_venues",
    "text_codes",
    "text_feed",
    "venue_names",
]

class Operator:
    """
    An operator with its parameters, from which a graph makes nodes.
    """
    def __init__(
        self,
        name: str,
        parameters: collections.abc.Mapping[
            str,
            bool
            | typing.SupportsInt
            | typing.SupportsIndex
            | typing.SupportsFloat
            | typing.SupportsIndex
            | str
            | collections.abc.Sequence[str],
        ],
    ) -> None: ...

class Feed:
    def say_ids(self, ids: str) -> None: ...
    @property
    def type(self) -> str: ...

class SignalBuffer:
    def __init__(self, capacity: typing.SupportsInt | typing.SupportsIndex | None) -> None: ...
    def __len__(self) -> int: ...
    def append(
        self,
        ts: numpy.typing.NDArray[numpy.int64],
        signal: numpy.typing.NDArray[numpy.float64],
        side: numpy.typing.NDArray[numpy.float64] | None,
        symbols: list[typing.Any],
        unit: str,
    ) -> None: ...
    def clear(self) -> None: ...
    def columns(self) -> dict[str, typing.Any]: ...
    @property
    def capacity(self) -> int | None: ...
    @property
    def dropped(self) -> int: ...

class Port:
    def continuity(self) -> Port: ...
    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...

class Table:
    def __len__(self) -> int: ...
    def clear(self) -> None: ...
    def columns(self) -> dict[str, typing.Any]: ...
    def newest(self, rows: typing.SupportsInt | typing.SupportsIndex) -> dict[str, typing.Any]: ...
    def take(self) -> dict[str, typing.Any]: ...
    @property
    def keeps_positions(self) -> bool: ...
    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...

class Checksum:
    def state(self) -> tuple[int, int]: ...
    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...

class Graph:
    def __init__(self) -> None: ...
    def add(
        self,
        operator: Operator,
        ports: collections.abc.Sequence[Port],
        named: collections.abc.Mapping[str, Port],
        name: str,
    ) -> Port: ...
    def add_buffer(self, buffer: SignalBuffer, port: Port, name: str) -> Port: ...
    def add_callable(self, driver: typing.Any, port: Port, output: str, name: str) -> Port: ...
    def checksum(self, port: Port, name: str) -> Checksum: ...
    def collect(
        self, port: Port, name: str, capacity: typing.SupportsInt | typing.SupportsIndex, positions: bool
    ) -> Table: ...
    def describe(self) -> dict[str, typing.Any]: ...
    def hand_over(self) -> None: ...
    def push(self, source: str, rows: Feed) -> int: ...
    def push_row(self, source: str, symbol: str | None, values: list[int | float]) -> int: ...
    def restore(self, state: bytes) -> None: ...
    def snapshot(self) -> bytes: ...
    def source(self, name: str, type: str, ids: str) -> Port: ...
    def start(self, capacity: typing.SupportsInt | typing.SupportsIndex, overflow: str) -> None: ...
    def stop(self, flush: bool) -> None: ...
    def to_dot(self) -> str: ...
    @property
    def failed(self) -> bool: ...
    @property
    def running(self) -> bool: ...

class Replay:
    def __init__(
        self,
        graph: Graph,
        feeds: collections.abc.Mapping[str, Feed],
        chunk: typing.SupportsInt | typing.SupportsIndex,
        speed: typing.SupportsFloat | typing.SupportsIndex,
        flush: bool,
    ) -> None: ...
    def pause(self) -> None: ...
    def rejected(self) -> dict[str, typing.Any]: ...
    def resume(self) -> None: ...
    def run_for(self, budget_ms: typing.SupportsInt | typing.SupportsIndex) -> bool: ...
    def step(self, rows: typing.SupportsInt | typing.SupportsIndex) -> bool: ...
    def stop(self) -> None: ...
    @property
    def done(self) -> bool: ...
    @property
    def paused(self) -> bool: ...
    @property
    def progress(self) -> float: ...
    @property
    def rows(self) -> int: ...

class Recording:
    def __init__(
        self, graph: Graph, folder: str, segment_bytes: typing.SupportsInt | typing.SupportsIndex = 67108864
    ) -> None: ...
    def close(self) -> None: ...
    @property
    def closed(self) -> bool: ...
    @property
    def folder(self) -> str: ...

class JournalReplay:
    def __init__(
        self,
        graph: Graph,
        folder: str,
        chunk: typing.SupportsInt | typing.SupportsIndex,
        end_streams: bool | None,
        ids: collections.abc.Mapping[str, str],
    ) -> None: ...
    def pause(self) -> None: ...
    def rejected(self) -> dict[str, typing.Any]: ...
    def resume(self) -> None: ...
    def run_for(self, budget_ms: typing.SupportsInt | typing.SupportsIndex) -> bool: ...
    def step(self, rows: typing.SupportsInt | typing.SupportsIndex) -> bool: ...
    def stop(self) -> None: ...
    @property
    def closed(self) -> bool: ...
    @property
    def done(self) -> bool: ...
    @property
    def paused(self) -> bool: ...
    @property
    def progress(self) -> float: ...
    @property
    def rows(self) -> int: ...
    @property
    def torn_bytes(self) -> int: ...

class Feeder:
    def __init__(
        self,
        source: str,
        venue: str,
        markets: collections.abc.Sequence[tuple[str, str]],
        url: str,
        prefix: str,
        ids: str,
    ) -> None: ...
    @property
    def ids(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def symbols(self) -> list[str]: ...

class Session:
    def __init__(
        self,
        graph: Graph,
        feeders: collections.abc.Sequence[Feeder],
        capacity: typing.SupportsInt | typing.SupportsIndex,
        overflow: str,
        spin_ns: typing.SupportsInt | typing.SupportsIndex,
        ca_file: str,
        clock_ms: typing.SupportsInt | typing.SupportsIndex,
    ) -> None: ...
    def open(self) -> None: ...
    def refuse_to_node(self) -> None: ...
    def start(self) -> None: ...
    def stats(self) -> dict[str, typing.Any]: ...
    def stop(self, flush: bool) -> None: ...
    @property
    def failed(self) -> bool: ...

class Simulator:
    def __init__(
        self,
        capture: str,
        venue: str,
        port: typing.SupportsInt | typing.SupportsIndex,
        tls: bool,
        speed: typing.SupportsFloat | typing.SupportsIndex,
        faults: str,
        restart_per_connection: bool,
    ) -> None: ...
    def injected(self) -> list[typing.Any]: ...
    def start(self) -> None: ...
    def stats(self) -> dict[str, typing.Any]: ...
    def stop(self) -> None: ...
    @property
    def ca_pem(self) -> str: ...
    @property
    def url(self) -> str: ...

def category_feed(
    type: str,
    columns: list[typing.Any],
    codes: numpy.ndarray,
    names_at: collections.abc.Callable[[numpy.typing.NDArray[numpy.int64]], list[str]],
) -> Feed:
    """
    Rows of columns by field, and of a column of codes; `names_at` gives the names at an array of rows.
    """

def category_names(
    codes: typing.Annotated[numpy.typing.ArrayLike, numpy.uint32],
    names_at: collections.abc.Callable[[numpy.typing.NDArray[numpy.int64]], list[str]],
) -> list[str]:
    """
    Names by code of a column of codes; `names_at` gives the names at an array of rows.
    """

def columns_feed(
    type: str, columns: list[typing.Any], codes: numpy.ndarray | None, names: collections.abc.Sequence[str]
) -> Feed: ...
def event_types() -> list[EventTypeSpec]: ...
def first_outside(
    values: numpy.typing.NDArray[numpy.float64],
    low: typing.SupportsFloat | typing.SupportsIndex,
    high: typing.SupportsFloat | typing.SupportsIndex,
) -> int:
    """
    First row outside [low, high], or -1.
    """

def first_unsorted(times: numpy.typing.NDArray[numpy.int64], strictly: bool) -> int:
    """
    First row earlier than the one before, or -1.
    """

def first_unsorted_of(times: numpy.typing.NDArray[numpy.int64], codes: numpy.typing.NDArray[numpy.uint32]) -> int:
    """
    The same within each symbol.
    """

def format_times(times: typing.Annotated[numpy.typing.ArrayLike, numpy.int64]) -> list[typing.Any]:
    """
    Texts '%Y-%m-%d %H:%M:%S' with a fraction where there is one.
    """

def journal_sources(folder: str) -> list[tuple[str, str, str]]: ...
def matrix_feed(
    prices: numpy.typing.NDArray[numpy.float64],
    times: numpy.typing.NDArray[numpy.int64],
    names: collections.abc.Sequence[str],
) -> Feed: ...
def nanoseconds(
    counts: numpy.typing.NDArray[numpy.int64], unit: typing.SupportsInt | typing.SupportsIndex
) -> tuple[numpy.typing.NDArray[numpy.int64], int, int] | None:
    """
    Counts of `unit` ns as ns, with the earliest and the latest; None if one is beyond int64.
    """

def numbered_feed(
    type: str, values: numpy.typing.NDArray[numpy.float64], first: typing.SupportsInt | typing.SupportsIndex, name: str
) -> Feed: ...
def open_quotes(
    paths: collections.abc.Sequence[str],
    symbol: str,
    instruments: collections.abc.Sequence[str],
    only: collections.abc.Sequence[str],
) -> Feed: ...
def open_trades(
    paths: collections.abc.Sequence[str],
    symbol: str,
    instruments: collections.abc.Sequence[str],
    only: collections.abc.Sequence[str],
) -> Feed: ...
def operators() -> list[OperatorSpec]: ...
def parse_times(texts: list[typing.Any], name: str) -> tuple[numpy.typing.NDArray[numpy.int64], bool]:
    """
    int64 ns UTC of each text, and whether `format_times` writes the same texts.
    """

def plain_floats(values: typing.Any) -> numpy.typing.NDArray[numpy.float64] | None:
    """
    `values` if they are float64 in a row, plain numbers of a list as such; None for anything else.
    """

def plain_rows(values: typing.Any) -> numpy.typing.NDArray[numpy.float64] | None:
    """
    Lists of plain numbers, all of one length, as a matrix; None for anything else.
    """

def simulated_venues() -> list[str]: ...
def text_codes(
    column: typing.Any, rows: typing.SupportsInt | typing.SupportsIndex
) -> tuple[numpy.typing.NDArray[numpy.uint32], list[str]]:
    """
    Codes of a column of text in the order of first appearance, none for null, and the names.
    """

def text_feed(type: str, columns: list[typing.Any], symbols: typing.Any) -> Feed:
    """
    Rows of columns by field, and of a column of text with their symbols.
    """

def venue_names() -> list[str]: ...

class ParameterSpec(typing.TypedDict):
    name: str
    type: str
    default: bool | int | float | str | list[str]
    unit: str
    range: str
    doc: str
    choices: list[str]

class InputSpec(typing.TypedDict):
    name: str
    type: str
    required: bool
    doc: str

class OperatorSpec(typing.TypedDict):
    name: str
    doc: str
    source: str
    inputs: list[InputSpec]
    output: str
    parameters: list[ParameterSpec]
    keyed: bool

class FieldSpec(typing.TypedDict):
    name: str
    kind: str
    unit: str
    doc: str
    required: bool
    choices: list[str]

class EventTypeSpec(typing.TypedDict):
    name: str
    doc: str
    fields: list[FieldSpec]
    offers: list[str]
