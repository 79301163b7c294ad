"""Ticks streamed from disk: what bench/scale.py tells of 1, 10 and 100 million of them."""

from __future__ import annotations

import sys

from measuring import OURS, ROOT, Figures, printed, quick, show, told


def main() -> None:
    least, middle, most = quick(1_000_000, 10_000), quick(10_000_000, 100_000), quick(100_000_000, 1_000_000)
    command = [sys.executable, ROOT / "bench" / "scale.py", "--json", "--rows", *map(str, (least, middle, most))]
    sizes = {size["rows"]: size for size in printed(command, timeout=1200.0)}
    one, ten, hundred = sizes[least], sizes[middle], sizes[most]
    values = {
        "1,000,000": one["ns_per_tick"],
        "10,000,000": ten["ns_per_tick"],
        "100,000,000": hundred["ns_per_tick"],
        "time a tick, 100 M over 10 M": hundred["ns_per_tick"] / ten["ns_per_tick"],
        "peak memory, 100 M over 10 M": hundred["peak_mib"] / ten["peak_mib"],
    }
    figures: Figures = {f"100 million ticks/{name}": {OURS: told([value])} for name, value in values.items()}
    show(figures)


if __name__ == "__main__":
    main()
