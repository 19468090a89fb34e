"""Trainings that end before their time: killed, out of disk or memory, begun with another recipe."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from gner_bench.errors import GnerBenchError, InputError
from gner_bench.train import batches
from gner_bench.train import fine_tune as fine_tunes
from gner_bench.train import trainer as trainers
from gner_bench.train.trainer import FineTuneTrainer

from .folders import FILES, LORA, Killed, killed_at, log, read, same_weights

pytestmark = pytest.mark.usefixtures("short_outputs")
FineTuned = Callable[..., Path]


@pytest.mark.parametrize("lora", [None, LORA["t5"]])
def test_a_killed_training_ends_with_the_same_weights_and_log(
    fine_tuned: FineTuned, monkeypatch: pytest.MonkeyPatch, lora: Any
) -> None:
    """Eight updates of two micro-batches, of which four make an epoch; saved after updates 3, 6 and 8."""
    settings = {"steps": 8, "schedule": "cosine", "lora": lora, "selection": {"holdout": 10, "every_steps": 3}}
    whole = fine_tuned("whole", **settings)
    killed_at(monkeypatch, 2, 2 + 8, 2 + 8 + 10)  # in the first update, in the fourth, and in the eighth
    for _ in range(3):
        with pytest.raises(Killed):
            fine_tuned("cut", **settings)
    cut = fine_tuned("cut", **settings)
    assert [session["from_step"] for session in read(cut / "run.json")["sessions"]] == [0, 0, 3, 6]
    assert same_weights(whole, cut)
    for key in ("loss", "grad_norm", "eval_f1", "learning_rate"):
        assert log(whole, key) == log(cut, key)


def test_every_epoch_has_an_order_of_its_own(fine_tuned: FineTuned, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four updates make an epoch."""
    epochs: list[int] = []
    order = batches.epoch_order

    def noted(lengths: Any, batch_size: int, seed: int, epoch: int) -> list[list[int]]:
        epochs.append(epoch)
        return order(lengths, batch_size, seed, epoch)

    monkeypatch.setattr(batches, "epoch_order", noted)
    settings = {"steps": 9, "selection": {"holdout": 10, "every_steps": 5}}
    with monkeypatch.context() as patch:
        killed_at(patch, 13)
        with pytest.raises(Killed):
            fine_tuned(**settings)
    assert epochs == [0, 1]
    fine_tuned(**settings)
    assert epochs == [0, 1, 1, 2]


def test_a_training_killed_while_its_result_is_written_writes_it_again(
    fine_tuned: FineTuned, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(fine_tunes, "finish", lambda *_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            fine_tuned()
    monkeypatch.setattr(FineTuneTrainer, "train", lambda *_, **__: pytest.fail("trained again"))
    assert {path.name for path in fine_tuned().iterdir()} == FILES


def test_a_finished_training_is_left_alone(fine_tuned: FineTuned, monkeypatch: pytest.MonkeyPatch) -> None:
    out = fine_tuned()
    monkeypatch.setattr(fine_tunes, "prepare", lambda *_: pytest.fail("began again"))
    assert fine_tuned() == out


def test_patience_that_ran_out_before_a_kill_stays_run_out(
    fine_tuned: FineTuned, f1_of_evaluations: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    f1_of_evaluations(0.5, 0.3)
    settings = {"steps": 20, "selection": {"holdout": 10, "every_steps": 1, "patience": 1}}
    with monkeypatch.context() as patch:
        patch.setattr(fine_tunes, "write_result", lambda *_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            fine_tuned(**settings)
    assert read(fine_tuned(**settings) / "run.json")["steps"] == 2


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int, int], None]]:
    """Lets no file grow beyond so many bytes while the n-th checkpoint is saved."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    save, count = trainers.Trainer._save_checkpoint, 0

    def fill(which: int, size: int) -> None:
        def limited(self: Any, *arguments: Any) -> None:
            nonlocal count
            count += 1
            resource.setrlimit(resource.RLIMIT_FSIZE, (size if count == which else before[0], before[1]))
            try:
                save(self, *arguments)
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, before)

        monkeypatch.setattr(trainers.Trainer, "_save_checkpoint", limited)

    yield fill
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(("size", "reason"), [(1_000, "serializing"), (70_000, "unexpected pos")])
def test_a_full_disk_keeps_the_last_good_checkpoint(
    fine_tuned: FineTuned, full_disk: Callable[[int, int], None], tmp_path: Path, size: int, reason: str
) -> None:
    """The weights take 50 kB, the state of the optimizer 100 kB: those cannot be written, then only this."""
    whole = fine_tuned("whole")
    full_disk(2, size)
    with pytest.raises(
        GnerBenchError, match=rf"of step 4 cannot be saved .*{reason}.* free.; that of step 2 is kept"
    ) as told:
        fine_tuned("cut")
    assert "\n" not in str(told.value)
    assert sorted(path.name for path in (tmp_path / "cut/state").glob("*/")) == ["checkpoint-2"]
    assert same_weights(whole, fine_tuned("cut"))


def test_too_little_memory_is_one_line(fine_tuned: FineTuned, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")

    monkeypatch.setattr(FineTuneTrainer, "training_step", full)
    with pytest.raises(
        GnerBenchError, match=r"^out of memory; change .* device_batch_size = 1 in place of 2 \(batch_size"
    ):
        fine_tuned()


def test_a_folder_with_another_training_is_refused(
    fine_tuned: FineTuned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_at(monkeypatch, 1)
    with pytest.raises(Killed):
        fine_tuned()
    with pytest.raises(InputError, match=r"another recipe \(seed, learning_rate\); choose another --out"):
        fine_tuned(seed=7, learning_rate=1e-3)
    out = fine_tuned(device_batch_size=1, note="a note", gradient_checkpointing=True)
    assert read(out / "training.json")["note"] == "a note"
    (tmp_path / "other").mkdir()
    (tmp_path / "other/run.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="this folder holds something else"):
        fine_tuned("other")
