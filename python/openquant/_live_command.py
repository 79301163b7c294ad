"""`openquant live`: a venue's trades through the graph of the command line, until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.live import Live
from rich.text import Text

from openquant import connectors, operators, report
from openquant._options import add_graph_options, built

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from openquant.live import Session
    from openquant.strategy import Strategy


_A_DAY_NS = 86_400 * 10**9


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command's parser."""
    parser = commands.add_parser(
        "live",
        help="run the graph on a venue's live trades",
        description="Connects to venues, runs the graph on what they tell until Ctrl-C or --for, then reports.",
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "connectors",
        nargs="+",
        type=_connector,
        metavar="VENUE:SYMBOL[,...][@CHANNEL]",
        help="such as binance:btcusdt@trade or kraken:BTC/USD; tcp://HOST:PORT or unix://PATH for a feed of JSON lines",
    )
    add_graph_options(parser, "assets of --allocate, as the venue writes them")
    parser.add_argument(
        "--url", default="", help="connect there instead of the venue's address, such as to a simulator"
    )
    parser.add_argument("--ca", type=Path, metavar="FILE", help="trust this certificate authority alone (PEM)")
    parser.add_argument(
        "--record", type=Path, metavar="DIR", help="write a journal, which `openquant replay DIR` replays"
    )
    parser.add_argument("--for", dest="seconds", type=seconds, metavar="SECONDS", help="stop after so long")
    parser.add_argument(
        "--overflow",
        choices=("block", "drop_oldest", "conflate"),
        default="block",
        help="when the engine falls behind: slow the connection down, drop the oldest trades, or keep only the newest of each symbol",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="write every table (bars, events, ...) as Parquet")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")


def _connector(text: str) -> connectors.Connector:
    try:
        return connectors.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def seconds(text: str) -> float:
    """A number of seconds above 0."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 < number < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return number


def run(options: argparse.Namespace) -> int:
    """Runs the session; 0, also when Ctrl-C ended it."""
    strategy = built(options, clock=isinstance(options.bars, operators.TimeBars))
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
    if options.url and len(options.connectors) > 1:
        raise ValueError("--url is of one connection: give one VENUE:SYMBOL[,...] with it")
    wanted = [c.at(options.url) if options.url else c for c in options.connectors]
    failure: Exception | None = None
    with asked_to_stop() as asked:
        session = strategy.graph.live(wanted, record=options.record, overflow=options.overflow, ca_file=options.ca)
        try:
            _watch(session, strategy, options, asked)
        finally:
            try:
                session.stop()
            except RuntimeError as error:
                failure = error
        stats = session.stats()
    if options.out:
        report.write(strategy, options.out)  # of a session that failed, too
    if failure is not None:
        raise failure
    told = _summary(strategy, stats)
    if told["trades"] == 0:
        states = "; ".join(f"{c['venue']} at {c['url']}: {c['last_error'] or c['state']}" for c in stats["connections"])
        raise ValueError(f"no trades were received: {states}")
    report.deliver(options, strategy, told)
    return 0


def _summary(strategy: Strategy, stats: dict[str, Any]) -> dict[str, Any]:
    sources = strategy.graph.stats()["sources"]
    rejected: dict[str, int] = {}
    for source in sources:
        for kind, count in source["rejected"].items():
            rejected[kind] = rejected.get(kind, 0) + count
    if malformed := sum(c["malformed"] for c in stats["connections"]):
        rejected["malformed"] = rejected.get("malformed", 0) + malformed
    told = report.summary(strategy, rejected, stats["seconds"])
    return {**told, "dropped": sum(s["dropped"] for s in sources), "connections": stats["connections"]}


@contextmanager
def asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C or a polite kill has asked for the end; a second one is not caught."""
    asked: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask(number: int, _frame: object) -> None:
        asked.append(number)
        for each, handler in before.items():
            signal.signal(each, handler)

    try:
        for number in before:
            signal.signal(number, ask)
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _watch(session: Session, strategy: Strategy, options: argparse.Namespace, asked: Callable[[], bool]) -> None:
    """Until the end is asked for, the time is over, or the session has failed."""
    console = Console(stderr=True)
    until = time.monotonic() + options.seconds if options.seconds else float("inf")
    line = _Line(strategy)
    show = console.is_terminal and not options.json
    with Live(console=console, auto_refresh=False, transient=True) if show else _Quiet() as live:
        while not asked() and session.running and (left := until - time.monotonic()) > 0:
            if show:
                live.update(line.text(session.stats()), refresh=True)  # type: ignore[union-attr]
            time.sleep(min(0.1, left))


class _Quiet:
    def __enter__(self) -> None:
        pass

    def __exit__(self, *_error: object) -> None:
        pass


class _Line:
    """The status line: state, rate, lag, queue, drops and the last bar."""

    def __init__(self, strategy: Strategy) -> None:
        self._bars = strategy.tables["bars"]
        self._seen = (time.monotonic(), 0)
        self._rate = 0.0

    def text(self, stats: dict[str, Any]) -> Text:
        trades = sum(c["trades"] for c in stats["connections"])
        (then, before), now = self._seen, time.monotonic()
        if now - then >= 1.0:
            self._rate, self._seen = (trades - before) / (now - then), (now, trades)
        states = ", ".join(
            f"{c['venue']} {c['state']}" + (f" ({c['last_error']})" if c["state"] != "open" and c["last_error"] else "")
            for c in stats["connections"]
        )
        lag = max((c["lag_ns"] for c in stats["connections"]), default=0)
        queued, dropped = (sum(s[key] for s in stats["sources"]) for key in ("queued", "dropped"))
        parts = [
            states,
            f"{trades:,} trades {self._rate:,.0f}/s",
            "lag -" if lag > _A_DAY_NS else f"lag {lag / 1e6:,.1f} ms",  # of a recording it means nothing
            f"queue {queued:,}",
            f"dropped {dropped:,}",
        ]
        last = self._bars.tail(1)
        if last.height:
            bar = last.row(0, named=True)
            parts.append(f"{bar['symbol']} {bar['close']:g}, bar {len(self._bars):,}")
        return Text(" · ".join(parts), no_wrap=True, overflow="ellipsis")
