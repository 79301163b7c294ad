"""Peers in numba: what one would write for one purpose, without a graph, a chunk or a check of the input."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

FIELDS = ("open", "high", "low", "close", "volume", "dollar_value", "vwap", "buy_volume", "sell_volume")
COUNTS = ("symbol", "ts", "start_ts", "n_obs")

jit: Any = numba.njit(error_model="numpy")


@jit
def keyed_dollar_bars(ts, code, price, size, side, threshold, symbols, out_f, out_i):  # type: ignore[no-untyped-def]
    """Every field of a bar per symbol."""
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


@jit
def dollar_bars(ts, price, size, side, threshold, out_f, out_i):  # type: ignore[no-untyped-def]
    """The same of one symbol: the running bar stays in registers."""
    first = high = low = volume = dollar = buy = sell = 0.0
    start = latest = n = bars = 0
    for i in range(len(ts)):
        p, q = price[i], size[i]
        if n == 0:
            start = ts[i]
            first = high = low = p
        latest = max(latest, ts[i])
        high, low = max(high, p), min(low, p)
        volume += q
        dollar += p * q
        buy += q * (side[i] > 0)
        sell += q * (side[i] < 0)
        n += 1
        if dollar >= threshold:
            out_f[0, bars], out_f[1, bars], out_f[2, bars], out_f[3, bars] = first, high, low, p
            out_f[4, bars], out_f[5, bars], out_f[6, bars] = volume, dollar, dollar / volume
            out_f[7, bars], out_f[8, bars] = buy, sell
            out_i[0, bars], out_i[1, bars], out_i[2, bars], out_i[3, bars] = 0, latest, start, n
            bars += 1
            volume = dollar = buy = sell = 0.0
            n = 0
    return bars


@jit
def cusum(close, threshold):  # type: ignore[no-untyped-def]
    out = np.empty(len(close), dtype=np.int64)
    n, up, down = 0, 0.0, 0.0
    for i in range(1, len(close)):
        r = math.log(close[i] / close[i - 1])
        up, down = max(0.0, up + r), min(0.0, down + r)
        if down < -threshold:
            down = 0.0
            out[n] = i
            n += 1
        elif up > threshold:
            up = 0.0
            out[n] = i
            n += 1
    return out[:n].copy()


@jit
def z_score(close, window, threshold):  # type: ignore[no-untyped-def]
    """Sums that are added to and subtracted from: a bad value would poison them for ever."""
    out = np.empty(len(close), dtype=np.int64)
    n, total, squares, origin = 0, 0.0, 0.0, close[0]
    for i in range(len(close)):
        x = close[i] - origin
        total += x
        squares += x * x
        if i >= window:
            left = close[i - window] - origin
            total -= left
            squares -= left * left
        if i >= window - 1:
            mean = total / window
            variance = (squares - total * mean) / (window - 1)
            if variance > 0.0 and x >= mean + threshold * math.sqrt(variance):
                out[n] = i
                n += 1
    return out[:n].copy()


@jit
def triple_barrier(ts, price, events, target_ts, targets, pt, sl):  # type: ignore[no-untyped-def]
    """Labels by a scan of each path; events and targets in order."""
    start, ret = np.empty(len(events), dtype=np.int64), np.empty(len(events))
    trgt, label = np.empty(len(events)), np.empty(len(events), dtype=np.int64)
    n, at, last = 0, 0, len(ts) - 1
    for k in range(len(events)):
        i = np.searchsorted(ts, events[k])
        while at < len(target_ts) and target_ts[at] < events[k]:
            at += 1
        if (
            i >= last
            or ts[i] != events[k]
            or at == len(target_ts)
            or target_ts[at] != events[k]
            or not targets[at] > 0.0
        ):
            continue
        upper, lower, r = pt * targets[at], -sl * targets[at], 0.0
        for j in range(i + 1, len(ts)):
            r = price[j] / price[i] - 1.0
            if r > upper or r < lower:
                break
        start[n], ret[n], trgt[n], label[n] = events[k], r, targets[at], (r > 0) - (r < 0)
        n += 1
    return start[:n], ret[:n], trgt[:n], label[:n]


@jit
def seq_bootstrap(first, last, bars, draws, seed):  # type: ignore[no-untyped-def]
    """Labels sorted by first bar. After a draw only those that overlap it are weighed anew."""
    np.random.seed(seed)
    n = len(first)
    longest = 0
    for i in range(n):
        longest = max(longest, last[i] - first[i] + 1)
    covered = np.zeros(bars)
    weight = np.ones(n)
    out = np.empty(draws, dtype=np.int64)
    total = float(n)
    for d in range(draws):
        u = np.random.random() * total
        drawn, sum_ = n - 1, 0.0
        for i in range(n):
            sum_ += weight[i]
            if sum_ > u:
                drawn = i
                break
        out[d] = drawn
        for bar in range(first[drawn], last[drawn] + 1):
            covered[bar] += 1.0
        for i in range(np.searchsorted(first, first[drawn] - longest), n):
            if first[i] > last[drawn]:
                break
            if last[i] < first[drawn]:
                continue
            mean = 0.0
            for bar in range(first[i], last[i] + 1):
                mean += 1.0 / (covered[bar] + 1.0)
            mean /= last[i] - first[i] + 1
            total += mean - weight[i]
            weight[i] = mean
    return out


@jit
def nonnegative(s, b):  # type: ignore[no-untyped-def]
    """Least x's x / 2 - b'x with x >= 0, by block principal pivoting (Judice and Pires 1994)."""
    n = len(b)
    free = np.ones(n, dtype=np.bool_)
    x = np.zeros(n)
    fewest, patience = n + 1, 3
    for _ in range(20 * n):
        idle = np.flatnonzero(~free)
        used = np.flatnonzero(free)
        x[:] = 0.0
        x[used] = np.linalg.solve(s[used][:, used], b[used])
        dual = s @ x - b
        wrong = 0
        worst = -1
        for i in used:
            if x[i] < -1e-11:
                wrong += 1
                worst = max(worst, i)
        for i in idle:
            if dual[i] < -1e-11:
                wrong += 1
                worst = max(worst, i)
        if wrong == 0:
            break
        if wrong < fewest:
            fewest, patience = wrong, 3
        else:
            patience -= 1
        for i in range(n):
            if (x[i] < -1e-11 if free[i] else dual[i] < -1e-11) and (patience > 0 or i == worst):
                free[i] = not free[i]
    return x


@jit
def portfolio(prices, sharpe, periods):  # type: ignore[no-untyped-def]
    """Weights, risk, mean and Sharpe ratio, annualised, of the least variance or the greatest Sharpe ratio, long only."""
    rows, n = prices.shape
    returns = prices[1:] / prices[:-1] - 1.0
    mean = np.zeros(n)
    for t in range(rows - 1):
        mean += returns[t]
    mean /= rows - 1
    returns = returns - mean
    covariance = returns.T @ returns / (rows - 2)
    scale = np.trace(covariance) / n
    x = nonnegative(covariance / scale, mean / np.abs(mean).max() if sharpe else np.ones(n))
    weights = x / x.sum()
    risk = math.sqrt(weights @ covariance @ weights * periods)
    earned = weights @ mean * periods
    return weights, risk, earned, earned / risk
