"""Reading ``word(label) word(label) …`` out of generated text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Literal, get_args

# A label ends at the first closing bracket and does not cross a line.
LABEL = re.compile(r"\((O|[BI]-[^)\n]*)\)")

LabelFault = Literal["unread", "unclosed", "empty_type", "without_word"]
LABEL_FAULTS: tuple[LabelFault, ...] = get_args(LabelFault)
# What else reads as a label: another case, letter (BIOES, BILOU) or dash, or the name of a type alone.
_BRACKETS = re.compile(r"\(([^()\n]*)\)")
_LIKE_LABEL = re.compile(r"[Oo]|[BIESLUbi]\s?[-_:–]\s?\S.*")
_UNCLOSED = re.compile(r"\([BI]-[^()\n]*\n")
_CUT_OFF = re.compile(r"\((?:O|[BI](?:-[^()\n]*)?)\Z")


def parse_generation(text: str) -> list[tuple[str, str]]:
    """The (word, label) pairs that ``text`` holds, in order.

    A word is the stripped text between one label and the next; a label after an empty word is dropped. Labels are
    ``O``, ``B-…`` or ``I-…`` as generated (stripped), not yet checked against a type list. Text after the last label
    is ignored.
    """
    parts = LABEL.split(text)
    words = list(map(str.strip, parts[:-1:2]))
    pairs = list(zip(words, map(str.strip, parts[1::2]), strict=True))
    return [pair for pair in pairs if pair[0]] if "" in words else pairs


def label_faults(text: str, pairs: Sequence[tuple[str, str]], types: Collection[str]) -> Counter[LabelFault]:
    """How many labels of ``text`` are malformed; ``pairs`` are what ``parse_generation`` read of it.

    ``unread``: brackets in a word or after the last label that hold what looks like a label (lower case, a letter of
    BIOES or BILOU, ``_`` or ``:`` for the dash, or one of ``types`` alone) and are none to the parser. ``unclosed``: a
    label in which another bracket opens, or whose line or text ends, before it closes. ``empty_type``: ``B-`` and
    ``I-`` alone. ``without_word``: a label after an empty word, which is dropped.
    """
    found: Counter[LabelFault] = Counter()
    for _, label in pairs:
        if "(" in label:
            found["unclosed"] += 1
        elif len(label) == 2:
            found["empty_type"] += 1
    # A text whose every opening bracket begins the label of a pair holds no others.
    if text.count("(") == len(pairs):
        return found
    known = {kind.lower() for kind in types}
    labels = list(LABEL.finditer(text))
    rest = text[labels[-1].end() :] if labels else text
    for part in [word for word, _ in pairs if "(" in word] + [rest]:
        found["unread"] += sum(_like_label(brackets[1].strip(), known) for brackets in _BRACKETS.finditer(part))
        found["unclosed"] += len(_UNCLOSED.findall(part))
    found["unclosed"] += bool(_CUT_OFF.search(rest.rstrip()))
    found["without_word"] += len(labels) - len(pairs)
    return found


def _like_label(text: str, types: Collection[str]) -> bool:
    return text.lower() in types or _LIKE_LABEL.fullmatch(text) is not None
