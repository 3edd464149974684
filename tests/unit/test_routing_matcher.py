"""The state machine: which rule a URL comes to, and at what cost."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.exceptions import HTTPException, NotFound

from miniflask.routing import (
    BaseConverter,
    IntegerConverter,
    Map,
    NoMatch,
    RequestAliasRedirect,
    RequestPath,
    Rule,
    StateMachineMatcher,
    UnicodeConverter,
)
from miniflask.routing.matcher import Search


def machine(*texts: str, **options: Any) -> StateMachineMatcher:
    """Return the state machine of a map with these rules."""
    url_map = Map([Rule(text, endpoint=text, **options) for text in texts])
    url_map.update()
    return url_map._matcher


def found(matcher: StateMachineMatcher, path: str, method: str = "GET") -> Any:
    """Return the endpoint and the values that a search finds."""
    rule, values = matcher.match("", path, method, False)
    return rule.endpoint, values


def test_static_goes_before_dynamic_and_back_where_it_gets_stuck() -> None:
    """A search tries everything, in a fixed order."""
    matcher = machine("/<a>/c", "/b/<d>", "/b/<int:e>", "/b/x/y")

    assert found(matcher, "/b/x") == ("/b/<d>", {"d": "x"})
    assert found(matcher, "/b/1") == ("/b/<int:e>", {"e": 1})
    assert found(matcher, "/x/c") == ("/<a>/c", {"a": "x"})
    assert found(matcher, "/b/c") == ("/b/<d>", {"d": "c"})


def test_a_search_without_success_says_what_came_close() -> None:
    """Methods of rules that fitted, and whether a websocket would have done."""
    url_map = Map(
        [
            Rule("/a", methods=["POST"]),
            Rule("/<b>", methods=["PUT"]),
            Rule("/<c>", websocket=True),
        ]
    )
    url_map.update()

    with pytest.raises(NoMatch) as caught:
        url_map._matcher.match("", "/a", "GET", False)

    assert caught.value.have_match_for == {"POST", "PUT"}
    assert caught.value.websocket_mismatch


def test_another_spelling_is_reported() -> None:
    """A slash that is missing, slashes that are too many, and the empty path."""
    matcher = machine("/", "/a/", "/b/c", "/p/<path:p>/")

    for path, spelling in (
        ("", "/"),
        ("/a", "/a/"),
        ("/b//c", "/b/c"),
        ("//a", "/a/"),
        ("/p/x/y", "/p/x/y/"),
    ):
        with pytest.raises(RequestPath) as caught:
            matcher.match("", path, "GET", False)
        assert caught.value.path_info == spelling


def test_an_alias_is_reported_with_its_values() -> None:
    """Unless the map does not redirect to defaults."""
    url_map = Map([Rule("/a/<b>", alias=True, endpoint="e"), Rule("/<b>", endpoint="e")])
    url_map.update()

    with pytest.raises(RequestAliasRedirect) as caught:
        url_map._matcher.match("", "/a/1", "GET", False)
    assert (caught.value.endpoint, caught.value.matched_values) == ("e", {"b": "1"})

    url_map.redirect_defaults = False
    assert found(url_map._matcher, "/a/1") == ("e", {"b": "1"})


def test_equal_parts_share_a_state_and_different_weights_do_not() -> None:
    """Rules that begin alike cost nothing extra."""
    root = machine("/<a>/x", "/<b>/y", "/<string:c>/z", "/<int:d>/x")._root

    ways = root.static[""].static[""].dynamic

    assert [sorted(way.state.static) for way in ways] == [["x"], ["x", "y", "z"]]


def test_converters_with_one_pattern_keep_their_weights() -> None:
    """Parts that look the same are not the same if one is to be tried earlier."""

    class Between(BaseConverter):
        """Letters, tried before texts."""

        regex = "[a-z]+"
        weight = 90

    class Early(UnicodeConverter):
        """Texts, tried before all others."""

        weight = -1

    url_map = Map(converters={"between": Between, "early": Early})
    for rule in ("/<a>/x", "/<between:b>/z", "/<early:c>/z"):
        url_map.add(Rule(rule, endpoint=rule))
    url_map.update()

    assert found(url_map._matcher, "/a/z") == ("/<early:c>/z", {"c": "a"})


def test_patterns_are_compiled_when_they_are_first_tried() -> None:
    """A pattern that cannot be compiled is an error of the request that needs it."""

    class Wrong(BaseConverter):
        """A converter whose pattern is none."""

        regex = "("

    url_map = Map([Rule("/a"), Rule("/w/<wrong:b>")], converters={"wrong": Wrong})
    adapter = url_map.bind("localhost")

    assert adapter.test("/a")
    with pytest.raises(Exception, match="missing \\)"):
        adapter.match("/w/b")


# ---- the short cuts ----


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the paths that were searched for, and not just walked to."""
    paths: list[str] = []
    run = Search.run

    def note(search: Search, path: str) -> Any:
        paths.append(path)
        return run(search, path)

    monkeypatch.setattr(Search, "run", note)
    return paths


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a", ("/a", {})),
        ("//a", ("/a", {})),
        ("/u/7", ("/u/<int:n>", {"n": 7})),
        ("/u/7/x", ("/u/<int:n>/<b>", {"n": 7, "b": "x"})),
        ("/u/7/x/y/z", ("/u/<int:n>/<b>/<c>/<d>", {"n": 7, "b": "x", "c": "y", "d": "z"})),
        ("/s/a-b.c", ("/s/<b>-<c>.c", {"b": "a", "c": "b"})),
        ("/s/a-b.c/d", ("/s/<b>-<c>.c/<d>", {"b": "a", "c": "b", "d": "d"})),
        ("/f/x/y/", ("/f/<path:p>", {"p": "x/y/"})),
    ],
)
def test_most_paths_take_no_search(path: str, expected: Any, searches: list[str]) -> None:
    """Static paths, and those where the first way that opens is right."""
    texts = ["/a", "/u/<int:n>", "/u/<int:n>/<b>", "/u/<int:n>/<b>/<c>/<d>", "/s/<b>-<c>.c"]
    url_map = Map(
        [Rule(text, endpoint=text) for text in [*texts, "/s/<b>-<c>.c/<d>", "/f/<path:p>"]]
    )

    assert url_map.bind("h").match(path) == expected
    assert searches == []


