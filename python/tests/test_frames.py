"""Frames in: dtypes, nulls, dirt; files in: formats and dirt."""

from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from conftest import market, recording, trades_of

import openquant

BASE = {"ts": [0, 1_000_000_000], "symbol": ["A", "B"], "price": [1.0, 2.0], "size": [3.0, 4.0]}


def base(**columns: Any) -> pl.DataFrame:
    return pl.DataFrame({**BASE, **columns})


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC"])
def test_timestamps_of_any_unit(unit: Any, zone: str | None) -> None:
    frame = base(
        ts=pl.Series([dt.datetime(1970, 1, 1), dt.datetime(1970, 1, 1, 0, 0, 1)])
        .cast(pl.Datetime(unit))
        .dt.replace_time_zone(zone)
    )
    assert trades_of(frame)["ts"].to_physical().to_list() == BASE["ts"]


LATE = [["k"], ["c", "k"], ["a", "b", "c", None], ["z", "a"]]


def late(used: list[str | None], rows_each: int) -> pl.DataFrame:
    """Of an Enum's categories some have no row, and others their first one far down."""
    dtype = pl.Enum(list("abcdefghijklmnopqrstuvwxyz"))
    symbol = [name for name in used for _ in range(rows_each)] + [used[0]]
    ts = range(len(symbol))
    return pl.DataFrame({"ts": ts, "symbol": pl.Series(symbol, dtype=dtype), "price": 1.0, "size": 1.0})


@pytest.mark.parametrize("used", LATE)
@pytest.mark.parametrize("rows_each", [6_000, 70_000])
@pytest.mark.parametrize("ids", [False, True])
def test_symbols_whose_first_row_comes_late(used: list[str | None], rows_each: int, ids: bool) -> None:
    frame = late(used, rows_each).with_columns([pl.int_range(1, pl.len() + 1, dtype=pl.UInt64).alias("id")] * ids)
    assert trades_of(frame)["symbol"].to_list() == frame["symbol"].drop_nulls().cast(pl.String).to_list()


@pytest.mark.parametrize("used", LATE)
def test_late_symbols_of_a_frame_that_is_recorded_or_pushed(used: list[str | None], tmp_path: Path) -> None:
    frame = late(used, 70_000)

    def built() -> tuple[openquant.Graph, openquant.Table]:
        graph = openquant.Graph()
        return graph, graph.collect(graph.source("trades", openquant.Trade))

    graph, replayed = built()
    with graph.record(tmp_path):
        graph.replay({"trades": frame})
    again, recorded = built()
    again.replay(str(tmp_path))
    live, pushed = built()
    live.start()
    live.push("trades", frame)
    live.stop()
    assert recorded.frame().equals(replayed.frame()) and pushed.frame().equals(replayed.frame())
    assert replayed.frame()["symbol"].to_list() == frame["symbol"].drop_nulls().cast(pl.String).to_list()


@pytest.mark.parametrize("dtype", [pl.String, pl.Categorical, pl.Enum(["B", "unused", "A"])])
def test_symbols_of_any_kind(dtype: Any) -> None:
    pl.Series(["other", "B", "A"]).cast(pl.Categorical)  # codes need not start at zero
    assert trades_of(base(symbol=pl.Series(["A", "B"], dtype=dtype)))["symbol"].to_list() == ["A", "B"]


TEXTS = [
    "B",
    None,
    "",
    "exactly_12_b",
    "more than twelve bytes",
    "more than twelve letters",
    "B",
    "é",
    None,
    "exactly_12_b",
]


@pytest.mark.parametrize("layout", [pa.string(), pa.large_string(), pa.string_view()])
@pytest.mark.parametrize("begin", [0, 1, 3])
def test_text_of_every_arrow_layout_as_codes(layout: pa.DataType, begin: int) -> None:
    texts = TEXTS * 5
    chunks = pa.chunked_array(
        [pa.array(texts[:17], layout)[begin:], pa.array([], layout), pa.array(texts[17:], layout)]
    )
    codes, names = openquant._core.text_codes(chunks, len(chunks))
    given = texts[begin:]
    assert names == list(dict.fromkeys(text for text in given if text is not None))
    assert [names[code] if code != 0xFFFF_FFFF else None for code in codes.tolist()] == given


