"""Spans in JSON, one sentence an object: of words in the style of GLiNER, or of characters (doccano, spaCy).

Gold: ``{"tokenized_text": [word, …], "ner": [[first, last, type], …]}``. Both indices are of words and inclusive.
``ner_labels`` (or ``label``) is the list of types that a sentence was tagged with; ``ner_negatives`` (or
``negatives``) adds types to those of its spans. Or ``text`` with spans of its characters under a key of
``OF_CHARACTERS``, as doccano's ``label`` has them.

Predictions of words, as GLiNER evaluates them: ``tokenized_text`` with ``predictions`` (or ``predicted_ner``; ``ner``
where neither is there), each ``[first, last, type]`` or ``[first, last, type, score]``. Of characters, as taggers
return them: ``text`` with ``entities`` (or ``predictions``, ``ents``, ``spans``, ``label``, ``labels``), each
``{"start", "end", "label", "text", "score"}`` or ``[start, end, label]``; the end is not included. ``id``, ``dataset``
and ``split`` are read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from gner_bench.answers.answer import CharacterSpans, Span, WordSpans
from gner_bench.answers.spans import span_of
from gner_bench.bio import Reading, TagReader, may_follow, neighbours, place_span, strict_spans
from gner_bench.data.collect import Sets, one_of, renamed
from gner_bench.data.formats import JSON_SUFFIXES, DataFormat, Predicted, Source
from gner_bench.data.formats.characters import tagged_words, with_remarks
from gner_bench.data.formats.writing import check, records, refusal, write_lines
from gner_bench.data.sentence import Dataset
from gner_bench.documents.fields import Fields, Json, read_objects
from gner_bench.errors import InputError, short

WORDS = "tokenized_text"
LISTS = ("ner_labels", "label")
NEGATIVES = ("ner_negatives", "negatives")
OF_WORDS = ("predictions", "predicted_ner", "ner")
OF_CHARACTERS = ("entities", "predictions", "ents", "spans", "label", "labels")


def read_spans(source: Source) -> list[Dataset]:
    """The data sets of a file of JSON lines or of one JSON array, in order of first appearance.

    Raises InputError naming line (or index) and field for unusable records, and for spans that share a word: BIO holds
    neither nested nor overlapping entities.
    """
    sets = Sets(source, "ner", LISTS[0])
    noted: Counter[str] = Counter()
    for fields in read_objects(source.path, source.reading.keys):
        collector = sets.of(fields)
        if WORDS not in fields.value and "text" in fields.value:
            text, key = fields.get("text", str), one_of(fields, OF_CHARACTERS)
            words, tags = tagged_words(fields, key, text, [span for _, span in _spans(fields, key)], noted)
            collector.add(fields, words, tags)
            continue
        words, spans = fields.strings(WORDS), fields.get("ner", list)
        tags = ["O"] * len(words)
        for index, span in enumerate(spans):
            if not isinstance(span, list) or list(map(type, span)) != [int, int, str] or not span[2]:
                raise fields.error(f"ner[{index}]", f"expected [first, last, type], found {short(span)}")
            first, last, kind = span
            if not 0 <= first <= last < len(words):
                raise fields.error(f"ner[{index}]", f"{short(span)} does not lie within the {len(words)} words")
            if not place_span(tags, first, last + 1, kind):
                other = next(before for before in spans if before[0] <= last and first <= before[1])
                raise fields.error(f"ner[{index}]", f"{short(span)} overlaps {short(other)}, which BIO cannot hold")
        types = None
        if key := next((key for key in LISTS if key in fields.value), ""):
            types = fields.strings(key)
        elif key := next((key for key in NEGATIVES if key in fields.value), ""):
            types = tuple(dict.fromkeys([*(span[2] for span in spans), *fields.strings(key)]))
        collector.add(fields, words, tags, types)
    return with_remarks(sets.datasets(), noted)


def read_predictions(source: Source, own_gold: Reading | None) -> Iterator[Predicted]:
    """The sentences of a file; with ``own_gold`` the spans in ``ner`` beside the predicted ones are read so, as gold.
    Raises InputError naming line (or index) and field for other records and for spans outside the words."""
    for fields in read_objects(source.path, source.reading.keys):
        if WORDS in fields.value:
            words = fields.strings(WORDS)
            answer: WordSpans | CharacterSpans = WordSpans(words, _word_spans(fields, one_of(fields, OF_WORDS), words))
        else:
            text = fields.get("text", str) if "text" in fields.value else None
            words = tuple((text or "").split())
            answer = CharacterSpans(text, [span for _, span in _spans(fields, one_of(fields, OF_CHARACTERS))])
        id, dataset, split = fields.id(), fields.optional("dataset", str), fields.optional("split", str)
        gold: tuple[str, ...] | None = None
        types: tuple[str, ...] = ()
        if own_gold is not None:
            if WORDS not in fields.value or one_of(fields, OF_WORDS) == "ner" or "ner" not in fields.value:
                raise fields.error("ner", "holds no gold beside predictions; --gold PATH gives it")
            tags = ["O"] * len(words)
            for span in _word_spans(fields, "ner", words):
                if not place_span(tags, span.first, span.end, span.type):
                    raise fields.error("ner", f"{short(span.text)} overlaps another span, which BIO cannot hold")
            try:
                gold = TagReader(fields.path, None, own_gold).read(tags, 0, 0)
            except InputError as error:
                raise fields.error("ner", error.message) from None
            types = renamed(next((fields.strings(key) for key in LISTS if key in fields.value), ()), own_gold)
        yield Predicted(fields, words, answer, "", None, id, dataset, split, gold, types, document=fields.document())


def _spans(fields: Fields, key: str) -> Iterator[tuple[str, Span]]:
    # Ends are as they are in the file.
    for index, value in enumerate(fields.get(key, list)):
        span = span_of(value)
        if span is None:
            message = f"expected start, end and label (or type), found {short(value)}"
            places = "; --from mentions reads those without places" if isinstance(value, dict) else ""
            raise fields.error(f"{key}[{index}]", message + places)
        yield f"{key}[{index}]", span


def _word_spans(fields: Fields, key: str, words: tuple[str, ...]) -> list[Span]:
    """The spans of words, their end no longer included."""
    spans = []
    for place, span in _spans(fields, key):
        first, last = span.first, span.end
        if not 0 <= first <= last < len(words):
            raise fields.error(place, f"{first} to {last} does not lie within the {len(words)} words")
        spans.append(Span(first, last + 1, span.type, " ".join(words[first : last + 1]), span.score))
    return spans


def write_spans(path: Path, datasets: Sequence[Dataset], lossy: bool = False) -> list[Path]:
    """Write token spans, one sentence a line; return the file. Refuses (InputError) ``I-`` that continue nothing."""
    check(path, datasets)
    for dataset in datasets:
        pairs = neighbours(sentence.tags for sentence in dataset.sentences)
        illegal = {pair for pair in pairs if not may_follow(*pair)}
        for sentence in dataset.sentences if illegal else ():
            if not illegal.isdisjoint(neighbours([sentence.tags])):
                message = "has an I- that continues no entity, which no span can hold; choose a repair (--repair)"
                raise refusal(path, dataset, sentence, message)
    lines: list[Json] = []
    for sentence, record in records(datasets):
        spans = [(first, end - 1, kind) for first, end, kind in strict_spans(sentence.tags)]
        named = {LISTS[0] if key == "label_list" else key: value for key, value in record.items()}
        lines.append({WORDS: sentence.words, "ner": spans, **named})
    return write_lines(path, lines)


DOCCANO = DataFormat(
    "doccano",
    "doccano's JSON: a text and spans of its characters under label; gold and predictions",
    read_spans,
    read_predictions,
    example='{"id": 1, "text": "Ann saw Oslo", "label": [[0, 3, "PER"], [8, 12, "LOC"]]}',
    version="import-spans-1",
)
SPANS = DataFormat(
    "spans",
    "spans of words (GLiNER) or of characters (doccano, spaCy) in JSON; gold and predictions",
    read_spans,
    read_predictions,
    write_spans,
    example='{"id": "0", "tokenized_text": ["Ann", "saw", "Oslo"], "ner": [[0, 0, "PER"], [2, 2, "LOC"]]}\n'
    '{"id": "1", "text": "Ann saw Oslo", "entities": [{"start": 8, "end": 12, "label": "LOC", "score": 0.9}]}',
    suffixes=JSON_SUFFIXES,
    keys=(WORDS, "text"),
    version="import-spans-1",
    assumed=("the last word of a span is read as included, the end of characters as not",),
    gold_inside=True,
)
