"""One optimisation at a time against Clarabel, its optimality conditions, its speed, and every refusal."""

from __future__ import annotations

import math
import time
from typing import Any

import clarabel
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import sparse
from test_allocator import Problem, best_sharpe, least_variance, minimum, most_excess, problem

import openquant
from openquant.portfolio import allocate_inverse_variance, allocate_max_sharpe, allocate_min_vol

Array = NDArray[np.float64]
METHODS: list[Any] = [allocate_inverse_variance, allocate_min_vol, allocate_max_sharpe]
SMALL = [[100.0, 50.0], [110.0, 51.0], [99.0, 50.0], [104.0, 52.0]]
NAN = float("nan")


def fifty() -> Problem:
    rng = np.random.default_rng(5)
    returns = 0.0004 + rng.normal(0.0, 0.01, (999, 1)) * rng.normal(1.0, 0.5, 50) + rng.normal(0.0, 0.01, (999, 50))
    returns += rng.normal(0.0, 0.0004, 50)
    return Problem(np.vstack([np.full(50, 100.0), 100.0 * np.cumprod(1.0 + returns, axis=0)]), 0.0, 1.0, 0.0)


def residual(p: Problem, hessian: Array, linear: Array, w: Array) -> float:
    """By how much the gradient favours an exchange that the bounds allow, for a largest variance of 1."""
    gradient = hessian @ w - linear
    falling, rising = gradient[w > p.lower], gradient[w < p.upper]
    return float(falling.max() - rising.min()) if len(falling) and len(rising) else 0.0


def check_figures(p: Problem, out: Any, periods: float, rate: float) -> None:
    w, risk, mean, sharpe = out
    excess, covariance = p.moments
    assert abs(w.sum() - 1.0) < 1e-12 and w.min() >= p.lower and w.max() <= p.upper
    assert mean == pytest.approx(float(w @ (excess + p.rate)) * periods, rel=1e-9, abs=1e-15)
    if risk > 0.0:
        assert risk == pytest.approx(math.sqrt(float(w @ covariance @ w) * periods), rel=1e-6)
        assert sharpe == pytest.approx((mean - rate) / risk, rel=1e-12)


@pytest.mark.parametrize("bounds", [(0.0, 1.0), (-0.05, 0.1), (0.01, 0.03), (-1000.0, 1000.0)])
def test_fifty_assets_are_optimal(bounds: tuple[float, float]) -> None:
    p = fifty()
    p.lower, p.upper = bounds
    excess, covariance = p.moments
    scale, unit = covariance.diagonal().max(), np.abs(excess).max()
    h, a = covariance / scale, excess / unit

    out = allocate_min_vol(p.prices, bounds=bounds)
    w = out[0]
    assert isinstance(w, np.ndarray)
    check_figures(p, out, 252.0, 0.0)
    assert residual(p, h, np.zeros(50), w) < 1e-9
    assert float(w @ covariance @ w) / scale == pytest.approx(least_variance(p, covariance) / scale, abs=1e-8)

    out = allocate_max_sharpe(p.prices, bounds=bounds)
    w = out[0]
    assert isinstance(w, np.ndarray)
    check_figures(p, out, 252.0, 0.0)
    assert residual(p, h, a * float(w @ h @ w / (a @ w)), w) < 1e-9
    assert out[3] / math.sqrt(252.0) == pytest.approx(best_sharpe(p, excess, covariance), rel=1e-8)

    out = allocate_inverse_variance(p.prices, bounds=bounds)
    assert isinstance(out[0], np.ndarray)
    check_figures(p, out, 252.0, 0.0)
    assert residual(p, np.diag(h.diagonal()), np.zeros(50), out[0]) < 1e-9
    if bounds == (0.0, 1.0):
        inverse = 1.0 / covariance.diagonal()
        assert out[0] == pytest.approx(inverse / inverse.sum(), rel=1e-9)


ONE_OUTLIER = np.array([[1, 1, 1], [1.1, 1e6, 1.05], [1, 1.2, 1.1], [1.2, 1.4, 1], [1.1, 1.3, 1.2]])


