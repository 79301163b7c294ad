"""OHLCV rows: aliases, dtypes, what cannot be read, and every refusal."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from openquant._arguments import interval_ns
from openquant.data import align_calendar, clean_ohlcv, data_quality_report

COLUMNS = ["ts", "symbol", "open", "high", "low", "close", "volume", "adj_close"]
FIELDS = COLUMNS[2:]
BAR = {
    "ts": "2024-01-02",
    "symbol": "A",
    "open": 1.0,
    "high": 2.0,
    "low": 1.0,
    "close": 1.5,
    "volume": 10.0,
    "adj_close": 1.4,
}


def one(**columns: Any) -> pl.DataFrame:
    return pl.DataFrame([BAR | columns], strict=False)


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "America/New_York"])
def test_ts_keeps_unit_and_zone(unit: Any, zone: str | None) -> None:
    df = one(ts=dt.datetime(2024, 1, 2, 5)).with_columns(
        pl.col("ts").cast(pl.Datetime(unit)).dt.replace_time_zone(zone)
    )
    for out in (clean_ohlcv(df), clean_ohlcv(df[:0]), align_calendar(df[:0])):
        assert out.schema["ts"] == pl.Datetime(unit, zone)
    assert clean_ohlcv(df)["ts"].to_list() == df["ts"].to_list()
    day = align_calendar(df)["ts"].dt.convert_time_zone("UTC") if zone else align_calendar(df)["ts"]
    assert day[0].replace(tzinfo=None) == dt.datetime(2024, 1, 2)


@pytest.mark.parametrize(
    "ts",
    [
        "2024-01-02",
        "2024-01-02T01:00:00+01:00",
        "2024-01-02 00:00:00.0000004",
        dt.date(2024, 1, 2),
        dt.datetime(2024, 1, 2),
        pl.Series(["2024-01-02"], dtype=pl.Categorical),
    ],
)
def test_times_of_every_kind(ts: Any) -> None:
    df = one().with_columns(ts=pl.lit(ts))
    assert clean_ohlcv(df)["ts"].to_list() == [dt.datetime(2024, 1, 2)]
    assert clean_ohlcv(df).schema["ts"] == pl.Datetime("us")


def test_int64_ns_is_a_time() -> None:
    out = clean_ohlcv(one().with_columns(ts=pl.lit(-1, dtype=pl.Int64)))
    assert out.schema["ts"] == pl.Datetime("ns") and out["ts"].to_physical().to_list() == [-1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ts", pl.Series([None], dtype=pl.Datetime("us"))),
        ("ts", pl.Series([None], dtype=pl.Null)),
        ("ts", pl.Series(["2024-13-01"])),
        ("ts", pl.Series(["1/31/2024"])),
        ("ts", pl.Series([dt.datetime(3000, 1, 1)])),  # beyond int64 ns
        ("symbol", pl.Series([None], dtype=pl.String)),
        ("symbol", pl.Series([None], dtype=pl.Null)),
        ("open", pl.Series(["1,5"])),
        ("volume", pl.Series([None], dtype=pl.Int64)),
        ("close", pl.Series(["nan"])),
        ("adj_close", pl.Series([None], dtype=pl.Float64)),
    ],
)
def test_what_cannot_be_read_is_dropped_and_counted(name: str, value: pl.Series) -> None:
    df = one().with_columns(value.alias(name))
    out, report = clean_ohlcv(df, return_report=True)
    assert out.is_empty() and out.columns == COLUMNS
    assert report["rows_dropped_null"] == 1 and report["null_counts"] == dict.fromkeys(COLUMNS, 0) | {name: 1}
    assert report["ts_min"] is None and report["row_count"] == 0
    assert data_quality_report(df) == report


def test_text_numbers_and_other_dtypes() -> None:
    df = one(open="1.0", volume=10).with_columns(pl.col("high").cast(pl.Float32), pl.col("low").cast(pl.Decimal(10, 2)))
    assert_frame_equal(clean_ohlcv(df), clean_ohlcv(one()))


@pytest.mark.parametrize("dtype", [pl.Categorical, pl.Enum(["B", "A"])])
def test_symbols_sort_by_name_whatever_their_codes(dtype: Any) -> None:
    pl.Series(["Z", "B", "A"]).cast(pl.Categorical)
    df = pl.concat([one(symbol="B"), one()]).with_columns(pl.col("symbol").cast(dtype))
    assert clean_ohlcv(df)["symbol"].to_list() == align_calendar(df)["symbol"].to_list() == ["A", "B"]
    assert clean_ohlcv(df).schema["symbol"] == pl.String


@pytest.mark.parametrize(
    "names",
    [
        {"ts": "timestamp", "symbol": "ticker", "adj_close": "adjusted_close"},
        {"ts": "Date", "symbol": "Asset", "adj_close": "Adj Close", "open": " Open"},
        {"ts": "DATE-TIME", "adj_close": "adj-close", "volume": "VOLUME"},
        {"adj_close": "AdjClose", "ts": "Ts"},
        {"adj_close": "Adjusted Close", "ts": "time_stamp"},
        {"adj_close": "adjusted-close", "symbol": "Ticker_"},
        {"adj_close": "Adj_Close", "high": "_HIGH"},
        {"adj_close": "ADJUSTED_CLOSE", "ts": "date_time"},
    ],
)
def test_aliases(names: dict[str, str]) -> None:
    assert_frame_equal(clean_ohlcv(one().rename(names)), clean_ohlcv(one()))


def test_a_canonical_column_wins_and_others_are_left_out() -> None:
    df = one().with_columns(date=pl.lit("x"), Close=pl.lit(9.0), CLOSE=pl.lit(9.0), Symbol=pl.lit("x"), extra=pl.lit(1))
    assert_frame_equal(clean_ohlcv(df), clean_ohlcv(one()))


@pytest.mark.parametrize("other", ["adjusted_close", "Adjusted Close", "adjclose", "Adj_Close", "ADJ-CLOSE"])
def test_adj_close_wins_over_its_other_names(other: str) -> None:
    assert_frame_equal(clean_ohlcv(one().with_columns(pl.lit(9.0).alias(other))), clean_ohlcv(one()))
    if not other.lower().startswith("adjusted"):  # the name itself, spelled otherwise
        both = one().rename({"adj_close": other}).with_columns(adjusted_close=pl.lit(9.0))
        assert_frame_equal(clean_ohlcv(both), clean_ohlcv(one()))


def test_adj_close_is_close_by_default() -> None:
    df = one(close=1.25).drop("adj_close")
    assert clean_ohlcv(df)["adj_close"].to_list() == align_calendar(df)["adj_close"].to_list() == [1.25]
    report = data_quality_report(df.with_columns(close=None))
    assert report["null_counts"]["close"] == 1 and report["null_counts"]["adj_close"] == 0


def test_empty_frames() -> None:
    empty = one()[:0]
    schema = {"ts": pl.Datetime("us"), "symbol": pl.String} | dict.fromkeys(FIELDS, pl.Float64)
    nulls = pl.DataFrame({name: [] for name in COLUMNS})
    for df in (empty, nulls, empty.drop("adj_close")):
        assert dict(clean_ohlcv(df).schema) == schema
        assert dict(align_calendar(df).schema) == schema | {"is_missing_bar": pl.Boolean}
        assert data_quality_report(df)["symbol_count"] == 0


def test_the_input_stays_as_it_is() -> None:
    df = pl.concat([one(symbol="B"), one()])
    before = df.clone()
    clean_ohlcv(df), align_calendar(df), data_quality_report(df)
    assert_frame_equal(df, before)


FUNCTIONS: Any = pytest.mark.parametrize("function", [clean_ohlcv, data_quality_report, align_calendar])


@FUNCTIONS
@pytest.mark.parametrize(
    ("df", "error", "match"),
    [
        (None, TypeError, "df must be a polars DataFrame, not NoneType"),
        (one().lazy(), TypeError, "not LazyFrame"),
        (one().drop("close", "ts"), ValueError, "missing required OHLCV columns: ts, close"),
        (pl.DataFrame(), ValueError, "missing required OHLCV columns: ts, symbol, open, high, low, close, volume"),
        (
            one().rename({"ts": "date"}).with_columns(timestamp=1),
            ValueError,
            "'date' and 'timestamp' both stand for 'ts'",
        ),
        (one().rename({"open": "Open"}).with_columns(OPEN=1), ValueError, "'Open' and 'OPEN' both stand for 'open'"),
        (one().with_columns(ts=1.5), TypeError, "'ts' must hold times"),
        (one().with_columns(ts=dt.time(1)), TypeError, "'ts' must hold times"),
        (one().with_columns(symbol=1), ValueError, "'symbol' must be String"),
        (one().with_columns(close=True), TypeError, "'close' must hold numbers, not Boolean"),
        (one().with_columns(close=dt.date(2024, 1, 1)), TypeError, "'close' must hold numbers"),
    ],
)
def test_refused_frames(function: Any, df: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        function(df)


def test_refused_options() -> None:
    with pytest.raises(ValueError, match="dedupe_keep = 'any' must be one of 'first', 'last'"):
        clean_ohlcv(one(), dedupe_keep="any")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="dedupe_keep"):
        clean_ohlcv(one(), dedupe_keep=None)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="return_report must be True or False"):
        clean_ohlcv(one(), return_report=1)  # type: ignore[call-overload]


def test_intervals() -> None:
    assert [interval_ns(t) for t in ("1s", "5m", "04h", "1d")] == [10**9, 300 * 10**9, 14_400 * 10**9, 86_400 * 10**9]
    for bad in (
        "",
        "d",
        "0d",
        "-1d",
        "1.5h",
        "1w",
        "1 d",
        "1D",
        "1d\n",
        "\u0661d",
        "106752d",
        "9" * 5000 + "s",
        "99999999999s",
    ):
        with pytest.raises(ValueError, match="interval = "):
            align_calendar(one(), interval=bad)
    for other in (1, None, b"1d", dt.timedelta(1)):
        with pytest.raises(TypeError, match="interval must be text"):
            align_calendar(one(), interval=other)  # type: ignore[arg-type]


def test_a_calendar_that_is_too_long_or_too_early() -> None:
    df = pl.concat([one(), one(ts="2030-01-02")])
    with pytest.raises(ValueError, match="have 189388801 rows, more than 50000000; use a longer interval"):
        align_calendar(df, interval="1s")
    with pytest.raises(ValueError, match="starts before 1678; use a shorter interval"):
        align_calendar(one(ts="1678-01-01"), interval="11574d")
