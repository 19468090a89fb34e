"""What a backend gives back for a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gner_bench.documents.fields import Json


@dataclass(frozen=True, slots=True)
class Generation:
    """Generated ``text`` of ``tokens`` tokens (end token not counted); ``finish`` is ``length`` if it hit the limit.

    ``passes`` counts the forward passes it took, 0 where unknown. ``confidence`` holds the probability of each word's
    tag, from 0 to 1, where the decoding gives it.
    """

    text: str
    tokens: int
    finish: Literal["stop", "length"]
    input_cut: bool = False
    passes: int = 0
    confidence: tuple[float, ...] = ()

    def noted(self) -> Json:
        """The ``generation`` of a record."""
        noted: Json = {"tokens": self.tokens, "finish": self.finish}
        if self.input_cut:
            noted["input_cut"] = True
        if self.confidence:
            noted["confidence"] = [round(p, 6) for p in self.confidence]
        return noted
