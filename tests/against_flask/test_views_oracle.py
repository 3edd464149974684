"""Views as classes, and views given elsewhere than at their URL, on both frameworks.

Source: ``flask.views``, and the patterns "Class-based Views" and "Lazily Loading Views" of
Flask's documentation.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cached_property, partial, wraps
from importlib import import_module
from typing import Any

import flask.views
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import miniflask.views
from tests.against_flask.harness import Run, Trace

Agree = Callable[..., Run]
Same = Callable[[Callable[[Any], Any]], Any]

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "UNKNOWN", "get")


def every_method(path: str = "/") -> list[tuple[str, str]]:
    """Return a request of every method."""
    return [(method, path) for method in METHODS]


def attributes(view: Any) -> Any:
    """Describe what ``as_view`` puts on the function."""
    methods = view.methods
    return [
        (view.__name__, view.__module__, view.__doc__, view.view_class.__name__),
        sorted(methods) if methods is not None else None,
        (type(methods).__name__, view.provide_automatic_options),
    ]


def one_view(make: Callable[[Any, Trace], Any], rule: str = "/", **options: Any) -> Any:
    """Return the factory of an app with the one view that *make* makes."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        view = make(fw, trace)
        trace("attributes", attributes(view))
        app.add_url_rule(rule, view_func=view, **options)
        for found in app.url_map.iter_rules():
            trace("rule", sorted(found.methods), found.endpoint, found.provide_automatic_options)
        return app

    return factory


# ---- View ----


def test_names_and_signatures_are_those_of_flask() -> None:
    """The module offers the same names, and their methods take the same arguments."""
    assert miniflask.views.http_method_funcs == flask.views.http_method_funcs
    for name in ("View", "MethodView"):
        ours, theirs = getattr(miniflask.views, name), getattr(flask.views, name)
        for attribute in ("as_view", "dispatch_request"):
            mine = inspect.signature(getattr(ours, attribute)).parameters.values()
            flasks = inspect.signature(getattr(theirs, attribute)).parameters.values()
            assert [(p.name, p.kind) for p in mine] == [(p.name, p.kind) for p in flasks]
        for attribute in (
            "methods",
            "provide_automatic_options",
            "decorators",
            "init_every_request",
        ):
            assert getattr(ours, attribute) == getattr(theirs, attribute)


@pytest.mark.parametrize("methods", [None, [], ["POST"], {"put"}, ("GET", "DELETE"), "POST"])
@pytest.mark.parametrize("automatic", [None, True, False])
def test_methods_of_a_view(same: Same, agree: Agree, methods: Any, automatic: Any) -> None:
    """The class says which methods it answers, and whether OPTIONS is automatic."""

    def make(fw: Any, trace: Trace) -> Any:
        class Index(fw.views.View):  # type: ignore[misc]
            """Say the method."""

            def dispatch_request(self) -> Any:
                trace("view")
                return str(fw.request.method)

        Index.methods = methods
        Index.provide_automatic_options = automatic
        return Index.as_view("index")

    if methods == "POST":
        same(lambda fw: one_view(make)(fw, Trace(fw)))
    else:
        agree(one_view(make), *every_method())


@pytest.mark.parametrize("methods", [None, ["PUT"], ["get", "OPTIONS"]])
@pytest.mark.parametrize("automatic", [None, True, False])
def test_a_rule_says_it_instead_of_the_class(agree: Agree, methods: Any, automatic: Any) -> None:
    """Methods and automatic options of the rule count before those of the view."""

    def make(fw: Any, trace: Trace) -> Any:
        class Index(fw.views.MethodView):  # type: ignore[misc]
            provide_automatic_options = False

            def get(self) -> str:
                return "got"

            def put(self) -> str:
                return "put"

        return Index.as_view("index")

    factory = one_view(make, methods=methods, provide_automatic_options=automatic)
    agree(factory, *every_method())


def test_a_view_without_an_answer(agree: Agree) -> None:
    """The base class itself raises NotImplementedError."""

    def make(fw: Any, trace: Trace) -> Any:
        class Bare(fw.views.View):  # type: ignore[misc]
            pass

        return Bare.as_view("bare")

    agree(one_view(make), "/")


