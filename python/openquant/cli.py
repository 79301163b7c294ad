"""The command line: `openquant replay`, `openquant live` and `openquant simulate`."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

import openquant
from openquant import _live_command, _simulate_command, report
from openquant._options import add_graph_options, built

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from openquant.graph import Replay


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code: 0, 2 for what the user can mend, 130 when interrupted."""
    options = _parser().parse_args(arguments)
    try:
        run: Callable[[argparse.Namespace], int] = options.run
        return run(options)
    except KeyboardInterrupt:
        print("openquant: interrupted", file=sys.stderr)
        return 130
    except (ValueError, TypeError, OSError, RuntimeError, pl.exceptions.PolarsError) as error:
        print(f"openquant: {' '.join(str(error).split())}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="openquant", description="Market ticks to bars, events, labels, bets, returns, portfolios and risk."
    )
    parser.add_argument("--version", action="version", version=f"openquant {openquant.__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    replay = commands.add_parser(
        "replay", help="replay files of trades", description="Replays files of trades through one graph and reports."
    )
    replay.set_defaults(run=_replay)
    replay.add_argument(
        "files", nargs="+", metavar="FILE", help="capture, JSON lines or CSV, plain or gzip; several are merged by time"
    )
    add_graph_options(replay, "keep these; in files that only number instruments, their names in order")
    replay.add_argument(
        "--model", type=Path, metavar="FILE", help="CSV or Parquet with ts, symbol, prob, side: bets follow it"
    )
    replay.add_argument("--speed", type=_speed, default="max", metavar="max|N", help="times real time, default max")
    replay.add_argument(
        "--out", type=Path, metavar="DIR", help="write every table (bars, events, labels, ...) as Parquet"
    )
    replay.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    _live_command.add(commands)
    _simulate_command.add(commands)
    return parser


def _speed(text: str) -> float | None:
    try:
        return None if text == "max" else float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not 'max' or a number") from None


def _replay(options: argparse.Namespace) -> int:
    strategy = built(options, model=bool(options.model))
    data: dict[str, Any] = {
        "trades": openquant.read_trades(*options.files, instruments=options.symbols, only=options.symbols)
    }
    if options.model:
        data["model"] = _model(options.model)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
    replay = strategy.graph.open(data, speed=options.speed)
    started = time.perf_counter()
    _run(replay, show=sys.stderr.isatty() and not options.json)
    elapsed = time.perf_counter() - started
    summary = report.summary(strategy, replay.rejected, elapsed)
    if summary["trades"] == 0:
        wanted = f" of {', '.join(options.symbols)}" if options.symbols else ""
        raise ValueError(f"no trades{wanted} in {', '.join(options.files)}")
    if options.out:
        report.write(strategy, options.out)
    report.deliver(options, strategy, summary)
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
