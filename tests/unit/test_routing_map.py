"""The map: the rules of a program, and what they have in common."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.exceptions import NotFound

from miniflask.routing import (
    Map,
    MapAdapter,
    RequestRedirect,
    Rule,
    RuleFactory,
    UnicodeConverter,
)


def test_a_map_begins_with_the_rules_it_is_given() -> None:
    """More can be added at any time."""
    url_map = Map([Rule("/a", endpoint="a")])
    url_map.add(Rule("/b", endpoint="b"))

    assert [rule.endpoint for rule in url_map.iter_rules()] == ["a", "b"]


def test_rules_are_listed_by_endpoint_in_the_order_in_which_they_are_built() -> None:
    """Endpoints as they were first seen; in each, more arguments come first and aliases last."""
    texts = ["/b", "/a/<x>", "/b/<x>", "/c/<x>/<y>", "/a"]
    url_map = Map([Rule(text, endpoint=text[1]) for text in texts])
    url_map.add(Rule("/z/<x>/<y>", endpoint="b", alias=True))

    assert [rule.rule for rule in url_map.iter_rules()] == [
        *["/b/<x>", "/b", "/z/<x>/<y>"],
        *["/a/<x>", "/a", "/c/<x>/<y>"],
    ]
    assert [rule.rule for rule in url_map.iter_rules("a")] == ["/a/<x>", "/a"]
    with pytest.raises(KeyError):
        url_map.iter_rules("nowhere")


def test_a_map_tells_what_an_endpoint_expects() -> None:
    """Some rule of it has to have all the arguments."""
    url_map = Map([Rule("/<a>", endpoint="e"), Rule("/<a>/<b>", endpoint="e")])

    assert url_map.is_endpoint_expecting("e", "a", "b")
    assert url_map.is_endpoint_expecting("e")
    assert not url_map.is_endpoint_expecting("e", "c")
    with pytest.raises(KeyError):
        url_map.is_endpoint_expecting("nowhere", "a")


def test_a_map_shows_its_rules() -> None:
    """A subclass shows its own name."""

    class Site(Map):
        """A map by another name."""

    assert repr(Map()) == "Map([])"
    assert repr(Site([Rule("/a", endpoint="e")])) == "Site([<Rule '/a' -> e>])"


def test_merging_slashes_can_be_switched_later() -> None:
    """The map's own switch decides about redirects; rules keep how they were read."""
    url_map = Map([Rule("/a/b")])
    assert url_map.merge_slashes
    assert url_map.bind("h").test("/a//b")

    url_map.merge_slashes = False

    assert not url_map.bind("h").test("/a//b")


def test_with_host_matching_there_is_no_subdomain() -> None:
    """Giving one is a mistake."""
    url_map = Map([Rule("/", host="<name>.h", endpoint="e")], host_matching=True)

    assert url_map.bind("x.h").match("/") == ("e", {"name": "x"})
    with pytest.raises(RuntimeError, match="^host matching enabled and a subdomain was provided$"):
        url_map.bind("h", subdomain="x")


def test_rules_without_a_subdomain_are_on_the_default_one() -> None:
    """An adapter that is bound without one is there too."""
    url_map = Map([Rule("/", endpoint="e")], default_subdomain="www")

    assert url_map.bind("h").match("/") == ("e", {})
    assert not url_map.bind("h", subdomain="").test("/")
    assert url_map.bind("h", subdomain="").build("e") == "http://www.h/"


def test_class_attributes_may_be_overridden() -> None:
    """A subclass brings converters, and a lock, of its own."""
    locks: list[threading.Lock] = []

    class Site(Map):
        """A map with another converter."""

        default_converters = {**Map.default_converters, "word": UnicodeConverter}  # type: ignore[assignment]  # a plain dict does

        @staticmethod
        def lock_class() -> Any:  # type: ignore[override]  # a function does
            locks.append(threading.Lock())
            return locks[-1]

    url_map = Site([Rule("/<word:a>", endpoint="e")])

    assert url_map.bind("h").match("/x") == ("e", {"a": "x"})
    assert len(locks) == 1


def test_update_may_be_overridden() -> None:
    """Matching, building and listing call it first, each time."""
    updates: list[str] = []

    class Lazy(Map):
        """A map that loads its rules when they are needed."""

        def update(self) -> None:
            if not updates:
                self.add(Rule("/a", endpoint="e"))
            updates.append("update")
            super().update()

    url_map = Lazy()
    adapter = url_map.bind("h")

    assert adapter.match("/a") == ("e", {})
    assert adapter.match("/a") == ("e", {})
    assert adapter.build("e") == "/a"
    assert len(list(url_map.iter_rules())) == 1
    assert len(updates) == 4


