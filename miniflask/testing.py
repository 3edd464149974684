"""Calling an application without a server.

Source: ``flask.testing``.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from copy import copy
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import werkzeug.test
from werkzeug.test import Client
from werkzeug.wrappers import Request as BaseRequest

from .sessions import SessionMixin

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.test import TestResponse

    from .app import Flask
    from .cli.testing import FlaskCliRunner as FlaskCliRunner
else:

    def __getattr__(name: str) -> Any:
        # A subclass of Click's runner: importing it imports Click.
        if name == "FlaskCliRunner":
            from .cli.testing import FlaskCliRunner

            return FlaskCliRunner
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class EnvironBuilder(werkzeug.test.EnvironBuilder):
    """Build the WSGI environment of a request, with defaults from the application's settings.

    Args:
        app: The application.
        path: The URL's path, or a whole URL.
        base_url: Scheme, host and root; from ``SERVER_NAME``, ``APPLICATION_ROOT`` and
            ``PREFERRED_URL_SCHEME`` without it.
        subdomain: Goes before ``SERVER_NAME``.
        url_scheme: In place of ``PREFERRED_URL_SCHEME``.
        *args: For ``werkzeug.test.EnvironBuilder``.
        **kwargs: Likewise.
    """

    def __init__(
        self,
        app: Flask,
        path: str = "/",
        base_url: str | None = None,
        subdomain: str | None = None,
        url_scheme: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        assert not (base_url or subdomain or url_scheme) or (
            (base_url is not None) != bool(subdomain or url_scheme)
        ), 'Cannot pass "subdomain" or "url_scheme" with "base_url".'
        if base_url is None:
            url = urlsplit(path)
            host = app.config.get("SERVER_NAME") or "localhost"
            if subdomain:
                host = f"{subdomain}.{host}"
            if url_scheme is None:
                url_scheme = app.config["PREFERRED_URL_SCHEME"]
            root = app.config["APPLICATION_ROOT"].lstrip("/")
            base_url = f"{url.scheme or url_scheme}://{url.netloc or host}/{root}"
            path = f"{url.path}?{url.query}" if url.query else url.path
        self.app = app
        super().__init__(path, base_url, *args, **kwargs)

    def json_dumps(self, obj: Any, **kwargs: Any) -> str:
        """Serialize the ``json`` argument as the application does JSON."""
        return self.app.json.dumps(obj, **kwargs)


@cache
def _user_agent() -> str:
    return f"Werkzeug/{importlib.metadata.version('werkzeug')}"


class FlaskClient(Client):
    """A client that calls the application as a server would.

    In a ``with`` statement the contexts of the last request stay pushed until the next request
    or the end of the block, so that a test can look at ``request``, ``session`` and ``g``.
    ``app.test_client()`` makes one.
    """

    application: Flask

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.preserve_context = False
        self._new_contexts: list[AbstractContextManager[Any]] = []
        self._context_stack = ExitStack()
        self.environ_base = {"REMOTE_ADDR": "127.0.0.1", "HTTP_USER_AGENT": _user_agent()}

    @contextmanager
    def session_transaction(self, *args: Any, **kwargs: Any) -> Iterator[SessionMixin]:
        """Open the client's session, and save what the block leaves in it.

        Args:
            *args: For ``Flask.test_request_context``: the request to open it for.
            **kwargs: Likewise.

        Raises:
            TypeError: The client keeps no cookies.
            RuntimeError: The session interface did not open a session.

        Source: Flask 0.8.
        """
        if self._cookies is None:
            raise TypeError("Cookies are disabled. Create a client with 'use_cookies=True'.")
        app = self.application
        ctx = app.test_request_context(*args, **kwargs)
        self._add_cookies_to_wsgi(ctx.request.environ)
        with ctx:
            session = app.session_interface.open_session(app, ctx.request)
        if session is None:
            raise RuntimeError("Session backend did not open a session.")
        yield session
        response = app.response_class()
        if app.session_interface.is_null_session(session):
            return
        with ctx:
            app.session_interface.save_session(app, session, response)
        self._update_cookies_from_response(
            ctx.request.host.partition(":")[0],
            ctx.request.path,
            response.headers.getlist("Set-Cookie"),
        )

    def _copy_environ(self, other: Mapping[str, Any]) -> WSGIEnvironment:
        environ = {**self.environ_base, **other}
        if self.preserve_context:
            environ["werkzeug.debug.preserve_context"] = self._new_contexts.append
        return environ

    def _request_from_builder_args(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> BaseRequest:
        kwargs["environ_base"] = self._copy_environ(kwargs.get("environ_base", {}))
        builder = EnvironBuilder(self.application, *args, **kwargs)
        try:
            return builder.get_request()
        finally:
            builder.close()

    def _request_from(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> BaseRequest:
        """Make the request to send of a builder, an environment, a request, or its parts."""
        first = args[0] if args else None
        if isinstance(first, werkzeug.test.EnvironBuilder):
            builder = copy(first)
            builder.environ_base = self._copy_environ(builder.environ_base or {})
            return builder.get_request()
        if isinstance(first, dict):
            return EnvironBuilder.from_environ(
                first, app=self.application, environ_base=self._copy_environ({})
            ).get_request()
        if isinstance(first, BaseRequest):
            request = copy(first)
            request.environ = self._copy_environ(request.environ)
            return request
        return self._request_from_builder_args(args, kwargs)

    def open(
        self,
        *args: Any,
        buffered: bool = False,
        follow_redirects: bool = False,
        **kwargs: Any,
    ) -> TestResponse:
        """Send a request.

        Args:
            *args: An environ builder, a WSGI environment, a request, or the arguments of
                :class:`EnvironBuilder` after the application.
            buffered: Read the whole response at once and close it.
            follow_redirects: Go on until a response is no redirect.
            **kwargs: For :class:`EnvironBuilder`.
        """
        request = self._request_from(args, kwargs)
        # The contexts of the request before, if they were kept.
        self._context_stack.close()
        response = super().open(request, buffered=buffered, follow_redirects=follow_redirects)
        response.json_module = self.application.json  # type: ignore[assignment]
        for context in self._new_contexts:
            self._context_stack.enter_context(context)
        self._new_contexts.clear()
        return response

    def __enter__(self) -> FlaskClient:
        if self.preserve_context:
            raise RuntimeError("Cannot nest client invocations")
        self.preserve_context = True
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.preserve_context = False
        self._context_stack.close()
