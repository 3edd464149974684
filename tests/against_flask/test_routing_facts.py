"""Where rebuilt routers go wrong: facts about the route map, each asked of both packages.

A number in a name (``test_a03_...``) is that of the fact in the list of behaviours that the
application's tests go by; here the route map is asked alone.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from werkzeug.exceptions import MethodNotAllowed, NotFound

from tests.against_flask.route_maps import BOTH, KEY


@pytest.fixture(params=BOTH, ids=["miniflask", "werkzeug"])
def routing(request: pytest.FixtureRequest) -> ModuleType:
    """Each of the two packages in turn."""
    module: ModuleType = request.param
    return module


def bound(routing: ModuleType, *rules: Any, **options: Any) -> Any:
    """Bind a map with these rules, whose endpoints are their texts unless they say otherwise."""
    specs = [(rule, {}) if isinstance(rule, str) else rule for rule in rules]
    made = [routing.Rule(text, **{"endpoint": text, **more}) for text, more in specs]
    return routing.Map(made, **options).bind("example.com", query_args={"q": "1"})


def target(adapter: Any, path: str, method: str = "GET") -> str:
    """Return where a path redirects to."""
    with pytest.raises(Exception) as caught:
        adapter.match(path, method)
    assert type(caught.value).__name__ == "RequestRedirect"
    assert caught.value.code == 308  # type: ignore[attr-defined]  # it is a redirect
    return str(caught.value.new_url)  # type: ignore[attr-defined]  # as above


def endpoint(adapter: Any, path: str, method: str | None = None) -> Any:
    """Return the endpoint that a path matches; None if there is none."""
    try:
        return adapter.match(path, method)[0]
    except NotFound:
        return None


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_a01_a_missing_slash_is_a_308_that_keeps_the_query(
    routing: ModuleType, method: str
) -> None:
    """The redirect adds the slash and nothing else, whatever the method."""
    adapter = bound(routing, "/d/", "/é <x>/")

    assert target(adapter, "/d", method) == "http://example.com/d/?q=1"
    assert target(adapter, "/é 1", method) == "http://example.com/%C3%A9%201/?q=1"


def test_a01_only_methods_of_the_rule_are_redirected(routing: ModuleType) -> None:
    """For a GET rule with a slash, a POST without it is a 404: no redirect, no 405."""
    adapter = bound(routing, ("/d/", {"methods": ["GET"]}))

    assert endpoint(adapter, "/d", "POST") is None


def test_a02_a_slash_too_many_is_not_found(routing: ModuleType) -> None:
    """A strict rule without a slash at its end never takes one."""
    assert endpoint(bound(routing, "/f"), "/f/") is None


@pytest.mark.parametrize("rule", ["/f", "/f/"])
@pytest.mark.parametrize("path", ["/f", "/f/"])
def test_a02_without_strict_slashes_both_forms_match(
    routing: ModuleType, rule: str, path: str
) -> None:
    """Whether rule or path end in a slash makes no difference then."""
    for adapter in (
        bound(routing, (rule, {"strict_slashes": False})),
        bound(routing, rule, strict_slashes=False),
    ):
        assert endpoint(adapter, path) == rule


def test_a03_slashes_are_merged_by_a_redirect(routing: ModuleType) -> None:
    """Several slashes redirect to the path with one, and those in front are simply dropped."""
    adapter = bound(routing, "/m/n", "/t/<path:p>")

    assert target(adapter, "/m//n") == "http://example.com/m/n?q=1"
    assert target(adapter, "/m///n") == "http://example.com/m/n?q=1"
    assert adapter.match("///m/n") == ("/m/n", {})
    assert adapter.match("/t/a//b") == ("/t/<path:p>", {"p": "a//b"})
    assert endpoint(bound(routing, "/m/n", merge_slashes=False), "/m//n") is None


def test_a03_a_rule_may_refuse_to_have_its_slashes_merged(routing: ModuleType) -> None:
    """Then the path with too many is not found, and the rule's own count."""
    adapter = bound(
        routing,
        ("/m/n", {"merge_slashes": False}),
        ("/a//b", {"merge_slashes": False}),
        ("//f", {"merge_slashes": False}),
        "/a/c",
    )

    assert endpoint(adapter, "/m//n") is None
    assert endpoint(adapter, "/a//b") == "/a//b"
    assert target(adapter, "/a//c") == "http://example.com/a/c?q=1"
    assert endpoint(adapter, "//f") is None


def test_a03_the_empty_path_is_redirected_to_the_start_page(routing: ModuleType) -> None:
    """A program that is mounted somewhere is often asked for nothing at all."""
    adapter = bound(routing, "/")

    assert target(adapter, "") == "http://example.com/?q=1"
    assert endpoint(bound(routing, "/<x>"), "") is None


