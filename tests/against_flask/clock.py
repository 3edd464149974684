"""A clock that both frameworks read, and that stands still."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import flask.sessions
import itsdangerous.timed

import miniflask.deferred
import miniflask.sessions
import miniflask.signing


class Clock:
    """The time, as far as sessions know."""

    now = 1_700_000_000.0


class FrozenDatetime(dt.datetime):
    """A datetime class whose ``now`` is the clock's."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        """Return the clock's time."""
        return dt.datetime.fromtimestamp(Clock.now, tz)


@contextmanager
def stopped_clock() -> Iterator[None]:
    """Let both frameworks read the same clock."""
    clock = mock.Mock(time=lambda: Clock.now)
    with (
        mock.patch.object(itsdangerous.timed, "time", clock),
        mock.patch.object(miniflask.signing, "time", clock),
        mock.patch.object(miniflask.deferred, "time", clock),
        mock.patch.object(flask.sessions, "datetime", FrozenDatetime),
        mock.patch.object(miniflask.sessions, "datetime", FrozenDatetime),
    ):
        yield
