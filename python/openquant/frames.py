"""Polars frames to the engine's columns and back. Float64, integer and Datetime("ns") columns go in without a copy."""

from __future__ import annotations

import operator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from openquant import _core
from openquant._lazy import np, pl

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from openquant.events import EventType, Field

_NO_SYMBOL = 0xFFFF_FFFF
_SIDES = {"buy": 1, "b": 1, "sell": -1, "s": -1, "": 0, "unknown": 0}


def feed(frame: pl.DataFrame, event_type: EventType, what: str = "frame") -> _core.Feed:
    """The rows of `frame` as `event_type` rows, for a replay.

    Columns: ts (Datetime of any unit, Date, or int64 ns UTC), symbol (String, Categorical or Enum) and the type's
    fields; optional ones may be missing. Nulls make a row that the source will refuse and count, except in optional
    columns, where they read as the default.

    Raises:
        ValueError: a required column is missing, a column is unknown or cannot be read as its field.
    """
    columns = arrays(frame, event_type, what)
    if frame.schema["symbol"] == pl.String:
        return _core.text_feed(event_type.name, columns, frame["symbol"])
    codes, names_at = _categories(frame["symbol"], what)
    return _core.category_feed(event_type.name, columns, codes, names_at)


def arrays(frame: pl.DataFrame, event_type: EventType, what: str) -> list[npt.NDArray[Any] | None]:
    """The columns of `frame` by field, None where an optional one is absent; refuses as `feed` does."""
    known = {field.name for field in event_type.fields} | {"symbol"}
    unknown = [name for name in frame.columns if name not in known]
    if unknown:
        raise ValueError(f"{what}: unknown column {unknown[0]!r}; {event_type.name} rows have {_listed(event_type)}")
    required = ["symbol", *(field.name for field in event_type.fields if field.required)]
    missing = [name for name in required if name not in frame.columns]
    if missing:
        raise ValueError(f"{what}: missing column {missing[0]!r}; {event_type.name} rows have {_listed(event_type)}")
    return [_column(frame[f.name], f, what) if f.name in frame.columns else None for f in event_type.fields]


def values(row: Mapping[str, Any], event_type: EventType, what: str) -> list[int | float]:
    """One row's values by field, read as `feed` reads a frame's."""
    known = {field.name for field in event_type.fields} | {"symbol"}
    unknown = [name for name in row if name not in known]
    if unknown:
        raise ValueError(f"{what}: unknown column {unknown[0]!r}; {event_type.name} rows have {_listed(event_type)}")
    missing = [f.name for f in event_type.fields if f.required and f.name not in row]
    if missing or "symbol" not in row:
        raise ValueError(
            f"{what}: missing column {(missing or ['symbol'])[0]!r}; {event_type.name} rows have {_listed(event_type)}"
        )
    if not (row["symbol"] is None or isinstance(row["symbol"], str)):
        raise ValueError(f"{what}: symbol {row['symbol']!r} must be text")
    out = []
    for field in event_type.fields:
        try:
            out.append(_value(row.get(field.name), field))
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(
                f"{what}: {field.name} = {row[field.name]!r} cannot be read as {field.kind}: {error}"
            ) from None
    return out


def _value(value: Any, field: Field) -> int | float:
    if value is None:
        return 0 if not field.required else float("nan") if field.kind == "f64" else -int(field.kind == "timestamp")
    if field.kind == "f64":
        if isinstance(value, (str, bytes)):
            raise TypeError("a number is wanted")
        return float(value)
    if field.kind == "timestamp" and isinstance(value, datetime):
        since = (value if value.tzinfo else value.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)
        return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000
    if field.kind == "timestamp" and isinstance(value, np.datetime64):
        return int(value.astype("datetime64[ns]").astype(np.int64))
    if field.name == "side" and isinstance(value, str):
        return _SIDES.get(value.lower(), 2)
    if isinstance(value, str):
        return field.choices.index(value)
    return operator.index(value)


