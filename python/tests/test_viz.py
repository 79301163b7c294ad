"""Payloads are plain: dicts of lists, numbers and texts, whatever was given."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openquant import viz

NAN = float("nan")
KINDS = [list, tuple, np.array, pl.Series]


@pytest.mark.parametrize("kind", KINDS)
def test_every_payload_of_every_kind(kind: Any) -> None:
    names, numbers, std = kind(["a", "b", "c"]), kind([0.2, 0.5, 0.2]), kind([0.01, 0.02, 0.03])
    times = kind(["mon", "tue", "wed"])
    want = {"chart": "bar", "x": ["b", "a", "c"], "y": [0.5, 0.2, 0.2], "y_label": "importance"}
    payloads = [
        (viz.prepare_feature_importance_payload(names, numbers), want),
        (
            viz.prepare_feature_importance_payload(names, numbers, std, top_n=2),
            want | {"x": ["b", "a"], "y": [0.5, 0.2], "error_y": [0.02, 0.01]},
        ),
        (
            viz.prepare_feature_importance_comparison_payload(names, numbers, kind(["z"]), kind([1]), right_name="MDA"),
            {
                "chart": "grouped_bar",
                "left": {"name": "left", "labels": ["a", "b", "c"], "values": [0.2, 0.5, 0.2]},
                "right": {"name": "MDA", "labels": ["z"], "values": [1.0]},
            },
        ),
        (
            viz.prepare_drawdown_payload(times, kind([2.0, 4.0, 1.0])),
            {
                "chart": "line",
                "x": ["mon", "tue", "wed"],
                "equity": [2.0, 4.0, 1.0],
                "drawdown": [0.0, 0.0, -0.75],
                "y_label": "drawdown",
            },
        ),
        (
            viz.prepare_regime_payload(times, kind([0.1, 0.3, 0.2]), 0.2),
            {
                "chart": "line+step",
                "x": ["mon", "tue", "wed"],
                "score": [0.1, 0.3, 0.2],
                "threshold": 0.2,
                "regime": [-1, 1, 1],
            },
        ),
        (
            viz.prepare_frontier_payload(std, numbers, kind([1.0, float("inf"), float("-inf")])),
            {
                "chart": "scatter",
                "x": [0.01, 0.02, 0.03],
                "y": [0.2, 0.5, 0.2],
                "x_label": "volatility",
                "y_label": "return",
                "color": [1.0, float("inf"), float("-inf")],
                "color_label": "sharpe",
            },
        ),
        (
            viz.prepare_cluster_payload(kind([0, 1, 2]), kind([-1, 0, 0]), kind([2.0, 1.0, 0.5])),
            {"chart": "tree", "node_id": [0, 1, 2], "parent_id": [-1, 0, 0], "height": [2.0, 1.0, 0.5]},
        ),
    ]
    for payload, expected in payloads:
        assert payload == expected
        assert json.loads(json.dumps(payload)) == expected  # nothing of numpy's is left


def test_what_is_optional_is_left_out() -> None:
    assert "color" not in viz.prepare_frontier_payload([0.1], [0.2])
    assert "height" not in viz.prepare_cluster_payload([0], [None])
    assert len(viz.prepare_feature_importance_payload(["a"], [1.0], top_n=99)["x"]) == 1


def test_empty() -> None:
    assert viz.prepare_drawdown_payload([], [])["drawdown"] == []
    assert viz.prepare_regime_payload([], [])["regime"] == []
    assert viz.prepare_feature_importance_payload([], [], [])["error_y"] == []
    assert viz.prepare_frontier_payload([], [], [])["color"] == []
    assert viz.prepare_cluster_payload([], [], [])["node_id"] == []
    assert viz.prepare_feature_importance_comparison_payload([], [], [], [])["left"]["values"] == []


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_drawdown(rest: list[float]) -> None:
    equity = np.array([1.0, *rest])
    got = viz.prepare_drawdown_payload(range_of(equity), equity)["drawdown"]
    assert got == (equity / np.maximum.accumulate(equity) - 1.0).tolist() and max(got) == 0.0


def range_of(values: Any) -> list[int]:
    return list(range(len(values)))


def test_labels_are_given_back_as_they_are() -> None:
    for stamps in (
        ["not a time"],
        [datetime(2024, 1, 1)],
        [7],
        [None],
        np.array(["2024-01-01"], dtype="datetime64[ns]"),
    ):
        got = viz.prepare_drawdown_payload(stamps, [1.0])["x"]
        assert type(got) is list and got == list(stamps) and type(got[0]) is type(stamps[0])
    assert viz.prepare_drawdown_payload(pl.Series([datetime(2024, 1, 1)]), [1.0])["x"] == [datetime(2024, 1, 1)]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: viz.prepare_drawdown_payload([1, 2], [1.0]),
            ValueError,
            "timestamps/equity_curve length mismatch: 2 vs 1",
        ),
        (
            lambda: viz.prepare_drawdown_payload([1], [0.0]),
            ValueError,
            "equity_curve at row 0 is 0.0; it must start above 0",
        ),
        (lambda: viz.prepare_drawdown_payload([1], [-1.0]), ValueError, "equity_curve at row 0 is -1.0"),
        (lambda: viz.prepare_drawdown_payload([1, 2], [1.0, NAN]), ValueError, "equity_curve at row 1 is nan"),
        (lambda: viz.prepare_drawdown_payload("ab", [1.0, 2.0]), TypeError, "timestamps must be a list"),
        (lambda: viz.prepare_drawdown_payload(np.zeros((1, 1)), [1.0]), TypeError, "one-dimensional"),
        (lambda: viz.prepare_drawdown_payload([1], "a"), TypeError, "equity_curve must be"),
        (
            lambda: viz.prepare_feature_importance_payload(["a"], []),
            ValueError,
            "feature_names/importance length mismatch",
        ),
        (
            lambda: viz.prepare_feature_importance_payload(["a"], [1.0], []),
            ValueError,
            "feature_names/std length mismatch",
        ),
        (lambda: viz.prepare_feature_importance_payload(["a"], [1.0], [-1.0]), ValueError, "std at row 0 is -1.0"),
        (lambda: viz.prepare_feature_importance_payload(["a"], [NAN]), ValueError, "importance at row 0 is nan"),
        (lambda: viz.prepare_feature_importance_payload([1], [1.0]), TypeError, "feature_names at row 0 is int 1"),
        (lambda: viz.prepare_feature_importance_payload(["a"], [1.0], top_n=0), ValueError, "top_n = 0"),
        (lambda: viz.prepare_feature_importance_payload(["a"], [1.0], top_n=1.0), TypeError, "top_n"),
        (
            lambda: viz.prepare_feature_importance_comparison_payload(["a"], [1.0], ["a"], [1.0, 2.0]),
            ValueError,
            "right_labels/right_values length mismatch: 1 vs 2",
        ),
        (
            lambda: viz.prepare_feature_importance_comparison_payload(["a"], [NAN], ["a"], [1.0]),
            ValueError,
            "left_values at row 0 is nan",
        ),
        (
            lambda: viz.prepare_feature_importance_comparison_payload([], [], [], [], left_name=1),
            TypeError,
            "left_name must be a text",
        ),
        (lambda: viz.prepare_regime_payload([1], []), ValueError, "timestamps/score length mismatch: 1 vs 0"),
        (lambda: viz.prepare_regime_payload([1], [NAN]), ValueError, "score at row 0 is nan"),
        (lambda: viz.prepare_regime_payload([1], [1.0], NAN), ValueError, "threshold = nan"),
        (lambda: viz.prepare_regime_payload([1], [1.0], None), TypeError, "threshold must be a number"),
        (lambda: viz.prepare_frontier_payload([0.1], []), ValueError, "volatility/returns length mismatch: 1 vs 0"),
        (lambda: viz.prepare_frontier_payload([-0.1], [0.1]), ValueError, "volatility at row 0 is -0.1"),
        (lambda: viz.prepare_frontier_payload([0.1], [NAN]), ValueError, "returns at row 0 is nan"),
        (
            lambda: viz.prepare_frontier_payload([0.1], [0.1], []),
            ValueError,
            "volatility/sharpe length mismatch: 1 vs 0",
        ),
        (lambda: viz.prepare_frontier_payload([0.1], [0.1], [float("nan")]), ValueError, "sharpe at row 0 is nan"),
        (lambda: viz.prepare_frontier_payload([0.1], [float("inf")]), ValueError, "returns at row 0 is inf"),
        (lambda: viz.prepare_cluster_payload([1], []), ValueError, "node_id/parent_id length mismatch: 1 vs 0"),
        (lambda: viz.prepare_cluster_payload([1], [0], []), ValueError, "node_id/height length mismatch: 1 vs 0"),
        (lambda: viz.prepare_cluster_payload([1], [0], [NAN]), ValueError, "height at row 0 is nan"),
        (lambda: viz.prepare_cluster_payload(1, [0]), TypeError, "node_id must be a list"),
    ],
)
def test_refusals(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
