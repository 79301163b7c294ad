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
from openquant.strategy import Allocation, strategy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
        prog="openquant", description="Market ticks to bars, events, labels, bets, returns, portfolios and risk."
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
    replay.add_argument(
        "--bars",
        type=_bars,
        default="dollar:1e6",
        metavar="KIND:SIZE",
        help="tick:500, volume:50, dollar:1e6, time:1m, range:0.001 (a share of the open), imbalance:500 or runs:500 "
        "(trades expected in a bar; imbalance:volume:500 weighs them by size, imbalance:dollar:500 by value); "
        "default dollar:1e6",
    )
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
    replay.add_argument(
        "--allocate",
        type=_allocation,
        metavar="METHOD,WINDOW,EVERY,INTERVAL",
        help="portfolio of --symbols: inverse_variance, min_vol or max_sharpe of the last WINDOW prices, one each INTERVAL, "
        "anew after every EVERY of them, such as max_sharpe,60,10,1s",
    )
    replay.add_argument(
        "--risk",
        type=_window,
        metavar="WINDOW",
        help="risk of each symbol's last WINDOW returns, and of all at the end",
    )
    replay.add_argument("--speed", type=_speed, default="max", metavar="max|N", help="times real time, default max")
    replay.add_argument(
        "--out", type=Path, metavar="DIR", help="write every table (bars, events, labels, ...) as Parquet"
    )
    replay.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    return parser


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of symbols such as BTCUSDT,ETHUSDT")
    return names


_BARS: dict[str, Callable[[str], Operator]] = {
    "tick": lambda size: openquant.TickBars(ticks_per_bar=int(size)),
    "volume": lambda size: openquant.VolumeBars(volume_per_bar=float(size)),
    "dollar": lambda size: openquant.DollarBars(dollar_value_per_bar=float(size)),
    "time": lambda size: openquant.TimeBars(interval_ns=interval_ns(size)),
    "range": lambda size: openquant.RangeBars(range=float(size)),
    "imbalance": lambda size: _flow_bars(openquant.ImbalanceBars, size),
    "runs": lambda size: _flow_bars(openquant.RunsBars, size),
}


def _bars(text: str) -> Operator:
    kind, _, size = text.partition(":")
    if kind not in _BARS:
        raise argparse.ArgumentTypeError(
            f"{text!r}: the kinds of bars are {', '.join(_BARS)}, each with a size, such as dollar:1e6"
        )
    try:
        return _BARS[kind](size)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None


def _flow_bars(bars: type[openquant.ImbalanceBars | openquant.RunsBars], text: str) -> Operator:
    measure, colon, size = text.rpartition(":")
    ticks = int(size)
    return bars(
        measure=measure if colon else "tick",  # type: ignore[arg-type]  # it is checked
        expected_ticks=ticks,
        min_ticks=max(1, ticks // 10),
        max_ticks=100 * ticks,
    )


_UNITS = {"ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86_400 * 10**9}


def interval_ns(text: str) -> int:
    """Nanoseconds of an interval such as 500ms, 1s, 5m, 4h or 1d."""
    number = text.rstrip("smhd")
    unit = text[len(number) :]
    if not number.isdecimal() or unit not in _UNITS:
        raise ValueError(f"{text!r} is not an interval such as 500ms, 1s, 5m, 4h or 1d")
    return int(number) * _UNITS[unit]


def _allocation(text: str) -> Allocation:
    parts = text.split(",")
    if len(parts) != 4:
        raise argparse.ArgumentTypeError(f"{text!r} is not METHOD,WINDOW,EVERY,INTERVAL such as max_sharpe,60,10,1s")
    try:
        return Allocation(parts[0], int(parts[1]), int(parts[2]), interval_ns(parts[3]))  # type: ignore[arg-type]
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None


def _window(text: str) -> int:
    try:
        return openquant.RiskMonitor(window=int(text)).window
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
    if options.allocate and not options.symbols:
        raise ValueError("--allocate needs --symbols A,B,...: the assets of the portfolio")
    built = strategy(
        bars=options.bars,
        threshold=options.cusum,
        pt=pt,
        sl=sl,
        max_bars=max_bars,
        model=bool(options.model),
        allocation=options.allocate,
        symbols=options.symbols,
        risk_window=options.risk,
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
        console = Console()
        report.show(console, built, summary)
        report.show_outcomes(console, built)
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
