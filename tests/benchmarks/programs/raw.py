"""The programs without any framework: what is left when nothing is done for the programmer."""

from __future__ import annotations

from json import dumps
from typing import Any

from ..material import CHUNKS, TEN_KEYS

HTML = ("Content-Type", "text/html; charset=utf-8")


def hello() -> Any:
    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [HTML, ("Content-Length", "13")])
        return [b"Hello, World!"]

    return app


def path() -> Any:
    def app(environ: Any, start_response: Any) -> Any:
        _, _, id, name = environ["PATH_INFO"].split("/")
        body = f"{name} is number {int(id)}".encode()
        start_response("200 OK", [HTML, ("Content-Length", str(len(body)))])
        return [body]

    return app


def json() -> Any:
    def app(environ: Any, start_response: Any) -> Any:
        body = dumps(TEN_KEYS).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response("200 OK", headers)
        return [body]

    return app


def stream() -> Any:
    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [HTML])
        return (chunk.encode() for chunk in CHUNKS)

    return app