def test_what_is_no_column_of_text_has_no_codes() -> None:
    with pytest.raises(ValueError, match="column of text is wanted, not one of Arrow format"):
        openquant._core.text_codes(pl.Series([1, 2]), 2)
    for rows in (1, 3):
        with pytest.raises(ValueError, match="another length than the column"):
            openquant._core.text_codes(pl.Series(["A", "B"]), rows)


def test_slices_of_a_text_column_keep_their_names() -> None:
    frame = pl.concat([base(symbol=["long enough to stand apart", "A"]), base(symbol=["A", None])], rechunk=False)
    frame = frame.with_columns(ts=pl.Series([0, 1, 2, 3]) * 1_000_000_000)
    assert trades_of(frame[1:])["symbol"].to_list() == ["A", "A"]
    assert trades_of(frame)["symbol"].to_list() == ["long enough to stand apart", "A", "A"]


@pytest.mark.parametrize("chunk", [None, 1_000, 100_000])
def test_text_is_read_part_by_part_as_the_same_symbols(chunk: int | None) -> None:
    rows = 150_000  # more than one part, and names that are met in the last
    names = ["A" if i % 3 else None if i % 7 == 0 else f"a name of its own {i // 40_000}" for i in range(rows)]
    frame = pl.DataFrame(
        {
            "ts": np.arange(rows),
            "symbol": pl.Series(names, dtype=pl.String),
            "price": 1.0 + np.arange(rows),
            "size": 1.0,
        }
    )
    frame = pl.concat([frame[:10], frame[10:70_001], frame[70_001:]], rechunk=False)

    def collected(rows: pl.DataFrame) -> tuple[pl.DataFrame, Any]:
        graph = openquant.Graph()
        table = graph.collect(graph.source("trades", openquant.Trade))
        graph.replay({"trades": rows}, chunk=chunk)
        return table.frame(), graph.stats()["sources"][0]["rejected"]

    told, rejected = collected(frame)
    expected, same = collected(frame.with_columns(pl.col("symbol").cast(pl.Categorical)))
    assert told.equals(expected) and told.height + rejected["null"] == rows
    assert rejected == same


