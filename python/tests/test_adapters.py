"""Frames of results, column by column, and what is refused."""

from __future__ import annotations

import datetime as dt
import math
import sys
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from openquant import adapters

TEXT = ["2024-01-01 09:30:00", "2024-01-01 09:31:00.5"]
TIMES = [dt.datetime(2024, 1, 1, 9, 30), dt.datetime(2024, 1, 1, 9, 31, 0, 500_000)]
NS = np.array(TIMES, dtype="datetime64[ns]")
US = pl.Datetime("us")


FLOATS = ("signal", "side", "prob", "weight", "volatility", "return", "sharpe", "equity", "returns", "position")
DTYPES: dict[str, Any] = {
    **dict.fromkeys(FLOATS, pl.Float64),
    **dict.fromkeys(("ts", "start_ts", "end_ts", "as_of"), US),
    **dict.fromkeys(("symbol", "asset", "point_id"), pl.String),
}


def frame(**columns: Any) -> pl.DataFrame:
    """Columns of the dtype that their name stands for, Int64 if for none; a Series is taken as it is."""
    series = {
        name: values if isinstance(values, pl.Series) else pl.Series(values, dtype=DTYPES.get(name, pl.Int64))
        for name, values in columns.items()
    }
    return pl.DataFrame(series)


def same(got: pl.DataFrame, expected: pl.DataFrame) -> None:
    assert_frame_equal(got, expected, check_exact=True)


