"""The workloads: what each asks of a program, and how two frameworks' answers to it compare."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .material import multipart

UPLOAD, UPLOAD_TYPE = multipart("file", bytes(range(256)) * 4096)
# The second one tells the rules apart only behind their variable.
SHAPES = {"front": "/k{}/<name>", "back": "/<name>-k{}"}


def text(body: bytes) -> Any:
    """Take a body as it is."""
    return body


def document(body: bytes) -> Any:
    """Take a body for the JSON it means; frameworks write it with other spaces."""
    return json.loads(body)


def unread(body: bytes) -> Any:
    """Take any body; each framework has an error page of its own."""
    return None


@dataclass(frozen=True)
class Workload:
    """A program, and the request that it answers again and again."""

    name: str
    title: str
    program: str
    path: str = "/"
    query: str = ""
    body: bytes = b""
    content_type: str = ""
    visited: str = ""  # the page that sets the cookies of the request
    status: int = 200
    read: Callable[[bytes], Any] = text
    arguments: tuple[Any, ...] = ()


FORM = b"name=alice&email=alice%40example.org&age=31"
URLENCODED = "application/x-www-form-urlencoded"
REQUESTS = [
    Workload("hello", "hello", "hello"),
    Workload("keyless", "hello, there is no secret key", "keyless"),
    Workload("cookie", "hello, a session cookie is not used", "session", visited="/login"),
    Workload("path", "`/u/<int:id>/<name>`", "path", "/u/42/alice"),
    Workload("json", "JSON of ten keys", "json", read=document),
    Workload("query", "query and JSON", "query", query="q=context+locals&page=2", read=document),
    Workload("form", "form of three fields", "form", body=FORM, content_type=URLENCODED),
    Workload("read", "session read", "session", "/read", visited="/login"),
    Workload("write", "session read and written", "session", "/write", visited="/login"),
    Workload("nosession", "session read, none was sent", "session", "/read"),
    Workload("hooks", "three hooks of each kind", "hooks"),
    Workload("blueprints", "nested blueprints, `url_for`", "blueprints", "/outer/inner/page"),
    Workload(
        "missing",
        "404 among 500 rules",
        "rules",
        "/nowhere",
        status=404,
        read=unread,
        arguments=(500, SHAPES["front"]),
    ),
    Workload("redirect", "redirect to a view", "redirect", "/old", status=302, read=unread),
    Workload("deployed", "page of a deployed application", "deployed", visited="/login"),
    Workload("template", "Jinja2 table of 20 rows", "template"),
    Workload("abort", "`abort(404)`, handled", "abort", status=404),
    Workload("stream", "stream of 100 chunks", "stream"),
    Workload("upload", "upload of 1 MiB", "upload", body=UPLOAD, content_type=UPLOAD_TYPE),
    Workload("static", "static file of 100 kB", "static", "/static/file.bin"),
    Workload("proxies", "1,000 reads of `request.method`", "proxies"),
]

COUNTS = (10, 100, 1_000, 5_000)


def among(count: int, shape: str, place: str) -> Workload:
    """Give the workload that asks for the first, middle or last of so many rules."""
    number = {"first": 0, "middle": count // 2, "last": count - 1}[place]
    path = SHAPES[shape].format(number).replace("<name>", "bob")
    rule = SHAPES[shape].format("1")
    return Workload(
        f"{shape}-{count}-{place}",
        f"the {place} of {count:,} rules like `{rule}`",
        "rules",
        path,
        arguments=(count, SHAPES[shape]),
    )
