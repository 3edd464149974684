"""Read lately: a blog of the books that its readers have just finished.

What you see:
    A whole application in the usual shape: a factory, two blueprints, templates that extend one
    frame, a database that is opened when a request first needs it, and tests in ``tests/``. Open
    it in a browser: join, write down what you have read, change your mind, leave. What somebody
    may do is decided by each request anew, not by which buttons the page before it had.

Run it:
    $ python -m miniflask --app examples/blog init-db
    The journal is ready, with 0 notes.
    $ python -m miniflask --app examples/blog run
     * Serving Flask app 'examples/blog'
     * Debug mode: off

Expect, in another terminal:
    $ curl -so /dev/null -w '%{http_code} %{redirect_url}' http://127.0.0.1:5000/write
    302 http://127.0.0.1:5000/enter
    $ curl -so /dev/null -w '%{http_code}' http://127.0.0.1:5000/notes/1
    404
    $ curl -so /dev/null -w '%{http_code}' -d 'name=a&password=b' http://127.0.0.1:5000/join
    422
    $ curl -so /dev/null -w '%{http_code}' -X DELETE http://127.0.0.1:5000/write
    405

In Flask:
    ``python -m flask --app examples/blog run``, with ``flask`` in place of ``miniflask`` in the
    imports.

Try:
    Let each note have a list of those who want to read the book too. What does that need in
    ``schema.sql``, in a view, and in a template? What becomes of it when a note is deleted?
"""

import os
import secrets
from pathlib import Path

from werkzeug.exceptions import HTTPException

from miniflask import Flask, render_template

from . import auth, blog, db


def create_app(test_config=None):
    """Make the application.

    Args:
        test_config: The configuration, in place of that of this installation.
    """
    app = Flask(__name__, instance_relative_config=True)
    app.config.from_mapping(
        DATABASE=os.path.join(app.instance_path, "journal.sqlite"),
        NOTES_PER_PAGE=5,
        PASSWORD_HASH="scrypt",
        MAX_CONTENT_LENGTH=100_000,
        # Other sites cannot have a visitor's browser post a form here with the visitor's cookie.
        SESSION_COOKIE_SAMESITE="Lax",
    )
    if test_config is None:
        os.makedirs(app.instance_path, exist_ok=True)
        app.config["SECRET_KEY"] = own_key(Path(app.instance_path, "secret_key"))
        app.config.from_pyfile("settings.py", silent=True)
    else:
        app.config.from_mapping(test_config)
    db.set_up(app)
    app.register_blueprint(auth.bp)
    app.register_blueprint(blog.bp)
    app.register_error_handler(HTTPException, show_error)
    return app


def own_key(path):
    """Return the secret key of this installation; whoever comes first makes it."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(secrets.token_bytes())
    return path.read_bytes()


def show_error(e):
    """Show any error as a page of this site, with the headers that belong to the error."""
    response = e.get_response()
    response.data = render_template("error.html", error=e)
    return response
