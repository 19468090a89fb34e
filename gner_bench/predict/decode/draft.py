"""Drafts of what a checkpoint writes next: the words still to be copied, each with a guessed tag.

A draft costs nothing but time when it is wrong. Where the checkpoint leaves the sentence, the likely ways to do so are
tried first (two words in one, a comma added, a word skipped or repeated); otherwise the place is found again at the end
of the unit, and a checkpoint that loops is drafted from its own output.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gner_bench.answers.gner import parse_generation
from gner_bench.predict.decode.tagger import SentenceTags, Tagger
from gner_bench.predict.decode.units import Ids, Labels, Units

REACH = 16
"""Words that are searched before and after the place where a word of the sentence was expected."""
SUFFIXES = (12, 6)
"""Tokens at the end of an output that are looked up earlier in it: about two units, then one."""
UNFINISHED = 256
"""Tokens after which a unit that has not ended is given up."""
STRAYS, REPEATS = 2, 2
"""Units in a row outside the sentence, and returns to an earlier place, from which on a checkpoint is said to loop.

Without drafts from its own output one looping sentence takes hundreds of passes, up to the length limit.
"""

_LABEL = re.compile(r"\((O|[BI]-[^)\n]*)\)$")


@dataclass(eq=False)
class Drafter:
    """One for a run; learns from finished outputs."""

    _units: Units
    _tagger: Tagger = field(default_factory=Tagger)
    _labels: dict[tuple[str, ...], Labels] = field(default_factory=dict)

    def sentence(
        self, dataset: str, words: Sequence[str], types: Sequence[str], hint: str | None = None
    ) -> SentenceDraft:
        """Begin the draft of one output. ``hint`` is the text that another run wrote for the sentence."""
        key = dataset, *sorted(types)
        if key not in self._labels:
            self._labels[key] = Labels(self._units, types)
        self._units.learn(words)
        draft = SentenceDraft(self._units, self._labels[key], SentenceTags(self._tagger, words, types), words)
        if hint is not None:
            draft.follow(hint)
        return draft


@dataclass(slots=True)
class PlannedUnit:
    """Drafts words ``index`` to ``stop`` after the tag ``previous``; an empty ``tag`` will be read from the text."""

    index: int
    stop: int
    previous: str
    tag: str
    label: int  # the first token of its label in the draft, which ends before ``end``
    end: int


class SentenceDraft:
    """The output of one sentence while it is written.

    ``tokens`` are verified, without the end token; ``index`` is the word to be finished next; ``tags`` are those of the
    words written so far; ``plan`` holds the units of the last draft.
    """

    def __init__(self, units: Units, labels: Labels, tags: SentenceTags, words: Sequence[str]) -> None:
        self.tokens: list[int] = []
        self.tags: list[str | None] = [None] * len(words)
        self._units = units
        self._labels = labels
        self._guesses = tags
        self._words = words
        self.index = 0
        self._start = 0
        self._previous, self._last = "O", ""
        self._strays = self._repeats = 0
        self._hints: dict[int, tuple[Ids, str]] = {}
        self._written: dict[int, tuple[str, int]] = {}
        self._draft: list[int] = []
        self.plan: list[PlannedUnit] = []
        self._grams: dict[Ids, int] = {}
        self._noted = 0

    def propose(self, most: int) -> list[int]:
        """At most ``most`` tokens to follow the verified ones, possibly none."""
        self.plan = []
        goes_on = len(self.tokens) > self._start and self.index == len(self._words)
        loops = goes_on or self._strays >= STRAYS or self._repeats >= REPEATS
        self._draft = draft = self._echo(most) if loops else []
        if draft:
            return list(draft)
        # The rest of the unit that was begun, the words that follow, and the end.
        index, previous, last = self.index, self._previous, self._last
        partial = tuple(self.tokens[self._start :])
        if partial:
            unit = self._complete(partial, draft)
            if unit is None:
                return []
            index, previous, last = unit.stop, unit.tag or previous, unit.tag[2:] or last
        words, units, guess = self._words, self._units, self.guess
        while index < len(words) and len(draft) < most:
            text, stop = self._written.get(index) or (words[index], index + 1)
            tag = guess(index, previous, last)
            draft += units.unit(text, tag)
            label = len(draft) - len(units.tail(tag) or ())
            self.plan.append(PlannedUnit(index, stop, previous, tag, label, len(draft)))
            index, previous, last = stop, tag, tag[2:] or last
        if index >= len(words):
            draft.append(units.end)
        self._draft = draft[:most]
        return list(self._draft)

    def advance(self, accepted: Sequence[int], choices: Sequence[int]) -> None:
        """Take the newly verified tokens and the model's choice at every position of the last draft and one more."""
        new = list(accepted[:-1]) if accepted and accepted[-1] == self._units.end else list(accepted)
        same = common(new, self._draft)
        base, done = len(self.tokens), 0
        self.tokens += new
        for unit in self.plan:
            if unit.end > same:
                break
            if unit.tag:
                self._write(unit.index, unit.stop, unit.tag, base + unit.end)
            else:
                self._close(base + unit.end)
            done = unit.end
        for place in range(done, len(new)):
            if self._units.closes(new[place]):
                self._close(base + place + 1)
        self._start = max(self._start, len(self.tokens) - UNFINISHED)
        self.note_choices(self.plan, self._draft, same, choices)

    def finish(self) -> None:
        """Learn from the output, which is complete."""
        self._guesses.learn(self.tags)

    def note_choices(
        self, plan: Sequence[PlannedUnit], draft: Sequence[int], same: int, choices: Sequence[int]
    ) -> None:
        """Keep the model's choices at labels after token ``same``, the first wrong one of ``draft``, as hints.

        The pass has computed them anyway. They were made after a wrong token, but the label of a later word seldom
        depends on it.
        """
        known = min(len(choices), len(draft))
        for unit in plan:
            if same < unit.label < known and unit.stop == unit.index + 1:
                drafted, chosen = draft[unit.label : unit.end], choices[unit.label : min(unit.end, known)]
                prefix = tuple(chosen[: common(drafted, chosen) + 1])
                if prefix in self._labels.fitting:
                    self._hints[unit.index] = prefix, unit.previous

    def guess(self, index: int, previous: str, last: str, fits: Sequence[str] | None = None) -> str:
        """The tag that word ``index`` is likely to get, by the model's own earlier choices where there are any."""
        hint = self._hints.get(index)
        if hint is None:
            return self._guesses.guess(index, previous, last, fits)
        prefix, after = hint
        hinted: Sequence[str] = self._labels.fitting[prefix]
        if after != previous and index <= self.index + 1:
            # Shown another tag before the word, the model may have taken the word for the beginning of the entity: the
            # continuation of the entity that is there counts as hinted too.
            continued = [] if previous == "O" else [f"I-{previous[2:]}"]
            legal = [tag for tag in hinted if tag[0] != "I"]
            hinted = [*legal, *continued] if legal or not set(continued).isdisjoint(hinted) else []
        elif previous[2:] != after[2:]:
            hinted = [tag for tag in hinted if tag[0] != "I" or tag[2:] == previous[2:]]
        both = hinted if fits is None else [tag for tag in hinted if tag in fits]
        return self._guesses.guess(index, previous, last, both or fits)

    def follow(self, hint: str) -> None:
        """Draft what another run wrote for the sentence, before anything is written."""
        index, previous = 0, "O"
        for text, tag in parse_generation(hint):
            first, stop = self._place(text, index)
            if stop > index:
                self._labels.add(tag)
                tail = self._units.tail(tag)
                if tail in self._labels.fitting:
                    self._hints[first] = tail, previous
                index, previous = stop, tag
                if text != self._words[first]:
                    self._written[first] = text, stop
        self._strays = 0

    def _complete(self, partial: Ids, draft: list[int]) -> PlannedUnit | None:
        """Append to ``draft`` the rest of the unit that begins with ``partial``, and the unit to the plan."""
        size, index, stop, tag = len(partial), self.index, self.index + 1, ""
        for text, first, end in self._candidates():
            # The tags with which text(tag) begins as the unit does; None for any, where no label was begun.
            head, fits = self._units.head(text), None
            if head is None:
                units = ((name, self._units.unit(text, name)) for name in self._labels.tags.values())
                fits = [name for name, ids in units if ids[:size] == partial]
            elif size > len(head):
                fits = self._labels.fitting.get(partial[len(head) :], []) if partial[: len(head)] == head else []
            elif head[:size] != partial:
                continue
            if fits is None or fits:
                index, stop, tag = first, end, self.guess(first, self._previous, self._last, fits)
                draft += self._units.unit(text, tag)[size:]
                break
        else:
            if self.index == len(self._words):
                return None
            # An unknown unit ends in the rest of an unknown label, or in a whole label where none was begun.
            outside = self._units.tail("O") or ()
            if outside and outside[0] in partial[1:]:
                draft += outside[-1:]
            else:
                draft += self._units.tail(self.guess(index, self._previous, self._last)) or ()
        self.plan.append(PlannedUnit(index, stop, self._previous, tag, 0, len(draft)))
        return self.plan[0]

    def _candidates(self) -> Iterator[tuple[str, int, int]]:
        """What the next unit may say and the words from ``index`` to ``stop`` that it is for, likely ones first."""
        # Most often a clitic is merged into the word before it, or a comma is added to the last word of a query.
        words, index = self._words, self.index
        if index in self._written:
            yield self._written[index][0], index, self._written[index][1]
        following = words[index : index + 3]
        if following:
            yield following[0], index, index + 1
        if len(following) > 1:
            yield following[0] + following[1], index, index + 2
        if following:
            yield f"{following[0]},", index, index + 1
            yield following[0].lower(), index, index + 1
        for skipped, word in enumerate(following[1:], start=1):
            yield word, index + skipped, index + skipped + 1
        if index:
            yield words[index - 1], index - 1, index
        if len(following) > 1:
            yield f"{following[0]} {following[1]}", index, index + 2

    def _write(self, index: int, stop: int, tag: str, end: int) -> None:
        """Note that a unit for the words from ``index`` to ``stop`` ends before token ``end``."""
        if index < stop:
            self.tags[index] = tag
        self._repeats += index < self.index
        self.index, self._start = stop, end
        self._previous, self._last = tag, tag[2:] or self._last

    def _close(self, end: int) -> None:
        """End the unit before token ``end`` if its text ends in a label, and find its place in the sentence."""
        unit = tuple(self.tokens[self._start : end])
        head = self._units.head(self._words[self.index]) if self.index < len(self._words) else None
        if head is not None and head[: len(unit)] == unit:
            return  # a parenthesis that belongs to the word
        tag = self._labels.tags.get(unit[len(head) :]) if head is not None and unit[: len(head)] == head else None
        if tag is not None:
            self._strays = 0
            self._write(self.index, self.index + 1, tag, end)
            return
        text = self._units.text(unit)
        label = _LABEL.search(text)
        if label is not None:
            tag = label[1].strip()
            self._labels.add(tag)
            index, stop = self._place(text[: label.start()], self.index)
            self._write(index, stop, tag, end)

    def _place(self, text: str, index: int) -> tuple[int, int]:
        """The words from first to last, exclusive, for which ``text`` was written where word ``index`` was expected."""
        written = text.replace(" ", "").lower()
        words, shown = self._words, self._units.shown
        ahead = [shown(word) for word in words[index : index + REACH]]
        joined = ""
        for size, word in enumerate(ahead, start=1):
            joined += word
            if written in (joined, joined + ","):
                self._strays = 0
                return index, index + size
            if len(joined) > len(written):
                break
        if written in ahead:
            self._strays = 0
            place = index + ahead.index(written)
            return place, place + 1
        self._strays += 1
        for place in range(index - 1, max(index - REACH, 0) - 1, -1):
            if shown(words[place]) == written:
                return place, place + 1
        return (index, index + 1) if ahead else (index, index)

    def _echo(self, most: int) -> list[int]:
        """What followed the last tokens when they were written before, or nothing if they were not."""
        tokens = self.tokens
        # All tokens but the last are indexed by what is before them; the last has no token after it to be drafted.
        for end in range(self._noted + 1, len(tokens)):
            for size in SUFFIXES:
                if end >= size:
                    self._grams[tuple(tokens[end - size : end])] = end
        self._noted = max(len(tokens) - 1, 0)
        for size in SUFFIXES:
            start = self._grams.get(tuple(tokens[-size:])) if len(tokens) > size else None
            if start is not None:
                period = len(tokens) - start
                return [tokens[start + place % period] for place in range(most)]
        return []


def common(one: Sequence[int], other: Sequence[int]) -> int:
    """The length of the beginning that both share."""
    for place, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return place
    return min(len(one), len(other))
