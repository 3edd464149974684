"""The same exercises for every era, and for every Flask.

Each takes a ``Contexts``, pushes and pops, and returns what was to be seen beside what was seen.
:class:`OfFramework` makes the same ``Contexts`` of a whole framework, so that the tests
can run this very file on the real Flask of each era, on Pythons from 3.9 on.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from . import Contexts


class Look(NamedTuple):
    """One look at the contexts: from where, what was to be seen, and what was."""

    where: str
    expected: Any
    seen: Any


class NotRun(Exception):
    """An exercise needs a library that is not installed; the message is its name."""


def _attempt(pop: Callable[[], None]) -> None:
    """Pop, and let what is seen afterwards speak for itself."""
    try:
        pop()
    except Exception:
        pass


def two_threads(contexts: Contexts) -> list[Look]:
    """Two threads at work at once."""
    together = threading.Barrier(2, timeout=60)

    def work(path: str) -> Any:
        pop = contexts.push("shop", path)
        together.wait()
        seen = contexts.request
        together.wait()
        pop()
        return seen

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(work, ("/a", "/b"))
    return [Look("the first thread", "/a", first), Look("the second thread", "/b", second)]


def pooled_thread(contexts: Contexts) -> list[Look]:
    """A pooled thread is used again after a job that did not pop."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(contexts.push, "shop", "/a").result()
        seen = pool.submit(lambda: contexts.request).result()
        pool.submit(contexts.clear).result()
    return [Look("the next job", None, seen)]


def thread_id_again(contexts: Contexts) -> list[Look]:
    """A new thread gets the id of one that ended without popping."""
    ended, seen = list[int](), list[Any]()

    def first() -> None:
        contexts.push("shop", "/a")
        ended.append(threading.get_ident())

    def later(go_on: threading.Event) -> None:
        if threading.get_ident() in ended and not seen:
            seen.append(contexts.request)
            contexts.clear()
        go_on.wait()

    _run_at_once([threading.Thread(target=first)])
    # Systems give the id away again soon, though not always to the very next thread.
    for _ in range(20):
        go_on = threading.Event()
        _run_at_once([threading.Thread(target=later, args=[go_on]) for _ in range(16)], go_on)
    return [Look("the new thread", None, seen[0] if seen else None)]


def _run_at_once(threads: list[threading.Thread], go_on: threading.Event | None = None) -> None:
    for thread in threads:
        thread.start()
    if go_on is not None:
        go_on.set()
    for thread in threads:
        thread.join()


def greenlets(contexts: Contexts) -> list[Look]:
    """Two greenlets take turns on one thread."""
    try:
        from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]  # has no stubs
    except ImportError:
        raise NotRun("greenlet") from None
    hub = getcurrent()

    def work(path: str) -> Any:
        pop = contexts.push("shop", path)
        hub.switch()
        seen = contexts.request
        _attempt(pop)
        return seen

    first, second = greenlet(work), greenlet(work)
    first.switch("/a")
    second.switch("/b")
    return [
        Look("the first greenlet", "/a", first.switch()),
        Look("the second greenlet", "/b", second.switch()),
    ]


def tasks(contexts: Contexts) -> list[Look]:
    """Two tasks of asyncio take turns on one thread."""

    async def work(path: str) -> Any:
        pop = contexts.push("shop", path)
        await asyncio.sleep(0)  # let the other one push, then look, then pop
        seen = contexts.request
        await asyncio.sleep(0)
        _attempt(pop)
        return seen

    async def main() -> Any:
        return await asyncio.gather(work("/a"), work("/b"))

    first, second = asyncio.run(main())
    return [Look("the first task", "/a", first), Look("the second task", "/b", second)]


def child_pushes(contexts: Contexts) -> list[Look]:
    """A child task pushes, while its parent is in a request."""

    async def child(pushed: asyncio.Event, go_on: asyncio.Event) -> Any:
        inherited = contexts.request
        pop = contexts.push("shop", "/child")
        pushed.set()
        await go_on.wait()
        _attempt(pop)
        return inherited

    async def main() -> list[Look]:
        pushed, go_on = asyncio.Event(), asyncio.Event()
        pop = contexts.push("shop", "/parent")
        task = asyncio.create_task(child(pushed, go_on))
        await pushed.wait()
        meanwhile = contexts.request
        go_on.set()
        inherited = await task
        looks = [
            Look("the child, before", "/parent", inherited),
            Look("the parent, meanwhile", "/parent", meanwhile),
        ]
        _attempt(pop)
        return looks

    return asyncio.run(main())


async def _child_pops(contexts: Contexts) -> Iterator[Any]:
    """Give what the parent sees after its child popped, and after it popped itself."""
    outer = contexts.push("shop", "/outer")
    inner = contexts.push("shop", "/inner")

    async def child() -> None:
        _attempt(inner)

    await asyncio.create_task(child())
    after_child = contexts.request
    _attempt(inner)
    after_own = contexts.request
    _attempt(outer)
    return iter((after_child, after_own))


