"""What the functions of a generated application may do, in words, each with its code.

``NAME`` stands for the function's own name.  A word's code is what is printed and what is run,
so that a printed program does what the value does.
"""

from __future__ import annotations

# ---- what a function does before it returns ----

EFFECTS = {
    "g": 'fw.g.count = fw.g.get("count", 0) + 1\ntrace("g", fw.g.count)',
    "g own": "fw.g.NAME = True",
    "g pop": 'trace("popped", fw.g.pop("count", None))',
    "session read": 'trace("session", fw.session.get("n"))',
    "session count": 'fw.session["n"] = fw.session.get("n", 0) + 1\ntrace("n", fw.session["n"])',
    "session pop": 'fw.session.pop("n", None)',
    "session clear": "fw.session.clear()",
    "session permanent": "fw.session.permanent = True",
    "session nested": 'fw.session.setdefault("list", []).append("NAME")',
    "session state": 'trace("state", fw.session.modified, fw.session.new, dict(fw.session))',
    "session unsaveable": 'fw.session["set"] = {1}',
    "flash": 'fw.flash("NAME", "error")',
    "flashed": 'trace("flashed", fw.get_flashed_messages(with_categories=True))',
    "url_for self": 'trace("url", fw.url_for(fw.request.endpoint, **fw.request.view_args, x="é"))',
    "url_for app": 'trace("url", fw.url_for("app_view_0", n=1, name="é", rest="a/b", lang="it"))',
    "url_for relative": 'trace("url", fw.url_for(".b0_view_0", n=1, name="a/b", lang="it"))',
    "url_for external": 'trace("url", fw.url_for("app_view_0", n=7, _external=True, _anchor="ü"))',
    "url_for scheme": 'trace("url", fw.url_for("app_view_0", n=7, _scheme="ws", _method="POST"))',
    "url_for missing": 'fw.url_for("missing", a=1)',
    "after_this_request": """
@fw.after_this_request
def NAME_later(response):
    trace("NAME_later", getattr(response, "status", None))
    return response
""",
    "after_this_request writes": """
@fw.after_this_request
def NAME_later(response):
    fw.session["later"] = "NAME"
    response.headers.add("X-Later", "NAME")
    return response
""",
    "after_this_request raises": """
@fw.after_this_request
def NAME_later(response):
    trace("NAME_later")
    raise ValueError("NAME_later")
""",
    "after_this_request twice": """
for NAME_number in (1, 2):
    @fw.after_this_request
    def NAME_later(response, number=NAME_number):
        trace("NAME_later", number)
        return response
""",
    "app context": 'with app.app_context():\n    trace("app context")\n    fw.g.inner = "NAME"',
    "request context": """
with app.test_request_context("/inner?x=1", method="POST"):
    trace("request context", fw.session.get("n"), fw.g.get("count"))
""",
    "pushed again": """
with fw.globals.request_ctx._get_current_object():
    trace("pushed again", fw.session.get("n"))
""",
    "copied": 'fw.copy_current_request_context(lambda: trace("copied", fw.g.get("count")))()',
    "copied to thread": """
@fw.copy_current_request_context
def NAME_copied():
    trace("NAME_copied", fw.session.get("n"))
    fw.g.elsewhere = "NAME"
in_thread(NAME_copied)
""",
    "thread": 'in_thread(lambda: trace("thread", fw.has_request_context()))',
    "thread without context": "in_thread(lambda: fw.request.path)",
    # Read to its end: when Flask lets go of a stream that answers an error is up to the collector.
    "nested visit": """
if "X-Nested" not in fw.request.headers:
    nested_answer = app.test_client().get("/", headers={"X-Nested": "NAME"}, buffered=True)
    trace("nested", nested_answer.status)
""",
    "log": 'app.logger.warning("from %s", "NAME")',
    "log exception": 'app.logger.exception("NAME")',
    "pause": "pause()",
    "request": """
trace("request", fw.request.url, fw.request.full_path, fw.request.blueprint, fw.request.host)
""",
    "routing exception": 'trace("routing", fw.request.routing_exception, fw.request.view_args)',
    "form": 'trace("form", fw.request.form["a"])',
    "args": 'trace("args", fw.request.args["x"])',
    "json": 'trace("json", fw.request.get_json())',
    "json silent": 'trace("json", fw.request.get_json(silent=True))',
    "data": 'trace("data", fw.request.get_data())',
    "template": """
trace("template", fw.render_template_string(
    "{{ seen }} {{ g.count }} {{ session.n }} {{ request.path }} {{ config.DEBUG }}"
    "{% for message in get_flashed_messages() %}[{{ message }}]{% endfor %}"
))
""",
    "late": 'app.before_request(lambda: trace("late hook"))',
    "late rule": 'app.add_url_rule("/late", "late", lambda: "late")',
    "made response": 'trace("made", fw.make_response("made", 299).status)',
}

