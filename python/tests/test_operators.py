"""Each operator against an independent formula."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from conftest import prices
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import openquant

closes = st.lists(st.floats(0.5, 200.0, width=32), min_size=2, max_size=60)
walks = st.integers(0, 2**32 - 1).map(
    lambda seed: (100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.01, 80)))).tolist()
)


def run(frames: dict[str, tuple[Any, pl.DataFrame]], wire: Any) -> pl.DataFrame:
    graph = openquant.Graph()
    ports = {name: graph.source(name, event_type) for name, (event_type, _) in frames.items()}
    table = graph.collect(wire(graph, ports))
    graph.replay({name: frame for name, (_, frame) in frames.items()})
    return table.frame()


def of_prices(operator: Any, close: list[float]) -> pl.DataFrame:
    return run({"p": (openquant.Price, prices(close))}, lambda graph, ports: graph.add(operator, ports["p"]))


def seconds(frame: pl.DataFrame, column: str = "ts") -> list[int]:
    return (frame[column].to_physical() // 1_000_000_000).to_list()


@settings(max_examples=60, deadline=None)
@given(closes | walks, st.floats(1e-4, 0.1))
def test_cusum(close: list[float], threshold: float) -> None:
    up = down = 0.0
    expected = []
    for i in range(1, len(close)):
        r = math.log(close[i] / close[i - 1])
        up, down = max(0.0, up + r), min(0.0, down + r)
        if abs(max(up, -down) - threshold) < 1e-12:
            return  # where libm and ours may round to different sides
        if down < -threshold:
            down = 0.0
            expected.append((i, -1.0))
        elif up > threshold:
            up = 0.0
            expected.append((i, 1.0))
    events = of_prices(openquant.CusumFilter(threshold=threshold), close)
    assert list(zip(seconds(events), events["side"].to_list(), strict=True)) == expected


@settings(max_examples=60, deadline=None)
@given(walks, st.floats(1.5, 200.0), st.integers(2, 10))
def test_ewma_volatility(close: list[float], span: float, min_periods: int) -> None:
    out = of_prices(openquant.EwmaVolatility(span=span, min_periods=min_periods), close)
    returns = np.diff(close) / np.array(close[:-1])
    expected = []
    for n in range(min_periods, len(returns) + 1):
        weights = (1.0 - 2.0 / (span + 1.0)) ** np.arange(n - 1, -1, -1)
        mean = np.average(returns[:n], weights=weights)
        biased = np.average((returns[:n] - mean) ** 2, weights=weights)
        expected.append(math.sqrt(biased * weights.sum() ** 2 / (weights.sum() ** 2 - (weights**2).sum())))
    np.testing.assert_allclose(out["volatility"].to_numpy(), expected, rtol=1e-9)
    assert seconds(out) == list(range(min_periods, len(close)))


def test_ewma_volatility_is_polars_ewm_std() -> None:
    close = [100.0, 101.0, 99.5, 99.0, 102.0]
    out = of_prices(openquant.EwmaVolatility(span=3), close)
    expected = pl.Series(close).pct_change().drop_nulls().ewm_std(span=3).to_list()[1:]
    assert out["volatility"].to_list() == pytest.approx(expected, rel=1e-12)


def labels_by_definition(
    close: list[float],
    events: list[tuple[int, float]],
    trgt: float,
    pt: float,
    sl: float,
    max_bars: int,
    *,
    sided: bool,
) -> list[Any]:
    out = []
    last = len(close) - 1
    for start, side in events:
        side = side if sided else 1.0
        if start == last:
            continue
        barrier, end = "end", last
        for i in range(start + 1, len(close)):
            r = (close[i] / close[start] - 1.0) * side
            touched = "upper" if pt > 0 and r > pt * trgt else "lower" if sl > 0 and r < -sl * trgt else ""
            if touched or (max_bars and i - start >= max_bars):
                barrier, end = touched or "vertical", i
                break
        ret = (close[end] / close[start] - 1.0) * side
        out.append((start, end, ret, float(np.sign(ret)), barrier))
    return out


@settings(max_examples=80, deadline=None)
@given(
    walks,
    st.floats(1e-3, 0.05),
    st.sampled_from([0.0, 0.5, 1.0, 2.0]),
    st.sampled_from([0.0, 1.0, 3.0]),
    st.sampled_from([0, 1, 7, 30]),
    st.booleans(),
    st.integers(0, 9),
)
def test_triple_barrier(
    close: list[float], trgt: float, pt: float, sl: float, max_bars: int, sided: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    starts = np.flatnonzero(rng.random(len(close)) < 0.4).tolist()
    sides = rng.choice([-1.0, -0.5, 0.25, 1.0], len(starts)).tolist()
    events = pl.DataFrame(
        {
            "ts": np.array(starts, dtype=np.int64) * 1_000_000_000,
            "symbol": ["X"] * len(starts),
            "side": sides,
            "price": [1.0] * len(starts),
        },
        schema_overrides={"side": pl.Float64, "price": pl.Float64, "symbol": pl.String},
    )
    operator = openquant.TripleBarrier(pt=pt, sl=sl, target=trgt, max_bars=max_bars, use_side=sided)
    frames = {"p": (openquant.Price, prices(close)), "e": (openquant.Event, events)}
    out = run(frames, lambda graph, ports: graph.add(operator, ports["p"], ports["e"])).sort(
        "start_ts", maintain_order=True
    )
    got = list(
        zip(
            seconds(out, "start_ts"),
            seconds(out),
            out["ret"].to_list(),
            out["label"].cast(pl.Float64).to_list(),
            out["barrier"].to_list(),
            strict=True,
        )
    )
    assert got == labels_by_definition(
        close, list(zip(starts, sides, strict=True)), trgt, pt, sl, max_bars, sided=sided
    )


def test_labels_scaled_by_volatility() -> None:
    close = [100.0, 101.0, 100.0, 101.0, 100.0, 108.0, 100.0]

    def wire(graph: openquant.Graph, ports: dict[str, openquant.Port]) -> openquant.Port:
        events = graph.add(openquant.CusumFilter(threshold=0.005), ports["p"])
        volatility = graph.add(openquant.EwmaVolatility(span=10), ports["p"])
        return graph.add(openquant.TripleBarrier(pt=2.0, sl=2.0), ports["p"], events, volatility=volatility)

    out = run({"p": (openquant.Price, prices(close))}, wire)
    volatility = of_prices(openquant.EwmaVolatility(span=10), close)
    by_second = dict(zip(seconds(volatility), volatility["volatility"].to_list(), strict=True))
    assert out.height > 0
    assert out["trgt"].to_list() == [
        by_second[start] for start in seconds(out, "start_ts")
    ]  # known at the event's own price


@settings(max_examples=100, deadline=None)
@given(st.floats(0.0, 1.0), st.sampled_from([-1.0, 0.5, 1.0]), st.integers(2, 6))
def test_bet_size(prob: float, side: float, classes: int) -> None:
    frames = {
        "m": (openquant.Prediction, pl.DataFrame({"ts": [0], "symbol": "X", "prob": [prob], "side": [side]})),
        "e": (openquant.Event, pl.DataFrame({"ts": [0], "symbol": "X", "side": [1.0], "price": [1.0]})),
    }
    out = run(
        frames,
        lambda graph, ports: graph.add(openquant.BetSizer(num_classes=classes, step_size=0.0), ports["m"], ports["e"]),
    )
    spread = math.sqrt(prob * (1 - prob))
    expected = (
        side * (2 * stats.norm.cdf((prob - 1 / classes) / spread) - 1)
        if spread
        else math.copysign(side, side * (prob - 0.5))
    )
    assert out["size"][0] == pytest.approx(expected, abs=1e-14)


def test_probabilities_are_those_of_labels_already_closed() -> None:
    labels = pl.DataFrame(
        {"ts": [10, 10, 20, 30], "symbol": "X", "start_ts": [1, 2, 3, 4], "ret": 0.1, "trgt": 0.1, "side": [1.0, 1.0, -1.0, 1.0],
         "label": pl.Series([1, -1, 1, 1], dtype=pl.Int8), "barrier": "upper"}
    )  # fmt: skip
    events = pl.DataFrame({"ts": [5, 10, 25, 25], "symbol": "X", "side": [1.0, 1.0, 1.0, -1.0], "price": 1.0})
    frames = {"l": (openquant.Label, labels), "e": (openquant.Event, events)}
    out = run(frames, lambda graph, ports: graph.add(openquant.WinRate(), ports["l"], ports["e"]))
    assert out["prob"].to_list() == [1 / 2, 2 / 4, 2 / 4, 2 / 3]


@settings(max_examples=50, deadline=None)
@given(walks, st.integers(0, 99))
def test_strategy_returns(close: list[float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    at = np.flatnonzero(rng.random(len(close)) < 0.3)
    size = rng.uniform(-1, 1, len(at))
    signals = pl.DataFrame({"ts": at * 1_000_000_000, "symbol": ["X"] * len(at), "prob": np.full(len(at), 0.6), "side": np.ones(len(at)), "size": size},
                           schema_overrides={"symbol": pl.String})  # fmt: skip
    frames = {"p": (openquant.Price, prices(close)), "s": (openquant.Signal, signals)}
    out = run(frames, lambda graph, ports: graph.add(openquant.StrategyReturns(), ports["p"], ports["s"]))
    held = np.zeros(len(close))
    held[at] = size
    mask = np.zeros(len(close), dtype=bool)
    mask[at] = True
    position = held[np.maximum.accumulate(np.where(mask, np.arange(len(close)), 0))] * (np.cumsum(mask) > 0)
    expected = position[:-1] * (np.array(close[1:]) / np.array(close[:-1]) - 1.0)
    assert out["strategy_return"].to_list() == expected.tolist()


def test_a_list_of_names_is_checked() -> None:
    assert openquant.Align(symbols=["A", "B"]) == openquant.Align(symbols=("A", "B"))
    assert repr(openquant.Align(symbols=["A"])).startswith("Align(symbols=('A',)")
    for symbols, error in (([], ValueError), (["A", "A"], ValueError), ("AB", ValueError), ([1], TypeError)):
        with pytest.raises(error, match="symbols"):
            openquant.Align(symbols=symbols)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="symbols"):
        openquant.Align()  # type: ignore[call-arg]
