"""The state machine: all rules of a map as one tree, along which a URL is followed.

From the root, the host or subdomain leads on, then one piece of the path after the other. From each
``State`` there are static transitions, by equal text, and dynamic ones, by fitting pattern; rules
that begin alike share states. A ``Search`` goes depth first: static before dynamic, dynamic by
weight, and back where it got stuck. What that costs depends on the length of the URL and not on the
number of rules.

Most requests need no search. ``MapAdapter.match`` arrives where the search would arrive first: a
``Site`` knows the paths of rules without variables, and a walk that takes the first way that opens,
and never turns back, finds most of the others. What the walk cannot tell, it leaves to the search.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from .converters import is_validation_error
from .exceptions import NoMatch, RequestAliasRedirect, RequestPath
from .parts import ARGUMENT, RulePart, Weight

if TYPE_CHECKING:
    from .rules import Rule

# Makes the values of a rule's arguments from the pieces of a path, as a walk leaves them.
Reader = Callable[[Sequence[Any]], dict[str, Any]]

# Where a walk leaves the text of an argument: the index of its piece, and its number among the
# texts that were captured in that piece, or None if the text is the whole piece.
Place = tuple[int, int | None]

_slashes = re.compile("/{2,}")

# Patterns so common that a function in C answers for them, given a piece without slashes.
_SIMPLE_TESTS: dict[str, Callable[[str], object]] = {
    rf"(?P<{ARGUMENT}0>[^/]{{1,}})\Z": len,
    rf"(?P<{ARGUMENT}0>\d+)\Z": str.isdecimal,
}

# With more dynamic transitions than this, looking for the right ones beats trying them in turn.
_CROWD = 8


class Transition:
    """A dynamic way from one state to the next.

    Attributes:
        part: The pattern that a piece of a URL has to fit.
        weight: The part's weight, comparable whichever package the part is from.
        whole: Whether the one argument is the whole piece.
        state: Where the way leads.
        test: A function that tells of a piece whether it fits.
    """

    __slots__ = ("_groups", "part", "state", "test", "weight", "whole")

    def __init__(self, part: RulePart, weight: Weight) -> None:
        self.part = part
        self.weight = weight
        texts, _, arguments, _ = weight
        self.whole = texts == 0 and arguments == -1 and not part.final
        self.state = State()
        self.test: Callable[[str], Any]
        self.test = (self.whole and _SIMPLE_TESTS.get(part.content)) or self._compile_and_test
        self._groups: tuple[int, ...] = ()

    def _compile_and_test(self, piece: str) -> Any:
        """Compile the pattern the first time; a map has many, and a program's life may need few."""
        pattern = re.compile(self.part.content)
        names = pattern.groupindex.items()
        self._groups = tuple(n for name, n in names if name.startswith(ARGUMENT))
        self.test = pattern.match
        return pattern.match(piece)

    def piece(self, pieces: Sequence[str], at: int) -> str:
        """Return what has to fit: the piece of a URL at an index, or all from there on."""
        return "/".join(pieces[at:]) if self.part.final else pieces[at]

    def capture(self, piece: str) -> Sequence[str] | None:
        """Return the texts of the arguments, None if the piece does not fit."""
        found = self.test(piece)
        if not found:
            return None
        return (piece,) if self.whole else found.group(0, *self._groups)[1:]

    def places(self, at: int) -> tuple[Place, ...]:
        """Return where a walk leaves the arguments of the piece at an index."""
        if self.whole:
            return ((at, None),)
        return tuple((at, number) for number in range(-self.weight[2]))

    def leaf(self, rest: str) -> State:
        """Return where a final transition ends, which may be behind one more slash."""
        return self.state.static[""] if self.part.suffixed and rest.endswith("/") else self.state


