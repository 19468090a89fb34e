from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gner_bench.catalog.datasets import datasets
from gner_bench.catalog.models import models
from gner_bench.catalog.published import PublishedScore, published_scores

SHARED = Path(__file__).parents[3] / "shared"
REFERENCE = SHARED / "reference" / "published_scores.json"


def test_the_seven_sets_in_the_order_of_tables() -> None:
    assert [d.title for d in datasets()] == ["AI", "Lit.", "Music", "Politics", "Science", "Movie", "Rest."]
    assert sum(d.sentences for d in datasets()) == 6470


def test_the_five_checkpoints() -> None:
    assert [m.name for m in models()] == [
        "GNER-T5-base",
        "GNER-T5-large",
        "GNER-T5-xl",
        "GNER-T5-xxl",
        "GNER-LLaMA-7B",
    ]
    for model in models():
        assert model.hub == f"dyyyyyyyy/{model.name}"
        assert model.family == ("llama" if "LLaMA" in model.name else "t5")
        assert re.fullmatch(r"main|[0-9a-f]{40}", model.revision)


def test_published_rows_cover_the_seven_sets_in_percent() -> None:
    names = [d.name for d in datasets()]
    for row in published_scores():
        assert list(row.scores) == names
        assert all(1 < value < 100 for value in row.scores.values())
        assert row.source


def test_a_published_average_is_the_mean_of_its_row() -> None:
    for row in published_scores():
        assert row.average == pytest.approx(sum(row.scores.values()) / 7, abs=0.051), row.system


def test_rows_with_other_gold_are_not_comparable() -> None:
    others = [row for row in published_scores() if not row.comparable]
    assert [row.system for row in others] == [
        "GLiNER-L (as first published)",
        "GoLLIE-7B (as first published)",
        "B2NER-7B",
    ]
    assert all("not like for like" in row.note for row in others)


def _count(text: str | None) -> float | None:
    return None if text is None else float(text[:-1]) * {"M": 1e6, "B": 1e9}[text[-1]]


@pytest.mark.skipif(not REFERENCE.exists(), reason=f"needs {REFERENCE}, which is not part of the project")
def test_published_rows_equal_the_reference() -> None:
    expected = json.loads(REFERENCE.read_text(encoding="utf-8"))["zero_shot"]
    assert published_scores() == [
        PublishedScore(
            system=row["system"],
            year=row["year"],
            source=row["source"],
            average=row["average"],
            scores=row["scores"],
            parameters=_count(row["params"]),
            note=row.get("note", ""),
            comparable="not like for like" not in row.get("note", ""),
        )
        for row in expected
    ]


@pytest.mark.skipif(not SHARED.exists(), reason=f"needs the corpora in {SHARED}")
def test_sentence_counts_equal_the_corpora() -> None:
    for dataset in datasets():
        text = (SHARED / "data" / "gner" / dataset.name / "test.txt").read_text(encoding="utf-8")
        assert len(re.findall(r"[^\n](?:\n\n|\n?\Z)", text)) == dataset.sentences, dataset.name
