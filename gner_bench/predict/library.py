"""What backends of libraries share: a library finds spans in words, and has names of its own for types.

A sentence goes to the library in the corpus's own words; one that is longer than its model takes goes in windows. What
comes back is recorded in the answer format ``spans``, types under the names that the data have for them.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gner_bench.answers import Span
from gner_bench.answers.spans import LEFT_OUT, SPANS, as_text
from gner_bench.answers.types import ALIKE, known_as
from gner_bench.catalog import catalog
from gner_bench.config import read_toml
from gner_bench.documents.fields import Json, read_object
from gner_bench.documents.run import Model
from gner_bench.errors import GnerBenchError, InputError, UsageError, did_you_mean, first_line, short
from gner_bench.files import read_bytes
from gner_bench.predict.backend import Backend, SystemOptions
from gner_bench.predict.generation import Generation
from gner_bench.predict.options import Options
from gner_bench.predict.plan import Task, batches
from gner_bench.predict.windows import windows

BATCH = 32
NO_LIMIT = 10**6
"""Tokenizers that know no limit have a much larger one."""
AFTER_PADDING = ("roberta", "camembert", "mpnet", "longformer", "xlm-roberta", "xlm-roberta-xl", "data2vec-text")
"""Models that count positions from the one after that of padding."""
SCORE_DIGITS = 4
"""Decimals of a score that is written. They are cut off, not rounded: what is at least 0.7 as written was so before, so
that a threshold of as many decimals takes the same spans from the file as from the library."""
NAMED = 8
"""How many types a remark names."""


def token_limit(config: Any, tokenizer: Any) -> int:
    """The most tokens that a model of transformers takes, special ones included; ``NO_LIMIT`` where it has no limit."""
    positions = getattr(config, "max_position_embeddings", None)
    if type(positions) is int and config.model_type in AFTER_PADDING:
        positions -= (config.pad_token_id or 0) + 1
    if not getattr(config, "position_biased_input", True):
        positions = None  # DeBERTa's are relative
    known = [limit for limit in (positions, tokenizer.model_max_length) if type(limit) is int and limit > 0]
    return min([NO_LIMIT, *known])


@dataclass(frozen=True)
class Renaming:
    """What the data call a system's types: ``names``, and those of single data sets; empty for types to leave out.

    ``sha256`` is that of the file, empty without one.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    by_set: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    sha256: str = ""

    def of(self, dataset: str) -> dict[str, str]:
        """All names that are for a data set."""
        return {**self.names, **self.by_set.get(dataset, {})}


def read_renaming(path: Path | None) -> Renaming:
    """The renaming of a TOML or JSON file; none without a file. Raises InputError naming the key.

    Its keys are types of the system with the names of the data; a table of them has the name of a data set.
    """
    if path is None:
        return Renaming()
    content = read_object(path).value if path.suffix.lower() == ".json" else read_toml(path)
    sets = {key: value for key, value in content.items() if isinstance(value, dict)}
    names = {key: value for key, value in content.items() if key not in sets}
    for place, table in {"": names, **sets}.items():
        for key, value in table.items():
            if not isinstance(value, str):
                message = f"expected the name of a type, or an empty one to leave it out, found {short(value)}"
                raise InputError(path, message, field=f"{place}.{key}".strip("."))
    return Renaming(names, sets, hashlib.sha256(read_bytes(path)).hexdigest())


@dataclass(frozen=True, slots=True)
class Part:
    """Words that a library is given at once; ``labels`` are the types that it is asked for, with what says of each what
    it is: a definition, else its name."""

    words: tuple[str, ...]
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Library:
    """A model of a library. ``find`` gives the spans of words of each part, with a score where there is one.

    ``cut`` gives the windows ``(first, end)`` in which a sentence goes to it, all within what the model takes;
    ``asked`` says that it looks for the types that it is asked for, not for those of its own training. ``settings`` are
    for run.json. ``threshold`` is the least score of a span, None for any. ``too_long`` tells words that are cut even
    in a window by themselves.
    """

    name: str
    package: str
    model: Model
    settings: Json
    device: str
    find: Callable[[Sequence[Part]], Sequence[Sequence[Span]]]
    cut: Callable[[Part], list[tuple[int, int]]]
    asked: bool = False
    threshold: float | None = None
    too_long: Callable[[Part], bool] = lambda part: False


