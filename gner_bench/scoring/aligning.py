"""Which sentence of the gold each predicted sentence is, and which of its types each predicted type is.

Sentences are told by id where ids are the gold's, else by order and words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from gner_bench.answers.answer import AnswerFormat, Tagged
from gner_bench.answers.front import read_answer
from gner_bench.answers.gner import Target
from gner_bench.answers.types import known_as
from gner_bench.catalog import catalog
from gner_bench.data.formats import Predicted
from gner_bench.data.sentence import Sentence
from gner_bench.errors import InputError, short
from gner_bench.scoring.gold import GoldSet, first_difference
from gner_bench.structure.matching import match
from gner_bench.structure.placing import same_characters, squeezed

ALIKE = 0.75
"""The share of words that two readings of one sentence must have in common."""
BY_ID, BY_ORDER = "id", "order"


def align(items: Sequence[Predicted], gold: GoldSet) -> tuple[list[Sentence], str]:
    """The gold sentence of each item, and what they were aligned by.

    By id when every item has one and any is an id of the gold; then all must be. Otherwise by order: the words must
    agree one by one or, with fewer predictions than gold, each item is the next sentence with its words. Text alone
    never decides, since data sets hold sentences twice. Raises InputError naming line and id for a sentence that
    the gold lacks, that is there twice or has other words.
    """
    if all(item.id is not None for item in items) and any(item.id in gold.sentences for item in items):
        by, first = BY_ID, dict[str, Predicted]()
        for item in items:
            if item.id is None or item.id not in gold.sentences:
                raise item.fields.error("id", f"sentence {short(item.id)} is not in the gold of {gold}")
            before = first.setdefault(item.id, item).fields
            if before is not item.fields:
                place = f"line {before.line}" if before.line is not None else before.prefix.strip(".")
                raise item.fields.error("id", f"sentence {short(item.id)} of {gold} is there twice (first {place})")
        sentences = [gold.sentences[id] for id in first]
    else:
        by, sentences = BY_ORDER, list(gold.sentences.values())
        if len(items) != len(sentences):
            sentences = _in_turn(items, sentences, gold)
    # Of generated text a few sentences may be anything: it is refused when most are of other sentences.
    read = [(item, sentence, _words(item, sentence, gold, by)) for item, sentence in zip(items, sentences, strict=True)]
    other = [entry for entry in read if not _agree(entry[2], entry[1].words, entry[0].format)]
    with_words = sum(bool(words) for _, _, words in read)
    for item, sentence, words in other:
        if item.words or 2 * len(other) > with_words:
            where = f"{_named(item)}is not sentence {short(sentence.id)} of the gold of {gold}"
            raise item.fields.error("", f"{where}: {first_difference(words, sentence.words)}")
    return sentences, by


def _words(item: Predicted, sentence: Sentence, gold: GoldSet, by: str) -> Sequence[str]:
    """The words of an item or, of generated text in order, those in it; none where nothing says them."""
    if item.words or item.format is None or by == BY_ID:
        return item.words
    answer = read_answer(item.format, item.text, sentence.words, sentence.types or gold.types, "mended")
    return [word for word, _ in answer.pairs] if isinstance(answer, Tagged) else ()


def _in_turn(items: Sequence[Predicted], sentences: Sequence[Sentence], gold: GoldSet) -> list[Sentence]:
    """For each item the next sentence that has its words."""
    for item in items:
        if not item.words:
            number = f"{len(items)} sentences, but the gold of {gold} has {len(sentences)}"
            raise InputError(item.fields.path, f"{number} and nothing says which these are")
    chosen: list[Sentence] = []
    left = iter(sentences)
    for item in items:
        same = next((sentence for sentence in left if same_characters(item.words, sentence.words)), None)
        if same is None:
            after = f" after sentence {short(chosen[-1].id)}" if chosen else ""
            text = short(" ".join(item.words))
            raise item.fields.error("", f"{_named(item)}{text} is no sentence of the gold of {gold}{after}")
        chosen.append(same)
    return chosen


def _agree(words: Sequence[str], gold: Sequence[str], format: AnswerFormat | None) -> bool:
    """Whether ``words`` may be those of the gold; an answer may have text around them, and some targets hold a part."""
    if not words or words == gold or same_characters(words, gold):
        return True
    if format is not None and squeezed(" ".join(gold)) in squeezed(" ".join(words)):
        return True
    sources = match(gold, words, ["O"] * len(words)).sources
    common = len(sources) - sources.count(None)
    partial = isinstance(format, Target) and format.context is not None
    return common >= ALIKE * (len(words) if partial else max(len(words), len(gold)))


def _named(item: Predicted) -> str:
    return f"sentence {short(item.id)} " if item.id is not None else ""


class Types:
    """The names that the gold has for types of predictions; ``unknown`` collects those that it lacks.

    ``renames`` come first, then the names of the gold, then the original names that the catalogue knows for its data
    set, then the only name of the gold that differs in case or in ``_`` for a space. A type that the catalogue drops
    and the gold lacks (CrossNER's ``misc``) is dropped on both sides.
    """

    def __init__(self, gold: GoldSet, renames: Mapping[str, str]) -> None:
        self.known, self.renames = gold.types, renames
        entry = catalog().find_dataset(gold.name)
        self._original = entry.rename if entry else {}
        self._drop = frozenset(entry.drop).difference(gold.types) if entry else frozenset()
        self._alike = known_as(gold.types)
        self.alike: dict[str, str] = {}
        self.unknown: dict[str, None] = {}
        self.dropped: Counter[str] = Counter()

    def name(self, kind: str) -> str | None:
        """The gold's name of ``kind``, itself where there is none, None where it is dropped."""
        name = self.renames.get(kind, kind)
        if name not in self.known:
            name = self._original.get(name, name)
        if name in self._drop:
            self.dropped[name] += 1
            return None
        if name in self.known:
            return name
        alike = self._alike(name)
        if alike == name:
            self.unknown.setdefault(name)
            return name
        self.alike[name] = alike
        return alike

    def remarks(self) -> list[str]:
        """One line for types that were read as others, one for dropped and one for unknown ones."""
        lines = []
        if self.alike:
            pairs = ", ".join(f"{short(kind)} as {short(name)}" for kind, name in sorted(self.alike.items()))
            lines.append(f"predicted types read as those of the gold: {pairs}")
        if self.dropped:
            kinds = ", ".join(f"{short(kind)} ({count})" for kind, count in sorted(self.dropped.items()))
            lines.append(f"predictions of types that this reading of the gold drops are left out: {kinds}")
        if self.unknown:
            kinds = ", ".join(map(short, sorted(self.unknown)))
            lines.append(f"predicted types that the gold lacks count as wrong (--rename OLD=NEW names them): {kinds}")
        return lines