# These call hooks or receivers themselves, so that they are not done by those they call.
LEADING_TO_HOOKS = {
    word
    for word, code in EFFECTS.items()
    if any(
        part in code
        for part in (
            "context(",
            "request_ctx",
            "copied",
            "test_client",
            "flash(",
            "template",
            "url_for",
        )
    )
}

# Often something plain, so that requests get far.
LIKELY = (
    "g",
    "session read",
    "session count",
    "flash",
    "request",
    "pause",
    "after_this_request twice",
    "pushed again",
)

# ---- how a function ends ----

RAISING = {
    "raise ValueError": 'raise ValueError("NAME")',
    "raise KeyError": 'raise KeyError("NAME")',
    "raise Own": 'raise Own("NAME")',
    "raise Teapot": "raise Teapot()",
    "raise chained": 'try:\n    1 / 0\nexcept ArithmeticError as e:\n    raise Own("NAME") from e',
    "raise Stop": 'raise Stop("NAME")',
    "raise with response": 'raise Teapot(response=fw.Response("NAME brings its own", status=219))',
    "abort 400": "fw.abort(400)",
    "abort 401": 'fw.abort(401, "NAME")',
    "abort 404": "fw.abort(404)",
    "abort 405": 'fw.abort(405, valid_methods=["PATCH"])',
    "abort 500": "fw.abort(500)",
    "abort 503": "fw.abort(503, retry_after=7)",
    "abort 799": "fw.abort(799)",
    "abort response": 'fw.abort(fw.Response("stop NAME", status=409))',
    "abort redirect": 'fw.abort(fw.redirect("/elsewhere"))',
}

PARTS = """
def parts():
    try:
        for part in ("one ", "two ", "three"):
            trace("NAME part", part)
            yield part
            pause()
    finally:
        trace("NAME parts end")
"""
PARTS_IN_CONTEXT = """
def parts():
    try:
        yield f"{fw.request.path} "
        fw.g.count = fw.g.get("count", 0) + 1
        trace("NAME part", fw.g.count, fw.session.get("n"))
        yield "two "
        pause()
        fw.session["streamed"] = True
        yield "three"
    finally:
        trace("NAME parts end")
"""
RAISING_PARTS = """
def parts():
    yield "one "
    trace("NAME part")
    yield "two "
    raise ValueError("NAME while streaming")
"""

VALUES = {
    "text": 'return "text é"',
    "empty": 'return ""',
    "bytes": 'return b"bytes"',
    "bytearray": 'return bytearray(b"array")',
    "dict": 'return {"b": 1, "a": [None, "é"], "g": fw.g.get("count")}',
    "list": 'return [1, {"x": 2}]',
    "jsonify": 'return fw.jsonify(name="NAME", path=fw.request.path)',
    "response": 'return fw.Response("own", status=202, headers={"X-Own": "1"})',
    "werkzeug response": 'return werkzeug.Response("theirs", mimetype="text/plain")',
    "wsgi": "return wsgi",
    "http exception": "return Teapot()",
    "redirect": 'return fw.redirect("/elsewhere", 303)',
    "false": "return False",
    "zero": "return 0",
    "none": "return None",
    "int": "return 42",
    "set": "return {1}",
    "status": 'return "made", 201',
    "status text": 'return "made", "299 Fine"',
    "status of no code": 'return "made", "fine"',
    "headers dict": 'return "made", {"X-A": ["1", "2"], "Content-Type": "text/x"}',
    "headers list": 'return "made", [("X-A", "1"), ("X-A", "2")]',
    "status headers": 'return {"a": 1}, 203, {"X-A": "1"}',
    "no body": 'return "gone", 204',
    "none headers": 'return "made", None, {"X-A": "1"}',
    "none status": "return None, 200",
    "one tuple": 'return ("alone",)',
    "four tuple": 'return "a", 200, {}, "b"',
    "newline header": 'return "made", 200, {"X-A": "a\\nb"}',
    "cookie": 'response = fw.make_response("cookie")\n'
    'response.set_cookie("own", "NAME")\nreturn response',
    "conditional": 'response = fw.make_response("etag")\nresponse.set_etag("NAME")\n'
    "return response.make_conditional(fw.request)",
    "file": 'return fw.send_file(io.BytesIO(b"in a file"), download_name="NAME.txt")',
    "template": 'return fw.render_template_string("{{ seen }} {{ g.count }} {{ request.path }}")',
    "generator": f"{PARTS}\nreturn parts()",
    "generator in context": f"{PARTS_IN_CONTEXT}\nfw.g.NAME = True\n"
    "return fw.stream_with_context(parts())",
    "stream that closes": """
class Parts:
    left = 3

    def __iter__(self):
        return self

    def __next__(self):
        self.left -= 1
        trace("NAME part", self.left)
        if self.left < 0:
            raise StopIteration
        return "part "

    def close(self):
        trace("NAME parts closed")
return fw.stream_with_context(Parts())
""",
    "generator without context": f"{PARTS_IN_CONTEXT}\nreturn parts()",
    "generator raises": f"{RAISING_PARTS}\nreturn parts()",
    "generator raises in context": f"{RAISING_PARTS}\nreturn fw.stream_with_context(parts())",
    "streamed response": f"""{PARTS_IN_CONTEXT}
response = fw.Response(fw.stream_with_context(parts()), status=206, mimetype="text/plain")
response.call_on_close(lambda: trace("NAME on close", fw.has_request_context()))
return response
""",
    # Of plain parts: when an error lets go of a generator is up to the collector.
    "on close raises": """response = fw.Response(iter(["one ", "two "]))
response.call_on_close(lambda: 1 / 0)
return response
""",
    "streamed template": 'return fw.stream_template_string("{% for i in [1, 2] %}{{ i }}'
    '{{ request.path }}{{ session.n }}{% endfor %}")',
}
STREAMS = tuple(word for word in VALUES if "generator" in word or "stream" in word)

