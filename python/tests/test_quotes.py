"""Quotes: the as-of join, the sides and spreads that follow from it, and the files they are read from, against polars."""

from __future__ import annotations

import gzip
import json
from typing import Any

import numpy as np
import polars as pl
import pytest
from conftest import recording, trades_of
from hypothesis import given, settings
from hypothesis import strategies as st
from test_operators import run

import openquant

THREE = "binance_spot_trades_l1_btcusdt_ethusdt_solusdt.json.gz"
INSTRUMENTS = ["BTCUSDT", "ETHUSDT", "SOLUSDT"]

modest = settings(max_examples=60, deadline=None)


@st.composite
def markets(draw: st.DrawFn) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Quotes and trades of three symbols in quarters of a unit: many at equal times, at the midpoint, or crossed."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_quotes, n_trades = draw(st.integers(1, 80)), draw(st.integers(1, 80))

    def frame(n: int) -> pl.DataFrame:
        ts = np.cumsum(rng.integers(0, 6, n))
        return pl.DataFrame(
            {"ts": ts, "symbol": rng.choice(["B", "A", "C"], n)}, schema_overrides={"symbol": pl.String}
        )

    bid = 100 + rng.integers(-4, 5, n_quotes) / 4
    quotes = frame(n_quotes).with_columns(
        bid=pl.Series(bid),
        ask=pl.Series(bid + rng.integers(-1, 5, n_quotes) / 4),
        bid_size=pl.Series(rng.integers(0, 9, n_quotes) / 8),
        ask_size=pl.Series(rng.integers(0, 9, n_quotes) / 8),
    )
    trades = frame(n_trades).with_columns(
        price=pl.Series(100 + rng.integers(-6, 7, n_trades) / 4),
        size=pl.Series(rng.integers(1, 9, n_trades) / 8),
        side=pl.Series(rng.choice(np.array([-1, 0, 1], dtype=np.int8), n_trades)),
    )
    return quotes, trades


