from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

Build = Callable[..., dict[str, Any]]
Write = Callable[..., Path]
Run = Callable[..., Result]
Refusal = Callable[..., str]

HEAVY = {"torch", "transformers", "matplotlib"}


@pytest.fixture(autouse=True)
def no_step_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    """The summary of the step that runs these tests stays as it is."""
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)


@pytest.fixture
def predictions(record: Build, predictions_file: Write) -> Path:
    """Two sets, three sentences: one right, one with a missed entity and a word left out, one with a changed word."""
    return predictions_file(
        record(),
        record(id="1", prediction="Ann(B-person) Oslo(O)"),
        record(id="0", dataset="films", prediction="Anne(B-person) saw(O) Oslo(B-place)"),
    )


def write_tokenizer(path: Path, *vocabulary: str) -> str:
    """Write a tokenizer that knows ``vocabulary`` alone and return what signatures call it."""
    tokenizer = Tokenizer(WordLevel({word: index for index, word in enumerate(["<unk>", *vocabulary])}, "<unk>"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.add_special_tokens(["<unk>"])
    tokenizer.save(str(path))
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]


def signature(result: Result) -> dict[str, str]:
    fields = json.loads(result.stdout)["signature"].split("|")
    return dict(field.split(":", 1) for field in fields)


def write_run(path: Path, **about: Any) -> None:
    path.with_name("run.json").write_text(json.dumps(about))


def test_json_is_one_document_with_the_figures_of_every_set(run: Run, predictions: Path) -> None:
    result = run("score", predictions, "--json", "--resamples", "0")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert document["version"] == 2
    assert document["system"] == {"name": "predictions", "parameters": None, "note": "", "training_sets": []}
    assert document["metrics"] == ["gner", "strict"]
    assert document["resampling"]["resamples"] == 0
    assert list(document["datasets"]) == ["news", "films"]
    news = document["datasets"]["news"]
    assert (news["split"], news["sentences"]) == ("test", 2)
    assert news["matched_by"] == {"exact": 1, "subsequence": 1, "lcs": 0}
    for metric in ("gner", "strict"):
        assert news[metric] == pytest.approx(
            {"precision": 1, "recall": 0.75, "f1": 6 / 7, "true_positives": 3, "predicted": 3, "gold": 4}
        )
    assert list(news["types"]) == ["person", "place"]
    assert news["types"]["place"]["gner"] == pytest.approx(
        {"precision": 1, "recall": 0.5, "f1": 2 / 3, "true_positives": 1, "predicted": 1, "gold": 2}
    )
    assert document["datasets"]["films"]["matched_by"] == {"exact": 0, "subsequence": 0, "lcs": 1}
    assert document["average"]["gner"] == pytest.approx({"precision": 1, "recall": 0.625, "f1": (6 / 7 + 2 / 3) / 2})
    assert document["macro"]["gner"] == pytest.approx({"f1": ((1 + 2 / 3) / 2 + (1 + 0) / 2) / 2})
    assert document["pooled"]["gner"]["true_positives"] == 4
    assert signature(result)["data"].startswith("news/test=2@")


def test_intervals_hold_the_figures(run: Run, predictions: Path) -> None:
    document = json.loads(run("score", predictions, "--json").stdout)
    news = document["datasets"]["news"]
    place = news["types"]["place"]["gner"]
    for figures in (news["gner"], place, document["average"]["gner"], document["pooled"]["strict"]):
        low, high = figures["interval"]["f1"]
        assert low <= figures["f1"] <= high
        assert low < high
    assert news["macro"]["gner"]["no_interval"] == "types with fewer than 20 gold mentions: person, place"
    assert document["signature_fields"]["ci"] == "wilson"


def test_intervals_depend_on_the_seed_alone(run: Run, record: Build, predictions_file: Write) -> None:
    wrong = [record(id=str(index), prediction="Ann(O) saw(B-place) Oslo(O)") for index in range(50)]
    right = [record(id=str(index)) for index in range(50, 100)]
    few = ("score", predictions_file(*wrong, *right), "--json", "--resamples", "3", "--seed")
    intervals = [json.loads(run(*few, seed).stdout)["average"]["gner"]["interval"] for seed in (0, 0, 1)]
    assert intervals[0] == intervals[1]
    assert intervals[0] != intervals[2]


def test_both_signatures_and_their_fields_agree(run: Run, predictions: Path) -> None:
    document = json.loads(run("score", predictions, "--json", "--seed", "7").stdout)
    fields = document["signature_fields"]
    assert document["signature"] == "|".join(f"{key}:{value}" for key, value in fields.items())
    assert (fields["bs"], fields["seed"]) == ("1000", "7")
    assert {f"s:{fields['seed']}", f"t:{fields['tok']}"} <= set(document["signature_short"].split("|"))


def test_the_metrics_are_those_asked_for_each_once(run: Run, predictions: Path) -> None:
    result = run("score", predictions, "--json", "--metric", "strict", "--metric", "token", "--metric", "strict")
    document = json.loads(result.stdout)
    assert document["metrics"] == ["strict", "token"]
    assert list(document["average"]) == ["strict", "token"]
    assert "gner" not in document["datasets"]["news"]


def test_warnings_stay_out_of_the_document(run: Run, predictions: Path) -> None:
    result = run("score", predictions, "--json")
    assert result.stderr.startswith("Warning: scored without back-tokenization")
    assert json.loads(result.stdout)


def test_the_table_shows_percent_and_the_signature(run: Run, predictions: Path) -> None:
    result = run("score", predictions)
    assert result.exit_code == 0
    rows = cells(result.stdout)
    news = next(row for row in rows if row[:1] == ["news"])
    assert [*news[:5], news[6], *news[8:]] == ["news", "2", "100.00", "75.00", "85.71", "85.71", "1", "1", "0"]
    mean = next(row for row in rows if row[:1] == ["mean"])
    assert [*mean[:5], mean[6]] == ["mean", "3", "100.00", "62.50", "76.19", "76.19"]
    assert "|match:hierarchical-1|" in result.stdout


def test_without_resamples_there_are_no_intervals_in_the_table(run: Run, predictions: Path) -> None:
    result = run("score", predictions, "--resamples", "0")
    assert ["news", "2", "100.00", "75.00", "85.71", "85.71", "1", "1", "0"] in cells(result.stdout)
    assert "±" not in result.stdout


def test_half_an_interval_is_that_of_the_document(run: Run, predictions: Path) -> None:
    low, high = json.loads(run("score", predictions, "--json").stdout)["datasets"]["news"]["gner"]["interval"]["f1"]
    news = next(row for row in cells(run("score", predictions).stdout) if row[:1] == ["news"])
    assert news[5] == f"{50 * (high - low):.2f}"


def cells(table: str) -> list[list[str]]:
    """The words of every line of a table."""
    return [line.replace("│", " ").split() for line in table.splitlines()]


def test_out_gets_the_document_that_json_prints(run: Run, predictions: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "scores.json"
    result = run("score", predictions, "--json", "--out", out)
    assert result.exit_code == 0
    assert out.read_text(encoding="utf-8") == result.stdout


def test_per_type_adds_a_table_of_types(run: Run, predictions: Path) -> None:
    plain, typed = run("score", predictions).stdout, run("score", predictions, "--per-type", "--resamples", "0").stdout
    assert "entity types" not in plain
    rows = cells(typed)
    assert ["news:", "entity", "types"] in rows
    assert ["place", "2", "1", "100.00", "50.00", "66.67", "66.67"] in rows


def test_the_tokenizer_beside_the_file_is_used_unless_switched_off(
    run: Run, record: Build, predictions_file: Write, tmp_path: Path
) -> None:
    path = predictions_file(record())
    fingerprint = write_tokenizer(tmp_path / "tokenizer.json", "ann", "saw")
    default, without = run("score", path, "--json"), run("score", path, "--json", "--tokenizer", "none")
    assert (signature(default)["tok"], signature(without)["tok"]) == (fingerprint, "none")
    steps = [json.loads(result.stdout)["datasets"]["news"]["matched_by"] for result in (default, without)]
    assert steps == [{"exact": 0, "subsequence": 0, "lcs": 1}, {"exact": 1, "subsequence": 0, "lcs": 0}]
    assert (default.stderr, without.stderr) == ("", "")


def test_a_tokenizer_that_is_named_goes_before_the_one_beside_the_file(
    run: Run, predictions: Path, tmp_path: Path
) -> None:
    beside = write_tokenizer(tmp_path / "tokenizer.json", "ann")
    named = write_tokenizer(tmp_path / "other.json", "ann", "saw", "oslo")
    assert signature(run("score", predictions, "--json"))["tok"] == beside
    result = run("score", predictions, "--json", "--tokenizer", tmp_path / "other.json")
    assert signature(result)["tok"] == named


def test_a_gzipped_file(run: Run, record: Build, predictions_file: Write) -> None:
    result = run("score", predictions_file(record(), file="base.jsonl.gz"), "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["system"]["name"] == "base"


def test_several_files_are_one_system(run: Run, record: Build, predictions_file: Write) -> None:
    first = predictions_file(record(), file="a.jsonl")
    second = predictions_file(record(id="1"), record(dataset="films"), file="b.jsonl")
    document = json.loads(run("score", first, second, "--json").stdout)
    assert {name: part["sentences"] for name, part in document["datasets"].items()} == {"news": 2, "films": 1}
    assert document["files"] == [str(first), str(second)]


def test_the_folder_of_a_run_names_the_system(run: Run, predictions: Path) -> None:
    write_run(predictions, model={"name": "tiny", "parameters": 7, "note": "demo"}, sentences=3)
    result = run("score", predictions.parent, "--json")
    assert result.exit_code == 0
    system = {"name": "tiny", "parameters": 7, "note": "demo", "training_sets": []}
    assert json.loads(result.stdout)["system"] == system


def test_name_goes_before_that_of_the_run(run: Run, predictions: Path) -> None:
    write_run(predictions, model={"name": "tiny"}, sentences=3)
    assert json.loads(run("score", predictions, "--json", "--name", "mine").stdout)["system"]["name"] == "mine"


def test_a_public_checkpoint_has_the_size_of_the_catalogue(run: Run, predictions: Path) -> None:
    document = json.loads(run("score", predictions, "--json", "--name", "gner-t5-BASE").stdout)
    assert document["system"]["parameters"] == pytest.approx(248e6, rel=0.05)


def test_an_incomplete_run_is_scored_and_ends_in_6(run: Run, predictions: Path, tmp_path: Path) -> None:
    write_run(predictions, model={"name": "tiny"}, sentences=5)
    result = run("score", predictions.parent, "--json", "--out", tmp_path / "scores.json")
    assert result.exit_code == 6
    assert json.loads(result.stdout)["datasets"]["news"]["sentences"] == 2
    assert (tmp_path / "scores.json").read_text() == result.stdout
    assert "Warning: incomplete: 2 sentences of the run are missing" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("Error: 2 sentences of the run are missing")


def test_a_run_on_some_sentences_says_so(run: Run, predictions: Path) -> None:
    datasets = {"news": {"sentences": 2, "sentences_in_data": 700}, "films": {"sentences": 1, "sentences_in_data": 1}}
    write_run(predictions, model={"name": "tiny"}, sentences=3, datasets=datasets)
    result = run("score", predictions.parent)
    assert result.exit_code == 0
    assert "Warning: not all sentences were scored: 2 of 700 of news/test\n" in result.stderr
    assert "films" not in result.stderr
    assert " 2 of 700 │" in result.stdout
    assert "\nNot all sentences were scored: news 2 of 700\n" in result.stdout
    assert "|part:news=2/700|" in result.stdout


def test_the_same_sentence_twice_is_refused_with_both_places(
    refusal: Refusal, record: Build, predictions_file: Write
) -> None:
    first = predictions_file(record(id="1"), record(), file="a.jsonl")
    second = predictions_file(record(prediction=""), file="b.jsonl")
    said = refusal("score", first, second)
    assert said.startswith(f"{second}, line 1: instance.id: ")
    assert f"({first}, line 2)" in said


def test_a_file_given_twice_is_refused(refusal: Refusal, predictions: Path) -> None:
    assert "was read already" in refusal("score", predictions, predictions)


def test_one_set_with_two_splits_is_refused(refusal: Refusal, record: Build, predictions_file: Write) -> None:
    path = predictions_file(record(), record(id="1", split="dev"))
    assert refusal("score", path).startswith(
        f"{path}, line 2: split: 'dev', but earlier sentences of news are of 'test'"
    )


def test_bad_input_ends_in_one_line(refusal: Refusal, bad_predictions: Any) -> None:
    said = refusal("score", bad_predictions.path)
    assert said.startswith(bad_predictions.place)
    assert bad_predictions.reason in said


def test_bad_input_leaves_the_earlier_scores_alone(refusal: Refusal, tmp_path: Path) -> None:
    (tmp_path / "scores.json").write_text("earlier")
    (tmp_path / "bad.jsonl").write_text("{")
    refusal("score", tmp_path / "bad.jsonl", "--out", tmp_path / "scores.json")
    assert (tmp_path / "scores.json").read_text() == "earlier"


def test_a_folder_without_predictions_is_refused(refusal: Refusal, tmp_path: Path) -> None:
    assert refusal("score", tmp_path) == f"{tmp_path / 'predictions.jsonl'}: No such file or directory"


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "is not"), ("[]", "expected a JSON object"), ('{"model": "tiny"}', "model: expected"), ("\xff", "is not")],
)
def test_a_bad_run_json_is_named(refusal: Refusal, predictions: Path, text: str, said: str) -> None:
    about = predictions.with_name("run.json")
    about.write_bytes(text.encode("latin-1"))
    assert refusal("score", predictions).removeprefix(str(about)).removeprefix(", line 1").startswith(f": {said}")


