"""OHLCV frames and files as the native core reads them: aliases, dtypes, text."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from openquant import _core
from openquant._lazy import np, pl
from openquant.frames import symbols

if TYPE_CHECKING:
    import numpy.typing as npt

    Times = tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_], pl.Series]

COLUMNS = ("ts", "symbol", "open", "high", "low", "close", "volume", "adj_close")
_ALIASES = {
    "timestamp": "ts",
    "datetime": "ts",
    "date": "ts",
    "ticker": "symbol",
    "asset": "symbol",
    "adjustedclose": "adj_close",
}
_PLAIN = {name.replace("_", ""): name for name in COLUMNS}
_UNITS_NS = {"ns": 1, "us": 1_000, "ms": 1_000_000}
_DAY_NS = 86_400_000_000_000


class Ohlcv:
    """The canonical columns of a frame, and the same as `native` columns; what cannot be read of them is null."""

    def __init__(self, df: pl.DataFrame, *, of_file: bool = False) -> None:
        canonical = renamed(df)
        missing = [name for name in COLUMNS[:-1] if name not in canonical.columns]
        if missing:
            raise ValueError(f"missing required OHLCV columns: {', '.join(missing)}")
        ns, readable, ts = _times(canonical["ts"], of_file)
        symbol = canonical["symbol"]
        codes, self.names = symbols(symbol.cast(pl.String) if symbol.dtype == pl.Null else symbol, "df")
        numbers = [_numbers(canonical[name]) for name in COLUMNS[2:] if name in canonical.columns]
        fields: list[Any] = [np.ascontiguousarray(series.to_numpy()) for series in numbers]  # nulls are NaN
        self.has_adj_close = len(fields) == len(COLUMNS) - 2
        self.native = _core.data.Columns(
            ns, readable, codes, self.names, fields if self.has_adj_close else [*fields, None]
        )
        if not self.has_adj_close:
            numbers.append(numbers[3].alias("adj_close"))
        self.frame = pl.DataFrame([ts, symbol.cast(pl.String), *numbers])

    def ts_of(self, ns: npt.NDArray[np.int64]) -> pl.Series:
        """A column of times as the frame's own."""
        return _datetime(ns, self.frame.schema["ts"])


def renamed(df: Any) -> pl.DataFrame:
    """Those columns of `df` that are canonical or an alias, by their canonical names."""
    if not isinstance(df, pl.DataFrame):
        raise TypeError(f"df must be a polars DataFrame, not {type(df).__name__}")
    claims: dict[str, list[tuple[int, str]]] = {}
    for column in df.columns:
        plain = column.lower().replace(" ", "").replace("-", "").replace("_", "")
        name = _PLAIN.get(plain) or _ALIASES.get(plain)
        if name is not None:
            claims.setdefault(name, []).append(((column != name) + (plain not in _PLAIN), column))
    out = []
    for name, claimed in claims.items():
        best = min(claimed)[0]
        chosen = [column for rank, column in claimed if rank == best]
        if len(chosen) > 1:
            raise ValueError(f"columns {chosen[0]!r} and {chosen[1]!r} both stand for {name!r}: rename or drop one")
        out.append(df[chosen[0]].alias(name))
    return pl.DataFrame(out)


def _datetime(ns: npt.NDArray[np.int64], dtype: Any) -> pl.Series:
    series = pl.Series("ts", ns, dtype=pl.Int64).cast(pl.Datetime("ns", dtype.time_zone))
    return series.dt.cast_time_unit(dtype.time_unit)


def _times(series: pl.Series, of_file: bool) -> Times:
    """int64 ns UTC, where they could be read, and the frame's column. Texts of a file may be slash dates, and must not all be unreadable."""
    dtype = series.dtype
    if dtype in (pl.String, pl.Categorical, pl.Enum, pl.Null):
        texts = series.cast(pl.String)
        ns, readable = _core.data.read_times(texts.to_list(), of_file)
        if of_file and not readable.any():
            _refuse_unreadable(texts)
        return ns, readable, _datetime(ns, pl.Datetime("us"))
    if isinstance(dtype, pl.Datetime):
        unit_ns = _UNITS_NS[dtype.time_unit]
    elif dtype == pl.Date:
        unit_ns = _DAY_NS
    elif dtype == pl.Int64:
        unit_ns = 1
    else:
        raise TypeError(f"column 'ts' must hold times (Datetime, Date, text or Int64 ns UTC), not {dtype}")
    physical = series.to_physical().cast(pl.Int64)
    readable = np.ones(len(series), dtype=bool)
    if physical.null_count():
        readable, physical = physical.is_not_null().to_numpy(), physical.fill_null(0)
    ns, readable = _core.data.scale_times(np.ascontiguousarray(physical.to_numpy()), readable, unit_ns)
    if dtype == pl.Int64:
        return ns, readable, series.cast(pl.Datetime("ns"))
    return ns, readable, series.cast(pl.Datetime("us")) if dtype == pl.Date else series


