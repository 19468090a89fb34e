"""What a checkpoint is trained to write: the GNER text, or less of it (the ablation of Ding et al. 2024, Table 1).

All targets are written word by word, ``word(label)``, and differ in nothing but the words and labels that they hold:

- ``entities``: the words of mentions, each with its type;
- ``context:L``: these and up to L words outside mentions on each side of one, as ``O``;
- ``full``: every word, with its type or ``O``;
- ``full+bio``: every word with its BIO tag, which is GNER;
- ``full+bioes``: every word with its BIOES tag.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from gner_bench.errors import UsageError, short
from gner_bench.structure.matching import MATCHING_VERSION
from gner_bench.structure.parsing import parse_generation

Scheme = Literal["plain", "bio", "bioes"]
_LABEL = {
    "plain": re.compile(r"\(([^()\n]+)\)"),
    "bioes": re.compile(r"\((O|[BIES]-[^)\n]*)\)"),
}


@dataclass(frozen=True)
class Target:
    """``scheme`` is that of the labels; ``context`` the words kept on each side of a mention, None for all."""

    scheme: Scheme
    context: int | None = None

    def __str__(self) -> str:
        if self.context is not None:
            return f"context:{self.context}" if self.context else "entities"
        return "full" if self.scheme == "plain" else f"full+{self.scheme}"


GNER = Target("bio")
_NAMED = {"entities": Target("plain", 0), "full": Target("plain"), "full+bio": GNER, "full+bioes": Target("bioes")}


def parse_target(name: str) -> Target:
    """The target of that name. Raises UsageError for another."""
    if name in _NAMED:
        return _NAMED[name]
    found = re.fullmatch(r"context:([1-9][0-9]{0,3})", name, re.ASCII)
    if found is None:
        raise UsageError(f"{short(name)}: expected {', '.join(_NAMED)} or context:L with L from 1")
    return Target("plain", int(found[1]))


def structuring_name(target: str = str(GNER)) -> str:
    """What the signature calls the way from text of a target to tags: the version of matching, and another target."""
    return MATCHING_VERSION if target == str(GNER) else f"{MATCHING_VERSION}/{target}"


def target_text(words: Sequence[str], tags: Sequence[str], target: Target = GNER) -> str:
    """What a perfect checkpoint writes for a sentence with BIO ``tags``."""
    labels = _labels(tags, target.scheme)
    kept = _kept(tags, target.context)
    return " ".join(f"{words[index]}({labels[index]})" for index in kept)


def _labels(tags: Sequence[str], scheme: Scheme) -> list[str]:
    if scheme == "bio":
        return list(tags)
    if scheme == "plain":
        return [tag if tag == "O" else tag[2:] for tag in tags]
    following = chain(tags[1:], ["O"])
    return [_bioes(tag, after) for tag, after in zip(tags, following, strict=False)]


def _bioes(tag: str, after: str) -> str:
    if tag == "O" or after == f"I-{tag[2:]}":
        return tag
    return ("S-" if tag.startswith("B-") else "E-") + tag[2:]


def _kept(tags: Sequence[str], context: int | None) -> list[int]:
    if context is None:
        return list(range(len(tags)))
    near: set[int] = set()
    for index, tag in enumerate(tags):
        if tag != "O":
            near.update(range(max(0, index - context), min(len(tags), index + context + 1)))
    return sorted(near)


def parse_target_text(text: str, target: Target = GNER) -> list[tuple[str, str]]:
    """The (word, label) pairs of generated text, labels as BIO or, for a plain scheme, as ``O`` and ``I-type``."""
    if target.scheme == "bio":
        return parse_generation(text)
    pairs = []
    end = 0
    for label in _LABEL[target.scheme].finditer(text):
        word = text[end : label.start()].strip()
        end = label.end()
        if word:
            pairs.append((word, _as_bio(label[1].strip(), target.scheme)))
    return pairs


def _as_bio(label: str, scheme: Scheme) -> str:
    if scheme == "plain":
        return label if label == "O" else f"I-{label}"
    return {"E": "I", "S": "B"}.get(label[0], label[0]) + label[1:] if label != "O" else label


def placed_tags(
    labels: Sequence[str], sources: Sequence[int | None], types: Collection[str], target: Target
) -> list[str]:
    """BIO tags of a sentence's words from the ``labels`` of the generated words placed on them.

    ``sources`` holds for each word the index of the generated word placed on it, or None. Labels of types that are not
    in ``types`` become ``O``. Without B and I, words of one type belong together where they follow each other both in
    the sentence and in the text.
    """
    tags: list[str] = []
    before = -2
    for source in sources:
        label = "O" if source is None else labels[source]
        tag = label if label != "O" and label[2:] in types else "O"
        if target.scheme == "plain" and tag != "O":
            joins = bool(tags) and tags[-1][2:] == tag[2:] and source == before + 1
            tag = ("I-" if joins else "B-") + tag[2:]
        tags.append(tag)
        before = -2 if source is None else source
    return tags
