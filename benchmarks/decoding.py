"""Drafted decoding beside `generate` and CTranslate2, printed as Markdown.

    python benchmarks/decoding.py embedded --data DATA [--limit N]
    python benchmarks/decoding.py replay --shape t5-base --predictions FILE --tokenizer PATH [--limit N]
    python benchmarks/decoding.py bf16 --data DATA [--limit N]
    python benchmarks/decoding.py threads --data DATA [--limit N]

`embedded` runs gner-tiny, `bf16` compares what it writes in bf16, `threads` runs `predict` with one thread and with one
a core, which spin or not while they wait, alone and beside a busy loop on every core, in turns. `replay` builds a model
of the given shape with random weights and lets it write stored outputs: every forward pass is computed in full, argmax
included, only the choice is taken from the stored output. CTranslate2 is forced to them by `target_prefix`, one token a
step, which costs what free decoding costs. What a model would choose after a wrong draft token is simulated as in
draft_acceptance.py.

With `--threads 1` times on a CPU are those of the processor.
Prompts are tokenized and texts decoded within the time. "Passes a sentence" are those that its row takes part in, so in
a batch of `generate` those of its longest output. "Tokens pushed" counts what is written, padding and rejected drafts
included, not prompts; "kept" counts the end token. The distance to the floor is the time over that of reading the
weights of the decoder and the head once a pass; encoder, prompts and attention's memory are not in the floor.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
import transformers
from draft_acceptance import Target, choices, hint_errors, target
from torch import Tensor
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    LlamaTokenizer,
    LogitsProcessor,
    LogitsProcessorList,
)
from transformers.utils import logging

from gner_bench.api import load_predictions
from gner_bench.api import score as scored
from gner_bench.data import Sentence
from gner_bench.demo import CHECKPOINT, CORPUS
from gner_bench.documents.record import Record, read_records
from gner_bench.predict.checkpoint import DTYPES, Checkpoint, load_checkpoint
from gner_bench.predict.decode.batched import generate, use_protocol_settings
from gner_bench.predict.decode.draft import Drafter, SentenceDraft, common
from gner_bench.predict.decode.loop import Counts, longest_match
from gner_bench.predict.decode.speculative import SpeculativeDecoder, best_tokens, units_of
from gner_bench.predict.decode.steps import padded
from gner_bench.predict.generation import Generation
from gner_bench.predict.inputs import select
from gner_bench.predict.options import Limit, Options, chosen
from gner_bench.predict.plan import Asking, Key, Task, batches, plan
from gner_bench.scoring.values import SystemValues
from gner_bench.structure.back_tokenizer import tokenizer_file

BANDWIDTH = {"H100": 3.0e12, "H200": 4.3e12}
"""Bytes a second that the cards read: the rate of the decoding study, and the same share of the H200's 4.8e12."""
T5 = {
    "t5-base": (768, 64, 2048, 12, 12),
    "t5-large": (1024, 64, 2816, 24, 16),
    "t5-xl": (2048, 64, 5120, 24, 32),
    "t5-xxl": (4096, 64, 10240, 24, 64),
    "t5-tiny": (64, 16, 128, 2, 4),
}
"""d_model, d_kv, d_ff, layers and heads of Flan-T5; the tiny one only tests the scripts."""
LLAMA = {
    "llama-7b": (4096, 11008, 32, 32),
    "llama-134m": (768, 2048, 12, 12),
    "llama-tiny": (256, 688, 4, 4),
}
"""Hidden size, size of the feed-forward layer, layers and heads; the tiny one only tests the scripts."""
TINY = "gner-tiny"
PAD = 128
"""Prompts of compiled models are filled up to a multiple of this, so that few shapes have to be compiled."""
CT2_TYPES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16", "int8": "int8"}


@dataclass
class Work:
    """What a decoding did: its outputs, ``passes`` of the model, and summed over rows ``row_passes`` and ``pushed``."""

    outputs: dict[Key, Generation] = field(default_factory=dict)
    passes: int = 0
    row_passes: int = 0
    pushed: int = 0

    @property
    def tokens(self) -> int:
        return sum(output.tokens for output in self.outputs.values())

    @property
    def kept(self) -> int:
        return sum(map(_steps, self.outputs.values()))

    def add_batch(self, tasks: Sequence[Task], outputs: Sequence[Generation], rows: int) -> None:
        """Add a batch of `generate` on ``rows`` rows, all of which wait for the longest output."""
        longest = max(map(_steps, outputs))
        self.outputs.update(zip((task.key for task in tasks), outputs, strict=True))
        self.passes += longest
        self.row_passes += longest * len(tasks)
        self.pushed += longest * rows


