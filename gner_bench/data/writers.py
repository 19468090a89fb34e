"""Writing corpora: what is read back is the same data set, or the writer refuses and says what would be lost.

What is not content is not kept: how many tags a reading repaired, and keys of a file that gner-bench does not know.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from gner_bench.data.collect import TYPES
from gner_bench.data.columns import DOCUMENT_START
from gner_bench.data.gner_layout import LABELS, SPLITS
from gner_bench.data.sentence import Dataset, Sentence
from gner_bench.data.spans import LISTS
from gner_bench.data.tags import continues
from gner_bench.data.text import read_types
from gner_bench.errors import InputError, UsageError, short
from gner_bench.files import write_atomic
from gner_bench.prompting import prompt, tagged_text
from gner_bench.records import Json

MARK = "\ufeff"


def write_gner(root: Path, datasets: Sequence[Dataset], lossy: bool = False) -> list[Path]:
    """Write ``root/<name>/label.txt`` and ``<split>.txt`` for each data set and return the files.

    Refuses (InputError) names that are no folder names, words and types that lines cannot hold, and a label file that
    stands there with other types. With ``lossy``, such a label file gets the types that it lacks at its end, and
    ids and the order of types in single prompts may be lost.
    """
    _check(root, datasets)
    labels: dict[Path, tuple[str, ...]] = {}
    texts: dict[Path, str] = {}
    for dataset in datasets:
        folder = _folder(root, dataset)
        labels[folder / LABELS] = _labels(folder / LABELS, dataset, labels.get(folder / LABELS), lossy)
        path = folder / f"{dataset.split}.txt"
        texts[path] = _columns(path, dataset, lossy)
    for path, types in labels.items():
        write_atomic(path, "".join(f"{kind}\n" for kind in types))
    for path, text in texts.items():
        write_atomic(path, text)
    return [*labels, *texts]


def write_conll(path: Path, datasets: Sequence[Dataset], lossy: bool = False) -> list[Path]:
    """Write one data set as ``word<TAB>tag`` lines with a blank line after each sentence; return the file.

    Refuses (InputError) several data sets and words that lines cannot hold. With ``lossy``, ids, the order of types
    in single prompts and a list of types other than those met, in the order of their first entity, may be lost.
    """
    _check(path, datasets)
    if len(datasets) != 1:
        raise InputError(path, f"one file of columns holds one data set, not {len(datasets)}; choose another format")
    dataset = datasets[0]
    met = tuple(dict.fromkeys(tag[2:] for sentence in dataset.sentences for tag in sentence.tags if tag != "O"))
    if met != dataset.types and not lossy:
        raise InputError(path, f"the list of types of {_name(dataset)} would be lost (--lossy allows it)")
    _write(path, _columns(path, dataset, lossy))
    return [path]


def write_jsonl(path: Path, datasets: Sequence[Dataset], prompts: bool = True) -> list[Path]:
    """Write GNER JSONL, with the ``prompts`` and answers that the authors' scripts expect; return the file."""
    _check(path, datasets)
    records = ({**record, "instance": _instance(sentence, record, prompts)} for sentence, record in _records(datasets))
    _write(path, _lines(records))
    return [path]


def write_spans(path: Path, datasets: Sequence[Dataset]) -> list[Path]:
    """Write token spans, one sentence a line; return the file. Refuses (InputError) ``I-`` that continue nothing."""
    _check(path, datasets)
    for dataset in datasets:
        for sentence in dataset.sentences:
            if not all(map(continues, ("O", *sentence.tags), sentence.tags)):
                message = "has an I- that continues no entity, which no span can hold; choose a repair (--repair)"
                raise _refusal(path, dataset, sentence, message)
    _write(path, _lines(_spans(sentence, record) for sentence, record in _records(datasets)))
    return [path]


def _check(path: Path, datasets: Sequence[Dataset]) -> None:
    """Refuse what no reader gives: nothing at all, doubled names and ids, sentences with tags of unlisted types."""
    if not datasets:
        raise InputError(path, "there is no data set to write")
    names = [(dataset.name, dataset.split) for dataset in datasets]
    for index, dataset in enumerate(datasets):
        if names[index] in names[:index]:
            raise InputError(path, f"{_name(dataset)} is given twice; one would be lost")
        if not dataset.sentences:
            raise InputError(path, f"{_name(dataset)} has no sentence")
        _check_sentences(path, dataset)


def _check_sentences(path: Path, dataset: Dataset) -> None:
    ids: set[str] = set()
    for sentence in dataset.sentences:
        listed = sentence.types or dataset.types
        used = {tag[2:] for tag in sentence.tags if tag != "O"}
        if not used <= set(listed) <= set(dataset.types) or len(sentence.words) != len(sentence.tags):
            raise _refusal(path, dataset, sentence, "has a type that is not listed, or not one tag for each word")
        if sentence.id in ids:
            raise _refusal(path, dataset, sentence, "shares its id with another one")
        ids.add(sentence.id)


