"""The page and its picture."""

from __future__ import annotations

from xml.etree import ElementTree

from . import chart, report
from .contenders import OURS, THEIRS
from .counts import Counts
from .growth import PLACES, Crowd
from .rounds import Times

SVG = "{http://www.w3.org/2000/svg}"
TAKEN = {
    OURS: Times((2e-6, 4e-6)),
    THEIRS: Times((40e-6, 60e-6)),
    "Bottle": Times((8e-6, 8e-6)),
    "Falcon": Times((3e-6, 3e-6)),
}


def test_a_table_is_markdown() -> None:
    """The first column stands to the left, figures to the right."""
    written = report.table(["what", "us"], [["hello", "2"]])

    assert written == "| what | us |\n| --- | --: |\n| hello | 2 |"


def test_requests_are_compared_with_flask_and_with_the_fastest_peer() -> None:
    """The row has both ratios, by the best and by the median, and a dash for who is missing."""
    row = next(x for x in report.requests({"hello": TAKEN}).splitlines() if "hello" in x)

    assert row == (
        "| hello | 40.0 | 2.0 | **20.00** | 17.50 | 8.0 | 3.0 | – | – | – | – | 1.50 (Falcon) |"
    )


def test_without_a_peer_there_is_no_ratio_to_it() -> None:
    """A workload that only Flask shares with us has a dash."""
    assert report.against_peers({OURS: TAKEN[OURS], THEIRS: TAKEN[THEIRS]}) == "–"


def test_rules_have_growth_exponents() -> None:
    """The exponents are of those who were measured, from their fewest rules to their most."""
    few, many = (
        Crowd("front", count, {OURS: Times((asking * 1e4,))}, dict.fromkeys(PLACES, asked))
        for count, asking in ((10, 1e-6), (1_000, 1e-5))
        for asked in [{OURS: Times((asking,))}]
    )
    page = report.rules([few, many]).splitlines()

    assert "| growth exponent, last | 0.50 | – | – | – | – |" in page
    assert "| adding 1,000 and one request | 100,000 | – | – | – | – |" in page


def test_other_sections() -> None:
    """Each section has a row for each thing measured."""
    counts = {"hello": Counts(10, 5, 0)}
    sizes = {"traced": 2048, "imported": 4096, "after_few": 0, "growth": 0, "blocks": 3}

    assert "| hello | 20 | 10 | 9 | 5 | 8 | 0 |" in report.counts(
        counts, {"hello": Counts(20, 9, 8)}
    )
    assert "| Falcon | 3.0 | 3.0 | 13.33 |" in report.turns("Threads", "us", TAKEN, 1e6)
    assert "| waitress | 500,000 | 25,000 | 125,000 | 333,333 | 20.00 |" in report.servers(
        {"waitress": TAKEN}
    )
    assert "| response made | 40.00 | 2.00 | 20.0 |" in report.stages({"response made": TAKEN})
    memory = report.memory({OURS: sizes, THEIRS: sizes}, 10, 100)
    assert "| after import, counted by tracemalloc | 2 | 2 |" in memory
    assert "| blocks more after another 100 | 3 | 3 |" in memory
    assert "| /&lt;name> | 4.50 |" in report.kits({"routing": [("/<name>", 4.5)]})


def test_the_machine_is_described_and_not_named() -> None:
    """Versions and the processor are told, the host's name and folders are not."""
    import platform

    written = report.machine()

    assert "| Flask | 3.1.3 |" in written
    assert platform.node() not in written.replace("Linux", "")
    assert "/" not in written.replace("WSGI/", "")


def test_the_picture_has_a_dot_for_each_figure() -> None:
    """The SVG is well formed, a faster one stands further to the right, and nothing is cut off."""
    drawn = chart.draw({"hello <b>": {"a": 1.0, "b": 10.0}, "json": {"b": 3.0}}, ["a", "b"], "x")
    root = ElementTree.fromstring(drawn)
    dots = {d.findtext(f"{SVG}title"): float(d.attrib["cx"]) for d in root.iter(f"{SVG}circle")}

    assert dots.keys() == {"a", "b", "hello <b>, a: 1", "hello <b>, b: 10", "json, b: 3"}
    assert dots["hello <b>, a: 1"] < dots["json, b: 3"] < dots["hello <b>, b: 10"]
    assert dots["hello <b>, b: 10"] < float(root.attrib["width"])
