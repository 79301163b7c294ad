"""Bet sizes against scipy and numpy, in every kind of argument."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from openquant.bet_sizing import bet_size, discrete_signal, get_signal

unit = st.floats(0.0, 1.0)
side = st.floats(-1.0, 1.0)
NAN, INF = float("nan"), float("inf")


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(unit, side), max_size=20), st.integers(2, 12))
def test_get_signal(rows: list[tuple[float, float]], classes: int) -> None:
    prob, pred = [p for p, _ in rows], [s for _, s in rows]
    p = np.clip(prob, 1e-300, None)
    with np.errstate(divide="ignore"):
        want = 2.0 * norm.cdf((p - 1.0 / classes) / np.sqrt(p * (1.0 - p))) - 1.0
    assert get_signal(prob, classes) == pytest.approx(want.tolist(), abs=1e-14)
    assert get_signal(prob, classes, pred) == pytest.approx((want * pred).tolist(), abs=1e-14)
    assert [get_signal(*row[:1], classes, row[1]) for row in rows] == get_signal(prob, classes, pred)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.floats(-2.0, 2.0), max_size=20), st.floats(0.001, 1.0))
def test_discrete_signal(signal: list[float], step: float) -> None:
    want = np.clip(np.round(np.array(signal) / step) * step, -1.0, 1.0)  # numpy rounds half to even
    assert discrete_signal(signal, step) == want.tolist()
    assert [discrete_signal(s, step) for s in signal] == want.tolist()


@settings(max_examples=300, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), max_size=20), st.floats(1e-6, 1e6))
def test_sigmoid(x: list[float], w: float) -> None:
    assert bet_size(w, x, "sigmoid") == (np.array(x) / np.sqrt(w + np.array(x) ** 2)).tolist()
    assert bet_size(w, x) == bet_size(w, x, "sigmoid")


@settings(max_examples=300, deadline=None)
@given(st.lists(side, max_size=20), st.floats(0.0, 30.0))
def test_power(x: list[float], w: float) -> None:
    want = np.sign(x) * np.abs(x) ** w
    assert bet_size(w, x, "power") == pytest.approx(want.tolist(), rel=4e-16, abs=1e-320)


def test_edges() -> None:
    assert get_signal([0.0, 1.0, 0.5], 2) == [-1.0, 1.0, 0.0]
    assert get_signal([0.0, 1.0], 3, [1, -1]) == [-1.0, -1.0]
    assert discrete_signal([0.125, 0.375, 0.625, 3.0, -3.0], 0.25) == [0.0, 0.5, 0.5, 1.0, -1.0]
    assert discrete_signal([0.25, 0.75, -0.25], 0.5) == [0.0, 1.0, 0.0]
    assert bet_size(2.0, [0.0, -0.0, 1.0, -1.0], "power") == [0.0, 0.0, 1.0, -1.0]
    assert bet_size(0.0, [0.0, 0.3, -0.3], "power") == [0.0, 1.0, -1.0]
    assert bet_size(1.0, [0.0, 1e100, -1e100]) == [0.0, 1.0, -1.0]
    zeros = [*get_signal([0.0, 0.2], 2, [0.0, 0.0]), discrete_signal(-0.01, 0.1), bet_size(1.0, -0.0)]
    assert not np.signbit(zeros).any()


@pytest.mark.parametrize(
    "call",
    [lambda x: get_signal(x, 2), lambda x: discrete_signal(x, 0.1), lambda x: bet_size(1.0, x, "power")],
)
def test_answers_in_kind(call: Any) -> None:
    values = [0.25, 0.5, 1.0]
    want = call(values)
    assert type(want) is list and all(type(x) is float for x in want)
    assert call(tuple(values)) == want
    for many in (np.array(values), np.array([0.0, *values])[1:], np.array(values)[::-1][::-1], pl.Series(values)):
        assert isinstance(call(many), np.ndarray) and call(many).tolist() == want
    assert call(np.array(values, dtype=np.float32)).tolist() == want
    for one in (0.25, np.float64(0.25), np.float32(0.25), np.array(0.25)):
        assert type(call(one)) is float and call(one) == want[0]
    assert call(1) == want[2] and call(np.int64(1)) == want[2]
    assert call([]) == [] and call(np.array([])).shape == (0,) and len(call(pl.Series([], dtype=pl.Float64))) == 0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: get_signal([0.5, 1.5], 2), ValueError, r"prob at row 1 is 1.5; a probability must be in \[0, 1\]"),
        (lambda: get_signal(np.array([NAN]), 2), ValueError, "prob at row 0 is nan"),
        (lambda: get_signal(-0.1, 2), ValueError, "prob at row 0 is -0.1"),
        (lambda: get_signal(NAN, 2), ValueError, "prob at row 0 is nan"),
        (lambda: get_signal(10**400, 2), ValueError, "prob at row 0"),
        (lambda: get_signal([0.5], 1), ValueError, "num_classes = 1"),
        (lambda: get_signal([0.5], 2.0), TypeError, "num_classes must be a whole number"),
        (lambda: get_signal([0.5], True), TypeError, "num_classes"),
        (lambda: get_signal([0.5], 2, [1.0, 1.0]), ValueError, "prob/pred length mismatch: 1 vs 2"),
        (lambda: get_signal([0.5], 2, [1.5]), ValueError, r"pred at row 0 is 1.5; a side must be in \[-1, 1\]"),
        (lambda: get_signal([0.5], 2, [INF]), ValueError, "pred at row 0 is inf"),
        (lambda: get_signal([0.5], 2, 1.0), TypeError, "prob and pred must both"),
        (lambda: get_signal("0.5", 2), TypeError, "prob must be"),
        (lambda: get_signal(None, 2), TypeError, "prob must be"),
        (lambda: get_signal(True, 2), TypeError, "prob must be"),
        (lambda: get_signal(["a"], 2), TypeError, "prob must hold numbers"),
        (lambda: get_signal([[0.5]], 2), ValueError, "one-dimensional"),
        (lambda: get_signal(pl.Series([0.5, None]), 2), ValueError, "prob at row 1 is nan"),
        (lambda: discrete_signal([0.1, NAN], 0.1), ValueError, "signal0 at row 1 is nan"),
        (lambda: discrete_signal(INF, 0.1), ValueError, "signal0 at row 0 is inf"),
        (lambda: discrete_signal(0.5, 0.0), ValueError, "step_size = 0.0 is out of range; it must be > 0 and <= 1"),
        (lambda: discrete_signal(0.5, 1.5), ValueError, "step_size = 1.5"),
        (lambda: discrete_signal(0.5, NAN), ValueError, "step_size = nan"),
        (lambda: discrete_signal(0.5, "0.1"), TypeError, "step_size must be a number"),
        (lambda: discrete_signal({}, 0.1), TypeError, "signal0 must be"),
        (lambda: bet_size(0.0, 0.5, "sigmoid"), ValueError, "w_param = 0.0 is out of range; it must be > 0"),
        (lambda: bet_size(-1.0, 0.5, "power"), ValueError, "w_param = -1.0 is out of range; it must be >= 0"),
        (lambda: bet_size(INF, 0.5), ValueError, "w_param = inf"),
        (lambda: bet_size(NAN, 0.5, "power"), ValueError, "w_param = nan"),
        (lambda: bet_size([1.0], 0.5), TypeError, "w_param must be a number"),
        (
            lambda: bet_size(1.0, [0.5, -1.5], "power"),
            ValueError,
            r"price_div at row 1 is -1.5; it must be in \[-1, 1\]",
        ),
        (lambda: bet_size(1.0, [0.5, INF]), ValueError, "price_div at row 1 is inf"),
        (lambda: bet_size(1.0, NAN, "power"), ValueError, "price_div at row 0 is nan"),
        (lambda: bet_size(1.0, 0.5, "linear"), ValueError, "func = 'linear' must be one of 'sigmoid', 'power'"),
        (lambda: bet_size(1.0, 0.5, 3), TypeError, "func must be one of"),
    ],
)
def test_refusals(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