OF_HANDLERS = {
    "return error": "return error",
    "raise error": "raise error",
    "response of error": 'return error.get_response() if hasattr(error, "get_response") else "no"',
    "original": 'return type(getattr(error, "original_exception", None)).__name__, 219',
}

OF_AFTER = {
    "same": "return response",
    "header": 'response.headers.add("X-After", "NAME")\nreturn response',
    "data": 'response.set_data(response.get_data() + b" NAME")\nreturn response',
    "replaced": 'return fw.make_response(("replaced by NAME", 217))',
    "none": "return None",
    "text": 'return "text"',
    "wrapped": """
response.response = fw.stream_with_context(iter(list(response.response)))
return response
""",
}

OF_PREPROCESSORS = {
    "add value": 'if values is not None:\n    values["NAME"] = 1',
    "drop value": 'if values:\n    fw.g.lang = values.pop("lang", None)',
}
OF_URL_DEFAULTS = {
    "lang": 'values.setdefault("lang", "NAME")',
    "query": 'values["by"] = "NAME"',
}
OF_CONTEXT_PROCESSORS = {
    "seen": 'return {"seen": "NAME"}',
    "shadow": 'return {"request": {"path": "NAME"}, "seen": fw.g.get("count")}',
    "none": "return None",
}
OF_BUILD_ERRORS = {"url": 'return "/built/by/NAME"', "reraise": "raise error"}

PASS = {"pass": "return None"}

#: For each role of a function: its arguments, what it tells of them, and its outcomes.
ROLES: dict[str, tuple[str, str, dict[str, str]]] = {
    "view": ("**values", "values", {**VALUES, **RAISING}),
    "before": ("", "", {**PASS, **VALUES, **RAISING}),
    "after": ("response", 'getattr(response, "status", None)', {**OF_AFTER, **RAISING}),
    "teardown": ("error", "error", {**PASS, **RAISING}),
    "handler": (
        "error",
        'error, getattr(error, "original_exception", None)',
        {**VALUES, **OF_HANDLERS, **RAISING},
    ),
    "preprocessor": ("endpoint, values", "endpoint, values", {**OF_PREPROCESSORS, **RAISING}),
    "url defaults": ("endpoint, values", "endpoint, values", {**OF_URL_DEFAULTS, **RAISING}),
    "processor": ("", "", {**OF_CONTEXT_PROCESSORS, **RAISING}),
    "receiver": (
        "sender, **extra",
        'sorted(extra), extra.get("exc"), extra.get("exception")',
        {**PASS, **RAISING},
    ),
    "build error": (
        "error, endpoint, values",
        "error, endpoint, values",
        {**PASS, **OF_BUILD_ERRORS, **RAISING},
    ),
}

#: The methods that register a hook on an application or blueprint, with the hook's role.
HOOKS = {
    "before_request": "before",
    "after_request": "after",
    "teardown_request": "teardown",
    "errorhandler": "handler",
    "url_value_preprocessor": "preprocessor",
    "url_defaults": "url defaults",
    "context_processor": "processor",
}
APP_HOOKS = {
    **HOOKS,
    "teardown_appcontext": "teardown",
    "connect": "receiver",
    "build_error": "build error",
}
BLUEPRINT_HOOKS = {
    **HOOKS,
    "before_app_request": "before",
    "after_app_request": "after",
    "teardown_app_request": "teardown",
    "app_errorhandler": "handler",
    "app_url_value_preprocessor": "preprocessor",
    "app_url_defaults": "url defaults",
    "app_context_processor": "processor",
}
ROLE_OF = {**APP_HOOKS, **BLUEPRINT_HOOKS}

