"""Draw the ratios as a picture: a row for each workload, a dot for each contender, as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import floor, log10

COLOURS = ("#c2185b", "#424242", "#1976d2", "#2e7d32", "#8bc34a", "#f57c00", "#7b1fa2", "#9e9e9e")
LEFT, TOP, ROW, WIDTH = 270, 60, 24, 560


def text(x: float, y: float, words: str, anchor: str = "start") -> str:
    """Write words at a point."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def dot(x: float, y: float, colour: str, title: str, size: int = 5) -> str:
    """Draw a dot that says what it is when pointed at."""
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}" fill="{colour}">'
        f"<title>{escape(title)}</title></circle>"
    )


def ticks(low: float, high: float) -> list[float]:
    """Give the round figures between two: 1, 2, 5, 10, 20 and so on."""
    every = [base * 10.0**power for power in range(floor(log10(low)), 6) for base in (1, 2, 5)]
    return [tick for tick in every if low <= tick <= high]


def draw(rows: Mapping[str, Mapping[str, float]], names: Sequence[str], caption: str) -> str:
    """Draw a chart with a logarithmic scale.

    Args:
        rows: The figures of each row, by name.
        names: Whose dots are drawn, the first one on top and largest.
        caption: What the figures mean.

    Returns:
        The SVG document.
    """
    figures = [figure for row in rows.values() for figure in row.values()]
    low, high = min(figures) / 1.2, max(figures) * 1.2
    colours = dict(zip(names, COLOURS))
    height = TOP + ROW * len(rows) + 40

    def across(figure: float) -> float:
        return LEFT + WIDTH * log10(figure / low) / log10(high / low)

    parts = [text(LEFT, 20, caption)]
    for number, name in enumerate(names):
        x = 20 + number * 130.0
        parts += [dot(x, 40, colours[name], name), text(x + 9, 44, name)]
    for tick in ticks(low, high):
        x = across(tick)
        parts.append(f'<path d="M{x:.1f} {TOP}V{height - 40}" stroke="#ddd"/>')
        parts.append(text(x, height - 24, f"{tick:g}", "middle"))
    for number, (label, row) in enumerate(rows.items()):
        y = TOP + ROW * (number + 0.5)
        parts.append(text(LEFT - 10, y + 4, label, "end"))
        for name in reversed([name for name in names if name in row]):
            title, size = f"{label}, {name}: {row[name]:.2g}", 7 if name == names[0] else 5
            parts.append(dot(across(row[name]), y, colours[name], title, size))
    shape = f'width="{LEFT + WIDTH + 30}" height="{height}" font-family="sans-serif" font-size="13"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {shape}>'
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>\n"])
