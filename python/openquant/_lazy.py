"""Modules that are slow to import, imported when they are first used: `import openquant` stays quick."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
else:

    class _Lazy:
        def __init__(self, name: str) -> None:
            self._name = name

        def __getattr__(self, attribute: str) -> Any:
            value = getattr(importlib.import_module(self._name), attribute)
            self.__dict__[attribute] = value  # found without this the next time
            return value

    np = _Lazy("numpy")
    pl = _Lazy("polars")

__all__ = ["np", "pl"]
