"""Rolling and exponentially weighted statistics, returns and filters against numpy, window by window."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view
from scipy import stats
from test_operators import run

import openquant

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

modest = settings(max_examples=40, deadline=None)
seeds = st.integers(0, 2**32 - 1)
grid = st.lists(st.integers(-40, 40).map(lambda k: k / 8), min_size=2, max_size=60).map(np.array)  # many equal values
walks = seeds.map(lambda seed: 100 + np.cumsum(np.random.default_rng(seed).normal(0, 0.5, 70)))
series = grid | walks | seeds.map(lambda seed: np.random.default_rng(seed).integers(-5, 6, 60) / 8)
sides = st.sampled_from(["upper", "lower", "both"])

ROLLING: dict[str, tuple[Any, Callable[[Floats], float], int]] = {  # operator, formula, values it needs
    "mean": (openquant.RollingMean, np.mean, 1),
    "std": (openquant.RollingStd, lambda v: float(np.std(v, ddof=1)), 2),
    "min": (openquant.RollingMin, np.min, 1),
    "max": (openquant.RollingMax, np.max, 1),
}
PAIRED: dict[str, tuple[Any, Callable[[Floats, Floats], float]]] = {
    "covariance": (openquant.RollingCovariance, lambda x, y: float(np.cov(x, y)[0, 1])),
    "correlation": (openquant.RollingCorrelation, lambda x, y: float(np.corrcoef(x, y)[0, 1])),
}


def values(ts: Ints, value: Floats, column: str = "value") -> pl.DataFrame:
    return pl.DataFrame({"ts": ts, "symbol": ["X"] * len(ts), column: value}, schema_overrides={"symbol": pl.String})


def times(n: int, seed: int) -> Ints:
    """Times that never fall, many of them equal."""
    return np.cumsum(np.random.default_rng(seed).integers(0, 4, n)).astype(np.int64)


def of_values(operator: Any, ts: Ints, value: Floats) -> tuple[Ints, Floats]:
    out = run({"v": (openquant.Value, values(ts, value))}, lambda graph, ports: graph.add(operator, ports["v"]))
    return out["ts"].to_physical().to_numpy(), out["value"].to_numpy()


def of_pairs(operator: Any, x: pl.DataFrame, y: pl.DataFrame) -> tuple[Ints, Floats]:
    frames = {"x": (openquant.Value, x), "y": (openquant.Value, y)}
    out = run(frames, lambda graph, ports: graph.add(operator, ports["x"], ports["y"]))
    return out["ts"].to_physical().to_numpy(), out["value"].to_numpy()


def windows(ts: Ints, window: int, window_ns: int) -> list[slice]:
    """The rows of each full window, in the order of their last rows."""
    if window_ns == 0:
        return [slice(end - window, end) for end in range(window, len(ts) + 1)]
    return [slice(int(np.searchsorted(ts, t - window_ns, side="right")), i + 1) for i, t in enumerate(ts)]


def assert_close(got: Floats, expected: Any, value: Floats) -> None:
    """A relative error below 1e-9, or below what values of this size can tell."""
    np.testing.assert_allclose(got, np.array(expected, dtype=float), rtol=1e-9, atol=1e-14 * np.abs(value).max())


@modest
@given(series, seeds, st.integers(2, 30), st.sampled_from([0, 1, 2, 5, 20, 1000]))
@pytest.mark.parametrize("name", ROLLING)
def test_rolling(name: str, value: Floats, seed: int, window: int, window_ns: int) -> None:
    operator, formula, least = ROLLING[name]
    ts = times(len(value), seed)
    out_ts, out = of_values(operator(window=window, window_ns=window_ns), ts, value)
    rows = [rows for rows in windows(ts, window, window_ns) if rows.stop - rows.start >= least]
    assert out_ts.tolist() == [ts[r.stop - 1] for r in rows]
    assert_close(out, [formula(value[r]) for r in rows], value)
    if name == "std":
        equal = np.array([np.ptp(value[r]) == 0 for r in rows], dtype=bool)
        assert (out[equal] == 0).all() and (out[~equal] > 0).all()
    elif name != "mean":
        assert out.tolist() == [formula(value[r]) for r in rows]


@modest
@given(series, seeds, st.floats(0, 1), st.integers(1, 30), st.sampled_from([0, 1, 2, 5, 20, 1000]))
def test_rolling_quantile(value: Floats, seed: int, quantile: float, window: int, window_ns: int) -> None:
    ts = times(len(value), seed)
    operator = openquant.RollingQuantile(quantile=quantile, window=window, window_ns=window_ns)
    out_ts, out = of_values(operator, ts, value)
    rows = windows(ts, window, window_ns)
    assert out_ts.tolist() == [ts[r.stop - 1] for r in rows]
    assert_close(out, [np.quantile(value[r], quantile) for r in rows], value)


@modest
@given(series, seeds, st.integers(1, 60), st.integers(2, 20), st.sampled_from([0, 2, 5, 20, 1000]))
@pytest.mark.parametrize("name", PAIRED)
def test_rolling_pairs(name: str, y: Floats, seed: int, size: int, window: int, window_ns: int) -> None:
    operator, formula = PAIRED[name]
    x_ts, y_ts = times(size, seed), times(len(y), seed + 1)
    x = np.random.default_rng(seed).integers(-4, 5, size) / 4
    out_ts, out = of_pairs(operator(window=window, window_ns=window_ns), values(x_ts, x), values(y_ts, y))
    last = np.searchsorted(x_ts, y_ts, side="right") - 1  # x comes first at equal times
    y_ts, y, x = y_ts[last >= 0], y[last >= 0], x[last[last >= 0]]
    expected = {}
    for r in windows(y_ts, window, window_ns):
        known = np.ptp(x[r]) > 0 and np.ptp(y[r]) > 0 if name == "correlation" else r.stop - r.start > 1
        if known:
            expected[r.stop - 1] = formula(x[r], y[r])
    assert out_ts.tolist() == [y_ts[i] for i in expected]
    assert_close(out, list(expected.values()), np.array([100.0]))


@modest
@given(seeds, st.integers(2, 20), st.booleans(), st.sampled_from([1e4, 1e6, 1e8, 1e12]))
def test_spikes_leave_no_trace(seed: int, window: int, by_time: bool, spike: float) -> None:
    rng = np.random.default_rng(seed)
    x = 100 + np.cumsum(rng.normal(0, 0.5, 80))
    y = x + rng.normal(0, 0.5, 80)
    at = rng.choice(40, 3, replace=False)
    x[at], y[at] = spike * rng.choice([-1, 1], 3), spike
    x[-window:] = x[-1]  # the last window is flat
    ts = np.arange(80)
    sized = {"window_ns": window} if by_time else {"window": window}
    clean = [r for r in windows(ts, window, 0) if not np.isin(at, ts[r]).any()]
    ends = [r.stop - 1 for r in clean]
    singles = [(operator(**sized), formula) for operator, formula, _ in ROLLING.values()]
    singles.append((openquant.RollingQuantile(quantile=0.3, **sized), lambda v: float(np.quantile(v, 0.3))))
    for operator, formula in singles:
        out = dict(zip(*map(np.ndarray.tolist, of_values(operator, ts, x)), strict=True))
        np.testing.assert_allclose([out[i] for i in ends], [formula(x[r]) for r in clean], rtol=1e-9, atol=1e-13)
        if isinstance(operator, openquant.RollingStd):
            assert out[79] == 0.0
    for name, (paired, of_pair) in PAIRED.items():
        out = dict(zip(*map(np.ndarray.tolist, of_pairs(paired(**sized), values(ts, x), values(ts, y))), strict=True))
        for r in clean[:-1]:
            size = np.std(x[r], ddof=1) * np.std(y[r], ddof=1) if name == "covariance" else 1.0
            assert abs(out[r.stop - 1] - of_pair(x[r], y[r])) <= 1e-9 * size
        assert name == "covariance" or 79 not in out


def test_far_from_zero() -> None:
    """Values near 1e8 with a deviation near 1."""
    ts, value = np.arange(3000), 1e8 + np.random.default_rng(1).normal(0, 1, 3000)
    _, std = of_values(openquant.RollingStd(window=100), ts, value)
    np.testing.assert_allclose(std, sliding_window_view(value, 100).std(axis=1, ddof=1), rtol=1e-13)
    pair = values(ts, value), values(ts, 2 * value)
    _, covariance = of_pairs(openquant.RollingCovariance(window=100), *pair)
    np.testing.assert_allclose(covariance, 2 * std**2, rtol=1e-12)
    _, correlation = of_pairs(openquant.RollingCorrelation(window=100), *pair)
    np.testing.assert_allclose(correlation, 1.0, rtol=1e-12)


@modest
@given(series, seeds, st.floats(1, 200), st.sampled_from([0, 1, 3, 50]), st.integers(2, 10), st.booleans())
def test_ewma(value: Floats, seed: int, span: float, half_life_ns: int, min_periods: int, std: bool) -> None:
    span = max(span, 1.5) if std else span  # of one value there is no deviation
    ts = times(len(value), seed)
    expected = []
    for i in range(min_periods - 1, len(value)):
        past = np.arange(i, -1, -1)
        weights = 0.5 ** ((ts[i] - ts[: i + 1]) / half_life_ns) if half_life_ns else (1 - 2 / (span + 1)) ** past
        mean = np.average(value[: i + 1], weights=weights)
        biased = np.average((value[: i + 1] - mean) ** 2, weights=weights)
        total = weights.sum() ** 2
        expected.append(math.sqrt(biased * total / (total - (weights**2).sum())) if std else mean)
    kind = openquant.EwmaStd if std else openquant.EwmaMean
    out_ts, out = of_values(kind(span=span, half_life_ns=half_life_ns, min_periods=min_periods), ts, value)
    assert out_ts.tolist() == ts[min_periods - 1 :].tolist()
    assert_close(out, expected, value)


@modest
@given(walks, seeds, st.sampled_from(["simple", "log"]), st.integers(1, 80), st.sampled_from([0, 1, 2, 7, 40]))
def test_price_returns(price: Floats, seed: int, kind: Any, rows: int, time_ns: int) -> None:
    ts = times(len(price), seed)
    operator = openquant.PriceReturns(kind=kind, rows=rows, time_ns=time_ns)
    frames = {"p": (openquant.Price, values(ts, price, "price"))}
    out = run(frames, lambda graph, ports: graph.add(operator, ports["p"]))
    base = np.searchsorted(ts, ts - time_ns, side="right") - 1 if time_ns else np.arange(len(price)) - rows
    known = base >= 0
    ratio = price[known] / price[base[known]]
    assert out["ts"].to_physical().to_list() == ts[known].tolist()
    if kind == "simple":
        assert out["value"].to_list() == (ratio - 1).tolist()
    else:
        np.testing.assert_allclose(out["value"].to_numpy(), np.log(ratio), rtol=1e-14)


@modest
@given(series, st.integers(1, 20), st.integers(2, 20), st.floats(0.1, 4), sides, st.integers(-9, 60), st.booleans())
def test_z_score(v: Floats, mean_window: int, std_window: int, threshold: float, side: Any, k: int, up: bool) -> None:
    price = v - v.min() + 1.0
    if up:
        price[k % len(v)] = [1e4, 1e6, 1e8, 1e12][k % 4]
    z = {}
    for i in range(max(mean_window, std_window) - 1, len(price)):
        last = price[i + 1 - std_window : i + 1]
        if np.ptp(last) > 0:
            z[i] = (price[i] - price[i + 1 - mean_window : i + 1].mean()) / last.std(ddof=1)
            if mean_window == std_window:
                assert abs(z[i] - stats.zscore(last, ddof=1)[-1]) < 1e-9
                assert abs(z[i]) < (std_window - 1) / math.sqrt(std_window) + 1e-9  # Shiffler
    near = [abs(x) for x in z.values() if 0.1 < abs(x) < 10]
    if near and k >= 0:  # a threshold that some z just reaches, or just does not
        threshold = near[k % len(near)] + (2e-9 if k % 3 == 0 else -2e-9)
    operator = openquant.ZScoreFilter(mean_window=mean_window, std_window=std_window, threshold=threshold, side=side)
    frames = {"p": (openquant.Price, values(np.arange(len(price)), price, "price"))}
    events = run(frames, lambda graph, ports: graph.add(operator, ports["p"]))
    got = dict(zip(events["ts"].to_physical().to_list(), events["side"].to_list(), strict=True))
    assert events["price"].to_list() == [price[i] for i in got]
    assert got.keys() <= z.keys()
    for i in z:
        if abs(abs(z[i]) - threshold) >= 1e-9:
            above, below = side != "lower" and z[i] > threshold, side != "upper" and z[i] < -threshold
            assert got.get(i) == (1.0 if above else -1.0 if below else None)


@modest
@given(walks, seeds, st.integers(0, 40), st.floats(0.2, 5))
def test_cusum_thresholds(price: Floats, seed: int, count: int, multiple: float) -> None:
    ts, threshold_ts = times(len(price), seed), times(count, seed + 1)
    threshold = np.random.default_rng(seed).choice([0.002, 0.005, 0.01, 0.02, 0.0, -1.0], count)
    up = down = 0.0
    expected = []
    for i in range(len(price)):
        told = threshold[(threshold_ts <= ts[i]) & (threshold > 0)]
        if len(told) == 0:
            continue
        wanted = multiple * told[-1]
        r = math.log(price[i] / price[i - 1]) if i else 0.0
        up, down = max(0.0, up + r), min(0.0, down + r)
        if abs(max(up, -down) - wanted) < 1e-12:
            return  # where libm and ours may round to different sides
        if down < -wanted:
            down = 0.0
            expected.append((ts[i], -1.0, price[i]))
        elif up > wanted:
            up = 0.0
            expected.append((ts[i], 1.0, price[i]))
    frames = {
        "t": (openquant.Value, values(threshold_ts, threshold)),
        "p": (openquant.Price, values(ts, price, "price")),
    }
    operator = openquant.CusumFilter(multiple=multiple)
    out = run(frames, lambda graph, ports: graph.add(operator, ports["p"], thresholds=ports["t"]))
    assert list(zip(out["ts"].to_physical().to_list(), out["side"], out["price"], strict=True)) == expected
