"""One visitor, two servers: a Flask process and a miniflask process read each other's cookies."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest

from tests.sockets.server import served


def call(port: int, method: str, path: str, cookie: str) -> tuple[Any, str]:
    """Send a request with the cookie; returns the answer and the cookie to send next."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, headers={"Cookie": cookie} if cookie else {})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    assert response.status in {200, 204}, body
    cookie = (response.getheader("Set-Cookie") or cookie).partition(";")[0]
    return (json.loads(body) if body else None), cookie


@pytest.mark.parametrize("first", ["flask", "miniflask"])
def test_a_visitor_moves_between_the_frameworks(first: str) -> None:
    """Logged in on one, a visitor goes on with the same cookie on the other, and back."""
    second = "miniflask" if first == "flask" else "flask"
    app = ("-m", "tests.sockets.login_app")
    with served(*app, FRAMEWORK=first) as one, served(*app, FRAMEWORK=second) as other:
        _, cookie = call(one, "POST", "/login/ada", "")
        away, cookie = call(other, "GET", "/visit", cookie)
        back, cookie = call(one, "GET", "/visit", cookie)

    assert away == {
        "user": "ada",
        "visits": [first, second],
        "kind": "tuple",
        "flashed": ["Welcome, ada"],
    }
    assert back == {"user": "ada", "visits": [first, second, first], "kind": "tuple", "flashed": []}
