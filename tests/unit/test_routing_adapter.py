"""The adapter: a map, seen from one request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.test import create_environ, run_wsgi_app
from werkzeug.wrappers import Response

from miniflask.routing import (
    BuildError,
    Map,
    MapAdapter,
    RequestRedirect,
    Rule,
    WebsocketMismatch,
)


def rules() -> list[Rule]:
    """Return rules of every kind."""
    return [
        Rule("/", endpoint="index"),
        Rule("/show/<int:id>", endpoint="show", methods=["GET"]),
        Rule("/show/<int:id>", endpoint="save", methods=["POST"]),
        Rule("/list/", endpoint="list", defaults={"page": 1}),
        Rule("/list/<int:page>", endpoint="list"),
        Rule("/chat", endpoint="chat", websocket=True),
        Rule("/old/<int:id>", endpoint="show", alias=True, methods=["GET"]),
        Rule("/moved/<id>", redirect_to="show/<id>"),
        Rule("/asked/<id>", redirect_to=lambda adapter, id: f"/{adapter.server_name}/{id}"),
        Rule("/", subdomain="<name>.kb", endpoint="kb"),
        Rule("/elsewhere", build_only=True, endpoint="elsewhere"),
    ]


@pytest.fixture
def adapter() -> MapAdapter:
    """An adapter of a map with these rules, mounted at ``/app``."""
    return Map(rules()).bind("example.com", "/app")


def target(adapter: MapAdapter, path: str, **options: Any) -> str:
    """Return where a path redirects to."""
    with pytest.raises(RequestRedirect) as caught:
        adapter.match(path, **options)
    return caught.value.new_url


# ---- matching ----


def test_a_match_is_an_endpoint_and_values(adapter: MapAdapter) -> None:
    """Or the rule itself, where that is asked for."""
    assert adapter.match("/show/7") == ("show", {"id": 7})

    rule, values = adapter.match("/show/7", return_rule=True)

    assert (rule.rule, values) == ("/show/<int:id>", {"id": 7})


def test_values_of_a_match_belong_to_the_caller(adapter: MapAdapter) -> None:
    """Each match has a dict of its own."""
    for path in ("/", "/show/7", "/list/"):
        first, second = adapter.match(path)[1], adapter.match(path)[1]
        assert isinstance(first, dict)
        first["more"] = 1
        assert "more" not in second


def test_what_is_not_given_is_the_requests() -> None:
    """Path, method, query and kind are those that the adapter was bound to."""
    url_map = Map(rules())

    assert url_map.bind("h", path_info="/show/7", default_method="POST").match()[0] == "save"
    assert url_map.bind("h", path_info="/chat", url_scheme="ws").match()[0] == "chat"
    adapter = url_map.bind("h", query_args={"q": 1})
    assert target(adapter, "/list") == "http://h/list/?q=1"
    assert target(adapter, "/list", query_args="x=2") == "http://h/list/?x=2"
    assert target(adapter, "/list", query_args={}) == "http://h/list/"


def test_errors_say_what_is_wrong(adapter: MapAdapter) -> None:
    """Not found, another method, or another kind of request."""
    with pytest.raises(NotFound):
        adapter.match("/nowhere")
    with pytest.raises(MethodNotAllowed) as caught:
        adapter.match("/show/7", "PUT")
    assert set(caught.value.valid_methods or ()) == {"GET", "HEAD", "POST"}
    with pytest.raises(WebsocketMismatch):
        adapter.match("/chat")
    with pytest.raises(WebsocketMismatch):
        adapter.match("/", websocket=True)


def test_redirects_lead_to_whole_urls(adapter: MapAdapter) -> None:
    """Scheme, host and mount point are the adapter's."""
    assert target(adapter, "/list") == "http://example.com/app/list/"
    assert target(adapter, "/list/1") == "http://example.com/app/list/"
    assert target(adapter, "/old/7") == "http://example.com/app/show/7"
    assert target(adapter, "/moved/7") == "http://example.com/app/show/7"
    assert target(adapter, "/asked/7") == "http://example.com/example.com/7"


def test_a_redirect_keeps_the_subdomain() -> None:
    """It stays on the host that was asked."""
    url_map = Map([Rule("/a/", subdomain="kb"), Rule("/b", subdomain="kb", redirect_to="a/")])
    adapter = url_map.bind("example.com", subdomain="kb", url_scheme="https")

    assert target(adapter, "/a") == "https://kb.example.com/a/"
    assert target(adapter, "/b") == "https://kb.example.com/a/"


def test_defaults_redirect_only_if_the_map_does() -> None:
    """Otherwise both URLs serve the page."""
    url_map = Map(rules(), redirect_defaults=False)

    assert url_map.bind("h").match("/list/1") == ("list", {"page": 1})
    assert url_map.bind("h").match("/old/7") == ("show", {"id": 7})


