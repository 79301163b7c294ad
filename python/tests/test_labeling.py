"""Triple-barrier labels against the definition, walked close by close."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openquant.labeling import meta_labels, triple_barrier_events, triple_barrier_labels

SECOND = 1_000_000_000


@st.composite
def problems(draw: st.DrawFn) -> dict[str, Any]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(1, 60))
    start = draw(st.sampled_from([1000, -100, -(10**9)]))  # before 1970, across, and after
    times = SECOND * (start + np.cumsum(rng.integers(1, 5, n)))
    outside = rng.integers(start - 100, start + 200, 3) * SECOND + 1000
    events = np.concatenate([rng.choice(times, draw(st.integers(0, n)), replace=False), outside])
    targets = np.setdiff1d(np.concatenate([times, outside]), rng.choice(times, n // 4, replace=False))
    values = rng.choice(
        [0.001, 0.01, 0.02, 0.05, np.nan, np.inf, -0.01, 0.0],
        len(targets),
        p=[0.2, 0.3, 0.2, 0.1, 0.05, 0.05, 0.05, 0.05],
    )
    unique = np.unique(events)
    return {
        "close_timestamps": times,
        "close_prices": 100.0 + np.cumsum(rng.integers(-2, 3, n)) / 4,
        "t_events": rng.permutation(events),
        "target_timestamps": targets,
        "target_values": values,
        "pt": draw(st.sampled_from([0.0, 1.0, 2.0])),
        "sl": draw(st.sampled_from([0.0, 0.5, 1.0])),
        "min_ret": draw(st.sampled_from([0.0, 0.005])),
        "vertical_barrier_times": [
            (int(t), int(t) + int(rng.integers(0, 30)) * SECOND) for t in unique if rng.random() < 0.6
        ]
        if draw(st.booleans())
        else None,
        "side_prediction": [(int(t), float(rng.choice([-1.0, -0.5, 0.25, 1.0]))) for t in unique if rng.random() < 0.8]
        if draw(st.booleans())
        else None,
    }


def walk(p: dict[str, Any], vertical_label: str = "sign") -> list[tuple[int, int, float, float, float | None, int]]:
    """(start, t1, ret, trgt, side, label) by the definition."""
    times, close = p["close_timestamps"].tolist(), p["close_prices"].tolist()
    targets = dict(zip(p["target_timestamps"].tolist(), p["target_values"].tolist(), strict=True))
    verticals, sides = dict(p["vertical_barrier_times"] or ()), dict(p["side_prediction"] or ())
    out = []
    for start in sorted(p["t_events"].tolist()):
        trgt = targets.get(start, np.nan)
        if start not in times or not np.isfinite(trgt) or not trgt > p["min_ret"]:
            continue
        if p["side_prediction"] is not None and start not in sides:
            continue
        side = sides.get(start, 1.0)
        at = times.index(start)
        if at + 1 == len(times):
            continue
        touched = False
        for end in range(at + 1, len(times)):
            r = (close[end] / close[at] - 1.0) * side
            touched = (p["pt"] > 0 and r > p["pt"] * trgt) or (p["sl"] > 0 and r < -p["sl"] * trgt)
            if touched or (start in verticals and times[end] >= verticals[start]):
                break
        r = (close[end] / close[at] - 1.0) * side
        label = int(np.sign(r)) if touched or vertical_label == "sign" else 0
        out.append((start, times[end], r, trgt, side if p["side_prediction"] is not None else None, label))
    return out


@settings(max_examples=150, deadline=None)
@given(problems())
def test_labels_events_and_meta_labels(p: dict[str, Any]) -> None:
    expected = walk(p)
    got = triple_barrier_labels(**p)
    assert got.columns == ["start", "ret", "trgt", "label", "side"]
    told = got.with_columns(pl.col("start").to_physical())
    assert told.rows() == [(s, r, g, label, side) for s, _, r, g, side, label in expected]
    zero = triple_barrier_labels(**p, vertical_label="zero")
    assert zero["label"].to_list() == [e[-1] for e in walk(p, "zero")]
    paths = triple_barrier_events(**p)
    assert paths.columns == ["start", "t1", "trgt", "side", "pt", "sl"]
    assert paths.with_columns(pl.col("start", "t1").to_physical()).rows() == [
        (s, t1, g, side, p["pt"], p["sl"]) for s, t1, _, g, side, _ in expected
    ]
    if p["side_prediction"] is not None:
        assert meta_labels(**p)["label"].to_list() == [int(r > 0) for _, _, r, *_ in expected]


@settings(max_examples=50, deadline=None)
@given(problems(), st.sampled_from(["text", "datetime", "int"]))
def test_lists_are_answered_by_tuples_in_kind(p: dict[str, Any], kind: str) -> None:
    def told(ns: Any) -> Any:
        moment = datetime(1970, 1, 1) + timedelta(microseconds=int(ns) // 1000)
        if kind == "int":
            return int(ns)
        if kind == "datetime":
            return moment
        return str(moment) if moment.microsecond == 0 else str(moment).rstrip("0")

    given_ = {
        **p,
        "close_timestamps": [told(t) for t in p["close_timestamps"]],
        "close_prices": p["close_prices"].tolist(),
        "t_events": [told(t) for t in p["t_events"]],
        "target_timestamps": [told(t) for t in p["target_timestamps"]],
        "target_values": p["target_values"].tolist(),
        "vertical_barrier_times": p["vertical_barrier_times"]
        and [(told(a), told(b)) for a, b in p["vertical_barrier_times"]],
        "side_prediction": p["side_prediction"] and [(told(a), b) for a, b in p["side_prediction"]],
    }
    expected = walk(p)
    got = triple_barrier_labels(**given_)
    assert got == [(told(s), r, g, label, side) for s, _, r, g, side, label in expected]
    assert all(isinstance(row, tuple) for row in got)
    events = triple_barrier_events(**given_)
    assert events == [(told(s), told(t), g, side, p["pt"], p["sl"]) for s, t, _, g, side, _ in expected]


DAYS = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]
CLOSE = [100.0, 101.0, 103.0, 99.0]
BASE: dict[str, Any] = {
    "close_timestamps": DAYS,
    "close_prices": CLOSE,
    "t_events": DAYS[:2],
    "target_timestamps": DAYS[:2],
    "target_values": [0.02, 0.02],
}


def test_worked_example() -> None:
    assert triple_barrier_events(**BASE) == [
        ("2024-01-01 00:00:00", "2024-01-03 00:00:00", 0.02, None, 1.0, 1.0),
        ("2024-01-02 00:00:00", "2024-01-04 00:00:00", 0.02, None, 1.0, 1.0),  # 103/101 - 1 does not exceed 0.02
    ]
    assert [row[3] for row in triple_barrier_labels(**BASE)] == [1, -1]
    assert [row[3] for row in meta_labels(**BASE, side_prediction=[(DAYS[0], -1), (DAYS[1], -1)])] == [0, 1]


def test_vertical_barriers_off_the_grid_at_the_start_and_past_the_data() -> None:
    def ends(barrier: str) -> list[str]:
        p = {**BASE, "pt": 0.0, "sl": 0.0, "vertical_barrier_times": [(DAYS[0], barrier)], "t_events": DAYS[:1]}
        return [row[1] for row in triple_barrier_events(**p)]

    assert ends("2024-01-02 12:00:00") == ["2024-01-03 00:00:00"]
    assert ends("2024-01-02") == ["2024-01-02 00:00:00"]
    assert ends(DAYS[0]) == ["2024-01-02 00:00:00"]  # the path begins after the start
    assert ends("2030-01-01") == ["2024-01-04 00:00:00"]
    frame = pl.DataFrame({"event": DAYS[:1], "until": ["2024-01-02"]})
    assert (
        triple_barrier_events(**{**BASE, "t_events": DAYS[:1]}, vertical_barrier_times=frame)[0][1]
        == "2024-01-02 00:00:00"
    )
    assert (
        triple_barrier_events(**{**BASE, "t_events": DAYS[:1]}, vertical_barrier_times={DAYS[0]: DAYS[1]})[0][1]
        == "2024-01-02 00:00:00"
    )


def test_frames_of_pairs_keep_nanoseconds() -> None:
    ts = pl.Series(np.array([1, 2, 3]) * SECOND + 1_700_000_000 * SECOND + 7).cast(pl.Datetime("ns"))
    close = np.array([100.0, 103.0, 99.0])
    sides, until = pl.DataFrame({"event": ts[:1], "side": [1.0]}), pl.DataFrame({"event": ts[:1], "until": ts[1:2]})
    labels = triple_barrier_labels(ts, close, ts[:1], ts, [0.01] * 3, side_prediction=sides)
    assert isinstance(labels, pl.DataFrame) and labels["side"].to_list() == [1.0]
    paths = triple_barrier_events(ts, close, ts[:1], ts, [0.5] * 3, vertical_barrier_times=until)
    assert isinstance(paths, pl.DataFrame) and paths["t1"].to_list() == ts[1:2].to_list()


def test_a_live_graph_counts_the_events_that_the_call_counts() -> None:
    graph = triple_barrier_labels.graph(max_open=10)
    graph.start()

    def push(source: str, row: dict[str, Any]) -> None:
        graph.push(source, {"symbol": "A", **row})
        while any(s["queued"] for s in graph.stats()["sources"]):
            pass

    for i in range(3):
        push("close", {"ts": i, "price": 100.0 + i})
        if i == 0:
            push("targets", {"ts": i, "volatility": 0.5})
        push("events", {"ts": i, "side": 1.0, "price": 100.0})
    graph.stop()
    assert len(graph.tables["labels"]) == 1  # the others have no target of their own time


def test_nothing_for_nothing() -> None:
    empty: dict[str, Any] = {key: [] for key in BASE}
    assert triple_barrier_labels(**empty) == [] and triple_barrier_events(**empty) == []
    assert triple_barrier_labels(**{**BASE, "t_events": []}) == []
    assert meta_labels(**empty, side_prediction=[]) == []
    times, numbers = np.array([], "datetime64[ms]"), np.array([])
    frame = triple_barrier_events(times, numbers, times, times, numbers)
    assert isinstance(frame, pl.DataFrame)
    assert frame.schema == {
        "start": pl.Datetime("ms"),
        "t1": pl.Datetime("ms"),
        "trgt": pl.Float64,
        "side": pl.Float64,
        "pt": pl.Float64,
        "sl": pl.Float64,
    }


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"close_prices": [100.0, np.nan, 1.0, 1.0]}, "close_prices at row 1 is nan"),
        ({"close_prices": [100.0, 0.0, 1.0, 1.0]}, "close_prices at row 1 is 0.0"),
        ({"close_prices": CLOSE[:3]}, "close_timestamps/close_prices length mismatch: 4 vs 3"),
        ({"close_timestamps": [*DAYS[:3], DAYS[2]]}, "timestamps must rise strictly"),
        ({"close_timestamps": DAYS[::-1]}, "close_timestamps at row 1"),
        ({"close_timestamps": ["1700-01-01", *DAYS[:3]]}, "close_timestamps at row 3"),
        ({"target_values": [0.02]}, "target_timestamps/target_values length mismatch: 2 vs 1"),
        (
            {"target_timestamps": [DAYS[0], DAYS[0]]},
            "target_timestamps gives 2024-01-01 00:00:00 twice, at rows 0 and 1",
        ),
        ({"t_events": ["soon"]}, "invalid datetime 'soon' in t_events at row 0"),
        ({"pt": -1.0}, "pt = -1.0"),
        ({"sl": np.nan}, "sl = nan"),
        ({"min_ret": -0.1}, "min_ret = -0.1"),
        ({"vertical_barrier_times": [(DAYS[1], DAYS[0])]}, "is before its event"),
        ({"vertical_barrier_times": [(DAYS[0],)]}, "vertical_barrier_times at row 0 is no pair"),
        ({"vertical_barrier_times": [(DAYS[0], DAYS[1]), (DAYS[0], DAYS[2])]}, "twice"),
        ({"side_prediction": [(DAYS[0], 0.0)]}, "side_prediction at row 0 is 0.0"),
        ({"side_prediction": [(DAYS[0], 1.5)]}, "a side is in [-1, 1] and not 0"),
        ({"side_prediction": [(DAYS[0], np.nan)]}, "side_prediction at row 0 is nan"),
        ({"vertical_label": "half"}, "vertical_label = 'half'"),
    ],
)
def test_refusals(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        triple_barrier_labels(**{**BASE, **changed})
    assert message in str(caught.value)


def test_refusals_of_types() -> None:
    for changed in (
        {"side_prediction": 3},
        {"close_prices": "x"},
        {"pt": "1"},
        {"t_events": None},
        {"vertical_label": 0},
    ):
        with pytest.raises(TypeError):
            triple_barrier_labels(**{**BASE, **changed})
    with pytest.raises(TypeError, match="nothing to bet on"):
        meta_labels(**BASE, side_prediction=None)  # type: ignore[arg-type]


def test_100_000_wide_events_on_a_million_closes_take_less_than_a_second() -> None:
    rng = np.random.default_rng(3)
    n = 1_000_000
    close, times = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 1e-4, n))), SECOND * np.arange(n)
    events = times[np.sort(rng.choice(n, 100_000, replace=False))]
    best = np.inf
    for _ in range(3):
        start = time.perf_counter()
        frame = triple_barrier_labels(times, close, events, events, np.full(len(events), 0.9))
        best = min(best, time.perf_counter() - start)
    assert isinstance(frame, pl.DataFrame) and frame.height >= 99_999
    assert best < 1.0