def test_a03_double_slashes_cannot_lead_to_another_host(routing: ModuleType) -> None:
    """The path ``//evil.com`` stays a path in the redirect."""
    adapter = bound(routing, "/<name>/")

    assert target(adapter, "//evil.com") == "http://example.com/evil.com/?q=1"


def test_a04_a_refusal_after_the_pattern_ends_the_search(routing: ModuleType) -> None:
    """``int(max=5)`` fits 9 and then refuses it: a 404, though ``<x>`` would match."""
    adapter = bound(routing, "/<int(max=5):n>", "/<x>")

    assert adapter.match("/5") == ("/<int(max=5):n>", {"n": 5})
    assert adapter.match("/x") == ("/<x>", {"x": "x"})
    assert endpoint(adapter, "/9") is None


def test_a04_methods_tried_before_a_refusal_still_count(routing: ModuleType) -> None:
    """With a POST rule of the same pattern in front, the refusal is a 405 that allows POST."""
    rule = "/<int(max=5):n>"
    adapter = bound(routing, (rule, {"methods": ["POST"]}), (rule, {"methods": ["GET"]}))

    with pytest.raises(MethodNotAllowed) as caught:
        adapter.match("/9")

    assert caught.value.valid_methods == ["POST"]


@pytest.mark.parametrize(
    ("rules", "path", "winner"),
    [
        (["/<x>", "/a"], "/a", "/a"),
        (["/<x>/b", "/a/<y>"], "/a/b", "/a/<y>"),
        (["/a/<x>", "/<y>/c/d"], "/a/c/d", "/<y>/c/d"),
        (["/<x>", "/<int:n>"], "/1", "/<int:n>"),
        (["/<x>", "/<float:n>"], "/1.5", "/<float:n>"),
        (["/<x>", "/<uuid:u>"], f"/{KEY}", "/<x>"),
        (["/<uuid:u>", "/<x>"], f"/{KEY}", "/<uuid:u>"),
        (["/<path:p>", "/<x>"], "/a", "/<x>"),
        (["/<path:p>", "/<x>"], "/a/b", "/<path:p>"),
        (["/<x>", "/p-<x>"], "/p-1", "/p-<x>"),
        (["/p-<x>", "/prefix-<x>"], "/prefix-1", "/prefix-<x>"),
        (["/p<x>", "/pp<x>"], "/ppp", "/pp<x>"),
        (["/<a>-<b>", "/<a>"], "/1-2", "/<a>-<b>"),
        (["/<a>", "/<a>-<b>"], "/1-2", "/<a>-<b>"),
        (["/<any(a,b):x>", "/<string:x>"], "/a", "/<any(a,b):x>"),
        (["/<string:x>", "/<any(a,b):x>"], "/a", "/<string:x>"),
        (["/<path:p>/edit", "/<path:p>"], "/a/b/edit", "/<path:p>/edit"),
        (["/<path:p>", "/<path:p>/edit"], "/a/b/edit", "/<path:p>/edit"),
    ],
)
def test_a05_which_of_several_rules_wins(
    routing: ModuleType, rules: list[str], path: str, winner: str
) -> None:
    """Static text, then weight, then the order of registration, with a way back."""
    assert endpoint(bound(routing, *rules), path) == winner


def test_a05_an_unrelated_rule_can_change_who_was_registered_first(routing: ModuleType) -> None:
    """Rules that begin alike share a place in the order, that of the first of them."""
    later, earlier = "/<uuid:u>/x", "/<s>/x"

    assert endpoint(bound(routing, later, earlier), f"/{KEY}/x") == later
    assert endpoint(bound(routing, "/<s>/other", later, earlier), f"/{KEY}/x") == earlier


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/-5", ("/<s>", {"s": "-5"})),
        ("/05", ("/<int:n>", {"n": 5})),
        ("/٣", ("/<int:n>", {"n": 3})),
        ("/²", ("/<s>", {"s": "²"})),
        ("/1.5", ("/<s>", {"s": "1.5"})),
    ],
)
def test_a06_what_an_int_is(routing: ModuleType, path: str, expected: Any) -> None:
    """Decimal digits of any script without a sign; the rest is for the string rule."""
    assert bound(routing, "/<int:n>", "/<s>").match(path) == expected


def test_a06_a_path_needs_a_character(routing: ModuleType) -> None:
    """``<path:>`` takes slashes, but neither nothing nor one in front."""
    adapter = bound(routing, "/p/<path:p>")

    assert adapter.match("/p/a/b/") == ("/p/<path:p>", {"p": "a/b/"})
    assert endpoint(adapter, "/p/") is None
    assert endpoint(adapter, "/p") is None


def test_a06_more_digits_than_python_reads_are_not_found(routing: ModuleType) -> None:
    """A number of 4,401 digits fits the pattern, and is refused when it is read."""
    assert endpoint(bound(routing, "/<int:n>"), "/" + "9" * 4401) is None


