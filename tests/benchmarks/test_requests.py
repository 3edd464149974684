"""What is measured answers alike in every framework, and a benchmark notices when it does not."""

from __future__ import annotations

import sys
from importlib.machinery import EXTENSION_SUFFIXES
from typing import Any

import pytest

from . import contenders, growth, requests, threads, wsgi
from .contenders import OURS, PEERS, THEIRS, build, build_all
from .workloads import REQUESTS, SHAPES, Workload, among

# What the peers import and call is their affair.
pytestmark = [
    pytest.mark.filterwarnings(f"ignore::{kind}")
    for kind in ("DeprecationWarning", "UserWarning", "ResourceWarning")
]
HELLO = REQUESTS[0]
# A key is nothing to the others; and what is Flask's own is compared with Flask alone.
FLASKS = frozenset(("keyless", "redirect", "deployed"))


def answering(
    body: bytes = b"Hello, World!", status: str = "200 OK", header: tuple[str, str] = ("X", "")
) -> wsgi.App:
    """Make an application with a fixed answer."""

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        found = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body))}
        start_response(status, list({**found, header[0]: header[1]}.items()))
        return [body]

    return app


@pytest.mark.parametrize("workload", REQUESTS, ids=lambda workload: workload.name)
def test_every_framework_answers_a_workload_alike(workload: Workload) -> None:
    """All programs of a workload mean the same, and ours answers with Flask's very bytes."""
    apps = build_all(workload)
    requests.check(apps, workload)

    assert {OURS, THEIRS} <= apps.keys()
    assert ("Bottle" in apps) == (workload.name not in FLASKS)


@pytest.mark.parametrize("place", growth.PLACES)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_framework_finds_the_same_rule(shape: str, place: str) -> None:
    """The first, the middle and the last of the rules are the same ones everywhere."""
    workload = among(10, shape, place)
    requests.check(build_all(workload, (OURS, THEIRS, *growth.PEERS)), workload)


@pytest.mark.parametrize(
    "other",
    [
        answering(b"Hello, Wordl!"),
        answering(status="201 Created"),
        answering(header=("Content-Type", "text/plain")),
        answering(header=("Set-Cookie", "a=b")),
    ],
    ids=["body", "status", "type", "cookie"],
)
def test_a_peer_with_another_answer_is_not_measured(other: wsgi.App) -> None:
    """Status, kind of content, body and cookies of a peer have to be Flask's."""
    with pytest.raises(AssertionError, match="hello: peer says"):
        requests.measure(HELLO, {THEIRS: answering(), "peer": other}, 1, 0)


def test_another_header_is_no_difference_in_a_peer_and_one_in_ours() -> None:
    """Peers may send headers that Flask does not; ours may not."""
    other = answering(header=("Server", "other"))
    requests.check({THEIRS: answering(), "peer": other}, HELLO)

    with pytest.raises(AssertionError, match="hello: miniflask says"):
        requests.check({THEIRS: answering(), OURS: other}, HELLO)


def test_flask_has_to_answer_with_the_status_of_the_workload() -> None:
    """When all fail alike, nothing is measured."""
    with pytest.raises(AssertionError, match="Flask answers 500"):
        requests.check({THEIRS: answering(status="500 Oh")}, HELLO)


def test_a_request_is_sent_as_often_as_asked_and_closed() -> None:
    """Each repetition is a request of its own, with a fresh body, whose answer is closed."""
    seen = []

    class Body:
        def __iter__(self) -> Any:
            return iter([b""])

        def close(self) -> None:
            seen.append("closed")

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        seen.append(environ["wsgi.input"].read())
        start_response("200 OK", [])
        return Body()

    wsgi.repeat(app, {}, b"body", 2)

    assert seen == [b"body", "closed", b"body", "closed"]


def test_the_page_visited_first_gives_the_cookie() -> None:
    """A workload with a session sends what the application itself has set."""
    workload = next(each for each in REQUESTS if each.name == "read")
    app = build(THEIRS, workload)
    assert app is not None

    assert wsgi.prepare(app, workload)["HTTP_COOKIE"].startswith("session=ey")
    assert "HTTP_COOKIE" not in wsgi.prepare(app, HELLO)


def test_threads_share_the_requests() -> None:
    """Every thread sends its part, and the time is that of as many requests as were asked for."""
    seen = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(1)
        start_response("200 OK", [])
        return []

    assert threads.together(app, HELLO, 20) > 0
    assert len(seen) == 24


def test_pure_falcon_has_nothing_compiled() -> None:
    """Both Falcons live side by side, and what an import finds is the installed one."""
    import falcon

    pure = contenders.pure_falcon()
    finder = contenders.SourceFinder("falcon")

    assert sys.modules["falcon"] is falcon
    assert pure is not falcon
    assert (pure.__file__ or "").endswith(".py")
    assert not (pure.app.__file__ or "").endswith(tuple(EXTENSION_SUFFIXES))
    assert finder.find_spec("flask") is None
    with pytest.raises(ModuleNotFoundError, match="falcon.cyutil.nothing"):
        finder.find_spec("falcon.cyutil.nothing")


def test_a_contender_without_such_a_thing_has_no_program() -> None:
    """Falcon has no blueprints, and is left out instead of doing something else."""
    workload = next(each for each in REQUESTS if each.name == "blueprints")

    assert build("Falcon", workload) is None
    assert set(PEERS) < contenders.CONTENDERS.keys()


@pytest.mark.parametrize("many,expected", [(1.0, 0.0), (10.0, 1.0), (100.0, 2.0)])
def test_growth_exponents(many: float, expected: float) -> None:
    """The exponent is the power of the number of rules that the time grows with."""
    assert growth.exponent((10, 1.0), (100, many)) == pytest.approx(expected)