def child_pops(contexts: Contexts) -> list[Look]:
    """A child task pops what its parent pushed."""
    after_child, _ = asyncio.run(_child_pops(contexts))
    return [Look("the parent", "/inner", after_child)]


def parent_pops_as_well(contexts: Contexts) -> list[Look]:
    """The parent pops what its child task has popped."""
    _, after_own = asyncio.run(_child_pops(contexts))
    return [Look("the parent", "/outer", after_own)]


def copied_context(contexts: Contexts) -> list[Look]:
    """A function that runs in a copied Context pushes."""
    pop = contexts.push("shop", "/here")
    copied = copy_context()
    pop_there = copied.run(contexts.push, "shop", "/there")
    looks = [
        Look("within the copy", "/there", copied.run(lambda: contexts.request)),
        Look("outside", "/here", contexts.request),
    ]
    _attempt(lambda: copied.run(pop_there))
    _attempt(pop)
    return looks


def generator_resumed(contexts: Contexts) -> list[Look]:
    """A generator is suspended across a pop, and resumed in the next request."""

    def body() -> Iterator[Any]:
        while True:
            yield contexts.request

    pop = contexts.push("shop", "/a")
    generator = body()
    first = next(generator)
    pop()
    pop = contexts.push("shop", "/b")
    second = next(generator)
    pop()
    return [
        Look("the generator, started", "/a", first),
        Look("the generator, resumed", "/a", second),
    ]


def generator_pushes(contexts: Contexts) -> list[Look]:
    """A generator pushes, and is suspended before it pops."""

    def body() -> Iterator[None]:
        pop = contexts.push("shop", "/stream")
        yield
        pop()

    pop = contexts.push("shop", "/page")
    generator = body()
    next(generator)
    seen = contexts.request
    _attempt(lambda: next(generator, None))
    _attempt(pop)
    return [Look("who started it", "/page", seen)]


def nested_apps(contexts: Contexts) -> list[Look]:
    """Two applications are nested in one script."""
    pop_shop = contexts.push("shop", "/a")
    pop_blog = contexts.push("blog", "/b")
    inside = (contexts.app, contexts.request)
    pop_blog()
    after = (contexts.app, contexts.request)
    pop_shop()
    return [
        Look("in the inner one", ("blog", "/b"), inside),
        Look("after it", ("shop", "/a"), after),
        Look("at the end", (None, None), (contexts.app, contexts.request)),
    ]


def wrong_order(contexts: Contexts) -> list[Look]:
    """Two contexts are popped in the wrong order."""
    first = contexts.push("shop", "/first")
    second = contexts.push("shop", "/second")
    looks = []
    for where, pop, expected in (
        ("after the wrong pop", first, "/second"),
        ("after the right one", second, "/first"),
        ("at the end", first, None),
    ):
        _attempt(pop)
        looks.append(Look(where, expected, contexts.request))
    return looks


EXERCISES: list[Callable[[Contexts], list[Look]]] = [
    two_threads,
    pooled_thread,
    thread_id_again,
    greenlets,
    tasks,
    child_pushes,
    child_pops,
    parent_pops_as_well,
    copied_context,
    generator_resumed,
    generator_pushes,
    nested_apps,
    wrong_order,
]


def run(exercise: Callable[[Contexts], list[Look]], contexts: Contexts) -> list[Look]:
    """Run an exercise in a thread of its own, and leave nothing behind.

    Raises:
        NotRun: A library is missing.
    """

    def work() -> list[Look]:
        try:
            return exercise(contexts)
        finally:
            contexts.clear()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


class OfFramework:
    """The contexts of a whole framework: ``flask``, or ``miniflask`` on whatever era.

    Args:
        fw: The framework's module.
    """

    def __init__(self, fw: Any) -> None:
        self.fw = fw
        self.apps = {name: fw.Flask(name) for name in ("shop", "blog")}

    @property
    def app(self) -> Any:
        """The name of the current application; None without one."""
        return self.fw.current_app.name if self.fw.has_app_context() else None

    @property
    def request(self) -> Any:
        """The path of the current request; None without one."""
        return self.fw.request.path if self.fw.has_request_context() else None

    def push(self, app: Any, request: Any) -> Callable[[], None]:
        """Push a request context of an application."""
        ctx = self.apps[app].test_request_context(request)
        ctx.push()
        return ctx.pop  # type: ignore[no-any-return]  # of any framework

    def clear(self) -> None:
        """Empty the stacks, where there are some."""
        for name in ("_request_ctx_stack", "_app_ctx_stack"):
            stack = vars(self.fw.globals).get(name)
            if hasattr(stack, "__release_local__"):
                stack.__release_local__()
