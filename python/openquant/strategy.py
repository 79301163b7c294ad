"""The graph of the command line and the demo: bars, events, volatility, labels, bets, returns, portfolios and risk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from openquant import events, operators
from openquant.graph import Graph, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openquant.operator import Operator

_YEAR_NS = 365.25 * 86_400e9  # these markets never close


@dataclass(frozen=True)
class Allocation:
    """A portfolio by `method` from the last `window` prices of every `interval_ns`, anew after each `every` of them."""

    method: Literal["inverse_variance", "min_vol", "max_sharpe"]
    window: int
    every: int
    interval_ns: int

    def __post_init__(self) -> None:
        self.allocator()
        operators.Align(symbols=["A"], interval_ns=self.interval_ns)

    def allocator(self) -> operators.RollingAllocator:
        return operators.RollingAllocator(
            method=self.method,
            window=self.window,
            every=self.every,
            periods_per_year=_YEAR_NS / max(1, self.interval_ns),
        )


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
    clock: bool = False,
    allocation: Allocation | None = None,
    symbols: Sequence[str] = (),
    risk_window: int | None = None,
) -> Strategy:
    """Wires the strategy.

    The side of a bet is the sign of its CUSUM event. Its probability is (1 + wins) / (2 + closed) over the labels of that
    symbol and side which have closed by then; with `model`, probability and side are the last row of the source `model`.
    With `clock`, bars of time end on a silent market too, by the source `clock`. With `allocation`, portfolios of `symbols`; with `risk_window`, the risk of each symbol's last so many returns, and of all
    of them at the end, not annualised: bars have no calendar.
    """
    graph = Graph()
    # Declared first: a prediction with a trade's own time is known to it.
    predictions = graph.source("model", events.Prediction) if model else None
    trades = graph.source("trades", events.Trade)
    # Without it a bar of time ends with the first trade after it.
    ticks: dict[str, Any] = {"clock": graph.source("clock", events.Clock)} if clock else {}
    bar = graph.add(bars, trades, name="bars", **(ticks if isinstance(bars, operators.TimeBars) else {}))
    event = graph.add(operators.CusumFilter(threshold=threshold), bar, name="events")
    volatility = graph.add(operators.EwmaVolatility(), bar, name="volatility")
    barrier = operators.TripleBarrier(pt=pt, sl=sl, max_bars=max_bars, use_side=True)
    label = graph.add(barrier, bar, event, volatility=volatility, name="labels")
    if predictions is None:
        predictions = graph.add(operators.WinRate(), label, event, name="probabilities")
    signal = graph.add(operators.BetSizer(), predictions, event, name="signals")
    returned = graph.add(operators.StrategyReturns(), bar, signal, name="returns")
    ports = {"bars": bar, "events": event, "labels": label, "signals": signal, "returns": returned}
    if risk_window is not None:
        monitor = operators.RiskMonitor(window=risk_window, periods_per_year=1.0)
        ports["risk"] = graph.add(monitor, returned, name="risk")
        ports["total_risk"] = graph.add(operators.RiskSummary(periods_per_year=1.0), returned, name="total_risk")
    if allocation is not None:
        aligned = graph.add(
            operators.Align(symbols=symbols, interval_ns=allocation.interval_ns), trades, name="aligned"
        )
        ports["weights"] = graph.add(allocation.allocator(), aligned, name="weights")
    return Strategy(graph, {name: graph.collect(port, name=f"{name} table") for name, port in ports.items()})
