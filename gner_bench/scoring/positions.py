"""Predictions taken by position: words of other text where every sentence has as many of them as the gold.

Systems that replace words before they tag (addresses by ``url``, names by ``@user``) write these in their files too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gner_bench.answers.answer import Tags, WordSpans
from gner_bench.data.formats import Predicted
from gner_bench.data.sentence import Sentence
from gner_bench.errors import InputError, short
from gner_bench.scoring.gold import GoldSet


def by_position(items: Sequence[Predicted], gold: GoldSet) -> tuple[list[Predicted], str]:
    """The items with the words of the gold, and a warning that counts those that differ, empty without any.

    Sentences are told by id where all ids are the gold's, else by order. Raises InputError for another number of
    sentences, for one with another number of words (line and id), and for answers that are no tags or spans of words.
    """
    given: list[Sentence | None] = [gold.sentences.get(item.id) if item.id is not None else None for item in items]
    if None in given:
        if len(items) != len(gold.sentences):
            number = f"{len(items)} sentences, but the gold of {gold} has {len(gold.sentences)}"
            raise InputError(items[0].fields.path, f"{number}: they cannot be aligned by position")
        given = [*gold.sentences.values()]
    taken: list[Predicted] = []
    words, sentences, first = 0, 0, ""
    for item, sentence in zip(items, given, strict=True):
        answer = item.answer
        if sentence is None or not isinstance(answer, Tags | WordSpans):
            raise item.fields.error("prediction", "is neither tags nor spans of words, which have positions")
        if len(answer.words) != len(sentence.words):
            numbers = f"{len(answer.words)} words, {len(sentence.words)} in sentence {short(sentence.id)} of {gold}"
            raise item.fields.error("", f"{numbers}: they cannot be aligned by position")
        other = [place for place, word in enumerate(answer.words) if word != sentence.words[place]]
        if other and not first:
            pair = f"{short(answer.words[other[0]])} for {short(sentence.words[other[0]])}"
            first = f"sentence {short(sentence.id)}, word {other[0] + 1}: {pair}"
        words, sentences = words + len(other), sentences + bool(other)
        taken.append(replace(item, words=sentence.words, answer=replace(answer, words=sentence.words)))
    total = sum(len(item.words) for item in taken)
    counted = f"{words} of {total} words differ from the gold's, in {sentences} of {len(taken)} sentences"
    return taken, f"{gold}: aligned by position: {counted} ({first})" if words else ""
