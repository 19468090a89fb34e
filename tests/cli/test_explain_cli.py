from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from gner_bench.cli.explain import CLASSES
from gner_bench.scoring.errors import ERROR_CLASSES

Build = Callable[..., dict[str, Any]]
Write = Callable[..., Path]
Run = Callable[..., Result]
Refusal = Callable[..., str]


@pytest.fixture
def predictions(record: Build, predictions_file: Write) -> Path:
    """One right sentence, one with a missed and a mistyped entity, one of another set with a spurious entity."""
    return predictions_file(
        record(),
        record(id="1", prediction="Ann(O) saw(O) Oslo(B-person)"),
        record(id="0", dataset="films", prediction="Ann(B-person) saw(B-place) Oslo(B-place)"),
    )


def test_the_classes_of_the_option_are_those_of_error_analysis() -> None:
    assert ("correct", *CLASSES) == ERROR_CLASSES


def test_a_sample_is_explained(run: Run, predictions: Path) -> None:
    result = run("explain", predictions, "--sample", "news/1", "--tokenizer", "none")
    assert result.exit_code == 0, result.output
    assert "news/1" in result.stdout
    assert "[Ann|person] saw [Oslo|place]" in result.stdout
    assert "wrong_type" in result.stdout
    assert result.stderr == ""
    assert "\x1b" not in result.stdout


def test_samples_are_explained_in_the_order_asked_for_and_once(run: Run, predictions: Path) -> None:
    names = ["films/0", "news/0", "films/0"]
    result = run("explain", predictions, *(part for name in names for part in ("--sample", name)), "--json")
    assert [each["sample"] for each in json.loads(result.stdout)["samples"]] == ["films/0", "news/0"]


def test_json_is_one_document_with_every_system(run: Run, record: Build, predictions_file: Write) -> None:
    right, wrong = predictions_file(record(), file="a.jsonl"), predictions_file(record(prediction=""), file="b.jsonl")
    result = run("explain", right, wrong, "--sample", "news/0", "--json", "--tokenizer", "none")
    (sample,) = json.loads(result.stdout)["samples"]
    assert [(each["system"], each["step"], each["omitted"]) for each in sample["systems"]] == [
        ("a", "exact", []),
        ("b", "subsequence", [0, 1, 2]),
    ]
    assert sample["systems"][0]["counts"]["gner"] == {"true_positives": 2, "predicted": 2, "gold": 2}


def test_systems_of_one_name_are_told_apart_by_their_files(run: Run, record: Build, predictions_file: Write) -> None:
    paths = [predictions_file(record(), file=f"{folder}/predictions.jsonl") for folder in ("a", "b")]
    result = run("explain", *paths, "--sample", "news/0", "--json")
    (sample,) = json.loads(result.stdout)["samples"]
    assert [each["system"] for each in sample["systems"]] == [f"predictions ({path})" for path in paths]


def test_two_systems_stand_under_the_same_sample(run: Run, record: Build, predictions_file: Write) -> None:
    paths = [predictions_file(record(), file=f"{name}.jsonl") for name in ("base", "large")]
    text = run("explain", *paths, "--sample", "news/0").stdout
    assert text.index("news/0") < text.index("\nbase\n") < text.index("\nlarge\n")
    assert text.count("\ngold ") == 1


def test_without_a_sample_the_worst_sentences_are_listed(run: Run, predictions: Path) -> None:
    result = run("explain", predictions)
    assert result.exit_code == 0
    rows = [line.split() for line in result.stdout.splitlines() if line.startswith(("news/", "films/"))]
    assert rows == [
        ["news/1", "2", "1", "missed,", "1", "wrong_type", "exact"],
        ["films/0", "1", "1", "spurious", "exact"],
    ]


def test_the_worst_of_a_class_as_json(run: Run, predictions: Path) -> None:
    result = run("explain", predictions, "--worst", "1", "--class", "spurious", "--json")
    assert json.loads(result.stdout) == {
        "worst": {
            "predictions": [
                {"sample": "films/0", "file": str(predictions), "line": 3, "errors": {"spurious": 1}, "step": "exact"}
            ]
        }
    }


def test_right_predictions_have_no_worst_sentence(run: Run, record: Build, predictions_file: Write) -> None:
    result = run("explain", predictions_file(record()))
    assert result.exit_code == 0
    assert "predictions: no sentence has such errors" in result.stdout


def test_the_tokenizer_beside_the_file_is_used(run: Run, record: Build, predictions_file: Write) -> None:
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel

    path = predictions_file(record(["Ann", "{"], ["O", "O"], prediction="Ann(O)"))
    tokenizer = Tokenizer(WordLevel({"<unk>": 0, "ann": 1}, "<unk>"))
    tokenizer.add_special_tokens(["<unk>"])
    tokenizer.save(str(path.with_name("tokenizer.json")))
    (sample,) = json.loads(run("explain", path, "--sample", "news/0", "--json").stdout)["samples"]
    assert [word["compared"] for word in sample["systems"][0]["words"]] == ["ann", ""]


def test_scoring_without_back_tokenization_is_warned_of_once(run: Run, predictions: Path) -> None:
    result = run("explain", predictions, predictions, "--sample", "news/0")
    assert result.stderr.count("Warning: scored without back-tokenization") == 1


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("news/9", "no sentence '9' in news (2 sentences; nearest ids: 0, 1)"),
        ("new/1", "no data set 'new'; did you mean 'news'?"),
        ("news", "'news' is not DATASET/ID, such as news/0"),
    ],
)
def test_an_unknown_sample_is_refused_with_the_nearest(
    refusal: Refusal, predictions: Path, name: str, reason: str
) -> None:
    assert refusal("explain", predictions, "--sample", name) == f"{predictions}: {reason}"


def test_a_sample_that_one_of_the_systems_lacks_is_refused(
    refusal: Refusal, predictions: Path, record: Build, predictions_file: Write
) -> None:
    other = predictions_file(record(), file="other.jsonl")
    assert refusal("explain", predictions, other, "--sample", "news/1").startswith(f"{other}: no sentence '1' in news")


@pytest.mark.parametrize("option", [("--worst", "3"), ("--class", "missed")])
def test_looking_for_sentences_and_naming_one_exclude_each_other(
    run: Run, predictions: Path, option: tuple[str, str]
) -> None:
    result = run("explain", predictions, "--sample", "news/0", *option)
    assert result.exit_code == 2
    assert "use one or the other" in result.stderr


def test_unreadable_predictions_are_refused_in_one_line(run: Run, bad_predictions: Any) -> None:
    result = run("explain", bad_predictions.path, "--sample", "news/1")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1].startswith(f"Error: {bad_predictions.place}")


def test_explaining_loads_no_model_library(predictions: Path) -> None:
    code = (
        "import sys; from gner_bench.cli import main\n"
        f"main(['explain', {str(predictions)!r}, '--sample', 'news/1'], standalone_mode=False)\n"
        "assert not {'torch', 'transformers', 'matplotlib'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_real_samples_are_explained_with_the_step_that_placed_them(run: Run, shared: Path) -> None:
    file, tokenizer = shared / "predictions" / "gner-t5-base.dev700.jsonl", shared / "tokenizers" / "t5"
    steps = {"crossner_ai/55": "lcs", "crossner_music/282": "subsequence", "mit-movie/1343": "exact"}
    samples = [part for name in steps for part in ("--sample", name)]
    result = run("explain", file, "--tokenizer", tokenizer, *samples, "--json")
    assert {each["sample"]: each["systems"][0]["step"] for each in json.loads(result.stdout)["samples"]} == steps
