"""What moves the outputs of one model besides the model, and what must be said where it may explain a difference.

In bf16 and fp16 sums are rounded so coarsely that near-ties between tokens fall otherwise when a batch has another
shape. A paired test asks whether other sentences would show the difference too; it knows nothing of another run.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import fields

from gner_bench.config import MORE
from gner_bench.documents.run import Run
from gner_bench.documents.scores import Computed
from gner_bench.number_text import points
from gner_bench.scoring.paired import Difference

SEEN, SEEN_ON = 0.98, 700
"""Points between the lowest and the highest mean F1 that batch sizes alone gave, and on how many sentences.

GNER-T5-base in bf16 on one A100, greedy, 100 sentences of each of the seven zero-shot sets, batches of 10, 20, 25, 50,
100, 200, 400 and 700: 56.84, 56.75, 56.67, 57.34, 57.52, 57.64, 57.46, 57.30; equal when repeated with batches of 100.
Source: github.com/chrisjihee/GNER, output/GNER-eval/GNER-T5-base=100,*/train-metrics-*.csv (see docs/protocol.md).
"""
STEADY = (None, "fp32")
"""Number formats whose outputs no batch size was seen to move; None is a system without one, such as a word list."""
WEIGHTS = (".safetensors", ".bin", ".pt")
LIBRARIES = ("torch", "transformers", "vllm", "gliner", "gliner2", "spacy", "flair")
TOLD = ("prompts", "decoding", "dtype", "batch_size", "device", "versions")
"""What may differ between runs of the same weights, in the order in which it is told."""


def computed(runs: Sequence[Run]) -> Computed:
    """What all ``runs`` of one system agree on."""
    each = [_of(run) for run in runs]
    names = [spec.name for spec in fields(Computed) if spec.name != MORE]
    agreed = {name: {getattr(one, name) for one in each} for name in names}
    return Computed(**{name: values.pop() for name, values in agreed.items() if len(values) == 1})


def _of(run: Run) -> Computed:
    files, dtype = run.model.files or {}, run.settings.get("dtype")
    weights = {name: sha for name, sha in files.items() if name.endswith(WEIGHTS)} or files
    listed = "\n".join(f"{name} {sha}" for name, sha in sorted(weights.items()))
    whole = next(iter(weights.values())) if len(weights) == 1 else hashlib.sha256(listed.encode()).hexdigest()
    return Computed(
        model=run.model.name or None,
        revision=run.model.revision,
        weights=whole if weights else None,
        prompts=run.prompt_hash or None,
        decoding=run.settings.get("decoding"),
        dtype=dtype,
        batch_size=run.batch_size,
        device=run.device or None,
        versions=", ".join(f"{name} {run.versions[name]}" for name in LIBRARIES if name in run.versions) or None,
    )


def same_model(one: Computed | None, other: Computed | None) -> str:
    """That two systems are the same weights, or by name the same model where these are not known; else empty."""
    if one is None or other is None:
        return ""
    if one.weights and other.weights:
        return f"the same weights (SHA-256 {one.weights[:8]}…)" if one.weights == other.weights else ""
    if one.model and (one.model, one.revision) == (other.model, other.revision):
        return f"the same model by name, {one.model}, whose weights are not known"
    return ""


def unlike(one: Computed, other: Computed) -> str:
    """In what two runs of the same model differ, such as ``dtype fp32/bf16, batch size 8/32``."""
    told = []
    for name in TOLD:
        values = getattr(one, name), getattr(other, name)
        if values[0] != values[1]:
            both = "/".join("not known" if value is None else str(value) for value in values)
            told.append("prompts" if name == "prompts" else f"{name.replace('_', ' ')} {both}")
    return ", ".join(told)


def steady(known: Iterable[Computed | None]) -> bool:
    """Whether no batch size is known to move the outputs of any of these systems."""
    return all(each is not None and each.dtype in STEADY for each in known)


def seen(sentences: int) -> float:
    """``SEEN`` on as many ``sentences``, in points: with more of them it shrinks by the root of their number."""
    return SEEN * math.sqrt(SEEN_ON / sentences)


def to_say(
    names: tuple[str, str], known: tuple[Computed | None, Computed | None], mean: Difference, sentences: int
) -> str:
    """What a reader must know of the difference of the ``mean`` of two systems, empty where there is nothing.

    That they are the same weights, where their F1 differs; or that a star is on a difference that batch sizes alone
    could make, where the outputs of one of them may move with these.
    """
    difference = 100 * mean.difference
    if said := same_weights(names, known):
        return said if mean.difference or any(mean.interval) else ""
    if mean.significant and abs(difference) <= seen(sentences) and not steady(known):
        return (
            f"{names[1]} is {points(difference, 2)} points from {names[0]} in the mean, which batch sizes alone could"
            f" give: {seen_text(sentences)}; the test holds for these outputs, not for other runs"
        )
    return ""


def same_weights(names: tuple[str, str], known: tuple[Computed | None, Computed | None]) -> str:
    """That two systems are the same model, what their runs differ in and what a test of them says; else empty."""
    one, other = known
    if not (same := same_model(one, other)) or one is None or other is None:
        return ""
    differ = unlike(one, other)
    how = f"they differ in {differ}" if differ else "in what their runs differ is not known"
    return f"{names[0]} and {names[1]} are {same}; {how}: the test holds for these outputs, not for the model"


def seen_text(sentences: int) -> str:
    """What batch sizes alone have been seen to give."""
    here = "" if sentences == SEEN_ON else f", about {seen(sentences):.2f} on {sentences:,}"
    return f"those of GNER-T5-base in bf16 moved its mean by up to {SEEN} points on {SEEN_ON} sentences{here}"
