"""`current_app` is an instance of the proxy's class, too.

Where:
    the comment of a review tool that "corrected" working code

Says:
    `isinstance(current_app, LocalProxy)` is False, since the proxy stands for an app.

In fact:
    It is True, and so is `isinstance(current_app, Flask)`: the check looks at the type first,
    and at `__class__` after that.
"""

from miniflask import Flask, current_app

LocalProxy = type(current_app)

with Flask("claim").app_context():
    print(LocalProxy.__name__, isinstance(current_app, LocalProxy))
    print(Flask.__name__, isinstance(current_app, Flask))