FRAMES: list[tuple[str, Any, pl.DataFrame]] = [
    ("signal", lambda: adapters.to_polars_signal_frame(TEXT, [0.5, -1]), frame(ts=TIMES, signal=[0.5, -1.0])),
    (
        "signal, all",
        lambda: adapters.to_polars_signal_frame(NS, np.array([0.5, -1.0]), pl.Series([1, -1]), ("A", "B")),
        frame(ts=pl.Series(TIMES, dtype=pl.Datetime("ns")), signal=[0.5, -1.0], side=[1.0, -1.0], symbol=["A", "B"]),
    ),
    (
        "signal, one symbol, no rows",
        lambda: adapters.to_polars_signal_frame([], [], [], "A"),
        frame(ts=[], signal=[], side=[], symbol=[]),
    ),
    (
        "signal, one symbol, Series with a zone",
        lambda: adapters.to_polars_signal_frame(pl.Series(TIMES).dt.replace_time_zone("UTC"), [1, 2], symbol="A"),
        frame(ts=TIMES, signal=[1.0, 2.0], symbol=["A", "A"]).with_columns(pl.col("ts").dt.replace_time_zone("UTC")),
    ),
    (
        "event",
        lambda: adapters.to_polars_event_frame(TEXT, NS, [0, 1.0]),
        frame(start_ts=TIMES, end_ts=pl.Series(TIMES, dtype=pl.Datetime("ns")), prob=[0.0, 1.0]),
    ),
    (
        "event, all",
        lambda: adapters.to_polars_event_frame(TIMES, TEXT, [0.5, 0.6], sides=[1, -1], labels=np.array([1.0, -1.0])),
        frame(start_ts=TIMES, end_ts=TIMES, prob=[0.5, 0.6], side=[1.0, -1.0], label=[1, -1]),
    ),
    (
        "event, no rows",
        lambda: adapters.to_polars_event_frame([], [], [], [], []),
        frame(start_ts=[], end_ts=[], prob=[], side=[], label=[]),
    ),
    (
        "matrix",
        lambda: adapters.to_polars_indicator_matrix([[1, 0], [1, 1], [0, 1]]),
        frame(bar_index=[0, 1, 2], label_0=[1, 1, 0], label_1=[0, 1, 1]),
    ),
    (
        "matrix, named",
        lambda: adapters.to_polars_indicator_matrix(np.array([[1.0, 0.0]]), [2**60 + 1], ["a", "b"]),
        frame(bar_index=[2**60 + 1], a=[1], b=[0]),
    ),
    (
        "matrix of times",
        lambda: adapters.to_polars_indicator_matrix([[1], [0]], TEXT),
        frame(bar_index=pl.Series(TIMES, dtype=US), label_0=[1, 0]),
    ),
    (
        "matrix of a Series of times",
        lambda: adapters.to_polars_indicator_matrix(pl.DataFrame({"x": [1, 0]}), pl.Series(TIMES, dtype=US)),
        frame(bar_index=pl.Series(TIMES, dtype=US), label_0=[1, 0]),
    ),
    ("matrix, nothing", lambda: adapters.to_polars_indicator_matrix([], []), frame(bar_index=[])),
    (
        "matrix, no bars",
        lambda: adapters.to_polars_indicator_matrix(np.empty((0, 1)), np.array([], dtype=np.int64)),
        frame(bar_index=[], label_0=[]),
    ),
    (
        "matrix, only names",
        lambda: adapters.to_polars_indicator_matrix([], label_names=("a",)),
        frame(bar_index=[], a=[]),
    ),
    ("matrix, no labels", lambda: adapters.to_polars_indicator_matrix([[], []]), frame(bar_index=[0, 1])),
    (
        "weights",
        lambda: adapters.to_polars_weights_frame(np.array(["CL", "NG"]), (0.75, 0.25)),
        frame(asset=["CL", "NG"], weight=[0.75, 0.25]),
    ),
    (
        "weights, dated",
        lambda: adapters.to_polars_weights_frame(pl.Series(["CL", "NG"]), [2, -1], as_of=TEXT[1]),
        frame(asset=["CL", "NG"], weight=[2.0, -1.0], as_of=[TIMES[1]] * 2),
    ),
    (
        "weights, none",
        lambda: adapters.to_polars_weights_frame([], [], as_of=np.datetime64("2024-01-01", "ns")),
        frame(asset=[], weight=[], as_of=pl.Series([], dtype=pl.Datetime("ns"))),
    ),
    (
        "frontier",
        lambda: adapters.to_polars_frontier_frame([0.1, 0.0], [0.05, -0.01]),
        frame(volatility=[0.1, 0.0], **{"return": [0.05, -0.01]}, point_id=["p0", "p1"]),
    ),
    (
        "frontier, all",
        lambda: adapters.to_polars_frontier_frame([0.1], [0.05], [0.5], ["tangent"]),
        frame(volatility=[0.1], **{"return": [0.05]}, sharpe=[0.5], point_id=["tangent"]),
    ),
    (
        "frontier, without risk",
        lambda: adapters.to_polars_frontier_frame([0.0, 0.0], [0.05, -0.05], [math.inf, -math.inf]),
        frame(volatility=[0.0, 0.0], **{"return": [0.05, -0.05]}, sharpe=[math.inf, -math.inf], point_id=["p0", "p1"]),
    ),
    (
        "frontier, none",
        lambda: adapters.to_polars_frontier_frame([], [], []),
        frame(volatility=[], **{"return": []}, sharpe=[], point_id=[]),
    ),
    ("backtest", lambda: adapters.to_polars_backtest_frame(TEXT, [1, 1.5]), frame(ts=TIMES, equity=[1.0, 1.5])),
    (
        "backtest, all",
        lambda: adapters.to_polars_backtest_frame(TEXT, [1, 1.5], returns=[0, 0.5], positions=[0, 1]),
        frame(ts=TIMES, equity=[1.0, 1.5], returns=[0.0, 0.5], position=[0.0, 1.0]),
    ),
    (
        "backtest, none",
        lambda: adapters.to_polars_backtest_frame([], [], [], []),
        frame(ts=[], equity=[], returns=[], position=[]),
    ),
]


@pytest.mark.parametrize(("build", "expected"), [(b, e) for _, b, e in FRAMES], ids=[name for name, _, _ in FRAMES])
def test_frames(build: Any, expected: pl.DataFrame) -> None:
    same(build(), expected)


