"""Grids as tables of the page: they sort, scroll sideways in a box of their own and may be folded."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gner_bench.report.grid import Cell, Grid, Section
from gner_bench.report.page.html import Html, element, join, name

EMPHASIS = {"best": "strong", "second": "u"}
FIGURE = re.compile(r"[-+\N{MINUS SIGN}]?\d[\d,]*(?:\.\d+)?(?: \([\d,]+\)| \([\d.]+ to [\d.]+\))?")
"""A figure by itself, with the number of entities that it is of, or with its interval."""


def table(grid: Grid, folded: bool = False) -> Html:
    """The table with its footnotes; a ``folded`` one behind its title."""
    words = _columns_of_words(grid)
    heads = (
        element("th", *_parts(cell, grid), scope="col", class_=_class(at, words, grid))
        for at, cell in enumerate(grid.heads)
    )
    inner = element(
        "table",
        element("caption", name(grid.title), class_="unseen" if folded else None),
        element("thead", element("tr", *heads)),
        *(_body(section, grid, words) for section in grid.sections),
    )
    box = element("div", inner, class_="scroll", tabindex="0", role="group", aria_label=grid.title[:200])
    shown = join(box, _notes(grid))
    return element("details", element("summary", name(grid.title)), shown) if folded else shown


def _body(section: Section, grid: Grid, words: set[int]) -> Html:
    heading = element("th", section.title, scope="rowgroup", colspan=str(len(grid.heads)))
    title = element("tr", heading, class_="group") if section.title else Html("")
    rows = (
        element("tr", element("th", *_parts(first, grid), scope="row"), *_figures(cells, grid, words))
        for first, *cells in section.rows
    )
    return element("tbody", join(title, *rows), class_="quoted" if section.title else None)


def _figures(cells: list[Cell], grid: Grid, words: set[int]) -> list[Html]:
    placed = enumerate(cells, start=1)
    return [element("td", *_parts(cell, grid), class_=_class(at, words, grid)) for at, cell in placed]


def _columns_of_words(grid: Grid) -> set[int]:
    """The columns, counted from that of the rows' heads, that hold anything but figures and dashes."""
    rows = [row for section in grid.sections for row in section.rows]
    cells = ((at, cell.text) for row in rows for at, cell in enumerate(row) if at)
    return {at for at, text in cells if text not in ("", "–") and not FIGURE.fullmatch(text)}


def _class(at: int, words: set[int], grid: Grid) -> str | None:
    quoted = bool(grid.quoted_from) and at >= grid.quoted_from
    return " ".join((["words"] if at in words else []) + (["quoted"] if quoted else [])) or None


def _parts(cell: Cell, grid: Grid) -> list[Html]:
    shown = name(cell.text)
    parts = [element(EMPHASIS[cell.rank], shown) if cell.rank else shown]
    if cell.rank:
        parts.append(element("span", f" ({cell.rank})", class_="unseen"))
    if cell.half:
        parts.append(element("small", f" ±{cell.half}"))
    symbols = ["*"] * cell.star + [grid.footnotes[note] for note in cell.notes]
    return parts + ([element("sup", ", ".join(symbols))] if symbols else [])


def join_names(names: Sequence[str]) -> Html:
    """Names of people's choosing with commas between them."""
    return Html(", ".join(map(name, names)))


def _notes(grid: Grid) -> Html:
    """Footnotes, remarks, warnings and sources; signatures stand in the summary."""
    lines = [
        *(element("li", element("sup", symbol), " ", note) for note, symbol in grid.footnotes.items()),
        *(element("li", remark) for remark in grid.remarks),
        *(element("li", element("strong", "Warning:"), " ", warning) for warning in grid.warnings),
        *(element("li", "Source of ", join_names(names), ": ", text) for text, names in grid.sources.items()),
    ]
    return element("ul", *lines, class_="notes") if lines else Html("")
