"""HTML from values: text is escaped unless it is Html already, so that text of people can never be markup."""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import inf

from gner_bench.report.escape import markup
from gner_bench.report.grid import Cell, Grid

LONGEST = 200
"""Characters of a name that are shown; a longer one is cut, saying so."""
UNBROKEN = re.compile(r"(\S{24})(?=\S)")
"""A line may break after so many characters without a space."""
EMPHASIS = {"best": "strong", "second": "u"}
_ONE = r"[-+\N{MINUS SIGN}]?\d[\d,]*(?:\.\d+)?"
NUMBER = re.compile(rf"(?:< )?{_ONE}(?: to {_ONE}| \({_ONE}(?: to {_ONE})?\))?")
"""A number by itself, with the number of entities that it is of, or with its interval; an interval."""

PAPER = {100: None, 145: "wide", 200: "wide small", inf: "wide tiny"}
"""Characters that a printed line has at most, and the class of tables that need it: upright, turned, smaller."""
SPACE, BROKEN = 2, 32
"""Characters that the space around a cell is worth, and after which words go on in the next line."""

Attribute = str | bool | None


class Html(str):
    """Markup that needs no escaping."""

    __slots__ = ()


def element(name: str, *children: str | None, **attributes: Attribute) -> Html:
    """``<name attributes>children</name>``, None left out.

    An underscore at the end of an attribute's name is dropped, others become hyphens (``class_``, ``aria_label``); True
    gives an attribute without a value, False and None none.
    """
    inner = "".join(child if isinstance(child, Html) else markup_of(child) for child in children if child is not None)
    return Html(f"{void(name, **attributes)}{inner}</{name}>")


def void(name: str, **attributes: Attribute) -> Html:
    """An element that has no end tag, such as ``img``."""
    texts = []
    for key, value in attributes.items():
        if value is not None and value is not False:
            equals = "" if value is True else f'="{markup(value)}"'
            texts.append(f" {key.rstrip('_').replace('_', '-')}{equals}")
    return Html(f"<{name}{''.join(texts)}>")


def join(*parts: Html) -> Html:
    """Parts one after another, a line each."""
    return Html("\n".join(part for part in parts if part))


def markup_of(value: str) -> Html:
    """Text of people, escaped; spaces at its ends stay."""
    before, after = (" " if value[:1].isspace() else ""), (" " if value[-1:].isspace() else "")
    return Html(f"{before}{markup(value)}{after}" if value.strip() else before)


def name(value: str) -> Html:
    """A name of people's choosing, isolated from the direction of the text around it and cut where it is long."""
    shown = value if len(value) <= LONGEST else f"{value[:LONGEST]}… ({len(value):,} characters)"
    parts = UNBROKEN.sub("\\1\0", shown.replace("\0", "\ufffd")).split("\0")
    return element("bdi", Html("<wbr>".join(map(markup, parts))))


def join_names(names: Iterable[str]) -> Html:
    """Names of people's choosing with commas between them."""
    return Html(", ".join(map(name, names)))


def table(grid: Grid, folded: bool = False) -> Html:
    """The table with its footnotes; a ``folded`` one behind its title.

    It sorts (``tables.js``), and scrolls sideways in a box of its own, so that the page never does.
    """
    rows = [row for section in grid.sections for row in section.rows]
    # Columns of words are on the left: those, but for the heads of rows, with anything but numbers and dashes.
    words = {
        at
        for row in rows
        for at, cell in enumerate(row)
        if at and cell.text not in ("", "–") and not NUMBER.fullmatch(cell.text)
    }

    def class_of(at: int) -> str | None:
        quoted = bool(grid.quoted_from) and at >= grid.quoted_from
        return " ".join((["words"] if at in words else []) + (["quoted"] if quoted else [])) or None

    heads = [
        element("th", *_parts(cell, grid), scope="col", class_=class_of(at), **_facts(cell))
        for at, cell in enumerate(grid.heads)
    ]
    bodies = []
    for section in grid.sections:
        lines = []
        if section.title:
            head = element("th", section.title, scope="rowgroup", colspan=str(len(grid.heads)))
            lines.append(element("tr", head, class_="group"))
        for first, *cells in section.rows:
            values = [
                element("td", *_parts(cell, grid), class_=class_of(at), **_facts(cell))
                for at, cell in enumerate(cells, start=1)
            ]
            lines.append(element("tr", element("th", *_parts(first, grid), scope="row"), *values))
        bodies.append(element("tbody", join(*lines), class_="quoted" if section.title else None))
    caption = element("caption", name(grid.title), class_="unseen" if folded else None)
    inner = element("table", caption, element("thead", element("tr", *heads)), *bodies)
    box = element("div", inner, class_="scroll", tabindex="0", role="group", aria_label=grid.title[:200])
    # The signatures of a grid are in the summary, once for all tables.
    notes = [
        *(element("li", element("sup", symbol), " ", note) for note, symbol in grid.footnotes.items()),
        *(element("li", remark) for remark in grid.remarks),
        *(element("li", element("strong", "Warning:"), " ", warning) for warning in grid.warnings),
        *(element("li", "Source of ", join_names(names), ": ", text) for text, names in grid.sources.items()),
    ]
    shown = join(box, element("ul", *notes, class_="notes") if notes else Html(""))
    if paper := _paper(grid, words):
        shown = element("div", shown, class_=paper)
    return element("details", element("summary", name(grid.title)), shown) if folded else shown


def _paper(grid: Grid, words: set[int]) -> str | None:
    """The class of a table by the paper that it is printed on."""
    rows = [row for section in grid.sections for row in section.rows]
    width = 0
    for at, head in enumerate(grid.heads):
        longest = max((len(row[at].text) + len(row[at].half) + len(row[at].notes) for row in rows), default=0)
        of_head = max(map(len, re.split(r"[\s-]", head.text)))  # which breaks into lines
        width += SPACE + max(of_head, min(longest, BROKEN) if at in words or at == 0 else longest)
    return next(name for most, name in PAPER.items() if width <= most)


def _parts(cell: Cell, grid: Grid) -> list[Html]:
    """What is in a cell: its text, half an interval, and the symbols of its notes."""
    if cell.links:
        return [join(*(element("a", text, href=address) for address, text in cell.links))]
    shown = name(cell.text)
    parts = [element(EMPHASIS[cell.rank], shown) if cell.rank else shown]
    if cell.rank:
        parts.append(element("span", f" ({cell.rank})", class_="unseen"))
    if cell.half:
        parts.append(element("small", f" ±{cell.half}"))
    symbols = [cell.star] * bool(cell.star) + [grid.footnotes[note] for note in cell.notes]
    return parts + ([element("sup", ", ".join(symbols))] if symbols else [])


def _facts(cell: Cell) -> dict[str, str]:
    return {f"data_{name}": value for name, value in cell.facts}
