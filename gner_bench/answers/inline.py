"""The sentence again, with marks of its entities: ``<type>words</type>``; for general models. Marks do not nest."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from gner_bench.answers.answer import AnswerFormat, CharacterSpans, Mentions, Question, Span
from gner_bench.answers.lenient_json import AROUND, EMPTY, UNREADABLE
from gner_bench.answers.types import alternatives, plain
from gner_bench.answers.wording import general_prompt
from gner_bench.bio import lenient_spans

TASK = "Mark the named entities in a sentence."
FORM = """\
Answer with the sentence itself, word for word, and nothing else. Put <TYPE> before and </TYPE> behind each entity; \
TYPE is one of these types, written as here. Marks do not hold other marks. A sentence without entities stays as it \
is."""
OTHER_MARKS = "answers with marks of another kind than <type>…</type>, read as such"
UNCLOSED = "answers with marks that do not open or close, left out"
_TAG = re.compile(r"<(/?)\s*([^<>/\s](?:[^<>/]*[^<>/\s])?)\s*>")
_MARKED = re.compile(r"<([^<>/\s](?:[^<>/]*[^<>/\s])?)>(.*?)</\1>")


def read(text: str, words: Sequence[str] = (), types: Sequence[str] = ()) -> CharacterSpans:
    """The text without its marks, and what they marked."""
    whole, spans, end = "", [], 0
    for mark in _MARKED.finditer(text):
        whole += text[end : mark.start()]
        if mark[2].strip():
            spans.append(Span(len(whole), len(whole) + len(mark[2]), mark[1], mark[2]))
        whole += mark[2]
        end = mark.end()
    return CharacterSpans(whole + text[end:], spans)


def mend(text: str, words: Sequence[str], types: Sequence[str]) -> CharacterSpans | Mentions:
    """The sentence in an answer, and what is marked in it, in whatever marks, one mark within another too.

    What is before or after the sentence is left out where the sentence is in the answer but for white space. What is
    marked there is a mention where nothing in the sentence is.
    """
    notes: list[str] = []
    if not text.strip():
        return CharacterSpans("", [], [EMPTY])
    marked = text
    for pattern, usual in _other_marks(tuple(types)):
        marked = pattern.sub(usual, marked)
    notes += [OTHER_MARKS] if marked != text else []
    whole, spans, faults = _unmarked(marked, types)
    notes += [UNCLOSED] * bool(faults)
    own = Counter(word.lower() for word in words)
    if not spans and 4 * (own & Counter(whole.lower().split())).total() < 3 * len(words):
        shared = "".join(whole.lower().split()).find("".join("".join(words).lower().split()))
        notes += [UNREADABLE] if shared < 0 else []
    places = [place for place, character in enumerate(whole) if not character.isspace()]
    squeezed, wanted = "".join(whole[place] for place in places).lower(), "".join("".join(words).split()).lower()
    start = squeezed.find(wanted)
    if not wanted or start < 0 or len(squeezed) == len(wanted) or len(squeezed) != len(places):
        return CharacterSpans(whole, spans, notes)
    first, end = places[start], places[start + len(wanted) - 1] + 1
    inside = [span for span in spans if first <= span.first and span.end <= end]
    if spans and not inside:  # the sentence as it is, and its mentions below it
        return Mentions([(span.text, span.type) for span in spans], [*notes, AROUND])
    moved = [replace(span, first=span.first - first, end=span.end - first) for span in inside]
    return CharacterSpans(whole[first:end], moved, [*notes, AROUND])


@lru_cache(maxsize=256)
def _other_marks(types: tuple[str, ...]) -> list[tuple[re.Pattern[str], str]]:
    """Marks of other kinds than ``<type>…</type>``, and these in their place."""
    known = alternatives(types)
    usual = r"<\g<type>>\g<text></\g<type>>"
    named = r"(?:type|label|class|category|name|entity)"
    patterns = (
        rf"<(?P<tag>[\w-]+)\s[^<>]*?{named}\s*=\s*[\"']?(?P<type>{known})[\"']?[^<>]*>(?P<text>.*?)</(?P=tag)\s*>",
        rf"<(?P<type>{known})\s+[\w-]+\s*=[^<>]*>(?P<text>.*?)</(?P=type)\s*>",
        rf"[\[{{](?P<text>[^\[\]{{}}\n]+)[\]}}]\s*[(\[]\s*(?P<type>{known})\s*[)\]]",
        rf"\[\s*(?P<text>[^\[\]\n|]+?)\s*[|]\s*(?P<type>{known})\s*\]",
        rf"\[\s*(?P<type>{known})\s*[|:]\s*(?P<text>[^\[\]\n|]+?)\s*\]",
        rf"\[(?P<type>{known})\](?P<text>.*?)\[/(?P=type)\]",
        rf"\*\*(?P<text>[^*\n]+)\*\*\s*[(\[]\s*(?P<type>{known})\s*[)\]]",
    )
    return [(re.compile(pattern, re.IGNORECASE), usual) for pattern in patterns]


def _unmarked(text: str, types: Sequence[str]) -> tuple[str, list[Span], int]:
    """``text`` without marks, what they marked, and how many did not open or close. A mark of another name than
    ``types`` have is text unless it opens and closes, and none of a mention where other marks are in it."""
    tags = list(_TAG.finditer(text))
    opening, closing = ({plain(tag[2]) for tag in tags if bool(tag[1]) == closes} for closes in (False, True))
    known = set(map(plain, types))
    whole, end, faults = "", 0, 0
    spans: list[Span] = []
    opened: list[tuple[str, int]] = []
    for tag in tags:
        name = plain(tag[2])
        if name not in known and name not in opening & closing:
            continue
        whole, end = whole + text[end : tag.start()], tag.end()
        at = next((place for place in reversed(range(len(opened))) if opened[place][0] == name), None)
        if not tag[1]:
            opened.append((name, len(whole)))
        elif at is None:
            faults += 1
        else:
            first = opened.pop(at)[1]
            around = name not in known and any(span.first >= first for span in spans)
            if whole[first:].strip() and not around:
                spans.append(Span(first, len(whole), tag[2].strip(), whole[first:]))
    return whole + text[end:], sorted(spans, key=lambda span: (span.first, -span.end)), faults + len(opened)


def write(words: Sequence[str], tags: Sequence[str]) -> str:
    """The words with marks around the entities of ``tags``."""
    marked = list(words)
    for first, end, kind in lenient_spans(tags):
        marked[first] = f"<{kind}>{marked[first]}"
        marked[end - 1] += f"</{kind}>"
    return " ".join(marked)


def ask(question: Question) -> list[str]:
    """One prompt for all types."""
    return [general_prompt(TASK, FORM, question, [write(shot.words, shot.tags) for shot in question.shots])]


INLINE = AnswerFormat(
    "inline",
    "the sentence with <type>…</type> marks; for general models",
    "import-inline-2",
    read,
    ask,
    write,
    uses=frozenset({"definitions", "shots"}),
    wrapping="chat",
    max_new_tokens=1024,
    mend=mend,
)
