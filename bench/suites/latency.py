"""From the moment a message is due to its signal, beside csp's push in processes of its own in turn."""

from __future__ import annotations

from measuring import Absent, Figures, built, merge, peer, printed, quick, show

SECONDS, TURNS = quick(3, 1), quick(3, 2)


def csp() -> Figures:
    """csp's sink and its source are Python: what a user of it would write."""
    try:
        told = peer("csp", "csp_latency.py", SECONDS)
    except Absent as reason:
        told = {"p50": str(reason), "p99": str(reason)}
    return {
        f"wire to signal/{name}": {
            "csp push": {"absent": value} if isinstance(value, str) else {"best": value, "median": value, "runs": 1}
        }
        for name, value in told.items()
    }


def main() -> None:
    parts: list[Figures] = []
    for _ in range(TURNS):
        parts += [printed([built("latency"), "--json", str(SECONDS), "2"]), csp()]
    show(merge(parts))


if __name__ == "__main__":
    main()
