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
from openquant import _live_command, _simulate_command, journal, report
from openquant._options import add_graph_options, built

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from openquant.graph import Replay
    from openquant.strategy import Strategy


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
        "replay",
        help="replay files of trades",
        description="Replays files of trades, or a recorded session, through one graph.",
    )
    replay.set_defaults(run=_replay)
    replay.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="capture, JSON lines or CSV, plain or gzip; several are merged by time. Or the folder of a journal that "
        "`openquant live --record` wrote: with the options of that session, its tables come out",
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
    recorded = any(journal.is_journal(file) for file in options.files)
    strategy, replay = _open_journal(options) if recorded else _open_files(options)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    _run(replay, show=sys.stderr.isatty() and not options.json)
    elapsed = time.perf_counter() - started
    if replay.torn_bytes:
        print(f"openquant: the journal ends in {replay.torn_bytes:,} torn bytes, which are left out", file=sys.stderr)
    if not replay.closed:
        print("openquant: the recording was not closed: what it has is all that is replayed", file=sys.stderr)
    summary = report.summary(strategy, replay.rejected, elapsed)
    if summary["trades"] == 0:
        wanted = f" of {', '.join(options.symbols)}" if options.symbols else ""
        raise ValueError(f"no trades{wanted} in {', '.join(options.files)}")
    if options.out:
        report.write(strategy, options.out)
    report.deliver(options, strategy, summary)
    return 0


def _open_files(options: argparse.Namespace) -> tuple[Strategy, Replay]:
    strategy = built(options, model=bool(options.model))
    data: dict[str, Any] = {
        "trades": openquant.read_trades(*options.files, instruments=options.symbols, only=options.symbols)
    }
    if options.model:
        data["model"] = _model(options.model)
    return strategy, strategy.graph.open(data, speed=options.speed)


def _open_journal(options: argparse.Namespace) -> tuple[Strategy, Replay]:
    """The graph gets the sources of the one that was recorded; its other options are for the user to repeat."""
    if len(options.files) > 1:
        raise ValueError("a journal is replayed alone: give its folder and no other file")
    for name, given in {"--model": options.model, "--speed": options.speed}.items():
        if given is not None:
            raise ValueError(f"{name} is for files: a journal is replayed as it was recorded, as fast as possible")
    if options.symbols and not options.allocate:
        raise ValueError(
            "--symbols chooses from files: a journal is replayed whole, and needs them for --allocate only"
        )
    sources = journal.sources(options.files[0])
    strategy = built(options, model="model" in sources, clock="clock" in sources)
    return strategy, strategy.graph.open(options.files[0])


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