class State:
    """A place that URLs can come to.

    Attributes:
        static: Where to go on from here, by the text of the next piece.
        dynamic: Other ways on, the first to try in front.
        rules: The rules that end here, in the order in which they were added.
        plain_rules: The same with their readers; none if one of them has defaults or is an alias.
        lone_way: The only dynamic way on, if there is just one and it takes one piece, whole.
        only_way: Whether whoever comes here could have gone nowhere else.
        depth: How many pieces of a path lead here.
    """

    __slots__ = (
        "_by_part",
        "_crowd",
        "depth",
        "dynamic",
        "lone_way",
        "only_way",
        "plain_rules",
        "rules",
        "static",
    )

    def __init__(self) -> None:
        # Most of the many states stay without most of this, so empty tuples stand for empty lists.
        self.static: dict[str, State] = {}
        self.dynamic: Sequence[Transition] = ()
        self.rules: Sequence[Rule] = ()
        self.plain_rules: Sequence[tuple[Rule, Reader]] = ()
        self.lone_way: Transition | None = None
        self.only_way = False
        self.depth = 0
        self._by_part: dict[tuple[Any, ...], Transition] = {}
        self._crowd: Crowd | None = None

    def follow(self, part: RulePart) -> State:
        """Return the state that a part leads to, made if it is the first such part."""
        if part.static:
            return self.static.get(part.content) or self.static.setdefault(part.content, State())
        texts, text_weights, arguments, argument_weights = part.weight
        weight = (texts, tuple(text_weights), arguments, tuple(argument_weights))
        key = (part.content, part.final, part.suffixed, weight)
        transition = self._by_part.get(key)
        if transition is None:
            transition = self._by_part[key] = Transition(part, weight)
        return transition.state

    def settle(self, only_way: bool, depth: int, places: tuple[Place, ...]) -> None:
        """Put everything in order, here and wherever one can go from here.

        What is in use by other threads is replaced, never changed.

        Args:
            only_way: Whether whoever comes here could have gone nowhere else.
            depth: How many pieces of a path lead here.
            places: Those of the arguments on the way here.
        """
        self.only_way, self.depth = only_way, depth
        if self.rules:
            plain = not any(rule.defaults or rule.alias for rule in self.rules)
            self.plain_rules = [(rule, _reader(rule, places)) for rule in self.rules if plain]
        if self._by_part:
            ways = sorted(self._by_part.values(), key=lambda transition: transition.weight)
            self._crowd = Crowd(ways) if len(ways) > _CROWD else None
            self.lone_way = ways[0] if len(ways) == 1 and ways[0].whole else None
            self.dynamic = ways
        for state in self.static.values():
            state.settle(only_way and not self.dynamic, depth + 1, places)
        for transition in self.dynamic:
            alone = only_way and len(self.dynamic) == 1
            transition.state.settle(alone, depth + 1, places + transition.places(depth))

    def transitions(self, pieces: Sequence[str], at: int) -> Iterable[Transition]:
        """Return the dynamic transitions to try on the piece of a URL at an index."""
        return self.dynamic if self._crowd is None else self._crowd.near(pieces, at)

    def step(self, pieces: list[Any]) -> State | None:
        """Take the first dynamic way that opens, and leave what it captures in place of its piece.

        Args:
            pieces: Those of the path, on a walk that has come as far as here. After a final
                transition the others are dropped, and with them the walk is over.
        """
        at = self.depth
        for transition in self.transitions(pieces, at):
            piece = transition.piece(pieces, at)
            captured = transition.capture(piece)
            if captured is None:
                continue
            if transition.whole:
                return transition.state
            pieces[at] = captured
            if not transition.part.final:
                return transition.state
            del pieces[at + 1 :]
            return transition.leaf(piece)
        return None


def _reader(rule: Rule, places: Sequence[Place]) -> Reader:
    """Make the function that turns the pieces of a path into the values of a rule's arguments.

    Nearly all rules have no more than two arguments, each of them a whole piece, and a loop would
    take longer than they do. The converter is asked anew each time, as programs may replace what
    it does.
    """
    zipped = zip(rule._converters.items(), places, strict=False)
    arguments = [(*item, *place) for item, place in zipped]
    match arguments:
        case []:
            return lambda pieces: {}
        case [(name, converter, at, None)]:
            return lambda pieces: {name: converter.to_python(pieces[at])}
        case [(name, converter, at, None), (name2, converter2, at2, None)]:
            return lambda pieces: {
                name: converter.to_python(pieces[at]),
                name2: converter2.to_python(pieces[at2]),
            }
    return lambda pieces: {
        name: converter.to_python(pieces[at] if number is None else pieces[at][number])
        for name, converter, at, number in arguments
    }


