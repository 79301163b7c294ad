"""What is measured and what is to be reached: the one place where targets stand. Knows nothing of how it is measured.

`known` are figures of peers that are not measured here, on a shared 2-core machine of another day: the Rust crate that openquant follows,
and runs of peers of which this bench makes its own too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

OURS = "openquant"


@dataclass(frozen=True)
class AtMost:
    limit: float

    def __str__(self) -> str:
        return f"<= {self.limit:g}"

    def met(self, ours: float, peers: Mapping[str, float]) -> bool:
        return ours <= self.limit


@dataclass(frozen=True)
class AtLeast:
    limit: float

    def __str__(self) -> str:
        return f">= {self.limit:g}"

    def met(self, ours: float, peers: Mapping[str, float]) -> bool:
        return ours >= self.limit


@dataclass(frozen=True)
class Faster:
    """As many times the speed of a peer measured in the same run."""

    times: float
    peer: str

    def __str__(self) -> str:
        return f">= {self.times:g} x {self.peer}"

    def met(self, ours: float, peers: Mapping[str, float]) -> bool | None:
        return peers[self.peer] / ours >= self.times if self.peer in peers else None


Target = AtMost | AtLeast | Faster


@dataclass(frozen=True)
class Figure:
    name: str
    unit: str
    target: Target | None = None
    known: Mapping[str, float] = field(default_factory=dict)
    more_is_better: bool = False


@dataclass(frozen=True)
class Row:
    what: str
    figures: tuple[Figure, ...]
    suite: str


ROWS: dict[str, Row] = {
    "passthrough": Row(
        "a stream of (ts, double) into a checksum; whole trades into a table apart",
        (
            Figure("checksum", "ns/event", AtMost(2.0), {"csp": 48.0}),
            Figure("collected trades", "ns/event"),
        ),
        "engine",
    ),
    "one more node": Row(
        "what each of four more EwmaMean in a row adds",
        (
            Figure("replay", "ns/event", AtMost(2.0), {"csp": 18.0}),
            Figure("one-row chunks", "ns/event", AtMost(6.0), {"csp": 18.0}),
        ),
        "engine",
    ),
    "chain": Row(
        "EwmaMean; of it RollingMean(100), RollingStd(100) and ZScoreFilter(100, 100), which is z and filter; a checksum of each of the three",
        (
            Figure("replay", "ns/event", AtMost(15.0), {"csp": 347.0, "pandas batch": 83.0, "fused C++ loop": 5.6}),
            Figure("one-row chunks", "ns/event", AtMost(60.0), {"csp": 347.0}),
        ),
        "engine",
    ),
    "volume bars": Row(
        "exact volume bars (reset), every field, into a table",
        (
            Figure(
                "replay", "ns/event", AtMost(4.0), {"csp, a Python node": 169.0, "pandas": 53.0, "fused C++ loop": 1.3}
            ),
        ),
        "engine",
    ),
    "dollar bars": Row(
        "trades with random sides, polars columns in, a polars frame of bars with all fields out",
        (
            Figure("3 symbols, Categorical", "ns/tick", Faster(0.9, "numba keyed loop"), {"numba keyed loop": 2.8}),
            Figure(
                "3 symbols beside polars", "ns/tick", Faster(8.0, "polars group_by"), {"nautilus aggregator": 2000.0}
            ),
            Figure("1 symbol", "ns/tick", Faster(0.7, "numba loop in registers"), {"numba loop in registers": 1.6}),
            Figure("String column, on top", "ns/tick", AtMost(3.0), {"polars cast to Categorical": 12.6}),
        ),
        "bars",
    ),
    "CUSUM": Row(
        "indices of 1,000,000 closes, a numpy array",
        (Figure("indices", "ms", AtMost(6.0), {"numba": 8.8, "Rust": 6.5}),),
        "filters",
    ),
    "z-score filter": Row(
        "indices of 1,000,000 values, a numpy array; windows that heal exactly",
        (
            Figure("window 100", "ms", AtMost(12.0), {"Rust": 190.0}),
            Figure("window 1,000", "ms", AtMost(12.0), {"Rust": 2410.0}),
            Figure("one update, p99.9, window 100", "us", AtMost(2.0)),
            Figure("one update, p99.9, window 1,000", "us", AtMost(2.0)),
        ),
        "filters",
    ),
    "triple barrier": Row(
        "labels of 10,000 events on 100,000 closes, arrays in, a frame out",
        (Figure("10,000 events", "ms", AtMost(1.0), {"numba scan": 0.5, "Rust": 10.9, "mlfinpy": 9600.0}),),
        "labels",
    ),
    "triple barrier, wide": Row(
        "labels of 100,000 events on 1,000,000 closes, no vertical barrier, barriers that few paths meet early",
        (Figure("100,000 events", "s", AtMost(0.15), {"Rust, more than": 25.0}),),
        "labels",
    ),
    "seq_bootstrap": Row(
        "1,000 draws of 1,000 labels on 5,000 bars, by intervals",
        (
            Figure("intervals", "ms", AtMost(3.4), {"numba intervals": 3.4, "Rust": 5200.0, "mlfinpy": 43000.0}),
            Figure("from the matrix", "ms"),
        ),
        "labels",
    ),
    "VaR + ES": Row(
        "of 1,000,000 returns, selected when the stream ends",
        (
            Figure("both functions", "ms", AtMost(8.0), {"numpy partition": 10.8}),
            Figure("one graph for both", "ms"),
        ),
        "risk",
    ),
    "portfolios": Row(
        "50 assets, 1,000 prices each, long only, exact",
        (
            Figure("min vol", "ms", AtMost(0.6), {"numba active set": 0.6, "PyPortfolioOpt": 22.0}),
            Figure("max Sharpe", "ms", AtMost(0.6), {"numba active set": 0.6, "PyPortfolioOpt": 22.0}),
        ),
        "risk",
    ),
    "flywheel": Row(
        "an iteration on 2,048 bars, as python/benchmarks/benchmark_pipeline.py",
        (Figure("iteration", "ms", AtMost(0.9), {"Rust": 7.4}),),
        "pipeline",
    ),
    "pipeline": Row(
        "1,000,000 bars, arrays in and out",
        (
            Figure("time", "s", AtMost(0.25), {"Rust, lists": 3.0}),
            Figure("memory above the inputs", "MB", AtMost(150.0), {"Rust, lists": 630.0}),
        ),
        "pipeline",
    ),
    "data functions": Row(
        "1,000,000 sorted rows of 10 symbols with a datetime column; shuffled rows apart",
        (
            Figure("clean_ohlcv", "ms", AtMost(60.0), {"Rust": 2900.0}),
            Figure("align_calendar", "ms", AtMost(100.0), {"Rust": 4200.0}),
            *(
                Figure(f"build_{kind}_bars", "ms", AtMost(20.0), {"Rust, 4-9 s": 4000.0})
                for kind in ("tick", "volume", "dollar", "time")
            ),
            Figure("clean_ohlcv, shuffled", "ms"),
            Figure("align_calendar, shuffled", "ms"),
        ),
        "data",
    ),
    "read trades": Row(
        "uncompressed files in the page cache, into the graph",
        (
            Figure("NDJSON", "M msg/s", AtLeast(5.0), {"simdjson alone": 9.0, "pure Python": 0.04}, True),
            Figure("NDJSON, items", "M msg/s", AtLeast(5.0), {"simdjson alone": 9.0, "pure Python": 0.04}, True),
            *(
                Figure(f"Binance CSV, {kind}", "M rows/s", AtLeast(12.0), {"from_chars": 20.0}, True)
                for kind in ("trades", "aggTrades", "futures")
            ),
            Figure("CSV with named columns", "M rows/s", None, {}, True),
            *(Figure(f"mixed capture, {kind}", "MB/s", None, {}, True) for kind in ("spot", "USD-M", "items")),
        ),
        "readers",
    ),
    "5,000 symbols": Row(
        "DollarBars, EwmaVolatility, CusumFilter and ZScoreFilter, uniform random symbols; the harder variant counts",
        (
            Figure("build, all read ticks", "ms", AtMost(50.0), {"csp": 7800.0}),
            Figure("replay, all read ticks", "ns/tick", AtMost(15.0)),
            Figure("build, three read bars", "ms", AtMost(50.0), {"csp": 7800.0}),
            Figure("replay, three read bars", "ns/tick", AtMost(15.0)),
        ),
        "engine",
    ),
    "strategy": Row(
        "the whole graph of make demo on real trades of three symbols, every table collected",
        (Figure("the recording", "ns/tick"), Figure("100 of it", "ns/tick")),
        "strategy",
    ),
    "metrics": Row(
        "the chain with the always-on metrics, above a build without them",
        (
            Figure("chunk 4096", "%", AtMost(10.0), {"csp profiler": 225.0}),
            Figure("chunk 1", "%", AtMost(10.0), {"csp profiler": 225.0}),
        ),
        "engine",
    ),
    "wire to signal": Row(
        "in process, open loop, 100,000 messages a second, times from the schedule",
        (
            Figure("p50", "us", AtMost(2.0), {"csp push": 20.0}),
            Figure("p99", "us", AtMost(10.0), {"csp push": 55.0}),
        ),
        "latency",
    ),
    "scale": Row(
        "1 -> 2 engine threads over groups of symbols, on the chain, inputs split beforehand; the same bytes of each symbol; wall time",
        (Figure("speed-up", "x", AtLeast(1.7), {}, True),),
        "engine",
    ),
    "100 million ticks": Row(
        "streamed from disk in constant memory",
        (
            Figure("1,000,000", "ns/tick"),
            Figure("10,000,000", "ns/tick"),
            Figure("100,000,000", "ns/tick"),
            Figure("time a tick, 100 M over 10 M", "x", AtMost(1.1)),
            Figure("peak memory, 100 M over 10 M", "x", AtMost(1.1)),
        ),
        "long",
    ),
}


def judged(figure: Figure, contenders: Mapping[str, Mapping[str, Any]], quick: bool) -> dict[str, Any]:
    """A figure's entry in the results: ours, peers, ratios, target and whether it is reached, which less work cannot show."""
    measured = {name: dict(told) for name, told in contenders.items() if "absent" not in told}
    absent = {name: told["absent"] for name, told in contenders.items() if "absent" in told}
    ours = measured.pop(OURS, None)
    entry: dict[str, Any] = {"name": figure.name, "unit": figure.unit, "ours": ours, "peers": measured}
    entry["known"] = dict(figure.known)
    if absent:
        entry["absent"] = absent
    entry["target"] = str(figure.target) if figure.target else None
    best = {name: told["best"] for name, told in measured.items()}
    entry["ratios"] = (
        {name: ratio(figure, ours["best"], peer) for name, peer in (dict(figure.known) | best).items()} if ours else {}
    )
    entry["reached"] = figure.target.met(ours["best"], best) if figure.target and ours and not quick else None
    return entry


def ratio(figure: Figure, ours: float, peer: float) -> float | None:
    """How many times faster ours is; none beside a difference that is noise."""
    if ours <= 0.0:
        return None
    return ours / peer if figure.more_is_better else peer / ours
