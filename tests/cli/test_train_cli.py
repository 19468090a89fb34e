"""``gner-bench train``: one line for what cannot be done, --dry-run, upload, going on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from transformers import BertConfig

from gner_bench.demo import CHECKPOINT, CORPUS

pytestmark = pytest.mark.slow

Run = Callable[..., Result]
Refusal = Callable[..., str]

RECIPE = """\
name = "mine"
checkpoint = "{checkpoint}"
steps = {steps}
batch_size = 2
device_batch_size = {rows}
precision = "fp32"
test = ["films"]
{more}
[[sets]]
name = "films"
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Four sentences to train on, one of which is tested too."""
    lines = (CORPUS / "mit-movie/test.txt").read_text(encoding="utf-8").split("\n\n")
    folder = tmp_path / "data/films"
    folder.mkdir(parents=True)
    shutil.copyfile(CORPUS / "mit-movie/label.txt", folder / "label.txt")
    for split, part in (("train", lines[:4]), ("test", lines[3:5]), ("dev", lines[4:6])):
        (folder / f"{split}.txt").write_text("\n\n".join(part) + "\n", encoding="utf-8")
    return tmp_path / "data"


@pytest.fixture
def recipe(tmp_path: Path) -> Callable[..., Path]:
    """Writes a recipe that fine-tunes the demonstration checkpoint for one update."""

    def write(more: str = "", checkpoint: object = "demo", steps: int = 1, rows: int = 2) -> Path:
        path = tmp_path / "recipe.toml"
        path.write_text(RECIPE.format(checkpoint=checkpoint, steps=steps, rows=rows, more=more), encoding="utf-8")
        return path

    return write


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.mark.slow
def test_a_recipe_with_a_checkpoint_fine_tunes_it(run: Run, recipe: Callable[..., Path], data: Path, out: Path) -> None:
    arguments = ["train", recipe(), "--data", data, "--out", out]
    first = run(*arguments)
    assert (first.exit_code, first.stdout) == (0, f"{out}\n"), first.output
    assert "Warning: 1 of 4 sentences of films/train are in films/test" in first.stderr
    assert "mine: 1/1" in first.stderr
    written = (out / "model.safetensors").read_bytes()
    again = run(*arguments)
    assert (again.exit_code, again.stdout, again.stderr) == (0, f"{out}\n", "")
    assert (out / "model.safetensors").read_bytes() == written


@pytest.mark.slow
def test_a_dry_run_writes_nothing(run: Run, recipe: Callable[..., Path], data: Path, tmp_path: Path) -> None:
    path = recipe("[selection]\nholdout = 3\n")
    before = sorted(tmp_path.rglob("*"))
    result = run("train", path, "--data", data, "--dry-run")
    assert result.exit_code == 0, result.output
    names = [line.partition(" ")[0] for line in result.stdout.splitlines()]
    assert names == [
        "recipe",
        "sentences",
        "batch",
        "updates",
        "evaluations",
        "tokens",
        "padding",
        "memory",
        "time",
        "result",
    ]
    assert "demo (t5, 7.2 M weights), target full+bio" in result.stdout
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.slow
def test_a_finished_checkpoint_is_uploaded(
    run: Run, recipe: Callable[..., Path], data: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    sent: list[Any] = []
    calls = {"create_repo": lambda self, *_, **__: None, "upload_folder": lambda self, **given: sent.append(given)}
    monkeypatch.setattr(huggingface_hub, "HfApi", type("Stub", (), calls))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    result = run("train", recipe(), "--data", data, "--out", out, "--push-to-hub", "me/mine")
    assert (result.exit_code, result.stdout) == (0, f"{out}\nhttps://huggingface.co/me/mine\n"), result.output
    assert sent[0]["folder_path"] == out


def test_a_file_that_is_no_recipe_is_refused(refusal: Refusal, tmp_path: Path, out: Path) -> None:
    path = tmp_path / "r.toml"
    cases = {
        'name = "x"\n': "checkpoint: is missing",
        'checkpoint = "demo"\n[model]\n': "model: unknown key",
        "name =": "is not TOML: ",
    }
    for text, message in cases.items():
        path.write_text(text, encoding="utf-8")
        assert refusal("train", path, "--out", out).startswith(f"{path}: {message}")
    assert (
        refusal("train", tmp_path / "none.toml", "--out", out) == f"{tmp_path / 'none.toml'}: No such file or directory"
    )


def test_a_recipe_for_training_from_scratch_says_where_that_is(refusal: Refusal, tmp_path: Path, out: Path) -> None:
    recipe = Path(__file__).parents[2] / "benchmarks/gner_tiny/recipe.toml"
    message = f"{recipe}: has a [model] table, for training from scratch, which is not part of this command; in the"
    message += " repository of gner-bench, benchmarks/gner_tiny does it (make gner-tiny DATA=…)"
    assert refusal("train", recipe, "--data", tmp_path, "--out", out) == message


def test_a_place_for_the_result_is_needed(refusal: Refusal, recipe: Callable[..., Path]) -> None:
    assert refusal("train", recipe()) == "say where the checkpoint goes: --out DIR"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("batchsize = 4", "batchsize: unknown key; did you mean 'batch_size'?"),
        ('precision = "fp16"', ""),
        ('report_to = ["tensorbord"]', "--report-to: unknown tracker 'tensorbord'; did you mean 'tensorboard'?"),
        (
            '[selection]\ndev = ["films"]',
            "selecting on test sentences: 1 of 2 sentences of films/dev are in films/test",
        ),
        ('[lora]\nmodules = ["query"]', "lora.modules: the model has no layer 'query'"),
    ],
)
def test_bad_recipes_are_one_line(
    refusal: Refusal, recipe: Callable[..., Path], data: Path, out: Path, more: str, message: str
) -> None:
    path = recipe(more)
    if "fp16" in more:
        path.write_text(path.read_text(encoding="utf-8").replace('precision = "fp32"\n', ""), encoding="utf-8")
        message = "precision fp16 needs a CUDA device; use bf16 or fp32"
    assert message in refusal("-q", "train", path, "--data", data, "--out", out)


def test_a_batch_that_does_not_divide_is_one_line(
    refusal: Refusal, recipe: Callable[..., Path], data: Path, out: Path
) -> None:
    told = refusal("train", recipe(rows=3), "--data", data, "--out", out)
    assert told.endswith("the nearest that is: batch_size = 3, or keep it with device_batch_size = 2")


def bert(folder: Path) -> str:
    BertConfig().save_pretrained(folder)
    shutil.copyfile(CHECKPOINT / "tokenizer.json", folder / "tokenizer.json")
    (folder / "model.safetensors").touch()
    return f"{folder}: is a bert checkpoint; T5 and LLaMA checkpoints can be fine-tuned"


def without_tokenizer(folder: Path) -> str:
    shutil.copytree(CHECKPOINT, folder, ignore=shutil.ignore_patterns("tokenizer*"))
    return f"{folder}: no tokenizer here (looked for tokenizer.json, tokenizer.model, spiece.model)"


def without_end_token(folder: Path) -> str:
    shutil.copytree(CHECKPOINT, folder)
    config = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    del config["eos_token"]
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    return f"{folder}: its tokenizer has no end token (eos_token)"


def too_many_tokens(folder: Path) -> str:
    shutil.copytree(CHECKPOINT, folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"vocab_size": 100}), encoding="utf-8")
    return f"{folder}: its tokenizer has 4090 tokens, the model only 100"


def damaged(folder: Path) -> str:
    shutil.copytree(CHECKPOINT, folder)
    (folder / "model.safetensors").write_bytes(b"x" * 100)
    return f"{folder}: cannot be loaded as a checkpoint: "


def empty(folder: Path) -> str:
    folder.mkdir()
    return f"{folder}: is not a checkpoint folder: no config.json"


@pytest.mark.parametrize(
    "break_it",
    [bert, without_tokenizer, without_end_token, too_many_tokens, damaged, empty],
    ids=lambda each: each.__name__,
)
def test_checkpoints_that_cannot_be_fine_tuned_are_one_line(
    refusal: Refusal,
    recipe: Callable[..., Path],
    data: Path,
    out: Path,
    tmp_path: Path,
    break_it: Callable[[Path], str],
) -> None:
    message = break_it(tmp_path / "start")
    assert refusal("-q", "train", recipe(checkpoint=tmp_path / "start"), "--data", data, "--out", out).startswith(
        message
    )


def test_a_checkpoint_that_is_not_in_the_cache_says_how_to_get_it(
    run: Run, recipe: Callable[..., Path], data: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GNER_BENCH_HOME", str(tmp_path / "home"))
    result = run("train", recipe(checkpoint="google/flan-t5-base"), "--data", data, "--out", out, "--offline")
    assert result.exit_code == 1
    assert "run `gner-bench download google/flan-t5-base`" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.slow
def test_an_interruption_is_reported_and_has_its_exit_code(
    run: Run, recipe: Callable[..., Path], data: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gner_bench.train.trainer import FineTuneTrainer

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(FineTuneTrainer, "training_step", interrupted)
    result = run("train", recipe(), "--data", data, "--out", out)
    assert result.exit_code == 130
    assert result.stderr.endswith(
        f"Interrupted: the last saved state is in {out / 'state'}; the same command continues.\n"
    )
