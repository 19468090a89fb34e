"""What one GPU does with drafted decoding, beside `generate`, within a few minutes; nothing is downloaded.

    python benchmarks/gpu.py [--shared DIR] [--out build/gpu] [--minutes 8]
    python benchmarks/gpu.py --memory-table

Models of the shapes of T5-base to -xxl and LLaMA-7B have random weights and are made to write stored outputs, as
decoding.py `replay` does: every pass is computed in full. ``--shared`` (shared or ../shared) holds the outputs,
predictions/gner-t5-base.dev700.jsonl, and tokenizers/; reference/decoding_study.md is read for the floors, where it is
there.

Measured in this order: that recorded passes give what plain ones give, and fp32 what `generate` gives; sentences a
second in bf16 of drafted decoding and of `generate`, T5-xxl first; `generate` with a static cache, compiled; more rows.
The study's floors are those of an H100 with 64 rows. "Times reading the weights" is the time over that of reading the
weights of decoder and head once a pass.
A measurement is written to gpu.json and gpu.md of ``--out`` as soon as it is made. The script stops by itself after
``--minutes``. The same command goes on where it stopped or was killed. What failed, or was killed twice, is not tried
again, unless its entry is taken out of gpu.json.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import zip_longest
from operator import call
from pathlib import Path
from typing import Any

import torch
import transformers
from decoding import (
    LLAMA,
    T5,
    Decode,
    Replay,
    Replayed,
    Way,
    Work,
    config_of,
    differing,
    drafted,
    first_of_each,
    floor_seconds,
    generated,
    random_checkpoint,
    read_tasks,
    reason,
    replay_batch,
    replayed,
    stored_tasks,
    synchronise,
    texts,
)
from draft_acceptance import Target
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

from gner_bench.demo import CORPUS
from gner_bench.documents.record import read_records
from gner_bench.files import make_folder, write_atomic, write_json
from gner_bench.predict.checkpoint import Checkpoint, load_checkpoint
from gner_bench.predict.decode.batched import use_protocol_settings
from gner_bench.predict.decode.draft import SentenceDraft
from gner_bench.predict.decode.graphs import most_graphs
from gner_bench.predict.decode.speculative import SpeculativeDecoder
from gner_bench.predict.memory import MOST_ROWS, longest_pass, memory_of, most_rows, shape_of
from gner_bench.predict.plan import Key, Task

SHAPES = "t5-xxl", "llama-7b", "t5-base", "t5-large", "t5-xl"
"""In the order in which they are measured: T5-xxl is what the goal is about."""
CARDS = 24, 48, 80, 141
"""Gigabytes (10⁹ bytes) of the cards of the memory table."""
RESERVED = 1e9
"""Bytes of a card that CUDA, its libraries and the driver keep for themselves: assumed, not measured."""
LIMITS = {"t5": (640, 640), "llama": (640, 640)}
"""The most tokens of prompt and output; LLaMA's limit of 1,280 counts both."""
HINT_ERROR = 0.1
CHECKED = 16
"""Rows of what is checked, in fp32 too, which is slow on large models."""
PREDICTIONS = "predictions/gner-t5-base.dev700.jsonl"
DRAFT_FLOOR, PLAIN_FLOOR = "draft cap 32, B=64", "AR B=64"
"""Columns of the study's table of floors."""
GOALS = {"sentences/s": 100.0, "times `generate`": 10.0}
"""Of T5-xxl."""


class OutOfTime(BaseException):
    """The script's own time is over. Not an Exception, so that nothing on the way takes it for a failed measurement."""


@dataclass(frozen=True)
class Measurement:
    """``make`` gives the values of what is called ``name`` for a model of ``shape``."""

    shape: str
    name: str
    make: Callable[[Bench], dict[str, Any]]

    @property
    def key(self) -> str:
        return f"{self.shape}: {self.name}"


