"""Journals: what a graph took in, in order, written before it was worked on. Replayed, it gives the same bytes.

>>> import openquant, tempfile
>>> def built():
...     graph = openquant.Graph()
...     return graph, graph.collect(graph.add(openquant.TickBars(ticks_per_bar=2), graph.source("trades", openquant.Trade)))
>>> folder = tempfile.TemporaryDirectory()
>>> graph, bars = built()
>>> with graph.record(folder.name):
...     graph.start()
...     for second in range(4):
...         graph.push("trades", {"ts": second * 10**9, "symbol": "BTCUSDT", "price": 100.0 + second, "size": 1.0})
...     graph.stop()
>>> again, same_bars = built()
>>> again.replay(folder.name)
<Replay: 4 rows, done>
>>> same_bars.hash() == bars.hash()
True
>>> folder.cleanup()
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Self

from openquant import _core

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openquant.graph import Graph


class Recording:
    """A journal being written. `Graph.record` begins one; `close` it, or leave its ``with`` block."""

    def __init__(self, graph: Graph, folder: str | os.PathLike[str]) -> None:
        self._graph = graph
        self._core = _core.Recording(graph._core, os.fspath(folder))

    @property
    def folder(self) -> Path:
        return Path(self._core.folder)

    @property
    def closed(self) -> bool:
        return self._core.closed

    def close(self) -> None:
        """Ends the recording and forces it to the disk. Twice does no harm.

        Raises:
            ValueError: the graph is running: stop it first.
            RuntimeError: the disk refuses; it says which file and why.
        """
        self._core.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if error is None:
            return self.close()
        with contextlib.suppress(ValueError, RuntimeError):  # the error under way says more
            self._graph._core.stop(False)
            self.close()

    def __repr__(self) -> str:
        return f"<Recording {self._core.folder!r}: {'closed' if self.closed else 'open'}>"


def is_journal(data: object) -> bool:
    """Whether `data` is the path of a folder."""
    return isinstance(data, (str, os.PathLike)) and Path(data).is_dir()


def sources(folder: str | os.PathLike[str]) -> dict[str, str]:
    """Event type of each source of the graph that was recorded, by name.

    Raises:
        ValueError: the folder holds no journal, or one that this version cannot read.
        FileNotFoundError: there is no such folder.
    """
    return {name: kind for name, kind, _ in _core.journal_sources(os.fspath(folder))}


def open_replay(
    graph: Graph,
    folder: str | os.PathLike[str],
    *,
    chunk: int | None = None,
    speed: float | None = None,
    flush: bool | None = None,
    ids: Mapping[str, str] | None = None,
) -> _core.JournalReplay:
    """What `Graph.open` does with the folder of a journal.

    `ids` says by source what the ids of rows tell of which the recording says nothing, as for history that a live feed follows.
    """
    path = os.fspath(folder)
    if Path(path).is_file():
        raise ValueError(f"'{path}' is a file, and a path alone is the folder of a journal: pass {{source: path}}")
    if speed is not None:
        raise ValueError("a journal is replayed as fast as possible: speed must be None")
    return _core.JournalReplay(graph._core, path, chunk or 0, flush, dict(ids or {}))
