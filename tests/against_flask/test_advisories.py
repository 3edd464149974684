"""Published security advisories of this family of projects: each stays fixed here.

A test bears the id of its advisory, and runs on Flask as well, where the fix came from.
"""

from __future__ import annotations

import gzip
import io
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import run_wsgi_app

import miniflask.signing
from tests.against_flask.harness import send

# ---- sessions, cookies, keys ----


def session_app(fw: Any) -> Any:
    """An app whose session is permanent and whose other views leave it alone."""
    app = fw.Flask("sample")
    app.secret_key = "new"

    @app.route("/login")
    def login() -> str:
        fw.session.permanent = True
        fw.session["user"] = 7
        return "in"

    @app.route("/untouched")
    def untouched() -> str:
        return "public"

    @app.route("/look")
    def look() -> str:
        return repr(dict(fw.session))

    return app


def test_cve_2023_30861_a_refreshed_session_varies_by_cookie(fw: Any) -> None:
    """A response that refreshes a permanent session says Vary, though no view touched it."""
    client = session_app(fw).test_client()
    client.get("/login")

    response = client.get("/untouched")

    assert "Set-Cookie" in response.headers
    assert response.headers["Vary"] == "Cookie"


def test_cve_2025_47278_the_newest_key_signs(fw: Any) -> None:
    """With fallback keys a new cookie is signed with the secret key, and old ones still verify."""
    app = session_app(fw)
    app.secret_key = "old"
    old_client = app.test_client()
    old_client.get("/login")
    app.config.update(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["oldest", "old"])

    with old_client:
        old_client.get("/untouched")
        assert fw.session["user"] == 7
    client = app.test_client()
    client.get("/login")
    app.config["SECRET_KEY_FALLBACKS"] = None
    with client:
        client.get("/untouched")
        assert fw.session["user"] == 7


MAPPING_USES: dict[str, Callable[[Any], Any]] = {
    "in": lambda s: "q" in s,
    "len": len,
    "bool": bool,
    "iter": lambda s: list(iter(s)),
    "eq": lambda s: s == {},
    "ne": lambda s: s != {},
    "or": lambda s: s | {},
    "ror": lambda s: {} | s,
    "copy": lambda s: s.copy(),
    "get": lambda s: s.get("q"),
    "keys": lambda s: s.keys(),
    "values": lambda s: s.values(),
    "items": lambda s: s.items(),
    "repr": repr,
    "dict": dict,
    "reversed": lambda s: list(reversed(s)),
    "permanent": lambda s: s.permanent,
    "modified": lambda s: s.modified,
    "accessed": lambda s: s.accessed,
    "new": lambda s: s.new,
    "current object": lambda s: s._get_current_object(),
    "pop": lambda s: s.pop("q", None),
    "isinstance": lambda s: isinstance(s, dict),
}


@pytest.mark.parametrize("use", MAPPING_USES)
def test_cve_2026_27205_every_use_counts_as_access(fw: Any, use: str) -> None:
    """Whatever a view does with the session, the response varies by cookie."""
    app = fw.Flask("sample")
    app.secret_key = "key"

    @app.route("/")
    def view() -> str:
        MAPPING_USES[use](fw.session)
        return "done"

    response = app.test_client().get("/")

    assert response.data == b"done"
    assert response.headers["Vary"] == "Cookie"


def test_cve_2023_23934_a_nameless_cookie_is_not_the_session(fw: Any) -> None:
    """A cookie without a name cannot pass for the session's."""
    app = session_app(fw)
    client = app.test_client()
    client.get("/login")
    cookie = client.get_cookie("session")
    assert cookie is not None

    named = send(app, {"path": "/look", "environ": {"HTTP_COOKIE": f"session={cookie.value}"}})
    nameless = send(app, {"path": "/look", "environ": {"HTTP_COOKIE": f"=session={cookie.value}"}})
    assert b"user" in named.body
    assert nameless.body == b"{}"


