"""One global name whose value depends on who asks.

Everybody wants to write ``from miniflask import request`` once, at the top of a file, although
every thread, greenlet and task is busy with a request of its own.  Five steps lead there, each
forced by the one before.

**A dict keyed by who asks.**  Give each thread a place of its own in a global dict::

    storage[threading.get_ident()] = {"request": request}

That was Flask 0.1.  Somebody has to empty the place, because thread ids are used again; and
once greenlets or tasks take turns on one thread, its id no longer tells who asks.

**A ContextVar.**  Since Python 3.7 the interpreter keeps that dict: a `contextvars.Context` maps
variables to values, and each thread, greenlet and task runs in one.  ``var.get()`` and
``var.set()`` look into the one that is running.  A thread or greenlet begins with an empty
Context, a task with a copy of its parent's, so that it knows the request it was started for.

**Values that never change.**  Copying a Context copies what the variables point to, not the
things themselves.  Parent and child would share a list in a variable, and see each other's
appends.  So a write never touches the old value: it makes a new one, and points the variable of
this Context alone to that.  :class:`Local` is a namespace kept this way.

**A stack.**  Requests nest: a view may call another application, a test may open a second
request within the first.  Leaving the inner one must bring back the outer one, so the variable
holds a stack.  Copying a list for each push would cost more the deeper it is; a linked list
never needs to be copied.  A push makes one cell that points to the stack below, a pop points
the variable there::

    parent   A <- B          push(B) made one cell; A was not touched
             A <- B <- C     a child task, after push(C): same cells, one more

:class:`LocalStack` is that.

**A proxy.**  ``from miniflask import request`` binds a name once, when no request exists.  What
it binds must therefore be a stand-in that asks the variable anew at each use and passes the use
on: :class:`LocalProxy`.  Most of this file is about passing on *everything*, since ``len(x)``
and ``x + 1`` look at the type of ``x`` and never at its attributes (Python's data model, "Special
method lookup").

Source: PEP 567; ``werkzeug.local`` of Werkzeug 3.1, whose names and behaviour these are.
"""

from __future__ import annotations

import copy
import math
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from functools import partial, reduce, update_wrapper
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

T = TypeVar("T")


