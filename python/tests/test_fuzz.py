"""Whatever is thrown at a public function, it answers, or raises ValueError, TypeError or FileNotFoundError: 100,000 calls.

Half of them are a valid call with one argument changed; at least 30 % must return. A crash would end the test run itself.
"""

from __future__ import annotations

import dataclasses
import inspect
import random
import warnings
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from openquant import (
    adapters,
    bars,
    bet_sizing,
    data,
    filters,
    labeling,
    pipeline,
    portfolio,
    research,
    risk,
    sampling,
    viz,
)

CALLS = 100_000
AT_LEAST = 500
ALLOWED = (ValueError, TypeError, FileNotFoundError)
MODULES = (adapters, bars, bet_sizing, data, filters, labeling, pipeline, portfolio, research, risk, sampling, viz)

rng = np.random.default_rng(11)
N = 24
CLOSE = (100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, N)))).tolist()
TIMES = [f"2024-01-01 09:{30 + i}:00" for i in range(N)]
RETURNS = rng.normal(0.0, 0.01, N).tolist()
MATRIX = (50.0 * np.exp(np.cumsum(rng.normal(1e-3, 0.01, (N, 3)), axis=0))).tolist()
IND = [[1, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]]
OHLCV = pl.DataFrame(
    {
        "ts": TIMES,
        "symbol": ["A", "B"] * (N // 2),
        "open": CLOSE,
        "high": [c * 1.01 for c in CLOSE],
        "low": [c * 0.99 for c in CLOSE],
        "close": CLOSE,
        "volume": [1000.0] * N,
    }
)
TRADES = OHLCV.select("ts", "symbol", price="close", size="volume", side=pl.lit("buy"))
LABELS: dict[str, Any] = {
    "close_timestamps": TIMES,
    "close_prices": CLOSE,
    "t_events": TIMES[:5],
    "target_timestamps": TIMES,
    "target_values": [0.01] * N,
    "pt": 1.0,
    "sl": 1.0,
    "min_ret": 0.0,
    "vertical_barrier_times": [(TIMES[0], TIMES[5])],
    "side_prediction": [(t, 1.0) for t in TIMES[:5]],
}
RUN: dict[str, Any] = {
    "timestamps": TIMES,
    "close": CLOSE,
    "model_probabilities": [0.7] * N,
    "asset_prices": MATRIX,
    "model_sides": [1.0] * N,
    "asset_names": ["a", "b", "c"],
    "cusum_threshold": 0.001,
    "num_classes": 2,
    "step_size": 0.1,
    "risk_free_rate": 0.0,
    "confidence_level": 0.05,
    "periods_per_year": 252.0,
}
OUT = pipeline.run_mid_frequency_pipeline(**RUN)
DATASET = research.make_synthetic_futures_dataset(40)
ALLOCATE: dict[str, Any] = {"prices": MATRIX, "periods_per_year": 252.0, "bounds": (0, 1), "returns": "simple"}
AMOUNT: dict[str, Any] = {"df": TRADES, "remainder": "reset", "partial": False}
Z: dict[str, Any] = {"close": CLOSE, "mean_window": 5, "std_window": 5, "threshold": 1.0, "side": "both"}


def buffer(**arguments: Any) -> Any:
    """A buffer's whole life as one call."""
    capacity = arguments.pop("capacity")
    made = adapters.SignalStreamBuffer(capacity)
    made.append(**arguments)
    frame = made.frame()
    made.clear()
    return frame, len(made), made.dropped


def valid_calls(folder: Path) -> dict[Callable[..., Any], dict[str, Any]]:
    """Each public function with arguments that it answers."""
    path = folder / "bars.csv"
    OHLCV.write_csv(path)
    return {
        filters.cusum_filter_indices: {"close": CLOSE, "threshold": 0.01},
        filters.cusum_filter_timestamps: {"close": CLOSE, "timestamps": TIMES, "threshold": 0.01},
        filters.z_score_filter_indices: Z,
        filters.z_score_filter_timestamps: {**Z, "timestamps": TIMES},
        bars.build_tick_bars: {**AMOUNT, "ticks_per_bar": 3},
        bars.build_volume_bars: {**AMOUNT, "df": OHLCV, "volume_per_bar": 3000.0},
        bars.build_dollar_bars: {**AMOUNT, "dollar_value_per_bar": 3e5},
        bars.build_time_bars: {"df": OHLCV, "interval": "5m"},
        bars.bar_diagnostics: {"df": OHLCV},
        data.clean_ohlcv: {"df": OHLCV, "dedupe_keep": "last", "return_report": True},
        data.data_quality_report: {"df": OHLCV},
        data.load_ohlcv: {
            "path": path,
            "symbol": None,
            "return_report": True,
            "dedupe_keep": "first",
            "date_format": None,
        },
        data.align_calendar: {"df": OHLCV, "interval": "1m"},
        labeling.triple_barrier_events: LABELS,
        labeling.triple_barrier_labels: {**LABELS, "vertical_label": "zero"},
        labeling.meta_labels: LABELS,
        sampling.get_ind_matrix: {"label_endtime": [(0, 2), (2, 3), (4, 5)], "bar_index": list(range(6))},
        sampling.get_ind_mat_average_uniqueness: {"ind_mat": IND},
        sampling.seq_bootstrap: {"ind_mat": IND, "sample_length": 3, "warmup_samples": [1], "random_state": 1},
        sampling.seq_bootstrap_intervals: {
            "label_endtime": [(0, 2), (2, 3), (4, 5)],
            "n_bars": 6,
            "sample_length": 3,
            "warmup_samples": None,
            "random_state": 1,
        },
        bet_sizing.get_signal: {"prob": [0.2, 0.7], "num_classes": 2, "pred": [1.0, -1.0]},
        bet_sizing.discrete_signal: {"signal0": [0.23, -0.77], "step_size": 0.1},
        bet_sizing.bet_size: {"w_param": 2.0, "price_div": [0.3, -0.5], "func": "power"},
        portfolio.allocate_inverse_variance: ALLOCATE,
        portfolio.allocate_min_vol: ALLOCATE,
        portfolio.allocate_max_sharpe: {**ALLOCATE, "risk_free_rate": 0.0},
        risk.calculate_value_at_risk: {"returns": RETURNS, "confidence_level": 0.05},
        risk.calculate_expected_shortfall: {"returns": RETURNS, "confidence_level": 0.05},
        risk.calculate_conditional_drawdown_risk: {"returns": RETURNS, "confidence_level": 0.05, "compounded": True},
        adapters.to_polars_signal_frame: {"timestamps": TIMES, "signal": RETURNS, "side": [1.0] * N, "symbol": "A"},
        adapters.to_polars_event_frame: {
            "starts": TIMES,
            "ends": TIMES,
            "probs": [0.5] * N,
            "sides": [1.0] * N,
            "labels": [1] * N,
        },
        adapters.to_polars_indicator_matrix: {
            "ind_mat": IND,
            "bar_index": list(range(6)),
            "label_names": ["a", "b", "c"],
        },
        adapters.to_polars_weights_frame: {"asset_names": ["a", "b"], "weights": [0.5, 0.5], "as_of": TIMES[0]},
        adapters.to_polars_frontier_frame: {
            "volatility": [0.1, 0.2],
            "returns": [0.1, 0.2],
            "sharpe": [1.0, 1.0],
            "point_ids": ["p", "q"],
        },
        adapters.to_polars_backtest_frame: {
            "timestamps": TIMES,
            "equity_curve": CLOSE,
            "returns": RETURNS,
            "positions": RETURNS,
        },
        adapters.to_pandas: {"df": OHLCV},
        buffer: {"capacity": 5, "timestamps": TIMES, "signal": RETURNS, "side": [1.0] * N, "symbol": ["A"] * N},
        pipeline.run_mid_frequency_pipeline: RUN,
        pipeline.run_mid_frequency_pipeline_frames: RUN,
        pipeline.summarize_pipeline: {"out": OUT},
        research.make_synthetic_futures_dataset: {"n_bars": 32, "seed": 7, "asset_names": ["A", "B"]},
        research.run_flywheel_iteration: {"dataset": DATASET, "config": {"commission_bps": 1.0}},
        research.run_flywheel_grid: {"dataset": DATASET, "configs": [{}], "run_names": ["a"]},
        viz.prepare_feature_importance_payload: {
            "feature_names": ["a", "b"],
            "importance": [0.5, 0.7],
            "std": [0.1, 0.1],
            "top_n": 1,
        },
        viz.prepare_drawdown_payload: {"timestamps": TIMES, "equity_curve": CLOSE},
        viz.prepare_regime_payload: {"timestamps": TIMES, "score": RETURNS, "threshold": 0.0},
        viz.prepare_frontier_payload: {"volatility": [0.1, 0.2], "returns": [0.1, 0.2], "sharpe": [1.0, 1.0]},
        viz.prepare_cluster_payload: {"node_id": [0, 1], "parent_id": [-1, 0], "height": [1.0, 0.5]},
        viz.prepare_feature_importance_comparison_payload: {
            "left_labels": ["a"],
            "left_values": [0.5],
            "right_labels": ["b"],
            "right_values": [0.5],
            "left_name": "l",
            "right_name": "r",
        },
    }


def scalars() -> list[Any]:
    nan, inf = float("nan"), float("inf")
    return [
        None, True, False, 0, 1, -1, 2, 7, 0.0, -0.0, 0.5, -0.5, 1e-320, 1e308, -1e308, nan, inf, -inf, 2**31, 2**63, -(2**63),
        2**70, 10**400, "", "a", "buy", "1d", "0d", "2024-01-01", "2024-02-30", "x" * 50, "\x00", "\ud800", b"a", 1j, object(),
        np.float64(0.5), np.float32(0.25), np.int64(3), np.bool_(True), np.array(0.5), np.datetime64("NaT"), np.nan, ..., int,
        datetime(2024, 1, 1), datetime(1, 1, 1), datetime(9999, 12, 31, tzinfo=UTC), date(1960, 1, 1), lambda *a: a, [], {}, (), set(),
    ]  # fmt: skip


def arrays(draw: random.Random) -> list[Any]:
    n = draw.choice([0, 1, 2, 3, N - 1, N, N + 1])
    noise = np.random.default_rng(draw.randrange(2**32))
    floats = noise.normal(0.0, 1.0, n)
    broken = floats.copy()
    broken[: n // 2] = draw.choice([np.nan, np.inf, -0.0, 1e300, 0.0])
    return [
        floats, np.abs(floats) + 1.0, floats.tolist(), broken, broken.tolist(), floats.astype(np.float32), floats[::-1], floats[::2],
        noise.integers(-3, 9, n), noise.integers(0, 2, n).tolist(), noise.integers(0, 2, n).astype(bool), [None] * n, ["a"] * n,
        [0.5] * n, [1.0] * n, [2**70] * n, [float("nan")] * n, [True] * n, TIMES[:n], TIMES[:n][::-1], [TIMES[0]] * n,
        np.array(TIMES[:n], dtype="datetime64[s]"), np.arange(n), np.arange(n) - 2, np.arange(n)[::-1] * 10**17, np.arange(n, dtype=np.uint64),
        [datetime(2024, 1, 1 + i % 28) for i in range(n)], [date(1960, 1, 1)] * n, [[1.0, 2.0]] * n, [[1.0], [1.0, 2.0]], [[]] * n,
        np.ones((n, 3)), np.ones((n, 2, 2)), np.ones((3, n)).T, np.zeros((n, 3)), np.array(["x"] * n), np.array([None] * n),
        pl.Series(floats), pl.Series([0.5] * n), pl.Series(["a"] * n), pl.Series([None] * n), pl.Series(TIMES[:n], dtype=pl.String).str.to_datetime(),
        pl.Series([1, None, 3]), pl.Series([[1.0]] * n), pl.DataFrame({"a": floats}), pl.DataFrame({"a": floats, "b": floats}), pl.DataFrame(),
        [(0, 1), (1, 2)], [(2, 1)], [(TIMES[0], TIMES[1])], {TIMES[0]: 1.0}, ["a", "b", "c"], ["a", "a"], ["a", None], range(n), iter([1.0]),
        np.ma.masked_array(floats, floats > 0), memoryview(b"abc"), [np.float64(0.5)] * n, [[0, 1], [1, 0]], [[2]], [{}], {"a": 1},
    ]  # fmt: skip


def changed_frame(draw: random.Random, df: pl.DataFrame) -> Any:
    column = draw.choice(df.columns)
    bad: list[Callable[[], Any]] = [
        lambda: df.clear(),
        lambda: df.head(draw.randrange(4)),
        lambda: df.drop(column),
        lambda: df.rename({column: "x"}),
        lambda: df.sample(fraction=1.0, shuffle=True, seed=1),
        lambda: pl.concat([df, df]),
        lambda: df.with_columns(pl.lit(None).alias(column)),
        lambda: df.with_columns(pl.lit(draw.choice([0.0, -1.0, np.nan, np.inf, 1e200, 1e-200])).alias(column)),
        lambda: df.with_columns(pl.lit(draw.choice(["", "a", "2024-01-01", "b", "1"])).alias(column)),
        lambda: df.with_columns(pl.lit(True).alias(column)),
        lambda: df.with_columns(pl.Series(column, [[1]] * df.height)),
        lambda: df.with_columns(pl.col("ts").str.to_datetime(time_unit=draw.choice(["ms", "us", "ns"]))),
        lambda: df.with_columns(ts=pl.lit(date(1960, 1, 1))),
        lambda: df.with_columns(symbol=pl.col("symbol").cast(pl.Categorical)),
        lambda: df.select(reversed(df.columns)),
        lambda: df.with_columns(extra=1),
        lambda: df.to_dict(as_series=False),
        lambda: df.lazy(),
    ]
    return draw.choice(bad)()


def hostile(draw: random.Random, value: Any) -> Any:
    """Something in the place of `value`."""
    kind = draw.random()
    if isinstance(value, pl.DataFrame) and kind < 0.8:
        return changed_frame(draw, value)
    if isinstance(value, list) and value and kind < 0.5:  # the value itself, with one thing wrong
        out, at = list(value), draw.randrange(len(value))
        return draw.choice(
            [
                lambda: [*out[:at], draw.choice(scalars()), *out[at + 1 :]],
                lambda: out[:at] + out[at + 1 :],
                lambda: out[::-1],
                lambda: tuple(out),
                lambda: np.array(out, dtype=object),
                lambda: out + out[-1:],
                list,
            ]
        )()
    if isinstance(value, dict) and value and kind < 0.7:
        key = draw.choice(list(value))
        return (
            {k: v for k, v in value.items() if k != key}
            if draw.random() < 0.5
            else {**value, key: draw.choice(scalars())}
        )
    if isinstance(value, research.ResearchDataset) and kind < 0.8:
        field = draw.choice([f.name for f in dataclasses.fields(value)])
        return dataclasses.replace(value, **{field: hostile(draw, getattr(value, field))})
    return draw.choice(scalars()) if kind < 0.75 else draw.choice(arrays(draw))


def similar(draw: random.Random, arguments: dict[str, Any]) -> dict[str, Any]:
    """The valid call again, in other kinds of argument."""
    out = {}
    for name, value in arguments.items():
        numbers = isinstance(value, list) and value and all(isinstance(x, float) for x in value)
        out[name] = draw.choice([lambda v: v, tuple, np.array, pl.Series])(value) if numbers else value
    return out


def test_the_valid_calls_are_all_public_functions(tmp_path: Path) -> None:
    public = {getattr(m, name) for m in MODULES for name in m.__all__ if inspect.isfunction(getattr(m, name))}
    assert public | {buffer} == set(valid_calls(tmp_path))
    for function, arguments in valid_calls(tmp_path).items():
        function(**arguments)
        if function is not buffer and function is not pipeline.run_mid_frequency_pipeline_frames:
            assert set(inspect.signature(function).parameters) == set(arguments), function.__name__


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_nothing_but_value_type_and_file_errors(tmp_path: Path) -> None:
    calls = valid_calls(tmp_path)
    each = -(-CALLS // len(calls))
    assert each >= AT_LEAST
    draw, returned, made = random.Random(5), 0, 0
    for function, arguments in calls.items():
        for i in range(each):
            if i % 2 == 0:  # one argument changed
                name = draw.choice(list(arguments))
                given = {**arguments, name: hostile(draw, arguments[name])}
            elif i % 8 == 1:  # all of them
                given = {name: hostile(draw, value) for name, value in arguments.items()}
            else:
                given = similar(draw, arguments)
            made += 1
            try:
                function(**given)
                returned += 1
            except ALLOWED:
                pass
            except Exception as error:
                shown = {name: repr(value)[:200] for name, value in given.items() if value is not arguments.get(name)}
                raise AssertionError(f"{function.__name__} raised {type(error).__name__}: {error}\n{shown}") from error
    assert made >= CALLS
    assert returned >= 0.3 * made, returned / made


def test_no_warning_of_what_will_go(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for function, arguments in valid_calls(tmp_path).items():
            function(**arguments)
