"""Rows of words and tags in JSON, as data sets of the Hugging Face hub have them: ``tokens`` and ``ner_tags``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gner_bench.answers.answer import Tags
from gner_bench.bio import Reading, TagReader
from gner_bench.data.collect import Collector, one_of, renamed
from gner_bench.data.formats import JSON_SUFFIXES, DataFormat, Predicted, Source
from gner_bench.data.sentence import Dataset
from gner_bench.documents.fields import Fields, read_object, read_objects
from gner_bench.errors import InputError, short
from gner_bench.files import STDIN

WORDS = ("tokens", "words")
TAGS = ("ner_tags", "tags", "labels", "ner")
PREDICTED = ("predictions", "prediction", "predicted_tags", "pred_tags")
INFO = ("dataset_info.json", "dataset_infos.json")
"""Files beside the data in which ``datasets`` keeps the names of tags."""


def collect(source: Source, rows: Iterator[Fields], names: Sequence[str]) -> Dataset:
    """The data set of rows of words and tags; numbers are named by ``names``. Raises InputError for other rows."""
    if source.types is None and names:
        parts = [(tag, *tag.partition("-")[1:]) for tag in names if tag != "O"]
        kinds = dict.fromkeys(kind if dash else tag for tag, dash, kind in parts)
        source = replace(source, types=renamed(kinds, source.reading))
    collector: Collector | None = None
    for fields in rows:
        words, key = fields.strings(one_of(fields, WORDS)), one_of(fields, TAGS)
        tags = tags_of_row(fields, key, names)
        if len(words) != len(tags):
            raise fields.error(key, f"{len(tags)} tags for {len(words)} words")
        if collector is None:
            collector = Collector(source, key, key)
        collector.add(fields, words, tags)
    if collector is None:
        raise InputError(source.path, f"holds no sentence of {source.split}")
    return collector.dataset()


def tags_of_row(fields: Fields, key: str, names: Sequence[str]) -> Sequence[str]:
    """The tags under ``key``, numbers by their ``names``. Raises InputError for numbers without one."""
    tags: list[Any] = fields.get(key, list)
    if not tags or not set(map(type, tags)) <= {int}:
        return fields.strings(key)
    if not names:
        raise fields.error(key, "holds numbers, which nothing names; --tag-names O,B-PER,I-PER,… does")
    if not 0 <= min(tags) <= max(tags) < len(names):
        raise fields.error(key, f"{short([tag for tag in tags if not 0 <= tag < len(names)])} has no name")
    return [names[tag] for tag in tags]


def names_beside(path: Path) -> tuple[str, ...]:
    """The names of tags in the ``dataset_info.json`` beside a file; none where there is no such file or no name."""
    for file in (path.parent / name for name in INFO if path != STDIN):
        if file.is_file():
            info = read_object(file).value
            for entry in [info, *(value for value in info.values() if isinstance(value, dict))]:
                features = entry.get("features")
                for feature in map(features.get, TAGS) if isinstance(features, dict) else ():
                    match feature:
                        case {"feature": {"names": [*names]}} | {"names": [*names]} | [{"names": [*names]}]:
                            return tuple(map(str, names))
    return ()


def read_tokens(source: Source) -> list[Dataset]:
    """The data set of a file of JSON lines or of one JSON array. Raises InputError naming line (or index) and field."""
    names = source.reading.tag_names or names_beside(source.path)
    return [collect(source, read_objects(source.path, source.reading.keys), names)]


def read_predictions(source: Source, own_gold: Reading | None) -> Iterator[Predicted]:
    """The sentences of a file, whose predicted tags are under a key of ``PREDICTED`` or else of ``TAGS``; with
    ``own_gold`` those under ``TAGS`` are read so, as their gold. Raises InputError naming line (or index) and field."""
    path, reading = source.path, source.reading
    names = reading.tag_names or names_beside(path)
    predicted = TagReader(path, None, reading, "predicted tag")
    gold = None if own_gold is None else TagReader(path, None, own_gold)
    rows: list[tuple[Fields, tuple[str, ...], str, Sequence[str], Sequence[str]]] = []
    for fields in read_objects(path, reading.keys):
        key = one_of(fields, PREDICTED if own_gold is not None else (*PREDICTED, *TAGS))
        words, tags = fields.strings(one_of(fields, WORDS)), tags_of_row(fields, key, names)
        own = tags_of_row(fields, one_of(fields, TAGS), names) if gold else tags
        for marks in (tags, own):
            if len(marks) != len(words):
                raise fields.error(key, f"{len(marks)} tags for {len(words)} words")
        rows.append((fields, words, key, tags, own))
    predicted.recognise((tags for *_, tags, _ in rows), predicted=True)
    if gold:
        gold.recognise(own for *_, own in rows)
    for fields, words, key, tags, own in rows:
        try:
            bio = predicted.as_bio(tags, 0, 0)
            own_bio = gold.read(own, 0, 0) if gold else None
        except InputError as error:
            raise fields.error(key, error.message) from None
        notes = predicted.notes("predicted tags") + (gold.notes("gold tags") if gold else [])
        id, dataset, split = fields.id(), fields.optional("dataset", str), fields.optional("split", str)
        answer = Tags(words, bio, notes)
        yield Predicted(
            fields, words, answer, "", None, id, dataset, split, own_bio, (), predicted.name, fields.document()
        )


TOKENS = DataFormat(
    "tokens",
    "words and tags in JSON, tokens and ner_tags, as on the Hugging Face hub; gold and predictions",
    read_tokens,
    read_predictions,
    suffixes=JSON_SUFFIXES,
    keys=WORDS,
    example='{"tokens": ["Ann", "saw", "Oslo"], "ner_tags": ["B-PER", "O", "B-LOC"]}',
    version="import-tokens-1",
    gold_inside=True,
)
