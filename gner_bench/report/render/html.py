"""Grids as fragments of HTML, without styles of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gner_bench.report.escape import markup
from gner_bench.report.grid import Cell, Grid

RANKS = {"": "{}", "best": "<b>{}</b>", "second": "<u>{}</u>"}


def render(grids: Sequence[Grid]) -> str:
    """Each table as a ``figure`` of the class ``gner-bench-table``, with its caption and footnotes."""
    return "\n".join(map(_figure, grids))


def _figure(grid: Grid) -> str:
    symbols = grid.footnotes
    heads = "".join(f'<th scope="col">{_cell(cell, symbols)}</th>' for cell in grid.heads)
    lines = [
        '<figure class="gner-bench-table">',
        "<table>",
        f"<caption>{markup(grid.title)}</caption>",
        f"<thead><tr>{heads}</tr></thead>",
    ]
    for section in grid.sections:
        lines.append("<tbody>")
        if section.title:
            lines.append(
                f'<tr><th colspan="{len(grid.heads)}" scope="rowgroup"><i>{markup(section.title)}</i></th></tr>'
            )
        for first, *others in section.rows:
            cells = "".join(f"<td>{_cell(cell, symbols)}</td>" for cell in others)
            lines.append(f'<tr><th scope="row">{_cell(first, symbols)}</th>{cells}</tr>')
        lines.append("</tbody>")
    legend = [
        markup(" ".join(grid.remarks)),
        *(f"<sup>{symbol}</sup> {markup(text)}" for text, symbol in symbols.items()),
        *(f"<b>Warning:</b> {markup(warning)}" for warning in grid.warnings),
        *(f"Source of {markup(', '.join(names))}: {markup(text)}" for text, names in grid.sources.items()),
        *(
            f"Signature of {markup(', '.join(names))}: <code>{markup(text)}</code>"
            for text, names in grid.signatures.items()
        ),
    ]
    lines += ["</table>", "<figcaption>", *(f"<p>{text}</p>" for text in legend), "</figcaption>", "</figure>"]
    return "\n".join(lines) + "\n"


def _cell(cell: Cell, symbols: Mapping[str, str]) -> str:
    half = f" <small>± {markup(cell.half)}</small>" if cell.half else ""
    marks = ", ".join(symbols[note] for note in cell.notes)
    star = f"<sup>{cell.star}</sup>" if cell.star else ""
    return RANKS[cell.rank].format(markup(cell.text)) + half + star + (f"<sup>{marks}</sup>" if marks else "")
