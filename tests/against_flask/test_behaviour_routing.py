"""Routing where rebuilds go wrong: the numbered facts A1 to A19, each asked of both frameworks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from werkzeug.exceptions import HTTPException

from tests.against_flask.harness import Run, Trace

Agree = Callable[..., Run]
Factory = Callable[[Any, Trace], Any]


def rules(*specs: Any, **options: Any) -> Factory:
    """Return a factory for an app whose views say which rule matched, and with what.

    A spec is a rule, or a rule and the options of ``add_url_rule``; *options* are Flask's.
    """

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample", **options)
        for spec in specs:
            rule, kwargs = (spec, {}) if isinstance(spec, str) else spec
            app.add_url_rule(rule, rule.replace(".", "_"), saying(rule), **kwargs)
        return app

    return factory


def saying(rule: str) -> Callable[..., str]:
    """Make a view that answers with its rule and its arguments."""

    def view(**kwargs: Any) -> str:
        return f"{rule} {kwargs}"

    return view


def raw(path: str, method: str = "GET", **environ: Any) -> dict[str, Any]:
    """Ask for a path exactly as it would stand in ``PATH_INFO``."""
    return {"method": method, "environ": {"PATH_INFO": path, **environ}}


def test_a01_slash_redirect_is_308_and_keeps_the_query(agree: Agree) -> None:
    """A missing slash is a 308 for every method of the rule, with the query; else a 404."""
    site = rules(("/d/", {"methods": ["GET", "POST"]}))

    run = agree(site, "/d?q=1&r=%C3%A9", ("POST", "/d?q=1"), ("HEAD", "/d"), ("DELETE", "/d"))

    assert run.codes == [308, 308, 308, 404]
    assert run.outcomes[0].header("Location") == "http://localhost/d/?q=1&r=%C3%A9"
    assert run.outcomes[1].header("Location") == "http://localhost/d/?q=1"


def test_a01_a_form_survives_the_slash_redirect_in_debug_mode(agree: Agree) -> None:
    """In debug mode a POST without the slash is redirected too: 308 makes no browser drop it."""

    def site(fw: Any, trace: Trace) -> Any:
        app = rules(("/d/", {"methods": ["GET", "POST"]}))(fw, trace)
        app.debug = True
        return app

    run = agree(site, {"method": "POST", "path": "/d", "data": {"name": "value"}})

    assert run.codes == [308]


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a01_a_redirect_that_loses_a_form_is_explained(
    agree: Agree, method: str, code: int
) -> None:
    """In debug mode a routing redirect that drops the form of a POST raises an explanation."""

    def site(fw: Any, trace: Trace) -> Any:
        app = rules(("/d/", {"methods": ["GET", "POST"]}))(fw, trace)
        app.debug = True
        app.before_request(lambda: setattr(fw.request.routing_exception, "code", code))
        return app

    run = agree(site, {"method": method, "path": "/d", "data": {"name": "value"}})

    if method == "POST" and code not in {307, 308}:
        assert run.outcomes[0].raised[0] == "FormDataRoutingRedirect"
    else:
        assert run.codes == [code]


def test_a02_a_slash_too_many_is_404(agree: Agree) -> None:
    """A trailing slash that the rule lacks is a 404; with strict_slashes=False nothing matters."""
    site = rules("/f", ("/l", {"strict_slashes": False}), ("/b/", {"strict_slashes": False}))

    run = agree(site, "/f", "/f/", "/l", "/l/", "/b", "/b/")

    assert run.codes == [200, 404, 200, 200, 200, 200]


def test_a03_double_slashes_are_merged_by_a_redirect(agree: Agree) -> None:
    """Slashes inside are merged by a 308, leading ones ignored, those in a path value kept."""
    site = rules("/m/n", "/p/<path:rest>", "/")

    run = agree(site, raw("/m//n"), raw("/m///n"), raw("//m/n"), raw("/p/a//b"), raw("//"))

    assert run.codes == [308, 308, 200, 200, 200]
    assert run.outcomes[0].header("Location") == "http://localhost/m/n"
    assert run.texts[3] == "/p/<path:rest> {'rest': 'a//b'}"


def test_a03_slashes_stay_when_the_map_says_so(agree: Agree) -> None:
    """With ``merge_slashes`` off on the route map, a doubled slash matches nothing."""

    def site(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.url_map.merge_slashes = False
        app.add_url_rule("/m/n", "n", lambda: "n")
        return app

    run = agree(site, raw("/m//n"), raw("/m/n"))

    assert run.codes == [404, 200]


def test_a04_a_converter_that_rejects_ends_the_search(agree: Agree) -> None:
    """When a converter refuses what its pattern matched, no other rule is tried."""
    site = rules("/n/<int(max=5):n>", "/n/<x>")

    run = agree(site, "/n/5", "/n/9", "/n/a")

    assert run.codes == [200, 404, 200]
    assert run.texts[2] == "/n/<x> {'x': 'a'}"


def test_a05_static_before_dynamic_with_backtracking(agree: Agree) -> None:
    """A fixed segment beats a variable one, and the search comes back from a dead end."""
    site = rules("/<x>/b", "/a/<y>", "/a/c/d", "/<x>/c/e")

    run = agree(site, "/a/b", "/a/c", "/a/c/d", "/a/c/e", "/z/b")

    assert [text.partition(" ")[0] for text in run.texts] == [
        "/a/<y>",
        "/a/<y>",
        "/a/c/d",
        "/<x>/c/e",
        "/<x>/b",
    ]


def test_a05_weight_decides_then_the_order_of_registration(agree: Agree) -> None:
    """Numbers beat strings, text around a variable beats a bare one, else the first one wins."""
    u = "/u/123e4567-e89b-12d3-a456-426614174000"
    site = rules(
        *["/n/<x>", "/n/<int:i>", "/n/<float:f>"],
        *["/u/<x>", "/u/<uuid:u>", "/v/<uuid:u>", "/v/<x>"],
        *["/t/<x>", "/t/p-<x>", "/w/<path:p>", "/w/<x>"],
    )

    run = agree(site, "/n/1", "/n/1.5", "/n/a", u, u.replace("u", "v", 1), "/t/p-1", "/w/a")

    assert [text.partition(" ")[0] for text in run.texts] == [
        *["/n/<int:i>", "/n/<float:f>", "/n/<x>"],
        *["/u/<x>", "/v/<uuid:u>", "/t/p-<x>", "/w/<x>"],
    ]


def test_a06_what_the_builtin_converters_take(agree: Agree) -> None:
    """An int has no sign and may have leading zeros; a path has at least one character."""
    site = rules("/i/<int:n>", "/i/<x>", "/s/<int(signed=True):n>", "/p/<path:p>", "/f/<float:f>")
    asked = ["/i/-5", "/i/05", "/s/-5", "/p/", "/p/a/b", "/f/1", "/f/1.0", "/f/-1.0", "/i/5.0"]

    run = agree(site, *asked)

    assert run.codes == [200, 200, 200, 404, 200, 404, 200, 404, 200]
    assert run.texts[0] == "/i/<x> {'x': '-5'}"
    assert run.texts[1] == "/i/<int:n> {'n': 5}"
    assert run.texts[2] == "/s/<int(signed=True):n> {'n': -5}"


def test_a07_405_lists_what_all_matching_rules_allow(agree: Agree) -> None:
    """A path that matches with another method is a 405 that names every method allowed there."""
    site = rules(
        ("/x", {"methods": ["POST"]}),
        ("/<any>", {"methods": ["PUT"]}),
        "/g",
    )

    run = agree(site, ("HEAD", "/x"), ("GET", "/x"), ("DELETE", "/g"), ("HEAD", "/g"), "/y/z")

    assert run.codes == [405, 405, 405, 200, 404]
    assert run.outcomes[0].header("Allow") == {"OPTIONS", "POST", "PUT"}
    assert run.outcomes[2].header("Allow") == {"GET", "HEAD", "OPTIONS", "PUT"}


def test_a08_options_is_answered_without_the_view(agree: Agree) -> None:
    """Automatic OPTIONS is an empty 200 with Allow; hooks run, the view does not."""

    def site(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.before_request(trace.hook("before"))
        app.after_request(trace.after("after"))
        app.teardown_request(trace.hook("teardown"))
        app.add_url_rule("/x", "x", trace.hook("view", "x"), methods=["GET", "PUT"])
        return app

    run = agree(site, ("OPTIONS", "/x"), ("OPTIONS", "/unknown"))

    assert run.codes == [200, 404]
    assert run.texts[0] == ""
    assert run.outcomes[0].header("Allow") == {"GET", "HEAD", "OPTIONS", "PUT"}
    assert run.outcomes[0].header("Content-Type") == "text/html; charset=utf-8"
    assert run.labels == ["before", "after", "teardown"] * 2


def test_a08_options_can_be_taken_over_or_turned_off(agree: Agree) -> None:
    """A view that lists OPTIONS answers it; an argument or the setting turns it off."""

    def site(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.add_url_rule("/own", "own", lambda: "own", methods=["GET", "OPTIONS"])
        app.add_url_rule("/off", "off", lambda: "off", provide_automatic_options=False)
        app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
        app.add_url_rule("/setting", "setting", lambda: "setting")
        app.add_url_rule("/on", "on", lambda: "on", provide_automatic_options=True)
        return app

    run = agree(site, *[("OPTIONS", path) for path in ("/own", "/off", "/setting", "/on")])

    assert run.codes == [200, 405, 405, 405]
    assert run.texts[0] == "own"
    assert run.outcomes[2].header("Allow") == {"GET", "HEAD"}


def test_a09_several_views_share_a_url(agree: Agree) -> None:
    """Functions may share a URL by method, and a function may have several URLs."""

    def site(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.get("/x")(named("read", "read"))
        app.post("/x")(named("write", "write"))
        app.route("/y")(app.route("/z")(named("both", "both")))
        return app

    run = agree(site, "/x", ("POST", "/x"), "/y", "/z", ("OPTIONS", "/x"))

    assert run.texts[:4] == ["read", "write", "both", "both"]
    assert run.outcomes[4].header("Allow") == {"GET", "HEAD", "OPTIONS", "POST"}


def named(name: str, answer: str, **attributes: Any) -> Callable[[], str]:
    """Make a view with a name and attributes of its own."""

    def view() -> str:
        return answer

    view.__name__ = name
    vars(view).update(attributes)
    return view


def test_a09_an_endpoint_has_one_function(agree: Agree) -> None:
    """A second function for an endpoint is an AssertionError; the same function is not."""

    def site(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        view = named("view", "a")
        app.add_url_rule("/a", view_func=view)
        trace.attempt("same", lambda: app.add_url_rule("/b", "view", view))
        trace.attempt("other", lambda: app.add_url_rule("/c", "view", lambda: "b"))
        return app

    run = agree(site, "/a", "/b")

    assert run.codes == [200, 200]
    assert run.values("same") == [None]
    assert run.values("other")[0][0] == "AssertionError"


def test_a10_methods_is_no_string(agree: Agree) -> None:
    """``methods="POST"`` is a TypeError, as is ``methods`` for ``app.get`` and its like."""

    def site(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        trace.attempt("str", lambda: app.add_url_rule("/a", "a", str, methods="POST"))
        for name in ("get", "post", "put", "delete", "patch"):
            trace.attempt("short", partial(getattr(app, name), "/", methods=["GET"]))
        return app

    run = agree(site)

    assert {error[0] for error in run.values("str") + run.values("short")} == {"TypeError"}


def test_a10_attributes_of_the_view_are_used(agree: Agree) -> None:
    """``methods``, ``required_methods``, ``provide_automatic_options`` may stand on the view."""

    def site(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        views = [
            named("/methods", "", methods=["PUT"]),
            named("/required", "", required_methods=["LOCK"]),
            named("/automatic", "", provide_automatic_options=False),
            named("/ignored", "", provide_automatic_methods=False),
        ]
        for view in views:
            app.add_url_rule(view.__name__, view_func=view)
        app.add_url_rule("/given", "/methods", methods=["GET"])
        return app

    run = agree(
        site,
        *[("PUT", "/methods"), "/methods", ("LOCK", "/required"), "/required"],
        *[("OPTIONS", "/automatic"), ("OPTIONS", "/ignored"), "/given"],
    )

    assert run.codes == [200, 405, 200, 200, 405, 200, 200]


def test_a11_a_default_in_the_url_redirects_to_the_rule_without_it(agree: Agree) -> None:
    """A URL that spells out another rule's default is redirected; building leaves it out."""

    def site(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        view = trace.hook("view", "d")
        app.add_url_rule("/d/", "d", view, defaults={"page": 1})
        app.add_url_rule("/d/<int:page>", "d", view)
        app.add_url_rule("/build", "build", lambda: [fw.url_for("d", page=n) for n in (1, 2)])
        return app

    run = agree(site, "/d/1", "/d/", "/d/2", "/build")

    assert run.codes == [308, 200, 200, 200]
    assert run.outcomes[0].header("Location") == "http://localhost/d/"
    assert run.values("view") == [{"page": 1}, {"page": 2}]
    assert run.texts[3] == '["/d/","/d/2"]\n'


def test_a12_matching_happens_in_push_and_is_told_after_the_hooks(agree: Agree) -> None:
    """The session is open before the URL is matched; a 404 is raised after every before-hook."""

    def site(fw: Any, trace: Trace) -> Any:
        class Sessions(fw.sessions.SecureCookieSessionInterface):  # type: ignore[misc]
            def open_session(self, app: Any, request: Any) -> Any:
                trace("session opened", request.url_rule, request.routing_exception)
                return super().open_session(app, request)

        def before() -> Any:
            trace("before", fw.request.routing_exception)
            return "from a hook" if "hook" in fw.request.args else None

        app = fw.Flask("sample")
        app.session_interface = Sessions()
        app.before_request(before)
        app.before_request(trace.hook("second"))
        app.add_url_rule("/f", "f", trace.hook("view", "f"))
        return app

    run = agree(site, "/missing", "/missing?hook", "/f")

    assert run.codes == [404, 200, 200]
    assert run.texts[1] == "from a hook"
    assert run.labels == [
        *["session opened", "before", "second"],
        *["session opened", "before"],
        *["session opened", "before", "second", "view"],
    ]
    assert run.values("before")[0][0] == "NotFound"


def test_a13_without_a_match_the_request_knows_no_endpoint(agree: Agree) -> None:
    """On 404, 405 and a slash redirect endpoint, blueprint and view_args are None."""

    def site(fw: Any, trace: Trace) -> Any:
        def before() -> None:
            request = fw.request
            trace("seen", [request.endpoint, request.blueprint, request.view_args])
            trace("lists", [request.blueprints, request.url_rule])

        app = fw.Flask("sample")
        blueprint = fw.Blueprint("bp", "sample", url_prefix="/b")
        blueprint.add_url_rule("/f/", "f", lambda: "f")
        app.register_blueprint(blueprint)
        app.before_request(before)
        return app

    run = agree(site, "/b/missing", ("POST", "/b/f/"), "/b/f", "/b/f/")

    assert run.codes == [404, 405, 308, 200]
    assert run.values("seen") == [[None, None, None]] * 3 + [["bp.f", "bp", {}]]
    assert run.values("lists")[:3] == [[[], None]] * 3


def test_a14_the_path_is_decoded_before_it_is_matched(agree: Agree) -> None:
    """An encoded slash separates segments, bad UTF-8 becomes U+FFFD, ``+`` and ``..`` stay."""
    site = rules("/u/<n>", "/p/<path:p>")

    run = agree(site, "/u/a%2Fb", "/p/a%2Fb", "/u/%FF", "/u/a+b", raw("/p/../b"), "/u/%C3%A9")

    assert run.codes == [404, 200, 200, 200, 200, 200]
    assert run.texts[1:] == [
        "/p/<path:p> {'p': 'a/b'}",
        "/u/<n> {'n': '\ufffd'}",
        "/u/<n> {'n': 'a+b'}",
        "/p/<path:p> {'p': '../b'}",
        "/u/<n> {'n': 'é'}",
    ]


def test_a15_host_matching_compares_the_port_too(agree: Agree) -> None:
    """With host_matching a rule's host is compared as it was sent, port included."""
    site = rules(
        ("/", {"host": "a.example"}),
        ("/x", {"host": "a.example:8080"}),
        ("/y", {"host": "<sub>.example"}),
        host_matching=True,
        static_folder=None,
    )

    run = agree(
        site,
        *[raw(path, HTTP_HOST="a.example") for path in ("/", "/x", "/y")],
        *[raw(path, HTTP_HOST="a.example:8080") for path in ("/", "/x", "/y")],
    )

    assert run.codes == [200, 404, 200, 404, 200, 404]


def test_a15_an_unknown_host_is_an_invalid_subdomain(agree: Agree) -> None:
    """With subdomain_matching another host warns and matches a variable subdomain."""

    def site(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample", subdomain_matching=True)
        app.config["SERVER_NAME"] = "example.com"
        app.add_url_rule("/", "home", lambda: "home")
        app.add_url_rule("/v", "variable", trace.hook("view", "v"), subdomain="<sub>")
        return app

    hosts = ("example.com", "a.example.com", "other.org")
    run = agree(
        site,
        *[raw("/", HTTP_HOST=host) for host in hosts],
        *[raw("/v", HTTP_HOST=host) for host in hosts],
    )

    assert run.codes == [200, 404, 404, 404, 200, 200]
    assert run.values("view") == [{"sub": "a"}, {"sub": "<invalid>"}]
    assert "doesn't match configured server name" in run.outcomes[2].warned[0]


def test_a16_an_untrusted_host_is_a_400_with_hooks_and_handlers(agree: Agree) -> None:
    """A host outside TRUSTED_HOSTS is a stored error: hooks run, and so does a 400 handler."""

    def site(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.config["TRUSTED_HOSTS"] = [".sub.com", "ok.org"]
        app.before_request(lambda: trace("before", fw.request.routing_exception))
        app.register_error_handler(400, trace.hook("handler", ("no", 400)))
        app.add_url_rule("/", "home", lambda: fw.request.host)
        return app

    hosts = ["sub.com", "a.sub.com", "ok.org", "ok.org:80", "a.ok.org", "bad.com"]
    run = agree(site, *[raw("/", HTTP_HOST=host) for host in hosts])

    assert run.codes == [200, 200, 200, 200, 400, 400]
    assert run.labels[4:] == ["before", "handler", "before", "handler"]
    assert run.values("handler")[0][0] == "SecurityError"


def test_a16_the_request_may_trust_hosts_of_its_own(agree: Agree) -> None:
    """A request class with trusted_hosts is heard where the setting says nothing."""

    def site(fw: Any, trace: Trace) -> Any:
        class Request(fw.Request):  # type: ignore[misc]
            trusted_hosts = ["ok.org"]

        app = fw.Flask("sample")
        app.request_class = Request
        app.add_url_rule("/", "home", lambda: fw.request.host)
        return app

    run = agree(site, *[raw("/", HTTP_HOST=host) for host in ("ok.org", "bad.org")])

    assert run.codes == [200, 400]


def test_a17_server_name_alone_restricts_nothing(agree: Agree) -> None:
    """With SERVER_NAME set any host is served; external URLs are those of SERVER_NAME."""

    def site(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.config["SERVER_NAME"] = "example.com"
        app.add_url_rule("/", "home", lambda: fw.url_for("home", _external=True))
        return app

    run = agree(site, *[raw("/", HTTP_HOST=host) for host in ("example.com", "other.org:81")])

    assert run.texts == ["http://example.com/", "http://example.com/"]


def test_a18_methods_are_compared_in_upper_case(agree: Agree) -> None:
    """A request for ``get`` is a GET; a rule for ``post`` takes POST; TRACE is a 405."""
    site = rules("/x", ("/y", {"methods": ["post"]}))

    run = agree(
        site, raw("/x", REQUEST_METHOD="get"), ("POST", "/y"), ("TRACE", "/x"), ("QUERY", "/x")
    )

    assert run.codes == [200, 200, 405, 405]


def handled(e: HTTPException) -> str:
    """A handler to register."""
    return ""


# Every method that registers: its name and the arguments to call it with.
SHARED_SETUP: dict[str, tuple[Any, ...]] = {
    "add_url_rule": ("/late", "late", str),
    "after_request": (str,),
    "before_request": (str,),
    "context_processor": (dict,),
    "delete": ("/late",),
    "endpoint": ("late",),
    "errorhandler": (404,),
    "get": ("/late",),
    "patch": ("/late",),
    "post": ("/late",),
    "put": ("/late",),
    "register_error_handler": (404, handled),
    "route": ("/late",),
    "teardown_request": (str,),
    "url_defaults": (str,),
    "url_value_preprocessor": (str,),
}
APP_SETUP = {
    **SHARED_SETUP,
    "add_template_filter": (str,),
    "add_template_global": (str,),
    "add_template_test": (str,),
    "shell_context_processor": (dict,),
    "teardown_appcontext": (str,),
    "template_filter": (),
    "template_global": (),
    "template_test": (),
}
BLUEPRINT_SETUP = {
    **SHARED_SETUP,
    "add_app_template_filter": (str,),
    "add_app_template_global": (str,),
    "add_app_template_test": (str,),
    "after_app_request": (str,),
    "app_context_processor": (dict,),
    "app_errorhandler": (404,),
    "app_template_filter": (),
    "app_template_global": (),
    "app_template_test": (),
    "app_url_defaults": (str,),
    "app_url_value_preprocessor": (str,),
    "before_app_request": (str,),
    "record": (str,),
    "record_once": (str,),
    "register_blueprint": (None,),
    "teardown_app_request": (str,),
}


@pytest.mark.parametrize("name", sorted({*APP_SETUP, "register_blueprint"}))
def test_a19_an_app_takes_no_setup_after_its_first_request(agree: Agree, name: str) -> None:
    """Every method that registers raises AssertionError, naming itself, once a request came."""

    def site(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        arguments = APP_SETUP.get(name) or (fw.Blueprint("late", "sample"),)
        if name in ("template_filter", "template_global", "template_test"):
            arguments = ()

        def late() -> str:
            trace.attempt("late", lambda: getattr(app, name)(*arguments))
            return ""

        app.add_url_rule("/", "home", late)
        return app

    run = agree(site, "/")

    assert run.values("late")[0][0] == "AssertionError"
    assert f"'{name}'" in run.values("late")[0][1]


@pytest.mark.parametrize("name", sorted(BLUEPRINT_SETUP))
def test_a19_a_blueprint_takes_no_setup_after_its_registration(agree: Agree, name: str) -> None:
    """Every method that registers raises AssertionError once a blueprint was registered."""

    def site(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        blueprint = fw.Blueprint("bp", "sample")
        app.register_blueprint(blueprint)
        trace.attempt("late", lambda: getattr(blueprint, name)(*BLUEPRINT_SETUP[name]))
        return app

    run = agree(site)

    assert run.values("late")[0][0] == "AssertionError"
    assert f"'{name}'" in run.values("late")[0][1]


def test_a19_a_decorator_made_early_is_still_too_late(agree: Agree) -> None:
    """What counts is when the rule is added, not when the decorator was made."""

    def site(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        early = app.route("/late")

        def home() -> str:
            trace.attempt("late", lambda: early(str))
            return ""

        app.add_url_rule("/", "home", home)
        return app

    run = agree(site, "/")

    assert "'add_url_rule'" in run.values("late")[0][1]
