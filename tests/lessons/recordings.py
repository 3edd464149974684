"""What the pages show that the lens recorded: how to find it in a site, and a site of one page."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"

#: Page -> for each recording on it, some of its steps, in order.
RECORDED = {
    "tutorial/context-locals": [
        ["push app context A2 bank", "set app_ctx to A2", "reset app_ctx to A1"],
        ["view asked", "set request_ctx to R2", "read request.path of R2", "request.path of R1"],
        ["view basket", "read g.note of A1", "reset app_ctx to nothing", "request.path: unbound"],
        ["push request context R1 GET /basket", "read request: unbound", "read request of R1"],
    ],
    "explanation/two-contexts": [
        ["push app context A2 bank", "read current_app.name of A2", "read request.path of R1"],
        ["teardown_appcontext", "push request context R3", "pop app context A2", "teardown_app"],
    ],
    "explanation/one-request": [
        ["before_request before", "view stream", "read session[...] of R1", "teardown_appcontext"],
    ],
}

PROGRAM = """\
```python
from miniflask import Flask, request

app = Flask("shop")

def read():
    return request.path
```

```python
with app.test_request_context("/basket"):
    print(read())
```

"""


def pages_with_recordings() -> dict[str, int]:
    """Return how many recordings each page of the documentation has."""
    pages = {
        path.relative_to(DOCS).with_suffix("").as_posix(): path.read_text("utf-8")
        for path in DOCS.rglob("*.md")
        if "_build" not in path.parts
    }
    counts = {name: text.count("\n```{recording} ") for name, text in pages.items()}
    return {name: count for name, count in counts.items() if count}


def frames(site: Path, name: str) -> list[Path]:
    """Return the files that a page shows in frames; it links to each as well."""
    markup = (site / f"{name}.html").read_text("utf-8")
    addresses = re.findall(r'<iframe src="([^"]+)"', markup)
    assert re.findall(r'<p><a href="([^"]+)">[^<]+</a></p>\n</details>', markup) == addresses
    return [Path(os.path.normpath((site / name).parent / address)) for address in addresses]


def texts(site: Path, name: str) -> list[str]:
    """Return the recordings that a page shows as text."""
    markup = (site / f"{name}.html").read_text("utf-8")
    before = [part.rpartition("<pre>")[2] for part in markup.split('<details class="recording">')]
    return [html.unescape(re.sub("<[^>]+>", "", part)) for part in before[:-1]]


def steps(frame: Path) -> list[str]:
    """Return the steps that the lens's page shows; it must not ask for anything else."""
    page = frame.read_text("utf-8")
    assert set(re.findall(r"""\s(?:src|href)=["']?([^"' >]*)""", page)) == {"data:,"}
    assert "content=\"default-src 'none';" in page
    data = page.partition('id="data">')[2].partition("</script>")[0]
    return [event["text"] for event in json.loads(data)["events"]]


def are_in_order(wanted: list[str], lines: Iterable[str]) -> bool:
    """Tell whether each of the wanted pieces is in a line of its own, in this order."""
    left = iter(lines)
    return all(any(piece in line for line in left) for piece in wanted)


def build_site(folder: Path, page: str, name: str = "index") -> subprocess.CompletedProcess[str]:
    """Build a site of one page, with no extension but the one that records, into ``html``."""
    source = folder / "docs" / f"{name}.md"
    source.parent.mkdir(parents=True)
    source.write_text(page, "utf-8")
    settings = ["extensions=myst_parser,recording", f"root_doc={name}", "html_theme=furo"]
    options = [word for setting in settings for word in ("-D", setting)]
    return subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "-q", "-C", *options, "docs", "html"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(DOCS / "_ext")},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
