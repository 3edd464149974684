"""The route map against Werkzeug's: the same rules and the same questions, put to both.

Which rule does this path match, where does it redirect, which URL has this endpoint: every answer
has to be the same, down to an exception's words.
"""

from __future__ import annotations

import inspect
import re
import warnings
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from werkzeug.test import create_environ

from tests.against_flask.route_maps import (
    BOTH,
    ENDPOINTS,
    NAMES,
    OURS,
    PIECES,
    THEIRS,
    VALUES,
    Question,
    RuleData,
    answer,
    bindings,
    describe_rule,
    make_map,
    make_rule,
    map_options,
    matching,
    outcome,
    paths_near,
    questions,
    rules,
)


def ask_both(adapters: list[Any], question: Question) -> None:
    """Put a question to both packages, and compare the answers."""
    ours, theirs = (answer(adapter, question) for adapter in adapters)
    note(f"{question}: {ours} / {theirs}")
    assert ours == theirs


def compare(data: st.DataObject, packages: tuple[ModuleType, ModuleType]) -> None:
    """Compare a map of ours with one of Werkzeug's, each with rules of the package given for it."""
    options = data.draw(map_options, "map")
    maps = [make_map(module, **options) for module in BOTH]
    known: list[RuleData] = []
    for _ in range(data.draw(st.integers(1, 2), "rounds")):
        for rule in data.draw(st.lists(rules(), min_size=1, max_size=8), "rules"):
            made = [make_rule(module, rule) for module in packages]
            ours, theirs = (outcome(lambda: url_map.add(one)) for url_map, one in zip(maps, made))
            assert ours == theirs
            known.append(rule)
        binding = data.draw(bindings(known, maps[0].host_matching), "bind")
        adapters = [outcome(lambda: url_map.bind(**binding)) for url_map in maps]
        if isinstance(adapters[1], list):
            assert adapters[0] == adapters[1]
            continue
        for question in data.draw(st.lists(questions(known), min_size=1, max_size=12), "ask"):
            ask_both(adapters, question)
    ours, theirs = ([describe_rule(rule) for rule in one.iter_rules()] for one in maps)
    assert ours == theirs


@given(st.data())
def test_every_answer_is_werkzeugs(data: st.DataObject) -> None:
    """Adding, matching, redirecting and building come to the same, with rules added in between."""
    compare(data, BOTH)


@given(st.data())
def test_werkzeugs_own_rules_do_in_our_map_what_they_do_in_theirs(data: st.DataObject) -> None:
    """A map of ours that was given rules of Werkzeug's class answers as Werkzeug does."""
    compare(data, (THEIRS, THEIRS))


@given(st.data())
def test_our_rules_do_in_werkzeugs_map_what_they_do_in_ours(data: st.DataObject) -> None:
    """A map of Werkzeug's class can be given rules of ours."""
    compare(data, (OURS, OURS))


class EitherPackage:
    """Makes rules of one package and of the other in turns."""

    def __init__(self) -> None:
        self.made = 0

    def Rule(self, *args: Any, **kwargs: Any) -> Any:
        self.made += 1
        return BOTH[self.made % 2].Rule(*args, **kwargs)


@given(st.data())
def test_rules_of_both_packages_live_in_one_map(data: st.DataObject) -> None:
    """Rules of Werkzeug's class and of ours share states, and take the turns they always took."""
    compare(data, (EitherPackage(), THEIRS))  # type: ignore[arg-type]  # it has what it takes


@st.composite
def siblings(draw: st.DrawFn) -> list[RuleData]:
    """Write many rules that differ around one variable."""
    variables = st.sampled_from(["<{}>", "<int:{}>", "<path:{}>", "<string(length=2):{}>"])
    text = st.sampled_from(["", "", "a", "b", "-a", "-b", "ab", "b.a", "-", "/a", "/b-", "/"])
    head = st.sampled_from(["", "", "a", "ab", "b-", "a.", "-"])
    texts = draw(st.lists(st.tuples(head, variables, text), min_size=9, max_size=25))
    prefix = draw(st.sampled_from(["/", "/a/", "/<two>/"]))
    return [
        RuleData(prefix + before + variable.format("one") + after, {"endpoint": f"e{number}"})
        for number, (before, variable, after) in enumerate(texts)
    ]


