"""The attribute that turns automatic OPTIONS off has another name.

Where:
    the docstring of `Scaffold.add_url_rule`

Says:
    A view's attribute `provide_automatic_methods` is the default.

In fact:
    Nothing reads that one. It is `provide_automatic_options`.
"""

from functools import partial

from miniflask import Flask

app = Flask("claim")


def view():
    return "answered"


for name in ("provide_automatic_methods", "provide_automatic_options"):
    function = partial(view)
    setattr(function, name, False)
    app.add_url_rule(f"/{name}", name, function)

for name in app.view_functions:
    if name != "static":
        print(name, app.test_client().options(f"/{name}").status_code)