@pytest.mark.parametrize("path", ["", "/b", "/c/", "/e", "/c/x", "/d//1"])
def test_what_a_short_cut_cannot_tell_is_left_to_the_search(path: str, searches: list[str]) -> None:
    """Slashes, other methods, defaults, and every place where the walk might turn back."""
    url_map = Map(
        [
            Rule("/b", methods=["POST"]),
            Rule("/c/", defaults={"page": 1}),
            Rule("/<x>/d/f"),
            Rule("/c/<int:page>"),
            Rule("/e/", strict_slashes=False),
            Rule("/d/<int:n>"),
        ]
    )

    url_map.bind("h").test(path)

    assert searches[:1] == [path]


def test_a_certain_miss_takes_no_search(searches: list[str]) -> None:
    """Where nothing was passed over, nothing can be found by turning back."""
    adapter = Map([Rule("/a/b"), Rule("/u/<int:n>/x")]).bind("h")

    for path in ("/b", "/a/c", "/u/x", "/u/7/y"):
        assert not adapter.test(path)
    assert searches == []
    for path in ("/a/", "/a//x", "/u/7"):
        assert not adapter.test(path)
    assert not Map([Rule("/<a>"), Rule("/b/c")]).bind("h").test("/b/d")
    assert len(searches) == 5  # `/a//x` is searched again with one slash


def test_a_converter_that_is_replaced_after_a_match_is_asked() -> None:
    """On its class, on the converter of one rule, or as the method that a number is read with."""
    url_map = Map([Rule("/<int:n>", endpoint="e"), Rule("/<int:n>/<x>", endpoint="f")])

    class Own(IntegerConverter):
        """A converter of a program, to be changed."""

    url_map.converters["own"] = Own
    url_map.add(rule := Rule("/o/<own:n>/<int:m>", endpoint="o"))
    adapter = url_map.bind("h")
    assert adapter.match("/o/7/8") == ("o", {"n": 7, "m": 8})

    Own.num_convert = lambda self, text: int(text, 16)  # type: ignore[assignment, misc]  # as programs do
    assert adapter.match("/o/10/8") == ("o", {"n": 16, "m": 8})
    Own.to_python = lambda self, value: f"<{value}>"  # type: ignore[method-assign]  # the same
    assert adapter.match("/o/7/8") == ("o", {"n": "<7>", "m": 8})
    rule._converters["m"].to_python = lambda value: f"({value})"  # type: ignore[method-assign]  # the same
    assert adapter.match("/o/7/8") == ("o", {"n": "<7>", "m": "(8)"})
    assert adapter.match("/5") == ("e", {"n": 5})


