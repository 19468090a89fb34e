"""Which published rows are quoted beside what is measured."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from gner_bench.catalog.catalog import published_scores
from gner_bench.catalog.entries import PublishedScore
from gner_bench.errors import UsageError, did_you_mean

ALL, NONE = "all", "none"


def choose_published(asked: Sequence[str]) -> list[PublishedScore]:
    """The published rows of some names, in the order of tables. Each of the texts is a name, with ``*`` for anything,
    several with commas between them, ``all``, or alone ``none``. Raises UsageError for a name that fits no row."""
    rows = [*published_scores(), *published_scores("supervised")]
    # A row is called by its name with what is in brackets after it, and without.
    own_names = [(name, name.partition(" (")[0]) for name in (row.system.lower() for row in rows)]
    everything = {name for names in own_names for name in names}
    names = [
        name.strip()
        for text in asked  # a name in full may have commas itself
        for name in ([text] if text.strip().lower() in everything else text.split(","))
    ]
    if asked and not any(names):
        raise UsageError(f"expected {ALL}, {NONE} or names of published systems")
    wanted = {name.lower() for name in names if name}
    if NONE in wanted and len(wanted) > 1:
        raise UsageError(f"{NONE} goes with nothing else: {', '.join(sorted(wanted - {NONE}))}")
    if ALL in wanted:
        return rows
    chosen: set[int] = set()
    for name in filter(None, names):
        fits = {at for at, own in enumerate(own_names) if any(fnmatchcase(one, name.lower()) for one in own)}
        if not fits and name.lower() != NONE:
            systems = list(dict.fromkeys(row.system for row in rows))
            raise UsageError(f"unknown published system {name!r}; {did_you_mean(name, systems)}")
        chosen |= fits
    return [rows[at] for at in sorted(chosen)]
