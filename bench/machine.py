"""What a run was measured on: machine, compiler, flags, libraries, commit."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIBRARIES = ("numpy", "polars", "pandas", "numba", "llvmlite", "pyportfolioopt", "cvxpy")
DEBIAN = ("libsimdjson-dev", "libboost-dev", "libeigen3-dev", "libbenchmark-dev", "libc6")


def said(*command: str) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def found(pattern: str, path: str) -> str:
    match = re.search(pattern, Path(path).read_text(), re.MULTILINE)
    return match[1].strip() if match else "unknown"


def machine() -> dict[str, object]:
    return {
        "cpu": found(r"^model name\s*:\s*(.*)$", "/proc/cpuinfo"),
        "cores": os.cpu_count(),
        "memory_gb": round(int(found(r"^MemTotal:\s*(\d+)", "/proc/meminfo")) / 1e6),
        "kernel": platform.release(),
        "system": found(r'^PRETTY_NAME="(.*)"$', "/etc/os-release"),
    }


def compiler() -> dict[str, str]:
    cache = ROOT / "build" / "release" / "CMakeCache.txt"
    if not cache.exists():
        return {"compiler": "unknown", "flags": "unknown"}
    of = lambda key: found(rf"^{key}:\w+=(.*)$", str(cache))  # noqa: E731
    flags = f"{of('CMAKE_CXX_FLAGS')} {of('CMAKE_CXX_FLAGS_RELEASE')} -ffp-contract=off".strip()
    return {
        "compiler": said(of("CMAKE_CXX_COMPILER"), "--version").splitlines()[0],
        "flags": flags,
        "march": of("OPENQUANT_MARCH") or "portable",
    }


def libraries() -> dict[str, str]:
    out = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            out[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            out[name] = "not installed"
    for name in DEBIAN:
        out[name] = said("dpkg-query", "-W", "-f=${Version}", name)
    return out


def commit() -> dict[str, object]:
    changed = said("git", "status", "--porcelain", "--untracked-files=no").splitlines()
    # What a run writes itself does not make the tree another one.
    dirty = [line for line in changed if line[3:] not in ("bench/results/latest.json", "README.md")]
    return {"commit": said("git", "rev-parse", "HEAD"), "dirty": bool(dirty)}