def _steps(output: Generation) -> int:
    """The tokens of an output with its end token."""
    return output.tokens + (output.finish == "stop")


Decode = Callable[[Sequence[Task]], Work]


@dataclass(frozen=True)
class Way:
    """A decoding: ``build`` loads what it needs, ``plain`` says that it is `generate`."""

    name: str
    build: Callable[[], Decode]
    plain: bool = False


@dataclass
class Timed:
    """The best of the runs of a way, None for ``work`` where it failed."""

    way: Way
    work: Work | None = None
    seconds: float = float("inf")
    failure: str = ""


class Replay(LogitsProcessor):
    """Makes the tokens ``targets`` of shape (rows, steps) the best ones; outputs begin at position ``start``."""

    def __init__(self, targets: Tensor, start: int) -> None:
        self.targets, self.start = targets, start

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        step = input_ids.shape[1] - self.start
        return scores.scatter_(1, self.targets[:, step : step + 1], torch.inf)


class Replayed(SpeculativeDecoder):
    """Drafted decoding in which stored outputs, the ``goals``, are what the model chooses."""

    def __init__(self, checkpoint: Checkpoint, rows: int, goals: dict[Key, Target], hint_error: float) -> None:
        super().__init__(checkpoint, rows)
        self.goals, self.hint_error = goals, hint_error
        self.begin_again()

    def begin_again(self) -> None:
        """Forget the sentences of an earlier run."""
        self.errors = hint_errors(self.hint_error) if self.hint_error < 1 else None
        self.goal_of: dict[SentenceDraft, Target] = {}

    def begin(self, task: Task) -> SentenceDraft:
        sentence = super().begin(task)
        self.goal_of[sentence] = self.goals[task.key]
        return sentence

    def choose(
        self, logits: Tensor, drafts: Sequence[Sequence[int]], sentences: Sequence[SentenceDraft]
    ) -> list[list[int]]:
        best_tokens(logits)
        kept = []
        for draft, sentence in zip(drafts, sentences, strict=True):
            goal, at = self.goal_of[sentence], len(sentence.tokens)
            same = common(draft, goal.tokens[at:-1])
            chosen = choices(sentence, list(draft), same, goal, at, self.errors)
            kept.append(longest_match(draft, chosen, self.ends))
            sentence.advance(kept[-1], chosen)
        return kept


def drafted(make: Callable[[int], SpeculativeDecoder], rows: int) -> Way:
    """Drafted decoding; a second run keeps the model's stacked weights and recorded graphs but has learned nothing."""

    def build() -> Decode:
        made = make(rows)

        def decode(tasks: Sequence[Task]) -> Work:
            made.units = units_of(made.checkpoint)
            made.drafter, made.loop.counts = Drafter(made.units), Counts()
            if isinstance(made, Replayed):
                made.begin_again()
            outputs = {task.key: output for task, output in made(tasks)}
            counts = made.loop.counts
            return Work(outputs, counts.passes, sum(output.passes for output in outputs.values()), counts.pushed)

        return decode

    return Way(f"drafted, {rows} row{'s' * (rows > 1)}", build)


def plain_name(size: int, kind: str = "") -> str:
    return f"`generate`{kind}, {f'batches of {size}' if size > 1 else 'one at a time'}"


def generated(checkpoint: Checkpoint, size: int) -> Way:
    """`generate` on batches of sentences of like length."""

    def decode(tasks: Sequence[Task]) -> Work:
        work = Work()
        for batch in batches(tasks, size):
            work.add_batch(batch, generate(checkpoint, [task.prompt for task in batch]), len(batch))
        return work

    return Way(plain_name(size), lambda: decode, plain=True)


