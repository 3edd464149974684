"""Rules, and the factories that make many rules of few."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

import pytest
import werkzeug.routing

from miniflask.routing import (
    BaseConverter,
    EndpointPrefix,
    IntegerConverter,
    Map,
    Rule,
    RuleFactory,
    RuleTemplate,
    Subdomain,
    Submount,
)


def described(url_map: Map) -> list[tuple[Any, ...]]:
    """Return what factories change of the rules of a map."""
    return [(rule.subdomain, rule.rule, rule.endpoint) for rule in url_map.iter_rules()]


def test_a_rule_keeps_what_it_was_given() -> None:
    """Methods are upper-cased and get HEAD with GET; the rest stays as it is."""
    rule = Rule("/a/<b>", defaults={"c": 1}, methods=["get", "Post"], endpoint="e", host="h")

    assert (rule.rule, rule.defaults, rule.endpoint, rule.host) == ("/a/<b>", {"c": 1}, "e", "h")
    assert rule.methods == {"GET", "HEAD", "POST"}
    assert rule.arguments == {"c"}
    assert (rule.is_leaf, rule.is_branch) == (True, False)
    assert Rule("/a").methods is None


def test_a_path_begins_with_a_slash() -> None:
    """The error shows the path."""
    with pytest.raises(ValueError, match="^URL rule 'a' must start with a slash\\.$"):
        Rule("a")


def test_a_websocket_has_few_methods() -> None:
    """The handshake is a GET."""
    with pytest.raises(ValueError, match="^WebSocket rules can only use 'GET', 'HEAD', and"):
        Rule("/a", methods=["GET", "POST"], websocket=True)


def test_a_bound_rule_takes_over_what_the_map_decides() -> None:
    """What a rule leaves open is the map's; what it says itself stays."""
    url_map = Map(strict_slashes=False, merge_slashes=False, default_subdomain="www")
    open_rule = Rule("/a")
    decided = Rule("/b", strict_slashes=True, merge_slashes=True, subdomain="api")
    url_map.add(open_rule)
    url_map.add(decided)

    seen = [(r.strict_slashes, r.merge_slashes, r.subdomain) for r in (open_rule, decided)]

    assert seen == [(False, False, "www"), (True, True, "api")]
    assert open_rule.map is url_map


def test_a_rule_belongs_to_one_map() -> None:
    """Another one gets a copy."""
    rule = Rule("/a", endpoint="e")
    Map([rule])

    with pytest.raises(RuntimeError, match="already bound to map"):
        Map([rule])
    assert described(Map([rule.empty()])) == [("", "/a", "e")]


def test_an_unknown_converter_is_named() -> None:
    """The error comes when the rule is added."""
    with pytest.raises(LookupError, match="^the converter 'nope' does not exist$"):
        Map([Rule("/<nope:a>")])


def test_a_variable_has_one_place() -> None:
    """Its name cannot be used twice, unless it has a default anyway."""
    with pytest.raises(SyntaxError, match="^duplicate argument 'a' in function definition$"):
        Map([Rule("/<a>/<a>")])

    assert Map([Rule("/<a>/<a>", defaults={"a": 1})])


def test_a_copy_gets_what_the_subclass_adds() -> None:
    """``get_empty_kwargs`` is where a subclass adds arguments of its own."""

    class Titled(Rule):
        """A rule with a title."""

        def __init__(self, string: str, title: str = "", **options: Any) -> None:
            super().__init__(string, **options)
            self.title = title

        def get_empty_kwargs(self) -> dict[str, Any]:
            return {**super().get_empty_kwargs(), "title": self.title}

    (rule,) = Submount("/s", [Titled("/a", title="A")]).get_rules(Map())

    assert isinstance(rule, Titled)
    assert (rule.rule, rule.title) == ("/s/a", "A")


def test_a_copy_shares_no_defaults() -> None:
    """The dict of defaults is the copy's own."""
    rule = Rule("/a", defaults={"b": 1})

    assert rule.empty().defaults == rule.defaults
    assert rule.empty().defaults is not rule.defaults


def test_get_converter_may_be_overridden() -> None:
    """A subclass decides which converter a variable has."""

    class Numbers(Rule):
        """A rule that has only numbers."""

        def get_converter(
            self,
            variable_name: str,
            converter_name: str,
            args: tuple[Any, ...],
            kwargs: Mapping[str, Any],
        ) -> BaseConverter:
            return IntegerConverter(self.map, min=len(variable_name))

    adapter = Map([Numbers("/<ab>", endpoint="e")]).bind("localhost")

    assert adapter.match("/2") == ("e", {"ab": 2})
    assert not adapter.test("/1")


def test_build_may_be_overridden() -> None:
    """A subclass, or a single rule, decides how its URLs are built; None is no URL."""

    class Loud(Rule):
        """A rule in capitals."""

        def build(
            self, values: Mapping[str, Any], append_unknown: bool = True
        ) -> tuple[str, str] | None:
            domain, path = super().build(values, append_unknown) or ("", "")
            return domain, path.upper()

    single = Rule("/<a>", endpoint="single")
    single.build = lambda values, append_unknown=True: ("", "/single")  # type: ignore[method-assign]  # the point
    adapter = Map([Loud("/<a>", endpoint="loud"), single]).bind("localhost")

    assert adapter.build("loud", {"a": "x"}) == "/X"
    assert adapter.build("single", {"a": "x"}) == "/single"


