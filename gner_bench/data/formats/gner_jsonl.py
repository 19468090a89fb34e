"""GNER JSONL: the record of the GNER authors, one sentence an object; predictions and other keys are ignored.

Predictions in it are read one record at a time by ``scoring.generations``, since files of them can be large.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gner_bench.answers.gner import prompt, tagged_text
from gner_bench.data.collect import Sets
from gner_bench.data.formats import JSON_SUFFIXES, DataFormat, Source
from gner_bench.data.formats.writing import check, records, write_lines
from gner_bench.data.sentence import Dataset
from gner_bench.documents.fields import Json, read_objects
from gner_bench.documents.record import words_and_labels


def read_gner_jsonl(source: Source) -> list[Dataset]:
    """The data sets of a file, in order of first appearance, each with the order of types of every prompt. Raises
    InputError naming line (or index) and field for unusable records and for an id that a split has twice."""
    sets = Sets(source, "instance.labels", "label_list")
    for fields in read_objects(source.path, source.reading.keys):
        collector = sets.of(fields)
        instance = fields.inner("instance")
        words, labels = words_and_labels(instance)
        named_by = instance if "id" in instance.value else fields
        collector.add(fields, words, labels, fields.strings("label_list"), named_by)
    return sets.datasets()


def write_jsonl(path: Path, datasets: Sequence[Dataset], lossy: bool = False, prompts: bool = True) -> list[Path]:
    """Write GNER JSONL, with the ``prompts`` and answers that the authors' scripts expect; return the file."""
    check(path, datasets)
    lines: list[Json] = []
    for sentence, record in records(datasets):
        instance: Json = {"id": sentence.id, "words": sentence.words, "labels": sentence.tags}
        if prompts:
            instance["instruction_inputs"] = prompt(sentence.words, record["label_list"])
            instance["prompt_labels"] = tagged_text(sentence.words, sentence.tags)
        lines.append({**record, "instance": instance})
    return write_lines(path, lines)


GNER_JSONL = DataFormat(
    "gner-jsonl",
    "GNER's JSON records, one a line (predictions.jsonl); gold and predictions",
    read_gner_jsonl,
    write=write_jsonl,
    suffixes=JSON_SUFFIXES,
    example='{"dataset": "news", "split": "test", "label_list": ["PER", "LOC"], "instance": {"id": "0", "words":'
    ' ["Ann", "saw", "Oslo"], "labels": ["B-PER", "O", "B-LOC"]}, "prediction": "Ann(B-PER) saw(O) Oslo(B-LOC)"}',
    keys=("instance",),
)
