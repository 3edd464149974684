"""Sphinx's settings for these pages."""

project = "miniflask"
author = "The miniflask authors"
copyright = "2026, The miniflask authors"
extensions = ["myst_parser"]
exclude_patterns = ["_build", "changes"]
html_theme = "furo"
html_title = "miniflask"
myst_heading_anchors = 3
