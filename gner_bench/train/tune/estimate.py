"""What a training is going to take, before it starts: steps, tokens, padding, memory and hours."""

from __future__ import annotations

from math import prod
from pathlib import Path
from statistics import median

from gner_bench.train.tune.batches import epoch_order, padding_share
from gner_bench.train.tune.devices import accumulation, device_names, processes
from gner_bench.train.tune.memory import Memory, estimated_memory, free_memory, weight_shapes
from gner_bench.train.tune.recipe import TuneRecipe
from gner_bench.train.tune.run import Prepared
from gner_bench.train.tune.timing import TRIALS, Timing, measured

GIGA = 1e9


def estimate(prepared: Prepared) -> list[tuple[str, str]]:
    """Lines of (what, how much) for people. Times a few parts of a batch on this machine where the model fits."""
    memory = estimated_memory(prepared)
    return [
        *_plan_lines(prepared),
        *_token_lines(prepared),
        ("memory", _memory_text(memory, prepared.recipe)),
        ("time", _time_text(prepared, memory)),
    ]


def _plan_lines(prepared: Prepared) -> list[tuple[str, str]]:
    recipe, plan, start = prepared.recipe, prepared.plan, prepared.start
    weights = sum(prod(shape) for shape in weight_shapes(start).values())
    architecture = f"{start.config.model_type}, {weights / 1e6:,.1f} M weights"
    devices, steps = processes(), accumulation(recipe, processes())
    sets = ", ".join(
        f"{d.dataset.name}/{d.dataset.split} {len(d.dataset.sentences):,}" for d in prepared.material.training
    )
    cut = ", ".join(prepared.cut.told()) or "all fit the limits"
    return [
        ("recipe", f"{recipe.name}: {recipe.checkpoint} ({architecture}), target {recipe.target}"),
        ("sentences", f"{len(prepared.examples):,} ({sets}); {cut}"),
        (
            "batch",
            f"{recipe.batch_size} = {recipe.device_batch_size} x {devices} device(s) x {steps} accumulation steps",
        ),
        ("updates", f"{plan.steps:,} ({plan.per_epoch:,} an epoch, {plan.steps / plan.per_epoch:.2f} epochs)"),
        ("evaluations", _evaluations(prepared)),
    ]


def _evaluations(prepared: Prepared) -> str:
    sentences = sum(len(dataset.sentences) for dataset in prepared.material.selection)
    if not sentences:
        return "none: the recipe has no selection data"
    count = sum(map(prepared.plan.saves, range(1, prepared.plan.steps + 1)))
    return f"{count} of {sentences} sentences"


def _token_lines(prepared: Prepared) -> list[tuple[str, str]]:
    examples, recipe, apart = prepared.examples, prepared.recipe, prepared.start.encoder_decoder
    prompts, answers = ([len(example[side]) for example in examples] for side in (0, 1))
    total = sum(prompts) + sum(answers)
    grouped, random = (_padding(prepared, each) for each in (True, False))
    return [
        (
            "tokens",
            f"{total:,} an epoch, measured: prompts of {median(prompts):.0f} (median) to {max(prompts)}, answers of"
            f" {median(answers):.0f} to {max(answers)}",
        ),
        (
            "padding",
            f"{100 * grouped:.1f}% of what is computed with like lengths side by side, {100 * random:.1f}% without"
            f" ({recipe.device_batch_size} sentences at a time{', prompts and answers apart' if apart else ''})",
        ),
    ]


def _padding(prepared: Prepared, grouped: bool) -> float:
    recipe = prepared.recipe
    lengths = [example.tokens for example in prepared.examples]
    batches = epoch_order(lengths, recipe.batch_size, recipe.seed, 0, grouped)
    return padding_share(prepared.examples, batches, recipe.device_batch_size, prepared.start.encoder_decoder)


def _memory_text(memory: Memory, recipe: TuneRecipe) -> str:
    parts = ("weights", "gradients", "optimizer", "activations")
    listed = ", ".join(f"{name} {getattr(memory, name) / GIGA:.2f}" for name in parts)
    return (
        f"about {memory.total / GIGA:.1f} GB on each device, an estimate: {listed} GB (activations of the longest"
        f" {recipe.device_batch_size} sentences); FSDP and ZeRO divide the first three among devices"
    )


def _time_text(prepared: Prepared, memory: Memory) -> str:
    devices = device_names()
    name = f"{processes()} x {devices[0]}" if processes() > 1 else devices[0]
    free = free_memory()
    if memory.total > free:
        return f"not measured: {free / GIGA:.1f} GB are free here ({name}), less than the estimate of memory"
    found = measured(prepared)
    if found is None:
        return f"not measured: the trial ran out of memory on {name}"
    return (
        f"about {_duration(prepared, found)} on {name} without evaluations, from {TRIALS} parts of a batch timed on one"
        f" device: {found.tokens:,} tokens in {found.seconds:.2f} s, and {found.update_seconds:.3f} s for an update"
        + ("" if processes() == 1 else "; several devices are taken to share the work without loss")
    )


def _duration(prepared: Prepared, found: Timing) -> str:
    plan, real = prepared.plan, sum(example.tokens for example in prepared.examples)
    computed = real / (1 - _padding(prepared, True)) * plan.steps / plan.per_epoch
    seconds = computed / processes() * found.seconds / found.tokens + plan.steps * found.update_seconds
    return f"{seconds / 3600:.1f} hours" if seconds >= 3600 else f"{seconds / 60:.1f} minutes"


def dry_run_lines(prepared: Prepared, out: Path | None) -> list[str]:
    """What ``--dry-run`` prints."""
    found = [*estimate(prepared), ("result", str(out) if out else "no --out given")]
    return [f"{what:<12} {text}" for what, text in found]