def test_limits_of_a_number_count_as_they_are() -> None:
    """A converter's attributes may be changed after the first match."""
    url_map = Map([rule := Rule("/<int:n>", endpoint="e")])
    adapter = url_map.bind("h")
    assert adapter.match("/7") == ("e", {"n": 7})

    converter: Any = rule._converters["n"]
    for name, value in (("min", 8), ("max", 6), ("fixed_digits", 2)):
        setattr(converter, name, value)
        assert not adapter.test("/7")
        setattr(converter, name, None)
    assert adapter.test("/7")


def test_rules_that_are_added_later_are_found() -> None:
    """Short cuts are kept up to date, whatever was looked for before."""
    url_map = Map([Rule("/a", endpoint="a")])
    adapter = url_map.bind("localhost")
    assert not adapter.test("/b/1")

    url_map.add(Rule("/b/<int:n>", endpoint="b"))
    assert adapter.match("/b/1") == ("b", {"n": 1})

    url_map.add(Rule("/b/1", endpoint="static"))
    assert adapter.match("/b/1") == ("static", {})

    url_map.add(Rule("/<x>/1/<path:y>", endpoint="late"))
    assert adapter.match("/b/1/2") == ("late", {"x": "b", "y": "2"})


def test_attributes_of_a_rule_that_change_are_seen() -> None:
    """Methods and redirect count as they are; after ``refresh`` everything else does."""
    rule = Rule("/a/<b>", endpoint="e", methods=["GET"])
    adapter = Map([rule]).bind("localhost")
    assert adapter.match("/a/1") == ("e", {"b": "1"})

    assert rule.methods is not None
    rule.methods.add("PUT")
    assert adapter.match("/a/1", "PUT") == ("e", {"b": "1"})

    rule.defaults = {"c": 2}
    rule.refresh()
    assert adapter.match("/a/1") == ("e", {"b": "1", "c": 2})

    rule.redirect_to = "new/<b>"
    with pytest.raises(HTTPException, match="308"):
        adapter.match("/a/1")


# ---- crowds ----


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ("/<a>-k{}", "/x-k{}"),
        ("/k{}-<a>", "/k{}-x"),
        ("/a{}<int:n>b{}", "/a{}7b{}"),
        ("/<path:p>/k{}", "/x/y/k{}"),
        ("/<path:p>/k{}/z", "/x/y/k{}/z"),
        ("/s/<a>.k{}/t", "/s/x.k{}/t"),
    ],
)
def test_of_many_siblings_few_are_tried(rule: str, path: str) -> None:
    """Only patterns whose ends are those of the URL are even compiled."""
    texts = [rule.format(n, n) for n in range(300)]
    matcher = machine(*texts)

    assert found(matcher, path.format(123, 123))[0] == texts[123]

    assert len(compiled(matcher)) <= 4


def compiled(matcher: StateMachineMatcher) -> list[Any]:
    """Return the transitions whose patterns were compiled."""
    seen: list[Any] = []
    states = [matcher._root]
    while states:
        state = states.pop()
        states += [*state.static.values(), *(way.state for way in state.dynamic)]
        seen += [way for way in state.dynamic if way.test.__name__ == "match"]
    return seen


def test_siblings_keep_their_turns_in_a_crowd() -> None:
    """More text first, then longer, and so on, as among few."""
    rules = [f"/<a>{end}" for end in ("", "x", "xx", "-x", "-xx", *map(str, range(9)))]

    assert found(machine(*rules), "/a-xx") == ("/<a>-xx", {"a": "a"})
    assert found(machine(*rules), "/xx") == ("/<a>x", {"a": "x"})
    assert found(machine(*rules), "/x") == ("/<a>", {"a": "x"})