def replayed(checkpoint: Checkpoint, goals: dict[Key, Target], size: int, compiled: bool = False) -> Way:
    """The same with stored outputs; ``compiled`` uses a static cache, for which transformers compiles the model."""

    def decode(tasks: Sequence[Task]) -> Work:
        work = Work()
        for batch in batches(tasks, size):
            rows = size if compiled else len(batch)
            work.add_batch(batch, replay_batch(checkpoint, goals, batch, rows, compiled), rows)
        return work

    def build() -> Decode:
        torch.compiler.reset()
        return decode

    return Way(plain_name(size, " with a static cache, compiled" if compiled else ""), build, plain=True)


@torch.inference_mode()
def replay_batch(
    checkpoint: Checkpoint,
    goals: dict[Key, Target],
    tasks: Sequence[Task],
    rows: int,
    compiled: bool,
    processor: Callable[[Tensor, int], Replay] = Replay,
) -> list[Generation]:
    """`generate` as predict calls it, on ``rows`` rows, the last task filling up those that are left.

    ``processor`` is made with the tokens to be written and where outputs begin.
    """
    model: Any = checkpoint.model
    encoded = checkpoint.prompt_ids([task.prompt for task in tasks])
    filled = [*range(len(tasks)), *[len(tasks) - 1] * (rows - len(tasks))]
    inputs = checkpoint.tokenizer.pad(
        {"input_ids": [encoded[i][0] for i in filled]},
        return_tensors="pt",
        pad_to_multiple_of=PAD if compiled else None,
    ).to(model.device)
    start = 1 if checkpoint.encoder_decoder else inputs["input_ids"].shape[1]
    targets = padded([goals[tasks[i].key].tokens for i in filled], min(checkpoint.end_tokens), model.device)
    output = model.generate(
        input_ids=inputs["input_ids"],
        attention_mask=inputs["attention_mask"],
        max_new_tokens=max(room for _, room, _ in encoded),
        logits_processor=LogitsProcessorList([processor(targets, start)]),
        cache_implementation="static" if compiled else None,
    )
    steps = output.shape[1] - start
    return [
        checkpoint.generation(row[start : start + room], cut, steps)
        for row, (_, room, cut) in zip(output.tolist()[: len(tasks)], encoded, strict=True)
    ]


def translated(
    checkpoint: Checkpoint, goals: dict[Key, Target] | None, load: Callable[[], Any], size: int, dtype: str
) -> Way:
    """CTranslate2's translator, forced to stored outputs or, without goals, free; finished rows leave its batches.

    It heeds no end token inside a forced prefix, so the prefix stops before it and any token then ends the row.
    """

    def build() -> Decode:
        translator = load()

        def decode(tasks: Sequence[Task]) -> Work:
            to_tokens = checkpoint.tokenizer.convert_ids_to_tokens
            encoded = checkpoint.prompt_ids([task.prompt for task in tasks])
            forcing: dict[str, Any] = {}
            if goals is not None:
                forcing["target_prefix"] = [to_tokens(goals[task.key].tokens[:-1]) for task in tasks]
                forcing["end_token"] = list(range(len(checkpoint.tokenizer)))
            results = translator.translate_batch(
                [to_tokens(ids) for ids, _, _ in encoded],
                **forcing,
                return_end_token=True,
                beam_size=1,
                max_batch_size=size,
                max_input_length=0,
                max_decoding_length=max(room for _, room, _ in encoded),
                min_decoding_length=0,
            )
            work = Work()
            for task, (_, _, cut), result in zip(tasks, encoded, results, strict=True):
                ids = checkpoint.tokenizer.convert_tokens_to_ids(result.hypotheses[0])
                if goals is not None:
                    ids[-1] = min(checkpoint.end_tokens)
                work.outputs[task.key] = checkpoint.generation(ids, cut, len(ids))
            work.row_passes = work.pushed = work.kept
            return work

        return decode

    return Way(f"CTranslate2 {dtype}, {f'batches of {size}' if size > 1 else 'one at a time'}", build)


@contextmanager
def ctranslate2_ways(
    options: argparse.Namespace, checkpoint: Checkpoint, goals: dict[Key, Target] | None
) -> Iterator[Any]:
    """The ways to run CTranslate2, none where it cannot; its copy of the model is removed at the end."""
    dtypes = [name for name in options.ctranslate2.split(",") if name]
    if not dtypes:
        yield []
        return
    with TemporaryDirectory() as folder:
        try:
            if not checkpoint.encoder_decoder:
                raise NotImplementedError("its generator cannot be forced to an output token by token")
            converted = converted_model(checkpoint, Path(folder))
        except Exception as error:
            print(f"CTranslate2 is left out: {reason(error)}\n")
            yield []
            return
        load = {dtype: translator_of(options, converted, dtype, checkpoint.model.device) for dtype in dtypes}
        sizes = numbers(options.ctranslate2_batches)
        yield [translated(checkpoint, goals, load[dtype], size, dtype) for dtype in dtypes for size in sizes]