@dataclass
class Bench:
    """The options, and the model and sentences that were made last, which the next measurement may want too."""

    options: argparse.Namespace
    held: tuple[str, str] | None = None
    checkpoint: Any = None
    tasks: Sequence[Task] = ()
    goals: dict[Key, Target] = field(default_factory=dict)

    @property
    def device(self) -> torch.device:
        return torch.device(self.options.device)

    def hold(self, shape: str, dtype: str) -> Checkpoint:
        """The model of the shape with the sentences that it is to write, the first of every data set before others."""
        if self.held != (shape, dtype):
            self.held, self.checkpoint = None, None
            free(self.device)
            tokenizer = self.options.shared / "tokenizers" / ("llama" if shape in LLAMA else "t5")
            self.checkpoint = random_checkpoint(shape, dtype, self.options.device, tokenizer)
            records = first_of_each(read_records(self.options.shared / PREDICTIONS), self.options.sentences)
            tasks, self.goals = stored_tasks(records, self.checkpoint)
            sets: dict[str, list[Task]] = {}
            for task in tasks:
                sets.setdefault(task.dataset, []).append(task)
            self.tasks = [task for mixed in zip_longest(*sets.values()) for task in mixed if task is not None]
            self.held = shape, dtype
        checkpoint: Checkpoint = self.checkpoint
        return checkpoint


def measurements(options: argparse.Namespace) -> Iterator[Measurement]:
    """Everything that is measured, the most important first."""
    shapes, rows, sizes = options.shapes, options.rows, options.batches
    smallest = [next((shape for shape in kind if shape in shapes), None) for kind in (T5, LLAMA)]
    yield Measurement("gner-tiny", "fp32, texts of `generate`", same_texts)
    yield from checks(smallest[0])
    for shape in shapes:
        if shape == smallest[1]:
            yield from checks(shape)
        yield ours(shape, rows[0])
        yield plain(shape, sizes[0])
    for shape in shapes:
        yield plain(shape, sizes[0], compiled=True)
    for shape in shapes:
        yield from (ours(shape, count) for count in rows[1:])
        yield from (plain(shape, size) for size in sizes[1:])


def checks(shape: str | None) -> Iterator[Measurement]:
    if shape:
        yield Measurement(shape, "fp32, recorded passes", partial(same_passes, shape=shape, dtype="fp32"))
        yield Measurement(shape, "fp32, tokens of `generate`", partial(same_tokens, shape=shape))
        yield Measurement(shape, "bf16, recorded passes", partial(same_passes, shape=shape, dtype="bf16"))


def ours(shape: str, rows: int) -> Measurement:
    def make(bench: Bench) -> dict[str, Any]:
        checkpoint, made = bench.hold(shape, "bf16"), list[Replayed]()

        def build(rows: int) -> Replayed:
            made.append(Replayed(checkpoint, rows, bench.goals, HINT_ERROR))
            return made[0]

        values = timed(bench, drafted(build, rows), rows, warm=True)
        left = made[0].loop.size  # a shortage of memory halves the rows
        values["memory by arithmetic"] = arithmetic(checkpoint.model, left)
        return {"kind": "drafted", "rows": left, **values, **recorded_by(made[0].loop.model.run)}

    return Measurement(shape, f"bf16, drafted, {rows} rows", make)


def plain(shape: str, size: int, compiled: bool = False) -> Measurement:
    def make(bench: Bench) -> dict[str, Any]:
        way = replayed(bench.hold(shape, "bf16"), bench.goals, size, compiled)
        return {"kind": "compiled" if compiled else "generate", "rows": size, **timed(bench, way, size, warm=compiled)}

    return Measurement(shape, f"bf16, `generate`{', static cache, compiled' if compiled else ''}, {size} rows", make)


