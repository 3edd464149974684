"""Locals, stacks and proxies in many places at once, ours and Werkzeug's, step by step.

A *place* is a thread, a greenlet, an asyncio task or a copied Context.  Each waits for a function,
runs it, hands back what it gave, and waits again: every step happens in one place while all others
stand still, so that a run can be repeated and shrunk.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import queue
import re
import threading
from collections.abc import Callable
from contextvars import Context, ContextVar, Token
from functools import partial
from types import ModuleType
from typing import Any

import greenlet  # type: ignore[import-untyped]  # greenlet ships no types
import pytest
import werkzeug.local
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)

import miniflask.local

Step = Callable[[], Any]


class ThreadPlace:
    """A thread: begins with an empty Context."""

    def __init__(self) -> None:
        self.steps: queue.SimpleQueue[Step | None] = queue.SimpleQueue()
        self.results: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.thread = threading.Thread(target=self._work)
        self.thread.start()

    def _work(self) -> None:
        while (step := self.steps.get()) is not None:
            self.results.put(step())

    def run(self, step: Step) -> Any:
        self.steps.put(step)
        return self.results.get()

    def close(self) -> None:
        self.steps.put(None)
        self.thread.join()


class GreenletPlace:
    """A greenlet: shares its thread with others, and begins with an empty Context."""

    def __init__(self) -> None:
        self.home = greenlet.getcurrent()
        self.greenlet = greenlet.greenlet(self._work)
        self.greenlet.switch(None)

    def _work(self, step: Step | None) -> None:
        result = None
        while (step := self.home.switch(result)) is not None:
            result = step()

    def run(self, step: Step) -> Any:
        return self.greenlet.switch(step)

    def close(self) -> None:
        self.greenlet.switch(None)


class TaskPlace:
    """An asyncio task: begins with a copy of the Context that it was made in."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.steps: asyncio.Queue[Step | None] = asyncio.Queue()
        self.results: asyncio.Queue[Any] = asyncio.Queue()
        self.task = loop.create_task(self._work())

    async def _work(self) -> None:
        while (step := await self.steps.get()) is not None:
            self.results.put_nowait(step())

    def run(self, step: Step) -> Any:
        self.steps.put_nowait(step)
        return self.loop.run_until_complete(self.results.get())

    def close(self) -> None:
        self.steps.put_nowait(None)
        self.loop.run_until_complete(self.task)


class ContextPlace:
    """A copied Context, entered from one other place or another."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.run = context.run

    def close(self) -> None:
        pass


Place = ThreadPlace | GreenletPlace | TaskPlace | ContextPlace


class Attributes:
    """Something for a stack or variable to hold, that proxies can look into."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"Attributes({self.value})"


