"""Calling an application without a server: the same tests, written with both frameworks."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import werkzeug.test
import werkzeug.wrappers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.against_flask.harness import Run, Trace, kind, serve

Agree = Callable[..., Run]
Same = Callable[[Callable[[Any], Any]], Any]


@pytest.fixture(autouse=True)
def one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the clock, so that both frameworks sign the same time into a session cookie."""
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000.0)


def described(response: Any) -> dict[str, Any]:
    """List what a test may look at in a response of the client."""
    return {
        "status": response.status,
        "headers": [list(pair) for pair in response.headers if pair[0] not in {"Date", "Allow"}],
        "text": response.text,
        "json": response.get_json(silent=True),
        "request": [kind(response.request), response.request.method, response.request.url],
        "history": [[r.status_code, r.request.path, r.location] for r in response.history],
        "classes": [cls.__name__ for cls in type(response).__mro__[:4]],
    }


def attempt(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a client's method, and describe the response or the exception."""
    try:
        response = function(*args, **kwargs)
    except Exception as e:
        return [kind(e), str(e)]
    with response:
        return described(response)


def echo_app(fw: Any) -> Any:
    """Make an app that says what it was sent."""
    app = fw.Flask("sample")

    def echo(path: str = "") -> Any:
        request = fw.request
        # The boundary between the parts of a form is made at random.
        random = {"Content-Type", "Content-Length"} if request.mimetype[:4] == "mult" else ()
        return {
            "method": request.method,
            "url": request.url,
            "root": request.root_path,
            "args": request.args.to_dict(flat=False),
            "form": request.form.to_dict(flat=False),
            "files": {name: file.filename for name, file in request.files.items()},
            "json": request.get_json(silent=True),
            "headers": sorted(list(pair) for pair in request.headers if pair[0] not in random),
            "remote": request.remote_addr,
            "cookies": request.cookies,
            "scheme": request.scheme,
            "extra": request.environ.get("extra"),
        }

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    app.add_url_rule("/", "root", echo, methods=methods)
    app.add_url_rule("/<path:path>", "echo", echo, methods=methods)
    return app


# ---- requests ----

REQUESTS: dict[str, Callable[[Any], Any]] = {
    "get": lambda c: c.get,
    "path": lambda c: (c.get, "/a/b?x=1&x=2"),
    "query dict": lambda c: (c.get, "/", {"query_string": {"x": [1, 2], "y": "é"}}),
    "query text": lambda c: (c.get, "/?a=1", {"query_string": "b=2"}),
    "post": lambda c: (c.post, "/", {"data": {"a": "1", "b": ["2", "3"]}}),
    "bytes": lambda c: (c.post, "/", {"data": b"a=1"}),
    "typed": lambda c: (c.put, "/", {"data": "a=1", "mimetype": "text/plain"}),
    "file": lambda c: (c.post, "/", {"data": {"f": (io.BytesIO(b"x"), "x.txt"), "a": "1"}}),
    "json": lambda c: (c.post, "/", {"json": {"b": [1, "é"], "a": None}}),
    "json null": lambda c: (c.post, "/", {"json": None}),
    "json and type": lambda c: (c.post, "/", {"json": [], "content_type": "application/x+json"}),
    "json and data": lambda c: (c.post, "/", {"json": [], "data": "x"}),
    "headers": lambda c: (c.get, "/", {"headers": {"X-A": "1", "User-Agent": "own"}}),
    "auth": lambda c: (c.get, "/", {"auth": ("user", "password")}),
    "patch": lambda c: (c.patch, "/x"),
    "delete": lambda c: (c.delete, "/x"),
    "head": lambda c: (c.head, "/x"),
    "options": lambda c: (c.options, "/x"),
    "trace": lambda c: (c.trace, "/x"),
    "method": lambda c: (c.open, "/x", {"method": "DELETE"}),
    "positional": lambda c: (c.open, "/x", {"base_url": "https://example.com:8443/root"}),
    "whole url": lambda c: (c.get, "https://example.com/x?y=1"),
    "no slash": lambda c: (c.get, "x"),
    "double slash": lambda c: (c.get, "//x/y"),
    "subdomain": lambda c: (c.get, "/", {"subdomain": "api"}),
    "scheme": lambda c: (c.get, "/", {"url_scheme": "https"}),
    "base and scheme": lambda c: (c.get, "/", {"base_url": "http://h", "url_scheme": "https"}),
    "base and subdomain": lambda c: (c.get, "/", {"base_url": "http://h", "subdomain": "a"}),
    "environ base": lambda c: (c.get, "/", {"environ_base": {"REMOTE_ADDR": "10.0.0.1"}}),
    "environ overrides": lambda c: (c.get, "/", {"environ_overrides": {"extra": "e"}}),
    "buffered": lambda c: (c.get, "/", {"buffered": True}),
    "unknown": lambda c: (c.get, "/", {"nonsense": 1}),
    "unknown method": lambda c: (c.open, "/x", {"method": "BREW"}),
    "input stream": lambda c: (
        *(c.post, "/"),
        {"input_stream": io.BytesIO(b"{}"), "content_length": 2},
    ),
}


def call(client: Any, name: str) -> Any:
    """Send the request of that name with a client."""
    made = REQUESTS[name](client)
    function, *rest = made if isinstance(made, tuple) else (made,)
    kwargs = rest.pop() if rest and isinstance(rest[-1], dict) else {}
    return attempt(function, *rest, **kwargs)


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("configured", [True, False])
def test_requests_of_the_client(same: Same, name: str, configured: bool) -> None:
    """Every way to describe a request reaches the view as the same request."""

    def send(fw: Any) -> Any:
        app = echo_app(fw)
        if configured:
            app.config["SERVER_NAME"] = "server.example:8000"
            app.config["APPLICATION_ROOT"] = "/root"
            app.config["PREFERRED_URL_SCHEME"] = "https"
        return call(app.test_client(), name)

    answer = same(send)

    if name == "get":
        url = "https://server.example:8000/root/" if configured else "http://localhost/"
        assert answer["json"]["url"] == url
    if name.startswith("base and"):
        message = 'Cannot pass "subdomain" or "url_scheme" with "base_url".'
        assert answer == ["AssertionError", message]


def test_the_client_reads_json_with_the_app_s_provider(same: Same) -> None:
    """Requests are written and responses read by ``app.json``."""

    def send(fw: Any) -> Any:
        app = echo_app(fw)

        class Provider(fw.json.provider.DefaultJSONProvider):  # type: ignore[misc]
            def loads(self, s: Any, **kwargs: Any) -> Any:
                return {"read": json.loads(s)}

            def dumps(self, obj: Any, **kwargs: Any) -> str:
                return json.dumps(["written", obj])

        app.json = Provider(app)
        with app.test_client().post("/", json={"a": 1}) as response:
            return [response.json["read"][1]["json"], response.get_data(True)[:12]]

    assert same(send) == [{"read": ["written", {"a": 1}]}, '["written", ']


def test_what_the_environment_starts_from(same: Same) -> None:
    """``environ_base`` of the client has the address and the agent, and may be changed."""

    def send(fw: Any) -> Any:
        client = echo_app(fw).test_client()
        before = dict(client.environ_base)
        first = client.get("/").json
        client.environ_base["REMOTE_ADDR"] = "10.0.0.2"
        client.environ_base["HTTP_X_OWN"] = "own"
        second = client.get("/", environ_base={"HTTP_X_OWN": "mine"}).json
        third = client.get("/", headers={"X-Own": "header"}).json
        return [before, first["remote"], second["remote"], second["headers"], third["headers"]]

    answer = same(send)

    assert answer[0]["REMOTE_ADDR"] == answer[1] == "127.0.0.1"
    assert answer[0]["HTTP_USER_AGENT"].startswith("Werkzeug/")
    assert ["X-Own", "mine"] in answer[3]


def test_open_takes_a_builder_an_environment_or_a_request(same: Same) -> None:
    """They are sent with the client's base added, and are not changed by it."""

    def send(fw: Any) -> Any:
        app = echo_app(fw)
        client = app.test_client()
        client.environ_base["extra"] = "from the client"
        build = fw.testing.EnvironBuilder
        own = build(app, "/own?a=1", method="POST", json={"k": 1})
        plain = werkzeug.test.EnvironBuilder("/plain", method="PUT", headers=[("X-A", "1")])
        environ = werkzeug.test.create_environ("/environ", "http://h:81/root")
        request = werkzeug.wrappers.Request(werkzeug.test.create_environ("/request"))
        framework = fw.Request(werkzeug.test.create_environ("/framework"))
        answers = []
        for thing in (own, own, plain, environ, environ, request, framework):
            answers.append(attempt(client.open, thing))
        with client:
            answers.append(attempt(client.open, framework))
            answers.append([fw.request.path, fw.request is framework])
        untouched = [sorted(environ), "extra" in request.environ, plain.environ_base]
        return [answers, untouched, attempt(client.open, own, follow_redirects=True)]

    answers, untouched, _ = same(send)

    assert [answer["json"]["method"] for answer in answers[:3]] == ["POST", "POST", "PUT"]
    assert all(answer["json"]["extra"] == "from the client" for answer in answers[:8])
    assert "extra" not in untouched[0]


def test_subclasses_of_the_client(same: Same) -> None:
    """``test_client_class`` is made with the arguments given, and may override ``open``."""

    def send(fw: Any) -> Any:
        class Client(fw.testing.FlaskClient):  # type: ignore[misc]  # of either framework
            def __init__(self, *args: Any, token: str = "", **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                self.token = token

            def open(self, *args: Any, **kwargs: Any) -> Any:
                kwargs.setdefault("headers", {"Authorization": self.token})
                return super().open(*args, **kwargs)

        app = echo_app(fw)
        app.test_client_class = Client
        client = app.test_client(token="t")
        without = app.test_client(use_cookies=False)
        answers = [attempt(client.get, "/"), attempt(without.post, "/x", json=[])]
        return [answers, client.application is app, client.response_wrapper.__mro__[1].__name__]

    answers, *rest = same(send)

    assert ["Authorization", "t"] in answers[0]["json"]["headers"]
    assert rest[0] is True


def test_errors_reach_the_test_when_testing(same: Same) -> None:
    """With ``TESTING`` a view's exception propagates through the client; else it is a 500."""

    def send(fw: Any) -> Any:
        answers = []
        for testing in (True, False):
            app = fw.Flask("sample")
            app.testing = testing
            serve(app, {"/": lambda: 1 // 0, "/missing-key": lambda: fw.request.form["k"]})
            client = app.test_client()
            answers += [attempt(client.get, "/"), attempt(client.get, "/missing-key")]
            with client:
                answers.append(attempt(client.get, "/"))
                answers.append(fw.request.path if fw.request else "not kept")
            answers.append(fw.has_app_context())
        return answers

    answers = same(send)

    assert answers[0][0] == "ZeroDivisionError"
    assert answers[3] == "not kept"
    assert answers[5]["status"] == "500 INTERNAL SERVER ERROR"
    assert answers[8] == "/"


# ---- redirects ----


def redirecting_app(fw: Any) -> Any:
    """Make an app whose URLs redirect in every way."""
    app = echo_app(fw)

    def to(code: int) -> Any:
        return fw.redirect(fw.request.args.get("to", "/end"), code)

    def set_cookie() -> Any:
        response = fw.redirect("/end")
        response.set_cookie("step", "1")
        return response

    app.add_url_rule("/to/<int:code>", "to", to, methods=["GET", "POST", "PUT"])
    app.add_url_rule("/loop", "loop", lambda: fw.redirect("/loop"))
    app.add_url_rule("/cookie", "cookie", set_cookie)
    app.add_url_rule("/slash/", "slash", lambda: fw.request.url, methods=["GET", "POST"])
    return app


@pytest.mark.parametrize("code", [301, 302, 303, 305, 307, 308])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT"])
def test_redirects_are_followed(same: Same, code: int, method: str) -> None:
    """Method and body survive 307 and 308 only; ``history`` has the responses on the way."""

    def send(fw: Any) -> Any:
        client = redirecting_app(fw).test_client()
        body = {} if method in {"GET", "HEAD"} else {"data": {"a": "1"}}
        url = f"/to/{code}"
        return [
            attempt(client.open, url, method=method, **body),
            attempt(client.open, url, method=method, follow_redirects=True, **body),
            attempt(client.open, f"{url}?to=/to/302", method=method, follow_redirects=True, **body),
        ]

    plain, followed, _ = same(send)

    assert plain["status"].startswith(str(code))
    kept = code in {307, 308} or method in {"GET", "HEAD"}
    assert followed["request"][1] == (method if kept else "GET")


TARGETS = ["/end", "end", "../end", "?q=1", "http://localhost/end", "http://other.example/end"]
TARGETS += ["//other.example/x", "http://api.localhost/end", "https://localhost/end", "/slash"]
TARGETS += ["/loop", "/cookie", "", "/to/308?to=/cookie"]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("subdomains", [True, False])
def test_where_redirects_may_lead(same: Same, target: str, subdomains: bool) -> None:
    """Relative and absolute, to itself for ever, to another host: followed or refused alike."""

    def send(fw: Any) -> Any:
        app = redirecting_app(fw)
        app.subdomain_matching = subdomains
        client = app.test_client(allow_subdomain_redirects=subdomains)
        query = {"to": target}
        with client:
            answer = attempt(
                client.get, "/to/302", query_string=query, follow_redirects=True, buffered=True
            )
            return [answer, fw.request.path]

    same(send)


# ---- cookies and sessions ----


def session_app(fw: Any) -> Any:
    """Make an app that counts visits in the session."""
    app = fw.Flask("sample")
    app.secret_key = "key"

    def count() -> Any:
        fw.session["n"] = fw.session.get("n", 0) + 1
        return dict(fw.session)

    def clear() -> str:
        fw.session.clear()
        return "cleared"

    return serve(app, {"/": count, "/read": lambda: dict(fw.session), "/clear": clear})


def jar(client: Any, **where: Any) -> Any:
    """Describe the client's session cookie."""
    cookie = client.get_cookie("session", **where)
    if cookie is None:
        return None
    return [cookie.value, cookie.domain, cookie.path, cookie.http_only, cookie.secure]


def test_cookies_of_the_client(same: Same) -> None:
    """Cookies are kept between requests, can be set and deleted, or switched off."""

    def use(fw: Any) -> Any:
        app = session_app(fw)
        echo = echo_app(fw)
        client, forgetful = app.test_client(), app.test_client(use_cookies=False)
        answers = [client.get("/").json for _ in range(3)]
        answers += [jar(client), client.get("/clear").headers.getlist("Set-Cookie"), jar(client)]
        answers += [forgetful.get("/").json for _ in range(2)]
        setter = echo.test_client()
        setter.set_cookie("a", "1")
        setter.set_cookie("b", "é; x", path="/sub")
        setter.set_cookie("c", "3", domain="other.example")
        answers += [setter.get("/").json["cookies"], setter.get("/sub/x").json["cookies"]]
        setter.delete_cookie("a")
        answers += [setter.get("/", base_url="http://other.example").json["cookies"]]
        answers += [setter.get("/", headers={"Cookie": "own=1"}).json["cookies"]]
        for method in (forgetful.set_cookie, forgetful.get_cookie, forgetful.delete_cookie):
            try:
                method("a")
            except TypeError as e:
                answers.append(str(e))
        return answers

    answers = same(use)

    assert answers[:3] == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert answers[5] is None
    assert answers[6:8] == [{"n": 1}, {"n": 1}]


def test_session_transaction_reads_and_writes(agree: Agree) -> None:
    """The block gets the client's session; what it leaves there, the next request finds."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = session_app(fw)
        app.before_request(trace.hook("before"))
        app.after_request(trace.after("after"))
        app.teardown_request(trace.hook("teardown request"))
        app.teardown_appcontext(trace.hook("teardown app"))
        client = app.test_client()
        with client.session_transaction() as session:
            trace("block", kind(session), dict(session), fw.has_request_context())
            session["n"] = 10
        trace("view", client.get("/").json)
        with client.session_transaction() as session:
            trace("again", dict(session), session.modified, session.accessed, session.new)
        trace("jar", jar(client))
        with client.session_transaction() as session:
            session.clear()
        trace("cleared", jar(client), client.get("/read").json)
        with client.session_transaction() as session:
            session.permanent = True
        cookie = client.get_cookie("session")
        trace("permanent", cookie.max_age, cookie.expires is None)
        return app

    run = agree(factory)

    assert run.values("view") == [{"n": 11}]
    assert run.details("cleared") == [[None, {}]]
    start = ["teardown request", "teardown app"]
    assert run.labels[:5] == [*start, "block", *start]
    assert "before" not in run.labels[:5]


def test_session_transaction_takes_a_request(same: Same) -> None:
    """Its arguments are those of ``test_request_context``: another host, root or path."""

    def use(fw: Any) -> Any:
        app = session_app(fw)
        app.config.update(SESSION_COOKIE_PATH="/sub", SESSION_COOKIE_SECURE=True)
        client = app.test_client()
        answers = []
        for args, kwargs in [
            ((), {}),
            (("/sub/x",), {}),
            (("/sub",), {"base_url": "https://example.com"}),
            ((), {"base_url": "https://example.com", "path": "/sub/y?z"}),
            (("https://other.example/sub",), {}),
        ]:
            with client.session_transaction(*args, **kwargs) as session:
                answers.append(dict(session))
                session["last"] = str(kwargs)
        answers.append(jar(client, path="/sub"))
        answers.append(jar(client, domain="example.com", path="/sub"))
        return answers

    same(use)


def opening(make: Callable[[Any], Any]) -> Callable[[Any, Any], None]:
    """Have the session interface open what *make* makes."""

    def change(fw: Any, app: Any) -> None:
        app.session_interface.open_session = lambda app, request: make(fw)

    return change


REFUSED: dict[str, Callable[[Any, Any], Any]] = {
    "no cookies": lambda fw, app: {"use_cookies": False},
    "no key": lambda fw, app: setattr(app, "secret_key", None),
    "no session": opening(lambda fw: None),
    "null session": opening(lambda fw: fw.sessions.NullSession()),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_sessions_that_cannot_be_opened(same: Same, reason: str) -> None:
    """Without cookies, key or session the transaction says what is wrong, or saves nothing."""

    def use(fw: Any) -> Any:
        app = session_app(fw)
        app.session_interface = type(app.session_interface)()
        client = app.test_client(**(REFUSED[reason](fw, app) or {}))
        with client.session_transaction() as session:
            return [kind(session), dict(session), fw.has_app_context()]

    answer = same(use)

    if reason == "no cookies":
        assert answer[0] == "TypeError"
    if reason == "no key":
        assert answer[0] == "RuntimeError"


def test_a_block_that_raises_saves_nothing(same: Same) -> None:
    """An exception in the transaction leaves the cookie as it was, and no context behind."""

    def use(fw: Any) -> Any:
        client = session_app(fw).test_client()
        client.get("/")
        try:
            with client.session_transaction() as session:
                session["n"] = 50
                raise ValueError("in the block")
        except ValueError as e:
            return [str(e), client.get("/read").json, fw.has_app_context()]

    assert same(use) == ["in the block", {"n": 1}, False]


def test_a_transaction_inside_a_client_block(same: Same) -> None:
    """Contexts kept from the request before stay active during it."""

    def use(fw: Any) -> Any:
        answers: list[Any] = []
        with session_app(fw).test_client() as client:
            client.get("/")
            with client.session_transaction() as session:
                answers += [fw.request.path, dict(session), dict(fw.session)]
                session["n"] = 7
            answers += [dict(fw.session), client.get("/").json, dict(fw.session)]
        return answers

    assert same(use) == ["/", {"n": 1}, {"n": 1}, {"n": 1}, {"n": 8}, {"n": 8}]


# ---- contexts that a block keeps ----


def test_a_client_block_keeps_the_contexts(agree: Agree) -> None:
    """After a request they are active until the next one or the end; teardown runs each time."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = session_app(fw)
        app.teardown_request(trace.hook("teardown request"))
        app.teardown_appcontext(trace.hook("teardown app"))
        app.before_request(lambda: setattr(fw.g, "path", fw.request.path))
        client = app.test_client()
        client.get("/")
        trace("outside")
        with client as entered:
            trace("entered", entered is client)
            client.get("/read?q=1")
            trace("kept", fw.g.path, dict(fw.session), dict(fw.request.args))
            client.get("/nowhere")
            trace("next", fw.g.path, fw.request.routing_exception)
            client.get("/read", follow_redirects=True)
            trace("last")
        trace("left")
        with client:
            trace("again")
        return app

    run = agree(factory)

    assert [event[3] for event in run.trace if event[0] in {"outside", "left", "again"}] == [{}] * 3
    both = ["teardown request", "teardown app"]
    assert run.labels[:7] == [*both, "outside", "entered", *both, "kept"]
    assert run.labels[7:12] == [*both, *both, "next"]


def test_client_blocks_cannot_be_nested(same: Same) -> None:
    """Entering a client twice is refused; two clients may be nested, the inner popped first."""

    def use(fw: Any) -> Any:
        app = session_app(fw)
        client = app.test_client()
        answers: list[Any] = []
        try:
            with client:
                client.get("/")
                with client:
                    answers.append("not reached")
        except RuntimeError as e:
            answers += [str(e), fw.has_request_context()]
        with app.test_client() as one, app.test_client() as two:
            one.get("/?one")
            two.get("/?two")
            answers += [fw.request.query_string]
            two.get("/?three")
            answers += [fw.request.query_string]
        answers.append(fw.has_request_context())
        return answers

    answers = same(use)

    assert answers[0] == "Cannot nest client invocations"
    assert answers[1] is False
    assert answers[-1] is False


@pytest.mark.parametrize("where", ["view", "before", "after", "teardown", "block", "stream"])
@pytest.mark.parametrize("testing", [True, False])
def test_errors_in_a_client_block(agree: Agree, where: str, testing: bool) -> None:
    """Whatever raises, the contexts are kept or popped alike and the block's end cleans up."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = session_app(fw)
        app.testing = testing

        def failing(place: str) -> Callable[..., Any]:
            def hook(*args: Any) -> Any:
                trace(place)
                if place == where and fw.request.path == "/fail":
                    raise ValueError(place)
                return args[0] if place == "after" else None

            return hook

        def generate() -> Iterator[str]:
            yield "a"
            raise ValueError("stream")

        def view() -> Any:
            failing("view")()
            return fw.stream_with_context(generate()) if where == "stream" else "ok"

        app.before_request(failing("before"))
        app.after_request(failing("after"))
        app.teardown_request(failing("teardown"))
        app.add_url_rule("/fail", "fail", view)

        def block() -> str:
            with app.test_client() as client:
                try:
                    trace("text", client.get("/fail").text)
                except ValueError as e:
                    trace("caught", e)
                trace("kept")
                trace.attempt("second", lambda: client.get("/read").status)
                if where == "block":
                    raise ValueError("block")
            return "no error"

        trace.attempt("outcome", block)
        trace("end")
        return app

    run = agree(factory)

    assert run.trace[-1][3] == {} or where == "teardown"


# ---- environments ----

builder_arguments = st.fixed_dictionaries(
    {
        "path": st.sampled_from(
            [
                *["/", "", "x", "/a b?q=é", "/a?b#c", "//host/x", "?q", "/%41%2F"],
                *["http://h.example/x?y", "https://h.example:81", "mailto:x", "/a;b", "http:///x"],
            ]
        )
    },
    optional={
        "base_url": st.sampled_from([None, "", "http://h", "https://h:81/root/", "//h/x", "x"]),
        "subdomain": st.sampled_from([None, "", "api", "a.b"]),
        "url_scheme": st.sampled_from([None, "", "https", "ws"]),
        "method": st.sampled_from(["GET", "post"]),
        "query_string": st.sampled_from(["", "a=1", "é"]) | st.just({"a": ["1", "2"]}),
        "json": st.sampled_from([None, {"b": 1, "a": "é"}, [1.5]]),
        "headers": st.just({"X-A": "1"}),
    },
)
builder_configs = st.fixed_dictionaries(
    {},
    optional={
        "SERVER_NAME": st.sampled_from([None, "", "example.com", "example.com:81"]),
        "APPLICATION_ROOT": st.sampled_from(["/", "/root", "root/", "//a"]),
        "PREFERRED_URL_SCHEME": st.sampled_from(["http", "https"]),
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arguments=builder_arguments, config=builder_configs, positional=st.booleans())
def test_generated_environments(same: Same, arguments: Any, config: Any, positional: bool) -> None:
    """Whatever the arguments and settings, the environment is the same, or the same error."""

    def build(fw: Any) -> Any:
        app = fw.Flask("sample")
        app.config.update(config)
        options = dict(arguments)
        args = [options.pop("path")] if positional else []
        builder = fw.testing.EnvironBuilder(app, *args, **options)
        assert builder.app is app
        environ = builder.get_environ()
        builder.close()
        data = environ["wsgi.input"].read()
        return [
            data,
            {key: environ[key] for key in sorted(environ) if "." not in key},
            environ["wsgi.url_scheme"],
        ]

    same(build)

    def push(fw: Any) -> Any:
        app = fw.Flask("sample")
        app.config.update(config)
        with app.test_request_context(**arguments):
            return [fw.request.url, fw.request.method, fw.request.get_data()]

    same(push)


def test_json_dumps_of_the_builder(same: Same) -> None:
    """The builder writes JSON as its app does."""

    def dump(fw: Any) -> Any:
        app = fw.Flask("sample")
        app.json.sort_keys = False
        return fw.testing.EnvironBuilder(app).json_dumps({"b": "é", "a": 1}, indent=1)

    assert same(dump) == '{\n "b": "\\u00e9",\n "a": 1\n}'


# ---- contexts for tests ----


def test_test_request_context_runs_no_hooks(agree: Agree) -> None:
    """It matches the URL and opens the session; only teardown runs, unless one asks for more."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = session_app(fw)
        app.before_request(trace.hook("before"))
        app.url_value_preprocessor(trace.hook("preprocess"))
        app.after_request(trace.after("after"))
        app.teardown_request(trace.hook("teardown request"))
        app.teardown_appcontext(trace.hook("teardown app"))
        with app.test_request_context("/read", method="GET", headers={"X-A": "1"}) as ctx:
            trace("inside", kind(ctx), fw.request.headers["X-A"], dict(fw.session))
            trace("preprocessed", app.preprocess_request())
            trace("dispatched", app.dispatch_request())
            response = app.process_response(app.make_response("x"))
            trace("response", response.status_code)
        for path in ("/nowhere", "/?x"):
            with app.test_request_context(path, method="PUT"):
                trace("bad", fw.request.routing_exception, fw.request.endpoint)
        trace.attempt("repr", lambda: repr(app.test_request_context("/read?a=1")))
        ctx = app.test_request_context()
        ctx.push()
        fw.g.x = 1
        trace("pushed", fw.request.url)
        ctx.pop()
        trace.attempt("block", lambda: in_block(app))
        trace("end")
        return app

    def in_block(app: Any) -> None:
        with app.test_request_context():
            raise ValueError("in the block")

    run = agree(factory)

    assert run.labels[:6] == [
        *["inside", "preprocess", "before", "preprocessed", "dispatched", "after"]
    ]
    assert run.values("teardown request")[-1] == ("ValueError", "in the block")
    assert run.trace[-1][3] == {}


def test_app_contexts_for_tests(agree: Agree) -> None:
    """They give ``current_app`` and a fresh ``g``; a request inside uses the one that is there."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = session_app(fw)
        app.teardown_appcontext(trace.hook("teardown app"))
        with app.app_context() as ctx:
            fw.g.x = 1
            same = [fw.current_app._get_current_object() is app, ctx.app is app]
            trace("inside", kind(ctx), same, ctx.g is fw.g._get_current_object())
            with app.app_context():
                trace("nested", fw.g.get("x"))
            with app.test_request_context():
                trace("request", fw.g.get("x"))
            trace("client", app.test_client().get("/").json)
            trace("back", fw.g.x)
        trace.attempt("unbound", lambda: fw.g.x)
        return app

    run = agree(factory)

    assert run.values("nested") == [None]
    assert run.values("request") == [1]
    assert run.labels.count("teardown app") == 2


# ---- commands ----


def test_the_command_runner(same: Same) -> None:
    """``test_cli_runner`` invokes the app's commands with the app loaded."""

    def invoke(fw: Any) -> Any:
        app = fw.Flask("sample")

        def hello() -> None:
            print("hello from", fw.current_app.name)

        def fail() -> None:
            raise ValueError("in a command")

        app.cli.command("hello")(hello)
        command = app.cli.command("fail")(fail)
        runner = app.test_cli_runner()
        results = [
            runner.invoke(args=["hello"]),
            runner.invoke(args=["fail"]),
            runner.invoke(command),
            runner.invoke(args=["nothing"]),
            runner.invoke(app.cli, ["hello", "extra"]),
        ]
        answers: list[Any] = [[r.exit_code, r.output, str(r.exception)] for r in results]

        class Runner(fw.testing.FlaskCliRunner):  # type: ignore[misc]  # of either framework
            pass

        app.test_cli_runner_class = Runner
        other = app.test_cli_runner(env={"A": "b"})
        return [*answers, kind(runner), kind(other), other.env, other.app is app]

    answers = same(invoke)

    assert answers[0] == [0, "hello from sample\n", "None"]
    assert answers[-4:] == ["FlaskCliRunner", "Runner", {"A": "b"}, True]
