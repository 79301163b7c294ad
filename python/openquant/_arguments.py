"""What every batch function does with its arguments: read without a copy, check with a clear error, answer in kind."""

from __future__ import annotations

import math
import re
import reprlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from openquant import _core
from openquant._lazy import np, pl

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers: TypeAlias = Sequence[float] | npt.NDArray[Any] | pl.Series
    Times: TypeAlias = Sequence[str] | Sequence[datetime] | Sequence[int] | npt.NDArray[Any] | pl.Series
    Floats: TypeAlias = npt.NDArray[np.float64]
    Ints: TypeAlias = npt.NDArray[np.int64]

LARGEST = 1e100  # no market's number is larger; products and ratios of two stay finite
SMALLEST_PRICE = 1e-100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS_NS = {"s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000, "d": 86_400_000_000_000}


def is_list(values: Any) -> bool:
    """Whether the answer to `values` is a list; that to an array or a Series is an array."""
    return isinstance(values, (list, tuple))


def like(values: Any, answer: npt.NDArray[Any]) -> Any:
    """`answer` as a list if `values` is one."""
    return answer.tolist() if is_list(values) else answer


def floats(values: Numbers, name: str) -> Floats:
    """One-dimensional contiguous float64; arrays and Series that are so already are not copied. Values are not checked."""
    if isinstance(values, pl.Series):
        if not (values.dtype.is_numeric() or (values.dtype == pl.Null and not len(values))):
            raise TypeError(f"{name} must hold numbers, not {values.dtype}")
        array = values.cast(pl.Float64).to_numpy()  # nulls are NaN
    elif is_list(values) or hasattr(values, "__array__"):
        array = _array(values, name)
    else:
        raise TypeError(f"{name} must be a list, a tuple, an array or a polars Series of numbers, not {_kind(values)}")
    if array.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, not of shape {array.shape}")
    return np.ascontiguousarray(array, dtype=np.float64)


def _array(values: Any, name: str) -> npt.NDArray[Any]:
    """An array of real numbers of any shape."""
    try:
        array = np.asarray(values)
    except (ValueError, TypeError, OverflowError):
        raise ValueError(f"{name} must be rectangular: rows of the same length, of numbers") from None
    if array.size == 0 and array.dtype.kind in "fO":
        return array.astype(np.float64)
    if array.dtype.kind in "fiu":
        return array
    if array.dtype.kind == "O":
        return _from_objects(array, name)
    raise TypeError(f"{name} must hold numbers, not {array.dtype}")


def _from_objects(array: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    """What numpy has no type for: whole numbers beyond int64 are read, the first item that is no number is named."""
    for row, item in enumerate(array.flat):
        if isinstance(item, bool) or not isinstance(item, (int, float, np.integer, np.floating)):
            raise TypeError(f"{name} at row {row} is {_kind(item)}; a number is wanted")
    try:
        return array.astype(np.float64)
    except OverflowError:
        raise ValueError(f"{name} holds a whole number beyond the range of float64") from None


def within(array: Floats, name: str, low: float, high: float, wanted: str) -> Floats:
    """`array`, all of whose values lie in [low, high]; else the first that does not is named."""
    row = _core.first_outside(array.reshape(-1), low, high)
    if row >= 0:
        at = f"row {row}" if array.ndim == 1 else f"row {row // array.shape[1]}, column {row % array.shape[1]}"
        raise ValueError(f"{name} at {at} is {float(array.flat[row])!r}; {wanted}")
    return array


def finite(values: Numbers, name: str) -> Floats:
    """Finite numbers of a size that markets have."""
    return within(floats(values, name), name, -LARGEST, LARGEST, "it must be finite, at most 1e100 in size")


def prices(values: Numbers, name: str = "close") -> Floats:
    """Positive finite numbers."""
    wanted = "a price must be finite and above 0 (1e-100 to 1e100)"
    return within(floats(values, name), name, SMALLEST_PRICE, LARGEST, wanted)


def probabilities(values: Numbers, name: str) -> Floats:
    return within(floats(values, name), name, 0.0, 1.0, "a probability must be in [0, 1]")


def matrix(values: Any, name: str) -> npt.NDArray[np.float64]:
    """Two-dimensional C-contiguous float64: rows of equal length, an array or a polars DataFrame. Values are not checked."""
    if isinstance(values, pl.DataFrame):
        odd = next((c for c, dtype in values.schema.items() if not dtype.is_numeric()), None)
        if odd is not None:
            raise TypeError(f"{name}: column {odd!r} must hold numbers, not {values.schema[odd]}")
        array = values.cast(pl.Float64).to_numpy(order="c") if values.width else np.zeros((0, 0))
    elif is_list(values):
        rows = [floats(row, f"{name} row {i}") for i, row in enumerate(values)]
        if any(len(row) != len(rows[0]) for row in rows):
            raise ValueError(f"{name} matrix must be rectangular: row 0 has {len(rows[0])} values, another has not")
        array = np.array(rows, dtype=np.float64).reshape(len(rows), len(rows[0]) if rows else 0)
    elif hasattr(values, "__array__"):
        array = _array(values, name)
    else:
        raise TypeError(f"{name} must be rows of numbers, a 2-d array or a polars DataFrame, not {_kind(values)}")
    if array.ndim != 2:
        raise ValueError(f"{name} matrix must be rectangular: rows by columns, not of shape {array.shape}")
    return np.ascontiguousarray(array, dtype=np.float64)


def number(value: Any, name: str, low: float = -LARGEST, high: float = LARGEST, *, above: bool = False) -> float:
    """A real number in [low, high], or (low, high] if `above`."""
    value = getattr(value, "item", lambda: value)() if getattr(value, "ndim", None) == 0 else value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number, not {_kind(value)}")
    try:
        x = float(value)
    except OverflowError:
        x = math.inf
    if not (low < x <= high if above else low <= x <= high):
        limit = "" if high >= LARGEST else f" and <= {high:g}"
        least = "finite" if low <= -LARGEST else f"{'>' if above else '>='} {low:g}{limit}"
        raise ValueError(f"{name} = {value!r} is out of range; it must be {least}")
    return x


def whole(value: Any, name: str, low: int, high: int = 2**53) -> int:
    """A whole number in [low, high]."""
    value = getattr(value, "item", lambda: value)() if getattr(value, "ndim", None) == 0 else value
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be a whole number, not {_kind(value)}")
    if not low <= value <= high:
        raise ValueError(f"{name} = {value} is out of range; it must be >= {low} and <= {high}")
    return value


def choice(value: Any, name: str, choices: Sequence[str]) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be one of {', '.join(map(repr, choices))}, not {_kind(value)}")
    if value not in choices:
        raise ValueError(f"{name} = {value!r} must be one of {', '.join(map(repr, choices))}")
    return value


def flag(value: Any, name: str) -> bool:
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, not {_kind(value)}")
    return bool(value)


def interval_ns(text: Any, name: str = "interval") -> int:
    """The length in ns of an interval such as '30s', '5m', '4h' or '1d'."""
    if not isinstance(text, str):
        raise TypeError(f"{name} must be text such as '5m', not {_kind(text)}")
    match = re.fullmatch(r"0*([1-9][0-9]{0,10})([smhd])", text, re.ASCII)
    if match is None:
        raise ValueError(f"{name} = {reprlib.repr(text)} must be a whole number > 0 and s, m, h or d, such as '5m'")
    ns = int(match[1]) * _UNITS_NS[match[2]]
    if ns > 10**18:
        raise ValueError(f"{name} = {text!r} is out of range; it must be at most 11574 days")
    return ns


def names(values: Any, name: str) -> list[str]:
    """A list of texts."""
    items = (
        values.to_list() if isinstance(values, pl.Series) else values.tolist() if hasattr(values, "tolist") else values
    )
    if not isinstance(items, (list, tuple)):
        raise TypeError(f"{name} must be a list of names, not {_kind(values)}")
    for row, item in enumerate(items):
        if not isinstance(item, str):
            raise TypeError(f"{name} at row {row} is {_kind(item)}; a name is wanted")
    return list(items)


def same_length(first: str, n: int, second: str, m: int) -> None:
    if n != m:
        raise ValueError(f"{first}/{second} length mismatch: {n} vs {m}")


class Timestamps:
    """Times as int64 ns UTC, and what they were given as: what is taken from them is answered in kind."""

    ns: Ints

    def __init__(self, values: Times, name: str) -> None:
        self.name = name
        self.text = False
        self.dtype = pl.Datetime("us")  # of a frame's column
        self._numpy: Any = None  # dtype of an array's answer
        self._datetimes: Sequence[datetime] | None = None
        if is_list(values):
            self.ns = self._from_list(list(values))
        elif isinstance(values, pl.Series):
            self.ns = self._from_series(values)
        elif hasattr(values, "__array__"):
            self.ns = self._from_array(np.asarray(values))
        else:
            raise TypeError(f"{name} must be a list, an array or a polars Series of times, not {_kind(values)}")

    def __len__(self) -> int:
        return len(self.ns)

    def take(self, rows: Ints) -> list[Any] | npt.NDArray[Any]:
        """The times at `rows`, as they were given."""
        if self._datetimes is not None:
            return [self._datetimes[row] for row in rows.tolist()]
        return self.answer(self.ns[rows])

    def answer(self, ns: Ints) -> list[Any] | npt.NDArray[Any]:
        """Times in kind."""
        if self.text:
            return _core.format_times(np.ascontiguousarray(ns))
        if self._datetimes is not None:
            zone = getattr(self._datetimes[0], "tzinfo", None)
            times = [_EPOCH + timedelta(microseconds=t // 1000) for t in ns.tolist()]
            return [t.astimezone(zone) if zone else t.replace(tzinfo=None) for t in times]
        if self._numpy is None:
            whole: list[int] = ns.tolist()
            return whole
        return ns.astype("datetime64[ns]").astype(self._numpy) if self._numpy.kind == "M" else ns

    def series(self, name: str, ns: Ints | None = None) -> pl.Series:
        """A frame's column: Datetime in the input's unit, microseconds for text."""
        return (
            pl.Series(name, self.ns if ns is None else ns)
            .cast(pl.Datetime("ns", getattr(self.dtype, "time_zone", None)))
            .cast(self.dtype)
        )

    def sorted(self, *, strictly: bool = False) -> Timestamps:
        """Itself, if times do not fall (rise, if `strictly`)."""
        row = _core.first_unsorted(self.ns, strictly)
        if row >= 0:
            wanted = "rise strictly" if strictly else "not fall"
            raise ValueError(
                f"{self.name} at row {row} ({_core.format_times(self.ns[row : row + 1])[0]}) comes after "
                f"{_core.format_times(self.ns[row - 1 : row])[0]}; timestamps must {wanted}: sort them first"
            )
        return self

    def since_1970(self) -> Timestamps:
        """Itself, if no time is earlier than what a stream's time can be."""
        early = np.flatnonzero(self.ns < 0)
        if len(early):
            text = _core.format_times(self.ns[early[:1]])[0]
            raise ValueError(f"{self.name} at row {early[0]} is {text}; times of a stream begin in 1970")
        return self

    def _from_list(self, items: list[Any]) -> Ints:
        if not items or isinstance(items[0], str):
            self.text = True
            return _core.parse_times(items, self.name)
        first = items[0]
        if isinstance(first, np.datetime64):
            return self._from_array(np.array(items))
        if isinstance(first, date):
            self._datetimes = items
            return np.array([self._of_datetime(item, row) for row, item in enumerate(items)], dtype=np.int64)
        self.dtype = pl.Datetime("ns")
        for row, item in enumerate(items):
            if isinstance(item, bool) or not isinstance(item, (int, np.integer)):
                raise TypeError(
                    f"{self.name} at row {row} is {_kind(item)}; a time is wanted: text, datetime or int64 ns"
                )
            if not -(2**63) < item < 2**63:
                raise ValueError(f"{self.name} at row {row} = {item} is beyond int64 nanoseconds")
        return np.array(items, dtype=np.int64)

    def _of_datetime(self, item: Any, row: int) -> int:
        if not isinstance(item, date):
            raise TypeError(f"{self.name} at row {row} is {_kind(item)}; a datetime is wanted, as in row 0")
        if not isinstance(item, datetime):
            item = datetime(item.year, item.month, item.day)
        since = (item if item.tzinfo else item.replace(tzinfo=UTC)) - _EPOCH
        ns: int = (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000
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
            ns = _core.parse_times(series.to_list(), self.name)
            self._numpy = np.dtype("datetime64[us]")
            return ns
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
        physical = series.to_physical().to_numpy().astype(np.int64, copy=False)
        most = (2**63 - 1) // scale
        if len(series) and not -most <= int(physical.min()) <= int(physical.max()) <= most:
            raise ValueError(f"{self.name} holds a time beyond int64 nanoseconds (1678 to 2261)")
        return np.ascontiguousarray(physical * scale if scale > 1 else physical)


def _kind(value: Any) -> str:
    return f"{type(value).__name__} {reprlib.repr(value)}"
