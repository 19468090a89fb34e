"""Running a backend over data sets: plan, continue what exists, ask, record."""

from __future__ import annotations

import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from gner_bench import __version__
from gner_bench.answers import answer_format
from gner_bench.catalog import catalog
from gner_bench.catalog.entries import Model as KnownModel
from gner_bench.data import Dataset
from gner_bench.documents.fields import Json
from gner_bench.documents.run import NAME, Model, Run, RunData, now, read_own_run, refuse_other_run, write_run
from gner_bench.errors import GnerBenchError, InputError, UsageError, short
from gner_bench.extras import installed
from gner_bench.fetch.home import locked_if_free
from gner_bench.fetch.requirements import Requirements, ensure
from gner_bench.files import make_folder, write_atomic
from gner_bench.messages import Say, detail, note
from gner_bench.predict import store
from gner_bench.predict.asking import asking_of, material_of
from gner_bench.predict.backend import BACKENDS, Backend, SystemOptions, as_known
from gner_bench.predict.generation import Generation
from gner_bench.predict.inputs import provide_inputs, say_trained_on
from gner_bench.predict.merge import same_data, shards_in
from gner_bench.predict.options import Options, chosen, sharded
from gner_bench.predict.plan import Asking, Key, Task, joined, plan, prompt_hash
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


def run_prediction(
    system: SystemOptions,
    options: Options,
    say: Say,
    offline: bool = False,
    first: bool = True,
    verify: int = 0,
    name: str = "",
) -> Path:
    """Read the data, make the backend and predict; return predictions.jsonl. What `predict` and `run` share.

    What is not in the cache is fetched unless ``offline``. The data is read before the backend is made, so that bad
    data fails before a checkpoint of many gigabytes is loaded. ``first`` says whether this process speaks for all that
    read the same data. ``verify`` sentences are then compared with plain greedy decoding. ``name`` is what tables
    are to call the system, empty for the model's. Raises UsageError for an unknown backend and for a choice that it
    cannot meet, and what reading, the backend and ``predict`` raise.
    """
    asked = {**({"name": name} if name else {}), **system.document()}
    known, system = catalog().find_model(system.model), as_known(system)
    kind = BACKENDS.get(system.backend)
    kind.require_usable(system, options)
    if (verify or options.draft_from) and system.backend != "local":
        raise UsageError("--verify-identical and --draft-from need the checkpoint itself, not a server or library")
    require_decoding(system, options)
    started = time.monotonic()
    tell = say if first else lambda _: None
    if (needed := kind.splits(system)) and options.data is None:
        entries = catalog().expand(options.datasets)
        ensure(Requirements((), tuple((entry, split) for entry in entries for split in needed)), say, offline)
    datasets = provide_inputs(kind.fetched(system), options, tell, offline)
    material = material_of(system, options, datasets, tell, offline)
    reading = time.monotonic() - started
    backend = kind.ready(system, options)
    if known is not None:
        backend = replace(backend, model=_with_facts(backend.model, known))
        if first and not kind.fetches:
            say_trained_on(known.name, known.training_sets, chosen(datasets, options), say)
    settings = ", ".join(f"{name} {value}" for name, value in backend.settings.items() if value is not None)
    detail(f"{backend.name} on {backend.device}: {settings}")
    asking = asking_of(backend.format, backend.wrapping, system, material)
    path = predict(backend, datasets, options, say, reading, asking, asked)
    if verify and backend.verify is not None:
        for line in backend.verify(path, verify):
            note(line)
    return path


def require_decoding(system: SystemOptions, options: Options) -> None:
    """Raise UsageError for a decoding that only checkpoints on this machine have."""
    if options.effective_decoding in ("beam", "constrained") and system.backend != "local":
        option = "--num-beams" if options.effective_decoding == "beam" else "--decoding constrained"
        raise UsageError(f"{option} is not for --backend {system.backend}, which decodes greedily")


