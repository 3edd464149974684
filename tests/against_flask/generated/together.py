"""The ways to send requests at once: threads, tasks and greenlets that take turns.

Only one runs at a time, and gives way where the program or the body's reader pauses, in the same
order on both frameworks.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]  # it has no types

from tests.against_flask.generated.driving import Wsgi, plain
from tests.against_flask.generated.model import Visit


class Worker:
    """A thread that runs only while somebody waits for it."""

    def __init__(self, work: Callable[[Worker], None]) -> None:
        self.work = work
        self.done = False
        self.go = threading.Semaphore(0)
        self.back = threading.Semaphore(0)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self) -> None:
        """Work, as the thread."""
        self.go.acquire()
        try:
            self.work(self)
        finally:
            self.done = True
            self.back.release()

    def pause(self) -> None:
        """Wait for the next turn, as the thread."""
        self.back.release()
        self.go.acquire()

    def turn(self) -> None:
        """Let the thread run to its next pause."""
        self.go.release()
        assert self.back.acquire(timeout=60), "a thread hangs"
        if self.done:
            self.thread.join()


class Threads(Wsgi):
    """A thread for each request; one more thread reads the body of every second one."""

    uses = (plain, Worker)

    def __init__(self, fw: Any, app: Any, trace: Callable[..., None]) -> None:
        super().__init__(fw, app, trace)
        self.here = threading.local()

    def send(self, visits: Sequence[Visit]) -> None:
        """Send requests at once, and let their threads take turns."""
        turns = [self.turns(visit, handed_over=i % 2 == 1) for i, visit in enumerate(visits)]
        while turns:
            turns = [each for each in turns if next(each, None)]

    def turns(self, visit: Visit, handed_over: bool) -> Iterator[bool]:
        """Answer a request in threads, up to the next pause each time."""
        steps = self.answer(visit)
        for limit in (1, None) if handed_over else (None,):
            worker = Worker(lambda worker, limit=limit: self.advance(worker, steps, limit))  # type: ignore[misc]
            while not worker.done:
                worker.turn()
                yield True

    def advance(self, worker: Worker, steps: Iterator[None], limit: int | None) -> None:
        """Go some steps, as a thread."""
        self.here.worker = worker
        for count, _ in enumerate(steps, 1):
            if count == limit:
                return
            worker.pause()

    def pause(self) -> None:
        """Give way, if this thread is one of ours."""
        worker = getattr(self.here, "worker", None)
        if worker is not None:
            worker.pause()


class Greenlets(Wsgi):
    """A greenlet for each request."""

    def __init__(self, fw: Any, app: Any, trace: Callable[..., None]) -> None:
        super().__init__(fw, app, trace)
        self.running: list[greenlet] = []

    def send(self, visits: Sequence[Visit]) -> None:
        """Send requests at once, and let their greenlets take turns."""
        self.running = [greenlet(lambda visit=visit: self.run(visit)) for visit in visits]
        while self.running:
            for each in self.running:
                each.switch()
            self.running = [each for each in self.running if not each.dead]

    def run(self, visit: Visit) -> None:
        """Answer a request, as a greenlet."""
        for _ in self.answer(visit):
            self.pause()

    def pause(self) -> None:
        """Give way, if this is one of our greenlets."""
        here = getcurrent()
        if here in self.running and here.parent is not None:
            here.parent.switch()


class Tasks(Wsgi):
    """An asyncio task for each request."""

    def __init__(self, fw: Any, app: Any, trace: Callable[..., None]) -> None:
        super().__init__(fw, app, trace)
        self.loop = asyncio.new_event_loop()

    def finish(self) -> None:
        """Close the loop."""
        self.loop.close()

    def send(self, visits: Sequence[Visit]) -> None:
        """Send requests at once; their tasks take turns between call and chunks."""
        self.loop.run_until_complete(self.together(visits))

    async def together(self, visits: Sequence[Visit]) -> None:
        """Wait for a task for each request."""
        await asyncio.gather(*map(self.run, visits))

    async def run(self, visit: Visit) -> None:
        """Answer a request, as a task."""
        for _ in self.answer(visit):
            await asyncio.sleep(0)
