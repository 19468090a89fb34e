from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gner_bench.documents.record import read_records
from gner_bench.errors import GnerBenchError, InputError
from gner_bench.fetch.home import locked
from gner_bench.predict import engine, store
from gner_bench.predict.backends.local import local_backend
from gner_bench.predict.checkpoint import load_checkpoint
from gner_bench.predict.generation import Generation
from gner_bench.predict.inputs import select
from gner_bench.predict.options import Limit, Options
from gner_bench.predict.plan import Task

from .echo import echo_backend, echo_data


@pytest.fixture
def run(tiny_t5: Path, short_outputs: Callable[[int], None]) -> Callable[[Options], Path]:
    short_outputs(8)

    def predict(options: Options) -> Path:
        backend = local_backend(load_checkpoint(str(tiny_t5), device="cpu"), options)
        return engine.predict(backend, select(options), options)

    return predict


def about(options: Options) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((options.out / "run.json").read_text(encoding="utf-8"))
    return document


def test_a_run_writes_every_sentence_in_the_order_of_the_data(
    run: Callable[[Options], Path], corpus: Path, tmp_path: Path
) -> None:
    options = Options(corpus, tmp_path / "run", batch_size=2)
    records = list(read_records(run(options)))
    assert [(record.dataset, record.id) for record in records] == [
        (name, number) for name in ("mit-movie", "other") for number in "012"
    ]
    assert records[0].words == ("did", "george", "clooney", "make", "a", "musical")
    assert records[0].generation == {"tokens": 8, "finish": "length"}
    written = about(options)
    assert (written["status"], written["sentences"], written["sentences_done"]) == ("done", 6, 6)
    assert written["settings"]["clean_up_tokenization_spaces"] is False
    assert set(written["datasets"]) == {"mit-movie", "other"}
    assert written["cut"] == {"input_cut": 0, "length": 6}
    assert (tmp_path / "run/tokenizer.json").exists()


def test_a_run_tells_speed_and_cut_sentences(tmp_path: Path) -> None:
    options, said = Options(None, tmp_path), []
    backend = replace(echo_backend(passes=3), statistics=lambda: {"accepted": 0.5})
    engine.predict(backend, echo_data(18), options, said.append, reading=5)
    written = about(options)
    assert written["cut"] == {"input_cut": 4, "length": 4}
    assert said == ["echo: 4 prompts were cut at the input limit", "echo: 4 outputs hit the length limit"]
    assert written["statistics"] == {"accepted": 0.5}
    loading, generating, ordering = (written["throughput"][name] for name in ("loading", "generating", "ordering"))
    assert loading["seconds"] > 5
    assert (loading["sentences"], generating["sentences"], ordering["sentences"]) == (36, 36, 36)
    assert (generating["tokens"], generating["passes_per_sentence"]) == (180, 3)


def test_a_log_tells_tokens_and_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    engine.predict(echo_backend(passes=3), echo_data(2), Options(None, tmp_path))
    line = capsys.readouterr().err.strip()
    assert line.startswith("echo: 4/4, ")
    assert " tokens/s, 3.0 passes/sentence, ETA 0:00:00" in line


def test_a_complete_run_is_left_alone(run: Callable[[Options], Path], corpus: Path, tmp_path: Path) -> None:
    options = Options(corpus, tmp_path / "run")
    run(options)
    before = {path.name: path.read_bytes() for path in options.out.iterdir()}
    run(options)
    assert {path.name: path.read_bytes() for path in options.out.iterdir()} == before


def test_a_higher_limit_adds_the_missing_sentences(
    run: Callable[[Options], Path], corpus: Path, tmp_path: Path
) -> None:
    options = Options(corpus, tmp_path / "run", limit=Limit(1, 1))
    assert len(list(read_records(run(options)))) == 2
    assert len(list(read_records(run(replace(options, limit=Limit(1, 3)))))) == 6


def test_a_lower_limit_is_refused_rather_than_losing_sentences(tmp_path: Path) -> None:
    options = Options(None, tmp_path)
    engine.predict(echo_backend(), echo_data(3), options)
    with pytest.raises(InputError, match=r"line 2: holds one/test/1 of another run; choose another --out"):
        engine.predict(echo_backend(), echo_data(3), replace(options, limit=Limit(1, 1)))


def test_all_settings_that_differ_are_named(tmp_path: Path) -> None:
    options = Options(None, tmp_path)
    engine.predict(echo_backend(decoding="greedy"), echo_data(3), options)
    shuffled = replace(options, label_order="shuffled", seed=3)
    with pytest.raises(InputError) as caught:
        engine.predict(echo_backend(weights="1", decoding="drafted", dtype="bf16"), echo_data(3), shuffled)
    assert str(caught.value) == (
        f"{tmp_path}/run.json: this folder holds a run with other weights; dtype fp32, not bf16; decoding greedy, not"
        " drafted; label_order file, not shuffled; seed none, not 3; choose another --out"
    )