class Local:
    """A namespace: each thread, greenlet and task sees the attributes that it has set itself.

    Args:
        context_var: Where to keep the attributes, as a dict; by default a new variable.  A
            variable is never freed from a Context that has it: make locals at module level.

    Source: ``werkzeug.local.Local``; on a ContextVar since Werkzeug 2.0.
    """

    __slots__ = ("__storage",)

    def __init__(self, context_var: ContextVar[dict[str, Any]] | None = None) -> None:
        if context_var is None:
            context_var = ContextVar(f"miniflask.Local<{id(self)}>.storage")
        object.__setattr__(self, "_Local__storage", context_var)

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return iter(self.__storage.get({}).items())

    def __call__(self, name: str, *, unbound_message: str | None = None) -> LocalProxy[Any]:
        """Make a proxy of one attribute."""
        return LocalProxy(self, name, unbound_message=unbound_message)

    def __release_local__(self) -> None:
        self.__storage.set({})

    # Called only for what the class itself lacks.
    def __getattr__(self, name: str) -> Any:
        try:
            return self.__storage.get({})[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        storage = self.__storage
        values = storage.get({}).copy()
        values[name] = value
        storage.set(values)

    def __delattr__(self, name: str) -> None:
        values = self.__storage.get({}).copy()
        if name not in values:
            raise AttributeError(name)
        del values[name]
        self.__storage.set(values)


class _Items(Sequence[T]):
    """What a stack holds after one push: the new item, and a link to the items below.

    Nobody changes a cell, so any number of Contexts may hold it.  Reads as the list of all items
    would, oldest first; reading takes time in proportion to the depth, making a cell does not.
    """

    __slots__ = ("below", "top")

    def __init__(self, below: _Items[T] | None, top: T) -> None:
        self.below = below
        self.top = top

    def _list(self) -> list[T]:
        items = []
        cell = self
        while cell.below is not None:
            items.append(cell.top)
            cell = cell.below
        return items[::-1]

    def __len__(self) -> int:
        return len(self._list())

    def __iter__(self) -> Iterator[T]:
        return iter(self._list())

    def __getitem__(self, index: Any) -> Any:
        return self._list()[index]

    def __eq__(self, other: object) -> bool:
        return self._list() == (other._list() if isinstance(other, _Items) else other)

    def __repr__(self) -> str:
        return repr(self._list())


# The stack that every stack stands on.
_NO_ITEMS: _Items[Any] = _Items(None, None)


class _ListVar:
    """A variable given by a program, which may have put a list there."""

    def __init__(self, var: ContextVar[Any]) -> None:
        self._var = var
        self.set = var.set

    def get(self, default: _Items[Any]) -> _Items[Any]:
        items = self._var.get(default)
        return items if type(items) is _Items else reduce(_Items, items, _NO_ITEMS)


class LocalStack(Generic[T]):
    """A stack: each thread, greenlet and task sees what it has pushed itself.

    Args:
        context_var: Where to keep the stack; by default a new variable.  A list found in it is
            taken for the items, oldest first.  A push leaves a sequence there that equals
            Werkzeug's list, but that nobody can change.

    Source: ``werkzeug.local.LocalStack``; on a ContextVar since Werkzeug 2.0.
    """

    __slots__ = ("_storage",)

    def __init__(self, context_var: ContextVar[list[T]] | None = None) -> None:
        self._storage: Any
        if context_var is None:
            self._storage = ContextVar(f"miniflask.LocalStack<{id(self)}>.storage")
        else:
            self._storage = _ListVar(context_var)

    def __release_local__(self) -> None:
        self._storage.set(_NO_ITEMS)

    def push(self, obj: T) -> Sequence[T]:
        """Put an item on top.

        Returns:
            All items, oldest first.
        """
        storage = self._storage
        items = _Items(storage.get(_NO_ITEMS), obj)
        storage.set(items)
        return items

    def pop(self) -> T | None:
        """Take the item on top off and return it; None when the stack is empty."""
        storage = self._storage
        items: _Items[T] = storage.get(_NO_ITEMS)
        if items.below is not None:
            storage.set(items.below)
        return items.top

    @property
    def top(self) -> T | None:
        """The item on top; None when the stack is empty."""
        items: _Items[T] = self._storage.get(_NO_ITEMS)
        return items.top

    def __call__(
        self, name: str | None = None, *, unbound_message: str | None = None
    ) -> LocalProxy[Any]:
        """Make a proxy of the item on top, or of an attribute of it."""
        return LocalProxy(self, name, unbound_message=unbound_message)


def release_local(local: Local | LocalStack[Any]) -> None:
    """Forget what this thread, greenlet or task has put into *local*.

    Source: ``werkzeug.local.release_local``, Werkzeug 0.6.1.
    """
    local.__release_local__()


class LocalManager:
    """Release several locals at once, say at the end of each request.

    Args:
        locals: A :class:`Local`, or an iterable of locals and stacks.

    Source: ``werkzeug.local.LocalManager``.
    """

    __slots__ = ("locals",)

    def __init__(
        self, locals: Local | LocalStack[Any] | Iterable[Local | LocalStack[Any]] | None = None
    ) -> None:
        self.locals: list[Local | LocalStack[Any]]
        if locals is None:
            self.locals = []
        elif isinstance(locals, Local):
            self.locals = [locals]
        else:
            # A single LocalStack is refused here, as it is by Werkzeug.
            self.locals = list(locals)  # type: ignore[arg-type]

    def cleanup(self) -> None:
        """Release every local for this thread, greenlet or task."""
        for local in self.locals:
            release_local(local)

    def make_middleware(self, app: WSGIApplication) -> WSGIApplication:
        """Wrap a WSGI application so that closing its response releases the locals."""

        def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            return _Closing(app(environ, start_response), self.cleanup)

        return application

    def middleware(self, func: WSGIApplication) -> WSGIApplication:
        """Do what :meth:`make_middleware` does, as a decorator."""
        return update_wrapper(self.make_middleware(func), func)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} storages: {len(self.locals)}>"


