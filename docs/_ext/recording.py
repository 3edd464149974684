"""The directive ``{recording}``: what the lens saw of the program above it, at build time.

The ``python`` blocks of a page run in order, in one namespace, as a reader types them; the last
one before the directive is recorded.  The words after ``{recording}`` say what is seen::

    ```{recording} A request within a request
    ```

The page shows the recording as text.  Folded below that stands the lens's own page, in a frame;
it is a file of its own, in ``_recordings/`` of the site, and needs no network.
"""

from __future__ import annotations

import contextlib
import contextvars
import io
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri

from miniflask import lens

FOLDER = "_recordings"
#: What is said around the frame, and what is said on a page of the Chinese edition.
WORDS = ("Step through it", "Open it on a page of its own")
CHINESE = ("逐步查看", "单独打开")

FRAME = """\
<details class="recording"><summary>{fold}: {title}</summary>
<iframe src="{address}" title="{title}" loading="lazy"
 style="width: 100%; height: 40rem; border: 1px solid currentColor"></iframe>
<p><a href="{address}">{alone}</a></p>
</details>
"""


def record(blocks: list[str], title: str) -> lens.Trace:
    """Run the blocks of a page, and record the last one.

    Lines are those of the block; those of the blocks before it are told apart by the name.
    """
    names: dict[str, Any] = {"__name__": "page"}
    for block in blocks[:-1]:
        exec(compile(block, "earlier block", "exec", dont_inherit=True), names)
    with lens.record(title=title) as trace:
        for block in blocks[-1:]:
            exec(compile(block, "block", "exec", dont_inherit=True), names)
    return trace


class Frame(nodes.General, nodes.Element):
    """The lens's page of a recording, which the builder writes beside the page that shows it."""


class Recording(SphinxDirective):
    """A recording of the block above."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Run the page as far as it goes, on contexts of its own."""
        blocks = [
            block.astext()
            for block in self.state.document.findall(nodes.literal_block)
            if block.get("language") == "python"
        ]
        title = self.arguments[0]
        with contextlib.redirect_stdout(io.StringIO()):
            trace = contextvars.Context().run(record, blocks, title)
        if not trace.events:
            raise self.error("there is nothing above to record")
        lanes = trace.text(stable=True)
        page = self.env.docname
        number = self.env.new_serialno("recording") + 1
        name = f"{FOLDER}/{page.replace('/', '-')}-{number}.html"
        return [
            nodes.literal_block(lanes, lanes, language="text"),
            Frame(title=title, name=name, content=trace.html()),
        ]


def write_frame(writer: Any, node: Frame) -> None:
    """Write the lens's page into the site, and a frame for it into this page."""
    builder = writer.builder
    file = Path(builder.outdir, node["name"])
    file.parent.mkdir(exist_ok=True)
    file.write_text(node["content"], "utf-8")
    page = builder.current_docname
    fold, alone = CHINESE if page.startswith("zh/") else WORDS
    address = relative_uri(builder.get_target_uri(page), node["name"])
    title = escape(node["title"])
    writer.body.append(FRAME.format(fold=fold, alone=alone, title=title, address=address))
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx of the directive."""
    app.add_node(Frame, html=(write_frame, None))
    app.add_directive("recording", Recording)
    return {"parallel_read_safe": True, "version": "1"}
