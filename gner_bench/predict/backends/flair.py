"""A sequence tagger of flair as a backend. Each sentence is tagged by itself, without those around it."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gner_bench.answers import Span
from gner_bench.documents.run import Model
from gner_bench.errors import UsageError, first_line
from gner_bench.extras import required
from gner_bench.predict.backend import LIBRARY, Backend, BackendKind, SystemOptions
from gner_bench.predict.library import Library, Part, library_backend, parts_of
from gner_bench.predict.loading import chosen_device, file_hashes
from gner_bench.predict.options import Options


def make(system: SystemOptions, options: Options) -> Backend:
    """The tagger of a file, or of a name that flair knows and fetches, such as ``flair/ner-english``.

    Raises UsageError without flair and for what it cannot load.
    """
    flair = required("flair")
    device = str(chosen_device(system.device))
    flair.device = required("torch").device(device)
    taggers, data = required("flair.models"), required("flair.data")
    logging.getLogger("flair").setLevel(logging.WARNING)  # which it writes to where results go
    try:
        tagger = taggers.SequenceTagger.load(system.model)
    except Exception as error:  # whatever a file of another shape, or the network, leads to
        raise UsageError(f"--model {system.model}: flair cannot load it: {first_line(error)}") from None
    if not tagger.predict_spans:
        raise UsageError(f"--model {system.model}: labels words, not entities")
    limits = list(_limits(tagger.embeddings))

    def find(parts: Sequence[Part]) -> list[list[Span]]:
        sentences = [data.Sentence(list(part.words)) for part in parts]
        for sentence in sentences:
            sentence.is_document_boundary = True  # or its neighbours in the batch would be its context
        tagger.predict(sentences, mini_batch_size=len(sentences))
        return [list(_spans(sentence, tagger.label_type)) for sentence in sentences]

    def cut(part: Part) -> list[tuple[int, int]]:
        if not limits:
            return parts_of(part.words, system.window)
        tokenizer, most = limits[0]
        sizes = [len(tokenizer.tokenize(word)) for word in part.words]
        return parts_of(part.words, system.window, sizes, most)

    path = Path(system.model)
    # flair keeps what it fetched under names of its own; what it loaded is told by its weights.
    files = file_hashes(path) if path.exists() else {"weights": _weights_hash(tagger)}
    model = Model(path.name, system.model, files=files)
    library = Library("flair", "flair", model, {"context": "none"}, device, find, cut, threshold=system.threshold)
    return library_backend(library, system, options)


def _spans(sentence: Any, kind: str) -> Iterator[Span]:
    for span in sentence.get_spans(kind):
        label = span.get_label(kind)
        first = span.tokens[0].idx - 1  # flair counts from 1
        yield Span(first, first + len(span.tokens), label.value, "", float(label.score))


def _limits(embeddings: Any) -> Iterator[tuple[Any, int]]:
    """The tokenizer and the most tokens of each transformer that would cut a sentence instead of striding over it."""
    for inner in (embeddings, *getattr(embeddings, "embeddings", ())):
        tokenizer = getattr(inner, "tokenizer", None)
        if tokenizer is not None and not getattr(inner, "allow_long_sentences", True):
            yield tokenizer, int(tokenizer.model_max_length) - int(tokenizer.num_special_tokens_to_add())


def _weights_hash(tagger: Any) -> str:
    """The SHA-256 (hex) of the weights of a loaded tagger, in the order of their names."""
    digest = hashlib.sha256()
    for name, weight in sorted(tagger.state_dict().items()):
        digest.update(name.encode() + weight.detach().cpu().numpy().tobytes())
    return digest.hexdigest()


FLAIR = BackendKind(
    "flair",
    "a sequence tagger of flair",
    make,
    LIBRARY | {"threshold"},
    needs=("flair",),
)
