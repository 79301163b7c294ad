"""Dollar bars: polars columns in, a polars frame out, beside numba, polars and nautilus on the same trades."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

import openquant
from measuring import NS, OURS, Absent, Figures, Own, Told, alternate, peer, quick, show

try:
    from peers import loops
except ImportError as error:
    loops, why = None, str(error)  # type: ignore[assignment]

THRESHOLD = 1e4
ROWS, ROUNDS = quick(10_000_000, 500_000), quick(7, 3)
NAUTILUS_ROWS = quick(300_000, 30_000)


def market(symbols: tuple[str, ...]) -> pl.DataFrame:
    rng = np.random.default_rng(1)
    return pl.DataFrame(
        {
            "ts": np.arange(ROWS, dtype=np.int64) * 1000,
            "symbol": pl.Series(symbols).gather(rng.integers(0, len(symbols), ROWS)).cast(pl.Categorical),
            "price": 100.0 * np.exp(np.cumsum(rng.normal(0.0, 1e-5, ROWS))),
            "size": rng.exponential(1.0, ROWS),
            "side": rng.choice(np.array([-1, 1], dtype=np.int8), ROWS),
        }
    )


def ours(trades: pl.DataFrame) -> Callable[[], pl.DataFrame]:
    def run() -> pl.DataFrame:
        graph = openquant.Graph()
        bars = graph.add(openquant.DollarBars(dollar_value_per_bar=THRESHOLD), graph.source("trades", openquant.Trade))
        table = graph.collect(bars)
        graph.replay({"trades": trades})
        return table.frame()

    return run


def by_numba(trades: pl.DataFrame, symbols: int) -> Callable[[], pl.DataFrame]:
    """The loop on the frame's columns, and a frame of what it filled."""
    room = ROWS // 10
    out_f, out_i = np.zeros((9, room)), np.zeros((4, room), dtype=np.int64)

    def run() -> pl.DataFrame:
        if loops is None:
            raise Absent(why)
        ts, code, price, size, side = (
            trades[c].to_physical().to_numpy() for c in ("ts", "symbol", "price", "size", "side")
        )
        if symbols == 1:
            bars = loops.dollar_bars(ts, price, size, side, THRESHOLD, out_f, out_i)
        else:
            bars = loops.keyed_dollar_bars(ts, code, price, size, side, THRESHOLD, symbols, out_f, out_i)
        columns = dict(zip(loops.FIELDS, out_f[:, :bars], strict=True)) | dict(
            zip(loops.COUNTS, out_i[:, :bars], strict=True)
        )
        return pl.DataFrame(columns)

    return run


def by_polars(trades: pl.DataFrame) -> pl.DataFrame:
    """Bars at multiples of the running dollar value: near to exact bars, which no expression of polars makes."""
    dollars, size, side = pl.col("price") * pl.col("size"), pl.col("size"), pl.col("side")
    numbered = trades.with_columns((dollars.cum_sum().over("symbol") // THRESHOLD).cast(pl.Int64).alias("bar"))
    return numbered.group_by("symbol", "bar").agg(
        pl.col("ts").last(),
        pl.col("ts").first().alias("start_ts"),
        pl.col("price").first().alias("open"),
        pl.col("price").max().alias("high"),
        pl.col("price").min().alias("low"),
        pl.col("price").last().alias("close"),
        size.sum().alias("volume"),
        dollars.sum().alias("dollar_value"),
        (dollars.sum() / size.sum()).alias("vwap"),
        (size * (side > 0)).sum().alias("buy_volume"),
        (size * (side < 0)).sum().alias("sell_volume"),
        pl.len().alias("n_obs"),
    )


def by_nautilus() -> Own:
    return Own(peer("nautilus", "nautilus_bars.py", NAUTILUS_ROWS, THRESHOLD))


def require_same(mine: pl.DataFrame, theirs: pl.DataFrame) -> None:
    fields = [f for f in loops.FIELDS if f in mine.columns]
    for name in fields:
        if not np.allclose(mine[name].to_numpy(), theirs[name].to_numpy(), rtol=1e-12):
            raise SystemExit(f"dollar bars: {name} differs from the numba loop's")


def difference(more: Told, less: Told) -> Told:
    return {key: more[key] - less[key] for key in ("best", "median")} | {"runs": more["runs"]}


def main() -> None:
    scale = NS / ROWS
    figures: Figures = {}
    three, one = market(("BTC", "ETH", "SOL")), market(("BTC",))
    if loops:
        require_same(ours(three)(), by_numba(three, 3)())
        require_same(ours(one)(), by_numba(one, 1)())
    keyed = {OURS: ours(three), "numba keyed loop": by_numba(three, 3)}
    figures["dollar bars/3 symbols, Categorical"] = alternate(keyed, scale, ROUNDS)
    registers = {OURS: ours(one), "numba loop in registers": by_numba(one, 1)}
    figures["dollar bars/1 symbol"] = alternate(registers, scale, ROUNDS)
    slow = {OURS: ours(three), "polars group_by": lambda: by_polars(three), "nautilus aggregator": by_nautilus}
    figures["dollar bars/3 symbols beside polars"] = alternate(slow, scale, 3)
    text = three.with_columns(pl.col("symbol").cast(pl.String))
    strings = alternate(
        {"categorical": ours(three), "string": ours(text), "cast": lambda: text["symbol"].cast(pl.Categorical)},
        scale,
        ROUNDS,
    )
    figures["dollar bars/String column, on top"] = {
        OURS: difference(strings["string"], strings["categorical"]),
        "polars cast to Categorical": strings["cast"],
    }
    show(figures)


if __name__ == "__main__":
    main()
