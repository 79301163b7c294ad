"""Dollar bars of three interleaved symbols through `graph.replay`, next to a numba loop that does the same keyed work.

Ours and the peer take turns on the same data in one process; the best and the median of several rounds count.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numba
import numpy as np
import polars as pl

import openquant

SYMBOLS = ("BTC", "ETH", "SOL")
THRESHOLD = 1e4


def market(rows: int) -> pl.DataFrame:
    rng = np.random.default_rng(1)
    return pl.DataFrame(
        {
            "ts": np.arange(rows, dtype=np.int64) * 1000,
            "symbol": pl.Series(SYMBOLS).gather(rng.integers(0, len(SYMBOLS), rows)).cast(pl.Categorical),
            "price": 100.0 * np.exp(np.cumsum(rng.normal(0.0, 1e-5, rows))),
            "size": rng.exponential(1.0, rows),
            "side": rng.choice(np.array([-1, 1], dtype=np.int8), rows),
        }
    )


@numba.njit
def keyed_loop(ts, code, price, size, side, threshold, symbols, out_f, out_i):  # type: ignore[no-untyped-def]
    """Every field of a bar per symbol: open, high, low, close, volume, dollar, vwap, buy, sell; symbol, ts, start, n_obs."""
    f = np.zeros((symbols, 8))
    n = np.zeros((symbols, 3), dtype=np.int64)
    bars = 0
    for i in range(len(ts)):
        s = code[i]
        p, q = price[i], size[i]
        if n[s, 2] == 0:
            n[s, 1] = ts[i]
            f[s, 0] = f[s, 1] = f[s, 2] = p
        n[s, 0] = max(n[s, 0], ts[i])
        f[s, 1] = max(f[s, 1], p)
        f[s, 2] = min(f[s, 2], p)
        f[s, 3] = p
        f[s, 4] += q
        f[s, 5] += p * q
        f[s, 6] += q * (side[i] > 0)
        f[s, 7] += q * (side[i] < 0)
        n[s, 2] += 1
        if f[s, 5] >= threshold:
            for k in range(6):
                out_f[k, bars] = f[s, k]
            out_f[6, bars] = f[s, 5] / f[s, 4]
            out_f[7, bars] = f[s, 6]
            out_f[8, bars] = f[s, 7]
            out_i[0, bars] = s
            out_i[1, bars] = n[s, 0]
            out_i[2, bars] = n[s, 1]
            out_i[3, bars] = n[s, 2]
            bars += 1
            f[s, :] = 0.0
            n[s, 2] = 0
    return bars


def ours(trades: pl.DataFrame, chunk: int | None) -> Callable[[], int]:
    def run() -> int:
        graph = openquant.Graph()
        source = graph.source("trades", openquant.Trade)
        table = graph.collect(graph.add(openquant.DollarBars(dollar_value_per_bar=THRESHOLD), source))
        graph.replay({"trades": trades}, chunk=chunk)
        return len(table)

    return run


def peer(trades: pl.DataFrame) -> Callable[[], int]:
    columns = [trades[name].to_physical().to_numpy() for name in ("ts", "symbol", "price", "size", "side")]
    room = trades.height // 10
    out_f, out_i = np.zeros((9, room)), np.zeros((4, room), dtype=np.int64)

    def run() -> int:
        return int(keyed_loop(*columns, THRESHOLD, len(SYMBOLS), out_f, out_i))

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    trades = market(options.rows)
    runs = {
        "openquant, chunk=None": ours(trades, None),
        "openquant, chunk=4096": ours(trades, 4096),
        "numba keyed loop": peer(trades),
    }
    bars = {name: run() for name, run in runs.items()}  # a warm-up, and the proof that all do the same
    if len(set(bars.values())) != 1:
        raise SystemExit(f"the numbers of bars differ: {bars}")
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(options.rounds):
        for name, run in runs.items():
            started = time.process_time()
            run()
            seconds[name].append(time.process_time() - started)
    print(
        f"dollar bars, {options.rows:,} trades of {len(SYMBOLS)} symbols, {bars['numba keyed loop']:,} bars; CPU time"
    )
    numba_best = min(seconds["numba keyed loop"])
    for name, times in seconds.items():
        best, median = min(times), statistics.median(times)
        print(
            f"{name:22} best {best / options.rows * 1e9:5.2f} ns/tick ({options.rows / best / 1e6:4.0f} M/s)  median {median / options.rows * 1e9:5.2f} ns/tick  {numba_best / best:4.2f} x numba"
        )


if __name__ == "__main__":
    main()