def joined(market: tuple[pl.DataFrame, pl.DataFrame], operator: Any = None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Every trade beside its quote, and what `operator` makes of them."""
    graph = openquant.Graph()
    pairs = graph.add(openquant.AsOf(), graph.source("q", openquant.Quote), graph.source("t", openquant.Trade))
    tables = [graph.collect(pairs), graph.collect(graph.add(operator, pairs))]
    graph.replay({"q": market[0], "t": market[1]})
    return tables[0].frame(), tables[1].frame()


@modest
@given(markets(), st.sampled_from([0, 1, 3, 10, 1000]), st.booleans())
def test_as_of(market: tuple[pl.DataFrame, pl.DataFrame], max_age_ns: int, quotes_first: bool) -> None:
    quotes, trades = market
    graph = openquant.Graph()
    declared = [("q", openquant.Quote), ("t", openquant.Trade)]  # of rows at equal times the first declared come first
    ports = {name: graph.source(name, kind) for name, kind in (declared if quotes_first else declared[::-1])}
    table = graph.collect(graph.add(openquant.AsOf(max_age_ns=max_age_ns), ports["q"], ports["t"]))
    graph.replay({"q": quotes, "t": trades})
    expected = trades.join_asof(
        quotes.with_columns(quote_ts=pl.col("ts")),
        on="ts",
        by="symbol",
        tolerance=max_age_ns or None,
        allow_exact_matches=quotes_first,
        check_sortedness=False,
    ).drop_nulls("quote_ts")
    out = table.frame().with_columns(pl.col("ts", "quote_ts").to_physical()).select(expected.columns)
    assert out.rows() == expected.rows()
    refused = {node["name"]: node["refused"] for node in graph.stats()["nodes"]}
    assert refused["as_of"] == trades.height - expected.height


def with_side(pairs: pl.DataFrame) -> pl.DataFrame:
    """Lee and Ready (1991): the side of the midpoint where the price lies; at it, that of the last change of price."""
    mid = (pl.col("bid") + pl.col("ask")) / 2
    change = (
        pl.col("price").diff().over("symbol").sign().replace(0.0, None).forward_fill().over("symbol").fill_null(0.0)
    )
    return pairs.with_columns(
        inferred=pl.when(pl.col("price") == mid).then(change).otherwise((pl.col("price") - mid).sign()).cast(pl.Int8)
    )


@modest
@given(markets(), st.booleans())
def test_lee_ready(market: tuple[pl.DataFrame, pl.DataFrame], keep_known: bool) -> None:
    pairs, out = joined(market, openquant.LeeReady(keep_known=keep_known))
    side = pl.when(pl.col("side") != 0).then("side").otherwise("inferred") if keep_known else pl.col("inferred")
    expected = with_side(pairs).with_columns(side=side).select(out.columns)
    assert out.equals(expected)


@modest
@given(markets())
def test_spreads(market: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    mid = ((pl.col("bid") + pl.col("ask")) / 2).alias("mid")
    relative = (pl.col("spread") / pl.col("mid")).alias("relative")

    spread = pl.col("ask") - pl.col("bid")
    out = run({"q": (openquant.Quote, market[0])}, lambda graph, ports: graph.add(openquant.QuotedSpread(), ports["q"]))
    expected = market[0].select("ts", "symbol", mid, spread=spread).with_columns(relative)
    assert out.with_columns(pl.col("ts").to_physical()).equals(expected)

    pairs, out = joined(market, openquant.EffectiveSpread())
    away = pl.col("price") - mid
    spread = 2 * pl.when(pl.col("side") == 0).then(away.abs()).otherwise(away * pl.col("side"))
    assert out.equals(pairs.select("ts", "symbol", mid, spread=spread).with_columns(relative))


def quotes_of(rows: Any) -> pl.DataFrame:
    graph = openquant.Graph()
    table = graph.collect(graph.source("quotes", openquant.Quote))
    replay = graph.replay({"quotes": rows})
    assert replay.rejected == {}
    return table.frame().with_columns(pl.col("ts", "ts_recv").to_physical())


def three_quotes() -> Any:
    return openquant.read_quotes(recording(THREE), instruments=INSTRUMENTS)


def three_trades() -> Any:
    return openquant.read_trades(recording(THREE), instruments=INSTRUMENTS)


@pytest.mark.parametrize("name", ["binance_usdm_btcusdt_20240808.gz", "binance_spot_btcusdt_20240808.gz"])
def test_quotes_of_captures(name: str) -> None:
    expected = []
    with gzip.open(recording(name), "rt") as lines:
        for line in lines:
            received, frame = line.split(" ", 1)
            if "@bookTicker" in frame:
                q = json.loads(frame)["data"]
                ts = q["T"] * 1_000_000 if "T" in q else int(received)  # on spot the venue tells no time
                prices = [float(q[key]) for key in ("b", "a", "B", "A")]
                expected.append((ts, q["s"], *prices, int(received)))
    out = quotes_of(openquant.read_quotes(recording(name)))
    assert out.height == len(expected) > 10_000
    assert out.row(0) == expected[0]
    assert out.rows() == expected


def test_rows_of_json_lines() -> None:
    """The trades and quotes of one file, each by its own reader."""
    counts = {"Trade": 0, "OrderBookL1": 0}
    with gzip.open(recording(THREE), "rt") as lines:
        for line in lines:
            counts[next(iter(json.loads(line)["Item"]["kind"]))] += 1
    quotes, trades = quotes_of(three_quotes()), trades_of(three_trades())
    assert [trades.height, quotes.height] == [counts["Trade"], counts["OrderBookL1"]] == [11_032, 38_968]
    assert sorted(quotes["symbol"].unique()) == INSTRUMENTS
    assert quotes.select("symbol", "bid", "ask", "bid_size", "ask_size").row(0) == ("ETHUSDT", 2059.1, 2059.11, 33.0914, 3.0146)  # fmt: skip


def of_recording(chunk: int | None) -> list[openquant.Table]:
    graph = openquant.Graph()
    quotes, trades = graph.source("quotes", openquant.Quote), graph.source("trades", openquant.Trade)
    pairs = graph.add(openquant.AsOf(), quotes, trades)
    sided = graph.add(openquant.LeeReady(), pairs)
    bars = graph.add(openquant.DollarBars(dollar_value_per_bar=100_000.0), sided)
    tables = [graph.collect(port) for port in (pairs, sided, bars)]
    graph.replay({"quotes": three_quotes(), "trades": three_trades()}, chunk=chunk)
    return tables


def test_recording_in_any_chunks() -> None:
    hashes = [[table.hash() for table in of_recording(chunk)] for chunk in (1, 7, 1024, None)]
    assert all(each == hashes[0] for each in hashes)


def test_recording_joined_as_polars_joins_it() -> None:
    pairs = of_recording(None)[0].frame().with_columns(pl.col("quote_ts").to_physical())
    quotes = quotes_of(three_quotes()).select("symbol", "bid", "ask", at=pl.col("ts").cum_max(), quote_ts="ts")
    trades = trades_of(three_trades()).with_columns(at=pl.col("ts").to_physical().cum_max())
    expected = trades.join_asof(quotes, on="at", by="symbol", check_sortedness=False).drop_nulls("quote_ts")
    columns = ["ts", "symbol", "id", "price", "bid", "ask", "quote_ts"]
    assert pairs.select(columns).equals(expected.select(columns))
    assert trades.height - pairs.height == 15  # before the first quote of their symbol


def test_inferred_sides_agree_with_the_venue() -> None:
    """Those of 98.9 % of the trades: the quotes' times are the recorder's, the trades' the venue's."""
    pairs, sided, bars = (table.frame() for table in of_recording(None))
    assert sided["side"].equals(with_side(pairs)["inferred"])
    assert (pairs["side"] != 0).all()
    assert np.mean(pairs["side"].to_numpy() == sided["side"].to_numpy()) > 0.98
    np.testing.assert_allclose((bars["buy_volume"] + bars["sell_volume"]).to_numpy(), bars["volume"].to_numpy())
