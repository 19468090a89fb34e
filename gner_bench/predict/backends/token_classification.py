"""A token classifier of transformers as a backend: a word has the label of its first token.

An entity is as sure as its words are on average, as in the pipeline of transformers with the aggregation ``first``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gner_bench.answers import Span
from gner_bench.bio import conlleval_spans
from gner_bench.documents.run import Model
from gner_bench.errors import InputError, first_line
from gner_bench.fetch.checkpoint import LocalCheckpoint, locate
from gner_bench.predict.backend import LIBRARY, Backend, BackendKind, SystemOptions
from gner_bench.predict.library import (
    Library,
    Part,
    library_backend,
    parts_of,
    token_limit,
)
from gner_bench.predict.loading import chosen_device, file_hashes, quiet_transformers
from gner_bench.predict.options import Options

OUTSIDE = "O"


def make(system: SystemOptions, options: Options) -> Backend:
    """The classifier of a folder or of the cache. Raises InputError for what cannot be loaded as one."""
    import torch

    located, device = locate(system.model), str(chosen_device(system.device))
    tokenizer, model, labels = _loaded(located)
    model = model.to(device)
    special = tokenizer.num_special_tokens_to_add()
    most = token_limit(model.config, tokenizer) - special

    def sizes(part: Part) -> list[int]:
        counts = [0] * len(part.words)
        for word in tokenizer(list(part.words), is_split_into_words=True, add_special_tokens=False).word_ids():
            counts[word] += 1
        return counts

    def find(parts: Sequence[Part]) -> list[list[Span]]:
        words = [list(part.words) for part in parts]
        encoded = tokenizer(
            words,
            is_split_into_words=True,
            truncation=True,
            max_length=most + special,
            padding=True,
            return_tensors="pt",
        )
        with torch.inference_mode():
            best = model(**encoded.to(device)).logits.float().softmax(-1).max(-1)
        scores, chosen = best.values.tolist(), best.indices.tolist()
        answers = []
        for row, of_row in enumerate(words):
            tags, sure = [OUTSIDE] * len(of_row), [1.0] * len(of_row)
            before = None
            for place, word in enumerate(encoded.word_ids(row)):
                if word is not None and word != before:
                    tags[word], sure[word] = labels[chosen[row][place]], scores[row][place]
                before = word
            answers.append(entities(tags, sure))
        return answers

    library = Library(
        "token-classification",
        "transformers",
        Model(
            located.name,
            system.model,
            located.revision,
            int(model.num_parameters()),
            training_sets=located.training_sets,
            files=file_hashes(located.folder),
        ),
        {"aggregation": "first", "dtype": "fp32"},
        device,
        find,
        lambda part: parts_of(part.words, system.window, sizes(part), most),
        threshold=system.threshold,
        too_long=lambda part: len(part.words) == 1 and sizes(part)[0] > most,
    )
    return library_backend(library, system, options)


def _loaded(located: LocalCheckpoint) -> tuple[Any, Any, list[str]]:
    """The tokenizer, the model and its labels. Raises InputError for what cannot be loaded as a token classifier."""
    import torch
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    quiet_transformers()
    safe: dict[str, Any] = {"trust_remote_code": False}
    # In the cache are pickled weights only where `--allow-pickle` took them.
    weights = safe if located.revision else {**safe, "use_safetensors": True}
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(located.folder, add_prefix_space=True, **safe)
        loaded: Any = AutoModelForTokenClassification.from_pretrained(
            located.folder, dtype=torch.float32, output_loading_info=True, **weights
        )
    except Exception as error:  # transformers raises whatever a file of another shape leads to
        raise InputError(located.folder, f"cannot be loaded as a token classifier: {first_line(error)}") from None
    model, info = loaded
    if missing := sorted(map(str, info["missing_keys"])):
        raise InputError(located.folder, f"is no token classifier: its weights lack {missing[0]}")
    if not tokenizer.is_fast:
        raise InputError(located.folder, "its tokenizer does not tell which word a token is of")
    labels = [str(model.config.id2label[index]) for index in range(model.config.num_labels)]
    if OUTSIDE not in labels:
        raise InputError(located.folder, f"none of its labels is {OUTSIDE}: {', '.join(labels[:5])}", field="id2label")
    return tokenizer, model.eval(), labels


def entities(labels: Sequence[str], sure: Sequence[float]) -> list[Span]:
    """The entities of words with ``labels``, in BIO, BIOES, BILOU or types alone, each of which is ``sure`` so much.

    A label that continues nothing begins an entity, as conlleval reads it, and what an ``E``, ``L``, ``S`` or ``U`` has
    ended does not go on.
    """
    tags, ended = [], False
    for label in labels:
        prefix, dash, kind = label.partition("-")
        if not (dash and kind and len(prefix) == 1 and prefix in "BIESLUM"):
            prefix, kind = "I", label
        begins = prefix in "BSU" or ended
        tags.append(OUTSIDE if label == OUTSIDE else f"{'B' if begins else 'I'}-{kind}")
        ended = label != OUTSIDE and prefix in "ESLU"
    return [
        Span(first, end, kind, "", sum(sure[first:end]) / (end - first)) for first, end, kind in conlleval_spans(tags)
    ]


TOKEN_CLASSIFICATION = BackendKind(
    "token-classification",
    "a token classifier of transformers",
    make,
    LIBRARY | {"threshold"},
    fetches=True,
    needs=("torch", "transformers"),
)
