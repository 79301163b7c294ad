"""The rolling allocator against independent solvers: an interior-point method (Clarabel) and a linear program (HiGHS)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import clarabel
import numpy as np
import polars as pl
import pytest
from conftest import SAMPLE, trades_of
from numpy.typing import NDArray
from scipy import optimize, sparse

import openquant

Array = NDArray[np.float64]


@dataclass
class Problem:
    prices: Array
    lower: float
    upper: float
    rate: float

    @property
    def moments(self) -> tuple[Array, Array]:
        """Excess returns and covariance."""
        returns = self.prices[1:] / self.prices[:-1] - 1.0
        return returns.mean(axis=0) - self.rate, np.atleast_2d(np.cov(returns, rowvar=False, ddof=1))

    @property
    def feasible(self) -> bool:
        n = self.prices.shape[1]
        return n * self.lower <= 1.0 <= n * self.upper


def problem(seed: int) -> Problem:
    """Factor and noise; every few seeds fewer rows than assets, doubled assets, a constant one, or bounds that do not meet."""
    rng = np.random.default_rng(seed)
    n, rows = int(rng.integers(1, 13)), int(rng.integers(3, 60))
    if seed % 50 == 0:
        n, rows = 50, 200
    if seed % 5 == 1:
        rows = int(rng.integers(3, max(4, n)))
    factor = rng.normal(0.0, 0.01, (rows, 1))
    returns = rng.normal(0.0005, 0.001) + factor * rng.normal(1.0, 0.5, n) + rng.normal(0.0, 0.01, (rows, n))
    if seed % 7 == 2:
        returns[:, n // 2 :] = returns[:, : n - n // 2]
    if seed % 11 == 3:
        returns[:, 0] = 0.0
    prices = 100.0 * np.cumprod(1.0 + returns, axis=0)
    if seed % 13 == 4:
        return Problem(prices, 1.5 / n, 3.0 / n, 0.0) if seed % 2 and n > 1 else Problem(prices, 0.0, 0.5 / n, 0.0)
    lower, upper = [(0.0, 1.0), (0.0, 1.0), (-1.0, 1.0), (0.5 / n, 2.0 / n), (-0.2, 0.6)][seed % 5]
    return Problem(prices, lower, upper, float(rng.choice([0.0, 0.0002])))


def allocated(p: Problem, method: Any) -> tuple[pl.DataFrame, int]:
    """The weights after the last row, and how many windows were refused."""
    rows, n = p.prices.shape
    frame = pl.DataFrame(
        {
            "ts": np.repeat(np.arange(rows), n),
            "symbol": [f"A{i}" for i in range(n)] * rows,
            "price": p.prices.ravel(),
            "index": np.tile(np.arange(n), rows),
            "of": np.full(rows * n, n),
        }
    )
    graph = openquant.Graph()
    allocator = openquant.RollingAllocator(
        method=method, window=rows, lower=p.lower, upper=p.upper, risk_free_rate=p.rate, periods_per_year=1.0
    )
    table = graph.collect(graph.add(allocator, graph.source("aligned", openquant.AlignedPrice), name="weights"))
    graph.replay({"aligned": frame})
    node = next(node for node in graph.stats()["nodes"] if node["name"] == "weights")
    return table.frame(), node["refused"]


def minimum(h: Array, equal: list[tuple[Array, float]], at_least_zero: Array) -> Array:
    """argmin x'Hx / 2 over equalities and rows of `at_least_zero` x >= b, by Clarabel."""
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-13
    rows = np.vstack([row for row, _ in equal] + [-at_least_zero[:, :-1]])
    limits = np.concatenate([[value for _, value in equal], -at_least_zero[:, -1]])
    cones = [clarabel.ZeroConeT(len(equal)), clarabel.NonnegativeConeT(len(at_least_zero))]
    solver = clarabel.DefaultSolver(
        sparse.triu(h, format="csc"), np.zeros(len(h)), sparse.csc_matrix(rows), limits, cones, settings
    )
    return np.array(solver.solve().x)


def least_variance(p: Problem, covariance: Array) -> float:
    n = len(covariance)
    scale = covariance.diagonal().max()
    bounds = np.vstack(
        [np.hstack([np.eye(n), np.full((n, 1), p.lower)]), np.hstack([-np.eye(n), np.full((n, 1), -p.upper)])]
    )
    w = minimum(covariance / scale, [(np.ones(n), 1.0)], bounds)
    return float(w @ covariance @ w)


