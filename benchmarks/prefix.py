"""Several asks a sentence with and without sharing what their prompts begin with: time and tokens read.

A LLaMA of 4 layers with random weights and the real tokenizer is asked UniversalNER's question for every type. It
writes nonsense, but reads and writes as many tokens as a trained one of its size.

    python benchmarks/prefix.py --data DATA --tokenizer llama/tokenizer.model --limit 8
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from gner_bench.data import read_dataset
from gner_bench.predict.checkpoint import Checkpoint, load_checkpoint
from gner_bench.predict.decode.batched import generate, use_protocol_settings

QUESTION = (
    "A virtual assistant answers questions from a user based on the provided text. USER: Text: {text} ASSISTANT: I've"
    " read this text.</s>USER: What describes {type} in the text? ASSISTANT:"
)
BATCH = 32


def random_llama(tokenizer: Path, folder: Path) -> Checkpoint:
    """A checkpoint of 46 million parameters in ``folder``."""
    torch.manual_seed(0)
    config = LlamaConfig(hidden_size=512, intermediate_size=1408, num_hidden_layers=4, num_attention_heads=8)
    LlamaForCausalLM(config).save_pretrained(folder)
    shutil.copyfile(tokenizer, folder / "tokenizer.model")
    checkpoint = replace(load_checkpoint(str(folder), "fp32", "cpu"), format="uniner", wrapping="plain")
    use_protocol_settings(checkpoint)
    return checkpoint


def timed(
    checkpoint: Checkpoint, prompts: Sequence[str], owners: Sequence[int], share: bool
) -> tuple[float, int, list[str]]:
    """Seconds, tokens read and written, and the texts."""
    read = [0]

    def count(_: object, inputs: tuple[torch.Tensor, ...], __: object) -> None:
        read[0] += inputs[0].numel()

    hook = checkpoint.model.get_input_embeddings().register_forward_hook(count)
    started, texts = time.perf_counter(), list[str]()
    for first in range(0, len(prompts), BATCH):
        part = slice(first, first + BATCH)
        texts += [g.text for g in generate(checkpoint, prompts[part], owners[part] if share else None)]
    seconds = time.perf_counter() - started
    hook.remove()
    return seconds, read[0], texts


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True)
@click.option("--tokenizer", type=click.Path(path_type=Path), required=True)
@click.option("--limit", default=8, show_default=True, help="Sentences of each set.")
@click.option("--repeats", default=3, show_default=True)
@click.option("--new", default=8, show_default=True, help="Tokens of an answer.")
def main(data: Path, tokenizer: Path, limit: int, repeats: int, new: int) -> None:
    """Print the table."""
    print("| set | types | asks | tokens without | tokens with | s without | s with | times faster | texts equal |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    with TemporaryDirectory() as folder:
        checkpoint = replace(random_llama(tokenizer, Path(folder)), max_new_tokens=new)
        for name in ("crossner_politics", "crossner_ai", "mit-movie"):
            dataset = read_dataset(data, name, "test")
            sentences = sorted(dataset.sentences[:limit], key=lambda sentence: -len(sentence.words))
            asks = [
                (i, QUESTION.format(text=" ".join(s.words), type=t))
                for i, s in enumerate(sentences)
                for t in dataset.types
            ]
            owners, prompts = [owner for owner, _ in asks], [prompt for _, prompt in asks]
            runs = [[timed(checkpoint, prompts, owners, share) for share in (False, True)] for _ in range(repeats)]
            plain, shared = (min(run[way][0] for run in runs) for way in (0, 1))
            (_, all_tokens, texts), (_, few_tokens, same) = runs[0]
            equal = sum(map(str.__eq__, texts, same))
            print(
                f"| {name} | {len(dataset.types)} | {len(asks)} | {all_tokens:,} | {few_tokens:,} | {plain:.1f} |"
                f" {shared:.1f} | {plain / shared:.2f} | {'all' if equal == len(asks) else equal} {len(asks)} |"
            )


if __name__ == "__main__":
    main()
