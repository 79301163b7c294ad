"""README's performance section, made from bench/results/latest.json. Knows nothing but the standard library.

bench/readme.py --write | --check
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from rows import ROWS

ROOT = Path(__file__).resolve().parents[1]
README, RESULTS = ROOT / "README.md", ROOT / "bench" / "results" / "latest.json"
BEGIN, END = "<!-- bench: written by bench/readme.py -->\n", "<!-- /bench -->\n"


def short(value: float) -> str:
    """Three digits."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.{1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3}f}"


def peer_text(entry: dict[str, Any]) -> str:
    parts = []
    for name, told in entry["peers"].items():
        ratio = entry["ratios"].get(name)
        parts.append(f"{name} {short(told['best'])}" + (f" ({short(ratio)} x)" if ratio else ""))
    parts += [f"{name} *known* {short(value)}" for name, value in entry["known"].items() if name not in entry["peers"]]
    parts += [f"{name}: {why}" for name, why in entry.get("absent", {}).items()]
    return "; ".join(parts)


def cells(row: dict[str, Any], entry: dict[str, Any]) -> tuple[str, ...]:
    """Ours, peers, target and verdict of one figure."""
    ours, target = entry["ours"], entry["target"]
    text = (
        f"{short(ours['best'])} / {short(ours['median'])} {entry['unit']}"
        if ours
        else row.get("failed", "not measured")
    )
    if target and " x " not in target:
        target += f" {entry['unit']}"
    verdict = {True: "reached", False: "**not reached**", None: "not measured" if target else ""}[entry["reached"]]
    return text, peer_text(entry), target or "", verdict


def table(told: dict[str, Any]) -> str:
    """For a terminal."""
    rows = [("work", "ours, best / median", "peers, best (ours is so many times faster)", "target", "")]
    rows += [
        (f"{row['name']}: {entry['name']}", *cells(row, entry)) for row in told["rows"] for entry in row["figures"]
    ]
    widths = [max(len(row[i]) for row in rows) for i in (0, 1)]
    lines = (f"{a:{widths[0]}}  {b:{widths[1]}}  {d:26} {e:15} {c}" for a, b, c, d, e in rows)
    return "\n".join(lines).replace("*", "")


def section(told: dict[str, Any]) -> str:
    where, compiler = told["machine"], told["compiler"]
    peers = ", ".join(f"{name} {what}" for name, what in told["peers"].items())
    loads = [went["load_before"] for went in told["suites"].values()]
    heading = (
        f"`make bench` on {told['at'][:10]}: {where['cpu']}, {where['cores']} cores, {where['memory_gb']} GB, {where['system']}, kernel {where['kernel']}; "
        f"{compiler['compiler']}, `{compiler['flags']}`, {compiler['march']} x86-64; commit {told['commit'][:12]}{' with changes' if told['dirty'] else ''}; "
        f"load of the machine before each suite {min(loads):g} to {max(loads):g}. "
        "CPU time of one core unless the row says wall time; the best of several runs and their median, ours and peers in turn: in one process on the same "
        "data, or, where a peer does not resolve beside the development tools, in processes of their own on data made the same way. A ratio is how many times "
        "faster openquant is than that peer in the same run; *known* figures are not measured here. "
        f"Peers: {peers}.\n\n"
    )
    body = "| work | openquant, best / median | peers, best | target | |\n| --- | --- | --- | --- | --- |\n"
    for row in told["rows"]:
        body += f"| **{row['name']}**: {row['what']} | | | | |\n"
        body += "".join(f"| {' | '.join((entry['name'], *cells(row, entry)))} |\n" for entry in row["figures"])
    return heading + body


def disagreements(told: dict[str, Any]) -> list[str]:
    """Rows or targets of the results that are not those of bench/rows.py."""
    kept = {(row["name"], f["name"]): f["target"] for row in told["rows"] for f in row["figures"]}
    wanted = {(name, f.name): str(f.target) if f.target else None for name, row in ROWS.items() for f in row.figures}
    return [
        f"{name}: {figure}"
        for name, figure in kept.keys() | wanted.keys()
        if kept.get((name, figure), "") != wanted.get((name, figure), "")
    ]


def main(arguments: list[str]) -> int:
    told = json.loads(RESULTS.read_text())
    text = README.read_text()
    begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    made = text[:begin] + "\n" + section(told) + "\n" + text[end:]
    if arguments == ["--write"]:
        README.write_text(made)
        return 0
    if arguments != ["--check"]:
        print(__doc__)
        return 2
    for name in sorted(disagreements(told)):
        print(f"bench/results/latest.json and bench/rows.py do not agree on {name}: run make bench")
    if made != text:
        print("README.md is not what bench/results/latest.json says: run bench/readme.py --write")
    return int(made != text or bool(disagreements(told)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
