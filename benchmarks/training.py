"""Throughput of fine-tuning, with and without like lengths side by side, printed as Markdown.

    python benchmarks/training.py --data ROOT --tokenizer T5 [--shapes t5-base,llama-134m] [--precisions fp32,bf16]

Models of the given shapes with random weights (``gner-tiny`` is the embedded checkpoint) are trained on batches of an
epoch: forward, backward and AdamW as `gner-bench train` does them, after one batch that is not timed. Floating-point
operations are those that torch's FlopCounterMode counts for each padded part, peak is the best of some matrix products
on the same device in the same format, and padding is that of the whole epoch. Shapes are those of
benchmarks/decoding.py; the sentences are real.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from decoding import TINY, random_checkpoint
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

from gner_bench.demo import CHECKPOINT
from gner_bench.predict.checkpoint import DTYPES
from gner_bench.train.batches import Collator, Example, epoch_order, longest, padding_share
from gner_bench.train.prepare import Prepared, Request, prepare
from gner_bench.train.recipe import Recipe, Selection, TrainingSet
from gner_bench.train.start import load_trainable
from gner_bench.train.trainer import answer_loss

EPOCH = 1
"""An epoch that does not open with the longest batch."""
SIDES = {"cpu": 2048}
SIDE = 8192
TRIALS = 5


@dataclass(frozen=True)
class Speed:
    """What training on some batches took: ``given`` tokens are those with padding."""

    seconds: float
    tokens: int
    given: int
    flops: float


def prepared(checkpoint: Path, options: argparse.Namespace, precision: str) -> Prepared:
    """The sentences of the sets, tokenized for a checkpoint."""
    recipe = Recipe(
        name="throughput",
        checkpoint=str(checkpoint),
        sets=tuple(TrainingSet(name, limit=options.limit, repair="keep") for name in options.sets),
        batch_size=options.batch,
        device_batch_size=options.device_batch,
        precision=precision,  # type: ignore[arg-type]
        selection=Selection(),
        test=(),
    )
    return prepare(recipe, Request(Path("recipe.toml"), options.data, Path("out"), (), True), lambda _: None)


def train(work: Prepared, grouped: bool, batches: int, device: torch.device) -> Speed:
    """Train on the first batches of an epoch, after one that is not timed."""
    recipe, apart = work.recipe, work.start.encoder_decoder
    model = load_trainable(work.start, recipe).to(device).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate)
    lengths = [example.tokens for example in work.examples]
    order = epoch_order(lengths, recipe.batch_size, recipe.seed, EPOCH, grouped)[: batches + 1]
    warming, *timed = [parts_of(work, batch) for batch in order]
    update(model, optimizer, work, warming, device)
    started = now(device)
    for parts in timed:
        update(model, optimizer, work, parts, device)
    seconds = now(device) - started
    every = [part for parts in timed for part in parts]
    given = sum(len(part) * longest(part, apart) for part in every)
    return Speed(seconds, sum(each.tokens for part in every for each in part), given, operations(work, every))


def parts_of(work: Prepared, batch: Sequence[int]) -> list[list[Example]]:
    """A global batch in the parts that a device takes at a time."""
    rows = work.recipe.device_batch_size
    kept = [work.examples[index] for index in batch if index < len(work.examples)]
    return [kept[start : start + rows] for start in range(0, len(kept), rows)]


def update(
    model: Any,
    optimizer: torch.optim.Optimizer,
    work: Prepared,
    parts: Sequence[Sequence[Example]],
    device: torch.device,
) -> None:
    answers = sum(len(each.answer) for part in parts for each in part)
    for part in parts:
        backward(model, work, part, device, answers)
    torch.nn.utils.clip_grad_norm_(model.parameters(), work.recipe.max_grad_norm)
    optimizer.step()
    optimizer.zero_grad()


def backward(model: Any, work: Prepared, part: Sequence[Example], device: torch.device, answers: int) -> None:
    precision, loss = DTYPES[work.recipe.precision], partial(answer_loss, work.start.encoder_decoder)
    batch = {name: each.to(device) for name, each in Collator(work.start)(part).items()}
    labels, mixed = batch.pop("labels"), precision != torch.float32 and device.type != "meta"
    if device.type == "meta":
        del batch["attention_mask"]  # whose content transformers looks at
    with torch.autocast(device.type, precision) if mixed else nullcontext():
        found = loss(model(**batch), labels, torch.tensor(float(answers), device=device))
    found.backward()  # type: ignore[no-untyped-call]


def operations(work: Prepared, parts: Sequence[Sequence[Example]]) -> float:
    """Floating-point operations of the parts forward and back, on tensors without content."""
    loader = AutoModelForSeq2SeqLM if work.start.encoder_decoder else AutoModelForCausalLM
    meta = torch.device("meta")
    with meta:
        model: Any = loader.from_config(work.start.config).train()  # type: ignore[no-untyped-call]
    with FlopCounterMode(display=False) as counter:
        for part in parts:
            backward(model, work, part, meta, 1)
    return float(counter.get_total_flops())


def peak(device: torch.device, precision: str) -> float:
    """Floating-point operations a second of the fastest of some products of square matrices."""
    side = SIDES.get(device.type, SIDE)
    one, other = (torch.randn(side, side, device=device, dtype=DTYPES[precision]) for _ in range(2))
    seconds = []
    for _ in range(TRIALS):
        started = now(device)
        for _ in range(TRIALS):
            one @ other
        seconds.append((now(device) - started) / TRIALS)
    return 2 * side**3 / min(seconds)


def now(device: torch.device) -> float:
    if device.type != "cpu":
        torch.accelerator.synchronize()
    return time.perf_counter()


def checkpoint_of(shape: str, tokenizer: Path, folder: Path) -> Path:
    """A checkpoint folder of the shape."""
    if shape == TINY:
        return CHECKPOINT
    made = random_checkpoint(shape, "fp32", "cpu", tokenizer)
    made.model.save_pretrained(folder / shape)
    made.tokenizer.save_pretrained(folder / shape)
    return folder / shape


def measure(checkpoint: Path, options: argparse.Namespace, device: torch.device) -> None:
    for precision in options.precisions:
        work, best = prepared(checkpoint, options, precision), peak(device, precision)
        lengths, apart = [example.tokens for example in work.examples], work.start.encoder_decoder
        for grouped in (False, True):
            found = train(work, grouped, options.batches, device)
            order = epoch_order(lengths, options.batch, work.recipe.seed, EPOCH, grouped)
            padding = padding_share(work.examples, order, options.device_batch, apart)
            cells = [
                checkpoint.name if checkpoint != CHECKPOINT else TINY,
                precision,
                "like lengths" if grouped else "at random",
                f"{100 * padding:.1f}%",
                f"{found.tokens / found.seconds:,.0f}",
                f"{found.given / found.seconds:,.0f}",
                f"{found.flops / found.seconds / 1e12:.3f}",
                f"{100 * found.flops / found.seconds / best:.0f}% of {best / 1e12:.3f}",
                f"{found.seconds:.1f}",
            ]
            print(f"| {' | '.join(cells)} |", flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="ROOT", help="with the sets in GNER's layout")
    parser.add_argument("--tokenizer", type=Path, required=True, metavar="T5", help="a folder, for random weights")
    parser.add_argument("--sets", type=_list, default=["mit-movie", "bc5cdr", "ncbi"], help="A,B,…")
    parser.add_argument("--shapes", type=_list, default=[TINY], help="A,B,… of decoding.py (default: %(default)s)")
    parser.add_argument("--precisions", type=_list, default=["fp32", "bf16"], help="A,B (default: %(default)s)")
    parser.add_argument("--limit", type=int, default=2000, help="sentences of a set (default: %(default)s)")
    parser.add_argument("--batch", type=int, default=256, help="sentences of an update (default: %(default)s)")
    parser.add_argument("--device-batch", type=int, default=8, help="at a time (default: %(default)s)")
    parser.add_argument("--batches", type=int, default=2, help="that are timed (default: %(default)s)")
    return parser.parse_args()


def _list(text: str) -> list[str]:
    return text.split(",")


def main() -> None:
    options = arguments()
    device = torch.accelerator.current_accelerator() or torch.device("cpu")
    where = f"{torch.get_num_threads()} threads" if device.type == "cpu" else torch.cuda.get_device_name()
    print(f"Python {platform.python_version()}, torch {torch.__version__}, {platform.machine()}, {where};", end=" ")
    print(f"{', '.join(options.sets)}; {options.batch} sentences an update, {options.device_batch} at a time\n")
    heads = ["model", "format", "batches", "padding", "tokens/s", "with padding", "TFLOP/s", "of peak", "seconds"]
    print(f"| {' | '.join(heads)} |\n| --- | --- | --- |{' ---: |' * 6}")
    with tempfile.TemporaryDirectory() as folder:
        for shape in options.shapes:
            measure(checkpoint_of(shape, options.tokenizer, Path(folder)), options, device)


if __name__ == "__main__":
    main()
