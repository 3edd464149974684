"""Serve a login whose session lives in the cookie; FRAMEWORK names the framework to use."""

from __future__ import annotations

import importlib
import os
from typing import Any

fw: Any = importlib.import_module(os.environ["FRAMEWORK"])

app = fw.Flask(__name__)
app.secret_key = "shared by both processes"


@app.post("/login/<name>")
def login(name: str) -> Any:
    """Remember who it is, and what they did."""
    fw.session.permanent = True
    fw.session.update(user=name, visits=(os.environ["FRAMEWORK"],))
    fw.flash(f"Welcome, {name}")
    return "", 204


@app.get("/visit")
def visit() -> Any:
    """Add this process to the tuple of visits, and show the session."""
    fw.session["visits"] += (os.environ["FRAMEWORK"],)
    return {
        "user": fw.session["user"],
        "visits": fw.session["visits"],
        "kind": type(fw.session["visits"]).__name__,
        "flashed": fw.get_flashed_messages(),
    }


if __name__ == "__main__":
    app.run(port=0)
