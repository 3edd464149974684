"""All URLs in one table, and views that are imported when somebody asks for them.

What you see:
    The table is the site at a glance; the views know nothing of their URLs. It names them by
    their import path, and a ``LazyView`` stands in for each: the first request that needs the
    module ``url_map_views`` imports it. Starting takes no longer when there are more views.

Run it:
    $ python examples/url_map.py
     * Serving Flask app 'url_map'
     * Debug mode: off

Expect, in another terminal:
    $ python -m miniflask --app examples/url_map.py routes
    Endpoint  Methods    Rule
    --------  ---------  --------------------
    add       GET        /add/<int:a>/<int:b>
    imported  GET        /imported
    index     GET        /
    person    GET, POST  /people/<name>
    $ curl http://127.0.0.1:5000/imported
    The views are not imported yet.
    $ curl http://127.0.0.1:5000/add/2/3
    2 + 3 = 5
    $ curl http://127.0.0.1:5000/imported
    The views are imported.
    $ curl http://127.0.0.1:5000/
    Add: /add/1/2
    Meet: /people/ann
    $ curl -d greeting=Welcome http://127.0.0.1:5000/people/ann
    Welcome, ann!

In Flask:
    The same file with ``flask`` in place of ``miniflask`` in its imports answers the same.

Try:
    Misspell a name in the table. When do you hear of it? What could check the whole table?
"""

import os
import sys
from functools import cached_property

from werkzeug.utils import import_string

from miniflask import Flask, current_app

app = Flask(__name__, static_folder=None)


class LazyView:
    """A view that is imported by its first call.

    Args:
        path: The module and the name of the view, as in ``package.module.view``.
    """

    def __init__(self, path):
        self.path = path
        # The endpoint, unless the table names one.
        self.__name__ = path.rpartition(".")[2]

    @cached_property
    def view(self):
        """The view itself."""
        return import_string(self.path)

    def __call__(self, **arguments):
        """Be the view; one that is ``async`` has to be run."""
        return current_app.ensure_sync(self.view)(**arguments)


def imported():
    """Say whether the module with the views has been needed."""
    state = "imported" if "url_map_views" in sys.modules else "not imported yet"
    return f"The views are {state}.\n"


URLS = [
    ("/", "url_map_views.index", ["GET"]),
    ("/imported", imported, ["GET"]),
    ("/add/<int:a>/<int:b>", "url_map_views.add", ["GET"]),
    ("/people/<name>", "url_map_views.person", ["GET", "POST"]),
]

for rule, view, methods in URLS:
    view_func = LazyView(view) if isinstance(view, str) else view
    app.add_url_rule(rule, view_func=view_func, methods=methods)


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "5000")))
