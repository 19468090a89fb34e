"""Text of people (names, types, notes) in each format, so that nothing in it acts as markup."""

from __future__ import annotations

import html
import re

from gner_bench.messages import one_line

LATEX_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\char34{}",
    "'": "{'}",
    "`": r"\textasciigrave{}",
    "[": "{[}",  # a bracket or star that opens a line would be read as an option of \\
    "]": "{]}",
    "*": "{*}",
    "†": r"\ensuremath{\dagger}",
    "‡": r"\ensuremath{\ddagger}",
    "§": r"\ensuremath{\mathsection}",
    "¶": r"\ensuremath{\mathparagraph}",
    "‖": r"\ensuremath{\Vert}",
    "±": r"\ensuremath{\pm}",
    "−": r"\ensuremath{-}",
    "→": r"\ensuremath{\rightarrow}",
    "–": r"\textendash{}",
    "…": r"\textellipsis{}",
} | {character: "\\" + character for character in "{}$&%#_"}
LATEX_PLAIN = frozenset("ÄÖÜäöüßÀÁÂÃÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕØÙÚÛÝàáâãåæçèéêëìíîïñòóôõøùúûýÿŁłŠšŽžČčŒœ")
"""Letters that every pdfLaTeX sets without a package."""
LATEX_CHARACTER = (
    r"\providecommand{\gnerbenchchar}[2]{\ifdefined\XeTeXversion#1\else\ifdefined\directlua#1\else[U+#2]\fi\fi}"
)
"""Prints other characters where the engine can, otherwise their number."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def visible(text: str) -> str:
    """``text`` with each character that a terminal would obey or hide as its escape, such as ``\\x1b``."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def latex(text: str) -> str:
    """``text`` on one line of LaTeX. Characters that pdfLaTeX may not know use ``LATEX_CHARACTER``."""
    characters = [
        LATEX_SPECIAL.get(character)
        or (character if character.isascii() or character in LATEX_PLAIN else None)
        or rf"\gnerbenchchar{{{character}}}{{{ord(character):04X}}}"
        for character in one_line(text)
    ]
    # Two hyphens would become a dash, two commas a quotation mark.
    return re.sub(r"([-,])(?=\1)", r"\1{}", "".join(characters))


def markup(text: str) -> str:
    """``text`` on one line of HTML, fit for an element and for a quoted attribute."""
    return html.escape(one_line(text))


def csv_text(text: str) -> str:
    """``text`` on one line; what a spreadsheet would compute gets an apostrophe in front."""
    line = one_line(text)
    return f"'{line}" if line.startswith(FORMULA) else line