@pytest.mark.parametrize("about", [{"sentences": "3"}, {"sentences": None}, {"model": {"name": 3}}])
def test_a_field_of_another_kind_in_run_json_is_named(refusal: Refusal, predictions: Path, about: Any) -> None:
    write_run(predictions, **about)
    assert refusal("score", predictions).startswith(f"{predictions.with_name('run.json')}: ")


@pytest.mark.parametrize("content", [None, b"{}", b"\xff"])
def test_a_bad_tokenizer_is_named(refusal: Refusal, predictions: Path, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "other.json"
    if content is not None:
        path.write_bytes(content)
    assert refusal("score", predictions, "--tokenizer", path).startswith(f"{path}: ")


def test_an_out_file_below_a_file_is_refused(refusal: Refusal, predictions: Path) -> None:
    assert refusal("score", predictions, "--out", predictions / "scores.json").startswith(
        f"{predictions}: cannot write"
    )


def test_half_a_character_is_refused(refusal: Refusal, record: Build, predictions_file: Write) -> None:
    assert "line 1" in refusal("score", predictions_file(record(words=["\ud800", "saw", "Oslo"])))


@pytest.mark.parametrize("name", ["[/x]", "a[red]b"])
def test_square_brackets_in_names_are_printed(run: Run, record: Build, predictions_file: Write, name: str) -> None:
    path = predictions_file(record(dataset=name, label_list=[name], labels=[f"B-{name}", "O", "O"]))
    result = run("score", path, "--per-type", "--name", name)
    assert result.exit_code == 0
    assert result.stdout.count(name) >= 4


def test_without_a_file_the_usage_is_shown(run: Run) -> None:
    result = run("score")
    assert result.exit_code == 2
    assert "Usage:" in result.stderr


def loaded_modules(code: str) -> set[str]:
    """The modules that a fresh Python has imported after ``code``."""
    script = f"{code}\nimport json, sys\nprint(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_command_starts_without_heavy_libraries() -> None:
    loaded = loaded_modules("import gner_bench.cli")
    assert "gner_bench.cli.score" in loaded
    assert not loaded & {*HEAVY, "rich", "tokenizers"}


@pytest.mark.slow
@pytest.mark.parametrize("tokenizer", [False, True])
def test_scoring_needs_no_torch(predictions: Path, tokenizer: bool) -> None:
    if tokenizer:
        write_tokenizer(predictions.with_name("tokenizer.json"), "ann", "saw", "oslo")
    command = ["score", str(predictions), "--per-type", "--fail-under", "1"]
    loaded = loaded_modules(f"from gner_bench.cli import main\nmain({command!r}, standalone_mode=False)")
    assert {"gner_bench.scoring.scores", "rich"} <= loaded
    assert ("tokenizers" in loaded) is tokenizer
    assert not loaded & HEAVY


@pytest.fixture
def scored_spans(record: Build, predictions_file: Write) -> Path:
    """Two sentences of Ann, who is sure, and Oslo, which is less so and wrong the second time."""
    spans = [[[0, 0, "person", 0.9], [2, 2, "place", 0.6]], [[0, 0, "person", 0.8], [2, 2, "person", 0.3]]]
    return predictions_file(*(record(id=str(i), format="spans", prediction=json.dumps(s)) for i, s in enumerate(spans)))


def test_thresholds_are_swept_without_predicting_again(scored_spans: Path, run: Run) -> None:
    result = run("score", str(scored_spans), "--thresholds", "0.25:0.85:0.3", "--json", "--metric", "strict")
    document = json.loads(result.stdout)
    # Of 4 gold entities: 4 predicted, 3 right; 3 and 3; 1 and 1.
    assert [(at["threshold"], at["average"]["strict"]["f1"]) for at in document["thresholds"]] == [
        (0.25, 0.75),
        (0.55, pytest.approx(6 / 7)),
        (0.85, 0.4),
    ]
    assert document["thresholds"][1]["datasets"]["news"]["strict"]["true_positives"] == 3
    assert "|threshold:0.55|" in document["thresholds"][1]["signature"]
    assert "choose it on others, such as the dev split" in document["note"]
    table = run("score", str(scored_spans), "--thresholds", "0.55,0.85", "--metric", "strict").stdout
    assert [line.split("│")[1:6] for line in table.splitlines() if "│" in line][-1] == [
        *("      0.85 ", "         1 ", " 100.00 ", " 25.00 ", "     40.00 ")
    ]
    rows = run("score", str(scored_spans), "--thresholds", "1", "--format", "csv").stdout.splitlines()
    assert rows[0].startswith("system,threshold,scope,dataset,split,metric,precision,recall,f1,true_positives")
    assert rows[1].startswith("predictions,1.0,set,news,test,gner,0.0,0.0,0.0,0,0,4,")
    assert "| 0.5 | 3 |" in run("score", str(scored_spans), "--thresholds", "0.5", "--format", "markdown").stdout


@pytest.mark.parametrize("asked", ["0.5:0.1:0.1", "0:1:0", "2", "a", "0.1:0.2", "0:1:1e-9", "nan", ""])
def test_thresholds_that_are_none_are_refused(asked: str, scored_spans: Path, run: Run) -> None:
    result = run("score", str(scored_spans), "--thresholds", asked)
    assert result.exit_code == 2
    assert "expected numbers from 0 to 1, as 0.3,0.5 or 0.1:0.9:0.1" in result.stderr


@pytest.mark.parametrize("other", ["--per-type", "--errors", "--fail-under=5", "--format=junit"])
def test_thresholds_have_a_table_of_their_own(other: str, scored_spans: Path, run: Run) -> None:
    result = run("score", str(scored_spans), "--thresholds", "0.5", other)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--corrected-gold and --thresholds go not with each other, with no gates and none of" in result.stderr


@pytest.mark.parametrize(
    ("asked", "metric", "dataset"),
    [
        ("mean", "gner", None),
        ("strict", "strict", None),
        ("strict@mean", "strict", None),
        ("strict@films", "strict", "films"),
        ("@news", "gner", "news"),
        ("conlleval", "conlleval", None),
    ],
)
def test_only_prints_one_f1(
    asked: str, metric: str, dataset: str | None, run: Run, predictions: Path, tmp_path: Path
) -> None:
    out = tmp_path / "scores.json"
    result = run("score", predictions, "-b", asked, "--fail-under", "100", "--out", out)
    assert result.exit_code == 3  # the gates have their say, on stderr
    document = json.loads(out.read_text())
    values = document["datasets"][dataset] if dataset else document["average"]
    assert result.stdout == f"{100 * values[metric]['f1']:.2f}\n"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("strikt", "did you mean 'strict'?"),
        ("nothing", "known: mean, gner, strict"),
        ("strict@flims", "no data set 'flims'; did you mean 'films'?"),
        ("@", "expected mean, METRIC, METRIC@DATASET or @DATASET"),
        ("", "expected mean"),
    ],
)
def test_only_of_what_there_is_not_names_what_there_is(
    asked: str, said: str, refusal: Refusal, predictions: Path
) -> None:
    assert said in refusal("-q", "score", predictions, "--tokenizer", "none", "--only", asked)


@pytest.mark.parametrize("other", [["--json"], ["--format", "csv"], ["--per-type"], ["--errors"]])
def test_only_prints_nothing_else(other: list[str], refusal: Refusal, predictions: Path) -> None:
    assert "--only prints a number alone" in refusal("score", predictions, "--only", "mean", *other)