def test_the_redirect_to_a_default_may_be_overridden() -> None:
    """An adapter of one's own can decide where it leads."""

    class Adapter(MapAdapter):
        """An adapter that redirects nobody to a default."""

        def get_default_redirect(self, *args: Any, **kwargs: Any) -> str | None:
            return None

    adapter = Adapter(Map(rules()), "h", "/", "", "http", "/", "GET")

    assert adapter.match("/list/1") == ("list", {"page": 1})


def test_an_alias_without_a_canonical_url_cannot_redirect() -> None:
    """There has to be another rule of the endpoint."""
    adapter = Map([Rule("/a", alias=True, endpoint="e")]).bind("h")

    assert target(adapter, "/a") == "http://h/a"


def test_test_tells_whether_a_path_leads_anywhere(adapter: MapAdapter) -> None:
    """A redirect does, another method does not."""
    assert adapter.test("/")
    assert adapter.test("/list")
    assert not adapter.test("/nowhere")
    assert not adapter.test("/show/7", "PUT")


def test_allowed_methods_are_those_of_all_rules(adapter: MapAdapter) -> None:
    """None where every method does, or no rule."""
    assert set(adapter.allowed_methods("/show/7")) == {"GET", "HEAD", "POST"}
    assert list(adapter.allowed_methods("/")) == []
    assert list(adapter.allowed_methods("/nowhere")) == []


def test_dispatch_calls_a_view(adapter: MapAdapter) -> None:
    """Redirects come back as what was returned; errors are raised unless they are asked for."""

    def view(endpoint: str, values: Mapping[str, Any]) -> Any:
        return Response(f"{endpoint} {values}")

    def body(path: str, **options: Any) -> tuple[str, bytes]:
        result = adapter.dispatch(view, path, **options)
        chunks, status, _ = run_wsgi_app(result, create_environ(), buffered=True)
        return status, b"".join(chunks)

    assert body("/show/7") == ("200 OK", b"show {'id': 7}")
    assert body("/list")[0] == "308 PERMANENT REDIRECT"
    assert body("/nowhere", catch_http_exceptions=True)[0] == "404 NOT FOUND"
    assert body("/show/7", method="PUT", catch_http_exceptions=True)[0].startswith("405")
    with pytest.raises(NotFound):
        adapter.dispatch(view, "/nowhere")


def test_errors_of_a_view_are_caught_like_those_of_matching(adapter: MapAdapter) -> None:
    """Only HTTP errors, and only where asked for."""

    def view(endpoint: str, values: Mapping[str, Any]) -> Any:
        raise NotFound if endpoint == "index" else ValueError

    assert isinstance(adapter.dispatch(view, "/", catch_http_exceptions=True), HTTPException)
    with pytest.raises(NotFound):
        adapter.dispatch(view, "/")
    with pytest.raises(ValueError, match="^$"):
        adapter.dispatch(view, "/show/7", catch_http_exceptions=True)


# ---- building ----


def test_urls_are_paths_where_that_is_enough(adapter: MapAdapter) -> None:
    """Below the mount point, with what is left over as the query."""
    assert adapter.build("index") == "/app/"
    assert adapter.build("show", {"id": 7}) == "/app/show/7"
    assert adapter.build("show", {"id": 7, "q": "x y", "none": None}) == "/app/show/7?q=x+y"
    assert adapter.build("show", {"id": 7, "q": 1}, append_unknown=False) == "/app/show/7"
    assert adapter.build("elsewhere") == "/app/elsewhere"


def test_another_domain_takes_a_whole_url(adapter: MapAdapter) -> None:
    """So does ``force_external``, with the scheme of choice."""
    assert adapter.build("kb", {"name": "x"}) == "http://x.kb.example.com/app/"
    assert adapter.build("index", force_external=True) == "http://example.com/app/"
    secure = adapter.build("index", force_external=True, url_scheme="https")
    assert secure == "https://example.com/app/"
    here = adapter.map.bind("example.com", subdomain="x.kb")
    assert here.build("kb", {"name": "x"}) == "/"
    assert here.build("index") == "http://example.com/"


@pytest.mark.parametrize(
    ("scheme", "chat", "index"),
    [
        ("http", "ws://h/chat", "http://h/"),
        ("https", "wss://h/chat", "https://h/"),
        ("ws", "ws://h/chat", "http://h/"),
        ("wss", "wss://h/chat", "https://h/"),
        ("", "ws://h/chat", "//h/"),
    ],
)
def test_websockets_have_a_scheme_of_their_own(scheme: str, chat: str, index: str) -> None:
    """Their URLs are whole ones, and those of pages are never theirs."""
    adapter = Map(rules()).bind("h", url_scheme=scheme)

    assert adapter.build("chat") == chat
    assert adapter.build("index", force_external=True) == index


def test_the_first_suitable_rule_is_built(adapter: MapAdapter) -> None:
    """Defaults, the number of arguments and the method decide; an alias comes last."""
    assert adapter.build("list", {"page": 1}) == "/app/list/"
    assert adapter.build("list", {"page": 2}) == "/app/list/2"
    assert adapter.build("show", {"id": 1}, "GET") == "/app/show/1"
    with pytest.raises(BuildError):
        adapter.build("show", {"id": 1}, "POST")