def converted_model(checkpoint: Checkpoint, folder: Path) -> Path:
    """The model in CTranslate2's format, in ``folder``."""
    converters = importlib.import_module("ctranslate2.converters")
    checkpoint.model.save_pretrained(folder / "model")
    checkpoint.tokenizer.save_pretrained(folder / "model")
    converters.TransformersConverter(str(folder / "model")).convert(str(folder / "converted"))
    return folder / "converted"


def translator_of(options: argparse.Namespace, folder: Path, dtype: str, device: torch.device) -> Callable[[], Any]:
    def load() -> Any:
        return importlib.import_module("ctranslate2").Translator(
            str(folder),
            device=device.type,
            compute_type=CT2_TYPES[dtype],
            inter_threads=1,
            intra_threads=options.threads,
        )

    return load


def measure(ways: Sequence[Way], tasks: Sequence[Task], repeats: int, device: torch.device) -> list[Timed]:
    """Run all ways in turn, ``repeats`` times; a way that fails is not run again."""
    measured = [Timed(way) for way in ways]
    for repeat, timed in itertools.product(range(repeats), measured):
        if timed.failure:
            continue
        try:
            run(timed, tasks, device)
        except Exception as error:
            timed.failure = reason(error)
        said = timed.failure or f"{timed.seconds:.2f} s"
        print(f"{repeat + 1}/{repeats} {timed.way.name}: {said}", file=sys.stderr, flush=True)
        gc.collect()
        if device.type == "cuda":
            torch.cuda.empty_cache()
    return measured


def run(timed: Timed, tasks: Sequence[Task], device: torch.device) -> None:
    """One run, after one to warm up: with all tasks on CUDA, where shapes are compiled and recorded, else with one."""
    decode = timed.way.build()
    decode(tasks if device.type == "cuda" else tasks[:1])
    synchronise(device)
    # On one thread of a CPU processor time is what an idle machine would take; others' work moves it less.
    clock = time.process_time if device.type == "cpu" and torch.get_num_threads() == 1 else time.perf_counter
    started = clock()
    work = decode(tasks)
    synchronise(device)
    seconds = clock() - started
    if seconds < timed.seconds:
        timed.work, timed.seconds = work, seconds


def synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def print_table(measured: Sequence[Timed], expected: dict[Key, str], floor: float | None) -> None:
    """``expected`` are the right texts, ``floor`` the least seconds of a pass, where they are known."""
    heads = [
        "decoding",
        "sentences/s",
        "tokens/s",
        "passes a sentence",
        "tokens pushed / kept",
        "times `generate` one at a time",
        "times its best",
        "texts equal",
        "distance to floor",
    ]
    plain = [timed for timed in measured if timed.way.plain and timed.work]
    alone = next((timed.seconds for timed in plain if timed.way.name == plain_name(1)), None)
    best = min((timed.seconds for timed in plain), default=None)
    _print_row(heads)
    _print_row(["---", *["---:"] * (len(heads) - 1)])
    for timed in measured:
        if timed.work is not None:
            _print_row([timed.way.name, *_cells(timed, timed.work, expected, alone, best), _distance(timed, floor)])
    for timed in measured:
        if timed.failure:
            print(f"\n{timed.way.name} failed: {timed.failure}")
    print(flush=True)


def _cells(
    timed: Timed, work: Work, expected: dict[Key, str], alone: float | None, best: float | None
) -> Iterator[str]:
    count, seconds = len(work.outputs), timed.seconds
    yield f"{count / seconds:.2f}"
    yield f"{work.tokens / seconds:.0f}"
    yield f"{work.row_passes / count:.1f}"
    yield f"{work.pushed / work.kept:.2f}"
    yield "" if alone is None else f"{alone / seconds:.2f}"
    yield "" if best is None else f"{best / seconds:.2f}"
    wrong = differing(work, expected)
    yield f"all {count}" if not wrong else f"{count - wrong} of {count}"


