"""The checksum sink: one number for a stream, whatever the chunks."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import openquant


def trades(price: float = 1.0) -> pl.DataFrame:
    rows = np.arange(1, 1001)
    return pl.DataFrame(
        {
            "ts": rows * 1_000,
            "symbol": ["A", "B"] * 500,
            "price": 100.0 + rows % 7 + (rows == 500) * price,
            "size": np.ones(1000),
        }
    )


def run(frame: pl.DataFrame, chunk: int | None = None) -> tuple[openquant.Checksum, openquant.Checksum]:
    graph = openquant.Graph()
    source = graph.source("trades", openquant.Trade)
    bars = graph.add(openquant.TickBars(ticks_per_bar=10), source)
    sums = graph.checksum(source), graph.checksum(bars, name="of bars")
    graph.replay({"trades": frame}, chunk=chunk)
    return sums


def test_a_checksum_does_not_depend_on_chunks() -> None:
    digests = {tuple(c.hexdigest() for c in run(trades(), chunk)) for chunk in (None, 1, 7, 1000)}
    assert len(digests) == 1


def test_a_checksum_knows_its_stream_and_counts_its_rows() -> None:
    of_trades, of_bars = run(trades())
    assert (len(of_trades), len(of_bars)) == (1000, 100)
    assert of_trades.event_type is openquant.Trade
    assert of_bars.name == "of bars"
    assert len(of_bars.hexdigest()) == 16


def test_one_other_price_gives_another_checksum() -> None:
    assert run(trades())[0].hexdigest() != run(trades(1.0 + 1e-12))[0].hexdigest()


def test_it_starts_at_nothing_and_goes_on_over_replays() -> None:
    graph = openquant.Graph()
    sums = graph.checksum(graph.source("trades", openquant.Trade))
    assert (len(sums), sums.hexdigest()) == (0, "0" * 16)
    graph.replay({"trades": trades()[:400]}, flush=False)
    graph.replay({"trades": trades()[400:]})
    assert sums.hexdigest() == run(trades())[0].hexdigest()


def test_a_taken_name_is_refused() -> None:
    graph = openquant.Graph()
    port = graph.source("trades", openquant.Trade)
    graph.checksum(port, name="sum")
    with pytest.raises(ValueError, match="already has a node named 'sum'"):
        graph.checksum(port, name="sum")
