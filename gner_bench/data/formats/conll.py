"""Columns: a word and its tag on each line, a blank line between sentences.

In files of predictions, which are those that conlleval reads (CoNLL-2000, CoNLL-2003), a column of predicted tags comes
last and one of gold tags may come before it. Which column holds what is told by ``columns``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from gner_bench.answers.answer import Tags
from gner_bench.bio import Reading, TagReader
from gner_bench.data.formats import DataFormat, Predicted, Source
from gner_bench.data.formats.columns import read_columns
from gner_bench.data.formats.writing import as_columns, check, set_name, write_text
from gner_bench.data.sentence import Dataset, Sentence
from gner_bench.documents.fields import EMPTY, Fields
from gner_bench.errors import InputError


def read_conll(source: Source) -> list[Dataset]:
    """The data set of a file of columns, with ids counted from 0. Raises InputError naming line and field for a line
    with other columns, an empty word and a bad tag."""
    tags, reading = source.tag_reader(), source.reading
    columns, blocks = read_columns(source.path, reading.columns, reading.scheme == "io")
    tags.recognise(block.tags for block in blocks)
    sentences = [
        Sentence(str(i), block.words, tags.read(block.tags, block.line), document=block.document)
        for i, block in enumerate(blocks)
    ]
    dataset = source.dataset(sentences, tags)
    remarks = (f"{source.name}/{source.split}: {columns.remark}",) if columns.remark else ()
    return [replace(dataset, remarks=(*remarks, *dataset.remarks))]


def read_predictions(source: Source, own_gold: Reading | None) -> Iterator[Predicted]:
    """The sentences of a file; with ``own_gold`` a column of tags before that of predictions is read so, as their gold.

    Predicted tags may be illegal BIO; those of other schemes are read as BIO. Raises InputError naming line and field
    for lines of other columns than the first one, and for what is no tag.
    """
    path, reading = source.path, source.reading
    predicted = TagReader(path, None, reading, "predicted tag")
    gold = None if own_gold is None else TagReader(path, None, own_gold)
    bare, with_gold = reading.scheme == "io", gold is not None
    columns, blocks = read_columns(path, reading.columns, bare, predicted=True, with_gold=with_gold)
    if not blocks:
        raise InputError(path, EMPTY)
    predicted.recognise([block.tags for block in blocks], predicted=True)
    if gold is not None and columns.gold is not None:
        gold.recognise([block.gold for block in blocks])
        # Predictions of I- alone are those of IOB2, read by its rules, where the gold beside them is.
        if gold.scheme == "iob2" and predicted.scheme in ("iob1", "io") and reading.scheme == "auto":
            predicted.scheme = "iob2"
    for block in blocks:
        tags = predicted.as_bio(block.tags, block.line)
        own = gold.read(block.gold, block.line) if gold else None
        notes = [columns.remark] if columns.remark else []
        notes += predicted.notes("predicted tags") + (gold.notes("gold tags") if gold else [])
        place, answer = Fields(path, {}, block.line), Tags(block.words, tags, notes)
        yield Predicted(place, block.words, answer, gold=own, scheme=predicted.name, document=block.document)


def write_conll(path: Path, datasets: Sequence[Dataset], lossy: bool = False) -> list[Path]:
    """Write one data set as ``word<TAB>tag`` lines with a blank line after each sentence; return the file.

    Refuses (InputError) several data sets and words that lines cannot hold. With ``lossy``, ids, the order of types
    in single prompts and a list of types other than those met, in the order of their first entity, may be lost.
    """
    check(path, datasets)
    if len(datasets) != 1:
        raise InputError(path, f"one file of columns holds one data set, not {len(datasets)}; choose another format")
    dataset = datasets[0]
    met = tuple(dict.fromkeys(tag[2:] for sentence in dataset.sentences for tag in sentence.tags if tag != "O"))
    if met != dataset.types and not lossy:
        raise InputError(path, f"the list of types of {set_name(dataset)} would be lost (--lossy allows it)")
    return write_text(path, as_columns(path, dataset, lossy))


CONLL = DataFormat(
    "conll",
    "columns with a word and its tag on each line; gold and predictions",
    read_conll,
    read_predictions,
    write_conll,
    suffixes=(".txt", ".conll", ".tsv", ".bio", ".iob", ".iob2", ".bioes", ".annotated", ".conllu"),
    version="import-conll-1",
    example="Ann NNP B-PER        (word, any others, tag; in predictions the gold may be before the predicted tag)\n"
    "saw VBD O\nOslo NNP B-LOC",
    assumed=("predicted tags are in the last column of tags, or that of --columns",),
    gold_inside=True,
)
