from __future__ import annotations

import json
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniflask import Flask, lens, session
from miniflask.lens.describe import request_headers, request_title
from miniflask.lens.page import dumps
from miniflask.lens.text import lane_name, printable


@pytest.fixture
def trace() -> lens.Trace:
    """A recording of one request, and of a thread that reads."""
    app = Flask("shop")
    app.secret_key = "s3cret-key"

    @app.get("/ok")
    def ok() -> str:
        session["card"] = "4111-in-session"
        thread = threading.Thread(target=lambda: bool(session))
        thread.start()
        thread.join()
        return "ok"

    client = app.test_client()
    client.set_cookie("other", "c00kie-value")
    with lens.record(title="<shop>") as trace:
        client.get("/ok?n=1", headers={"Authorization": "Basic cred"})
    return trace


def test_stable_text_is_the_same_each_time(trace: lens.Trace) -> None:
    """Two recordings of one program differ in times and numbers, not in the stable text."""
    app = Flask("shop")
    app.add_url_rule("/", "view", lambda: "view")

    def record() -> lens.Trace:
        with lens.record() as trace:
            app.test_client().get("/")
        return trace

    first, second = record(), record()

    assert first.text(stable=True) == second.text(stable=True)
    assert first.text() != second.text()
    assert "ms" not in first.text(stable=True)
    assert re.search(r"^2  thread$", trace.text(stable=True), re.MULTILINE)
    assert re.search(r"^2  thread Thread-\d+", trace.text(), re.MULTILINE)


def test_an_empty_recording_can_be_drawn() -> None:
    """Nothing happened, and every drawing says just that."""
    with lens.record() as trace:
        pass

    assert trace.text() == "\n\n"
    assert json.loads(trace.chrome())["traceEvents"] == []
    assert "Nothing recorded yet." in trace.html()


def test_chrome_gets_balanced_slices(trace: lens.Trace) -> None:
    """Each lane is a named thread, its calls nest, and each context begins and ends."""
    entries = json.loads(trace.chrome())["traceEvents"]
    names = {entry["args"]["name"] for entry in entries if entry["ph"] == "M"}
    open_calls: dict[int, list[str]] = {}
    contexts: set[str] = set()
    for entry in entries:
        if entry["ph"] == "B":
            open_calls.setdefault(entry["tid"], []).append(entry["cat"])
        elif entry["ph"] == "E":
            assert open_calls[entry["tid"]].pop() == entry["cat"]
        elif entry["ph"] == "b":
            contexts.add(entry["id"])
        elif entry["ph"] == "e":
            contexts.remove(entry["id"])

    assert "thread MainThread" in names
    (push,) = (e for e in entries if e["name"] == "view ok" and e["ph"] == "B")
    (read,) = (e for e in entries if e["name"].startswith("read session:"))
    assert push["tid"] != read["tid"]
    assert not any(open_calls.values())
    assert contexts == set()
    assert [entry["ts"] for entry in entries if "ts" in entry] == sorted(
        entry["ts"] for entry in entries if "ts" in entry
    )


def test_save_chooses_by_the_suffix(trace: lens.Trace, tmp_path: Path) -> None:
    """A file's suffix says what is written to it."""
    for name, content in (("a.html", trace.html), ("a.json", trace.chrome), ("a.txt", trace.text)):
        trace.save(tmp_path / name)
        assert (tmp_path / name).read_text("utf-8") == content()


def test_secrets_are_in_no_drawing(trace: lens.Trace) -> None:
    """No cookie, credentials, key or session in text, page or JSON; that they came is told."""
    for drawing in (trace.text(), trace.text(stable=True), trace.html(), trace.chrome()):
        for secret in ("s3cret-key", "c00kie-value", "cred", "4111-in-session", "card"):
            assert secret not in drawing.replace("credential", "")
    assert dict(trace.subjects["R1"].headers)["Cookie"] == "[redacted]"


@pytest.mark.parametrize(
    "name",
    ["COOKIE", "AUTHORIZATION", "PROXY_AUTHORIZATION", "X_API_KEY", "X_CSRF_TOKEN", "X_SESSION_ID"],
)
def test_headers_that_may_be_secret_are_withheld(name: str) -> None:
    """A header whose name speaks of a secret has no value in a recording."""
    environ = {f"HTTP_{name}": "secret", "HTTP_ACCEPT": "text/html", "CONTENT_LENGTH": ""}
    shown = dict(request_headers(environ))

    assert shown.pop(name.replace("_", "-").title()) == "[redacted]"
    assert shown == {"Accept": "text/html"}


def test_a_url_is_read_as_utf_8() -> None:
    """WSGI hands a path over as Latin-1 (PEP 3333); bytes that are no UTF-8 are replaced."""
    environ = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "/a", "PATH_INFO": "/caf\xc3\xa9/\xff"}

    assert request_title(environ) == "GET /a/café/\ufffd"


@given(st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner, max_size=3)))
def test_json_cannot_end_its_element(value: Any) -> None:
    """Whatever the text, the page's JSON has no bracket, ampersand or line end, and reads back."""
    written = dumps(value)

    assert not set(written) & set("<>&\n\r\u2028\u2029")
    assert json.loads(written) == value


@pytest.mark.parametrize("text", ["</script><script>alert(1)</script>", "<!--", "{{script}}"])
def test_a_title_cannot_leave_its_place(text: str) -> None:
    """Markup in a title is escaped, and the name of a placeholder stays what it is."""
    with lens.record(title=text) as trace:
        Flask(text).test_client().get(f"/{text}")
    html = trace.html()

    assert html.count("<script") == html.count("</script>") == 2
    assert "<!--" not in html
    assert html.count('"use strict"') == 1


def test_a_task_in_a_thread_with_a_bad_name_is_printable() -> None:
    """The name of the thread that a task runs on is made fit for a terminal as well."""
    lane = lens.Lane(1, "task", "a\x1b[2J", "b\x1b[2J")

    assert lane_name(lane, stable=False) == "task a\\x1b[2J on b\\x1b[2J"


@given(st.text())
def test_a_terminal_gets_printable_text(text: str) -> None:
    """Escape sequences in a URL do nothing to a terminal, and a step stays on its line."""
    assert printable(text).isprintable()