def library_backend(library: Library, system: SystemOptions, options: Options) -> Backend:
    """The backend of a library's model. Raises InputError for an unusable file of ``--rename``."""
    finder = Finder(library, read_renaming(system.rename), options.batch_size or BATCH)
    threshold = library.threshold
    return Backend(
        library.model.name,
        library.model,
        {
            "backend": library.name,
            "library": f"{library.package} {version(library.package)}",
            "model": " ".join(filter(None, (library.model.name, library.model.revision))),
            # What signatures say for how answers come about.
            "decoding": library.name if threshold is None else f"{library.name}@{threshold:g}",
            "threshold": threshold,
            "rename": finder.renaming.sha256 or None,
            "window": system.window,
            **library.settings,
        },
        "plain",
        library.device,
        finder.decode,
        statistics=finder.statistics,
        format=SPANS.name,
        remarks=finder.remarks,
    )


def parts_of(
    words: Sequence[str], window: int | None, sizes: Sequence[int] | None = None, most: int = 0
) -> list[tuple[int, int]]:
    """Windows of ``window`` words (None for any number) and, where words have ``sizes``, of ``most`` together."""
    parts = windows(words, [1] * len(words), window) if window else [(0, len(words))]
    if sizes is None or sum(sizes) <= most:
        return parts
    return [
        (first + start, first + stop)
        for first, end in parts
        for start, stop in windows(words[first:end], sizes[first:end], most)
    ]


def window_within(asked: int | None, most: int | None) -> int | None:
    """How many words a model is given at a time. Raises UsageError for more than it takes."""
    if asked is not None and most is not None and asked > most:
        raise UsageError(f"--window {asked}: the model takes {most} words at most")
    return asked or most


def flat(spans: Sequence[Span]) -> list[Span]:
    """Spans that share no word with another: those of higher scores first, then those that come first."""
    taken: set[int] = set()
    kept = []
    for span in sorted(spans, key=lambda span: (-(span.score or 0), span.first, span.end)):
        if taken.isdisjoint(range(span.first, span.end)):
            taken.update(range(span.first, span.end))
            kept.append(span)
    return kept