class _Closing:
    """The body of a response, with something to do after it is closed (PEP 3333).

    Not a generator: closing one that was never started runs nothing.
    """

    def __init__(self, body: Iterable[bytes], after: Callable[[], None]) -> None:
        self._iterator = iter(body)
        self._close = getattr(body, "close", None)
        self._after = after

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._iterator)

    def close(self) -> None:
        if self._close is not None:
            self._close()
        self._after()


class _Special:
    """A special method of a proxy: look the bound object up, then do the same to that.

    It is looked up when the method is, before the call; so ``with proxy:``, which looks up both
    its methods at the start, leaves the very object that it entered.

    Args:
        operation: What to call with the object; by default its attribute of this name is taken.
        unbound: Makes of an unbound proxy what to take, instead of raising.
        on_class: What the class itself shows under this name.
    """

    def __init__(
        self,
        operation: Callable[..., Any] | None = None,
        unbound: Callable[[Any], Any] | None = None,
        on_class: Any = None,
    ) -> None:
        self.operation = operation
        self.unbound = unbound
        self.on_class = self if on_class is None else on_class

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, proxy: Any, owner: type | None = None) -> Any:
        if proxy is None:
            return self.on_class
        try:
            obj = type(proxy)._get_current_object(proxy)
        except RuntimeError:
            if self.unbound is None:
                raise
            return self.unbound(proxy)
        if self.operation is None:
            return getattr(obj, self.name)
        return partial(self.operation, obj)

    # `copy.copy` and `contextlib.ExitStack` take methods from the class, and pass the proxy.
    def __call__(self, proxy: Any, /, *args: Any, **kwargs: Any) -> Any:
        return self.__get__(proxy)(*args, **kwargs)


class _InPlace(_Special):
    """An in-place operator: it changes the object, and the name stays bound to the proxy."""

    def __get__(self, proxy: Any, owner: type | None = None) -> Any:
        change = super().__get__(proxy, owner)
        return self if proxy is None else lambda other: (change(other), proxy)[1]


def _top_item(stack: LocalStack[T]) -> T:
    item = stack.top
    if item is None:
        raise LookupError
    return item


def _special(*operations: Callable[..., Any] | None) -> Iterator[Any]:
    return map(_Special, operations)


def _arithmetic(
    operation: Callable[..., Any], in_place: Callable[[Any, Any], Any] | None = None
) -> Iterator[Any]:
    yield _Special(operation)
    yield _Special(lambda obj, other: operation(other, obj))
    if in_place is not None:
        yield _InPlace(in_place)


