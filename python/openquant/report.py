"""What a run of a strategy tells: one summary as a dict, the same as tables on a terminal, and its tables as files."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table as Grid

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from pathlib import Path

    import polars as pl

    from openquant.strategy import Strategy

_OUTCOMES = ("weights", "risk", "total_risk")
_LATENCY = ("latency_ns_p50", "latency_ns_p99", "latency_ns_p999", "latency_ns_max")


def deliver(options: argparse.Namespace, built: Strategy, told: dict[str, Any]) -> None:
    """Prints the summary, as tables or as JSON."""
    if options.json:
        print(json.dumps(told))
    else:
        console = Console()
        show(console, built, told)
        show_outcomes(console, built)


def write(built: Strategy, folder: Path) -> None:
    """Writes every table as Parquet; a file is there whole or not at all."""
    for name, table in built.tables.items():
        unfinished = folder / f".{name}.parquet.{os.getpid()}"
        try:
            table.frame().write_parquet(unfinished)
            unfinished.replace(folder / f"{name}.parquet")
        finally:
            unfinished.unlink(missing_ok=True)


def summary(built: Strategy, rejected: Mapping[str, int], seconds: float) -> dict[str, Any]:
    """Counts, first and last trade time, rejections by kind, throughput, and time per call of each node."""
    stats = built.graph.stats()
    source = next(s for s in stats["sources"] if s["name"] == "trades")
    trades = source["rows"]
    return {
        "trades": trades,
        "symbols": stats["symbols"],
        **{name: len(table) for name, table in built.tables.items()},
        "ts_first": _iso(source["ts_first"]),
        "ts_last": _iso(source["ts_last"]),
        "rejected": dict(rejected),
        **({"last_weights": _last_weights(built)} if "weights" in built.tables else {}),
        "seconds": seconds,
        "ticks_per_second": trades / seconds if seconds > 0 else 0.0,
        "nodes": [
            {key: node[key] for key in ("name", "rows_in", "rows_out", "refused", "ns_per_row", *_LATENCY)}
            for node in stats["nodes"]
        ],
    }


def _newest(frame: pl.DataFrame) -> pl.DataFrame:
    """The last row of each symbol."""
    return frame.group_by("symbol", maintain_order=True).last()


def show(console: Console, built: Strategy, told: dict[str, Any], rows: int = 5) -> None:
    """Prints the last rows of every table, the time each node took, and the totals; not portfolio and risk."""
    for name in [name for name in built.tables if name not in _OUTCOMES]:
        console.print(_grid(f"{name} ({len(built.tables[name]):,})", built.tables[name].frame().tail(rows)))
    nodes = Grid(title="nodes: time per call (a call is a chunk of rows)", title_justify="left")
    for header in ("node", "rows in", "rows out", "refused", "ns per row", "p50", "p99", "p99.9", "max"):
        nodes.add_column(header, justify="left" if header == "node" else "right")
    for node in told["nodes"]:
        counts = (f"{node[key]:,}" for key in ("rows_in", "rows_out", "refused"))
        nodes.add_row(node["name"], *counts, f"{node['ns_per_row']:.1f}", *(_time(node[key]) for key in _LATENCY))
    console.print(nodes)
    rejected = ", ".join(f"{count:,} {kind}" for kind, count in told["rejected"].items()) or "none"
    if "connections" in told:
        rate = f"{told['ticks_per_second']:,.0f} per second"
    else:
        rate = f"{told['ticks_per_second'] / 1e6:.2f} million per second, reading the file included"
    console.print(
        f"{told['trades']:,} trades of {told['symbols']} symbols in {told['seconds']:.3f} s: {rate}; rejected: {rejected}",
        highlight=False,
    )
    for c in told.get("connections", ()):
        console.print(
            f"{c['venue']}: {c['frames']:,} frames, {c['trades']:,} trades, {c['malformed']:,} malformed, "
            f"connected {c['connects']} times, lost {c['disconnects']} times",
            highlight=False,
        )


def show_outcomes(console: Console, built: Strategy) -> None:
    """Prints each symbol's weight after the last rebalance and its risk, where the strategy has them."""
    for name in [name for name in _OUTCOMES if name in built.tables]:
        frame = built.tables[name].frame()
        last = _newest(frame)
        grid = Grid(title=f"{name} ({frame.height:,}), the last of each symbol", title_justify="left")
        grid.add_column("")
        for symbol in last["symbol"]:
            grid.add_column(symbol, justify="right", no_wrap=True)
        for column in _SHOWN[name]:
            grid.add_row(column, *(_cell(value) for value in last[column]))
        console.print(grid)


def _last_weights(built: Strategy) -> dict[str, float]:
    return dict(_newest(built.tables["weights"].frame()).select("symbol", "weight").iter_rows())


def _iso(ns: int | None) -> str | None:
    return None if ns is None else f"{datetime.fromtimestamp(ns // 10**9, UTC):%Y-%m-%dT%H:%M:%S}.{ns % 10**9:09}Z"


def _time(ns: int) -> str:
    return f"{ns / 1e3:.1f} us" if ns >= 1000 else f"{ns} ns"


_RISK = [
    "ts",
    "value_at_risk",
    "expected_shortfall",
    "conditional_drawdown",
    "max_drawdown",
    "volatility",
    "sharpe",
    "n_obs",
]
_SHOWN = {
    "bars": ["ts", "symbol", "open", "high", "low", "close", "volume", "dollar_value", "vwap", "n_obs"],
    "labels": ["ts", "symbol", "start_ts", "side", "trgt", "ret", "label", "barrier"],
    "weights": ["ts", "weight", "portfolio_risk", "portfolio_return", "portfolio_sharpe"],
    "risk": _RISK,
    "total_risk": _RISK,
}


def _grid(title: str, frame: pl.DataFrame) -> Grid:
    grid = Grid(title=title, title_justify="left")
    wanted = _SHOWN.get(title.split()[0], frame.columns)
    frame = frame.select(wanted)
    for name, dtype in frame.schema.items():
        grid.add_column(name, justify="right" if dtype.is_numeric() else "left", no_wrap=True)
    for row in frame.iter_rows():
        grid.add_row(*(_cell(value) for value in row))
    return grid


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}" if abs(value) < 1e5 else f"{value:,.1f}"
    return f"{value:%H:%M:%S.%f}"[:-3] if hasattr(value, "strftime") else str(value)