def test_an_argument_may_be_nothing_between_its_neighbours() -> None:
    """In a crowd as well, ends may touch."""

    class Maybe(BaseConverter):
        """Letters, or none."""

        regex = "[a-z]*"

    url_map = Map(converters={"maybe": Maybe})
    for number in range(20):
        url_map.add(Rule(f"/{number}-<maybe:a>-{number}", endpoint=number))
    url_map.update()

    assert found(url_map._matcher, "/7--7") == (7, {"a": ""})
    with pytest.raises(NoMatch):
        found(url_map._matcher, "/7-7")


# ---- what it costs ----


def application(count: int) -> Map:
    """Return a map with so many rules of several kinds."""
    kinds = ["/page{}", "/user{}/<int:id>", "/post{}/<slug>/edit", "/<name>-k{}", "/k{}-<name>"]
    return Map([Rule(kinds[n % 5].format(n), endpoint=n) for n in range(count)])


def calls(action: Callable[[], object]) -> int:
    """Count the calls of functions, in Python and in C, that something takes."""
    counted = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(None)
    return counted


@pytest.mark.parametrize(
    "path", ["/page0", "/user1/7", "/post2/a/edit", "/x-k3", "/k4-x", "/nowhere/at/all", "/page0/"]
)
def test_the_number_of_rules_does_not_count(path: str) -> None:
    """A match takes as many calls among a thousand rules as among fifty."""
    costs = []
    for count in (50, 1_000):
        adapter = application(count).bind("localhost")
        adapter.test(path)
        costs.append(calls(lambda: adapter.test(path)))

    # Endings of more lengths are looked up, one call each.
    assert costs[1] - costs[0] <= 20
    assert costs[0] < 130


def test_a_plain_match_is_a_few_calls() -> None:
    """There is no room in it for anything that grows."""
    adapter = application(50).bind("localhost")
    adapter.match("/page0")

    assert calls(lambda: adapter.match("/page0")) < 15


@pytest.mark.parametrize(
    "path",
    [
        "/page0",
        "/user1/7",
        "/post2/a/edit",
        "/nowhere",
        "/d",
        "/m//n",
        "/low/9",
        "/p/0",
        "/x/low/9",
        "/only-posted",
        "/moved/1",
    ],
)
def test_a_match_leaves_nothing_to_the_garbage_collector(path: str) -> None:
    """Hits, misses, redirects, refusals and failures make no reference cycles, nor does a URL."""

    class Failing(BaseConverter):
        """A converter with a mistake in it."""

        def to_python(self, value: str) -> float:
            if value == "0":
                raise ValueError("a mistake")
            return 1 / int(value)

    url_map = application(50)
    url_map.converters["failing"] = Failing
    url_map.add(Rule("/only-posted", methods=["POST"]))
    url_map.add(Rule("/moved/<n>", redirect_to="page0"))
    for rule in ("/d/", "/m/n", "/low/<int(max=3):n>", "/p/<failing:n>", "/<x>/low/<int(max=3):n>"):
        url_map.add(Rule(rule))
    adapter = url_map.bind("localhost")

    def ask() -> None:
        for match in (adapter.match, lambda path: url_map.find(environ)):
            try:
                match(path)
            except (HTTPException, ValueError):
                pass
        adapter.build(1, {"id": 7, "q": "x"})

    environ = {
        "PATH_INFO": path,
        "REQUEST_METHOD": "GET",
        "HTTP_HOST": "localhost",
        "wsgi.url_scheme": "http",
    }
    ask()
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            ask()
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_nothing_is_kept_of_paths() -> None:
    """A thousand different paths leave the map as large as it was."""
    adapter = application(50).bind("localhost")
    adapter.test("/warm/up")
    gc.collect()
    before = len(gc.get_objects())

    for number in range(1_000):
        adapter.test(f"/user1/{number}")
        adapter.test(f"/{number}/nowhere")
    gc.collect()

    assert len(gc.get_objects()) - before < 50


def test_a_miss_is_a_fresh_exception() -> None:
    """No two requests share one."""
    adapter = Map([Rule("/a")]).bind("localhost")
    caught = []
    for _ in range(2):
        with pytest.raises(NotFound) as info:
            adapter.match("/b")
        caught.append(info.value)

    assert caught[0] is not caught[1]
