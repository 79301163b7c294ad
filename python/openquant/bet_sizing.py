"""Bet sizes from probabilities and from how far a price lies from its forecast (AFML chapter 10)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

from openquant import _arguments as A
from openquant import _core
from openquant._lazy import np, pl

if TYPE_CHECKING:
    from typing import TypeAlias

    import numpy.typing as npt

    Number: TypeAlias = float | np.integer[Any] | np.floating[Any]
    Array: TypeAlias = npt.NDArray[Any] | pl.Series

__all__ = ["bet_size", "discrete_signal", "get_signal"]


@overload
def get_signal(prob: Number, num_classes: int, pred: Number | None = None) -> float: ...
@overload
def get_signal(prob: Sequence[float], num_classes: int, pred: A.Numbers | None = None) -> list[float]: ...
@overload
def get_signal(prob: Array, num_classes: int, pred: A.Numbers | None = None) -> A.Floats: ...
def get_signal(prob: Any, num_classes: int, pred: Any = None) -> Any:
    """Bet size of a predicted class: 2 Phi(z) - 1 with z = (p - 1/K) / sqrt(p (1 - p)), times `pred`.

    Args:
        prob: Probability of the predicted class, one or many, in [0, 1]. 0 and 1 give -1 and 1.
        num_classes: K >= 2, how many classes there are.
        pred: The side that was predicted, in [-1, 1]; as long as `prob`. None: 1.

    Returns:
        Shares of the largest bet, in [-1, 1]: a number for a number, a list for a list, else an array.

    Raises:
        ValueError: a probability or side out of range or not finite, K < 2, lengths that differ.
        TypeError: what is no number.

    Source:
        AFML 10.3, snippet 10.1.

    >>> get_signal(0.75, 2)
    0.436297138349227
    >>> get_signal([0.5, 1.0], 2, [1, -1])
    [0.0, -1.0]
    """
    classes = float(A.whole(num_classes, "num_classes", 2))
    p = A.within(_values(prob, "prob"), "prob", 0.0, 1.0, "a probability must be in [0, 1]")
    side = None
    if pred is not None:
        if _is_number(pred) != _is_number(prob):
            raise TypeError("prob and pred must both be numbers, or both hold one for each row")
        side = A.within(_values(pred, "pred"), "pred", -1.0, 1.0, "a side must be in [-1, 1]")
        A.same_length("prob", len(p), "pred", len(side))
    return _in_kind(prob, _core.kernels.get_signal(p, classes, side))


@overload
def discrete_signal(signal0: Number, step_size: float) -> float: ...
@overload
def discrete_signal(signal0: Sequence[float], step_size: float) -> list[float]: ...
@overload
def discrete_signal(signal0: Array, step_size: float) -> A.Floats: ...
def discrete_signal(signal0: Any, step_size: float) -> Any:
    """Nearest multiple of `step_size`, ties to even, clipped to [-1, 1]: small changes of a bet are not traded.

    Args:
        signal0: Bet sizes, one or many, finite.
        step_size: In (0, 1].

    Returns:
        Shares of the largest bet, in [-1, 1]: a number for a number, a list for a list, else an array.

    Raises:
        ValueError: a bet size that is not finite, a step out of range.
        TypeError: what is no number.

    Source:
        AFML 10.3, snippet 10.3.

    >>> discrete_signal([0.44, -0.26, 1.7], 0.5)
    [0.5, -0.5, 1.0]
    """
    step = A.number(step_size, "step_size", 0.0, 1.0, above=True)
    wanted = "it must be finite, at most 1e100 in size"
    signal = A.within(_values(signal0, "signal0"), "signal0", -A.LARGEST, A.LARGEST, wanted)
    return _in_kind(signal0, _core.kernels.discrete_signal(signal, step))


@overload
def bet_size(w_param: float, price_div: Number, func: str = "sigmoid") -> float: ...
@overload
def bet_size(w_param: float, price_div: Sequence[float], func: str = "sigmoid") -> list[float]: ...
@overload
def bet_size(w_param: float, price_div: Array, func: str = "sigmoid") -> A.Floats: ...
def bet_size(w_param: float, price_div: Any, func: str = "sigmoid") -> Any:
    """Bet size of a price's divergence x from its forecast: x / sqrt(w + x^2), or sign(x) |x|^w.

    Args:
        w_param: How steep the size rises, w: > 0 for "sigmoid", >= 0 for "power".
        price_div: Forecast less price, one or many, finite; in [-1, 1] for "power".
        func: "sigmoid" or "power".

    Returns:
        Shares of the largest bet, in [-1, 1]: a number for a number, a list for a list, else an array.

    Raises:
        ValueError: w or a divergence out of range or not finite, another `func`.
        TypeError: what is no number.

    Source:
        AFML 10.6, snippet 10.4.

    >>> bet_size(3.0, 1.0, "sigmoid")
    0.5
    >>> bet_size(2.0, [-0.5, 0.25], "power")
    [-0.25, 0.0625]
    """
    power = A.choice(func, "func", ("sigmoid", "power")) == "power"
    w = A.number(w_param, "w_param", 0.0, above=not power)
    most = 1.0 if power else A.LARGEST
    wanted = 'it must be in [-1, 1] for func="power"' if power else "it must be finite, at most 1e100 in size"
    x = A.within(_values(price_div, "price_div"), "price_div", -most, most, wanted)
    return _in_kind(price_div, _core.kernels.bet_size(w, x, func))


def _is_number(value: Any) -> bool:
    return isinstance(value, (bool, int, float)) or getattr(value, "ndim", None) == 0


def _values(value: Any, name: str) -> A.Floats:
    """One-dimensional float64, of a number too. Values are not checked."""
    if not _is_number(value):
        return A.floats(value, name)
    x = value.item() if hasattr(value, "item") else value
    if isinstance(x, bool) or not isinstance(x, (int, float)):
        raise TypeError(f"{name} must be a number or many, not {A.kind(value)}")
    return np.array([x if isinstance(x, float) else float(max(-(10**300), min(10**300, x)))])


def _in_kind(value: Any, answer: A.Floats) -> Any:
    return float(answer[0]) if _is_number(value) else A.like(value, answer)
