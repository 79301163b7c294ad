"""Every function of a stream answers by its own graph: the same rows, pushed one by one through the inlet of what
`f.graph(**params)` returns, give the same bits and the same counts as the batch call."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import polars as pl
import pytest

import openquant
from openquant import _batch, bars, filters, labeling, pipeline, risk
from openquant._batch import Aligned, Data, Numbered, Rows

rng = np.random.default_rng(5)
N = 240
CLOSE = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.004, N)))
TIMES = 1_700_000_000_000_000_000 + np.cumsum(rng.integers(1, 90, N)) * 1_000_000_000
TRADES = pl.DataFrame(
    {
        "ts": TIMES // 10_000_000_000 * 10_000_000_000,  # some at equal times
        "symbol": rng.choice(["B", "A", "C"], N),
        "price": CLOSE,
        "size": rng.exponential(3.0, N),
        "side": rng.choice(["buy", "sell", None], N),
    }
)
OHLCV = TRADES.select(
    "ts",
    "symbol",
    open=pl.col("price") * 0.99,
    high=pl.col("price") * 1.02,
    low=pl.col("price") * 0.98,
    close="price",
    volume="size",
)
EVENTS = TIMES[::7]
LABELS: dict[str, Any] = {
    "close_timestamps": TIMES,
    "close_prices": CLOSE,
    "t_events": EVENTS,
    "target_timestamps": TIMES,
    "target_values": rng.uniform(0.001, 0.02, N),
    "vertical_barrier_times": [(t, t + 900_000_000_000) for t in EVENTS[::2].tolist()],
    "side_prediction": [
        (t, s) for t, s in zip(EVENTS.tolist(), rng.choice([-1.0, 0.5, 1.0], len(EVENTS)), strict=True)
    ],
}
ASSETS = 50.0 * np.exp(np.cumsum(rng.normal(2e-4, 0.003, (N, 3)), axis=0))
PIPELINE: dict[str, Any] = {
    "timestamps": TIMES // 20_000_000_000 * 20_000_000_000,
    "close": CLOSE,
    "model_probabilities": rng.uniform(0.2, 0.9, N),
    "asset_prices": ASSETS,
    "cusum_threshold": 0.008,
}

Call = tuple[Callable[..., Any], dict[str, Any], dict[str, Any]]

# Function, arguments of the call, parameters of its graph.
CALLS: dict[str, Call] = {
    "cusum": (filters.cusum_filter_indices, {"close": CLOSE, "threshold": 0.01}, {"threshold": 0.01}),
    "cusum per bar": (filters.cusum_filter_indices, {"close": CLOSE, "threshold": rng.uniform(0.002, 0.02, N)}, {}),
    "cusum timestamps": (
        filters.cusum_filter_timestamps,
        {"close": CLOSE, "timestamps": TIMES, "threshold": 0.01},
        {"threshold": 0.01},
    ),
    "z-score": (
        filters.z_score_filter_indices,
        {"close": CLOSE, "mean_window": 10, "std_window": 20, "threshold": 1.0, "side": "both"},
        {"mean_window": 10, "std_window": 20, "threshold": 1.0, "side": "both"},
    ),
    "z-score timestamps": (
        filters.z_score_filter_timestamps,
        {"close": CLOSE - 100.0, "timestamps": TIMES, "mean_window": 7, "std_window": 5, "threshold": 1.2},
        {"mean_window": 7, "std_window": 5, "threshold": 1.2},
    ),
    "tick bars": (
        bars.build_tick_bars,
        {"df": TRADES, "ticks_per_bar": 7, "partial": True},
        {"ticks_per_bar": 7, "partial": True},
    ),
    "tick bars of rows": (
        bars.build_tick_bars,
        {"df": OHLCV, "ticks_per_bar": 7},
        {"ticks_per_bar": 7, "of": "ohlcv"},
    ),
    "volume bars": (
        bars.build_volume_bars,
        {"df": TRADES, "volume_per_bar": 9.0, "remainder": "split"},
        {"volume_per_bar": 9.0, "remainder": "split"},
    ),
    "volume bars of rows": (
        bars.build_volume_bars,
        {"df": OHLCV, "volume_per_bar": 9.0, "remainder": "carry", "partial": True},
        {"volume_per_bar": 9.0, "remainder": "carry", "partial": True, "of": "ohlcv"},
    ),
    "dollar bars": (
        bars.build_dollar_bars,
        {"df": TRADES, "dollar_value_per_bar": 900.0},
        {"dollar_value_per_bar": 900.0},
    ),
    "dollar bars of rows": (
        bars.build_dollar_bars,
        {"df": OHLCV, "dollar_value_per_bar": 900.0, "remainder": "split"},
        {"dollar_value_per_bar": 900.0, "remainder": "split", "of": "ohlcv"},
    ),
    "time bars": (bars.build_time_bars, {"df": TRADES, "interval": "10m"}, {"interval": "10m"}),
    "time bars of rows": (
        bars.build_time_bars,
        {"df": OHLCV, "interval": "10m"},
        {"interval": "10m", "of": "ohlcv"},
    ),
    "diagnostics": (bars.bar_diagnostics, {"df": OHLCV}, {}),
    "barrier events": (
        labeling.triple_barrier_events,
        {**LABELS, "pt": 2.0},
        {"pt": 2.0, "use_side": True, "max_open": len(EVENTS)},
    ),
    "barrier labels": (
        labeling.triple_barrier_labels,
        {**LABELS, "side_prediction": None, "vertical_label": "zero"},
        {"vertical_label": "zero", "max_open": len(EVENTS)},
    ),
    "meta-labels": (labeling.meta_labels, LABELS, {"max_open": len(EVENTS)}),
    "value at risk": (
        risk.calculate_value_at_risk,
        {"returns": np.diff(CLOSE) / 100.0, "confidence_level": 0.1},
        {"confidence_level": 0.1},
    ),
    "expected shortfall": (risk.calculate_expected_shortfall, {"returns": np.diff(CLOSE) / 100.0}, {}),
    "drawdown risk": (
        risk.calculate_conditional_drawdown_risk,
        {"returns": np.diff(CLOSE) / 100.0, "compounded": False},
        {"compounded": False},
    ),
    "pipeline": (pipeline.run_mid_frequency_pipeline, PIPELINE, {"cusum_threshold": 0.008, "window": N}),
    "pipeline frames": (
        pipeline.run_mid_frequency_pipeline_frames,
        PIPELINE,
        {"cusum_threshold": 0.008, "window": N},
    ),
}

BATCH_MODULES = (filters, bars, labeling, risk, pipeline)


def test_every_function_of_a_stream_is_here() -> None:
    streams = {
        getattr(module, name)
        for module in BATCH_MODULES
        for name in module.__all__
        if hasattr(getattr(module, name), "graph")
    }
    assert streams == {function for function, _, _ in CALLS.values()}
    plain = {name for module in BATCH_MODULES for name in module.__all__ if not hasattr(getattr(module, name), "graph")}
    assert plain == {"summarize_pipeline"}  # which only picks figures


def rows_of(given: Rows | Numbered | Aligned) -> Iterator[dict[str, Any]]:
    if isinstance(given, Aligned):
        for i, ts in enumerate(given.times.tolist()):
            for k, name in enumerate(given.names):
                yield {"ts": ts, "symbol": name, "price": given.prices[i, k], "index": k, "of": len(given.names)}
        return
    if isinstance(given, Numbered):
        field = given.event_type.fields[1].name
        for i in range(given.first, len(given.values)):
            yield {"symbol": given.name, "ts": i, field: given.values[i]}
        return
    codes = np.zeros(len(given), np.uint32) if given.codes is None else given.codes
    for i, code in enumerate(codes.tolist()):
        yield {"symbol": given.names[code], **{field: column[i] for field, column in given.columns.items()}}


def merged(graph: openquant.Graph, turn: Data) -> list[tuple[str, dict[str, Any]]]:
    """Rows of all sources by time; at equal times the source declared first comes first."""
    order = list(graph.sources)
    rows = [(int(row["ts"]), order.index(name), name, row) for name, given in turn.items() for row in rows_of(given)]
    # Within a source the order stays, whatever the times of several symbols.
    if len(turn) == 1:
        return [(name, row) for _, _, name, row in rows]
    return [(name, row) for _, _, name, row in sorted(rows, key=lambda r: r[:2])]


def push_all(graph: openquant.Graph, turns: tuple[Data, ...]) -> None:
    """One row after another; before the source changes, what was pushed is taken: arrival is the order."""
    graph.start()
    last = None
    for turn in turns:
        for name, row in merged(graph, turn):
            while last not in (None, name) and any(s["queued"] for s in graph.stats()["sources"]):
                pass
            graph.push(name, row)
            last = name
    graph.stop()


def counts(graph: openquant.Graph) -> Any:
    told = graph.describe()
    return told.select(c for c in ("name", "operator", "inputs", "rows_in", "rows_out", "refused") if c in told.columns)


def copied(table: Any) -> dict[str, Any]:
    return {name: np.copy(column) for name, column in table.columns().items() if name != "names"}


@pytest.mark.parametrize("name", CALLS)
def test_rows_pushed_one_by_one_give_the_same_bits(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    function, arguments, parameters = CALLS[name]
    ran: list[tuple[openquant.Graph, tuple[Data, ...], dict[str, dict[str, Any]], Any]] = []
    plain_run = _batch.run

    def recorded(graph: openquant.Graph, *turns: Data, each: Any = None, explain: Any = None) -> openquant.Graph:
        seen: dict[str, list[dict[str, Any]]] = {t: [] for t in graph.tables}

        def taken(graph: openquant.Graph) -> None:
            before = {t: copied(table) for t, table in graph.tables.items()}
            each(graph)
            for t, table in graph.tables.items():
                if not len(table):
                    seen[t].append(before[t])

        plain_run(graph, *turns, each=each and taken, explain=explain)
        for t, table in graph.tables.items():
            seen[t].append(copied(table))
        tables = {t: {k: np.concatenate([part[k] for part in parts]) for k in parts[0]} for t, parts in seen.items()}
        ran.append((graph, turns, tables, counts(graph)))
        return graph

    for module in [
        m for n, m in sys.modules.items() if n.startswith("openquant.") and getattr(m, "run", None) is plain_run
    ]:
        monkeypatch.setattr(module, "run", recorded)
    answer = function(**arguments)
    assert len(ran) == 1, "a call runs one graph"
    _, turns, expected, told = ran[0]
    live = function.graph(**parameters)
    push_all(live, turns)
    assert counts(live).equals(told)
    assert set(live.tables) == set(expected)
    for table, columns in expected.items():
        got = live.tables[table].columns()
        assert len(next(iter(columns.values()))) > 0, f"{table} is empty: this compares nothing"
        for column, values in columns.items():
            assert got[column].tobytes() == values.tobytes(), f"{table}.{column}"
    assert answer is not None


def test_a_graph_is_fed_live_in_one_line() -> None:
    graph = filters.cusum_filter_indices.graph(threshold=0.01)
    graph.start()
    for i, price in enumerate([100.0, 101.0, 103.0]):
        graph.push("close", {"ts": i, "symbol": "BTC", "price": price})
    graph.stop()
    assert graph.tables["events"].frame()["ts"].to_physical().to_list() == [2]


def test_arguments_are_read_where_they_are_and_answers_are_not_copied() -> None:
    from openquant import _arguments, _timestamps

    array, series = np.arange(1.0, 9.0), pl.Series(np.arange(1.0, 9.0))
    assert np.shares_memory(_arguments.prices(array), array)
    assert np.shares_memory(_arguments.prices(series), series.to_numpy(allow_copy=False))
    times = np.arange(8)
    assert np.shares_memory(_timestamps.Timestamps(times, "t").ns, times)
    series = pl.Series(times).cast(pl.Datetime("ns"))
    assert np.shares_memory(_timestamps.Timestamps(series, "t").ns, series.to_physical().to_numpy(allow_copy=False))
    matrix = np.ones((3, 2))
    assert np.shares_memory(_arguments.matrix(matrix, "prices"), matrix)
    indices = filters.cusum_filter_indices(CLOSE, 0.01)
    assert isinstance(indices, np.ndarray) and not indices.flags.owndata  # the table's own memory


def test_a_table_that_was_taken_is_empty_and_what_was_taken_stays() -> None:
    graph = filters.cusum_filter_indices.graph(threshold=0.01)
    rows = pl.DataFrame({"ts": np.arange(N), "symbol": ["X"] * N, "price": CLOSE})
    graph.replay({"close": rows}, flush=False)
    taken = graph.tables["events"].take()
    copy = taken["ts"].copy()
    assert len(copy) > 0 and len(graph.tables["events"]) == 0
    graph.replay({"close": rows.with_columns(pl.col("ts") + N)})
    assert len(graph.tables["events"]) > 0
    del graph
    assert (taken["ts"] == copy).all()
