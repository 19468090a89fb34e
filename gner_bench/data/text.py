"""The label file: one entity type a line."""

from __future__ import annotations

from pathlib import Path

from gner_bench.errors import InputError
from gner_bench.files import read_text as read_text


def read_types(path: Path) -> tuple[str, ...]:
    """The entity types of a label file, one a line. Raises InputError when there is none."""
    types = tuple(line.strip() for line in read_text(path).split("\n") if line.strip())
    if not types:
        raise InputError(path, "is empty: no entity type in it")
    return types
