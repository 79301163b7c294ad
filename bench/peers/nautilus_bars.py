"""Value bars of nautilus_trader, tick by tick, in an environment of its own: CPU time per tick in nanoseconds.

nautilus_bars.py TICKS THRESHOLD
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
from nautilus_trader.data.aggregation import ValueBarAggregator
from nautilus_trader.model.data import BarSpecification, BarType, TradeTick
from nautilus_trader.model.enums import AggressorSide, BarAggregation, PriceType
from nautilus_trader.model.identifiers import TradeId
from nautilus_trader.model.objects import Price, Quantity
from nautilus_trader.test_kit.providers import TestInstrumentProvider


def main(ticks: int, threshold: float) -> None:
    rng = np.random.default_rng(1)
    instrument = TestInstrumentProvider.btcusdt_binance()
    prices = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 1e-5, ticks)))
    sizes = np.maximum(rng.exponential(1.0, ticks), 1e-6)
    sides = rng.choice([AggressorSide.BUYER, AggressorSide.SELLER], ticks)
    made = [
        TradeTick(instrument.id, Price(p, 2), Quantity(q, 6), side, TradeId(str(i)), 1000 * i, 1000 * i)
        for i, (p, q, side) in enumerate(zip(prices.tolist(), sizes.tolist(), sides, strict=True))
    ]
    bars: list[object] = []
    kind = BarType(instrument.id, BarSpecification(int(threshold), BarAggregation.VALUE, PriceType.LAST))
    aggregator = ValueBarAggregator(instrument, kind, bars.append)
    before = time.process_time()
    for tick in made:
        aggregator.handle_trade_tick(tick)
    took = time.process_time() - before
    if not bars:
        raise SystemExit("no bar was made")
    print(json.dumps(1e9 * took / ticks))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
