"""Who is there: join, enter, leave, and the decorator for views that need somebody."""

import sqlite3
from functools import wraps

from werkzeug.security import check_password_hash, generate_password_hash

from miniflask import (
    Blueprint,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)

from .db import get_db

bp = Blueprint("auth", __name__)


@bp.before_app_request
def load_logged_in_user():
    """Put the reader that the session names on ``g``, or None, before any view."""
    g.reader = None
    if "reader_id" in session:
        query = "SELECT id, name FROM reader WHERE id = ?"
        g.reader = get_db().execute(query, (session["reader_id"],)).fetchone()


def login_required(view):
    """Send visitors to the door who have not entered, and later on to where they wanted."""

    @wraps(view)
    def guarded(**arguments):
        if g.reader is not None:
            return view(**arguments)
        if request.method == "GET":
            # In the signed session, not in the URL: nobody else can say where it leads.
            session["wanted"] = url_for(request.endpoint, **arguments)
        flash("Please enter first.", "error")
        return redirect(url_for("auth.enter"))

    return guarded


@bp.get("/join")
def join():
    """Ask a new reader for a name and a password."""
    return render_template("door.html", title="Join")


@bp.post("/join")
def join_as():
    """Make an account, unless the name is taken or something is missing."""
    name, password = request.form["name"].strip(), request.form["password"]
    complaint = None
    if not (2 <= len(name) <= 30 and name.isprintable()):
        complaint = "A name has 2 to 30 characters."
    elif len(password) < 8:
        complaint = "A password has at least 8 characters."
    elif not add_reader(name, password):
        complaint = f"Somebody is called {name} already."
    if complaint:
        flash(complaint, "error")
        return render_template("door.html", title="Join", name=name), 422
    flash(f"Welcome, {name}. Now enter.", "done")
    return redirect(url_for("auth.enter"))


def add_reader(name, password):
    """Add an account, and tell whether the name was free."""
    password_hash = generate_password_hash(password, current_app.config["PASSWORD_HASH"])
    try:
        with get_db() as db:
            db.execute(
                "INSERT INTO reader (name, password_hash) VALUES (?, ?)", (name, password_hash)
            )
    except sqlite3.IntegrityError:
        return False
    return True


@bp.get("/enter")
def enter():
    """Ask a reader for name and password."""
    return render_template("door.html", title="Enter")


@bp.post("/enter")
def enter_as():
    """Begin a session as the reader whose name and password these are."""
    name, password = request.form["name"].strip(), request.form["password"]
    reader = get_db().execute("SELECT * FROM reader WHERE name = ?", (name,)).fetchone()
    if reader is None or not check_password_hash(reader["password_hash"], password):
        # Not saying which of the two: that would tell strangers who has an account.
        flash("This is not a name with its password.", "error")
        return render_template("door.html", title="Enter", name=name), 403
    wanted = session.get("wanted", url_for("blog.shelf"))
    # A new session: nothing that was in the browser before is taken over.
    session.clear()
    session["reader_id"] = reader["id"]
    return redirect(wanted)


@bp.post("/leave")
def leave():
    """End the session."""
    session.clear()
    flash("Come back soon.", "done")
    return redirect(url_for("blog.shelf"))
