"""Sphinx's settings for these pages."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "miniflask"
author = "The miniflask authors"
copyright = "2026, The miniflask authors"
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "generated",
    "chinese",
    "recording",
]
exclude_patterns = ["_build", "changes"]
html_theme = "furo"
html_title = "miniflask"
myst_heading_anchors = 3
autodoc_default_options = {"members": True, "undoc-members": True, "show-inheritance": True}
napoleon_use_ivar = True
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
# A class that a signature names may have namesakes in other modules; the link goes to one of them.
suppress_warnings = ["ref.python"]
