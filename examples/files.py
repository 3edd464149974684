"""A shelf for files: put one there, see what is there, fetch it or a part of it, throw it away.

What you see:
    A browser shows a page with a form. What visitors send is not trusted: the name of a file is
    reduced to a plain one, only some kinds are taken, nothing is larger than 1 MB, nothing is
    overwritten, and no path leads out of ``instance/uploads``. What is fetched is always saved
    by the browser, never opened as a page of this site.

Run it:
    $ python examples/files.py
     * Serving Flask app 'files'
     * Debug mode: off

Expect, in another terminal:
    $ curl -F 'file=one two three;filename=My notes.txt' http://127.0.0.1:5000/files
    My_notes.txt is here now.
    $ curl -F 'file=four;filename=../../My notes.txt' http://127.0.0.1:5000/files
    409: There is a My_notes.txt already.
    $ curl -F 'file=MZ;filename=game.exe' http://127.0.0.1:5000/files
    415: Only these kinds are taken: csv, pdf, png, txt.
    $ curl http://127.0.0.1:5000/files
    13 My_notes.txt
    $ curl http://127.0.0.1:5000/files/My_notes.txt
    one two three
    $ curl -r 4-6 http://127.0.0.1:5000/files/My_notes.txt
    two
    $ curl -so /dev/null -w '%{http_code}' --path-as-is http://127.0.0.1:5000/files/../files.py
    404
    $ curl -X DELETE http://127.0.0.1:5000/files/My_notes.txt
    My_notes.txt is gone.

In Flask:
    The same file with ``flask`` in place of ``miniflask`` in its imports answers the same.

Try:
    Fetch with ``curl -i -r 4-``, then with ``-r 99-``. Which statuses are these, and what do the
    headers say? How would you go on with a download that broke off?
"""

import os
from pathlib import Path

from werkzeug.exceptions import HTTPException
from werkzeug.utils import secure_filename

from miniflask import (
    Flask,
    abort,
    redirect,
    render_template_string,
    request,
    send_from_directory,
    url_for,
)

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 1_000_000

UPLOADS = Path(app.instance_path, "uploads")
UPLOADS.mkdir(parents=True, exist_ok=True)
KINDS = {".csv", ".pdf", ".png", ".txt"}

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Files</title>
<h1>Files</h1>
<form action="{{ url_for('upload') }}" method="post" enctype="multipart/form-data">
  <input type="file" name="file" accept="{{ kinds|join(',') }}" required> <button>Put here</button>
</form>
<ul>
{%- for size, name in files %}
<li><form action="{{ url_for('delete', name=name) }}" method="post">
  <a href="{{ url_for('download', name=name) }}">{{ name }}</a> {{ size|filesizeformat }}
  <button>Throw away</button></form>
{%- else %}
<li>Nothing is here yet.
{%- endfor %}
</ul>
"""


def list_files():
    """Return the size and the name of each file, by name."""
    return [(file.stat().st_size, file.name) for file in sorted(UPLOADS.iterdir())]


def plain_name(sent):
    """Make of what a visitor calls a file a name that is safe here, or refuse it."""
    name = secure_filename(sent)
    if not name or len(name) > 100:
        abort(400, "This name cannot be used.")
    if Path(name).suffix.lower() not in KINDS:
        abort(415, f"Only these kinds are taken: {', '.join(sorted(k[1:] for k in KINDS))}.")
    return name


def done(text, status):
    """Answer a browser with the page, and a program with a line of text."""
    if request.accept_mimetypes.best_match(["text/plain", "text/html"]) == "text/html":
        return redirect(url_for("index"), 303)
    return text + "\n", status, {"Content-Type": "text/plain; charset=utf-8"}


@app.get("/")
def index():
    """Show the page."""
    return render_template_string(PAGE, files=list_files(), kinds=sorted(KINDS))


@app.get("/files")
def listing():
    """List the files, one a line."""
    lines = "".join(f"{size} {name}\n" for size, name in list_files())
    return lines, {"Content-Type": "text/plain; charset=utf-8"}


@app.post("/files")
def upload():
    """Take a file, unless there is one of its name."""
    file = request.files["file"]
    name = plain_name(file.filename)
    try:
        # To look first and write then would let two visitors find the name free.
        with open(UPLOADS / name, "xb") as target:
            file.save(target)
    except FileExistsError:
        abort(409, f"There is a {name} already.")
    return done(f"{name} is here now.", 201)


@app.get("/files/<path:name>")
def download(name):
    """Send a file, or those bytes of it that the ``Range`` header names."""
    return send_from_directory(UPLOADS, name, as_attachment=True)


@app.delete("/files/<name>", endpoint="delete_file")
@app.post("/files/<name>/delete")
def delete(name):
    """Throw a file away; a browser's form can only ask for it by POST."""
    if name != secure_filename(name):
        abort(404)
    try:
        (UPLOADS / name).unlink()
    except FileNotFoundError:
        abort(404)
    return done(f"{name} is gone.", 200)


@app.after_request
def do_not_guess(response):
    """Keep browsers from taking a file for something else than its name says."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@app.errorhandler(HTTPException)
def refused(e):
    """Say in one line what is wrong; the headers are the error's own."""
    response = e.get_response()
    response.data = f"{e.code}: {e.description}\n"
    response.content_type = "text/plain; charset=utf-8"
    return response


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "5000")))