def frame_of(columns: Mapping[str, Any], event_type: EventType) -> pl.DataFrame:
    """The engine's columns as a frame: ts, symbol, then the other fields."""
    if not len(columns["symbol"]):
        return pl.DataFrame(schema=event_type.schema)
    series = {field.name: _series(columns[field.name], field) for field in event_type.fields}
    series["symbol"] = pl.Series("symbol", columns["names"], dtype=pl.String).gather(pl.Series(columns["symbol"]))
    return pl.DataFrame({name: series[name] for name in event_type.schema})


def _listed(event_type: EventType) -> str:
    names = ["symbol", *(f.name if f.required else f"{f.name} (optional)" for f in event_type.fields)]
    return ", ".join(names)


def symbols(series: pl.Series, what: str) -> tuple[npt.NDArray[np.uint32], Sequence[str]]:
    """Symbols as codes and the names by code; a null is a code of none."""
    if series.dtype == pl.String:
        return _core.text_codes(series, len(series))
    codes, names_at = _categories(series, what)
    return codes, _core.category_names(codes, names_at)


def _categories(
    series: pl.Series, what: str
) -> tuple[npt.NDArray[np.uint32], Callable[[npt.NDArray[np.int64]], list[str]]]:
    """Codes, and the names at rows: a Categorical's dictionary may be that of all columns of the process."""
    if series.dtype != pl.Categorical and series.dtype != pl.Enum:
        raise ValueError(f"{what}: column 'symbol' must be String, Categorical or Enum, not {series.dtype}")
    codes = series.to_physical().cast(pl.UInt32).fill_null(_NO_SYMBOL).to_numpy()
    return np.ascontiguousarray(codes), lambda rows: series.gather(rows).cast(pl.String).to_list()


def _column(series: pl.Series, field: Field, what: str) -> npt.NDArray[Any]:
    try:
        return _array(sides(series) if field.name == "side" and field.kind == "i8" else series, field)
    except (pl.exceptions.PolarsError, TypeError, OverflowError) as error:
        why = str(error).splitlines()[0]
        raise ValueError(
            f"{what}: column {field.name!r} ({series.dtype}) cannot be read as {field.kind}: {why}"
        ) from None


def _array(series: pl.Series, field: Field) -> npt.NDArray[Any]:
    if field.kind == "timestamp":
        return _timestamps(series, field)
    if field.kind == "choice":
        codes = series.cast(pl.String).replace_strict(
            {name: i for i, name in enumerate(field.choices)}, return_dtype=pl.Int8
        )
        return np.ascontiguousarray(codes.to_numpy())
    if series.dtype == pl.String or (series.dtype == pl.Boolean) != (field.kind == "boolean"):
        raise TypeError(f"a {field.kind} column is wanted")
    if series.dtype.is_float() and field.kind != "f64":
        raise TypeError("whole numbers are wanted")
    null = float("nan") if field.kind == "f64" and field.required else 0
    series = series.cast(field.dtype)
    if series.null_count():
        series = series.fill_null(False if field.kind == "boolean" else null)
    return np.ascontiguousarray(series.to_numpy())


def _timestamps(series: pl.Series, field: Field) -> npt.NDArray[np.int64]:
    if series.dtype == pl.Date or (isinstance(series.dtype, pl.Datetime) and series.dtype.time_unit != "ns"):
        series = series.cast(pl.Datetime("ns"))
    elif not isinstance(series.dtype, pl.Datetime) and series.dtype != pl.Int64:
        raise TypeError("a Datetime, Date or Int64 (ns UTC) column is wanted")
    series = series.to_physical()
    if series.null_count():
        series = series.fill_null(-1 if field.required else 0)
    return np.ascontiguousarray(series.to_numpy())


def sides(series: pl.Series) -> pl.Series:
    if series.dtype in (pl.String, pl.Categorical, pl.Enum):
        text = series.cast(pl.String).fill_null("").str.to_lowercase()
        return text.replace_strict(_SIDES, default=2, return_dtype=pl.Int8)
    return series


def _series(array: npt.NDArray[Any], field: Field) -> pl.Series:
    if field.kind == "timestamp":
        return pl.Series(field.name, array).cast(pl.Datetime("ns"))
    if field.kind == "choice":
        return pl.Series(field.name, field.choices, dtype=field.dtype).gather(pl.Series(array.astype(np.uint32)))
    return pl.Series(field.name, array)
