"""What does a thread get when it is given ``current_app``?

Why:
    It gets the proxy, which holds nothing and asks its ContextVar anew at each use. In a thread
    without a context it is unbound; in one that works for another app it is that app.
    ``_get_current_object()`` asks once, and returns what it finds.

Instead:
    Hand over ``current_app._get_current_object()``. The same goes for the sender of a signal,
    and for ``g``, ``request`` and ``session``.

Never:
    the proxy, in a thread: shop
    the proxy, in a thread of the bank: shop
    the object, in a thread of the bank: bank
"""

import threading

from miniflask import Flask, current_app

trace = []
shop, bank = Flask("shop"), Flask("bank")


def in_thread(function, *args):
    thread = threading.Thread(target=function, args=args)
    thread.start()
    thread.join()


def ask(what, app):
    trace.append(f"{what}: {app.name if app else 'unbound'}")


def ask_in_the_bank(what, app):
    with bank.app_context():
        ask(what, app)


with shop.app_context():
    ask("the proxy", current_app)
    in_thread(ask, "the proxy, in a thread", current_app)
    in_thread(ask_in_the_bank, "the proxy, in a thread of the bank", current_app)
    itself = current_app._get_current_object()
    in_thread(ask, "the object, in a thread", itself)
    in_thread(ask_in_the_bank, "the object, in a thread of the bank", itself)

assert trace == [
    "the proxy: shop",
    "the proxy, in a thread: unbound",
    "the proxy, in a thread of the bank: bank",
    "the object, in a thread: shop",
    "the object, in a thread of the bank: shop",
]
print(*trace, sep="\n")