@given(siblings(), st.data())
def test_many_siblings_are_told_apart_as_by_werkzeug(
    crowd: list[RuleData], data: st.DataObject
) -> None:
    """Rules that differ only around their variable, in any number, are found in the same order."""
    adapters = [
        module.Map([make_rule(module, rule) for rule in crowd]).bind("localhost") for module in BOTH
    ]
    pieces = st.lists(st.sampled_from(["a", "b", "-", "ab", "/", "7", ".", "é"]), max_size=6)
    near = st.one_of([paths_near(rule) for rule in crowd[:3]])
    paths = st.one_of(near, pieces.map(lambda found: "/" + "".join(found)))
    for path in data.draw(st.lists(paths, min_size=1, max_size=8), "paths"):
        ask_both(adapters, Question("match", {"path_info": path, "return_rule": True}))


# ---- the short cuts ----


@given(st.data())
def test_short_cuts_find_what_the_search_finds(data: st.DataObject) -> None:
    """A map whose hosts are unknown to the walk, so that it searches each time, answers the same.

    So does the map by path and method alone, unless it says that it cannot tell.
    """
    options = data.draw(map_options, "map")
    known = data.draw(st.lists(rules(), min_size=1, max_size=8), "rules")
    url_map, searching = make_map(OURS, **options), make_map(OURS, **options)
    searching._matcher.sites = DarkSites()
    for rule in known:
        for one in (url_map, searching):
            outcome(lambda: one.add(make_rule(OURS, rule)))
    binding = data.draw(bindings(known, url_map.host_matching), "bind")
    adapters = [outcome(lambda: one.bind(**binding)) for one in (url_map, searching)]
    if isinstance(adapters[0], list):
        return
    for _ in range(6):
        arguments = data.draw(matching(known, "match"), "ask")
        short, long = (answer(adapter, Question("match", arguments)) for adapter in adapters)
        assert short == long

        environ = create_environ(method="GET", base_url="http://localhost")
        path = environ["PATH_INFO"] = arguments["path_info"].encode().decode("latin1")
        by_path = outcome(lambda: url_map.find(environ))
        if by_path is not None and not url_map.host_matching:
            plain = searching.bind("localhost")
            text = path.encode("latin1").decode()
            assert by_path == outcome(lambda: plain.match(text, "GET", return_rule=True))


class DarkSites(dict[str, Any]):
    """A dict of sites in which none is ever found."""

    def get(self, key: str, default: Any = None) -> Any:
        return default


@given(st.data())
def test_short_cuts_build_what_the_long_way_builds(data: st.DataObject) -> None:
    """Building in one step comes to the same as building in five."""
    known = data.draw(st.lists(rules(), min_size=1, max_size=4), "rules")
    url_map = make_map(OURS, **data.draw(map_options, "map"))
    for rule in known:
        outcome(lambda: url_map.add(make_rule(OURS, rule)))
    adapter = outcome(
        lambda: url_map.bind(**data.draw(bindings(known, url_map.host_matching), "bind"))
    )
    if isinstance(adapter, list):
        return
    values = st.dictionaries(st.sampled_from([*NAMES, "q"]), st.sampled_from(VALUES), max_size=4)
    for endpoint in ENDPOINTS:
        arguments = {"endpoint": endpoint, "values": data.draw(values, "values")}
        short = outcome(lambda: adapter.build(**arguments))
        kept, url_map._simple_builders = url_map._simple_builders, {}
        long = outcome(lambda: adapter.build(**arguments))
        url_map._simple_builders = kept
        assert short == long