def _distance(timed: Timed, floor: float | None) -> str:
    passes = timed.work.passes if timed.work else 0
    return f"{timed.seconds / (passes * floor):.1f}x" if floor and passes else ""


def _print_row(cells: Sequence[str]) -> None:
    print(f"| {' | '.join(cells)} |")


def differing(work: Work, expected: dict[Key, str]) -> int:
    """The number of texts that are not the expected ones."""
    return sum(work.outputs[key].text != text for key, text in expected.items())


def floor_seconds(model: Any) -> float | None:
    """The time of reading the weights of a pass once, None on a device of unknown bandwidth."""
    name = torch.cuda.get_device_name(model.device) if model.device.type == "cuda" else ""
    rate = next((rate for card, rate in BANDWIDTH.items() if card in name), None)
    layers = model.decoder.block if hasattr(model, "decoder") else model.model.layers
    weights = model.lm_head.weight.numel() + sum(
        parameter.numel()
        for name, parameter in layers.named_parameters()
        if not name.endswith(("EncDecAttention.k.weight", "EncDecAttention.v.weight"))
    )
    return weights * model.dtype.itemsize / rate if rate else None


def print_header(checkpoint: Checkpoint, tasks: Sequence[Task], options: argparse.Namespace) -> None:
    device: torch.device = checkpoint.model.device
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"CPU ({_processor()})"
    parts = [
        f"{checkpoint.name}, {name}, {checkpoint.dtype}",
        f"{options.threads} threads",
        f"torch {torch.__version__}",
        f"transformers {transformers.__version__}",
        f"{datetime.now(UTC):%Y-%m-%d}",
        f"{len(tasks)} sentences of {len({task.dataset for task in tasks})} sets",
        f"best of {options.repeats}",
    ]
    print(f"{', '.join(parts)}\n")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "unknown"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def reason(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def random_checkpoint(shape: str, dtype: str, device: str, tokenizer: Path) -> Checkpoint:
    """A model of the shape with random weights, and the tokenizer of a folder."""
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    torch.manual_seed(0)
    config = config_of(shape)
    loader = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    with torch.device(device):
        model: Any = loader.from_config(config, dtype=DTYPES[dtype])  # type: ignore[no-untyped-call]
    if shape != TINY:
        untie(model)
    checkpoint = Checkpoint(
        name=f"{shape} with random weights",
        source=shape,
        revision=None,
        folder=tokenizer,
        files={},
        note="",
        training_sets=(),
        model=model.requires_grad_(False).eval(),
        tokenizer=load_tokenizer(tokenizer),
        dtype=dtype,
    )
    use_protocol_settings(checkpoint)
    return checkpoint


def config_of(shape: str) -> Any:
    if shape == TINY:
        return AutoConfig.from_pretrained(CHECKPOINT)
    if shape in LLAMA:
        size, wide, layers, heads = LLAMA[shape]
        return AutoConfig.for_model(
            "llama",
            vocab_size=32000,
            hidden_size=size,
            intermediate_size=wide,
            num_hidden_layers=layers,
            num_attention_heads=heads,
        )
    size, head, wide, layers, heads = T5[shape]
    return AutoConfig.for_model(
        "t5",
        vocab_size=32128,
        d_model=size,
        d_kv=head,
        d_ff=wide,
        num_layers=layers,
        num_heads=heads,
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=False,
        decoder_start_token_id=0,
    )


def untie(model: Any) -> None:
    """Give the model a head of its own, which transformers 5 ties in T5 models built from a configuration."""
    model.config.tie_word_embeddings = False
    shared = model.get_input_embeddings().weight
    if model.lm_head.weight is shared:
        model.lm_head.weight = torch.nn.Parameter(torch.empty_like(shared).normal_(std=0.02))


@cache
def load_tokenizer(folder: Path) -> Any:
    """A tokenizer saved by transformers, or LLaMA's `tokenizer.model` by itself."""
    if (folder / "tokenizer_config.json").is_file() or not (folder / "tokenizer.model").is_file():
        return AutoTokenizer.from_pretrained(folder)
    return LlamaTokenizer.from_pretrained(folder)


def stored_tasks(records: Iterable[Record], checkpoint: Checkpoint) -> tuple[list[Task], dict[Key, Target]]:
    """The tasks of stored outputs and the token ids that were written."""
    units, asking = units_of(checkpoint), Asking(wrapping=checkpoint.family.wrapping)
    tasks, goals = [], {}
    for record in records:
        sentence = Sentence(record.id, record.words, record.tags)
        task = Task(record.dataset, record.split, record.types, sentence, asking)
        tasks.append(task)
        goals[task.key] = target(record, units)
    return tasks, goals


def first_of_each(records: Iterable[Record], limit: int | None) -> list[Record]:
    """The first ``limit`` records of each data set."""
    seen: dict[str, list[Record]] = {}
    for record in records:
        seen.setdefault(record.dataset, []).append(record)
    return [record for part in seen.values() for record in part[:limit]]


def read_tasks(options: argparse.Namespace, checkpoint: Checkpoint) -> list[Task]:
    """The tasks of the first test sentences of the seven zero-shot sets."""
    wanted = Options(options.data, Path(), datasets=("zero-shot",), limit=Limit(1, options.limit))
    datasets = chosen(select(wanted), wanted)
    asking = Asking(wrapping=checkpoint.family.wrapping)
    return [task for dataset in datasets for task in plan(dataset, "file", 0, asking)]


def embedded(options: argparse.Namespace) -> None:
    checkpoint = load_checkpoint("demo", "fp32", "cpu")
    use_protocol_settings(checkpoint)
    tasks = read_tasks(options, checkpoint)
    sizes = sorted({1, *numbers(options.batches)})
    ways = [generated(checkpoint, size) for size in sizes]
    ways += [drafted(lambda rows: SpeculativeDecoder(checkpoint, rows), rows) for rows in numbers(options.rows)]
    with ctranslate2_ways(options, checkpoint, None) as peers:
        measured = measure([*ways, *peers], tasks, options.repeats, checkpoint.model.device)
    print_header(checkpoint, tasks, options)
    print_table(measured, texts(measured[0].work), None)


def texts(work: Work | None) -> dict[Key, str]:
    return {key: output.text for key, output in work.outputs.items()} if work else {}


def replay(options: argparse.Namespace) -> None:
    checkpoint = random_checkpoint(options.shape, options.dtype, options.device, options.tokenizer)
    tasks, goals = stored_tasks(first_of_each(read_records(options.predictions), options.limit), checkpoint)
    expected = {task.key: checkpoint.generation(goals[task.key].tokens, False).text for task in tasks}
    device: torch.device = checkpoint.model.device
    with ctranslate2_ways(options, checkpoint, goals) as ways:
        plain = [replayed(checkpoint, goals, size) for size in numbers(options.batches)]
        if device.type == "cuda":
            plain += [replayed(checkpoint, goals, size, compiled=True) for size in numbers(options.compiled)]
        rows = [
            drafted(lambda rows: Replayed(checkpoint, rows, goals, options.hint_error), rows)
            for rows in numbers(options.rows)
        ]
        measured = measure([*plain, *rows, *ways], tasks, options.repeats, device)
    print_header(checkpoint, tasks, options)
    print_table(measured, expected, floor_seconds(checkpoint.model))


def bf16(options: argparse.Namespace) -> None:
    checkpoint = load_checkpoint("demo", "bf16", "cpu")
    use_protocol_settings(checkpoint)
    tasks = read_tasks(options, checkpoint)
    sizes = sorted({1, *numbers(options.batches)})
    ways = [generated(checkpoint, size) for size in sizes]
    ways += [drafted(lambda rows: SpeculativeDecoder(checkpoint, rows), rows) for rows in numbers(options.rows)]
    measured = measure(ways, tasks, 1, checkpoint.model.device)
    expected = texts(measured[0].work)
    print_header(checkpoint, tasks, options)
    _print_row(["decoding", "texts that differ", "share", "F1"])
    _print_row(["---", *["---:"] * 3])
    for timed in measured:
        assert timed.work is not None, timed.failure
        wrong = differing(timed.work, expected)
        f1 = score(checkpoint, tasks, timed.work)
        _print_row([timed.way.name, str(wrong), f"{wrong / len(tasks):.2%}", f"{f1:.4f}"])


def threads(options: argparse.Namespace) -> None:
    count = len(os.sched_getaffinity(0))
    ways = list(itertools.product((0, count), (("PASSIVE", 1), ("PASSIVE", count), ("ACTIVE", count))))
    best: dict[Any, tuple[float, float]] = {}
    for _, (loops, (policy, used)) in itertools.product(range(options.repeats), ways):
        busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(loops)]
        try:
            rates = predicted(options, policy, used)
        finally:
            for process in busy:
                process.kill()
        best[loops, policy, used] = max(best.get((loops, policy, used), (0.0, 0.0)), rates)
    _print_row(["busy loops beside", "threads", "waiting threads", "sentences/s", "CPU seconds"])
    _print_row(["---:", "---:", "---", "---:", "---:"])
    for (loops, policy, used), (rate, seconds) in best.items():
        _print_row(
            [str(loops), str(used), "sleep" if policy == "PASSIVE" else "spin", f"{rate:.2f}", f"{-seconds:.1f}"]
        )


