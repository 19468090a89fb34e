"""Predictions from files of any format: read, aligned with the gold and placed on its words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from gner_bench.answers import ANSWERS
from gner_bench.answers.answer import Rule, Tagged
from gner_bench.answers.front import read_answer, reading_of
from gner_bench.bio import Reading
from gner_bench.catalog import catalog
from gner_bench.data.formats import FORMATS, DataFormat, Predicted, Source
from gner_bench.data.formats.answers import format_of_answers, holds_answers
from gner_bench.data.sentence import Dataset, Sentence
from gner_bench.documents.scores import System
from gner_bench.errors import UsageError, did_you_mean, short
from gner_bench.scoring.aligning import BY_ORDER, Types, align
from gner_bench.scoring.generations import NOTHING_CLEANED, load_generations
from gner_bench.scoring.gold import Gold, GoldSet, gold_sets, with_gold
from gner_bench.scoring.positions import by_position
from gner_bench.scoring.predictions import NO_PREDICTIONS, Origin, Prediction, Predictions, SetKey
from gner_bench.scoring.tokenizers import BESIDE, Tokenizers
from gner_bench.structure.back_tokenizer import BackTokenizer, load_back_tokenizer
from gner_bench.structure.placing import Placed, place, renamed_tag
from gner_bench.structure.structured import Structured, structure

PREDICTIONS = "gner-jsonl"
"""The format of predictions.jsonl, which is not imported but read one record at a time."""
Align = Literal["words", "position"]
DEFAULT_SPLIT = "test"
NAMED = 5
"""How many missing sentences a warning names."""


@dataclass(frozen=True)
class InMemory:
    """Predictions held in memory: a million words take some 100 MB."""

    origin: Origin
    sentences: tuple[Prediction, ...]

    def __iter__(self) -> Iterator[Prediction]:
        return iter(self.sentences)


def formats() -> list[str]:
    """The formats that ``load_from`` may be asked for: of files of predictions, then of files of answers."""
    files = [name for name, format in FORMATS.usable().items() if format.read_predictions]
    return list(dict.fromkeys([PREDICTIONS, *files, *ANSWERS.usable()]))


def load_from(
    paths: Sequence[Path],
    format: str,
    gold: Gold | Sequence[Dataset],
    renames: Mapping[str, str],
    tokenizers: Tokenizers = BESIDE,
    name: str | None = None,
    rule: Rule | None = None,
    by: Align = "words",
    predicted: Reading | None = None,
) -> Predictions:
    """The predictions of files in a ``format`` (see ``formats``), together one system.

    ``gold`` says where gold is, or is it; ``predicted`` says how the files are read; imported sentences are aligned
    with the gold ``by`` their words or, of other words, by position. Answers are read under ``rule``, by default that
    of their format. Raises UsageError for what does not go together and all that reading raises.
    """
    predicted = predicted or Reading()
    if format == PREDICTIONS:
        if predicted.columns or predicted.scheme != "auto":
            raise UsageError("--columns and --scheme are for files of tags (--from conll, --from tokens)")
        if renames:
            message = "types of generations are those of their prompts"
            raise UsageError(f"--rename is for imported predictions (--from): {message}")
        if isinstance(gold, Gold) and not gold.paths and gold != Gold(tag_names=gold.tag_names):
            raise UsageError("--as, --split, --keep-misc and --repair say how gold is read; --gold PATH gives it")
        datasets = gold.read() if isinstance(gold, Gold) else gold
        if by != "words":
            raise UsageError("--align is for imported predictions (--from): generated words are matched")
        predictions = load_generations(paths, tokenizers, name, rule, predicted.keys)
        return with_gold(predictions, datasets) if datasets else predictions
    if tokenizers.named:
        raise UsageError("--tokenizer NAME=PATH is for predictions.jsonl; imported files are one system: give PATH")
    path, clean_up = tokenizers.elsewhere, tokenizers.clean_up_spaces
    back_tokenizer = None if path in (None, "none") else load_back_tokenizer(Path(path), clean_up)
    if clean_up and back_tokenizer is None:
        raise UsageError(NOTHING_CLEANED)
    importer = _Importer(_format_of_predictions(format, paths, predicted.keys), renames, back_tokenizer, rule)
    if isinstance(gold, Gold) and not gold.paths:
        sets, chosen = _own_sets(paths, importer.format, gold, predicted)
    else:
        known = gold_sets(gold.read() if isinstance(gold, Gold) else gold)
        sets, chosen = _by_set(paths, importer.format, known, predicted)
    if rule and not all(item.format for items in chosen.values() for item in items):
        raise UsageError(f"--answers is for answers that a file holds as text; files in the format {format} hold none")
    differing: list[str] = []
    if by == "position":
        taken = {key: by_position(items, sets[key]) for key, items in chosen.items()}
        chosen = {key: items for key, (items, _) in taken.items()}
        differing = [warning for _, warning in taken.values() if warning]
    imported = importer.imported(paths, sets, chosen, name)
    origin = imported.origin
    schemes = ",".join(sorted({item.scheme for items in chosen.values() for item in items} - {""}))
    unusual = {
        "spaces": "cleaned" if clean_up and origin.tokenizer else "",
        "align": by if by != "words" else "",
        "scheme": schemes,
    }
    options = {key: value for key, value in unusual.items() if value}
    return replace(imported, origin=replace(origin, options=options, warnings=(*origin.warnings, *differing)))


def _format_of_predictions(format: str, paths: Sequence[Path], keys: Mapping[str, str]) -> DataFormat:
    """How files in a ``format`` are read; of a name that is of a data and an answer format, their keys say which."""
    answers = format.partition(":")[0] in ANSWERS
    if answers and all(holds_answers(path, keys) for path in paths):
        return format_of_answers(format)
    file_format = FORMATS.get(format) if format in FORMATS else None
    if file_format is not None and file_format.read_predictions is not None:
        return file_format
    if answers:
        return format_of_answers(format)
    if file_format is not None:
        raise UsageError(f"the format {format} holds no predictions; {did_you_mean('', formats())}")
    raise UsageError(f"unknown format of predictions {format!r}; {did_you_mean(format, formats())}")


def _by_set(
    paths: Sequence[Path], format: DataFormat, sets: dict[SetKey, GoldSet], predicted: Reading
) -> tuple[dict[SetKey, GoldSet], dict[SetKey, list[Predicted]]]:
    """The gold, and the items of each set in the order of the files.

    Records name their data set; where they do not, files are of the only one or, if there are as many, of one each in
    turn. Raises UsageError where it is open which gold a file is of, InputError for a set that the gold lacks.
    """
    assert format.read_predictions is not None
    keys = list(sets)
    known = ", ".join(map(str, sets.values()))
    chosen: dict[SetKey, list[Predicted]] = {}
    for index, path in enumerate(paths):
        default = keys[0] if len(keys) == 1 else keys[index] if len(keys) == len(paths) else None
        for item in format.read_predictions(Source(path, reading=predicted), None):
            key = default
            if item.dataset is not None:
                fitting = [key for key in sets if key[0] == item.dataset and item.split in (None, key[1])]
                if len(fitting) != 1:
                    what = f"{item.dataset}/{item.split}" if item.split else item.dataset
                    message = f"is {'several' if fitting else 'none'} of the sets of the gold: {known}"
                    raise item.fields.error("dataset", f"{short(what)} {message}")
                key = fitting[0]
            if key is None:
                instead = "give a file for each, or in JSON a key dataset"
                raise UsageError(f"{path}: does not say its data set, and the gold has several: {known}; {instead}")
            chosen.setdefault(key, []).append(item)
    return sets, chosen


def _own_sets(
    paths: Sequence[Path], format: DataFormat, gold: Gold, predicted: Reading
) -> tuple[dict[SetKey, GoldSet], dict[SetKey, list[Predicted]]]:
    """The data sets whose gold is in the files, ids counted from 0 where there are none, and the items of each.

    A set without a list of types has those that its sentences list or, where they list none, have.
    """
    if not format.gold_inside or format.read_predictions is None:
        raise UsageError(f"predictions in the format {format.name} hold no gold; --gold PATH gives it")
    sets: dict[SetKey, GoldSet] = {}
    chosen: dict[SetKey, list[Predicted]] = {}
    for path, name in zip(paths, gold.names_for(len(paths), "predictions"), strict=True):
        reading, types = gold.reading(name)
        for item in format.read_predictions(Source(path, reading=predicted), reading):
            key = item.dataset or name or _stem(path), item.split or gold.split or DEFAULT_SPLIT
            own = sets.setdefault(key, GoldSet(*key, types or (), {}))
            id = item.id if item.id is not None else str(len(own.sentences))
            if id in own.sentences:
                raise item.fields.error("id", f"sentence {short(id)} of {own} is there twice")
            own.sentences[id] = Sentence(id, item.words, item.gold or (), item.types)
            chosen.setdefault(key, []).append(item)
    for key, own in sets.items():
        if not own.types:
            sentences = own.sentences.values()
            met = (kind for s in sentences for kind in (s.types or [tag[2:] for tag in s.tags if tag != "O"]))
            sets[key] = GoldSet(own.name, own.split, tuple(dict.fromkeys(met)), own.sentences)
    return sets, chosen


@dataclass
class _Importer:
    """Puts what files predict on the words of the gold; ``lines`` are warnings on the way."""

    format: DataFormat
    renames: Mapping[str, str]
    back_tokenizer: BackTokenizer | None
    rule: Rule | None
    lines: list[str] = field(default_factory=list)
    by_order: list[str] = field(default_factory=list)
    structured: bool = False

    def imported(
        self,
        paths: Sequence[Path],
        sets: Mapping[SetKey, GoldSet],
        chosen: Mapping[SetKey, Sequence[Predicted]],
        name: str | None,
    ) -> InMemory:
        """The predictions of all items on the words of the gold, with ids and tags of its sentences.

        What was assumed and what went astray is said in ``origin.warnings``; ``origin.expected`` counts the sentences
        of the gold.
        """
        format, predictions = self.format, list[Prediction]()
        for key, items in chosen.items():
            self.lines += sets[key].remarks
            predictions += self._predictions(items, sets[key])
        idle = ", ".join(str(gold) for key, gold in sets.items() if key not in chosen)
        if idle:
            self.lines.append(f"{NO_PREDICTIONS} {idle}, which the gold holds")
        assumed, fingerprint = [*format.assumed], None
        if self.structured and self.back_tokenizer is None:
            assumed.append("scored without back-tokenization")
        elif self.structured and self.back_tokenizer:
            fingerprint = self.back_tokenizer.fingerprint
        if self.by_order:
            assumed.append(f"ids are not the gold's, sentences told by order and words: {', '.join(self.by_order)}")
        summary = [f"{format.name}: {'; '.join(assumed)}"] if assumed else []
        planned = {sets[key].name: len(sets[key].sentences) for key in chosen}
        known = catalog().find_model(name) if name else None
        origin = Origin(
            tuple(paths),
            System(name or _stem(paths[0]), known.parameters if known else None),
            tokenizer=fingerprint,
            structuring=format.version,
            planned=planned,
            expected=sum(planned.values()),
            warnings=(*summary, *self.lines),
        )
        return InMemory(origin, tuple(predictions))

    def _predictions(self, items: Sequence[Predicted], gold: GoldSet) -> Iterator[Prediction]:
        sentences, by = align(items, gold)
        types = Types(gold, self.renames)
        for item, sentence in zip(items, sentences, strict=True):
            placed, structured, reading = self._place(item, sentence, types)
            self.structured |= structured is not None
            yield Prediction(
                gold.name,
                gold.split,
                sentence.id,
                sentence.types or gold.types,
                sentence.words,
                sentence.tags,
                tuple(placed.tags),
                tuple(placed.unplaced),
                item.text,
                structured,
                placed.generation,
                item.fields.path,
                item.fields.line or 0,
                self.format.version,
                self.rule if item.format is not None and self.rule and self.rule != item.format.rule else "",
                tuple(placed.noted.elements()),
                reading,
            )
        self.lines += [f"{gold}: {line}" for line in types.remarks()]
        if by == BY_ORDER and any(item.id is not None for item in items):
            self.by_order.append(str(gold))
        there = {sentence.id for sentence in sentences}
        lacking = [short(id) for id in gold.sentences if id not in there]
        if lacking:
            names = ", ".join(lacking[:NAMED]) + (", …" if len(lacking) > NAMED else "")
            self.lines.append(f"{gold}: sentences without prediction: {len(lacking)} ({names})")

    def _place(self, item: Predicted, sentence: Sentence, types: Types) -> tuple[Placed, Structured | None, str]:
        """The answer on the words of the sentence, and how it was read. Raises InputError for spans of another one."""
        answer, reading = item.answer, ""
        if item.format is not None:
            known = tuple(dict.fromkeys((*(sentence.types or types.known), *types.renames)))
            answer = read_answer(item.format, item.text, sentence.words, known, self.rule)
            if (self.rule or item.format.rule) == "mended":
                reading = reading_of(item.format, item.text, answer)
            if isinstance(answer, Tagged):
                structured = structure(sentence.words, known, answer, self.back_tokenizer, item.format)
                tags = [renamed_tag(tag, types.name) for tag in structured.match.tags]
                return Placed(tags, noted=Counter(answer.notes)), structured, reading
        if answer is None:
            raise item.fields.error("prediction", "holds no answer")
        try:
            return place(answer, sentence.words, types.name), None, reading
        except ValueError as problem:
            raise item.fields.error("entities", str(problem)) from None


def _stem(path: Path) -> str:
    """The name of a file without its ending."""
    return Path(path.name.removesuffix(".gz")).stem
