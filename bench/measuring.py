"""Contenders in turn, A B A B, in this process or in processes of their own; the best and the median of their runs.

A suite is a program that prints what `told` gives: {figure: {contender: {best, median, runs}}}. So do the C++ programs.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
OURS = "openquant"
QUICK = bool(os.environ.get("OPENQUANT_BENCH_QUICK"))
NS, US, MS = 1e9, 1e6, 1e3

Told = dict[str, Any]  # best, median, runs
Figures = dict[str, dict[str, Told]]


class Own(float):
    """What a contender measured itself, in the figure's unit."""


class Absent(Exception):
    """A peer that does not run here, and why."""


def quick(full: int, less: int) -> int:
    return less if QUICK else full


def told(values: Iterable[float], best: Callable[[Iterable[float]], float] = min) -> Told:
    runs = list(values)
    return {"best": best(runs), "median": statistics.median(runs), "runs": len(runs)}


def alternate(
    contenders: Mapping[str, Callable[[], object]],
    scale: float,
    rounds: int,
    *,
    clock: Callable[[], float] = time.process_time,
    warm_up: bool = True,
) -> dict[str, Told]:
    """Seconds of CPU time times `scale` of each contender in turn. One that gives an `Own` has measured itself."""
    values: dict[str, list[float]] = {name: [] for name in contenders}
    absent: dict[str, str] = {}
    for round_ in range(-warm_up, rounds):
        for name, run in contenders.items():
            if name in absent:
                continue
            started = clock()
            try:
                result = run()
            except Absent as reason:
                absent[name] = str(reason)
                continue
            took = float(result) if isinstance(result, Own) else (clock() - started) * scale
            if round_ >= 0:
                values[name].append(took)
    figures = {name: told(runs) for name, runs in values.items() if runs}
    return figures | {name: {"absent": reason} for name, reason in absent.items()}


def once(run: Callable[[], object], scale: float) -> Told:
    """One run, for what takes many times longer than the others."""
    return alternate({"": run}, scale, 1, warm_up=False)[""]


def merge(parts: Iterable[Figures]) -> Figures:
    """Figures of the same contenders from several processes."""
    out: Figures = {}
    for part in parts:
        for figure, contenders in part.items():
            for name, new in contenders.items():
                old = out.setdefault(figure, {}).get(name)
                if old is None or "absent" in new:
                    out[figure][name] = new
                else:
                    median = statistics.median([old["median"]] * old["runs"] + [new["median"]] * new["runs"])
                    best = min(old["best"], new["best"])
                    out[figure][name] = {"best": best, "median": median, "runs": old["runs"] + new["runs"]}
    return out


def printed(command: list[str | Path], *, timeout: float = 900.0) -> Any:
    """The JSON that a program prints; its last words where it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=timeout, cwd=ROOT)
    if done.returncode != 0:
        last = [line for line in done.stderr.splitlines() if line.strip()][-1:] or ["no word of why"]
        raise RuntimeError(f"{Path(command[0]).name} ended with {done.returncode}: {last[0]}")
    return json.loads(done.stdout)


def built(program: str) -> Path:
    path = ROOT / "build" / "release" / "bench" / program
    if not path.exists():
        raise RuntimeError(f"{program} is not built")
    return path


def peer(name: str, script: str, *arguments: object) -> Any:
    """What a peer's script prints, run in the environment that bench/run.py made for it."""
    python = ROOT / "build" / "peers" / name / "bin" / "python"
    if not python.exists():
        raise Absent(f"{name} does not install here")
    try:
        return printed([python, ROOT / "bench" / "peers" / script, *map(str, arguments)])
    except (RuntimeError, ValueError, subprocess.TimeoutExpired) as error:
        raise Absent(f"{name} does not run: {error}") from error


def show(figures: Figures) -> None:
    print(json.dumps(figures))
