"""A pipeline of spaCy as a backend, whole as its makers ran it: its entities may hang on its parser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gner_bench.answers import Span
from gner_bench.documents.run import Model
from gner_bench.errors import GnerBenchError, UsageError, first_line
from gner_bench.extras import required
from gner_bench.predict.backend import LIBRARY, Backend, BackendKind, SystemOptions
from gner_bench.predict.library import Library, Part, library_backend, parts_of
from gner_bench.predict.loading import file_hashes
from gner_bench.predict.options import Options

ENTITIES = "doc.ents"


def make(system: SystemOptions, options: Options) -> Backend:
    """The pipeline that is installed as a package, or is in a folder.

    Raises UsageError without spaCy, for a pipeline that is not there and for one that names no entities.
    """
    spacy = required("spacy")
    device = _use_device(spacy, system.device)
    try:
        nlp = spacy.load(system.model)
    except Exception as error:  # whatever a folder of another shape leads to
        hint = "name an installed pipeline (python -m spacy download en_core_web_sm) or its folder"
        raise UsageError(f"--model {system.model}: spaCy cannot load it ({first_line(error)}); {hint}") from None
    if not any(ENTITIES in nlp.get_pipe_meta(name).assigns for name in nlp.pipe_names):
        raise UsageError(f"--model {system.model}: no part of the pipeline names entities: {', '.join(nlp.pipe_names)}")
    name = f"{nlp.meta['lang']}_{nlp.meta['name']}"
    model = Model(name, system.model, nlp.meta["version"], files=file_hashes(nlp.path))

    def find(parts: Sequence[Part]) -> list[list[Span]]:
        documents = [spacy.tokens.Doc(nlp.vocab, words=list(part.words)) for part in parts]
        return [
            [Span(entity.start, entity.end, entity.label_, "") for entity in document.ents]
            for document in nlp.pipe(documents, batch_size=len(documents))
        ]

    # Its convolutions see a few words around each, its transformers take long texts in strides: there is no limit.
    library = Library("spacy", "spacy", model, {}, device, find, lambda part: parts_of(part.words, system.window))
    return library_backend(library, system, options)


def _use_device(spacy: Any, name: str) -> str:
    """Make spaCy work on a device. Raises GnerBenchError for one that is not there."""
    if name == "auto":
        return "cuda" if spacy.prefer_gpu() else "cpu"
    kind, _, number = name.partition(":")
    if kind == "cpu":
        spacy.require_cpu()
        return "cpu"
    try:
        spacy.require_gpu(int(number or 0))
    except ValueError as error:
        raise GnerBenchError(f"--device {name}: {first_line(error)}") from None
    return name


SPACY = BackendKind("spacy", "a pipeline of spaCy", make, LIBRARY, needs=("spacy",))
