"""Constrained decoding: the words are given, the model only chooses their tags, each with a probability.

The tags are the legal BIO continuations of a label list. Not greedy decoding: an output that would have left the
sentence cannot be had this way. The words are drafts that always hold, so that a pass usually spans several words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from gner_bench.answers import answer_format
from gner_bench.documents.record import GNER
from gner_bench.errors import GnerBenchError
from gner_bench.predict.decode.draft import PlannedUnit, SentenceDraft, common
from gner_bench.predict.decode.loop import Row, longest_match
from gner_bench.predict.decode.speculative import LoopDecoder
from gner_bench.predict.decode.units import Ids, Units
from gner_bench.predict.generation import DIGITS, Generation
from gner_bench.predict.plan import Task

EDGE = 1e-5
"""Five times what other sentences side by side were seen to move a confidence by, in fp32."""


@dataclass(slots=True)
class _Endings:
    """The ids that may follow each beginning of a tag, the tags of whole ids, and the ids of each tag."""

    following: dict[Ids, Ids] = field(default_factory=dict)
    tags: dict[Ids, str] = field(default_factory=dict)
    ids: dict[str, Ids] = field(default_factory=dict)

    def add(self, tag: str, ids: Ids) -> None:
        """Add a tag, unless its ids equal those of an earlier tag or one of the two begins with the other."""
        beginnings = [ids[:size] for size in range(len(ids) + 1)]
        if ids in self.following or not self.tags.keys().isdisjoint(beginnings):
            return
        self.tags[ids], self.ids[tag] = tag, ids
        for beginning, token in zip(beginnings, ids, strict=False):
            known = self.following.get(beginning, ())
            self.following[beginning] = known if token in known else (*known, token)


class ConstrainedSentence:
    """One output of ``word(tag)`` units, in which only the tags are chosen.

    After ``O`` a tag may be ``O`` or begin an entity; after ``B-x`` or ``I-x`` it may also be ``I-x``. Where the
    tokenizer gives two tags the same ids, the first is taken for both. ``guess`` is asked for likely tags and learns
    from the finished ones. ``tags`` and ``confidence`` belong to the finished words; a confidence is the product of the
    probabilities of the tag's tokens, from 0 to 1. ``done`` says that all words are written. ``allowed`` are
    the ids that may be at each place of the last draft and after it, if the draft before the place holds.
    """

    def __init__(self, units: Units, words: Sequence[str], types: Sequence[str], guess: SentenceDraft | None) -> None:
        self.tags: list[str] = []
        self.confidence: list[float] = []
        self.done = False
        self.allowed: list[Ids] = []
        self._units, self._words, self._types, self._guess = units, words, types, guess
        self._previous, self._last = "O", ""
        self._probability = 1.0
        self._partial: Ids = ()
        self._endings: dict[tuple[str | None, str], _Endings] = {}
        self._draft: list[int] = []
        self._plan: list[PlannedUnit] = []
        units.learn(words)
        self._close()

    def propose(self, most: int) -> list[int]:
        """At most ``most`` tokens to follow the verified ones, possibly none; the end token is never among them."""
        draft: list[int] = []
        allowed: list[Ids] = []
        self._plan = []
        index, partial, previous, last = len(self.tags), self._partial, self._previous, self._last
        while index < len(self._words) and len(allowed) <= most:
            head, endings = self._unit(index, previous)
            begun = partial[len(head) :]
            fits = [tag for tag, ids in endings.ids.items() if ids[: len(begun)] == begun]
            tag = fits[0] if self._guess is None else self._guess.guess(index, previous, last, fits)
            ids = head + endings.ids[tag]
            draft += ids[len(partial) :]
            allowed += [(token,) for token in head[len(partial) :]]
            begins = range(max(len(partial), len(head)), len(ids))
            allowed += [endings.following.get(ids[len(head) : size], ()) for size in begins]
            label = len(draft) - len(self._units.tail(tag) or ())
            self._plan.append(PlannedUnit(index, index + 1, previous, tag, label, len(draft)))
            index, previous, last, partial = index + 1, tag, tag[2:] or last, ()
        allowed.append((self._units.end,))
        self._draft = draft[:most]
        self.allowed = allowed[: len(self._draft) + 1]
        return list(self._draft)

    def advance(self, accepted: Sequence[int], choices: Sequence[int], probabilities: Sequence[float]) -> None:
        """Take tokens with their probabilities, and all choices. Raises GnerBenchError for one that is not allowed."""
        for token, probability in zip(accepted, probabilities, strict=True):
            if self.done:
                break  # what follows the last word is ignored
            head, endings = self._unit(len(self.tags), self._previous)
            size, partial = len(head), self._partial
            allowed = head[len(partial) :][:1] if len(partial) < size else endings.following.get(partial[size:], ())
            if token not in allowed:
                raise GnerBenchError(f"token {token} is not allowed after {self._units.text(partial)!r}")
            self._partial += (token,)
            self._probability *= probability
            self._close()
        if self._guess is not None:
            self._guess.index = len(self.tags)
            self._guess.note_choices(self._plan, self._draft, common(accepted, self._draft), choices)

    def _close(self) -> None:
        """Finish the word that is complete, and those after it of which the tokenizer leaves nothing."""
        while len(self.tags) < len(self._words):
            head, endings = self._unit(len(self.tags), self._previous)
            tag = endings.tags.get(self._partial[len(head) :]) if len(self._partial) >= len(head) else None
            if tag is None:
                return
            self.tags.append(tag)
            self.confidence.append(self._probability)
            self._previous, self._last = tag, tag[2:] or self._last
            self._partial, self._probability = (), 1.0
        self.done = True
        if self._guess is not None:
            self._guess.tags[:] = self.tags
            self._guess.finish()

    def _unit(self, index: int, previous: str) -> tuple[Ids, _Endings]:
        """The ids of word ``index``, which are forced, and the endings that may follow after the tag ``previous``."""
        word = self._words[index]
        head = self._units.head(word)
        # Endings are the same for all words whose tags have tokens of their own; the others have theirs by themselves.
        key = word if head is None else None, previous[2:]
        if key not in self._endings:
            endings = self._endings[key] = _Endings()
            continued = [] if previous == "O" else [f"I-{previous[2:]}"]
            for tag in ("O", *(f"B-{name}" for name in self._types), *continued):
                endings.add(tag, self._units.unit(word, tag)[len(head or ()) :])
        return head or (), self._endings[key]


class ConstrainedDecoder(LoopDecoder[ConstrainedSentence]):
    """Writes the words that it was given. Sentences that do not fit the limits end in words tagged ``O``.

    What is written must not depend on which sentences are decoded side by side, as these are others when a run is
    continued. So one with a confidence on the edge between two values is decoded again in the end, by itself and
    without drafts that other sentences taught.
    """

    _alone = False

    def __call__(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Generation]]:
        again = []
        for task, generation in super().__call__(tasks):
            if any(map(on_the_edge, generation.confidence)):
                again.append(task)
            else:
                yield task, generation
        self._alone = True
        try:
            for task in again:
                yield from super().__call__([task])
        finally:
            self._alone = False

    def begin(self, task: Task) -> ConstrainedSentence:
        words = task.sentence.words
        guess = None if self._alone else self.drafter.sentence(task.dataset, words, task.types)
        return ConstrainedSentence(self.units, words, task.types, guess)

    def choose(
        self, logits: Tensor, drafts: Sequence[Sequence[int]], sentences: Sequence[ConstrainedSentence]
    ) -> list[list[int]]:
        best = _best_allowed(logits, [sentence.allowed for sentence in sentences])
        kept = []
        for draft, sentence, chosen in zip(drafts, sentences, best, strict=True):
            choices = [token for token, _ in chosen]
            tokens = longest_match(draft, choices, frozenset())
            sentence.advance(tokens, choices, [probability for _, probability in chosen[: len(tokens)]])
            ended = not sentence.done or (tokens and tokens[-1] in self.ends)
            kept.append(tokens if ended else [*tokens, min(self.ends)])
        return kept

    def generation(self, task: Task, row: Row[tuple[Task, bool], ConstrainedSentence], cut: bool) -> Generation:
        sentence, words = row.sentence, task.sentence.words
        tags = [*sentence.tags, *["O"] * (len(words) - len(sentence.tags))]
        return Generation(
            text=answer_format(GNER).perfect(words, tags),
            tokens=len(row.tokens) - sentence.done,
            finish="stop" if sentence.done else "length",
            input_cut=cut,
            passes=row.passes,
            confidence=tuple(sentence.confidence),
        )


def on_the_edge(confidence: float) -> bool:
    """Whether ``EDGE`` more or less would round to another value."""
    return round(confidence - EDGE, DIGITS) != round(confidence + EDGE, DIGITS)


def _best_allowed(logits: Tensor, allowed: Sequence[Sequence[tuple[int, ...]]]) -> list[list[tuple[int, float]]]:
    """For each row and position the best of the allowed tokens and its probability among them, in fp32."""
    best = [[(ids[0], 1.0) for ids in row] for row in allowed]
    places = [(r, j, ids) for r, row in enumerate(allowed) for j, ids in enumerate(row) if len(ids) > 1]
    if not places:
        return best
    # All places with a choice are looked up together: one transfer from the device for a pass.
    most = max(len(ids) for _, _, ids in places)
    ids = torch.tensor([[*ids, *[-1] * (most - len(ids))] for _, _, ids in places], device=logits.device)
    rows, columns = (torch.tensor([place[i] for place in places], device=logits.device) for i in (0, 1))
    scores = logits[rows, columns].float().gather(1, ids.clamp(min=0)).masked_fill(ids < 0, -torch.inf)
    probability, index = scores.softmax(-1).max(-1)
    for (row, column, options), p, i in zip(places, probability.tolist(), index.tolist(), strict=True):
        best[row][column] = (options[i], p)
    return best
