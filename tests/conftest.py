"""Hypothesis profiles, and the fixtures that watch what every test leaves behind."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

import miniflask.globals
from miniflask import app, shortcut

PLAIN = miniflask.Flask("plain", static_folder=None)
REQUEST = {"REQUEST_METHOD": "GET", "wsgi.url_scheme": "http", "HTTP_HOST": "localhost"}

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=100, deadline=None, derandomize=True)
settings.register_profile("deep", max_examples=10_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell how many generated applications the two frameworks agreed on."""
    passed: list[pytest.TestReport] = terminalreporter.stats.get("passed", [])
    pairs = sum(
        int(str(count))
        for report in passed
        for name, count in report.user_properties
        if name == "pairs"
    )
    if pairs:
        terminalreporter.write_line(f"{pairs:,} pairs of an application and requests agree")


@pytest.fixture(autouse=True)
def framework_as_it_came() -> Iterator[None]:
    """Fail a test that leaves what would keep every later request from the short way."""
    yield
    assert shortcut.reasons(PLAIN, app._STOCK) == (), "the test left something of a class replaced"
    assert shortcut.is_free(PLAIN, REQUEST, app._STOCK), "the test left a receiver or a method"


@pytest.fixture(autouse=True)
def leak_detector(framework_as_it_came: None) -> Iterator[None]:
    """Fail a test that leaves an app or request context pushed."""
    yield
    left = [
        ctx
        for var in (miniflask.globals._cv_request, miniflask.globals._cv_app)
        if (ctx := var.get(None)) is not None
    ]
    while miniflask.globals._request_ctx_stack.pop() or miniflask.globals._app_ctx_stack.pop():
        pass
    assert left == [], "the test left contexts pushed"
