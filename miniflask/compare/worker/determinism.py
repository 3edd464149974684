"""A clock and a chance that are the same in both children.

A session cookie holds the second in which it was signed, a token holds random bytes.  Neither is
a difference between frameworks.  So the clock stands still while a request is handled, and the
next request comes one second later; and all chance starts from the number of the request.
"""

from __future__ import annotations

import datetime as module
import os
import random
import time
from datetime import date as _date
from datetime import datetime as _datetime
from datetime import timezone
from typing import Any

_gmtime, _localtime, _strftime = time.gmtime, time.localtime, time.strftime

#: What was put in place of a class -> that class.
ORIGINALS: dict[type, type] = {}


class Clock:
    """What time it is.

    Args:
        start: Seconds since the epoch, before the first request.
    """

    def __init__(self, start: int) -> None:
        self.start = self.now = start


def install(start: int) -> Clock:
    """Replace the clocks and the sources of chance of this process.

    Called before the framework is imported, which takes some of them by name.
    """
    clock = Clock(start)
    _stop_time(clock)
    _stop_datetime(clock)
    os.urandom = random.randbytes
    random._urandom = random.randbytes  # type: ignore[attr-defined]  # what SystemRandom reads
    return clock


def at_request(clock: Clock, number: int) -> None:
    """Be at the beginning of a request; 0 is the loading of the program."""
    clock.now = clock.start + number
    random.seed(number)


def _stop_time(clock: Clock) -> None:
    """Replace the functions of ``time`` that tell the time of day."""

    def patched(function: Any, argument: int) -> Any:
        def call(*args: Any) -> Any:
            if len(args) <= argument or args[argument] is None:
                args = (*args[:argument], clock.now if argument == 0 else _localtime(clock.now))
            return function(*args)

        return call

    time.time = lambda: float(clock.now)
    time.time_ns = lambda: clock.now * 1_000_000_000
    time.gmtime = patched(_gmtime, 0)
    time.localtime = patched(_localtime, 0)
    time.strftime = patched(_strftime, 1)


def _stop_datetime(clock: Clock) -> None:
    """Replace ``date`` and ``datetime`` by classes whose today and now are the clock's."""

    class Kind(type):
        """Count what other code made of the original classes as well."""

        def __instancecheck__(cls, instance: Any) -> bool:
            return type.__instancecheck__(ORIGINALS.get(cls, cls), instance)

        def __subclasscheck__(cls, subclass: type) -> bool:
            return type.__subclasscheck__(ORIGINALS.get(cls, cls), subclass)

    class date(_date, metaclass=Kind):
        @classmethod
        def today(cls) -> Any:
            return cls.fromtimestamp(clock.now)

    class datetime(_datetime, metaclass=Kind):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return cls.fromtimestamp(clock.now, tz)

        @classmethod
        def utcnow(cls) -> Any:
            return cls.fromtimestamp(clock.now, timezone.utc).replace(tzinfo=None)

        @classmethod
        def today(cls) -> Any:
            return cls.fromtimestamp(clock.now)

    ORIGINALS.update({date: _date, datetime: _datetime})
    for kind in (date, datetime):
        # Under the names by which they are pickled.
        kind.__module__, kind.__qualname__ = "datetime", kind.__name__
        setattr(module, kind.__name__, kind)
