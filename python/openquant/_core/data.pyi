"""
Cleaning, report and calendar of OHLCV rows.
"""

from __future__ import annotations
import collections.abc
import numpy
import numpy.typing
import typing

__all__: list[str] = ["Columns", "align", "clean", "read_times", "report", "scale_times"]

class Columns:
    """
    OHLCV columns that numpy owns; a field that is None is an adj_close that is close.
    """
    def __init__(
        self,
        ts: numpy.typing.NDArray[numpy.int64],
        readable: numpy.typing.NDArray[numpy.bool],
        codes: numpy.typing.NDArray[numpy.uint32],
        names: collections.abc.Sequence[str],
        fields: collections.abc.Sequence[typing.Annotated[numpy.typing.ArrayLike, numpy.float64] | None],
    ) -> None: ...

def align(
    columns: Columns, interval_ns: typing.SupportsInt | typing.SupportsIndex
) -> tuple[
    numpy.typing.NDArray[numpy.int64],
    numpy.typing.NDArray[numpy.uint32],
    list[numpy.typing.NDArray[numpy.float64]],
    numpy.typing.NDArray[numpy.bool],
]:
    """
    Windows' starts (ns), symbol codes, fields (NaN where missing) and whether missing.
    """

def clean(
    columns: Columns, keep_first: bool, reported: bool
) -> tuple[numpy.typing.NDArray[numpy.uint32] | None, dict[str, typing.Any] | None]:
    """
    Row numbers of readable rows, sorted and de-duplicated (None: all rows as they are), and the report if `reported`.
    """

def read_times(
    texts: list[typing.Any], slash_dates: bool
) -> tuple[numpy.typing.NDArray[numpy.int64], numpy.typing.NDArray[numpy.bool]]:
    """
    int64 ns UTC of each text, to the microsecond, and whether it could be read.
    """

def report(columns: Columns) -> dict[str, typing.Any]:
    """
    Figures of the readable rows.
    """

def scale_times(
    times: numpy.typing.NDArray[numpy.int64],
    readable: numpy.typing.NDArray[numpy.bool],
    unit_ns: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.int64], numpy.typing.NDArray[numpy.bool]]:
    """
    int64 ns of times in another unit, and whether they are within its range.
    """
