"""Tagging plain text by any system: words with their places, long texts in windows, entities with character offsets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import prod
from pathlib import Path
from typing import Any, Literal, get_args

from gner_bench.answers import Tagged as TaggedWords
from gner_bench.answers import answer_format
from gner_bench.answers.front import read_answer
from gner_bench.bio import lenient_spans
from gner_bench.data import Dataset, Sentence
from gner_bench.documents.fields import Json
from gner_bench.errors import UsageError, short
from gner_bench.fetch.checkpoint import on_hub
from gner_bench.fetch.requirements import Requirements, ensure
from gner_bench.messages import warn
from gner_bench.predict.asking import asking_of, material_of
from gner_bench.predict.backend import BACKENDS, Backend, SystemOptions, as_known
from gner_bench.predict.engine import answered, require_decoding
from gner_bench.predict.generation import DIGITS, Generation
from gner_bench.predict.options import DecodingName, Options
from gner_bench.predict.plan import Asking, Task
from gner_bench.predict.windows import Windows, windows
from gner_bench.structure import load_back_tokenizer, place, structure
from gner_bench.words import WORD

Cut = Literal["input", "output"]
NAME = "text"
"""What the texts are called as a data set."""
WORDS = 100
"""Words of a window where nothing is known of the system's limits: GNER's text of them has about 560 tokens."""
SHORT = 16
"""Words of a window that is not parted any more when its answer was cut: it loops, or the limit is too low."""


@dataclass(frozen=True, slots=True)
class Entity:
    """``text[start:end]`` (characters); ``confidence`` is that of its tags together, where the decoding gives one."""

    text: str
    type: str
    start: int
    end: int
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Tagged:
    """The words of a text, one tag for each, the entities, and what the system answered, a line for each window.

    ``cut`` holds ``input`` where the prompt was cut at the length limit and ``output`` where the answer was.
    ``unlabelled`` are the indices of words that got no label. Their tag is None in a window that was cut, else ``O``.
    ``notes`` say what of the answers was mended or left out, and how often.
    """

    text: str
    words: list[str]
    tags: list[str | None]
    entities: list[Entity]
    generated: str
    cut: list[Cut] = field(default_factory=list)
    unlabelled: list[int] = field(default_factory=list)
    windows: int = 1
    notes: list[str] = field(default_factory=list)

    def document(self) -> Json:
        """As JSON, without ``cut``, ``unlabelled`` and ``notes`` where they are empty and ``windows`` for one."""
        document = asdict(self)
        usual = {"cut": [], "unlabelled": [], "windows": 1, "notes": []}
        return {key: value for key, value in document.items() if key not in usual or value != usual[key]}

    def warnings(self) -> list[str]:
        """What was cut or left out, one line each."""
        said = {
            "input": "the prompt was cut at the length limit: its last words were never seen",
            "output": "the output was cut at the length limit",
        }
        lines = [said[part] for part in self.cut]
        if self.unlabelled:
            shown = "have no tag" if self.cut else "are O"
            lines.append(f"{len(self.unlabelled)} of {len(self.words)} words got no label and {shown}")
        return lines + self.notes


@dataclass(frozen=True, slots=True)
class Read:
    """The answer for a window, read: a tag a word, the probability of each where there is one, and what was noticed."""

    generation: Generation
    tags: Sequence[str]
    confidence: Sequence[float]
    unlabelled: Sequence[int]
    noted: Counter[str]


class TextTagger:
    """Tags texts with ``types`` by what ``backend`` answers.

    Long texts are asked about in windows, or refused where they are to be asked about as a ``whole``.
    """

    def __init__(
        self, backend: Backend, types: Sequence[str], asking: Asking | None = None, whole: bool = False
    ) -> None:
        self.backend, self.types, self.whole = backend, tuple(types), whole
        self.asking = asking or Asking(answer_format(backend.format), backend.wrapping)
        self.texts = 0
        self._back_tokenizer = load_back_tokenizer(backend.tokenizer) if backend.tokenizer else None

    def __call__(self, texts: Sequence[str]) -> list[Tagged]:
        """The texts in their order.

        Raises UsageError for one without words, one that is too long to be asked about as a whole, and what the backend
        raises.
        """
        places = [list(WORD.finditer(text)) for text in texts]
        if not all(places):
            raise UsageError("there is no word in the text")
        waiting: list[Task] = []
        for index, matches in enumerate(places):
            self.texts += 1
            waiting += self._parted(self._task([match[0] for match in matches], index, 0))
        read: list[dict[int, Read]] = [{} for _ in texts]
        while waiting:
            again: list[Task] = []
            for task, generation in answered(self.backend, waiting):
                words = task.sentence.words
                index, first = map(int, task.sentence.id.split("/"))
                if (
                    len(words) >= 2 * SHORT
                    and not self.whole
                    and (generation.input_cut or generation.finish == "length")
                ):
                    parts = windows(words, [1] * len(words), (len(words) + 1) // 2)
                    again += [self._task(words[start:end], index, first + start) for start, end in parts]
                else:
                    read[index][first] = self._read(words, generation)
            waiting = again
        parts_of = (dict(sorted(parts.items())) for parts in read)
        return [_tagged(text, matches, parts) for text, matches, parts in zip(texts, places, parts_of, strict=True)]

    def _task(self, words: Sequence[str], index: int, first: int) -> Task:
        """What is asked about the ``words`` from ``first`` on of a text."""
        return Task(
            NAME, "test", self.types, Sentence(f"{index}/{first}", tuple(words), ("O",) * len(words)), self.asking
        )

    def _parted(self, task: Task) -> list[Task]:
        """The task in as many parts as the system can read. Raises UsageError for several where that is not wanted."""
        words = task.sentence.words
        if self.backend.windows is not None:
            parted = self.backend.windows(task)
        elif self.asking.format.name == "spans":  # libraries part what they are given
            return [task]
        else:
            parted = Windows(windows(words, [1] * len(words), WORDS), len(words), WORDS, "words")
        if self.whole and len(parted.parts) > 1:
            sizes = dict.fromkeys([f"{len(words)} words", f"{parted.size} {parted.unit}"])
            message = f"text {self.texts} has {', '.join(sizes)}, and at most {parted.most} {parted.unit} fit at once"
            raise UsageError(f"{message}; without --no-windows it is tagged in {len(parted.parts)} windows")
        index = int(task.sentence.id.partition("/")[0])
        return [self._task(words[first:end], index, first) for first, end in parted.parts]

    def _read(self, words: Sequence[str], generation: Generation) -> Read:
        format = self.asking.format
        answer = read_answer(format, generation.text, words, self.types)
        noted: Counter[str] = Counter()
        if generation.finish not in ("stop", "length"):
            noted[f"answers that ended by {short(generation.finish)}"] += 1
        if isinstance(answer, TaggedWords):
            noted.update(answer.notes)
            structured = structure(words, self.types, answer, self._back_tokenizer, format)
            if structured.unknown_labels:
                noted["labels of types that were not asked for, taken as O"] += structured.unknown_labels
            match, sure = structured.match, generation.confidence
            unlabelled = [index for index, source in enumerate(match.sources) if source is None]
            if sure and len(sure) < len(words):
                unlabelled = list(range(len(sure), len(words)))  # constrained decoding fills the text up with O
            return Read(generation, match.tags, sure, unlabelled, noted)

        def known(kind: str) -> str | None:
            if kind in self.types:
                return kind
            noted["mentions of types that were not asked for, left out"] += 1
            return None

        placed = place(answer, words, known)
        noted.update(placed.noted)
        return Read(generation, placed.tags, placed.confidence, [], noted)


def _tagged(text: str, matches: Sequence[Any], parts: Mapping[int, Read]) -> Tagged:
    """A text of its windows, by their first words."""
    shown: list[str | None] = []
    entities, unlabelled, cut = [], list[int](), dict[Cut, None]()
    noted: Counter[str] = Counter()
    for first, part in parts.items():
        for start, end, kind in lenient_spans(part.tags):
            place = matches[first + start].start(), matches[first + end - 1].end()
            sure = round(prod(part.confidence[start:end]), DIGITS) if part.confidence else None
            entities.append(Entity(text[slice(*place)], kind, *place, sure))
        generation = part.generation
        here = {"input": generation.input_cut, "output": generation.finish == "length"}
        cut |= {name: None for name in get_args(Cut) if here[name]}
        missing = set(part.unlabelled) if any(here.values()) else set()
        shown += [None if index in missing else tag for index, tag in enumerate(part.tags)]
        unlabelled += [first + index for index in part.unlabelled]
        noted += part.noted
    words, answers = [match[0] for match in matches], [part.generation.text for part in parts.values()]
    notes = [f"{what} ({count})" for what, count in noted.items()]
    order = [name for name in get_args(Cut) if name in cut]
    return Tagged(text, words, shown, entities, "\n".join(answers), order, unlabelled, len(parts), notes)


def text_tagger(
    system: SystemOptions,
    types: Sequence[str],
    decoding: DecodingName = "drafted",
    whole: bool = False,
    offline: bool = False,
) -> TextTagger:
    """The tagger of a system, whose checkpoint is fetched where it is not in the cache.

    Raises UsageError for an option that the backend does not take and for shots, which need a train split, and what
    fetching and the backend raise.
    """
    system = as_known(system)
    kind, options = BACKENDS.get(system.backend), Options(None, Path(), decoding=decoding)
    kind.require_usable(system)
    require_decoding(system, options)
    if system.shots:
        raise UsageError("--shots are drawn from the train split of a data set, and a text has none")
    material = material_of(system, options, [Dataset(NAME, "test", tuple(types), ())], warn, offline)
    hubs = map(on_hub, kind.fetched(system))
    ensure(Requirements(tuple(filter(None, hubs))), warn, offline)
    backend = kind.ready(system, options)
    return TextTagger(backend, types, asking_of(backend.format, backend.wrapping, system, material), whole)
