"""The same path in csp, in an environment of its own: a thread pushes numbers on a schedule, a Python sink notes when each arrives.

csp_latency.py SECONDS: prints p50 and p99 in microseconds at 100,000 messages a second.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from datetime import datetime, timedelta

import csp
from csp.impl.pushadapter import PushInputAdapter
from csp.impl.wiring import py_push_adapter_def

RATE = 1e5


def main(seconds: float) -> None:
    messages = int(RATE * seconds)
    due, arrived = [0] * messages, [0] * messages

    class Pushed(PushInputAdapter):  # type: ignore[misc]
        def start(self, starttime: datetime, endtime: datetime) -> None:
            self._thread = threading.Thread(target=self._play)
            self._thread.start()

        def stop(self) -> None:
            self._thread.join()

        def _play(self) -> None:
            start = time.perf_counter_ns() + 50_000_000
            for i in range(messages):
                due[i] = start + int(i * 1e9 / RATE)
                while time.perf_counter_ns() < due[i]:
                    time.sleep(0)  # lets the sink have the interpreter
                self.push_tick(i)

    pushed = py_push_adapter_def("pushed", Pushed, csp.ts[int])

    @csp.node  # type: ignore[untyped-decorator]
    def note(x: csp.ts[int]) -> None:
        if csp.ticked(x):
            arrived[x] = time.perf_counter_ns()  # type: ignore[index]

    @csp.graph  # type: ignore[untyped-decorator]
    def wired() -> None:
        note(pushed(push_mode=csp.PushMode.NON_COLLAPSING))

    csp.run(wired, starttime=datetime.utcnow(), endtime=timedelta(seconds=seconds + 2), realtime=True)
    late = sorted((b - a) / 1e3 for a, b in zip(due[messages // 10 :], arrived[messages // 10 :], strict=True) if b)
    if not late:
        raise SystemExit("nothing arrived")
    print(json.dumps({"p50": late[len(late) // 2], "p99": late[int(0.99 * len(late))]}))


if __name__ == "__main__":
    main(float(sys.argv[1]))
