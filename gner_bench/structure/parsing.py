"""Reading ``word(label) word(label) …`` out of generated text."""

from __future__ import annotations

import re

# A label ends at the first closing bracket and does not cross a line.
_LABEL = re.compile(r"\((O|[BI]-[^)\n]*)\)")


def parse_generation(text: str) -> list[tuple[str, str]]:
    """The (word, label) pairs that ``text`` holds, in order.

    A word is the stripped text between one label and the next; a label after an empty word is dropped. Labels are
    ``O``, ``B-…`` or ``I-…`` as generated (stripped), not yet checked against a type list. Text after the last label
    is ignored.
    """
    pairs = []
    end = 0
    for label in _LABEL.finditer(text):
        word = text[end : label.start()].strip()
        end = label.end()
        if word:
            pairs.append((word, label[1].strip()))
    return pairs
