"""What the text formats of the comparison table share: escaping, bold, footnotes, the grid of cells."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import rich.markup

from gner_bench.report.table import Row, Table, best, footnotes, printed

TITLES = {
    "gner": "F1 by the GNER metric (the set of text and type of a sentence)",
    "strict": "F1 by the strict metric (spans by position and type)",
}
ROUNDING = "F1 in percent, rounded to one decimal (half to even, on the binary value)."
BOLD = "Bold: the best measured figure of a column."
LATEX_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    "[": "{[}",  # a bracket or star that opens a line would be read as an option of \\
    "]": "{]}",
    "*": "{*}",
    "†": r"\dag{}",
    "‡": r"\ddag{}",
} | {character: "\\" + character for character in "{}$&%#_"}


def escape_latex(text: str) -> str:
    """``text`` on one line, every character with a meaning in LaTeX escaped."""
    return "".join(LATEX_SPECIAL.get(character, character) for character in one_line(text))


def escape_markdown(text: str) -> str:
    """``text`` on one line, every character with a meaning inside a line of Markdown escaped."""
    return re.sub(r"([\\`*_{}\[\]<>|#~&])", r"\\\1", one_line(text))


def escape_rich(text: str) -> str:
    """``text`` on one line, square brackets kept from being read as styles."""
    return rich.markup.escape(one_line(text))


def one_line(text: str) -> str:
    """``text`` with every run of white space as one space, none at the ends."""
    return " ".join(text.split())


@dataclass(frozen=True)
class Markup:
    """How a format writes plain text, a bold figure and a footnote symbol."""

    text: Callable[[str], str]
    bold: Callable[[str], str]
    mark: Callable[[str], str]


RICH = Markup(escape_rich, "[bold]{}[/bold]".format, " {}".format)
MARKDOWN = Markup(escape_markdown, "**{}**".format, "<sup>{}</sup>".format)
LATEX = Markup(escape_latex, r"\textbf{{{}}}".format, lambda s: rf"\textsuperscript{{{escape_latex(s)}}}")


def grid(table: Table, markup: Markup) -> list[list[str]]:
    """The body of the table: the cells of each row, the system first."""
    symbols, top = footnotes(table), best(table)

    def marked(text: str, note: str) -> str:
        return text + (markup.mark(symbols[note]) if note else "")

    def figure(row: Row, index: int, column: int) -> str:
        value = row.figures[column]
        text = "" if value is None else printed(value)
        return marked(markup.bold(text) if (index, column) in top else text, row.marks[column])

    return [
        [
            marked(markup.text(f"{row.system} (quoted)" if row.quoted else row.system), row.note),
            *(figure(row, index, column) for column in range(len(table.columns))),
        ]
        for index, row in enumerate(table.rows)
    ]


def notes(table: Table, markup: Markup) -> list[str]:
    """The footnotes, then the warnings, a line each."""
    lines = [f"{markup.mark(symbol)} {markup.text(text)}".strip() for text, symbol in footnotes(table).items()]
    return lines + [f"Warning: {markup.text(warning)}" for warning in table.warnings]


def caption(table: Table) -> str:
    """The rounding, and what bold means where something is bold."""
    return f"{ROUNDING} {BOLD}" if best(table) else ROUNDING


def origins(rows: list[Row]) -> dict[str, list[str]]:
    """The systems of each signature line, or of each publication."""
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.origin, []).append(row.system)
    return found
