"""OHLCV rows against plain polars formulas, dtypes, and every refusal."""

from __future__ import annotations

import datetime as dt
import doctest
import itertools
import statistics
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import openquant.data
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
DAY = 86_400_000_000

modest = settings(max_examples=100, deadline=None)
values = st.sampled_from([1.0, 2.0, 3.0, -1.0]) | st.sampled_from([None, float("nan"), float("inf"), 1.0, 2.0])
bars = st.fixed_dictionaries(
    {"ts": st.none() | st.integers(-9, 9), "symbol": st.sampled_from(["A", "B", "é", "AB", "A", None])}
    | dict.fromkeys(FIELDS, values)
)
sound = st.fixed_dictionaries(
    {"ts": st.integers(-20, 20), "symbol": st.sampled_from(["A", "B", "é"])}
    | dict.fromkeys(FIELDS, st.sampled_from([1.0, 2.0, 3.0, -1.0]))
)


def frame(rows: list[dict[str, Any]], step: int = 1_000_000, unit: Any = "us", zone: str | None = None) -> pl.DataFrame:
    """Rows whose ts counts steps of the unit since the epoch."""
    schema = {"ts": pl.Int64, "symbol": pl.String} | dict.fromkeys(FIELDS, pl.Float64)
    return pl.DataFrame(rows, schema=schema).with_columns((pl.col("ts") * step).cast(pl.Datetime(unit, zone)))


def one(**columns: Any) -> pl.DataFrame:
    return pl.DataFrame([BAR | columns], strict=False)


def readable(df: pl.DataFrame) -> pl.DataFrame:
    return df.filter(
        pl.all_horizontal(pl.col("ts", "symbol").is_not_null(), *(pl.col(f).is_finite() for f in FIELDS)).fill_null(
            False
        )
    )


def plain_clean(df: pl.DataFrame, keep: Any) -> pl.DataFrame:
    once = readable(df).unique(subset=["symbol", "ts"], keep=keep, maintain_order=True)
    return once.sort("symbol", "ts", maintain_order=True)


def plain_gaps(df: pl.DataFrame, weekdays: bool = False) -> int:
    """By Python's own median; `weekdays` counts business days as numpy does."""
    times = {s[0]: sorted(set(g["ts"].to_physical().to_list())) for s, g in df.group_by("symbol")}
    steps = {s: [(a, b) for a, b in itertools.pairwise(t)] for s, t in times.items()}
    lengths = {s: [b - a for a, b in pairs] for s, pairs in steps.items()}
    pooled = [length for each in lengths.values() for length in each]
    count = 0
    for symbol, pairs in steps.items():
        median = statistics.median(lengths[symbol] if len(pairs) >= 3 else pooled) if pairs else 0
        for a, b in pairs:
            length = DAY * int(np.busday_count(_day(a), _day(b))) if weekdays and median == DAY else b - a
            count += length > 1.5 * median
    return count


def _day(us: int) -> np.datetime64:
    return np.datetime64(us // DAY, "D")


def plain_report(df: pl.DataFrame, of: pl.DataFrame) -> dict[str, Any]:
    """Figures of `of`, which is what was made of `df`."""
    bad = {f: int((~df[f].is_finite()).fill_null(True).sum()) for f in FIELDS}
    rows = readable(df)
    violation = (pl.col("high") < pl.col("low")) | ~pl.col("close").is_between("low", "high") | (pl.col("volume") < 0)
    low, high = (None, None) if of.is_empty() else (of["ts"].min(), of["ts"].max())
    return {
        "row_count": of.height,
        "symbol_count": of["symbol"].n_unique(),
        "duplicate_key_count": rows.height - rows.select("symbol", "ts").n_unique(),
        "gap_interval_count": plain_gaps(of),
        "ts_min": low and str(low),
        "ts_max": high and str(high),
        "rows_removed_by_deduplication": rows.height - of.height,
        "null_counts": {"ts": df["ts"].null_count(), "symbol": df["symbol"].null_count()} | bad,
        "rows_dropped_null": df.height - rows.height,
        "ohlc_violation_count": of.filter(violation).height,
    }


@modest
@given(st.lists(bars, max_size=30), st.sampled_from(["first", "last"]))
def test_clean_equals_filter_unique_sort(rows: list[dict[str, Any]], keep: Any) -> None:
    df = frame(rows)
    cleaned, report = clean_ohlcv(df, dedupe_keep=keep, return_report=True)
    assert_frame_equal(cleaned, plain_clean(df, keep), check_exact=True)
    assert report == plain_report(df, cleaned)
    assert data_quality_report(df) == plain_report(df, readable(df))
    assert_frame_equal(clean_ohlcv(cleaned), cleaned)


@modest
@given(st.lists(sound, max_size=60), st.sampled_from(["first", "last"]))
def test_clean_of_sound_rows(rows: list[dict[str, Any]], keep: Any) -> None:
    df = frame(rows)
    cleaned, report = clean_ohlcv(df, dedupe_keep=keep, return_report=True)
    assert_frame_equal(cleaned, plain_clean(df, keep), check_exact=True)
    assert report == plain_report(df, cleaned)


@modest
@given(st.lists(sound, max_size=60))
def test_daily_gaps_count_business_days(rows: list[dict[str, Any]]) -> None:
    df = frame(rows, DAY)
    assert data_quality_report(df)["gap_interval_count"] == plain_gaps(df, weekdays=True)


@modest
@given(st.lists(sound, max_size=30), st.sampled_from([1, 2, 7]), st.sampled_from(["ms", "us", "ns"]))
def test_calendar_equals_a_join(rows: list[dict[str, Any]], seconds: int, unit: Any) -> None:
    per_second = {"ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    df = frame(rows, per_second // 2, unit)
    step = seconds * per_second
    start = (pl.col("ts").to_physical() // step * step).cast(pl.Datetime(unit))
    taken = plain_clean(df, "last").with_columns(start).unique(["symbol", "ts"], keep="last", maintain_order=True)
    ends = taken.group_by("symbol").agg(a=pl.col("ts").min().to_physical(), b=pl.col("ts").max().to_physical() + 1)
    keys = ends.select(pl.int_ranges("a", "b", step).alias("ts"), "symbol").explode("ts")
    keys = keys.with_columns(pl.col("ts").cast(pl.Datetime(unit)))
    wanted = keys.join(taken.with_columns(is_missing_bar=False), on=["symbol", "ts"], how="left").sort("symbol", "ts")
    wanted = wanted.with_columns(pl.col("is_missing_bar").fill_null(True))
    assert_frame_equal(align_calendar(df, interval=f"{seconds}s"), wanted, check_exact=True)


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
    ],
)
def test_aliases(names: dict[str, str]) -> None:
    assert_frame_equal(clean_ohlcv(one().rename(names)), clean_ohlcv(one()))


def test_a_canonical_column_wins_and_others_are_left_out() -> None:
    df = one().with_columns(date=pl.lit("x"), Close=pl.lit(9.0), CLOSE=pl.lit(9.0), Symbol=pl.lit("x"), extra=pl.lit(1))
    assert_frame_equal(clean_ohlcv(df), clean_ohlcv(one()))


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
        align_calendar(one(ts="1678-01-01"), interval="100000d")


def test_examples() -> None:
    failed, tried = doctest.testmod(openquant.data)
    assert tried > 0 and failed == 0
