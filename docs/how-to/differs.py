"""A program that finds out which framework it runs on, which no program should."""

import flask

app = flask.Flask(__name__, static_folder=None)


@app.get("/hello")
def hello():
    """Greet somebody in the name of the framework, or everybody in nobody's."""
    name = flask.request.args.get("name")
    return f"{flask.__name__} says hello to {name}.\n" if name else "Hello!\n"
