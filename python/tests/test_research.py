"""The flywheel against plain formulas; the dataset is the same everywhere."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openquant.research import (
    ResearchDataset,
    make_synthetic_futures_dataset,
    run_flywheel_grid,
    run_flywheel_iteration,
)


def test_the_dataset_is_the_same_for_the_same_seed_everywhere() -> None:
    made = make_synthetic_futures_dataset()
    assert (
        made
        == make_synthetic_futures_dataset(192, 7, ["CL", "NG", "RB", "GC"])
        != make_synthetic_futures_dataset(seed=8)
    )
    assert (
        made.asset_names == ["CL", "NG", "RB", "GC"]
        and len(made.close) == len(made.timestamps) == len(made.asset_prices) == 192
    )
    assert (made.timestamps[0], made.timestamps[-1]) == ("2024-01-01 09:30:00", "2024-01-01 12:41:00")
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.close = []  # type: ignore[misc]
    bits = np.concatenate(
        [np.ravel(x) for x in (made.close, made.model_probabilities, made.model_sides, made.asset_prices)]
    )
    assert hashlib.blake2b(bits.tobytes(), digest_size=8).hexdigest() == "b9aab023e847372d"


@pytest.mark.parametrize("seed", range(40))
def test_every_seed_makes_a_dataset_that_runs(seed: int) -> None:
    made = make_synthetic_futures_dataset(32, seed)
    prob = np.array(made.model_probabilities)
    assert ((prob >= 0) & (prob <= 1)).all() and set(made.model_sides) <= {-1.0, 1.0}
    out = run_flywheel_iteration(made)
    assert out["leakage_checks"]["inputs_aligned"] and not out["leakage_checks"]["has_forward_look_bias"]


@settings(max_examples=30, deadline=None)
@given(
    st.integers(32, 120),
    st.integers(0, 10**6),
    st.floats(0.0, 20.0),
    st.floats(0.0, 20.0),
    st.floats(0.0, 30.0),
    st.floats(0.0, 0.2),
)
def test_costs_are_charged_bar_by_bar(
    n: int, seed: int, commission: float, spread: float, slippage: float, rf: float
) -> None:
    config = {"commission_bps": commission, "spread_bps": spread, "slippage_vol_mult": slippage, "risk_free_rate": rf}
    data = make_synthetic_futures_dataset(n, seed)
    out = run_flywheel_iteration(data, config=config)
    close, values = np.array(data.close), np.array(out["signals"]["values"])
    gross, told, ppy = np.array(out["backtest"]["strategy_returns"]), out["costs"], 252.0 * 390.0
    volatility = np.std(close[1:] / close[:-1] - 1.0, ddof=1)
    rate = (commission + spread) / 1e4 + slippage / 100.0 * volatility
    changes = np.abs(np.diff(values[:-1], prepend=0.0))
    changes[-1] += abs(values[-2])
    net = gross - rate * changes

    def sharpe(r: Any) -> float:
        return float((r.mean() - rf / ppy) / np.std(r, ddof=1) * math.sqrt(ppy)) if np.ptp(r) > 0 else 0.0

    expected = {
        "turnover": changes.sum(),
        "realized_vol": volatility,
        "cost_per_turn": rate,
        "estimated_total_cost": rate * changes.sum(),
        "gross_total_return": np.prod(1.0 + gross) - 1.0,
        "net_total_return": np.prod(1.0 + net) - 1.0,
        "gross_sharpe": sharpe(gross),
        "net_sharpe": sharpe(net),
    }
    assert list(told) == list(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(told[name], value, rtol=1e-8, atol=1e-10, err_msg=name)
    limits = {"realized": out["risk"]["realized_sharpe"] >= 0.25, "net": told["net_sharpe"] >= 0.30}
    assert out["promotion"] == {
        "passed_realized_sharpe": limits["realized"],
        "passed_net_sharpe": limits["net"],
        "passed_alignment_guard": True,
        "passed_event_order_guard": True,
        "passed_leakage_guard": True,
        "promote_candidate": all(limits.values()),
    }
    row = out["summary"].row(0, named=True)
    assert list(row)[-6:] == [
        "turnover",
        "realized_vol",
        "estimated_cost",
        "gross_total_return",
        "net_total_return",
        "net_sharpe",
    ]
    assert row["estimated_cost"] == told["estimated_total_cost"] and row["net_sharpe"] == told["net_sharpe"]


def test_times_before_1970_cost_the_same() -> None:
    data = make_synthetic_futures_dataset(64)
    early = dataclasses.replace(data, timestamps=[text.replace("2024-", "1924-") for text in data.timestamps])
    assert run_flywheel_iteration(early)["costs"] == run_flywheel_iteration(data)["costs"]


def test_a_peeking_model_and_missing_rows_do_not_get_promoted() -> None:
    data = make_synthetic_futures_dataset(200)

    def peeks(frame: Any) -> Any:
        return (frame["close"].shift(-1).fill_null(0.0) > frame["close"]).cast(float)

    out = run_flywheel_iteration(dataclasses.replace(data, model_probabilities=peeks))
    assert not out["promotion"]["passed_leakage_guard"] and not out["promotion"]["promote_candidate"]
    out = run_flywheel_iteration(dataclasses.replace(data, asset_prices=data.asset_prices[:50]))
    assert not out["promotion"]["passed_alignment_guard"] and not out["promotion"]["promote_candidate"]


def test_the_leaderboard_is_ordered_best_first() -> None:
    data = make_synthetic_futures_dataset(256, 3)
    configs = [{"commission_bps": c, "min_net_sharpe": m} for c in (40.0, 0.0, 5.0) for m in (-1e9, 1e9)]
    grid = run_flywheel_grid(data, configs)
    board = grid["leaderboard"]
    assert board.columns[0] == "run_name" and board.columns[-1] == "promote_candidate"
    assert sorted(board["run_name"]) == [f"run_{i}" for i in range(6)] == list(grid["runs"])
    keys = list(zip(board["promote_candidate"], board["net_sharpe"], board["realized_sharpe"], strict=True))
    assert keys == sorted(keys, reverse=True)
    assert grid["records"] == board.to_dicts()
    assert run_flywheel_grid(data, [{}], run_names=["only"])["records"][0]["run_name"] == "only"


DATA = make_synthetic_futures_dataset(40)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: make_synthetic_futures_dataset(31), ValueError, "n_bars = 31"),
        (lambda: make_synthetic_futures_dataset(64.0), TypeError, "n_bars must be a whole number"),  # type: ignore[arg-type]
        (lambda: make_synthetic_futures_dataset(64, -1), ValueError, "seed = -1"),
        (lambda: make_synthetic_futures_dataset(64, 1, ["A"]), ValueError, "asset_names must be 2 to 512 names, not 1"),
        (
            lambda: make_synthetic_futures_dataset(64, 1, ["B", "A", "C", "A"]),
            ValueError,
            "asset_names at row 3 is 'A', the name at row 1 already; names must differ",
        ),
        (
            lambda: run_flywheel_iteration(DATA, config={"commision_bps": 1.0}),
            ValueError,
            "unknown key 'commision_bps'",
        ),
        (lambda: run_flywheel_iteration(DATA, config={"commission_bps": -1.0}), ValueError, "commission_bps = -1.0"),
        (lambda: run_flywheel_iteration(DATA, config={"min_net_sharpe": np.nan}), ValueError, "min_net_sharpe = nan"),
        (lambda: run_flywheel_iteration(DATA, config={"step_size": 2.0}), ValueError, "step_size = 2.0"),
        (lambda: run_flywheel_iteration(DATA, config=[1]), TypeError, "config must be a mapping"),  # type: ignore[arg-type]
        (lambda: run_flywheel_iteration({}), TypeError, "dataset must be a ResearchDataset"),  # type: ignore[arg-type]
        (lambda: run_flywheel_grid(DATA, []), ValueError, "configs is empty"),
        (lambda: run_flywheel_grid(DATA, {}), TypeError, "configs must be a list"),  # type: ignore[arg-type]
        (
            lambda: run_flywheel_grid(DATA, [{}, {}], run_names=["a"]),
            ValueError,
            "configs/run_names length mismatch: 2 vs 1",
        ),
        (
            lambda: run_flywheel_grid(DATA, [{}, {}], run_names=["a", "a"]),
            ValueError,
            "run_names at row 1 is 'a', the name at row 0 already",
        ),
        (
            lambda: run_flywheel_iteration(ResearchDataset([], [], [], None, [[1.0]] * 3, None)),
            ValueError,
            "close is empty",
        ),
    ],
)
def test_refusals(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert message in str(caught.value)
