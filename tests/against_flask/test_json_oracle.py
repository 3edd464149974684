"""JSON in requests and responses: the same values, bodies and providers on both frameworks.

Names with a number (``test_d55_...``) state the fact of that number in the list of behaviours
where rebuilt Flasks go wrong.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import io
import json
import uuid
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from tests.against_flask.harness import Run, Trace, kind, serve

Agree = Callable[..., Run]
Same = Callable[[Callable[[Any], Any]], Any]

generated = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


class Html:
    """An object that can say what it is in HTML, which is not enough for a body."""

    def __html__(self) -> str:
        return "<b>"


class Pair(NamedTuple):
    """A tuple of body and status with names."""

    body: str
    status: int


@dataclasses.dataclass
class Point:
    """A dataclass, as a program would return one."""

    x: int
    inner: Any = None


class Color(enum.Enum):
    """An enumeration, which JSON does not know."""

    RED = 1


JSON_VALUES: dict[str, Any] = {
    "none": None,
    "str": "é </script> \u2028",
    "sorted": {"b": 1, "a": {"d": 2, "c": 3}},
    "int keys": {2: "b", 1: "a"},
    "mixed keys": {"a": 1, 1: "a"},
    "none key": {None: 1},
    "tuple key": {(1, 2): 1},
    "tuple": (1, (2, 3)),
    "named tuple": Pair("a", 2),
    "floats": [1.0, 1e100, -0.0, 0.1],
    "nan": [float("nan"), float("inf")],
    "big int": 2**70,
    "naive datetime": datetime.datetime(2026, 11, 21, 10, 30, 15, 999),
    "aware datetime": datetime.datetime(
        2026, 11, 21, 10, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=5))
    ),
    "date": datetime.date(2026, 11, 21),
    "time": datetime.time(10, 30),
    "timedelta": datetime.timedelta(1),
    "decimal": decimal.Decimal("1.50"),
    "uuid": uuid.UUID(int=7),
    "dataclass": Point(1, Point(2, [uuid.UUID(int=1)])),
    "dataclass type": Point,
    "markup": Markup("<b>"),
    "html": Html(),
    "enum": Color.RED,
    "int enum": HTTPStatus.OK,
    "set": {1},
    "bytes": b"x",
    "deque": deque([1]),
    "generator": (c for c in "ab"),
    "object": object,
}


@pytest.mark.parametrize("form", JSON_VALUES)
def test_d55_jsonify_of_every_type(agree: Agree, form: str) -> None:
    """Dates are RFC 822 texts, decimals and UUIDs texts, dataclasses objects; the rest fails."""
    value = JSON_VALUES[form]

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")

        def debug() -> Any:
            app.debug = True
            try:
                return fw.jsonify(value)
            finally:
                app.debug = False

        return serve(
            app,
            {
                "/": lambda: fw.jsonify(value),
                "/nested": lambda: {"outer": [value]},
                "/dumps": lambda: fw.json.dumps(value, indent=1),
                "/unsorted": lambda: fw.json.dumps({"z": 1, "v": value}, sort_keys=False),
                "/debug": debug,
            },
        )

    run = agree(factory, "/", "/nested", "/dumps", "/unsorted", "/debug")

    failing = {"mixed keys", "tuple key", "time", "timedelta", "enum", "set", "bytes", "deque"}
    failing |= {"generator", "object", "dataclass type"}
    assert run.codes[0] == (500 if form in failing else 200)


def test_d55_forms_of_jsonify(agree: Agree) -> None:
    """Sorted, ASCII, compact, with a newline; nothing is null; arguments of one kind only."""

    def factory(fw: Any, trace: Trace) -> Any:
        return serve(
            fw.Flask("sample"),
            {
                "/nothing": lambda: fw.jsonify(),
                "/one": lambda: fw.jsonify([]),
                "/several": lambda: fw.jsonify(1, "é", None),
                "/keywords": lambda: fw.jsonify(b=1, a=2),
                "/both": lambda: fw.jsonify(1, a=2),
                "/none": lambda: fw.jsonify(None),
                "/status": lambda: (fw.jsonify(1), 201),
                "/dict": lambda: {"b": 1, "a": 2},
            },
        )

    paths = ["nothing", "one", "several", "keywords", "both", "none", "status", "dict"]
    run = agree(factory, *(f"/{path}" for path in paths))

    assert run.texts[:4] == ["null\n", "[]\n", '[1,"\\u00e9",null]\n', '{"a":2,"b":1}\n']
    assert run.codes[4] == 500
    assert run.outcomes[0].header("Content-Type") == "application/json"
    assert run.texts[7] == run.texts[3]


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("compact", [None, True, False])
def test_d55_settings_of_the_provider(agree: Agree, debug: bool, compact: bool | None) -> None:
    """``compact``, ``sort_keys``, ``ensure_ascii``, ``mimetype`` and ``default`` are settings."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.debug = debug
        app.json.compact = compact
        app.json.sort_keys = False
        app.json.ensure_ascii = False
        app.json.mimetype = "application/x-own+json"
        app.json.default = lambda o: f"{kind(o)}!"
        return serve(
            app,
            {
                "/": lambda: {"z": "é", "a": [Html()]},
                "/dumps": lambda: fw.json.dumps({"z": "é", "a": [{1}]}),
            },
        )

    run = agree(factory, "/", "/dumps")

    assert ("\n  " in run.texts[0]) == (debug if compact is None else not compact)
    assert run.outcomes[0].header("Content-Type") == "application/x-own+json"
    assert "Html!" in run.texts[0]


