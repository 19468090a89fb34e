from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SIGNATURE = "F1|system:{name}|data:test@1a2b|match:hier-v1|tok:t5@00aa"


@pytest.fixture
def document() -> Callable[..., dict[str, Any]]:
    """Builds what a scores.json file holds, from F1 (0 to 1) by data set."""

    def build(name: str = "gner-tiny", f1: dict[str, float] | None = None, **changes: Any) -> dict[str, Any]:
        sentences = {"crossner_ai": 431, "crossner_music": 465, "mit-movie": 2443}
        datasets = {
            dataset: {
                "split": changes.get("split", "test"),
                "sentences": changes.get("sentences", sentences.get(dataset, 10)),
                "content_hash": "1a2b",
                **{metric: {"precision": 0.5, "recall": 0.5, "f1": value} for metric in ("gner", "strict")},
                "matched_by": {"exact": 9, "lcs": 1},
                "types": {},
            }
            for dataset, value in (f1 or {"crossner_ai": 0.5, "mit-movie": 0.25}).items()
        }
        return {
            "version": 1,
            "system": {
                "name": name,
                "parameters": changes.get("parameters", 4_600_000),
                "note": changes.get("note", ""),
            },
            "datasets": datasets,
            "signature": changes.get("signature", SIGNATURE.format(name=name)),
            "files": [],
        }

    return build


@pytest.fixture
def scores_file(tmp_path: Path, document: Callable[..., dict[str, Any]]) -> Callable[..., Path]:
    """Writes ``folder``/scores.json and returns its path; other arguments as for ``document``."""

    def write(folder: str = "run", file: str = "scores.json", **content: Any) -> Path:
        path = tmp_path / folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document(**content)), encoding="utf-8")
        return path

    return write
