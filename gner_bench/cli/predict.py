"""``gner-bench predict``."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_args

import click

from gner_bench.cli import options as shared
from gner_bench.errors import IncompleteError, UsageError
from gner_bench.predict import processes
from gner_bench.predict.options import DecodingName, Options, Split
from gner_bench.predict.selection import parse_ids, parse_limit, parse_shard
from gner_bench.prompting import LabelOrder

if TYPE_CHECKING:
    from gner_bench.predict.backend import Backend
    from gner_bench.predict.checkpoint import Checkpoint

T = TypeVar("T")
INTERRUPTED = 130


class Parsed(click.ParamType[T], Generic[T]):
    """An option whose text ``parse`` reads; its errors are one line each."""

    name = "text"

    def __init__(self, parse: Callable[[str], T]) -> None:
        self.parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> T:
        try:
            return self.parse(value) if isinstance(value, str) else value
        except UsageError as error:
            raise UsageError(f"{param.opts[0] if param else self.name}: {error}") from None


class BatchTokens(click.IntRange):
    """A number of tokens; ``auto`` leaves it to the memory."""

    name = "tokens"

    def __init__(self) -> None:
        super().__init__(min=1)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return None if value == "auto" else super().convert(value, param, ctx)


@click.command("predict")
@shared.model
@shared.data
@click.option(
    "--datasets",
    "--dataset",
    type=shared.Names(),
    metavar="A,B",
    help="Names of data sets or of groups (zero-shot, supervised); by default all of --data.",
)
@click.option("--split", type=click.Choice(get_args(Split)), default="test", show_default=True)
@click.option(
    "--limit",
    type=Parsed(parse_limit),
    metavar="N|A-B",
    help="Only the first N sentences of each data set, or those from A to B.",
)
@click.option(
    "--sample-ids",
    type=Parsed(parse_ids),
    default=(),
    metavar="ID,ID|@FILE",
    help="Only these sentences: DATASET/ID, or ID where there is one data set.",
)
@click.option(
    "--shard",
    type=Parsed(parse_shard),
    metavar="I/N",
    help="Only every N-th sentence from the I-th on, into DIR/shard-I-of-N, for `gner-bench merge DIR`.",
)
@click.option(
    "--decoding",
    type=click.Choice(get_args(DecodingName)),
    default="drafted",
    show_default=True,
    help="drafted: the output of greedy decoding, much faster; greedy and beam: transformers' generate; constrained:"
    " only tags are chosen, with a probability each.",
)
@click.option("--num-beams", type=click.IntRange(1), default=1, metavar="N", help="More than 1 means beam search.")
@click.option("--draft-from", type=shared.PATH, metavar="RUN", help="Draft the outputs of another run.")
@click.option("--batch-size", type=click.IntRange(1), metavar="N", help="Sentences side by side.  [default: automatic]")
@click.option("--batch-tokens", type=BatchTokens(), metavar="N|auto", help="Instead of it, tokens side by side.")
@click.option(
    "--verify-identical", type=click.IntRange(1), metavar="N", help="Compare N sentences with plain greedy decoding."
)
@shared.dtype
@shared.device
@click.option(
    "--label-order",
    type=click.Choice(get_args(LabelOrder)),
    default="file",
    show_default=True,
    help="Order of the entity types in the prompt: as in label.txt, or shuffled for each sentence.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the shuffled label order.")
@shared.repair
@click.option("--backend", type=click.Choice(["local", "openai"]), default="local", show_default=True)
@click.option("--base-url", metavar="URL", help="With --backend openai: the server's, ending in /v1.")
@click.option("--api", type=click.Choice(["completions", "chat"]), default="completions", show_default=True)
@click.option("--concurrency", type=click.IntRange(1), default=16, show_default=True, help="Requests at a time.")
@click.option("--tokenizer", type=shared.PATH, metavar="PATH", help="Of the served checkpoint: file or folder.")
@shared.offline
@click.option("--out", type=shared.PATH, metavar="DIR", help="Folder of the run.  [default: prediction_results/MODEL]")
def predict_command(
    model: str,
    data: Path | None,
    datasets: tuple[str, ...] | None,
    dtype: Any,
    device: str,
    verify_identical: int | None,
    backend: str,
    base_url: str | None,
    api: Any,
    concurrency: int,
    tokenizer: Path | None,
    offline: bool,
    out: Path | None,
    **settings: Any,
) -> None:
    """Generate tagged text for every sentence of data sets.

    Writes predictions.jsonl, run.json and the tokenizer file into DIR. Killed at any moment, the same command continues
    with the sentences that are missing. A checkpoint or data set that is not in the cache is fetched first, as
    `gner-bench download` does. Started by `accelerate launch` or torchrun, each process takes a shard and its own GPU,
    and the last one merges them.

    \b
    Examples:
      gner-bench predict --model GNER-T5-base --datasets zero-shot
      gner-bench predict --model my/checkpoint --data data/gner \\
        --datasets crossner_ai,mit-movie --out prediction_results/mine
      gner-bench predict --backend openai --base-url http://localhost:8000/v1 \\
        --model GNER-LLaMA-7B --tokenizer path/to/tokenizer --datasets zero-shot
      accelerate launch --multi_gpu -m gner_bench predict --model GNER-T5-xl --datasets zero-shot
    """
    from gner_bench.files import make_folder

    folder = out or Path("prediction_results") / Path(model).name
    options = Options(data=data, out=folder, datasets=datasets or (), **settings)
    if out is not None:
        make_folder(out)
    own = _own_share(options)
    if backend == "openai":
        if verify_identical or options.draft_from:
            raise click.UsageError("--verify-identical and --draft-from need the checkpoint itself, not a server")
        path = run_prediction([], own, offline, _server(base_url, model, api, concurrency, tokenizer))
    else:
        where = processes.own_device(device) if own is not options else device
        path = run_prediction([model], own, offline, local(model, dtype, where, own, verify_identical))
    if own is options:
        click.echo(str(path))
    else:
        _merge_if_last(folder)


def _own_share(options: Options) -> Options:
    """The shard of this process of a launch; ``options`` as they are where there is but one process."""
    own = processes.own_shard()
    if own is None:
        return options
    if options.shard is not None:
        raise UsageError("--shard is for separate commands: the processes of one launch take their shards themselves")
    return replace(options, shard=own)


def _merge_if_last(folder: Path) -> None:
    """Merge unless another process is still at work, which will do it then."""
    from gner_bench.predict.merge import merge

    with suppress(IncompleteError):
        click.echo(str(merge(folder)))


@dataclass(frozen=True)
class Source:
    """How a backend is made, and what is done with the finished run."""

    backend: Callable[[], Backend]
    finish: Callable[[Path], None] = lambda _: None


def local(model: str, dtype: Any, device: str, options: Options, verify: int | None = None) -> Source:
    """A checkpoint on this machine; ``verify`` sentences are compared with plain greedy decoding afterwards."""
    loaded: list[Checkpoint] = []

    def backend() -> Backend:
        from gner_bench.predict.checkpoint import load_checkpoint
        from gner_bench.predict.local import local_backend

        loaded.append(load_checkpoint(model, dtype, device))
        return local_backend(loaded[0], options)

    return Source(backend, lambda path: _verify(loaded[0], path, verify) if verify else None)


def _verify(checkpoint: Checkpoint, path: Path, count: int) -> None:
    from gner_bench.predict.verify import verify_run

    found = verify_run(checkpoint, path, count)
    click.echo(f"Compared with plain greedy decoding in {checkpoint.dtype}: {len(found)} of {count} differ.", err=True)
    for each in found:
        click.echo(f"  {each.sentence} after {each.token} tokens; best logits {each.gap:.3g} apart", err=True)


def _server(base_url: str | None, model: str, api: Any, concurrency: int, tokenizer: Path | None) -> Source:
    if base_url is None:
        raise click.UsageError("--backend openai needs --base-url")
    from gner_bench.catalog import catalog
    from gner_bench.predict.openai import openai_backend
    from gner_bench.predict.server import Server

    server = Server(base_url, model, api, concurrency)
    if api == "completions" and tokenizer is not None:
        total = catalog().get_family("llama").max_total_tokens
        server = replace(server, max_new_tokens=0, max_total_tokens=total)
    return Source(lambda: openai_backend(server, tokenizer))


def run_prediction(models: Sequence[str], options: Options, offline: bool, source: Source) -> Path:
    """Read the data, then make the backend (so that bad data fails first), then predict.

    ``models`` are those to be fetched if they are not in the cache. Ctrl-C ends it with exit code 130, and a second one
    at once.
    """
    from gner_bench.predict.inputs import provide_inputs

    tell = shared.tell if processes.is_first() else _silent
    with _interruptible(options.out):
        started = time.monotonic()
        datasets = provide_inputs(models, options, tell, offline)
        seconds = time.monotonic() - started
        from gner_bench.predict.engine import predict

        backend = source.backend()
        shared.detail(f"{backend.name} on {backend.device}: {_listed(backend.settings)}")
        path = predict(backend, datasets, options, shared.tell, seconds)
        source.finish(path)
        return path


def _listed(settings: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items() if value is not None)


def _silent(_: str) -> None:
    """For what another process says already."""


@contextmanager
def _interruptible(out: Path) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, _first_interrupt)
    try:
        yield
    except KeyboardInterrupt:
        click.echo(f"Interrupted: what is finished is in {out}; the same command continues.", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None
    finally:
        if signal.getsignal(signal.SIGINT) is _first_interrupt:
            signal.signal(signal.SIGINT, before)


def _first_interrupt(signum: int, frame: object) -> None:
    """Stop in good order, and at the next Ctrl-C without any: every finished sentence is on disk."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    raise KeyboardInterrupt
