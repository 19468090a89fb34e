"""What a training is going to take, before it starts: steps, tokens, padding, memory and hours.

Weights are counted and activations estimated; a few parts of a batch are timed on this machine where the model fits.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from math import ceil, prod
from pathlib import Path
from statistics import median

import torch

from gner_bench.predict.folder import CheckpointFolder
from gner_bench.predict.loading import out_of_memory
from gner_bench.train.batches import Collator, epoch_order, longest, padding_share
from gner_bench.train.devices import accumulation, device_names, on_cpu, processes
from gner_bench.train.prepare import Prepared
from gner_bench.train.start import load_trainable, weights_in
from gner_bench.train.trainer import answer_loss

GIGA = 1e9
BYTES = {"fp32": 4, "bf16": 2, "fp16": 2}
TRIALS = 2
"""Parts of a batch that are timed, after one that is not."""


def estimate(prepared: Prepared, out: Path | None) -> dict[str, str]:
    """What ``--dry-run`` prints, line by line: what, and how much of it."""
    recipe, plan, start, data = prepared.recipe, prepared.plan, prepared.start, prepared.data
    weights = sum(prod(shape) for shape in weight_shapes(start).values())
    architecture = f"{start.config.model_type}, {weights / 1e6:,.1f} M weights"
    devices, steps = processes(), accumulation(recipe, processes())
    sets = ", ".join(
        [f"{training.name} {len(training.dataset.sentences):,}" for training in data.training]
        + [f"{name} {f'at most {count:,}' if count else 'unknown'}" for name, count in prepared.absent.items()]
    )
    architecture += ", by the catalogue: it is not here" if prepared.unseen else ""
    cut = ", ".join(prepared.cut.lines()) or "all fit the limits"
    selected = sum(len(dataset.sentences) for dataset in data.selection)
    evaluations = f"{ceil(plan.steps / plan.every)} of {selected} sentences"
    none = "not counted: data are not here" if prepared.absent else "none: the recipe has no selection data"
    counted = "estimated from the lengths of texts" if prepared.unseen else "measured"
    if prepared.absent:
        counted = "at most, as data are not here" if data.training else "at most"
    apart = ", prompts and answers apart" if start.encoder_decoder else ""
    prompts, answers = ([len(example[side]) for example in prepared.examples] for side in (0, 1))
    lengths, padding = [example.tokens for example in prepared.examples], []
    for grouped in (True, False):
        batches = epoch_order(lengths, recipe.batch_size, recipe.seed, 0, grouped)
        padding.append(padding_share(prepared.examples, batches, recipe.device_batch_size, start.encoder_decoder))
    padded = (
        f"{100 * padding[0]:.1f}% of what is computed with like lengths side by side,"
        f" {100 * padding[1]:.1f}% without ({recipe.device_batch_size} sentences at a time{apart})"
    )
    memory = estimated_memory(prepared)
    listed = ", ".join(f"{name} {size / GIGA:.2f}" for name, size in memory.items())
    return {
        "recipe": f"{recipe.name}: {recipe.checkpoint} ({architecture}), target {recipe.target}",
        "sentences": f"{len(prepared.examples):,} ({sets}); {cut}",
        "batch": f"{recipe.batch_size} = {recipe.device_batch_size} x {devices} device(s) x {steps} accumulation steps",
        "updates": f"{plan.steps:,} ({plan.per_epoch:,} an epoch, {plan.steps / plan.per_epoch:.2f} epochs)",
        "evaluations": evaluations if selected else none,
        "tokens": f"{sum(prompts) + sum(answers):,} an epoch, {counted}: prompts of {median(prompts):.0f}"
        f" (median) to {max(prompts)}, answers of {median(answers):.0f} to {max(answers)}",
        "padding": "not counted: data are not here" if prepared.absent else padded,
        "memory": f"about {sum(memory.values()) / GIGA:.1f} GB on each device, an estimate: {listed} GB (activations of"
        f" the longest {recipe.device_batch_size} sentences); FSDP and ZeRO divide the first three among devices",
        "time": _time(prepared, sum(memory.values()), padding[0]),
        "result": str(out) if out else "no --out given",
    }


def _time(prepared: Prepared, memory: int, padding: float) -> str:
    import psutil  # type: ignore[import-untyped]

    if prepared.unseen:
        return "not measured: the checkpoint is not here"
    plan, devices, free = prepared.plan, device_names(), psutil.virtual_memory().available
    if not on_cpu() and torch.cuda.is_available():
        free = torch.cuda.mem_get_info()[0]
    name = f"{processes()} x {devices[0]}" if processes() > 1 else devices[0]
    if memory > free:
        return f"not measured: {free / GIGA:.1f} GB are free here ({name}), less than the estimate of memory"
    timing = measured(prepared)
    if timing is None:
        return f"not measured: the trial ran out of memory on {name}"
    part_seconds, part_tokens, update_seconds = timing
    tokens = sum(example.tokens for example in prepared.examples)
    computed = tokens / (1 - padding) * plan.steps / plan.per_epoch
    seconds = computed / processes() * part_seconds / part_tokens + plan.steps * update_seconds
    duration = f"{seconds / 3600:.1f} hours" if seconds >= 3600 else f"{seconds / 60:.1f} minutes"
    return (
        f"about {duration} on {name} without evaluations, from {TRIALS} parts of a batch timed on one device:"
        f" {part_tokens:,} tokens in {part_seconds:.2f} s, and {update_seconds:.3f} s for an update"
        + ("" if processes() == 1 else "; several devices are taken to share the work without loss")
    )


def weight_shapes(start: CheckpointFolder) -> dict[str, Sequence[int]]:
    """The shape of every weight, from the headers of the files; of pickled weights, from the configuration."""
    if weights := weights_in(start.folder):
        return {name: shape for name, (_, shape) in weights.items()}
    with torch.device("meta"):
        model = start.loader.from_config(start.config)
    shapes: dict[str, Sequence[int]] = {name: tuple(parameter.shape) for name, parameter in model.named_parameters()}
    # transformers 5 calls every T5 tied; whether outputs are scaled is what it keeps of the file's own word.
    if start.encoder_decoder and not start.config.scale_decoder_outputs:
        shapes["lm_head.weight"] = (start.config.vocab_size, start.config.d_model)
    return shapes


def estimated_memory(prepared: Prepared) -> dict[str, int]:
    """Bytes on each device without sharding, by what takes them.

    Weights are fp32 with a copy in the recipe's precision, or frozen in that precision with LoRA, which trains rank x
    (inputs + outputs) weights of each adapted layer; gradients are fp32.
    """
    recipe, shapes = prepared.recipe, weight_shapes(prepared.start)
    total, width, lora = sum(map(prod, shapes.values())), BYTES[recipe.precision], recipe.lora
    if lora is not None:
        ends = tuple(f".{module}.weight" for module in lora.modules)
        trained = sum(lora.r * sum(shape) for name, shape in shapes.items() if name.endswith(ends))
        weights = width * total + 4 * trained
    else:
        trained = total
        weights = 4 * total + (width * total if width < 4 else 0)
    optimizer = 8 * trained  # AdamW keeps two fp32 numbers for each trained weight
    taken = {"weights": weights, "gradients": 4 * trained, "optimizer": optimizer}
    return {**taken, "activations": activations(prepared)}


def activations(prepared: Prepared) -> int:
    """Bytes of the activations of the longest part of a batch.

    For each layer tokens x (34 width + 5 heads length) bytes in 16 bits, or with gradient checkpointing the input of
    each layer and all of one (Korthikanti et al. 2022, Reducing Activation Recomputation in Large Transformer Models,
    section 4); half as much again for cross-attention; and three copies of the logits, two of them in fp32.
    """
    recipe, config, examples = prepared.recipe, prepared.start.config, prepared.examples
    rows, scale = recipe.device_batch_size, BYTES[recipe.precision] / 2
    biggest = sorted(examples, key=lambda example: -example.tokens)[:rows]
    prompt, answer = (max(len(example[side]) for example in biggest) for side in (0, 1))
    if prepared.start.encoder_decoder:
        stacks = [(config.num_layers, prompt, 1.0), (config.num_decoder_layers, answer, 1.5)]
        width, heads, written = config.d_model, config.num_heads, answer
    else:
        stacks = [(config.num_hidden_layers, longest(biggest, False), 1.0)]
        width, heads, written = config.hidden_size, config.num_attention_heads, stacks[0][1]
    total = 0.0
    for layers, length, share in stacks:
        whole = rows * length * (34 * width + 5 * heads * length) * scale * share
        inputs = layers * 2 * rows * length * width * scale
        total += inputs + whole if recipe.gradient_checkpointing else layers * whole
    return int(total + rows * written * config.vocab_size * (8 + 2 * scale))


def measured(prepared: Prepared) -> tuple[float, int, float] | None:
    """Seconds of forward and backward passes of parts of middling length, their tokens (with padding), and seconds of
    one step of the optimizer; None when memory runs out."""
    recipe, start, rows = prepared.recipe, prepared.start, prepared.recipe.device_batch_size
    device = torch.device("cpu") if on_cpu() else torch.accelerator.current_accelerator() or torch.device("cpu")
    precision = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(recipe.precision)
    collator = Collator(start)
    by_length = sorted(prepared.examples, key=lambda example: example.tokens)
    middle = max(0, (len(by_length) - TRIALS * rows) // 2)
    taken = by_length[middle : middle + TRIALS * rows]
    parts = [taken[first : first + rows] for first in range(0, len(taken), rows)]

    def now() -> float:
        if device.type != "cpu":
            torch.accelerator.synchronize()  # kernels run on after their call has returned
        return time.monotonic()

    try:
        model, times = load_trainable(start, recipe).to(device).train(), []
        for part in (parts[0], *parts):
            batch = {name: tensor.to(device) for name, tensor in collator(part).items()}
            labels, started = batch.pop("labels"), now()
            with torch.autocast(device.type, precision) if precision else nullcontext():
                value = answer_loss(start.encoder_decoder, model(**batch), labels, torch.tensor(100.0, device=device))
            value.backward()  # type: ignore[no-untyped-call]
            times.append(now() - started)
        tokens = sum(len(part) * longest(part, start.encoder_decoder) for part in parts)
        optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=recipe.learning_rate)
        started = now()
        optimizer.step()
        return sum(times[1:]), tokens, now() - started  # the first part was to warm up
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        return None