def test_a_pushed_frame_of_text_is_taken_whole() -> None:
    rows = 70_000
    frame = pl.DataFrame({"ts": np.arange(rows), "symbol": ["A", "B"] * (rows // 2), "price": 1.0, "size": 1.0})
    graph = openquant.Graph()
    table = graph.collect(graph.source("trades", openquant.Trade))
    graph.start(capacity=1_000)
    graph.push("trades", frame)
    graph.stop()
    assert table.frame()["symbol"].to_list() == frame["symbol"].to_list()


@pytest.mark.parametrize(
    ("side", "expected"),
    [
        (["buy", "Sell"], [1, -1]),
        (["b", "s"], [1, -1]),
        ([None, "buy"], [0, 1]),
        (pl.Series([1, -1], dtype=pl.Int64), [1, -1]),
        (pl.Series([None, -1], dtype=pl.Int8), [0, -1]),
    ],
)
def test_sides(side: Any, expected: list[int]) -> None:
    assert trades_of(base(side=side))["side"].to_list() == expected


def test_numbers_are_converted() -> None:
    frame = trades_of(base(price=[1, 2], size=pl.Series([3, 4], dtype=pl.Float32), id=[7, 8]))
    assert frame["price"].to_list() == [1.0, 2.0] and frame["id"].to_list() == [7, 8]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"price": ["1", "2"]}, "column 'price'"),
        ({"ts": ["2024", "2025"]}, "column 'ts'"),
        ({"ts": [0.0, 1.0]}, "column 'ts'"),
        ({"symbol": [1, 2]}, "column 'symbol'"),
        ({"id": [-1, 2]}, "column 'id'"),
        ({"side": [1.5, 0.5]}, "column 'side'"),
        ({"colour": [1, 2]}, "unknown column 'colour'; Trade rows have symbol, ts, price, size, side \\(optional\\)"),
    ],
)
def test_columns_that_do_not_fit(columns: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        trades_of(base(**columns))


@pytest.mark.parametrize("name", ["ts", "symbol", "price", "size"])
def test_required_columns(name: str) -> None:
    with pytest.raises(ValueError, match=f"missing column '{name}'"):
        trades_of(base().drop(name))


def test_bad_rows_are_refused_whole_and_counted() -> None:
    nan = float("nan")
    frame = pl.DataFrame(
        {
            "ts": [0, 1, None, -5, 4, 5, 6, 7],
            "symbol": ["A", None, "A", "A", "A", "A", "A", "A"],
            "price": [1.0, 1.0, 1.0, 1.0, nan, -1.0, 1.0, 1.0],
            "size": [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0],
        }
    )
    graph = openquant.Graph()
    table = graph.collect(graph.source("trades", openquant.Trade))
    replay = graph.replay({"trades": frame})
    assert table.frame()["ts"].to_physical().to_list() == [0, 7]
    assert replay.rejected == {"timestamp": 2, "price": 2, "size": 1, "null": 1}
    assert graph.describe().filter(name="trades")["refused"].to_list() == [6]


def test_a_frame_is_read_without_a_copy() -> None:
    frame = market(10_000).with_columns(pl.col("symbol").cast(pl.Categorical))
    arrays = openquant.frames.arrays(frame, openquant.Trade, "frame")
    given = [frame[f.name] if f.name in frame.columns else None for f in openquant.Trade.fields]
    for array, series in zip(arrays, given, strict=True):
        if array is not None and series is not None:
            assert np.shares_memory(array, series.to_numpy())


def test_frames_of_several_chunks_and_empty_frames() -> None:
    trades = market(100)
    assert trades_of(pl.concat([trades[:30], trades[30:]], rechunk=False)).equals(trades_of(trades))
    assert trades_of(trades.clear()).schema == pl.Schema(openquant.Trade.schema)


@pytest.mark.parametrize("gzipped", [False, True])
def test_a_corrupt_line_is_counted(tmp_path: Path, gzipped: bool) -> None:
    text = "ts,symbol,price,size,side\n1742944020715000000,A,1.5,2,buy\n1742944020715000000,A,oops,2,buy\n1742944020716000000,A,2.5,1,sell\n"
    path = tmp_path / ("trades.csv.gz" if gzipped else "trades.csv")
    path.write_bytes(gzip.compress(text.encode()) if gzipped else text.encode())
    graph = openquant.Graph()
    table = graph.collect(graph.source("trades", openquant.Trade))
    assert graph.replay({"trades": path}).rejected == {"malformed": 1}
    assert table.frame()["price"].to_list() == [1.5, 2.5] and table.frame()["side"].to_list() == [1, -1]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such file"):
        openquant.read_trades(tmp_path / "none.csv")
    for name, content, message in (
        ("e.csv", b"", "is empty"),
        ("x.csv", b"hello\n", "no known format"),
        ("h.csv", b"ts,price\n1,2\n", "exactly one size"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=message):
            openquant.read_trades(tmp_path / name)
    with pytest.raises(ValueError, match="folder"):
        openquant.read_trades(tmp_path)
    cut = gzip.compress(b"ts,price,size\n" + b"1742944020715000000,1,1\n" * 50_000)
    (tmp_path / "cut.gz").write_bytes(cut[: len(cut) // 2])
    with pytest.raises(ValueError, match="truncated"):
        trades_of(tmp_path / "cut.gz")
    feed = openquant.read_trades(
        Path(__file__).resolve().parents[2] / "data" / "binance_spot_btc_eth_sol_20250325.csv.gz"
    )
    trades_of(feed)
    with pytest.raises(ValueError, match="open it again"):
        trades_of(feed)


def test_several_files_are_merged_by_time(tmp_path: Path) -> None:
    trades = market(500).with_columns(ts=pl.col("ts") + 1_742_944_020_000_000_000)
    paths = []
    for symbol in ("BTC", "ETH", "SOL"):
        paths.append(tmp_path / f"{symbol}.csv")
        trades.filter(symbol=symbol).write_csv(paths[-1])
    merged = trades_of(openquant.read_trades(*paths))
    assert merged.sort("ts", "symbol", maintain_order=True).equals(
        trades_of(trades).sort("ts", "symbol", maintain_order=True)
    )
    assert merged["ts"].is_sorted()
    assert trades_of(openquant.read_trades(*paths, only=["ETH"]))["symbol"].unique().to_list() == ["ETH"]


@pytest.mark.parametrize(("name", "count"), [("spot", 9757), ("usdm", 21_313)])
def test_captures_hold_frames_of_other_streams(name: str, count: int) -> None:
    graph = openquant.Graph()
    table = graph.collect(graph.source("trades", openquant.Trade))
    replay = graph.replay({"trades": recording(f"binance_{name}_btcusdt_20240808.gz")})
    assert len(table) == count and replay.rejected == {}


def test_three_symbols_of_numbered_instruments() -> None:
    name = "binance_spot_trades_l1_btcusdt_ethusdt_solusdt.json.gz"
    three = trades_of(openquant.read_trades(recording(name), instruments=["BTCUSDT", "ETHUSDT", "SOLUSDT"]))
    assert three.height == 11_032
    assert dict(three["symbol"].value_counts().iter_rows()) == {"BTCUSDT": 6770, "ETHUSDT": 1805, "SOLUSDT": 2457}


def test_usdm_ids_run_without_a_gap(usdm: pl.DataFrame) -> None:
    assert (usdm["id"].diff().drop_nulls() == 1).all()
    assert (
        (usdm["ts"] - usdm["ts_recv"]).dt.total_milliseconds().median() or 0
    ) > 1000  # the recorder's clock ran behind


def test_what_is_optional_may_be_missing_or_null_in_frames_and_rows() -> None:
    rows = [
        {"ts": 1, "symbol": "A", "bid": 1.0, "ask": 2.0},
        {"ts": 2, "symbol": "A", "bid": 1.0, "ask": 2.0, "bid_size": None, "ask_size": 5.0},
    ]
    graph = openquant.Graph()
    table = graph.collect(graph.source("quotes", openquant.Quote))
    graph.replay({"quotes": pl.DataFrame(rows, schema_overrides={"bid_size": pl.Float64})}, flush=False)
    graph.start()
    for row in rows:
        graph.push("quotes", row)
    graph.stop()
    assert table.frame()["bid_size"].to_list() == [0.0] * 4
    assert table.frame()["ask_size"].to_list() == [0.0, 5.0] * 2


@pytest.mark.parametrize("symbols", [("BTC",), ("BTC", "ETH", "SOL")])
@pytest.mark.parametrize(
    "given", [(), ("side",), ("id",), ("side", "id"), ("side", "id", "ts_publish", "ts_recv", "flags")]
)
def test_absent_columns_read_as_their_defaults(symbols: tuple[str, ...], given: tuple[str, ...]) -> None:
    """Whichever columns there are: rows of them all with the same values make the same bars."""
    optional = {"side": pl.Int8, "id": pl.UInt64, "ts_publish": pl.Int64, "ts_recv": pl.Int64, "flags": pl.UInt32}
    rows = market(10_000, symbols=symbols).with_columns(
        pl.int_range(10_000, dtype=pl.UInt64).alias("id") + 1,
        pl.col("ts").alias("ts_publish") + 1,
        pl.col("ts").alias("ts_recv") + 2,
        (pl.int_range(10_000, dtype=pl.UInt32) % 7 == 0).cast(pl.UInt32).alias("flags"),
    )
    whole = rows.with_columns(
        pl.lit(0, dtype=dtype).alias(name) for name, dtype in optional.items() if name not in given
    )
    hashes = []
    for frame in (whole, rows.drop(name for name in optional if name not in given)):
        graph = openquant.Graph()
        trades = graph.source("trades", openquant.Trade)
        tables = [
            graph.collect(graph.add(operator, trades))
            for operator in (
                openquant.DollarBars(dollar_value_per_bar=3_000.0),
                openquant.RunsBars(expected_ticks=20),
                openquant.EwmaMean(span=20.0),
            )
        ]
        graph.replay({"trades": frame})
        assert all(len(table) > 50 for table in tables)
        hashes.append([table.hash() for table in tables])
    assert hashes[0] == hashes[1]
