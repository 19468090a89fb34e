"""The sentence again, with marks of its entities: ``<type>words</type>``. Marks do not nest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from gner_bench.answers.answer import AnswerFormat, CharacterSpans, Span
from gner_bench.answers.lenient_json import AROUND
from gner_bench.bio import lenient_spans

_MARKED = re.compile(r"<([^<>/\s](?:[^<>/]*[^<>/\s])?)>(.*?)</\1>")


def read(text: str, words: Sequence[str] = (), types: Sequence[str] = ()) -> CharacterSpans:
    """The text without its marks, and what they marked."""
    plain, spans, end = "", [], 0
    for mark in _MARKED.finditer(text):
        plain += text[end : mark.start()]
        if mark[2].strip():
            spans.append(Span(len(plain), len(plain) + len(mark[2]), mark[1], mark[2]))
        plain += mark[2]
        end = mark.end()
    return CharacterSpans(plain + text[end:], spans)


def mend(text: str, words: Sequence[str], types: Sequence[str]) -> CharacterSpans:
    """``read`` without what is before or after the sentence, where that is in it as it is but for white space."""
    answer = read(text, words, types)
    whole = answer.text or ""
    places = [place for place, character in enumerate(whole) if not character.isspace()]
    squeezed, wanted = "".join(whole[place] for place in places).lower(), "".join("".join(words).split()).lower()
    start = squeezed.find(wanted)
    if not wanted or start < 0 or len(squeezed) == len(wanted) or len(squeezed) != len(places):
        return answer
    first, end = places[start], places[start + len(wanted) - 1] + 1
    inside = [span for span in answer.spans if first <= span.first and span.end <= end]
    moved = [replace(span, first=span.first - first, end=span.end - first) for span in inside]
    return CharacterSpans(whole[first:end], moved, [AROUND])


def write(words: Sequence[str], tags: Sequence[str]) -> str:
    """The words with marks around the entities of ``tags``."""
    marked = list(words)
    for first, end, kind in lenient_spans(tags):
        marked[first] = f"<{kind}>{marked[first]}"
        marked[end - 1] += f"</{kind}>"
    return " ".join(marked)


INLINE = AnswerFormat(
    "inline", "the sentence with <type>…</type> marks", "import-inline-2", read, perfect=write, mend=mend
)