def walk(factor: float) -> Array:
    """A day's one per cent for each asset, and one tick that is off by a factor."""
    rng = np.random.default_rng(0)
    prices: Array = 100.0 * np.cumprod(1.0 + rng.normal(0.0, 0.01, (250, 4)), axis=0)
    prices[100, 0] *= factor
    return prices


def exact_moments(prices: Array) -> tuple[Any, Any, Any]:
    """Mean, centred returns and covariance in long double."""
    returns = (prices[1:] / prices[:-1] - 1.0).astype(np.longdouble)
    centred = returns - returns.mean(axis=0)
    return returns.mean(axis=0), centred, centred.T @ centred / (len(returns) - 1)


def own_residual(hessian: Any, linear: Any, w: Any, own: Any, lower: float = 0.0, upper: float = 1.0) -> float:
    """By how much the gradient favours an exchange, as a share of each asset's deviation and of the largest of w own."""
    gradient, w = hessian @ w - linear, np.asarray(w)
    gains = (gradient[w > lower][:, None] - gradient[w < upper][None, :]) / (
        own[w > lower][:, None] + own[w < upper][None, :]
    )
    return float(max(gains.max(initial=0.0), 0.0) / (own * np.abs(w)).max())


@pytest.mark.parametrize("prices", [ONE_OUTLIER, walk(1e-6), walk(1e6), walk(1e7), walk(1e10)])
def test_one_tick_that_is_off_leaves_the_others_exact(prices: Array) -> None:
    mean, centred, covariance = exact_moments(prices)
    own = np.sqrt(covariance.diagonal())

    def true_risk(w: Any) -> float:
        return float(np.sqrt(((centred @ w) ** 2).sum() / (len(centred) - 1) * 252))

    w, risk, _, sharpe = allocate_inverse_variance(prices)
    assert np.asarray(w) == pytest.approx((1 / own**2 / (1 / own**2).sum()).astype(float), rel=1e-13, abs=0.0)
    assert risk == pytest.approx(true_risk(w), rel=1e-12) and risk > 0.0 and math.isfinite(sharpe)

    w, risk, _, sharpe = allocate_min_vol(prices)
    assert own_residual(covariance, 0.0, w, own) < 1e-13
    assert risk == pytest.approx(true_risk(w), rel=1e-12) and risk > 0.0 and math.isfinite(sharpe)
    n, quiet = len(own), float(own.min())
    correlation, unit = (covariance / np.outer(own, own)).astype(float), (quiet / own).astype(float)
    x = minimum(correlation, [(unit, 1.0)], np.hstack([np.eye(n), np.zeros((n, 1))]))  # Clarabel, own units
    assert risk == pytest.approx(quiet * math.sqrt(252 * float(x @ correlation @ x)), rel=1e-8)

    w, risk, annual, sharpe = allocate_max_sharpe(prices)
    if risk > 0.0:
        assert risk == pytest.approx(true_risk(w), rel=1e-12)
        assert own_residual(covariance, (w @ covariance @ w) / (mean @ w) * mean, w, own) < 1e-11
    else:
        assert sharpe == math.inf and true_risk(w) ** 2 <= 1e-14 * 252 * float(own.max()) ** 2
        assert annual == pytest.approx(most_return(mean, covariance, own) * 252, rel=1e-6)


def most_return(mean: Any, covariance: Any, own: Any) -> float:
    """The largest return with 1e-14 of the largest variance, long-only: a second-order cone program in own units."""
    n, limit = len(own), 1e-7 * own.max()
    root = np.linalg.cholesky((covariance / np.outer(own, own)).astype(float)).T
    unit = (limit / own).astype(float)
    target = (mean * limit / own).astype(float)
    size = np.abs(target).max()
    rows = np.vstack([unit, -np.eye(n), np.zeros(n), -root])
    limits = np.concatenate([[1.0], np.zeros(n), [1.0], np.zeros(n)])
    cones = [clarabel.ZeroConeT(1), clarabel.NonnegativeConeT(n), clarabel.SecondOrderConeT(n + 1)]
    options = clarabel.DefaultSettings()
    options.verbose = False
    options.tol_gap_abs = options.tol_gap_rel = options.tol_feas = 1e-12
    found = clarabel.DefaultSolver(
        sparse.csc_matrix((n, n)), -target / size, sparse.csc_matrix(rows), limits, cones, options
    ).solve()
    return float(-found.obj_val * size)


