"""One sentence explained: its generated text in pieces, the alignment word by word, and what each metric counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from gner_bench.answers.answer import Piece
from gner_bench.bio import Span, strict_spans
from gner_bench.documents.fields import Json
from gner_bench.documents.scores import Counts
from gner_bench.scoring.calibration import confidence_of
from gner_bench.scoring.counts import normalise
from gner_bench.scoring.errors import ErrorClass, classify
from gner_bench.scoring.metrics import METRICS, Metric
from gner_bench.scoring.predictions import Prediction
from gner_bench.structure.matching import BackTokenize, Step

Counted = Literal["right", "missed", "spurious"]
OMITTED = "omitted"


@dataclass(frozen=True, slots=True)
class GeneratedWord:
    """A word of the generated text with its label as generated.

    ``kept`` is the label after the check against the prompt's types, ``place`` the index of the sentence's word that it
    was placed on, None where it was placed nowhere.
    """

    word: str
    label: str
    kept: str
    place: int | None

    @property
    def unknown(self) -> bool:
        """Whether the prompt lacks the label's type."""
        return self.kept != self.label


@dataclass(frozen=True, slots=True)
class AlignedWord:
    """A word of the sentence with its gold and its predicted tag.

    ``compared`` is its lower-case form after back-tokenization, which generated words were compared with. ``source`` is
    the index of the generated word that gave the tag, ``by`` the step that placed it or ``omitted``; both None where
    tags came as such. ``confidence`` is a probability, None where the run noted none.
    """

    word: str
    compared: str
    source: int | None
    by: str | None
    predicted: str
    gold: str
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Mention:
    """Words from ``start`` to before ``end`` as an entity; both None for predicted text that is at no words."""

    text: str
    type: str
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An element of the GNER metric's sets, its ``text`` and ``type`` normalised, and the mentions that became it."""

    text: str
    type: str
    gold: tuple[Mention, ...] = ()
    predicted: tuple[Mention, ...] = ()

    @property
    def counted(self) -> Counted:
        """What the metric makes of it."""
        if self.gold and self.predicted:
            return "right"
        return "missed" if self.gold else "spurious"

    @property
    def elsewhere(self) -> bool:
        """Whether it is right although no mention of the gold is predicted at its place."""
        gold, predicted = ({(mention.start, mention.end) for mention in side} for side in (self.gold, self.predicted))
        return self.counted == "right" and not gold & predicted

    @property
    def forms(self) -> list[tuple[str, str]]:
        """The (text, type) pairs of its mentions where normalisation changed more of any than its case."""
        forms = dict.fromkeys((mention.text, mention.type) for mention in (*self.gold, *self.predicted))
        lower = {(text.lower(), kind.lower()) for text, kind in forms}
        return [] if lower == {(self.text.lower(), self.type.lower())} else list(forms)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A strict span of either side, or a pair of them, in the one class that error analysis puts it in."""

    kind: ErrorClass
    gold: Mention | None
    predicted: Mention | None


@dataclass(frozen=True)
class Explanation:
    """How a ``sentence`` became tags and counts.

    ``step`` is None and ``pieces`` and ``generated`` are empty where tags came as such. ``gner`` and
    ``verdicts`` are what the GNER and the strict metric count; ``outside`` are the places of tags, by side, that the
    latter counts nowhere.
    """

    sentence: Prediction
    step: Step | None
    pieces: tuple[Piece, ...]
    generated: tuple[GeneratedWord, ...]
    words: tuple[AlignedWord, ...]
    gner: tuple[Entry, ...]
    verdicts: tuple[Verdict, ...]
    outside: dict[str, list[int]]
    counts: dict[Metric, Counts]

    @property
    def added(self) -> list[int]:
        """Indices of the generated words that were placed nowhere."""
        return [index for index, word in enumerate(self.generated) if word.place is None]

    @property
    def omitted(self) -> list[int]:
        """Indices of the sentence's words on which no generated word was placed."""
        return [index for index, word in enumerate(self.words) if word.by == OMITTED]

    @property
    def unreached(self) -> int:
        """How many words of the sentence follow the last one on which a generated word was placed."""
        placed = [index for index, word in enumerate(self.words) if word.by != OMITTED]
        return len(self.words) - 1 - max(placed, default=-1)


