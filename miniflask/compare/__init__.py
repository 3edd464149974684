"""``miniflask compare``: the same requests to the same program, on two frameworks.

A program runs in two child processes.  In one, ``import flask`` and ``import miniflask`` both
mean miniflask; in the other both mean Flask.  Each gets the same requests, one by one, and what
it answers and what happens inside it are held against each other.

From a command to a verdict: ``command.py`` has the options; requests come from ``urls.py`` (the
URL map), ``sources.py`` (files) or ``fuzz.py`` (made up); ``sides.py`` keeps a child, which runs
``worker/``; ``session.py`` asks both, with ``jar.py`` for the cookies and
``snapshot.py`` for the files; ``difference.py`` compares;
``output.py`` and ``report.py`` tell, after ``secrets.py`` took out what nobody may see.
``environments.py`` fetches another Flask.
"""