def timed(bench: Bench, way: Way, size: int, warm: bool) -> dict[str, Any]:
    """Sentences a second of a way, on as many sentences as the seconds of a measurement allow.

    A first batch tells how many those are. With ``warm`` everything is run once before, where kernels are compiled or
    recorded when they are first wanted.
    """
    options, device = bench.options, bench.device
    decode, first = way.build(), bench.tasks[:size]
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    for _ in range(1 + warm):
        work, seconds = clocked(decode, first, device)
    count = min(len(bench.tasks), int(size * options.seconds / seconds) // size * size)
    for _ in range((1 + warm) * (count > size)):
        work, seconds = clocked(decode, bench.tasks[:count], device)
    checkpoint, done = bench.checkpoint, len(work.outputs)
    right = {key: checkpoint.generation(bench.goals[key].tokens, False).text for key in work.outputs}
    floor = floor_seconds(checkpoint.model)
    values = {
        "sentences": done,
        "seconds": seconds,
        "sentences/s": done / seconds,
        "tokens/s": work.tokens / seconds,
        "passes a sentence": work.row_passes / done,
        "tokens pushed / kept": work.pushed / work.kept,
        "texts that differ": differing(work, right),
    }
    if floor and work.passes:
        values["times reading the weights"] = seconds / (work.passes * floor)
    if device.type == "cuda":
        values["peak memory"] = torch.cuda.max_memory_reserved()
    return values


def clocked(decode: Decode, tasks: Sequence[Task], device: torch.device) -> tuple[Work, float]:
    synchronise(device)
    started = time.perf_counter()
    work = decode(tasks)
    synchronise(device)
    return work, time.perf_counter() - started


def arithmetic(model: Any, rows: int) -> int:
    """What drafted decoding takes by arithmetic, in bytes."""
    source, output = LIMITS["t5" if model.config.is_encoder_decoder else "llama"]
    shape: Any = shape_of(model.config, model.num_parameters())
    graphs = most_graphs(rows, source + output) if model.device.type == "cuda" else 0
    sizes: Any = {"rows": rows, "source": source, "output": output, "tokens": longest_pass(rows), "graphs": graphs}
    return memory_of(itemsize=model.dtype.itemsize, **sizes, **shape).total


def recorded_by(run: Any) -> dict[str, Any]:
    """How many passes were recorded, and why no more were."""
    values = {"recorded passes": getattr(run, "recorded", None), "not recorded because": getattr(run, "failure", None)}
    return {name: value for name, value in values.items() if value not in (None, "")}


def same_texts(bench: Bench) -> dict[str, Any]:
    """The embedded checkpoint, whose weights are trained: texts of both decodings, nothing forced."""
    options = argparse.Namespace(data=CORPUS, limit=min(bench.options.sentences, 10))
    checkpoint = load_checkpoint("demo", "fp32", bench.options.device)
    use_protocol_settings(checkpoint)
    tasks = read_tasks(options, checkpoint)
    right = generated(checkpoint, 8).build()(tasks)
    work = drafted(lambda rows: SpeculativeDecoder(checkpoint, rows), 8).build()(tasks)
    return {"compared": len(tasks), "what": "texts", "differ": differing(work, texts(right))}


def same_passes(bench: Bench, shape: str, dtype: str) -> dict[str, Any]:
    """Every pass of a run as it is recorded and once more plainly, which writes the same keys and values again: the
    choices that differ, and how far apart logits are."""
    rows = min(CHECKED, *bench.options.rows)
    decoder = Replayed(bench.hold(shape, dtype), rows, bench.goals, HINT_ERROR)
    model: Any = decoder.loop.model
    step, run, found = model.step, model.run, {"compared": 0, "differ": 0, "apart": 0.0}

    def both(tokens: Tensor, starts: Sequence[int]) -> Tensor:
        recorded = step(tokens, starts).float().clone()
        model.run = call
        logits: Tensor = step(tokens, starts)
        model.run = run
        found["compared"] += tokens.numel()
        found["differ"] += int((recorded.argmax(-1) != logits.argmax(-1)).sum())
        apart = (recorded - logits.float()).abs().max() / logits.float().std()
        found["apart"] = max(found["apart"], float(apart))
        return logits

    model.step = both
    list(decoder(bench.tasks[: 2 * rows]))
    return {**found, "what": "choices of passes", **recorded_by(run)}


class Choosing(Replay):
    """Notes what `generate` would have written at each step, before it is made to write the stored token."""

    def __init__(self, targets: Tensor, start: int) -> None:
        super().__init__(targets, start)
        self.steps: list[Tensor] = []

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        self.steps.append(scores.argmax(-1))
        return super().__call__(input_ids, scores)


class Noted(Replayed):
    """Notes what the model would have written where drafted decoding keeps a stored token."""

    def begin_again(self) -> None:
        super().begin_again()
        self.chosen: dict[SentenceDraft, list[int]] = {}

    def choose(
        self, logits: Tensor, drafts: Sequence[Sequence[int]], sentences: Sequence[SentenceDraft]
    ) -> list[list[int]]:
        best = logits.argmax(-1).tolist()
        kept = super().choose(logits, drafts, sentences)
        for sentence, choices, tokens in zip(sentences, best, kept, strict=True):
            self.chosen.setdefault(sentence, []).extend(choices[: len(tokens)])
        return kept


def same_tokens(bench: Bench, shape: str) -> dict[str, Any]:
    """What the model would write after every stored token, by drafted decoding and by `generate`."""
    checkpoint, rows = bench.hold(shape, "fp32"), min(CHECKED, *bench.options.rows)
    tasks, goals, made = bench.tasks[:rows], bench.goals, list[Choosing]()
    decoder = Noted(checkpoint, rows, goals, HINT_ERROR)
    list(decoder(tasks))

    def processor(targets: Tensor, start: int) -> Choosing:
        made.append(Choosing(targets, start))
        return made[0]

    replay_batch(checkpoint, goals, tasks, len(tasks), False, processor)
    plain = torch.stack(made[0].steps, dim=1).tolist()
    of_goal = {id(goal): decoder.chosen[sentence] for sentence, goal in decoder.goal_of.items()}
    pairs = [(of_goal[id(goals[task.key])], row) for task, row in zip(tasks, plain, strict=True)]
    differ = sum(one != two for chosen, row in pairs for one, two in zip(chosen, row, strict=False))
    return {"compared": sum(len(chosen) for chosen, _ in pairs), "what": "tokens", "differ": differ}


def free(device: torch.device) -> None:
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raise OutOfTime in the block after so many seconds."""

    def ring(*_: object) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, ring)
    # Once more every second, in case that a library takes the exception for one of its own.
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-3), 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def run(options: argparse.Namespace) -> None:
    """Make what is not in the file yet, until the time is over."""
    path, bench = options.out / "gpu.json", Bench(options)
    document = begun(path, about(options))
    todo = list(measurements(options))
    try:
        with alarm(options.minutes * 60):
            for measurement in todo:
                make(measurement, bench, document, path)
                write_atomic(path.with_suffix(".md"), markdown(document, todo, options))
    except OutOfTime:
        print(f"{options.minutes:g} minutes are over.", file=sys.stderr)
    table = markdown(document, todo, options)
    write_atomic(path.with_suffix(".md"), table)
    print(table, end="")


def make(measurement: Measurement, bench: Bench, document: dict[str, Any], path: Path) -> None:
    """Make a measurement that is not in the document yet, and write it down."""
    entry = document["measurements"].setdefault(measurement.key, {"attempts": 0})
    if "minutes" in entry:
        return
    if entry["attempts"] == 2:
        entry |= {"failure": "was killed twice", "minutes": 0.0}
    else:
        # Written before the attempt: what ends the process is tried once more, not for ever.
        entry["attempts"] += 1
        write_json(path, document)
        started = time.perf_counter()
        try:
            values = measurement.make(bench)
        except OutOfTime:
            entry["attempts"] -= 1
            write_json(path, document)
            raise
        except Exception as error:
            values, bench.held = {"failure": reason(error)}, None
        minutes = (time.perf_counter() - started) / 60
        entry |= {"shape": measurement.shape, "name": measurement.name, **values, "minutes": minutes}
    write_json(path, document)
    free(bench.device)
    said = entry.get("failure") or shown(entry)
    print(f"{measurement.key}: {said}", file=sys.stderr, flush=True)


def shown(entry: Mapping[str, Any]) -> str:
    if "compared" in entry:
        return f"{entry['differ']} of {entry['compared']} {entry['what']} differ"
    return f"{entry['sentences/s']:.2f} sentences/s"


def about(options: argparse.Namespace) -> dict[str, Any]:
    """What all measurements of a file have in common."""
    device = torch.device(options.device)
    predictions = (options.shared / PREDICTIONS).read_bytes()
    return {
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else str(device),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "predictions": hashlib.sha256(predictions).hexdigest(),
        "sentences": options.sentences,
    }


def begun(path: Path, facts: dict[str, Any]) -> dict[str, Any]:
    """The document of earlier runs, or a new one. Ends the script where they were made under other circumstances."""
    if not path.exists():
        make_folder(path.parent)
        return {"version": 1, "begun": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "about": facts, "measurements": {}}
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    others = [name for name, value in facts.items() if document["about"].get(name) != value]
    if others:
        sys.exit(f"{path} was begun with another {', '.join(others)}; take another --out")
    return document


def floors(study: Path) -> dict[str, dict[str, float]]:
    """Milliseconds a sentence of each shape and column of the study's table of floors; empty without the study."""
    if not study.is_file():
        return {}
    rows = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in study.read_text(encoding="utf-8").splitlines()
        if line.startswith("|")
    ]
    head = next((row for row in rows if DRAFT_FLOOR in row), [])
    table: dict[str, dict[str, float]] = {}
    for row in rows:
        if head and row[0].lower() in (*T5, *LLAMA) and len(row) == len(head):
            numbers = {name: re.match(r"[\d.]+", cell) for name, cell in zip(head, row, strict=True)}
            table[row[0].lower()] = {name: float(number[0]) for name, number in numbers.items() if number}
    return table


