"""Token ids of ``word(tag)`` units, put together from the ids of the word and those of the tag."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

Ids = tuple[int, ...]

_PLAIN = "a"
_OUTSIDE = "O"


class Units:
    """Token ids of ``word(tag)`` units, each encoded by itself and remembered.

    ``encode`` turns texts into ids without special tokens, ``decode`` turns ids into text without special tokens,
    ``end`` is the id of the end token. A word is encoded once, with the tag ``O``; other tags are exchanged for it
    where the tokenizer keeps word and tag apart, as both known ones do with few exceptions (``((O)``).
    """

    def __init__(
        self, encode: Callable[[list[str]], list[list[int]]], decode: Callable[[list[int]], str], end: int
    ) -> None:
        self.end = end
        self._encode = encode
        self._decode = decode
        self._heads: dict[str, Ids | None] = {}
        self._tails: dict[str, Ids | None] = {}
        self._whole: dict[tuple[str, str], Ids] = {}
        self._texts: dict[str, str] = {}
        self._closing: dict[int, bool] = {}
        self._plain = tuple(encode([_PLAIN])[0])

    def learn(self, words: Iterable[str]) -> None:
        """Encode the words not seen before in one batch, so that later calls find them."""
        fresh = [word for word in dict.fromkeys(words) if word not in self._heads]
        if not fresh:
            return
        tail = self.tail(_OUTSIDE)
        for word, encoded in zip(fresh, self._encode([f"{word}({_OUTSIDE})" for word in fresh]), strict=True):
            ids = tuple(encoded)
            self._heads[word] = ids[: -len(tail)] if tail and ids[-len(tail) :] == tail else None

    def head(self, word: str) -> Ids | None:
        """The ids of a word before its tag, or None where word and tag share a token."""
        if word not in self._heads:
            self.learn([word])
        return self._heads[word]

    def tail(self, tag: str) -> Ids | None:
        """The ids of ``(tag)`` after a word, or None where they are not apart from the word's."""
        if tag not in self._tails:
            ids = tuple(self._encode([f"{_PLAIN}({tag})"])[0])
            size = len(self._plain)
            self._tails[tag] = ids[size:] if ids[:size] == self._plain and len(ids) > size else None
        return self._tails[tag]

    def unit(self, word: str, tag: str) -> Ids:
        """The ids of ``word(tag)``; empty where the tokenizer leaves nothing of it."""
        head, tail = self.head(word), self.tail(tag)
        if head is not None and tail is not None:
            return head + tail
        if (word, tag) not in self._whole:
            self._whole[word, tag] = tuple(self._encode([f"{word}({tag})"])[0])
        return self._whole[word, tag]

    def text(self, ids: Sequence[int]) -> str:
        """What ``ids`` say, stripped."""
        return self._decode(list(ids)).strip()

    def shown(self, word: str) -> str:
        """``word`` as the tokenizer gives it back, in lower case without spaces; unknown characters may be gone."""
        if word not in self._texts:
            head = self.head(word)
            text = word if head is None else self.text(head)
            self._texts[word] = text.replace(" ", "").lower()
        return self._texts[word]

    def closes(self, token: int) -> bool:
        """Whether the text of ``token`` ends in a closing parenthesis."""
        if token not in self._closing:
            self._closing[token] = self._decode([token]).endswith(")")
        return self._closing[token]


class Labels:
    """The tags that a data set's outputs may carry: ``O``, both kinds of each type, and others once they were seen.

    ``tags`` maps the ids of ``(tag)`` to the tag, ``fitting`` maps every beginning of such ids to the tags that begin
    so, in the order of the list.
    """

    def __init__(self, units: Units, types: Iterable[str]) -> None:
        self.tags: dict[Ids, str] = {}
        self.fitting: dict[Ids, list[str]] = {}
        self._units = units
        for tag in (_OUTSIDE, *(f"{kind}-{name}" for name in types for kind in "BI")):
            self.add(tag)

    def add(self, tag: str) -> None:
        """Index ``tag`` under all beginnings of its ids; where two tags share their ids, the first keeps them."""
        tail = self._units.tail(tag)
        if tail is None or tail in self.tags:
            return
        self.tags[tail] = tag
        for size in range(1, len(tail) + 1):
            self.fitting.setdefault(tail[:size], []).append(tag)
