"""The same work in mlfinpy, once, in an environment of its own: seconds of CPU time.

mlfinpy_labels.py barriers CLOSES EVENTS | bootstrap DRAWS
"""

from __future__ import annotations

import json
import sys
import time
import warnings

import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")


def barriers(closes: int, events: int) -> float:
    from mlfinpy.labeling.labeling import get_bins, get_events

    rng = np.random.default_rng(3)
    index = pd.date_range("2024-01-01", periods=closes, freq="min")
    close = pd.Series(100.0 * np.exp(np.cumsum(rng.normal(0.0, 1e-3, closes))), index=index)
    at = np.sort(rng.choice(closes - 1, events, replace=False))
    target = pd.Series(5e-3 * rng.uniform(0.5, 1.5, events), index=index[at])
    before = time.process_time()
    found = get_events(close, index[at], [1, 1], target, 0.0, 1, verbose=False)
    get_bins(found, close)
    return time.process_time() - before


def bootstrap(draws: int) -> float:
    from mlfinpy.sampling.bootstrapping import seq_bootstrap

    labels, bars, longest = 1_000, 5_000, 20
    rng = np.random.default_rng(4)
    first = np.sort(rng.integers(0, bars - longest, labels))
    last = first + rng.integers(0, longest, labels)
    row = np.arange(bars)[:, None]
    matrix = ((row >= first) & (row <= last)).astype(np.int64)
    seq_bootstrap(matrix, sample_length=1, random_state=np.random.RandomState(1))  # compiles
    before = time.process_time()
    seq_bootstrap(matrix, sample_length=draws, random_state=np.random.RandomState(1))
    return time.process_time() - before


if __name__ == "__main__":
    print(json.dumps({"barriers": barriers, "bootstrap": bootstrap}[sys.argv[1]](*map(int, sys.argv[2:]))))
