"""Words with labels as systems write them that were not trained on GNER's form, read as if they had kept to it.

``word(label), word(label)`` is what GNER's prompt literally asks for. Others write pairs ``("word", "label")``,
objects, or a word and its label a line, with labels in lower case, in BIOES, or the type alone. A text is read in the
form that finds most words of the sentence, which tells words from what is between them; GNER's own goes first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache

from gner_bench.answers.lenient_json import unescaped
from gner_bench.answers.types import alternatives, known_as

Pairs = list[tuple[str, str]]
BRACKETS = "answers in forms like word(label), word(label), read as GNER's"
TUPLES = "answers with pairs (word, label), read as GNER's"
OBJECTS = "answers with objects of a word and its label, read as GNER's"
COLUMNS = "answers with a word and its label in columns, read as GNER's"

_PREFIX = r"[BIESLU]\s?[-_:–—]\s?"
_PREFIXED = re.compile(r"(?:([BIESLU])\s?[-_:–—]\s?)?(.*)", re.IGNORECASE | re.DOTALL)
_PARTS = {"B": "B", "U": "B", "S": "B", "I": "I", "L": "I", "E": "I"}
_OUTSIDE = r"O|0|none|outside"
# A word is looked for in so many characters at most: the time for a text without any would grow with its square.
_WORD = r"""(?:"((?:[^"\\\n]|\\.){0,200})"|'((?:[^'\\\n]|\\.){0,200})'|((?![(\[]\s*["'])[^\n]{1,200}?))"""
_AROUND = "\"'`*_“”‘’{[("


@lru_cache(maxsize=256)
def _forms(types: tuple[str, ...]) -> dict[str, re.Pattern[str]]:
    """By the note that tells of it, a pattern with groups of a word (none for brackets) and, last, of its label."""
    listed = alternatives(types)
    label = rf"((?:{_PREFIX})?(?:{listed})|{_OUTSIDE}|[BI]-[^()\[\]{{}}<>\"',;|\n]+)"
    tag = rf"({_PREFIX}(?:{listed})|O|[BI]-[^\s()\[\]{{}}<>\"',;|]+)"
    key = r"""["'](?:label|tag|type|entity|ner|bio)\w*["']\s*:\s*"""
    texts = {
        BRACKETS: rf"[(\[{{<]\s*{label}\s*[)\]}}>]",
        TUPLES: rf"[(\[]\s*{_WORD}\s*,\s*[\"'“]?{label}[\"'”]?\s*[)\]]",
        OBJECTS: rf"[\"'](?:word|token|text)[\"']\s*:\s*{_WORD}\s*,\s*{key}[\"']{label}[\"']",
        COLUMNS: rf"(\S{{1,200}}?)(?:\s*(?:->|=>|[→:|/=–-])\s*|\s+)[\"'`*]*{tag}(?=[\"'`*,;|)\]}}]*(?:\s|$))",
    }
    return {note: re.compile(text, re.IGNORECASE) for note, text in texts.items()}


def read_forms(text: str, pairs: Pairs, words: Sequence[str], types: Sequence[str]) -> tuple[Pairs, list[str]]:
    """The words of ``text`` with BIO labels, and the note of the form that they were read in, if it is not GNER's.
    ``pairs`` are what GNER's own form gives."""
    wanted = Counter(map(str.lower, words))
    best, notes, most = pairs, list[str](), -1
    for note, pattern in [("", None), *_forms(tuple(types)).items()]:
        if most >= len(words):
            break
        read = list(_read(text, pattern, wanted, types, note == BRACKETS)) if pattern else pairs
        placed = (Counter(word.lower() for word, _ in read) & wanted).total()
        # Prose may happen to hold a word and a letter O.
        if placed > most and (note != COLUMNS or 2 * placed >= len(words)):
            best, notes, most = read, [note] if note else [], placed
    return best, notes


def _read(
    text: str, pattern: re.Pattern[str], wanted: Collection[str], types: Sequence[str], before: bool
) -> Iterator[tuple[str, str]]:
    """``before`` says that a word is what is before its label, since the label before it."""
    end, last = 0, "O"
    for match in pattern.finditer(text):
        written = match[match.lastindex or 0]
        piece = text[end : match.start()] if before else next(filter(None, match.groups()[:-1]), "")
        end, label = match.end(), bio_label(written, types, last)
        for word in _words_of(piece, wanted):
            yield word, label
            last, label = label, f"I-{label[2:]}" if label != "O" else label


def _words_of(piece: str, wanted: Collection[str]) -> list[str]:
    """The word in what is before a label: as it is, without separators, quotes or marks of a list, or its end. Several
    words of the sentence, and nothing else, share the label."""
    piece = piece.strip()
    apart = re.sub(r"\A(?:[,;|•·]\s*|[*-]\s+|\d+[.)]\s+)", "", piece) or piece
    bare = apart.strip(_AROUND)
    if (words := bare.split()) and all(word.lower() in wanted for word in words):
        return words if piece.lower() not in wanted else [piece]
    ends = [apart.splitlines()[-1].strip(), apart.split()[-1]] if apart else []
    ways = (piece, apart, bare, unescaped(bare), *ends, *(end.strip(_AROUND) for end in ends))
    word = next((way for way in ways if way.lower() in wanted), apart)
    return [word] if word else []


def bio_label(written: str, types: Sequence[str], before: str = "O") -> str:
    """A label as BIO with the list's name for its type. A type alone goes on where the label ``before`` has it."""
    name = known_as(tuple(types))
    if written[:2] in ("B-", "I-") and name(written[2:]) in types:
        return written[:2] + name(written[2:])
    if (kind := name(written)) in types:
        return f"{'I' if before[2:] == kind else 'B'}-{kind}"
    if re.fullmatch(_OUTSIDE, written, re.IGNORECASE):
        return "O"
    prefixed = _PREFIXED.fullmatch(written)
    assert prefixed is not None
    return f"{_PARTS[(prefixed[1] or 'B').upper()]}-{name(prefixed[2].strip())}"
