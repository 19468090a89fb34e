"""Mentions as ``type: text; type: text``, as InstructUIE and other instruction-tuned systems answer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gner_bench.answers.answer import AnswerFormat, Mentions
from gner_bench.bio import lenient_spans

NO_PAIR = "parts of answers without a type and a colon, left out"
_NONE = re.compile(r"(?:none|null|n/a|no (?:named )?entit(?:y|ies))?\.?", re.IGNORECASE)


def read(text: str, words: Sequence[str], types: Sequence[str]) -> Mentions:
    """The mentions of a list. The ``types`` of the sentence are looked for first: a mention may hold ``;`` and ``:``.

    A text that is not in the sentence, though its parts between commas are, is several mentions.
    """
    known = "|".join(re.escape(kind) for kind in sorted(types, key=len, reverse=True)) or r"(?!)"
    pairs: list[tuple[str, str]] = []
    notes: list[str] = []
    lower = [word.lower() for word in words]
    sentence = " ".join(lower)
    for part in re.split(rf"[;\n]\s*(?=(?:{known})\s*:)", text, flags=re.IGNORECASE):
        whole = part.partition(":")[2].strip("; ").lower()
        for piece in [part] if whole in sentence else re.split(r"[;\n]", part):
            listed = re.match(rf"\s*({known})\s*(:)(.*)", piece, re.IGNORECASE | re.DOTALL)
            kind, colon, mention = listed.groups() if listed else piece.partition(":")
            mention = mention.strip("; \n")
            if not colon:
                notes += [] if _NONE.fullmatch(piece.strip()) else [NO_PAIR]
            elif mention and (mention.lower() in lower or not _NONE.fullmatch(mention)):
                several = [cell.strip() for cell in mention.split(",")]
                parted = mention.lower() not in sentence and all(cell and cell.lower() in sentence for cell in several)
                pairs += [(cell, kind.strip()) for cell in (several if parted else [mention])]
    return Mentions(list(dict.fromkeys(pairs)), notes)


def write(words: Sequence[str], tags: Sequence[str]) -> str:
    """The mentions of ``tags``."""
    return "; ".join(f"{kind}: {' '.join(words[first:end])}" for first, end, kind in lenient_spans(tags)) or "None"


LIST = AnswerFormat("list", "mentions as type: text; type: text", "import-list-1", read, perfect=write)
