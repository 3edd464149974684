"""The views of ``url_map.py``.  None of them says what its URL is."""

from markupsafe import escape

from miniflask import request, url_for


def index():
    """List some URLs: ``url_for`` finds them in the table, by the names of the views."""
    return f"Add: {url_for('add', a=1, b=2)}\nMeet: {url_for('person', name='ann')}\n"


def add(a, b):
    """Add two numbers."""
    return f"{a} + {b} = {a + b}\n"


def person(name):
    """Greet somebody, in the words of the form if one was sent."""
    return f"{escape(request.form.get('greeting', 'Hello'))}, {escape(name)}!\n"
