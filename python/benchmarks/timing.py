"""What the benchmarks of this folder measure of a call."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any


def measured(call: Callable[[], Any], iterations: int) -> dict[str, float]:
    """best_cpu_ms (of all threads), mean_ms, p95_ms and runs_per_sec of `iterations` calls, after one that is not counted."""
    call()
    times, cpu = [], []
    for _ in range(iterations):
        start, worked = time.perf_counter(), time.process_time()
        call()
        cpu.append(1e3 * (time.process_time() - worked))
        times.append(1e3 * (time.perf_counter() - start))
    p95 = statistics.quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else times[0]
    mean = statistics.fmean(times)
    return {
        "best_cpu_ms": round(min(cpu), 4),
        "mean_ms": round(mean, 4),
        "p95_ms": round(p95, 4),
        "runs_per_sec": round(1e3 / mean, 2),
    }
