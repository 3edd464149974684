"""What ``app.json`` is: JSON behind an interface that an application can replace.

Source: ``flask.json.provider``, since Flask 2.2.
"""

from __future__ import annotations

import dataclasses
import json
import weakref
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any, AnyStr

from werkzeug.http import http_date

from ..stock import Stock, is_method

if TYPE_CHECKING:
    from ..sansio import App
    from ..wrappers import Response


class JSONProvider:
    """Serialize and deserialize JSON for one application.

    A subclass must define :meth:`dumps` and :meth:`loads`; the rest stands on these two.

    Args:
        app: The application. Only a weak reference is kept: the application holds the provider.
    """

    def __init__(self, app: App) -> None:
        self._app: App = weakref.proxy(app)

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Serialize to a string."""
        raise NotImplementedError

    def dump(self, obj: Any, fp: IO[str], **kwargs: Any) -> None:
        """Serialize to a text file."""
        fp.write(self.dumps(obj, **kwargs))

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Deserialize a string or bytes."""
        raise NotImplementedError

    def load(self, fp: IO[AnyStr], **kwargs: Any) -> Any:
        """Deserialize a file, open for text or for bytes."""
        return self.loads(fp.read(), **kwargs)

    def _prepare_response_obj(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Turn the arguments of :meth:`response` into the one value to serialize."""
        if args and kwargs:
            raise TypeError("app.json.response() takes either args or kwargs, not both")
        if len(args) == 1:
            return args[0]
        return args or kwargs or None

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """Make a response with a JSON body.

        Args:
            *args: One is the body, several are a list.
            **kwargs: An object; not together with *args*.
        """
        body = self.dumps(self._prepare_response_obj(args, kwargs))
        return self._app.response_class(body, mimetype="application/json")


def _default(o: Any) -> Any:
    """Serialize what JSON has no form for: dates, decimals, UUIDs, dataclasses, markup."""
    if isinstance(o, date):
        return http_date(o)
    from decimal import Decimal  # seldom needed, and slow to import
    from uuid import UUID

    if isinstance(o, (Decimal, UUID)):
        return str(o)
    if dataclasses.is_dataclass(o):
        return dataclasses.asdict(o)  # type: ignore[arg-type]  # a class raises, as in Flask
    if hasattr(o, "__html__"):
        return str(o.__html__())
    raise TypeError(f"Object of type {type(o).__name__} is not JSON serializable")


# What the standard library's encoder does most of its work with; None without the C extension.
_make_write: Any = getattr(json.encoder, "c_make_encoder", None)
_scan: Any = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # not in typeshed


class _Encoder(json.JSONEncoder):
    """An encoder that is kept between calls, and keeps what ``json.JSONEncoder`` makes in each.

    That notes which containers it is in, to notice circles: so one call at a time has it, and
    after an error, when the notes are wrong, nobody.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        escape = json.encoder.encode_basestring
        if self.ensure_ascii:
            escape = json.encoder.encode_basestring_ascii
        separators = self.key_separator, self.item_separator
        flags = self.sort_keys, self.skipkeys, self.allow_nan
        self._options = (self.default, escape, None, *separators, *flags)
        self._idle: list[Any] = []
        if _make_write is None or self.indent is not None or not self.check_circular:
            self.encode = super().encode  # type: ignore[method-assign]  # the library's own way

    def encode(self, o: Any) -> str:
        """Return the JSON of a value."""
        try:
            write = self._idle.pop()
        except IndexError:
            write = _make_write({}, *self._options)
        chunks = write(o, 0)
        self._idle.append(write)
        return "".join(chunks)


# Typed, because 1 and 1.0 are the same key otherwise and not the same option.
_kept_encoder = lru_cache(maxsize=64, typed=True)(_Encoder)


def _encoder(options: dict[str, Any]) -> json.JSONEncoder:
    """Return the encoder that ``json.dumps`` would make for these options, kept between calls."""
    try:
        return _kept_encoder(**options)
    except TypeError:  # an option that cannot be a key of the cache, or that no encoder knows
        return json.JSONEncoder(**options)


_compact = {"separators": (",", ":")}


@lru_cache(maxsize=8)
def _encode_compact(ensure_ascii: Any, sort_keys: Any) -> Callable[[Any], str]:
    """Return the ``encode`` of the encoder for responses and sessions."""
    options = {"default": _default, "ensure_ascii": ensure_ascii, "sort_keys": sort_keys}
    return _Encoder(**options, **_compact).encode


class DefaultJSONProvider(JSONProvider):
    """Do JSON with the standard library.

    Beyond JSON's own types it serializes ``date`` and ``datetime`` as HTTP dates (RFC 9110,
    section 5.6.7), ``Decimal`` and ``UUID`` as strings, dataclasses as objects, and anything
    with an ``__html__`` method as the string that it returns.
    """

    #: Called for an object that ``json.dumps`` does not know.
    default: Callable[[Any], Any] = staticmethod(_default)
    #: Write every character outside ASCII as an escape.
    ensure_ascii = True
    #: Sort the keys of objects; then all keys of one object must be of one type.
    sort_keys = True
    #: Leave out spaces and newlines; None does so outside debug mode only.
    compact: bool | None = None
    #: The content type of :meth:`response`.
    mimetype = "application/json"

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Serialize to a string; keyword arguments are those of ``json.dumps``."""
        # What every JSON response and session asks for, without a dict of options.
        if kwargs == _compact and self.default is _default:
            try:
                encode = _encode_compact(self.ensure_ascii, self.sort_keys)
            except TypeError:
                pass
            else:
                return encode(obj)
        kwargs.setdefault("default", self.default)
        kwargs.setdefault("ensure_ascii", self.ensure_ascii)
        kwargs.setdefault("sort_keys", self.sort_keys)
        # Not for a function of the program's own: the cache would keep alive what it belongs to.
        if kwargs["default"] is _default and "cls" not in kwargs:
            return _encoder(kwargs).encode(obj)
        return json.dumps(obj, **kwargs)

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Deserialize a string or bytes; keyword arguments are those of ``json.loads``."""
        # What ``json.loads`` does for text without white space around it.
        if type(s) is str and not kwargs:
            try:
                value, end = _scan(s, 0)
            except StopIteration:
                value, end = None, -1
            if end == len(s):
                return value
        return json.loads(s, **kwargs)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """Make a response with a JSON body that ends in a newline."""
        obj = self._prepare_response_obj(args, kwargs)
        return self._app.response_class(self._document(obj, self._app), mimetype=self.mimetype)

    def _document(self, obj: Any, app: App) -> str:
        """Serialize what :meth:`response` sends."""
        compact = self.compact
        if compact is False or (compact is None and app.debug):
            return f"{self.dumps(obj, indent=2)}\n"
        # What `dumps` would do, which it takes some steps to find out.
        if self.default is _default and is_method(self, "dumps", _dumps):
            return f"{_encode_compact(bool(self.ensure_ascii), bool(self.sort_keys))(obj)}\n"
        return f"{self.dumps(obj, separators=(',', ':'))}\n"


_dumps = DefaultJSONProvider.dumps
_stock = Stock(
    (
        DefaultJSONProvider,
        (
            "_prepare_response_obj",
            "compact",
            "default",
            "dumps",
            "ensure_ascii",
            "mimetype",
            "response",
            "sort_keys",
        ),
    )
)
#: Serialize what a provider sends of which :func:`is_as_it_came` is true, outside debug mode.
encode_as_usual = _encode_compact(True, True)


def is_as_it_came(provider: JSONProvider) -> bool:
    """Tell whether a provider is the default one, and nothing was set on it or its class."""
    # One attribute is there from the beginning: the application.
    return type(provider) is DefaultJSONProvider and len(vars(provider)) == 1 and _stock.holds()
