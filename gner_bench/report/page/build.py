"""Putting the page together."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from string import Template

from gner_bench import __version__
from gner_bench.errors import UsageError
from gner_bench.records import Json
from gner_bench.report.grid import Grid
from gner_bench.report.page.errors import errors
from gner_bench.report.page.html import Html, element, join, markup_of, void
from gner_bench.report.page.samples import columns, packed
from gner_bench.report.page.summary import summary
from gner_bench.report.page.tables import table
from gner_bench.report.page.values import PageFigure, PageSystem

SCRIPTS = ("tables.js", "samples.js", "cards.js", "browser.js")
UNFOLDED = 2
"""Tables of scores that are shown at once."""


def page(
    systems: Sequence[PageSystem],
    title: str,
    figures: Sequence[PageFigure],
    tables: Sequence[Grid],
    types: Mapping[str, Sequence[Grid]],
    warnings: Sequence[str],
) -> str:
    """The HTML of the page; the same arguments give the same text. Raises as ``write_page`` does."""
    if not systems:
        raise UsageError("a page needs scores of at least one system")
    style, theme, script = _file("page.css"), _file("theme.js"), "\n".join(map(_file, SCRIPTS))
    samples = columns(systems)
    sections = {
        "Summary": summary(systems, warnings),
        "Scores": join(*(table(grid, folded=at >= UNFOLDED) for at, grid in enumerate(tables))),
        "Types": join(*(_types(heading, grids, len(types)) for heading, grids in types.items())),
        "Errors": errors(systems),
        "Figures": join(*map(_figure, figures)),
        "Sentences": Html(_file("browser.html")) if samples else Html(""),
    }
    there = {name: content for name, content in sections.items() if content}
    return Template(_file("page.html")).substitute(
        title=markup_of(title),
        policy=f"style-src {_hash(style)}; script-src {_hash(theme)} {_hash(script)}",
        style=style,
        theme=theme,
        navigation=join(*(element("a", name, href=f"#{name.lower()}") for name in there)),
        sections=join(*(_section(name, content) for name, content in there.items())),
        version=markup_of(__version__),
        samples=_block(samples),
        script=script,
    )


def _file(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(source: str) -> str:
    """The source as Content-Security-Policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"


def _section(name: str, content: Html) -> Html:
    heading = element("h2", name, id=f"{name.lower()}-heading")
    inner = join(heading, content)
    return element("section", inner, id=name.lower(), aria_labelledby=f"{name.lower()}-heading")


def _types(heading: str, grids: Sequence[Grid], headings: int) -> Html:
    tables = join(*(table(grid, folded=True) for grid in grids))
    return element("details", element("summary", heading), tables) if tables and headings > 1 else tables


def _figure(figure: PageFigure) -> Html:
    """As images, which can neither run scripts nor fetch anything nor share names with the page."""
    kinds = {"light": figure.svg, "dark": figure.dark} if figure.dark else {"paper": figure.svg}
    images = (_image(svg, kind, figure.alt or figure.caption) for kind, svg in kinds.items())
    shown = element("div", *images, class_="scroll", tabindex="0", role="group", aria_label=figure.caption)
    return element("figure", shown, element("figcaption", figure.caption))


def _image(svg: str, kind: str, alt: str) -> Html:
    data = base64.b64encode(svg.encode("utf-8", "replace")).decode()
    return void("img", class_=kind, alt=alt, src=f"data:image/svg+xml;base64,{data}")


def _block(samples: Json | None) -> Html:
    """The samples as a script of a type that no browser runs."""
    return element("script", Html(packed(samples)), type="text/plain", id="samples") if samples else Html("")