# ---- environments ----

hosts = st.sampled_from(
    [
        *["localhost", "localhost:80", "localhost:443", "Example.COM", "www.example.com"],
        *["a.b.example.com:5000", "example.com.", "..example.com", "bücher.example", "[::1]:80"],
        *["", "bad host", "a..b", "a..example.com", "x" * 70 + ".example.com", "example.com:8080"],
    ]
)


@st.composite
def environs(draw: st.DrawFn) -> dict[str, Any]:
    """Write a WSGI environment, as odd as servers and clients make them."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": draw(st.sampled_from(["GET", "POST"])),
        "wsgi.url_scheme": draw(st.sampled_from(["http", "https"])),
    }
    optional: dict[str, st.SearchStrategy[Any]] = {
        "HTTP_HOST": hosts,
        "SERVER_NAME": st.sampled_from(["localhost", "example.com", "::1", "/run/socket"]),
        "SERVER_PORT": st.sampled_from(["80", "443", "5000", "", "x"]),
        "SCRIPT_NAME": st.sampled_from(["", "/app", "/app/", "/\xc3\xa9"]),
        "PATH_INFO": st.sampled_from(["", "/", "/a", "//a", "/\xc3\xa9", "/\xff", "a"]),
        "QUERY_STRING": st.sampled_from(["", "q=1", "q=\xc3\xa9"]),
        "HTTP_UPGRADE": st.sampled_from(["websocket", "WebSocket", "h2c"]),
        "HTTP_CONNECTION": st.sampled_from(["upgrade", "Upgrade, x", "keep-alive,\tUPGRADE ", ""]),
    }
    for key in draw(st.sets(st.sampled_from(sorted(optional)))):
        environ[key] = draw(optional[key])
    return environ


@given(
    environs(),
    st.one_of(st.none(), hosts),
    st.sampled_from([None, None, "", "www"]),
    st.fixed_dictionaries({}, optional={"host_matching": st.just(True)}),
)
def test_an_environment_is_read_as_werkzeug_reads_it(
    environ: dict[str, Any], server_name: str | None, subdomain: str | None, options: dict[str, Any]
) -> None:
    """Host, subdomain, scheme, method, path and query of the adapter, and any warning, agree."""

    def bind(module: ModuleType) -> Any:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            adapter = module.Map(**options).bind_to_environ(environ, server_name, subdomain)
        seen = {key: value for key, value in vars(adapter).items() if key != "map"}
        return seen, [(str(w.message), w.filename) for w in caught]

    ours, theirs = (outcome(lambda: bind(module)) for module in BOTH)

    assert ours == theirs


@pytest.mark.parametrize("wrong", [None, "environ", 1])
def test_what_is_no_environment_is_refused_in_werkzeugs_words(wrong: Any) -> None:
    """An AssertionError names the type of what was passed."""
    ours, theirs = (outcome(lambda: module.Map().bind_to_environ(wrong)) for module in BOTH)

    assert ours == theirs
    assert ours[0] == "AssertionError"


def test_a_request_does_in_place_of_its_environment() -> None:
    """What has an ``environ`` is asked for it."""

    class Request:
        environ = create_environ("/a")

    ours, theirs = (module.Map().bind_to_environ(Request).path_info for module in BOTH)

    assert ours == theirs == "/a"


# ---- converters, arguments, rules ----


@given(st.text("ab1,. =_'\"()ruT-\n", max_size=14))
def test_converter_arguments_are_read_as_werkzeug_reads_them(text: str) -> None:
    """Any text between a converter's parentheses gives the same arguments or the same error."""
    ours, theirs = (outcome(lambda: module.parse_converter_args(text)) for module in BOTH)

    assert ours == theirs


