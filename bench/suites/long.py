"""Ticks streamed from disk: what bench/scale.py tells of 1, 10 and 100 million of them."""

from __future__ import annotations

import sys

from measuring import ROOT, printed, show


def main() -> None:
    program = ROOT / "bench" / "scale.py"
    if not program.exists():
        raise SystemExit("bench/scale.py is not there")
    show(printed([sys.executable, program, "--json"], timeout=1200.0))


if __name__ == "__main__":
    main()
