"""The devices that train, how a batch is divided among them, and what to do when one of them is too small."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from gner_bench.errors import GnerBenchError, UsageError, did_you_mean
from gner_bench.extras import require
from gner_bench.predict.loading import out_of_memory
from gner_bench.predict.processes import own_shard
from gner_bench.train.recipe import Recipe

TRACKERS = ("tensorboard", "wandb")


def processes() -> int:
    """How many processes this launch has."""
    shard = own_shard()
    return shard.count if shard else 1


def on_cpu() -> bool:
    """Whether training runs on the CPU: asked for, or because there is nothing else."""
    asked = os.environ.get("ACCELERATE_USE_CPU", "").lower() in ("1", "true", "yes")
    return asked or not torch.accelerator.is_available()


def device_names() -> list[str]:
    """The accelerators of this machine, or its processor."""
    if on_cpu():
        return [f"CPU ({platform.machine()}, {torch.get_num_threads()} threads)"]
    if torch.cuda.is_available():
        return [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return [str(torch.accelerator.current_accelerator())]


def idle_devices() -> str:
    """A warning when one process leaves GPUs idle; empty if none is."""
    count = 0 if on_cpu() or processes() > 1 or not torch.cuda.is_available() else torch.cuda.device_count()
    return f"{count} GPUs are here, one is used: `accelerate launch` starts a process for each" if count > 1 else ""


def accumulation(recipe: Recipe, devices: int) -> int:
    """The accumulation steps with which device_batch_size x devices x steps is batch_size.

    Raises UsageError, with the nearest sizes that work, when there is no such number.
    """
    unit = recipe.device_batch_size * devices
    if recipe.batch_size % unit == 0:
        return recipe.batch_size // unit
    lower = recipe.batch_size // unit * unit
    nearest = lower if lower and recipe.batch_size - lower <= unit / 2 else lower + unit
    share, rest = divmod(recipe.batch_size, devices)
    sizes = range(1, min(share, recipe.device_batch_size) + 1)
    fitting = [size for size in sizes if rest == 0 and share % size == 0]
    keep = f", or keep it with device_batch_size = {max(fitting)}" if fitting else ""
    raise UsageError(
        f"batch_size {recipe.batch_size} is no multiple of device_batch_size {recipe.device_batch_size} x {devices}"
        f" device{'s' if devices > 1 else ''} = {unit}; the nearest that is: batch_size = {nearest}{keep}"
    )


def require_supported(recipe: Recipe, trackers: tuple[str, ...]) -> None:
    """Raise UsageError for a number format that the devices cannot train in, for a tracker that is unknown, and for a
    library that is not installed."""
    if recipe.precision == "fp16" and not torch.cuda.is_available():
        raise UsageError("precision fp16 needs a CUDA device; use bf16 or fp32")
    if recipe.precision == "bf16" and not on_cpu() and torch.cuda.is_available() and not torch.cuda.is_bf16_supported():
        raise UsageError("precision bf16 is not supported by this device; use fp16 or fp32")
    for name in trackers:
        if name not in TRACKERS:
            raise UsageError(f"--report-to: unknown tracker {name!r}; {did_you_mean(name, list(TRACKERS))}")
    require(*trackers, *(["peft"] if recipe.lora else []))


def training_arguments(recipe: Recipe, state: Path, steps: int, trackers: tuple[str, ...]) -> Any:
    """The TrainingArguments of a recipe for ``steps`` updates. When to log, evaluate and save is not left to them."""
    from transformers import TrainingArguments

    warm = recipe.schedule == "constant" and recipe.warmup_ratio > 0
    args = TrainingArguments(
        output_dir=str(state),
        max_steps=steps,
        per_device_train_batch_size=recipe.device_batch_size,
        gradient_accumulation_steps=accumulation(recipe, processes()),
        learning_rate=recipe.learning_rate,
        lr_scheduler_type="constant_with_warmup" if warm else recipe.schedule,
        warmup_steps=round(recipe.warmup_ratio * steps),
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.max_grad_norm,
        optim="adamw_torch",
        bf16=recipe.precision == "bf16",
        fp16=recipe.precision == "fp16",
        activation_checkpointing=recipe.gradient_checkpointing,
        activation_checkpointing_kwargs={"use_reentrant": False} if recipe.gradient_checkpointing else None,
        seed=recipe.seed,
        use_cpu=on_cpu(),
        logging_strategy="no",
        eval_strategy="no",
        save_strategy="no",
        logging_nan_inf_filter=False,  # the filter would hide a loss that is not a number, which ends the training
        disable_tqdm=True,
        log_level="error",
        log_level_replica="error",
        report_to=list(trackers) or "none",
        run_name=recipe.name,
        remove_unused_columns=False,
        dataloader_pin_memory=not on_cpu(),
        ddp_find_unused_parameters=False,
    )
    # One process uses one GPU: with more, the Trainer would divide batches by DataParallel, behind the recipe's back.
    args._n_gpu = min(args.n_gpu, 1)
    return args


@contextmanager
def memory_advice(recipe: Recipe) -> Iterator[None]:
    """Turn a lack of memory into one line that says what to change in the recipe, mildest first (GnerBenchError)."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        changes = []
        if recipe.device_batch_size > 1:
            half = recipe.device_batch_size // 2
            changes.append(f"device_batch_size = {half} in place of {recipe.device_batch_size} (batch_size stays)")
        if not recipe.gradient_checkpointing:
            changes.append("gradient_checkpointing = true")
        if recipe.precision == "fp32":
            changes.append('precision = "bf16"')
        if recipe.lora is None:
            changes.append("a [lora] table")
        advice = "nothing in the recipe is left to lower: it takes a larger device, or several with FSDP or ZeRO"
        if changes:
            advice = "change in the recipe, in this order: " + ", ".join(changes)
        raise GnerBenchError(f"out of memory; {advice}") from None