class LocalProxy(Generic[T]):
    """Stand for whatever object a context local holds at the moment of use.

    What is done to the proxy is done to that object, and nothing is remembered from one use to
    the next.  ``isinstance(proxy, cls)`` asks the object, ``type(proxy)`` the proxy.  What a
    subclass defines comes before what the object has; it may override ``__getattr__``, but will
    find none in ``super()``.

    Args:
        local: Where the object is: a ContextVar, a :class:`Local`, a :class:`LocalStack` (the
            item on top), or a function that returns it.
        name: Take this attribute of what was found; dots lead further down.  A Local needs one.
        unbound_message: The words of the RuntimeError raised by a use while nothing is bound.

    Raises:
        TypeError: *local* is none of these.

    Source: ``werkzeug.local.LocalProxy`` of Werkzeug 3.1.
    """

    __slots__ = ("__lookup", "__wrapped")

    def __init__(
        self,
        local: ContextVar[T] | Local | LocalStack[T] | Callable[[], T],
        name: str | None = None,
        *,
        unbound_message: str | None = None,
    ) -> None:
        get: Callable[[], Any]
        attribute = None if name is None else attrgetter(name)
        # How `get` says that nothing is bound. A function has no such word: its errors are its own.
        unset: type[Exception] | tuple[()] = ()

        if isinstance(local, Local):
            if attribute is None:
                raise TypeError("'name' is required when proxying a 'Local' object.")
            get, attribute, unset = partial(attribute, local), None, AttributeError
        elif isinstance(local, LocalStack):
            get, unset = partial(_top_item, local), LookupError
        elif isinstance(local, ContextVar):
            get, unset = local.get, LookupError
        elif callable(local):
            get = local
        else:
            raise TypeError(f"Don't know how to proxy '{type(local)}'.")

        message = "object is not bound" if unbound_message is None else unbound_message
        # `self.x = y` would set it on the bound object.
        object.__setattr__(self, "_LocalProxy__wrapped", local)
        object.__setattr__(self, "_LocalProxy__lookup", (get, attribute, unset, message))

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # The short cuts below do not know what a subclass defines. It goes the long way, Python's
        # own, except where it has gone its own way already.
        if cls.__getattribute__ is LocalProxy.__getattribute__:
            cls.__getattribute__ = object.__getattribute__  # type: ignore[method-assign]  # as said
            for name, special in _LONG_WAY.items():
                if getattr(cls, name, None) is getattr(LocalProxy, name, None):
                    setattr(cls, name, special)

    def _get_current_object(self) -> T:
        """Return the object itself, say for something that no proxy can stand in for.

        Raises:
            RuntimeError: Nothing is bound.
        """
        get, attribute, unset, message = _lookup(self)
        try:
            obj: T = get()
        except unset:
            raise RuntimeError(message) from None
        return obj if attribute is None else attribute(obj)

    # Every `request.method` comes by here, so the look-up is written out once more. No
    # `__getattr__` stands beside it: a property that raises AttributeError would run again there.
    def __getattribute__(self, name: str) -> Any:
        if name in _OWN_NAMES:
            return _OWN[name](self)
        get, attribute, unset, message = _favourite_lookup if self is _favourite else _lookup(self)
        try:
            obj = get()
        except unset:
            raise RuntimeError(message) from None
        return getattr(obj if attribute is None else attribute(obj), name)

    # Short cuts for what is used the most: Python calls a plain function without binding it.

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(_current(self), name, value)

    def __getitem__(self, key: Any) -> Any:
        return _current(self)[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        _current(self)[key] = value

    def __contains__(self, item: Any) -> bool:
        return item in _current(self)

    def __iter__(self) -> Any:
        try:
            obj = _current(self)
        except Exception:
            # What Python makes of any error in looking `__iter__` up.
            raise TypeError(f"'{type(self).__name__}' object is not iterable") from None
        return iter(obj)

    # All the rest. To a type checker each is Any, since what the object has may be anything.

    __doc__: Any = _Special(unbound=lambda proxy: type(proxy).__doc__, on_class=__doc__)
    __wrapped__: Any = _Special(unbound=lambda proxy: proxy.__wrapped)
    __class__: Any = _Special(unbound=type)
    __repr__: Any = _Special(repr, lambda proxy: lambda: f"<{type(proxy).__name__} unbound>")
    __bool__: Any = _Special(bool, unbound=lambda proxy: bool)
    __dir__: Any = _Special(dir, unbound=lambda proxy: list)

    __str__, __bytes__, __hash__ = _special(str, bytes, hash)
    __delattr__, __delitem__ = _special(delattr, operator.delitem)
    __len__, __length_hint__ = _special(len, operator.length_hint)
    __next__, __reversed__ = _special(next, reversed)
    __copy__, __deepcopy__ = _special(copy.copy, copy.deepcopy)
    __call__: Any = _Special(lambda obj, /, *args, **kwargs: obj(*args, **kwargs))
    __instancecheck__: Any = _Special(lambda cls, obj: isinstance(obj, cls))
    __subclasscheck__: Any = _Special(lambda cls, other: issubclass(other, cls))
    __enter__, __exit__, __aenter__, __aexit__ = _special(None, None, None, None)
    __await__, __aiter__, __anext__, __format__ = _special(None, None, None, None)

    __lt__, __le__, __eq__ = _special(operator.lt, operator.le, operator.eq)
    __ne__, __gt__, __ge__ = _special(operator.ne, operator.gt, operator.ge)
    __neg__, __pos__, __invert__ = _special(operator.neg, operator.pos, operator.invert)
    __abs__, __round__, __index__ = _special(abs, round, operator.index)
    __int__, __float__, __complex__ = _special(int, float, complex)
    __trunc__, __floor__, __ceil__ = _special(math.trunc, math.floor, math.ceil)
    __add__, __radd__, __iadd__ = _arithmetic(operator.add, operator.iadd)
    __sub__, __rsub__, __isub__ = _arithmetic(operator.sub, operator.isub)
    __mul__, __rmul__, __imul__ = _arithmetic(operator.mul, operator.imul)
    __matmul__, __rmatmul__, __imatmul__ = _arithmetic(operator.matmul, operator.imatmul)
    __truediv__, __rtruediv__, __itruediv__ = _arithmetic(operator.truediv, operator.itruediv)
    __floordiv__, __rfloordiv__, __ifloordiv__ = _arithmetic(operator.floordiv, operator.ifloordiv)
    __mod__, __rmod__, __imod__ = _arithmetic(operator.mod, operator.imod)
    __lshift__, __rlshift__, __ilshift__ = _arithmetic(operator.lshift, operator.ilshift)
    __rshift__, __rrshift__, __irshift__ = _arithmetic(operator.rshift, operator.irshift)
    __and__, __rand__, __iand__ = _arithmetic(operator.and_, operator.iand)
    __xor__, __rxor__, __ixor__ = _arithmetic(operator.xor, operator.ixor)
    __or__, __ror__, __ior__ = _arithmetic(operator.or_, operator.ior)
    __pow__, __rpow__, __ipow__ = _arithmetic(pow, operator.ipow)
    __divmod__, __rdivmod__ = _arithmetic(divmod)


_current: Any = LocalProxy._get_current_object

# Reads the proxy's own slot, past `__getattribute__`.
_lookup: Any = vars(LocalProxy)["_LocalProxy__lookup"].__get__

_favourite: Any = None
_favourite_lookup: Any = None


def favour(proxy: Any) -> None:
    """Make one proxy quicker to look through than all others; the last one favoured is.

    To read a proxy's own slot past itself is a third of what such a look takes, so what the
    favourite has there is kept beside it.
    """
    global _favourite, _favourite_lookup
    _favourite_lookup, _favourite = _lookup(proxy), proxy


# The long way of each short cut: for subclasses, and for who asks a proxy for one by its name.
_LONG_WAY = {
    "__getattr__": _Special(getattr),
    "__setattr__": _Special(setattr),
    "__getitem__": _Special(operator.getitem),
    "__setitem__": _Special(operator.setitem),
    "__contains__": _Special(operator.contains),
    "__iter__": _Special(iter),
}


def _own(name: str) -> Callable[[Any], Any]:
    found = _LONG_WAY.get(name) or vars(LocalProxy).get(name)
    return getattr(found, "__get__", lambda proxy: object.__getattribute__(proxy, name))


# What the proxy answers itself; it asks the bound object for every other name.
_OWN = {name: _own(name) for name in (*dir(LocalProxy), *_LONG_WAY)}
_OWN_NAMES = frozenset(_OWN)
