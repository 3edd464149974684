"""Who made which token, who spent it, and why a variable holds what it holds."""

from __future__ import annotations

from typing import NamedTuple

from .places import Source
from .trace import Lane, Subject, Trace, trim


class Set(NamedTuple):
    """A context was made the active one."""

    step: int
    source: Source | None


class Popped(NamedTuple):
    """A context stopped being the active one."""

    step: int
    subject: Subject
    lane: Lane
    source: Source | None
    time: float


class Ledger:
    """The books of one recording.

    Args:
        trace: The recording; how many entries are kept is its limit.
    """

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        # id of the token -> its name, and the Context that it was made in
        self._tokens: dict[int, tuple[str, int]] = {}
        self._sets: dict[tuple[int, str, str], Set] = {}
        self._pops: dict[tuple[int, str], Popped] = {}
        self._last_pop: dict[str, Popped] = {}

    def made(
        self,
        token: int,
        name: str,
        context: int,
        var: str,
        label: str,
        step: int,
        source: Source | None,
    ) -> None:
        """Enter a new token."""
        self._tokens[token] = name, context
        self._sets[context, var, label] = Set(step, source)
        trim(self._tokens, self._trace.limit)
        trim(self._sets, self._trace.limit)

    def spent(self, token: int) -> tuple[str, int | None]:
        """Strike a token out; return its name, and the Context it was made in, if known."""
        return self._tokens.pop(token, ("", None))

    def popped(
        self, context: int, var: str, ctx: Subject, step: int, lane: Lane, source: Source | None
    ) -> None:
        """Enter that a context was popped."""
        time = self._trace.latest
        self._pops[context, var] = self._last_pop[var] = Popped(step, ctx, lane, source, time)
        trim(self._pops, self._trace.limit)

    def why(self, context: int, var: str, label: str | None, kind: str) -> str:
        """Say why a variable holds what it holds.

        Args:
            context: The Context that is running.
            var: The variable.
            label: The context in it, or None.
            kind: What runs.
        """
        if label is None:
            return self._why_nothing(context, var, kind)
        origin: int | None = context
        while origin is not None:
            found = self._sets.get((origin, var, label))
            if found is not None:
                pushed = f"step {found.step} pushed it{_at(found.source)}"
                if origin == context:
                    return pushed
                return f"Context {context} is a copy of Context {origin}, where {pushed}"
            origin = self._trace.contexts.get(origin)
        return "pushed before the recording began"

    def _why_nothing(self, context: int, var: str, kind: str) -> str:
        popped = self._pops.get((context, var))
        if popped is not None:
            popped_it = f"step {popped.step} popped {popped.subject.label}{_at(popped.source)}"
            return f"{popped_it}; nothing lay below"
        parent = self._trace.contexts.get(context)
        if parent is not None:
            return f"Context {context} was copied from Context {parent} while nothing was pushed"
        if kind == "task":
            return f"nothing was pushed in Context {context}"
        return f"nothing was pushed in Context {context}; a new {kind} begins with an empty one"

    def explain(
        self,
        error: RuntimeError,
        proxy: str,
        var: str,
        lane: Lane,
        context: int,
        source: Source | None,
        now: float,
    ) -> None:
        """Tell an error where the proxy was read, why it is unbound, and who popped last."""
        why = self._why_nothing(context, var, lane.kind)
        lines = [
            f"`{proxy}` was read on {lane.kind} {lane.name!r}{_at(source)}.",
            f"Its variable {var} holds nothing there: {why}.",
        ]
        last = self._last_pop.get(var)
        if last is None:
            lines.append("No context of this kind was popped since the recording began.")
        else:
            lines.append(
                f"The last one popped was {last.subject.label} ({last.subject.title}),"
                f" on {last.lane.kind} {last.lane.name!r}{_at(last.source)},"
                f" {now - last.time:.3f} seconds before."
            )
        lines.append(_NEXT[proxy in ("current_app", "g", "app_ctx")])
        add_note(error, "\n".join(lines))


_NEXT = {
    True: "Push one around the code: with app.app_context(): ...",
    False: "Push one around the code: with app.test_request_context(): ... In a thread or"
    " greenlet started by a view, call copy_current_request_context(function) instead.",
}


def _at(source: Source | None) -> str:
    return f" ({source} in {source.function})" if source else ""


def add_note(error: BaseException, note: str) -> None:
    """Add a note to an exception, as PEP 678 does; its message stays what it was.

    Python 3.10 prints no notes: there the note is the error's cause.
    """
    add = getattr(error, "add_note", None)
    if add is not None:
        add(note)
    else:
        error.__notes__ = [note]  # type: ignore[attr-defined]  # for those who print it
        error.__cause__ = Explanation(note)


class Explanation(Exception):
    """Carries a note where Python prints none."""
