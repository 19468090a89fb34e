"""Label Studio's JSON export of labelled text; gold."""

from __future__ import annotations

from collections import Counter

from gner_bench.answers.answer import Span
from gner_bench.data.collect import Sets
from gner_bench.data.formats import JSON_SUFFIXES, DataFormat, Source
from gner_bench.data.formats.characters import tagged_words, with_remarks
from gner_bench.data.sentence import Dataset
from gner_bench.documents.fields import Fields, read_objects
from gner_bench.errors import short


def read_label_studio(source: Source) -> list[Dataset]:
    """The data set of a file of tasks, each with a text and, in its only annotation, spans of characters. Raises
    InputError naming line (or index) and field, also for a task that is annotated several times or not at all."""
    sets = Sets(source, "annotations", "annotations")
    noted: Counter[str] = Counter()
    for fields in read_objects(source.path, source.reading.keys):
        collector = sets.of(fields)
        data, annotations = fields.get("data", dict), fields.get("annotations", list)
        texts = [value for value in data.values() if isinstance(value, str)]
        text = data.get("text", texts[0] if len(texts) == 1 else None)
        if not isinstance(text, str):
            raise fields.error("data", "holds no text, or several values that may be it")
        done = [one for one in annotations if isinstance(one, dict) and not one.get("was_cancelled")]
        if len(done) != 1:
            raise fields.error("annotations", f"expected one annotation of the task, found {len(done)}")
        result = Fields(fields.path, done[0], fields.line, f"{fields.prefix}annotations.").get("result", list)
        spans: list[Span] = []
        for index, value in enumerate(result):
            match value:
                case {"value": {"start": int(first), "end": int(end), "labels": [str(kind)]}}:
                    spans.append(Span(first, end, kind, ""))
                case {"value": {"labels": _}}:
                    message = f"expected start, end and one label, found {short(value)}"
                    raise fields.error(f"annotations.result[{index}]", message)
            # All else is no label, such as relations and choices of the whole text.
        words, tags = tagged_words(fields, "annotations", text, spans, noted)
        collector.add(fields, words, tags)
    return with_remarks(sets.datasets(), noted)


LABEL_STUDIO = DataFormat(
    "label-studio",
    "Label Studio's JSON export of labelled text; gold",
    read_label_studio,
    suffixes=JSON_SUFFIXES,
    keys=("annotations",),
    example='{"id": 1, "data": {"text": "Ann saw Oslo"}, "annotations": [{"result": [{"type": "labels", "value":'
    ' {"start": 8, "end": 12, "text": "Oslo", "labels": ["LOC"]}}]}]}',
)
