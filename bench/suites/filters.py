"""CUSUM and z-score indices of 1,000,000 closes, beside loops in numba; and the time of single updates of the z-score filter."""

from __future__ import annotations

import re

import numpy as np

from measuring import MS, OURS, Figures, alternate, built, printed, quick, show
from openquant import filters

try:
    from peers import loops
except ImportError:
    loops = None  # type: ignore[assignment]

ROWS, ROUNDS = quick(1_000_000, 100_000), quick(15, 5)
THRESHOLD, DEVIATIONS = 0.005, 2.0


def same(mine: np.ndarray, theirs: np.ndarray, slack: float) -> None:  # type: ignore[type-arg]
    """Sums that are not exact decide a case at the threshold in another way now and then."""
    if len(np.setxor1d(mine, theirs)) > slack * len(mine):
        raise SystemExit("the filter and the numba loop do not find the same rows")


def main() -> None:
    close = 100.0 * np.exp(np.cumsum(np.random.default_rng(2).normal(0.0, 1e-3, ROWS)))
    figures: Figures = {}
    contenders = {OURS: lambda: filters.cusum_filter_indices(close, THRESHOLD)}
    if loops:
        contenders["numba"] = lambda: loops.cusum(close, THRESHOLD)
        same(contenders[OURS](), contenders["numba"](), 1e-3)
    figures["CUSUM/indices"] = alternate(contenders, MS, ROUNDS)
    for window in (100, 1_000):
        contenders = {OURS: lambda w=window: filters.z_score_filter_indices(close, w, w, DEVIATIONS)}
        if loops:
            contenders["numba, sums that do not heal"] = lambda w=window: loops.z_score(close, w, DEVIATIONS)
            same(contenders[OURS](), contenders["numba, sums that do not heal"](), 1e-3)
        figures[f"z-score filter/window {window:,}"] = alternate(contenders, MS, ROUNDS)
    single = printed(
        [
            built("operators"),
            "--benchmark_filter=latency_of_window/100+$",
            "--benchmark_format=json",
            "--benchmark_repetitions=5",
        ]
    )
    for window in (100, 1_000):
        of_window = re.compile(rf"latency_of_window/{window}$")
        runs = [
            b["p99.9_ns"] / 1e3
            for b in single["benchmarks"]
            if b["run_type"] == "iteration" and of_window.search(b["run_name"])
        ]
        figures[f"z-score filter/one update, p99.9, window {window:,}"] = {
            OURS: {"best": min(runs), "median": float(np.median(runs)), "runs": len(runs)}
        }
    show(figures)


if __name__ == "__main__":
    main()
