"""Put the figures into a page: a function for each section, and tables in Markdown."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from . import chart, contenders, growth
from .contenders import OURS, PEERS, THEIRS
from .counts import Counts
from .rounds import Times
from .workloads import REQUESTS, SHAPES, Workload

Requests = Mapping[str, Mapping[str, Times]]
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "speed.md"
PICTURE = PAGE.with_suffix(".svg")
TITLES: Mapping[str, Workload] = {workload.name: workload for workload in REQUESTS}

INTRO = """# Speed, measured

This page is written by `make bench`, on the machine and the day named below.
All contenders take short turns in one process, in rounds, after their answers were compared.
Microseconds are the best round's; a ratio above 1 is in our favour.
The ratios are what to look at: they change less than the microseconds do.
They change as well: in a slower hour of one machine Flask lost 6 %, bare Werkzeug 11, the small
frameworks 20 to 30, and ratios of the same code were a fifth apart."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table: the first column to the left, figures to the right."""
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def micro(times: Times | None) -> str:
    """Write the best time in microseconds, with about three digits."""
    if times is None:
        return "–"
    figure = times.best * 1e6
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.1f}"


def fastest_peer(taken: Mapping[str, Times]) -> str | None:
    """Name the fastest of the peers, if any has this workload."""
    present = [name for name in PEERS if name in taken]
    return min(present, key=lambda name: taken[name].best, default=None)


def against_peers(taken: Mapping[str, Times]) -> str:
    """Write the ratio to the fastest peer, and who that is."""
    name = fastest_peer(taken)
    return "–" if name is None else f"{taken[OURS].ratio(taken[name]):.2f} ({name})"


def machine() -> str:
    """Describe the machine without naming it."""
    info = Path("/proc/cpuinfo")
    models = [
        line.partition(":")[2].strip()
        for line in (info.read_text("utf-8").splitlines() if info.exists() else [])
        if line.startswith("model name")
    ]
    rows = {
        "date": time.strftime("%Y-%m-%d"),
        "processor": f"{models[0] if models else platform.machine()}, {os.cpu_count()} in use",
        "system": f"{platform.system()}, {platform.machine()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        **contenders.versions(),
    }
    return table(["measured with", ""], rows.items())


def requests(found: Requests) -> str:
    """Compare whole requests."""
    others = [name for name in contenders.CONTENDERS if name not in (OURS, THEIRS)]
    head = ["microseconds", THEIRS, OURS, "ratio", "median", *others, "ratio to the best peer"]
    rows = [
        [
            TITLES[name].title,
            micro(taken[THEIRS]),
            micro(taken[OURS]),
            f"**{taken[OURS].ratio(taken[THEIRS]):.2f}**",
            f"{taken[OURS].median_ratio(taken[THEIRS]):.2f}",
            *(micro(taken.get(other)) for other in others),
            against_peers(taken),
        ]
        for name, taken in found.items()
    ]
    return f"""## Requests

Flask and miniflask have a secret key, as any application that sets a cookie has; without one Flask
has no session to open, as one row shows.
`ratio` compares the best rounds of {THEIRS} and {OURS}.
`median` is the median of every round's own ratio.
A dash stands where a framework has no such thing.
"Falcon" is its pure Python; {compiled()}

{table(head, rows)}

![How many times as fast as Flask each framework is, for each workload](speed.svg)"""


def compiled() -> str:
    """Say what the other Falcon is."""
    if contenders.compiled_falcon() is None:
        return "a compiled one was not to be had on this machine."
    return 'what its wheel for this platform brings in C is used in "Falcon, compiled".'


def picture(found: Requests) -> str:
    """Draw how many times as fast as Flask each one is."""
    names = [name for name in contenders.CONTENDERS if name not in (THEIRS, "raw WSGI")]
    rows = {
        TITLES[name].title.replace("`", ""): {
            each: times.ratio(taken[THEIRS]) for each, times in taken.items() if each in names
        }
        for name, taken in found.items()
    }
    return chart.draw(rows, names, "times as fast as Flask 3.1.3, in one process")


