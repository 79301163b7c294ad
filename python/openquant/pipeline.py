"""From prices and a model's probabilities to events, bets, equity, risk and weights, in one graph.

>>> import openquant
>>> d = openquant.research.make_synthetic_futures_dataset(n_bars=64)
>>> out = openquant.pipeline.run_mid_frequency_pipeline(d.timestamps, d.close, d.model_probabilities, d.asset_prices)
>>> out["leakage_checks"]["has_forward_look_bias"]
False
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from openquant import _core, adapters, events, portfolio
from openquant._batch import run, runs
from openquant._lazy import np, pl
from openquant._pipeline_run import Given, Outputs, model_looks_ahead, read, summary_row
from openquant.graph import Graph
from openquant.operators import (
    BetSizer,
    CusumFilter,
    EquityCurve,
    Positions,
    RiskSummary,
    RollingAllocator,
    StrategyReturns,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openquant._arguments import Numbers, Times
    from openquant._pipeline_run import Model

__all__ = ["run_mid_frequency_pipeline", "run_mid_frequency_pipeline_frames", "summarize_pipeline"]

_YEAR_NS = 365.25 * 86_400e9


def _graph(
    cusum_threshold: float = 0.001,
    num_classes: int = 2,
    step_size: float = 0.1,
    risk_free_rate: float = 0.0,
    confidence_level: float = 0.05,
    periods_per_year: float = 252.0,
    *,
    window: int = 252,
) -> Graph:
    """The graph of the pipeline: sources bars (Forecast) and assets (AlignedPrice, `window` rows of all assets make a portfolio).

    Tables: signals (one at each event), positions, returns, equity, risk (when the stream ends) and weights.
    """
    graph = Graph()
    bars = graph.source("bars", events.Forecast)
    assets = graph.source("assets", events.AlignedPrice)
    event = graph.add(CusumFilter(threshold=cusum_threshold), bars)
    signal = graph.add(BetSizer(num_classes=num_classes, step_size=step_size), bars, event)
    returned = graph.add(StrategyReturns(), bars, signal)
    risk = RiskSummary(
        confidence_level=confidence_level, risk_free_rate=risk_free_rate, periods_per_year=periods_per_year
    )
    allocator = RollingAllocator(
        window=window, every=window, risk_free_rate=risk_free_rate, periods_per_year=periods_per_year
    )
    graph.collect(signal, name="signals", positions=True)
    graph.collect(graph.add(Positions(), signal, bars, name="position"), name="positions")
    graph.collect(returned, name="returns")
    graph.collect(graph.add(EquityCurve(), returned, prices=bars), name="equity")
    graph.collect(graph.add(risk, returned), name="risk")
    graph.collect(graph.add(allocator, assets), name="weights")
    return graph


def _portfolio(given: Given, weights: dict[str, Any]) -> dict[str, Any]:
    if not len(weights["weight"]):
        portfolio.judge("constant")
    risk, mean = float(weights["portfolio_risk"][0]), float(weights["portfolio_return"][0])
    sharpe, excess = float(weights["portfolio_sharpe"][0]), mean - given.parameters["risk_free_rate"]
    if weights["riskless"][0] and excess != 0.0:
        sharpe = math.copysign(math.inf, excess)
    if sharpe <= 0.0:
        portfolio.judge("no_excess_return")
    w = weights["weight"]
    return {
        "asset_names": given.asset_names,
        "weights": w.tolist() if given.assets_as_list else w,
        "portfolio_risk": risk,
        "portfolio_return": mean,
        "portfolio_sharpe": sharpe,
    }


def told(given: Given) -> dict[str, Any]:
    """What a run answers, with arrays for lists."""
    outputs = Outputs(len(given.close))
    graph = _graph(**given.parameters, window=len(given.assets))
    beginning = graph.snapshot()
    run(graph, {"bars": given.bars()}, {"assets": given.asset_rows()}, each=outputs.take)
    indices = outputs["signals", "source_position"].view(np.int64)
    if not len(indices):
        raise ValueError("event filter produced no events: lower cusum_threshold, or give more bars")
    risk, weights = (graph.tables[name].take() for name in ("risk", "weights"))
    graph.restore(beginning)  # and lets go of the assets
    stamps = given.times.all()
    return {
        "events": {
            "indices": indices,
            "timestamps": given.times.take(indices),
            "probabilities": outputs["signals", "prob"],
            "sides": outputs["signals", "side"],
        },
        "signals": {
            "timestamps": stamps,
            "values": outputs["positions", "value"],
            "event_signal": outputs["signals", "size"],
        },
        "portfolio": _portfolio(given, weights),
        "backtest": {
            "timestamps": stamps,
            "strategy_returns": outputs["returns", "strategy_return"],
            "equity_curve": np.concatenate(([1.0], outputs["equity", "equity"])),
            "drawdowns": np.concatenate(([0.0], outputs["equity", "drawdown"])),
            "max_drawdown": float(outputs.deepest),
            "time_under_water_years": float(outputs.longest) / _YEAR_NS,
        },
        "risk": {
            "value_at_risk": float(risk["value_at_risk"][0]),
            "expected_shortfall": float(risk["expected_shortfall"][0]),
            "conditional_drawdown_risk": float(risk["conditional_drawdown"][0]),
            "realized_sharpe": float(risk["sharpe"][0]),
        },
        "leakage_checks": {
            "inputs_aligned": len(given.assets) == len(given.close),
            "event_indices_sorted": bool((indices[1:] > indices[:-1]).all()),
            "timestamps_increasing": _core.first_unsorted(given.times.ns, True) < 0,
            "has_forward_look_bias": model_looks_ahead(given, indices) or outputs.change_with_later_bars(graph, given),
            "model_checked": given.model is not None,
        },
    }


def frames_of(given: Given, out: dict[str, Any]) -> dict[str, pl.DataFrame]:
    """The parts of what `told` answers as frames."""
    test, events_, held, weights = (out[part] for part in ("backtest", "events", "signals", "portfolio"))
    times, indices = given.times, events_["indices"]
    last = len(times) - 1
    starts, ends, as_of = times.at(indices, np.append(indices[1:], last), np.full(len(given.asset_names), last))
    shares = adapters.to_polars_weights_frame(weights["asset_names"], weights["weights"])
    return {
        "signals": adapters.to_polars_signal_frame(times, held["values"]),
        "events": adapters.to_polars_event_frame(starts, ends, events_["probabilities"], events_["sides"]),
        "backtest": adapters.to_polars_backtest_frame(
            times, test["equity_curve"], np.append(0.0, test["strategy_returns"]), held["values"]
        ),
        "weights": shares.hstack([as_of.series("as_of")]),
    }


def in_kind(given: Given, out: dict[str, Any]) -> dict[str, Any]:
    """`out` with lists where the arguments were."""
    for part in ("events", "signals", "backtest") if given.as_list else ():
        arrays = {name: x for name, x in out[part].items() if isinstance(x, np.ndarray) and name != "timestamps"}
        out[part] |= {name: array.tolist() for name, array in arrays.items()}
    return out


@runs(_graph)
def run_mid_frequency_pipeline(
    timestamps: Times,
    close: Numbers,
    model_probabilities: Numbers | Model,
    asset_prices: Any,
    model_sides: Numbers | None = None,
    asset_names: Sequence[str] | None = None,
    cusum_threshold: float = 0.001,
    num_classes: int = 2,
    step_size: float = 0.1,
    risk_free_rate: float = 0.0,
    confidence_level: float = 0.05,
    periods_per_year: float = 252.0,
) -> dict[str, Any]:
    """Events, bets, equity, risk and weights of one market, replayed through one graph, and what was measured against leakage.

    CUSUM events (`openquant.filters.cusum_filter_indices`) are bet on with the model's probability and side
    (`openquant.bet_sizing`); a bet is held until the next one, from its own bar's close on.

    Args:
        timestamps: Times of n bars, not falling.
        close: n prices, finite and above 0.
        model_probabilities: n probabilities in [0, 1], or a callable that is given a polars DataFrame of the bars so far (ts,
            close, and side where sides are given) and returns one probability per row.
        asset_prices: Matrix, time by asset: at least three rows of prices, finite and above 0.
        model_sides: n sides in [-1, 1]; 1.0 by default.
        asset_names: One per asset; asset_0, asset_1, ... by default.
        cusum_threshold: Log return above 0.
        num_classes: Outcomes the model chooses from, >= 2.
        step_size: Bets are rounded to multiples of this, above 0 and at most 1.
        risk_free_rate: Per year.
        confidence_level: Probability of the lower tail, 0 to 1.
        periods_per_year: Bars (and asset rows) in a year, above 0.

    Returns:
        A dict of dicts; arrays are lists where `close` is a list or tuple (weights: where `asset_prices` is).
        events: indices, timestamps, probabilities, sides. signals: timestamps, values (n; the bet held from each bar on, 0 before
        the first), event_signal. backtest: timestamps, strategy_returns (n - 1), equity_curve (n, from 1), drawdowns (n;
        1 - E / max E), max_drawdown, time_under_water_years (the longest, years of 365.25 days). portfolio: asset_names, weights,
        portfolio_risk, portfolio_return, portfolio_sharpe (max Sharpe, long only). risk: value_at_risk, expected_shortfall,
        conditional_drawdown_risk, realized_sharpe. leakage_checks: inputs_aligned (as many asset rows as bars),
        event_indices_sorted, timestamps_increasing (strictly), has_forward_look_bias (an output, or by more than 1e-9 a callable
        model's probability, of a prefix of the bars is another than in the whole run; a model is asked on every prefix of up to
        512 bars, on 64 random ones of more), model_checked (the model was a callable).

    Raises:
        ValueError: no bars, no events, lengths that differ, falling timestamps, a value out of range, asset prices of which no
            portfolio can be made, or a model that fails.
        TypeError: an argument is of another kind.

    Warns:
        UserWarning: no portfolio has a positive excess return; the weights are those of least variance.

    Source:
        AFML 2.5.2.1 (events), 10.3 (bets), 14.5 (time under water); see `openquant.risk` and `openquant.portfolio`.

    >>> times = [f"2024-01-01 09:3{i}:00" for i in range(5)]
    >>> close, assets = [100.0, 101.0, 102.0, 101.0, 103.0], [[10.0, 20.0], [10.1, 20.1], [10.3, 20.0], [10.2, 20.2], [10.4, 20.4]]
    >>> out = run_mid_frequency_pipeline(times, close, [0.7] * 5, assets, cusum_threshold=0.005)
    >>> out["events"]["indices"], out["signals"]["values"]
    ([1, 2, 3, 4], [0.0, 0.30000000000000004, 0.30000000000000004, 0.30000000000000004, 0.30000000000000004])
    """
    given = read(
        timestamps,
        close,
        model_probabilities,
        asset_prices,
        model_sides,
        asset_names,
        cusum_threshold=cusum_threshold,
        num_classes=num_classes,
        step_size=step_size,
        risk_free_rate=risk_free_rate,
        confidence_level=confidence_level,
        periods_per_year=periods_per_year,
    )
    return in_kind(given, told(given))


@runs(_graph)
def run_mid_frequency_pipeline_frames(
    timestamps: Times,
    close: Numbers,
    model_probabilities: Numbers | Model,
    asset_prices: Any,
    model_sides: Numbers | None = None,
    asset_names: Sequence[str] | None = None,
    cusum_threshold: float = 0.001,
    num_classes: int = 2,
    step_size: float = 0.1,
    risk_free_rate: float = 0.0,
    confidence_level: float = 0.05,
    periods_per_year: float = 252.0,
) -> dict[str, Any]:
    """`run_mid_frequency_pipeline`, and its parts as polars frames.

    Args:
        timestamps: As there, and so are the others.
        close: As there.
        model_probabilities: As there.
        asset_prices: As there.
        model_sides: As there.
        asset_names: As there.
        cusum_threshold: As there.
        num_classes: As there.
        step_size: As there.
        risk_free_rate: As there.
        confidence_level: As there.
        periods_per_year: As there.

    Returns:
        The same dict with a further entry frames: signals (ts, signal), events (start_ts, end_ts: the next event or the last bar,
        prob, side), backtest (ts, equity, returns: 0.0 for the first bar, position) and weights (asset, weight, as_of: the last
        bar).

    Raises:
        ValueError: as there.
        TypeError: as there.

    Source:
        See `run_mid_frequency_pipeline`.

    >>> times = [f"2024-01-01 09:3{i}:00" for i in range(5)]
    >>> close, assets = [100.0, 101.0, 102.0, 101.0, 103.0], [[10.0, 20.0], [10.1, 20.1], [10.3, 20.0], [10.2, 20.2], [10.4, 20.4]]
    >>> out = run_mid_frequency_pipeline_frames(times, close, [0.7] * 5, assets, cusum_threshold=0.015)
    >>> out["frames"]["events"]["end_ts"].dt.minute().to_list()
    [34, 34]
    """
    given = read(
        timestamps,
        close,
        model_probabilities,
        asset_prices,
        model_sides,
        asset_names,
        cusum_threshold=cusum_threshold,
        num_classes=num_classes,
        step_size=step_size,
        risk_free_rate=risk_free_rate,
        confidence_level=confidence_level,
        periods_per_year=periods_per_year,
    )
    out = told(given)
    frames = frames_of(given, out)
    return {**in_kind(given, out), "frames": frames}


def summarize_pipeline(out: dict[str, Any]) -> pl.DataFrame:
    """The figures by which runs are compared, as one row.

    Args:
        out: What `run_mid_frequency_pipeline` returned.

    Returns:
        One row: portfolio_sharpe, portfolio_return, portfolio_risk, realized_sharpe, value_at_risk, expected_shortfall,
        conditional_drawdown_risk, inputs_aligned, event_indices_sorted, has_forward_look_bias.

    Raises:
        ValueError: a part is missing.
        TypeError: out is no dict.

    Source:
        See `run_mid_frequency_pipeline`.

    >>> times = [f"2024-01-01 09:3{i}:00" for i in range(5)]
    >>> close, assets = [100.0, 101.0, 102.0, 101.0, 103.0], [[10.0, 20.0], [10.1, 20.1], [10.3, 20.0], [10.2, 20.2], [10.4, 20.4]]
    >>> out = run_mid_frequency_pipeline(times, close, [0.7] * 5, assets, cusum_threshold=0.005)
    >>> summarize_pipeline(out)["inputs_aligned"].to_list()
    [True]
    """
    return pl.DataFrame([summary_row(out)])
