"""A recorded market served over a venue's own protocol, on this machine only: to try a live session without a network.

    with Simulator("capture.gz", venue="kraken", speed=None) as market:
        with graph.live(openquant.connectors.kraken("BTC/USDT", url=market.url)) as session:
            session.wait(10)

docs/simulator.md tells what is served, how time passes in its market, and which faults it injects.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from openquant import _core

if TYPE_CHECKING:
    from collections.abc import Iterable

VENUES: tuple[str, ...] = tuple(_core.simulated_venues())


class Simulator:
    """Serves a capture on 127.0.0.1 from `start` to `stop`, or within a ``with`` block.

    Args:
        capture: Raw frames with receive times, plain or gzip.
        venue: Whose protocol to speak; ``simulator.VENUES`` lists them.
        port: 0 for a free one.
        tls: Whether to speak TLS, with a certificate made for 127.0.0.1 and localhost; `write_ca` gives what a client trusts.
        speed: Times the capture's own speed, None for as fast as clients read.
        faults: Such as ``gap:1000:5,duplicate:500,disconnect:2000``, in trades; one text, or several.
        restart_per_connection: Whether each connection plays the capture from its start.

    Raises:
        FileNotFoundError: there is no such capture.
        ValueError: an unknown venue or fault, a capture without trades, or a port that is taken.
    """

    def __init__(
        self,
        capture: str | os.PathLike[str],
        venue: str,
        *,
        port: int = 0,
        tls: bool = False,
        speed: float | None = 1.0,
        faults: str | Iterable[str] = "",
        restart_per_connection: bool = False,
    ) -> None:
        if speed is not None and not 0 < speed < float("inf"):
            raise ValueError(f"speed = {speed!r} must be > 0 (times real time), or None for as fast as clients read")
        if not 0 <= port <= 65_535:
            raise ValueError(f"port = {port!r} must be between 0 and 65535")
        spec = faults if isinstance(faults, str) else ",".join(faults)
        self._core = _core.Simulator(os.fspath(capture), venue, port, tls, speed or 0.0, spec, restart_per_connection)

    def start(self) -> Self:
        self._core.start()
        return self

    def stop(self) -> None:
        """Closes every connection and the port."""
        self._core.stop()

    @property
    def url(self) -> str:
        """Where it serves, such as ``ws://127.0.0.1:40000``."""
        return self._core.url

    def write_ca(self, path: str | os.PathLike[str]) -> Path:
        """Writes the certificate that a client's `ca_file` is to trust."""
        if not self._core.ca_pem:
            raise ValueError("the simulator speaks no TLS: make it with tls=True")
        file = Path(path)
        file.write_text(self._core.ca_pem)
        return file

    def stats(self) -> dict[str, Any]:
        """connections so far, clients now, trades in the capture, position, frames_sent, trades_sent, and injected faults by kind."""
        return self._core.stats()

    def injected(self) -> list[dict[str, Any]]:
        """Every fault so far, in order: kind, symbol, id of the first trade concerned, count of trades."""
        return self._core.injected()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Simulator at {self.url}>"