def predict(
    backend: Backend,
    datasets: Sequence[Dataset],
    options: Options,
    say: Say = lambda _: None,
    reading: float = 0.0,
    asking: Asking | None = None,
    system: Json | None = None,
) -> Path:
    """Ask for every chosen sentence of ``datasets`` that predictions.jsonl lacks and return that file.

    Every sentence is in the file as soon as it is answered; a complete file is in the order of the data, however often
    the run was interrupted. Where only the gold of finished sentences changed, it is renewed. ``say`` hears of that and
    of cut sentences; ``reading`` is how many seconds reading the data took; without ``asking`` the backend's format is
    asked for with nothing more; ``system`` is that of run.json. Raises UsageError for a choice that no sentence meets,
    InputError when the folder holds another run or the disk is full, IntegrityError when words or types of finished
    sentences changed, GnerBenchError while another process writes it, and what the backend raises.
    """
    folder = make_folder(options.folder)
    path, about, loading = folder / "predictions.jsonl", folder / NAME, Phase(reading)
    with locked_if_free(folder / store.LOCK) as free:
        if not free:
            raise GnerBenchError(f"{folder}: another process is writing this run; wait for it or choose another --out")
        with loading.timed():
            cut = chosen(datasets, options)
            order, seed = options.label_order, options.seed
            asking = asking or Asking(answer_format(backend.format), backend.wrapping)
            plans = [plan(dataset, order, seed, asking) for dataset in cut]
            every = [task for tasks in plans for task in tasks]
            if options.same_as is not None:
                places = options.same_as.places(datasets)
                every.sort(key=lambda task: places[task.dataset, task.sentence.id])
            tasks = sharded(every, options.shard)
            sizes = {dataset.name: len(dataset.sentences) for dataset in datasets}
            before = read_own_run(about) if about.exists() else None
            if not (path.exists() and path.stat().st_size):
                before = None  # nothing of it is to be kept, such as of one whose first request was refused
            if backend.settle is not None:
                settled = backend.settle(every, before.settings if before else {})
                backend = replace(backend, settings={**backend.settings, **settled})
            run = replace(describe(backend, asking, options, cut, sizes, every), system=_named(before, system or {}))
            _require_own_folder(options, run, before is not None)
            done, moved = store.recover(path, tasks)
            if moved:
                store.renew_gold(path, tasks)
                many = ", ".join(f"{name} ({count})" for name, count in moved.items())
                say(
                    f"{path}: sentences with other gold in the data than when they were predicted: {many}; their gold"
                    " is renewed, the predictions stay"
                )
        loading.sentences = sum(sizes.values())
        if before is None or not before.done or len(done) < len(tasks):
            earlier = before.statistics if before else {}
            _generate(backend, replace(run, statistics=earlier), tasks, done, path, loading, say)
        elif not same_data(before, run):
            # After new gold, also where a process was killed between writing it and this.
            write_run(about, replace(before, version=run.version, datasets=run.datasets, system=run.system))
        elif run.system.get("name") != before.system.get("name"):
            write_run(about, replace(before, system=run.system))
    return path


def _named(before: Run | None, system: Json) -> Json:
    """What run.json says of the ``system``; a run keeps the name that it was given, until it is given another one."""
    return {"name": before.system["name"], **system} if before and "name" in before.system else system


def _require_own_folder(options: Options, run: Run, continued: bool) -> None:
    """Raise InputError where another run is in the folder of ``run``, or in that of all shards.

    What is in its own folder need not be of this run where nothing of it is ``continued``.
    """
    folder = options.folder
    for other in sorted(shards_in(options.out), key=str) if options.shard else ():
        if options.shard and other.count != options.shard.count:
            raise InputError(options.out, f"holds a shard {other}, not of {options.shard.count}; choose another --out")
    for place in dict.fromkeys((folder, options.out)):
        if continued or place != folder:
            refuse_other_run(place / NAME, run)
    path = folder / "predictions.jsonl"
    if path.exists() and not (folder / NAME).exists():
        raise InputError(path, "has no run.json beside it that says which model wrote it; choose another --out")


def _with_facts(model: Model, known: KnownModel) -> Model:
    """What the catalogue knows of a model, where its backend does not."""
    sets = model.training_sets or known.training_sets
    return replace(model, parameters=model.parameters or known.parameters, training_sets=sets)


def describe(
    backend: Backend,
    asking: Asking,
    options: Options,
    datasets: Sequence[Dataset],
    sizes: Mapping[str, int],
    tasks: Sequence[Task],
) -> Run:
    """The run.json of a run that is about to start.

    ``datasets`` are cut to the selection, ``sizes`` count their sentences before that. ``datasets`` and ``tasks`` are
    those of all shards, so that the documents of shards differ in what they did and in nothing else.
    """
    commit = None  # of the working tree that this package is run from, if it is one
    with suppress(OSError, subprocess.TimeoutExpired):
        git = ["git", "rev-parse", "HEAD"]
        done = subprocess.run(git, cwd=Path(__file__).parent, capture_output=True, text=True, timeout=5)
        commit = done.stdout.strip() if done.returncode == 0 else None
    asked = {"limit": options.limit, "sample_ids": list(options.sample_ids), "shard": options.shard}
    selection: Json = {name: value if isinstance(value, list) else str(value) for name, value in asked.items() if value}
    if options.sample is not None:
        selection |= {"sample": options.sample, "sample_seed": options.sample_seed}
    if options.same_as is not None:
        selection["same_as"] = options.same_as.document()
    seed = options.seed if options.label_order == "shuffled" else None
    return Run(
        model=backend.model,
        settings={
            **backend.settings,
            "format": asking.format.name,
            **asking.noted,
            "label_order": options.label_order,
            "seed": seed,
        },
        batch_size=backend.batch_size or options.batch_size,
        device=backend.device,
        threads=backend.threads,
        datasets={
            d.name: RunData(
                d.split,
                len(d.sentences),
                sizes[d.name],
                d.content_hash,
                d.source,
                d.repaired,
                ({"shots": [shot.id for shot in shots]} if (shots := asking.shots.get(d.name)) else {})
                | ({"type_names": dict(names)} if (names := asking.names.get(d.name)) else {}),
            )
            for d in datasets
        },
        selection=selection,
        prompt_hash=prompt_hash(task.whole_prompt for task in tasks),
        versions={"gner-bench": __version__, "python": platform.python_version()}
        | {library: version(library) for library in LIBRARIES if installed(library)},
        git_commit=commit,
        command=(Path(sys.argv[0]).name, *sys.argv[1:]),
        started=now(),
        sentences=len(sharded(tasks, options.shard)),
    )


