"""The pipeline against plain formulas, and its leakage checks against models that peek and models that do not."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import openquant
from openquant.bet_sizing import discrete_signal, get_signal
from openquant.filters import cusum_filter_indices
from openquant.pipeline import run_mid_frequency_pipeline, run_mid_frequency_pipeline_frames, summarize_pipeline
from openquant.portfolio import allocate_max_sharpe

SECOND = 1_000_000_000


def market(n: int, seed: int, assets: int = 3) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {
        "timestamps": 10**18 + SECOND * np.cumsum(rng.integers(1, 90_000, n)),
        "close": 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, n))),
        "model_probabilities": rng.uniform(0.0, 1.0, n),
        # The first asset earns for certain, so that there is always something to choose.
        "asset_prices": 20.0
        * np.exp(np.cumsum(np.c_[rng.uniform(0.0, 0.004, n), rng.normal(0.0, 0.01, (n, assets - 1))], axis=0)),
    }


@settings(max_examples=60, deadline=None)
@given(
    st.integers(5, 150),
    st.integers(0, 2**32 - 1),
    st.booleans(),
    st.floats(0.005, 0.03),
    st.integers(2, 4),
    st.sampled_from([0.05, 0.1, 1.0]),
    st.floats(0.0, 1.0),
)
def test_every_figure(n: int, seed: int, sided: bool, h: float, classes: int, step: float, q: float) -> None:
    given_ = market(n, seed)
    sides = np.random.default_rng(seed).choice([-1.0, 0.5, 1.0], n) if sided else None
    close, ppy = given_["close"], 252.0
    indices = np.asarray(cusum_filter_indices(close, h))
    options: dict[str, Any] = {"cusum_threshold": h, "num_classes": classes, "step_size": step, "confidence_level": q}
    if len(indices) == 0:
        with pytest.raises(ValueError, match="event filter produced no events"):
            run_mid_frequency_pipeline(**given_, **options)
        return
    out = run_mid_frequency_pipeline(**given_, model_sides=sides, **options)
    side = np.ones(n) if sides is None else sides
    told = out["events"]
    assert told["indices"].tolist() == indices.tolist()
    assert told["timestamps"].tolist() == given_["timestamps"][indices].tolist()
    assert told["probabilities"].tolist() == given_["model_probabilities"][indices].tolist()
    assert told["sides"].tolist() == side[indices].tolist()

    prob = given_["model_probabilities"][indices]
    bets = np.asarray(discrete_signal(get_signal(prob, classes, side[indices]), step))
    spread = np.sqrt(prob * (1 - prob))
    plain = side[indices] * (2 * stats.norm.cdf((prob - 1 / classes) / spread) - 1)
    away = np.abs(plain / step - np.floor(plain / step) - 0.5) > 1e-9  # from a tie of the rounding
    np.testing.assert_allclose(bets[away], np.clip(np.round(plain / step) * step, -1, 1)[away], atol=1e-12)
    assert out["signals"]["event_signal"].tolist() == bets.tolist()

    values = np.zeros(n)
    for at, bet in zip(indices, bets, strict=True):
        values[at:] = bet
    assert out["signals"]["values"].tolist() == values.tolist()
    returns = values[:-1] * (close[1:] / close[:-1] - 1.0)
    equity = np.concatenate([[1.0], np.cumprod(1.0 + returns)])
    drawdowns = 1.0 - equity / np.maximum.accumulate(equity)
    test, risk = out["backtest"], out["risk"]
    np.testing.assert_array_equal(test["strategy_returns"], returns)
    np.testing.assert_allclose(test["equity_curve"], equity, rtol=1e-12)
    np.testing.assert_allclose(test["drawdowns"], drawdowns, atol=1e-12)
    assert test["max_drawdown"] == max(test["drawdowns"])
    assert math.isclose(
        test["time_under_water_years"], under_water(test["equity_curve"], given_["timestamps"]), rel_tol=1e-12
    )

    ordered = np.sort(returns)
    assert risk["value_at_risk"] == ordered[math.ceil(q * (n - 2) - 1e-9)]
    np.testing.assert_allclose(risk["expected_shortfall"], tail_mean(ordered, q), atol=1e-12)
    np.testing.assert_allclose(
        risk["conditional_drawdown_risk"], tail_mean(np.sort(drawdowns[1:])[::-1], q), atol=1e-12
    )
    deviation = np.std(returns, ddof=1)
    sharpe = returns.mean() / deviation * math.sqrt(ppy) if deviation > 0 else 0.0
    np.testing.assert_allclose(risk["realized_sharpe"], sharpe, rtol=1e-9, atol=1e-9)

    weights, *figures = allocate_max_sharpe(given_["asset_prices"])
    assert out["portfolio"]["asset_names"] == ["asset_0", "asset_1", "asset_2"]
    assert out["portfolio"]["weights"].tolist() == weights.tolist()
    assert [out["portfolio"][k] for k in ("portfolio_risk", "portfolio_return", "portfolio_sharpe")] == figures
    assert out["leakage_checks"] == {
        "inputs_aligned": True,
        "event_indices_sorted": True,
        "timestamps_increasing": True,
        "has_forward_look_bias": False,
        "model_checked": False,
    }


def under_water(equity: Any, ts: Any) -> float:
    longest, high_ts, high, under = 0, ts[0], equity[0], False
    for e, t in zip(equity, ts, strict=True):
        at_high = e >= high
        if not at_high or under:
            longest = max(longest, t - high_ts)
        if at_high:
            high, high_ts = e, t
        under = not at_high
    return float(longest / (365.25 * 86_400e9))


def tail_mean(worst_first: Any, q: float) -> float:
    share = q * len(worst_first)
    whole = int(share)
    if whole == 0:
        return float(worst_first[0])
    edge = share - whole
    return float(
        (worst_first[:whole].sum() + (edge * worst_first[whole] if edge > 0 and whole < len(worst_first) else 0.0))
        / share
    )


def test_lists_in_lists_out() -> None:
    given_ = market(50, 1)
    texts = [str(t).replace("T", " ")[:19] for t in given_["timestamps"].astype("datetime64[ns]")]
    out = run_mid_frequency_pipeline(
        texts, *(given_[k].tolist() for k in ("close", "model_probabilities", "asset_prices")), cusum_threshold=0.01
    )
    for part, figures in out.items():
        for name, value in figures.items():
            assert not isinstance(value, np.ndarray), f"{part}.{name}"
    assert out["events"]["timestamps"] == [texts[i] for i in out["events"]["indices"]]
    arrays = run_mid_frequency_pipeline(**given_, cusum_threshold=0.01)
    assert out["backtest"]["equity_curve"] == arrays["backtest"]["equity_curve"].tolist()


# -- leakage ---------------------------------------------------------------------------------------------------------


def honest(frame: pl.DataFrame) -> Any:
    momentum = frame["close"].pct_change().ewm_mean(half_life=5, ignore_nulls=True).fill_null(0.0).to_numpy()
    return 0.5 + 0.4 * np.tanh(50 * momentum)


def peeks(frame: pl.DataFrame) -> Any:
    ahead = (frame["close"].shift(-1) / frame["close"] - 1.0).fill_null(0.0).to_numpy()
    return np.where(ahead > 0, 0.9, 0.1)


def scaled_by_all(frame: pl.DataFrame) -> Any:
    close = frame["close"].to_numpy()
    return (close - close.min()) / max(np.ptp(close), 1e-9)


@pytest.mark.parametrize("n", [40, 400])
@pytest.mark.parametrize("seed", range(5))
def test_a_model_that_peeks_is_caught_and_an_honest_one_is_not(n: int, seed: int) -> None:
    given_ = market(n, seed)

    def checks(model: Any) -> dict[str, bool]:
        told: dict[str, bool] = run_mid_frequency_pipeline(**{**given_, "model_probabilities": model})["leakage_checks"]
        return told

    assert checks(honest)["model_checked"] and not checks(honest)["has_forward_look_bias"]
    assert checks(peeks)["has_forward_look_bias"]
    assert checks(scaled_by_all)["has_forward_look_bias"]


def test_a_model_sees_what_there_is() -> None:
    given_, seen = market(60, 3), []

    def model(frame: pl.DataFrame) -> Any:
        seen.append(frame)
        return [0.7] * frame.height

    run_mid_frequency_pipeline(
        **{**given_, "model_probabilities": model}, model_sides=np.ones(60), cusum_threshold=0.01
    )
    assert seen[0].columns == ["ts", "close", "side"] and seen[0].height == 60 and len(seen) > 10
    assert all(frame.equals(seen[0].head(frame.height)) for frame in seen[1:])


def test_a_graph_that_looks_ahead_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another graph stands in for one that would change its mind."""
    from openquant._pipeline_run import Outputs

    plain = Outputs.change_with_later_bars

    def other(outputs: Outputs, _: openquant.Graph, given_: Any) -> bool:
        twice = {**given_.parameters, "cusum_threshold": 2.0 * given_.parameters["cusum_threshold"]}
        return plain(outputs, run_mid_frequency_pipeline.graph(**twice), given_)

    monkeypatch.setattr(Outputs, "change_with_later_bars", other)
    assert run_mid_frequency_pipeline(**market(100, 4))["leakage_checks"]["has_forward_look_bias"]


