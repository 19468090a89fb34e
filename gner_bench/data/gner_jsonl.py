"""GNER JSONL: the record of the GNER authors, one sentence an object; predictions and other keys are ignored."""

from __future__ import annotations

from gner_bench.data.collect import Sets, sentence_id
from gner_bench.data.objects import read_objects
from gner_bench.data.sentence import Dataset
from gner_bench.data.source import Source
from gner_bench.records import words_and_labels


def read_gner_jsonl(source: Source) -> list[Dataset]:
    """The data sets of a file, in order of first appearance, each with the order of types of every prompt.

    Raises InputError naming line (or index) and field for unusable records and for an id that stands twice in a split.
    """
    sets = Sets(source, "instance.labels", "label_list")
    for fields in read_objects(source.path):
        collector = sets.of(fields)
        instance = fields.inner("instance")
        words, labels = words_and_labels(instance)
        id = sentence_id(instance if "id" in instance.value else fields, len(collector))
        collector.add(fields, id, words, labels, fields.strings("label_list"))
    return sets.datasets()