def test_signatures_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every signature goes through hmac.compare_digest, whichever path verifies it."""
    compared = []

    def compare(a: bytes, b: bytes) -> bool:
        compared.append((a, b))
        return a == b

    monkeypatch.setattr(miniflask.signing, "compare_digest", compare)
    serializer = miniflask.signing.URLSafeTimedSerializer("key")
    token = serializer.dumps([1])

    assert serializer.loads(token) == [1]
    assert serializer.loads(token, return_timestamp=True)[0] == [1]
    assert miniflask.signing.Signer("key").unsign(miniflask.signing.Signer("key").sign("v")) == b"v"
    with pytest.raises(miniflask.signing.BadSignature):
        serializer.loads(token[:-27] + ("A" if token[-27] != "A" else "B") + token[-26:])
    assert len(compared) >= 4


# ---- what a client sends ----


def body_app(fw: Any) -> Any:
    """An app that reads the body as JSON, as a form, or as files."""
    app = fw.Flask("sample")
    app.add_url_rule("/json", "json", lambda: str(len(fw.request.get_json())), methods=["POST"])

    @app.post("/form")
    def form() -> str:
        return str(len(fw.request.form) + len(fw.request.files))

    return app


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-16-le", "utf-7"])
def test_cve_2018_1000656_json_in_odd_encodings_is_bounded(fw: Any, encoding: str) -> None:
    """JSON in another encoding takes memory in proportion to the body, or is a 400."""
    body = ('["' + "a" * 100_000 + '"]').encode(encoding)
    app = body_app(fw)
    client = app.test_client()
    client.post("/json", data=b"[]", content_type="application/json")

    tracemalloc.start()
    response = client.post("/json", data=body, content_type="application/json; charset=utf-32")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert response.status_code in {200, 400}
    assert peak < 30 * len(body)


def test_cve_2019_1010083_a_bomb_of_bytes_is_a_400(fw: Any) -> None:
    """A body that is no JSON in any encoding is a 400 without a traceback."""
    for body in (b"\x00\x00\xfe\xff" + b"\xff" * 64, b"\xff" * 64, gzip.compress(b"[]")):
        response = (
            body_app(fw).test_client().post("/json", data=body, content_type="application/json")
        )
        assert response.status_code == 400
        assert b"Traceback" not in response.data


def test_cve_2023_25577_parts_of_a_form_are_limited(fw: Any) -> None:
    """More than MAX_FORM_PARTS parts are a 413."""
    app = body_app(fw)
    data = {f"f{i}": "x" for i in range(1_001)}

    response = app.test_client().post("/form", data=data, content_type="multipart/form-data")

    assert response.status_code == 413


def test_cve_2024_49767_form_memory_is_limited(fw: Any) -> None:
    """More than MAX_FORM_MEMORY_SIZE bytes in a field of a multipart form are a 413."""
    client = body_app(fw).test_client()

    for size, status in ((500_000, 200), (500_001, 413)):
        response = client.post("/form", data={"f": "x" * size}, content_type="multipart/form-data")
        assert response.status_code == status


def test_cve_2024_49767_a_form_in_one_piece_is_limited(fw: Any) -> None:
    """A urlencoded form, which is read in one piece, is limited by MAX_CONTENT_LENGTH."""
    app = body_app(fw)
    app.config["MAX_CONTENT_LENGTH"] = 1_000

    assert app.test_client().post("/form", data={"f": "x" * 1_000}).status_code == 413


def test_cve_2023_46136_newlines_in_a_file_cost_linear_time(fw: Any) -> None:
    """A 10 MB upload of nothing but line ends is read to its end."""
    head = b'--B\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
    body = head + b"\r\n" * 5_000_000 + b"\r\n--B--\r\n"

    outcome = send(
        body_app(fw),
        {
            "path": "/form",
            "method": "POST",
            "input_stream": io.BytesIO(body),
            "content_length": len(body),
            "content_type": "multipart/form-data; boundary=B",
        },
    )

    assert outcome.body == b"1"


# ---- where a client is sent, and what it is given ----


def test_cve_2020_28724_a_slash_redirect_stays_on_its_host(fw: Any) -> None:
    """A path that begins with two slashes does not become another host."""
    app = fw.Flask("sample")
    app.add_url_rule("/<path:p>/", "p", lambda p: p)

    environ = {"PATH_INFO": "//evil.example"}
    outcome = send(app, {"path": "/", "base_url": "http://good.example", "environ": environ})

    location = dict(outcome.headers)["Location"]
    assert location == "http://good.example/evil.example/"


def test_cve_2016_9964_a_newline_in_a_location_is_refused(fw: Any) -> None:
    """A redirect to text with a line end is an error, not another header."""
    app = fw.Flask("sample")
    app.add_url_rule("/", "index", lambda: fw.redirect("/x\r\nSet-Cookie: a=b"))

    outcome = send(app, "/")

    assert (
        outcome.status == "500 INTERNAL SERVER ERROR" or b"\n" not in str(outcome.headers).encode()
    )
    assert not [v for k, v in outcome.headers if k == "Set-Cookie"]


@pytest.mark.parametrize(
    "path",
    ["..%2fsecret", "../secret", "..%5csecret", "%2e%2e/secret", "C:/secret", "a%00b", "dir"],
)
def test_flask_0_6_1_static_files_stay_in_their_folder(fw: Any, tmp_path: Path, path: str) -> None:
    """No way of writing a path leads out of the static folder."""
    (tmp_path / "static" / "dir").mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    app = fw.Flask("sample", root_path=str(tmp_path))

    outcome = send(app, f"/static/{path}")

    assert outcome.status is not None
    assert outcome.status[:3] in {"404", "308"}
    assert b"secret" not in outcome.body


def test_cve_2025_62727_many_ranges_are_refused(fw: Any, tmp_path: Path) -> None:
    """A request for very many ranges of a file is a 416, not a quadratic amount of work."""
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "f").write_bytes(b"x" * 1000)
    app = fw.Flask("sample", root_path=str(tmp_path))
    ranges = "bytes=" + ",".join(f"{i}-{i}" for i in range(1_000))

    response = app.test_client().get("/static/f", headers={"Range": ranges})

    assert response.status_code == 416


def test_cve_2016_10516_error_pages_escape(fw: Any) -> None:
    """Text from a request is escaped where the framework prints it."""
    app = fw.Flask("sample")

    @app.route("/")
    def index() -> Any:
        fw.abort(404, description="<script>alert(1)</script>")

    assert b"<script>" not in send(app, "/").body


def test_no_traceback_reaches_a_client(fw: Any) -> None:
    """Outside debug mode an unhandled exception is a plain 500, in the body and the headers."""
    app = fw.Flask("sample")
    app.logger.disabled = True

    @app.route("/")
    def index() -> Any:
        raise ValueError("a secret")

    body, _, headers = run_wsgi_app(app, {**_environ("/")}, buffered=True)
    app.logger.disabled = False

    assert b"secret" not in b"".join(body)
    assert "secret" not in str(headers)


def _environ(path: str) -> dict[str, Any]:
    from werkzeug.test import create_environ

    return create_environ(path)