@given(
    st.lists(
        st.sampled_from(
            [
                *["1", "0", "-1", "2.5", "1e3", "True", "None", "nan", "1_000", "'a b'", '"a,b"'],
                *["a", "length", "min", " max", "= 1", "=2", ",", ", ", "1,2", "u'x'", ".", "x.y"],
            ]
        ),
        max_size=8,
    ).map("".join)
)
def test_sensible_converter_arguments_are_read_as_werkzeug_reads_them(text: str) -> None:
    """Numbers, constants, names and quoted texts come out as the same Python values."""
    ours, theirs = (outcome(lambda: module.parse_converter_args(text)) for module in BOTH)

    assert repr(ours) == repr(theirs)


CONVERTERS: list[tuple[str, dict[str, Any]]] = [
    ("UnicodeConverter", {}),
    ("UnicodeConverter", {"length": 3}),
    ("UnicodeConverter", {"minlength": 2, "maxlength": 4}),
    ("UnicodeConverter", {"length": "x"}),
    ("AnyConverter", {}),
    ("PathConverter", {}),
    ("IntegerConverter", {}),
    ("IntegerConverter", {"fixed_digits": 3, "min": 2, "max": 50}),
    ("IntegerConverter", {"signed": True}),
    ("FloatConverter", {}),
    ("FloatConverter", {"min": -1.5, "max": 2, "signed": True}),
    ("FloatConverter", {"fixed_digits": 2}),
    ("UUIDConverter", {}),
    ("BaseConverter", {"anything": "goes"}),
]


@pytest.mark.parametrize(("name", "options"), CONVERTERS)
def test_converters_look_the_same(name: str, options: dict[str, Any]) -> None:
    """Pattern, weight, isolation and whatever else a converter keeps are Werkzeug's."""

    def look(module: ModuleType) -> Any:
        converter = getattr(module, name)(None, **options)
        static = {key: getattr(converter, key) for key in ("weight", "part_isolating")}
        if name != "UUIDConverter":
            static["regex"] = converter.regex
        return vars(converter) | static

    ours, theirs = (outcome(lambda: look(module)) for module in BOTH)

    assert ours == theirs


@pytest.mark.parametrize(("name", "options"), CONVERTERS)
def test_converters_fit_and_convert_the_same(name: str, options: dict[str, Any]) -> None:
    """Which texts fit, what they become, and what values are written as, are Werkzeug's."""

    def convert(module: ModuleType) -> Any:
        converter = getattr(module, name)(None, **options)
        fits = [bool(re.fullmatch(converter.regex, piece)) for piece in PIECES]
        read = [outcome(lambda: converter.to_python(piece)) for piece in PIECES]
        written = [outcome(lambda: converter.to_url(value)) for value in [*VALUES, *PIECES]]
        return fits, read, written

    ours, theirs = (outcome(lambda: convert(module)) for module in BOTH)

    assert ours == theirs


def test_any_converter_lists_its_items_when_it_refuses() -> None:
    """A value that is none of the items is refused with all of them, sorted."""
    ours, theirs = (
        outcome(lambda: module.AnyConverter(None, "b", "a b", "c").to_url("x")) for module in BOTH
    )

    assert ours == theirs
    assert ours[:2] == ["ValueError", "'x' is not one of 'a b', 'b', 'c'"]


@pytest.mark.parametrize("regex", ["[^/]+", "a/b", "[^/]{2}", ".*", "a|b/"])
@pytest.mark.parametrize("own", [None, True, False])
def test_a_slash_in_the_regex_of_a_subclass_makes_it_swallow_slashes(
    regex: str, own: bool | None
) -> None:
    """Unless the subclass decides ``part_isolating`` itself, the regex does, as in Werkzeug."""

    def isolation(module: ModuleType) -> bool:
        body = {"regex": regex} if own is None else {"regex": regex, "part_isolating": own}
        made = type("Made", (module.BaseConverter,), body)
        return bool(type("Child", (made,), {}).part_isolating)  # type: ignore[attr-defined]

    assert isolation(OURS) == isolation(THEIRS)