def explain(sentence: Prediction, back_tokenize: BackTokenize | None = None) -> Explanation:
    """Explain a sentence; ``back_tokenize`` is the function that it was structured with."""
    structured, length = sentence.structured, len(sentence.words)
    lower = [word.lower() for word in sentence.words]
    compared = back_tokenize(lower) if back_tokenize else lower
    sources: Sequence[int | None] = structured.match.sources if structured else [None] * length
    by = [(OMITTED if source is None else structured.match.step) if structured else None for source in sources]
    noted: Sequence[float | None] = confidence_of(sentence) or [None] * length
    generated: tuple[GeneratedWord, ...] = ()
    if structured:
        places = {source: place for place, source in enumerate(structured.match.sources)}
        rows = zip(structured.generated, structured.labels, strict=True)
        generated = tuple(GeneratedWord(*pair, kept, places.get(i)) for i, (pair, kept) in enumerate(rows))
    words = map(AlignedWord, sentence.words, compared, sources, by, sentence.predicted, sentence.gold, noted)
    return Explanation(
        sentence=sentence,
        step=structured.match.step if structured else None,
        pieces=tuple(structured.pieces(sentence.text)) if structured else (),
        generated=generated,
        words=tuple(words),
        gner=tuple(gner_entries(sentence)),
        verdicts=tuple(verdicts(sentence)),
        outside={"gold": outside_strict_spans(sentence.gold), "predicted": outside_strict_spans(sentence.predicted)},
        counts={metric: counts_of(sentence, metric) for metric in METRICS.usable()},
    )


def counts_of(sentence: Prediction, metric: Metric) -> Counts:
    """The counts of one sentence over all types."""
    definition = METRICS[metric]
    columns = zip(*definition.count(sentence).values(), strict=True)
    return Counts(*(sum(column) / definition.unit for column in columns))


def gner_entries(sentence: Prediction) -> list[Entry]:
    """The elements of the GNER metric's two sets, those of the gold first, each side in order of appearance."""
    words = sentence.words
    gold = [_mention(words, span) for span in sentence.gold_mentions]
    predicted = [_mention(words, span) for span in sentence.predicted_mentions]
    predicted += [Mention(*pair) for pair in sentence.unplaced]
    sides: dict[tuple[str, str], tuple[list[Mention], list[Mention]]] = {}
    for side, mentions in enumerate((gold, predicted)):
        for mention in mentions:
            sides.setdefault((normalise(mention.text), normalise(mention.type)), ([], []))[side].append(mention)
    return [Entry(*name, tuple(expected), tuple(made)) for name, (expected, made) in sides.items()]


def verdicts(sentence: Prediction) -> list[Verdict]:
    """Every strict span once, in the order of the sentence; predicted text without a place comes last."""
    words = sentence.words
    placed = [
        Verdict(kind, gold and _mention(words, gold), predicted and _mention(words, predicted))
        for kind, gold, predicted in classify(sentence.gold_spans, sentence.predicted_spans)
    ]
    return placed + [Verdict("spurious", None, Mention(*pair)) for pair in sentence.unplaced]


def _mention(words: Sequence[str], span: Span) -> Mention:
    start, end, kind = span
    return Mention(" ".join(words[start:end]), kind, start, end)


def outside_strict_spans(tags: Sequence[str]) -> list[int]:
    """The places of ``I-`` tags that no strict span holds, so that the strict metric counts them nowhere."""
    held = {place for start, end, _ in strict_spans(tags) for place in range(start, end)}
    return [place for place, tag in enumerate(tags) if tag != "O" and place not in held]


def document(explanation: Explanation) -> Json:
    """An explanation as JSON. Places are indices of words from 0, ends are exclusive."""
    sentence = explanation.sentence
    entities = [asdict(verdict) for verdict in explanation.verdicts]
    return {
        "dataset": sentence.dataset,
        "split": sentence.split,
        "id": sentence.id,
        "file": str(sentence.file),
        "line": sentence.line,
        "types": list(sentence.types),
        "text": sentence.text,
        "generation": sentence.generation,
        "step": explanation.step,
        "pieces": [asdict(piece) for piece in explanation.pieces],
        "generated": [asdict(word) for word in explanation.generated],
        "words": [asdict(word) for word in explanation.words],
        "omitted": explanation.omitted,
        "added": explanation.added,
        "unreached": explanation.unreached,
        "gner": [
            {**asdict(entry), "counted": entry.counted, "elsewhere": entry.elsewhere} for entry in explanation.gner
        ],
        "entities": [{"class": verdict.pop("kind"), **verdict} for verdict in entities],
        "outside_strict_spans": explanation.outside,
        "counts": {metric: asdict(counts) for metric, counts in explanation.counts.items()},
    }
