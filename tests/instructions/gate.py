"""Counts the instructions of fixed replays under callgrind and fails if one takes more than 3 % above the committed baseline.

Arguments: the program, a text that says what compiled it, and `--accept` to write what is counted into the baseline. Only
instructions of the program's own code count: libraries choose theirs by the processor, and so does what BY_PROCESSOR names. Counts of another compiler mean nothing, so
the baseline is kept by compiler; with one that it does not know nothing is judged (exit 77, which ctest shows as skipped).
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BASELINE = Path(__file__).with_name("baseline.json")
TOLERANCE = 0.03
SKIPPED = 77
BY_PROCESSOR = "openquant::checks::"
HOW_TO_ACCEPT = "`make accept-instructions` accepts what is counted here"


def own_cost(profile: str, program: str) -> int:
    """Cost of a callgrind profile without compressed names that falls in the program itself and is the same on every machine."""
    total, inside, chosen, inclusive = 0, False, False, False
    for line in profile.splitlines():
        if line.startswith("ob="):
            inside = line.removeprefix("ob=") == program
        elif line.startswith("fn="):
            chosen = BY_PROCESSOR in line
        elif line.startswith("calls="):
            inclusive = True  # the next line repeats what the callee's own lines say
        elif re.match(r"[0-9+*-]", line):
            if inside and not chosen and not inclusive:
                total += int(line.split()[1])
            inclusive = False
    return total


def count(program: Path, replay: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        options = ["--collect-atstart=no", "--toggle-collect=counted", "--callgrind-out-file=profile"]
        uncompressed = ["--compress-strings=no", "--compress-pos=no"]
        subprocess.run(
            ["valgrind", "--tool=callgrind", "--quiet", *options, *uncompressed, str(program), replay],
            check=True,
            cwd=folder,
            env=os.environ | {"SIMDJSON_FORCE_IMPLEMENTATION": "fallback"},
        )
        counted = own_cost((Path(folder) / "profile").read_text(), str(program))
    if counted == 0:
        raise RuntimeError(f"callgrind counted nothing in {replay}")
    return counted


def count_all(program: Path) -> dict[str, int]:
    replays = subprocess.run([program], check=True, capture_output=True, text=True).stdout.split()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(replays, pool.map(lambda replay: count(program, replay), replays), strict=True))


def compare(baseline: dict[str, int], counted: dict[str, int]) -> list[str]:
    """What is wrong with the counts, each in a line; nothing if all is well."""
    wrong = [f"{name}: in the baseline, but not counted" for name in baseline if name not in counted]
    for name, now in counted.items():
        if name not in baseline:
            wrong.append(f"{name}: not in the baseline")
        elif now > baseline[name] * (1 + TOLERANCE):
            wrong.append(
                f"{name}: {now:,} instructions, {now / baseline[name] - 1:+.1%} against the baseline's {baseline[name]:,}"
            )
    return wrong


def table(baseline: dict[str, int], counted: dict[str, int]) -> str:
    changes = {name: f"{now / baseline[name] - 1:+.1%}" if name in baseline else "new" for name, now in counted.items()}
    rows = [f"{name:<20}{now:>14,}{changes[name]:>8}" for name, now in counted.items()]
    return "\n".join([f"{'replay':<20}{'instructions':>14}{'change':>8}", *rows])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=lambda path: Path(path).resolve())
    parser.add_argument("compiler")
    parser.add_argument("--accept", action="store_true")
    arguments = parser.parse_args()
    baselines: dict[str, dict[str, int]] = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    baseline = baselines.get(arguments.compiler, {})
    if not baseline and not arguments.accept:
        print(
            f"instructions: no baseline for {arguments.compiler}, so nothing is judged; {HOW_TO_ACCEPT}. There is one for {', '.join(baselines)}."
        )
        return SKIPPED
    if not shutil.which("valgrind"):
        print("instructions: valgrind is not installed (Debian and Ubuntu: apt-get install valgrind)")
        return 1
    counted = count_all(arguments.program)
    print(table(baseline, counted))
    if arguments.accept:
        BASELINE.write_text(json.dumps(baselines | {arguments.compiler: counted}, indent=2) + "\n")
        return 0
    wrong = compare(baseline, counted)
    print(
        "\n".join(wrong) + f"\nIf that is meant: {HOW_TO_ACCEPT}." if wrong else "instructions: all within the baseline"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
