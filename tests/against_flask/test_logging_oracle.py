"""The application's logger: its level, its handler, and where the lines go, on both frameworks.

Source: ``flask.logging`` and the Logging page of Flask's documentation.
"""

from __future__ import annotations

import io
import logging
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import flask
import flask.logging
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import miniflask
import miniflask.logging
from tests.against_flask.harness import Run, Trace

Agree = Callable[..., Run]
Same = Callable[[Callable[[Any], Any]], Any]

NAME = "logged.sample"
ABOVE = "logged"
TIME = re.compile(r"\[[\d-]+ [\d:,]+\]")


@pytest.fixture(autouse=True)
def fresh_loggers() -> Iterator[None]:
    """Put the loggers of these tests, and the root logger, back as they were."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    reset()
    yield
    reset()
    root.handlers[:], root.level = before


def reset() -> None:
    """Forget what an application has done to its logger."""
    for name in (NAME, ABOVE):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.setLevel(logging.NOTSET)
        logger.propagate = True
    # pytest listens to everything; without it there are no handlers.
    logging.getLogger().handlers.clear()
    logging.getLogger().setLevel(logging.WARNING)


def make_app(fw: Any, **config: Any) -> Any:
    """Make an app with a logger as fresh as in a new process."""
    reset()
    app = fw.Flask(NAME)
    app.config.update(config)
    return app


def described(fw: Any, logger: Any) -> Any:
    """Describe a logger."""
    handlers = ["default" if h is fw.logging.default_handler else h for h in logger.handlers]
    return [logger.name, logger.level, logger.getEffectiveLevel(), handlers, logger.propagate]


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("level", [logging.NOTSET, logging.DEBUG, logging.ERROR])
@pytest.mark.parametrize("above", [logging.NOTSET, logging.INFO, logging.CRITICAL])
@pytest.mark.parametrize("root", [logging.NOTSET, logging.WARNING])
def test_its_level(same: Same, debug: bool, level: int, above: int, root: int) -> None:
    """In debug mode the level is DEBUG unless one was set before; otherwise it is left alone."""

    def program(fw: Any) -> Any:
        app = make_app(fw, DEBUG=debug)
        logging.getLogger(NAME).setLevel(level)
        logging.getLogger(ABOVE).setLevel(above)
        logging.getLogger().setLevel(root)
        return described(fw, app.logger)

    same(program)


handler_levels = st.lists(st.sampled_from([0, 10, 20, 30, 40, 50]), max_size=2)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    loggers=st.lists(
        st.tuples(handler_levels, st.sampled_from([0, 10, 20, 30, 40]), st.booleans()),
        min_size=3,
        max_size=3,
    ),
    debug=st.booleans(),
)
def test_whether_somebody_will_write_it(same: Same, loggers: Any, debug: bool) -> None:
    """The default handler is added unless a handler up the tree takes what the level lets by."""

    def program(fw: Any) -> Any:
        app = make_app(fw, DEBUG=debug)
        for name, (levels, level, propagate) in zip((NAME, ABOVE, None), loggers, strict=True):
            logger = logging.getLogger(name)
            logger.setLevel(level)
            logger.propagate = propagate
            for handler_level in levels:
                logger.addHandler(logging.NullHandler(handler_level))
        answers = [
            fw.logging.has_level_handler(logging.getLogger(name)) for name in (NAME, ABOVE, None)
        ]
        return answers, app.logger.handlers[-1:] == [fw.logging.default_handler], app.logger.level

    same(program)
    logging.getLogger().propagate = True


def test_it_is_made_once(same: Same) -> None:
    """``app.logger`` is the logger of the application's name, made at the first look."""

    def program(fw: Any) -> Any:
        app = make_app(fw)
        before = described(fw, logging.getLogger(NAME))
        assert app.logger is app.logger is logging.getLogger(NAME)
        app.logger.removeHandler(fw.logging.default_handler)
        again = described(fw, app.logger)
        other = fw.Flask(NAME)
        assert other.logger is app.logger
        return before, again, described(fw, other.logger)

    same(program)


