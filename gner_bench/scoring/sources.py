"""Predictions from files of any format, scored against the gold in them or against another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gner_bench.data.sentence import Dataset
from gner_bench.errors import UsageError
from gner_bench.scoring.generations import load_generations
from gner_bench.scoring.gold import with_gold
from gner_bench.scoring.gold_files import Gold
from gner_bench.scoring.importing import PREDICTIONS
from gner_bench.scoring.predictions import Predictions
from gner_bench.structure import BackTokenizer, load_back_tokenizer

if TYPE_CHECKING:
    from gner_bench.scoring.importing.loading import OwnGold

DEFAULT_SPLIT = "test"


def load_from(
    paths: Sequence[Path],
    format: str,
    gold: Gold | Sequence[Dataset],
    renames: Mapping[str, str],
    tokenizer: str | None = None,
    name: str | None = None,
) -> Predictions:
    """The predictions of files in a ``format`` (see ``FORMATS``), together one system.

    ``gold`` says where gold is, or is it. Raises UsageError for what does not go together and all that reading raises.
    """
    if format == PREDICTIONS:
        return _generations(paths, gold, renames, tokenizer, name)
    from gner_bench.scoring.importing.formats import get_format
    from gner_bench.scoring.importing.loading import import_predictions

    known = get_format(format, _back_tokenizer(tokenizer))
    if not isinstance(gold, Gold):
        return import_predictions(paths, known, gold, renames, name)
    if gold.paths:
        return import_predictions(paths, known, gold.read(), renames, name)
    return import_predictions(paths, known, _own(paths, gold), renames, name)


def _generations(
    paths: Sequence[Path],
    gold: Gold | Sequence[Dataset],
    renames: Mapping[str, str],
    tokenizer: str | None,
    name: str | None,
) -> Predictions:
    if renames:
        raise UsageError(
            "--rename is for imported predictions (--from): types of generations are those of their prompts"
        )
    if isinstance(gold, Gold) and not gold.paths and gold != Gold():
        raise UsageError("--as, --split, --keep-misc and --repair say how gold is read; --gold PATH gives it")
    found = gold.read() if isinstance(gold, Gold) else gold
    predictions = load_generations(paths, tokenizer, name)
    return with_gold(predictions, found) if found else predictions


def _own(paths: Sequence[Path], gold: Gold) -> list[OwnGold]:
    """How the gold in each file is read."""
    from gner_bench.scoring.importing.loading import OwnGold, stem

    names = gold.names_for(len(paths), "predictions")
    split = gold.split or DEFAULT_SPLIT
    return [OwnGold(n or stem(path), split, *gold.reading(n)) for path, n in zip(paths, names, strict=True)]


def _back_tokenizer(choice: str | None) -> BackTokenizer | None:
    return None if choice in (None, "none") else load_back_tokenizer(Path(choice))
