"""Werkzeug's request and response, with nothing computed before somebody asks for it.

Werkzeug reads a request out of its environment, and makes the headers of a response, as soon as
the object is made.  Most views look at two or three of these things, and some at none.  The
classes here are Werkzeug's own, and give the same answers to every question; only the time at
which an answer is worked out is another.  Where a program has replaced a part of such an object,
Werkzeug's code does the work.
"""

from __future__ import annotations

from .attribute import on_demand as on_demand
from .files import can_send as can_send
from .files import find_file as find_file
from .files import send_path as send_path
from .request import Request as Request
from .response import PAGES as PAGES
from .response import Response as Response
