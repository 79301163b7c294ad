"""
What is no function of a stream: bet sizes, one allocation, drawdowns of a curve.
"""

from __future__ import annotations

__all__: list[str] = list()
