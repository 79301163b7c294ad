"""What the benchmarks of this folder measure of a call."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any


def measured(call: Callable[[], Any], iterations: int) -> dict[str, float]:
    """mean_ms, p95_ms and runs_per_sec of `iterations` calls, after one that is not counted."""
    call()
    times = []
    for _ in range(iterations):
        start = time.perf_counter()
        call()
        times.append(1e3 * (time.perf_counter() - start))
    p95 = statistics.quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else times[0]
    mean = statistics.fmean(times)
    return {"mean_ms": round(mean, 4), "p95_ms": round(p95, 4), "runs_per_sec": round(1e3 / mean, 2)}
