"""Runs the same program as built for several instruction sets and fails if their outputs differ.

Arguments: name=executable; `v3` is left out where the processor lacks AVX2, FMA or BMI2.
"""

import subprocess
import sys
from pathlib import Path


def supported(name: str) -> bool:
    flags = Path("/proc/cpuinfo").read_text().split() if Path("/proc/cpuinfo").exists() else []
    return name != "v3" or {"avx2", "fma", "bmi2"} <= set(flags)


def main(arguments: list[str]) -> int:
    outputs: dict[str, list[str]] = {}
    for argument in arguments:
        name, path = argument.split("=", 1)
        if not supported(name):
            print(f"{name}: not run, this processor lacks avx2, fma or bmi2")
            continue
        outputs[name] = subprocess.run([path], check=True, capture_output=True, text=True).stdout.splitlines()
    first, *others = outputs
    print(f"{len(outputs[first])} hashes of {', '.join(outputs)}")
    failed = False
    for other in others:
        for a, b in zip(outputs[first], outputs[other], strict=True):
            if a != b:
                failed = True
                print(f"{first}: {a}\n{other}: {b}")
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
