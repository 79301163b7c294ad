"""The options that the commands share: what graph to build."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import openquant
from openquant.strategy import Allocation, Strategy, strategy

if TYPE_CHECKING:
    from collections.abc import Callable

    from openquant.operator import Operator


def add_graph_options(parser: argparse.ArgumentParser, symbols_help: str) -> None:
    """Options of the strategy graph."""
    parser.add_argument(
        "--symbols",
        type=_names,
        default=[],
        metavar="A,B",
        help=symbols_help,
    )
    parser.add_argument(
        "--bars",
        type=_bars,
        default="dollar:1e6",
        metavar="KIND:SIZE",
        help="tick:500, volume:50, dollar:1e6, time:1m, range:0.001 (a share of the open), imbalance:500 or runs:500 "
        "(trades expected in a bar; imbalance:volume:500 weighs them by size, imbalance:dollar:500 by value); "
        "default dollar:1e6",
    )
    parser.add_argument(
        "--cusum", type=float, default=0.001, metavar="H", help="log return that makes an event, default 0.001"
    )
    parser.add_argument(
        "--labels",
        type=_labels,
        default="1,1,20",
        metavar="PT,SL,BARS",
        help="barriers in volatilities and bars, default 1,1,20",
    )
    parser.add_argument(
        "--allocate",
        type=_allocation,
        metavar="METHOD,WINDOW,EVERY,INTERVAL",
        help="portfolio of --symbols: inverse_variance, min_vol or max_sharpe of the last WINDOW prices, one each INTERVAL, "
        "anew after every EVERY of them, such as max_sharpe,60,10,1s",
    )
    parser.add_argument(
        "--risk",
        type=_window,
        metavar="WINDOW",
        help="risk of each symbol's last WINDOW returns, and of all at the end",
    )


def built(options: argparse.Namespace, *, model: bool = False, clock: bool = False) -> Strategy:
    """The graph that the options describe."""
    pt, sl, max_bars = options.labels
    if options.allocate and not options.symbols:
        raise ValueError("--allocate needs --symbols A,B,...: the assets of the portfolio")
    return strategy(
        bars=options.bars,
        threshold=options.cusum,
        pt=pt,
        sl=sl,
        max_bars=max_bars,
        model=model,
        clock=clock,
        allocation=options.allocate,
        symbols=options.symbols,
        risk_window=options.risk,
    )


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
