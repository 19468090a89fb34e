from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from gner_bench.scoring import evaluate
from gner_bench.structure import load_back_tokenizer

METRICS = {"gner": "gner", "strict": "seqeval_strict_iob2_micro"}


@pytest.mark.parametrize("tokenizer", ["t5_tokenizer", "no_tokenizer"])
@pytest.mark.parametrize("file", ["gner-t5-base.dev700.jsonl", "gner-t5-large.dev700.jsonl"])
def test_real_outputs_score_as_the_reference_implementation(shared: Path, file: str, tokenizer: str) -> None:
    expected = json.loads((shared / "predictions/expected_scores.json").read_text(encoding="utf-8"))[file]
    back_tokenizer = load_back_tokenizer(shared / "tokenizers/t5") if tokenizer == "t5_tokenizer" else None
    found = evaluate([shared / "predictions" / file], back_tokenizer)
    average = expected.pop("average_f1")[tokenizer]
    assert found["average"]["gner"]["f1"] == pytest.approx(average, abs=1e-9)
    assert set(found["datasets"]) == set(expected)
    for name, reference in expected.items():
        scores = found["datasets"][name]
        assert scores["sentences"] == reference["examples"]
        assert {k: v for k, v in scores["matched_by"].items() if v} == reference[tokenizer]["matched_by"]
        for ours, theirs in METRICS.items():
            for figure, value in reference[tokenizer][theirs].items():
                assert scores[ours][figure] == pytest.approx(value, abs=1e-9)


def line(number: int, prediction: str, **changes: Any) -> str:
    record = {
        "dataset": changes.get("dataset", "mit-movie"),
        "split": "test",
        "label_list": ["actor", "year"],
        "instance": {"id": str(number), "words": ["Tom", "Hanks", "1994"], "labels": ["B-actor", "I-actor", "B-year"]},
        "prediction": prediction,
        "generation": {"tokens": 9, "finish": changes.get("finish", "stop")},
    }
    return json.dumps(record) + "\n"


def test_counts_by_hand(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(
        line(0, "Tom(B-actor) Hanks(I-actor) 1994(B-year)")
        + line(1, "Tom(B-actor) Hanks(B-actor) 1994(B-orther)")
        + line(2, "Tom(B-actor) Hanks(I-actor)", finish="length"),
        encoding="utf-8",
    )
    part = evaluate([file], None)["datasets"]["mit-movie"]
    for metric in METRICS:
        assert (part[metric]["true_positives"], part[metric]["predicted"], part[metric]["gold"]) == (3, 5, 6)
    assert part["types"]["year"]["gner"]["predicted"] == 1
    assert part["matched_by"] == {"exact": 2, "subsequence": 1, "lcs": 0}
    assert part["structuring"]["unknown_labels"] == 1
    assert part["structuring"]["cut_outputs"] == 1
    assert part["structuring"]["omitted_words"] == 1


def test_several_files_are_one_system_and_the_average_is_over_sets(tmp_path: Path) -> None:
    right, wrong = tmp_path / "right.jsonl", tmp_path / "wrong.jsonl.gz"
    right.write_text(line(0, "Tom(B-actor) Hanks(I-actor) 1994(B-year)"), encoding="utf-8")
    wrong.write_bytes(gzip.compress(line(0, "Tom(O)", dataset="other").encode()))
    found = evaluate([right, wrong], None)
    assert list(found["datasets"]) == ["mit-movie", "other"]
    assert found["average"]["strict"]["f1"] == 0.5


def test_the_signature_tells_data_and_tokenizer_apart(tmp_path: Path, shared: Path) -> None:
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    one.write_text(line(0, "Tom(O)"), encoding="utf-8")
    two.write_text(line(0, "Tom(O)") + line(1, ""), encoding="utf-8")
    tokenizer = load_back_tokenizer(shared / "tokenizers/t5")
    signatures = {evaluate([file], back)["signature"] for file in (one, two) for back in (None, tokenizer)}
    assert len(signatures) == 4
