"""What does ``url_for`` know outside of a request, and what does ``SERVER_NAME`` change?

Why:
    In a request, the scheme and host come from the request. Outside there is only the
    configuration: without ``SERVER_NAME`` no URL can be built, with it URLs have the host in
    them. Up to Flask 3.0 a request for another host got a 404 once ``SERVER_NAME`` was set.
    Since 3.1 it is answered, unless the app matches subdomains.

Instead:
    Set ``SERVER_NAME`` (and ``PREFERRED_URL_SCHEME``) where mails and scripts build links, and
    ``TRUSTED_HOSTS`` to say which hosts are answered.

Never:
    script, nothing set: /page
    script, SERVER_NAME set: /page
    another host: 404
    another host, subdomain_matching: 200
"""

import warnings

from miniflask import Flask, url_for

trace = []


def make_app(**options):
    app = Flask("shop", **options)

    @app.get("/page")
    def page():
        return url_for("page")

    return app


def build(where, app):
    with app.app_context():
        try:
            trace.append(f"{where}: {url_for('page')}")
        except RuntimeError as e:
            trace.append(f"{where}: {type(e).__name__}")


def ask(what, app):
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        response = app.test_client().get("/page", base_url="http://elsewhere.example")
    trace.append(f"{what}: {response.status_code}{' and a warning' if warned else ''}")


app = make_app()
trace.append(f"view: {app.test_client().get('/page').text}")
build("script, nothing set", app)
app.config["SERVER_NAME"] = "shop.example"
build("script, SERVER_NAME set", app)
ask("another host", app)
app = make_app(subdomain_matching=True)
app.config["SERVER_NAME"] = "shop.example"
ask("another host, subdomain_matching", app)

assert trace == [
    "view: /page",
    "script, nothing set: RuntimeError",
    "script, SERVER_NAME set: http://shop.example/page",
    "another host: 200",
    "another host, subdomain_matching: 404 and a warning",
]
print(*trace, sep="\n")
