"""The front of all readers: what is around an answer and is none of it is taken off, if the rule says so.

The rule ``raw`` reads an answer as it is. The rule ``mended`` takes off thoughts, marks of turns and code fences, reads
labels in the forms that ``forms`` knows and types in another case or with ``_`` for a space; what cannot be read in the
format that was asked for is read in another where it is in one. Marks that are the
sentence's own, or the name of one of its types, stay. All that was done is in the notes of the answer, once an answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal, get_args

from gner_bench.answers.answer import Answer, AnswerFormat, Mentions, Rule, Tagged, Tags
from gner_bench.answers.any_form import read_any
from gner_bench.answers.inline import UNCLOSED
from gner_bench.answers.lenient_json import CUT, EMPTY, STRAY, UNREADABLE
from gner_bench.answers.listed import NO_PAIR
from gner_bench.answers.spans import STRAY as STRAY_SPANS
from gner_bench.answers.types import ALIKE, known_as, plain

THOUGHTS = "answers with thoughts, taken off"
UNENDED = "answers that end within thoughts: nothing follows"
TURNS = "answers with marks around them (<answer>, ends of turns), taken off"
FENCES = "answers in code fences, taken off"

Reading = Literal["as_is", "mended", "partly_read", "unread", "empty"]
"""How an answer was read. Mended: nothing of it was lost; partly read: something was, or one of several answers."""
READINGS: tuple[Reading, ...] = get_args(Reading)
LOST = frozenset({CUT, STRAY, NO_PAIR, STRAY_SPANS, UNCLOSED})
"""Notes on a part of an answer that was left out though it may have been a mention."""

_NAMES = r"(?:seed:)?think|thinking|thoughts?|reasoning|reason|reflection|analysis|scratchpad|chain_of_thought|cot"
_OPENS = re.compile(
    rf"<({_NAMES})>|\[(think)\]|◁(think)▷|<\|(?:begin_of_thought|start_thinking|thinking)\|>|<unused94>(?:thought)?"
    r"|(?:<\|start\|>\s*assistant\s*)?<\|?channel\|?>\s*(?:analysis|commentary|thought)\b",
    re.IGNORECASE,
)
_CLOSES = re.compile(
    rf"</({_NAMES})>|\[/(think)\]|◁/(think)▷|<\|(?:end_of_thought|end_thinking|/thinking)\|>|<unused95>|<channel\|>"
    r"|(?:<\|end\|>\s*)?(?:<\|start\|>\s*assistant\s*)?<\|channel\|>\s*final\s*(?:<\|message\|>|$)|assistantfinal",
    re.IGNORECASE,
)
_ANSWER = re.compile(
    r"<(answer|final_answer|final|output|response|result|solution)>(.*?)(?:</\1>|\Z)"
    r"|<\|(?:begin_of_solution|start_response)\|>(.*?)(?:<\|(?:end_of_solution|end_response)\|>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_BEGINS = re.compile(
    r"\s*(?:<s>|<bos>|\[INST\].*?\[/INST\]|\[/INST\]|<\|begin_of_text\|>|<\|im_start\|>\s*(?:assistant\b)?"
    r"|<\|start_header_id\|>\s*assistant\s*<\|end_header_id\|>|<\|(?:assistant|message)\|>|<start_of_turn>\s*model\b)",
    re.IGNORECASE | re.DOTALL,
)
_ENDS = re.compile(
    r"</s>|<eos>|<pad>|<end_of_turn>|<\|(?:im_end|eot_id|endoftext|end_of_text|end|return|eom_id|user|im_start)\|>",
    re.IGNORECASE,
)
_FENCE = re.compile(
    r"(?P<fence>```+|~~~+)(?:[ \t]*[\w+.-]*[ \t]*\n|(?:json|xml|text|txt|html|python|plaintext)\b)?"
    r"(?P<inner>.*?)(?:(?P=fence)|\Z)",
    re.DOTALL,
)


def read_answer(
    format: AnswerFormat, text: str, words: Sequence[str], types: Sequence[str], rule: Rule | None = None
) -> Answer:
    """An answer to be read by ``format`` under a ``rule``, by default the format's own. Never raises."""
    if (rule or format.rule) == "raw":
        return format.read(text, words, types)
    notes: list[str] = []
    answers = _several(format, text)
    if answers is None:
        inner = take_off(text, words, types, notes)
    else:
        texts = [take_off(a, words, types, notes) if isinstance(a, str) else a for a in answers]
        inner = json.dumps(texts, ensure_ascii=False)
    answer = (format.mend or format.read)(inner, words, types)
    if not isinstance(answer, Tagged):
        if UNREADABLE in answer.notes and (other := read_any(inner, words, types)) is not None:
            answer = other
        answer = _with_known_types(answer, types)
    return replace(answer, notes=(*notes, *answer.notes))


