"""A run of the pipeline: its arguments as rows, and whether it or its model looks ahead."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from openquant import events, portfolio
from openquant._arguments import (
    floats,
    is_list,
    names,
    number,
    prices,
    probabilities,
    same_length,
    whole,
    within,
)
from openquant._batch import PART, Aligned, Rows, open_replay
from openquant._lazy import np, pl
from openquant._timestamps import Timestamps
from openquant.graph import Graph

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from openquant._arguments import Floats, Ints, Numbers, Times

    Model = Callable[[pl.DataFrame], Numbers]


_ALL_PREFIXES = 512  # bars up to which a model is asked on every prefix
_PREFIXES = 32
_CUTS = 3  # at which a graph's outputs are counted: it is the same code at every length
_SAME_PROBABILITY = 1e-9  # a model's sums may be rounded otherwise over fewer rows

# The columns of the graph's tables that a run gives out.
_OUTPUTS = {
    "signals": ("source_position", "prob", "side", "size"),
    "positions": ("value",),
    "returns": ("strategy_return",),
    "equity": ("equity", "drawdown"),
}


@dataclass(frozen=True)
class Given:
    """Arguments of a run, read and checked."""

    times: Timestamps
    ts: Ints  # of the bars, as a stream takes them
    close: Floats
    probs: Floats
    sides: Floats | None
    assets: Floats
    asset_names: list[str]
    model: Model | None
    as_list: bool
    assets_as_list: bool
    parameters: dict[str, Any]

    def bars(self) -> Rows:
        side = np.ones(len(self.close)) if self.sides is None else self.sides
        columns = {"ts": self.ts, "price": self.close, "prob": self.probs, "side": side}
        return Rows(events.Forecast, columns, ["close"])

    def asset_rows(self) -> Aligned:
        """Row by row at the times of the bars, those beyond the last bar at its time."""
        beyond = max(0, len(self.assets) - len(self.ts))
        times = np.append(self.ts, np.full(beyond, self.ts[-1])) if beyond else self.ts[: len(self.assets)]
        return Aligned(self.assets, times, self.asset_names)

    def frame(self, rows: int) -> pl.DataFrame:
        """What a model sees when `rows` bars have come."""
        data: dict[str, Any] = {"ts": self.times.series("ts")[:rows], "close": self.close[:rows]}
        return pl.DataFrame(data if self.sides is None else {**data, "side": self.sides[:rows]})

    def predict(self, rows: int) -> Floats:
        """What the model says of the first `rows` bars when no more have come."""
        assert self.model is not None
        try:
            said = self.model(self.frame(rows))
        except Exception as error:
            raise ValueError(f"model_probabilities failed on {rows} bars: {type(error).__name__}: {error}") from error
        said = probabilities(said, "what model_probabilities returned")
        if len(said) != rows:
            raise ValueError(f"model_probabilities returned {len(said)} probabilities for {rows} bars")
        return said


def read(
    timestamps: Times,
    close: Numbers,
    model_probabilities: Numbers | Model,
    asset_prices: Any,
    model_sides: Numbers | None,
    asset_names: Sequence[str] | None,
    **parameters: Any,
) -> Given:
    times = Timestamps(timestamps, "timestamps").sorted()
    c = prices(close)
    same_length("close", len(c), "timestamps", len(times))
    if not len(c):
        raise ValueError("close is empty; at least one bar is wanted")
    model = model_probabilities if callable(model_probabilities) else None
    probs = (
        np.full(len(c), 0.5)
        if callable(model_probabilities)
        else probabilities(model_probabilities, "model_probabilities")
    )
    same_length("close", len(c), "model_probabilities", len(probs))
    sides = None
    if model_sides is not None:
        sides = within(floats(model_sides, "model_sides"), "model_sides", -1.0, 1.0, "a side must be in [-1, 1]")
        same_length("close", len(c), "model_sides", len(sides))
    assets = portfolio.price_matrix(asset_prices, "asset_prices", portfolio.MOST_ASSETS)
    given_names = (
        [f"asset_{i}" for i in range(assets.shape[1])] if asset_names is None else names(asset_names, "asset_names")
    )
    same_length("asset_prices columns", assets.shape[1], "asset_names", len(given_names))
    if len(set(given_names)) != len(given_names):
        raise ValueError("asset_names must differ from each other")
    listed = is_list(close), is_list(asset_prices)
    given = Given(
        times, times.streamed()[0], c, probs, sides, assets, given_names, model, *listed, _checked(parameters)
    )
    return given if model is None else replace(given, probs=given.predict(len(c)))


def _checked(p: dict[str, Any]) -> dict[str, Any]:
    return {
        "cusum_threshold": number(p["cusum_threshold"], "cusum_threshold", 0.0, above=True),
        "num_classes": whole(p["num_classes"], "num_classes", 2, 1_000_000),
        "step_size": number(p["step_size"], "step_size", 0.0, 1.0, above=True),
        "risk_free_rate": number(p["risk_free_rate"], "risk_free_rate", -1.0, 10.0),
        "confidence_level": number(p["confidence_level"], "confidence_level", 0.0, 1.0),
        "periods_per_year": number(p["periods_per_year"], "periods_per_year", 0.0, 1e14, above=True),
    }


def _prefixes(bars: int, indices: Ints) -> list[int]:
    """Lengths at which a model is asked: all of a short run; else random ones, half ending with an event, where it counts."""
    if bars <= _ALL_PREFIXES:
        return list(range(1, bars))
    draw = random.Random(bars)  # seeded: a run repeats
    at_events = [i + 1 for i in indices.tolist() if i + 1 < bars]
    return sorted({*draw.sample(range(1, bars), _PREFIXES), *draw.sample(at_events, min(_PREFIXES, len(at_events)))})


def model_looks_ahead(given: Given, indices: Ints) -> bool:
    """Whether the model says anything else of the first bars when the later ones have not come yet."""
    for rows in _prefixes(len(given.close), indices) if given.model is not None else ():
        if (np.abs(given.predict(rows) - given.probs[:rows]) > _SAME_PROBABILITY).any():
            return True
    return False


class Outputs:
    """What the graph of the pipeline says of the bars, taken part by part: no table has to hold them all."""

    deepest = longest = 0.0  # drawdown, and time under water in ns

    def __init__(self, bars: int) -> None:
        kinds = {"source_position": np.uint64}
        self._columns = {
            table: {name: np.empty(bars, kinds.get(name, np.float64)) for name in names}
            for table, names in _OUTPUTS.items()
        }
        self._rows = dict.fromkeys(_OUTPUTS, 0)

    def __getitem__(self, place: tuple[str, str]) -> npt.NDArray[Any]:
        table, name = place
        return self._columns[table][name][: self._rows[table]]

    def take(self, graph: Graph) -> None:
        tables = graph.tables
        for table, columns in self._columns.items():
            rows, begin = len(tables[table]), self._rows[table]
            if not rows:
                continue
            told = tables[table].take()
            end = self._rows[table] = begin + rows
            for name, values in columns.items():
                values[begin:end] = told[name]
            if table == "equity":
                self.deepest, self.longest = told["max_drawdown"][-1], told["longest_under_water_ns"][-1]

    def change_with_later_bars(self, graph: Graph, given: Given) -> bool:
        """Whether a graph at its beginning says anything else of the first bars when the later ones have not come yet.

        Rows of a table never change: those that came by a cut have only to be counted there, and can be compared later.
        """
        bars = len(given.close)
        cuts = {bars * k // (_CUTS + 1) for k in range(1, _CUTS + 1)} - {0}
        replay = open_replay(graph, {"bars": given.bars()}, flush=False)
        done, compared = 0, dict.fromkeys(_OUTPUTS, 0)
        for rows in sorted({*cuts, *range(PART, max(cuts, default=0), PART)}):
            replay.step(rows - done)
            done = rows
            events = int(np.searchsorted(self["signals", "source_position"], rows))
            expected = {"signals": events, "positions": rows, "returns": rows - 1, "equity": rows - 1}
            tables = graph.tables
            if any(compared[table] + len(tables[table]) != n for table, n in expected.items()):
                return True
            if rows % PART == 0 or rows == max(cuts):
                if not self._same(graph, compared):
                    return True
                compared = expected
        replay.stop()
        return False

    def _same(self, graph: Graph, begin: dict[str, int]) -> bool:
        for table, columns in self._columns.items():
            told = graph.tables[table].take()
            rows = slice(begin[table], begin[table] + len(told["ts"]))
            if not all((told[name] == values[rows]).all() for name, values in columns.items()):
                return False
        return True


def summary_row(out: Any) -> dict[str, Any]:
    """The figures by which runs are compared."""
    if not isinstance(out, dict):
        raise TypeError(f"out must be what run_mid_frequency_pipeline returned, not {type(out).__name__}")
    parts = {
        "portfolio": ("portfolio_sharpe", "portfolio_return", "portfolio_risk"),
        "risk": ("realized_sharpe", "value_at_risk", "expected_shortfall", "conditional_drawdown_risk"),
        "leakage_checks": ("inputs_aligned", "event_indices_sorted", "has_forward_look_bias"),
    }
    row: dict[str, Any] = {}
    for part, figures in parts.items():
        for figure in figures:
            if not isinstance(out.get(part), dict) or figure not in out[part]:
                raise ValueError(f"out has no {part}.{figure}; pass what run_mid_frequency_pipeline returned")
            row[figure] = out[part][figure]
    return row
