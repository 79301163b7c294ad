"""The research flywheel: a seeded dataset, a run with costs charged bar by bar, and a leaderboard of configurations.

>>> import openquant
>>> dataset = openquant.research.make_synthetic_futures_dataset(n_bars=64)
>>> sorted(openquant.research.run_flywheel_iteration(dataset)["costs"])[:3]
['cost_per_turn', 'estimated_total_cost', 'gross_sharpe']
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from openquant import _core, bars, events, pipeline
from openquant._arguments import names, number, same_length, whole
from openquant._batch import Rows, run
from openquant._lazy import np, pl
from openquant._pipeline_run import Given, read, summary_row
from openquant.graph import Graph
from openquant.operators import EquityCurve, NetReturns, RiskSummary

if TYPE_CHECKING:
    from openquant._arguments import Floats, Ints

__all__ = ["ResearchDataset", "make_synthetic_futures_dataset", "run_flywheel_grid", "run_flywheel_iteration"]

_FUTURES = ("CL", "NG", "RB", "GC")
_START_NS = 1_704_101_400_000_000_000  # 2024-01-01 09:30:00
_MINUTE_NS = 60_000_000_000

_PIPELINE = {
    "cusum_threshold": 0.001,
    "num_classes": 2,
    "step_size": 0.1,
    "risk_free_rate": 0.0,
    "confidence_level": 0.05,
    "periods_per_year": 252.0 * 390.0,
}
_COSTS = {"commission_bps": 1.5, "spread_bps": 2.0, "slippage_vol_mult": 8.0}
_LIMITS = {"min_net_sharpe": 0.30, "min_realized_sharpe": 0.25}


@dataclass(frozen=True)
class ResearchDataset:
    """What a flywheel iteration runs on: n bars of one market, a model's bets on them, and prices of assets to hold.

    Attributes:
        timestamps: n times, not falling.
        close: n prices.
        model_probabilities: n probabilities in [0, 1], or a callable; see `run_mid_frequency_pipeline`.
        model_sides: n sides in [-1, 1], or None for 1.0.
        asset_prices: Matrix, time by asset.
        asset_names: One per asset, or None.
    """

    timestamps: Any
    close: Any
    model_probabilities: Any
    model_sides: Any
    asset_prices: Any
    asset_names: Any


def make_synthetic_futures_dataset(
    n_bars: int = 192, seed: int = 7, asset_names: Sequence[str] | None = None
) -> ResearchDataset:
    """Minute bars of a made-up market whose drift lasts for a while, with a model that bets on past returns alone.

    Args:
        n_bars: Bars, >= 32.
        seed: 0 to 2^64 - 1; the same seed gives the same dataset, to the last bit, on every platform.
        asset_names: 2 to 512, all different; CL, NG, RB, GC by default.

    Returns:
        Lists: timestamps (text, from 2024-01-01 09:30:00 on), close, model_probabilities, model_sides (-1.0 or 1.0),
        asset_prices (rows of one price per asset), asset_names.

    Raises:
        ValueError: fewer than 32 bars, fewer than 2 or more than 512 assets, a name twice, or a seed out of range.
        TypeError: an argument is of another kind.

    Source:
        Normal numbers by Marsaglia's polar method on xoshiro256** (Blackman and Vigna 2018).

    >>> dataset = make_synthetic_futures_dataset(n_bars=32)
    >>> dataset.timestamps[-1], dataset.asset_names
    ('2024-01-01 10:01:00', ['CL', 'NG', 'RB', 'GC'])
    """
    n = whole(n_bars, "n_bars", 32, 10_000_000)
    given = list(_FUTURES) if asset_names is None else names(asset_names, "asset_names")
    if not 2 <= len(given) <= 512:
        raise ValueError(f"asset_names must be 2 to 512 names, not {len(given)}")
    _all_different(given, "asset_names")
    made = _core.kernels.synthetic_market(n, len(given), whole(seed, "seed", 0, 2**64 - 1))
    times = np.arange(_START_NS, _START_NS + n * _MINUTE_NS, _MINUTE_NS, dtype=np.int64)
    close, prob, side, assets = (array.tolist() for array in made)
    return ResearchDataset(_core.format_times(times), close, prob, side, assets, given)


def _all_different(given: Sequence[str], name: str) -> None:
    seen: dict[str, int] = {}
    for row, item in enumerate(given):
        if seen.setdefault(item, row) != row:
            raise ValueError(
                f"{name} at row {row} is {item!r}, the name at row {seen[item]} already; names must differ"
            )


def _settings(config: Any) -> tuple[dict[str, Any], dict[str, float], dict[str, float]]:
    """Parameters of the pipeline, of costs, and of the promotion."""
    if config is None:
        config = {}
    if not isinstance(config, Mapping):
        raise TypeError(f"config must be a mapping of settings, not {type(config).__name__}")
    known = [*_PIPELINE, *_COSTS, *_LIMITS]
    unknown = [key for key in config if key not in known]
    if unknown:
        raise ValueError(f"config has an unknown key {unknown[0]!r}; known are {', '.join(known)}")
    costs = {key: number(config.get(key, value), key, 0.0, 1e6) for key, value in _COSTS.items()}
    limits = {key: number(config.get(key, value), key) for key, value in _LIMITS.items()}
    return {key: config.get(key, value) for key, value in _PIPELINE.items()}, costs, limits


def _costs_graph(cost_rate: float, risk_free_rate: float = 0.0, periods_per_year: float = 252.0) -> Graph:
    """Source returns (Return); tables net (NetReturn), equity and risk of what is left after costs."""
    graph = Graph()
    net = graph.add(NetReturns(cost_rate=cost_rate), graph.source("returns", events.Return))
    risk = RiskSummary(risk_free_rate=risk_free_rate, periods_per_year=periods_per_year)
    graph.collect(net, name="net")
    graph.collect(graph.add(EquityCurve(), net), name="equity")
    graph.collect(graph.add(risk, net), name="risk")
    return graph


def _volatility(times: Ints, close: Floats) -> float:
    """Sample standard deviation of the per-bar returns; 0 of a single one."""
    rows = Rows(events.Price, {"ts": times, "price": close}, ["close"])
    told = run(bars.bar_diagnostics.graph(), {"close": rows}).tables["diagnostics"].take()
    return float(told["return_std"][0])


def _costs(given: Given, out: dict[str, Any], costs: dict[str, float], risk: dict[str, float]) -> dict[str, float]:
    volatility = _volatility(given.ts, given.close)
    rate = (costs["commission_bps"] + costs["spread_bps"]) / 1e4 + costs["slippage_vol_mult"] / 100.0 * volatility
    gross, held = out["backtest"]["strategy_returns"], out["signals"]["values"][:-1]
    columns = {"ts": given.ts[1:], "position": held, "price_return": np.zeros(len(gross)), "strategy_return": gross}
    graph = run(_costs_graph(rate, **risk), {"returns": Rows(events.Return, columns, ["close"])})
    net, equity, told = (graph.tables[name].take() for name in ("net", "equity", "risk"))
    turnover = float(net["total_turnover"][-1])
    return {
        "turnover": turnover,
        "realized_vol": volatility,
        "cost_per_turn": rate,
        "estimated_total_cost": rate * turnover,
        "gross_total_return": float(out["backtest"]["equity_curve"][-1]) - 1.0,
        "net_total_return": float(equity["equity"][-1]) - 1.0,
        "gross_sharpe": out["risk"]["realized_sharpe"],
        "net_sharpe": float(told["sharpe"][0]),
    }


def run_flywheel_iteration(dataset: ResearchDataset, *, config: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """One run of the pipeline with costs charged bar by bar, and whether it is worth promoting.

    Every change of position pays rate = (commission_bps + spread_bps) / 1e4 + slippage_vol_mult / 100 * (sample standard deviation
    of the per-bar close returns), at the bar whose return the new position earns first; the last bar also pays the exit.

    Args:
        dataset: Bars, a model's bets and assets.
        config: Settings that differ from the defaults: cusum_threshold 0.001, num_classes 2, step_size 0.1, risk_free_rate 0,
            confidence_level 0.05, periods_per_year 252 * 390, commission_bps 1.5, spread_bps 2, slippage_vol_mult 8,
            min_net_sharpe 0.30, min_realized_sharpe 0.25.

    Returns:
        What `run_mid_frequency_pipeline_frames` returns, and costs: turnover (sum of position changes, the exit included),
        realized_vol, cost_per_turn (rate), estimated_total_cost (rate times turnover), gross_total_return, net_total_return
        (compounded), gross_sharpe, net_sharpe (of the net returns); promotion: passed_realized_sharpe, passed_net_sharpe,
        passed_alignment_guard, passed_event_order_guard, passed_leakage_guard, promote_candidate (all of them); summary: one row of
        `summarize_pipeline` and turnover, realized_vol, estimated_cost, gross_total_return, net_total_return, net_sharpe.

    Raises:
        ValueError: an unknown setting, or what the pipeline refuses.
        TypeError: dataset is no ResearchDataset, or an argument is of another kind.

    Source:
        See `run_mid_frequency_pipeline`.

    >>> out = run_flywheel_iteration(make_synthetic_futures_dataset(n_bars=64), config={"commission_bps": 0.0})
    >>> out["costs"]["net_total_return"] < out["costs"]["gross_total_return"]
    True
    """
    if not isinstance(dataset, ResearchDataset):
        raise TypeError(f"dataset must be a ResearchDataset, not {type(dataset).__name__}")
    parameters, costs, limits = _settings(config)
    given = read(
        dataset.timestamps,
        dataset.close,
        dataset.model_probabilities,
        dataset.asset_prices,
        dataset.model_sides,
        dataset.asset_names,
        **parameters,
    )
    out = pipeline.told(given)
    frames = pipeline.frames_of(given, out)
    risk = {key: parameters[key] for key in ("risk_free_rate", "periods_per_year")}
    told = _costs(given, out, costs, risk)
    out = {**pipeline.in_kind(given, out), "frames": frames, "costs": told}
    checks = out["leakage_checks"]
    passed = {
        "passed_realized_sharpe": out["risk"]["realized_sharpe"] >= limits["min_realized_sharpe"],
        "passed_net_sharpe": told["net_sharpe"] >= limits["min_net_sharpe"],
        "passed_alignment_guard": checks["inputs_aligned"],
        "passed_event_order_guard": checks["event_indices_sorted"],
        "passed_leakage_guard": not checks["has_forward_look_bias"],
    }
    out["promotion"] = {**passed, "promote_candidate": all(passed.values())}
    shown = {"estimated_cost": told["estimated_total_cost"], **told}
    figures = ("turnover", "realized_vol", "estimated_cost", "gross_total_return", "net_total_return", "net_sharpe")
    out["summary"] = pl.DataFrame([{**summary_row(out), **{figure: shown[figure] for figure in figures}}])
    return out


def run_flywheel_grid(
    dataset: ResearchDataset, configs: Sequence[Mapping[str, Any]], *, run_names: Sequence[str] | None = None
) -> dict[str, Any]:
    """A flywheel iteration for each configuration, and their leaderboard.

    Args:
        dataset: As for `run_flywheel_iteration`.
        configs: Settings of each run, at least one; see there.
        run_names: One per run, all different; run_0, run_1, ... by default.

    Returns:
        leaderboard: a frame of run_name, the summary's columns and promote_candidate, ordered by promote_candidate, net_sharpe and
        realized_sharpe, the best first; records: its rows as dicts; runs: the iterations by name.

    Raises:
        ValueError: no configuration, names that are not one for each, a name twice, or what an iteration refuses.
        TypeError: an argument is of another kind.

    Source:
        See `run_mid_frequency_pipeline`.

    >>> dataset = make_synthetic_futures_dataset(n_bars=64)
    >>> grid = run_flywheel_grid(dataset, [{}, {"commission_bps": 50.0}], run_names=["cheap", "dear"])
    >>> grid["leaderboard"]["run_name"].to_list()
    ['cheap', 'dear']
    """
    if isinstance(configs, (str, Mapping)) or not isinstance(configs, Sequence):
        raise TypeError(f"configs must be a list of mappings, not {type(configs).__name__}")
    if not configs:
        raise ValueError("configs is empty; at least one configuration is wanted")
    given = [f"run_{i}" for i in range(len(configs))] if run_names is None else names(run_names, "run_names")
    same_length("configs", len(configs), "run_names", len(given))
    _all_different(given, "run_names")
    runs = {name: run_flywheel_iteration(dataset, config=config) for name, config in zip(given, configs, strict=True)}
    rows = [
        out["summary"].select(
            pl.lit(name).alias("run_name"),
            pl.all(),
            pl.lit(out["promotion"]["promote_candidate"]).alias("promote_candidate"),
        )
        for name, out in runs.items()
    ]
    order = ["promote_candidate", "net_sharpe", "realized_sharpe"]
    leaderboard = pl.concat(rows).sort(order, descending=True, maintain_order=True)
    return {"leaderboard": leaderboard, "records": leaderboard.to_dicts(), "runs": runs}
