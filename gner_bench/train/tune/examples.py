"""Training examples of a recipe: prompts with shuffled and negative types, and the target text (Ding et al. 2024,
section 3: type order shuffled for each example, types absent from the sentence mixed into the prompt)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from gner_bench.data import Sentence
from gner_bench.prompting import Wrapping, prompt
from gner_bench.structure.targets import Target, target_text
from gner_bench.train.tune.material import Material, TrainingData


@dataclass(frozen=True, slots=True)
class TextPair:
    """A prompt and what is to be written for it; ``key`` names the sentence."""

    key: str
    prompt: str
    target: str


def text_pairs(material: Material, target: Target, wrapping: Wrapping, seed: int) -> Iterator[TextPair]:
    """One example for each sentence. Its types depend on the seed and the sentence's key alone."""
    for data in material.training:
        dataset = data.dataset
        for sentence in dataset.sentences:
            key = f"{dataset.name}/{dataset.split}/{sentence.id}"
            types = prompt_types(data, sentence, random.Random(f"{seed} {key}"))
            written = target_text(sentence.words, sentence.tags, target)
            yield TextPair(key, prompt(sentence.words, types, wrapping), written)


def prompt_types(data: TrainingData, sentence: Sentence, rng: random.Random) -> list[str]:
    """The types of a prompt in random order: those of the sentence, and absent ones of its own list or of the set.

    A sentence with a list of its own (Pile-NER) keeps it and, if ``negative_types`` is given, has so many drawn from
    all types of the set in place of its own absent ones.
    """
    present = list(dict.fromkeys(tag[2:] for tag in sentence.tags if tag != "O"))
    limit = data.spec.negative_types
    if limit is None:
        absent = [kind for kind in sentence.types or data.dataset.types if kind not in present]
    else:
        drawn = rng.sample(data.dataset.types, min(limit + len(present), len(data.dataset.types)))
        absent = [kind for kind in drawn if kind not in present][:limit]
    return rng.sample([*present, *absent], len(present) + len(absent))