def _convert(rule: Rule, texts: Sequence[str]) -> dict[str, Any]:
    arguments = zip(rule._converters.items(), texts, strict=False)
    return {name: converter.to_python(text) for (name, converter), text in arguments}


class Crowd:
    """The many dynamic transitions of one state, by the static text at both ends of their parts.

    ``/<name>-a``, ``/<name>-b`` and so on need as many patterns, but a piece has to be tried on
    those only that end as it does.
    """

    def __init__(self, transitions: Iterable[Transition]) -> None:
        self._by_ends: dict[tuple[bool, str, str], list[tuple[int, Transition]]] = {}
        for number, transition in enumerate(transitions):
            # Parts of Werkzeug's own rules do not tell.
            starts = getattr(transition.part, "starts", "")
            ends = getattr(transition.part, "ends", "")
            key = (transition.part.final, starts, ends)
            self._by_ends.setdefault(key, []).append((number, transition))
        self._sizes = {(final, len(starts), len(ends)) for final, starts, ends in self._by_ends}

    def near(self, pieces: Sequence[str], at: int) -> Iterable[Transition]:
        """Return the transitions whose ends are right, the first to try in front."""
        piece, left = pieces[at], "/".join(pieces[at:])
        found: list[tuple[int, Transition]] = []
        for final, starts, ends in self._sizes:
            text = left if final else piece
            if starts + ends <= len(text):
                key = (final, text[:starts], text[len(text) - ends :])
                found += self._by_ends.get(key, ())
        return [transition for _, transition in sorted(found)]


class Search:
    """One search through the states, and what it came across.

    Args:
        root: Where to begin.
        domain: The host or subdomain.
        method: The HTTP method.
        websocket: Whether it is for a websocket.

    Attributes:
        have_match_for: The methods of rules that would have matched with another method.
        websocket_mismatch: Whether a rule would have matched as a websocket, or as none.
    """

    def __init__(self, root: State, domain: str, method: str, websocket: bool) -> None:
        self._root = root
        self._domain = domain
        self._method = method
        self._websocket = websocket
        self._path = ""
        self._pieces: list[str] = []
        self.have_match_for: set[str] = set()
        self.websocket_mismatch = False

    def run(self, path: str) -> tuple[Rule, Sequence[str]] | None:
        """Return the first rule that matches and the texts of its arguments, None if there is none.

        Raises:
            RequestPath: The path lacks the slash at its end.
        """
        self._path = path
        self._pieces = [self._domain, *path.split("/")]
        return self._visit(self._root, 0, ())

    def _visit(
        self, state: State, at: int, values: Sequence[str]
    ) -> tuple[Rule, Sequence[str]] | None:
        if at == len(self._pieces):
            return self._arrive(state, values)
        piece = self._pieces[at]
        following = state.static.get(piece)
        found = None if following is None else self._visit(following, at + 1, values)
        if found is not None:
            return found
        for transition in state.transitions(self._pieces, at):
            found = self._follow(transition, at, values)
            if found is not None:
                return found
        if piece == "" and at + 1 == len(self._pieces):
            return self._choose((r for r in state.rules if not r.strict_slashes), values)
        return None

    def _follow(
        self, transition: Transition, at: int, values: Sequence[str]
    ) -> tuple[Rule, Sequence[str]] | None:
        piece = transition.piece(self._pieces, at)
        captured = transition.capture(piece)
        if captured is None:
            return None
        values = (*values, *captured)
        if transition.part.final:
            return self._arrive(transition.leaf(piece), values)
        return self._visit(transition.state, at + 1, values)

    def _arrive(self, state: State, values: Sequence[str]) -> tuple[Rule, Sequence[str]] | None:
        found = self._choose(state.rules, values)
        behind_slash = state.static.get("")
        if found is not None or behind_slash is None:
            return found
        for rule in behind_slash.rules:
            if fits(rule, self._method, self._websocket):
                if rule.strict_slashes:
                    raise RequestPath(f"{self._path}/")
                return rule, values
        return None

    def _choose(
        self, rules: Iterable[Rule], values: Sequence[str]
    ) -> tuple[Rule, Sequence[str]] | None:
        for rule in rules:
            if fits(rule, self._method, self._websocket):
                return rule, values
            if rule.methods is not None and self._method not in rule.methods:
                self.have_match_for.update(rule.methods)
            else:
                self.websocket_mismatch = True
        return None

    def no_match(self) -> NoMatch:
        """Return the report that nothing matches, with what came close so far."""
        return NoMatch(self.have_match_for, self.websocket_mismatch)


