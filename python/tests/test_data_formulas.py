"""Cleaning, report and calendar of OHLCV rows against plain polars formulas."""

from __future__ import annotations

import itertools
import statistics
from typing import Any

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from openquant.data import align_calendar, clean_ohlcv, data_quality_report

FIELDS = ["open", "high", "low", "close", "volume", "adj_close"]
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
