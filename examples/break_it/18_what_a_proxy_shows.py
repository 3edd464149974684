"""When can one tell a proxy from what it stands for?

Why:
    A proxy forwards operations, ``__class__`` among them, so ``isinstance`` and ``==`` are
    taken in. What Python asks of the type itself, or of the place in memory, is not forwarded:
    ``type``, ``is``, ``callable``. When it is unbound, nearly everything raises, also
    ``hasattr``, which forgives an AttributeError only; ``bool`` and ``repr`` do not.

Instead:
    Ask ``has_app_context()`` and ``has_request_context()``, not the proxy. Compare with ``==``,
    or unwrap with ``_get_current_object()``.

Never:
    bound, type: Flask
    bound, is: True
    bound, isinstance: False
    unbound, hasattr: False
    unbound, bool: RuntimeError
    unbound, callable: False
"""

from miniflask import Flask, current_app

trace = []
app = Flask("shop")

PROBES = {
    "isinstance": lambda: isinstance(current_app, Flask),
    "type": lambda: type(current_app).__name__,
    "==": lambda: current_app == app,
    "is": lambda: current_app is app,
    "callable": lambda: callable(current_app),
    "bool": lambda: bool(current_app),
    "repr": lambda: repr(current_app),
    "hasattr": lambda: hasattr(current_app, "name"),
}


def probe(when, *names):
    for name in names:
        try:
            trace.append(f"{when}, {name}: {PROBES[name]()}")
        except RuntimeError as e:
            trace.append(f"{when}, {name}: {type(e).__name__}")


with app.app_context():
    probe("bound", "isinstance", "type", "==", "is", "hasattr")
probe("unbound", "bool", "repr", "callable", "hasattr", "isinstance")

assert trace == [
    "bound, isinstance: True",
    "bound, type: LocalProxy",
    "bound, ==: True",
    "bound, is: False",
    "bound, hasattr: True",
    "unbound, bool: False",
    "unbound, repr: <LocalProxy unbound>",
    "unbound, callable: True",
    "unbound, hasattr: RuntimeError",
    "unbound, isinstance: False",
]
print(*trace, sep="\n")
