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
from openquant._batch import Aligned, Rows, open_replay
from openquant._lazy import np, pl
from openquant._timestamps import Timestamps
from openquant.graph import Graph

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from openquant._arguments import Floats, Numbers, Times

    Model = Callable[[pl.DataFrame], Numbers]
    Tables = dict[str, dict[str, npt.NDArray[Any]]]


_ALL_PREFIXES = 512  # bars up to which a model is asked on every prefix
_PREFIXES = 32
_CUTS = 4  # at which a graph's outputs are compared: it is the same code at every length
_SAME_PROBABILITY = 1e-9  # a model's sums may be rounded otherwise over fewer rows


@dataclass(frozen=True)
class Given:
    """Arguments of a run, read and checked."""

    times: Timestamps
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
        columns = {"ts": self.times.streamed()[0], "price": self.close, "prob": self.probs, "side": side}
        return Rows(events.Forecast, columns, ["close"])

    def asset_rows(self) -> Aligned:
        rows = np.minimum(np.arange(len(self.assets)), len(self.times) - 1)
        return Aligned(self.assets, self.times.streamed()[0][rows], self.asset_names)

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
    parameters: dict[str, Any],
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
    given = Given(
        times, c, probs, sides, assets, given_names, model, is_list(close), is_list(asset_prices), _checked(parameters)
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


def prefixes(bars: int, indices: Sequence[int]) -> list[int]:
    """Lengths of prefixes: all of a short run; else random ones, half of them ending with an event, where probabilities count."""
    if bars <= _ALL_PREFIXES:
        return list(range(1, bars))
    draw = random.Random(bars)  # seeded: a run repeats
    at_events = [i + 1 for i in indices if i + 1 < bars]
    return sorted({*draw.sample(range(1, bars), _PREFIXES), *draw.sample(at_events, min(_PREFIXES, len(at_events)))})


def looks_ahead(given: Given, graph: Graph, tables: Tables, lengths: Sequence[int]) -> bool:
    """Whether the model, or a fresh graph, says anything else of the first bars when the later ones have not come yet."""
    if given.model is not None:
        for rows in lengths:
            if (np.abs(given.predict(rows) - given.probs[:rows]) > _SAME_PROBABILITY).any():
                return True
    replay = open_replay(graph, {"bars": given.bars()}, flush=False)
    done, taken = 0, dict.fromkeys(("signals", "positions", "returns", "equity"), 0)
    for rows in lengths[:: -(-len(lengths) // _CUTS)]:
        replay.step(rows - done)
        done = rows
        signals = int(np.searchsorted(tables["signals"]["source_position"], rows))
        expected = {"signals": signals, "positions": rows, "returns": rows - 1, "equity": rows - 1}
        for name, end in expected.items():
            if not _same(graph.tables[name].take(), tables[name], taken[name], end):
                return True
            taken[name] = end
    replay.stop()
    return False


def _same(told: dict[str, Any], of: dict[str, Any], begin: int, end: int) -> bool:
    """Whether what came since the prefix before is what the whole run has there: rows of a table never change."""
    fields = [name for name in of if name not in ("names", "symbol")]
    return all(np.array_equal(told[name], of[name][begin:end]) for name in fields)


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
