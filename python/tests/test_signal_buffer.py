"""The buffer of signals: against a plain list, and beside a live graph."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_adapters import NAN, NS, TEXT, TIMES, US, frame, same

import openquant
from openquant.adapters import SignalStreamBuffer


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: SignalStreamBuffer(0), "capacity = 0 is out of range; it must be >= 1"),
        (lambda: SignalStreamBuffer().append(TEXT, [1.0]), "timestamps/signal length mismatch: 2 vs 1"),
        (lambda: SignalStreamBuffer().append(TEXT, [1, 2], [1]), "timestamps/side length mismatch: 2 vs 1"),
        (lambda: SignalStreamBuffer().append(TEXT, [1, 2], [1, NAN]), "side at row 1 is nan"),
        (lambda: SignalStreamBuffer().append(TEXT, [NAN, 2]), "signal at row 0 is nan"),
        (lambda: SignalStreamBuffer().append(TEXT, [1, 2], symbol=["A"]), "timestamps/symbol length mismatch: 2 vs 1"),
        (lambda: SignalStreamBuffer().append(TEXT, [1, 2], symbol=["A", "\ud812"]), "symbol at row 1"),
    ],
)
def test_bad_values_are_refused_by_name_and_row(build: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: SignalStreamBuffer(1.5), "capacity must be a whole number"),
        (lambda: SignalStreamBuffer("9"), "capacity must be a whole number"),
        (lambda: SignalStreamBuffer(True), "capacity must be a whole number"),
        (lambda: SignalStreamBuffer().append(TEXT[0], 1.0), "timestamps must be"),
        (lambda: SignalStreamBuffer().append(TEXT, [1, 2], symbol=b"A"), "symbol must be"),
    ],
)
def test_other_types_are_refused_by_name(build: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        build()


def test_an_empty_buffer_and_its_columns() -> None:
    buffer = SignalStreamBuffer()
    assert (len(buffer), buffer.dropped, buffer.capacity) == (0, 0, None)
    same(buffer.frame(), frame(ts=[], signal=[]))
    buffer.append([], [], side=[], symbol="A")
    assert buffer.frame().columns == ["ts", "signal"]  # no row had a side or a symbol
    assert repr(SignalStreamBuffer(5)) == "<SignalStreamBuffer: 0 rows, capacity 5, 0 dropped>"


def test_appends_with_and_without_side_and_symbol_mix() -> None:
    buffer = SignalStreamBuffer()
    buffer.append(TEXT, [0.1, 0.2])
    buffer.append(np.array(TIMES[:1], dtype="datetime64[ms]"), np.array([0.3]), side=[-1], symbol="B")
    buffer.append(TIMES, pl.Series([0.4, 0.5]), symbol=["A", "B"])
    expected = frame(
        ts=[*TIMES, TIMES[0], *TIMES],
        signal=[0.1, 0.2, 0.3, 0.4, 0.5],
        side=[None, None, -1.0, None, None],
        symbol=[None, None, "B", "A", "B"],
    )
    same(buffer.frame(), expected)


def test_the_finest_unit_stays() -> None:
    buffer = SignalStreamBuffer()
    units = []
    for times in (NS.astype("datetime64[ms]"), TEXT, [1_704_101_400_123_456_789, -1], NS.astype("datetime64[ms]")):
        buffer.append(times, [1, 2])
        units.append(buffer.frame().schema["ts"])
    assert units == [pl.Datetime("ms"), US, pl.Datetime("ns"), pl.Datetime("ns")]
    assert buffer.frame()["ts"].to_physical().to_list()[4:6] == [1_704_101_400_123_456_789, -1]
    aware = pl.Series([TIMES[0]]).dt.replace_time_zone("Asia/Tokyo")
    buffer.clear()
    buffer.append(aware, [1.0])
    assert buffer.frame()["ts"].to_list() == [TIMES[0] - dt.timedelta(hours=9)]  # UTC


def test_nothing_of_a_refused_append_stays() -> None:
    buffer = SignalStreamBuffer()
    for bad in ({"side": [1, NAN]}, {"symbol": ["A", "\ud800"]}, {"signal": [1, NAN]}):
        with pytest.raises(ValueError):
            buffer.append(TEXT, **({"signal": [1, 2]} | bad))  # type: ignore[arg-type]
    same(buffer.frame(), frame(ts=[], signal=[]))


rows = st.lists(st.floats(-1, 1, width=32), max_size=90)
appends = st.tuples(rows, st.booleans(), st.sampled_from([None, "A", "B", "each"]))
steps = st.lists(st.one_of(appends, st.just("clear")), max_size=25)


@settings(max_examples=150, deadline=None)
@given(st.none() | st.integers(1, 300), steps)
def test_a_buffer_is_a_list_that_forgets(capacity: int | None, script: list[Any]) -> None:
    buffer = SignalStreamBuffer(capacity)
    kept: list[tuple[int, float, float | None, str | None]] = []
    clock, since_clear, sides, symbols = 0, 0, False, False
    for step in script:
        if step == "clear":
            buffer.clear()
            kept, since_clear = [], 0
            continue
        values, sided, symbol = step
        ts = list(range(clock, clock + len(values)))
        side = [-v for v in values] if sided else None
        names = [f"S{t % 3}" for t in ts] if symbol == "each" else symbol
        buffer.append(ts, values, side, names)
        each = names if isinstance(names, list) else [names] * len(ts)
        kept += zip(ts, values, side or [None] * len(ts), each, strict=True)
        clock, since_clear = clock + len(ts), since_clear + len(ts)
        sides, symbols = sides or (sided and bool(ts)), symbols or (symbol is not None and bool(ts))
        kept = kept[-capacity:] if capacity else kept
    wanted = ["ts", "signal", *(["side"] if sides else []), *(["symbol"] if symbols else [])]
    got = buffer.frame()
    assert got.columns == wanted
    assert (len(buffer), buffer.dropped) == (len(kept), since_clear - len(kept))
    columns = {"ts": 0, "signal": 1, "side": 2, "symbol": 3}
    for name in wanted:
        values = got[name].to_physical() if name == "ts" else got[name]
        assert values.to_list() == [row[columns[name]] for row in kept]


def signals(n: int, first: int = 0) -> pl.DataFrame:
    k = np.arange(first, first + n)
    return pl.DataFrame(
        {
            "ts": k,
            "symbol": np.array(["BTC", "ETH", "SOL"])[k % 3],
            "prob": 0.75,
            "side": np.where(k % 2, 1.0, -1.0),
            "size": (k % 9) / 8 - 0.5,
        }
    )


def collected(rows: pl.DataFrame) -> pl.DataFrame:
    dtypes = {"ts": pl.Datetime("ns"), "signal": pl.Float64, "side": pl.Float64, "symbol": pl.String}
    return rows.rename({"size": "signal"}).select(pl.col(name).cast(dtype) for name, dtype in dtypes.items())


def test_a_replay_fills_a_buffer() -> None:
    graph = openquant.Graph()
    port = graph.source("signals", openquant.Signal)
    buffer, small = SignalStreamBuffer(), SignalStreamBuffer(7)
    graph.add(buffer, port)
    graph.add(small, port, name="small")
    assert (buffer.capacity, small.capacity) == (1_000_000, 7)
    same(buffer.frame(), collected(signals(0)))  # every column from the start
    graph.replay({"signals": signals(1000)}, chunk=64)
    same(buffer.frame(), collected(signals(1000)))
    same(small.frame(), collected(signals(7, 993)))
    assert small.dropped == 993
    assert graph.describe()["name"].to_list() == ["signals", "signal_stream_buffer", "small"]
    del graph, port
    buffer.append(NS, [0.1, 0.2])
    assert len(buffer) == 1002 and buffer.frame()["symbol"][-1] is None


def test_a_buffer_lives_as_long_as_its_graph() -> None:
    graph = openquant.Graph()
    port = graph.source("signals", openquant.Signal)
    graph.add(SignalStreamBuffer(), port)  # nobody else holds it
    one = SignalStreamBuffer()
    other = openquant.Graph()
    for each, at in ((graph, port), (other, other.source("signals", openquant.Signal))):
        each.add(one, at)
    state = graph.snapshot()
    for each in (graph, other):
        each.replay({"signals": signals(10)})
    graph.restore(state)
    assert len(one) == 20  # not part of a snapshot


def test_a_buffer_that_is_attached_lets_go_of_what_is_beyond_its_new_capacity() -> None:
    buffer = SignalStreamBuffer()
    buffer.append(np.arange(1_200_000), np.zeros(1_200_000))
    assert (len(buffer), buffer.dropped) == (1_200_000, 0)
    graph = openquant.Graph()
    graph.add(buffer, graph.source("signals", openquant.Signal))
    assert (len(buffer), buffer.dropped) == (1_000_000, 200_000)
    assert buffer.frame()["ts"].to_physical()[0] == 200_000


def test_mistakes_of_wiring() -> None:
    graph = openquant.Graph()
    trades, port = graph.source("trades", openquant.Trade), graph.source("signals", openquant.Signal)
    buffer: Any = SignalStreamBuffer()
    for build, message in (
        (lambda: graph.add(buffer, trades), "takes Signal, but 'trades' gives Trade"),
        (lambda: graph.add(buffer), "takes one port"),
        (lambda: graph.add(buffer, port, port), "takes one port"),
        (lambda: graph.add(buffer, signals=port), "takes one port"),
        (lambda: graph.add(buffer, port, output=openquant.Signal), "emits nothing"),
        (lambda: graph.add(buffer, openquant.Graph().source("s", openquant.Signal)), "another graph"),
    ):
        with pytest.raises(ValueError, match=message):
            build()
    with pytest.raises(TypeError, match="did you forget to call the class"):
        graph.add(SignalStreamBuffer, port)  # type: ignore[arg-type]
    assert buffer.capacity is None


@pytest.mark.parametrize("capacity", [None, 500])
def test_frames_are_read_while_a_live_graph_fills_the_buffer(capacity: int | None) -> None:
    total, step = 30_000, 100
    graph = openquant.Graph()
    buffer = SignalStreamBuffer(capacity)
    graph.add(buffer, graph.source("signals", openquant.Signal))
    expected = collected(signals(total))
    graph.start()

    def push() -> None:
        for first in range(0, total, step):
            graph.push("signals", signals(step, first))

    pusher = threading.Thread(target=push)
    pusher.start()
    end = 0
    while end < total:
        before = buffer.dropped
        got = buffer.frame()
        if got.height:
            first = got["ts"].to_physical()[0]
            assert first >= before and first + got.height >= end
            end = first + got.height
            assert got.height == (min(end, capacity) if capacity else end)
            same(got, expected[first:end])
    pusher.join()
    graph.stop()
    assert (len(buffer) + buffer.dropped, buffer.dropped) == (total, total - capacity if capacity else 0)


def test_several_threads_append_while_others_read_and_clear() -> None:
    buffer, n = SignalStreamBuffer(), 400
    wrong: list[str] = []

    def append(name: str) -> None:
        for k in range(n):
            buffer.append([2 * k, 2 * k + 1], [k, k], symbol=name if k % 2 else [name, name])

    def read() -> None:
        for _ in range(100):
            for (_name,), part in buffer.frame().group_by("symbol") if len(buffer) else ():
                if part["ts"].to_physical().to_list() != list(range(part.height)):
                    wrong.append(str(part))

    threads = [threading.Thread(target=append, args=(name,)) for name in "ABC"]
    threads += [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert buffer.frame()["symbol"].value_counts().sort("symbol")["count"].to_list() == [2 * n] * 3
