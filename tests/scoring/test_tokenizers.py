"""Which tokenizer back-tokenizes which system: its own, one for those without, one that is named for it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gner_bench import compare, load_predictions, score
from gner_bench.cli import main
from gner_bench.demo import CHECKPOINT
from gner_bench.errors import UsageError
from gner_bench.scoring.tokenizers import Tokenizers, read_tokenizers
from gner_bench.structure import load_back_tokenizer

DEMO = load_back_tokenizer(CHECKPOINT).fingerprint[:8]


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Another tokenizer file: the same one with a space at its end."""
    path = tmp_path / "other.json"
    path.write_bytes((CHECKPOINT / "tokenizer.json").read_bytes() + b" ")
    return path


@pytest.fixture
def system(record: Callable[..., dict[str, Any]], predictions_file: Callable[..., Path]) -> Callable[..., Path]:
    """A run folder, with the demonstration's tokenizer in it unless ``own`` is false."""

    def build(name: str, own: bool = True, dataset: str = "news") -> Path:
        folder = predictions_file(record(dataset=dataset), file=f"{name}/predictions.jsonl").parent
        (folder / "run.json").write_text(json.dumps({"model": {"name": f"model-{name}"}, "sentences": 1}))
        if own:
            shutil.copy(CHECKPOINT / "tokenizer.json", folder)
        return folder

    return build


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def used(*systems: Path, tokenizer: Any) -> list[str]:
    return [system.signature["tok"] for system in compare(*systems, tokenizer=tokenizer, resamples=100).systems]


def test_a_tokenizer_is_for_the_systems_that_have_none(system: Callable[..., Path], other: Path) -> None:
    own, without = system("own"), system("without", own=False)
    theirs = load_back_tokenizer(other).fingerprint[:8]
    assert used(own, without, tokenizer=None) == [DEMO, "none"]
    assert used(own, without, tokenizer=other) == [DEMO, theirs]
    assert used(own, without, tokenizer="none") == [DEMO, "none"]
    assert used(own, without, tokenizer=[f"{own}={other}"]) == [theirs, "none"]
    assert used(own, without, tokenizer=[f"model-own={other}", str(CHECKPOINT)]) == [theirs, DEMO]
    assert used(own, without, tokenizer=["own=none"]) == ["none", "none"]


def test_compare_and_report_tell_that_tokenizers_differ(
    system: Callable[..., Path], other: Path, tmp_path: Path
) -> None:
    own, without = system("own"), system("without", own=False)
    theirs = load_back_tokenizer(other).fingerprint[:8]
    told = f"not like for like: tok is {DEMO} for A model-own, {theirs} for B model-without"
    assert told in run("compare", own, without, "--tokenizer", other).stderr
    same = run("compare", own, without, "--tokenizer", other, "--tokenizer", f"own={other}")
    assert "not like for like" not in same.stderr
    report = run("report", own, without, "--tokenizer", other, "--out", tmp_path / "r", "--formats", "md")
    assert report.exit_code == 0
    assert f"tok is {DEMO}" in (tmp_path / "r/report.md").read_text(encoding="utf-8")
    explained = run("explain", own, without, "--tokenizer", CHECKPOINT, "--sample", "news/0")
    assert "scored without back-tokenization" not in explained.stderr


def test_files_of_one_system_have_their_own_each(system: Callable[..., Path], other: Path) -> None:
    one, two = system("one"), system("two", own=False, dataset="films")
    theirs = load_back_tokenizer(other).fingerprint[:8]
    for tokenizer, expected in (
        (None, {DEMO}),
        (other, {DEMO, theirs}),
        ([f"two={CHECKPOINT}"], {DEMO}),
        ([f"{one}=none", str(other)], {"none", theirs}),
    ):
        scores = score(load_predictions(one, two, tokenizer=tokenizer))
        assert {part[:8] for part in (scores.origin.tokenizer or "none").split("+")} == expected
        warned = [line for line in scores.origin.warnings if "different tokenizers" in line]
        assert len(warned) == (len(expected) > 1)
    # One file alone has what is given.
    assert (score(load_predictions(one, tokenizer=other)).origin.tokenizer or "")[:8] == theirs
    result = run("score", one, two, "--tokenizer", other)
    assert f"tok:{'+'.join(sorted((DEMO, theirs)))}|" in result.stdout.replace("\n", "")


def test_names_that_no_system_has_and_several_for_all_are_refused(system: Callable[..., Path], tmp_path: Path) -> None:
    own = system("own")
    result = run("compare", own, own, "--tokenizer", "onw=none")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--tokenizer onw=none: no system is called 'onw'" in result.stderr
    with pytest.raises(UsageError, match=r"a and b: say which system each is for \(NAME=PATH\)"):
        read_tokenizers(["a", "b"])
    named = tmp_path / "a=b"
    named.write_text("")
    assert read_tokenizers(named) == Tokenizers(str(named))
    assert run("score", own, "--tokenizer", f"own={tmp_path / 'missing'}").exit_code == 2