def test_an_instance_for_each_request(agree: Agree) -> None:
    """By default each request has a new instance, made with the arguments of ``as_view``."""

    def make(fw: Any, trace: Trace) -> Any:
        class Counter(fw.views.View):  # type: ignore[misc]
            made = 0

            def __init__(self, *args: Any, **kwargs: Any) -> None:
                trace("__init__", args, kwargs)
                Counter.made += 1
                self.count = 0

            def dispatch_request(self, **kwargs: Any) -> Any:
                self.count += 1
                return [Counter.made, self.count, kwargs]

        return Counter.as_view("counter", 1, "two", three=3)

    run = agree(one_view(make, "/<int:n>"), "/1", "/2", "/3")

    assert [outcome.text for outcome in run.outcomes] == [
        '[1,1,{"n":1}]\n',
        '[2,1,{"n":2}]\n',
        '[3,1,{"n":3}]\n',
    ]


def test_one_instance_for_all_requests(agree: Agree) -> None:
    """With ``init_every_request = False`` the instance is made by ``as_view``."""

    def make(fw: Any, trace: Trace) -> Any:
        class Counter(fw.views.View):  # type: ignore[misc]
            init_every_request = False

            def __init__(self, start: int) -> None:
                trace("__init__", start)
                self.count = start

            def dispatch_request(self) -> Any:
                self.count += 1
                return [self.count]

        return Counter.as_view("counter", start=10)

    run = agree(one_view(make), "/", "/")

    assert run.labels[0] == "__init__"
    assert [outcome.text for outcome in run.outcomes] == ["[11]\n", "[12]\n"]


@pytest.mark.parametrize("every", [True, False])
def test_an_instance_that_cannot_be_made(same: Same, agree: Agree, every: bool) -> None:
    """Wrong arguments come to light at the first request, or at once for a single instance."""

    def make(fw: Any, trace: Trace) -> Any:
        class Index(fw.views.View):  # type: ignore[misc]
            init_every_request = every

            def __init__(self, needed: int) -> None:
                raise AssertionError

        return Index.as_view("index")

    if every:
        agree(one_view(make), "/")
    else:
        same(lambda fw: make(fw, Trace(fw)))


def tagged(trace: Trace, tag: str) -> Callable[[Any], Any]:
    """Make a decorator that records what it wraps and when it is called."""

    def decorate(view: Any) -> Any:
        trace(f"decorate {tag}", view.__name__, view.__module__, hasattr(view, "view_class"))

        @wraps(view)
        def decorated(*args: Any, **kwargs: Any) -> Any:
            trace(f"call {tag}")
            return view(*args, **kwargs)

        return decorated

    return decorate


@pytest.mark.parametrize("decorators", [[], ["a"], ["a", "b", "c"], None, ()])
@pytest.mark.parametrize("every", [True, False])
def test_decorators(agree: Agree, decorators: Any, every: bool) -> None:
    """Decorators are applied first to last, so that the last is the outermost."""

    def make(fw: Any, trace: Trace) -> Any:
        class Index(fw.views.View):  # type: ignore[misc]
            init_every_request = every

            def dispatch_request(self) -> str:
                trace("view")
                return "ok"

        names = decorators and [tagged(trace, name) for name in decorators]
        Index.decorators = names if decorators else decorators
        return Index.as_view("index")

    run = agree(one_view(make), "/")

    expected = [f"call {name}" for name in reversed(decorators or [])]
    assert run.labels[-len(expected) - 1 :] == [*expected, "view"]


def test_a_decorator_that_returns_something_else(same: Same) -> None:
    """What a decorator returns gets the name and the rest, or raises if it cannot."""

    class Callable_:
        def __init__(self, view: Any) -> None:
            self.view = view

        def __call__(self, **kwargs: Any) -> Any:
            return f"wrapped {self.view(**kwargs)}"

    def program(decorator: Any) -> Any:
        def run(fw: Any) -> Any:
            class Index(fw.views.View):  # type: ignore[misc]
                decorators = [decorator]

                def dispatch_request(self) -> str:
                    return "ok"

            app = fw.Flask("sample")
            view = Index.as_view("index")
            app.add_url_rule("/", view_func=view)
            return attributes(view), app.test_client().get("/").text

        return run

    assert same(program(Callable_))[1] == "wrapped ok"
    same(program(lambda view: None))
    same(program(lambda view: partial(view)))
    same(program(lambda view: "text"))


