"""What a backend gives back for a sentence."""

from __future__ import annotations

from dataclasses import dataclass, field

from gner_bench.documents.fields import Json

DIGITS = 3
"""Decimals of a confidence that is written. Sums in fp32 are taken in another order when other sentences are decoded
beside one, which moves confidences by up to 2e-6 (gner-tiny, 16,264 pairs): in the sixth decimal 3% of them differed.
What is on the edge between two values even so is for the decoder to settle (see ConstrainedDecoder)."""


@dataclass(frozen=True, slots=True)
class Generation:
    """Generated ``text`` of ``tokens`` tokens (end token not counted); ``finish`` is ``length`` if it hit the limit.

    Servers may give other reasons than ``length`` and ``stop``, such as ``content_filter``. ``prompt_tokens`` are those
    of the prompt, 0 where they are not counted. ``passes`` counts the forward passes it took, 0 where unknown.
    ``confidence`` holds the probability of each word's tag, from 0 to 1, where the decoding gives it. ``more`` is what
    else the record is to note.
    """

    text: str
    tokens: int
    finish: str
    input_cut: bool = False
    passes: int = 0
    confidence: tuple[float, ...] = ()
    prompt_tokens: int = 0
    more: Json = field(default_factory=dict)

    def noted(self) -> Json:
        """The ``generation`` of a record."""
        noted: Json = {"tokens": self.tokens, "finish": self.finish}
        if self.input_cut:
            noted["input_cut"] = True
        if self.prompt_tokens:
            noted["prompt_tokens"] = self.prompt_tokens
        if self.confidence:
            noted["confidence"] = [round(p, DIGITS) for p in self.confidence]
        return {**noted, **self.more}
