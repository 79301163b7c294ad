"""Event filters against plain formulas."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import openquant
from openquant.filters import (
    cusum_filter_indices,
    cusum_filter_timestamps,
    z_score_filter_indices,
    z_score_filter_timestamps,
)

closes = st.lists(st.integers(50, 200).map(lambda k: k / 2), max_size=120)
modest = settings(max_examples=100, deadline=None)


def plain_cusum(close: list[float], threshold: list[float]) -> tuple[list[int], float]:
    """Events, and how near any comparison came to its threshold."""
    up = down = 0.0
    out, margin = [], np.inf
    for i in range(1, len(close)):
        r = np.log(close[i] / close[i - 1])
        up, down = max(0.0, up + r), min(0.0, down + r)
        margin = min(margin, abs(-down - threshold[i]), abs(up - threshold[i]))
        if down < -threshold[i]:
            down = 0.0
            out.append(i)
        elif up > threshold[i]:
            up = 0.0
            out.append(i)
    return out, margin


@modest
@given(closes, st.floats(0.001, 0.5), st.booleans(), st.integers(0, 2**32 - 1))
def test_cusum(close: list[float], threshold: float, per_bar: bool, seed: int) -> None:
    thresholds = (
        np.random.default_rng(seed).uniform(0.001, 0.5, len(close)) if per_bar else np.full(len(close), threshold)
    )
    if per_bar and len(close):
        thresholds[0] = np.nan  # not used
    expected, margin = plain_cusum(close, thresholds.tolist())
    if margin < 1e-12:
        return
    wanted: Any = thresholds if per_bar else threshold
    assert cusum_filter_indices(close, wanted) == expected
    for kind in (
        np.array(close),
        pl.Series(close, dtype=pl.Float64),
        np.array(close, dtype=np.float32).astype(np.float64),
    ):
        got = cusum_filter_indices(kind, wanted.tolist() if per_bar else wanted)
        assert isinstance(got, np.ndarray) and got.dtype == np.int64 and got.tolist() == expected


@modest
@given(closes, st.integers(1, 9), st.integers(2, 9), st.floats(0.1, 3.0), st.sampled_from(["upper", "lower", "both"]))
def test_z_score(close: list[float], mean_window: int, std_window: int, threshold: float, side: Any) -> None:
    expected = []
    for i in range(max(mean_window, std_window) - 1, len(close)):
        mean = np.mean(close[i - mean_window + 1 : i + 1])
        std = np.std(close[i - std_window + 1 : i + 1], ddof=1)
        if std == 0.0:
            continue
        z = (close[i] - mean) / std
        if abs(abs(z) - threshold) < 1e-9:
            return
        if (side != "lower" and z >= threshold) or (side != "upper" and z <= -threshold):
            expected.append(i)
    assert z_score_filter_indices(close, mean_window, std_window, threshold, side=side) == expected


def test_z_score_takes_what_is_no_price() -> None:
    assert z_score_filter_indices([0.0, -1.0, 0.0, -1.0, -9.0], 5, 5, 1.5, side="lower") == [4]


def test_a_threshold_beyond_the_largest_z_is_never_met() -> None:
    close = [0.0] * 9 + [1.0]
    largest = 9 / np.sqrt(10)
    assert z_score_filter_indices(close, 10, 10, largest - 1e-9) == [9]
    assert z_score_filter_indices(close, 10, 10, largest + 1e-9) == []


CLOSE = [100.0, 101.0, 103.0, 99.0]
UTC_TIMES = [datetime(2024, 1, 1, 9, 30 + i, tzinfo=UTC) for i in range(4)]
ZONE = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (
            ["2024-01-01 09:30:00", "2024-01-01 09:31:00", "2024-01-01T09:32:00.250Z", "2024-01-01 11:33:00+02:00"],
            ["2024-01-01 09:32:00.25", "2024-01-01 09:33:00"],
        ),
        (["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"], ["2024-01-03 00:00:00", "2024-01-04 00:00:00"]),
        (UTC_TIMES, UTC_TIMES[2:]),
        ([t.astimezone(ZONE) for t in UTC_TIMES], UTC_TIMES[2:]),
        ([t.replace(tzinfo=None) for t in UTC_TIMES], [t.replace(tzinfo=None) for t in UTC_TIMES[2:]]),
        ([date(2024, 1, d) for d in (1, 2, 3, 4)], [date(2024, 1, 3), date(2024, 1, 4)]),
        ([1, 2, 3, 4], [3, 4]),
        (
            [np.datetime64(f"2024-01-0{d}") for d in (1, 2, 3, 4)],
            [np.datetime64("2024-01-03"), np.datetime64("2024-01-04")],
        ),
        ([-5, -5, -3, -2], [-3, -2]),
    ],
)
def test_times_are_answered_in_kind(times: list[Any], expected: list[Any]) -> None:
    assert cusum_filter_timestamps(CLOSE, times, 0.02) == expected
    assert z_score_filter_timestamps([1.0, 1.0, 2.0, 4.0], times, 2, 2, 0.5) == expected


def test_arrays_of_texts_and_of_datetimes_are_answered_by_arrays() -> None:
    for times in (
        np.array(["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]),
        np.array(UTC_TIMES, dtype=object),
    ):
        got = cusum_filter_timestamps(CLOSE, times, 0.02)
        assert isinstance(got, np.ndarray) and got.dtype.kind == times.dtype.kind and len(got) == 2
    nanoseconds = pl.Series([f"2024-01-01 00:00:00.12345678{i}" for i in range(4)])
    got = cusum_filter_timestamps(CLOSE, nanoseconds, 0.02)
    assert str(got[0]) == "2024-01-01T00:00:00.123456782"


def test_a_pandas_timestamp_keeps_its_nanoseconds() -> None:
    pd = pytest.importorskip("pandas")
    times = [pd.Timestamp("2024-01-01 00:00:00.123456789"), pd.Timestamp("2024-01-01 00:00:00.123456788")]
    with pytest.raises(ValueError, match="timestamps at row 1"):
        cusum_filter_timestamps([1.0, 2.0], times, 0.02)


@pytest.mark.parametrize("unit", ["D", "s", "ms", "us", "ns"])
def test_arrays_of_times_keep_their_unit(unit: str) -> None:
    times = np.array(["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"], dtype=f"datetime64[{unit}]")
    got = cusum_filter_timestamps(np.array(CLOSE), times, 0.02)
    assert isinstance(got, np.ndarray) and got.dtype == times.dtype and (got == times[2:]).all()


@pytest.mark.parametrize("dtype", [pl.Datetime("ms"), pl.Datetime("us"), pl.Datetime("ns"), pl.Date, pl.String])
def test_series_of_times_are_answered_by_arrays(dtype: Any) -> None:
    times = pl.Series([datetime(2024, 1, d) for d in (1, 2, 3, 4)]).cast(dtype)
    got = cusum_filter_timestamps(CLOSE, times, 0.02)
    assert isinstance(got, np.ndarray) and got.dtype.kind == "M"
    assert got.astype("datetime64[D]").tolist() == [date(2024, 1, 3), date(2024, 1, 4)]


def test_nothing_for_nothing() -> None:
    assert cusum_filter_indices([], 0.1) == [] and cusum_filter_timestamps([], [], 0.1) == []
    assert z_score_filter_indices([], 2, 2, 1.0) == [] and z_score_filter_timestamps([], [], 2, 2, 1.0) == []
    assert cusum_filter_indices(np.array([]), 0.1).tolist() == []
    assert cusum_filter_indices(pl.Series([], dtype=pl.Null), 0.1).tolist() == []
    assert cusum_filter_indices([1.0], 0.1) == []


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: cusum_filter_indices([1.0, np.nan], 0.1), ValueError, "close at row 1 is nan"),
        (lambda: cusum_filter_indices([1.0, np.inf], 0.1), ValueError, "close at row 1 is inf"),
        (lambda: cusum_filter_indices([1.0, 2.0, 0.0], 0.1), ValueError, "close at row 2 is 0.0"),
        (lambda: cusum_filter_indices([-1.0], 0.1), ValueError, "above 0"),
        (lambda: cusum_filter_indices([1.0], 0.0), ValueError, "threshold = 0.0"),
        (lambda: cusum_filter_indices([1.0], -0.1), ValueError, "threshold = -0.1"),
        (lambda: cusum_filter_indices([1.0], np.nan), ValueError, "threshold = nan"),
        (lambda: cusum_filter_indices([1.0], np.inf), ValueError, "threshold = inf"),
        (lambda: cusum_filter_indices([1.0, 2.0], [0.1]), ValueError, "close/threshold length mismatch: 2 vs 1"),
        (lambda: cusum_filter_indices([1.0, 2.0], [0.1, 0.0]), ValueError, "threshold at row 1 is 0.0"),
        (lambda: cusum_filter_indices([1.0, 2.0], [0.1, np.nan]), ValueError, "threshold at row 1 is nan"),
        (lambda: cusum_filter_indices(["1"], 0.1), TypeError, "close must hold numbers"),
        (lambda: cusum_filter_indices([1.0, None], 0.1), TypeError, "close at row 1 is NoneType"),
        (lambda: cusum_filter_indices(None, 0.1), TypeError, "close must be a list"),
        (lambda: cusum_filter_indices([1.0], None), TypeError, "threshold"),
        (lambda: cusum_filter_indices([[1.0], [2.0]], 0.1), ValueError, "one-dimensional"),
        (
            lambda: cusum_filter_timestamps([1.0] * 5, ["2024-01-01"] * 4, 0.1),
            ValueError,
            "close/timestamps length mismatch: 5 vs 4",
        ),
        (
            lambda: cusum_filter_timestamps([1.0, 1.0], ["2024-01-02", "2024-01-01"], 0.1),
            ValueError,
            "timestamps at row 1",
        ),
        (
            lambda: cusum_filter_timestamps([1.0, 1.0], ["2024-01-02", "x"], 0.1),
            ValueError,
            "invalid datetime 'x' in timestamps at row 1",
        ),
        (lambda: cusum_filter_timestamps([1.0], ["2024-13-01"], 0.1), ValueError, "%Y-%m-%d %H:%M:%S"),
        (
            lambda: cusum_filter_timestamps([1.0, 1.0], [np.datetime64("2024-01-01"), "2024-01-02"], 0.1),
            TypeError,
            "timestamps at row 1 is str '2024-01-02'; a datetime64 is wanted",
        ),
        (lambda: cusum_filter_timestamps([1.0], [np.datetime64("NaT")], 0.1), ValueError, "timestamps at row 0 is NaT"),
        (lambda: z_score_filter_indices([1.0], 0, 2, 1.0), ValueError, "mean_window = 0"),
        (lambda: z_score_filter_indices([1.0], 1, 1, 1.0), ValueError, "std_window = 1"),
        (lambda: z_score_filter_indices([1.0], 2.0, 2, 1.0), TypeError, "mean_window must be a whole number"),
        (lambda: z_score_filter_indices([1.0], 2, 2, 0.0), ValueError, "threshold = 0.0"),
        (lambda: z_score_filter_indices([1.0], 2, 2, 1.0, side="up"), ValueError, "side = 'up'"),
        (lambda: z_score_filter_indices([np.nan], 2, 2, 1.0), ValueError, "close at row 0 is nan"),
        (lambda: z_score_filter_timestamps([1.0], [], 2, 2, 1.0), ValueError, "length mismatch: 1 vs 0"),
        (lambda: cusum_filter_indices.graph(threshold=-1.0), ValueError, "threshold"),
    ],
)
def test_refusals(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert message in str(caught.value)


def test_a_million_text_timestamps_take_less_than_150_ms() -> None:
    n = 1_000_000
    close = 100.0 * np.exp(np.cumsum(np.random.default_rng(1).normal(0.0, 1e-3, n)))
    start = np.datetime64("2024-01-01T00:00:00")
    texts = [t.replace("T", " ") for t in (start + np.arange(n)).astype(str).tolist()]
    best = min(timed(lambda: cusum_filter_timestamps(close, texts, 0.01)) for _ in range(5))
    assert best < 0.15


def test_the_cost_of_a_z_score_does_not_depend_on_the_window() -> None:
    close = np.random.default_rng(2).normal(100.0, 1.0, 200_000)
    short, long = (
        min(timed(lambda w=w: z_score_filter_indices(close, w, w, 2.0)) for _ in range(5)) for w in (10, 20_000)
    )
    assert long < 3.0 * short


def timed(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def test_modules_are_attributes() -> None:
    assert openquant.filters.cusum_filter_indices is cusum_filter_indices
