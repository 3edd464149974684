"""Why is there a stack of contexts, and why two kinds?

Why:
    One app may call another in the middle of a request, or itself. Each push sets a ContextVar
    and keeps the token with which the pop brings back what was there: the tokens are the
    stack. App and request have a variable each, since a script needs an app but has no request.
    That is why a bare app context of the bank stands beside a request made to the shop.

Instead:
    Where code may run in the context of another app, pass what it needs as an argument.

Never:
    in the bank's app context: bank /pay
    after the bank's answer: bank /pay
    after the blocks: shop /basket
"""

from miniflask import Flask, current_app, has_app_context, has_request_context, request

trace = []
shop, bank = Flask("shop"), Flask("bank")


def look(where):
    app = current_app.name if has_app_context() else "no app"
    path = request.path if has_request_context() else "no request"
    trace.append(f"{where}: {app} {path}")


@bank.get("/pay")
def pay():
    look("in the bank's view")
    return "paid"


with shop.test_request_context("/basket"):
    look("in the shop")
    with bank.app_context():
        look("in the bank's app context")
    bank.test_client().get("/pay")
    look("after the bank's answer")
with shop.app_context():
    look("in a script of the shop")
look("after the blocks")

assert trace == [
    "in the shop: shop /basket",
    "in the bank's app context: bank /basket",
    "in the bank's view: bank /pay",
    "after the bank's answer: shop /basket",
    "in a script of the shop: shop no request",
    "after the blocks: no app no request",
]
print(*trace, sep="\n")
