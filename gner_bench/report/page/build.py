"""Putting the page together. A new part of it is a function here or in a module of its own, and a line in ``PARTS``."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from string import Template

from gner_bench import __version__
from gner_bench.errors import UsageError
from gner_bench.files import write_atomic
from gner_bench.report.figures.svg import embedded, page_colours
from gner_bench.report.page.content import Content
from gner_bench.report.page.errors import errors
from gner_bench.report.page.html import Html, element, join, markup_of, name, table
from gner_bench.report.page.samples import columns, packed
from gner_bench.report.page.summary import summary

SCRIPTS = ("tables.js", "samples.js", "cards.js", "browser.js")
UNFOLDED = 2
"""Tables of scores, and of differences, that are shown at once."""


def write_page(out: Path, content: Content) -> Path:
    """Write the page to ``out`` (index.html in it, if it is a folder) and return the file written.

    The same content gives the same bytes. Raises UsageError without systems, IntegrityError for predictions that are
    not those that were scored, and InputError for what cannot be read or written.
    """
    if not content.systems:
        raise UsageError("a page needs scores of at least one system")
    samples = columns(content.systems)
    # A script of a type that no browser runs. It comes before the figures, which are still being drawn.
    block = element("script", Html(packed(samples)), type="text/plain", id="samples") if samples else Html("")
    parts = {heading: part for heading, function in PARTS.items() if (part := function(content))}
    parts["Sentences"] = sentences(content, Html(file_of_page("browser.html") if samples else ""))
    return write_parts(out, content.title, parts, SCRIPTS, block)


def write_parts(out: Path, title: str, parts: Mapping[str, Html], scripts: Sequence[str], block: Html) -> Path:
    """Write a page of ``parts`` by their headings to ``out``, as ``write_page``; ``scripts`` are files of this package.

    The ``block`` is an element that scripts read. Raises InputError for what cannot be written.
    """
    sections, links = [], []
    for heading, part in parts.items():
        key = re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")
        inner = join(element("h2", heading, id=f"{key}-heading"), part)
        sections.append(element("section", inner, id=key, aria_labelledby=f"{key}-heading"))
        links.append(element("a", heading, href=f"#{key}"))
    style, theme = f"{file_of_page('page.css')}{page_colours()}\n", file_of_page("theme.js")
    script = "\n".join(map(file_of_page, scripts))
    page = Template(file_of_page("page.html")).substitute(
        title=markup_of(title),
        policy=f"style-src {_source_hash(style)}; script-src {_source_hash(theme)} {_source_hash(script)}",
        style=style,
        theme=theme,
        navigation=join(*links),
        sections=join(*sections),
        version=markup_of(__version__),
        samples=block,
        script=script,
    )
    file = out / "index.html" if out.is_dir() else out
    write_atomic(file, page)
    return file


def file_of_page(name: str) -> str:
    """A file of this package."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _source_hash(source: str) -> str:
    """The source as Content-Security-Policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"


def verdict(content: Content) -> Html:
    """What was found in words, and the differences that it rests on."""
    words = [
        element("p", element("strong", f"{each.head}:"), " ", each.text, class_="verdict") for each in content.verdict
    ]
    return join(*words, *(table(grid, folded=at >= UNFOLDED) for at, grid in enumerate(content.changes)))


def sentences(content: Content, browser: Html) -> Html:
    """The ``browser`` of sentences, and of which systems it has none."""
    lines = [
        element("li", "No sentences of ", name(system.title), f": {system.missing}.")
        for system in content.systems
        if system.predictions is None
    ]
    return join(element("ul", *lines, class_="notes") if lines else Html(""), browser)


def scores(content: Content) -> Html:
    """The comparisons of systems, the first ones unfolded."""
    return join(*(table(grid, folded=at >= UNFOLDED) for at, grid in enumerate(content.tables)))


def types(content: Content) -> Html:
    """The tables of types, behind their heading where there are several."""
    parts = []
    for heading, grids in content.types.items():
        tables = join(*(table(grid, folded=True) for grid in grids))
        folded = tables and len(content.types) > 1
        parts.append(element("details", element("summary", heading), tables) if folded else tables)
    return join(*parts)


def figures(content: Content) -> Html:
    """Plots as SVG in the page, drawn in its colours; its policy keeps scripts and foreign addresses out of them."""
    parts = []
    for figure in content.figures:
        image = element("div", Html(embedded(figure.svg, figure.name)), role="img", aria_label=figure.caption)
        box = element("div", image, class_="scroll", tabindex="0", role="group", aria_label=figure.caption)
        parts.append(element("figure", box, element("figcaption", figure.caption)))
    if content.left_out:
        parts.append(element("p", content.left_out, class_="notes"))
    return join(*parts)


PARTS: dict[str, Callable[[Content], Html]] = {
    "Verdict": verdict,
    "Summary": summary,
    "Scores": scores,
    "Types": types,
    "Errors": errors,
    "Figures": figures,
}
"""The parts of the page by their heading; empty ones are left out. The browser of sentences comes last."""