def test_the_class_may_be_swapped(agree: Agree) -> None:
    """The class is looked up on the view function at each request."""

    def factory(fw: Any, trace: Trace) -> Any:
        class One(fw.views.View):  # type: ignore[misc]
            def __init__(self, name: str) -> None:
                self.name = name

            def dispatch_request(self) -> str:
                return f"{type(self).__name__} {self.name}"

        class Two(One):
            pass

        class Kept(One):
            init_every_request = False

        app = fw.Flask("sample")
        views = {
            "plain": One.as_view("plain", "x"),
            "kept": Kept.as_view("kept", "x"),
        }
        One.decorators = [tagged(trace, "d")]
        views["decorated"] = One.as_view("decorated", "x")
        for name, view in views.items():
            app.add_url_rule(f"/{name}", view_func=view)

        def swap() -> str:
            for view in views.values():
                view.view_class = Two
            return "swapped"

        app.add_url_rule("/swap", "swap", swap)
        return app

    paths = ["/plain", "/kept", "/decorated"]
    run = agree(factory, *paths, "/swap", *paths)

    assert [outcome.text for outcome in run.outcomes] == [
        "One x",
        "Kept x",
        "One x",
        "swapped",
        "Two x",
        "Kept x",
        "Two x",
    ]


def test_as_view_and_dispatch_request_may_be_overridden(agree: Agree) -> None:
    """A subclass may wrap either; a metaclass and properties do not get in the way."""

    def make(fw: Any, trace: Trace) -> Any:
        class Meta(type):
            pass

        class Index(fw.views.MethodView, metaclass=Meta):  # type: ignore[misc]
            @cached_property
            def shared(self) -> int:
                trace("computed")
                return 7

            @classmethod
            def as_view(cls, name: str, *args: Any, **kwargs: Any) -> Any:
                trace("as_view", name)
                view = super().as_view(name.upper(), *args, **kwargs)
                view.extra = "kept"
                return view

            def dispatch_request(self, **kwargs: Any) -> Any:
                trace("dispatch_request", kwargs)
                return super().dispatch_request(**kwargs)

            def get(self, n: int) -> Any:
                return [n, self.shared, self.shared]

        return Index.as_view("index")

    agree(one_view(make, "/<int:n>"), "/4", ("POST", "/4"))


# ---- MethodView ----


def test_a_method_for_each_method(agree: Agree) -> None:
    """Each HTTP method calls the method of its name; GET answers HEAD if nothing else does."""

    def make(fw: Any, trace: Trace) -> Any:
        class Index(fw.views.MethodView):  # type: ignore[misc]
            def get(self, **kwargs: Any) -> Any:
                trace("get", kwargs)
                return "got"

            def delete(self, **kwargs: Any) -> Any:
                trace("delete", kwargs)
                return "", 204

            def trace(self) -> str:
                return "traced"

            def helper(self) -> str:
                return "no method"

        return Index.as_view("index")

    run = agree(one_view(make, "/<path:rest>"), *every_method("/a/b"))

    assert [outcome.code for outcome in run.outcomes[:5]] == [200, 200, 405, 405, 204]


METHOD_NAMES = ("get", "post", "head", "options", "put", "connect", "dispatch")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    classes=st.lists(
        st.fixed_dictionaries(
            {"defines": st.sets(st.sampled_from(METHOD_NAMES), max_size=3)},
            optional={
                "methods": st.sampled_from([None, [], ["GET"], {"POST", "get"}, ("PATCH",)]),
                "base": st.integers(0, 2),
                "plain": st.booleans(),
                "provide_automatic_options": st.sampled_from([None, True, False]),
            },
        ),
        min_size=1,
        max_size=4,
    )
)
def test_methods_are_inherited(agree: Agree, classes: Any) -> None:
    """Whatever a class defines, inherits or says of its methods, the same ones are answered."""

    def make(fw: Any, trace: Trace) -> Any:
        made: list[Any] = []
        for i, spec in enumerate(classes):
            body: dict[str, Any] = {
                name: lambda self, name=name, i=i: f"{name} of {i}" for name in spec["defines"]
            }
            for key in ("methods", "provide_automatic_options"):
                if key in spec:
                    body[key] = spec[key]
            last = () if spec.get("plain") else (fw.views.MethodView,)
            bases = list(dict.fromkeys([*reversed(made[spec.get("base", 9) :]), *last]))
            made.append(mixed(f"C{i}", bases, body, trace))
            trace(f"class {i}", methods_of(made[-1]))
        leaf = mixed("Leaf", [*reversed(made), fw.views.MethodView], {}, trace)
        trace("leaf", methods_of(leaf))
        return leaf.as_view("leaf")

    agree(one_view(make), *every_method())


