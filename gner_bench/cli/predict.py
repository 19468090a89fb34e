"""``gner-bench predict``."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click
from click.core import ParameterSource

from gner_bench.answers import LabelOrder
from gner_bench.cli import options as shared
from gner_bench.cli.command import OTHERS, Command, section
from gner_bench.cli.completion import dataset_names, group_names, offer
from gner_bench.cli.options import interruptible
from gner_bench.cli.values import BatchTokens, Names, Parsed
from gner_bench.errors import IncompleteError, UsageError
from gner_bench.messages import warn
from gner_bench.predict import processes
from gner_bench.predict.options import (
    DecodingName,
    Options,
    Shard,
    Split,
    parse_ids,
    parse_limit,
    parse_seeds,
    parse_shard,
)
from gner_bench.predict.repeat import Repeat, parse_repeats, repeat, require_batches

if TYPE_CHECKING:
    from gner_bench.predict.backend import SystemOptions
    from gner_bench.predict.same_as import SameAs


def _same_as(text: str) -> SameAs:
    from gner_bench.predict.same_as import read_same_as

    return read_same_as(text)


@click.command("predict", cls=Command)
@section("System")
@shared.model
@section("Sentences")
@shared.data
@click.option(
    "--datasets",
    "--dataset",
    type=Names(),
    metavar="A,B",
    shell_complete=offer(group_names, dataset_names, several=True),
    help="Names of data sets or of groups (zero-shot, supervised); by default all of --data.",
)
@click.option("--split", type=click.Choice(get_args(Split)), show_default="test, or that of --same-as")
@click.option(
    "--same-as",
    type=Parsed(_same_as),
    metavar="FILE|RUN",
    help="Only the sentences of these predictions, in their order; of the data sets in there, where --datasets names"
    " none. Any format that score reads; FORMAT=FILE names one that cannot be told from the file.",
)
@click.option(
    "--limit",
    type=Parsed(parse_limit),
    metavar="N|A-B",
    help="Only the first N sentences of each data set (or of those of --same-as), or those from A to B: a section,"
    " which need not be like the rest.",
)
@click.option(
    "--sample",
    type=click.IntRange(1),
    metavar="N",
    help="Only N sentences of each data set (or of those of --same-as), drawn at random, in their order.",
)
@click.option(
    "--sample-seed",
    type=int,
    default=0,
    show_default=True,
    help="Of --sample. With one seed a smaller sample is part of a larger one.",
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
@section("Decoding")
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
@click.option(
    "--repeat-batches",
    type=Parsed(parse_repeats),
    default=(),
    metavar="[DTYPE:]N,…",
    help="Predict again with these batch sizes, into DIR-batch-N beside DIR, and tell how far F1 and texts vary.",
)
@section("Prompts and answers")
@click.option(
    "--label-order",
    type=click.Choice(get_args(LabelOrder)),
    default="file",
    show_default=True,
    help="Order of the entity types in the prompt: as in label.txt, or shuffled for each sentence.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the shuffled label order and of --shots.")
@click.option(
    "--seeds",
    type=Parsed(parse_seeds),
    default=(),
    metavar="N,N",
    help="A run for each seed, of label order, shots and sampling, in DIR/seed-N; one command continues all.",
)
@section("Sentences")
@shared.repair
@shared.scheme()
@shared.columns(what="the files of the data sets")
@shared.system
@section("Output")
@click.option("--name", default="", help="Name of the system in tables; by default that of the model.")
@click.option("--out", type=shared.PATH, metavar="DIR", help="Folder of the run.  [default: prediction_results/MODEL]")
@section(OTHERS)
@shared.offline
def predict_command(
    model: str,
    data: Path | None,
    datasets: tuple[str, ...] | None,
    split: Split | None,
    same_as: SameAs | None,
    seeds: tuple[int, ...],
    verify_identical: int | None,
    repeat_batches: tuple[Repeat, ...],
    offline: bool,
    name: str,
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
      gner-bench predict --backend batch --api chat --model Qwen/Qwen3-8B \\
        --datasets zero-shot --out runs/qwen    # again with the results in there
      accelerate launch --multi_gpu -m gner_bench predict --model GNER-T5-xl --datasets zero-shot
    """
    from gner_bench.files import make_folder
    from gner_bench.predict.backend import SystemOptions
    from gner_bench.predict.engine import run_prediction
    from gner_bench.predict.merge import merge
    from gner_bench.predict.seeds import Waiting, seeded

    if seeds and click.get_current_context().get_parameter_source("seed") is ParameterSource.COMMANDLINE:
        raise UsageError("--seed and --seeds exclude each other")
    folder = out or Path("prediction_results") / Path(model).name
    system = SystemOptions(model, **{spec.name: settings.pop(spec.name) for spec in fields(SystemOptions)[1:]})
    names, of_split = same_as.asked(datasets or (), split) if same_as else (datasets or (), split or "test")
    options = Options(data=data, out=folder, datasets=names, split=of_split, same_as=same_as, **settings)
    share, first = processes.own_shard(), processes.is_first()
    if repeat_batches:
        if seeds:
            raise UsageError("--repeat-batches and --seeds exclude each other: each seed has its own noise of batches")
        require_batches(system, replace(options, shard=options.shard or share), repeat_batches)
    if share is not None:
        system, options = _of_process(system, options, share)
    runs, waiting = seeded(system, options, seeds) if seeds else [(system, options)], Waiting(warn)
    if out is not None:
        make_folder(out)
    with interruptible(f"what is finished is in {folder}"):
        for own, of_run in runs:
            # What one run alone lacks ends the command as it is.
            with waiting.run(of_run.out.name) if seeds else nullcontext():
                path = run_prediction(own, of_run, warn, shared.is_offline(offline), first, verify_identical or 0, name)
                if share is None:
                    click.echo(str(path))
                    continue
                with suppress(IncompleteError):  # another process is still at work, which will merge them then
                    click.echo(str(merge(of_run.out)))
        if repeat_batches:
            again = partial(run_prediction, say=warn, offline=shared.is_offline(offline), name=name)
            _print_repeats([path, *repeat(system, options, repeat_batches, again)])
    waiting.require_none("not all runs are done")


def _of_process(system: SystemOptions, options: Options, share: Shard) -> tuple[SystemOptions, Options]:
    """The part of a process that was launched beside others. Raises UsageError where --shard names one, too."""
    if options.shard is not None:
        raise UsageError("--shard is for separate commands: the processes of one launch take their shards themselves")
    return replace(system, device=processes.own_device(system.device)), replace(options, shard=share)


def _print_repeats(files: Sequence[Path]) -> None:
    """The files after the first, and how far all of them vary."""
    from gner_bench.report.render.terminal import show
    from gner_bench.report.views.repeats import repeats_grid

    for file in files[1:]:
        click.echo(str(file))
    show([repeats_grid(files)])
