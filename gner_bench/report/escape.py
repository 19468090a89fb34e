"""Text of people (names, types, notes) in each format, so that nothing in it acts as markup."""

from __future__ import annotations

import html
import re
import unicodedata

REPLACED = "\N{REPLACEMENT CHARACTER}"
BIDIRECTIONAL = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
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
    "†": r"\dag{}",
    "‡": r"\ddag{}",
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


def one_line(text: str) -> str:
    """``text`` with every run of white space as one space, none at the ends, and control characters replaced.

    Control characters are those of Unicode's Cc and Cs, and those that turn the direction of writing.
    """
    return "".join(REPLACED if _controls(each) else each for each in " ".join(text.split()))


def _controls(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs") or character in BIDIRECTIONAL


def latex(text: str) -> str:
    """``text`` on one line of LaTeX. Characters that pdfLaTeX may not know use ``LATEX_CHARACTER``."""
    # Two hyphens would become a dash, two commas a quotation mark.
    return re.sub(r"([-,])(?=\1)", r"\1{}", "".join(map(_latex, one_line(text))))


def _latex(character: str) -> str:
    special = LATEX_SPECIAL.get(character)
    if special is not None:
        return special
    if character.isascii() or character in LATEX_PLAIN:
        return character
    return rf"\gnerbenchchar{{{character}}}{{{ord(character):04X}}}"


def markdown(text: str) -> str:
    """``text`` on one line of Markdown as GitHub reads it: no markup, link, formula or mention."""
    escaped = re.sub(r"([\\`*_{}\[\]<>|#~&$])", r"\\\1", one_line(text))
    return re.sub(r"@(?=\w)", "@<!-- -->", escaped.replace("://", r"\://"))


def markup(text: str) -> str:
    """``text`` on one line of HTML, fit for an element and for a quoted attribute."""
    return html.escape(one_line(text))


def terminal(text: str) -> str:
    """``text`` on one line for rich, square brackets kept from being read as styles."""
    import rich.markup

    return rich.markup.escape(one_line(text))


def csv_text(text: str) -> str:
    """``text`` on one line; what a spreadsheet would compute gets an apostrophe in front."""
    line = one_line(text)
    return f"'{line}" if line.startswith(FORMULA) else line
