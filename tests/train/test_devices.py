"""How batches are divided among devices, and what is refused before anything is loaded."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.errors import GnerBenchError, UsageError
from gner_bench.train.devices import (
    accumulation,
    idle_devices,
    memory_advice,
    require_supported,
)
from gner_bench.train.recipe import Lora, Recipe, TrainingSet

RECIPE = Recipe("r", "c", (TrainingSet("films"),), batch_size=256, device_batch_size=4)


@pytest.mark.parametrize(("devices", "steps"), [(1, 64), (2, 32), (8, 8), (64, 1)])
def test_device_batches_times_devices_times_steps_are_the_batch(devices: int, steps: int) -> None:
    assert accumulation(RECIPE, devices) == steps


@pytest.mark.parametrize(
    ("batch_size", "device_batch_size", "devices", "message"),
    [
        (256, 6, 2, "256 is no multiple of device_batch_size 6 x 2 devices = 12; the nearest that is: batch_size = 252"
                    ", or keep it with device_batch_size = 4"),
        (256, 4, 3, "device_batch_size 4 x 3 devices = 12; the nearest that is: batch_size = 252$"),
        (8, 16, 1, "16 x 1 device = 16; the nearest that is: batch_size = 16, or keep it with device_batch_size = 8"),
        (3, 1, 4, "the nearest that is: batch_size = 4$"),
    ],
)  # fmt: skip
def test_what_does_not_divide_is_refused_with_the_nearest_that_does(
    batch_size: int, device_batch_size: int, devices: int, message: str
) -> None:
    recipe = replace(RECIPE, batch_size=batch_size, device_batch_size=device_batch_size)
    with pytest.raises(UsageError, match=message):
        accumulation(recipe, devices)


@given(st.integers(1, 300), st.integers(1, 40), st.integers(1, 9))
def test_the_nearest_works(batch_size: int, device_batch_size: int, devices: int) -> None:
    recipe = replace(RECIPE, batch_size=batch_size, device_batch_size=device_batch_size)
    try:
        assert accumulation(recipe, devices) * device_batch_size * devices == batch_size
    except UsageError as error:
        words = str(error).partition("the nearest that is: batch_size = ")[2]
        nearest, _, kept = words.partition(", or keep it with device_batch_size = ")
        assert accumulation(replace(recipe, batch_size=int(nearest)), devices)
        assert abs(int(nearest) - batch_size) <= max(
            device_batch_size * devices / 2, device_batch_size * devices - batch_size
        )
        if kept:
            assert accumulation(replace(recipe, device_batch_size=int(kept)), devices)


def test_formats_that_the_devices_lack_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UsageError, match="fp16 needs a CUDA device; use bf16 or fp32"):
        require_supported(replace(RECIPE, precision="fp16"), ())
    require_supported(RECIPE, ())


def test_gpus_that_one_process_leaves_idle_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert idle_devices() == ""
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    assert idle_devices().startswith("4 GPUs are here, one is used: `accelerate launch`")
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert idle_devices() == ""


def test_unknown_trackers_and_those_not_installed_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="unknown tracker 'tensorbord'; did you mean 'tensorboard'"):
        require_supported(RECIPE, ("tensorbord",))
    monkeypatch.setattr("gner_bench.extras.installed", lambda _: False)
    message = r"^wandb, peft are not installed; pip install 'gner-bench\[wandb,train\]'$"
    with pytest.raises(UsageError, match=message):
        require_supported(replace(RECIPE, lora=Lora()), ("wandb",))


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory: you tried"),
        MemoryError(),
    ],
)
def test_a_lack_of_memory_says_what_to_change(error: BaseException) -> None:
    with (
        pytest.raises(GnerBenchError, match=r"out of memory; .* device_batch_size = 2 in place of 4 .*\[lora\] table$"),
        memory_advice(RECIPE),
    ):
        raise error


def test_other_errors_pass() -> None:
    with pytest.raises(RuntimeError, match="shapes"), memory_advice(RECIPE):
        raise RuntimeError("shapes do not agree")


def test_advice_names_what_is_left_to_change() -> None:
    recipe = replace(RECIPE, device_batch_size=1, gradient_checkpointing=True, precision="fp32")
    order = r'change in the recipe, in this order: precision = "bf16", a \[lora\] table$'
    with pytest.raises(GnerBenchError, match=order), memory_advice(recipe):
        raise MemoryError
    recipe = replace(recipe, precision="bf16", lora=Lora())
    with pytest.raises(GnerBenchError, match="larger device"), memory_advice(recipe):
        raise MemoryError
