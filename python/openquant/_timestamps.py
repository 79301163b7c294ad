"""Times of batch functions: int64 ns UTC inside, answered in kind."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from openquant import _core
from openquant._arguments import is_list, kind
from openquant._lazy import np, pl

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from openquant._arguments import Ints, Times


def times_of(values: Times | Timestamps, name: str) -> Timestamps:
    return values if isinstance(values, Timestamps) else Timestamps(values, name)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = 9_200_000_000_000_000_000  # that a stream takes, in ns


class Timestamps:
    """Times as int64 ns UTC, and what they were given as: what is taken from them is answered in kind."""

    ns: Ints

    def __init__(self, values: Times, name: str) -> None:
        self.name = name
        self.text = False
        self.dtype = pl.Datetime("us")  # of a frame's column
        self._numpy: Any = None  # dtype of an array's answer
        self._datetimes: Sequence[datetime] | None = None
        self._texts: list[str] | None = None  # if the answer is spelled as they are
        self._series: pl.Series | None = None
        self._rising = False  # known not to fall
        self._ends: list[int] = []  # the earliest and the latest, where they are known
        self._listed = is_list(values)
        if is_list(values):
            self.ns = self._from_list(values if isinstance(values, list) else list(values))
        elif isinstance(values, pl.Series):
            self.ns = self._from_series(values)
        elif hasattr(values, "__array__"):
            self.ns = self._from_array(np.asarray(values))
        else:
            raise TypeError(f"{name} must be a list, an array or a polars Series of times, not {kind(values)}")

    def __len__(self) -> int:
        return len(self.ns)

    def take(self, rows: Ints) -> list[Any] | npt.NDArray[Any]:
        """The times at `rows`, as they were given."""
        if self._datetimes is not None:
            taken = [self._datetimes[row] for row in rows.tolist()]
            return taken if self._listed else np.array(taken, dtype=object)
        if self._texts is not None:
            return list(map(self._texts.__getitem__, rows.tolist()))
        return self.answer(self.ns[rows])

    def all(self) -> list[Any] | npt.NDArray[Any]:
        """A copy of all of them, as they were given."""
        if self._texts is not None:
            return self._texts.copy()
        return self.take(np.arange(len(self))) if self._datetimes is not None else self.answer(self.ns.copy())

    def answer(self, ns: Ints) -> list[Any] | npt.NDArray[Any]:
        """Times in kind."""
        if self.text:
            texts = _core.format_times(np.ascontiguousarray(ns))
            return texts if self._listed else np.array(texts, dtype=np.str_)
        if self._datetimes is not None:
            zone = getattr(self._datetimes[0], "tzinfo", None)
            times = [_EPOCH + timedelta(microseconds=t // 1000) for t in ns.tolist()]
            times = [t.astimezone(zone) if zone else t.replace(tzinfo=None) for t in times]
            return times if self._listed else np.array(times, dtype=object)
        dates = self._numpy is not None and self._numpy.kind == "M"
        array = ns.astype("datetime64[ns]").astype(self._numpy) if dates else ns
        if self._listed and not dates:
            whole: list[int] = ns.tolist()
            return whole
        return list(array) if self._listed else array

    def at(self, *groups: Ints) -> list[Timestamps]:
        """The times at each group of rows, for frames: their columns are made as one."""
        ns = self.ns[np.concatenate(groups)]
        column, begin, out = self._column(ns), 0, []
        for rows in groups:
            times = object.__new__(Timestamps)
            times.__dict__.update(
                self.__dict__, ns=ns[begin : begin + len(rows)], _datetimes=None, _texts=None, _ends=[]
            )
            times._series = column.slice(begin, len(rows))
            out.append(times)
            begin += len(rows)
        return out

    def series(self, name: str, ns: Ints | None = None) -> pl.Series:
        """A frame's column: Datetime in the input's unit, microseconds for text."""
        if ns is not None:
            return self._column(ns).alias(name)
        if self._series is None:
            self._series = self._column(self.ns)
        return self._series.alias(name)

    def _column(self, ns: Ints) -> pl.Series:
        return pl.Series(ns).cast(pl.Datetime("ns", getattr(self.dtype, "time_zone", None))).cast(self.dtype)

    def sorted(self, *, strictly: bool = False) -> Timestamps:
        """Itself, if times do not fall (rise, if `strictly`)."""
        row = _core.first_unsorted(self.ns, strictly)
        if row >= 0:
            wanted = "rise strictly" if strictly else "not fall"
            raise ValueError(
                f"{self.name} at row {row} ({_core.format_times(self.ns[row : row + 1])[0]}) does not come after row "
                f"{row - 1} ({_core.format_times(self.ns[row - 1 : row])[0]}); timestamps must {wanted}: sort them first"
            )
        self._rising = True
        return self

    def streamed(self, step: int = 1) -> tuple[Ints, int]:
        """The times as a stream takes them, which begin in 1970, and by how much they were moved: a multiple of `step` ns."""
        first, last = self._ends or self._find_ends()
        moved = -(first // step) * step if first < 0 else 0
        if last + moved > LATEST:
            row = int(self.ns.argmax())
            text = _core.format_times(self.ns[row : row + 1])[0]
            raise ValueError(f"{self.name} at row {row} is {text}, more than 291 years after 1970 or the first of them")
        return (self.ns + moved, moved) if moved else (self.ns, 0)

    def _find_ends(self) -> list[int]:
        if not len(self.ns):
            return [0, 0]
        ends = self.ns[[0, -1]] if self._rising else self.ns
        return [int(ends.min()), int(ends.max())]

    def _from_list(self, items: list[Any]) -> Ints:
        if not items or isinstance(items[0], str):
            self.text = True
            ns, plain = _core.parse_times(items, self.name)
            self._texts = items if plain and self._listed else None
            return ns
        first = items[0]
        if isinstance(first, np.datetime64):
            odd = next((row for row, item in enumerate(items) if not isinstance(item, np.datetime64)), None)
            if odd is not None:
                raise TypeError(f"{self.name} at row {odd} is {kind(items[odd])}; a datetime64 is wanted, as in row 0")
            return self._from_array(np.array(items))
        if isinstance(first, date):
            self._datetimes = items
            return np.array([self._of_datetime(item, row) for row, item in enumerate(items)], dtype=np.int64)
        self.dtype = pl.Datetime("ns")
        for row, item in enumerate(items):
            if isinstance(item, bool) or not isinstance(item, (int, np.integer)):
                raise TypeError(
                    f"{self.name} at row {row} is {kind(item)}; a time is wanted: text, datetime or int64 ns"
                )
            if not -(2**63) < item < 2**63:
                raise ValueError(f"{self.name} at row {row} = {item} is beyond int64 nanoseconds")
        return np.array(items, dtype=np.int64)

    def _of_datetime(self, item: Any, row: int) -> int:
        if not isinstance(item, date):
            raise TypeError(f"{self.name} at row {row} is {kind(item)}; a datetime is wanted, as in row 0")
        if not isinstance(item, datetime):
            item = datetime(item.year, item.month, item.day)
        since = (item if item.tzinfo else item.replace(tzinfo=UTC)) - _EPOCH
        ns: int = (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000
        ns += getattr(item, "nanosecond", 0)  # a pandas Timestamp's
        if not -(2**63) < ns < 2**63:
            raise ValueError(f"{self.name} at row {row} = {item} is beyond int64 nanoseconds (1678 to 2261)")
        return ns

    def _from_array(self, array: npt.NDArray[Any]) -> Ints:
        if array.ndim != 1:
            raise ValueError(f"{self.name} must be one-dimensional, not of shape {array.shape}")
        self._numpy = array.dtype
        if array.dtype.kind == "M":
            unit = np.datetime_data(array.dtype)[0]
            self.dtype = pl.Datetime("ns" if unit == "ns" else "us" if unit == "us" else "ms")
            if np.isnat(array).any():
                raise ValueError(
                    f"{self.name} at row {int(np.flatnonzero(np.isnat(array))[0])} is NaT; a time is wanted"
                )
            ns = array.astype("datetime64[ns]")
            if (ns.astype(array.dtype) != array).any():
                raise ValueError(f"{self.name} holds a time beyond int64 nanoseconds (1678 to 2261)")
            return np.ascontiguousarray(ns.view(np.int64))
        if array.dtype.kind in "iu" and array.dtype.itemsize == 8:
            if array.dtype.kind == "u" and len(array) and int(array.max()) >= 2**63:
                raise ValueError(f"{self.name} holds a time beyond int64 nanoseconds (1678 to 2261)")
            self.dtype = pl.Datetime("ns")
            return np.ascontiguousarray(array.astype(np.int64, copy=False))
        if array.dtype.kind in "UO" or array.size == 0:
            return self._from_list(array.tolist())
        raise TypeError(f"{self.name} must hold times (text, datetime64 or int64 ns), not {array.dtype}")

    def _from_series(self, series: pl.Series) -> Ints:
        if series.null_count():
            raise ValueError(f"{self.name} at row {int(series.is_null().arg_max() or 0)} is null; a time is wanted")
        dtype = series.dtype
        if dtype == pl.String or (dtype == pl.Null and not len(series)):
            self._numpy = np.dtype("datetime64[ns]")
            return _core.parse_times(series.to_list(), self.name)[0]
        if isinstance(dtype, pl.Datetime):
            self.dtype, self._numpy = dtype, np.dtype(f"datetime64[{dtype.time_unit}]")
        elif dtype == pl.Date:
            self._numpy = np.dtype("datetime64[us]")
        elif dtype == pl.Int64:
            self.dtype, self._numpy = pl.Datetime("ns"), np.dtype(np.int64)
            return np.ascontiguousarray(series.to_numpy())
        else:
            raise TypeError(f"{self.name} must hold times (String, Date, Datetime or Int64 ns), not {dtype}")
        scale = (
            {"ns": 1, "us": 1_000, "ms": 1_000_000}[dtype.time_unit]
            if isinstance(dtype, pl.Datetime)
            else 86_400_000_000_000
        )
        physical = np.ascontiguousarray(series.to_physical().to_numpy(), dtype=np.int64)
        told = _core.nanoseconds(physical, scale)
        if told is None:
            raise ValueError(f"{self.name} holds a time beyond int64 nanoseconds (1678 to 2261)")
        ns, *self._ends = told
        return ns
