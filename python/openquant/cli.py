"""`openquant replay`: files of trades through the whole graph, from a terminal."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

import openquant
from openquant import report
from openquant.strategy import strategy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openquant.graph import Replay
    from openquant.operator import Operator


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code: 0, 2 for what the user can mend, 130 when interrupted."""
    options = _parser().parse_args(arguments)
    try:
        return _replay(options)
    except KeyboardInterrupt:
        print("openquant: interrupted", file=sys.stderr)
        return 130
    except (ValueError, TypeError, OSError, RuntimeError, pl.exceptions.PolarsError) as error:
        print(f"openquant: {' '.join(str(error).split())}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="openquant", description="Market ticks to bars, events, labels, bets and returns."
    )
    parser.add_argument("--version", action="version", version=f"openquant {openquant.__version__}")
    replay = parser.add_subparsers(dest="command", required=True).add_parser(
        "replay", help="replay files of trades", description="Replays files of trades through one graph and reports."
    )
    replay.add_argument(
        "files", nargs="+", metavar="FILE", help="capture, JSON lines or CSV, plain or gzip; several are merged by time"
    )
    replay.add_argument(
        "--symbols",
        type=_names,
        default=[],
        metavar="A,B",
        help="keep these; in files that only number instruments, their names in order",
    )
    replay.add_argument("--bars", type=_bars, default="dollar:1e6", metavar="KIND:SIZE", help="default dollar:1e6")
    replay.add_argument(
        "--cusum", type=float, default=0.001, metavar="H", help="log return that makes an event, default 0.001"
    )
    replay.add_argument(
        "--labels",
        type=_labels,
        default="1,1,20",
        metavar="PT,SL,BARS",
        help="barriers in volatilities and bars, default 1,1,20",
    )
    replay.add_argument(
        "--model", type=Path, metavar="FILE", help="CSV or Parquet with ts, symbol, prob, side: bets follow it"
    )
    replay.add_argument("--speed", type=_speed, default="max", metavar="max|N", help="times real time, default max")
    replay.add_argument(
        "--out", type=Path, metavar="DIR", help="write bars, events, labels, signals and returns as Parquet"
    )
    replay.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    return parser


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of symbols such as BTCUSDT,ETHUSDT")
    return names


def _bars(text: str) -> Operator:
    kind, _, size = text.partition(":")
    if kind != "dollar":
        raise argparse.ArgumentTypeError(f"{text!r}: the kinds of bars are dollar:VALUE, such as dollar:1e6")
    try:
        return openquant.DollarBars(dollar_value_per_bar=float(size))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None


def _labels(text: str) -> tuple[float, float, int]:
    try:
        pt, sl, bars = text.split(",")
        return float(pt), float(sl), int(bars)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not PT,SL,BARS such as 1,1,20") from None


def _speed(text: str) -> float | None:
    try:
        return None if text == "max" else float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not 'max' or a number") from None


def _replay(options: argparse.Namespace) -> int:
    pt, sl, max_bars = options.labels
    built = strategy(
        bars=options.bars, threshold=options.cusum, pt=pt, sl=sl, max_bars=max_bars, model=bool(options.model)
    )
    data: dict[str, Any] = {
        "trades": openquant.read_trades(*options.files, instruments=options.symbols, only=options.symbols)
    }
    if options.model:
        data["model"] = _model(options.model)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
    replay = built.graph.open(data, speed=options.speed)
    started = time.perf_counter()
    _run(replay, show=sys.stderr.isatty() and not options.json)
    elapsed = time.perf_counter() - started
    summary = report.summary(built, replay, elapsed)
    if summary["trades"] == 0:
        wanted = f" of {', '.join(options.symbols)}" if options.symbols else ""
        raise ValueError(f"no trades{wanted} in {', '.join(options.files)}")
    if options.out:
        for name, table in built.tables.items():
            unfinished = options.out / f".{name}.parquet.{os.getpid()}"
            try:
                table.frame().write_parquet(unfinished)
                unfinished.replace(options.out / f"{name}.parquet")  # whole or not at all
            finally:
                unfinished.unlink(missing_ok=True)
    if options.json:
        print(json.dumps(summary))
    else:
        report.show(Console(), built, summary)
    return 0


def _model(path: Path) -> pl.DataFrame:
    if not path.exists():
        raise FileNotFoundError(f"no such file: '{path}'")
    frame = pl.read_parquet(path) if path.suffix in (".parquet", ".pq") else pl.read_csv(path, try_parse_dates=True)
    missing = [name for name in ("ts", "symbol", "prob", "side") if name not in frame.columns]
    if missing:
        raise ValueError(f"'{path}': a model file has columns ts, symbol, prob and side; {missing[0]} is missing")
    return frame.select("ts", "symbol", "prob", "side").sort("ts", maintain_order=True)


def _run(replay: Replay, *, show: bool) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not show, transient=True) as progress:
        task = progress.add_task("replay", total=1.0)
        while not replay.run_for(100):
            progress.update(task, completed=replay.progress, description=f"replay {replay.rows:,} trades")


if __name__ == "__main__":
    sys.exit(main())