def mixed(name: str, bases: list[Any], body: dict[str, Any], trace: Trace) -> Any:
    """Make a class of those bases that can stand beside each other."""
    bases = [base for base in bases if not any(base in b.__mro__[1:] for b in bases)]
    try:
        return type(name, tuple(bases), body)
    except TypeError:
        return type(name, tuple(bases[:1]), body)


def methods_of(cls: Any) -> Any:
    """Describe the methods of a class, which need not be a view."""
    methods = getattr(cls, "methods", "absent")
    return sorted(methods) if isinstance(methods, (set, list, tuple)) else methods


def test_methods_of_bases_are_united(fw: Any) -> None:
    """A class answers what it and its bases define, unless it says so itself."""

    class One(fw.views.MethodView):  # type: ignore[misc]
        def get(self) -> str:
            return "one"

    class Two(fw.views.MethodView):  # type: ignore[misc]
        def post(self) -> str:
            return "two"

    class Both(One, Two):
        def put(self) -> str:
            return "both"

    class Told(Both):
        methods: Any = ["GET"]

    class Below(Told):
        pass

    assert Both.methods == {"GET", "POST", "PUT"}
    assert Told.methods == ["GET"]
    assert Below.methods == {"GET", "POST", "PUT"}
    assert "methods" not in vars(type("Empty", (fw.views.MethodView,), {}))


def test_methods_added_too_late(agree: Agree) -> None:
    """Methods put on the class afterwards, or listed but not defined, are found as they are."""

    def make(fw: Any, trace: Trace) -> Any:
        class Index(fw.views.MethodView):  # type: ignore[misc]
            methods = ["GET", "POST", "HEAD", "OPTIONS", "PUT"]

            def get(self) -> str:
                return "got"

        Index.put = lambda self: "put late"
        Index.patch = lambda self: "never listed"
        return Index.as_view("index")

    agree(one_view(make), *every_method())


def test_keyword_arguments_of_the_class_statement(same: Same) -> None:
    """``__init_subclass__`` of a mixin still gets its arguments."""

    def program(fw: Any) -> Any:
        seen: list[Any] = []

        class Mixin:
            def __init_subclass__(cls, tag: str = "", **kwargs: Any) -> None:
                seen.append((cls.__name__, tag))
                super().__init_subclass__(**kwargs)

        class Index(fw.views.MethodView, Mixin, tag="x"):  # type: ignore[misc]
            def get(self) -> str:
                return ""

        return seen, sorted(Index.methods)

    assert same(program) == [[["Index", "x"]], ["GET"]]


# ---- coroutines ----


@pytest.mark.parametrize("every", [True, False])
def test_coroutine_methods(agree: Agree, every: bool) -> None:
    """``dispatch_request`` and the methods of a MethodView may be coroutine functions."""

    def factory(fw: Any, trace: Trace) -> Any:
        class Index(fw.views.View):  # type: ignore[misc]
            init_every_request = every
            methods = ["GET", "POST"]

            async def dispatch_request(self, n: int) -> Any:
                trace("dispatch_request", n)
                return [n, fw.request.method]

        class Methods(fw.views.MethodView):  # type: ignore[misc]
            init_every_request = every
            decorators = [tagged(trace, "d")]

            async def get(self, n: int) -> Any:
                trace("get", n)
                return {"n": n}

            def post(self, n: int) -> Any:
                trace("post", n)
                raise LookupError(n)

            async def put(self, n: int) -> Any:
                raise LookupError(n)

        app = fw.Flask("sample")
        app.add_url_rule("/v/<int:n>", view_func=Index.as_view("index"))
        app.add_url_rule("/m/<int:n>", view_func=Methods.as_view("methods"))
        app.register_error_handler(LookupError, trace.hook("handler", ("caught", 299)))
        return app

    agree(factory, "/v/1", ("POST", "/v/2"), *every_method("/m/3"))


# ---- views given elsewhere ----


class LazyView:
    """A view that is imported when it is first called, as Flask's documentation shows it."""

    def __init__(self, name: str) -> None:
        self.__module__, self.__name__ = name.rsplit(".", 1)
        self.name = name

    @cached_property
    def view(self) -> Any:
        return getattr(import_module(self.__module__), self.__name__)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.view(*args, **kwargs)


