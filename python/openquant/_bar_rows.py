"""Frames of trades and of OHLCV rows as rows of a source, and the bars made of them as a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from openquant import _core, events, frames
from openquant._arguments import (
    LARGEST,
    floats,
    positive,
    prices,
    within,
)
from openquant._batch import Rows, refused, run
from openquant._lazy import np, pl
from openquant._timestamps import Timestamps
from openquant.graph import Graph

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    Kind = Literal["trades", "ohlcv"]


_REQUIRED = {
    "trades": ("ts", "symbol", "price", "size"),
    "ohlcv": ("ts", "symbol", "open", "high", "low", "close", "volume"),
}


class BarRows:
    """A frame as rows of a source: checked, and what the answer has to be in kind with."""

    def __init__(self, df: pl.DataFrame, step: int = 1) -> None:
        if not isinstance(df, pl.DataFrame):
            raise TypeError(f"df must be a polars DataFrame, not {type(df).__name__}")
        self.of: Kind = "trades" if "price" in df.columns else "ohlcv"
        missing = [column for column in _REQUIRED[self.of] if column not in df.columns]
        if missing:
            kind = "trade" if self.of == "trades" else "OHLCV"
            raise ValueError(f"missing required {kind} columns: {', '.join(missing)}")
        self.symbol = df.schema["symbol"]
        self.sided = "side" in df.columns
        self.times = Timestamps(df["ts"], "ts")
        ts, self._moved = self.times.streamed(step)
        self.codes, self.names = symbols_of(df["symbol"])
        columns = _columns(df, self.of)
        check_sorted(self.times, self.codes, self.names)
        event_type = events.Trade if self.of == "trades" else events.Ohlcv
        self.rows = Rows(event_type, {"ts": ts, **columns}, self.names, self.codes)

    def bars(self, graph: Graph) -> pl.DataFrame:
        """What the graph makes of the rows, sorted by symbol and time."""
        run(graph, {self.of: self.rows}, explain=lambda: _check(self.rows.columns))
        if refused(graph):
            raise ValueError("a row is larger than 100000 bars: raise the threshold, or do not split")
        told = graph.tables["bars"].take()
        if self.of == "trades":
            told["adj_close"] = told["close"]
        names = pl.Series(told["names"], dtype=pl.String)
        data = {
            "ts": self.times.series("ts", told["ts"] - self._moved),
            "symbol": names.gather(told["symbol"]).cast(self.symbol),
            **{column: told[column] for column in ("open", "high", "low", "close", "volume", "adj_close")},
            "start_ts": self.times.series("start_ts", told["start_ts"] - self._moved),
            **{column: told[column] for column in ("n_obs", "dollar_value")},
        }
        if self.of == "trades":
            sides = ("buy_volume", "sell_volume") if self.sided else ()
            data |= {column: told[column] for column in ("vwap", *sides)}
        return _by_symbol(pl.DataFrame(data), told["symbol"], told["names"])


def _by_symbol(bars: pl.DataFrame, symbols: npt.NDArray[np.uint32], names: Sequence[str]) -> pl.DataFrame:
    """Rows in the order of their symbols' names, each symbol's as they came."""
    ranks = np.empty(len(names), np.int64)
    ranks[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
    by_row = ranks[symbols]
    return bars if _core.first_unsorted(by_row, False) < 0 else bars[np.argsort(by_row, kind="stable")]


def symbols_of(series: pl.Series) -> tuple[Any, list[str]]:
    if series.null_count():
        raise ValueError(f"symbol at row {int(series.is_null().arg_max() or 0)} is null; a name is wanted")
    if series.dtype == pl.Null:
        series = series.cast(pl.String)
    if series.dtype not in (pl.String, pl.Categorical, pl.Enum):
        raise TypeError(f"symbol must hold names (String, Categorical or Enum), not {series.dtype}")
    codes, names = frames.symbols(series, "df")
    return codes, list(names)


def check_sorted(times: Timestamps, codes: Any, names: list[str]) -> None:
    row = _core.first_unsorted_of(times.ns, codes)
    if row >= 0:
        at = _core.format_times(times.ns[row : row + 1])[0]
        raise ValueError(
            f"ts at row {row} ({at}) is earlier than the row before it of symbol {names[codes[row]]!r}; "
            "sort each symbol's rows by ts first"
        )


def _columns(df: pl.DataFrame, of: Kind) -> dict[str, Any]:
    """Its columns as arrays. The source judges their values, but for what it takes for unknown."""
    columns = {name: floats(df[name], name) for name in _REQUIRED[of] if name not in ("ts", "symbol")}
    if of == "trades" and "side" in df.columns:
        columns["side"] = _sides(df["side"])
    if of == "ohlcv" and "adj_close" in df.columns:
        columns["adj_close"] = prices(df["adj_close"], "adj_close")
    return columns


def _check(columns: Mapping[str, Any]) -> None:
    """Names the first value, column by column, that is none of a market."""
    for name in ("price", "open", "high", "low", "close"):
        if name in columns:
            prices(columns[name], name)
    if "size" in columns:
        positive(columns["size"], "size", "a size")
    if "volume" in columns:
        within(columns["volume"], "volume", 0.0, LARGEST, "a volume must be finite and >= 0")


def _sides(series: pl.Series) -> Any:
    wanted = "side must be 'buy', 'sell', 'b', 's', +1, -1, or null where it is unknown"
    if series.dtype == pl.Null:
        return np.zeros(len(series), np.int8)
    if series.dtype in (pl.String, pl.Categorical, pl.Enum):
        series = frames.sides(series)
    elif not series.dtype.is_numeric():
        raise TypeError(f"{wanted}, not {series.dtype}")
    values = series.cast(pl.Float64).fill_null(0.0)
    bad = ~values.is_in([-1.0, 0.0, 1.0])
    if bad.any():
        raise ValueError(f"side at row {int(bad.arg_max() or 0)}: {wanted}")
    return np.ascontiguousarray(values.cast(pl.Int8).to_numpy())