def fits(rule: Rule, method: str, websocket: bool) -> bool:
    """Tell whether a rule is for this method and this kind of request."""
    return (rule.methods is None or method in rule.methods) and rule.websocket == websocket


#: A state without rules and without ways on, from which only a search can tell.
LOST = State()


class Site:
    """What is known of one host or subdomain that has no variables.

    Attributes:
        start: The state in front of the path's first piece.
        exact: The states at the end of paths without variables; all of ASCII, so that a path may
            be looked for here before it is decoded.
    """

    def __init__(self, start: State) -> None:
        self.start = start
        self.exact = {"": LOST}


#: What is known of every other host.
UNKNOWN_SITE = Site(LOST)


class StateMachineMatcher:
    """Arrange rules in a tree, and match URLs against them.

    Args:
        merge_slashes: Whether a path with slashes in a row is redirected to one without that
            matches.

    Attributes:
        sites: What is known of hosts or subdomains without variables, by name.

    Source: ``werkzeug.routing.StateMachineMatcher``, since Werkzeug 2.2.
    """

    def __init__(self, merge_slashes: bool) -> None:
        self.merge_slashes = merge_slashes
        self._root = State()
        self.sites: dict[str, Site] = {}

    def add(self, rule: Rule) -> None:
        """Let a bound rule take part; ``update`` has to follow."""
        state = self._root
        for part in rule._parts:
            state = state.follow(part)
        state.rules = (*state.rules, rule)
        domain, first, *others = rule._parts
        if not domain.static or not first.static or first.content:
            return
        site = self.sites.get(domain.content)
        if site is None:
            site = Site(self._root.follow(domain).follow(first))
            self.sites[domain.content] = site
        path = "/" + "/".join(part.content for part in others)
        if all(part.static for part in others) and path.isascii() and path[:2] != "//":
            site.exact[path] = state

    def update(self) -> None:
        """Put everything in order after rules were added."""
        # Two pieces come before the path's first: the domain, and the nothing before its slash.
        self._root.settle(True, -2, ())

    def match(
        self, domain: str, path: str, method: str, websocket: bool
    ) -> tuple[Rule, dict[str, Any]]:
        """Search for the rule that matches a URL.

        Args:
            domain: The host or subdomain.
            path: The path, with one leading slash, or the empty text.
            method: The HTTP method, in upper case.
            websocket: Whether it is for a websocket.

        Returns:
            The rule, and the values of its variables and defaults.

        Raises:
            NoMatch: No rule matches, or a converter refused its text.
            RequestPath: The path has to be spelled otherwise to match.
            RequestAliasRedirect: The rule is an alias.
        """
        search = Search(self._root, domain, method, websocket)
        found = search.run(path)
        if found is None and self.merge_slashes and "//" in path:
            merged = _slashes.sub("/", path)
            found = search.run(merged)
            if found is not None and found[0].merge_slashes is not False:
                raise RequestPath(merged)
            found = None
        if found is None:
            raise search.no_match()
        rule, texts = found
        try:
            values = _convert(rule, texts)
        except ValueError as error:
            if not is_validation_error(error):
                raise
            # No other rule is tried, but the methods of those tried before count.
            raise search.no_match() from error
        values.update(rule.defaults or ())
        if rule.alias and rule.map.redirect_defaults:
            raise RequestAliasRedirect(values, rule.endpoint)
        return rule, values

    def refusal(self, domain: str, path: str, method: str, websocket: bool) -> NoMatch:
        """Return the report that a converter refused its text, with what came close before."""
        search = Search(self._root, domain, method, websocket)
        search.run(f"/{path.lstrip('/')}")
        return search.no_match()