def test_d55_json_functions_with_and_without_an_app(same: Same, tmp_path: Path) -> None:
    """With an app they are the provider's; without one the standard library's, unsorted."""

    def use(fw: Any) -> Any:
        value = {"b": uuid.UUID(int=1), "a": "é"}

        def everything() -> list[Any]:
            text, target = io.StringIO(), tmp_path / "x.json"
            fw.json.dump(value, text)
            target.write_bytes(text.getvalue().encode("utf-16"))
            with open(target, "rb") as file:
                loaded = fw.json.load(file)
            return [
                fw.json.dumps(value),
                text.getvalue(),
                loaded,
                fw.json.loads("[1.5]", parse_float=str),
                fw.json.loads('"é"'.encode("utf-32")),
                fw.json.load(io.StringIO("{}")),
                fw.json.dumps({"a": {1}}, default=str),
            ]

        app = fw.Flask("sample")
        with app.app_context():
            inside = everything()
        return [inside, everything()]

    inside, outside = same(use)

    assert inside[0].startswith('{"a"')
    assert outside[0].startswith('{"b"')
    assert inside[2:] == outside[2:]


RING: list[Any] = []
RING.append(RING)
BAD_JSON: dict[str, Callable[[Any], Any]] = {
    "loads": lambda fw: fw.json.loads("{"),
    "loads bytes": lambda fw: fw.json.loads(b"\xff"),
    "load": lambda fw: fw.json.load(io.StringIO("")),
    "dumps": lambda fw: fw.json.dumps({1}),
    "dump": lambda fw: fw.json.dump(b"", io.StringIO()),
    "jsonify": lambda fw: fw.jsonify(),
    "no dumps": lambda fw: fw.json.provider.JSONProvider(fw.Flask("sample")).dumps(1),
    "no loads": lambda fw: fw.json.provider.JSONProvider(fw.Flask("sample")).loads("1"),
    "app.json": lambda fw: fw.Flask("sample").json.response(1, a=2),
    "circular": lambda fw: fw.json.dumps(RING),
}


@pytest.mark.parametrize("form", BAD_JSON)
def test_d55_errors_of_json(same: Same, form: str) -> None:
    """What cannot be written or read raises the same error, in an app and without."""

    def in_app(fw: Any) -> Any:
        with fw.Flask("sample").app_context():
            return BAD_JSON[form](fw)

    assert same(BAD_JSON[form])[0].endswith("Error")
    same(in_app)


def test_d55_a_provider_of_one_s_own(agree: Agree) -> None:
    """A provider needs ``dumps`` and ``loads``; requests, responses and the client use it."""

    def factory(fw: Any, trace: Trace) -> Any:
        class Shouting(fw.json.provider.JSONProvider):  # type: ignore[misc]
            def dumps(self, obj: Any, **kwargs: Any) -> str:
                trace("dumps", obj, sorted(kwargs), kind(self._app), self._app.name)
                return json.dumps(obj, **kwargs).upper()

            def loads(self, s: Any, **kwargs: Any) -> Any:
                trace("loads", s)
                return ["loaded", json.loads(s, **kwargs)]

        class App(fw.Flask):  # type: ignore[misc]  # of either framework
            json_provider_class = Shouting

        app = App("sample")

        def use_files() -> Any:
            text = io.StringIO()
            fw.json.dump({"f": 1}, text)
            return {"dumped": text.getvalue(), "loaded": fw.json.load(io.StringIO('"x"'))}

        serve(
            app,
            {
                "/dict": lambda: {"b": 1, "a": 2},
                "/jsonify": lambda: fw.jsonify("x", "y"),
                "/request": lambda: fw.jsonify(fw.request.get_json()),
                "/files": use_files,
            },
            methods=["GET", "POST"],
        )
        client = app.test_client()
        trace.attempt("client", lambda: client.post("/request", json={"k": "v"}).json)
        return app

    run = agree(factory, "/dict", "/jsonify", {"path": "/request", "json": {"k": 1}}, "/files")

    assert run.texts[:2] == ['{"B": 1, "A": 2}', '["X", "Y"]']
    assert run.texts[2] == '["LOADED", {"K": 1}]'
    assert run.values("client") == [["loaded", ["LOADED", {"K": "V"}]]]


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.datetimes(timezones=st.none() | st.just(datetime.timezone.utc)),
    st.dates(),
    st.decimals(),
    st.uuids(),
    st.builds(Markup, st.text(max_size=4)),
    st.builds(Point, st.integers(), st.text(max_size=3)),
    st.binary(max_size=3),
)
json_values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        | st.tuples(inner, inner)
    ),
    max_leaves=8,
)


