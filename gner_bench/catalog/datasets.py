"""The seven zero-shot data sets."""

from __future__ import annotations

from dataclasses import dataclass

from gner_bench.catalog.facts import facts


@dataclass(frozen=True)
class Dataset:
    """A zero-shot set: ``title`` heads its column in tables, ``sentences`` counts its test split."""

    name: str
    title: str
    sentences: int


def datasets() -> list[Dataset]:
    """The sets, in the order of tables."""
    return [Dataset(**entry) for entry in facts("datasets.toml", "dataset")]
