"""What every batch function does with its arguments: read without a copy, check with a clear error, answer in kind."""

from __future__ import annotations

import math
import re
import reprlib
from collections.abc import Sequence
from datetime import datetime
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
_UNITS_NS = {"s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000, "d": 86_400_000_000_000}


def is_list(values: Any) -> bool:
    """Whether the answer to `values` is a list; that to an array or a Series is an array."""
    return isinstance(values, (list, tuple))


def like(values: Any, answer: npt.NDArray[Any]) -> Any:
    """`answer` as a list if `values` is one."""
    return answer.tolist() if is_list(values) else answer


def floats(values: Numbers, name: str) -> Floats:
    """One-dimensional contiguous float64; arrays and Series that are so already are not copied. Values are not checked."""
    plain: Floats | None = _core.plain_floats(values)
    if plain is not None:
        return plain
    if isinstance(values, pl.Series):
        if not (values.dtype.is_numeric() or (values.dtype == pl.Null and not len(values))):
            raise TypeError(f"{name} must hold numbers, not {values.dtype}")
        array = values.cast(pl.Float64).to_numpy()  # nulls are NaN
    elif is_list(values) or hasattr(values, "__array__"):
        array = _array(values, name)
    else:
        raise TypeError(f"{name} must be a list, a tuple, an array or a polars Series of numbers, not {kind(values)}")
    if array.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, not of shape {array.shape}")
    with np.errstate(over="ignore"):  # what is beyond float64 is infinite, and will be refused as that
        return np.require(array, np.float64, ["C", "A"])


def _array(values: Any, name: str) -> npt.NDArray[Any]:
    """An array of real numbers of any shape."""
    try:
        array = np.asarray(values)
    except (ValueError, TypeError, OverflowError):
        raise ValueError(f"{name} must be rectangular: rows of the same length, of numbers") from None
    if np.ma.is_masked(values):
        raise ValueError(f"{name} has masked values; fill them or leave them out")
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
            raise TypeError(f"{name} at row {row} is {kind(item)}; a number is wanted")
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
    return positive(floats(values, name), name, "a price")


def positive(array: Floats, name: str, what: str) -> Floats:
    """`array`, all of whose values are prices or sizes that markets have."""
    return within(array, name, SMALLEST_PRICE, LARGEST, f"{what} must be finite and above 0 (1e-100 to 1e100)")


def probabilities(values: Numbers, name: str) -> Floats:
    return within(floats(values, name), name, 0.0, 1.0, "a probability must be in [0, 1]")


def matrix(values: Any, name: str) -> npt.NDArray[np.float64]:
    """Two-dimensional C-contiguous float64: rows of equal length, an array or a polars DataFrame. Values are not checked."""
    plain: Floats | None = _core.plain_rows(values)
    if plain is not None:
        return plain
    if isinstance(values, pl.DataFrame):
        odd = next((c for c, dtype in values.schema.items() if not dtype.is_numeric()), None)
        if odd is not None:
            raise TypeError(f"{name}: column {odd!r} must hold numbers, not {values.schema[odd]}")
        array = values.cast(pl.Float64).to_numpy(order="c") if values.width else np.zeros((0, 0))
    elif is_list(values):
        array = _rows(values, name)
    elif hasattr(values, "__array__"):
        array = _array(values, name)
    else:
        raise TypeError(f"{name} must be rows of numbers, a 2-d array or a polars DataFrame, not {kind(values)}")
    if array.ndim != 2:
        raise ValueError(f"{name} matrix must be rectangular: rows by columns, not of shape {array.shape}")
    return np.ascontiguousarray(array, dtype=np.float64)


def _rows(values: Sequence[Any], name: str) -> npt.NDArray[Any]:
    try:
        array = np.asarray(values)
        if array.ndim == 2 and array.dtype.kind in "fiu":
            return array
    except (ValueError, TypeError, OverflowError):  # row by row, to say what is wrong
        pass
    rows = [floats(row, f"{name} row {i}") for i, row in enumerate(values)]
    odd = next((i for i, row in enumerate(rows) if len(row) != len(rows[0])), None)
    if odd is not None:
        raise ValueError(
            f"{name} matrix must be rectangular: row 0 has {len(rows[0])} values, row {odd} has {len(rows[odd])}"
        )
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(rows[0]) if rows else 0)


def number(value: Any, name: str, low: float = -LARGEST, high: float = LARGEST, *, above: bool = False) -> float:
    """A real number in [low, high], or (low, high] if `above`."""
    value = getattr(value, "item", lambda: value)() if getattr(value, "ndim", None) == 0 else value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number, not {kind(value)}")
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
        raise TypeError(f"{name} must be a whole number, not {kind(value)}")
    if not low <= value <= high:
        raise ValueError(f"{name} = {value} is out of range; it must be >= {low} and <= {high}")
    return value


def choice(value: Any, name: str, choices: Sequence[str]) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be one of {', '.join(map(repr, choices))}, not {kind(value)}")
    if value not in choices:
        raise ValueError(f"{name} = {value!r} must be one of {', '.join(map(repr, choices))}")
    return value


def flag(value: Any, name: str) -> bool:
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, not {kind(value)}")
    return bool(value)


def interval_ns(text: Any, name: str = "interval") -> int:
    """The length in ns of an interval such as '30s', '5m', '4h' or '1d'."""
    if not isinstance(text, str):
        raise TypeError(f"{name} must be text such as '5m', not {kind(text)}")
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
        raise TypeError(f"{name} must be a list of names, not {kind(values)}")
    for row, item in enumerate(items):
        if not isinstance(item, str):
            raise TypeError(f"{name} at row {row} is {kind(item)}; a name is wanted")
    return list(items)


def same_length(first: str, n: int, second: str, m: int) -> None:
    if n != m:
        raise ValueError(f"{first}/{second} length mismatch: {n} vs {m}")


def kind(value: Any) -> str:
    return f"{type(value).__name__} {reprlib.repr(value)}"
