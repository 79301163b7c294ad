"""
Uniqueness of labels and the sequential bootstrap (AFML chapter 4).
"""

from __future__ import annotations

__all__: list[str] = list()