def test_beams_and_greedy_do_not_mix(run: Callable[[Options], Path], corpus: Path, tmp_path: Path) -> None:
    options = Options(corpus, tmp_path / "run")
    run(options)
    with pytest.raises(InputError, match="holds a run with decoding drafted, not beam; num_beams 1, not 2"):
        run(replace(options, num_beams=2))


def test_predictions_that_do_not_say_which_model_wrote_them_are_not_continued(tmp_path: Path) -> None:
    options = Options(None, tmp_path)
    path = engine.predict(echo_backend(), echo_data(3), options)
    written = path.read_bytes()
    (tmp_path / "run.json").unlink()
    with pytest.raises(InputError, match=r"has no run\.json beside it"):
        engine.predict(echo_backend(), echo_data(3), options)
    assert path.read_bytes() == written


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"model": {"files": 1}, "settings": {}}'])
def test_a_run_json_of_something_else_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "run.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"is not the run\.json of a run"):
        engine.predict(echo_backend(), echo_data(3), Options(None, tmp_path))


def test_two_processes_do_not_write_one_run(tmp_path: Path) -> None:
    with locked(tmp_path / store.LOCK), pytest.raises(GnerBenchError, match="another process is writing this run"):
        engine.predict(echo_backend(), echo_data(3), Options(None, tmp_path))


def test_shuffled_label_orders_stand_in_the_records(tmp_path: Path) -> None:
    options = [Options(None, tmp_path / str(seed), label_order="shuffled", seed=seed) for seed in range(4)]
    paths = [engine.predict(echo_backend(), echo_data(3), one) for one in options]
    orders = {record.types for path in paths for record in read_records(path)}
    assert orders == {("person", "place"), ("place", "person")}


@pytest.mark.parametrize("error", [KeyboardInterrupt(), GnerBenchError("the server is gone")])
def test_an_error_in_the_middle_keeps_what_is_finished(tmp_path: Path, error: BaseException) -> None:
    def decode(tasks: Sequence[Task]) -> Iterator[tuple[Task, Generation]]:
        for count, found in enumerate(echo_backend().decode(tasks)):
            if count == 5:
                raise error
            yield found

    options = Options(None, tmp_path / "run")
    with pytest.raises(type(error)):
        engine.predict(replace(echo_backend(), decode=decode), echo_data(9), options)
    assert (about(options)["status"], about(options)["sentences_done"]) == ("interrupted", 5)
    assert (options.out / "predictions.jsonl").read_bytes().count(b"\n") == 5
    path = engine.predict(echo_backend(), echo_data(9), options)
    whole = engine.predict(echo_backend(), echo_data(9), Options(None, tmp_path / "whole"))
    assert path.read_bytes() == whole.read_bytes()
    assert about(options)["sentences_done"] == 18


def test_ctrl_c_right_after_a_line_counts_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write

    def interrupted(file: int, data: bytes) -> int:
        write(file, data)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "write", interrupted)
    options = Options(None, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        engine.predict(echo_backend(), echo_data(3), options)
    lines = (tmp_path / "predictions.jsonl").read_bytes().count(b"\n")
    assert (lines, about(options)["sentences_done"]) == (1, 1)


def test_a_backend_that_leaves_sentences_out_is_not_a_finished_run(tmp_path: Path) -> None:
    backend = replace(echo_backend(), decode=lambda tasks: echo_backend().decode(tasks[2:]))
    with pytest.raises(GnerBenchError, match="2 sentences got no output"):
        engine.predict(backend, echo_data(3), Options(None, tmp_path))
    assert about(Options(None, tmp_path))["status"] == "interrupted"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_one_line_and_the_same_command_continues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """Of the fifth line only the beginning gets to the disk."""
    write, writes = os.write, 0

    def scarce(file: int, data: bytes) -> int:
        nonlocal writes
        writes += 1
        if writes == 6:
            raise OSError(code, os.strerror(code))
        return write(file, data[:40] if writes == 5 else data)

    options = Options(None, tmp_path / "run")
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", scarce)
        with pytest.raises(InputError) as caught:
            engine.predict(echo_backend(), echo_data(9), options)
    path = options.out / "predictions.jsonl"
    assert str(caught.value) == (
        f"{path}: the disk is full: make room and run the same command again; finished sentences are kept"
    )
    assert path.read_bytes().count(b"\n") == 4
    assert not path.read_bytes().endswith(b"\n")
    whole = engine.predict(echo_backend(), echo_data(9), Options(None, tmp_path / "whole"))
    assert engine.predict(echo_backend(), echo_data(9), options).read_bytes() == whole.read_bytes()
