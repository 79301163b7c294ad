"""The sequential bootstrap against AFML's formulas over the whole matrix, its draws against its uniforms, its cost."""

from __future__ import annotations

import resource
import time
import tracemalloc
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import openquant
from openquant import sampling

core = openquant._core.sampling
AFML = [(0, 2), (2, 3), (4, 5)]


@st.composite
def ind_matrices(draw: st.DrawFn) -> NDArray[np.int8]:
    """Columns of one run or of scattered bars, each with a bar."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    bars, labels = draw(st.integers(1, 60)), draw(st.integers(1, 90))
    matrix = (rng.random((bars, labels)) < draw(st.sampled_from([0.02, 0.3, 0.9]))).astype(np.int8)
    matrix[rng.integers(0, bars, labels), np.arange(labels)] = 1
    return matrix


@st.composite
def intervals(draw: st.DrawFn) -> tuple[list[tuple[int, int]], int]:
    n_bars = draw(st.integers(1, 80))
    pairs = draw(st.lists(st.tuples(st.integers(0, n_bars - 1), st.integers(0, n_bars - 1)), min_size=1, max_size=40))
    return [(min(p), max(p)) for p in pairs], n_bars


def average_uniqueness(matrix: NDArray[np.int8]) -> NDArray[np.float64]:
    """Snippet 4.4, of each column."""
    shares = matrix.sum(axis=1)
    ratio = matrix / np.where(shares > 0, shares, 1)[:, None]
    return np.array([ratio[matrix[:, i] > 0, i].mean() for i in range(matrix.shape[1])])


def probabilities(matrix: NDArray[np.int8], drawn: list[int]) -> NDArray[np.float64]:
    """Snippet 4.5: each label after those drawn, its uniqueness among them, normalised."""
    each = np.array([average_uniqueness(matrix[:, [*drawn, i]])[-1] for i in range(matrix.shape[1])])
    return each / each.sum()


def check_draws(matrix: NDArray[np.int8], drawn: list[int], warm: int, seed: int) -> None:
    """Every draw is the label at whose share of the probabilities its uniform fell."""
    uniforms = iter(core.uniforms(seed, len(drawn)))
    for i, label in enumerate(drawn[warm:], warm):
        upto = np.concatenate([[0.0], np.cumsum(probabilities(matrix, drawn[:i]))])
        assert upto[label] - 1e-12 <= next(uniforms) <= upto[label + 1] + 1e-12


@settings(max_examples=60, deadline=None)
@given(ind_matrices(), st.integers(0, 2**64 - 1), st.integers(0, 3))
def test_draws_of_a_matrix(matrix: NDArray[np.int8], seed: int, warm: int) -> None:
    first = [seed % matrix.shape[1]] * warm
    drawn = sampling.seq_bootstrap(matrix.tolist(), 8, first, seed)
    assert drawn[:warm] == first and len(drawn) == 8
    check_draws(matrix, list(drawn), warm, seed)
    labels = core.Labels.of_matrix(matrix)
    assert core.probabilities(labels, drawn) == pytest.approx(probabilities(matrix, list(drawn)), rel=1e-12)
    assert sampling.get_ind_mat_average_uniqueness(matrix) == pytest.approx(
        average_uniqueness(matrix).mean(), rel=1e-13
    )
    assert sampling.seq_bootstrap(matrix, 8, first, seed).tolist() == drawn  # type: ignore[union-attr]


@settings(max_examples=60, deadline=None)
@given(intervals(), st.integers(0, 2**64 - 1))
def test_draws_of_intervals_are_those_of_their_matrix(case: tuple[list[tuple[int, int]], int], seed: int) -> None:
    labels, n_bars = case
    rows = sampling.get_ind_matrix(labels, list(range(n_bars)))
    assert rows == [[int(start <= bar <= end) for start, end in labels] for bar in range(n_bars)]
    drawn = sampling.seq_bootstrap_intervals(labels, n_bars, random_state=seed)
    assert drawn == sampling.seq_bootstrap(rows, random_state=seed) and len(drawn) == len(labels)
    check_draws(np.array(rows, dtype=np.int8), list(drawn)[:6], 0, seed)


def test_afml_example() -> None:
    matrix = sampling.get_ind_matrix(AFML, list(range(6)))
    assert sampling.get_ind_mat_average_uniqueness(matrix) == pytest.approx(31 / 36, abs=1e-15)
    labels = core.Labels.of_matrix(np.array(matrix, dtype=np.int8))
    assert core.probabilities(labels, [1]) == pytest.approx([5 / 14, 3 / 14, 6 / 14], abs=1e-15)


def test_seeds_repeat_and_no_seed_differs() -> None:
    pinned = [2, 1, 1, 0, 2, 0, 0, 1, 2, 1]
    assert sampling.seq_bootstrap_intervals(AFML, 6, 10, random_state=1) == pinned
    free = [tuple(sampling.seq_bootstrap_intervals(AFML, 6, 40)) for _ in range(4)]
    assert len(set(free)) == 4
    frequent = np.bincount(sampling.seq_bootstrap_intervals(np.array(AFML), 6, 20_000, random_state=np.int64(3)))
    assert np.abs(frequent / 20_000 - 1 / 3).max() < 0.05


def test_warm_up_comes_first_and_ends_with_the_sample() -> None:
    for warm in ([1, 1, 2], (1, 1, 2), np.array([1, 1, 2]), pl.Series([1, 1, 2])):
        assert list(sampling.seq_bootstrap_intervals(AFML, 6, 5, warm, 0))[:3] == [1, 1, 2]
        assert list(sampling.seq_bootstrap_intervals(AFML, 6, 2, warm, 0)) == [1, 1]


def test_bars_and_labels_in_every_kind() -> None:
    want = np.array([[int(s <= bar <= e) for s, e in AFML] for bar in range(6)])
    noon = datetime(2024, 1, 1, 12)
    times = [noon + timedelta(minutes=i) for i in range(6)]
    texts = [t.strftime("%Y-%m-%d %H:%M:%S") for t in times]
    stamps = np.array(times, dtype="datetime64[ns]")
    axis: Any
    for axis in (list(range(6)), times, texts, list(stamps)):
        labels = [(axis[s], axis[e]) for s, e in AFML]
        assert sampling.get_ind_matrix(labels, axis) == want.tolist()
        series = pl.Series(np.array(axis)) if isinstance(axis[0], np.datetime64) else pl.Series(axis)
        frame = pl.DataFrame({"start": series.gather([0, 2, 4]), "end": series.gather([2, 3, 5])})
        for both in ((frame, series), (labels, np.array(axis)), (np.array(labels), axis)):
            out = sampling.get_ind_matrix(both[0], both[1])
            assert isinstance(out, np.ndarray) and out.dtype == np.int8 and (out == want).all()
    assert sampling.get_ind_matrix(AFML, range(6)) == want.tolist()
    late = [(noon - timedelta(hours=1), times[2] + timedelta(seconds=30)), (times[1] + timedelta(seconds=1), times[5])]
    assert sampling.get_ind_matrix(late, times) == [[1, 0], [1, 0], [1, 1], [0, 1], [0, 1], [0, 1]]
    for cells in (want.astype(np.uint8), want.astype(bool), want.astype(float), pl.DataFrame(want), want.T.copy().T):
        assert sampling.get_ind_mat_average_uniqueness(cells) == pytest.approx(31 / 36)
        assert isinstance(sampling.seq_bootstrap(cells), np.ndarray)
    assert sampling.get_ind_mat_average_uniqueness(pl.DataFrame(want.astype(bool))) == pytest.approx(31 / 36)
    assert isinstance(sampling.seq_bootstrap_intervals(pl.DataFrame(AFML, orient="row"), 6), np.ndarray)


def test_empty() -> None:
    assert sampling.get_ind_matrix([], [0, 1]) == [] and sampling.get_ind_matrix([], []) == []
    for none in (np.zeros((0, 2), dtype=np.int64), pl.DataFrame({"s": [], "e": []})):
        assert np.shape(sampling.get_ind_matrix(none, np.arange(3))) == (0, 0)
    nothing: Any
    for nothing in ([], [[]], np.zeros((0, 3)), np.zeros((3, 0), dtype=np.int8), pl.DataFrame()):
        for function in (sampling.get_ind_mat_average_uniqueness, sampling.seq_bootstrap):
            with pytest.raises(ValueError, match="ind_mat is empty"):
                function(nothing)
    with pytest.raises(ValueError, match="holds no labels"):
        sampling.seq_bootstrap_intervals([], 5)


@pytest.mark.parametrize(
    ("labels", "bars", "error", "message"),
    [
        ([(0, 1), (3, 2)], [0, 1, 2, 3], ValueError, "label 1 of label_endtime starts at 3, after its end 2"),
        ([(0, 1), (7, 9)], [0, 1, 2], ValueError, r"label 1 of label_endtime \(7 to 9\) covers no bar"),
        ([(0, 1)], [], ValueError, "covers no bar"),
        ([(0, 1)], [0, 2, 2], ValueError, "bar_index at row 2 does not come after row 1"),
        ([(0, 1)], np.array([0, 2, 1]), ValueError, "must rise strictly"),
        ([(0, 1, 2)], [0, 1], ValueError, "label 0 of label_endtime has 3 values"),
        ([(0, 1), 5], [0, 1], TypeError, "label 1 of label_endtime is int 5"),
        (["ab"], [0, 1], TypeError, "label 0 of label_endtime is str"),
        ([(0, 1.5)], [0, 1], TypeError, "label_endtime ends at row 0 must be a whole number"),
        ([(True, 1)], [0, 1], TypeError, "whole number"),
        ([(0, 10**30)], [0, 1], ValueError, "out of range"),
        (np.zeros((3, 3), dtype=int), [0, 1], ValueError, r"shape \(n, 2\)"),
        (np.array([[0.0, 1.0]]), [0, 1], TypeError, "label_endtime starts must hold whole numbers"),
        (np.array([[0, 2**63]], dtype=np.uint64), [0, 1], ValueError, "beyond 2"),
        (pl.DataFrame({"a": [1]}), [0, 1], ValueError, "two columns"),
        (pl.DataFrame({"a": [1, None], "b": [1, 2]}), [0, 1], ValueError, "label_endtime starts at row 1 is null"),
        (5, [0, 1], TypeError, "label_endtime must be a list of pairs"),
        ([(0, 1)], 5, TypeError, "bar_index must be"),
        ([(0, 1)], [0.5, 1], TypeError, "bar_index at row 0 must be a whole number"),
        ([("2024-01-01", "2024-01-02")], [0, 1], TypeError, "of one kind"),
        ([("2024-01-01", "x")], ["2024-01-01"], ValueError, "invalid datetime 'x' in label_endtime ends at row 0"),
        (
            pl.DataFrame({"a": [datetime(2024, 1, 1)], "b": [datetime(2500, 1, 1)]}),
            ["2024-01-01"],
            ValueError,
            "beyond int64",
        ),
        ([("2024-01-02", "2024-01-01")], ["2024-01-01"], ValueError, "label 0 of label_endtime starts at 2024-01-02"),
    ],
)
def test_refused_labels(labels: Any, bars: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        sampling.get_ind_matrix(labels, bars)


@pytest.mark.parametrize(
    ("cells", "error", "message"),
    [
        ([[1, 0], [2, 1]], ValueError, "ind_mat at row 1, column 0 is 2.0; it must be 0 or 1"),
        (np.array([[1, 0], [1, 255]], dtype=np.uint8), ValueError, "row 1, column 1 is 255"),
        (np.array([[1, 0], [1, np.nan]]), ValueError, "row 1, column 1 is nan"),
        ([[1, 0], [1]], ValueError, "rectangular"),
        ([[1, 0], [1, 0]], ValueError, "label 1 covers no bar"),
        ([1, 0], TypeError, "ind_mat row 0"),
        (np.ones(3, dtype=np.int8), ValueError, "rows by columns"),
        ([["a"]], TypeError, "numbers"),
        (None, TypeError, "ind_mat"),
    ],
)
def test_refused_matrices(cells: Any, error: type[Exception], message: str) -> None:
    for function in (sampling.get_ind_mat_average_uniqueness, sampling.seq_bootstrap):
        with pytest.raises(error, match=message):
            function(cells)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n_bars": 0}, ValueError, "n_bars = 0"),
        ({"n_bars": 6.0}, TypeError, "n_bars"),
        ({"n_bars": 2**40}, ValueError, "n_bars"),
        ({"n_bars": 5}, ValueError, r"label 2 of label_endtime \(4 to 5\) leaves the bars 0 to 4"),
        ({"label_endtime": [(-1, 2)]}, ValueError, "leaves the bars"),
        ({"label_endtime": [(0, 0), (2, 1)]}, ValueError, "label 1 of label_endtime starts at 2, after its end 1"),
        ({"label_endtime": [("2024-01-01", "2024-01-02")]}, TypeError, "whole number"),
        ({"label_endtime": pl.DataFrame({"a": [0.5], "b": [1.5]})}, TypeError, "whole numbers, not Float64"),
        ({"sample_length": 0}, ValueError, "sample_length = 0"),
        ({"sample_length": 2.0}, TypeError, "sample_length"),
        ({"warmup_samples": [0, 3]}, ValueError, "warmup_samples at row 1 is 3; labels are numbered 0 to 2"),
        ({"warmup_samples": [-1]}, ValueError, "warmup_samples at row 0 is -1"),
        ({"warmup_samples": [0.5]}, TypeError, "warmup_samples at row 0"),
        ({"warmup_samples": 1}, TypeError, "warmup_samples"),
        ({"random_state": -1}, ValueError, "random_state = -1"),
        ({"random_state": 2**64}, ValueError, "random_state"),
        ({"random_state": "seed"}, TypeError, "random_state"),
    ],
)
def test_refused_draws(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        sampling.seq_bootstrap_intervals(**{"label_endtime": AFML, "n_bars": 6, **arguments})


def long_labels(labels: int, bars: int, longest: int) -> NDArray[np.int64]:
    rng = np.random.default_rng(1)
    start = rng.integers(0, bars - longest, labels)
    return np.column_stack([start, start + rng.integers(longest // 2, longest, labels)])


@pytest.mark.parametrize("longest", [20, 10_000])
def test_cost_of_ten_thousand_draws(longest: int) -> None:
    labels = long_labels(10_000, 100_000, longest)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.start()
    start = time.perf_counter()
    drawn = sampling.seq_bootstrap_intervals(labels, 100_000, 10_000, random_state=1)
    elapsed = time.perf_counter() - start
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    print(f"10,000 draws of up to {longest} bars: {elapsed:.2f} s, {peak / 1e6:.1f} MB, RSS +{grown / 1e6:.1f} MB")
    assert len(drawn) == 10_000 and elapsed < 5.0 and max(peak, grown) < 200e6


def test_cost_of_a_thousand_draws() -> None:
    labels = long_labels(1000, 5000, 50)
    matrix = sampling.get_ind_matrix(labels, np.arange(5000))

    def best(function: Any) -> float:
        times = []
        for _ in range(9):
            start = time.perf_counter()
            function()
            times.append(time.perf_counter() - start)
        return min(times)

    by_interval = best(lambda: sampling.seq_bootstrap_intervals(labels, 5000, random_state=1))
    by_matrix = best(lambda: sampling.seq_bootstrap(matrix, random_state=1))
    print(f"1,000 draws: intervals {by_interval * 1e3:.2f} ms, matrix {by_matrix * 1e3:.2f} ms")
    assert max(by_interval, by_matrix) < 0.1
