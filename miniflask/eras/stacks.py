"""The framework on the eras of the two stacks: 0.1, 1.1 and 2.1.

``_request_ctx_stack`` and ``_app_ctx_stack`` are the only truth.  What the framework's code takes
for its two ContextVars looks at them.  A context may be *preserved*: left on its stack after the
request, for the debugger or a test to look at, until the next request is pushed.

Source: ``flask.ctx`` and ``flask.globals`` of Flask 1.1.4 and 2.1.3; ``flask.py`` of 0.1.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from .. import app, ctx, globals, helpers
from . import load

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# Word for word those of Flask 1.1 and 2.1.
_app_ctx_err_msg = """\
Working outside of application context.

This typically means that you attempted to use functionality that needed
to interface with the current application object in some way. To solve
this, set up an application context with app.app_context().  See the
documentation for more information."""
_request_ctx_err_msg = """\
Working outside of request context.

This typically means that you attempted to use functionality that needed
an active HTTP request.  Consult the documentation on testing for
information about how to avoid this problem."""

# Made by start(): of the era's class.
_app_ctx_stack: Any
_request_ctx_stack: Any


def _request_context() -> Any:
    top = _request_ctx_stack.top
    if top is None:
        raise RuntimeError(_request_ctx_err_msg)
    return top


def _app_context() -> Any:
    top = _app_ctx_stack.top
    if top is None:
        raise RuntimeError(_app_ctx_err_msg)
    return top


def _lookup_req_object(name: str) -> Any:
    """Read an attribute of the request context on top of its stack.

    Raises:
        RuntimeError: The stack is empty.
    """
    return getattr(_request_context(), name)


def _lookup_app_object(name: str) -> Any:
    """Read an attribute of the app context on top of its stack.

    Raises:
        RuntimeError: The stack is empty.
    """
    return getattr(_app_context(), name)


def _find_app() -> Any:
    """Return the application of the app context on top of its stack.

    Raises:
        RuntimeError: The stack is empty.
    """
    return _lookup_app_object("app")


class _Unbound(RuntimeError, AttributeError):
    """What 0.1 raised was an AttributeError; proxies are False by a RuntimeError."""


def _lookup_as_in_0_1(name: str) -> Any:
    try:
        return _lookup_req_object(name)
    except RuntimeError:
        raise _Unbound(f"'NoneType' object has no attribute {name!r}") from None


class _StackVar:
    """A stack where the framework expects a ContextVar: each set pushes, each reset pops."""

    def __init__(self, stack: Any) -> None:
        self._stack = stack

    def get(self, *default: Any) -> Any:
        """Return the context on top, or *default*.

        Raises:
            LookupError: The stack is empty, and there is no default.
        """
        top = self._stack.top
        if top is None and not default:
            raise LookupError(self)
        return default[0] if top is None else top

    def set(self, context: Any) -> Any:
        """Push; returns what stands for the token."""
        self._stack.push(context)
        return context

    def reset(self, token: Any) -> None:
        """Pop whatever is on top."""
        self._stack.pop()


class RequestContext(ctx.RequestContext):
    """A request context that can be preserved.

    Source: ``flask.ctx.RequestContext``, Flask 0.4 to 2.1.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.preserved = False
        self._preserved_exc: BaseException | None = None

    @property
    def _implicit_app_ctx_stack(self) -> list[Any]:
        """The app context that each push brought along, or None for it."""
        return [app_ctx for _, app_ctx in self._cv_tokens]

    @property
    def g(self) -> Any:
        """The globals of the app context; Flask 2.1 deprecated to take them from here."""
        return _app_ctx_stack.top.g

    @g.setter
    def g(self, value: Any) -> None:
        _app_ctx_stack.top.g = value

    def push(self) -> None:
        """Pop the context that was preserved, if there is one, and push this one."""
        top = _request_ctx_stack.top
        if top is not None and top.preserved:
            top.pop(top._preserved_exc)
        super().push()

    def pop(self, exc: BaseException | None = ctx._sentinel) -> None:
        """Undo one push; the last one runs the teardown hooks."""
        if len(self._cv_tokens) == 1:
            self.preserved, self._preserved_exc = False, None
        super().pop(exc)

    def auto_pop(self, exc: BaseException | None) -> None:
        """Pop after a request, or preserve the context if the environ or an error says so."""
        if self.request.environ.get("flask._preserve_context") or (
            exc is not None and self.app.preserve_context_on_exception  # type: ignore[attr-defined]
        ):
            self.preserved, self._preserved_exc = True, exc
        else:
            self.pop(exc)

    def __exit__(self, exc_type: Any, exc_value: BaseException | None, tb: Any) -> None:
        self.auto_pop(exc_value)