def test_a07_allowed_are_the_methods_of_all_rules_that_match(routing: ModuleType) -> None:
    """A 405 lists them all; without any rule for the path it is a 404."""
    adapter = bound(routing, ("/<x>", {"methods": ["GET"]}), ("/a", {"methods": ["POST"]}))

    with pytest.raises(MethodNotAllowed) as caught:
        adapter.match("/a", "DELETE")

    assert set(caught.value.valid_methods or ()) == {"GET", "HEAD", "POST"}
    assert set(adapter.allowed_methods("/a")) == {"GET", "HEAD", "POST"}
    assert list(adapter.allowed_methods("/a/b")) == []
    assert adapter.match("/a", "HEAD") == ("/<x>", {"x": "a"})


def test_a07_head_comes_with_get_alone(routing: ModuleType) -> None:
    """HEAD on a POST rule is a 405."""
    with pytest.raises(MethodNotAllowed):
        bound(routing, ("/a", {"methods": ["POST"]})).match("/a", "HEAD")


def test_a09_rules_share_a_path_by_method(routing: ModuleType) -> None:
    """The first rule with the method wins; one without methods takes what is left."""
    adapter = bound(
        routing,
        ("/a", {"methods": ["POST"], "endpoint": "post"}),
        ("/a", {"methods": ["GET"], "endpoint": "get"}),
        ("/a", {"endpoint": "rest"}),
        ("/a", {"methods": ["PUT"], "endpoint": "never"}),
    )

    found = [endpoint(adapter, "/a", method) for method in ("GET", "POST", "PUT", "BREW")]

    assert found == ["get", "post", "rest", "rest"]


def test_a10_methods_are_no_string(routing: ModuleType) -> None:
    """``methods="POST"`` would be four methods of one letter."""
    with pytest.raises(TypeError, match=r"^'methods' should be a list of strings\.$"):
        routing.Rule("/a", methods="POST")


def test_a11_the_url_of_a_default_is_the_one_that_names_it(routing: ModuleType) -> None:
    """A value that is another rule's default redirects there, and is built there."""
    adapter = bound(
        routing,
        ("/d/", {"endpoint": "d", "defaults": {"page": 1}}),
        ("/d/<int:page>", {"endpoint": "d"}),
    )

    assert target(adapter, "/d/1") == "http://example.com/d/?q=1"
    assert adapter.match("/d/2") == ("d", {"page": 2})
    assert adapter.match("/d/") == ("d", {"page": 1})
    assert adapter.build("d", {"page": 1}) == "/d/"
    assert adapter.build("d", {"page": 2}) == "/d/2"


def test_a14_paths_are_matched_as_they_were_decoded(routing: ModuleType) -> None:
    """A decoded slash divides, bad UTF-8 is replaced, plus signs and dots stay."""
    url_map = bound(routing, "/u/<n>", "/p/<path:p>").map

    def match(path_info: str) -> Any:
        environ = {
            "wsgi.url_scheme": "http",
            "HTTP_HOST": "example.com",
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path_info,
        }
        try:
            return url_map.bind_to_environ(environ).match()
        except NotFound:
            return None

    assert match("/u/a/b") is None
    assert match("/p/a/b") == ("/p/<path:p>", {"p": "a/b"})
    assert match("/u/\xff") == ("/u/<n>", {"n": "\ufffd"})
    assert match("/u/\xc3\xa9") == ("/u/<n>", {"n": "é"})
    assert match("/u/a+b") == ("/u/<n>", {"n": "a+b"})
    assert match("/p/a/../b") == ("/p/<path:p>", {"p": "a/../b"})


def test_a15_a_host_rule_compares_the_port(routing: ModuleType) -> None:
    """With host matching, the port is part of the host."""
    rule = routing.Rule("/", host="example.com:5000", endpoint="e")
    url_map = routing.Map([rule], host_matching=True)

    assert endpoint(url_map.bind("example.com:5000"), "/") == "e"
    assert endpoint(url_map.bind("example.com"), "/") is None


def test_a15_an_unknown_host_is_an_invalid_subdomain(routing: ModuleType) -> None:
    """It gives a warning and the subdomain ``<invalid>``, which a variable takes."""
    url_map = routing.Map([routing.Rule("/", subdomain="<sub>", endpoint="e")])
    environ = {
        "wsgi.url_scheme": "http",
        "HTTP_HOST": "elsewhere.net",
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/",
    }

    with pytest.warns(UserWarning, match="'elsewhere.net' doesn't match.* 'example.com'"):
        adapter = url_map.bind_to_environ(environ, server_name="example.com")

    assert adapter.match() == ("e", {"sub": "<invalid>"})


def test_a18_the_case_of_a_method_does_not_count(routing: ModuleType) -> None:
    """``get`` is GET; a method that no rule has is a 405."""
    adapter = bound(routing, ("/a", {"methods": ["get"]}))

    assert endpoint(adapter, "/a", "Get") == "/a"
    with pytest.raises(MethodNotAllowed):
        adapter.match("/a", "TRACE")