def reading_of(format: AnswerFormat, text: str, answer: Answer) -> Reading:
    """How ``answer`` was read of a sentence's ``text``, by its notes."""
    notes = list(answer.notes)
    without = notes.count(EMPTY) + notes.count(UNREADABLE)
    if isinstance(answer, Tagged) and not answer.pairs:
        without = 1
    answers = _several(format, text) or []
    if without >= (len(answers) if answers and all(isinstance(answer, str) for answer in answers) else 1):
        written = isinstance(answer, Tagged) or not {UNREADABLE, UNENDED}.isdisjoint(notes)
        return "unread" if text.strip() and written else "empty"
    if without or not LOST.isdisjoint(notes):
        return "partly_read"
    return "mended" if notes else "as_is"


def _several(format: AnswerFormat, text: str) -> list[Any] | None:
    """The array of answers of a format that asks several questions; None for others and where there is no array."""
    try:
        answers = json.loads(text) if format.several else None
    except (ValueError, RecursionError):
        return None
    return answers if isinstance(answers, list) else None


def take_off(text: str, words: Sequence[str], types: Sequence[str], notes: list[str]) -> str:
    """``text`` without what is around an answer; what was taken off is noted."""
    own = " ".join(words).lower()
    kept = set(map(plain, types))

    def foreign(match: re.Match[str]) -> bool:
        name = next((group for group in match.groups() if group), "").lower()
        return plain(name) not in kept and match[0].strip().lower() not in own

    text = _without_thoughts(text, foreign, notes)
    marked = text
    while (begin := _BEGINS.match(marked)) and foreign(begin):
        marked = marked[begin.end() :]
    if end := next((end for end in _ENDS.finditer(marked) if foreign(end)), None):
        marked = marked[: end.start()]
    answers = [match for match in _ANSWER.finditer(marked) if plain(match[1] or "") not in kept]
    answers = [match for match in answers if f"<{match[1]}>".lower() not in own]
    if inner := [content for match in answers if (content := match[2] or match[3] or "").strip()]:
        marked = inner[-1]
    if marked != text:
        notes.append(TURNS)
    fenced = [match["inner"] for match in _FENCE.finditer(marked) if match["fence"] not in own]
    if filled := [content for content in fenced if content.strip()]:
        notes.append(FENCES)
        return filled[-1]
    return marked


def _without_thoughts(text: str, foreign: Callable[[re.Match[str]], bool], notes: list[str]) -> str:
    marks = [(match.start(), match.end(), True) for match in _OPENS.finditer(text) if foreign(match)]
    marks += [(match.start(), match.end(), False) for match in _CLOSES.finditer(text) if foreign(match)]
    if not marks:
        return text
    kept, opened, end = "", False, 0
    for start, stop, opens in sorted(marks):
        if start < end:
            continue
        if opens and not opened:
            kept += text[end:start]
        elif not opens and not opened:
            kept = ""  # the opening mark was in the prompt
        opened, end = opens, stop
    notes.append(UNENDED if opened and not kept.strip() else THOUGHTS)
    return kept if opened else kept + text[end:]


def _with_known_types(answer: Answer, types: Sequence[str]) -> Answer:
    """``answer`` with the list's names for its types, see ``types.known_as``."""
    name, read = known_as(tuple(types)), 0

    def named(kind: str) -> str:
        nonlocal read
        read += name(kind) != kind
        return name(kind)

    if isinstance(answer, Mentions):
        answer = replace(answer, mentions=[(text, named(kind)) for text, kind in answer.mentions])
    elif isinstance(answer, Tags):
        answer = replace(answer, tags=tuple(tag if tag == "O" else tag[:2] + named(tag[2:]) for tag in answer.tags))
    elif not isinstance(answer, Tagged):
        answer = replace(answer, spans=[replace(span, type=named(span.type)) for span in answer.spans])
    return replace(answer, notes=(*answer.notes, *[ALIKE] * read))