def test_suitable_for_may_be_overridden() -> None:
    """A subclass decides which values it can do with."""

    class Picky(Rule):
        """A rule for one value."""

        def suitable_for(self, values: Mapping[str, Any], method: str | None = None) -> bool:
            return values.get("a") == "x" and super().suitable_for(values, method)

    rules = [Picky("/picky/<a>", endpoint="e"), Rule("/other/<a>", endpoint="e")]
    adapter = Map(rules).bind("localhost")

    assert adapter.build("e", {"a": "x"}) == "/picky/x"
    assert adapter.build("e", {"a": "y"}) == "/other/y"
    assert Map([Picky("/<a>", endpoint="e")]).bind("localhost").build("e", {"a": "x"}) == "/x"


def test_a_rule_takes_attributes() -> None:
    """Frameworks keep what they know of a rule on the rule."""
    rule = Rule("/a")
    rule.provide_automatic_options = True  # type: ignore[attr-defined]  # the point
    Map([rule])

    assert vars(rule)["provide_automatic_options"]


def test_a_rule_that_was_changed_is_read_again() -> None:
    """``refresh`` is for that; a changed text builds other URLs from then on."""
    rule = Rule("/<a>", endpoint="e")
    adapter = Map([rule]).bind("localhost")
    assert adapter.build("e", {"a": 1}) == "/1"

    rule.rule = "/new/<a>"
    rule.refresh()

    assert adapter.build("e", {"a": 1}) == "/new/1"
    assert repr(rule) == "<Rule '/new/<a>' -> e>"


def test_equal_rules_have_equal_texts_and_no_hash() -> None:
    """Equality is of what was read, so it begins when a rule is bound."""
    first, second, other = Rule("/a/<b>"), Rule("/a/<int:b>"), Rule("/a/<c>")
    Map([first, second, other])

    assert first == second
    assert first != other
    assert first != "/a/<b>"
    with pytest.raises(TypeError, match="unhashable"):
        hash(first)


def test_a_rule_shows_itself() -> None:
    """Its repr has the domain, the path, the methods and the endpoint."""
    rule = Rule("/a/<int:b>", subdomain="<c>.d", methods=["POST"], endpoint="e")
    assert repr(rule) == "<Rule (unbound)>"

    Map([rule])

    assert repr(rule) == "<Rule '<c>.d|/a/<b>' (POST) -> e>"
    assert str(rule) == "/a/<int:b>"


def test_factories_change_copies() -> None:
    """Submount, Subdomain and EndpointPrefix can be nested and leave the rules as they were."""
    index = Rule("/", endpoint="index")
    inner = EndpointPrefix("blog.", [index, Submount("/posts/", [Rule("/<id>", endpoint="show")])])

    url_map = Map([index, Subdomain("kb", [Submount("/b", [inner])])])

    assert described(url_map) == [
        ("", "/", "index"),
        ("kb", "/b/", "blog.index"),
        ("kb", "/b/posts/<id>", "blog.show"),
    ]


def test_a_factory_of_ones_own() -> None:
    """Whatever has ``get_rules`` can be added; the base class has none to give."""

    class Letters(RuleFactory):
        """A rule for each letter."""

        def get_rules(self, map: Map) -> Iterable[Rule]:
            return [Rule(f"/{letter}", endpoint=letter) for letter in "ab"]

    assert described(Map([Letters()])) == [("", "/a", "a"), ("", "/b", "b")]
    with pytest.raises(NotImplementedError):
        Map([RuleFactory()])


def test_templates_fill_in_names() -> None:
    """Placeholders are filled in wherever a rule has text."""
    resource = RuleTemplate(
        [
            Rule("/$name/", endpoint="$name.list", defaults={"kind": "$name", "page": 1}),
            Rule("/$name/<id>", endpoint=("a", "tuple"), subdomain="${name}s"),
        ]
    )

    url_map = Map([resource(name="user"), resource({"name": "page"})])

    assert described(url_map) == [
        ("", "/user/", "user.list"),
        ("users", "/user/<id>", ("a", "tuple")),
        ("pages", "/page/<id>", ("a", "tuple")),
        ("", "/page/", "page.list"),
    ]
    assert [rule.defaults for rule in url_map.iter_rules("page.list")] == [
        {"kind": "page", "page": 1}
    ]


# ---- Werkzeug's classes ----


def test_rules_and_factories_of_werkzeug_can_be_added() -> None:
    """Its rules and factories mix with ours, in either order of nesting."""
    theirs = cast(Any, werkzeug.routing)
    rule = theirs.Rule("/theirs/<int:a>/", endpoint="theirs")
    url_map = Map(
        [
            rule,
            theirs.Submount("/their", [Rule("/<a>", endpoint="ours in theirs")]),
            Submount("/our", [theirs.Rule("/<a>", endpoint="theirs in ours")]),
            theirs.RuleTemplate([Rule("/$x", endpoint="$x")])(x="filled"),
        ]
    )
    adapter = url_map.bind("localhost")

    assert adapter.match("/theirs/1/", return_rule=True) == (rule, {"a": 1})
    assert adapter.match("/their/x") == ("ours in theirs", {"a": "x"})
    assert adapter.match("/our/x") == ("theirs in ours", {"a": "x"})
    assert adapter.match("/filled") == ("filled", {})
    assert adapter.build("theirs", {"a": 2, "b": 3}) == "/theirs/2/?b=3"
    assert adapter.build("theirs in ours", {"a": "y"}) == "/our/y"


def test_many_rules_of_werkzeug_are_told_apart() -> None:
    """A crowd of its rules works too, though their parts do not tell their ends."""
    rules = [werkzeug.routing.Rule(f"/<a>-{n}", endpoint=n) for n in range(20)]
    adapter = Map(cast(Any, rules)).bind("localhost")

    assert adapter.match("/x-13") == (13, {"a": "x"})