@dataclass
class Finder:
    """Asks ``library`` about sentences, ``batch`` of them at a time, and counts what people must know of it.

    ``left_out`` counts spans of types that the data lack, ``alike`` those of types in other case, ``windowed``
    sentences that went in windows.
    """

    library: Library
    renaming: Renaming
    batch: int
    spans: int = 0
    alike: int = 0
    windowed: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    datasets: set[str] = field(default_factory=set)

    def decode(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Generation]]:
        """The answers, data set by data set, so that what is asked side by side is asked for the same types."""
        by_set: dict[str, list[Task]] = {}
        for task in tasks:
            by_set.setdefault(task.dataset, []).append(task)
        self.datasets |= by_set.keys()
        for of_set in by_set.values():
            for batch in batches(of_set, self.batch):
                yield from self._answers(batch)

    def _answers(self, batch: Sequence[Task]) -> Iterator[tuple[Task, Generation]]:
        parts: list[tuple[int, int, Part]] = []  # of which sentence of the batch, and from which word on
        for index, task in enumerate(batch):
            whole = Part(tuple(task.sentence.words), self._labels(task))
            parts += [
                (index, first, replace(whole, words=whole.words[first:end])) for first, end in self.library.cut(whole)
            ]
        spans: list[list[Span]] = [[] for _ in batch]
        for start in range(0, len(parts), self.batch):
            some = parts[start : start + self.batch]
            for (index, first, _), answer in zip(some, self._found([part for *_, part in some]), strict=True):
                spans[index] += [replace(span, first=first + span.first, end=first + span.end) for span in answer]
        for index, task in enumerate(batch):
            own = [part for of, _, part in parts if of == index]
            yield task, self._generation(task, spans[index], len(own), any(map(self.library.too_long, own)))

    def _labels(self, task: Task) -> dict[str, str]:
        """What the library is asked for: the types of the data, by the names that it is to know them by."""
        if not self.library.asked:
            return {}
        question, names = task.question, self.renaming.of(task.dataset)
        labels = {}
        for kind in question.types:
            definition = question.definitions.get(kind)
            for label in [own for own, name in names.items() if name == kind] or [kind]:
                labels[label] = definition.text if definition else label
        return labels

    def _found(self, parts: Sequence[Part]) -> Sequence[Sequence[Span]]:
        """What the library says. Raises GnerBenchError for whatever goes wrong in there."""
        try:
            return self.library.find(parts)
        except GnerBenchError:
            raise
        except Exception as error:
            raise GnerBenchError(f"{self.library.package} failed: {first_line(error)}") from error

    def _generation(self, task: Task, spans: Sequence[Span], windows: int, too_long: bool) -> Generation:
        """The answer: the spans that are sure enough, by the names that the data have for their types."""
        kept, left_out = [], Counter[str]()
        names, alike, types = self.renaming.of(task.dataset), known_as(task.types), frozenset(task.types)
        for span in sorted(spans, key=lambda span: (span.first, span.end)):
            score, name = written_score(span.score), names.get(span.type, span.type)
            if (score is not None and score < (self.library.threshold or 0)) or not name:
                continue
            if (kind := alike(name)) not in types:
                left_out[span.type] += 1
                continue
            self.alike += kind != name
            kept.append(replace(span, type=kind, score=score))
        self.spans += len(kept)
        self.windowed += windows > 1
        self.left_out += left_out
        noted: Json = {"windows": windows} if windows > 1 else {}
        noted |= {LEFT_OUT: dict(left_out)} if left_out else {}
        return Generation(as_text(kept), 0, "stop", too_long, more=noted)

    def statistics(self) -> Json:
        """What was counted, for run.json."""
        counted: Json = {"spans": self.spans, LEFT_OUT: dict(self.left_out.most_common())}
        return counted | {"types_in_another_case": self.alike, "sentences_in_windows": self.windowed}

    def remarks(self) -> list[str]:
        """What people must know of the answers, one line each."""
        lines = []
        if self.left_out:
            most = ", ".join(f"{short(name)} {count:,}" for name, count in self.left_out.most_common(NAMED))
            more = ", …" if len(self.left_out) > NAMED else ""
            hint = "--rename FILE says what the data call them, or nothing for those to leave out without a warning"
            lines.append(
                f"spans of types that the data lack, left out: {self.left_out.total():,} ({most}{more}); {hint}"
            )
        if self.alike:
            lines.append(f"{ALIKE}: {self.alike:,}")
        if self.windowed:
            lines.append(f"sentences longer than the model takes, read in windows: {self.windowed:,}")
        known = [*self.datasets, *(dataset.name for dataset in catalog().dataset)]
        for name in self.renaming.by_set:
            if name not in known:
                lines.append(f"--rename: no data set is called {short(name)}; {did_you_mean(name, known)}")
        return lines


def written_score(score: float | None) -> float | None:
    """A score from 0 to 1 as files have it. Raises GnerBenchError for one that is no number."""
    if score is None:
        return None
    if not math.isfinite(score):
        raise GnerBenchError(f"the model gives a score that is no number ({score})")
    # 0.57 * 10000 is 5699.999999999999: what a product misses of a whole number is made up for first.
    scale = 10**SCORE_DIGITS
    written: float = math.floor(round(score * scale, 6)) / scale
    return min(max(written, 0.0), 1.0)
