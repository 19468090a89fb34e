"""The names of entity types: which name which type of a list, and which a prompt or an answer cannot tell apart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
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


def alternatives(types: Sequence[str]) -> str:
    """A pattern of any of ``types``, the longest first, with ``_`` or spaces for either; without types of nothing."""
    longest = sorted(types, key=len, reverse=True)
    return "|".join(re.sub(r"(?:\\ |_)+", r"[ _]+", re.escape(kind)) for kind in longest) or r"(?!)"


def ambiguous_types(types: tuple[str, ...]) -> Iterator[str]:
    """What a prompt that lists ``types``, and an answer with them, leaves open: a phrase for each fault."""
    distinct = dict.fromkeys(types)
    forms = Counter(map(plain, distinct))
    faults = {
        "hold a comma and read as several in the prompt": [kind for kind in types if "," in kind],
        "read as the label of words outside entities": [kind for kind in types if kind.strip() in ("O", "o")],
        "hold a line break, or begin or end with white space": [
            kind for kind in types if len(kind.splitlines()) > 1 or kind != kind.strip()
        ],
        "differ from another in nothing but case or _ for a space": [k for k in distinct if forms[plain(k)] > 1],
        "begin as a BIO tag does": [kind for kind in types if kind[:2].upper() in ("B-", "I-")],
    }
    for fault, kinds in faults.items():
        if kinds:
            yield f"{fault}: {', '.join(map(short, kinds[:5]))}{', …' if len(kinds) > 5 else ''}"