@given(rules(), st.sampled_from(["bound", "unbound"]))
def test_a_rule_shows_itself_as_werkzeugs_does(data: RuleData, state: str) -> None:
    """Attributes, text, repr, copies and sort keys of a rule agree, bound to a map or not."""

    def look(module: ModuleType) -> Any:
        rule = make_rule(module, data)
        if state == "bound":
            make_map(module).add(rule)
        public = {k: v for k, v in vars(rule).items() if not k.startswith("_") and k != "map"}
        copied = {k: v for k, v in rule.get_empty_kwargs().items() if k != "redirect_to"}
        copy = rule.empty()
        return (
            public,
            str(rule),
            describe_rule(rule),
            rule.build_compare_key(),
            copied,
            type(copy) is type(rule),
            copy.map,
            rule == copy,
        )

    ours, theirs = (outcome(lambda: look(module)) for module in BOTH)

    assert ours == theirs


@given(rules(), rules())
def test_rules_compare_as_werkzeugs_do(one: RuleData, other: RuleData) -> None:
    """Equality, and which rule has the other's defaults, are what they are in Werkzeug."""

    def compare_rules(module: ModuleType) -> Any:
        url_map = make_map(module)
        first, second = make_rule(module, one), make_rule(module, other)
        url_map.add(first)
        url_map.add(second)
        return first == second, first.provides_defaults_for(second), first != second

    ours, theirs = (outcome(lambda: compare_rules(module)) for module in BOTH)

    assert ours == theirs


WRONG_RULES: list[tuple[str, dict[str, Any]]] = [
    ("no-slash", {}),
    ("", {}),
    ("/<", {}),
    ("/<a b>", {}),
    ("/<nope:x>", {}),
    ("/<int(what=1):x>", {}),
    ("/<int(1 2):x>", {}),
    ("/<a>/<a>", {}),
    ("/x", {"methods": "POST"}),
    ("/x", {"methods": ["POST"], "websocket": True}),
    ("/x", {"methods": ["get", "options"], "websocket": True}),
    ("/<any(a,b):x>", {"defaults": {"x": "c"}}),
    ("/<int:x>", {"defaults": {"x": None}}),
    ("/<odd:x>", {"defaults": {"x": "ab"}}),
    ("/<x>", {"unknown": 1}),
]


@pytest.mark.parametrize(("text", "options"), WRONG_RULES)
def test_wrong_rules_are_refused_as_werkzeug_refuses_them(
    text: str, options: dict[str, Any]
) -> None:
    """A rule that cannot be is refused when it is made or added, with the same exception."""

    def refuse(module: ModuleType) -> Any:
        url_map = make_map(module)
        url_map.add(module.Rule(text, **options))
        return [describe_rule(rule) for rule in url_map.iter_rules()]

    ours, theirs = (outcome(lambda: refuse(module)) for module in BOTH)

    if ours[0] == theirs[0] == "TypeError" and "unexpected keyword" in theirs[1]:
        # The message names the function, which is written with other words.
        return
    assert ours == theirs


@given(st.data())
def test_factories_make_the_rules_that_werkzeugs_make(data: st.DataObject) -> None:
    """Factories of factories, and templates, come to the same rules."""
    inside = data.draw(st.lists(rules(), min_size=1, max_size=4), "rules")
    wrap = data.draw(
        st.lists(
            st.one_of(
                st.tuples(st.just("Submount"), st.sampled_from(["/s", "/s/", "", "/<one>", "s"])),
                st.tuples(st.just("Subdomain"), st.sampled_from(["", "www", "<two>", "$name"])),
                st.tuples(st.just("EndpointPrefix"), st.sampled_from(["", "p.", "$name/"])),
                st.tuples(st.just("RuleTemplate"), st.just("x")),
            ),
            max_size=3,
        ),
        "factories",
    )

    def build(module: ModuleType) -> Any:
        made: Any = [make_rule(module, rule) for rule in inside]
        for factory, argument in wrap:
            if factory == "RuleTemplate":
                made = [module.RuleTemplate(made)(name=argument)]
            else:
                made = [getattr(module, factory)(argument, made)]
        url_map = make_map(module)
        for one in made:
            url_map.add(one)
        return [(describe_rule(r), r.subdomain, r.defaults) for r in url_map.iter_rules()]

    ours, theirs = (outcome(lambda: build(module)) for module in BOTH)

    assert ours == theirs


