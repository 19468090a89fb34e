"""Scoring files as a user names them: run folders, the tokenizer beside them, and what their run.json says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gner_bench.catalog.models import models
from gner_bench.errors import IncompleteError, InputError
from gner_bench.score.evaluate import System, evaluate
from gner_bench.structure import BackTokenizer, load_back_tokenizer
from gner_bench.structure.back_tokenizer import tokenizer_file


@dataclass(frozen=True)
class ScoredRun:
    """The document of scores.json, what a reader must be warned of, and the sentences that the runs still lack."""

    document: dict[str, Any]
    warnings: list[str]
    missing: int

    def require_complete(self) -> None:
        """Raise IncompleteError when sentences are missing."""
        if self.missing:
            raise IncompleteError(f"{self.missing} sentences of the run are missing; run predict again to add them")


def score_run(paths: Sequence[Path], tokenizer: str | None = None, name: str | None = None) -> ScoredRun:
    """Score prediction files or run folders as one system.

    ``tokenizer`` is a path, ``none``, or None for the one beside the first file. Raises InputError.
    """
    files = [path / "predictions.jsonl" if path.is_dir() else path for path in paths]
    abouts = [_about(file.parent / "run.json") for file in files if file.name == "predictions.jsonl"]
    back_tokenizer = _back_tokenizer(files[0], tokenizer)
    document = evaluate(files, back_tokenizer, _system(files[0], abouts, name))
    scored = sum(part["sentences"] for part in document["datasets"].values())
    planned = sum(about.get("sentences", 0) for about in abouts) if len(abouts) == len(files) else 0
    missing = max(0, planned - scored)
    return ScoredRun(document, _warnings(document, back_tokenizer, tokenizer, missing), missing)


def _about(path: Path) -> dict[str, Any]:
    try:
        about: Any = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (OSError, ValueError):
        raise InputError(path, "is not JSON") from None
    if not isinstance(about, dict) or not isinstance(about.get("model", {}), dict):
        raise InputError(path, "is not the run.json of a run")
    return about


def _back_tokenizer(file: Path, choice: str | None) -> BackTokenizer | None:
    if choice == "none":
        return None
    if choice is not None:
        return load_back_tokenizer(Path(choice))
    beside = tokenizer_file(file.parent)
    return load_back_tokenizer(beside) if beside else None


def _system(file: Path, abouts: Sequence[dict[str, Any]], name: str | None) -> System:
    model: dict[str, Any] = next((about["model"] for about in abouts if "model" in about), {})
    chosen = name or model.get("name") or file.name.split(".jsonl")[0]
    known = {entry.name.lower(): entry.parameters for entry in models()}
    return System(chosen, model.get("parameters") or known.get(chosen.lower()), model.get("note") or "")


def _warnings(
    document: dict[str, Any], back_tokenizer: BackTokenizer | None, choice: str | None, missing: int
) -> list[str]:
    warnings = []
    if back_tokenizer is None and choice is None:
        warnings.append("scored without back-tokenization; published GNER-T5 scores use it (--tokenizer PATH)")
    counts = {name: part["structuring"] for name, part in document["datasets"].items()}
    for key, what in {
        "gold_outside_types": "gold tags have a type that label_list lacks",
        "cut_outputs": "outputs were cut at the length limit",
        "cut_inputs": "prompts were cut at the length limit",
    }.items():
        warnings += [f"{name}: {found[key]} {what}" for name, found in counts.items() if found.get(key)]
    if missing:
        warnings.append(f"incomplete: {missing} sentences of the run are missing from these figures")
    return warnings