def best_sharpe(p: Problem, excess: Array, covariance: Array) -> float:
    """By y = w / a'w: the least y'Cy with a'y = 1 and lower sum(y) <= y <= upper sum(y)."""
    n = len(covariance)
    scale, unit = covariance.diagonal().max(), np.abs(excess).max()
    zero = np.zeros((n, 1))
    bounds = np.vstack(
        [np.hstack([np.eye(n) - p.lower, zero]), np.hstack([p.upper - np.eye(n), zero]), np.r_[np.ones(n), 0.0]]
    )
    y = minimum(covariance / scale, [(excess / unit, 1.0)], bounds)
    return float(excess @ y / np.sqrt(y @ covariance @ y))


def most_excess(p: Problem, excess: Array, riskless: Array | None = None) -> float:
    """The largest excess return within the bounds; among portfolios w with `riskless` w = 0, where that is given."""
    n = len(excess)
    equal = np.ones((1, n)) if riskless is None else np.vstack([np.ones((1, n)), riskless])
    target = np.r_[1.0, np.zeros(len(equal) - 1)]
    unit = np.abs(excess).max()
    found = optimize.linprog(-excess / unit, A_eq=equal, b_eq=target, bounds=[(p.lower, p.upper)] * n)
    return float(-found.fun * unit) if found.status == 0 else float("-inf")


def check(p: Problem, method: str) -> str:
    """What kind of answer it was; fails where it is not the right one."""
    out, refused = allocated(p, method)
    excess, covariance = p.moments
    scale = covariance.diagonal().max()
    constant = covariance.diagonal().min() <= 1e-14 * scale
    nothing = scale == 0.0 and not excess.any()
    if not p.feasible or nothing or (method == "inverse_variance" and constant):
        assert (len(out), refused) == (0, 1)
        return "refused"
    assert (len(out), refused) == (p.prices.shape[1], 0)
    w = out["weight"].to_numpy()
    assert abs(w.sum() - 1.0) < 1e-12 and w.min() >= p.lower and w.max() <= p.upper
    variance, earned = float(w @ covariance @ w), float(w @ excess)
    risk, mean, ratio, riskless = out.select("portfolio_risk", "portfolio_return", "portfolio_sharpe", "riskless").row(
        0
    )
    assert mean == pytest.approx(earned + p.rate, abs=1e-15)
    if not riskless:
        assert (risk, ratio) == pytest.approx((np.sqrt(variance), earned / np.sqrt(variance)), rel=1e-6)
    if method != "max_sharpe":
        used = covariance if method == "min_vol" else np.diag(covariance.diagonal())
        assert float(w @ used @ w) / scale == pytest.approx(least_variance(p, used) / scale, abs=1e-8)
        return "least variance"
    least = least_variance(p, covariance)
    if most_excess(p, excess) <= 0.0:
        assert variance / scale == pytest.approx(least / scale, abs=1e-8)
        return "no excess return"
    if riskless:
        centred = p.prices[1:] / p.prices[:-1] - 1.0
        centred -= centred.mean(axis=0)
        assert variance <= 1e-14 * scale
        assert earned == pytest.approx(most_excess(p, excess, centred / np.abs(centred).max()), rel=1e-6)
        return "riskless"
    assert variance > 1e-14 * scale
    assert earned / np.sqrt(variance) >= best_sharpe(p, excess, covariance) * (1.0 - 1e-8)
    return "best Sharpe"


@pytest.mark.parametrize("method", ["inverse_variance", "min_vol", "max_sharpe"])
def test_a_thousand_problems(method: str) -> None:
    kinds = [check(problem(seed), method) for seed in range(1000)]
    counts = {kind: kinds.count(kind) for kind in set(kinds)}
    wanted = {"best Sharpe", "no excess return", "riskless"} if method == "max_sharpe" else {"least variance"}
    assert set(counts) == wanted | {"refused"}
    assert min(counts.values()) >= 20, counts


def test_weights_sum_to_one_at_every_rebalance_of_real_trades() -> None:
    graph = openquant.Graph()
    symbols = ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
    aligned = graph.add(openquant.Align(symbols=symbols, interval_ns=10**9), graph.source("trades", openquant.Trade))
    tables = [
        graph.collect(graph.add(openquant.RollingAllocator(method=method, window=30, every=5), aligned))
        for method in ("inverse_variance", "min_vol", "max_sharpe")
    ]
    graph.replay({"trades": trades_of(SAMPLE)})
    for table in tables:
        by_time = table.frame().group_by("ts").agg(pl.col("weight").sum(), pl.col("symbol"))
        assert len(by_time) > 25
        assert (by_time["weight"] - 1.0).abs().max() < 1e-12  # type: ignore[operator]
        assert by_time["symbol"].to_list() == [symbols] * len(by_time)
