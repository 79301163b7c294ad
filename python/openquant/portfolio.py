"""Portfolios from a history of prices: inverse variance, least variance, greatest Sharpe ratio; exact within bounds."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from openquant import _arguments as A
from openquant import _core
from openquant._lazy import np, pl

if TYPE_CHECKING:
    from typing import TypeAlias

    import numpy.typing as npt

    Prices: TypeAlias = Sequence[Sequence[float]] | npt.NDArray[Any] | pl.DataFrame
    Bounds: TypeAlias = tuple[float, float] | Sequence[tuple[float, float]] | npt.NDArray[Any]
    Portfolio: TypeAlias = tuple[list[float] | A.Floats, float, float, float]

__all__ = ["allocate_inverse_variance", "allocate_max_sharpe", "allocate_min_vol"]

MOST_ASSETS = 512  # of one cross-section, as in a stream; such a portfolio takes seconds
_WIDEST = 1000.0  # of bounds: weights beyond it no longer sum to 1 to the last digits

# How an allocation ended that has no portfolio: what is wrong, and what to do.
_REFUSALS = {
    "infeasible": "no weights within bounds sum to 1: lower ones must sum to at most 1, upper ones to at least 1",
    "constant_asset": "prices hold an asset without variance, which inverse variance cannot weigh: leave it out",
    "constant": "prices have neither risk nor excess return, nothing to choose by: give prices that move",
}
_NO_EXCESS_RETURN = (
    "no portfolio within bounds earns more than risk_free_rate: the minimum-variance portfolio is given; "
    "lower risk_free_rate or widen bounds for one of greatest Sharpe ratio"
)


def allocate_inverse_variance(
    prices: Prices,
    *,
    periods_per_year: float = 252,
    bounds: Bounds = (0, 1),
    returns: Literal["simple", "log"] = "simple",
) -> Portfolio:
    """Weights in inverse proportion to each asset's variance; within bounds, the least variance of uncorrelated assets.

    Args:
        prices: Rows of time, columns of assets, at least 3 rows: a list of rows, a 2-d array or a frame; positive.
        periods_per_year: Rows in a year, by which risk and return are annualised.
        bounds: Least and largest weight, one pair for all assets or one pair for each, in [-1000, 1000].
        returns: "simple" or "log".

    Returns:
        (weights, risk, return, Sharpe ratio), annualised: the weights of each column, a list for a list, else an array;
        the volatility of their return, its mean, and their ratio.

    Raises:
        ValueError: prices that are not finite and positive, fewer than 3 rows, an asset without variance, bounds that
            no weights meet.
        TypeError: what is no number.

    Source:
        AFML 16.5; the sample covariance with ddof 1.

    >>> weights, risk, mean, sharpe = allocate_inverse_variance([[100, 50], [110, 51], [99, 50], [104, 52]])
    >>> [round(w, 4) for w in weights]
    [0.0782, 0.9218]
    """
    return _allocate("inverse_variance", prices, 0.0, periods_per_year, bounds, returns)


def allocate_min_vol(
    prices: Prices,
    *,
    periods_per_year: float = 252,
    bounds: Bounds = (0, 1),
    returns: Literal["simple", "log"] = "simple",
) -> Portfolio:
    """The portfolio of least variance within bounds: the exact optimum, of several the one of smallest norm.

    Args:
        prices: Rows of time, columns of assets, at least 3 rows: a list of rows, a 2-d array or a frame; positive.
        periods_per_year: Rows in a year, by which risk and return are annualised.
        bounds: Least and largest weight, one pair for all assets or one pair for each, in [-1000, 1000].
        returns: "simple" or "log".

    Returns:
        (weights, risk, return, Sharpe ratio), annualised: the weights of each column, a list for a list, else an array;
        the volatility of their return, its mean, and their ratio.

    Raises:
        ValueError: prices that are not finite and positive, fewer than 3 rows, prices that never move, bounds that no
            weights meet.
        TypeError: what is no number.

    Source:
        Markowitz (1952); the sample covariance with ddof 1.

    >>> weights, risk, mean, sharpe = allocate_min_vol([[100, 50], [110, 51], [99, 50], [104, 52]])
    >>> weights
    [0.0, 1.0]
    """
    return _allocate("min_vol", prices, 0.0, periods_per_year, bounds, returns)


def allocate_max_sharpe(
    prices: Prices,
    risk_free_rate: float = 0.0,
    *,
    periods_per_year: float = 252,
    bounds: Bounds = (0, 1),
    returns: Literal["simple", "log"] = "simple",
) -> Portfolio:
    """The portfolio of greatest Sharpe ratio within bounds: the exact optimum, of several the one of smallest norm.

    A portfolio without risk, of at most 1e-14 of the largest asset's variance, that earns more than the risk-free rate
    has risk 0 and the Sharpe ratio infinity; of several, the one of largest return is given. Where no portfolio earns more, a UserWarning says so and the one of
    least variance is given.

    Args:
        prices: Rows of time, columns of assets, at least 3 rows: a list of rows, a 2-d array or a frame; positive.
        risk_free_rate: Per year.
        periods_per_year: Rows in a year, by which risk and return are annualised.
        bounds: Least and largest weight, one pair for all assets or one pair for each, in [-1000, 1000].
        returns: "simple" or "log".

    Returns:
        (weights, risk, return, Sharpe ratio), annualised: the weights of each column, a list for a list, else an array;
        the volatility of their return, its mean, and (return - risk_free_rate) / risk.

    Raises:
        ValueError: prices that are not finite and positive, fewer than 3 rows, prices that never move, bounds that no
            weights meet.
        TypeError: what is no number.

    Source:
        Sharpe (1966), Markowitz (1952); the sample covariance with ddof 1.

    >>> weights, risk, mean, sharpe = allocate_max_sharpe([[100, 50], [110, 51], [99, 50], [104, 52]])
    >>> [round(w, 4) for w in weights], round(sharpe, 2)
    ([0.0, 1.0], 7.05)
    """
    return _allocate("max_sharpe", prices, risk_free_rate, periods_per_year, bounds, returns)


def judge(status: str) -> None:
    """Raises if an allocation ended without a portfolio, warns if it is not the one that was asked for.

    `status` is that of `_core.kernels.allocate`; the warning names the user's own line.
    """
    if status in _REFUSALS:
        raise ValueError(_REFUSALS[status])
    if status == "no_excess_return":
        level, frame = 1, sys._getframe()
        while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "openquant":
            level, frame = level + 1, frame.f_back
        warnings.warn(_NO_EXCESS_RETURN, UserWarning, stacklevel=level)


def price_matrix(given: Any, name: str, most_assets: int) -> A.Floats:
    """Prices that a portfolio can be made of: rows of time by assets."""
    prices = A.matrix(given, name)
    rows, assets = prices.shape
    if rows < 3 or assets < 1:
        raise ValueError(f"{name} has {rows} rows and {assets} columns; at least 3 rows of time and 1 asset are wanted")
    if assets > most_assets:
        raise ValueError(f"{name} has {assets} columns; at most {most_assets} assets are weighed: rows are time")
    return A.positive(prices, name, "a price")


def _allocate(method: str, given: Any, rate: Any, periods_per_year: Any, bounds: Any, returns: Any) -> Portfolio:
    prices = price_matrix(given, "prices", MOST_ASSETS)
    assets = prices.shape[1]
    risk_free = A.number(rate, "risk_free_rate")
    periods = A.number(periods_per_year, "periods_per_year", 0.0, above=True)
    if not math.isfinite(risk_free / periods):
        raise ValueError(f"risk_free_rate = {rate!r} over periods_per_year = {periods_per_year!r} is beyond float64")
    lower, upper = _bounds(bounds, assets)
    kind = A.choice(returns, "returns", ("simple", "log"))
    status, weights, *figures = _core.kernels.allocate(prices, lower, upper, method, kind, risk_free, periods)
    judge(status)
    return (A.like(given, weights), *figures)


def _bounds(bounds: Any, assets: int) -> tuple[A.Floats, A.Floats]:
    """Each asset's least and largest weight."""
    one = A.is_list(bounds) and len(bounds) == 2 and all(np.ndim(side) == 0 for side in bounds)
    if one or getattr(bounds, "ndim", None) == 1:
        pairs = A.floats(bounds, "bounds").reshape(1, -1)
    else:
        pairs = A.matrix(bounds, "bounds")
    if pairs.shape[1] != 2 or (not one and pairs.shape[0] not in (1, assets)):
        raise ValueError(
            f"bounds must be one pair (lower, upper) or one for each of {assets} assets, not {pairs.shape}"
        )
    pairs = A.within(pairs, "bounds", -_WIDEST, _WIDEST, "a bound must be finite and in [-1000, 1000]")
    crossed = np.flatnonzero(pairs[:, 0] > pairs[:, 1])
    if len(crossed):
        low, high = pairs[crossed[0]].tolist()
        raise ValueError(f"bounds at row {crossed[0]}: the lower one, {low!r}, must not exceed the upper one, {high!r}")
    lower, upper = np.broadcast_to(pairs, (assets, 2)).T
    return np.ascontiguousarray(lower), np.ascontiguousarray(upper)
