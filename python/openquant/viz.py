"""What charts show, as plain dicts of lists that any plotting library takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from openquant import _arguments as A
from openquant import _core
from openquant._lazy import np, pl

if TYPE_CHECKING:
    from typing import TypeAlias

    import numpy.typing as npt

    Labels: TypeAlias = Sequence[Any] | npt.NDArray[Any] | pl.Series

__all__ = [
    "prepare_cluster_payload",
    "prepare_drawdown_payload",
    "prepare_feature_importance_comparison_payload",
    "prepare_feature_importance_payload",
    "prepare_frontier_payload",
    "prepare_regime_payload",
]


def prepare_feature_importance_payload(
    feature_names: Labels, importance: A.Numbers, std: A.Numbers | None = None, top_n: int | None = None
) -> dict[str, Any]:
    """Bars of features by importance, the greatest first, equal ones in their order.

    Args:
        feature_names: One text for each feature.
        importance: Finite numbers.
        std: Their standard deviations, >= 0: error bars.
        top_n: How many features are kept, at least 1; None: all.

    Returns:
        chart "bar", x (names), y (importance), y_label, and error_y where `std` is given.

    Raises:
        ValueError: lengths that differ, numbers that are not finite, top_n < 1.
        TypeError: what is no text, no number, no whole number.

    Source:
        AFML 8.3, feature importance.

    >>> prepare_feature_importance_payload(["a", "b", "c"], [0.2, 0.5, 0.3], top_n=2)
    {'chart': 'bar', 'x': ['b', 'c'], 'y': [0.5, 0.3], 'y_label': 'importance'}
    """
    names, y = A.names(feature_names, "feature_names"), A.finite(importance, "importance")
    A.same_length("feature_names", len(names), "importance", len(y))
    top = len(y) if top_n is None else A.whole(top_n, "top_n", 1)
    order = np.argsort(-y, kind="stable")[:top]
    payload = {"chart": "bar", "x": [names[i] for i in order], "y": y[order].tolist(), "y_label": "importance"}
    if std is not None:
        errors = A.within(A.floats(std, "std"), "std", 0.0, A.LARGEST, "a standard deviation must be finite and >= 0")
        A.same_length("feature_names", len(names), "std", len(errors))
        payload["error_y"] = errors[order].tolist()
    return payload


def prepare_feature_importance_comparison_payload(
    left_labels: Labels,
    left_values: A.Numbers,
    right_labels: Labels,
    right_values: A.Numbers,
    left_name: str = "left",
    right_name: str = "right",
) -> dict[str, Any]:
    """Two sets of importances side by side.

    Args:
        left_labels: One text for each feature.
        left_values: Finite numbers, as many.
        right_labels: One text for each feature of the other side, which may be others.
        right_values: Finite numbers, as many.
        left_name: What the one side is called.
        right_name: What the other side is called.

    Returns:
        chart "grouped_bar", left and right, each a dict of name, labels and values.

    Raises:
        ValueError: lengths that differ, numbers that are not finite.
        TypeError: what is no text or no number.

    Source:
        AFML 8.3 and 8.4, importance of features by two methods.

    >>> prepare_feature_importance_comparison_payload(["a"], [0.4], ["a"], [0.6], "MDI", "MDA")["right"]
    {'name': 'MDA', 'labels': ['a'], 'values': [0.6]}
    """
    sides = {}
    for side, name, labels, values in (
        ("left", left_name, left_labels, left_values),
        ("right", right_name, right_labels, right_values),
    ):
        if not isinstance(name, str):
            raise TypeError(f"{side}_name must be a text, not {A.kind(name)}")
        texts, numbers = A.names(labels, f"{side}_labels"), A.finite(values, f"{side}_values")
        A.same_length(f"{side}_labels", len(texts), f"{side}_values", len(numbers))
        sides[side] = {"name": name, "labels": texts, "values": numbers.tolist()}
    return {"chart": "grouped_bar", **sides}


def prepare_drawdown_payload(timestamps: Labels, equity_curve: A.Numbers) -> dict[str, Any]:
    """An equity curve and how far below its high it stands.

    Args:
        timestamps: One label for each value, given back as they are.
        equity_curve: Finite numbers, the first above 0.

    Returns:
        chart "line", x, equity, drawdown (equity / its high so far - 1, at most 0), y_label.

    Raises:
        ValueError: lengths that differ, numbers that are not finite, a curve that starts at or below 0.
        TypeError: what is no number.

    Source:
        Chekhlov, Uryasev and Zabarankin (2005), drawdown; signed so that it is drawn below the curve.

    >>> prepare_drawdown_payload(["mon", "tue", "wed"], [1.0, 1.25, 1.0])["drawdown"]
    [0.0, 0.0, -0.19999999999999996]
    """
    x, equity = _labels(timestamps, "timestamps"), A.finite(equity_curve, "equity_curve")
    A.same_length("timestamps", len(x), "equity_curve", len(equity))
    if len(equity) and equity[0] < A.SMALLEST_PRICE:
        raise ValueError(f"equity_curve at row 0 is {float(equity[0])!r}; it must start above 0 (at 1e-100 or more)")
    drawdown = _core.kernels.drawdowns(equity).tolist()
    return {"chart": "line", "x": x, "equity": equity.tolist(), "drawdown": drawdown, "y_label": "drawdown"}


def prepare_regime_payload(timestamps: Labels, score: A.Numbers, threshold: float = 0.0) -> dict[str, Any]:
    """A score and the regime it tells: 1 at or above the threshold, else -1.

    Args:
        timestamps: One label for each value, given back as they are.
        score: Finite numbers.
        threshold: A finite number.

    Returns:
        chart "line+step", x, score, threshold, regime.

    Raises:
        ValueError: lengths that differ, numbers that are not finite.
        TypeError: what is no number.

    Source:
        AFML chapter 17, where a statistic crosses its critical value.

    >>> prepare_regime_payload([0, 1, 2], [-0.5, 0.0, 0.5])["regime"]
    [-1, 1, 1]
    """
    x, values = _labels(timestamps, "timestamps"), A.finite(score, "score")
    A.same_length("timestamps", len(x), "score", len(values))
    limit = A.number(threshold, "threshold")
    regime = np.where(values >= limit, 1, -1).tolist()
    return {"chart": "line+step", "x": x, "score": values.tolist(), "threshold": limit, "regime": regime}


def prepare_frontier_payload(
    volatility: A.Numbers, returns: A.Numbers, sharpe: A.Numbers | None = None
) -> dict[str, Any]:
    """Portfolios by volatility and return, coloured by Sharpe ratio where that is given.

    Args:
        volatility: Finite numbers >= 0.
        returns: Finite numbers, as many.
        sharpe: As many numbers; that of a portfolio without risk may be infinite, as `allocate_max_sharpe` gives it.

    Returns:
        chart "scatter", x, y, x_label, y_label, and color and color_label where `sharpe` is given.

    Raises:
        ValueError: lengths that differ, a volatility or return that is not finite, a volatility below 0, a ratio that is NaN.
        TypeError: what is no number.

    Source:
        Markowitz (1952), the efficient frontier.

    >>> prepare_frontier_payload([0.1, 0.2], [0.05, 0.08])
    {'chart': 'scatter', 'x': [0.1, 0.2], 'y': [0.05, 0.08], 'x_label': 'volatility', 'y_label': 'return'}
    """
    wanted = "a volatility must be finite and >= 0"
    x = A.within(A.floats(volatility, "volatility"), "volatility", 0.0, A.LARGEST, wanted)
    y = A.finite(returns, "returns")
    A.same_length("volatility", len(x), "returns", len(y))
    payload: dict[str, Any] = {"chart": "scatter", "x": x.tolist(), "y": y.tolist()}
    payload |= {"x_label": "volatility", "y_label": "return"}
    if sharpe is not None:
        color = A.within(A.floats(sharpe, "sharpe"), "sharpe", -math.inf, math.inf, "a Sharpe ratio must not be NaN")
        A.same_length("volatility", len(x), "sharpe", len(color))
        payload |= {"color": color.tolist(), "color_label": "sharpe"}
    return payload


def prepare_cluster_payload(node_id: Labels, parent_id: Labels, height: A.Numbers | None = None) -> dict[str, Any]:
    """A tree of clusters by each node's parent.

    Args:
        node_id: One label for each node, given back as they are.
        parent_id: Its parent's label; None, or another label that is no node, for the root.
        height: Where the node is drawn, finite numbers.

    Returns:
        chart "tree", node_id, parent_id, and height where it is given.

    Raises:
        ValueError: lengths that differ, a height that is not finite.
        TypeError: what is no list, array or Series; a height that is no number.

    Source:
        Lopez de Prado (2016), hierarchical clusters of assets.

    >>> prepare_cluster_payload([0, 1, 2], [None, 0, 0])
    {'chart': 'tree', 'node_id': [0, 1, 2], 'parent_id': [None, 0, 0]}
    """
    nodes, parents = _labels(node_id, "node_id"), _labels(parent_id, "parent_id")
    A.same_length("node_id", len(nodes), "parent_id", len(parents))
    payload: dict[str, Any] = {"chart": "tree", "node_id": nodes, "parent_id": parents}
    if height is not None:
        heights = A.finite(height, "height")
        A.same_length("node_id", len(nodes), "height", len(heights))
        payload["height"] = heights.tolist()
    return payload


def _labels(values: Labels, name: str) -> list[Any]:
    """Labels as given, in a list."""
    if isinstance(values, pl.Series):
        return values.to_list()
    if A.is_list(values):
        return list(values)
    if not hasattr(values, "__array__") or np.ndim(values) != 1:
        raise TypeError(f"{name} must be a list, a one-dimensional array or a polars Series, not {A.kind(values)}")
    array = np.asarray(values)
    return list(array) if array.dtype.kind == "M" else array.tolist()  # datetime64[ns] would become numbers
