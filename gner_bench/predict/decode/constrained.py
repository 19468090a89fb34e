"""Forced words with tags chosen among the legal BIO continuations of a label list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gner_bench.errors import GnerBenchError
from gner_bench.predict.decode.draft import PlannedUnit, SentenceDraft, common
from gner_bench.predict.decode.units import Ids, Units


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


@dataclass(slots=True)
class _Word:
    """``head`` is forced, then comes one of the ``endings``."""

    head: Ids
    endings: _Endings

    def next(self, written: Ids) -> Ids:
        """The ids that may follow what was ``written`` of this unit."""
        size = len(self.head)
        return (self.head[len(written)],) if len(written) < size else self.endings.following.get(written[size:], ())

    def tag(self, written: Ids) -> str | None:
        """The tag, if the unit is complete."""
        return self.endings.tags.get(written[len(self.head) :]) if len(written) >= len(self.head) else None

    def fits(self, written: Ids) -> list[str]:
        """The tags of the units that begin so."""
        rest = written[len(self.head) :]
        return [tag for tag, ids in self.endings.ids.items() if ids[: len(rest)] == rest]


class ConstrainedSentence:
    """One output of ``word(tag)`` units, in which only the tags are chosen.

    After ``O`` a tag may be ``O`` or begin an entity; after ``B-x`` or ``I-x`` it may also be ``I-x``. Where the
    tokenizer gives two tags the same ids, the first stands for both. ``guess`` is asked for likely tags and learns from
    the finished ones. ``tags`` and ``confidence`` belong to the finished words; a confidence is the product of the
    probabilities of the tag's tokens, from 0 to 1. ``done`` says that all words are written.
    """

    def __init__(self, units: Units, words: Sequence[str], types: Sequence[str], guess: SentenceDraft | None) -> None:
        self.tags: list[str] = []
        self.confidence: list[float] = []
        self.done = False
        self._units, self._words, self._types, self._guess = units, words, types, guess
        self._last = ""
        self._probability = 1.0
        self._partial: Ids = ()
        self._endings: dict[tuple[str | None, str], _Endings] = {}
        self._draft: list[int] = []
        self._allowed: list[Ids] = []
        self._plan: list[PlannedUnit] = []
        units.learn(words)
        self._close()

    def propose(self, most: int) -> list[int]:
        """At most ``most`` tokens to follow the verified ones, possibly none; the end token is never among them."""
        draft: list[int] = []
        self._allowed, self._plan = [], []
        index, partial, last = len(self.tags), self._partial, self._last
        previous = self._previous
        while index < len(self._words) and len(self._allowed) <= most:
            word = self._word(index, previous)
            tag = self._likeliest(index, previous, last, word.fits(partial))
            ids = word.head + word.endings.ids[tag]
            draft += ids[len(partial) :]
            self._allowed += [word.next(ids[:size]) for size in range(len(partial), len(ids))]
            label = len(draft) - len(self._units.tail(tag) or ())
            self._plan.append(PlannedUnit(index, index + 1, previous, tag, label, len(draft)))
            index, previous, last, partial = index + 1, tag, tag[2:] or last, ()
        self._allowed.append((self._units.end,))
        self._draft = draft[:most]
        return list(self._draft)

    def allowed(self) -> list[tuple[int, ...]]:
        """The ids that may stand at each place of the last draft and after it, if the draft before the place holds."""
        return self._allowed[: len(self._draft) + 1]

    def advance(self, accepted: Sequence[int], choices: Sequence[int], probabilities: Sequence[float]) -> None:
        """Take verified tokens, each with its probability among the allowed ones, and the choices of the whole pass.

        What follows the last word is ignored. Raises GnerBenchError for a token that was not allowed.
        """
        for token, probability in zip(accepted, probabilities, strict=True):
            if self.done:
                break
            if token not in self._word(len(self.tags), self._previous).next(self._partial):
                raise GnerBenchError(f"token {token} is not allowed after {self._units.text(self._partial)!r}")
            self._partial += (token,)
            self._probability *= probability
            self._close()
        if self._guess is not None:
            self._guess.index = len(self.tags)
            self._guess.overhear(self._plan, self._draft, common(accepted, self._draft), choices)

    @property
    def _previous(self) -> str:
        return self.tags[-1] if self.tags else "O"

    def _close(self) -> None:
        """Finish the word that is complete, and those after it of which the tokenizer leaves nothing."""
        while len(self.tags) < len(self._words):
            tag = self._word(len(self.tags), self._previous).tag(self._partial)
            if tag is None:
                return
            self.tags.append(tag)
            self.confidence.append(self._probability)
            self._last = tag[2:] or self._last
            self._partial, self._probability = (), 1.0
        self.done = True
        if self._guess is not None:
            self._guess.tags[:] = self.tags
            self._guess.finish()

    def _word(self, index: int, previous: str) -> _Word:
        """Word ``index`` with the endings it may have after the tag ``previous``."""
        word = self._words[index]
        head = self._units.head(word)
        key = word if head is None else None, previous[2:]
        if key not in self._endings:
            endings = self._endings[key] = _Endings()
            for tag in (
                "O",
                *(f"B-{name}" for name in self._types),
                *([f"I-{previous[2:]}"] if previous != "O" else []),
            ):
                ids = self._units.unit(word, tag)
                endings.add(tag, ids[len(head or ()) :])
        return _Word(head or (), self._endings[key])

    def _likeliest(self, index: int, previous: str, last: str, fits: Sequence[str]) -> str:
        return fits[0] if self._guess is None else self._guess.guess(index, previous, last, fits)
