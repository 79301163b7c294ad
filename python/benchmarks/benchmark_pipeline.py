"""Time of one flywheel iteration: pipeline, leakage checks, costs and frames.

.venv/bin/python python/benchmarks/benchmark_pipeline.py --iterations 30 --bars 2048
"""

from __future__ import annotations

import argparse

from timing import measured

from openquant.research import make_synthetic_futures_dataset, run_flywheel_iteration


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iterations", type=int, default=30)
    parser.add_argument("--bars", type=int, default=2048)
    given = parser.parse_args()
    if given.iterations < 1 or given.bars < 32:
        parser.error("--iterations must be >= 1 and --bars >= 32")
    dataset = make_synthetic_futures_dataset(n_bars=given.bars)
    told = {"iterations": given.iterations, "bars": given.bars}
    told |= measured(lambda: run_flywheel_iteration(dataset), given.iterations)
    for name, value in told.items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
