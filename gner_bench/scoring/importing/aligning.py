"""Which sentence of the gold each predicted sentence is: by id where ids are the gold's, else by order and words."""

from __future__ import annotations

from collections.abc import Sequence

from gner_bench.data.sentence import Sentence
from gner_bench.errors import InputError, short
from gner_bench.records import Fields
from gner_bench.scoring.gold import GoldSet, first_difference
from gner_bench.scoring.importing.content import Item
from gner_bench.scoring.importing.placing import same_characters
from gner_bench.structure.matching import match

ALIKE = 0.75
"""The share of words that two readings of one sentence must have in common."""
BY_ID, BY_ORDER = "id", "order"


def align(items: Sequence[Item], gold: GoldSet) -> tuple[list[Sentence], str]:
    """The gold sentence of each item, and what they were aligned by.

    By id when every item has one and any is an id of the gold; then all must be. Otherwise by order: the words must
    agree one by one or, with fewer predictions than gold, each item is the next sentence with its words. Text alone
    never decides, since data sets hold sentences twice. Raises InputError naming line and id for a sentence that
    the gold lacks, that stands twice or has other words.
    """
    if all(item.id is not None for item in items) and any(item.id in gold.sentences for item in items):
        found, by = _by_id(items, gold), BY_ID
    else:
        found, by = _by_order(items, gold), BY_ORDER
    _check(items, found, gold)
    return found, by


def _by_id(items: Sequence[Item], gold: GoldSet) -> list[Sentence]:
    seen: dict[str | None, Item] = {}
    for item in items:
        if item.id not in gold.sentences:
            raise error(item, "id", f"sentence {short(item.id)} is not in the gold of {gold}")
        first = seen.setdefault(item.id, item)
        if first is not item:
            raise error(item, "id", f"sentence {short(item.id)} of {gold} stands twice (first {_place(first.fields)})")
    return [gold.sentences[item.id] for item in items if item.id is not None]


def _by_order(items: Sequence[Item], gold: GoldSet) -> list[Sentence]:
    sentences = list(gold.sentences.values())
    if len(items) == len(sentences):
        return sentences
    blind = next((item for item in items if item.content.generated or not item.content.words), None)
    if blind is not None:
        message = (
            f"{len(items)} sentences, but the gold of {gold} has {len(sentences)} and nothing says which these are"
        )
        raise InputError(blind.fields.path, message)
    return _in_turn(items, sentences, gold)


def _in_turn(items: Sequence[Item], sentences: Sequence[Sentence], gold: GoldSet) -> list[Sentence]:
    """For each item the next sentence that has its words."""
    found: list[Sentence] = []
    left = iter(sentences)
    for item in items:
        after = f" after sentence {short(found[-1].id)}" if found else ""
        same = next((each for each in left if same_characters(item.content.words, each.words)), None)
        if same is None:
            text = short(" ".join(item.content.words))
            raise error(item, "", f"{_named(item)}{text} is no sentence of the gold of {gold}{after}")
        found.append(same)
    return found


def _check(items: Sequence[Item], found: Sequence[Sentence], gold: GoldSet) -> None:
    """Refuse items whose words are another sentence's; of generated text, when most are."""
    other = [(item, each) for item, each in zip(items, found, strict=True) if not _agree(item, each)]
    said = sum(bool(item.content.words) for item in items)
    for item, sentence in other:
        if not item.content.generated or 2 * len(other) > said:
            where = f"{_named(item)}is not sentence {short(sentence.id)} of the gold of {gold}"
            raise error(item, "", f"{where}: {first_difference(item.content.words, sentence.words)}")


def _agree(item: Item, sentence: Sentence) -> bool:
    words = item.content.words
    if not words or words == sentence.words or same_characters(words, sentence.words):
        return True
    found = match(sentence.words, words, ["O"] * len(words)).sources
    common = sum(source is not None for source in found)
    return common >= ALIKE * max(len(words), len(sentence.words))


def error(item: Item, field: str, message: str) -> InputError:
    """An error that names the item's place in its file."""
    fields = item.fields
    return InputError(fields.path, message, fields.line, (fields.prefix + field).strip(".") or None)


def _named(item: Item) -> str:
    return f"sentence {short(item.id)} " if item.id is not None else ""


def _place(fields: Fields) -> str:
    return f"line {fields.line}" if fields.line is not None else fields.prefix.strip(".")