def test_times_before_1970_change_nothing() -> None:
    given_ = market(60, 9)
    early = {**given_, "timestamps": given_["timestamps"] - 15 * 10**17}
    old, new = run_mid_frequency_pipeline(**early), run_mid_frequency_pipeline(**given_)
    for part, name in (("signals", "values"), ("backtest", "equity_curve"), ("backtest", "time_under_water_years")):
        np.testing.assert_array_equal(old[part][name], new[part][name])
    assert (old["events"]["timestamps"] < 0).all() and old["leakage_checks"] == new["leakage_checks"]


def test_alignment_and_equal_neighbours_are_measured() -> None:
    given_ = market(400, 5)
    assert not run_mid_frequency_pipeline(**{**given_, "asset_prices": given_["asset_prices"][:7]})["leakage_checks"][
        "inputs_aligned"
    ]
    equal = given_["timestamps"].copy()
    equal[101] = equal[100]
    out = run_mid_frequency_pipeline(**{**given_, "timestamps": equal})
    assert not out["leakage_checks"]["timestamps_increasing"] and not out["leakage_checks"]["has_forward_look_bias"]
    plain = run_mid_frequency_pipeline(**given_)
    assert (
        out["events"]["indices"].tolist() == plain["events"]["indices"].tolist()
    )  # a prediction stays with its own bar
    all_equal = run_mid_frequency_pipeline(**{**given_, "timestamps": np.full(400, 10**18)})
    assert all_equal["signals"]["values"].tolist() == plain["signals"]["values"].tolist()


