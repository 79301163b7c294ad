"""VaR and ES of 1,000,000 returns; portfolios of 50 assets: beside numpy, numba and PyPortfolioOpt."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from measuring import MS, OURS, Figures, alternate, quick, show
from openquant import portfolio, risk

try:
    from peers import loops
except ImportError:
    loops = None  # type: ignore[assignment]
try:
    import pandas as pd
    import pypfopt
except ImportError:
    pypfopt = None

ROWS, ROUNDS = quick(1_000_000, 100_000), quick(15, 5)
LEVEL = 0.05


def by_partition(returns: np.ndarray) -> tuple[float, float]:  # type: ignore[type-arg]
    edge = math.ceil(LEVEL * (len(returns) - 1) - 1e-9)
    share = LEVEL * len(returns)
    whole = math.floor(share)
    sorted_to = np.partition(returns, sorted({edge, whole}))
    tail = sorted_to[:whole].sum() + (share - whole) * sorted_to[whole]
    return float(sorted_to[edge]), float(tail / share)


def tails(figures: Figures) -> None:
    returns = 0.01 * np.random.default_rng(5).standard_t(4, ROWS)
    frame = pl.DataFrame(
        {
            "ts": np.arange(ROWS, dtype=np.int64),
            "symbol": pl.Series(["r"]).new_from_index(0, ROWS).cast(pl.Categorical),
            "value": returns,
        }
    )

    def both() -> tuple[float, float]:
        return risk.calculate_value_at_risk(returns, LEVEL), risk.calculate_expected_shortfall(returns, LEVEL)

    def one_graph() -> tuple[float, float]:
        graph = risk.calculate_value_at_risk.graph(confidence_level=LEVEL)  # type: ignore[attr-defined]
        graph.replay({"returns": frame})
        told = graph.tables["risk"].columns()
        return float(told["value_at_risk"][0]), float(told["expected_shortfall"][0])

    if not np.allclose(both(), by_partition(returns), rtol=1e-12):
        raise SystemExit("VaR or ES differs from numpy's")
    contenders = {OURS: both, "numpy partition": lambda: by_partition(returns)}
    figures["VaR + ES/both functions"] = alternate(contenders, MS, ROUNDS)
    contenders[OURS] = one_graph
    figures["VaR + ES/one graph for both"] = alternate(contenders, MS, ROUNDS)


def by_pypfopt(frame: Any, sharpe: bool) -> tuple[float, float, float]:
    mean = pypfopt.expected_returns.mean_historical_return(frame, compounding=False)
    frontier = pypfopt.EfficientFrontier(mean, pypfopt.risk_models.sample_cov(frame))
    frontier.max_sharpe(risk_free_rate=0.0) if sharpe else frontier.min_volatility()
    return frontier.portfolio_performance(risk_free_rate=0.0)  # type: ignore[no-any-return]


def portfolios(figures: Figures) -> None:
    rng = np.random.default_rng(6)
    common = rng.normal(3e-4, 8e-3, (1_000, 1))
    prices = 100.0 * np.exp(np.cumsum(rng.uniform(0.3, 1.2, 50) * common + rng.normal(1e-4, 1e-2, (1_000, 50)), axis=0))
    for name, sharpe, allocate in (
        ("min vol", False, portfolio.allocate_min_vol),
        ("max Sharpe", True, portfolio.allocate_max_sharpe),
    ):
        contenders: dict[str, Callable[[], Any]] = {OURS: lambda a=allocate: a(prices)}
        if loops:
            contenders["numba active set"] = lambda s=sharpe: loops.portfolio(prices, s, 252.0)
            if not np.allclose(contenders[OURS]()[0], contenders["numba active set"]()[0], atol=1e-8):
                raise SystemExit(f"{name}: the weights differ from the numba loop's")
        if pypfopt:
            frame = pd.DataFrame(prices)
            contenders["PyPortfolioOpt"] = lambda f=frame, s=sharpe: by_pypfopt(f, s)
        figures[f"portfolios/{name}"] = alternate(contenders, MS, quick(40, 5))


def main() -> None:
    warnings.filterwarnings("ignore", module="cvxpy|pypfopt")
    figures: Figures = {}
    tails(figures)
    portfolios(figures)
    show(figures)


if __name__ == "__main__":
    main()
