"""The rows of bench/engine.cpp, beside csp in processes of its own in turn, pandas and polars; and the cost of metrics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from measuring import NS, OURS, QUICK, Figures, Own, Told, alternate, built, merge, peer, printed, quick, show

try:
    from peers import batch_chain
except ImportError:
    batch_chain = None  # type: ignore[assignment]

EVENTS, ROUNDS = quick(5_000_000, 300_000), quick(5, 2)
CSP_EVENTS = quick(1_000_000, 50_000)
TURNS = quick(3, 2)


def engine(row: str, program: str = "engine") -> Figures:
    return printed([built(program), "--only", row, "--events", str(EVENTS), "--rounds", str(ROUNDS)])  # type: ignore[no-any-return]


def csp(row: str) -> Callable[[], Own]:
    return lambda: Own(peer("csp", "csp_engine.py", row, CSP_EVENTS))


def beside(row: str, figure: str, peers: dict[str, Callable[[], object]], scale: float) -> Figures:
    """Ours, then the peers, and again."""
    parts: list[Figures] = []
    for _ in range(TURNS):
        parts.append(engine(row))
        parts.append({figure: alternate(peers, scale, 1, warm_up=bool(scale))})
    return merge(parts)


def cost_of_metrics() -> Figures:
    """Percent of CPU time above the build that has none: a ratio of bests and one of medians."""
    turns: dict[str, list[Figures]] = {"engine": [], "engine_without_metrics": []}
    for _ in range(2 * TURNS):
        for program, parts in turns.items():
            parts.append(engine("metrics", program))
    with_, without = (merge(parts) for parts in turns.values())

    def percent(figure: str) -> Told:
        a, b = with_[figure][OURS], without[figure][OURS]
        return {key: 100.0 * (a[key] / b[key] - 1.0) for key in ("best", "median")} | {"runs": a["runs"]}

    return {figure: {OURS: percent(figure)} for figure in with_}


def speed_up() -> Figures:
    parts = [engine("scale") for _ in range(TURNS)]
    both = merge(parts)["scale/two threads"]
    ratio: dict[str, Any] = {key: both["one thread"][key] / both[OURS][key] for key in ("best", "median")}
    return {"scale/speed-up": {OURS: ratio | {"runs": both[OURS]["runs"]}}}


def many_symbols() -> Figures:
    """csp wires for so long that one turn is enough."""
    figures = merge(engine("5,000 symbols") for _ in range(TURNS))
    if not QUICK:
        figures["5,000 symbols/build, all read ticks"] |= alternate(
            {"csp": csp("5,000 symbols")}, 0.0, 1, warm_up=False
        )
    return figures


def main() -> None:
    batches: dict[str, Callable[[], object]] = {}
    bars: dict[str, Callable[[], object]] = {}
    if batch_chain:
        values = batch_chain.walk(EVENTS)
        batches = {"pandas batch": batch_chain.in_pandas(values), "polars batch": batch_chain.in_polars(values)}
        bars = {"pandas": batch_chain.bars_in_pandas(EVENTS)}
    scale = NS / EVENTS
    show(
        beside("passthrough", "passthrough/checksum", {"csp": csp("passthrough")}, 0.0)
        | beside("one more node", "one more node/replay", {"csp": csp("one more node")}, 0.0)
        | beside("chain", "chain/replay", {"csp": csp("chain"), **batches}, scale)
        | beside("volume bars", "volume bars/replay", {"csp, a Python node": csp("volume bars"), **bars}, scale)
        | many_symbols()
        | cost_of_metrics()
        | speed_up()
    )


if __name__ == "__main__":
    main()
