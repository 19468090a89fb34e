"""The sentences of a file of predictions as those that a run asks about (``--same-as``)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import get_args

from gner_bench.data import Dataset
from gner_bench.data.convert import SPLIT_NAMES
from gner_bench.data.formats import FORMATS, Predicted, Source, detect
from gner_bench.data.formats.answers import format_of_answers, holds_answers
from gner_bench.documents.fields import Fields, Json
from gner_bench.documents.record import GNER, read_records
from gner_bench.errors import InputError, UsageError
from gner_bench.files import read_bytes
from gner_bench.predict.options import Split
from gner_bench.scoring.aligning import align
from gner_bench.scoring.generations import predictions_file
from gner_bench.scoring.gold import NO_SPLIT, first_difference, gold_sets
from gner_bench.scoring.loading import PREDICTIONS
from gner_bench.structure.placing import same_characters


@dataclass(frozen=True)
class SameAs:
    """The sentences of the file that ``text`` names, in its order; ``sha256`` (hex) is that of its bytes.

    ``exact`` says that the file has the words of the data themselves, not a text that they are in.
    """

    text: str
    sha256: str
    exact: bool
    items: tuple[Predicted, ...] = field(repr=False)

    def document(self) -> Json:
        """As run.json has it."""
        return {"file": self.text, "sha256": self.sha256}

    def asked(self, datasets: Sequence[str], split: Split | None) -> tuple[tuple[str, ...], Split]:
        """The data sets and the split of a run: those that are asked for, else the file's own, else ``test``.

        Raises UsageError for a file of several splits, or of one that there is not, where none is asked for.
        """
        names = tuple(dict.fromkeys(item.dataset for item in self.items if item.dataset is not None))
        wanted = [item for item in self.items if not datasets or item.dataset in (None, *datasets)]
        found = sorted({_split(item) for item in wanted} - {""})
        known = [name for name in get_args(Split) if found == [name]]
        if split is None and found and not known:
            raise UsageError(f"--same-as {self.text}: its sentences are of {', '.join(found)}; --split says which")
        return tuple(datasets) or names, split or (known[0] if known else "test")

    def places(self, datasets: Sequence[Dataset]) -> dict[tuple[str, str], int]:
        """The place in the file of each of its sentences, by data set and id.

        Sentences are told by id or, without ids, by order and words, as ``score`` does. Raises UsageError for a data
        set that the file lacks, InputError (line, id) for a sentence that the data lack or have with other words.
        """
        places: dict[tuple[str, str], int] = {}
        for dataset in datasets:
            own = [
                (place, item)
                for place, item in enumerate(self.items)
                if item.dataset in (None, dataset.name) and _split(item) in ("", dataset.split)
            ]
            named = f"{dataset.name}/{dataset.split}"
            if not own:
                raise UsageError(f"--same-as {self.text}: holds no sentence of {named}")
            if len(datasets) > 1 and any(item.dataset is None for _, item in own):
                raise UsageError(f"--same-as {self.text}: does not say its data set; --datasets names one")
            [gold] = gold_sets([dataset]).values()
            sentences, _ = align([item for _, item in own], gold)
            for (place, item), sentence in zip(own, sentences, strict=True):
                same = item.words == sentence.words or (not self.exact and same_characters(item.words, sentence.words))
                if item.words and item.format is None and not same:
                    difference = first_difference(item.words, sentence.words, "data")
                    raise item.fields.error(
                        "words", f"sentence {sentence.id} of {named} has others in the data: {difference}"
                    )
                places[dataset.name, sentence.id] = place
        return places

    def chosen(self, datasets: Sequence[Dataset]) -> list[Dataset]:
        """``datasets`` cut to the sentences of the file, all in its order. Raises as ``places`` does."""
        places = self.places(datasets)
        cut = []
        for dataset in datasets:
            own = {places[key]: s for s in dataset.sentences if (key := (dataset.name, s.id)) in places}
            cut.append((min(own), replace(dataset, sentences=tuple(own[place] for place in sorted(own)))))
        return [dataset for _, dataset in sorted(cut, key=lambda entry: entry[0])]

    def count(self, dataset: str) -> int:
        """How many sentences are of a data set, or may be."""
        return sum(item.dataset in (None, dataset) for item in self.items)


def read_same_as(text: str) -> SameAs:
    """The sentences of a file or run folder; ``FORMAT=FILE`` names a format that cannot be told from the file.

    Raises InputError for what cannot be read, UsageError for a format that holds no sentences.
    """
    format, _, name = text.partition("=")
    named = bool(name) and format in FORMATS.names()
    path = predictions_file(Path(name if named else text))
    if not named:
        format = GNER if path.is_file() and holds_answers(path, {}) else detect(path)
    items = tuple(_items(path, format, answers=not named and format == GNER))
    if not items:
        raise InputError(path, "is empty: no sentence in it")
    exact = format == PREDICTIONS
    return SameAs(text, hashlib.sha256(read_bytes(path)).hexdigest(), exact, items)


def _items(path: Path, format: str, answers: bool) -> Iterator[Predicted]:
    """The sentences of a file as far as it says which they are."""
    if answers:  # of which only ids are wanted, in whatever format they are
        format_read = format_of_answers(GNER)
    elif format == PREDICTIONS:
        for record in read_records(path):
            split = None if record.split == NO_SPLIT else record.split
            yield Predicted(
                Fields(path, {}, record.line), record.words, id=record.id, dataset=record.dataset, split=split
            )
        return
    else:
        format_read = FORMATS.get(format)
    if format_read.read_predictions is None:
        raise UsageError(f"--same-as {path}: the format {format} is not read as predictions")
    yield from format_read.read_predictions(Source(path), None)


def _split(item: Predicted) -> str:
    """The split of a sentence by our names, empty where the file does not say."""
    return SPLIT_NAMES.get(item.split or "", item.split or "")
