"""Many short strings in little memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import overload


class Packed(Sequence[str]):
    """Strings one after another in one buffer: their UTF-8 bytes and eight more for each."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._bytes, self._ends = bytearray(), array("Q")
        for text in texts:
            self.append(text)

    def append(self, text: str) -> None:
        self._bytes += text.encode()
        self._ends.append(len(self._bytes))

    def extend(self, later: Packed) -> None:
        """Add the strings of another."""
        before = len(self._bytes)
        self._bytes += later._bytes
        self._ends.extend(array("Q", [before + end for end in later._ends]))

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        places = range(len(self))[index]
        if isinstance(places, range):
            return [self._text(place) for place in places]
        return self._text(places)

    def _text(self, place: int) -> str:
        return self._bytes[self._ends[place - 1] if place else 0 : self._ends[place]].decode()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Packed) and (self._bytes, self._ends) == (other._bytes, other._ends)