def test_figures_of_one_outlier() -> None:
    w, risk = allocate_inverse_variance(ONE_OUTLIER)[:2]
    assert np.round(w, 5).tolist() == [0.40876, 0.0, 0.59124] and risk > 0.1
    assert allocate_min_vol(ONE_OUTLIER)[1] > 0.1
    assert allocate_max_sharpe(ONE_OUTLIER)[2] > 10.98  # that of [0.4, 0, 0.6]


def test_steady_growth_has_no_risk() -> None:
    steady = [[2 ** (i / 8), 2.0] for i in range(64)]
    assert allocate_max_sharpe(steady) == ([1.0, 0.0], 0.0, pytest.approx(252 * (2**0.125 - 1)), math.inf)
    assert allocate_min_vol(steady)[1] == 0.0
    with pytest.raises(ValueError, match="without variance"):
        allocate_inverse_variance(steady)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_random_problems(seed: int) -> None:
    p = problem(seed)
    excess, covariance = p.moments
    scale = covariance.diagonal().max()
    if not p.feasible or covariance.diagonal().min() <= 1e-14 * scale or most_excess(p, excess) <= 1e-9:
        return  # what is refused or warned of has its own tests
    keywords: dict[str, Any] = {"periods_per_year": 252.0, "bounds": (p.lower, p.upper)}
    out = allocate_min_vol(p.prices, **keywords)
    check_figures(p, out, 252.0, 0.0)
    variance = float(out[0] @ covariance @ out[0])
    assert variance / scale == pytest.approx(least_variance(p, covariance) / scale, abs=1e-8)
    out = allocate_max_sharpe(p.prices, p.rate * 252.0, **keywords)
    check_figures(p, out, 252.0, p.rate * 252.0)
    if out[1] > 0.0:
        assert out[3] / math.sqrt(252.0) >= best_sharpe(p, excess, covariance) * (1.0 - 1e-8)


@pytest.mark.parametrize("method", METHODS)
def test_speed_of_fifty_assets(method: Any) -> None:
    prices = fifty().prices
    times = []
    for _ in range(15):
        start = time.perf_counter()
        method(prices)
        times.append(time.perf_counter() - start)
    print(f"{method.__name__}, 50 assets by 1,000 rows: {min(times) * 1e3:.2f} ms")
    assert min(times) < 2e-3


def test_the_same_as_the_graph() -> None:
    p = fifty()
    rows, n = p.prices.shape
    ts, index = np.repeat(np.arange(rows), n), np.tile(np.arange(n), rows)
    columns = {"ts": ts, "symbol": [f"A{i}" for i in range(n)] * rows, "price": p.prices.ravel(), "index": index}
    graph = openquant.Graph()
    node = graph.add(openquant.RollingAllocator(window=rows), graph.source("aligned", openquant.AlignedPrice))
    table = graph.collect(node)
    graph.replay({"aligned": pl.DataFrame(columns).with_columns(of=pl.lit(n))})
    weights, risk, mean, sharpe = allocate_max_sharpe(p.prices)
    assert table.frame()["weight"].to_list() == list(weights)
    assert table.frame().select("portfolio_risk", "portfolio_return", "portfolio_sharpe").row(0) == (risk, mean, sharpe)


