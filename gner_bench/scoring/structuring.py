"""What became of generated text on its way to tags: which step placed it, and what was noticed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from gner_bench.answers.front import READINGS
from gner_bench.answers.gner import LABEL, LABEL_FAULTS, LabelFault, label_faults
from gner_bench.answers.lenient_json import EMPTY, UNREADABLE
from gner_bench.bio import may_follow
from gner_bench.documents.scores import Structuring
from gner_bench.scoring.predictions import Prediction
from gner_bench.structure.matching import STEPS
from gner_bench.structure.structured import Structured, labels_of, word_differences

MOST_FREQUENT = ("omitted_words", "added_words", "substituted_words", "unknown_labels", "words_outside_vocabulary")
TOP = 20
LONGEST_TEXT = 60
REMEMBERED = 10_000
_NOTED = {EMPTY: "empty_outputs", UNREADABLE: "unlabelled_outputs"}
"""Notes of readers of JSON, which are counts of their own."""


class Frequent:
    """Counts of texts (or pairs of them), of which the rarer half is forgotten when there are too many different ones.

    ``forgot`` says that this has happened, so that counts are least counts.
    """

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self.forgot = False
        self._remembered = remembered
        self._counts: Counter[tuple[str, ...]] = Counter()

    def update(self, texts: Iterable[tuple[str, ...]]) -> None:
        """Count each of ``texts``, long ones cut."""
        cut = (tuple(t if len(t) <= LONGEST_TEXT else f"{t[: LONGEST_TEXT - 1]}…" for t in text) for text in texts)
        self._add(Counter(cut))

    def extend(self, later: Frequent) -> None:
        """Add the counts of another."""
        self.forgot |= later.forgot
        self._add(later._counts)

    def _add(self, counts: Counter[tuple[str, ...]]) -> None:
        self._counts.update(counts)
        if len(self._counts) > self._remembered:
            self._counts = Counter(dict(self._ordered()[: self._remembered // 2]))
            self.forgot = True

    def _ordered(self) -> list[tuple[tuple[str, ...], int]]:
        return sorted(self._counts.items(), key=lambda item: (-item[1], item[0]))

    def top(self) -> tuple[tuple[str | int, ...], ...]:
        """The commonest with their counts, ties in alphabetical order."""
        return tuple((*texts, count) for texts, count in self._ordered()[:TOP])


def _has_outer_words(structured: Structured) -> bool:
    """Whether more words were written before the first, or after the last, that was placed than the sentence has there.

    A sentence whose first word was changed has as many, but for text before it, which is read as one word with it.
    """
    sources, written = structured.match.sources, len(structured.generated)
    if len(structured.generated[0][0].split()) > 1 and 0 not in sources:
        return True
    if written == len(sources):
        return False
    placed = [(place, source) for place, source in enumerate(sources) if source is not None]
    if not placed:
        return written > len(sources)
    (first, before), (last, after) = placed[0], placed[-1]
    return before > first or written - after > len(sources) - last


class StructuringTally:
    """Sums over the sentences of one data set."""

    def __init__(self) -> None:
        self._steps: dict[str, int] = dict.fromkeys(STEPS, 0)
        self._counts: Counter[str] = Counter()
        self._faults: Counter[LabelFault] = Counter()
        self._notes: Counter[str] = Counter()
        self._readings: Counter[str] = Counter()
        self._frequent = {name: Frequent() for name in MOST_FREQUENT}
        self._legal: set[tuple[str, str]] = set()

    def add(self, sentence: Prediction) -> None:
        """Count a sentence."""
        for note in sentence.notes:
            if note in _NOTED:
                self._counts[_NOTED[note]] += 1
            else:
                self._notes[note] += 1
        if sentence.reading:
            self._readings[sentence.reading] += 1
        if sentence.structured is not None:
            self._add_output(sentence, sentence.structured)
        elif sentence.reading:
            kinds = [*(kind for _, _, kind in sentence.predicted_mentions), *(kind for _, kind in sentence.unplaced)]
            self._note("unknown_labels", [(kind,) for kind in kinds if kind not in sentence.types])
        generation, counts, tags = sentence.generation, self._counts, sentence.predicted
        if generation:
            counts["cut_outputs"] += generation.get("finish") == "length"
            counts["cut_inputs"] += bool(generation.get("input_cut"))
        if not self._legal.issuperset(zip(("O", *tags), tags, strict=False)):
            for before, tag in zip(("O", *tags), tags, strict=False):
                if may_follow(before, tag):
                    self._legal.add((before, tag))
                else:
                    counts["orphan_tags" if before == "O" else "type_changes"] += 1
        allowed = labels_of(sentence.types)
        if not allowed.issuperset(sentence.gold):
            counts["gold_outside_types"] += sum(tag not in allowed for tag in sentence.gold)

    def _add_output(self, sentence: Prediction, structured: Structured) -> None:
        self._steps[structured.match.step] += 1
        if structured.generated:
            self._counts["outer_outputs"] += _has_outer_words(structured)
            placed = len(sentence.words) - structured.omitted_words
            self._counts["strange_outputs"] += 2 * placed < len(structured.generated)
        else:
            self._counts["unlabelled_outputs" if sentence.text.strip() else "empty_outputs"] += 1
        if structured.match.cut:
            self._counts["cut_matchings"] += 1
        if structured.omitted_words or structured.added_words:
            differences = word_differences(sentence.words, structured)
            self._note("omitted_words", [(word,) for word in differences.omitted])
            self._note("added_words", [(word,) for word in differences.added])
            self._note("substituted_words", differences.substituted)
        if structured.unknown_labels:
            pairs = zip(structured.generated, structured.labels, strict=True)
            self._note("unknown_labels", [(label,) for (_, label), kept in pairs if label != kept])
        if structured.outside_vocabulary:
            self._note("words_outside_vocabulary", [(word,) for word in structured.outside_vocabulary])
        text = sentence.text if structured.text is None else structured.text
        if structured.unknown_labels or text.count("(") != len(structured.generated):
            label = structured.label or LABEL
            self._faults += label_faults(text, structured.generated, sentence.asked or sentence.types, label)

    def _note(self, name: str, texts: Sequence[tuple[str, ...]]) -> None:
        self._counts[name] += len(texts)
        self._frequent[name].update(texts)

    def extend(self, later: StructuringTally) -> None:
        """Add the sentences of another."""
        for name, count in later._steps.items():
            self._steps[name] += count
        self._counts.update(later._counts)
        self._faults += later._faults
        self._notes.update(later._notes)
        self._readings.update(later._readings)
        for name, frequent in later._frequent.items():
            self._frequent[name].extend(frequent)

    def parts(self) -> tuple[dict[str, int], Structuring]:
        """The parts ``matched_by`` and ``structuring`` of scores.json."""
        top = {name: frequent.top() for name, frequent in self._frequent.items()}
        structuring = Structuring(
            **dict[str, Any](self._counts),
            readings={name: self._readings[name] for name in READINGS} if self._readings else {},
            notes=dict(sorted(self._notes.items())),
            malformed_labels={fault: self._faults[fault] for fault in LABEL_FAULTS if self._faults[fault]},
            most_frequent={name: rows for name, rows in top.items() if rows},
            least_counts=tuple(name for name, frequent in self._frequent.items() if frequent.forgot) or None,
        )
        return dict(self._steps), structuring
