"""One sentence explained: its generated text in pieces, the alignment word by word, and what each metric counted."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from gner_bench.records import Json
from gner_bench.scoring.counts import Counts
from gner_bench.scoring.entries import Entry, Verdict, gner_entries, outside_strict_spans, verdicts
from gner_bench.scoring.metrics import DEFINITIONS, METRICS, Metric
from gner_bench.scoring.predictions import Prediction
from gner_bench.structure.matching import BackTokenize, Step
from gner_bench.structure.parsing import LABEL, parse_generation

PieceKind = Literal["space", "word", "label", "dropped", "tail"]
OMITTED = "omitted"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the generated text; all of them together are the text.

    ``index`` is that of the generated word that a word or label belongs to. A dropped label follows no word, the tail
    is what follows the last label; both are ignored.
    """

    text: str
    kind: PieceKind
    index: int | None = None


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
        return [index for index, each in enumerate(self.generated) if each.place is None]

    @property
    def omitted(self) -> list[int]:
        """Indices of the sentence's words on which no generated word was placed."""
        return [index for index, each in enumerate(self.words) if each.by == OMITTED]

    @property
    def unreached(self) -> int:
        """How many words of the sentence follow the last one on which a generated word was placed."""
        placed = [index for index, each in enumerate(self.words) if each.by != OMITTED]
        return len(self.words) - 1 - max(placed, default=-1)


def explain(sentence: Prediction, back_tokenize: BackTokenize | None = None) -> Explanation:
    """Explain a sentence; ``back_tokenize`` is the function that it was structured with."""
    found = sentence.structured
    return Explanation(
        sentence,
        found.match.step if found else None,
        tuple(pieces(sentence.text)) if found else (),
        tuple(_generated(sentence)),
        tuple(_words(sentence, back_tokenize)),
        tuple(gner_entries(sentence)),
        tuple(verdicts(sentence)),
        {"gold": outside_strict_spans(sentence.gold), "predicted": outside_strict_spans(sentence.predicted)},
        {metric: counts_of(sentence, metric) for metric in METRICS},
    )


def counts_of(sentence: Prediction, metric: Metric) -> Counts:
    """The counts of one sentence over all types."""
    definition = DEFINITIONS[metric]
    columns = zip(*definition.count(sentence).values(), strict=True)
    return Counts(*(sum(column) / definition.unit for column in columns))


def pieces(text: str) -> Iterator[Piece]:
    """The parts of generated ``text`` as ``parse_generation`` reads it."""
    end = index = 0
    for label in LABEL.finditer(text):
        before, end = text[end : label.start()], label.end()
        yield from _stripped(before, "word", index)
        named = bool(before.strip())
        yield Piece(label[0], "label" if named else "dropped", index if named else None)
        index += named
    yield from _stripped(text[end:], "tail", None)


def _stripped(text: str, kind: PieceKind, index: int | None) -> list[Piece]:
    inner = text.strip()
    before = text[: len(text) - len(text.lstrip())]
    parts = [Piece(before, "space"), Piece(inner, kind, index), Piece(text[len(before) + len(inner) :], "space")]
    return [part for part in parts if part.text]


def _generated(sentence: Prediction) -> Iterator[GeneratedWord]:
    if sentence.structured is None:
        return
    places = {source: place for place, source in enumerate(sentence.structured.match.sources)}
    for index, (word, label) in enumerate(parse_generation(sentence.text)):
        place = places.get(index)
        kept = _checked(label, sentence.types) if place is None else sentence.structured.match.tags[place]
        yield GeneratedWord(word, label, kept, place)


def _checked(label: str, types: Collection[str]) -> str:
    return label if label[2:] in types else "O"


def _words(sentence: Prediction, back_tokenize: BackTokenize | None) -> Iterator[AlignedWord]:
    lower = [word.lower() for word in sentence.words]
    compared = back_tokenize(lower) if back_tokenize else lower
    sources, by = _sources(sentence)
    sure: Sequence[float | None] = confidence(sentence) or [None] * len(lower)
    yield from map(AlignedWord, sentence.words, compared, sources, by, sentence.predicted, sentence.gold, sure)


def _sources(sentence: Prediction) -> tuple[Sequence[int | None], Sequence[str | None]]:
    if sentence.structured is None:
        nothing = [None] * len(sentence.words)
        return nothing, nothing
    match = sentence.structured.match
    return match.sources, [OMITTED if source is None else match.step for source in match.sources]


def confidence(sentence: Prediction) -> list[float]:
    """The probability of each word's tag as the run noted it, empty where it noted none."""
    noted = sentence.generation.get("confidence")
    if not isinstance(noted, list) or len(noted) != len(sentence.words):
        return []
    return noted if all(type(each) in (int, float) and 0 <= each <= 1 for each in noted) else []


def document(each: Explanation) -> Json:
    """An explanation as JSON. Places are indices of words from 0, ends are exclusive."""
    sentence = each.sentence
    return {
        "dataset": sentence.dataset,
        "split": sentence.split,
        "id": sentence.id,
        "file": str(sentence.file),
        "line": sentence.line,
        "types": list(sentence.types),
        "text": sentence.text,
        "generation": sentence.generation,
        "step": each.step,
        "pieces": [asdict(piece) for piece in each.pieces],
        "generated": [asdict(word) for word in each.generated],
        "words": [asdict(word) for word in each.words],
        "omitted": each.omitted,
        "added": each.added,
        "unreached": each.unreached,
        "gner": [_entry(entry) for entry in each.gner],
        "entities": [_verdict(verdict) for verdict in each.verdicts],
        "outside_strict_spans": each.outside,
        "counts": {metric: asdict(counts) for metric, counts in each.counts.items()},
    }


def _entry(entry: Entry) -> Json:
    return asdict(entry) | {"counted": entry.counted, "elsewhere": entry.elsewhere}


def _verdict(verdict: Verdict) -> Json:
    found = asdict(verdict)
    return {"class": found.pop("kind"), **found}
