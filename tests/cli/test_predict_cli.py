"""What `gner-bench predict` takes of the data, and how it refuses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from gner_bench.documents.record import read_records

Run = Callable[..., Result]
Refusal = Callable[..., str]
PREDICT = ("predict", "--model", "demo", "--data", "demo")
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick")]


def taken(out: Path) -> list[str]:
    return [f"{record.dataset}/{record.id}" for record in read_records(out / "predictions.jsonl")]


def about(out: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((out / "run.json").read_text(encoding="utf-8"))
    return document


def test_a_range_of_each_data_set(run: Run, tmp_path: Path) -> None:
    result = run(*PREDICT, "--datasets", "mit-movie,crossner_ai", "--limit", "3-4", "--out", tmp_path)
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{tmp_path}/predictions.jsonl\n"
    assert taken(tmp_path) == ["mit-movie/2", "mit-movie/3", "crossner_ai/2", "crossner_ai/3"]
    assert about(tmp_path)["selection"] == {"limit": "3-4"}
    assert about(tmp_path)["datasets"]["mit-movie"]["sentences_in_data"] == 24


def test_a_sample_is_noted_and_extended_by_a_larger_one(run: Run, tmp_path: Path) -> None:
    command = (*PREDICT, "--datasets", "mit-movie,crossner_ai", "--sample-seed", "3", "--out", tmp_path, "--sample")
    assert run(*command, "2").exit_code == 0
    few = taken(tmp_path)
    assert about(tmp_path)["selection"] == {"sample": 2, "sample_seed": 3}
    assert run(*command, "4").exit_code == 0
    many = taken(tmp_path)
    assert len(few) == 4
    assert len(many) == 8
    assert set(few) < set(many)
    assert many == sorted(many, key=lambda name: (name[0] != "m", int(name.partition("/")[2])))
    refused = run(*command, "2")
    assert refused.exit_code == 2
    assert "of another run; choose another --out" in refused.stderr


def test_sentences_by_id(run: Run, tmp_path: Path) -> None:
    (tmp_path / "ids").write_text("mit-movie/7\nmit-restaurant/2\n", encoding="utf-8")
    assert run(*PREDICT, "--sample-ids", f"@{tmp_path}/ids", "--out", tmp_path / "run").exit_code == 0
    assert taken(tmp_path / "run") == ["mit-movie/7", "mit-restaurant/2"]
    assert about(tmp_path / "run")["selection"] == {"sample_ids": ["mit-movie/7", "mit-restaurant/2"]}
    scored = run("score", tmp_path / "run")
    assert scored.exit_code == 0
    assert "Warning: not all sentences were scored: 1 of 24 of mit-movie/test" in scored.stderr


def test_a_shard_goes_to_its_own_folder(run: Run, tmp_path: Path) -> None:
    command = (*PREDICT, "--dataset", "mit-movie", "--limit", "5", "--shard", "2/2", "--out", tmp_path)
    assert run(*command).exit_code == 0
    assert taken(tmp_path / "shard-2-of-2") == ["mit-movie/1", "mit-movie/3"]
    assert about(tmp_path / "shard-2-of-2")["selection"] == {"limit": "1-5", "shard": "2/2"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--limit", "0"), "--limit: '0': expected a number of sentences, or a range such as 11-20"),
        (("--sample", "2", "--limit", "3"), "--sample and --limit exclude each other"),
        (("--sample", "2", "--sample-ids", "1"), "--sample and --sample-ids exclude each other"),
        (("--limit", "20-11"), "--limit: '20-11': expected"),
        (("--limit", "99-100"), "there is no sentence 99-100"),
        (("--shard", "3/2"), "--shard: '3/2': expected i/n with i from 1 to n"),
        (("--sample-ids", ","), "--sample-ids: ',': names no sentence"),
        (("--sample-ids", "@no/such/file"), "no/such/file: No such file"),
        (("--sample-ids", "7"), "--sample-ids: there is no sentence '7'; write DATASET/ID with one of"),
        (("--sample-ids", "mit-movie/99"), "--sample-ids: there is no sentence 'mit-movie/99'; write DATASET/ID"),
    ],
)
def test_what_is_not_there_is_one_line(refusal: Refusal, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    assert said in refusal(*PREDICT, *arguments, "--out", tmp_path / "run")


def test_a_launched_process_refuses_a_shard(refusal: Refusal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert "take their shards themselves" in refusal(*PREDICT, "--shard", "1/2", "--out", tmp_path)


def records_of(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "predictions.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def mixed(run: Run, tmp_path: Path) -> Path:
    """A file with five sentences of two sets of the demonstration, in an order of its own."""
    result = run(*PREDICT, "--datasets", "mit-movie,crossner_ai", "--limit", "4", "--out", tmp_path / "some")
    assert result.exit_code == 0, result.stderr
    lines = (tmp_path / "some/predictions.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    path = tmp_path / "mixed.jsonl"
    path.write_text("".join(lines[place] for place in (6, 3, 1, 4, 0)), encoding="utf-8")
    return path


MIXED = ["crossner_ai/2", "mit-movie/3", "mit-movie/1", "crossner_ai/0", "mit-movie/0"]


def test_the_sentences_of_a_file_in_their_order(run: Run, mixed: Path, tmp_path: Path) -> None:
    out = tmp_path / "same"
    command = (*PREDICT, "--same-as", mixed, "--out", out)
    result = run(*command)
    assert result.exit_code == 0, result.stderr
    assert taken(out) == MIXED
    digest = hashlib.sha256(mixed.read_bytes()).hexdigest()
    assert about(out)["selection"] == {"same_as": {"file": str(mixed), "sha256": digest}}
    # It continues after a kill, and a run folder names its sentences, too.
    lines = (out / "predictions.jsonl").read_bytes().splitlines(keepends=True)
    (out / "predictions.jsonl").write_bytes(b"".join(lines[3:]))
    assert run(*command).exit_code == 0
    assert (out / "predictions.jsonl").read_bytes() == b"".join(lines)
    assert run(*PREDICT, "--same-as", out, "--out", tmp_path / "again").exit_code == 0
    assert (tmp_path / "again/predictions.jsonl").read_bytes() == b"".join(lines)
    assert 'same_as = "' in run("run", "--export-config", out).stdout


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (("--datasets", "mit-movie"), ["mit-movie/3", "mit-movie/1", "mit-movie/0"]),
        (("--limit", "1"), ["crossner_ai/2", "mit-movie/3"]),
        (("--limit", "2-3"), ["mit-movie/1", "crossner_ai/0", "mit-movie/0"]),
        (("--sample-ids", "mit-movie/0,crossner_ai/2"), ["crossner_ai/2", "mit-movie/0"]),
    ],
)
def test_other_choices_are_of_the_sentences_of_the_file(
    run: Run, mixed: Path, tmp_path: Path, more: tuple[str, ...], expected: list[str]
) -> None:
    result = run(*PREDICT, "--same-as", mixed, *more, "--out", tmp_path / "same")
    assert result.exit_code == 0, result.stderr
    assert taken(tmp_path / "same") == expected


def test_a_file_of_any_format_says_which_sentences(run: Run, mixed: Path, tmp_path: Path) -> None:
    films = [record for record in map(json.loads, mixed.open(encoding="utf-8")) if record["dataset"] == "mit-movie"]
    ids, words = [[film["instance"][key] for film in films] for key in ("id", "words")]
    answers = tmp_path / "answers.jsonl"
    answers.write_text("".join(json.dumps({"id": id, "prediction": ""}) + "\n" for id in ids), encoding="utf-8")
    columns = tmp_path / "tags.conll"  # without ids, so in the order of the data
    tagged = ("".join(f"{word}\tO\n" for word in sentence) + "\n" for sentence in reversed(words))
    columns.write_text("".join(tagged), encoding="utf-8")
    expected = ["mit-movie/3", "mit-movie/1", "mit-movie/0"]
    for path, order in ((answers, expected), (columns, expected[::-1]), (f"conll={columns}", expected[::-1])):
        out = tmp_path / f"of-{Path(path).name}{len(str(path))}"
        result = run(*PREDICT, "--same-as", path, "--datasets", "mit-movie", "--out", out)
        assert result.exit_code == 0, result.stderr
        assert taken(out) == order


def test_sentences_that_the_data_lack_are_one_line(refusal: Refusal, mixed: Path, tmp_path: Path) -> None:
    lines = mixed.read_text(encoding="utf-8").splitlines(keepends=True)

    def said(text: str, *more: str) -> str:
        mixed.write_text(text, encoding="utf-8")
        return refusal(*PREDICT, "--same-as", mixed, *more, "--out", tmp_path / "none")

    unknown = lines[1].replace('"id": "3"', '"id": "99"')
    assert said(lines[2] + unknown).endswith("line 2: id: sentence '99' is not in the gold of mit-movie/test")
    other = json.loads(lines[1])
    other["instance"]["words"][0] = "another"
    first = json.loads(lines[1])["instance"]["words"][0]
    expected = f"words: sentence 3 of mit-movie/test has others in the data: word 1 is 'another', in the data {first!r}"
    assert said(json.dumps(other) + "\n").endswith(f"line 1: {expected}")
    assert "is there twice" in said(lines[1] * 2)
    assert said("".join(lines), "--datasets", "mit-restaurant").endswith("holds no sentence of mit-restaurant/test")
    assert said("".join(lines), "--split", "train").endswith("holds no sentence of crossner_ai/train")
    both = lines[0] + lines[1].replace('"split": "test"', '"split": "dev"')
    assert said(both).endswith("its sentences are of dev, test; --split says which")
    assert "unknown data set 'x'" in said(lines[1].replace('"mit-movie"', '"x"'))
    answers = '{"id": "0", "prediction": ""}\n'
    assert said(answers).endswith("does not say its data set; --datasets names one")
    assert "is empty" in said("")
    assert "no such file" in refusal(*PREDICT, "--same-as", tmp_path / "nowhere", "--out", tmp_path / "none")


@pytest.mark.parametrize("option", ["--batch-size", "--batch-tokens", "--threads"])
@pytest.mark.parametrize("backend", ["openai", "batch", "gazetteer", "vllm"])
def test_what_a_backend_has_no_use_for_is_refused(refusal: Refusal, backend: str, option: str, tmp_path: Path) -> None:
    said = refusal(*PREDICT, "--backend", backend, option, "2", "--out", tmp_path)
    assert said == f"{option} is not for --backend {backend}"


def test_two_sizes_of_batches_are_refused(refusal: Refusal, tmp_path: Path) -> None:
    said = refusal(*PREDICT, "--batch-size", "2", "--batch-tokens", "4096", "--out", tmp_path)
    assert said == "--batch-size and --batch-tokens exclude each other"
    assert refusal(*PREDICT, "--backend", "spacy", "--batch-tokens", "9", "--out", tmp_path).startswith(
        "--batch-tokens"
    )


@pytest.mark.parametrize(
    "command",
    [
        ("predict", "--model", "demo", "--datasets", "mit-movie", "--offline"),
        ("predict", "--backend", "gazetteer", "--model", "train", "--datasets", "mit-movie", "--offline"),
        ("run", "--preset", "zero-shot", "--model", "demo", "--offline"),
        ("download", "mit-movie", "--offline"),
        ("audit", "mit-movie"),
    ],
)
def test_data_that_are_not_in_the_cache_are_got_in_two_ways(
    run: Run, command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GNER_BENCH_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    result = run(*command)
    assert (result.exit_code in (1, 2), result.stderr.count("\n")) == (True, 1)
    for part in (str(tmp_path / "cache"), "`gner-bench download ", "--data FOLDER", ".txt and label.txt"):
        assert part in result.stderr


def test_a_place_that_is_not_there_and_named_like_a_data_set(
    refusal: Refusal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "`gner-bench download mit-movie`" in refusal("convert", "mit-movie", "out.jsonl", "--to", "spans")
    assert "download" not in refusal("convert", "movie.jsonl", "out.jsonl", "--to", "spans")


def test_a_run_for_each_seed_beside_the_others(run: Run, tmp_path: Path) -> None:
    command = (*PREDICT, "--dataset", "mit-movie", "--limit", "2", "--label-order", "shuffled", "--seeds", "0,7")
    result = run(*command, "--out", tmp_path)
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{tmp_path}/seed-0/predictions.jsonl\n{tmp_path}/seed-7/predictions.jsonl\n"
    assert [about(tmp_path / f"seed-{seed}")["settings"]["seed"] for seed in (0, 7)] == [0, 7]
    first, other = (records_of(tmp_path / f"seed-{seed}") for seed in (0, 7))
    assert [record["instance"]["id"] for record in first] == [record["instance"]["id"] for record in other]
    assert first[0]["label_list"] != other[0]["label_list"]
    assert sorted(first[0]["label_list"]) == sorted(other[0]["label_list"])
    # One seed alone is the run that --seed makes.
    assert run(*command[:-2], "--seed", "7", "--out", tmp_path / "alone").exit_code == 0
    assert records_of(tmp_path / "alone") == other
    # What one run lacks is continued, the other stays.
    path = tmp_path / "seed-7/predictions.jsonl"
    path.write_text(path.read_text(encoding="utf-8").splitlines(keepends=True)[0], encoding="utf-8")
    before = (tmp_path / "seed-0/predictions.jsonl").stat().st_mtime_ns
    assert run(*command, "--out", tmp_path).exit_code == 0
    assert records_of(tmp_path / "seed-7") == other
    assert (tmp_path / "seed-0/predictions.jsonl").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--seeds", "0,1"), "--seeds: nothing depends on a seed (fixed label order, no shots, no sampling)"),
        (("--seeds", "0,0", "--label-order", "shuffled"), "--seeds: names the seed 0 twice"),
        (("--seeds", "0,x"), "--seeds: '0,x': expected whole numbers separated by commas, such as 0,1,2"),
        (("--seeds", "0,1", "--seed", "0", "--label-order", "shuffled"), "--seed and --seeds exclude each other"),
    ],
)
def test_seeds_that_give_no_runs_of_their_own(
    refusal: Refusal, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    assert said in refusal(*PREDICT, *arguments, "--out", tmp_path / "run")