class RequestContext21(RequestContext):
    """A request context that warns of what Flask 2.1 deprecated."""

    @property
    def g(self) -> Any:
        """The globals of the app context, with a warning."""
        self._warn_of_g("Accessing", "Access `g` directly or fromthe application context instead.")
        return _app_ctx_stack.top.g

    @g.setter
    def g(self, value: Any) -> None:
        self._warn_of_g("Setting", "Set it on the application context instead.")
        _app_ctx_stack.top.g = value

    @staticmethod
    def _warn_of_g(what: str, instead: str) -> None:
        message = (
            f"{what} 'g' on the request context is deprecated and will be removed in Flask 2.2."
            f" {instead}"
        )
        warnings.warn(message, DeprecationWarning, stacklevel=3)


class RequestContext01(RequestContext):
    """The only context there was: every request has a ``g`` of its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._app_contexts: list[ctx.AppContext] = []

    def push(self) -> None:
        """Push, with an app context that nobody shares."""
        self._app_contexts.append(self.app.app_context())
        self._app_contexts[-1].push()
        super().push()

    def pop(self, exc: BaseException | None = ctx._sentinel) -> None:
        """Pop whatever is on top, unasked."""
        top = _request_ctx_stack.top
        if top is not None and top is not self:
            top.pop(exc)
            return
        try:
            super().pop(exc)
        finally:
            self._app_contexts.pop().pop(exc)

    def auto_pop(self, exc: BaseException | None) -> None:
        """Pop, unless there was an error in debug mode: then the context stays for good."""
        if exc is None or not self.app.debug:
            self.pop(exc)


class Flask(app.Flask):
    """An application whose requests may leave their context behind."""

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; at its end the context decides whether it is popped.

        Source: ``Flask.wsgi_app`` of Flask 0.7 to 2.1.
        """
        context: Any = self.request_context(environ)
        error: BaseException | None = None
        try:
            try:
                context.push()
                response = self.full_dispatch_request()
            except Exception as e:
                error = e
                response = self.handle_exception(e)
            except BaseException as e:
                error = e
                raise
            return response(environ, start_response)
        finally:
            if self.should_ignore_error(error):
                error = None
            try:
                context.auto_pop(error)
            finally:
                del error  # as in the framework's own: its traceback holds this frame


def _iterate_in_context(gen: Any) -> Iterator[Any]:
    """Push the context again at once, and pop it when the stream has ended.

    Source: ``stream_with_context`` from Flask 0.9 to 3.1.1.
    """
    context = _request_ctx_stack.top
    if context is None:
        raise RuntimeError(
            "Attempted to stream with context but there was no context in the first place to"
            " keep around."
        )
    with context:
        yield None
        try:
            yield from gen
        finally:
            if hasattr(gen, "close"):
                gen.close()


def pairs(era: str) -> list[tuple[Any, Any]]:
    """Make the stacks; list what the framework has, each with what the era has in its place."""
    module = load(era)
    global _app_ctx_stack, _request_ctx_stack
    # 0.1 had one stack; its app contexts are what later code needs.
    stack_class = module.LocalStack
    _app_ctx_stack, _request_ctx_stack = stack_class(), stack_class()

    contexts = {"0.1": RequestContext01, "1.1": RequestContext, "2.1": RequestContext21}
    contexts[era].__name__ = "RequestContext"
    of_request: Callable[[str], Any] = _lookup_as_in_0_1 if era == "0.1" else _lookup_req_object
    proxy = module.LocalProxy
    return [
        (globals._cv_app, _StackVar(_app_ctx_stack)),
        (globals._cv_request, _StackVar(_request_ctx_stack)),
        (globals._no_app_msg, _app_ctx_err_msg),
        (globals._no_req_msg, _request_ctx_err_msg),
        (globals._app_ctx_stack, _app_ctx_stack),
        (globals._request_ctx_stack, _request_ctx_stack),
        (globals._lookup_req_object, _lookup_req_object),
        (globals.app_ctx, proxy(_app_context)),
        (globals.request_ctx, proxy(_request_context)),
        (globals.current_app, proxy(_find_app)),
        (globals.g, proxy(partial(_lookup_app_object, "g"))),
        (globals.request, proxy(partial(of_request, "request"))),
        (globals.session, proxy(partial(of_request, "session"))),
        (ctx.RequestContext, contexts[era]),
        (helpers._iterate_in_context, _iterate_in_context),
    ]