# -- frames, summary, refusals ---------------------------------------------------------------------------------------


def test_frames_and_summary() -> None:
    given_ = market(80, 6)
    out = run_mid_frequency_pipeline_frames(**given_, asset_names=["A", "B", "C"], cusum_threshold=0.02)
    frames, stamps = out["frames"], pl.Series(given_["timestamps"]).cast(pl.Datetime("ns"))
    assert {name: frame.columns for name, frame in frames.items()} == {
        "signals": ["ts", "signal"],
        "events": ["start_ts", "end_ts", "prob", "side"],
        "backtest": ["ts", "equity", "returns", "position"],
        "weights": ["asset", "weight", "as_of"],
    }
    indices = out["events"]["indices"]
    assert frames["events"]["start_ts"].to_list() == stamps.gather(indices).to_list()
    assert frames["events"]["end_ts"].to_list() == stamps.gather([*indices[1:], 79]).to_list()
    assert frames["backtest"]["returns"].to_list() == [0.0, *out["backtest"]["strategy_returns"]]
    assert (
        frames["backtest"]["position"].to_list()
        == frames["signals"]["signal"].to_list()
        == out["signals"]["values"].tolist()
    )
    assert frames["weights"]["asset"].to_list() == ["A", "B", "C"]
    row = summarize_pipeline(out).row(0, named=True)
    assert list(row) == [
        "portfolio_sharpe", "portfolio_return", "portfolio_risk", "realized_sharpe", "value_at_risk", "expected_shortfall",
        "conditional_drawdown_risk", "inputs_aligned", "event_indices_sorted", "has_forward_look_bias",
    ]  # fmt: skip
    assert row["realized_sharpe"] == out["risk"]["realized_sharpe"] and row["inputs_aligned"] is True


