"""`openquant simulate`: a recorded market served over a venue's own protocol, on this machine only."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from rich.console import Console

from openquant._live_command import asked_to_stop, seconds
from openquant.simulator import VENUES, Simulator


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command's parser."""
    parser = commands.add_parser(
        "simulate",
        help="serve a capture as a venue would",
        description="Serves a recorded capture over a venue's own websocket protocol on 127.0.0.1, until Ctrl-C.",
    )
    parser.set_defaults(run=run)
    parser.add_argument("capture", metavar="CAPTURE", help="raw frames with receive times, plain or gzip")
    parser.add_argument("--venue", required=True, choices=VENUES, help="whose protocol to speak")
    parser.add_argument("--port", type=int, default=0, metavar="P", help="port on 127.0.0.1; by default a free one")
    parser.add_argument("--tls", action="store_true", help="wss, with a certificate made for 127.0.0.1 and localhost")
    parser.add_argument(
        "--ca-out", type=Path, metavar="FILE", help="where to write the certificate that `live --ca` is to trust"
    )
    parser.add_argument("--speed", default="1", metavar="1|N|max", help="times the capture's own speed, default 1")
    parser.add_argument(
        "--faults",
        default="",
        metavar="SPEC",
        help="kind:every[:n],... in trades, such as gap:1000:5,duplicate:500,disconnect:2000; kinds: gap, duplicate, reorder, "
        "corrupt, disconnect, close, stall, drip (docs/simulator.md)",
    )
    parser.add_argument(
        "--restart-per-connection", action="store_true", help="each connection plays the capture from its start"
    )
    parser.add_argument("--for", dest="seconds", type=seconds, metavar="SECONDS", help="stop after so long")
    parser.add_argument("--json", action="store_true", help="print the address and the summary as JSON lines")


def run(options: argparse.Namespace) -> int:
    """Serves until Ctrl-C, a polite kill or --for; prints what was served and injected."""
    if options.ca_out and not options.tls:
        raise ValueError("--ca-out needs --tls")
    simulator = Simulator(
        options.capture,
        options.venue,
        port=options.port,
        tls=options.tls,
        speed=_speed(options.speed),
        faults=options.faults,
        restart_per_connection=options.restart_per_connection,
    )
    if options.ca_out:
        simulator.write_ca(options.ca_out)
    console = Console(soft_wrap=True, highlight=False)
    with asked_to_stop() as asked:
        simulator.start()
        try:
            _announce(console, simulator, options)
            until = time.monotonic() + options.seconds if options.seconds else float("inf")
            while not asked() and time.monotonic() < until:
                time.sleep(0.1)
        finally:
            simulator.stop()
    told = simulator.stats()
    if options.json:
        print(json.dumps(told), flush=True)
    else:
        injected = ", ".join(f"{count:,} {kind}" for kind, count in told["injected"].items()) or "none"
        console.print(
            f"{told['connections']} connections, {told['trades_sent']:,} trades in {told['frames_sent']:,} frames; "
            f"faults: {injected}"
        )
    return 0


def _announce(console: Console, simulator: Simulator, options: argparse.Namespace) -> None:
    if options.json:
        print(json.dumps({"url": simulator.url, "trades": simulator.stats()["trades"]}), flush=True)
        return
    ca = f" --ca {options.ca_out}" if options.ca_out else ""
    console.print(
        f"{options.venue}: {simulator.stats()['trades']:,} trades of {options.capture} at {simulator.url}\n"
        f"openquant live {options.venue}:SYMBOL --url {simulator.url}{ca}"
    )
    sys.stdout.flush()  # whoever reads a pipe waits for the address


def _speed(text: str) -> float | None:
    try:
        return None if text == "max" else float(text)
    except ValueError:
        raise ValueError(f"--speed {text} is not 'max' or a number above 0") from None
