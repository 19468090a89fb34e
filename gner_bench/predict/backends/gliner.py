"""GLiNER and GLiNER2 as a backend; the files of a model say which of the two libraries it is of.

Both are asked for the types of the data, or for what definitions say of them, and give spans without overlaps.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gner_bench.answers import Span
from gner_bench.documents.run import Model
from gner_bench.errors import InputError, UsageError, first_line
from gner_bench.extras import required
from gner_bench.fetch.checkpoint import LocalCheckpoint, locate
from gner_bench.predict.backend import LIBRARY, Backend, BackendKind, SystemOptions
from gner_bench.predict.library import (
    NO_LIMIT,
    Library,
    Part,
    flat,
    library_backend,
    parts_of,
    token_limit,
    window_within,
)
from gner_bench.predict.loading import chosen_device, file_hashes, quiet_transformers
from gner_bench.predict.options import Options

CONFIG = "gliner_config.json"
"""The file that GLiNER has and GLiNER2 has not."""
THRESHOLD = 0.5
"""That of both libraries."""
STOP = "."
WORDS = 384
"""What GLiNER2 cuts long texts into, and most of GLiNER's models take."""


def make(system: SystemOptions, options: Options) -> Backend:
    """The model of a folder or of the cache. Raises UsageError without its library, InputError for a bad folder."""
    located = locate(system.model)
    first = (located.folder / CONFIG).is_file()
    library = (_gliner if first else _gliner2)(located, system)
    return library_backend(library, system, options)


class Words:
    """A splitter of words for both libraries: it gives those of the corpus for the ``texts`` that are made of them.

    GLiNER2 ends a text in a full stop where it has none, which is a word of its own then.
    """

    def __init__(self, otherwise: Callable[..., Iterator[tuple[str, int, int]]]) -> None:
        self.otherwise = otherwise
        self.texts: dict[str, tuple[str, ...]] = {}

    def __call__(self, text: str, lower: bool = False) -> Iterator[tuple[str, int, int]]:
        words = self.texts.get(text)
        if words is None:
            yield from self.otherwise(text)
            return
        end = 0
        for word in words:
            start = end + bool(end)
            end = start + len(word)
            yield word.lower() if lower else word, start, end
        if rest := text[end:].strip():
            yield rest, len(text) - len(rest), len(text)

    def joined(self, parts: Sequence[Part]) -> list[str]:
        """A text for each part; parts of other words have other texts, even if they read the same."""
        self.texts.clear()
        texts = []
        for part in parts:
            text = " ".join(part.words)
            while any(self.texts.get(form, part.words) != part.words for form in (text, text + STOP)):
                text += " "
            self.texts |= {text: part.words, text + STOP: part.words}
            texts.append(text)
        return texts


def spans_of(part: Part, entities: Sequence[Mapping[str, Any]], score: str) -> list[Span]:
    """Spans of the words of ``part`` from those of the characters of its text."""
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    place = 0
    for index, word in enumerate(part.words):
        starts[place], ends[place + len(word)] = index, index + 1
        place += len(word) + 1
    size = len(part.words)
    spans = [
        # A span may end in the full stop that GLiNER2 has added.
        Span(starts.get(entity["start"], size), ends.get(entity["end"], size), entity["label"], "", entity[score])
        for entity in entities
    ]
    return flat([span for span in spans if span.first < span.end])


@dataclass
class Cut:
    """Windows of ``window`` words, and of as many tokens as the ``limit`` of a model leaves beside its prompt.

    The prompt, of which ``prompt`` tells the tokens, holds the labels; a library that cuts what is too long cuts words.
    """

    window: int | None
    tokenizer: Any
    limit: int
    prompt: Callable[[Mapping[str, str]], int]
    known: dict[tuple[str, ...], int] = field(default_factory=dict)

    def __call__(self, part: Part) -> list[tuple[int, int]]:
        """As ``Library.cut``. Raises UsageError for labels that leave no room for words."""
        if self.limit >= NO_LIMIT:
            return parts_of(part.words, self.window)
        labels = tuple(part.labels.values())
        if labels not in self.known:
            self.known[labels] = self.prompt(part.labels)
        most = self.limit - self.known[labels]
        if most <= 0:
            message = (
                f"{len(labels)} types, with what is said of them, fill the {self.limit} tokens that the model takes"
            )
            raise UsageError(f"{message}; --rename and --definitions make them shorter")
        return parts_of(part.words, self.window, [len(self.tokenizer.tokenize(word)) for word in part.words], most)


