"""A flywheel iteration, and the pipeline on 1,000,000 bars with what memory it takes above its inputs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from measuring import MS, OURS, Figures, alternate, quick, show, told
from openquant.pipeline import run_mid_frequency_pipeline
from openquant.research import make_synthetic_futures_dataset, run_flywheel_iteration

BARS = quick(1_000_000, 50_000)
MINUTE = 60_000_000_000


def inputs(bars: int) -> tuple[Any, ...]:
    """A price, a model's probabilities and sides, and four assets: arrays."""
    rng = np.random.default_rng(7)
    steps = rng.normal(0.0, 8e-4, bars)
    close = 75.0 * np.exp(np.cumsum(steps))
    own = rng.normal(1e-6, 8e-4, (bars, 4))
    assets = 100.0 * np.exp(np.cumsum(0.5 * steps[:, None] + own, axis=0))
    side = np.where(rng.random(bars) < 0.5, -1.0, 1.0)
    return 1_704_067_200_000_000_000 + MINUTE * np.arange(bars), close, rng.uniform(0.5, 0.9, bars), assets, side


def memory(name: str) -> float:
    """Resident memory of this process in MB: VmRSS now, VmHWM at most since it was reset."""
    found = re.search(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) * 1024 / 1e6


def above_inputs(given: tuple[Any, ...]) -> float:
    before = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    out = run_mid_frequency_pipeline(*given)
    peak = memory("VmHWM")
    assert len(out["backtest"]["equity_curve"]) == BARS
    return peak - before


def main() -> None:
    figures: Figures = {}
    run_mid_frequency_pipeline(*inputs(2_000))  # what a first call loads is not the pipeline's
    given = inputs(BARS)
    figures["pipeline/memory above the inputs"] = {OURS: told([above_inputs(given)])}
    figures["pipeline/time"] = alternate({OURS: lambda: run_mid_frequency_pipeline(*given)}, 1.0, quick(7, 3))
    dataset = make_synthetic_futures_dataset(n_bars=2048)
    figures["flywheel/iteration"] = alternate({OURS: lambda: run_flywheel_iteration(dataset)}, MS, quick(100, 10))
    show(figures)


if __name__ == "__main__":
    main()