def predicted(options: argparse.Namespace, policy: str, used: int) -> tuple[float, float]:
    """Sentences a second of `predict` in a process of its own, and its CPU seconds, negative."""
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "gner_bench", "-q", "predict", "--model", "demo", "--data", str(options.data)]
        command += ["--datasets", "zero-shot", "--limit", str(options.limit), "--threads", str(used), "--out", folder]
        unset = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
        before = os.times()
        subprocess.run(command, env={**unset, "OMP_WAIT_POLICY": policy}, check=True, stdout=subprocess.DEVNULL)
        after, run = os.times(), json.loads((Path(folder) / "run.json").read_text(encoding="utf-8"))
    own = after.children_user + after.children_system - before.children_user - before.children_system
    return run["throughput"]["generating"]["sentences_per_second"], -own


def score(checkpoint: Checkpoint, tasks: Sequence[Task], work: Work) -> float:
    """The mean of the sets' F1 by the GNER metric, from 0 to 1."""
    file = tokenizer_file(checkpoint.folder)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "predictions.jsonl"
        outputs = [(task, work.outputs[task.key]) for task in tasks]
        lines = [json.dumps(task.record(output.text, output.noted()).document()) + "\n" for task, output in outputs]
        path.write_text("".join(lines), encoding="utf-8")
        scores = scored(load_predictions(path, tokenizer=file or "none"), ["gner"])
    return SystemValues(scores).average("gner").f1


