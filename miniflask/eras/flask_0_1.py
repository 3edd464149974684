"""Flask 0.1 (2010): a dict keyed by thread id.

There was one kind of context, that of a request, which knew its application; and one stack of
them.  The stack is a list in a :class:`Local`, and a Local is a dict of dicts: the outer one has
a key for each thread.  Nobody empties the place of a thread that ends without popping, and the
next thread may be given the same id.

Source: ``flask.py`` of Flask 0.1 and ``werkzeug.local`` of Werkzeug 0.6.1 where greenlet is not
installed.  Of later Werkzeugs: ``__ident_func__`` (0.7), and ``2 + proxy`` (0.9).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from threading import get_ident
from typing import Any


class Local:
    """A namespace for each thread: ``__storage__`` has a dict per thread id."""

    __slots__ = ("__ident_func__", "__storage__")
    _ident_func: Callable[[], Any] = staticmethod(get_ident)

    def __init__(self) -> None:
        object.__setattr__(self, "__storage__", {})
        object.__setattr__(self, "__ident_func__", self._ident_func)

    def __iter__(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        return iter(self.__storage__.items())

    def __call__(self, name: str) -> LocalProxy:
        """Make a proxy of one attribute."""
        return LocalProxy(self, name)

    def __release_local__(self) -> None:
        self.__storage__.pop(self.__ident_func__(), None)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__storage__[self.__ident_func__()][name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self.__storage__.setdefault(self.__ident_func__(), {})[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self.__storage__[self.__ident_func__()][name]
        except KeyError:
            raise AttributeError(name) from None


class LocalStack:
    """A stack for each thread: the list ``_local.stack``, released by the last pop."""

    _local_class: Callable[[], Any] = Local

    def __init__(self) -> None:
        self._local = self._local_class()

    @property
    def __ident_func__(self) -> Callable[[], Any]:
        """What tells one stack from another; Flask-SQLAlchemy scoped its sessions by it."""
        return self._local.__ident_func__  # type: ignore[no-any-return]  # Any of two classes

    @__ident_func__.setter
    def __ident_func__(self, value: Callable[[], Any]) -> None:
        object.__setattr__(self._local, "__ident_func__", value)

    def __release_local__(self) -> None:
        self._local.__release_local__()

    def __call__(self) -> LocalProxy:
        """Make a proxy of the item on top."""

        def top() -> Any:
            if self.top is None:
                raise RuntimeError("object unbound")
            return self.top

        return LocalProxy(top)

    def push(self, obj: Any) -> list[Any]:
        """Put an item on top; returns the list itself."""
        stack: list[Any] | None = getattr(self._local, "stack", None)
        if stack is None:
            self._local.stack = stack = []
        stack.append(obj)
        return stack

    def pop(self) -> Any:
        """Take the item on top off and return it; None when the stack is empty."""
        stack = getattr(self._local, "stack", None)
        if stack is None:
            return None
        if len(stack) == 1:
            self._local.__release_local__()
            return stack[-1]
        return stack.pop()

    @property
    def top(self) -> Any:
        """The item on top; None when the stack is empty."""
        stack = getattr(self._local, "stack", None)
        return stack[-1] if stack else None


class LocalProxy:
    """Stand for what a Local's attribute, or a function, gives at the moment of use.

    Unlike today's, it has a class of its own (``isinstance`` asks the proxy), and no in-place
    operators: ``proxy += x`` computes ``proxy + x`` and binds the name to the result.

    Args:
        local: A :class:`Local`, or a function that returns the object.
        name: The attribute of the Local.
    """

    __slots__ = ("__local", "__name__")

    def __init__(self, local: Any, name: str | None = None) -> None:
        object.__setattr__(self, "_LocalProxy__local", local)
        object.__setattr__(self, "__name__", name)

    def _get_current_object(self) -> Any:
        """Return the object itself.

        Raises:
            RuntimeError: Nothing is bound.
        """
        local: Any = self.__local
        if not hasattr(local, "__release_local__"):
            return local()
        try:
            return getattr(local, self.__name__)
        except AttributeError:
            raise RuntimeError(f"no object bound to {self.__name__}") from None

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]  # pyright: ignore  # not ours
        try:
            return self._get_current_object().__dict__  # type: ignore[no-any-return]
        except RuntimeError:
            raise AttributeError("__dict__") from None

    def __repr__(self) -> str:
        try:
            obj = self._get_current_object()
        except RuntimeError:
            return "<LocalProxy unbound>"
        return repr(obj)

    def __bool__(self) -> bool:
        try:
            return bool(self._get_current_object())
        except RuntimeError:
            return False

    def __dir__(self) -> list[str]:
        try:
            return dir(self._get_current_object())
        except RuntimeError:
            return []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._get_current_object(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._get_current_object(), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._get_current_object(), name)

    def __str__(self) -> str:
        return str(self._get_current_object())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the object."""
        return self._get_current_object()(*args, **kwargs)


def _passed_on(operation: Callable[..., Any]) -> Callable[..., Any]:
    return lambda proxy, *args: operation(proxy._get_current_object(), *args)


def _reflected(operation: Callable[..., Any]) -> Callable[..., Any]:
    return lambda proxy, other: operation(other, proxy._get_current_object())


def _method(name: str) -> Callable[..., Any]:
    return lambda obj, *args: getattr(obj, name)(*args)


# Special methods are looked up on the class, so each has to be there.
_OPERATIONS: dict[str, Callable[..., Any]] = {
    name: getattr(operator, f"__{name}__")
    for name in (
        *("lt", "le", "eq", "ne", "gt", "ge", "add", "sub", "mul", "truediv", "floordiv", "mod"),
        *("pow", "lshift", "rshift", "and", "or", "xor", "neg", "pos", "abs", "invert", "index"),
        *("contains", "getitem", "setitem", "delitem"),
    )
}
_OPERATIONS |= {f.__name__: f for f in (hash, len, iter, divmod, int, float, complex)}
_OPERATIONS |= {name: _method(f"__{name}__") for name in ("enter", "exit")}
for _name, _operation in _OPERATIONS.items():
    setattr(LocalProxy, f"__{_name}__", _passed_on(_operation))
    if _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "divmod"):
        setattr(LocalProxy, f"__r{_name}__", _reflected(_operation))


class Contexts:
    """One stack, of requests that know their application; a pop takes whatever is on top."""

    def __init__(self) -> None:
        self._request_ctx_stack = LocalStack()

    @property
    def app(self) -> Any:
        """The application of the request on top; None without one."""
        top = self._request_ctx_stack.top
        return None if top is None else top[0]

    @property
    def request(self) -> Any:
        """The request on top; None without one."""
        top = self._request_ctx_stack.top
        return None if top is None else top[1]

    def push(self, app: Any, request: Any) -> Callable[[], None]:
        """Push a request; returns the function that pops, without asking what."""
        self._request_ctx_stack.push((app, request))
        return lambda: self._request_ctx_stack.pop() and None

    def clear(self) -> None:
        """Empty the place of this thread."""
        self._request_ctx_stack.__release_local__()
