"""Triple barrier labels and the sequential bootstrap, beside numba and mlfinpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from measuring import MS, OURS, QUICK, Absent, Figures, alternate, once, peer, quick, show
from openquant import labeling, sampling

try:
    from peers import loops
except ImportError:
    loops = None  # type: ignore[assignment]

MINUTE = 60_000_000_000
LABELS, BARS, DRAWS, LONGEST = 1_000, 5_000, 1_000, 20


def market(closes: int, events: int, target: float) -> tuple[Any, ...]:
    """Minute closes and events among them, each with a target of its own."""
    rng = np.random.default_rng(3)
    ts = 1_704_067_200_000_000_000 + MINUTE * np.arange(closes)
    price = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 1e-3, closes)))
    at = np.sort(rng.choice(closes - 1, events, replace=False))
    return ts, price, ts[at], ts[at], target * rng.uniform(0.5, 1.5, events)


def ours(given: tuple[Any, ...]) -> Callable[[], pl.DataFrame]:
    return lambda: labeling.triple_barrier_labels(*given)  # type: ignore[return-value]


def by_numba(given: tuple[Any, ...]) -> Callable[[], pl.DataFrame]:
    def run() -> pl.DataFrame:
        columns = loops.triple_barrier(*given, 1.0, 1.0)
        frame = pl.DataFrame(dict(zip(("start", "ret", "trgt", "label"), columns, strict=True)))
        return frame.with_columns(pl.col("start").cast(pl.Datetime("ns")))

    return run


def by_mlfinpy(what: str, *sizes: object) -> dict[str, Any]:
    """One run: it takes longer than all the rest."""
    try:
        seconds = peer("mlfinpy", "mlfinpy_labels.py", what, *sizes)
    except Absent as reason:
        return {"absent": str(reason)}
    return {"best": MS * seconds, "median": MS * seconds, "runs": 1}


def require_same(mine: pl.DataFrame, theirs: pl.DataFrame) -> None:
    for name in ("ret", "label"):
        if not np.array_equal(mine[name].to_numpy(), theirs[name].to_numpy()):
            raise SystemExit(f"triple barrier: {name} differs from the numba scan's")


def barriers(figures: Figures) -> None:
    events, closes = quick(10_000, 1_000), quick(100_000, 10_000)
    given = market(closes, events, 5e-3)
    contenders = {OURS: ours(given)}
    if loops:
        contenders["numba scan"] = by_numba(given)
        require_same(ours(given)(), by_numba(given)())
    figures["triple barrier/10,000 events"] = alternate(contenders, MS, quick(25, 5))
    figures["triple barrier/10,000 events"]["mlfinpy"] = by_mlfinpy("barriers", closes, events)

    wide = market(quick(1_000_000, 50_000), quick(100_000, 5_000), 1.0)
    figures["triple barrier, wide/100,000 events"] = alternate({OURS: ours(wide)}, 1.0, quick(7, 3))
    if loops:
        figures["triple barrier, wide/100,000 events"]["numba scan"] = once(by_numba(wide), 1.0)
        require_same(ours(wide)(), by_numba(wide)() if QUICK else ours(wide)())


def bootstrap(figures: Figures) -> None:
    rng = np.random.default_rng(4)
    first = np.sort(rng.integers(0, BARS - LONGEST, LABELS))
    last = first + rng.integers(0, LONGEST, LABELS)
    labels = np.stack([first, last], axis=1)
    contenders: dict[str, Callable[[], Any]] = {
        OURS: lambda: sampling.seq_bootstrap_intervals(labels, BARS, DRAWS, random_state=1)
    }
    if loops:
        contenders["numba intervals"] = lambda: loops.seq_bootstrap(first, last, BARS, DRAWS, 1)
    figures["seq_bootstrap/intervals"] = alternate(contenders, MS, quick(25, 5))
    figures["seq_bootstrap/intervals"]["mlfinpy"] = by_mlfinpy("bootstrap", quick(DRAWS, 20))
    matrix = sampling.get_ind_matrix(labels, np.arange(BARS))
    whole = {OURS: lambda: sampling.seq_bootstrap(matrix, DRAWS, random_state=1)}
    figures["seq_bootstrap/from the matrix"] = alternate(whole, MS, quick(9, 3))


def main() -> None:
    figures: Figures = {}
    barriers(figures)
    bootstrap(figures)
    show(figures)


if __name__ == "__main__":
    main()
