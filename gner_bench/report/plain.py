"""Text of people, safe for a terminal, and the look that views of sentences share."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from rich import box
from rich.table import Table
from rich.text import Text

STYLES = {"entity": "cyan", "right": "green", "wrong": "red", "ignored": "yellow", "O": "dim"}


def visible(text: str) -> str:
    """``text`` with each character that a terminal would obey or hide as its escape, such as ``\\x1b``."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def plain(text: str, style: str = "") -> Text:
    """``text`` without any markup of its own."""
    return Text(visible(text), style)


def number(count: int, what: str) -> str:
    """``1 word``, ``2 words``."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def heading(text: str) -> Text:
    """A title with an empty line above it, at the full width whatever follows."""
    return Text.assemble("\n", plain(text, "bold"))


def table_of(heads: Iterable[str], right: Collection[str] = ()) -> Table:
    """An empty table whose cells are never cut; the columns named ``right`` hold figures."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), pad_edge=False)
    for head in heads:
        table.add_column(Text(head), justify="right" if head in right else "left", overflow="fold")
    return table