def _labels(parts: Sequence[Part]) -> list[Mapping[str, str]]:
    """What each part is asked for. Raises UsageError for two types of which the same is said."""
    for labels in {tuple(part.labels.items()): part.labels for part in parts}.values():
        if len(set(labels.values())) < len(labels):
            raise UsageError("--definitions: the same is said of two types, which GLiNER could not tell apart")
    return [part.labels for part in parts]


def _gliner(located: LocalCheckpoint, system: SystemOptions) -> Library:
    gliner, device = required("gliner"), str(chosen_device(system.device))
    threshold = THRESHOLD if system.threshold is None else system.threshold
    model = _loaded(gliner.GLiNER, located, device)
    processor, config = model.data_processor, model.config
    split = processor.words_splitter = Words(processor.words_splitter)
    window = window_within(system.window, config.max_len)
    tokenizer = processor.transformer_tokenizer
    limit = token_limit(model.config.encoder_config or model.config, tokenizer)

    def prompt(labels: Mapping[str, str]) -> int:
        if getattr(config, "labels_encoder", None):
            return int(tokenizer.num_special_tokens_to_add())  # labels are read by a model of their own
        words, _ = processor.prepare_inputs([[]], list(labels.values()))
        return len(tokenizer(words[0], is_split_into_words=True)["input_ids"])

    def find(parts: Sequence[Part]) -> list[list[Span]]:
        labels = [_described(given) for given in _labels(parts)]
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message=".*truncated")
            entities = model.inference(
                split.joined(parts),
                labels[0] if all(given == labels[0] for given in labels) else labels,
                flat_ner=True,
                threshold=threshold,
                batch_size=len(parts),
            )
        return [spans_of(part, of_part, "score") for part, of_part in zip(parts, entities, strict=True)]

    settings = {"overlaps": "none", "dtype": "fp32"}
    cut = Cut(window, tokenizer, limit, prompt)
    return Library("gliner", "gliner", _model(located, system, model), settings, device, find, cut, True, threshold)


def _gliner2(located: LocalCheckpoint, system: SystemOptions) -> Library:
    gliner2, device = required("gliner2"), str(chosen_device(system.device))
    threshold = THRESHOLD if system.threshold is None else system.threshold
    model = _loaded(gliner2.AutoExtractor, located, device)
    split = Words(model.processor.word_splitter)
    model.set_word_splitter(split)
    window = window_within(system.window, model.config.max_len or None) or WORDS

    def find(parts: Sequence[Part]) -> list[list[Span]]:
        schemas = [model.create_schema().entities(_described(given)) for given in _labels(parts)]
        answers = model.batch_extract(
            split.joined(parts),
            schemas,
            batch_size=len(parts),
            threshold=threshold,
            include_confidence=True,
            include_spans=True,
        )
        by_type = [answer["entities"] for answer in answers]
        return [
            spans_of(part, [{**entity, "label": kind} for kind in of for entity in of[kind]], "confidence")
            for part, of in zip(parts, by_type, strict=True)
        ]

    def prompt(labels: Mapping[str, str]) -> int:
        schema = model.create_schema().entities(_described(labels))
        return int(model.processor.collate_fn_inference([(".", schema)]).input_ids.shape[1])

    settings = {"overlaps": "highest score", "dtype": "fp32"}
    tokenizer = model.processor.tokenizer
    return Library(
        "gliner",
        "gliner2",
        _model(located, system, model),
        settings,
        device,
        find,
        Cut(window, tokenizer, token_limit(model.encoder.config, tokenizer), prompt),
        True,
        threshold,
    )


def _described(labels: Mapping[str, str]) -> dict[str, str] | list[str]:
    """As both libraries take labels: with what is said of them, or their names alone."""
    return list(labels) if all(label == said for label, said in labels.items()) else dict(labels)


def _loaded(loader: Any, located: LocalCheckpoint, device: str) -> Any:
    quiet_transformers()
    try:
        return loader.from_pretrained(str(located.folder), map_location=device)
    except Exception as error:  # whatever a folder of another shape leads to
        raise InputError(located.folder, f"cannot be loaded by {loader.__name__}: {first_line(error)}") from None


def _model(located: LocalCheckpoint, system: SystemOptions, model: Any) -> Model:
    return Model(
        located.name,
        system.model,
        located.revision,
        sum(weight.numel() for weight in model.parameters()),
        training_sets=located.training_sets,
        files=file_hashes(Path(located.folder)),
    )


GLINER = BackendKind(
    "gliner",
    "GLiNER or GLiNER2, as the model's files say",
    make,
    LIBRARY | {"definitions", "threshold"},
    fetches=True,
    needs=("gliner|gliner2",),
)