def test_a_central_url_map(agree: Agree) -> None:
    """All rules in one place, their views imported on the first call."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        bp = fw.Blueprint("bp", "sample", url_prefix="/bp")
        for place in (app, bp):
            place.add_url_rule("/dumps/<obj>", view_func=LazyView("json.dumps"))
            place.add_url_rule(
                "/title/<s>", endpoint="title", view_func=LazyView("string.capwords")
            )
            place.add_url_rule("/missing", view_func=LazyView("json.nothing"))
            place.add_url_rule("/module", view_func=LazyView("no_such_module.view"))
        app.register_blueprint(bp)
        trace("endpoints", sorted(app.view_functions))
        return app

    run = agree(
        factory,
        "/dumps/x",
        "/bp/dumps/x",
        "/title/two%20words",
        "/missing",
        "/bp/module",
        ("POST", "/dumps/x"),
        ("OPTIONS", "/dumps/x"),
    )

    assert [outcome.text for outcome in run.outcomes[:3]] == ['"x"', '"x"', "Two Words"]


def test_views_registered_for_endpoints(agree: Agree) -> None:
    """A rule may come without its view, and several rules may lead to one endpoint."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.add_url_rule("/a", endpoint="x")
        app.add_url_rule("/b", endpoint="x", methods=["POST"])
        app.add_url_rule("/c", endpoint="y")
        app.endpoint("x")(trace.hook("x", "x"))
        app.view_functions["z"] = trace.hook("z", "z")
        app.add_url_rule("/z", endpoint="z")
        return app

    agree(factory, "/a", ("POST", "/b"), "/b", "/c", "/z")


@pytest.mark.parametrize(
    "attribute",
    [
        {"methods": ["PUT"]},
        {"methods": None},
        {"methods": []},
        {"methods": frozenset({"get"})},
        {"methods": "POST"},
        {"required_methods": ["DELETE"]},
        {"required_methods": ["OPTIONS"]},
        {"required_methods": "PUT"},
        {"methods": ["OPTIONS"]},
        {"provide_automatic_options": False},
        {"provide_automatic_options": True, "methods": ["OPTIONS"]},
        {"provide_automatic_methods": False},
    ],
    ids=str,
)
@pytest.mark.parametrize("automatic", [True, False])
def test_attributes_of_a_view_function(
    agree: Agree, same: Same, attribute: Any, automatic: bool
) -> None:
    """``methods``, ``required_methods`` and ``provide_automatic_options`` of a view count."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample", static_folder=None)
        app.config["PROVIDE_AUTOMATIC_OPTIONS"] = automatic
        view = trace.hook("view", "ok")
        for name, value in attribute.items():
            setattr(view, name, value)
        app.add_url_rule("/", "index", view)
        app.add_url_rule("/told", "told", view, methods=["PATCH"])
        for rule in app.url_map.iter_rules():
            trace("rule", sorted(rule.methods), rule.provide_automatic_options)
        return app

    if attribute.get("methods") == "POST":
        same(lambda fw: factory(fw, Trace(fw)))
    else:
        agree(factory, *every_method(), *every_method("/told"))


@pytest.mark.parametrize("methods", ["GET", b"GET", [1], 5, [None], ["GET", "get"], [""], ["A B"]])
def test_methods_that_are_no_methods(same: Same, methods: Any) -> None:
    """A string for the methods is refused with advice, other things as they fail."""

    def program(fw: Any) -> Any:
        app = fw.Flask("sample", static_folder=None)
        app.add_url_rule("/", "index", lambda: "", methods=methods)
        return [sorted(rule.methods) for rule in app.url_map.iter_rules()]

    same(program)


def test_an_endpoint_has_one_view(same: Same) -> None:
    """A second view for an endpoint is refused, the same one is not."""

    def program(fw: Any) -> Any:
        class Index(fw.views.View):  # type: ignore[misc]
            pass

        app = fw.Flask("sample")
        view = Index.as_view("index")
        app.add_url_rule("/", view_func=view)
        app.add_url_rule("/again", view_func=view)
        app.add_url_rule("/other", view_func=Index.as_view("index"))

    assert same(program) == (
        "AssertionError",
        "View function mapping is overwriting an existing endpoint function: index",
    )