HANDLED = (
    "404",
    "500",
    "400",
    "405",
    "418",
    "Exception",
    "ValueError",
    "LookupError",
    "Own",
    "Teapot",
    "werkzeug.exceptions.HTTPException",
    "werkzeug.exceptions.InternalServerError",
    "werkzeug.exceptions.BadRequestKeyError",
)
SIGNALS = (
    "request_started",
    "request_finished",
    "request_tearing_down",
    "got_request_exception",
    "appcontext_pushed",
    "appcontext_popped",
    "appcontext_tearing_down",
    "message_flashed",
    "template_rendered",
    "before_render_template",
)

# ---- what programs do to an application besides ----

REPLACED_METHOD = """
NAME_before = app.NAME
def NAME(*args, **kwargs):
    trace("NAME", len(args))
    return NAME_before(*args, **kwargs)
app.NAME = NAME
"""
REPLACEABLE = (
    "dispatch_request",
    "ensure_sync",
    "finalize_request",
    "full_dispatch_request",
    "handle_exception",
    "handle_http_exception",
    "handle_user_exception",
    "inject_url_defaults",
    "log_exception",
    "make_response",
    "preprocess_request",
    "process_response",
    "do_teardown_request",
    "do_teardown_appcontext",
    "create_url_adapter",
    "app_context",
    "request_context",
)
TWISTS = {
    **{name: REPLACED_METHOD.replace("NAME", name) for name in REPLACEABLE},
    "middleware": """
inner_wsgi_app = app.wsgi_app
def middleware(environ, start_response):
    trace("middleware")
    return inner_wsgi_app(environ, start_response)
app.wsgi_app = middleware
""",
    "ignored errors": "app.should_ignore_error = lambda error: isinstance(error, ValueError)",
    "traced session": """
class TracedInterface(fw.sessions.SecureCookieSessionInterface):
    def open_session(self, app, request):
        trace("open session", request.endpoint)
        return super().open_session(app, request)

    def save_session(self, app, session, response):
        trace("save session", dict(session))
        super().save_session(app, session, response)
app.session_interface = TracedInterface()
""",
    "no session": """
class NoInterface(fw.sessions.SessionInterface):
    def open_session(self, app, request):
        return None
app.session_interface = NoInterface()
""",
    "session in memory": """
class MemorySession(dict, fw.sessions.SessionMixin):
    pass

class MemoryInterface(fw.sessions.SessionInterface):
    kept = MemorySession()

    def open_session(self, app, request):
        return self.kept

    def save_session(self, app, session, response):
        trace("save session", dict(session))
app.session_interface = MemoryInterface()
""",
    "response class": """
class TextResponse(fw.Response):
    default_mimetype = "text/plain"
    default_status = 203
app.response_class = TextResponse
""",
    "request class": """
class ClosingRequest(fw.Request):
    def close(self):
        trace("request closed")
        super().close()
app.request_class = ClosingRequest
""",
    "globals class": """
class Globals(fw.ctx._AppCtxGlobals):
    count = 40
app.app_ctx_globals_class = Globals
""",
    "json": "app.json.sort_keys = False\napp.json.compact = False",
    "first hook": 'app.before_request_funcs[None].insert(0, lambda: trace("first hook"))',
}

CONVERTER = """
class Upper(app.url_map.converters["string"]):
    def to_python(self, value):
        trace("to_python", value, fw.has_request_context() and fw.session.get("n"))
        if value == "x":
            fw.abort(418)
        return value.upper()

    def to_url(self, value):
        return super().to_url(str(value).lower())
app.url_map.converters["upper"] = Upper
"""

# ---- what may change between two requests ----

CHANGES = (
    "app.config['TESTING'] = not app.config['TESTING']",
    "app.debug = not app.debug",
    "app.config['SECRET_KEY'] = 'another'",
    "app.config['SECRET_KEY'], app.config['SECRET_KEY_FALLBACKS'] = 'newer', ['key']",
    "app.config['SECRET_KEY'] = None",
    "app.config['PROPAGATE_EXCEPTIONS'] = False",
    "app.config['SESSION_COOKIE_NAME'] = 'other'",
    "app.config['TRUSTED_HOSTS'] = ['example.test']",
    "app.config['PERMANENT_SESSION_LIFETIME'] = 60",
    "app.teardown_request_funcs.clear()",
    "app.before_request_funcs[None].append(lambda: trace('added'))",
    "app.view_functions['app_view_0'] = lambda **values: 'exchanged'",
    "app.error_handler_spec[None][None][Exception] = lambda error: (type(error).__name__, 221)",
    "app.add_url_rule('/late', 'late', lambda: 'late')",
    "app.jinja_env.globals['seen'] = 'everywhere'",
)
