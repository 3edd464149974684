"""Eight threads at once: whether requests that run side by side stand in each other's way."""

from __future__ import annotations

import threading
from functools import partial
from time import perf_counter

from . import wsgi
from .contenders import build_all
from .requests import check
from .rounds import Times, in_turns
from .workloads import REQUESTS, Workload

THREADS = 8
WORKLOAD = next(each for each in REQUESTS if each.name == "path")


def together(app: wsgi.App, workload: Workload, times: int) -> float:
    """Give the seconds until so many requests are answered, an equal part by each thread."""
    environ = wsgi.prepare(app, workload)
    share = -(-times // THREADS)
    start = threading.Barrier(THREADS + 1)

    def work() -> None:
        start.wait()
        wsgi.repeat(app, environ, workload.body, share)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    start.wait()
    began = perf_counter()
    for thread in threads:
        thread.join()
    return (perf_counter() - began) * times / (share * THREADS)


def measure(rounds: int, budget: float) -> dict[str, Times]:
    """Give the seconds per request of every contender."""
    apps = build_all(WORKLOAD)
    check(apps, WORKLOAD)
    return in_turns({n: partial(together, a, WORKLOAD) for n, a in apps.items()}, rounds, budget)
