"""The formats of predictions that are imported: how each is read, and what it assumes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gner_bench.data.tags import Reading
from gner_bench.errors import UsageError, did_you_mean
from gner_bench.scoring.importing import FORMATS, answers, conll, spans, text
from gner_bench.scoring.importing.content import Item
from gner_bench.structure import BackTokenizer
from gner_bench.structure.matching import MATCHING_VERSION

Read = Callable[[Path, Reading | None], Iterator[Item]]
"""Reads the sentences of a file, and the gold tags in it where a reading of them is given."""


@dataclass(frozen=True)
class Format:
    """``gold_inside``: a file may hold its gold. ``tokenizer`` is the SHA-256 (hex) of the back-tokenizer, if any.

    ``structuring`` names the way to tags in signatures; its number rises when the same file gives other tags.
    """

    name: str
    read: Read
    assumed: tuple[str, ...]
    structuring: str
    gold_inside: bool = False
    tokenizer: str | None = None


def get_format(name: str, back_tokenizer: BackTokenizer | None = None) -> Format:
    """The format of that name; ``back_tokenizer`` is for generated text. Raises UsageError for another name."""
    known = {
        "conll": Format("conll", conll.read, conll.ASSUMED, "import-conll-1", gold_inside=True),
        "spans": Format("spans", spans.read, spans.ASSUMED, "import-spans-1", gold_inside=True),
        "uniner": Format("uniner", answers.read_uniner, answers.ASSUMED, "import-uniner-1"),
        "slimer": Format("slimer", answers.read_slimer, answers.ASSUMED, "import-slimer-1"),
        "text": _text(back_tokenizer),
        "inline": Format("inline", text.read_inline, text.ASSUMED_INLINE, "import-inline-1"),
    }
    if name not in known:
        raise UsageError(f"unknown format of predictions {name!r}; {did_you_mean(name, list(FORMATS))}")
    return known[name]


def _text(back_tokenizer: BackTokenizer | None) -> Format:
    """Generated text is structured as that of predictions.jsonl is, and its scores compare with these."""
    tokenizer = back_tokenizer.fingerprint if back_tokenizer else None
    assumed = text.ASSUMED_GNER if tokenizer else (*text.ASSUMED_GNER, "scored without back-tokenization")
    return Format("text", text.reader(back_tokenizer), assumed, MATCHING_VERSION, tokenizer=tokenizer)
