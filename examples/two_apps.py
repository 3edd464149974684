"""Two apps in one program, one inside the other, and no server.

What you see:
    A table: at each step, which app ``current_app`` stands for, what its ``g`` holds, and which
    request there is. A ``with`` block changes what the names mean inside it, and its end brings
    back what they meant before. ``price`` takes no app as an argument: it asks for the current.

Run it:
    $ python examples/two_apps.py

Expect:
    step                              app   g        request
    before anything                   -     -        -
    in the shop                       shop  {}       -
    a price there is 3 EUR            shop  {'n': 1} -
      in the bank, within the shop    bank  {}       -
      a price there is 3 JPY          bank  {'n': 1} -
    back in the shop                  shop  {'n': 1} -
    the shop's context ends           shop  {'n': 1} -
    after all                         -     -        -
    a request to the shop             shop  {}       /basket
      in the bank, meanwhile          bank  {}       /basket
      the bank is asked               bank  {}       /pay/3
      it answered: 3 JPY paid         shop  {}       /basket
    the shop's context ends           shop  {}       -
    after all                         -     -        -
    current_app, read after all: Working outside of application context.

In Flask:
    The same file with ``flask`` in place of ``miniflask`` in its imports prints the same.

Try:
    "in the bank, meanwhile" shows the bank next to a request that was made to the shop. Ask for
    ``url_for("pay", amount=3)`` there. Which app's rules does it look at, and why?
"""

from miniflask import Flask, current_app, g, has_app_context, has_request_context, request

shop = Flask("shop")
shop.config["CURRENCY"] = "EUR"

bank = Flask("bank")
bank.config["CURRENCY"] = "JPY"


def look(step):
    """Print what the names stand for at this moment."""
    app, noted, path = "-", "-", "-"
    if has_app_context():
        app, noted = current_app.name, str({name: g.get(name) for name in g})
    if has_request_context():
        path = request.path
    print(f"{step:<34}{app:<6}{noted:<9}{path}")


def price(number):
    """Say a price in the money of whichever app is the current one, and count that on its g."""
    g.n = g.get("n", 0) + 1
    return f"{number} {current_app.config['CURRENCY']}"


@shop.teardown_appcontext
def closing(exc):
    """Show the last moment of each of the shop's app contexts."""
    look("the shop's context ends")


@bank.get("/pay/<int:amount>")
def pay(amount):
    """Take money."""
    look("  the bank is asked")
    return f"{price(amount)} paid"


def app_contexts():
    """Push the context of one app while that of the other is there."""
    look("before anything")
    with shop.app_context():
        look("in the shop")
        look(f"a price there is {price(3)}")
        with bank.app_context():
            look("  in the bank, within the shop")
            look(f"  a price there is {price(3)}")
        look("back in the shop")
    look("after all")


def requests():
    """Have one app ask the other, as a test client does, in the middle of a request."""
    with shop.test_request_context("/basket"):
        look("a request to the shop")
        with bank.app_context():
            look("  in the bank, meanwhile")
        answer = bank.test_client().get("/pay/3", buffered=True).text
        look(f"  it answered: {answer}")
    look("after all")


def outside():
    """Read a proxy that stands for nothing."""
    try:
        current_app.name  # noqa: B018  # reading it is the point
    except RuntimeError as e:
        print(f"current_app, read after all: {str(e).splitlines()[0]}")


if __name__ == "__main__":
    print(f"{'step':<34}{'app':<6}{'g':<9}request")
    app_contexts()
    requests()
    outside()
