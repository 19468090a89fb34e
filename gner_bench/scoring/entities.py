"""Entities of a tagged sentence, as the GNER metric and as the strict metric see them."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Sequence
from functools import lru_cache

Span = tuple[int, int, str]
"""First word, word after the last, type."""
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")


@lru_cache(maxsize=1 << 16)
def normalise(text: str) -> str:
    """Lower case, without ASCII punctuation and articles, white space collapsed (the SQuAD answer normalisation)."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def entities(words: Sequence[str], spans: Iterable[Span]) -> set[tuple[str, str]]:
    """The (text, type) pairs of lenient spans that the GNER metric counts: both normalised, each once."""
    return {(normalise(" ".join(words[start:end])), normalise(kind)) for start, end, kind in spans}


def lenient_spans(tags: Sequence[str]) -> list[Span]:
    """The (start, end, type) spans of any sequence of tags, as the GNER metric reads them.

    ``B-`` or ``O`` closes the open span, ``I-`` after ``O`` or at the start opens one, and the last label inside a span
    names it (Ding et al. 2024).
    """
    spans: list[Span] = []
    open_span = False
    for index, tag in enumerate(tags):
        if tag == "O":
            open_span = False
        elif open_span and tag.startswith("I-"):
            spans[-1] = (spans[-1][0], index + 1, tag[2:])
        else:
            spans.append((index, index + 1, tag[2:]))
            open_span = True
    return spans


def strict_spans(tags: Sequence[str]) -> list[Span]:
    """The (start, end, type) spans of valid BIO: ``B-`` and the ``I-`` of the same type that follow it.

    Any other ``I-`` belongs to no span, as in seqeval with ``mode="strict"`` and ``scheme=IOB2``.
    """
    spans: list[Span] = []
    continued = ""
    for index, tag in enumerate(tags):
        if tag == "O":
            continued = ""
        elif tag.startswith("B-"):
            spans.append((index, index + 1, tag[2:]))
            continued = "I-" + tag[2:]
        elif tag == continued:
            spans[-1] = (spans[-1][0], index + 1, spans[-1][2])
        else:
            continued = ""
    return spans
