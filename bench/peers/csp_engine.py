"""The work of bench/engine.cpp in csp, in an environment of its own: CPU time per event as JSON.

csp_engine.py ROW EVENTS
"""

from __future__ import annotations

import functools
import json
import math
import sys
import time
from datetime import datetime, timedelta
from typing import Any

import csp
import numpy as np
from csp import stats

WINDOW, SPAN, THRESHOLD, VOLUME_PER_BAR = 100, 20, 2.0, 100.0
START = datetime(2024, 1, 1)


@functools.cache
def columns(what: str, events: int) -> tuple[Any, Any]:
    random = np.random.default_rng(1)
    values = (
        100.0 + np.cumsum(random.normal(0.0, 0.005, events)) if what == "walk" else random.uniform(0.0, 2.0, events)
    )
    return np.datetime64(START, "ns") + np.arange(1, events + 1) * np.timedelta64(1, "us"), values


def curve(what: str, events: int) -> csp.ts[float]:
    return csp.curve(float, columns(what, events))


def last(x: csp.ts[float]) -> None:
    csp.add_graph_output("last", x, tick_count=1)


@csp.graph  # type: ignore[untyped-decorator]
def passthrough(events: int) -> None:
    last(curve("walk", events))


@csp.graph  # type: ignore[untyped-decorator]
def nodes(events: int, count: int) -> None:
    x = curve("walk", events)
    for _ in range(count):
        x = x * 1.5
    last(x)


@csp.graph  # type: ignore[untyped-decorator]
def chain(events: int) -> None:
    smooth = stats.ema(curve("walk", events), span=SPAN)
    z = (smooth - stats.mean(smooth, interval=WINDOW)) / stats.stddev(smooth, interval=WINDOW)
    last(csp.filter(csp.abs(z) >= THRESHOLD, z))


@csp.node  # type: ignore[untyped-decorator]
def bar_volume(size: csp.ts[float], per_bar: float) -> csp.ts[float]:
    """Only the sum: a Python node that fills every field of a bar would cost more."""
    with csp.state():
        s_volume = 0.0
    if csp.ticked(size):
        s_volume += size
        if s_volume >= per_bar:
            closed = s_volume
            s_volume = 0.0
            return closed


@csp.graph  # type: ignore[untyped-decorator]
def volume_bars(events: int) -> None:
    last(bar_volume(curve("sizes", events), VOLUME_PER_BAR))


@csp.node  # type: ignore[untyped-decorator]
def cusum(price: csp.ts[float], threshold: float) -> csp.ts[float]:
    with csp.state():
        s_last, s_up, s_down = 0.0, 0.0, 0.0
    if csp.ticked(price):
        r = math.log(price / s_last) if s_last else 0.0
        s_last, s_up, s_down = price, max(0.0, s_up + r), min(0.0, s_down + r)
        if s_down < -threshold:
            s_down = 0.0
            return -1.0
        if s_up > threshold:
            s_up = 0.0
            return 1.0


@csp.graph  # type: ignore[untyped-decorator]
def many_symbols(events: int, symbols: int) -> None:
    """Bars, volatility, CUSUM events and z-scores of every symbol, each of one tick."""
    for symbol in range(symbols):
        x = csp.const(100.0 + symbol)  # another number: csp shares nodes that are the same
        z = (x - stats.mean(x, interval=WINDOW)) / stats.stddev(x, interval=WINDOW)
        far = csp.filter(csp.abs(z) >= THRESHOLD, z)
        for i, out in enumerate((bar_volume(x, 1e4), stats.ema_std(x, span=SPAN), cusum(x, 0.01), far)):
            csp.add_graph_output(f"{symbol} {i}", out, tick_count=1)


def seconds(graph: object, events: int, *arguments: object) -> float:
    columns("walk", events), columns("sizes", events)
    before = time.process_time()
    csp.run(graph, events, *arguments, starttime=START, endtime=timedelta(days=1))
    return time.process_time() - before


def main(row: str, events: int) -> None:
    if row == "one more node":
        more, less = (min(seconds(nodes, events, n) for _ in range(3)) for n in (5, 1))
        took = (more - less) / 4
    elif row == "5,000 symbols":  # milliseconds until each symbol's first tick is through
        print(json.dumps(1e3 * seconds(many_symbols, 1, 5_000)))
        return
    else:
        graph = {"passthrough": passthrough, "chain": chain, "volume bars": volume_bars}[row]
        seconds(graph, 1000)
        took = seconds(graph, events)
    print(json.dumps(1e9 * took / events))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
