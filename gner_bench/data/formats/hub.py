"""Data sets of the Hugging Face hub with one row a sentence, a column of words and one of tags."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gner_bench.data.formats import DataFormat, Source
from gner_bench.data.formats.tokens import collect
from gner_bench.data.sentence import Dataset
from gner_bench.documents.fields import Fields
from gner_bench.errors import GnerBenchError, InputError, UnreachableError, UsageError, first_line
from gner_bench.extras import require

WORDS = "tokens"
TAGS = ("ner_tags", "tags")
ANSWER_SECONDS = 10.0
SPLIT_NAMES = {"dev": ("validation", "dev")}
"""What a split may be called on the hub, where it is not called as here."""


def read_hub(
    source: Source,
    data_files: str | None = None,
    tag_names: Sequence[str] | None = None,
    cache_dir: Path | None = None,
) -> list[Dataset]:
    """One split of a hub data set (or of a local folder in its form), whose id is the path of ``source``.

    ``data_files`` is a path pattern of the split's files in the repository at the revision, which is needed where the
    configuration does not say it; ``dev`` is asked for as ``validation`` too. Tags are strings or numbers, which are
    named by ``tag_names`` or else by the data set itself. Without types in ``source`` it is those of the names of tags
    or else those met.

    Raises UnreachableError without network, UsageError for an unknown data set, configuration or split, GnerBenchError
    for a repository that is only a loading script, InputError for rows of another form or with bad tags.
    """
    require("datasets")
    try:
        rows = _load(source, data_files, cache_dir)
    except Exception as error:  # datasets raises errors of many libraries
        raise _explained(str(source.path), error) from error
    path, columns = source.path, rows.column_names
    column = next((column for column in TAGS if WORDS in columns and column in columns), None)
    if column is None:
        raise InputError(path, f"expected columns {WORDS} and {' or '.join(TAGS)}, found {', '.join(columns)}")
    own = getattr(getattr(rows.features[column], "feature", None), "names", None)
    objects = (
        Fields(path, {WORDS: row[WORDS], column: row[column]}, prefix=f"[{index}].") for index, row in enumerate(rows)
    )
    return [collect(source, objects, tag_names or source.reading.tag_names or own or ())]


def _load(source: Source, data_files: str | None, cache_dir: Path | None) -> Any:
    """The rows of a split, under the first of its names that the data set knows; raises whatever ``datasets`` does."""
    hub_id, split, config, revision = str(source.path), source.split, source.config, source.revision
    if not source.path.is_dir():
        from huggingface_hub import HfApi

        # One question first, because datasets waits 23 seconds where there is no network.
        HfApi().dataset_info(hub_id, revision=revision, timeout=ANSWER_SECONDS)
    from datasets import disable_progress_bars, load_dataset  # type: ignore[import-untyped]

    disable_progress_bars()
    cache = None if cache_dir is None else str(cache_dir)
    *others, last = (split,) if data_files else SPLIT_NAMES.get(split, (split,))
    for name in (*others, last):
        files = None if data_files is None else {name: data_files}
        try:
            return load_dataset(hub_id, config, data_files=files, split=name, revision=revision, cache_dir=cache)
        except ValueError as error:
            if name == last or "Unknown split" not in str(error):
                raise
    raise AssertionError("no name was tried")


def _explained(hub_id: str, error: Exception) -> GnerBenchError:
    """The one-line error for whatever ``datasets`` raised."""
    said = first_line(error)
    if isinstance(error, ConnectionError) or re.search("Connect|Timeout|ProxyError", type(error).__name__):
        return UnreachableError(f"{hub_id}: the hub cannot be reached ({said})")
    if isinstance(error, RuntimeError) and "script" in said:
        advice = "the repository's branch refs/convert/parquet may hold its data (--revision refs/convert/parquet)"
        return GnerBenchError(f"{hub_id}: has only a loading script, which gner-bench never runs; {advice}")
    if isinstance(error, ValueError | FileNotFoundError):
        return UsageError(f"{hub_id}: {said}")
    return GnerBenchError(f"{hub_id}: {said}")


HUB = DataFormat(
    "hub",
    "data sets of the Hugging Face hub with columns of words and tags; gold",
    read_hub,
    example="owner/name, whose rows have tokens and ner_tags",
)
