"""The (text, type) pairs that the GNER metric counts."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Sequence
from functools import lru_cache

from gner_bench.bio import Span as Span
from gner_bench.bio import lenient_spans as lenient_spans
from gner_bench.bio import strict_spans as strict_spans

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")


@lru_cache(maxsize=1 << 16)
def normalise(text: str) -> str:
    """Lower case, without ASCII punctuation and articles, white space collapsed (the SQuAD answer normalisation)."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def entities(words: Sequence[str], spans: Iterable[Span]) -> set[tuple[str, str]]:
    """The (text, type) pairs of lenient spans that the GNER metric counts: both normalised, each once."""
    return {(normalise(" ".join(words[start:end])), normalise(kind)) for start, end, kind in spans}
