"""Tagging plain text: words with their places, one generation, entities with character offsets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from math import prod
from pathlib import Path
from typing import Literal

from gner_bench.answers.gner import parse_target
from gner_bench.bio import lenient_spans
from gner_bench.data import Sentence
from gner_bench.documents.fields import Json
from gner_bench.errors import UsageError
from gner_bench.predict.backends.local import local_backend
from gner_bench.predict.checkpoint import Checkpoint
from gner_bench.predict.generation import DIGITS
from gner_bench.predict.options import DecodingName, Options
from gner_bench.predict.plan import Asking, Task
from gner_bench.structure import load_back_tokenizer, structure
from gner_bench.words import WORD


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
    """The words of a text, one tag for each, the entities, and what the checkpoint generated.

    ``cut`` holds ``input`` where the prompt was cut at the length limit and ``output`` where the generated text was.
    ``unlabelled`` are the indices of words that got no label. Their tag is None in a text that was cut, else ``O``.
    """

    text: str
    words: list[str]
    tags: list[str | None]
    entities: list[Entity]
    generated: str
    cut: list[Literal["input", "output"]] = field(default_factory=list)
    unlabelled: list[int] = field(default_factory=list)

    def document(self) -> Json:
        """As JSON, without ``cut`` and ``unlabelled`` where they are empty."""
        document = asdict(self)
        return {key: value for key, value in document.items() if value or key not in ("cut", "unlabelled")}

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
        return lines


class TextTagger:
    """Tags texts with ``types``; ``decoding`` is ``drafted`` or, for words that cannot get lost, ``constrained``."""

    def __init__(self, checkpoint: Checkpoint, types: Sequence[str], decoding: DecodingName = "drafted") -> None:
        self.types = tuple(types)
        self._backend = local_backend(checkpoint, Options(None, Path(), decoding=decoding))
        self._target = parse_target("full+bio" if self._backend.format == "gner" else self._backend.format)
        file = self._backend.tokenizer
        self._back_tokenizer = load_back_tokenizer(file) if file else None

    def __call__(self, texts: Sequence[str]) -> list[Tagged]:
        """The texts in their order. Raises UsageError for one without words."""
        places = [list(WORD.finditer(text)) for text in texts]
        if not all(places):
            raise UsageError("there is no word in the text")
        asking, tasks = Asking(self._target, self._backend.wrapping), []
        for index, matches in enumerate(places):
            sentence = Sentence(str(index), tuple(match[0] for match in matches), ("O",) * len(matches))
            tasks.append(Task("text", "test", self.types, sentence, asking))
        generations = {task.sentence.id: generation for task, generation in self._backend.decode(tasks)}
        tagged = []
        for text, matches, task in zip(texts, places, tasks, strict=True):
            generation = generations[task.sentence.id]
            words = list(task.sentence.words)
            matched = structure(words, self.types, generation.text, self._back_tokenizer, self._target).match
            tags, sure_of = matched.tags, generation.confidence
            unlabelled = [index for index, source in enumerate(matched.sources) if source is None]
            if sure_of and len(sure_of) < len(words):
                unlabelled = list(range(len(sure_of), len(words)))  # constrained decoding fills the text up with O
            entities = []
            for first, last, kind in lenient_spans(tags):
                start, end = matches[first].start(), matches[last - 1].end()
                sure = round(prod(sure_of[first:last]), DIGITS) if sure_of else None
                entities.append(Entity(text[start:end], kind, start, end, sure))
            cut: list[Literal["input", "output"]] = ["input"] if generation.input_cut else []
            cut += ["output"] if generation.finish == "length" else []
            missing = set(unlabelled) if cut else set()
            shown = [None if index in missing else tag for index, tag in enumerate(tags)]
            tagged.append(Tagged(text, words, shown, entities, generation.text, cut, unlabelled))
        return tagged
