"""Running a backend over data sets: plan, continue what exists, ask, record."""

from __future__ import annotations

import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

from gner_bench import __version__
from gner_bench.answers import answer_format
from gner_bench.data import Dataset
from gner_bench.documents.fields import Json
from gner_bench.documents.run import NAME, Run, RunData, now, read_own_run, refuse_other_run, write_run
from gner_bench.errors import InputError
from gner_bench.files import make_folder, write_atomic
from gner_bench.messages import Say
from gner_bench.predict import store
from gner_bench.predict.backend import Backend
from gner_bench.predict.generation import Generation
from gner_bench.predict.merge import refuse_other_shards
from gner_bench.predict.options import Options, chosen, sharded
from gner_bench.predict.plan import Key, Task, joined, plan, prompt_hash
from gner_bench.terminal import progress_bar

CUT = {"input_cut": "prompts were cut at the input limit", "length": "outputs hit the length limit"}
"""What store.put_in_order counts, in words."""
LIBRARIES = ("torch", "transformers", "tokenizers", "safetensors")


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

    def document(self) -> Json:
        """The part of run.json."""
        seconds = max(self.seconds, 1e-9)
        document: Json = {"seconds": round(self.seconds, 3), "sentences": self.sentences}
        document["sentences_per_second"] = round(self.sentences / seconds, 2)
        if self.tokens:
            document |= {"tokens": self.tokens, "tokens_per_second": round(self.tokens / seconds, 1)}
        if self.passes:
            document |= {"passes": self.passes, "passes_per_sentence": round(self.passes / self.sentences, 2)}
        return document


@dataclass
class _Work:
    """A run under way in ``folder``: its run.json, all its ``tasks``, those on disk before, and what was done since."""

    backend: Backend
    folder: Path
    run: Run
    tasks: Sequence[Task]
    done: set[Key]
    loading: Phase
    generating: Phase = field(default_factory=Phase)
    ordering: Phase = field(default_factory=Phase)

    @property
    def title(self) -> str:
        """What people read before its progress."""
        return " ".join(filter(None, (self.backend.name, self.run.selection.get("shard"))))

    def save(self, status: str) -> None:
        """Write run.json. Raises InputError when that fails."""
        done = len(self.done) + self.generating.sentences
        write_run(self.folder / NAME, replace(self.run, status=status, sentences_done=done))


def predict(
    backend: Backend, datasets: Sequence[Dataset], options: Options, say: Say = lambda _: None, reading: float = 0.0
) -> Path:
    """Ask for every chosen sentence of ``datasets`` that predictions.jsonl lacks and return that file.

    Every sentence is in the file as soon as it is answered; a complete file is in the order of the data, however often
    the run was interrupted. ``say`` hears of cut sentences; ``reading`` is how many seconds reading the data took.
    Raises UsageError for a choice that no sentence meets, InputError when the folder holds another run or the disk is
    full, GnerBenchError while another process writes it, and what the backend raises.
    """
    with store.held(make_folder(options.folder)):
        work = _begin(backend, datasets, options, Phase(reading))
        path = work.folder / "predictions.jsonl"
        if len(work.done) < len(work.tasks) or not _is_done(work.folder / NAME):
            _finish(work, path, say)
        return path


def _is_done(path: Path) -> bool:
    return path.exists() and read_own_run(path).done


def _begin(backend: Backend, datasets: Sequence[Dataset], options: Options, loading: Phase) -> _Work:
    folder = options.folder
    path = folder / "predictions.jsonl"
    with loading.timed():
        cut = chosen(datasets, options)
        every = [
            task
            for dataset in cut
            for task in plan(dataset, options.label_order, options.seed, backend.wrapping, backend.format)
        ]
        sizes = {dataset.name: len(dataset.sentences) for dataset in datasets}
        run = describe(backend, options, cut, sizes, every)
        if options.shard:
            refuse_other_shards(options.out, options.shard)
        for place in dict.fromkeys((folder, options.out)):
            refuse_other_run(place / NAME, run)
        if path.exists() and not (folder / NAME).exists():
            raise InputError(path, "has no run.json beside it that says which model wrote it; choose another --out")
        tasks = sharded(every, options.shard)
        done = store.recover(path, tasks)
    loading.sentences = sum(sizes.values())
    return _Work(backend, folder, run, tasks, done, loading)


