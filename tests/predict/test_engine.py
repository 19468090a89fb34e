from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gner_bench.demo import CHECKPOINT, CORPUS
from gner_bench.errors import InputError
from gner_bench.predict import engine, store
from gner_bench.predict.checkpoint import load_checkpoint
from gner_bench.predict.inputs import select
from gner_bench.predict.options import Options
from gner_bench.records import read_records


@pytest.fixture
def run(tiny_t5: Path, short_outputs: Callable[[int], None]) -> Callable[[Options], Path]:
    short_outputs(8)

    def predict(options: Options) -> Path:
        return engine.predict(load_checkpoint(str(tiny_t5), device="cpu"), select(options), options)

    return predict


def test_a_run_writes_every_sentence_in_the_order_of_the_data(
    run: Callable[[Options], Path], corpus: Path, tmp_path: Path
) -> None:
    path = run(Options(corpus, tmp_path / "run", batch_size=2))
    records = list(read_records(path))
    assert [(record.dataset, record.id) for record in records] == [
        (name, number) for name in ("mit-movie", "other") for number in "012"
    ]
    assert records[0].words == ("did", "george", "clooney", "make", "a", "musical")
    assert records[0].generation == {"tokens": 8, "finish": "length"}
    about = json.loads((tmp_path / "run/run.json").read_text(encoding="utf-8"))
    assert (about["status"], about["sentences"], about["sentences_done"]) == ("done", 6, 6)
    assert about["settings"]["clean_up_tokenization_spaces"] is False
    assert set(about["datasets"]) == {"mit-movie", "other"}
    assert (tmp_path / "run/tokenizer.json").exists()


def test_a_run_cut_off_at_any_line_continues_to_the_same_file(
    run: Callable[[Options], Path], corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(Options(corpus, tmp_path / "whole", batch_size=2)).read_bytes()
    options = Options(corpus, tmp_path / "cut", batch_size=2)
    append = store.append
    for lines_before_the_cut in (1, 1, 2):

        def cut(path: Path, records: list[dict[str, object]], most: int = lines_before_the_cut) -> None:
            append(path, records[:most])
            path.write_text(path.read_text(encoding="utf-8") + '{"dataset": "mit-mo', encoding="utf-8")
            raise KeyboardInterrupt

        monkeypatch.setattr(store, "append", cut)
        with pytest.raises(KeyboardInterrupt):
            run(options)
        monkeypatch.setattr(store, "append", append)
    assert run(options).read_bytes() == whole


def test_a_killed_process_continues_to_the_same_file(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gner_bench", "predict", "--model", str(CHECKPOINT), "--data", str(CORPUS)]
    command += ["--datasets", "mit-movie,mit-restaurant", "--batch-size", "4", "--out"]
    subprocess.run([*command, str(tmp_path / "whole")], check=True, capture_output=True)
    process = subprocess.Popen([*command, str(tmp_path / "cut")], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    predictions = tmp_path / "cut/predictions.jsonl"
    while process.poll() is None and (not predictions.exists() or predictions.read_bytes().count(b"\n") < 8):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert json.loads((tmp_path / "cut/run.json").read_text(encoding="utf-8"))["status"] == "running"
    subprocess.run([*command, str(tmp_path / "cut")], check=True, capture_output=True)
    assert predictions.read_bytes() == (tmp_path / "whole/predictions.jsonl").read_bytes()


def test_a_complete_run_is_left_alone(run: Callable[[Options], Path], corpus: Path, tmp_path: Path) -> None:
    options = Options(corpus, tmp_path / "run")
    run(options)
    before = {path.name: path.read_bytes() for path in options.out.iterdir()}
    run(options)
    assert {path.name: path.read_bytes() for path in options.out.iterdir()} == before


def test_a_higher_limit_adds_the_missing_sentences(
    run: Callable[[Options], Path], corpus: Path, tmp_path: Path
) -> None:
    options = Options(corpus, tmp_path / "run", limit=1)
    assert len(list(read_records(run(options)))) == 2
    assert len(list(read_records(run(replace(options, limit=3))))) == 6


def test_a_lower_limit_is_refused_rather_than_losing_sentences(
    run: Callable[[Options], Path], corpus: Path, tmp_path: Path
) -> None:
    options = Options(corpus, tmp_path / "run")
    run(options)
    with pytest.raises(InputError, match="of another run; choose another --out"):
        run(replace(options, limit=1))


def test_other_settings_in_one_folder_are_refused(run: Callable[[Options], Path], corpus: Path, tmp_path: Path) -> None:
    options = Options(corpus, tmp_path / "run")
    run(options)
    with pytest.raises(InputError, match="holds a run with decoding greedy, not beam"):
        run(replace(options, num_beams=2))
    with pytest.raises(InputError, match="holds a run with label_order file, not shuffled"):
        run(replace(options, label_order="shuffled"))


def test_other_weights_in_one_folder_are_refused(run: Callable[[Options], Path], corpus: Path, tmp_path: Path) -> None:
    options = Options(corpus, tmp_path / "run")
    run(options)
    about = json.loads((options.out / "run.json").read_text(encoding="utf-8"))
    about["model"]["files"]["model.safetensors"] = "0" * 64
    (options.out / "run.json").write_text(json.dumps(about), encoding="utf-8")
    with pytest.raises(InputError, match="holds a run with other weights"):
        run(options)


def test_predictions_that_do_not_say_which_model_wrote_them_are_not_continued(
    run: Callable[[Options], Path], corpus: Path, tmp_path: Path
) -> None:
    options = Options(corpus, tmp_path / "run")
    path = run(options)
    written = path.read_bytes()
    (options.out / "run.json").unlink()
    with pytest.raises(InputError, match=r"has no run\.json beside it"):
        run(options)
    assert path.read_bytes() == written


def test_a_resumed_file_that_is_not_text_is_refused(
    run: Callable[[Options], Path], corpus: Path, tmp_path: Path
) -> None:
    options = Options(corpus, tmp_path / "run")
    path = run(options)
    path.write_bytes(b"\xff\n" + path.read_bytes())
    with pytest.raises(InputError, match="is not UTF-8 text"):
        run(options)


def test_shuffled_label_orders_stand_in_the_records(
    run: Callable[[Options], Path], corpus: Path, tmp_path: Path
) -> None:
    paths = [run(Options(corpus, tmp_path / str(seed), label_order="shuffled", seed=seed)) for seed in range(4)]
    orders = {record.types for path in paths for record in read_records(path)}
    assert orders == {("actor", "genre"), ("genre", "actor")}
