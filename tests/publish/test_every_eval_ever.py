"""``push --to every-eval-ever``: against the schema, and the package's own validator where it is installed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from jsonschema import Draft7Validator

from gner_bench.catalog import catalog
from gner_bench.documents.scores import read_scores

Run = Callable[..., Result]
TO = ("--to", "every-eval-ever")
MINE = ("--model", "me/mine", "--tokenizer", "none")


def validator(name: str) -> Draft7Validator:
    return Draft7Validator(json.loads((Path(__file__).parent / "schemas" / name).read_text(encoding="utf-8")))


AGGREGATE, SENTENCE = validator("eval.schema.json"), validator("instance_level_eval.schema.json")


def pushed(run: Run, scores: Path, out: Path, options: tuple[str, ...] = MINE) -> tuple[Path, Any, list[Any]]:
    """The path of the document, what is in it, and the lines beside it; it and 30 of them fit the schema."""
    done = run("push", scores, out, *TO, *options)
    assert done.exit_code == 0, done.output
    path = Path(done.stdout.strip())
    document = json.loads(path.read_text(encoding="utf-8"))
    samples = path.with_name(f"{path.stem}_samples.jsonl")
    lines = [json.loads(line) for line in samples.read_text(encoding="utf-8").splitlines()] if samples.exists() else []
    assert [error.message for error in AGGREGATE.iter_errors(document)] == []
    assert [error.message for line in lines[:: 1 + len(lines) // 30] for error in SENTENCE.iter_errors(line)] == []
    return path, document, lines


def test_a_record_has_score_interval_and_signature_of_every_metric(run: Run, scores: Path, tmp_path: Path) -> None:
    path, document, _ = pushed(run, scores, tmp_path / "out")
    assert path.parent == tmp_path / "out/data/gner-bench/me/mine"
    known = read_scores(scores)
    results = {result["evaluation_result_id"]: result for result in document["evaluation_results"]}
    assert len(results) == 3 * 2 * 3  # two sets and their mean, two metrics, three ratios
    news, strict = results["news/test/strict/f1"], known.datasets["news"].values["strict"]
    assert news["score_details"]["score"] == strict.f1
    assert news["score_details"]["details"] == {"true_positives": "18", "predicted": "18", "gold": "20"}
    low, high = strict.interval["f1"]
    assert news["score_details"]["uncertainty"]["confidence_interval"] == {
        "lower": low,
        "upper": high,
        "confidence_level": 0.95,
        "method": "Wilson score interval",  # of ten sentences
    }
    assert "num_bootstrap_samples" not in news["score_details"]["uncertainty"]
    assert news["metric_config"]["metric_parameters"] == known.signature_fields
    assert results["news/test/strict/recall"]["score_details"]["score"] == 0.9
    assert results["mean/gner/f1"]["score_details"]["score"] == known.average["gner"].f1
    mean = results["mean/gner/f1"]["score_details"]["uncertainty"]["confidence_interval"]
    assert mean["method"] == "intervals of the sets, combined (Zou and Donner 2008)"
    assert document["model_info"]["id"] == "me/mine"
    assert document["eval_library"]["additional_details"]["signature"] == known.signature


def test_lines_of_sentences_add_up_to_the_scores(run: Run, scores: Path, tmp_path: Path) -> None:
    path, document, lines = pushed(run, scores, tmp_path / "out")
    about = document["detailed_evaluation_results"]
    text = path.with_name(f"{path.stem}_samples.jsonl").read_bytes()
    assert about["checksum"] == hashlib.sha256(text).hexdigest()
    assert about["total_rows"] == len(lines) == 12 * 2
    assert about["file_path"] == f"data/gner-bench/me/mine/{path.stem}_samples.jsonl"
    assert {line["evaluation_id"] for line in lines} == {document["evaluation_id"]}
    of_news = [line for line in lines if line["evaluation_result_id"] == "news/test/strict/f1"]
    sums = [sum(int(line["metadata"][key]) for line in of_news) for key in ("true_positives", "predicted", "gold")]
    assert sums == [18, 18, 20]
    missed, whole = of_news[0], of_news[-1]
    assert missed["evaluation"] == {"score": pytest.approx(2 / 3), "is_correct": False}
    assert whole["evaluation"] == {"score": 1.0, "is_correct": True}
    assert json.loads(missed["answer_attribution"][0]["extracted_value"]) == [
        {"start": 2, "end": 3, "type": "place", "text": "Oslo"}
    ]
    assert [json.loads(entity)["text"] for entity in missed["input"]["reference"]] == ["Ann", "Oslo"]
    assert missed["output"]["raw"] == ["Ann(O) saw(O) Oslo(B-place)"]


def test_the_packages_own_validator_takes_it(
    run: Run, scores: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    core = pytest.importorskip(
        "every_eval_ever.validator.validation_core", reason="every-eval-ever (which needs Python 3.12) is not installed"
    )
    pushed(run, scores, tmp_path)
    there = {file.relative_to(tmp_path).as_posix() for file in (tmp_path / "data").rglob("*.json*")}
    assert len(there) == 2
    for name in there:
        report = core.validate_file(
            tmp_path / name,
            repo_path=name,
            available_files=there,
            read_repo_file=lambda other: (tmp_path / other).read_text(encoding="utf-8"),
            run_semantic_checks=True,
        )
        assert (report.valid, report.errors, report.warnings) == (True, [], [])


def test_the_same_scores_take_the_place_of_themselves(run: Run, scores: Path, tmp_path: Path) -> None:
    first, *_ = pushed(run, scores, tmp_path / "out")
    assert pushed(run, scores, tmp_path / "out")[0] == first
    assert len(list((tmp_path / "out").rglob("*.json"))) == 1


def test_one_file_holds_the_scores_alone(run: Run, scores: Path, tmp_path: Path) -> None:
    path, document, lines = pushed(run, scores, tmp_path / "deep/record.json")
    assert path == tmp_path / "deep/record.json"
    assert (lines, "detailed_evaluation_results" in document) == ([], False)
    assert [file.name for file in path.parent.iterdir()] == ["record.json"]


def test_predictions_that_are_gone_are_told(run: Run, scores: Path, tmp_path: Path) -> None:
    (tmp_path / "predictions.jsonl").unlink()
    done = run("push", scores, tmp_path / "out", *TO, *MINE)
    assert done.exit_code == 0, done.output
    assert done.stderr == f"no sentences: {tmp_path / 'predictions.jsonl'}, which was scored, is not here\n"
    assert not list((tmp_path / "out").rglob("*.jsonl"))


def test_predictions_that_are_others_are_refused(run: Run, scores: Path, tmp_path: Path, predictions: Any) -> None:
    place = predictions(missed=3)
    done = run("push", scores, tmp_path / "out", *TO, *MINE)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"Error: {place}, line 3: is not what was scored, or was read in another way")
    assert not (tmp_path / "out").exists()


def test_predictions_are_scored_first(run: Run, predictions: Any, scores: Path, tmp_path: Path) -> None:
    _, of_scores, _ = pushed(run, scores, tmp_path / "a")
    _, of_file, lines = pushed(run, predictions(), tmp_path / "b")
    assert of_file["evaluation_results"] == of_scores["evaluation_results"]
    assert len(lines) == 24


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "the scores of predictions do not say which model it is: --model OWNER/NAME"),
        (("--model", "mine"), "--model 'mine': expected OWNER/NAME"),
        (("--model", "a/b", "--pull-request"), "--pull-request is for --to hub"),
    ],
)
def test_what_is_missing_is_one_line(
    run: Run, scores: Path, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    done = run("push", scores, tmp_path / "out", "--to", "every-eval-ever", "--tokenizer", "none", *options)
    assert (done.exit_code, done.stderr) == (2, f"Error: {message}\n")


def test_the_real_predictions_become_a_record(run: Run, shared: Path, tmp_path: Path) -> None:
    source, file = shared / "predictions/gner-t5-base.dev700.jsonl", tmp_path / "ai.jsonl"
    lines_of_ai = source.read_text(encoding="utf-8").splitlines()[:100]
    file.write_text("\n".join(lines_of_ai) + "\n", encoding="utf-8")
    options = ("--tokenizer", str(shared / "tokenizers/t5"), "--model", "dyyyyyyyy/GNER-T5-base")
    _, document, lines = pushed(run, file, tmp_path, options)
    expected = json.loads((shared / "predictions/expected_scores.json").read_text(encoding="utf-8"))[source.name]
    results = {result["evaluation_result_id"]: result["score_details"] for result in document["evaluation_results"]}
    ai = results["crossner_ai/dev/gner/f1"]
    assert ai["score"] == pytest.approx(expected["crossner_ai"]["t5_tokenizer"]["gner"]["f1"], abs=1e-9)
    assert ai["uncertainty"]["confidence_interval"]["method"] == "percentile bootstrap over sentences"
    assert ai["uncertainty"]["num_bootstrap_samples"] == 1000
    assert len(lines) == 200


def test_a_set_of_the_hub_is_named_as_such(run: Run, scores: Path, tmp_path: Path) -> None:
    document = json.loads(scores.read_text(encoding="utf-8"))
    known = catalog().get_dataset("crossner_ai").splits["dev"]
    part = document["datasets"].pop("news") | {"split": "dev", "content_hash": known.content_hash}
    document["datasets"] = {"crossner_ai": part}
    document["average"] = {metric: part[metric] for metric in document["metrics"]}
    scores.write_text(json.dumps(document), encoding="utf-8")
    path, record, _ = pushed(run, scores, tmp_path / "one.json")
    source = record["evaluation_results"][0]["source_data"]
    assert (source["hf_repo"], source["hf_split"]) == ("DFKI-SLT/cross_ner", "val")
    assert record["evaluation_id"].startswith("crossner_ai/me/mine/")
    assert path.name == "one.json"


def test_runs_of_a_group_are_one_record_without_sentences(run: Run, predictions: Any, tmp_path: Path) -> None:
    for name, missed in (("a", 2), ("b", 4)):
        run("-q", "score", predictions(missed), "--tokenizer", "none", "--out", tmp_path / f"{name}.json")
    both = f"mine={tmp_path / 'a.json'},{tmp_path / 'b.json'}"
    done = run("-q", "score", "--group", both, "--out", tmp_path / "group.json")
    assert done.exit_code == 0, done.output
    _, document, lines = pushed(run, tmp_path / "group.json", tmp_path / "out")
    assert lines == []
    news = document["evaluation_results"][0]
    assert news["score_details"]["details"]["sd_over_runs"]
    assert news["score_details"]["uncertainty"]["confidence_interval"]["method"] == "bootstrap over sentences and runs"