@pytest.mark.parametrize("method", METHODS)
def test_answers_in_kind(method: Any) -> None:
    weights, *figures = method(SMALL)
    assert type(weights) is list and all(type(x) is float for x in [*weights, *figures])
    array = np.array(SMALL)
    wide = np.zeros((4, 4))
    wide[:, ::2] = array
    frame = pl.DataFrame(SMALL, schema=["a", "b"], orient="row")
    for prices in (
        array,
        np.asfortranarray(array),
        wide[:, ::2],
        array.astype(np.int64),
        array.astype(np.float32),
        frame,
    ):
        out = method(prices)
        assert isinstance(out[0], np.ndarray) and out[0].tolist() == weights and list(out[1:]) == figures
    assert method([np.array(row) for row in SMALL])[0] == weights
    assert method(tuple(tuple(row) for row in SMALL))[0] == weights


def test_options() -> None:
    risk, mean, sharpe = allocate_min_vol(SMALL)[1:]
    yearly = allocate_min_vol(SMALL, periods_per_year=1)
    assert (risk, mean, sharpe) == pytest.approx((yearly[1] * 252**0.5, yearly[2] * 252, yearly[3] * 252**0.5))
    returns = np.diff(np.log(np.array(SMALL)), axis=0)
    inverse = 1.0 / returns.var(axis=0, ddof=1)
    out = allocate_inverse_variance(SMALL, returns="log", periods_per_year=12)
    assert out[0] == pytest.approx(inverse / inverse.sum(), rel=1e-9)
    assert out[2] == pytest.approx(12 * float(returns.mean(axis=0) @ out[0]))
    assert allocate_max_sharpe(SMALL, 0.5)[3] == pytest.approx(
        (allocate_max_sharpe(SMALL, 0.5)[2] - 0.5) / allocate_max_sharpe(SMALL, 0.5)[1]
    )
    for bounds in ([(0.3, 0.3), (0.0, 1.0)], np.array([[0.3, 0.3], [0.0, 1.0]])):
        assert allocate_min_vol(SMALL, bounds=bounds)[0] == pytest.approx([0.3, 0.7])
    for one in ((0.2, 0.8), [0.2, 0.8], np.array([0.2, 0.8]), [(0.2, 0.8)]):
        assert allocate_min_vol(SMALL, bounds=one)[0] == pytest.approx([0.2, 0.8])  # type: ignore[arg-type]
    assert allocate_min_vol([[1.0], [2.0], [3.0]])[0] == [1.0]


def test_three_rows_of_two_assets_without_risk() -> None:
    weights, risk, mean, sharpe = allocate_max_sharpe([[100.0, 100.0], [110.0, 100.0], [110.0, 120.0]])
    assert weights == pytest.approx([2 / 3, 1 / 3]) and risk == 0.0 and sharpe == math.inf
    assert mean == pytest.approx(252 * (0.1 / 3 + 0.1 / 3))
    assert allocate_max_sharpe([[1.0], [1.5], [2.25]])[1:] == (0.0, 126.0, math.inf)


def test_no_excess_return_is_warned_of() -> None:
    falling = np.array(SMALL)[::-1]
    for prices, rate in ((falling, 0.0), (SMALL, 1000.0)):
        with pytest.warns(UserWarning, match="no portfolio within bounds earns more than risk_free_rate") as warned:
            out = allocate_max_sharpe(prices, rate)
        assert warned[0].filename == __file__
        least = allocate_min_vol(prices)
        assert list(out[0]) == list(least[0]) and out[1:3] == least[1:3] and out[3] == (out[2] - rate) / out[1]