def _generate(
    backend: Backend, run: Run, tasks: Sequence[Task], done: set[Key], path: Path, loading: Phase, say: Say
) -> None:
    """Append what is not ``done`` as it is answered, then order the file; run.json says how far the run is.

    ``run`` has the statistics of the commands before this one, whose counts are added.
    """
    generating, ordering, earlier = Phase(), Phase(), run.statistics

    def save(run: Run, status: str) -> None:
        counted = {
            name: value + earlier.get(name, 0) if isinstance(value, int | float) else value
            for name, value in backend.statistics().items()
        }
        # Counted in the file: Ctrl-C may come between a line and what counts it here.
        lines = store.whole_lines(path)
        run = replace(run, status=status, sentences_done=lines, statistics={**counted, **run.statistics})
        write_run(path.with_name(NAME), run)

    run = replace(run, statistics={})
    save(run, "running")
    if backend.tokenizer is not None:
        write_atomic(path.with_name(backend.tokenizer.name), backend.tokenizer.read_bytes())
    shard = run.selection.get("shard")
    title = " ".join(filter(None, (backend.name, shard)))
    missing = [task for task in tasks if task.key not in done]
    try:
        with (
            generating.timed(),
            store.appending(path) as append,
            # Several processes at one terminal write lines as into a log file, not a bar each.
            progress_bar(title, len(tasks), len(done), live=shard is None) as advance,
        ):
            started = time.monotonic()
            for task, generation in answered(backend, missing) if missing else ():
                append(task.record(generation.text, generation.noted()))
                generating.sentences += 1
                generating.tokens += generation.tokens
                generating.passes += generation.passes
                rate = generating.tokens / max(time.monotonic() - started, 1e-9)
                passes = generating.passes / generating.sentences
                speed = f"{rate:.0f} tokens/s" if generating.tokens else ""  # libraries count none
                advance(1, speed + (f", {passes:.1f} passes/sentence" if passes else ""))
        with ordering.timed():
            totals = store.put_in_order(path, tasks)
    except BaseException:
        with suppress(InputError):
            save(run, "interrupted")
        raise
    ordering.sentences = len(tasks)
    phases = {"loading": loading, "generating": generating, "ordering": ordering}
    run = replace(
        run,
        ended=now(),
        cut={mark: totals.cut[mark] for mark in sorted({*CUT, *totals.cut})},
        throughput={name: phase.document() for name, phase in phases.items()},
        statistics=totals.statistics(backend.price),
    )
    save(run, "done")
    _tell(backend, run, totals.uncounted, title, say)


def _tell(backend: Backend, run: Run, uncounted: int, title: str, say: Say) -> None:
    """Say what people must know of a finished run: answers that were cut, what it cost, what the backend remarks."""
    for mark, count in run.cut.items():
        if count:
            say(f"{title}: {count} {CUT.get(mark, f'answers ended with the finish reason {short(mark)}')}")
    if backend.price is not None:
        told = run.statistics
        told_of = f"; {uncounted} answers were not counted" if uncounted else ""
        note(
            f"{title}: {told['prompt_tokens']:,} tokens of prompts and {told['completion_tokens']:,} of answers:"
            f" ${told['dollars']:,.4f}{told_of}"
        )
    for remark in backend.remarks():
        say(f"{title}: {remark}")


def answered(backend: Backend, tasks: Sequence[Task]) -> Iterator[tuple[Task, Generation]]:
    """Each task with its answer; where a sentence is asked several questions, with all answers as one."""
    if not tasks[0].asking.format.several:
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
                    next((part.finish for part in parts if part.finish != "stop"), "stop"),
                    any(part.input_cut for part in parts),
                    sum(part.passes for part in parts),
                    prompt_tokens=sum(part.prompt_tokens for part in parts),
                ),
            )