@generated
@given(value=json_values)
def test_d55_generated_values(same: Same, value: Any) -> None:
    """Whatever the value, what is written is the same, or the same error."""

    def respond(fw: Any) -> Any:
        app = fw.Flask("sample")
        with app.app_context():
            response = fw.jsonify(value)
            return [response.data, response.content_type, fw.json.dumps(value, indent=1)]

    same(respond)
    same(lambda fw: fw.json.dumps(value))


@generated
@given(
    value=json_values,
    options=st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "ensure_ascii": st.booleans(),
                "sort_keys": st.booleans(),
                "compact": st.sampled_from([True, False, None]),
                "mimetype": st.just("application/vnd.api+json"),
                "default": st.just(repr),
            },
        ),
        min_size=1,
        max_size=3,
    ),
)
def test_d55_kept_encoders_change_nothing(same: Same, value: Any, options: Any) -> None:
    """Options that change between calls count alike, with encoders kept or made each time."""

    def respond(fw: Any, general: bool = False) -> Any:
        app = fw.Flask("sample")
        provider = app.json
        if general:
            usual = type(provider).default
            own = type("Own", (type(provider),), {"default": lambda self, o: usual(o)})
            app.json = provider = own(app)
        done = []
        with app.app_context():
            for changes in options:
                vars(provider).update(changes)
                response = fw.jsonify(value)
                done.append([response.data, response.content_type])
                done.append(fw.json.dumps(value, separators=(",", ":")))
        return done

    same(respond)
    same(lambda fw: respond(fw, general=fw.__name__ == "miniflask"))


JSON_BODIES = [b'{"a": [1, null]}', b"", b"{", b"null", b'"\xc3\xa9"', b"\xff", b"[1]\x00"]
CONTENT_TYPES = [
    "application/json",
    "application/json; charset=latin-1",
    "application/problem+json",
    "text/json",
    "text/plain",
    "application/x-www-form-urlencoded",
    "",
]


@generated
@given(
    body=st.sampled_from(JSON_BODIES)
    | st.sampled_from(["utf-8", "utf-16", "utf-32", "utf-16-le"]).map('{"é": 1}'.encode)
    | st.binary(max_size=6),
    content_type=st.sampled_from(CONTENT_TYPES),
    force=st.booleans(),
    silent=st.booleans(),
    debug=st.booleans(),
    handler=st.booleans(),
)
def test_b35_json_bodies(agree: Agree, handler: bool, debug: bool, **case: Any) -> None:
    """A wrong type is 415, a bad body 400 with details in debug mode only, silent is None."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.debug = debug
        if handler:
            app.register_error_handler(400, lambda e: (f"{kind(e)} {e.description}", 400))

        def view() -> Any:
            trace("is json", fw.request.is_json)
            first = fw.request.get_json(force=case["force"], silent=case["silent"])
            again = fw.request.get_json(force=case["force"], silent=True)
            return {"got": first, "again": again, "same": first is again}

        serve(app, {"/": view, "/property": lambda: fw.jsonify(fw.request.json)}, methods=["POST"])
        return app

    sent = {"method": "POST", "data": case["body"], "content_type": case["content_type"] or None}
    run = agree(factory, {"path": "/", **sent}, {"path": "/property", **sent})

    assert set(run.codes) <= {200, 400, 415}
    if case["silent"]:
        assert run.codes[0] == 200
    if not debug and run.codes[1] == 400 and not handler:
        assert "Failed to decode" not in run.texts[1]
