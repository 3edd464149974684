"""What routing raises: for the client, for the programmer, and for itself."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.test import create_environ, run_wsgi_app

from miniflask.routing import (
    BuildError,
    Map,
    MapAdapter,
    NoMatch,
    RequestAliasRedirect,
    RequestPath,
    RequestRedirect,
    RoutingException,
    Rule,
    WebsocketMismatch,
)


@pytest.fixture
def adapter() -> MapAdapter:
    """An adapter for a few rules."""
    rules = [
        Rule("/", endpoint="index"),
        Rule("/show/<id>", endpoint="show", methods=["GET"]),
        Rule("/list/", endpoint="list", defaults={"page": 1}),
        Rule("/list/<page>", endpoint="list"),
    ]
    return Map(rules).bind("localhost")


def test_a_redirect_is_a_response() -> None:
    """It is an HTTP error that can be sent as it is, with code 308 and a link."""
    redirect = RequestRedirect("http://localhost/new/")

    body, status, headers = run_wsgi_app(redirect, create_environ())

    assert isinstance(redirect, HTTPException)
    assert isinstance(redirect, RoutingException)
    assert (redirect.code, redirect.new_url) == (308, "http://localhost/new/")
    assert status == "308 PERMANENT REDIRECT"
    assert headers["Location"] == "http://localhost/new/"
    assert b'<a href="http://localhost/new/">' in b"".join(body)


def test_a_subclass_of_the_redirect_may_have_another_code() -> None:
    """The response has the code of the class."""

    class Temporary(RequestRedirect):
        """A redirect that browsers do not keep."""

        code = 307

    assert Temporary("/a").get_response().status_code == 307


def test_a_websocket_mismatch_is_a_bad_request() -> None:
    """It is sent as a 400."""
    assert issubclass(WebsocketMismatch, BadRequest)
    assert WebsocketMismatch.code == 400


def test_signals_of_the_state_machine_carry_what_it_found() -> None:
    """They are exceptions that the adapter turns into others."""
    path, alias = RequestPath("/a/"), RequestAliasRedirect({"a": 1}, "e")
    no_match = NoMatch({"POST"}, True)

    assert path.path_info == "/a/"
    assert (alias.matched_values, alias.endpoint) == ({"a": 1}, "e")
    assert (no_match.have_match_for, no_match.websocket_mismatch) == ({"POST"}, True)


@pytest.mark.parametrize(
    ("endpoint", "values", "method", "message"),
    [
        (
            "shwo",
            {"id": 1},
            None,
            "Could not build url for endpoint 'shwo' with values ['id']."
            " Did you mean 'show' instead?",
        ),
        (
            "show",
            {},
            None,
            "Could not build url for endpoint 'show'. Did you forget to specify values ['id']?",
        ),
        (
            "show",
            {"id": 1, "x": 2},
            "POST",
            "Could not build url for endpoint 'show' ('POST') with values ['id', 'x']."
            " Did you mean to use methods ['GET', 'HEAD']?",
        ),
        (
            "show",
            {},
            "POST",
            "Could not build url for endpoint 'show' ('POST')."
            " Did you mean to use methods ['GET', 'HEAD']?"
            " Did you forget to specify values ['id']?",
        ),
    ],
)
def test_a_build_error_says_what_was_perhaps_meant(
    adapter: MapAdapter, endpoint: str, values: dict[str, Any], method: str | None, message: str
) -> None:
    """The endpoint that is spelled most alike, or what this one lacks."""
    with pytest.raises(BuildError) as caught:
        adapter.build(endpoint, values, method)

    assert str(caught.value) == message
    assert caught.value.args == (endpoint, values, method)
    assert isinstance(caught.value, LookupError)


def test_of_rules_alike_the_one_that_takes_the_values_is_suggested(adapter: MapAdapter) -> None:
    """Values and method tip the scales between rules whose endpoints are spelled alike."""
    error = BuildError("list", {"page": 2}, None, adapter)

    assert error.suggested is not None
    assert error.suggested.arguments == {"page"}
    assert str(BuildError("lisd", {"nothing": 2}, "GET", adapter)).endswith("'list' instead?")


def test_of_rules_alike_the_one_with_the_method_is_suggested() -> None:
    """It weighs as much as taking the values."""
    rules = [Rule("/a", endpoint="no", methods=["GET"]), Rule("/b", endpoint="on", methods=["PUT"])]
    adapter = Map(rules).bind("localhost")

    assert str(BuildError("x", {}, "PUT", adapter)).endswith("Did you mean 'on' instead?")
    assert str(BuildError("x", {}, "GET", adapter)).endswith("Did you mean 'no' instead?")


def test_without_rules_there_is_no_advice() -> None:
    """An empty map, or no adapter at all, has nothing to suggest."""
    for adapter in (None, Map().bind("localhost")):
        error = BuildError("e", {}, None, adapter)

        assert error.suggested is None
        assert str(error) == "Could not build url for endpoint 'e'."


def test_what_the_long_way_found_missing_is_in_the_error(adapter: MapAdapter) -> None:
    """Values that are None count as not given, and do not show."""
    with pytest.raises(BuildError) as caught:
        adapter.build("show", {"id": None})

    assert caught.value.values == {}
    assert caught.value.adapter is adapter