class World:
    """One implementation's locals and proxies; the same names mean the same in both."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.dict_var: ContextVar[Any] = ContextVar("dict_var")
        self.list_var: ContextVar[Any] = ContextVar("list_var")
        self.plain_var: ContextVar[Any] = ContextVar("plain_var")
        self.locals = [module.Local(), module.Local(self.dict_var)]
        self.stacks = [module.LocalStack(), module.LocalStack(self.list_var)]
        self.manager = module.LocalManager([*self.locals, *self.stacks])
        self.tokens: list[tuple[ContextVar[Any], Token[Any]]] = []
        self.proxies = [
            *(local(name) for local in self.locals for name in "ab"),
            *(stack(unbound_message="nothing here") for stack in self.stacks),
            self.stacks[0]("value"),
            self.stacks[1]("value.real", unbound_message="nothing here"),
            module.LocalProxy(self.plain_var),
            module.LocalProxy(self.plain_var, "value"),
            module.LocalProxy(lambda: self.stacks[0].top),
            module.LocalProxy(self.locals[0], "a.value"),
        ]

    def begin(self) -> None:
        """Put in something for children to inherit."""
        for local, stack in zip(self.locals, self.stacks, strict=True):
            local.a, local.b = 1, Attributes(2)
            stack.push(Attributes(3))

    def snapshot(self) -> Any:
        """Everything that can be seen from here; run it in a copied Context."""
        reprs = [repr(proxy) for proxy in self.proxies]
        return (
            [dict(local) for local in self.locals],
            [list(stack.push("probe")) for stack in self.stacks],
            self.plain_var.get("unset"),
            reprs,
        )


def outcome(step: Callable[[World], Any], world: World) -> Any:
    """Run a step, and tell what came of it in words that are the same for both modules."""
    try:
        words = "gave", repr(step(world))
    except Exception as e:
        words = type(e).__name__, str(e)
    return [re.sub(r"0x[0-9a-f]+", "address", word) for word in words]


USES: dict[str, Callable[[Any], Any]] = {
    "repr": repr,
    "str": str,
    "bool": bool,
    "eq": lambda proxy: proxy == 1,
    "add": lambda proxy: proxy + 1,
    "attribute": lambda proxy: proxy.value,
    "missing attribute": lambda proxy: proxy.nowhere,
    "set attribute": lambda proxy: setattr(proxy, "value", 9),
    "item": lambda proxy: proxy[0],
    "isinstance": lambda proxy: (isinstance(proxy, int), isinstance(proxy, Attributes)),
    "object": lambda proxy: proxy._get_current_object(),
}

names = st.sampled_from("ab")
either = st.integers(0, 1)
values = st.one_of(st.integers(0, 3), st.none())


class Interleavings(RuleBasedStateMachine):
    """Do the same in the same place of both worlds, and compare all that can be seen."""

    places = Bundle("places")

    @initialize(target=places)
    def begin(self) -> Any:
        self.worlds = World(miniflask.local), World(werkzeug.local)
        self.loop = asyncio.new_event_loop()
        self.open: list[Place] = []
        place = self._opened(ThreadPlace())
        for world in self.worlds:
            place.run(world.begin)
        return place

    def _opened(self, place: Place) -> Any:
        self.open.append(place)
        return place

    def teardown(self) -> None:
        for place in self.open:
            place.close()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()

    def agree(
        self, place: Place, step: Callable[[World], Any], inner: ContextPlace | None = None
    ) -> None:
        results = []
        for world in self.worlds:
            here = partial(outcome, step, world)
            results.append(place.run(partial(inner.run, here) if inner else here))
        assert results[0] == results[1]

    # Places

    @rule(target=places)
    def start_stranger(self) -> Any:
        if len(self.open) >= 6:
            return multiple()
        return self._opened(ThreadPlace() if len(self.open) % 2 else GreenletPlace())

    @rule(target=places, parent=places, task=st.booleans())
    def start_child(self, parent: Place, task: bool) -> Any:
        if len(self.open) >= 6:
            return multiple()
        context = parent.run(contextvars.copy_context)
        if task:
            return self._opened(context.run(TaskPlace, self.loop))
        return self._opened(ContextPlace(context))

    @rule(outer=places, inner=places, which=either, value=values)
    def enter(self, outer: Place, inner: Place, which: int, value: Any) -> None:
        if isinstance(inner, ContextPlace) and inner is not outer:
            self.agree(outer, lambda world: world.stacks[which].push(value), inner)

    # Locals

    @rule(place=places, which=either, name=names, value=values)
    def set(self, place: Place, which: int, name: str, value: Any) -> None:
        self.agree(place, lambda world: setattr(world.locals[which], name, value))

    @rule(place=places, which=either, name=names)
    def get(self, place: Place, which: int, name: str) -> None:
        self.agree(place, lambda world: getattr(world.locals[which], name))

    @rule(place=places, which=either, name=names)
    def delete(self, place: Place, which: int, name: str) -> None:
        self.agree(place, lambda world: delattr(world.locals[which], name))

    # Stacks

    @rule(place=places, which=either, value=values)
    def push(self, place: Place, which: int, value: Any) -> None:
        self.agree(place, lambda world: world.stacks[which].push(value))

    @rule(place=places, which=either)
    def push_attributes(self, place: Place, which: int) -> None:
        self.agree(place, lambda world: world.stacks[which].push(Attributes(which)))

    @rule(place=places, which=either)
    def pop(self, place: Place, which: int) -> None:
        self.agree(place, lambda world: world.stacks[which].pop())

    @rule(place=places, which=either)
    def top(self, place: Place, which: int) -> None:
        self.agree(place, lambda world: world.stacks[which].top)

    # Variables that the program gave, and uses as well

    @rule(place=places, items=st.lists(values, max_size=3))
    def set_list(self, place: Place, items: list[Any]) -> None:
        self._set_var(place, "list_var", lambda: list(items))

    @rule(place=places, items=st.dictionaries(names, values))
    def set_dict(self, place: Place, items: dict[str, Any]) -> None:
        self._set_var(place, "dict_var", lambda: dict(items))

    @rule(place=places, value=values)
    def set_plain(self, place: Place, value: int | None) -> None:
        self._set_var(place, "plain_var", lambda: Attributes(value) if value else value)

    def _set_var(self, place: Place, name: str, make: Callable[[], Any]) -> None:
        def step(world: World) -> None:
            var: ContextVar[Any] = getattr(world, name)
            world.tokens.append((var, var.set(make())))

        self.agree(place, step)

    @rule(place=places)
    def reset(self, place: Place) -> None:
        def step(world: World) -> str:
            var, token = world.tokens[-1]
            try:
                var.reset(token)
            except (RuntimeError, ValueError) as e:
                return type(e).__name__
            return "done"

        if self.worlds[0].tokens:
            self.agree(place, step)

    @rule(place=places)
    def read_vars(self, place: Place) -> None:
        self.agree(place, lambda world: (world.dict_var.get(None), list(world.list_var.get(()))))

    # Releasing

    @rule(place=places, which=either, stack=st.booleans())
    def release(self, place: Place, which: int, stack: bool) -> None:
        def step(world: World) -> None:
            world.module.release_local((world.stacks if stack else world.locals)[which])

        self.agree(place, step)

    @rule(place=places)
    def cleanup(self, place: Place) -> None:
        self.agree(place, lambda world: world.manager.cleanup())

    # Proxies

    @rule(place=places, index=st.integers(0, 11), use=st.sampled_from(sorted(USES)))
    def use_proxy(self, place: Place, index: int, use: str) -> None:
        self.agree(place, lambda world: USES[use](world.proxies[index]))

    @invariant()
    def everybody_sees_the_same(self) -> None:
        for place in getattr(self, "open", ()):
            self.agree(place, lambda world: contextvars.copy_context().run(world.snapshot))


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(stateful_step_count=40)


@pytest.mark.parametrize("name", ["Local", "LocalStack", "LocalManager", "LocalProxy"])
def test_a_class_is_called_and_laid_out_as_werkzeugs(name: str) -> None:
    """Parameters have the same names and kinds, and no object has room for anything else."""

    def shape(module: ModuleType) -> Any:
        kind = getattr(module, name)
        methods = filter(inspect.isfunction, map(vars(kind).get, ("__init__", "__call__")))
        parameters = [inspect.signature(method).parameters.values() for method in methods]
        return [[(p.name, p.kind) for p in each] for each in parameters], kind.__dictoffset__

    assert shape(miniflask.local) == shape(werkzeug.local)


def test_what_a_stack_keeps_has_room_for_nothing_else() -> None:
    """Nor a hash: it is a list in Werkzeug."""

    def kept(module: ModuleType) -> Any:
        var = ContextVar[Any]("var")
        module.LocalStack(var).push("top")
        return hasattr(var.get(), "__dict__"), var.get().__hash__

    assert contextvars.Context().run(kept, miniflask.local) == (False, None)
    assert contextvars.Context().run(kept, werkzeug.local) == (False, None)


@pytest.mark.parametrize("module", [miniflask.local, werkzeug.local], ids=["ours", "theirs"])
def test_only_the_name_is_given_by_place(module: ModuleType) -> None:
    """And it may be given by its own name, which the message must be."""
    made: list[Callable[..., Any]] = [
        partial(module.LocalProxy, ContextVar[Any]("var")),
        module.Local(),
        module.LocalStack(),
    ]
    for make in made:
        with pytest.raises(RuntimeError, match="^nothing there$"):
            make(name="held", unbound_message="nothing there")._get_current_object()
        with pytest.raises(TypeError, match="positional argument"):
            make("held", "nothing there")
