"""The app context is made by the push, and only if it is needed.

Where:
    docs/lifecycle.rst, step 2

Says:
    Making a `RequestContext` "also creates an AppContext".

In fact:
    Making one makes no app context. `push` does, unless one of the same app is active already:
    then the request uses that one, with its `g`.
"""

from miniflask import Flask
from miniflask.ctx import AppContext

made = []


class CountedApp(Flask):
    def app_context(self):
        made.append(AppContext(self))
        return made[-1]


app = CountedApp("claim")

ctx = app.test_request_context()
print("request context made:", len(made))
with ctx:
    print("request context pushed:", len(made))

with app.app_context(), app.test_request_context():
    print("pushed within an app context:", len(made) - 1)
