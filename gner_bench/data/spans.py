"""Token spans in the style of GLiNER: ``{"tokenized_text": [word, …], "ner": [[first, last, type], …]}``.

Both indices are of words and inclusive. ``ner_labels`` (or ``label``) is the list of types that a sentence was tagged
with; ``ner_negatives`` (or ``negatives``) adds types to those of its spans. ``id``, ``dataset`` and ``split`` are read.
"""

from __future__ import annotations

from typing import Any

from gner_bench.data.collect import Sets, sentence_id
from gner_bench.data.objects import read_objects
from gner_bench.data.sentence import Dataset
from gner_bench.data.source import Source
from gner_bench.errors import short
from gner_bench.records import Fields

LISTS = ("ner_labels", "label")
NEGATIVES = ("ner_negatives", "negatives")


def read_spans(source: Source) -> list[Dataset]:
    """The data sets of a file of JSON lines or of one JSON array, in order of first appearance.

    Raises InputError naming line (or index) and field for unusable records, and for spans that share a word: BIO holds
    neither nested nor overlapping entities.
    """
    sets = Sets(source, "ner", LISTS[0])
    for fields in read_objects(source.path):
        collector = sets.of(fields)
        words, spans = fields.strings("tokenized_text"), fields.get("ner", list)
        tags = _tags(fields, len(words), spans)
        collector.add(fields, sentence_id(fields, len(collector)), words, tags, _types(fields, spans))
    return sets.datasets()


def _tags(fields: Fields, count: int, spans: list[Any]) -> list[str]:
    tags = ["O"] * count
    for index, span in enumerate(spans):
        if not isinstance(span, list) or list(map(type, span)) != [int, int, str] or not span[2]:
            raise fields.error(f"ner[{index}]", f"expected [first, last, type], found {short(span)}")
        first, last, kind = span
        if not 0 <= first <= last < count:
            raise fields.error(f"ner[{index}]", f"{short(span)} does not lie within the {count} words")
        if any(tag != "O" for tag in tags[first : last + 1]):
            other = next(each for each in spans if each[0] <= last and first <= each[1])
            raise fields.error(f"ner[{index}]", f"{short(span)} overlaps {short(other)}, which BIO cannot hold")
        tags[first : last + 1] = [f"B-{kind}"] + [f"I-{kind}"] * (last - first)
    return tags


def _types(fields: Fields, spans: list[Any]) -> tuple[str, ...] | None:
    for key in LISTS:
        if key in fields.value:
            return fields.strings(key)
    for key in NEGATIVES:
        if key in fields.value:
            return tuple(dict.fromkeys([*(span[2] for span in spans), *fields.strings(key)]))
    return None