def _refuse_unreadable(texts: pl.Series) -> None:
    """Raises unless all are null or blank, which is how a file leaves a time out."""
    for row, text in enumerate(texts):
        if text:
            raise ValueError(
                f"invalid datetime {text!r} at row {row}, and no timestamp of the file can be read; expected "
                "'%Y-%m-%d %H:%M:%S', or give date_format=, such as '%m/%d/%Y %I:%M %p'"
            )


def _numbers(series: pl.Series) -> pl.Series:
    if not (series.dtype.is_numeric() or series.dtype in (pl.String, pl.Null)):
        raise TypeError(f"column {series.name!r} must hold numbers, not {series.dtype}")
    return series.cast(pl.Float64, strict=False)


def read_file(path: Any) -> pl.DataFrame:
    """The canonical columns of a file, CSV columns as text."""
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path must be text or a path, not {type(path).__name__}")
    name = os.fsdecode(path)
    if "\0" in name:
        raise ValueError(f"path {name!r} holds a null character")
    if not os.path.exists(name):
        raise FileNotFoundError(f"no such file: {name}")
    if os.path.isdir(name):
        raise ValueError(f"{name} is a folder; a .csv, .csv.gz, .parquet or .pq file is wanted")
    if not name.lower().endswith((".csv", ".csv.gz", ".parquet", ".pq")):
        raise ValueError(f"{name}: unknown extension; .csv, .csv.gz, .parquet or .pq is wanted")
    try:
        if name.lower().endswith((".csv", ".csv.gz")):
            frame = pl.read_csv(_unpacked(name), infer_schema_length=0)
        else:
            frame = pl.read_parquet(os.path.abspath(name), glob=False, hive_partitioning=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, EOFError, zlib.error) as error:
        why = (str(error).splitlines() or ["no reason given"])[0]
        raise ValueError(f"{name} cannot be read: {why}") from None
    frame = renamed(frame)
    return frame.with_columns(frame[c].str.strip_chars() for c in frame.columns if frame.schema[c] == pl.String)


def _unpacked(name: str) -> bytes:
    with open(name, "rb") as file:
        content = file.read()
    return (
        gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
    )  # polars may read a cut file as its start


def named(frame: pl.DataFrame, symbol: str) -> pl.DataFrame:
    """`frame`, whose rows are of `symbol`."""
    if not isinstance(symbol, str):
        raise TypeError(f"symbol must be text, not {type(symbol).__name__}")
    if not symbol:
        raise ValueError("symbol = '' must be a name")
    if "symbol" not in frame.columns:
        return frame.with_columns(pl.lit(symbol).alias("symbol"))
    texts = frame["symbol"].cast(pl.String).drop_nulls()
    other = texts.filter(texts != symbol)
    if len(other):
        raise ValueError(f"symbol = {symbol!r}, but the file has rows of {other[0]!r}")
    return frame


def with_format(frame: pl.DataFrame, date_format: str) -> pl.DataFrame:
    """`frame`, whose text timestamps are read by a strptime format."""
    if not isinstance(date_format, str):
        raise TypeError(f"date_format must be text, not {type(date_format).__name__}")
    form = date_format.replace(".%f", "%.f")  # polars' spelling
    if "%" not in form or "%f" in form:
        raise ValueError(f"date_format = {date_format!r} must be a strptime format, with a fraction only as '.%f'")
    if "ts" not in frame.columns:
        return frame
    texts = frame["ts"]
    if texts.dtype != pl.String:
        raise ValueError(f"date_format is for timestamps that are text; the file's are {texts.dtype}")
    try:
        times = texts.str.to_datetime(form, time_unit="us", strict=False).dt.replace_time_zone(None)
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"date_format = {date_format!r}: {str(error).splitlines()[0]}") from None
    if texts.null_count() < len(texts) and times.null_count() == len(times):
        example = texts.drop_nulls()[0]
        raise ValueError(f"date_format = {date_format!r} matches no timestamp of the file, such as {example!r}")
    return frame.with_columns(times)


def listed(names: Sequence[str], codes: npt.NDArray[np.uint32]) -> pl.Series:
    """The symbol column of native codes."""
    return pl.Series("symbol", names, dtype=pl.String).gather(pl.Series(codes))
