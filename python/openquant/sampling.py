"""Labels that share bars: indicator matrix, average uniqueness and the sequential bootstrap (AFML chapter 4)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from openquant import _arguments as A
from openquant import _core
from openquant._lazy import np, pl
from openquant._timestamps import Timestamps

if TYPE_CHECKING:
    from typing import TypeAlias

    import numpy.typing as npt

    Labels: TypeAlias = Sequence[tuple[Any, Any]] | npt.NDArray[Any] | pl.DataFrame
    IndMatrix: TypeAlias = Sequence[Sequence[int]] | npt.NDArray[Any] | pl.DataFrame

__all__ = ["get_ind_mat_average_uniqueness", "get_ind_matrix", "seq_bootstrap", "seq_bootstrap_intervals"]

_MOST_CELLS = 2**31
_MOST_BARS = 2**31  # sums over more would round to what a short label weighs


def get_ind_matrix(label_endtime: Labels, bar_index: A.Times | range) -> list[list[int]] | npt.NDArray[np.int8]:
    """Which bars each label covers: 1 where start <= bar <= end, else 0.

    Args:
        label_endtime: (start, end) of each label: a list of pairs, an (n, 2) array or a frame of two columns.
        bar_index: Whole numbers or times of the bars, strictly rising; starts and ends are of the same kind.

    Returns:
        A row for each bar, a column for each label: a list of rows if both arguments are lists, else an int8 array.
        Empty where there is no label.

    Raises:
        ValueError: a label whose start is after its end or that covers no bar; bars that do not rise strictly.
        TypeError: neither whole numbers nor times, or numbers against times.

    Source:
        AFML 4.5.3, snippet 4.3.

    >>> get_ind_matrix([(0, 2), (2, 3), (4, 5)], list(range(6)))
    [[1, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]]
    """
    as_lists = A.is_list(label_endtime) and (A.is_list(bar_index) or isinstance(bar_index, range))
    starts, ends = _pairs(label_endtime)
    bars, bars_count = _axis(_listed(bar_index), "bar_index")
    fallen = np.flatnonzero(bars[1:] <= bars[:-1])
    if len(fallen):
        raise ValueError(
            f"bar_index at row {fallen[0] + 1} does not come after row {fallen[0]}; bars must rise strictly"
        )
    if len(starts) == 0:
        return [] if as_lists else np.zeros((0, 0), dtype=np.int8)
    first, starts_count = _axis(starts, "label_endtime starts")
    last, ends_count = _axis(ends, "label_endtime ends")
    if len(bars) and not bars_count == starts_count == ends_count:
        raise TypeError("label_endtime and bar_index must be of one kind: all whole numbers, or all times")
    _check_order(first, last, starts, ends)
    begins, stops = np.searchsorted(bars, first, "left"), np.searchsorted(bars, last, "right")
    bare = np.flatnonzero(begins == stops)
    if len(bare):
        i = int(bare[0])
        raise ValueError(
            f"label {i} of label_endtime ({starts[i]} to {ends[i]}) covers no bar of bar_index; leave it out"
        )
    if len(bars) * len(starts) > _MOST_CELLS:
        raise ValueError(
            f"the matrix of {len(bars)} bars by {len(starts)} labels has more than {_MOST_CELLS} cells; "
            "use seq_bootstrap_intervals, which needs none"
        )
    matrix = _core.sampling.ind_matrix(begins.astype(np.int64), stops.astype(np.int64), len(bars))
    return matrix.tolist() if as_lists else matrix


def _listed(bar_index: A.Times | range) -> A.Times:
    if not isinstance(bar_index, range):
        return bar_index
    if not -_MOST_BARS < bar_index.start <= bar_index.stop < _MOST_BARS or len(bar_index) > 100_000_000:
        raise ValueError(f"bar_index = {bar_index!r} is beyond what bars are numbered by; give a shorter range")
    return list(bar_index)


def get_ind_mat_average_uniqueness(ind_mat: IndMatrix) -> float:
    """Mean over labels of the label's mean, over its bars, of 1 / labels that cover the bar.

    Args:
        ind_mat: A row for each bar, a column for each label, of 0 and 1: a list of rows, a 2-d array or a frame.

    Returns:
        A share in (0, 1]; 1 where no two labels meet.

    Raises:
        ValueError: other values than 0 and 1, rows of unequal length, a label without a bar, no labels.

    Source:
        AFML 4.4, snippet 4.4.

    >>> get_ind_mat_average_uniqueness(get_ind_matrix([(0, 2), (2, 3), (4, 5)], list(range(6))))
    0.8611111111111112
    """
    return float(_core.sampling.average_uniqueness(_labels_of_matrix(ind_mat)))


def seq_bootstrap(
    ind_mat: IndMatrix,
    sample_length: int | None = None,
    warmup_samples: A.Numbers | None = None,
    random_state: int | np.integer[Any] | None = None,
) -> list[int] | A.Ints:
    """Draws labels with replacement, preferring those that share few bars with what was drawn before.

    Each label's probability is in proportion to its mean uniqueness among the labels drawn so far and itself.

    Args:
        ind_mat: A row for each bar, a column for each label, of 0 and 1: a list of rows, a 2-d array or a frame.
        sample_length: How many are drawn, at most 10,000,000; by default as many as there are labels.
        warmup_samples: Label numbers that are taken as the first draws, in their order, up to `sample_length`.
        random_state: Seed, 0 to 2**64 - 1: the same draws on every machine. None: other draws each time.

    Returns:
        Label numbers, counted from 0: a list for a list, else an int64 array.

    Raises:
        ValueError: other values than 0 and 1, rows of unequal length, a label without a bar, no labels, no such label.
        TypeError: a length, label number or seed that is not a whole number.

    Source:
        AFML 4.5.3, snippet 4.5.

    >>> seq_bootstrap([[1, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]], random_state=1)
    [2, 1, 1]
    """
    return _draw(_labels_of_matrix(ind_mat), ind_mat, sample_length, warmup_samples, random_state)


def seq_bootstrap_intervals(
    label_endtime: Labels,
    n_bars: int,
    sample_length: int | None = None,
    warmup_samples: A.Numbers | None = None,
    random_state: int | np.integer[Any] | None = None,
) -> list[int] | A.Ints:
    """The draws of `seq_bootstrap` for labels given by their first and last bar, without the matrix.

    Args:
        label_endtime: (first bar, last bar) of each label, numbers from 0 to n_bars - 1: a list of pairs, an (n, 2)
            array or a frame of two columns.
        n_bars: How many bars there are.
        sample_length: How many are drawn, at most 10,000,000; by default as many as there are labels.
        warmup_samples: Label numbers that are taken as the first draws, in their order, up to `sample_length`.
        random_state: Seed, 0 to 2**64 - 1: the same draws on every machine. None: other draws each time.

    Returns:
        Label numbers, counted from 0: a list for a list, else an int64 array.

    Raises:
        ValueError: a label whose first bar is after its last, or outside the bars; no labels; no such label.
        TypeError: a bar, length, label number or seed that is not a whole number.

    Source:
        AFML 4.5.3, snippet 4.5.

    >>> seq_bootstrap_intervals([(0, 2), (2, 3), (4, 5)], 6, random_state=1)
    [2, 1, 1]
    """
    n_bars = A.whole(n_bars, "n_bars", 1, _MOST_BARS)
    starts, ends = _pairs(label_endtime)
    if len(starts) == 0:
        raise ValueError("label_endtime holds no labels; a bootstrap wants at least one")
    first, last = _whole(starts, "label_endtime starts"), _whole(ends, "label_endtime ends")
    _check_order(first, last, first, last)
    outside = np.flatnonzero((first < 0) | (last >= n_bars))
    if len(outside):
        i = int(outside[0])
        raise ValueError(
            f"label {i} of label_endtime ({first[i]} to {last[i]}) leaves the bars 0 to {n_bars - 1} of n_bars"
        )
    labels = _core.sampling.Labels.of_intervals(first, last + 1)
    return _draw(labels, label_endtime, sample_length, warmup_samples, random_state)


def _draw(labels: Any, given: Any, sample_length: Any, warmup_samples: Any, random_state: Any) -> list[int] | A.Ints:
    n = len(labels) if sample_length is None else A.whole(sample_length, "sample_length", 1, 10_000_000)
    seed = secrets.randbits(64) if random_state is None else A.whole(random_state, "random_state", 0, 2**64 - 1)
    warmup = np.zeros(0, dtype=np.int64) if warmup_samples is None else _whole(warmup_samples, "warmup_samples")
    wrong = np.flatnonzero((warmup < 0) | (warmup >= len(labels)))
    if len(wrong):
        row = int(wrong[0])
        raise ValueError(f"warmup_samples at row {row} is {warmup[row]}; labels are numbered 0 to {len(labels) - 1}")
    drawn: A.Ints = _core.sampling.draw(labels, n, warmup[:n].tolist(), seed)
    return A.like(given, drawn)  # type: ignore[no-any-return]


def _labels_of_matrix(ind_mat: Any) -> Any:
    if isinstance(ind_mat, pl.DataFrame) and ind_mat.width and all(dtype == pl.Boolean for dtype in ind_mat.dtypes):
        ind_mat = ind_mat.to_numpy()
    small = getattr(ind_mat, "dtype", None) in (np.int8, np.uint8, np.bool_) and ind_mat.ndim == 2
    cells = ind_mat if small else A.matrix(ind_mat, "ind_mat")
    if cells.size == 0:
        raise ValueError("ind_mat is empty; at least one bar and one label are wanted")
    odd = cells.view(np.uint8) > 1 if small else (cells != 0) & (cells != 1)
    if odd.any():
        row, column = divmod(int(odd.argmax()), cells.shape[1])
        raise ValueError(f"ind_mat at row {row}, column {column} is {cells[row, column].item()!r}; it must be 0 or 1")
    return _core.sampling.Labels.of_matrix(np.ascontiguousarray(cells, dtype=np.int8))


def _check_order(first: A.Ints, last: A.Ints, starts: Any, ends: Any) -> None:
    fallen = np.flatnonzero(first > last)
    if len(fallen):
        i = int(fallen[0])
        raise ValueError(f"label {i} of label_endtime starts at {starts[i]}, after its end {ends[i]}")


def _pairs(label_endtime: Any) -> tuple[Any, Any]:
    """Starts and ends, as they were given."""
    if isinstance(label_endtime, pl.DataFrame):
        if label_endtime.width != 2:
            raise ValueError(f"label_endtime must have two columns, start and end, not {label_endtime.width}")
        return label_endtime.to_series(0), label_endtime.to_series(1)
    if A.is_list(label_endtime):
        for i, pair in enumerate(label_endtime):
            if isinstance(pair, str) or not hasattr(pair, "__len__") or not hasattr(pair, "__getitem__"):
                raise TypeError(f"label {i} of label_endtime is {A.kind(pair)}; a pair (start, end) is wanted")
            if len(pair) != 2:
                raise ValueError(f"label {i} of label_endtime has {len(pair)} values; a pair (start, end) is wanted")
        return [pair[0] for pair in label_endtime], [pair[1] for pair in label_endtime]
    if hasattr(label_endtime, "__array__") and not isinstance(label_endtime, pl.Series):
        array = np.asarray(label_endtime)
        if array.size == 0:
            return array.reshape(-1), array.reshape(-1)
        if array.ndim != 2 or array.shape[1] != 2:
            raise ValueError(
                f"label_endtime must be of shape (n, 2), a start and an end in each row, not {array.shape}"
            )
        return np.ascontiguousarray(array[:, 0]), np.ascontiguousarray(array[:, 1])
    raise TypeError(f"label_endtime must be a list of pairs, an (n, 2) array or a frame, not {A.kind(label_endtime)}")


def _axis(values: Any, name: str) -> tuple[A.Ints, bool]:
    """Whole numbers or times as int64, and whether they are numbers."""
    first = values[0] if A.is_list(values) and len(values) else None
    dtype = getattr(values, "dtype", None)
    if isinstance(values, pl.Series):
        count = bool(values.dtype.is_integer())
    elif isinstance(dtype, np.dtype):
        count = dtype.kind in "biuf"
    else:
        count = isinstance(first, (int, float, np.integer, np.floating))
    return (_whole(values, name), True) if count else (Timestamps(values, name).ns, False)


def _whole(values: Any, name: str) -> A.Ints:
    """Whole numbers as contiguous int64."""
    if isinstance(values, pl.Series):
        if not values.dtype.is_integer() and len(values):
            raise TypeError(f"{name} must hold whole numbers, not {values.dtype}")
        if values.null_count():
            raise ValueError(f"{name} at row {int(values.is_null().arg_max() or 0)} is null; a whole number is wanted")
        values = values.to_numpy()
    if A.is_list(values):
        return np.array(
            [A.whole(x, f"{name} at row {i}", -(2**62), 2**62) for i, x in enumerate(values)], dtype=np.int64
        )
    if not hasattr(values, "__array__"):
        raise TypeError(f"{name} must be a list, an array or a polars Series of whole numbers, not {A.kind(values)}")
    array = np.asarray(values)
    if array.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, not of shape {array.shape}")
    if array.dtype.kind == "O":
        return _whole(array.tolist(), name)
    if array.dtype.kind not in "iu" and array.size:
        raise TypeError(f"{name} must hold whole numbers, not {array.dtype}")
    if array.size and (int(array.max()) > 2**62 or int(array.min()) < -(2**62)):
        raise ValueError(f"{name} holds a number beyond 2**62")
    return np.ascontiguousarray(array, dtype=np.int64)
