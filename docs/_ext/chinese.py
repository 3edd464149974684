"""What the pages in ``docs/zh/`` need besides their words.

A page says that it is Chinese, for screen readers, fonts and translators.  And sentences that
stand on lines of their own are joined without the blank that a line end is in English.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx


def is_chinese(page: str) -> bool:
    """Tell whether a page is of the Chinese edition."""
    return page.startswith("zh/")


def join_sentences(app: Sphinx, page: nodes.document) -> None:
    """Take the line ends out of paragraphs."""
    if is_chinese(app.env.docname):
        for text in list(page.findall(nodes.Text)):
            if text == "\n":
                text.parent.remove(text)


def name_language(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: nodes.document | None
) -> None:
    """Set the ``lang`` of a page."""
    if is_chinese(page):
        context["language"] = "zh-CN"


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx when to call."""
    app.connect("doctree-read", join_sentences)
    app.connect("html-page-context", name_language)
    return {"parallel_read_safe": True, "version": "1"}
