"""What reaches the server of a response: classes, overridden methods, headers, PEP 3333."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable
from typing import Any
from wsgiref.validate import validator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.urls import iri_to_uri

import miniflask.ondemand.response
from tests.against_flask.harness import Run, Trace, describe, serve

Agree = Callable[..., Run]

RESPONSE_CLASSES: dict[str, dict[str, Any]] = {
    "plain": {},
    "mimetype": {"default_mimetype": "text/plain"},
    "no mimetype": {"default_mimetype": None},
    "status": {"default_status": 203},
    "no length": {"automatically_set_content_length": False},
    "no sequence": {"implicit_sequence_conversion": False},
    "absolute": {"autocorrect_location_header": True},
    "cookie": {"max_cookie_size": 0},
}


@pytest.mark.parametrize("form", RESPONSE_CLASSES)
def test_settings_of_response_classes(agree: Agree, form: str) -> None:
    """Class attributes of a response class count for every response of the app."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.response_class = type("Own", (fw.Response,), RESPONSE_CLASSES[form])

        def cookie() -> Any:
            response = fw.make_response("c")
            response.set_cookie("name", "x" * 5000)
            return response

        def read(response: Any) -> Any:
            trace.attempt("data", response.get_data)
            return response

        if form == "no sequence":
            app.after_request(read)
        return serve(
            app,
            {
                "/": lambda: "x",
                "/json": lambda: {"a": 1},
                "/stream": lambda: iter("ab"),
                "/redirect": lambda: fw.redirect("there?x=é"),
                "/cookie": cookie,
                "/made": lambda: (fw.make_response(), 201),
            },
        )

    paths = ["/", "/json", "/stream", "/redirect", "/cookie", "/made"]
    run = agree(factory, *paths, *(("HEAD", path) for path in paths))

    locations = {"absolute": "http://localhost/there?x=%C3%A9"}
    assert run.outcomes[3].header("Location") == locations.get(form, "there?x=%C3%A9")
    assert bool(run.outcomes[4].warned) == (form != "cookie")


OVERRIDDEN = ["__call__", "get_wsgi_response", "get_wsgi_headers", "get_app_iter", "iter_encoded"]


@pytest.mark.parametrize("method", OVERRIDDEN)
def test_overridden_methods_of_a_response_are_called(agree: Agree, method: str) -> None:
    """Whatever a subclass changes on the way to the server takes effect."""

    def factory(fw: Any, trace: Trace) -> Any:
        class Own(fw.Response):  # type: ignore[misc]  # of either framework
            pass

        original = getattr(fw.Response, method)

        def overridden(self: Any, *args: Any) -> Any:
            trace(method, len(args))
            self.headers["X-Own"] = method
            return original(self, *args)

        setattr(Own, method, overridden)
        app = fw.Flask("sample")
        app.response_class = Own

        def patched() -> Any:
            response = Own("x")
            response.get_wsgi_headers = lambda environ: [("X-Patched", "1")]
            return response

        return serve(
            app,
            {
                "/": lambda: "x",
                "/redirect": lambda: fw.redirect("/"),
                "/stream": lambda: iter("ab"),
                "/json": dict,
                "/abort": lambda: fw.abort(404),
            },
        )

    paths = ["/", "/redirect", "/stream", "/json", "/abort"]
    run = agree(factory, *paths, *(("HEAD", path) for path in paths))

    assert method in run.labels


HEADERS: dict[str, Any] = {
    "latin": {"X-A": "é"},
    "beyond latin": {"X-A": "漢"},
    "number": {"X-A": 5},
    "content length": {"Content-Length": "100"},
    "no content length": {"Content-Length": ""},
    "location": {"Location": "/é b?q=ü#f"},
    "content location": {"Content-Location": "é"},
    "location that is a URI": {"location": "/a/b;c=1?q=%C3%BC&next=/x"},
    "location of a host": {"Location": "https://Other.example:80/a b"},
    "location without a scheme": {"Location": "//other.example"},
    "no query": {"Location": "/a?"},
    "two locations": [("Location", "/é"), ("X-A", "1"), ("location", "/b")],
    "locations": {"Content-Location": "/a", "Location": "/b", "Content-Length": "4"},
    "no URI": {"Location": "http://[/"},
    "no URIs": {"Content-Location": "http://h:bad/", "Location": "http://[/"},
    "transfer": {"Transfer-Encoding": "chunked"},
    "type": {"content-type": "text/plain"},
    "several": [("X-A", "1"), ("x-a", "2"), ("X-A", "3")],
}


