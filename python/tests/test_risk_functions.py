"""`openquant.risk` against sorted numpy arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openquant.risk import (
    calculate_conditional_drawdown_risk,
    calculate_expected_shortfall,
    calculate_value_at_risk,
)

returns = st.lists(st.integers(-40, 60).map(lambda k: k / 100), min_size=1, max_size=60)
levels = st.sampled_from([0.0, 0.01, 0.05, 0.25, 0.29, 0.5, 0.999, 1.0]) | st.floats(0.0, 1.0)
modest = settings(max_examples=150, deadline=None)


def tail_mean(values: Any, q: float) -> float:
    """Mean of the worst share q (the smallest values), the one at the edge by its fraction."""
    worst, share = np.sort(values), q * len(values)
    weights = np.clip(share - np.arange(len(worst)), 0.0, 1.0)
    return float(worst[0]) if share < 1.0 else float(weights @ worst / share)


@modest
@given(returns, levels)
def test_value_at_risk(r: list[float], q: float) -> None:
    at = math.ceil(q * (len(r) - 1) - 1e-9)
    assert calculate_value_at_risk(r, q) == sorted(r)[at]
    if abs(q * (len(r) - 1) - round(q * (len(r) - 1))) > 1e-6:
        assert calculate_value_at_risk(r, q) == np.quantile(r, q, method="higher")


@modest
@given(returns, levels)
def test_expected_shortfall(r: list[float], q: float) -> None:
    np.testing.assert_allclose(calculate_expected_shortfall(r, q), tail_mean(r, q), atol=1e-12)


@modest
@given(returns, levels, st.booleans())
def test_conditional_drawdown(r: list[float], q: float, compounded: bool) -> None:
    curve = np.cumprod(np.r_[1.0, 1.0 + np.array(r)]) if compounded else np.cumsum(np.r_[0.0, r])
    high = np.maximum.accumulate(curve)
    drawdowns = ((1.0 - curve / high) if compounded else (high - curve))[1:]
    got = calculate_conditional_drawdown_risk(r, q, compounded=compounded)
    np.testing.assert_allclose(got, -tail_mean(-drawdowns, q), atol=1e-12)
    assert got >= 0.0


def test_worked_examples() -> None:
    r = [-0.05, 0.01, -0.02, 0.03]
    assert calculate_value_at_risk(r, 0.0) == -0.05 and calculate_value_at_risk(r, 1.0) == 0.03
    assert calculate_value_at_risk(r, 1 / 3) == -0.02  # index ceil(1 - 1e-9)
    assert calculate_expected_shortfall(r, 0.375) == pytest.approx((-0.05 - 0.02 * 0.5) / 1.5)
    assert calculate_conditional_drawdown_risk(r, 0.0) == pytest.approx(1 - 0.95 * 1.01 * 0.98)
    assert calculate_conditional_drawdown_risk([-0.1], 1.0) == pytest.approx(0.1)  # the start counts as a high


@pytest.mark.parametrize("kind", [list, tuple, np.array, pl.Series])
def test_every_kind_of_argument_gives_a_float(kind: Any) -> None:
    for function in (calculate_value_at_risk, calculate_expected_shortfall, calculate_conditional_drawdown_risk):
        assert type(function(kind([0.01, -0.02]))) is float


@pytest.mark.parametrize(
    "function", [calculate_value_at_risk, calculate_expected_shortfall, calculate_conditional_drawdown_risk]
)
def test_refusals(function: Any) -> None:
    for arguments, message in (
        (([],), "returns are empty"),
        (([0.1, np.nan],), "returns at row 1 is nan"),
        (([np.inf],), "returns at row 0 is inf"),
        (([0.1], 1.5), "confidence_level = 1.5"),
        (([0.1], -0.1), "confidence_level = -0.1"),
        (([0.1], np.nan), "confidence_level = nan"),
        (([[0.1], [0.2]],), "one-dimensional"),
    ):
        with pytest.raises(ValueError) as caught:
            function(*arguments)
        assert message in str(caught.value)
    for bad in (None, "x", [None], 3, [True]):
        with pytest.raises(TypeError):
            function(bad)
    with pytest.raises(TypeError, match="confidence_level"):
        function([0.1], "5%")
    with pytest.raises(TypeError, match="compounded"):
        calculate_conditional_drawdown_risk([0.1], compounded=1)  # type: ignore[arg-type]
