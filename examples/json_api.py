"""An API in JSON, about plants and how often to water them, that tells its errors well.

What you see:
    Lists come in pages that link to each other, a new plant has a ``Location``, and each plant
    has an ``ETag``: with it a client asks whether anything is new, and makes sure that it changes
    what it has seen. Whatever goes wrong, the answer is a problem document (RFC 9457) with a type
    that programs can compare and words that people can read.

Run it:
    $ python examples/json_api.py
     * Serving Flask app 'json_api'
     * Debug mode: off

Expect, in another terminal:
    $ curl --json '{"name": "fern", "days": 3}' http://127.0.0.1:5000/plants
    {
      "days": 3,
      "name": "fern",
      "url": "/plants/1"
    }
    $ curl -so /dev/null -w '%{http_code}' -H 'If-None-Match: "0"' http://127.0.0.1:5000/plants/1
    200
    $ curl -so /dev/null -w '%{http_code}' -H 'If-None-Match: *' http://127.0.0.1:5000/plants/1
    304
    $ curl --json '{"name": "cactus", "days": 30}' http://127.0.0.1:5000/plants
    {
      "days": 30,
      "name": "cactus",
      "url": "/plants/2"
    }
    $ curl 'http://127.0.0.1:5000/plants?size=1'
    {
      "next": "/plants?page=2&size=1",
      "plants": [
        {
          "days": 3,
          "name": "fern",
          "url": "/plants/1"
        }
      ],
      "total": 2
    }
    $ curl --json '{"name": "", "days": 3, "colour": "red"}' http://127.0.0.1:5000/plants
    {
      "detail": "This is not a plant.",
      "errors": [
        {
          "detail": "has to be a text of 1 to 40 visible characters",
          "pointer": "/name"
        },
        {
          "detail": "is not known",
          "pointer": "/colour"
        }
      ],
      "instance": "/plants",
      "status": 422,
      "title": "Not valid",
      "type": "/problems/not-valid"
    }
    $ curl http://127.0.0.1:5000/problems/not-valid
    {
      "means": "What was sent has the wrong members or parameters; `errors` lists them all.",
      "status": 422,
      "title": "Not valid"
    }
    $ curl -X DELETE http://127.0.0.1:5000/plants
    {
      "detail": "The method is not allowed for the requested URL.",
      "instance": "/plants",
      "status": 405,
      "title": "Method Not Allowed",
      "type": "about:blank"
    }

In Flask:
    The same file with ``flask`` in place of ``miniflask`` in its imports answers the same.

Try:
    Get a plant with ``curl -i`` and note its ETag. Now PUT it twice, another number of days each
    time, with ``-H 'If-Match: "the ETag"'``. What is the second one told, and why is that good?
"""

import itertools
import os
import re
import threading

from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from miniflask import Flask, abort, jsonify, request, url_for
from miniflask.views import MethodView

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 10_000
app.json.compact = False


# ---- problems: a class for each type, that knows how it is told ----


class Problem(Exception):
    """What a client did, and can do better.

    Args:
        detail: What is wrong this time.
        **members: What else the document says.
    """

    status = 400

    def __init__(self, detail, **members):
        super().__init__(detail)
        self.detail = detail
        self.members = members

    @classmethod
    def slug(cls):
        """Return the last part of the type's URL: ``NotValid`` is ``not-valid``."""
        return re.sub(r"\B([A-Z])", r"-\1", cls.__name__).lower()

    @classmethod
    def title(cls):
        """Return the name of the type in words."""
        return cls.slug().replace("-", " ").capitalize()


class NoSuchPlant(Problem):
    """No plant has this number, or it was deleted."""

    status = 404


class NameTaken(Problem):
    """Another plant has this name; choose one that is free."""

    status = 409


class Outdated(Problem):
    """The plant is no longer what it was when you asked; ask again, and decide anew."""

    status = 412


class NotValid(Problem):
    """What was sent has the wrong members or parameters; `errors` lists them all."""

    status = 422


def document(status, title, detail, type="about:blank", **members):
    """Make the response for a problem."""
    response = jsonify(
        type=type, title=title, status=status, detail=detail, instance=request.path, **members
    )
    response.status_code = status
    response.mimetype = "application/problem+json"
    return response


@app.errorhandler(Problem)
def tell_problem(e):
    """Tell a problem of one of our types."""
    type_url = url_for("explain", slug=e.slug())
    return document(e.status, e.title(), e.detail, type_url, **e.members)


@app.errorhandler(HTTPException)
def tell_http_error(e):
    """Tell any other error: of these the status says enough, and the type stays blank."""
    response = document(e.code, HTTP_STATUS_CODES[e.code], e.description)
    # Such as Allow, with 405. What describes its page of HTML does not describe ours.
    response.headers.extend((k, v) for k, v in e.get_headers() if k != "Content-Type")
    return response