def test_it_may_be_replaced(same: Same) -> None:
    """A program may assign another logger, or override the property."""

    def program(fw: Any) -> Any:
        class App(fw.Flask):  # type: ignore[misc]
            logger = logging.getLogger(ABOVE)

        app = make_app(fw)
        app.logger = logging.getLogger(ABOVE)
        return app.logger.name, App(NAME).logger.name

    same(program)


def test_the_name_of_a_script(same: Same, monkeypatch: pytest.MonkeyPatch) -> None:
    """An application in ``__main__`` logs under the name of its file."""
    monkeypatch.setattr(sys.modules["__main__"], "__file__", "/some/where/script.py", raising=False)
    try:
        assert same(lambda fw: fw.Flask("__main__").logger.name) == "script"
    finally:
        logging.getLogger("script").handlers.clear()


def test_the_default_handler(same: Same) -> None:
    """It formats a line as Flask does, and writes to whatever the stream is by then."""

    def program(fw: Any) -> Any:
        handler = fw.logging.default_handler
        record = logging.makeLogRecord(
            {"levelname": "INFO", "module": "views", "msg": "%s!", "args": ("text",), "created": 0}
        )
        assert handler.stream is fw.logging.wsgi_errors_stream
        line = TIME.sub("[time]", handler.format(record))
        return line, type(handler).__name__, handler.level, handler.formatter._fmt

    assert same(program)[0] == "[time] INFO in views: text!"


@pytest.mark.parametrize("debug", [False, True])
def test_where_the_lines_go(same: Same, monkeypatch: pytest.MonkeyPatch, debug: bool) -> None:
    """To the server's error stream during a request, to ``sys.stderr`` as it is now otherwise."""

    def program(fw: Any) -> Any:
        app = make_app(fw, DEBUG=debug)
        streams = {name: io.StringIO() for name in ("first", "second", "server")}

        def view() -> str:
            app.logger.error("in a request")
            app.logger.warning("a warning: %s", "x")
            app.logger.info("some information")
            app.logger.debug("debugging")
            return "ok"

        app.add_url_rule("/", "index", view)
        monkeypatch.setattr(sys, "stderr", streams["first"])
        app.logger.error("outside")
        app.test_client().get("/", errors_stream=streams["server"])
        monkeypatch.setattr(sys, "stderr", streams["second"])
        with app.app_context():
            app.logger.error("in an app context")
        return {name: TIME.sub("[time]", stream.getvalue()) for name, stream in streams.items()}

    written = same(program)

    lines = ["[time] ERROR in test_logging_oracle: in a request"]
    assert written["server"].splitlines()[:1] == lines
    assert len(written["server"].splitlines()) == (4 if debug else 2)
    assert written["second"] == "[time] ERROR in test_logging_oracle: in an app context\n"


def test_the_stream_is_a_proxy(same: Same, monkeypatch: pytest.MonkeyPatch) -> None:
    """It resolves to the stream of the request at hand, whatever the server put there."""

    def program(fw: Any) -> Any:
        stream = fw.logging.wsgi_errors_stream
        seen: list[Any] = [stream._get_current_object() is sys.stderr]
        errors = io.StringIO()
        app = fw.Flask("sample")
        with app.test_request_context(errors_stream=errors):
            seen.append(stream._get_current_object() is errors)
            stream.write("text")
        environ = fw.testing.EnvironBuilder(app).get_environ()
        del environ["wsgi.errors"]
        with app.request_context(environ):
            try:
                stream.write("text")
            except KeyError as e:
                seen.append(str(e))
        return seen, errors.getvalue(), type(stream).__name__

    assert same(program)[1] == "text"


