"""Signals collected for a reader who looks at any moment, from appends and from live graphs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openquant import _arguments as arguments
from openquant import _core
from openquant._lazy import pl
from openquant._timestamps import Timestamps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openquant._arguments import Numbers, Times


class SignalStreamBuffer:
    """Keeps signals in the order in which they came and gives them as a frame at any moment.

    Fill it with `append`, or attach it to a graph: ``graph.add(buffer, port)`` takes every `Signal` row of `port`, its
    size as the signal, with side and symbol. Several ports, graphs and threads may fill one buffer. It is not part of a
    graph's snapshot.

    While the engine's thread fills it, `frame()` does not stop the engine and is not stopped by it: the frame is a
    prefix of the stream without the rows that the capacity let go, every row whole.

    Args:
        capacity: Rows to keep, the newest; None for all. Attached to a graph, None becomes 1,000,000.

    Raises:
        ValueError: `capacity` is below 1.
        TypeError: `capacity` is not a whole number.

    >>> buffer = SignalStreamBuffer(capacity=3)
    >>> buffer.append(["2024-01-01 09:30:00", "2024-01-01 09:31:00"], [0.5, -0.5], symbol="BTC")
    >>> buffer.append(["2024-01-01 09:32:00", "2024-01-01 09:33:00"], [0.1, 0.2], side=[1.0, 1.0])
    >>> len(buffer), buffer.dropped
    (3, 1)
    >>> buffer.frame().drop("ts").rows()
    [(-0.5, None, 'BTC'), (0.1, 1.0, None), (0.2, 1.0, None)]
    """

    def __init__(self, capacity: int | None = None) -> None:
        rows = None if capacity is None else arguments.whole(capacity, "capacity", 1)
        self._core = _core.SignalBuffer(rows)

    def append(
        self,
        timestamps: Times,
        signal: Numbers,
        side: Numbers | None = None,
        symbol: str | Sequence[str] | pl.Series | None = None,
    ) -> None:
        """Appends rows; any thread may, and nothing is appended if an argument is refused.

        Args:
            timestamps: Time of each row, in any order.
            signal: Finite numbers.
            side: Finite numbers; None where the rows have none.
            symbol: One name for every row, or one each; None where the rows have none.

        Raises:
            ValueError: lengths differ, a time cannot be read, or a number is NaN or infinite; it says which and where.
            TypeError: an argument is of another type.

        >>> buffer = SignalStreamBuffer()
        >>> buffer.append([1_704_101_400_000_000_000], [0.25])
        >>> buffer.frame()["ts"].dtype
        Datetime(time_unit='ns', time_zone=None)
        """
        times = Timestamps(timestamps, "timestamps")
        values = _column("signal", arguments.finite(signal, "signal"), times)
        sides = None if side is None else _column("side", arguments.finite(side, "side"), times)
        names = [] if symbol is None else symbols(symbol, len(times))
        self._core.append(times.ns, values, sides, names, times.dtype.time_unit)

    def frame(self) -> pl.DataFrame:
        """The rows kept: ts, signal[, side][, symbol].

        Returns:
            Float64 signal and side, String symbol. ts is a Datetime in UTC without a zone, in the finest unit ever appended: us
            for text, ns from a graph. side and symbol are there if any row ever had one, or once a graph is attached; rows
            without have null.

        >>> SignalStreamBuffer().frame().dtypes
        [Datetime(time_unit='us', time_zone=None), Float64]
        """
        rows = self._core.columns()
        ts = pl.Series("ts", rows["ts"]).cast(pl.Datetime("ns")).dt.cast_time_unit(rows["unit"] or "us")
        columns = [ts, pl.Series("signal", rows["signal"])]
        if rows["side"] is not None:
            columns.append(pl.Series("side", rows["side"]).fill_nan(None))
        if rows["symbol"] is not None:
            columns.append(pl.Series("symbol", rows["names"], dtype=pl.String).gather(pl.Series(rows["symbol"])))
        return pl.DataFrame(columns)

    def clear(self) -> None:
        """Forgets the rows and sets `dropped` to 0, so that `len` and `dropped` add up to the rows since. Columns stay.

        >>> buffer = SignalStreamBuffer()
        >>> buffer.append(["2024-01-01"], [1.0], symbol="BTC")
        >>> buffer.clear()
        >>> buffer.frame().columns, len(buffer)
        (['ts', 'signal', 'symbol'], 0)
        """
        self._core.clear()

    @property
    def dropped(self) -> int:
        """Rows since the last `clear` that the capacity let go, the oldest."""
        return self._core.dropped

    @property
    def capacity(self) -> int | None:
        """Rows it keeps at most; None if there is no limit."""
        return self._core.capacity

    def __len__(self) -> int:
        return len(self._core)

    def __repr__(self) -> str:
        return f"<SignalStreamBuffer: {len(self)} rows, capacity {self.capacity}, {self.dropped} dropped>"


def symbols(symbol: Any, rows: int) -> list[str]:
    """One name for all rows, or a checked one for each."""
    names = [symbol] if isinstance(symbol, str) else arguments.names(symbol, "symbol")
    if not isinstance(symbol, str):
        arguments.same_length("timestamps", rows, "symbol", len(names))
    return encodable(names, "symbol")


def encodable(names: list[str], name: str) -> list[str]:
    """`names`, all of which are text that a frame can hold."""
    try:
        "".join(names).encode()
    except UnicodeEncodeError:
        row = next(row for row, item in enumerate(names) if any("\ud800" <= c <= "\udfff" for c in item))
        raise ValueError(f"{name} at row {row} is {names[row]!r}, which is no valid Unicode") from None
    return names


def _column(name: str, values: Any, times: Timestamps) -> Any:
    arguments.same_length("timestamps", len(times), name, len(values))
    return values
