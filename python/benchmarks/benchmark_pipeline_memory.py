"""Time and memory of one run of the pipeline on long arrays: what its process holds at most above the inputs.

.venv/bin/python python/benchmarks/benchmark_pipeline_memory.py --bars 1000000 --runs 4
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from openquant import _core
from openquant.pipeline import run_mid_frequency_pipeline

MINUTE_NS = 60_000_000_000


def resident_mb(what: str) -> float:
    """VmRSS now, or VmHWM: the most since `forget_peak`."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(what))
    return int(line.split()[1]) / 1024


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bars", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=4)
    given = parser.parse_args()
    if given.bars < 2048 or given.runs < 1:
        parser.error("--bars must be >= 2048 and --runs >= 1")
    close, prob, side, assets = _core.kernels.synthetic_market(given.bars, 4, 7)
    times = 1_704_101_400_000_000_000 + MINUTE_NS * np.arange(given.bars)
    run_mid_frequency_pipeline(times[:2048], close[:2048], prob[:2048], assets[:2048], side[:2048])  # imports
    for _ in range(given.runs):
        forget_peak()
        before, start = resident_mb("VmRSS"), time.process_time()
        out = run_mid_frequency_pipeline(times, close, prob, assets, side)
        cpu = time.process_time() - start
        print(
            f"bars {given.bars} events {len(out['events']['indices'])} cpu_ms {1e3 * cpu:.1f} "
            f"peak_above_inputs_mb {resident_mb('VmHWM') - before:.1f}"
        )
        del out


if __name__ == "__main__":
    main()
