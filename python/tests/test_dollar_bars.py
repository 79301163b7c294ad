"""Dollar bars against an independent loop, from every way in."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from conftest import market, recording

import openquant


def reference(trades: pl.DataFrame, threshold: float, remainder: str, *, partial: bool = False) -> list[dict[str, Any]]:
    """The definition, one trade at a time, in the order in which bars close; unfinished bars last, by symbol."""
    out: list[dict[str, Any]] = []
    open_bars: dict[str, dict[str, Any]] = {}
    running: dict[str, float] = {}
    ids = trades["id"].to_list() if "id" in trades.columns else [0] * trades.height
    times = trades["ts"].cast(pl.Datetime("ns")).to_physical().to_list()
    columns = (times, trades["symbol"], trades["price"], trades["size"], trades["side"], ids)

    def add(symbol: str, ts: int, price: float, side: int, trade: int, size: float, value: float) -> None:
        bar = open_bars.get(symbol)
        if bar is None:
            bar = open_bars[symbol] = {
                "symbol": symbol, "start_ts": ts, "open": price, "high": -math.inf, "low": math.inf, "volume": 0.0,
                "dollar_value": 0.0, "buy_volume": 0.0, "sell_volume": 0.0, "n_obs": 0, "first_id": trade,
            }  # fmt: skip
        bar["ts"], bar["close"], bar["last_id"] = ts, price, trade
        bar["high"], bar["low"] = max(bar["high"], price), min(bar["low"], price)
        bar["volume"] += size
        bar["dollar_value"] += value
        bar["buy_volume"] += size if side > 0 else 0.0
        bar["sell_volume"] += size if side < 0 else 0.0
        bar["n_obs"] += 1

    def close(symbol: str) -> None:
        bar = open_bars.pop(symbol)
        bar["vwap"] = bar["dollar_value"] / bar["volume"]
        out.append(bar)

    for ts, symbol, price, size, side, trade in zip(*columns, strict=True):
        value, before = price * size, running.get(symbol, 0.0)
        if before + value < threshold:
            add(symbol, ts, price, side, trade, size, value)
            running[symbol] = before + value
        elif remainder == "split":
            part = min(value, threshold - before)
            while True:
                add(symbol, ts, price, side, trade, part / price, part)
                close(symbol)
                value -= part
                part = threshold
                if value < threshold:
                    break
            running[symbol] = value
            if value > 0:
                add(symbol, ts, price, side, trade, value / price, value)
        else:
            add(symbol, ts, price, side, trade, size, value)
            close(symbol)
            running[symbol] = before + value - threshold if remainder == "carry" else 0.0
    if partial:
        for symbol in sorted(open_bars):
            close(symbol)
    return out


def bars_of(
    trades: Any, threshold: float, remainder: str = "reset", *, partial: bool = False, chunk: int | None = None
) -> pl.DataFrame:
    graph = openquant.Graph()
    source = graph.source("trades", openquant.Trade)
    bars = graph.add(openquant.DollarBars(dollar_value_per_bar=threshold, remainder=remainder, partial=partial), source)
    table = graph.collect(bars)
    graph.replay({"trades": trades}, chunk=chunk)
    return table.frame()


def assert_equal(bars: pl.DataFrame, expected: list[dict[str, Any]]) -> None:
    assert bars.height == len(expected)
    for name in expected[0]:
        column = bars[name].to_physical() if name in ("ts", "start_ts") else bars[name]
        assert column.to_list() == [bar[name] for bar in expected], name


@pytest.mark.parametrize(("threshold", "reset", "split"), [(1e5, 1055, 1498), (1e6, 136, 149), (1e7, 14, 14)])
def test_counts_and_columns_of_the_usdm_recording(usdm: pl.DataFrame, threshold: float, reset: int, split: int) -> None:
    assert usdm.height == 21_313
    for remainder, count in (("reset", reset), ("carry", split), ("split", split)):
        bars = bars_of(usdm, threshold, remainder)
        assert bars.height == count
        assert_equal(bars, reference(usdm, threshold, remainder))
        assert not bars["gap"].any() and not bars["late"].any()


def test_every_way_in_gives_the_same_bars(usdm: pl.DataFrame, tmp_path: Path) -> None:
    expected = bars_of(usdm, 1e5)
    assert bars_of(recording("binance_usdm_btcusdt_20240808.gz"), 1e5).equals(expected)

    csv = tmp_path / "BTCUSDT-trades-2024-08-08.csv"  # Binance's USD-M layout
    with csv.open("w") as file:
        for ts, price, size, side, trade in (
            usdm.select("ts", "price", "size", "side", "id").with_columns(ts=pl.col("ts").to_physical()).iter_rows()
        ):
            file.write(f"{trade},{price},{size},{price * size},{ts // 1_000_000},{'true' if side < 0 else 'false'}\n")
    assert bars_of(csv, 1e5).equals(expected)

    graph = openquant.Graph()
    source = graph.source("trades", openquant.Trade)
    table = graph.collect(graph.add(openquant.DollarBars(dollar_value_per_bar=1e5), source))
    graph.start()
    for row in usdm.iter_rows(named=True):
        graph.push("trades", row)
    graph.stop()
    assert table.frame().equals(expected)


@pytest.mark.parametrize("remainder", ["reset", "carry", "split"])
@pytest.mark.parametrize("chunk", [1, 7, None, 10**9])
def test_interleaved_symbols_with_random_sides(remainder: str, chunk: int | None) -> None:
    trades = market(3000)
    bars = bars_of(trades, 300.0, remainder, partial=True, chunk=chunk)
    assert_equal(bars, reference(trades, 300.0, remainder, partial=True))


def test_a_trade_that_would_fill_too_many_bars_is_refused_and_counted() -> None:
    graph = openquant.Graph()
    source = graph.source("trades", openquant.Trade)
    table = graph.collect(graph.add(openquant.DollarBars(dollar_value_per_bar=1.0, remainder="split"), source))
    graph.replay({"trades": pl.DataFrame({"ts": [0, 1], "symbol": "X", "price": [1e6, 1.0], "size": [1e6, 2.0]})})
    assert len(table) == 2
    assert graph.describe().filter(name="dollar_bars")["refused"].to_list() == [1]