def test_no_excess_return_warns_and_a_riskless_portfolio_has_an_infinite_ratio() -> None:
    given_ = market(60, 7)
    falling = 100.0 * np.exp(-0.01 * np.arange(60) + np.random.default_rng(1).normal(0.0, 1e-4, 60))
    with pytest.warns(UserWarning, match="minimum-variance"):
        run_mid_frequency_pipeline(**{**given_, "asset_prices": np.c_[falling, falling**1.1]})
    riskless = np.c_[100.0 * 2.0 ** np.arange(5.0), np.array([1.0, 2.0, 1.0, 3.0, 1.0])]
    out = run_mid_frequency_pipeline(**{**given_, "asset_prices": riskless})
    assert out["portfolio"]["portfolio_sharpe"] == math.inf and out["portfolio"]["portfolio_risk"] == 0.0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"timestamps": np.arange(60)[::-1] * SECOND}, "timestamps at row 1"),
        ({"timestamps": np.arange(59)}, "close/timestamps length mismatch: 60 vs 59"),
        ({"timestamps": np.r_[np.arange(59), 2**63 - 1]}, "timestamps at row 59 is 2262-04-11"),
        ({"close": np.r_[np.ones(59), np.nan]}, "close at row 59 is nan"),
        ({"model_probabilities": np.full(59, 0.5)}, "close/model_probabilities length mismatch: 60 vs 59"),
        ({"model_probabilities": np.full(60, 1.5)}, "model_probabilities at row 0 is 1.5"),
        ({"model_probabilities": lambda frame: [0.5]}, "returned 1 probabilities for 60 bars"),
        (
            {"model_probabilities": lambda frame: [2.0] * frame.height},
            "what model_probabilities returned at row 0 is 2.0",
        ),
        (
            {"model_probabilities": lambda frame: frame["nope"]},
            "model_probabilities failed on 60 bars: ColumnNotFoundError",
        ),
        ({"model_sides": np.full(60, 2.0)}, "model_sides at row 0 is 2.0"),
        ({"model_sides": np.ones(3)}, "close/model_sides length mismatch: 60 vs 3"),
        ({"asset_prices": np.ones((2, 3))}, "at least 3 rows"),
        ({"asset_prices": [[1.0, 2.0], [1.0]]}, "asset_prices matrix must be rectangular"),
        ({"asset_prices": np.zeros((60, 2))}, "asset_prices at row 0, column 0 is 0.0"),
        ({"asset_prices": np.ones((60, 2))}, "neither risk nor excess return"),
        ({"asset_names": ["A"]}, "asset_prices columns/asset_names length mismatch: 3 vs 1"),
        ({"asset_names": ["A", "B", "A"]}, "asset_names must differ"),
        ({"close": np.full(60, 100.0)}, "event filter produced no events"),
        ({"close": [], "timestamps": [], "model_probabilities": []}, "close is empty"),
        ({"cusum_threshold": 0.0}, "cusum_threshold = 0.0"),
        ({"num_classes": 1}, "num_classes = 1"),
        ({"step_size": 0.0}, "step_size = 0.0"),
        ({"step_size": 1.1}, "step_size = 1.1"),
        ({"risk_free_rate": np.nan}, "risk_free_rate = nan"),
        ({"confidence_level": 1.1}, "confidence_level = 1.1"),
        ({"periods_per_year": 0.0}, "periods_per_year = 0.0"),
    ],
)
def test_refusals(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        run_mid_frequency_pipeline(**{**market(60, 8), **changed})
    assert message in str(caught.value)


def test_refusals_of_types_and_of_what_is_no_run() -> None:
    for changed in (
        {"close": None},
        {"asset_prices": 3},
        {"asset_names": [1, 2, 3]},
        {"num_classes": 2.5},
        {"model_probabilities": "x"},
    ):
        with pytest.raises(TypeError):
            run_mid_frequency_pipeline(**{**market(60, 8), **changed})
    with pytest.raises(TypeError):
        run_mid_frequency_pipeline_frames(**market(60, 8), step=0.1)
    with pytest.raises(TypeError, match="out must be"):
        summarize_pipeline(None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"out has no portfolio\.portfolio_sharpe"):
        summarize_pipeline({"risk": {}})
