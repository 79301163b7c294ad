"""OHLCV rows from frames and files: cleaning, quality figures and a regular calendar."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal, TypedDict, cast, overload

from openquant import _core
from openquant._arguments import choice, flag, interval_ns
from openquant._lazy import pl
from openquant._ohlcv import COLUMNS, Ohlcv, listed, named, read_file, with_format

if TYPE_CHECKING:
    Keep = Literal["first", "last"]

__all__ = ["QualityReport", "align_calendar", "clean_ohlcv", "data_quality_report", "load_ohlcv"]


class QualityReport(TypedDict):
    """Figures of OHLCV rows; `row_count` to `ts_max` and `ohlc_violation_count` are of the frame described."""

    row_count: int
    symbol_count: int
    duplicate_key_count: int  # readable rows minus distinct (symbol, ts), before de-duplication
    gap_interval_count: int
    ts_min: str | None  # UTC, `%Y-%m-%d %H:%M:%S`; None if there is no row
    ts_max: str | None
    rows_removed_by_deduplication: int
    null_counts: dict[str, int]  # unreadable values of each canonical column of the input
    rows_dropped_null: int
    ohlc_violation_count: int  # high < low, close outside [low, high] or negative volume


@overload
def clean_ohlcv(
    df: pl.DataFrame, *, dedupe_keep: Keep = "last", return_report: Literal[False] = False
) -> pl.DataFrame: ...
@overload
def clean_ohlcv(
    df: pl.DataFrame, *, dedupe_keep: Keep = "last", return_report: Literal[True]
) -> tuple[pl.DataFrame, QualityReport]: ...
def clean_ohlcv(
    df: pl.DataFrame, *, dedupe_keep: Keep = "last", return_report: bool = False
) -> pl.DataFrame | tuple[pl.DataFrame, QualityReport]:
    """Readable OHLCV rows, sorted stably by (symbol, ts), one for each (symbol, ts).

    A row with a null, NaN, infinite or unreadable field is dropped and counted; nothing else is judged.

    Args:
        df: Rows of ts (Datetime, Date, text or Int64 ns UTC), symbol, open, high, low, close, volume and optionally
            adj_close (close by default), in any order. Case, spaces, '-' and '_' of column names do not matter; timestamp,
            datetime and date stand for ts, ticker and asset for symbol, adjusted_close for adj_close; a canonical column
            wins over them, and one spelled as here over both. Other columns are left out.
        dedupe_keep: "first" or "last" of the rows of one (symbol, ts) in input order.
        return_report: Whether to return (frame, report); see `data_quality_report`.

    Returns:
        The eight columns above: ts is Datetime in the input's unit and time zone (microseconds for text, which is
        read as UTC, and Date), symbol String, the others Float64.

    Raises:
        TypeError: `df` is no polars DataFrame, or a column holds neither what is wanted nor text.
        ValueError: a column is missing, two stand for the same name, or `dedupe_keep` is another.

    Source:
        openquant's own rules; pandas' `drop_duplicates` has the same two ways to keep.

    >>> import polars as pl
    >>> bar = {"Date": "2024-01-02", "Ticker": "A", "Open": 1.0, "High": 2.0, "Low": 1.0, "Close": 1.5, "Volume": 10}
    >>> rows = pl.DataFrame([bar, bar | {"Date": "2024-01-01"}, bar | {"Close": None}, bar | {"Close": 2.0}])
    >>> clean_ohlcv(rows).select("ts", "close").rows()
    [(datetime.datetime(2024, 1, 1, 0, 0), 1.5), (datetime.datetime(2024, 1, 2, 0, 0), 2.0)]
    """
    keep_first = choice(dedupe_keep, "dedupe_keep", ("first", "last")) == "first"
    return _clean(Ohlcv(df), keep_first, flag(return_report, "return_report"))


def data_quality_report(df: pl.DataFrame) -> QualityReport:
    """Figures of the readable rows of `df`, which stays as it is.

    A gap is a step between distinct times of a symbol that is longer than 1.5 times its median step (the median of all
    symbols' steps where it has fewer than three). In daily data, whose median step is a day within an hour, Saturdays
    and Sundays (UTC) are taken off a step first.

    Args:
        df: Rows as `clean_ohlcv` takes them. Those that it would drop count in `null_counts` and `rows_dropped_null`
            alone.

    Returns:
        The figures of `QualityReport`; `rows_removed_by_deduplication` is 0, for nothing is removed.

    Raises:
        TypeError: as `clean_ohlcv`.
        ValueError: as `clean_ohlcv`.

    Source:
        openquant's own rules; no calendar of exchanges is known, so the data's own median step tells what is regular.

    >>> import polars as pl
    >>> bar = {"symbol": "A", "open": 1.0, "high": 2.0, "low": 1.0, "close": 1.5, "volume": 10}
    >>> days = ["2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08", "2024-01-10"]  # the 6th is a Saturday
    >>> report = data_quality_report(pl.DataFrame([{"ts": day} | bar for day in days]))
    >>> report["row_count"], report["gap_interval_count"], report["ts_max"]
    (5, 1, '2024-01-10 00:00:00')
    """
    return cast(QualityReport, _core.data.report(Ohlcv(df).native))


@overload
def load_ohlcv(
    path: str | os.PathLike[str],
    *,
    symbol: str | None = None,
    return_report: Literal[False] = False,
    dedupe_keep: Keep = "last",
    date_format: str | None = None,
) -> pl.DataFrame: ...
@overload
def load_ohlcv(
    path: str | os.PathLike[str],
    *,
    symbol: str | None = None,
    return_report: Literal[True],
    dedupe_keep: Keep = "last",
    date_format: str | None = None,
) -> tuple[pl.DataFrame, QualityReport]: ...
def load_ohlcv(
    path: str | os.PathLike[str],
    *,
    symbol: str | None = None,
    return_report: bool = False,
    dedupe_keep: Keep = "last",
    date_format: str | None = None,
) -> pl.DataFrame | tuple[pl.DataFrame, QualityReport]:
    """The cleaned OHLCV rows of a file.

    Args:
        path: A .csv, .csv.gz, .parquet or .pq file with columns as `clean_ohlcv` takes them.
        symbol: Names the rows of a file without a symbol column.
        return_report: Whether to return (frame, report).
        dedupe_keep: As in `clean_ohlcv`.
        date_format: strptime format of the timestamps, with a fraction as '.%f'. Without it they are read as everywhere,
            and dates with slashes as year/month/day, or as month/day/year where a day above 12 shows that order and nothing
            in the column speaks against it. A time of day may follow such a date: 9:30, 09:30:00 or with a fraction or offset.

    Returns:
        As `clean_ohlcv`.

    Raises:
        FileNotFoundError: there is no such file.
        TypeError: an argument or a column is of a wrong type.
        ValueError: the path is a folder, has another extension or cannot be read; the file has another symbol; slash
            dates are ambiguous; none of the timestamps can be read, with `date_format` or without; or as `clean_ohlcv`.

    Source:
        Formats: strptime of POSIX, as polars' `str.to_datetime` reads it.

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "spy.csv"
    >>> _ = path.write_text("Date,Open,High,Low,Close,Volume\\n1/30/2024,1,2,1,2,10\\n1/31/2024,2,3,2,3,20\\n")
    >>> load_ohlcv(path, symbol="SPY").select("ts", "symbol", "close").row(-1)
    (datetime.datetime(2024, 1, 31, 0, 0), 'SPY', 3.0)
    """
    keep_first = choice(dedupe_keep, "dedupe_keep", ("first", "last")) == "first"
    reported = flag(return_report, "return_report")
    frame = read_file(path)
    if symbol is not None:
        frame = named(frame, symbol)
    if date_format is not None:
        frame = with_format(frame, date_format)
    return _clean(Ohlcv(frame, of_file=True), keep_first, reported)


def align_calendar(df: pl.DataFrame, *, interval: str = "1d") -> pl.DataFrame:
    """Rows of each symbol on a regular grid of windows [k * interval, (k + 1) * interval) since 1970-01-01 UTC.

    Every window from a symbol's first row to its last is a row; of several rows in a window the last by time (in input
    order at equal times) wins. Rows that `clean_ohlcv` would drop are not seen.

    Args:
        df: Rows as `clean_ohlcv` takes them.
        interval: A whole number > 0 and s, m, h or d.

    Returns:
        The columns of `clean_ohlcv`, sorted by (symbol, ts), and is_missing_bar. ts is the window's start. Fields of a
        window without a row are null, symbol is not.

    Raises:
        TypeError: `interval` is no text, or as `clean_ohlcv`.
        ValueError: `interval` cannot be read; the grid would have more than 50,000,000 rows; or as `clean_ohlcv`.

    Source:
        openquant's own rules; the windows are those of `openquant.bars.build_time_bars`.

    >>> import polars as pl
    >>> bar = {"symbol": "A", "open": 1.0, "high": 2.0, "low": 1.0, "close": 1.5, "volume": 10}
    >>> rows = pl.DataFrame([{"ts": "2024-01-01 09:30:05"} | bar, {"ts": "2024-01-01 09:32:00"} | bar])
    >>> align_calendar(rows, interval="1m").select(pl.col("ts").dt.minute(), "close", "is_missing_bar").rows()
    [(30, 1.5, False), (31, None, True), (32, 1.5, False)]
    """
    length = interval_ns(interval)
    rows = Ohlcv(df)
    ns, codes, fields, missing = _core.data.align(rows.native, length)
    columns: dict[str, Any] = {"ts": rows.ts_of(ns), "symbol": listed(rows.names, codes)}
    for name, values in zip(COLUMNS[2:], fields if rows.has_adj_close else [*fields[:-1], fields[3]], strict=True):
        columns[name] = pl.Series(name, values, dtype=pl.Float64, nan_to_null=True)  # a row's fields are never NaN
    return pl.DataFrame(columns | {"is_missing_bar": missing}, schema_overrides={"is_missing_bar": pl.Boolean})


def _clean(rows: Ohlcv, keep_first: bool, reported: bool) -> pl.DataFrame | tuple[pl.DataFrame, QualityReport]:
    kept, report = _core.data.clean(rows.native, keep_first, reported)
    frame = rows.frame if kept is None else rows.frame[kept]
    return (frame, cast(QualityReport, report)) if reported else frame
