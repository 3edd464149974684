"""The tests of the blog: run them with ``python -m pytest examples/blog``."""
