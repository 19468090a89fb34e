"""The sentence again, with marks of its entities: ``<type>words</type>``. Marks do not nest."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gner_bench.answers.answer import AnswerFormat, CharacterSpans, Span
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


def write(words: Sequence[str], tags: Sequence[str]) -> str:
    """The words with marks around the entities of ``tags``."""
    marked = list(words)
    for first, end, kind in lenient_spans(tags):
        marked[first] = f"<{kind}>{marked[first]}"
        marked[end - 1] += f"</{kind}>"
    return " ".join(marked)


INLINE = AnswerFormat("inline", "the sentence with <type>…</type> marks", "import-inline-1", read, perfect=write)
