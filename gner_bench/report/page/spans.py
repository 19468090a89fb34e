"""The spans of one sentence with what is right or wrong about each, and the text that follows from them."""

from __future__ import annotations

from collections.abc import Sequence

from gner_bench.scoring.errors import ERROR_CLASSES, classify
from gner_bench.scoring.explain import outside_strict_spans
from gner_bench.scoring.predictions import Prediction

CLASSES = (*ERROR_CLASSES, "stray")
"""Those of scoring.errors, in their order, and ``stray``: predicted ``I-`` tags that belong to no strict span."""
ClassifiedSpan = tuple[int, int, str, int]
"""First word, word after the last, type, class."""
Spans = Sequence[tuple[int, int, str] | ClassifiedSpan]
CLEANED = (" .", " ?", " !", " ,", " ' ", " n't", " 'm", " 's", " 've", " 're")
"""What decoders of Hugging Face write without these spaces (``clean_up_tokenization_spaces``)."""


def classified_spans(sentence: Prediction) -> list[ClassifiedSpan]:
    """The predicted spans with their classes, missed gold spans and runs of stray tags, in the sentence's order."""
    pairs = classify(sentence.gold_spans, sentence.predicted_spans)
    spans = [(*span, CLASSES.index(name)) for name, gold, predicted in pairs if (span := predicted or gold)]
    stray: list[ClassifiedSpan] = []
    for place in outside_strict_spans(sentence.predicted):
        start, type_ = place, sentence.predicted[place][2:]
        if stray and stray[-1][1:3] == (place, type_):
            start = stray.pop()[0]
        stray.append((start, place + 1, type_, CLASSES.index("stray")))
    return sorted(spans + stray)


def stored_text(sentence: Prediction) -> str | int:
    """The generated text: 0 where it is every word with its tag, 1 where it is that without the CLEANED spaces."""
    plain = " ".join(f"{word}({tag})" for word, tag in zip(sentence.words, sentence.predicted, strict=True))
    if sentence.text == plain:
        return 0
    cleaned = plain
    for part in CLEANED:
        cleaned = cleaned.replace(part, part.strip())
    return 1 if sentence.text == cleaned else sentence.text
