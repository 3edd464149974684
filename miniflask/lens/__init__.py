"""Watch the contexts of a program: what was pushed, popped, read, where and on which thread.

Record a block, and look at it::

    from miniflask import lens

    with lens.record() as trace:
        app.test_client().get("/")
    print(trace.text())

From the command line, ``miniflask lens SCRIPT`` records a whole script, and
``miniflask run --lens`` shows a running application live in a browser.

Read ``trace.py`` for what is recorded, ``places.py`` for how a lane and a Context are told
apart, ``recorder.py`` and ``notebook.py`` for how the framework is wrapped, and ``text.py`` and
``page.py`` for how a recording is drawn.  ``sentinel.py`` looks for contexts that nobody pops.
While nothing records, nothing is wrapped.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .recorder import Recorder
from .sentinel import Leak as Leak
from .sentinel import Sentinel as Sentinel
from .trace import Event as Event
from .trace import Lane as Lane
from .trace import State as State
from .trace import Subject as Subject
from .trace import Trace as Trace


@contextmanager
def record(*, reads: int = 100, limit: int = 100_000, title: str = "") -> Iterator[Trace]:
    """Record what happens in a block, on whatever thread, greenlet or task.

    While it records, a proxy that is read unbound says in a note of its error who read it, where,
    and who popped the last context.

    Args:
        reads: Record a proxy's read when a line reads a context for the first time, and then
            every so many times; 0 for no reads.
        limit: How many steps to keep; older ones are dropped.
        title: What is recorded.

    Yields:
        The recording, which grows until the block ends.
    """
    trace = Trace(limit, title)
    recorder = Recorder(trace, reads)
    recorder.start()
    try:
        yield trace
    finally:
        recorder.stop()


def explain() -> Recorder:
    """Have errors explain themselves from now on: see :func:`record`.

    ``MINIFLASK_EXPLAIN=1`` in the environment does this when miniflask is imported.

    Returns:
        What records; its ``stop()`` ends it.
    """
    recorder = Recorder(Trace(limit=1000), reads=0)
    recorder.start()
    return recorder
