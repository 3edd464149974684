"""The JSON provider: encoders are kept between calls, and that nobody can tell."""

from __future__ import annotations

import json
from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest

import miniflask
from miniflask.json import provider
from miniflask.json.provider import DefaultJSONProvider

COMPACT: dict[str, Any] = {"separators": (",", ":")}


@pytest.fixture
def it() -> DefaultJSONProvider:
    """The provider of an application."""
    made = miniflask.Flask("sample").json
    assert isinstance(made, DefaultJSONProvider)
    return made


class Html:
    """Calls a function when it is written, which says what it is in HTML."""

    def __init__(self, tell: Callable[[], str]) -> None:
        self.tell = tell

    def __html__(self) -> str:
        return self.tell()


@pytest.mark.parametrize("options", [COMPACT, {}, {"indent": 1}, {"check_circular": True}])
def test_a_circle_is_refused_each_time(it: DefaultJSONProvider, options: dict[str, Any]) -> None:
    """A container that is in itself raises ValueError, and once it no longer is, is written."""
    circle: list[Any] = [1]
    circle.append({"again": circle})
    for _ in range(2):
        with pytest.raises(ValueError, match="^Circular reference detected$"):
            it.dumps(circle, **options)
    circle[1]["again"] = 2

    assert it.dumps(circle, **options) == json.dumps(circle, **options)


def test_circles_need_not_be_looked_for(it: DefaultJSONProvider) -> None:
    """Without the check a circle ends where the interpreter ends recursion, as in ``json``."""
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(RecursionError):
        it.dumps(circle, check_circular=False)


def test_a_container_that_failed_once_can_be_written_later(it: DefaultJSONProvider) -> None:
    """After an error nothing is remembered of the containers in which it came up."""
    inner: list[Any] = [{1, 2}]
    outer = {"inner": inner}
    for _ in range(2):
        with pytest.raises(TypeError, match="^Object of type set is not JSON serializable$"):
            it.dumps(outer, **COMPACT)
    inner[0] = "no set"

    assert it.dumps(outer, **COMPACT) == '{"inner":["no set"]}'


def test_a_value_may_write_json_while_it_is_written(it: DefaultJSONProvider) -> None:
    """An encoder in use is not used again: the container may be written inside itself."""
    value: list[Any] = [1]

    def tell() -> str:
        html = value.pop()
        text = it.dumps([value, value], **COMPACT)
        value.append(html)
        return text

    value.append(Html(tell))

    for _ in range(2):
        assert it.dumps({"a": [value[1]]}, **COMPACT) == '{"a":["[[1],[1]]"]}'
        assert it.dumps(value, **COMPACT) == '[1,"[[1],[1]]"]'


def test_threads_may_write_the_same_value(it: DefaultJSONProvider) -> None:
    """Two threads in the middle of the same container do not take it for a circle."""
    both_inside, texts = Barrier(2), []

    def tell() -> str:
        both_inside.wait(10)
        return "met"

    value = {"shared": [Html(tell)]}
    threads = [Thread(target=lambda: texts.append(it.dumps(value, **COMPACT))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert texts == ['{"shared":["met"]}'] * 2


def test_without_the_c_extension_json_is_the_same(
    it: DefaultJSONProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the library has no encoder in C, its other one is used."""
    value = {"é": [1.5, None], "a": (float("inf"),)}
    text = it.dumps(value, **COMPACT)
    monkeypatch.setattr(provider, "_make_write", None)
    provider._encode_compact.cache_clear()
    try:
        assert it.dumps(value, **COMPACT) == text
    finally:
        provider._encode_compact.cache_clear()


class Upper(DefaultJSONProvider):
    """A provider that overrides what is called for unknown objects."""

    @staticmethod
    def default(o: Any) -> Any:
        """Return what the object is called, loudly."""
        return repr(o).upper()


def test_a_setting_that_changes_counts_from_the_next_call_on() -> None:
    """Options of the provider, its class, its methods and debug mode are asked each time."""
    app = miniflask.Flask("sample")
    it: Any = app.json
    value = {"b": "é", "a": 1j}

    def written(obj: Any = value) -> str:
        with app.app_context():
            return str(app.json.response(obj).get_data(as_text=True))

    with pytest.raises(TypeError):
        written()
    it.default = repr
    assert written() == '{"a":"1j","b":"\\u00e9"}\n'
    it.ensure_ascii = False
    assert written() == '{"a":"1j","b":"é"}\n'
    it.sort_keys = False
    assert written() == '{"b":"é","a":"1j"}\n'
    app.debug = True
    assert written() == '{\n  "b": "é",\n  "a": "1j"\n}\n'
    it.compact = True
    assert written() == '{"b":"é","a":"1j"}\n'
    del it.default
    assert written([1]) == "[1]\n"
    it.dumps = lambda obj, **kwargs: f"{obj} {kwargs}"
    assert written([1]) == "[1] {'separators': (',', ':')}\n"
    app.json = Upper(app)
    assert written() == '{\n  "a": "1J",\n  "b": "\\u00e9"\n}\n'


def test_the_layout_handed_to_dumps_is_the_caller_s() -> None:
    """A provider may change the options that it is called with, and harms nobody else."""

    class Greedy(DefaultJSONProvider):
        def dumps(self, obj: Any, **kwargs: Any) -> str:
            kwargs.clear()
            return super().dumps(obj)

    app = miniflask.Flask("sample")
    usual = app.json
    app.json = Greedy(app)
    with app.app_context():
        assert app.json.response([1, 2]).data == b"[1, 2]\n"
        assert usual.response([1, 2]).data == b"[1,2]\n"


@pytest.mark.parametrize("option", ["ensure_ascii", "sort_keys"])
def test_an_option_need_not_be_hashable(it: Any, option: str) -> None:
    """What is false or true in any way will do as an option."""
    it.dumps({"b": "é", "a": 1}, **COMPACT)
    setattr(it, option, [])

    options: dict[str, Any] = {"sort_keys": True, option: False, **COMPACT}
    expected = json.dumps({"b": "é", "a": 1}, **options)
    assert it.dumps({"b": "é", "a": 1}, **COMPACT) == expected


def test_a_subclass_prepares_what_it_answers_with() -> None:
    """A provider of a program's own may look at each value that a view returns."""

    class Wrapping(DefaultJSONProvider):
        def _prepare_response_obj(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            return {"data": super()._prepare_response_obj(args, kwargs)}

    app = miniflask.Flask("sample")
    app.add_url_rule("/", view_func=lambda: {"a": 1})
    assert app.test_client().get("/").text == '{"a":1}\n'

    app.json = Wrapping(app)

    assert app.test_client().get("/").text == '{"data":{"a":1}}\n'
