"""Risk, sample weights and active bets against numpy: sorted tails, running highs, and a matrix of labels by bars."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from conftest import prices
from hypothesis import given, settings
from hypothesis import strategies as st
from test_operators import run, seconds

import openquant

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

modest = settings(max_examples=50, deadline=None)
seeds = st.integers(0, 2**32 - 1)
# In steps of 1e-4, with ties, from a total loss on.
returns = st.lists(st.integers(-10_000, 10_000).map(lambda k: k / 10_000), min_size=1, max_size=60).map(np.array)
walks = seeds.map(lambda seed: np.random.default_rng(seed).normal(0.001, 0.02, 80).round(4))
shares = st.sampled_from([0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0]) | st.floats(0, 1)
COLUMNS = ["value_at_risk", "expected_shortfall", "conditional_drawdown", "drawdown", "max_drawdown", "volatility", "sharpe"]  # fmt: skip


def tail_mean(worst_first: Floats, q: float) -> float:
    """Mean of the worst q share, the value at its edge by its fraction; q = 0: the worst."""
    weights = np.clip(q * len(worst_first) - np.arange(len(worst_first)), 0.0, 1.0)
    return float(np.average(worst_first, weights=weights)) if weights[0] == 1.0 else float(worst_first[0])


def risk_of(r: Floats, q: float, rate: float, per_year: float, compounded: bool) -> list[float]:
    equity = np.concatenate([[1.0], np.cumprod(1 + r)]) if compounded else np.concatenate([[0.0], np.cumsum(r)])
    high = np.maximum.accumulate(equity)
    drawdowns = (1 - equity / high if compounded else high - equity)[1:]
    std = float(np.std(r, ddof=1)) if len(r) > 1 and np.ptp(r) > 0 else 0.0
    return [
        float(np.sort(r)[math.ceil(q * (len(r) - 1) - 1e-9)]),
        tail_mean(np.sort(r), q),
        tail_mean(np.sort(drawdowns)[::-1], q),
        float(drawdowns[-1]),
        float(drawdowns.max()),
        std * math.sqrt(per_year),
        (float(r.mean()) - rate / per_year) / std * math.sqrt(per_year) if std > 0 else 0.0,
    ]


def of_returns(operator: Any, r: Floats) -> pl.DataFrame:
    rows = prices(r.tolist()).rename({"price": "value"})
    return run({"r": (openquant.Value, rows)}, lambda graph, ports: graph.add(operator, ports["r"]))


@modest
@given(returns | walks, shares, st.sampled_from([0.0, 0.05, -0.01]), st.sampled_from([1.0, 252.0]), st.booleans())
def test_risk_summary(r: Floats, q: float, rate: float, per_year: float, compounded: bool) -> None:
    out = of_returns(
        openquant.RiskSummary(
            confidence_level=q, risk_free_rate=rate, periods_per_year=per_year, compounded=compounded
        ),
        r,
    )
    expected = risk_of(r, q, rate, per_year, compounded)
    np.testing.assert_allclose(out.select(COLUMNS).row(0), expected, rtol=1e-9, atol=1e-12)
    assert out["value_at_risk"].to_list() == expected[:1]
    assert (seconds(out), out["n_obs"].to_list()) == ([len(r) - 1], [len(r)])


@modest
@given(returns | walks, shares, st.integers(2, 30), st.integers(1, 4), st.booleans(), st.booleans())
def test_risk_monitor(r: Floats, q: float, window: int, every: int, compounded: bool, spikes: bool) -> None:
    spike = 1e12 if spikes and len(r) > window else 0.0
    r[: len(r) // 4] += spike
    operator = openquant.RiskMonitor(window=window, every=every, confidence_level=q, compounded=compounded)
    out = of_returns(operator, r)
    ends = range(window, len(r) + 1, every)
    assert seconds(out) == [end - 1 for end in ends]
    for i, end in enumerate(ends):
        last = r[end - window : end]
        if np.abs(last).max() < 1e3:  # once a spike has left, nothing of it stays
            expected = risk_of(last, q, 0.0, 252.0, compounded)
            np.testing.assert_allclose(out.select(COLUMNS).row(i), expected, rtol=1e-9, atol=1e-12)
        assert out["value_at_risk"][i] == np.sort(last)[math.ceil(q * (window - 1) - 1e-9)]
    assert out["n_obs"].to_list() == [window] * len(ends)


@pytest.mark.parametrize(
    ("q", "edge", "tail"), [(0, -5, -5), (0.05, -4, -5), (0.25, -2, -10.5 / 2.5), (0.3, -2, -4), (1, 5, 0)]
)
def test_tail_by_hand(q: float, edge: float, tail: float) -> None:
    """Of ten returns a quarter is two and a half."""
    r = np.array([3, -2, 5, -4, 1, -5, 2, -1, 4, -3]) / 100
    out = of_returns(openquant.RiskSummary(confidence_level=q), r)
    assert out["value_at_risk"][0] == edge / 100
    assert out["expected_shortfall"][0] == pytest.approx(tail / 100, abs=1e-15)


def label_frames(close: Floats, starts: Ints) -> dict[str, tuple[Any, pl.DataFrame]]:
    n = len(starts)
    events = pl.DataFrame(
        {"ts": starts * 1_000_000_000, "symbol": ["X"] * n, "side": np.ones(n), "price": np.ones(n)},
        schema_overrides={"symbol": pl.String},
    )
    return {"p": (openquant.Price, prices(close.tolist())), "e": (openquant.Event, events)}


@modest
@given(seeds, st.floats(0.05, 0.9), st.sampled_from([0, 3, 10]), st.booleans(), st.booleans(), st.floats(-0.99, 1))
def test_sample_weights(seed: int, density: float, max_bars: int, twice: bool, by_size: bool, oldest: float) -> None:
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, 60)))
    starts = np.flatnonzero(rng.random(60) < density)
    starts = np.repeat(starts, 2) if twice else starts  # two events at one price share all of it
    barriers = openquant.TripleBarrier(target=0.02, max_bars=max_bars)
    frames = label_frames(close, starts)
    labels = run(frames, lambda graph, ports: graph.add(barriers, ports["p"], ports["e"]))
    labels = labels.sort("start_ts", maintain_order=True)

    bars = np.arange(60)[:, None]
    inside = (bars > np.array(seconds(labels, "start_ts"), dtype=int)) & (bars <= np.array(seconds(labels), dtype=int))
    concurrency = np.maximum(inside.sum(axis=1, keepdims=True), 1)
    log_return = np.diff(np.log(close), prepend=np.log(close[0]))[:, None]
    uniqueness = (inside / concurrency).sum(axis=0) / inside.sum(axis=0)
    attribution = (inside * log_return / concurrency).sum(axis=0)
    np.testing.assert_allclose(labels["uniqueness"].to_numpy(), uniqueness, rtol=1e-12)
    np.testing.assert_allclose(labels["attribution"].to_numpy(), attribution, rtol=1e-9, atol=1e-14)

    operator = openquant.SampleWeights(source="attribution" if by_size else "uniqueness", oldest=oldest)
    out = run(frames, lambda graph, ports: graph.add(operator, graph.add(barriers, ports["p"], ports["e"])))
    if labels.height == 0:
        assert out.height == 0
        return
    so_far = np.cumsum(uniqueness)  # AFML snippet 4.11
    slope = (1 - oldest) / so_far[-1] if oldest >= 0 else 1 / ((oldest + 1) * so_far[-1])
    decay = np.maximum(0, 1 - slope * so_far[-1] + slope * so_far)
    weight = (np.abs(attribution) if by_size else uniqueness) * decay
    assert out.select("ts", "start_ts").equals(labels.select("ts", "start_ts"))
    np.testing.assert_allclose(out["uniqueness"].to_numpy(), uniqueness, rtol=1e-12)
    np.testing.assert_allclose(out["decay"].to_numpy(), decay, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(out["weight"].to_numpy(), weight / weight.mean(), rtol=1e-8, atol=1e-10)
    assert out["weight"].mean() == pytest.approx(1.0)


def test_uniqueness_of_the_book() -> None:
    """AFML 4.4: labels that depend on returns 0 to 2, 2 to 3 and 4 to 5 are 5/6, 3/4 and 1 unique."""
    frames = label_frames(np.array([100.0, 100.0, 100.6, 101.6, 102.2, 103.0, 104.0]), np.array([0, 2, 4]))
    barriers, weights = openquant.TripleBarrier(target=0.015), openquant.SampleWeights(source="uniqueness")
    out = run(frames, lambda graph, ports: graph.add(weights, graph.add(barriers, ports["p"], ports["e"])))
    assert seconds(out) == [3, 4, 6]
    assert out["uniqueness"].to_list() == pytest.approx([5 / 6, 3 / 4, 1.0])
    assert out["uniqueness"].mean() == pytest.approx(31 / 36)


def signals(ts: Ints, rng: np.random.Generator) -> pl.DataFrame:
    """Bets whose sizes and probabilities are multiples of 1/64: their sums are exact."""
    n = len(ts)
    size = rng.integers(-64, 65, n) / 64
    prob = rng.integers(0, 65, n) / 64
    return pl.DataFrame(
        {"ts": ts, "symbol": ["X"] * n, "prob": prob, "side": np.sign(size), "size": size},
        schema_overrides={"symbol": pl.String},
    )


@modest
@given(seeds, st.integers(1, 60), st.sampled_from([0.0, 0.1, 0.25, 1.0]), st.sampled_from([0, 1, 10]))
def test_active_signals(seed: int, n: int, step: float, max_age_ns: int) -> None:
    rng = np.random.default_rng(seed)
    bets = signals(np.cumsum(rng.integers(0, 4, n)), rng)  # some begin together
    begin = bets["ts"].to_numpy()
    closing = rng.random(n) < 0.8
    closing[0] = True
    end = begin[closing] + rng.integers(1, 30, closing.sum())
    order = np.argsort(end, kind="stable")
    labels = pl.DataFrame(
        {"ts": end[order], "symbol": ["X"] * len(order), "start_ts": begin[closing][order], "ret": 0.0, "trgt": 0.1,
         "side": 1.0, "label": pl.Series([0] * len(order), dtype=pl.Int8), "barrier": ["vertical"] * len(order)},
        schema_overrides={"symbol": pl.String, "barrier": pl.String},
    )  # fmt: skip
    changes = [(ts, 0, start) for ts, start in labels.select("ts", "start_ts").iter_rows()]  # labels first
    changes += [(ts, 1, row) for row, ts in enumerate(begin.tolist())]
    active: list[tuple[int, float, float]] = []
    expected = []
    for ts, kind, which in sorted(changes, key=lambda change: change[:2]):
        before = len(active)
        active = [bet for bet in active if not max_age_ns or ts - bet[0] < max_age_ns]
        ended = next((bet for bet in active if kind == 0 and bet[0] == which), None)
        if kind == 1:
            active.append((ts, bets["prob"][which], bets["size"][which]))
        elif ended is not None:
            active.remove(ended)
        elif len(active) == before:
            continue
        prob, size = np.mean([bet[1:] for bet in active], axis=0).tolist() if active else (0.0, 0.0)
        rounded = float(np.rint(size / step) * step) if step else size
        expected.append((ts, prob, float(np.sign(size)), min(1.0, max(-1.0, rounded))))
    frames = {"l": (openquant.Label, labels), "s": (openquant.Signal, bets)}
    operator = openquant.ActiveSignals(step_size=step, max_age_ns=max_age_ns)
    out = run(frames, lambda graph, ports: graph.add(operator, ports["l"], ports["s"]))
    assert out.drop("symbol").with_columns(pl.col("ts").to_physical()).rows() == expected


@modest
@given(seeds, st.sampled_from([0.05, 0.1, 0.25, 0.5, 1.0]) | st.floats(0.001, 1))
def test_discrete_signals(seed: int, step: float) -> None:
    rng = np.random.default_rng(seed)
    bets = signals(np.arange(60), rng)
    operator = openquant.DiscreteSignals(step_size=step)
    out = run({"s": (openquant.Signal, bets)}, lambda graph, ports: graph.add(operator, ports["s"]))
    expected = np.clip(np.rint(bets["size"].to_numpy() / step) * step, -1, 1)
    assert out["size"].to_list() == expected.tolist()
    assert out.select("prob", "side").equals(bets.select("prob", "side"))
