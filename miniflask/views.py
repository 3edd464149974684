"""Views as classes.

Source: ``flask.views``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, ClassVar

from . import typing as ft
from .globals import current_app, request

http_method_funcs = frozenset(["get", "post", "head", "options", "delete", "put", "trace", "patch"])


class View:
    """A view whose :meth:`dispatch_request` answers; register it with :meth:`as_view`.

    Source: Flask 0.7.
    """

    #: The methods the view is registered for, unless the rule says otherwise.
    methods: ClassVar[Collection[str] | None] = None

    #: Whether OPTIONS is answered automatically, unless the rule says otherwise.
    provide_automatic_options: ClassVar[bool | None] = None

    #: Applied to the function that :meth:`as_view` returns, first to last.
    decorators: ClassVar[list[Callable[..., Any]]] = []

    #: Make an instance for each request; False keeps one, which then may hold no request's data.
    init_every_request: ClassVar[bool] = True

    def dispatch_request(self) -> ft.ResponseReturnValue:
        """Answer the request; a subclass defines this, with the rule's variables as keywords."""
        raise NotImplementedError()

    @classmethod
    def as_view(cls, name: str, *class_args: Any, **class_kwargs: Any) -> ft.RouteCallable:
        """Make a view function of the class.

        Args:
            name: The function's name, and so the endpoint's.
            *class_args: For the class, each time an instance is made.
            **class_kwargs: For the class, each time an instance is made.
        """
        if cls.init_every_request:

            def view(**kwargs: Any) -> ft.ResponseReturnValue:
                # Looked up on the function, where a program may have put another class.
                instance = made.view_class(*class_args, **class_kwargs)
                return current_app.ensure_sync(instance.dispatch_request)(**kwargs)  # type: ignore[no-any-return]

        else:
            instance = cls(*class_args, **class_kwargs)

            def view(**kwargs: Any) -> ft.ResponseReturnValue:
                return current_app.ensure_sync(instance.dispatch_request)(**kwargs)  # type: ignore[no-any-return]

        made: Any = view
        # Named before it is decorated as well: decorators copy what they find.
        made.__name__ = name
        made.__module__ = cls.__module__
        for decorator in cls.decorators or ():
            made = decorator(made)
        made.view_class = cls
        made.__name__ = name
        made.__doc__ = cls.__doc__
        made.__module__ = cls.__module__
        made.methods = cls.methods
        made.provide_automatic_options = cls.provide_automatic_options
        return made  # type: ignore[no-any-return]  # built up as Any


class MethodView(View):
    """A view with a method for each HTTP method: ``get``, ``post`` and so on.

    ``methods`` is found from what the class and its bases define.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "methods" in cls.__dict__:
            return
        inherited = {m for base in cls.__bases__ for m in getattr(base, "methods", None) or ()}
        methods = inherited | {name.upper() for name in http_method_funcs if hasattr(cls, name)}
        if methods:
            cls.methods = methods

    def dispatch_request(self, **kwargs: Any) -> ft.ResponseReturnValue:
        """Call the method that bears the request method's name; ``get`` answers HEAD as well."""
        method = getattr(self, request.method.lower(), None)
        if method is None and request.method == "HEAD":
            method = getattr(self, "get", None)
        assert method is not None, f"Unimplemented method {request.method!r}"
        return current_app.ensure_sync(method)(**kwargs)  # type: ignore[no-any-return]