def numbers(text: str) -> list[int]:
    """Numbers separated by commas."""
    return [int(number) for number in text.split(",") if number]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for command in (embedded, replay, bf16, threads):
        part = commands.add_parser(command.__name__)
        part.set_defaults(command=command)
        part.add_argument("--limit", type=int, default=30, metavar="N", help="sentences of each set (%(default)s)")
        part.add_argument("--threads", type=int, default=2, metavar="T")
        part.add_argument("--repeats", type=int, default=1, metavar="R", help="runs, of which the best counts")
        rows, sizes = ("1,8", "8,32") if command is bf16 else ("1,2,4,8,16,32", "1,2,4,8,16,32,64")
        part.add_argument("--rows", default=rows, help="rows of drafted decoding (%(default)s)")
        part.add_argument("--batches", default=sizes, help="batch sizes of `generate` (%(default)s)")
        if command in (embedded, replay):
            part.add_argument("--ctranslate2", default="fp32,int8", help="its number formats; empty for none")
            part.add_argument("--ctranslate2-batches", default="1,8,32")
        if command is replay:
            replay_arguments(part)
        else:
            part.add_argument("--data", type=Path, default=CORPUS, help="folder in the GNER layout")
    return parser.parse_args()


def replay_arguments(part: argparse.ArgumentParser) -> None:
    part.add_argument("--shape", choices=[TINY, *T5, *LLAMA], required=True)
    part.add_argument("--predictions", type=Path, required=True, metavar="FILE")
    part.add_argument("--tokenizer", type=Path, required=True, metavar="PATH", help="folder of the shape's tokenizer")
    part.add_argument("--dtype", choices=("fp32", "bf16"), default="fp32")
    part.add_argument("--device", default="cpu")
    part.add_argument("--hint-error", type=float, default=0.1, metavar="Q", help="as in draft_acceptance.py")
    part.add_argument("--compiled", default="1,32", help="batch sizes with a static cache, compiled, on CUDA only")


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    options.command(options)


if __name__ == "__main__":
    main()