def test_bind_may_be_overridden() -> None:
    """A map of one's own can make adapters of one's own."""

    class Adapter(MapAdapter):
        """An adapter that matches nothing but the start page."""

        def match(self, *args: Any, **kwargs: Any) -> Any:
            return super().match("/")

    class Site(Map):
        """A map that makes them."""

        def bind(self, *args: Any, **kwargs: Any) -> MapAdapter:
            return Adapter(self, "h", "/", "", "http", "/", "GET")

    assert Site([Rule("/", endpoint="e")]).bind("x").match("/nowhere") == ("e", {})


def test_a_factory_may_ask_the_map_that_it_adds_to() -> None:
    """While rules are made, the map can be listed."""

    class Mirror(RuleFactory):
        """A rule below ``/m`` for each rule that there is."""

        def get_rules(self, map: Map) -> Iterator[Rule]:
            for rule in list(map.iter_rules()):
                yield Rule(f"/m{rule.rule}", endpoint=f"m.{rule.endpoint}")

    url_map = Map([Rule("/a", endpoint="a"), Mirror()])

    assert url_map.bind("h").match("/m/a") == ("m.a", {})


def test_rules_that_came_before_a_wrong_one_stay() -> None:
    """Adding stops at the first that cannot be added."""

    class Half(RuleFactory):
        """A good rule and a bad one."""

        def get_rules(self, map: Map) -> Iterator[Rule]:
            yield Rule("/good", endpoint="good")
            yield Rule("/<nope:bad>")

    url_map = Map([Rule("/a", endpoint="a")])
    adapter = url_map.bind("h")
    assert not adapter.test("/good")

    with pytest.raises(LookupError):
        url_map.add(Half())

    assert adapter.match("/good") == ("good", {})


def test_endpoints_may_be_any_hashable_thing() -> None:
    """Functions, numbers and tuples do as well as names."""
    endpoints: list[Any] = [print, 7, ("a", 1), None]
    adapter = Map([Rule(f"/{n}", endpoint=e) for n, e in enumerate(endpoints)]).bind("h")

    assert [adapter.match(f"/{n}")[0] for n in range(4)] == endpoints
    assert [adapter.build(e) for e in endpoints] == ["/0", "/1", "/2", "/3"]


def test_threads_put_the_rules_in_order_only_once() -> None:
    """Those that come while one is at it wait, and find everything in order."""
    url_map = Map([Rule("/<x>", endpoint="string"), Rule("/<int:x>", endpoint="number")])
    began, go_on, sorted_by = threading.Event(), threading.Event(), list[str]()
    settle = url_map._matcher.update

    def slowly() -> None:
        sorted_by.append(threading.current_thread().name)
        began.set()
        assert go_on.wait(60)
        settle()

    url_map._matcher.update = slowly  # type: ignore[method-assign]  # to hold it up
    found: list[Any] = []
    threads = [
        threading.Thread(target=lambda: found.append(url_map.bind("h").match("/1")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    assert began.wait(60)
    assert found == []
    go_on.set()
    for thread in threads:
        thread.join()

    assert len(sorted_by) == 1
    assert found == [("number", {"x": 1})] * 4


def test_rules_can_be_added_while_others_match() -> None:
    """A thread that matches always finds what was there before."""
    url_map = Map([Rule("/<x>/a", endpoint="first")])
    stop, wrong = threading.Event(), list[Any]()

    def match() -> None:
        adapter = url_map.bind("h")
        while not stop.is_set():
            if (found := adapter.match("/x/a")) != ("first", {"x": "x"}):
                wrong.append(found)

    thread = threading.Thread(target=match)
    thread.start()
    for number in range(100):
        url_map.add(Rule(f"/<x>/b{number}", endpoint=number))
        url_map.add(Rule(f"/<int:y>/<z>-{number}", endpoint=-number))
        assert url_map.bind("h").match(f"/1/q-{number}")[0] == -number
    stop.set()
    thread.join()

    assert wrong == []


def test_a_map_can_match_by_path_and_method_alone() -> None:
    """It says so where it takes an adapter to tell, and follows its own default subdomain."""
    url_map = Map([Rule("/<int:n>", endpoint="e", methods=["GET"]), Rule("/d/", endpoint="d")])
    url_map.add(Rule("/r/<x>", endpoint="r", redirect_to="to"))
    url_map.add(Rule("/<int:n>", endpoint="www", subdomain="www"))

    def find(path: str, method: str = "GET") -> Any:
        environ = {"PATH_INFO": path, "REQUEST_METHOD": method, "HTTP_HOST": "localhost"}
        found = url_map.find({"wsgi.url_scheme": "http", **environ})
        return found and (found[0].endpoint, found[1])

    assert find("/7") == ("e", {"n": 7})
    assert find("/7", "get") == ("e", {"n": 7})
    for path, method in (("/7", "POST"), ("/d", "GET"), ("", "GET")):
        assert find(path, method) is None
    with pytest.raises(NotFound):
        find("/x")
    with pytest.raises(RequestRedirect, match="http://localhost/to"):
        find("/r/x")

    url_map.default_subdomain = "www"
    assert find("/7") == ("www", {"n": 7})
