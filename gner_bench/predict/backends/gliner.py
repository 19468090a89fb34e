"""GLiNER and GLiNER2 as a backend; the files of a model say which of the two libraries it is of.

Both are asked for the types of the data, or for what definitions say of them, and give spans without overlaps.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gner_bench.answers import Span
from gner_bench.documents.run import Model
from gner_bench.errors import InputError, UsageError, first_line
from gner_bench.extras import required
from gner_bench.fetch.checkpoint import LocalCheckpoint, locate
from gner_bench.predict.backend import Backend, BackendKind, SystemOptions
from gner_bench.predict.library import (
    Library,
    Part,
    chosen_device,
    flat,
    hashes,
    library_backend,
    parts_of,
    window_within,
)
from gner_bench.predict.options import Options

CONFIG = "gliner_config.json"
"""The file that GLiNER has and GLiNER2 has not."""
THRESHOLD = 0.5
"""That of both libraries."""
WORDS = 384
"""What GLiNER2 cuts long texts into, and most of GLiNER's models take."""
NO_LIMIT = 10**6


def make(system: SystemOptions, options: Options) -> Backend:
    """The model of a folder or the cache. Raises UsageError without its library, InputError for an unusable folder."""
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
        words = self.texts.get(text, self.texts.get(text[:-1]))
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
            while self.texts.get(text, part.words) != part.words:
                text += " "
            self.texts[text] = part.words
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


def _labels(parts: Sequence[Part]) -> list[Mapping[str, str]]:
    """What each part is asked for. Raises UsageError for two types of which the same is said."""
    for labels in {tuple(part.labels.items()): part.labels for part in parts}.values():
        if len(set(labels.values())) < len(labels):
            raise UsageError("--definitions: the same is said of two types, which GLiNER could not tell apart")
    return [part.labels for part in parts]


def _gliner(located: LocalCheckpoint, system: SystemOptions) -> Library:
    gliner, device = required("gliner"), chosen_device(system.device)
    threshold = THRESHOLD if system.threshold is None else system.threshold
    model = _loaded(gliner.GLiNER, located, device)
    processor, config = model.data_processor, model.config
    split = processor.words_splitter = Words(processor.words_splitter)
    window = window_within(system.window, config.max_len)
    tokenizer = processor.transformer_tokenizer

    def cut(part: Part) -> list[tuple[int, int]]:
        if tokenizer.model_max_length >= NO_LIMIT:
            return parts_of(part.words, window)
        # The prompt of the types is cut with the words, without a word: what it leaves is for the words.
        prompt, _ = processor.prepare_inputs([[]], list(part.labels.values()))
        most = tokenizer.model_max_length - len(tokenizer(prompt[0], is_split_into_words=True)["input_ids"])
        if most <= 0:
            raise UsageError(f"{len(part.labels)} types with what is said of them are more than the model takes")
        sizes = [len(tokenizer.tokenize(word)) for word in part.words]
        return parts_of(part.words, window, sizes, most)

    def find(parts: Sequence[Part]) -> list[list[Span]]:
        labels = _labels(parts)
        same = all(given == labels[0] for given in labels)
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message=".*truncated")
            entities = model.inference(
                split.joined(parts),
                dict(labels[0]) if same else [dict(given) for given in labels],
                flat_ner=True,
                threshold=threshold,
                batch_size=len(parts),
            )
        return [spans_of(part, of_part, "score") for part, of_part in zip(parts, entities, strict=True)]

    settings = {"overlaps": "none", "max_width": config.max_width, "dtype": "fp32"}
    return Library("gliner", "gliner", _model(located, system, model), settings, device, find, cut, True, threshold)


def _gliner2(located: LocalCheckpoint, system: SystemOptions) -> Library:
    gliner2, device = required("gliner2"), chosen_device(system.device)
    threshold = THRESHOLD if system.threshold is None else system.threshold
    model = _loaded(gliner2.AutoExtractor, located, device)
    split = Words(model.processor.word_splitter)
    model.set_word_splitter(split)
    window = window_within(system.window, model.config.max_len or None) or WORDS

    def find(parts: Sequence[Part]) -> list[list[Span]]:
        schemas = [model.create_schema().entities(_described(labels)) for labels in _labels(parts)]
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

    settings = {"overlaps": "highest score", "dtype": "fp32"}
    return Library(
        "gliner",
        "gliner2",
        _model(located, system, model),
        settings,
        device,
        find,
        lambda part: parts_of(part.words, window),
        True,
        threshold,
    )


def _described(labels: Mapping[str, str]) -> dict[str, str] | list[str]:
    """As GLiNER2 takes labels: with their descriptions where there are any."""
    described = {label: said if said != label else "" for label, said in labels.items()}
    return described if any(described.values()) else list(labels)


def _loaded(loader: Any, located: LocalCheckpoint, device: str) -> Any:
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
        files=hashes(Path(located.folder)),
    )


GLINER = BackendKind(
    "gliner",
    "GLiNER or GLiNER2, as the model's files say",
    make,
    frozenset({"definitions", "device", "threshold", "rename", "window"}),
    fetches=True,
    needs=("gliner|gliner2",),
)
