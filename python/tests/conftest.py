"""Shared by the tests: real recordings where they are, seeded markets where they are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import openquant

ROOT = Path(__file__).resolve().parents[2]
RECORDINGS = ROOT.parent / "shared" / "data"
SAMPLE = ROOT / "data" / "binance_spot_btc_eth_sol_20250325.csv.gz"


def recording(name: str) -> Path:
    """Path of a recording; skips the test where the folder is not there."""
    path = RECORDINGS / name
    if not path.exists():
        pytest.skip(f"no recording {path}")
    return path


def trades_of(rows: openquant._core.Feed | str | Path | pl.DataFrame) -> pl.DataFrame:
    """Every trade that a replay of `rows` delivers."""
    graph = openquant.Graph()
    table = graph.collect(graph.source("trades", openquant.Trade))
    graph.replay({"trades": rows})
    return table.frame()


@pytest.fixture(scope="session")
def usdm() -> pl.DataFrame:
    """The USD-M recording's trades."""
    return trades_of(recording("binance_usdm_btcusdt_20240808.gz"))


def market(rows: int, seed: int = 1, symbols: tuple[str, ...] = ("BTC", "ETH", "SOL")) -> pl.DataFrame:
    """Seeded trades of interleaved symbols with random sides, some at equal times."""
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "ts": np.cumsum(rng.integers(0, 3, rows)) * 1_000_000,
            "symbol": np.array(symbols)[rng.integers(0, len(symbols), rows)],
            "price": 100.0 * np.exp(np.cumsum(rng.normal(0.0, 1e-4, rows))),
            "size": rng.exponential(1.0, rows),
            "side": rng.choice(np.array([-1, 0, 1], dtype=np.int8), rows),
        }
    )


def prices(closes: list[float], symbol: str = "X") -> pl.DataFrame:
    """One price a second."""
    ts = np.arange(len(closes), dtype=np.int64) * 1_000_000_000
    return pl.DataFrame(
        {"ts": ts, "symbol": [symbol] * len(closes), "price": closes}, schema_overrides={"price": pl.Float64}
    )
