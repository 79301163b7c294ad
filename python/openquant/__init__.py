"""openquant: one dataflow graph from market ticks to bets. Live, replayed or in batch, to the last bit.

>>> import openquant, polars as pl
>>> graph = openquant.Graph()
>>> trades = graph.source("trades", openquant.Trade)
>>> bars = graph.add(openquant.DollarBars(dollar_value_per_bar=250.0), trades)
>>> table = graph.collect(bars)
>>> rows = {"ts": [0, 1, 2], "symbol": ["BTCUSDT"] * 3, "price": [100.0, 101.0, 99.0], "size": [1.0, 1.0, 1.0]}
>>> _ = graph.replay({"trades": pl.DataFrame(rows)})
>>> table.frame()["close"].to_list()
[99.0]
"""

from openquant import (
    adapters,
    bars,
    bet_sizing,
    connectors,
    data,
    filters,
    labeling,
    pipeline,
    portfolio,
    research,
    risk,
    sampling,
    simulator,
    viz,
)
from openquant.events import (
    AlignedPrice,
    Bar,
    Clock,
    Continuity,
    Deadline,
    Diagnostics,
    Equity,
    Event,
    EventType,
    Forecast,
    Label,
    NetReturn,
    Ohlcv,
    Prediction,
    Price,
    Quote,
    QuotedTrade,
    Return,
    Risk,
    SampleWeight,
    Signal,
    Spread,
    Trade,
    Value,
    Volatility,
    Weight,
)
from openquant.graph import Checksum, Graph, Port, Replay, Table, read_quotes, read_trades
from openquant.operator import Operator
from openquant.operators import *  # noqa: F403
from openquant.operators import __all__ as _operators
from openquant.signal_buffer import SignalStreamBuffer

__version__ = "0.1.0"

__all__ = [
    "AlignedPrice",
    "Bar",
    "Checksum",
    "Clock",
    "Continuity",
    "Deadline",
    "Diagnostics",
    "Equity",
    "Event",
    "EventType",
    "Forecast",
    "Graph",
    "Label",
    "NetReturn",
    "Ohlcv",
    "Operator",
    "Port",
    "Prediction",
    "Price",
    "Quote",
    "QuotedTrade",
    "Replay",
    "Return",
    "Risk",
    "SampleWeight",
    "Signal",
    "SignalStreamBuffer",
    "Spread",
    "Table",
    "Trade",
    "Value",
    "Volatility",
    "Weight",
    "adapters",
    "bars",
    "bet_sizing",
    "connectors",
    "data",
    "filters",
    "labeling",
    "pipeline",
    "portfolio",
    "read_quotes",
    "read_trades",
    "research",
    "risk",
    "sampling",
    "simulator",
    "viz",
]
__all__ += _operators
