"""The spans of one sentence with what is right or wrong about each, and the text that follows from them."""

from __future__ import annotations

from collections.abc import Sequence

from gner_bench.scoring.entries import outside_strict_spans
from gner_bench.scoring.errors import ERROR_CLASSES, classify
from gner_bench.scoring.predictions import Prediction

CLASSES = (*ERROR_CLASSES, "stray")
"""Those of scoring.errors, in their order, and ``stray``: predicted ``I-`` tags that belong to no strict span."""
Judged = tuple[int, int, str, int]
"""First word, word after the last, type, class."""
Spans = Sequence[tuple[int, int, str] | Judged]
CLEANED = (" .", " ?", " !", " ,", " ' ", " n't", " 'm", " 's", " 've", " 're")
"""What decoders of Hugging Face write without these spaces (``clean_up_tokenization_spaces``)."""


def judged(sentence: Prediction) -> list[Judged]:
    """The predicted spans with their classes, missed gold spans and stray tags, in the order of the sentence."""
    pairs = classify(sentence.gold_spans, sentence.predicted_spans)
    found = [(*span, CLASSES.index(name)) for name, gold, made in pairs if (span := made or gold)]
    return sorted([*found, *_stray(sentence.predicted)])


def _stray(tags: Sequence[str]) -> list[Judged]:
    """Runs of one stray tag."""
    found: list[Judged] = []
    for place in outside_strict_spans(tags):
        kind = tags[place][2:]
        if found and found[-1][1:3] == (place, kind):
            found[-1] = (found[-1][0], place + 1, kind, CLASSES.index("stray"))
        else:
            found.append((place, place + 1, kind, CLASSES.index("stray")))
    return found


def written(sentence: Prediction) -> str | int:
    """The generated text: 0 where it is every word with its tag, 1 where it is that without the CLEANED spaces."""
    plain = " ".join(f"{word}({tag})" for word, tag in zip(sentence.words, sentence.predicted, strict=True))
    if sentence.text == plain:
        return 0
    return 1 if sentence.text == cleaned(plain) else sentence.text


def cleaned(text: str) -> str:
    """``text`` without the CLEANED spaces."""
    for part in CLEANED:
        text = text.replace(part, part.strip())
    return text
