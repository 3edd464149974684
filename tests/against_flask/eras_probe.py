"""A program that runs on any Flask from 1.1 on: it asks, and prints the answers as JSON.

``python eras_probe.py FRAMEWORK`` with ``flask`` or ``miniflask``; ``test_eras_oracle.py`` starts
it twice, in the environment of an old Flask and under the era that stands for it.
"""

from __future__ import annotations

import importlib.util
import io
import json
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stdout
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import werkzeug.serving

NAMES = {
    "": "_request_ctx_stack _app_ctx_stack escape Markup safe_join signals_available",
    "globals": "_lookup_req_object _lookup_app_object _find_app _request_ctx_stack _app_ctx_stack",
    "helpers": "get_env safe_join get_debug_flag",
    "ctx": "RequestContext AppContext",
}


def load_exercises() -> Any:
    """Load the exercises by their path: the real Flask has no miniflask beside it."""
    path = Path(__file__).parents[2] / "miniflask" / "eras" / "exercises.py"
    spec: Any = importlib.util.spec_from_file_location("exercises", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["exercises"] = module
    spec.loader.exec_module(module)
    return module


def told(error: BaseException) -> list[str]:
    """Name an exception and its message, without what differs by framework and by run."""
    return [type(error).__name__, str(error).split(" (<")[0].replace("miniflask", "flask")]


def attempt(action: Callable[[], Any]) -> Any:
    """Return what an action returns, or the exception that it raises."""
    try:
        return action()
    except Exception as e:
        return told(e)


def make_app(fw: Any, events: list[str], **config: Any) -> Any:
    """Make an application whose hooks record that they ran."""
    app = fw.Flask("sample")
    app.secret_key = "key"
    app.config.update(config)
    app.teardown_request(lambda exc: events.append("tr" if exc is None else "tr error"))
    app.teardown_appcontext(lambda exc: events.append("ta"))

    @app.route("/")
    def index() -> str:
        events.append("view")
        fw.g.seen = getattr(fw.g, "seen", 0) + 1
        return str(fw.g.seen)

    @app.route("/fail")
    def fail() -> str:
        raise ValueError("no")

    @app.route("/stream")
    def stream() -> Any:
        def body() -> Any:
            events.append("gen")
            yield fw.request.path

        return app.response_class(fw.stream_with_context(body()))

    @app.route("/away")
    def away() -> Any:
        return fw.redirect("/")

    return app


@contextmanager
def variables(**values: str) -> Iterator[None]:
    """Set environment variables for a while."""
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            del os.environ[name]


# ---- probes; each takes the framework and says what it saw ----


def exercises(fw: Any) -> Any:
    """What each exercise sees."""
    module = load_exercises()
    contexts = module.OfFramework(fw)
    return {e.__name__: module.run(e, contexts) for e in module.EXERCISES}


def names(fw: Any) -> Any:
    """Which names can be imported."""
    return {
        f"{place}.{name}": hasattr(getattr(fw, place) if place else fw, name)
        for place, several in NAMES.items()
        for name in several.split()
    }


def stacks(fw: Any) -> Any:
    """What is on the two stacks around and in two nested requests."""
    app = make_app(fw, [])
    requests, apps = fw._request_ctx_stack, fw._app_ctx_stack
    seen = [requests.top, apps.top]
    with app.test_request_context("/a") as outer:
        seen += [requests.top is outer, apps.top.app is app, outer._implicit_app_ctx_stack != []]
        with app.test_request_context("/b") as inner:
            seen += [requests.top is inner, list(inner._implicit_app_ctx_stack)]
            requests.push(outer)
            seen += [fw.request.path, requests.pop() is outer, fw.request.path]
    return [*seen, requests.top, apps.top, requests.pop(), apps.pop()]


def lists(fw: Any) -> Any:
    """What is in ``_local.stack``, and that the last pop releases it."""
    app = make_app(fw, [])
    local = fw._request_ctx_stack._local
    seen: list[Any] = [hasattr(local, "stack")]
    with app.test_request_context():
        seen.append(len(local.stack))
        with app.test_request_context():
            seen.append(len(local.stack))
    return [*seen, hasattr(local, "stack"), [type(key).__name__ for key in dict(local)]]


def idents(fw: Any) -> Any:
    """Whether a Local has a dict for everybody, and a function that tells them apart."""
    local = fw._request_ctx_stack._local
    with make_app(fw, []).test_request_context():
        storage = getattr(local, "__storage__", {})
        ident = getattr(local, "__ident_func__", int)
        return [ident() in storage, callable(getattr(local, "__ident_func__", None))]


def lookups(fw: Any) -> Any:
    """What the functions behind the proxies return and raise."""
    module = fw.globals
    ask = [
        partial(module._lookup_req_object, "request"),
        partial(module._lookup_req_object, "session"),
        partial(module._lookup_app_object, "g"),
        module._find_app,
    ]
    outside = [attempt(action) for action in ask]
    with make_app(fw, []).test_request_context():
        return outside, [type(action()).__name__ for action in ask]


def unbound(fw: Any) -> Any:
    """How unbound proxies behave, and what they raise."""
    proxies = [fw.request, fw.session, fw.g, fw.current_app]
    said = [(bool(p), repr(p), dir(p)) for p in proxies]
    return said, [attempt(partial(getattr, proxy, "anything")) for proxy in proxies]


def proxies(fw: Any) -> Any:
    """What kind of thing a bound proxy is."""
    with make_app(fw, []).test_request_context("/a"):
        return [
            isinstance(fw.request, fw.Request),
            type(fw.request).__name__,
            fw.request == fw.request._get_current_object(),
            sorted(fw.session),
            fw.request.path,
        ]


def in_place(fw: Any) -> Any:
    """What an in-place operator leaves under the name of a proxy."""
    proxy_class = type(fw.request)
    numbers = [1]
    proxy = proxy_class(lambda: numbers)
    proxy += [2]
    return [type(proxy).__name__, numbers]


def preserved_after_error(fw: Any) -> Any:
    """A failed request stays on the stack, and is popped by the next push."""
    events: list[str] = []
    app = make_app(fw, events, PRESERVE_CONTEXT_ON_EXCEPTION=True, PROPAGATE_EXCEPTIONS=True)
    client = app.test_client()
    seen = [attempt(lambda: client.get("/fail")), list(events)]
    top = fw._request_ctx_stack.top
    seen += [top.preserved, told(top._preserved_exc), fw.request.path]
    client.get("/")
    return [*seen, events, top.preserved, top._preserved_exc, fw._request_ctx_stack.top]


def preserved_with(fw: Any) -> Any:
    """A ``with`` block preserves in the same way."""
    events: list[str] = []
    app = make_app(fw, events, PRESERVE_CONTEXT_ON_EXCEPTION=True)
    try:
        with app.test_request_context("/x"):
            raise ValueError("no")
    except ValueError:
        pass
    top = fw._request_ctx_stack.top
    seen = [top.preserved, list(events)]
    top.pop(None)
    return [*seen, events, fw._request_ctx_stack.top]


def auto_pop(fw: Any) -> Any:
    """The context decides by the environ and by the error."""
    seen = []
    for environ, error, setting in (
        ({}, None, True),
        ({}, ValueError("no"), True),
        ({}, ValueError("no"), False),
        ({"flask._preserve_context": True}, None, False),
        ({"flask._preserve_context": False}, None, False),
    ):
        app = make_app(fw, [], PRESERVE_CONTEXT_ON_EXCEPTION=setting)
        ctx = app.test_request_context(environ_overrides=environ)
        ctx.push()
        ctx.auto_pop(error)
        seen.append((ctx.preserved, repr(ctx._preserved_exc)))
        if ctx.preserved:
            ctx.pop(None)
    return seen


def when_preserved(fw: Any) -> Any:
    """The setting decides, or else debug mode."""
    app = make_app(fw, [])
    seen = [app.config["PRESERVE_CONTEXT_ON_EXCEPTION"], app.preserve_context_on_exception]
    app.debug = True
    seen.append(app.preserve_context_on_exception)
    app.config["PRESERVE_CONTEXT_ON_EXCEPTION"] = False
    return [*seen, app.preserve_context_on_exception]


def with_client(fw: Any) -> Any:
    """In ``with client`` the context of the last request stays."""
    events: list[str] = []
    app = make_app(fw, events)
    with app.test_client() as client:
        client.get("/?n=1")
        seen: list[Any] = [list(events), fw.request.full_path, fw.g.seen, client.preserve_context]
        seen.append(fw.request.environ.get("flask._preserve_context"))
        client.get("/?n=2")
        seen += [list(events), fw.request.full_path, fw.g.seen]
    return [*seen, events, bool(fw.request), bool(fw.current_app), client.preserve_context]


def transaction(fw: Any) -> Any:
    """When contexts are torn down around ``session_transaction``, and what its block sees."""
    events: list[str] = []
    app = make_app(fw, events)
    client = app.test_client()
    with client.session_transaction() as session:
        session["n"] = 1
        events.append(f"body {bool(fw.request)}")
    with client.session_transaction() as session:
        return events, session["n"], bool(fw.request)


def transaction_errors(fw: Any) -> Any:
    """What ``session_transaction`` says where it cannot work."""
    app = make_app(fw, [])
    said = []
    for client in (app.test_client(use_cookies=False), fw.Flask("keyless").test_client()):
        try:
            with client.session_transaction() as session:
                session["n"] = 1
        except Exception as e:
            said.append(told(e))
    return said


def streaming(fw: Any) -> Any:
    """When contexts are torn down around a streamed response."""
    events: list[str] = []
    response = make_app(fw, events).test_client().get("/stream")
    return response.get_data(as_text=True), events, bool(fw.request)


def streaming_outside(fw: Any) -> Any:
    """What ``stream_with_context`` says outside of a request."""
    return attempt(lambda: fw.stream_with_context(iter("a")))


def nested_push(fw: Any) -> Any:
    """A context that is pushed twice is torn down once."""
    events: list[str] = []
    ctx = make_app(fw, events).test_request_context()
    ctx.push()
    ctx.push()
    ctx.pop()
    seen = [list(events), bool(fw.request)]
    ctx.pop()
    return [*seen, events, bool(fw.request)]


def wrong_pop(fw: Any) -> Any:
    """What popping in the wrong order raises, and what is active then."""
    events: list[str] = []
    app = make_app(fw, events)
    first, second = app.test_request_context("/1"), app.test_request_context("/2")
    first.push()
    second.push()
    seen = [attempt(first.pop)[0], attempt(lambda: fw.request.path), list(events)]
    load_exercises().OfFramework(fw).clear()
    return seen


def shared_g(fw: Any) -> Any:
    """Whether requests under an app context share its ``g``."""
    events: list[str] = []
    app = make_app(fw, events)
    with app.app_context():
        client = app.test_client()
        seen = [client.get("/").get_data(as_text=True) for _ in range(2)]
        seen.append(" ".join(events))
    return seen, events


def g_of_request(fw: Any) -> Any:
    """What ``g`` of a request context is, and whether that warns."""
    with (
        make_app(fw, []).test_request_context() as ctx,
        warnings.catch_warnings(record=True) as caught,
    ):
        warnings.simplefilter("always")
        same = ctx.g is fw.g._get_current_object()
        ctx.g = ctx.g
    return same, [str(w.message) for w in caught if w.category is DeprecationWarning]


def copied(fw: Any) -> Any:
    """What a thread sees that runs a function with a copied context."""
    app = make_app(fw, [])
    seen: list[Any] = []
    with app.test_request_context("/copied"):
        fw.g.mark = fw.session["n"] = 1

        @fw.copy_current_request_context
        def work() -> None:
            seen.extend([fw.request.path, hasattr(fw.g, "mark"), dict(fw.session)])

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    return seen


def copied_for_two(fw: Any) -> Any:
    """What happens to one copied context that two threads use at once."""
    app = make_app(fw, [])
    seen: list[Any] = []

    with app.test_request_context("/copied"):

        @fw.copy_current_request_context
        def work(entered: threading.Event, leave: threading.Event) -> None:
            seen.append(attempt(lambda: fw.request.path))
            entered.set()
            leave.wait(60)

    with ThreadPoolExecutor(2) as pool:
        events = [(threading.Event(), threading.Event()) for _ in range(2)]
        results = []
        for entered, leave in events:
            results.append(pool.submit(attempt, partial(work, entered, leave)))
            entered.wait(60)
        for result, (_, leave) in zip(results, events):
            leave.set()
            result.result()
    return seen, [result.result() and result.result()[0] for result in results]


def teardown_fails(fw: Any) -> Any:
    """Which functions still run after one that raises, and what reaches the server."""
    events: list[str] = []
    app = make_app(fw, events)

    @app.teardown_request
    def bad(exc: Any) -> None:
        events.append("bad")
        raise RuntimeError("bad")

    raised = attempt(lambda: app.test_client().get("/").status_code)
    return events, raised, bool(fw.request)


def environment(fw: Any) -> Any:
    """What ``FLASK_ENV`` and ``FLASK_DEBUG`` set."""
    seen = []
    for env, debug in (("", ""), ("development", ""), ("staging", "1"), ("development", "0")):
        with variables(FLASK_ENV=env, FLASK_DEBUG=debug):
            app = fw.Flask("sample")
            seen.append((app.env, app.config["ENV"], app.debug, fw.helpers.get_env()))
    app.env = "changed"
    return seen, app.config["ENV"]


def banner(fw: Any) -> Any:
    """What ``app.run()`` prints."""
    serve, werkzeug.serving.run_simple = werkzeug.serving.run_simple, lambda *a, **k: None
    said = []
    for env in ("production", "development"):
        with variables(FLASK_ENV=env), redirect_stdout(io.StringIO()) as out:
            fw.Flask("sample").run(load_dotenv=False)
        said.append(out.getvalue().splitlines())
    werkzeug.serving.run_simple = serve
    return said


def files(fw: Any) -> Any:
    """What ``send_file`` answers to the arguments of its day, and what it warns of."""
    app = make_app(fw, [])
    seen = []
    for options in (
        {"attachment_filename": "a.csv", "as_attachment": True},
        {"attachment_filename": "a.csv"},
        {"attachment_filename": "\xfc.csv", "as_attachment": True},
        {"mimetype": "text/plain"},
        {"mimetype": "text/plain", "cache_timeout": 5},
        {"mimetype": "text/plain", "add_etags": False},
    ):
        with app.test_request_context(), warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            response = fw.send_file(io.BytesIO(b"1,2"), **options)
            response.direct_passthrough = False
            body = response.get_data(as_text=True)
        headers = {
            name: response.headers.get(name)
            for name in ("Content-Type", "Content-Disposition", "Cache-Control", "ETag")
        }
        told_of = [str(w.message) for w in caught if w.category is DeprecationWarning]
        seen.append((response.status_code, body, headers, told_of))
    return seen


def folders(fw: Any) -> Any:
    """What ``send_from_directory`` answers."""
    app = make_app(fw, [])
    folder = Path(__file__).parent
    with app.test_request_context():
        response = fw.send_from_directory(str(folder), Path(__file__).name)
        seen = [response.status_code, response.headers.get("Content-Disposition")]
        seen += [response.headers.get("Cache-Control"), "ETag" in response.headers]
        response.close()
        attached = fw.send_from_directory(str(folder), Path(__file__).name, as_attachment=True)
        attached.close()
        outside = attempt(lambda: fw.send_from_directory(str(folder), "../conftest.py"))
        return [*seen, attached.headers.get("Content-Disposition"), outside[0]]


def joins(fw: Any) -> Any:
    """What ``safe_join`` returns and raises."""
    return attempt(lambda: fw.safe_join("a", "b")), attempt(lambda: fw.safe_join("a", "../b"))[0]


def first_request(fw: Any) -> Any:
    """When functions registered for the first request run, and that nothing warns."""
    events: list[str] = []
    app = make_app(fw, events)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        app.before_first_request(lambda: events.append("first"))
        app.before_request(lambda: events.append("before"))
    client = app.test_client()
    client.get("/")
    client.get("/")
    return events, [str(w.message) for w in caught]


def redirects(fw: Any) -> Any:
    """The status of a redirect."""
    return make_app(fw, []).test_client().get("/away").status_code


PROBES: list[Callable[[Any], Any]] = [
    exercises,
    names,
    stacks,
    lists,
    idents,
    lookups,
    unbound,
    proxies,
    in_place,
    preserved_after_error,
    preserved_with,
    auto_pop,
    when_preserved,
    with_client,
    transaction,
    transaction_errors,
    streaming,
    streaming_outside,
    nested_push,
    wrong_pop,
    shared_g,
    g_of_request,
    copied,
    copied_for_two,
    teardown_fails,
    environment,
    banner,
    files,
    folders,
    joins,
    first_request,
    redirects,
]


def main(framework: str) -> dict[str, Any]:
    """Run every probe in a thread of its own; one that raises answers with the exception."""
    fw = import_module(framework)
    for name in ("ctx", "globals", "helpers", "cli"):
        import_module(f"{framework}.{name}")
    answers = {}
    for probe in PROBES:
        with ThreadPoolExecutor(1) as thread:
            answers[probe.__name__] = thread.submit(attempt, partial(probe, fw)).result()
    return answers


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1]), default=repr))
