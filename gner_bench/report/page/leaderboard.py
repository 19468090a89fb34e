"""The page of a leaderboard: groups of systems under headings, published rows, filters (``leaderboard.js``)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gner_bench.report.grid import Grid, by_value
from gner_bench.report.leaderboard.board import Group, Part
from gner_bench.report.page.build import file_of_page, write_parts
from gner_bench.report.page.content import PageSystem
from gner_bench.report.page.html import Html, element, join, join_names, table
from gner_bench.report.page.summary import data_grid
from gner_bench.report.views.leaderboard import Links, group_grid, quoted_grid
from gner_bench.report.views.systems import LAYOUT_TITLES
from gner_bench.scoring.metrics import METRICS
from gner_bench.scoring.scores import warnings_of_all

SCRIPTS = ("tables.js", "leaderboard.js")
QUOTED = "Published scores, quoted"
NOT_ALIKE = "Not like for like with anything above: data, types and scoring are those of each publication."


def write_board(out: Path, title: str, parts: Sequence[Part], links: Links, document: str) -> Path:
    """Write index.html to the folder ``out``; ``document`` is the address of the same figures as JSON.

    Raises InputError if that fails.
    """
    sections: dict[str, Html] = {}
    for part in parts:
        heading = METRICS[part.metric].name_in_text
        link = element("a", "All figures of this page as JSON", href=document)
        lead = [] if sections else [element("p", link, "."), Html(file_of_page("leaderboard.html"))]
        sections[heading] = join(*filter(None, [sections.get(heading)]), *lead, *_groups(part, links))
    sections["Systems"] = _systems(parts)
    return write_parts(out, title, sections, SCRIPTS, Html(""))


def _groups(part: Part, links: Links) -> list[Html]:
    suffix = LAYOUT_TITLES[part.layout]
    boards = []
    for group in part.groups:
        data = table(data_grid([PageSystem(group.systems[0].document)]), folded=True)
        boards.append(_board(group.heading + suffix, _about(group), group_grid(group, links), "measured", data))
    if part.quoted:
        boards.append(_board(QUOTED + suffix, element("p", NOT_ALIKE), quoted_grid(part.quoted), "published"))
    return boards


def _board(heading: str, about: Html, grid: Grid, kind: str, *data: Html) -> Html:
    return element("div", element("h3", heading), about, table(grid), *data, class_=f"board {kind}")


def _about(group: Group) -> Html:
    """What keeps the group apart."""
    lines = [element("li", str(each)) for each in group.apart]
    return join(element("p", "Not like for like with other groups:"), element("ul", *lines)) if lines else Html("")


def _systems(parts: Sequence[Part]) -> Html:
    """The signature of each system, and what readers must be warned of."""
    systems = {system.name: system for part in parts for group in part.groups for system in group.systems}
    signatures = by_value((name, system.signature) for name, system in systems.items())
    lines = [element("li", element("code", text), " ", join_names(names)) for text, names in signatures.items()]
    warnings = warnings_of_all([(name, system.scores) for name, system in systems.items()])
    return join(
        _details("Signatures", lines, "signature"),
        _details("Warnings", [element("li", warning) for warning in warnings], "warnings"),
    )


def _details(heading: str, lines: Sequence[Html], kind: str) -> Html:
    if not lines:
        return Html("")
    return element("details", element("summary", f"{heading} ({len(lines)})"), element("ul", *lines), class_=kind)
