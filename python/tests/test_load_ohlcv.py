"""Files of OHLCV rows: formats, dirt, slash dates, and every refusal."""

from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from openquant.data import clean_ohlcv, load_ohlcv

CSV = "Date,Ticker,Open,High,Low,Close,Volume\n2024-01-03,B,1,2,1,2,10\n2024-01-02, A,1, 2.5,1,2,10\n2024-01-02,A,1,2,1,x,10\n"


def written(folder: Path, content: str | bytes, name: str = "bars.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_files(tmp_path: Path) -> None:
    frame, report = load_ohlcv(written(tmp_path, CSV), return_report=True)
    assert frame.select("ts", "symbol", "high").rows() == [
        (dt.datetime(2024, 1, 2), "A", 2.5),
        (dt.datetime(2024, 1, 3), "B", 2.0),
    ]
    assert report["rows_dropped_null"] == 1 and report["null_counts"]["close"] == 1
    assert_frame_equal(load_ohlcv(str(written(tmp_path, gzip.compress(CSV.encode()), "bars.CSV.gz"))), frame)
    for name in ("bars.parquet", "bars.pq", "[a]*.parquet"):
        frame.write_parquet(tmp_path / name)
        assert_frame_equal(load_ohlcv(tmp_path / name), frame)
    assert load_ohlcv(written(tmp_path, CSV.splitlines()[0])).is_empty()
    twice = CSV + "2024-01-03,B,1,2,1,1.5,10\n"
    assert load_ohlcv(written(tmp_path, twice), dedupe_keep="first")["close"].to_list() == [2.0, 2.0]
    assert load_ohlcv(written(tmp_path, twice))["close"].to_list() == [2.0, 1.5]


def test_symbol_of_a_file(tmp_path: Path) -> None:
    plain = written(tmp_path, "ts,open,high,low,close,volume\n2024-01-02,1,2,1,2,10\n")
    assert load_ohlcv(plain, symbol="000001")["symbol"].to_list() == ["000001"]
    with pytest.raises(ValueError, match="missing required OHLCV columns: symbol"):
        load_ohlcv(plain)
    named = written(tmp_path, "ts,symbol,open,high,low,close,volume\n2024-01-02,000001,1,2,1,2,10\n", "named.csv")
    assert load_ohlcv(named)["symbol"].to_list() == load_ohlcv(named, symbol="000001")["symbol"].to_list() == ["000001"]
    with pytest.raises(ValueError, match="symbol = 'A', but the file has rows of '000001'"):
        load_ohlcv(named, symbol="A")
    with pytest.raises(TypeError, match="symbol must be text"):
        load_ohlcv(plain, symbol=1)  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="symbol = '' must be a name"):
        load_ohlcv(plain, symbol="")


def dates(folder: Path, *texts: str) -> Path:
    return written(folder, "ts,open,high,low,close,volume\n" + "".join(f"{t},1,2,1,2,10\n" for t in texts))


def times(path: Path, **options: Any) -> list[dt.datetime]:
    return load_ohlcv(path, symbol="A", **options)["ts"].to_list()


def test_slash_dates(tmp_path: Path) -> None:
    assert times(dates(tmp_path, "1/2/2024", "01/31/2024")) == [dt.datetime(2024, 1, 2), dt.datetime(2024, 1, 31)]
    assert times(dates(tmp_path, "2024/01/02 09:30:00")) == [dt.datetime(2024, 1, 2, 9, 30)]
    for texts in (("1/2/2024",), ("1/31/2024", "31/1/2024"), ("31/1/2024",), ("1/31/24",)):
        with pytest.raises(ValueError, match="date_format="):
            load_ohlcv(dates(tmp_path, *texts), symbol="A")
        with pytest.raises(ValueError, match="date_format="):
            load_ohlcv(dates(tmp_path, *(f"{text} 10:00" for text in texts)), symbol="A")
    with pytest.raises(ValueError, match="slash date '2024/13/1' at row 1"):
        load_ohlcv(dates(tmp_path, "2024/1/1", "2024/13/1"), symbol="A")


@pytest.mark.parametrize("day", ["1/13/2024", "01/13/2024", "2024/1/13", "2024/01/13"])
def test_slash_dates_with_a_time(tmp_path: Path, day: str) -> None:
    hours = [f"{day} {time}" for time in ("9:30", "09:30", "9:30:05", "09:30:05.25", "10:00Z", "23:59")]
    frame, report = load_ohlcv(dates(tmp_path, *hours), symbol="A", return_report=True)
    clock = [(9, 30), (9, 30, 5), (9, 30, 5, 250_000), (10, 0), (23, 59)]
    assert frame["ts"].to_list() == [dt.datetime(2024, 1, 13, *time) for time in clock]
    assert report["null_counts"]["ts"] == 0 and report["rows_removed_by_deduplication"] == 1


