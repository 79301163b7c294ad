"""The same path in csp, where it is installed: a thread pushes numbers on a schedule, a Python sink notes when each arrives."""

from __future__ import annotations

import sys
import threading
import time
from datetime import datetime, timedelta


def main(seconds: float) -> int:
    try:
        import csp
        from csp.impl.pushadapter import PushInputAdapter
        from csp.impl.wiring import py_push_adapter_def
    except ImportError:
        print("csp is not installed here: no figure of it")
        return 0

    for rate in (1e3, 1e4, 1e5):
        messages = int(rate * seconds)
        due = [0] * messages
        arrived = [0] * messages

        class Pushed(PushInputAdapter):  # type: ignore[misc]
            def start(self, starttime: datetime, endtime: datetime, rate: float = rate, due: list[int] = due) -> None:
                self._thread = threading.Thread(target=self._play, args=(rate, due))
                self._thread.start()

            def stop(self) -> None:
                self._thread.join()

            def _play(self, rate: float, due: list[int]) -> None:
                start = time.perf_counter_ns() + 50_000_000
                for i in range(len(due)):
                    due[i] = start + int(i * 1e9 / rate)
                    while time.perf_counter_ns() < due[i]:
                        time.sleep(0)  # lets the sink have the interpreter
                    self.push_tick(i)

        pushed = py_push_adapter_def("pushed", Pushed, csp.ts[int])

        @csp.node  # type: ignore[untyped-decorator]
        def note(x: csp.ts[int], arrived: object) -> None:
            if csp.ticked(x):
                arrived[x] = time.perf_counter_ns()  # type: ignore[index]

        @csp.graph  # type: ignore[untyped-decorator]
        def wired(arrived: object = arrived) -> None:
            note(pushed(push_mode=csp.PushMode.NON_COLLAPSING), arrived)

        csp.run(wired, starttime=datetime.utcnow(), endtime=timedelta(seconds=seconds + 2), realtime=True)
        late = sorted((b - a) / 1e3 for a, b in zip(due[messages // 10 :], arrived[messages // 10 :], strict=True) if b)
        if not late:
            print(f"csp {rate:>9.0f}/s: nothing arrived")
            continue
        p50, p99, p999 = (late[min(len(late) - 1, int(q * len(late)))] for q in (0.5, 0.99, 0.999))
        print(
            f"csp, Python to Python  {rate:9.0f} | {p50:8.2f} {p99:8.2f} {p999:8.2f} {late[-1]:9.1f} | "
            f"{len(late)} of {messages - messages // 10} messages arrived"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 3.0))
