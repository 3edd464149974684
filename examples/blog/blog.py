"""The notes: everybody reads them, readers write them, and each changes only their own."""

from miniflask import (
    Blueprint,
    abort,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    url_for,
)

from .auth import login_required
from .db import get_db

bp = Blueprint("blog", __name__)

# The largest that SQLite can look for; beyond it a URL leads nowhere, as to any missing note.
NOTE = f"/notes/<int(max={2**63 - 1}):note_id>"

NOTES = "SELECT note.*, reader.name AS reader FROM note JOIN reader ON reader.id = reader_id"


@bp.app_template_filter("stars")
def draw_stars(count):
    """Draw so many stars out of five."""
    return "★" * count + "☆" * (5 - count)


@bp.get("/")
def shelf():
    """Show a page of notes, the newest first."""
    size = current_app.config["NOTES_PER_PAGE"]
    count = get_db().execute("SELECT count(*) FROM note").fetchone()[0]
    last = max(1, -(-count // size))
    page = request.args.get("page", 1, type=int)
    if not 1 <= page <= last:
        abort(404)
    query = f"{NOTES} ORDER BY note.id DESC LIMIT ? OFFSET ?"
    notes = get_db().execute(query, (size, (page - 1) * size)).fetchall()
    return render_template("shelf.html", notes=notes, page=page, last=last)


def find_note(note_id):
    """Return a note, or answer that there is none."""
    note = get_db().execute(f"{NOTES} WHERE note.id = ?", (note_id,)).fetchone()
    return note or abort(404, "There is no such note.")


def find_own_note(note_id):
    """Return a note of the reader who asks, or answer that it is somebody else's."""
    note = find_note(note_id)
    if note["reader_id"] != g.reader["id"]:
        abort(403, f"Only {note['reader']} can change this note.")
    return note


@bp.get(NOTE)
def note(note_id):
    """Show one note."""
    return render_template("note.html", note=find_note(note_id))


def read_form():
    """Return the note that a form holds, and what is wrong with it."""
    form = {
        "book": request.form["book"].strip(),
        "stars": request.form.get("stars", type=int),
        # Browsers end the lines of a text with both characters.
        "thoughts": request.form["thoughts"].replace("\r\n", "\n").strip(),
    }
    complaints = []
    if not 1 <= len(form["book"]) <= 200:
        complaints.append("Say which book it was, in up to 200 characters.")
    if form["stars"] not in range(1, 6):
        complaints.append("Give it one star to five.")
    if not form["thoughts"]:
        complaints.append("Say what you think of it.")
    return form, complaints


@bp.get("/write")
@login_required
def write():
    """Show an empty form."""
    return render_template("write.html", title="Write", note={})


@bp.post("/write")
@login_required
def add():
    """Add a note."""
    form, complaints = read_form()
    if complaints:
        return show_again("Write", form, complaints)
    with get_db() as db:
        added = db.execute(
            "INSERT INTO note (reader_id, book, stars, thoughts)"
            " VALUES (:reader_id, :book, :stars, :thoughts)",
            {**form, "reader_id": g.reader["id"]},
        )
    flash("It is on the shelf.", "done")
    return redirect(url_for("blog.note", note_id=added.lastrowid))


@bp.get(f"{NOTE}/change")
@login_required
def change(note_id):
    """Show a form with the note."""
    return render_template("write.html", title="Change", note=find_own_note(note_id))


@bp.post(f"{NOTE}/change")
@login_required
def save(note_id):
    """Change a note."""
    find_own_note(note_id)
    form, complaints = read_form()
    if complaints:
        return show_again("Change", form, complaints)
    with get_db() as db:
        db.execute(
            "UPDATE note SET book = :book, stars = :stars, thoughts = :thoughts WHERE id = :id",
            {**form, "id": note_id},
        )
    flash("It is changed.", "done")
    return redirect(url_for("blog.note", note_id=note_id))


def show_again(title, form, complaints):
    """Show a form as it was sent, and say what is wrong with it."""
    for complaint in complaints:
        flash(complaint, "error")
    return render_template("write.html", title=title, note=form), 422


@bp.post(f"{NOTE}/discard")
@login_required
def discard(note_id):
    """Delete a note."""
    find_own_note(note_id)
    with get_db() as db:
        db.execute("DELETE FROM note WHERE id = ?", (note_id,))
    flash("It is off the shelf.", "done")
    return redirect(url_for("blog.shelf"))