def _folder(root: Path, dataset: Dataset) -> Path:
    name = dataset.name
    if not name or Path(name).name != name or name == ".." or min(name) < " ":
        raise InputError(root, f"{short(name)} cannot name the folder of a data set")
    if dataset.split not in SPLITS:
        raise UsageError(f"{_name(dataset)}: the layout holds {', '.join(SPLITS)}, not {short(dataset.split)}")
    return root / name


def _labels(path: Path, dataset: Dataset, planned: tuple[str, ...] | None, lossy: bool) -> tuple[str, ...]:
    """The types for the label file, of which ``planned`` are those of another split."""
    for kind in dataset.types:
        if not kind or kind.strip() != kind or kind.startswith(MARK) or set(kind) & {"\t", "\n"}:
            raise InputError(path, f"a line cannot hold the type {short(kind)}")
    there = planned or (read_types(path) if path.is_file() else dataset.types)
    if not dataset.types:
        raise InputError(path, f"{_name(dataset)} has no type")
    if there != dataset.types and not lossy:
        raise InputError(path, f"stands there with other types than {_name(dataset)} has (--lossy adds to them)")
    return tuple(dict.fromkeys((*there, *dataset.types)))


def _columns(path: Path, dataset: Dataset, lossy: bool) -> str:
    blocks = []
    for index, sentence in enumerate(dataset.sentences):
        if not lossy and (sentence.types or sentence.id != str(index)):
            lost = "the order of the types in its prompt" if sentence.types else f"its id, which is not {index},"
            raise _refusal(path, dataset, sentence, f"{lost} would be lost (--lossy allows it)")
        block = "".join(f"{word}\t{tag}\n" for word, tag in zip(sentence.words, sentence.tags, strict=True))
        if problem := _unfit(sentence, block, first=index == 0):
            raise _refusal(path, dataset, sentence, problem)
        blocks.append(block + "\n")
    return "".join(blocks)


def _unfit(sentence: Sentence, block: str, first: bool) -> str | None:
    """What keeps ``block``, the lines of a sentence, from being read back, if anything."""
    count = len(sentence.words)
    if not count:
        return "has no word"
    if "" in sentence.words:
        return "has an empty word"
    if block.count("\t") != count or block.count("\n") != count or "\r\n" in block:
        return "has a word or type with a tab or line end"
    if sentence.words == DOCUMENT_START and sentence.tags == ("O",):
        return f"would be taken for the mark {DOCUMENT_START[0]}"
    if first and block.startswith(MARK):
        return "begins with a byte order mark"
    return None


def _records(datasets: Iterable[Dataset]) -> Iterator[tuple[Sentence, Json]]:
    """The sentences, each with the keys that say where it belongs and what it was asked for."""
    for dataset in datasets:
        lists = [sentence.types or dataset.types for sentence in dataset.sentences]
        told = tuple(dict.fromkeys(chain.from_iterable(dict.fromkeys(lists)))) == dataset.types
        for index, sentence in enumerate(dataset.sentences):
            record = {"id": sentence.id, "dataset": dataset.name, "split": dataset.split, "label_list": lists[index]}
            yield sentence, record if told or index else {**record, TYPES: dataset.types}


def _instance(sentence: Sentence, record: Json, prompts: bool) -> Json:
    instance = {"id": sentence.id, "words": sentence.words, "labels": sentence.tags}
    if not prompts:
        return instance
    return {
        **instance,
        "instruction_inputs": prompt(sentence.words, record["label_list"]),
        "prompt_labels": tagged_text(sentence.words, sentence.tags),
    }


def _spans(sentence: Sentence, record: Json) -> Json:
    starts = [index for index, tag in enumerate(sentence.tags) if tag.startswith("B-")]
    spans = []
    for start in starts:
        end = start + 1
        while end < len(sentence.tags) and sentence.tags[end].startswith("I-"):
            end += 1
        spans.append((start, end - 1, sentence.tags[start][2:]))
    named = {LISTS[0] if key == "label_list" else key: value for key, value in record.items()}
    return {"tokenized_text": sentence.words, "ner": spans, **named}


def _lines(records: Iterable[Json]) -> str:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def _write(path: Path, text: str) -> None:
    write_atomic(path, gzip.compress(text.encode(), mtime=0) if path.suffix == ".gz" else text)


def _refusal(path: Path, dataset: Dataset, sentence: Sentence, message: str) -> InputError:
    return InputError(path, f"sentence {short(sentence.id)} of {_name(dataset)}: {message}")


def _name(dataset: Dataset) -> str:
    name = f"{dataset.name}/{dataset.split}"
    return name if name.isprintable() else short(name)
