"""A verdict as one HTML page that needs nothing else, and runs nothing.

Everything in it is escaped, and its own policy forbids scripts, should that ever fail.
"""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

from .difference import Difference, align
from .model import Outcome
from .session import Result

#: Of a longer body only this much is shown.
LONGEST_BODY = 20_000

PAGE = Markup("""\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>{app}: {left} and {right}</title>
<style>
  :root {{ color-scheme: light dark; --line: light-dark(#d0d7de, #3d444d);
    --bad: light-dark(#b3261e, #ff8a80); --good: light-dark(#1a6b34, #7ee2a0);
    --tint: light-dark(#fdeceb, #4a2422) }}
  body {{ max-width: 80rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui }}
  h1 {{ font-size: 1.5rem; overflow-wrap: anywhere }}
  h1 code {{ font-size: inherit }}
  pre, summary code, p code, td {{ font: .85rem/1.5 ui-monospace, monospace }}
  pre {{ overflow-x: auto; margin: 0; white-space: pre-wrap; overflow-wrap: anywhere }}
  table {{ width: 100%; border-collapse: collapse; table-layout: fixed; margin: .5rem 0 }}
  th, td {{ border: 1px solid var(--line); padding: .2rem .5rem; text-align: left;
    vertical-align: top; white-space: pre-wrap; overflow-wrap: anywhere }}
  details {{ border-top: 1px solid var(--line); padding: .3rem 0 }}
  summary {{ cursor: pointer; overflow-wrap: anywhere }}
  tr.other td {{ background: var(--tint) }}
  .bad {{ color: var(--bad); font-weight: 600 }}
  .good {{ color: var(--good) }}
</style>
<h1><code>{app}</code> on {left} and on {right}</h1>
<p class="{verdict}">{summary}</p>
{body}
</html>
""")

RESULT = Markup("""\
<details{open}>
<summary><span class="{verdict}">{word}</span> <code>{request}</code> {status}</summary>
{difference}
<table><tr><th>{left}</th><th>{right}</th></tr>
{rows}</table>
</details>
""")


def make_page(
    app: str,
    names: tuple[str, str],
    maps: Difference | None,
    results: Iterable[Result],
    script: str,
    summary: str,
) -> str:
    """Make the page.

    Args:
        app: The program.
        names: The two sides.
        maps: Where the URL maps part, or None.
        results: What came of each request, without secrets.
        script: A program that shows the difference, or nothing.
        summary: The verdict in a sentence.
    """
    results = list(results)
    same = maps is None and all(result.difference is None for result in results)
    parts = [_difference(maps, names)] if maps else []
    parts += [_result(result, names) for result in results]
    if script:
        parts.append(Markup("<h2>A program that shows it</h2><pre>{}</pre>").format(script))
    return PAGE.format(
        app=app,
        left=names[0],
        right=names[1],
        verdict="good" if same else "bad",
        summary=summary,
        body=Markup().join(parts),
    )


def _result(result: Result, names: tuple[str, str]) -> Markup:
    same = result.difference is None
    wires = zip(_wire(result.left), _wire(result.right), strict=True)
    rows = [_row(a == b, a, b) for a, b in wires]
    rows += [_row(mark == "=", a, b) for mark, a, b in align(result.left.trace, result.right.trace)]
    return RESULT.format(
        open="" if same else Markup(" open"),
        verdict="good" if same else "bad",
        word="same" if same else "different",
        request=result.request,
        status=result.left.status or result.left.raised,
        difference=_difference(result.difference, names) if result.difference else "",
        left=names[0],
        right=names[1],
        rows=Markup().join(rows),
    )


def _wire(outcome: Outcome) -> list[str]:
    """Return what reaches the client: head, and body."""
    head = [outcome.raised or outcome.status or "", *(f"{k}: {v}" for k, v in outcome.headers)]
    body = outcome.body[:LONGEST_BODY].decode("utf-8", "backslashreplace")
    if len(outcome.body) > LONGEST_BODY:
        body += f"\n... {len(outcome.body)} bytes in all"
    return ["\n".join(head), body]


def _row(same: bool, left: str | None, right: str | None) -> Markup:
    kind = Markup("") if same else Markup(' class="other"')
    return Markup("<tr{}><td>{}</td><td>{}</td></tr>\n").format(kind, left or "", right or "")


def _difference(found: Difference, names: tuple[str, str]) -> Markup:
    row = Markup("<br>{}: <code>{}</code>")
    shown = zip(names, (found.left, found.right), strict=True)
    lines = Markup().join(row.format(n, "(nothing)" if v is None else v) for n, v in shown)
    return Markup('<p><span class="bad">First difference: {}</span>{}</p>').format(
        escape(found.where), lines
    )
