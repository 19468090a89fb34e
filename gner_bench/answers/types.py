"""The names of entity types: which name which type of a list, and which a prompt or an answer cannot tell apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache

from gner_bench.errors import short

ALIKE = "types in another case or with _ for a space, read as those of the list"
"""The note on each of them, see ``known_as``."""


def plain(name: str) -> str:
    """A name without regard to case, to white space around it and to ``_`` for a space."""
    return " ".join(name.replace("_", " ").casefold().split())


@lru_cache(maxsize=1024)
def known_as(types: tuple[str, ...]) -> Callable[[str], str]:
    """What ``types`` have for a name: itself, else the only one that is alike in ``plain``, else the name as it is."""
    forms = Counter(map(plain, types))
    own, names = frozenset(types), {plain(kind): kind for kind in types if forms[plain(kind)] == 1}
    return lambda name: name if name in own else names.get(plain(name), name)


def ambiguous_types(types: tuple[str, ...]) -> Iterator[str]:
    """What a prompt that lists ``types``, and an answer with them, leaves open: a phrase for each fault."""
    if several := [kind for kind in types if "," in kind]:
        yield f"hold a comma and read as several in the prompt: {_named(several)}"
    if outside := [kind for kind in types if kind.strip() in ("O", "o")]:
        yield f"read as the label of words outside entities: {_named(outside)}"
    if broken := [kind for kind in types if len(kind.splitlines()) > 1 or kind != kind.strip()]:
        yield f"hold a line break, or begin or end with white space: {_named(broken)}"
    forms = Counter(map(plain, dict.fromkeys(types)))
    if same := [kind for kind in dict.fromkeys(types) if forms[plain(kind)] > 1]:
        yield f"differ from another in nothing but case or _ for a space: {_named(same)}"
    if prefixed := [kind for kind in types if kind[:2].upper() in ("B-", "I-")]:
        yield f"begin as a BIO tag does: {_named(prefixed)}"


def _named(kinds: list[str]) -> str:
    return ", ".join(map(short, kinds[:5])) + (", …" if len(kinds) > 5 else "")
