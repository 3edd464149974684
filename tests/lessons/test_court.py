"""The page of claims is what running them comes to."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest
from flask.sansio.app import App
from flask.sansio.scaffold import Scaffold

from tests.lessons import court
from tests.lessons.docstrings import read_parts

every_claim = pytest.mark.parametrize("claim", court.CLAIMS, ids=lambda path: path.stem)

#: The docstrings that claims name, as the installed Flask has them.
DOCSTRINGS = {
    "`Scaffold.teardown_request`": Scaffold.teardown_request,
    "`App.trap_http_exception`": App.trap_http_exception,
    "`Scaffold.add_url_rule`": Scaffold.add_url_rule,
}


def test_claims_are_numbered() -> None:
    """The claims are numbered from 01 without a gap."""
    assert [claim.name[:3] for claim in court.CLAIMS] == [
        f"{n:02}_" for n in range(1, len(court.CLAIMS) + 1)
    ]


@every_claim
def test_a_claim_says_where_what_and_what_is_so(claim: Path) -> None:
    """Each claim has its three parts, and the part of the page that running it comes to."""
    assert list(read_parts(claim)) == ["Where", "Says", "In fact"]
    assert court.write_claim(claim) in court.PAGE.read_text("utf-8")


@every_claim
def test_a_claim_runs_on_flask_when_its_imports_say_so(claim: Path) -> None:
    """A claim names the framework in its imports alone."""
    body = ast.parse(claim.read_text("utf-8")).body[1:]
    others = [node for node in body if not isinstance(node, (ast.Import, ast.ImportFrom))]

    assert not re.search("miniflask", "\n".join(map(ast.unparse, others)))


def test_the_page_is_what_a_run_produces() -> None:
    """`make court` would not change the page."""
    assert court.write_page() == court.PAGE.read_text("utf-8")


def test_frameworks_that_disagree_are_not_written_down(tmp_path: Path) -> None:
    """A program that prints the framework's name is no evidence."""
    claim = tmp_path / "01_name.py"
    claim.write_text("from miniflask import Flask\n\nprint(Flask.__module__)\n", "utf-8")

    with pytest.raises(court.Disagreement, match=r"flask\.app"):
        court.evidence(claim)


@pytest.mark.parametrize("place", DOCSTRINGS)
def test_a_docstring_of_flask_still_says_so(place: str) -> None:
    """The words that a claim quotes from a docstring stand in the installed Flask's."""
    [parts] = [p for c in court.CLAIMS if place in (p := read_parts(c))["Where"]]
    quoted = re.findall(r'"(.*?)"|`(\w*automatic\w*)`', " ".join(parts["Says"].split()))
    doc = " ".join((inspect.getdoc(DOCSTRINGS[place]) or "").split())

    assert quoted
    assert all((words or name) in doc for words, name in quoted)


def test_a_quotation_that_is_not_there_is_found(tmp_path: Path) -> None:
    """Each page of Flask's that a claim quotes is searched for its words."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "lifecycle.rst").write_text(
        "It also creates\nan :class:`~flask.ctx.AppContext`.\n", "utf-8"
    )
    (tmp_path / "docs" / "reqcontext.rst").write_text("", "utf-8")
    wrong = court.misquotes(tmp_path)

    assert [line.partition(":")[0][:2] for line in wrong] == ["01", "02", "03", "04", "08"]
    assert court.CLAIMS[7].name + ': "then cleared" is not in ' in wrong[-1]