@app.get("/problems/<slug>")
def explain(slug):
    """Say what a type means, at the URL that stands for it."""
    for problem in Problem.__subclasses__():
        if problem.slug() == slug:
            return {"title": problem.title(), "status": problem.status, "means": problem.__doc__}
    abort(404)


# ---- what clients send ----


def is_name(value):
    """Tell whether a value can be a name."""
    return isinstance(value, str) and value.isprintable() and 1 <= len(value.strip()) <= 40


def is_days(value):
    """Tell whether a value can be a number of days; True is an int to Python, but not here."""
    return type(value) is int and 1 <= value <= 365


MEMBERS = {
    "name": (is_name, "a text of 1 to 40 visible characters"),
    "days": (is_days, "a whole number from 1 to 365"),
}


def read_plant():
    """Return the plant in the request's body.

    Raises:
        NotValid: It is none.
    """
    sent = request.get_json()
    if not isinstance(sent, dict):
        sent = {}
    plant = {member: sent.get(member) for member in ("name", "days")}
    errors = [
        {"pointer": f"/{member}", "detail": f"has to be {rule}"}
        for member, (is_valid, rule) in MEMBERS.items()
        if not is_valid(plant[member])
    ]
    for member in sorted(sent.keys() - plant.keys()):
        # A JSON Pointer (RFC 6901).
        pointer = "/" + member.replace("~", "~0").replace("/", "~1")
        errors.append({"pointer": pointer, "detail": "is not known"})
    if errors:
        raise NotValid("This is not a plant.", errors=errors)
    return plant


def read_number(parameter, default, largest):
    """Return a parameter that is a number from 1 up.

    Raises:
        NotValid: It is none.
    """
    text = request.args.get(parameter, str(default))
    if not re.fullmatch("[0-9]{1,6}", text) or not 1 <= int(text) <= largest:
        error = {"parameter": parameter, "detail": f"has to be a number from 1 to {largest}"}
        raise NotValid("This is not a page of the list.", errors=[error])
    return int(text)


# ---- the plants ----

plants = {}
numbers = itertools.count(1)
lock = threading.Lock()  # held from looking to changing


def find(number):
    """Return a plant.

    Raises:
        NoSuchPlant: There is none of that number.
    """
    if number not in plants:
        raise NoSuchPlant(f"There is no plant {number}.")
    return plants[number]


def keep(number, plant):
    """Put a plant where its number is.

    Raises:
        NameTaken: Another one is called the same.
    """
    for other, known in plants.items():
        if other != number and known["name"] == plant["name"]:
            owner = url_for("plant", number=other)
            raise NameTaken(f"There is a {plant['name']} already.", owner=owner)
    plants[number] = plant


def show(number):
    """Return a plant as clients see it."""
    return {**find(number), "url": url_for("plant", number=number)}


def respond(number):
    """Make the response that shows a plant, with an ETag: another one for each state of it."""
    response = jsonify(show(number))
    response.add_etag()
    return response


def expect_unchanged(number):
    """Hold the plant to the ``If-Match`` header, if there is one (RFC 9110, section 13.1.1).

    Raises:
        Outdated: The client means another state of the plant.
    """
    etag, _ = respond(number).get_etag()
    if request.if_match and not request.if_match.contains(etag):
        raise Outdated("Somebody has changed this plant.")


class PlantList(MethodView):
    """All plants."""

    def get(self):
        """List a page of plants, with links to the pages around it."""
        page, size = read_number("page", 1, 999_999), read_number("size", 10, 50)
        with lock:
            chosen = sorted(plants)[(page - 1) * size :][:size]
            answer = {"plants": [show(number) for number in chosen], "total": len(plants)}
        if page > 1:
            answer["previous"] = url_for("plants", page=page - 1, size=size)
        if page * size < answer["total"]:
            answer["next"] = url_for("plants", page=page + 1, size=size)
        return answer

    def post(self):
        """Add a plant."""
        plant = read_plant()
        with lock:
            number = next(numbers)
            keep(number, plant)
            response = respond(number)
        response.status_code = 201
        response.location = url_for("plant", number=number)
        return response


class OnePlant(MethodView):
    """One plant."""

    def get(self, number):
        """Show the plant, or say that it is still as the client knows it."""
        with lock:
            return respond(number).make_conditional(request)

    def put(self, number):
        """Replace the plant."""
        plant = read_plant()
        with lock:
            expect_unchanged(number)
            keep(number, plant)
            return respond(number)

    def delete(self, number):
        """Forget the plant."""
        with lock:
            expect_unchanged(number)
            del plants[number]
        return "", 204


app.add_url_rule("/plants", view_func=PlantList.as_view("plants"))
app.add_url_rule("/plants/<int:number>", view_func=OnePlant.as_view("plant"))


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "5000")))
