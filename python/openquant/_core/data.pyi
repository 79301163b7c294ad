"""
Cleaning, report and calendar of OHLCV rows.
"""

from __future__ import annotations

__all__: list[str] = list()
