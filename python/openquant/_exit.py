"""Ends what still runs when the interpreter ends: while its callables can still be called, and its files closed."""

from __future__ import annotations

import atexit
import contextlib
import weakref
from typing import Any

_running: weakref.WeakSet[Any] = weakref.WeakSet()


def stop_at_exit(running: Any) -> None:
    """Calls ``running.stop(flush=False)`` at the end of the interpreter, if it is still there."""
    _running.add(running)


@atexit.register
def _stop_all() -> None:
    for running in list(_running):
        with contextlib.suppress(Exception):  # there is nobody left to tell
            running.stop(flush=False)