@given(
    st.lists(st.tuples(st.sampled_from([*NAMES, "q"]), st.sampled_from(["", "a", "7", "é b"]))),
    st.sampled_from([None, "plain", "reversed"]),
)
def test_multidicts_and_sorting_build_as_in_werkzeug(
    pairs: list[tuple[str, str]], sort: str | None
) -> None:
    """Several values of one name, and the order of the query, come out as Werkzeug has them."""

    def build(module: ModuleType) -> Any:
        key = {"plain": None, "reversed": lambda pair: [-ord(c) for c in pair[0]]}.get(sort or "")
        url_map = module.Map(
            [module.Rule("/<one>", endpoint="e"), module.Rule("/", endpoint="e")],
            sort_parameters=sort is not None,
            sort_key=key,
        )
        return url_map.bind("localhost").build("e", MultiDict(pairs))

    ours, theirs = (outcome(lambda: build(module)) for module in BOTH)

    assert ours == theirs


# ---- what programs see of the modules ----


def public_names(module: ModuleType) -> set[str]:
    """List what a module offers."""
    return {
        name
        for name, thing in vars(module).items()
        if not name.startswith("_") and not inspect.ismodule(thing)
    }


def test_the_package_offers_what_werkzeugs_offers() -> None:
    """Every name that can be imported from ``werkzeug.routing`` can be imported from ours."""
    assert public_names(OURS) == public_names(THEIRS)


@pytest.mark.parametrize("name", sorted(public_names(THEIRS)))
def test_signatures_are_werkzeugs(name: str) -> None:
    """Functions, classes and their public methods take the same arguments in the same order."""

    def shape(function: Any) -> list[tuple[str, Any, Any]]:
        parameters = inspect.signature(function).parameters.values()
        return [(p.name, p.kind, p.default) for p in parameters]

    ours, theirs = (getattr(module, name) for module in BOTH)
    if "__init__" in vars(theirs) or not inspect.isclass(theirs):
        assert shape(ours) == shape(theirs)
    if not inspect.isclass(theirs):
        return
    for method, function in inspect.getmembers(theirs, inspect.isfunction):
        if not method.startswith("_"):
            assert shape(getattr(ours, method)) == shape(function), method


@pytest.mark.parametrize("name", sorted(public_names(THEIRS)))
def test_classes_have_werkzeugs_bases_and_class_attributes(name: str) -> None:
    """The names of a class's bases, and its plain attributes, are Werkzeug's."""
    ours, theirs = (getattr(module, name) for module in BOTH)
    if not inspect.isclass(theirs):
        return
    assert [base.__name__ for base in ours.__mro__] == [base.__name__ for base in theirs.__mro__]
    for attribute, value in vars(theirs).items():
        if not attribute.startswith("_") and isinstance(value, (str, int, float, bool)):
            if (name, attribute) != ("UUIDConverter", "regex"):
                assert getattr(ours, attribute) == value


def test_default_converters_have_werkzeugs_names() -> None:
    """A new map knows the same converters, and each map has a dict of its own for more."""
    ours, theirs = (
        {name: made.__name__ for name, made in module.Map.default_converters.items()}
        for module in BOTH
    )

    assert ours == theirs
    assert OURS.Map().converters == dict(OURS.Map.default_converters)
    assert OURS.Map().converters is not OURS.Map().converters
