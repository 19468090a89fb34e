"""Grids as fragments of HTML, without styles of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gner_bench.report.escape import markup
from gner_bench.report.grid import Cell, Grid

RANKS = {"": "{}", "best": "<b>{}</b>", "second": "<u>{}</u>"}


def to_html(grid: Grid) -> str:
    """A ``figure`` of the class ``gner-bench-table``: the table, its caption and footnotes."""
    lines = [
        '<figure class="gner-bench-table">',
        "<table>",
        f"<caption>{markup(grid.title)}</caption>",
        f"<thead><tr>{''.join(_head(cell, grid.footnotes) for cell in grid.heads)}</tr></thead>",
        *_bodies(grid),
        "</table>",
        "<figcaption>",
        *(f"<p>{line}</p>" for line in _legend(grid)),
        "</figcaption>",
        "</figure>",
    ]
    return "\n".join(lines) + "\n"


def _bodies(grid: Grid) -> Iterable[str]:
    for section in grid.sections:
        yield "<tbody>"
        if section.title:
            yield f'<tr><th colspan="{len(grid.heads)}" scope="rowgroup"><i>{markup(section.title)}</i></th></tr>'
        for first, *figures in section.rows:
            cells = "".join(f"<td>{_cell(cell, grid.footnotes)}</td>" for cell in figures)
            yield f'<tr><th scope="row">{_cell(first, grid.footnotes)}</th>{cells}</tr>'
        yield "</tbody>"


def _head(cell: Cell, symbols: Mapping[str, str]) -> str:
    return f'<th scope="col">{_cell(cell, symbols)}</th>'


def _cell(cell: Cell, symbols: Mapping[str, str]) -> str:
    half = f" <small>± {markup(cell.half)}</small>" if cell.half else ""
    marks = ", ".join(symbols[note] for note in cell.notes)
    star = "<sup>*</sup>" if cell.star else ""
    return RANKS[cell.rank].format(markup(cell.text)) + half + star + (f"<sup>{marks}</sup>" if marks else "")


def _legend(grid: Grid) -> Iterable[str]:
    yield markup(" ".join(grid.remarks))
    for text, symbol in grid.footnotes.items():
        yield f"<sup>{symbol}</sup> {markup(text)}"
    for warning in grid.warnings:
        yield f"<b>Warning:</b> {markup(warning)}"
    for text, names in grid.sources.items():
        yield f"Source of {markup(', '.join(names))}: {markup(text)}"
    for text, names in grid.signatures.items():
        yield f"Signature of {markup(', '.join(names))}: <code>{markup(text)}</code>"