def describe(
    backend: Backend, options: Options, datasets: Sequence[Dataset], sizes: Mapping[str, int], tasks: Sequence[Task]
) -> Run:
    """The run.json of a run that is about to start.

    ``datasets`` are cut to the selection, ``sizes`` count their sentences before that. ``datasets`` and ``tasks`` are
    those of all shards, so that the documents of shards differ in what they did and in nothing else.
    """
    asked = {"limit": options.limit, "sample_ids": list(options.sample_ids), "shard": options.shard}
    selection = {name: value if isinstance(value, list) else str(value) for name, value in asked.items() if value}
    seed = options.seed if options.label_order == "shuffled" else None
    return Run(
        model=backend.model,
        settings={
            **backend.settings,
            "format": backend.format,
            "label_order": options.label_order,
            "seed": seed,
        },
        batch_size=options.batch_size,
        device=backend.device,
        datasets={
            dataset.name: RunData(
                dataset.split,
                len(dataset.sentences),
                sizes[dataset.name],
                dataset.content_hash,
                dataset.source,
                dataset.repaired,
            )
            for dataset in datasets
        },
        selection=selection,
        prompt_hash=prompt_hash(task.whole_prompt for task in tasks),
        versions={
            "gner-bench": __version__,
            "python": platform.python_version(),
            **{library: version(library) for library in LIBRARIES},
        },
        git_commit=_git_commit(),
        command=(Path(sys.argv[0]).name, *sys.argv[1:]),
        started=now(),
        sentences=len(sharded(tasks, options.shard)),
    )


def _git_commit() -> str | None:
    """The commit of the working tree that this package is run from, if it is one."""
    folder = Path(__file__).parent
    try:
        git = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, timeout=5)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return git.stdout.strip() if git.returncode == 0 else None


def _finish(work: _Work, path: Path, say: Say) -> None:
    work.save("running")
    if work.backend.tokenizer is not None:
        write_atomic(work.folder / work.backend.tokenizer.name, work.backend.tokenizer.read_bytes())
    try:
        with work.generating.timed():
            _generate(work, path)
        with work.ordering.timed():
            cut = store.put_in_order(path, work.tasks)
    except BaseException:
        with suppress(InputError):
            work.save("interrupted")
        raise
    work.ordering.sentences = len(work.tasks)
    phases = {"loading": work.loading, "generating": work.generating, "ordering": work.ordering}
    work.run = replace(
        work.run,
        ended=now(),
        cut={mark: cut[mark] for mark in CUT},
        throughput={name: phase.document() for name, phase in phases.items()},
        statistics=work.backend.statistics(),
    )
    work.save("done")
    for mark, what in CUT.items():
        if cut[mark]:
            say(f"{work.title}: {cut[mark]} {what}")


def _generate(work: _Work, path: Path) -> None:
    """Ask for the missing sentences and append each as soon as all that was asked about it is answered."""
    missing = [task for task in work.tasks if task.key not in work.done]
    # Several processes at one terminal write lines as into a log file, not a bar each.
    live = "shard" not in work.run.selection
    phase = work.generating
    with (
        store.appending(path) as append,
        progress_bar(work.title, len(work.tasks), len(work.done), live=live) as advance,
    ):
        started = time.monotonic()
        for task, generation in _answered(work.backend, missing) if missing else ():
            append(task.record(generation.text, generation.noted()))
            phase.sentences += 1
            phase.tokens += generation.tokens
            phase.passes += generation.passes
            passes = f", {phase.passes / phase.sentences:.1f} passes/sentence" if phase.passes else ""
            advance(1, f"{phase.tokens / max(time.monotonic() - started, 1e-9):.0f} tokens/s{passes}")


def _answered(backend: Backend, tasks: Sequence[Task]) -> Iterator[tuple[Task, Generation]]:
    """Each task with its answer; where a sentence is asked several questions, with all answers as one."""
    if not answer_format(backend.format).several:
        yield from backend.decode(tasks)
        return
    asks = [replace(task, ask=ask) for task in tasks for ask in range(len(task.prompts))]
    waiting: dict[Key, dict[int, Generation]] = {}
    for task, generation in backend.decode(asks):
        answers = waiting.setdefault(task.key, {})
        answers[task.ask] = generation
        if len(answers) == len(task.prompts):
            parts = [answers[ask] for ask in sorted(waiting.pop(task.key))]
            yield (
                task,
                Generation(
                    joined([part.text for part in parts]),
                    sum(part.tokens for part in parts),
                    "length" if any(part.finish == "length" for part in parts) else "stop",
                    any(part.input_cut for part in parts),
                    sum(part.passes for part in parts),
                ),
            )
