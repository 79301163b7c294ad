"""The graph of the command line and the demo: bars, events, volatility, labels, bets, positions and returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from openquant import events, operators
from openquant.graph import Graph, Table

if TYPE_CHECKING:
    from openquant.operator import Operator


@dataclass(frozen=True)
class Strategy:
    """A graph with sources `trades` and, if a model is used, `model`; and the tables of its sinks by name."""

    graph: Graph
    tables: dict[str, Table]


def strategy(
    *,
    bars: Operator,
    threshold: float = 0.001,
    pt: float = 1.0,
    sl: float = 1.0,
    max_bars: int = 20,
    model: bool = False,
) -> Strategy:
    """Wires the strategy.

    The side of a bet is the sign of its CUSUM event. Its probability is (1 + wins) / (2 + closed) over the labels of that
    symbol and side which have closed by then; with `model`, probability and side are the last row of the source `model`.
    """
    graph = Graph()
    # Declared first: a prediction with a trade's own time is known to it.
    predictions = graph.source("model", events.Prediction) if model else None
    trades = graph.source("trades", events.Trade)
    bar = graph.add(bars, trades, name="bars")
    event = graph.add(operators.CusumFilter(threshold=threshold), bar, name="events")
    volatility = graph.add(operators.EwmaVolatility(), bar, name="volatility")
    barrier = operators.TripleBarrier(pt=pt, sl=sl, max_bars=max_bars, use_side=True)
    label = graph.add(barrier, bar, event, volatility=volatility, name="labels")
    if predictions is None:
        predictions = graph.add(operators.WinRate(), label, event, name="probabilities")
    signal = graph.add(operators.BetSizer(), predictions, event, name="signals")
    returned = graph.add(operators.StrategyReturns(), bar, signal, name="returns")
    ports = {"bars": bar, "events": event, "labels": label, "signals": signal, "returns": returned}
    return Strategy(graph, {name: graph.collect(port, name=f"{name} table") for name, port in ports.items()})
