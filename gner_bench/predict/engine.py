"""Running a backend over data sets: plan, continue what exists, generate, record."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from gner_bench.data import Dataset
from gner_bench.errors import InputError
from gner_bench.files import make_folder, write_atomic, write_json
from gner_bench.predict import run_record, store
from gner_bench.predict.backend import Backend
from gner_bench.predict.generation import Generation
from gner_bench.predict.merge import refuse_other_shards
from gner_bench.predict.options import Options
from gner_bench.predict.plan import Key, Task, plan
from gner_bench.predict.selection import chosen, sharded
from gner_bench.records import Json
from gner_bench.terminal import progress_bar

Tell = Callable[[str], None]
CUT = {"input_cut": "prompts were cut at the input limit", "length": "outputs hit the length limit"}
"""What store.put_in_order counts, in words."""


@dataclass
class Phase:
    """What a part of the work took: ``seconds``, and the sentences, tokens and forward passes in them."""

    seconds: float = 0.0
    sentences: int = 0
    tokens: int = 0
    passes: int = 0

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Add the seconds until the block is left."""
        started = time.monotonic() - self.seconds
        try:
            yield
        finally:
            self.seconds = time.monotonic() - started

    def add(self, generation: Generation) -> None:
        self.sentences += 1
        self.tokens += generation.tokens
        self.passes += generation.passes

    def document(self) -> Json:
        """The part of run.json."""
        seconds = max(self.seconds, 1e-9)
        found: Json = {"seconds": round(self.seconds, 3), "sentences": self.sentences}
        found["sentences_per_second"] = round(self.sentences / seconds, 2)
        if self.tokens:
            found |= {"tokens": self.tokens, "tokens_per_second": round(self.tokens / seconds, 1)}
        if self.passes:
            found |= {"passes": self.passes, "passes_per_sentence": round(self.passes / self.sentences, 2)}
        return found


@dataclass
class _Run:
    """A run under way in ``folder``: its run.json, all its ``tasks``, those on disk before, and what was done since."""

    backend: Backend
    folder: Path
    document: Json
    tasks: Sequence[Task]
    done: set[Key]
    loading: Phase
    generating: Phase = field(default_factory=Phase)
    ordering: Phase = field(default_factory=Phase)

    @property
    def path(self) -> Path:
        return self.folder / "predictions.jsonl"

    @property
    def title(self) -> str:
        """What people read before its progress."""
        return " ".join(filter(None, (self.backend.name, self.document["selection"].get("shard"))))

    def save(self, status: str, **more: object) -> None:
        """Write run.json. Raises InputError when that fails."""
        progress = {"status": status, "sentences_done": len(self.done) + self.generating.sentences}
        write_json(self.folder / "run.json", {**self.document, **progress, **more})


def run_folder(options: Options) -> Path:
    """Where a run writes: ``options.out``, or the folder of its shard in there."""
    return options.out / options.shard.folder if options.shard else options.out


def predict(
    backend: Backend,
    datasets: Sequence[Dataset],
    options: Options,
    tell: Tell = lambda _: None,
    reading_seconds: float = 0.0,
) -> Path:
    """Generate for every chosen sentence of ``datasets`` that predictions.jsonl lacks and return that file.

    Every sentence is in the file as soon as it is generated; a complete file stands in the order of the data, however
    often the run was interrupted. ``tell`` hears of cut sentences; ``reading_seconds`` is what reading the data took.
    Raises UsageError for a choice that no sentence meets, InputError when the folder holds another run or the disk is
    full, GnerBenchError while another process writes it, and what the backend raises.
    """
    with store.held(make_folder(run_folder(options))):
        run = _begin(backend, datasets, options, Phase(reading_seconds))
        if len(run.done) < len(run.tasks) or not run_record.is_done(run.folder / "run.json"):
            _finish(run, tell)
        return run.path


def _begin(backend: Backend, datasets: Sequence[Dataset], options: Options, loading: Phase) -> _Run:
    folder = run_folder(options)
    with loading.timed():
        cut = chosen(datasets, options)
        every = [
            task
            for part in cut
            for task in plan(part, options.label_order, options.seed, backend.wrapping, backend.target)
        ]
        sizes = {dataset.name: len(dataset.sentences) for dataset in datasets}
        document = run_record.describe(backend, options, cut, sizes, every)
        _refuse_other_run(options, document)
        tasks = sharded(every, options.shard)
        done = store.recover(folder / "predictions.jsonl", tasks)
    loading.sentences = sum(sizes.values())
    return _Run(backend, folder, document, tasks, done, loading)


def _refuse_other_run(options: Options, document: Json) -> None:
    folder = run_folder(options)
    if options.shard:
        refuse_other_shards(options.out, options.shard)
    for each in dict.fromkeys((folder, options.out)):
        run_record.refuse_other_run(each / "run.json", document)
    path = folder / "predictions.jsonl"
    if path.exists() and not (folder / "run.json").exists():
        raise InputError(path, "has no run.json beside it that says which model wrote it; choose another --out")


def _finish(run: _Run, tell: Tell) -> None:
    run.save("running")
    if run.backend.tokenizer is not None:
        write_atomic(run.folder / run.backend.tokenizer.name, run.backend.tokenizer.read_bytes())
    try:
        with run.generating.timed():
            _generate(run)
        with run.ordering.timed():
            cut = store.put_in_order(run.path, run.tasks)
    except BaseException:
        with suppress(InputError):
            run.save("interrupted")
        raise
    run.ordering.sentences = len(run.tasks)
    phases = {"loading": run.loading, "generating": run.generating, "ordering": run.ordering}
    run.save(
        "done",
        ended=run_record.now(),
        cut={mark: cut[mark] for mark in CUT},
        throughput={name: phase.document() for name, phase in phases.items()},
        statistics=run.backend.statistics(),
    )
    for mark, what in CUT.items():
        if cut[mark]:
            tell(f"{run.title}: {cut[mark]} {what}")


def _generate(run: _Run) -> None:
    missing = [task for task in run.tasks if task.key not in run.done]
    live = "shard" not in run.document["selection"]
    with (
        store.appending(run.path) as append,
        progress_bar(run.title, len(run.tasks), len(run.done), live=live) as advance,
    ):
        started = time.monotonic()
        for task, generation in run.backend.decode(missing) if missing else ():
            append(task.record(generation.text, generation.noted()))
            run.generating.add(generation)
            advance(1, _speeds(run.generating, time.monotonic() - started))


def _speeds(phase: Phase, seconds: float) -> str:
    passes = f", {phase.passes / phase.sentences:.1f} passes/sentence" if phase.passes else ""
    return f"{phase.tokens / max(seconds, 1e-9):.0f} tokens/s{passes}"