def test_a_file_of_which_no_time_can_be_read(tmp_path: Path) -> None:
    for text in ("13.1.2024", "1/13/2024 10:00 AM", "soon"):
        with pytest.raises(ValueError, match=f"invalid datetime '{text}' at row 1.*date_format="):
            load_ohlcv(dates(tmp_path, "", text, "never"), symbol="A")
    with pytest.raises(ValueError, match="invalid datetime 'soon' at row 0"):
        frame = load_ohlcv(dates(tmp_path, "2024-01-02"), symbol="A")
        frame.with_columns(pl.lit("soon").cast(pl.Categorical).alias("ts")).write_parquet(tmp_path / "bars.pq")
        load_ohlcv(tmp_path / "bars.pq")
    frame, report = load_ohlcv(dates(tmp_path, "soon", "2024-01-02"), symbol="A", return_report=True)
    assert frame.height == 1 and report["null_counts"]["ts"] == 1
    assert load_ohlcv(dates(tmp_path, "", " "), symbol="A").is_empty()  # no time was given
    bar = {"ts": ["soon"], "symbol": ["A"], "open": [1.0], "high": [2.0], "low": [1.0], "close": [1.5], "volume": [1.0]}
    cleaned, told = clean_ohlcv(pl.DataFrame(bar), return_report=True)
    assert cleaned.is_empty() and told["rows_dropped_null"] == 1


@pytest.mark.parametrize(
    ("form", "text", "time"),
    [
        ("%d/%m/%Y", "1/2/2024", dt.datetime(2024, 2, 1)),
        ("%d.%m.%y %H:%M", "01.02.24 09:30", dt.datetime(2024, 2, 1, 9, 30)),
        ("%m/%d/%Y %I:%M %p", "2/1/2024 09:30 PM", dt.datetime(2024, 2, 1, 21, 30)),
        ("%Y%m%d %H:%M:%S.%f", "20240201 09:30:00.25", dt.datetime(2024, 2, 1, 9, 30, 0, 250_000)),
        ("%Y-%m-%d %H:%M:%S%z", "2024-02-01 09:30:00+0200", dt.datetime(2024, 2, 1, 7, 30)),
    ],
)
def test_date_formats(tmp_path: Path, form: str, text: str, time: dt.datetime) -> None:
    frame, report = load_ohlcv(dates(tmp_path, text, "soon"), symbol="A", date_format=form, return_report=True)
    assert frame["ts"].to_list() == [time] and frame.schema["ts"] == pl.Datetime("us")
    assert report["null_counts"]["ts"] == 1


def test_refused_date_formats(tmp_path: Path) -> None:
    path = dates(tmp_path, "1/2/2024")
    for bad in ("", "d/m/Y", "%d/%m/%Y %f"):
        with pytest.raises(ValueError, match="must be a strptime format"):
            load_ohlcv(path, symbol="A", date_format=bad)
    for bad in ("%Y-%m-%d", "%Q", "%d/%m"):
        with pytest.raises(ValueError, match="date_format = "):
            load_ohlcv(path, symbol="A", date_format=bad)
    with pytest.raises(TypeError, match="date_format must be text"):
        load_ohlcv(path, symbol="A", date_format=1)  # type: ignore[call-overload]
    load_ohlcv(written(tmp_path, CSV)).write_parquet(tmp_path / "bars.pq")
    with pytest.raises(ValueError, match="date_format is for timestamps that are text"):
        load_ohlcv(tmp_path / "bars.pq", date_format="%Y")
    with pytest.raises(ValueError, match="missing required OHLCV columns: ts"):
        load_ohlcv(written(tmp_path, "open\n1\n"), symbol="A", date_format="%Y")


def test_refused_files(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no such file: .*none\.csv"):
        load_ohlcv(tmp_path / "none.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ValueError, match="is a folder"):
        load_ohlcv(tmp_path / "folder.csv")
    for name in ("bars.txt", "bars", "bars.gz", "bars.csv.zip"):
        with pytest.raises(ValueError, match="unknown extension"):
            load_ohlcv(written(tmp_path, CSV, name))
    for other in (None, 1, b"x.csv"):
        with pytest.raises(TypeError, match="path must be text or a path"):
            load_ohlcv(other)  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="null character"):
        load_ohlcv("a\0.csv")


def test_unreadable_bytes(tmp_path: Path) -> None:
    load_ohlcv(written(tmp_path, CSV)).write_parquet(tmp_path / "whole.pq")
    whole, packed = (tmp_path / "whole.pq").read_bytes(), gzip.compress(CSV.encode() * 100)
    bad = {
        "empty.csv": b"",
        "empty.pq": b"",
        "text.parquet": CSV.encode(),
        "cut.pq": whole[: len(whole) // 2],
        "cut.csv.gz": packed[: len(packed) // 2],
        "ragged.csv": CSV.encode() + b"1,2,3,4,5,6,7,8,9,10\n",
        "latin.csv": b"ts,symbol,open,high,low,close,volume\n2024-01-02,\xff\xfe,1,2,1,2,10\n",
    }
    for name, content in bad.items():
        with pytest.raises(ValueError, match="cannot be read") as refusal:
            load_ohlcv(written(tmp_path, content, name))
        assert type(refusal.value) is ValueError