@pytest.mark.parametrize("form", HEADERS)
@pytest.mark.parametrize("status", [200, 103, 204, 304, 301, 404])
def test_headers_on_the_wire(agree: Agree, form: str, status: int) -> None:
    """What a server gets of the headers, for statuses with and without a body."""

    def factory(fw: Any, trace: Trace) -> Any:
        headers = HEADERS[form]
        return serve(
            fw.Flask("sample"),
            {
                "/": lambda: ("body", status, headers),
                "/response": lambda: fw.Response("body", status, headers),
                "/stream": lambda: (iter(["bo", "dy"]), status, headers),
                "/list": lambda: fw.Response(["bo", "dy"], status, headers),
                "/empty": lambda: fw.Response(None, status, headers),
            },
        )

    paths = ["/", "/response", "/stream", "/list", "/empty"]
    run = agree(factory, *paths, *(("HEAD", path) for path in paths))

    if status in {103, 204, 304}:
        assert run.texts == [""] * 10
    assert run.texts[5:] == [""] * 5


@given(st.text(st.sampled_from("/ab?#%:@&;=+ é\\[\n\t.~"), max_size=8))
@example("/a?b/?c")
@example("//a")
@example("/a?")
@example("/a#")
def test_a_location_is_written_as_a_uri(location: str) -> None:
    """As Werkzeug writes it, also where that is done without taking it apart."""

    def write(how: Callable[[str], str]) -> Any:
        try:
            return how(location)
        except ValueError as e:
            return describe(e)

    assert write(miniflask.ondemand.response._uri_of) == write(iri_to_uri)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("status", [200, 204, 302])
def test_a_response_is_closed_whether_or_not_it_has_a_body(
    agree: Agree, method: str, status: int
) -> None:
    """Its stream first, then whatever was to be called."""

    def factory(fw: Any, trace: Trace) -> Any:
        class Chunks(list):  # type: ignore[type-arg]
            def close(self) -> None:
                trace("chunks closed")

        def view() -> Any:
            response = fw.Response(Chunks(["a", "b"]), status, {"Location": "/"})
            response.call_on_close(lambda: trace("response closed"))
            return response

        return serve(fw.Flask("sample"), {"/": view})

    run = agree(factory, (method, "/"))
    assert run.labels == ["chunks closed", "response closed"]


def test_a_copy_of_a_response_shares_its_headers(agree: Agree) -> None:
    """And what is called when either is closed; a deep copy has its own."""

    def factory(fw: Any, trace: Trace) -> Any:
        def view(deep: int) -> Any:
            response = fw.Response("body")
            copied = (copy.deepcopy if deep else copy.copy)(response)
            copied.headers["X-Copied"] = "1"
            copied.call_on_close(lambda: trace("closed"))
            trace(type(copied).__name__)
            return response

        app = fw.Flask("sample")
        app.add_url_rule("/<int:deep>", "view", view)
        return app

    run = agree(factory, "/0", "/1", "/0", "/1")
    assert [("X-Copied", "1") in outcome.headers for outcome in run.outcomes] == [1, 0, 1, 0]
    assert run.labels.count("closed") == 2


VALID: dict[str, Callable[[Any], Any]] = {
    "text": lambda fw: "x",
    "stream": lambda fw: fw.stream_with_context(iter("ab")),
    "json": lambda fw: {"a": 1},
    "redirect": lambda fw: fw.redirect("/"),
    "abort": lambda fw: fw.abort(404),
    "error": lambda fw: 1 / 0,
    "no content": lambda fw: fw.Response(status=204),
    "read": lambda fw: fw.request.get_data(),
    "file": lambda fw: fw.send_file(io.BytesIO(b"x"), "text/plain"),
}


@pytest.mark.parametrize("form", VALID)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_pep_3333(agree: Agree, form: str, method: str) -> None:
    """The standard library's validator finds nothing wrong with what the app does as WSGI."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = serve(fw.Flask("sample"), {"/": lambda: VALID[form](fw)}, methods=["GET", "POST"])
        return validator(app)

    sent = b"body" if method == "POST" else b""
    run = agree(factory, {"path": "/", "method": method, "data": sent, "query_string": "a=b"})

    raised = run.outcomes[0].raised
    if form == "no content":
        # Werkzeug sends a type with a 204, to which the validator objects.
        assert raised[1].startswith("Content-Type header found in a 204 response")
    else:
        assert raised is None
