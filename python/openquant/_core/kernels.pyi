"""
What is no function of a stream: bet sizes, one allocation, drawdowns of a curve.
"""

from __future__ import annotations
import numpy
import numpy.typing
import typing

__all__: list[str] = ["allocate", "bet_size", "discrete_signal", "drawdowns", "get_signal", "synthetic_market"]

def allocate(
    prices: numpy.typing.NDArray[numpy.float64],
    lower: numpy.typing.NDArray[numpy.float64],
    upper: numpy.typing.NDArray[numpy.float64],
    method: str,
    returns: str,
    risk_free_rate: typing.SupportsFloat | typing.SupportsIndex,
    periods_per_year: typing.SupportsFloat | typing.SupportsIndex,
) -> tuple[typing.Any, ...]:
    """
    Status, weights, annual risk, return and Sharpe ratio of prices by rows of assets.
    """

def bet_size(
    w: typing.SupportsFloat | typing.SupportsIndex, divergence: numpy.typing.NDArray[numpy.float64], func: str
) -> numpy.typing.NDArray[numpy.float64]:
    """
    Bet sizes of divergences, by 'sigmoid' or 'power'.
    """

def discrete_signal(
    signal: numpy.typing.NDArray[numpy.float64], step: typing.SupportsFloat | typing.SupportsIndex
) -> numpy.typing.NDArray[numpy.float64]:
    """
    Nearest multiples of `step` within [-1, 1].
    """

def drawdowns(equity: numpy.typing.NDArray[numpy.float64]) -> numpy.typing.NDArray[numpy.float64]:
    """
    Equity over its high so far, less 1.
    """

def get_signal(
    prob: numpy.typing.NDArray[numpy.float64],
    num_classes: typing.SupportsFloat | typing.SupportsIndex,
    pred: numpy.typing.NDArray[numpy.float64] | None,
) -> numpy.typing.NDArray[numpy.float64]:
    """
    Bet sizes of probabilities, times `pred` where that is given.
    """

def synthetic_market(
    bars: typing.SupportsInt | typing.SupportsIndex,
    assets: typing.SupportsInt | typing.SupportsIndex,
    seed: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[typing.Any, ...]:
    """
    Close, probabilities, sides, and prices of assets of a seeded market.
    """
