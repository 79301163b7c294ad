"""Everything in one go: ours and its peers in turn, a table, and bench/results/latest.json, from which README's section is made.

bench/run.py [--quick] [--only SUITE_OR_ROW ...] [--out FILE]

A suite is a program of its own (bench/suites): one that fails leaves its rows without figures and says why. --quick uses little data
and few rounds, to see that everything runs: its figures mean nothing, and are not kept unless --out says where.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import machine
import readme
from measuring import ROOT, Figures, built, printed
from rows import ROWS, judged

RESULTS = ROOT / "bench" / "results" / "latest.json"
PROGRAMS = ("engine", "engine_without_metrics", "operators", "latency", "readers")
# Peers that do not resolve beside the development tools, and what shows that they run.
APART = {"csp": "csp", "mlfinpy": "mlfinpy", "nautilus": "nautilus_trader"}
ONE_THREAD = ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
TIMEOUT_SECONDS = 1200


def last_words(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "no word of why")[:300]


def uv() -> str:
    local = ROOT / ".tools" / "bin" / "uv"
    return str(local) if local.exists() else "uv"


def prepare_peers() -> dict[str, str]:
    """Gives each peer its environment; the version of those that run, and of others why not."""
    told: dict[str, str] = {}
    for name, module in {"numba": "numba", "pyportfolioopt": "pypfopt"}.items():
        told[name] = version_in(sys.executable, name, module)
    for name, module in APART.items():
        folder = ROOT / "build" / "peers" / name
        command = [uv(), "sync", "--quiet", "--inexact", "--python", sys.executable, "--only-group", f"peer-{name}"]
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=ROOT, env=os.environ | {"UV_PROJECT_ENVIRONMENT": str(folder)}
        )
        package = "nautilus_trader" if name == "nautilus" else name
        if done.returncode != 0:
            told[name] = f"does not install: {last_words(done.stderr)}"
        else:
            told[name] = version_in(str(folder / "bin" / "python"), package, module)
    return told


def version_in(python: str, package: str, module: str) -> str:
    code = f"import {module}, importlib.metadata as m; print(m.version('{package}'))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else f"does not run: {last_words(done.stderr)}"


def build_programs() -> dict[str, str]:
    """Why a program is missing, by name."""
    failed = {}
    commands = {"": ["cmake", "--preset", "release"]} | {
        p: ["cmake", "--build", "--preset", "release", "--target", p] for p in PROGRAMS
    }
    for name, command in commands.items():
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        if done.returncode != 0:
            failed[name] = last_words(done.stdout + done.stderr)
    return failed


def run_suite(name: str) -> tuple[Figures, dict[str, Any]]:
    """Its figures, and how it went."""
    path = ROOT / "bench" / "suites" / f"{name}.py"
    went: dict[str, Any] = {"load_before": round(os.getloadavg()[0], 2)}
    started = time.monotonic()
    if not path.exists():
        return {}, went | {"failed": f"bench/suites/{name}.py is not there"}
    try:
        figures = printed([sys.executable, "-m", f"suites.{name}"], timeout=TIMEOUT_SECONDS)
    except (RuntimeError, ValueError, subprocess.TimeoutExpired) as error:
        return {}, went | {"failed": last_words(str(error))}
    return figures, went | {"seconds": round(time.monotonic() - started, 1)}


def operators(quick: bool) -> list[dict[str, Any]]:
    """Every operator of the catalogue, alone and in a graph: nanoseconds per input row."""
    command = [built("operators"), "--benchmark_format=json", f"--benchmark_min_time={0.01 if quick else 0.1}"]
    wanted = [
        b
        for b in printed([*command, "--benchmark_filter=/(bare|in_graph)$"])["benchmarks"]
        if b["run_type"] == "iteration"
    ]
    return [{"name": b["name"], "ns_per_row": round(1e9 / b["items_per_second"], 2)} for b in wanted]


def results(figures: Figures, suites: dict[str, Any], quick: bool) -> list[dict[str, Any]]:
    out = []
    for name, row in ROWS.items():
        if row.suite not in suites:
            continue
        entries = [judged(figure, figures.get(f"{name}/{figure.name}", {}), quick) for figure in row.figures]
        reached = [entry["reached"] for entry in entries if entry["target"]]
        entry = {
            "name": name,
            "what": row.what,
            "reached": all(reached) if None not in reached else (False if False in reached else None),
        }
        if failed := suites[row.suite].get("failed"):
            entry["failed"] = failed
        out.append(entry | {"figures": entries})
    return out


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="*", default=[], help="suites, or rows whose suites are run")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    known = list(dict.fromkeys(row.suite for row in ROWS.values()))
    wanted = [ROWS[name].suite if name in ROWS else name for name in given.only] or [*known, "operators"]
    if unknown := set(wanted) - set(known) - {"operators"}:
        parser.error(f"no such suite or row: {', '.join(sorted(unknown))}; suites are {', '.join(known)}, operators")
    os.environ |= dict.fromkeys(ONE_THREAD, "1")
    os.environ["PYTHONPATH"] = os.pathsep.join((str(ROOT / "bench"), str(ROOT / "python" / "benchmarks")))
    if given.quick:
        os.environ["OPENQUANT_BENCH_QUICK"] = "1"
    told: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": given.quick,
        **machine.commit(),
        "machine": machine.machine(),
        "compiler": machine.compiler(),
        "libraries": machine.libraries(),
    }
    print("peers", told.setdefault("peers", prepare_peers()), flush=True)
    if failed := build_programs():
        print(f"not built: {failed}", flush=True)
    told["compiler"] = machine.compiler()
    figures: Figures = {}
    suites: dict[str, Any] = {}
    for suite in known:
        if suite in wanted:
            new, suites[suite] = run_suite(suite)
            figures |= new
            print(f"{suite}: {suites[suite]}", flush=True)
    told |= {"suites": suites, "rows": results(figures, suites, given.quick)}
    if "operators" in wanted:
        try:
            told["operators"] = operators(given.quick)
        except (RuntimeError, ValueError, subprocess.TimeoutExpired) as error:
            print(f"operators: {error}")
    print(readme.table(told))
    out = given.out or (None if given.quick or given.only else RESULTS)
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(told, indent=1) + "\n")
        print(f"written to {out}; bench/readme.py --write makes README's section of it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
