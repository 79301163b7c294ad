"""
Uniqueness of labels and the sequential bootstrap (AFML chapter 4).
"""

from __future__ import annotations
import collections.abc
import numpy
import numpy.typing
import typing

__all__: list[str] = ["Labels", "average_uniqueness", "draw", "ind_matrix", "probabilities", "uniforms"]

class Labels:
    @staticmethod
    def of_intervals(begins: numpy.typing.NDArray[numpy.int64], ends: numpy.typing.NDArray[numpy.int64]) -> Labels:
        """
        Label i covers bars begins[i] .. ends[i] - 1.
        """
    @staticmethod
    def of_matrix(cells: numpy.typing.NDArray[numpy.int8]) -> Labels:
        """
        Rows are bars, columns labels, int8 zeros and ones.
        """
    def __len__(self) -> int: ...

def average_uniqueness(labels: Labels) -> float: ...
def draw(
    labels: Labels,
    n: typing.SupportsInt | typing.SupportsIndex,
    warmup: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex],
    seed: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.int64]:
    """
    Label numbers, those of `warmup` first.
    """

def ind_matrix(
    begins: numpy.typing.NDArray[numpy.int64],
    ends: numpy.typing.NDArray[numpy.int64],
    n_bars: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.int8]:
    """
    int8 zeros and ones, rows are bars.
    """

def probabilities(
    labels: Labels, drawn: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex]
) -> list[float]:
    """
    Of each label to be drawn after `drawn`.
    """

def uniforms(
    seed: typing.SupportsInt | typing.SupportsIndex, n: typing.SupportsInt | typing.SupportsIndex
) -> list[float]:
    """
    What seeded draws are decided by, one each.
    """