def rules(crowds: list[growth.Crowd]) -> str:
    """Compare how requests and start-up grow with the number of rules."""
    names = (OURS, THEIRS, *growth.PEERS)
    sections = []
    for shape, rule in SHAPES.items():
        here = [each for each in crowds if each.shape == shape]
        rows = [
            [f"{each.count:,} rules, {place}", *(micro(times.get(name)) for name in names)]
            for each in here
            for place, times in each.places.items()
        ]
        for place in growth.PLACES:
            found = growth.exponents(crowds, shape, place)
            figures = (f"{found[name]:.2f}" if name in found else "–" for name in names)
            rows.append([f"growth exponent, {place}", *figures])
        for each in here:
            figures = (micro(each.adding.get(name)) for name in names)
            rows.append([f"adding {each.count:,} and one request", *figures])
        head = [f"microseconds, `{rule.format(7)}`", *names]
        sections.append(table(head, rows))
    return f"""## Many rules

A growth exponent of 0 says that a request takes the same time among any number of rules.
One of 1 says that it takes twice the time among twice the rules.
Rules are added to an application that is there; the first request counts as well, because much may
be put off until then.

{(chr(10) * 2).join(sections)}"""


def turns(title: str, unit: str, found: Mapping[str, Times], scale: float) -> str:
    """Compare one thing that all contenders do."""
    rows = [
        [
            name,
            f"{t.best * scale:,.1f}",
            f"{t.median * scale:,.1f}",
            f"{t.ratio(found[THEIRS]):.2f}",
        ]
        for name, t in found.items()
    ]
    return f"## {title}\n\n{table([unit, 'best', 'median', 'ratio to Flask'], rows)}"


def servers(found: Mapping[str, Mapping[str, Times]]) -> str:
    """Compare requests a second over real servers."""
    names = list(next(iter(found.values())))
    rows = [
        [
            server,
            *(f"{1 / taken[name].best:,.0f}" for name in names),
            f"{taken[OURS].ratio(taken[THEIRS]):.2f}",
        ]
        for server, taken in found.items()
    ]
    return f"""## Over real servers

Requests per second: hello over the loopback interface, with one worker process.
The load generator has eight connections, and shares the machine.
The server's own work is in all of them, and "raw WSGI" says what it is.

{table(["server", *names, "ratio"], rows)}"""


def stages(found: Requests) -> str:
    """Compare each stage of a request."""
    rows = [
        [
            title,
            f"{taken[THEIRS].best * 1e6:.2f}",
            f"{taken[OURS].best * 1e6:.2f}",
            f"{taken[OURS].ratio(taken[THEIRS]):.1f}",
        ]
        for title, taken in found.items()
    ]
    return f"""## Stage by stage

Each stage by itself, asked for in the same words of both, within an active context: so none of it
goes the short way, and "a whole request" takes more here than above.
The sum is more than a whole request where a framework puts a stage off and never needs it.

{table(["microseconds", THEIRS, OURS, "ratio"], rows)}"""


def memory(found: Mapping[str, Mapping[str, int]], few: int, many: int) -> str:
    """Compare memory."""
    titles = {
        "traced": "after import, counted by tracemalloc",
        "imported": "after import, resident",
        "after_few": f"more after {few:,} requests, resident",
        "growth": f"more after another {many:,}, resident",
    }
    rows = [
        [title, *(f"{found[name][key] / 1024:,.0f}" for name in found)]
        for key, title in titles.items()
    ]
    blocks = [f"{found[name]['blocks']:,}" for name in found]
    rows.append([f"blocks more after another {many:,}", *blocks])
    return f"## Memory\n\n{table(['KiB', *found], rows)}"


def counts(ours: Mapping[str, Counts], theirs: Mapping[str, Counts]) -> str:
    """Compare what does not jitter."""
    head = ["one request", "calls, Flask", "ours", "blocks, Flask", "ours", "left, Flask", "ours"]
    rows = []
    for name, mine in ours.items():
        his = theirs[name]
        pairs = (his.calls, mine.calls), (his.blocks, mine.blocks), (his.left, mine.left)
        rows.append([TITLES[name].title, *(f"{figure:,}" for pair in pairs for figure in pair)])
    return f"""## Calls and blocks

Calls are functions called by one request, those in C among them.
Blocks are pieces of memory that it holds when its response starts.
Left are the objects that it leaves to the cycle collector.
These do not jitter: `make bench-check` fails when ours grow.

{table(head, rows)}"""


def kits(found: Mapping[str, list[tuple[str, float]]]) -> str:
    """Compare each kit with its original."""
    titles = {"local": "werkzeug.local", "routing": "werkzeug.routing", "signing": "itsdangerous"}
    tables = [
        table(
            [f"`{kit}`", f"ratio to `{titles[kit]}`"],
            [[n.replace("<", "&lt;"), f"{r:.2f}"] for n, r in figures],
        )
        for kit, figures in found.items()
    ]
    return "## The kits by themselves\n\n" + "\n\n".join(tables)