NAN = float("nan")
A = adapters


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: A.to_polars_signal_frame(TEXT, [1.0]), "timestamps/signal length mismatch: 2 vs 1"),
        (lambda: A.to_polars_signal_frame(TEXT, [1.0, 2.0], [1]), "timestamps/side length mismatch: 2 vs 1"),
        (lambda: A.to_polars_signal_frame(TEXT, [1.0, 2.0], symbol=["A"]), "timestamps/symbol length mismatch: 2 vs 1"),
        (lambda: A.to_polars_signal_frame(TEXT, [1.0, NAN]), "signal at row 1 is nan"),
        (lambda: A.to_polars_signal_frame(TEXT, [1, 2], [float("inf"), 1]), "side at row 0 is inf"),
        (lambda: A.to_polars_signal_frame(TEXT, [1, 2], symbol="\ud800"), "symbol at row 0 is .* no valid Unicode"),
        (lambda: A.to_polars_signal_frame(["2024", TEXT[0]], [1, 2]), "invalid datetime '2024' in timestamps at row 0"),
        (lambda: A.to_polars_event_frame(TEXT, TEXT[:1], [0.5, 0.5]), "starts/ends length mismatch: 2 vs 1"),
        (lambda: A.to_polars_event_frame(TEXT, TEXT, [0.5]), "starts/probs length mismatch: 2 vs 1"),
        (lambda: A.to_polars_event_frame(TEXT, TEXT, [0.5, 1.1]), r"probs at row 1 is 1.1; .* \[0, 1\]"),
        (lambda: A.to_polars_event_frame(TEXT, TEXT, [0.5, 0.5], sides=[1]), "starts/sides length mismatch: 2 vs 1"),
        (lambda: A.to_polars_event_frame(TEXT, TEXT, [0.5, 0.5], sides=[1, NAN]), "sides at row 1 is nan"),
        (lambda: A.to_polars_event_frame(TEXT, TEXT, [0.5, 0.5], labels=[1]), "starts/labels length mismatch: 2 vs 1"),
        (lambda: A.to_polars_event_frame(TEXT, TEXT, [0.5, 0.5], labels=[1, 0.5]), "labels at row 1 is 0.5; a whole"),
        (
            lambda: A.to_polars_event_frame(TEXT, TEXT, [0.5, 0.5], labels=[1, 2**63]),
            r"labels at row 1 is .* \(int64\)",
        ),
        (lambda: A.to_polars_indicator_matrix([[1, 0], [1]]), "must be rectangular"),
        (
            lambda: A.to_polars_indicator_matrix([[1, 0], [1, 2]]),
            "ind_mat at row 1, column 1 is 2.0; it must be 0 or 1",
        ),
        (lambda: A.to_polars_indicator_matrix([[1, NAN]]), "ind_mat at row 0, column 1 is nan"),
        (lambda: A.to_polars_indicator_matrix([[1, 0]], [1, 2]), "ind_mat/bar_index length mismatch: 1 vs 2"),
        (lambda: A.to_polars_indicator_matrix([[1], [0]], [1, 2.5]), "bar_index at row 1 is 2.5; a whole"),
        (lambda: A.to_polars_indicator_matrix([[1, 0]], None, ["a"]), "columns/label_names length mismatch: 2 vs 1"),
        (lambda: A.to_polars_indicator_matrix([[1, 0]], None, ["a", "a"]), "label_names at row 1 is 'a'"),
        (lambda: A.to_polars_indicator_matrix([[1]], None, ["bar_index"]), "label_names at row 0 is 'bar_index'"),
        (lambda: A.to_polars_weights_frame(["A"], []), "asset_names/weights length mismatch: 1 vs 0"),
        (lambda: A.to_polars_weights_frame(["A"], [-float("inf")]), "weights at row 0 is -inf"),
        (lambda: A.to_polars_weights_frame(["A"], [1], as_of="soon"), "invalid datetime 'soon' in as_of"),
        (lambda: A.to_polars_weights_frame(["A", "\udfff"], [1, 2]), "asset_names at row 1"),
        (lambda: A.to_polars_frontier_frame([1.0], []), "volatility/returns length mismatch: 1 vs 0"),
        (lambda: A.to_polars_frontier_frame([-1.0], [0]), "volatility at row 0 is -1.0; .* >= 0"),
        (lambda: A.to_polars_frontier_frame([1.0], [NAN]), "returns at row 0 is nan"),
        (lambda: A.to_polars_frontier_frame([1.0], [0], [1, 2]), "volatility/sharpe length mismatch: 1 vs 2"),
        (lambda: A.to_polars_frontier_frame([1.0], [0], [NAN]), "sharpe at row 0 is nan"),
        (lambda: A.to_polars_frontier_frame([1.0], [0], None, []), "volatility/point_ids length mismatch: 1 vs 0"),
        (lambda: A.to_polars_backtest_frame(TEXT, [1.0]), "timestamps/equity_curve length mismatch: 2 vs 1"),
        (lambda: A.to_polars_backtest_frame(TEXT, [1.0, NAN]), "equity_curve at row 1 is nan"),
        (lambda: A.to_polars_backtest_frame(TEXT, [1, 2], [1]), "timestamps/returns length mismatch: 2 vs 1"),
        (lambda: A.to_polars_backtest_frame(TEXT, [1, 2], None, [NAN, 1]), "positions at row 0 is nan"),
    ],
)
def test_bad_values_are_refused_by_name_and_row(build: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: A.to_polars_signal_frame(1, [1]), "timestamps must be"),
        (lambda: A.to_polars_signal_frame(TEXT, "12"), "signal must be"),
        (lambda: A.to_polars_signal_frame(TEXT, [1, None]), "signal at row 1"),
        (lambda: A.to_polars_signal_frame(TEXT, [1, 2], symbol=["A", None]), "symbol at row 1"),
        (lambda: A.to_polars_signal_frame(TEXT, [1, 2], symbol=3), "symbol must be"),
        (lambda: A.to_polars_event_frame(TEXT, TEXT, [True, False]), "probs must hold numbers"),
        (lambda: A.to_polars_indicator_matrix(None), "ind_mat must be"),
        (lambda: A.to_polars_indicator_matrix([1, 0]), "ind_mat row 0 must be"),
        (lambda: A.to_polars_indicator_matrix([[1]], bar_index=3), "bar_index must be"),
        (lambda: A.to_polars_indicator_matrix([[1]], bar_index={0: 1}), "bar_index must be"),
        (lambda: A.to_polars_indicator_matrix([[1]], bar_index=[True]), "bar_index must hold"),
        (lambda: A.to_polars_indicator_matrix([[1]], label_names="a"), "label_names must be"),
        (lambda: A.to_polars_weights_frame("CL", [1.0]), "asset_names must be"),
        (lambda: A.to_polars_weights_frame(["CL"], [1.0], as_of=1.5), "as_of at row 0"),
        (lambda: A.to_polars_weights_frame(["CL"], [1.0], as_of=[TEXT[0]]), "as_of at row 0"),
        (lambda: A.to_polars_backtest_frame(TEXT, None), "equity_curve must be"),
        (lambda: A.to_pandas([1]), "df must be a polars DataFrame, not list"),
        (lambda: A.to_pandas(pl.LazyFrame()), "collect"),
    ],
)
def test_other_types_are_refused_by_name(build: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        build()


def test_to_pandas() -> None:
    for _, build, _ in FRAMES:
        given = build()
        out = adapters.to_pandas(given)
        assert list(out.columns) == given.columns and len(out) == given.height
        same(pl.from_pandas(out, schema_overrides=dict(given.schema)), given)


@pytest.mark.parametrize("missing", ["pandas", "pyarrow"])
def test_to_pandas_names_the_extra(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ImportError, match=rf"to_pandas needs {missing}: pip install 'openquant\[pandas\]'"):
        adapters.to_pandas(pl.DataFrame({"x": [1]}))