def test_the_adapters_method_is_tried_first() -> None:
    """Of the rules of one endpoint, the one for the method at hand is built."""
    url_map = Map(
        [
            Rule("/get/<a>", endpoint="e", methods=["GET"]),
            Rule("/post/<a>", endpoint="e", methods=["POST"]),
        ]
    )

    assert url_map.bind("h").build("e", {"a": 1}) == "/get/1"
    assert url_map.bind("h", default_method="POST").build("e", {"a": 1}) == "/post/1"
    assert url_map.bind("h", default_method="PUT").build("e", {"a": 1}) == "/get/1"
    assert url_map.bind("h").build("e", {"a": 1}, "POST") == "/post/1"


def test_with_host_matching_a_rule_of_this_host_is_better() -> None:
    """Otherwise the first that is suitable is built, as a whole URL."""
    url_map = Map(
        [Rule("/a", endpoint="e", host="a.h"), Rule("/b", endpoint="e", host="b.h")],
        host_matching=True,
    )

    assert url_map.bind("b.h").build("e") == "/b"
    assert url_map.bind("c.h").build("e") == "http://a.h/a"
    url_map.add(Rule("/x", endpoint="x", host="<name>.h"))
    assert url_map.bind("a.h").build("x", {"name": "a"}) == "/x"
    assert url_map.bind("a.h").build("x", {"name": "b"}) == "http://b.h/x"
    assert url_map.bind("a.h").get_host("b.h") == "b.h"
    assert url_map.bind("a.h").get_host(None) == "a.h"


def test_a_multidict_gives_several_values(adapter: MapAdapter) -> None:
    """A name with one value has that value, one with several has them all."""
    values: MultiDict[str, str] = MultiDict([("id", "7"), ("q", "1"), ("q", "2")])

    assert adapter.build("show", values) == "/app/show/7?q=1&q=2"


def test_double_slashes_cannot_lead_to_another_host() -> None:
    """A value with slashes in front stays a path."""
    adapter = Map([Rule("/<path:p>", endpoint="e")]).bind("h")

    assert adapter.build("e", {"p": "/evil.com"}) == "/evil.com"
    assert adapter.build("e", {"p": "//evil.com"}) == "/evil.com"


def test_the_values_that_were_given_stay_as_they_are(adapter: MapAdapter) -> None:
    """Building changes neither the dict nor what is in it."""
    values = {"id": 7, "none": None, "q": [1, 2]}

    adapter.build("show", values)

    assert values == {"id": 7, "none": None, "q": [1, 2]}


def test_rules_of_one_endpoint_are_built_simply_only_while_alone() -> None:
    """A second rule, or a method replaced on the rule, is seen from the next update on."""
    rule = Rule("/<a>", endpoint="e")
    url_map = Map([rule])
    adapter = url_map.bind("h")
    assert adapter.build("e", {"a": 1}) == "/1"

    url_map.add(Rule("/<a>/<b>", endpoint="e"))
    assert adapter.build("e", {"a": 1, "b": 2}) == "/1/2"
    assert adapter.build("e", {"a": 1}) == "/1"


# ---- parts that frameworks use or replace ----


def test_helpers_can_be_called_by_themselves(adapter: MapAdapter) -> None:
    """Hosts, queries and redirect URLs are made by methods of their own."""
    assert adapter.get_host(None) == "example.com"
    assert adapter.get_host("kb") == "kb.example.com"
    assert adapter.encode_query_args({"q": "x y"}) == "q=x+y"
    assert adapter.encode_query_args("q=x%20y") == "q=x%20y"
    assert adapter.make_redirect_url("/a", {"q": 1}) == "http://example.com/app/a?q=1"
    assert adapter.make_redirect_url("/a", domain_part="kb") == "http://kb.example.com/app/a"


def test_match_may_be_replaced(adapter: MapAdapter) -> None:
    """``test``, ``dispatch`` and ``allowed_methods`` go through it."""
    adapter.match = lambda *args, **kwargs: ("replaced", {})  # type: ignore[method-assign, assignment]  # the point

    assert adapter.test("/nowhere")
    assert adapter.dispatch(lambda endpoint, values: endpoint) == "replaced"  # type: ignore[comparison-overlap]  # any view does


def test_attributes_may_be_changed(adapter: MapAdapter) -> None:
    """An adapter is asked for what it knows each time."""
    adapter.default_method = "post"
    adapter.path_info = "/show/1"
    assert adapter.match() == ("save", {"id": 1})

    adapter.script_name = "/other/"
    assert adapter.build("index") == "/other/"

    adapter.subdomain = "x.kb"
    assert adapter.match("/") == ("kb", {"name": "x"})


@pytest.mark.parametrize("script_name", ["/app", "/app/"])
def test_a_mount_point_ends_in_a_slash(script_name: str) -> None:
    """However it was given."""
    assert Map().bind("h", script_name).script_name == "/app/"