def markdown(document: dict[str, Any], todo: Sequence[Measurement], options: argparse.Namespace) -> str:
    done = {key: entry for key, entry in document["measurements"].items() if "minutes" in entry}
    fine = [entry for entry in done.values() if "failure" not in entry]
    facts = document["about"]
    minutes = sum(entry["minutes"] for entry in done.values())
    lines = [
        f"{facts['device']}, torch {facts['torch']}, transformers {facts['transformers']}, begun {document['begun']}, "
        f"{minutes:.1f} minutes of measuring.",
        "",
        *correctness(entry for entry in fine if "compared" in entry),
        "",
        *speed([entry for entry in fine if "seconds" in entry], floors(options.shared / "reference/decoding_study.md")),
    ]
    failed = [f"- {key}: {entry['failure']}" for key, entry in done.items() if "failure" in entry]
    left = [f"- {measurement.key}" for measurement in todo if measurement.key not in done]
    for title, entries in (("Failed", failed), ("Not measured; the same command goes on with it", left)):
        if entries:
            lines += ["", f"{title}:", "", *entries]
    return "\n".join(lines) + "\n"


def correctness(entries: Iterator[dict[str, Any]]) -> Iterator[str]:
    yield from table_head("shape", "compared with", "compared", "differ", "logits apart, SD", "recorded passes", left=2)
    for entry in entries:
        apart = f"{entry['apart']:.1g}" if "apart" in entry else ""
        recorded = entry.get("not recorded because") or entry.get("recorded passes", "")
        compared = f"{entry['compared']:,} {entry['what']}"
        yield row(entry["shape"], entry["name"], compared, f"{entry['differ']:,}", apart, str(recorded))