def written_for(fw: Any, requests: Any, **config: Any) -> Any:
    """Return what an app whose views fail writes to the server's error stream."""
    app = make_app(fw, **config)

    def fail(**values: Any) -> Any:
        raise ValueError("in the view")

    def fail_with_cause() -> Any:
        try:
            fail()
        except ValueError as e:
            raise LookupError("because of it") from e

    app.add_url_rule("/fail", "fail", fail, methods=["GET", "POST"])
    app.add_url_rule("/path/<path:rest>", "path", fail)
    app.add_url_rule("/cause", "cause", fail_with_cause)
    app.add_url_rule("/abort", "abort", lambda: fw.abort(503))
    found: list[Any] = []
    for method, path in requests:
        errors = io.StringIO()
        try:
            app.test_client().open(path, method=method, errors_stream=errors)
        except Exception as e:
            found.append(e)
        lines = TIME.sub("[time]", errors.getvalue()).splitlines()
        # Of the traceback the framework's own frames differ, ours and the last line do not.
        found.append([line for line in lines if not line.startswith((" ", "\t"))])
    return found


@pytest.mark.parametrize("config", [{}, {"DEBUG": True}, {"PROPAGATE_EXCEPTIONS": True}], ids=str)
def test_what_is_written_about_an_error(same: Same, config: Any) -> None:
    """An unhandled exception is logged with path and method, and its traceback."""
    requests = [
        ("GET", "/fail"),
        ("POST", "/fail?query=1"),
        ("HEAD", "/fail"),
        ("GET", "/path/a%20b/%C3%A9/%0A"),
        ("GET", "/cause"),
        ("GET", "/abort"),
        ("GET", "/nowhere"),
        ("DELETE", "/fail"),
    ]
    written = same(lambda fw: written_for(fw, requests, **config))

    if not config:
        assert written[1] == [
            "[time] ERROR in app: Exception on /fail [POST]",
            "Traceback (most recent call last):",
            "ValueError: in the view",
        ]


def test_records_of_errors(agree: Agree) -> None:
    """Each record carries the message and the exception; handlers may ask the proxies."""

    def factory(fw: Any, trace: Trace) -> Any:
        class Inform(logging.Filter):
            def filter(self, record: logging.LogRecord) -> bool:
                bound = fw.has_request_context()
                where = [fw.request.url, fw.request.remote_addr] if bound else "outside"
                trace("record", record.levelname, record.module, record.args, where)
                return True

        app = fw.Flask("sample")
        app.logger.filters[:] = [Inform()]
        app.add_url_rule("/fail", "fail", trace.hook("view", raises=ValueError("failed")))
        app.add_url_rule("/ok", "ok", lambda: "ok")
        app.add_url_rule("/log", "log", lambda: app.logger.warning("%s", "x") or "logged")

        def after(response: Any) -> Any:
            if fw.request.args:
                raise LookupError("after")
            return response

        app.after_request(after)
        return app

    try:
        run = agree(factory, "/fail", "/log", "/ok?bad=1", "/fail?bad=1")
    finally:
        logging.getLogger("sample").filters.clear()

    assert [line[:2] for line in run.log] == [
        ("ERROR", "Exception on /fail [GET]"),
        ("WARNING", "x"),
        ("ERROR", "Exception on /ok [GET]"),
        ("ERROR", "Request finalizing failed with an error while handling an error"),
        ("ERROR", "Exception on /fail [GET]"),
        ("ERROR", "Request finalizing failed with an error while handling an error"),
    ]


def test_log_exception_may_be_overridden(agree: Agree) -> None:
    """A subclass decides what is logged, and gets what ``sys.exc_info`` returns."""

    def factory(fw: Any, trace: Trace) -> Any:
        class App(fw.Flask):  # type: ignore[misc]
            def log_exception(self, exc_info: Any) -> None:
                trace("log_exception", exc_info[0].__name__, exc_info[1], exc_info[2] is not None)

        app = App("sample")
        app.add_url_rule("/", "index", trace.hook("view", raises=KeyError("k")))
        return app

    assert agree(factory, "/").log == []


def test_the_frameworks_have_handlers_of_their_own() -> None:
    """Our default handler is not Flask's."""
    assert miniflask.logging.default_handler is not flask.logging.default_handler
    assert {*vars(flask.logging)} >= {"create_logger", "has_level_handler", "default_handler"}
    for name in ("create_logger", "has_level_handler", "default_handler", "wsgi_errors_stream"):
        assert hasattr(miniflask.logging, name)
