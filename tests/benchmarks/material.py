"""What the programs of all frameworks have in common: their data, their template, their file."""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
from functools import cache
from pathlib import Path

from itsdangerous import URLSafeTimedSerializer
from jinja2 import Environment, FileSystemLoader, Template

SECRET = "a secret key"
VISITOR = {"user": 42, "name": "alice"}
# As Flask-Login keeps one: so long that it is compressed.
LOGIN = {"_fresh": True, "_id": hashlib.sha512(b"a browser").hexdigest(), "_user_id": "42"}
TEN_KEYS = {
    "id": 42,
    "name": "alice",
    "email": "alice@example.org",
    "age": 31,
    "score": 97.5,
    "active": True,
    "manager": None,
    "roles": ["editor", "author"],
    "address": {"city": "Vienna", "zip": "1010"},
    "bio": "Writes about routers, cookies and contexts.",
}
CHUNKS = [f"line {number} of a hundred\n" for number in range(100)]
ROWS = [{"id": number, "name": f"user {number}", "score": number * 1.5} for number in range(20)]
TEMPLATE = """<!doctype html>
<title>{{ title }}</title>
<table>
{% for row in rows %}<tr><td>{{ row.id }}</td><td>{{ row.name }}</td><td>{{ row.score }}</td></tr>
{% endfor %}</table>
"""
READS = 1_000


@cache
def folder() -> Path:
    """Make a folder with the template and a static file of 100 kB, for as long as we run."""
    made = Path(tempfile.mkdtemp(prefix="benchmark-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    made.joinpath("table.html").write_text(TEMPLATE, "utf-8")
    made.joinpath("file.bin").write_bytes(bytes(range(250)) * 400)
    return made


def multipart(field: str, content: bytes) -> tuple[bytes, str]:
    """Write a form with one file (RFC 7578); give the body and its content type."""
    head = f'--edge\r\nContent-Disposition: form-data; name="{field}"; filename="a.bin"\r\n'
    kind = "Content-Type: application/octet-stream\r\n\r\n"
    body = (head + kind).encode() + content + b"\r\n--edge--\r\n"
    return body, "multipart/form-data; boundary=edge"


@cache
def signed() -> URLSafeTimedSerializer:
    """Make what signs the cookies of a framework that has no sessions."""
    return URLSafeTimedSerializer(SECRET, salt="session")


@cache
def table() -> Template:
    """Load the template, for a framework that has none of its own."""
    return Environment(loader=FileSystemLoader(folder()), autoescape=True).get_template(
        "table.html"
    )