def test_five_hundred_assets() -> None:
    rng = np.random.default_rng(2)
    prices = 100.0 * np.cumprod(1.0 + rng.normal(0.0005, 0.01, (250, 512)), axis=0)
    p = Problem(prices, 0.0, 1.0, 0.0)
    for method in METHODS:
        out = method(prices)
        check_figures(p, out, 252.0, 0.0)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("prices", "keywords", "error", "message"),
    [
        (SMALL[:2], {}, ValueError, "prices has 2 rows and 2 columns; at least 3 rows"),
        ([], {}, ValueError, "prices has 0 rows"),
        ([[], [], []], {}, ValueError, "0 columns"),
        (np.zeros((0, 3)), {}, ValueError, "prices has 0 rows"),
        (np.ones((3, 5000)), {}, ValueError, "at most 512 assets"),
        ([[1.0, 2.0], [1.0]], {}, ValueError, "prices matrix must be rectangular"),
        (np.ones(4), {}, ValueError, "prices matrix must be rectangular"),
        ([[1.0, 2.0], [1.0, NAN], [1.0, 2.0]], {}, ValueError, "prices at row 1, column 1 is nan; a price must be"),
        ([[1.0, 2.0], [1.0, 0.0], [1.0, 2.0]], {}, ValueError, "prices at row 1, column 1 is 0.0"),
        ([[1.0, 2.0], [1.0, -3.0], [1.0, 2.0]], {}, ValueError, "is -3.0"),
        ([[1.0, 2.0], [1.0, math.inf], [1.0, 2.0]], {}, ValueError, "is inf"),
        (pl.DataFrame({"a": ["x"]}), {}, TypeError, "prices: column 'a' must hold numbers"),
        ("prices", {}, TypeError, "prices must be rows of numbers"),
        (None, {}, TypeError, "prices must be rows of numbers"),
        ([["a"], ["b"], ["c"]], {}, TypeError, "must hold numbers"),
        (
            [[5.0, 5.0]] * 4,
            {},
            ValueError,
            "prices ha(ve neither risk nor excess|old an asset without variance)|hold an asset",
        ),
        (SMALL, {"periods_per_year": 0}, ValueError, "periods_per_year = 0 is out of range; it must be > 0"),
        (SMALL, {"periods_per_year": NAN}, ValueError, "periods_per_year = nan"),
        (SMALL, {"periods_per_year": "252"}, TypeError, "periods_per_year must be a number"),
        (SMALL, {"returns": "arithmetic"}, ValueError, "returns = 'arithmetic' must be one of"),
        (SMALL, {"returns": 1}, TypeError, "returns must be one of"),
        (SMALL, {"bounds": (0.6, 1.0)}, ValueError, "no weights within bounds sum to 1"),
        (SMALL, {"bounds": (0.0, 0.4)}, ValueError, "no weights within bounds sum to 1"),
        (SMALL, {"bounds": (1.0, 0.0)}, ValueError, "bounds at row 0: the lower one, 1.0, must not exceed"),
        (SMALL, {"bounds": [(0.0, 1.0), (0.5, 0.4)]}, ValueError, "bounds at row 1: the lower one"),
        (SMALL, {"bounds": (0.0, NAN)}, ValueError, "bounds at row 0, column 1 is nan"),
        (SMALL, {"bounds": (0.0, 2000.0)}, ValueError, "column 1 is 2000.0; a bound must be finite and in"),
        (SMALL, {"bounds": (-math.inf, 1.0)}, ValueError, "bounds at row 0, column 0 is -inf"),
        (SMALL, {"bounds": (0.0, 1.0, 2.0)}, TypeError, "bounds row 0"),
        (SMALL, {"bounds": np.zeros(3)}, ValueError, "bounds must be one pair"),
        (SMALL, {"bounds": [(0.0, 1.0)] * 3}, ValueError, "bounds must be one pair .* or one for each of 2 assets"),
        (SMALL, {"bounds": None}, TypeError, "bounds must be rows"),
        (SMALL, {"bounds": ("a", "b")}, TypeError, "bounds must hold numbers"),
        (SMALL, {"bounds": 1.0}, TypeError, "bounds must be"),
    ],
)
def test_refusals(method: Any, prices: Any, keywords: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        method(prices, **keywords)


def test_refusals_of_one_method() -> None:
    with pytest.raises(ValueError, match="hold an asset without variance, which inverse variance cannot weigh"):
        allocate_inverse_variance([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0], [3.5, 5.0]])
    for rate, error in ((NAN, ValueError), (math.inf, ValueError), ("0", TypeError), (None, TypeError)):
        with pytest.raises(error, match="risk_free_rate"):
            allocate_max_sharpe(SMALL, rate)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="beyond float64"):
        allocate_max_sharpe(SMALL, 1e50, periods_per_year=1e-300)
