"""`make demo`: real trades of BTC, ETH and SOL through one graph, and the proof that chunking changes no bit."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table as Grid

import openquant
from openquant import report
from openquant.strategy import Allocation, Strategy, strategy


def example() -> Strategy:
    """The strategy of the demo: of BTC, ETH and SOL, with portfolios each ten seconds and risk."""
    return strategy(
        bars=openquant.DollarBars(dollar_value_per_bar=2e4),
        threshold=0.0003,
        pt=1.0,
        sl=1.0,
        max_bars=10,
        allocation=Allocation("max_sharpe", 60, 10, 1_000_000_000),
        symbols=["BTCUSDT", "ETHUSDT", "SOLUSDT"],
        risk_window=10,
    )


def frame_of_trades(path: Path) -> pl.DataFrame:
    """The trades of a file."""
    graph = openquant.Graph()
    table = graph.collect(graph.source("trades", openquant.Trade))
    graph.replay({"trades": path})
    return table.frame()


def _replayed(trades: Path | pl.DataFrame, chunk: int | None = None) -> tuple[Strategy, openquant.Replay, float]:
    built = example()
    started = time.perf_counter()
    replay = built.graph.replay({"trades": trades}, chunk=chunk)
    return built, replay, time.perf_counter() - started


def main() -> int:
    """Prints tables, throughput, latency per node, and every sink's hash at four chunk sizes; 1 if two hashes differ."""
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "data/binance_spot_btc_eth_sol_20250325.csv.gz")
    console = Console(width=None if sys.stdout.isatty() else 140)
    console.print(
        f"Binance spot trades, {path}\ntrades -> dollar bars -> CUSUM events + EWMA volatility -> triple-barrier labels -> bets -> returns -> risk;\n"
        "trades -> prices aligned each second -> max Sharpe weights of the last 60, every 10 seconds\n"
    )
    built, replay, seconds = _replayed(path)
    report.show(console, built, report.summary(built, replay.rejected, seconds))

    sizes: dict[str, int] = {"1": 1, "7": 7, "1024": 1024, "all": sys.maxsize}
    hashes = {name: {"file": table.hash()} for name, table in built.tables.items()}
    trades = frame_of_trades(path)
    for label, chunk in sizes.items():
        for name, table in _replayed(trades, chunk)[0].tables.items():
            hashes[name][label] = table.hash()
    grid = Grid(
        title="hash of every sink: replayed from the file, and from a frame by rows per chunk", title_justify="left"
    )
    for header in ("sink", "rows", "file", *sizes):
        grid.add_column(header)
    for name, by_size in hashes.items():
        grid.add_row(name, f"{len(built.tables[name]):,}", *by_size.values())
    console.print(grid)
    equal = all(len(set(by_size.values())) == 1 for by_size in hashes.values())
    console.print("Every sink is the same to the last bit." if equal else "[red]Hashes differ.[/red]")
    report.show_outcomes(console, built)
    return 0 if equal and all(len(table) for table in built.tables.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
