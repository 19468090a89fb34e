"""Throughput of predict's batches beside `generate` called one sentence at a time, with the texts compared.

Example: python benchmarks/predict_throughput.py --model demo --data data/gner --limit 30
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch

from gner_bench.demo import CORPUS
from gner_bench.predict.checkpoint import Checkpoint, load_checkpoint
from gner_bench.predict.decoding import generate, use_protocol_settings
from gner_bench.predict.inputs import select
from gner_bench.predict.options import Limit, Options
from gner_bench.predict.plan import Task, batches, plan
from gner_bench.predict.selection import chosen


def one_at_a_time(checkpoint: Checkpoint, tasks: list[Task]) -> dict[str, str]:
    """What a script that loops over `generate` writes, by prompt."""
    texts = {}
    for task in tasks:
        inputs = checkpoint.tokenizer(task.prompt, return_tensors="pt", truncation=True, max_length=640)
        output = checkpoint.model.generate(**inputs.to(checkpoint.model.device), do_sample=False, max_new_tokens=640)
        texts[task.prompt] = checkpoint.tokenizer.decode(
            output[0], skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
    return texts


def in_batches(checkpoint: Checkpoint, tasks: list[Task], size: int) -> tuple[dict[str, str], int]:
    """The texts by prompt and the number of tokens generated."""
    texts, tokens = {}, 0
    for batch in batches(tasks, size):
        generations = generate(checkpoint, [task.prompt for task in batch])
        texts.update({task.prompt: g.text for task, g in zip(batch, generations, strict=True)})
        tokens += sum(generation.tokens for generation in generations)
    return texts, tokens


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="demo")
    parser.add_argument("--data", default="demo")
    parser.add_argument("--limit", type=int, default=30, help="sentences of each data set")
    parser.add_argument("--batch-sizes", default="1,8,32,128")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    data = CORPUS if arguments.data == "demo" else Path(arguments.data)
    checkpoint = load_checkpoint(arguments.model, "fp32", "cpu")
    use_protocol_settings(checkpoint)
    options = Options(data, Path(), limit=Limit(1, arguments.limit))
    datasets = chosen(select(options), options)
    tasks = [task for dataset in datasets for task in plan(dataset, "file", 0, checkpoint.family.wrapping)]
    generate(checkpoint, [tasks[0].prompt])

    started = time.perf_counter()
    reference = one_at_a_time(checkpoint, tasks)
    alone = time.perf_counter() - started
    print(f"{checkpoint.name}, fp32, {arguments.threads} threads, {len(tasks)} sentences of {len(datasets)} sets\n")
    print("| decoding | sentences/s | tokens/s | times one at a time | texts equal |")
    print("| --- | ---: | ---: | ---: | ---: |")
    print(f"| `generate`, one sentence at a time | {len(tasks) / alone:.1f} | | 1.0 | |")
    for size in map(int, arguments.batch_sizes.split(",")):
        started = time.perf_counter()
        texts, tokens = in_batches(checkpoint, tasks, size)
        seconds = time.perf_counter() - started
        equal = sum(texts[task.prompt] == reference[task.prompt] for task in tasks)
        figures = f"{len(tasks) / seconds:.1f} | {tokens / seconds:.0f} | {alone / seconds:.1f}"
        print(f"| predict, batches of {size} | {figures} | {equal} of {len(tasks)} |", flush=True)


if __name__ == "__main__":
    main()
