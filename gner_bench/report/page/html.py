"""HTML from values: text is escaped unless it is Html already, so that text of people can never be markup."""

from __future__ import annotations

import re

from gner_bench.report.escape import markup

LONGEST = 200
"""Characters of a name that are shown; a longer one is cut, saying so."""
UNBROKEN = re.compile(r"(\S{24})(?=\S)")
"""A line may break after so many characters without a space."""

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
    return Html(f"<{name}{_attributes(attributes)}>{inner}</{name}>")


def void(name: str, **attributes: Attribute) -> Html:
    """An element that has no end tag, such as ``img``."""
    return Html(f"<{name}{_attributes(attributes)}>")


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


def _attributes(attributes: dict[str, Attribute]) -> str:
    return "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{markup(value)}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
