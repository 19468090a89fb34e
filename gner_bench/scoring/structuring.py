"""What became of generated text on its way to tags: which step placed it, and what went astray.

Two parts of scores.json. ``matched_by``: sentences by the step that matched them. ``structuring``, each a count::

    omitted_words, added_words, substituted_words    see structure.sentence.word_differences
    unknown_labels                                   labels of types that the prompt lacks
    malformed_labels                                 {fault: count}, see structure.parsing.label_faults; no zeros
    orphan_tags                                      predicted I- at the start or after O
    type_changes                                     predicted I- after a tag of another type
    words_outside_vocabulary                         words that the back-tokenizer does not give back as they are
    empty_outputs, unlabelled_outputs                outputs without text; with text, but no word with a label
    cut_outputs, cut_inputs                          sentences whose output or prompt hit the length limit
    gold_outside_types                               words whose gold type the prompt lacks
    most_frequent                                    the commonest of some of these, [[text, count], …], at most 20
                                                     each: omitted_words, added_words, substituted_words (as [word,
                                                     generated, count]), unknown_labels, words_outside_vocabulary

An unknown label may be malformed too (``B-``, or with a bracket in it). Texts are cut to 60 characters. Where a set has
more than 10,000 different ones of a kind, rare ones are forgotten: counts in ``most_frequent`` are then least counts
and the kind stands in ``least_counts``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from gner_bench.data.tags import continues
from gner_bench.records import Json
from gner_bench.scoring.predictions import Prediction
from gner_bench.structure.matching import STEPS
from gner_bench.structure.parsing import LABEL_FAULTS, LabelFault, label_faults
from gner_bench.structure.sentence import Structured, labels_of, word_differences

COUNTED = (
    "unknown_labels",
    "omitted_words",
    "added_words",
    "substituted_words",
    "words_outside_vocabulary",
    "orphan_tags",
    "type_changes",
    "empty_outputs",
    "unlabelled_outputs",
    "cut_outputs",
    "cut_inputs",
    "gold_outside_types",
)
MOST_FREQUENT = ("omitted_words", "added_words", "substituted_words", "unknown_labels", "words_outside_vocabulary")
TOP = 20
LONGEST_TEXT = 60
REMEMBERED = 10_000


class Frequent:
    """Counts of texts (or pairs of them), of which the rarer half is forgotten when there are too many different ones.

    ``forgot`` says that this has happened, so that counts are least counts.
    """

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self.forgot = False
        self._remembered = remembered
        self._counts: Counter[tuple[str, ...]] = Counter()

    def update(self, texts: Iterable[tuple[str, ...]]) -> None:
        """Count each of ``texts``."""
        self._counts.update(tuple(map(_cut, each)) for each in texts)
        self._forget()

    def extend(self, later: Frequent) -> None:
        """Add the counts of another."""
        self._counts.update(later._counts)
        self.forgot |= later.forgot
        self._forget()

    def _forget(self) -> None:
        if len(self._counts) > self._remembered:
            self._counts = Counter(dict(self._ordered()[: self._remembered // 2]))
            self.forgot = True

    def _ordered(self) -> list[tuple[tuple[str, ...], int]]:
        return sorted(self._counts.items(), key=lambda item: (-item[1], item[0]))

    def top(self) -> list[list[str | int]]:
        """The commonest with their counts, ties in alphabetical order."""
        return [[*texts, count] for texts, count in self._ordered()[:TOP]]


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


class Structuring:
    """Sums over the sentences of one data set."""

    def __init__(self) -> None:
        self._steps: dict[str, int] = dict.fromkeys(STEPS, 0)
        self._counts = dict.fromkeys(COUNTED, 0)
        self._faults: Counter[LabelFault] = Counter()
        self._frequent = {name: Frequent() for name in MOST_FREQUENT}
        self._legal: set[tuple[str, str]] = set()

    def add(self, sentence: Prediction) -> None:
        """Count a sentence."""
        if sentence.structured is not None:
            self._add_output(sentence, sentence.structured)
        generation, counts = sentence.generation, self._counts
        if generation:
            counts["cut_outputs"] += generation.get("finish") == "length"
            counts["cut_inputs"] += bool(generation.get("input_cut"))
        if not self._legal.issuperset(zip(("O", *sentence.predicted), sentence.predicted, strict=False)):
            self._add_transitions(sentence.predicted)
        allowed = labels_of(sentence.types)
        if not allowed.issuperset(sentence.gold):
            counts["gold_outside_types"] += sum(tag not in allowed for tag in sentence.gold)

    def _add_output(self, sentence: Prediction, structured: Structured) -> None:
        self._steps[structured.match.step] += 1
        if structured.omitted_words or structured.added_words:
            self._add_differences(sentence, structured)
        if structured.unknown_labels:
            allowed = labels_of(sentence.types)
            self._note("unknown_labels", [(label,) for _, label in structured.generated if label not in allowed])
        if structured.outside_vocabulary:
            self._note("words_outside_vocabulary", [(word,) for word in structured.outside_vocabulary])
        if structured.unknown_labels or sentence.text.count("(") != len(structured.generated):
            self._faults += label_faults(sentence.text, structured.generated, sentence.types)
        if not structured.generated:
            self._counts["unlabelled_outputs" if sentence.text.strip() else "empty_outputs"] += 1

    def _add_differences(self, sentence: Prediction, structured: Structured) -> None:
        found = word_differences(sentence.words, structured)
        self._note("omitted_words", [(word,) for word in found.omitted])
        self._note("added_words", [(word,) for word in found.added])
        self._note("substituted_words", found.substituted)

    def _note(self, name: str, texts: Sequence[tuple[str, ...]]) -> None:
        self._counts[name] += len(texts)
        self._frequent[name].update(texts)

    def _add_transitions(self, tags: Sequence[str]) -> None:
        """Count the tags that BIO does not allow after the one before, and learn those it does."""
        for before, tag in zip(("O", *tags), tags, strict=False):
            if continues(before, tag):
                self._legal.add((before, tag))
            else:
                self._counts["orphan_tags" if before == "O" else "type_changes"] += 1

    def extend(self, later: Structuring) -> None:
        """Add the sentences of another."""
        for mine, others in ((self._steps, later._steps), (self._counts, later._counts)):
            for name, count in others.items():
                mine[name] += count
        self._faults += later._faults
        for name, frequent in later._frequent.items():
            self._frequent[name].extend(frequent)

    def document(self) -> Json:
        """The parts ``matched_by`` and ``structuring`` of scores.json."""
        frequent = {name: found.top() for name, found in self._frequent.items()}
        forgot = [name for name, found in self._frequent.items() if found.forgot]
        structuring: Json = {
            **self._counts,
            "malformed_labels": {fault: self._faults[fault] for fault in LABEL_FAULTS if self._faults[fault]},
            "most_frequent": {name: top for name, top in frequent.items() if top},
        }
        return {
            "matched_by": dict(self._steps),
            "structuring": structuring | ({"least_counts": forgot} if forgot else {}),
        }
