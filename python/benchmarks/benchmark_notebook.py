"""A notebook looks at its signals ten times a second while the engine works: what that costs the engine, and that nothing is lost.

.venv/bin/python python/benchmarks/benchmark_notebook.py --seconds 30 --rate 100000
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from typing import Any

import numpy as np
import polars as pl

import openquant

FRAME = 1000  # rows that arrive together


def ticks(first: int) -> pl.DataFrame:
    """The next ticks of a price that goes up and down by enough to make every bar an event."""
    number = np.arange(first, first + FRAME)
    return pl.DataFrame(
        {
            "ts": pl.Series(1_700_000_000_000_000_000 + 1000 * number),
            "symbol": pl.Series(["BTCUSDT"]).new_from_index(0, FRAME),
            "price": 100.0 + 0.2 * (number // 10 % 2),
            "size": np.ones(FRAME),
        }
    )


def session(seconds: float, rate: int, *, watched: bool) -> dict[str, Any]:
    """Ticks at `rate` through bars of ten, events, bets and a buffer of signals."""
    graph = openquant.Graph()
    trades = graph.source("trades", openquant.Trade)
    bars = graph.add(openquant.TickBars(ticks_per_bar=10), trades)
    events = graph.add(openquant.CusumFilter(threshold=0.0005), bars)
    labels = graph.add(openquant.TripleBarrier(max_bars=20, target=0.001, use_side=True), bars, events)
    odds = graph.add(openquant.WinRate(), labels, events)
    signals = graph.add(openquant.BetSizer(), odds, events)
    buffer = openquant.SignalStreamBuffer()
    graph.add(buffer, signals)
    everything = graph.collect(signals)
    frames = [ticks(first) for first in range(0, round(seconds * rate), FRAME)]
    ended = threading.Event()
    polls: list[float] = []

    def watch() -> None:
        seen = 0
        while not ended.wait(0.1):
            before = time.perf_counter()
            height = buffer.frame().height
            polls.append(time.perf_counter() - before)
            assert height >= seen
            seen = height

    watcher = threading.Thread(target=watch)
    if watched:
        watcher.start()
    graph.start()
    start = time.perf_counter()
    for number, frame in enumerate(frames):
        wait = start + number * FRAME / rate - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        graph.push("trades", frame)
    graph.stop(flush=False)
    elapsed = time.perf_counter() - start
    ended.set()
    if watched:
        watcher.join()
    kept, all_rows = buffer.frame(), everything.frame()
    same = (kept["ts"].to_physical() == all_rows["ts"].to_physical()) & (kept["signal"] == all_rows["size"])
    assert kept.height == all_rows.height and same.all(), "the buffer lacks signals that the graph emitted"
    return {
        "ticks_per_second": round(len(frames) * FRAME / elapsed),
        "signals": all_rows.height,
        "polls": len(polls),
        "slowest_poll_ms": round(1e3 * max(polls, default=0.0), 2),
    }


def main() -> None:
    """Prints one JSON object: unwatched, watched, and the ratio of their rates; at `rate`, and as fast as possible."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--rate", type=int, default=100_000)
    options = parser.parse_args()
    told: dict[str, Any] = {}
    for name, rate, seconds in (
        (f"{options.rate} per second", options.rate, options.seconds),
        ("as fast as possible", 10**9, options.seconds * options.rate / 1e9),
    ):
        runs = {watched: session(seconds, rate, watched=watched) for watched in (False, True)}
        ratio = runs[True]["ticks_per_second"] / runs[False]["ticks_per_second"]
        told[name] = {"unwatched": runs[False], "watched": runs[True], "rate_ratio": round(ratio, 4)}
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
