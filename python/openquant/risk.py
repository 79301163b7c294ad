"""Tail risk of a series of returns.

>>> import openquant
>>> openquant.risk.calculate_value_at_risk([0.01, -0.02, 0.03, -0.05], 0.25)
-0.02
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openquant import events
from openquant._arguments import finite, flag, floats, number
from openquant._batch import Numbered, run, runs
from openquant.graph import Graph
from openquant.operators import RiskSummary

if TYPE_CHECKING:
    from collections.abc import Callable

    from openquant._arguments import Numbers

__all__ = ["calculate_conditional_drawdown_risk", "calculate_expected_shortfall", "calculate_value_at_risk"]


def _graph(confidence_level: float = 0.05, compounded: bool = True) -> Graph:
    """The graph of drawdown risk: source returns (Value), table risk, filled when the stream ends."""
    return _risk_graph(RiskSummary(confidence_level=confidence_level, compounded=compounded))


def _tail_graph(confidence_level: float = 0.05) -> Graph:
    """The graph of tail risk: as that of drawdown risk, whose other figures it leaves at 0."""
    return _risk_graph(RiskSummary(confidence_level=confidence_level, tail_only=True))


def _risk_graph(operator: RiskSummary) -> Graph:
    graph = Graph()
    graph.collect(graph.add(operator, graph.source("returns", events.Value)), name="risk")
    return graph


def _summary(returns: Numbers, confidence_level: float, graph: Callable[[float], Graph]) -> dict[str, Any]:
    values = floats(returns, "returns")
    q = number(confidence_level, "confidence_level", 0.0, 1.0)
    if not len(values):
        raise ValueError("returns are empty; at least one return is wanted")
    rows = Numbered(events.Value, values, "returns")
    return run(graph(q), {"returns": rows}, explain=lambda: finite(values, "returns")).tables["risk"].take()


@runs(_tail_graph)
def calculate_value_at_risk(returns: Numbers, confidence_level: float = 0.05) -> float:
    """The return at the edge of the lower tail, signed: a loss is negative.

    Args:
        returns: Finite returns, at least one.
        confidence_level: Probability q of the lower tail, 0 to 1: 0.05 is the worst 5 %.

    Returns:
        The sorted return at index ceil(q (n - 1) - 1e-9), counted from 0.

    Raises:
        ValueError: no returns, one that is not finite, or a level outside [0, 1].
        TypeError: an argument is of another kind.

    Source:
        Historical simulation; the higher of two neighbours (as numpy's quantile method "higher").

    >>> calculate_value_at_risk([0.01, -0.02, 0.03, -0.05], 0.25)
    -0.02
    """
    return float(_summary(returns, confidence_level, _tail_graph)["value_at_risk"][0])


@runs(_tail_graph)
def calculate_expected_shortfall(returns: Numbers, confidence_level: float = 0.05) -> float:
    """The mean of the worst share q of the returns, the one at the edge by its fraction.

    Args:
        returns: Finite returns, at least one.
        confidence_level: Probability q of the lower tail, 0 to 1; 0 gives the worst return.

    Returns:
        The mean, signed: a loss is negative.

    Raises:
        ValueError: no returns, one that is not finite, or a level outside [0, 1].
        TypeError: an argument is of another kind.

    Source:
        Rockafellar and Uryasev (2002), Conditional value-at-risk for general loss distributions.

    >>> calculate_expected_shortfall([0.01, -0.02, 0.03, -0.05], 0.5)
    -0.035
    """
    return float(_summary(returns, confidence_level, _tail_graph)["expected_shortfall"][0])


@runs(_graph)
def calculate_conditional_drawdown_risk(
    returns: Numbers, confidence_level: float = 0.05, compounded: bool = True
) -> float:
    """The mean of the deepest share q of the drawdowns, one after each return; the start counts as a high.

    Args:
        returns: Finite returns in their order, at least one.
        confidence_level: Share q of the drawdowns, 0 to 1; 0 gives the maximum drawdown.
        compounded: Drawdowns 1 - E / max E of the compounded equity E; otherwise max C - C of the cumulative sum C.

    Returns:
        The mean, >= 0.

    Raises:
        ValueError: no returns, one that is not finite, or a level outside [0, 1].
        TypeError: an argument is of another kind.

    Source:
        Chekhlov, Uryasev and Zabarankin (2005), Drawdown measure in portfolio optimization.

    >>> calculate_conditional_drawdown_risk([0.5, -0.5, 0.5], 0.5)
    0.4166666666666667
    """
    flag(compounded, "compounded")
    return float(_summary(returns, confidence_level, lambda q: _graph(q, compounded))["conditional_drawdown"][0])
