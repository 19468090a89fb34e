"""An SVG of matplotlib in other colours: those of dark pages, or those of the page that it is put into."""

from __future__ import annotations

import re
from dataclasses import fields

from gner_bench.report.figures.style import DARK, LIGHT, Theme

COLOUR = re.compile(r"""\b(fill|stroke)(: |=")(#[0-9a-f]{6})""")
STYLE = re.compile(r'''style="([^"]*)"''')
NAMED = re.compile(r"""(\bid="|href="#|url\(#)""")
UNSEEN = re.compile(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", re.DOTALL)


def _colours(theme: Theme) -> list[str]:
    values = [getattr(theme, field.name) for field in fields(theme) if field.name != "name"]
    return [colour.lower() for value in values for colour in ([value] if isinstance(value, str) else value)]


DARK_OF = dict(zip(_colours(LIGHT), _colours(DARK), strict=True))
"""The colour on dark pages by that on light ones; a colour has the same counterpart in every part of a figure."""
VARIABLES = {colour: f"--figure-{number}" for number, colour in enumerate(DARK_OF)}
"""The variable of a page by the light colour."""


def in_dark(svg: str) -> str:
    """The figure as it is with the dark theme."""
    return COLOUR.sub(lambda match: match[1] + match[2] + DARK_OF.get(match[3], match[3]), svg)


def embedded(svg: str, prefix: str) -> str:
    """The figure as a part of a page, in the page's colours (``page_colours``).

    It has no style of its own, which the policy of a page may forbid, and its identifiers begin with ``prefix``, so
    that those of several figures differ.
    """
    body = UNSEEN.sub("", svg[svg.index("<svg") :])
    body = STYLE.sub(lambda match: _attributes(match[1]), body)
    body = COLOUR.sub(lambda match: match[1] + match[2] + _variable(match[3]), body)
    body = NAMED.sub(lambda match: f"{match[1]}{prefix}-", body)
    # What the style that was taken out said of all elements.
    return body.replace("<svg ", '<svg stroke-linejoin="round" stroke-linecap="butt" ', 1)


def page_colours() -> str:
    """The style sheet of a page that gives embedded figures the colours of its scheme."""
    values = (f"{VARIABLES[light]}: light-dark({light}, {dark});" for light, dark in DARK_OF.items())
    return f":root {{ {' '.join(values)} }}"


def _attributes(style: str) -> str:
    pairs = (part.split(": ", 1) for part in style.split("; ") if part)
    return " ".join(f'{name}="{value}"' for name, value in pairs)


def _variable(colour: str) -> str:
    return f"var({VARIABLES[colour]}, {colour})" if colour in VARIABLES else colour