def speed(entries: Sequence[dict[str, Any]], least: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """The rows, and what T5-xxl was to reach."""
    names = ["shape", "decoding", "rows", "sentences", "sentences/s", "tokens/s", "passes a sentence"]
    names += ["tokens pushed / kept", "times `generate`", "times the study's floor", "times reading the weights"]
    yield from table_head(*names, "peak GB", "GB by arithmetic", "texts that differ", left=2)
    best: dict[tuple[str, str], float] = {}
    for entry in entries:
        place = entry["shape"], entry["kind"]
        best[place] = max(best.get(place, 0.0), entry["sentences/s"])
    for entry in entries:
        rate, eager = entry["sentences/s"], best.get((entry["shape"], "generate"))
        floor = least.get(entry["shape"], {}).get(DRAFT_FLOOR if entry["kind"] == "drafted" else PLAIN_FLOOR)
        weights = entry.get("times reading the weights")
        yield row(
            entry["shape"],
            {"drafted": "drafted", "generate": "`generate`"}.get(entry["kind"], "`generate`, static cache, compiled"),
            str(entry["rows"]),
            str(entry["sentences"]),
            f"{rate:.2f}",
            f"{entry['tokens/s']:.0f}",
            f"{entry['passes a sentence']:.1f}",
            f"{entry['tokens pushed / kept']:.2f}",
            f"{rate / eager:.2f}" if eager else "",
            f"{1000 / rate / floor:.1f}" if floor else "",
            f"{weights:.1f}" if weights else "",
            *(f"{entry[name] / 1e9:.1f}" if name in entry else "" for name in ("peak memory", "memory by arithmetic")),
            str(entry["texts that differ"]),
        )
    mine, eager = best.get(("t5-xxl", "drafted")), best.get(("t5-xxl", "generate"))
    if mine and eager:
        yield ""
        for (name, goal), value in zip(GOALS.items(), (mine, mine / eager), strict=True):
            yield f"T5-xxl, {name}: {value:.1f}, goal {goal:g}: {'reached' if value >= goal else 'not reached'}."


def memory_table() -> Iterator[str]:
    """How many sentences side by side fit each card by arithmetic, and what takes its memory."""
    names = ["shape", "format", "weights, GB", "cache of a sentence, MB"]
    yield from table_head(*names, *(f"{size} GB" for size in CARDS), left=2)
    for shape in sorted(SHAPES, key=[*T5, *LLAMA].index):
        config = config_of(shape)
        loader = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
        with torch.device("meta"):
            model: Any = loader.from_config(config)  # type: ignore[no-untyped-call]
        # The head is one of its own in GNER's T5, and tied in a model that is made from a configuration.
        tied = model.lm_head.weight is model.get_input_embeddings().weight
        parameters = model.num_parameters() + tied * model.lm_head.weight.numel()
        sizes: Any = shape_of(config, parameters)
        source, output = LIMITS["t5" if config.is_encoder_decoder else "llama"]
        for format, itemsize in (("bf16", 2), ("fp32", 4)):
            one = memory_of(rows=1, source=source, output=output, tokens=2, graphs=0, itemsize=itemsize, **sizes)
            room = [int(card * 1e9 - RESERVED - one.weights) for card in CARDS]
            fits = [fitting(free, source, output, itemsize, sizes) for free in room]
            cells = [str(rows) if rows else "does not fit" for rows in fits]
            yield row(shape, format, f"{one.weights / 1e9:.1f}", f"{one.cache / 1e6:,.0f}", *cells)


def fitting(free: int, source: int, output: int, itemsize: int, sizes: Any) -> int:
    """How many sentences ``predict`` decodes side by side: as many as fit with graphs, or without where none does."""
    graphs = most_graphs(MOST_ROWS, source + output)
    return most_rows(free, source, output, itemsize, graphs, **sizes) or most_rows(
        free, source, output, itemsize, **sizes
    )


def table_head(*names: str, left: int = 1) -> list[str]:
    return [row(*names), row(*["---"] * left, *["---:"] * (len(names) - left))]


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def names_of(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memory-table", action="store_true", help="print what fits by arithmetic, and nothing else")
    shared = Path("shared") if Path("shared").is_dir() else Path("../shared")
    parser.add_argument("--shared", type=Path, default=shared, metavar="DIR")
    parser.add_argument("--out", type=Path, default=Path("build/gpu"), metavar="DIR")
    parser.add_argument("--minutes", type=float, default=8, metavar="M", help="time of this run (%(default)s)")
    parser.add_argument("--seconds", type=float, default=6, metavar="S", help="of a measurement (%(default)s)")
    parser.add_argument("--sentences", type=int, default=100, metavar="N", help="most of each data set (%(default)s)")
    parser.add_argument("--shapes", type=names_of, default=list(SHAPES), metavar="NAMES", help=", ".join(SHAPES))
    parser.add_argument("--rows", type=lambda text: [*map(int, names_of(text))], default=[64, 128], metavar="N,N")
    parser.add_argument("--batches", type=lambda text: [*map(int, names_of(text))], default=[64, 128], metavar="N,N")
    parser.add_argument("--device", default="cuda")
    options = parser.parse_args(words)
    unknown = [shape for shape in options.shapes if shape not in {**T5, **LLAMA}]
    if unknown:
        parser.error(f"--shapes: no shape {', '.join(unknown)}; there are {', '.join([*T5, *LLAMA])}")
    if options.memory_table:
        return options
    if not (options.shared / PREDICTIONS).is_file():
        parser.error(f"--shared: {options.shared / PREDICTIONS} is not there")
    if options.device.startswith("cuda") and not torch.cuda.is_available():
        parser.error(
            "no GPU here; --device cpu --shapes t5-tiny,llama-tiny --sentences 1 --rows 4 --batches 4 tries it"
        )
    return options


def main(words: Sequence[str] | None = None) -> None:
    options = arguments(words)
    if options.memory_table:
        print("\n".join(memory_table()))
    else:
        run(options)


if __name__ == "__main__":
    main()
