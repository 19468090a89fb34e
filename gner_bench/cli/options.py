"""Options that several verbs share."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

import click

from gner_bench.answers.answer import Rule, Wrapping
from gner_bench.bio import AnyScheme, Repair
from gner_bench.cli.command import section
from gner_bench.cli.completion import answer_names, model_names, of, offer
from gner_bench.cli.values import Columns, DataRoot, Figure, Finite, Keys, Names, Price, Registered, Runs
from gner_bench.files import to_json
from gner_bench.number_text import MOST_DECIMALS, printed_decimals
from gner_bench.predict.options import Api, DtypeName, TypeNames
from gner_bench.scoring.trials import TRIALS

INTERRUPTED = 130
Command = TypeVar("Command", bound=Callable[..., Any])


PATH = click.Path(path_type=Path)
TARGET = Registered("gner_bench.publish:TARGETS")
METRIC = Registered("gner_bench.scoring.metrics:METRICS")
FIGURE = Figure("gner_bench.scoring.metrics:METRICS")
BACKEND = Registered("gner_bench.predict.backend:BACKENDS")

model = click.option(
    "--model",
    required=True,
    metavar="PATH|HUB_ID|demo",
    shell_complete=offer(model_names, of("demo"), path="dir"),
    help="Checkpoint folder, hub id, name from `gner-bench list models`, or the embedded demonstration.",
)
data = click.option(
    "--data",
    type=DataRoot(),
    metavar="ROOT|demo",
    help="Folder with <dataset>/{label,train,dev,test}.txt, or the embedded corpus. Without it, the data sets of"
    " `gner-bench list datasets`, fetched on first use.",
)
repair = click.option(
    "--repair",
    type=click.Choice(get_args(Repair)),
    default="refuse",
    show_default=True,
    help="Gold tags that continue no entity, and predicted ones of other schemes than BIO: refuse them, begin an"
    " entity, discard or keep them as they are.",
)


def scheme(option: str = "--scheme", what: str = "Scheme of the tags") -> Callable[[Command], Command]:
    """The option that names a scheme of tags."""
    text = f"{what}; auto recognises what leaves no doubt. io also reads types without a prefix."
    return click.option(option, type=click.Choice(get_args(AnyScheme)), default="auto", show_default=True, help=text)


def columns(
    option: str = "--columns", names: Sequence[str] = ("word", "tag"), what: str = "a file of columns"
) -> Callable[[Command], Command]:
    """The option that says what the columns of a file hold."""
    text = f"Numbers, from 1, of columns of {what}, where they are not to be told by what is in them."
    metavar = ",".join(f"{name}=N" for name in names)
    return click.option(option, type=Columns(*names), default={}, metavar=metavar, help=text)


keys = click.option(
    "--field",
    "keys",
    type=Keys(),
    multiple=True,
    metavar="KEY=OWN",
    help="A key of JSON that the file calls OWN (a.b for b in a), such as prediction=output. Repeatable.",
)
tag_names = click.option(
    "--tag-names",
    type=Names(),
    default=(),
    metavar="O,B-A,I-A",
    help="The tags that the numbers in ner_tags stand for, without those of a dataset_info.json beside the file.",
)
clean_up_spaces = click.option(
    "--clean-up-spaces",
    is_flag=True,
    help="Back-tokenize as GNER's own evaluation did, whose transformers took the space before . ? ! , and n't, 's, …"
    " off what T5's tokenizer decodes; in the signature.",
)
offline = click.option("--offline", is_flag=True, help="Never use the network; so does HF_HUB_OFFLINE=1.")
dtype = click.option(
    "--dtype",
    type=click.Choice(get_args(DtypeName)),
    default="auto",
    show_default=True,
    help="Number format of the weights; auto is bf16 on CUDA where it can, fp32 elsewhere.",
)
device = click.option(
    "--device",
    default="auto",
    show_default=True,
    metavar="NAME",
    help="auto, cpu, cuda, cuda:1, …; map spreads a checkpoint too large for one device over all.",
)
threads = click.option(
    "--threads",
    type=click.IntRange(1),
    metavar="N",
    help="Of this machine, for what is computed on it.  [default: OMP_NUM_THREADS, else one for each core that this"
    " process may use]",
)
answers = click.option(
    "--answers",
    type=click.Choice(get_args(Rule)),
    show_default="raw for GNER's text, else mended",
    help="raw reads answers as they are; mended takes off thoughts, code fences and text around them, and reads labels"
    " in other forms, such as word(label), word(label), and other cases. What was done is counted.",
)


def _trackers(ctx: click.Context, param: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    """Raises UsageError for those that cannot be used, before anything is read."""
    if names:
        from gner_bench.publish.tracking import require_trackers

        require_trackers(names)
    return names


report_to = click.option(
    "--report-to",
    type=Names(),
    default=(),
    metavar="A,B",
    callback=_trackers,
    help="Also log numbers, table and files to trackio, mlflow or wandb, as their own variables say where.",
)

group = click.option(
    "--group",
    "groups",
    type=Runs(),
    multiple=True,
    metavar="NAME=RUN,RUN…",
    help="Several runs of one system (seeds, or checkpoints of one recipe) as one: mean F1, its standard deviation over"
    " runs, intervals and tests over sentences and runs. RUN is a file or folder as above, or a quoted pattern"
    " ('base=runs/seed*'). The same NAME again adds runs.",
)

trained_on = click.option(
    "--trained-on",
    type=PATH,
    multiple=True,
    metavar="PATH",
    help="Data that the system was trained on, beside what its run and the catalogue say: a file, a data set's folder"
    " or a folder of these (their train splits), in a format that `convert` reads. Repeatable.",
)
familiarity = click.option(
    "--familiarity",
    metavar="ENCODER",
    help="With --trained-on, also how close the types are to those of training by this sentence encoder, a folder or"
    " hub id: Familiarity of Golde et al. (2025).",
)
metric = click.option(
    "--metric",
    multiple=True,
    type=METRIC,
    show_default="gner and strict",
    help="What is counted; may be repeated.",
)
resamples = click.option(
    "--resamples",
    type=click.IntRange(0),
    default=1000,
    show_default=True,
    metavar="N",
    help="Bootstrap resamples for the intervals; 0 for none.",
)
resampling_seed = click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of resampling.")


def decimals(usual: int) -> Callable[[Command], Command]:
    """The option that says how many decimals tables have; the command is called without it."""

    def use(ctx: click.Context, param: click.Parameter, number: int | None) -> None:
        if number is not None:
            ctx.with_resource(printed_decimals(number))

    text = (
        "Of F1, differences and ± in all that is printed for people; ranks follow what is printed. p values, CSV and"
        " JSON keep their digits."
    )
    kind = click.IntRange(0, MOST_DECIMALS)
    return click.option(
        "--decimals", type=kind, callback=use, expose_value=False, metavar="N", show_default=str(usual), help=text
    )


tokenizer = click.option(
    "--tokenizer",
    multiple=True,
    metavar="PATH|none|NAME=PATH",
    shell_complete=offer(of("none"), path="file"),
    help="Tokenizer of the checkpoint (tokenizer.json, SentencePiece model or a folder with one) for back-tokenization"
    " of predictions beside which none lies, as predict leaves one, and of the only FILE or RUN of score or explain in"
    " any case; NAME=PATH for one system (its path, folder or model), whatever lies there. Repeatable.",
)

SYSTEM = (
    section("System"),
    click.option(
        "--backend",
        type=BACKEND,
        default="local",
        show_default=True,
        help="What is asked, and how: a name of `gner-bench list backends`; a model of the catalogue brings its own.",
    ),
    section("Prompts and answers"),
    click.option(
        "--format",
        type=str,
        default="",
        metavar="NAME",
        shell_complete=offer(answer_names),
        help="How the system is asked and its answers are read: a name of `gner-bench list answers`."
        "  [default: the system's own]",
    ),
    click.option("--prompt", type=PATH, metavar="FILE", help="A template of your own in place of the format's prompt."),
    click.option(
        "--type-names",
        type=click.Choice(get_args(TypeNames)),
        default="given",
        show_default=True,
        help="What prompts call the types: as the data do, with _ for spaces, in upper case, or by the catalogue's"
        " synonyms. Answers are read back.",
    ),
    click.option(
        "--definitions",
        default="none",
        show_default=True,
        metavar="catalog|FILE|none",
        shell_complete=offer(of("catalog", "none"), path="file"),
        help="What is said of each type: the catalogue's sentences, or those of a TOML or JSON file.",
    ),
    click.option(
        "--shots",
        type=click.IntRange(0),
        default=0,
        show_default=True,
        metavar="K",
        help="Sentences of the train split that are shown with their answers, drawn by --seed.",
    ),
    click.option(
        "--wrapping",
        type=click.Choice(get_args(Wrapping)),
        show_default="of format and system",
        help="What goes around a prompt: nothing, [INST] … [/INST], or the model's chat template.",
    ),
    click.option("--max-new-tokens", type=click.IntRange(1), metavar="N", help="The most tokens of an answer."),
    section("Checkpoints on this machine"),
    dtype,
    device,
    threads,
    click.option("--adapter", metavar="PATH|HUB_ID", help="A LoRA adapter on top of the checkpoint."),
    click.option(
        "--tensor-parallel",
        type=click.IntRange(1),
        default=1,
        metavar="N",
        help="Devices that hold one model.",
    ),
    section("Servers and batch files"),
    click.option("--base-url", metavar="URL", help="The server's, ending in /v1."),
    click.option(
        "--api",
        type=click.Choice(get_args(Api)),
        default="completions",
        show_default=True,
        help="completions sends prompts as they are, chat as a message that the server puts into its chat template.",
    ),
    click.option(
        "--concurrency", type=click.IntRange(1), default=16, show_default=True, help="Requests to a server at a time."
    ),
    click.option("--tokenizer", type=PATH, metavar="PATH", help="Of the served checkpoint: file or folder."),
    click.option(
        "--request",
        multiple=True,
        metavar="KEY=VALUE",
        help="A field of the request's body: set (to JSON, else text), dropped (KEY=) or renamed (KEY->NAME); a.b for b"
        " in a. Repeatable.",
    ),
    click.option("--stop", multiple=True, metavar="TEXT", help="Ends an answer. Repeatable."),
    click.option(
        "--timeout", type=Finite(0, min_open=True), default=120.0, show_default=True, help="Seconds for a request."
    ),
    click.option("--attempts", type=click.IntRange(1), default=6, show_default=True, help="At a request."),
    click.option(
        "--price",
        type=Price(),
        metavar="IN,OUT",
        help="Dollars for a million tokens of prompts and of answers, to tell what a run costs.",
    ),
    click.option(
        "--requests-per-file", type=click.IntRange(1), default=50_000, show_default=True, help="In a batch file."
    ),
    section("Libraries"),
    click.option(
        "--threshold", type=Finite(0, 1), metavar="P", help="The least score of a span.  [default: the library's]"
    ),
    click.option(
        "--rename", type=PATH, metavar="FILE", help="The system's types and those of the data that they become: TOML."
    ),
    click.option("--window", type=click.IntRange(1), metavar="N", help="The most words a library is given at a time."),
)


def system(command: Command) -> Command:
    """The options of a system (see predict.backend.SystemOptions), by the names of its fields."""
    for option in reversed(SYSTEM):
        command = option(command)
    return command


GATES = (
    section("Gates for CI"),
    click.option(
        "--fail-under",
        multiple=True,
        metavar="[METRIC][@DATASET]:X",
        help="Exit code 3 when F1 is below X percent, compared at full precision: 60, strict:55, @mit-movie:50. Without"
        " DATASET the mean over sets, without METRIC the first --metric; may be repeated.",
    ),
    click.option(
        "--baseline",
        type=PATH,
        multiple=True,
        metavar="scores.json",
        help="Exit code 4 when F1 by the first --metric is lower than there, by more than --max-drop, and a paired test"
        " confirms it: of the mean, or of a data set (corrected for their number). Exit code 7, when nothing else is"
        " wrong, where the file is missing or cannot be used. Repeated: runs of one system, by their mean and spread.",
    ),
    click.option(
        "--max-drop",
        type=Finite(0, 100),
        metavar="Y",
        help="Percentage points that F1 may drop below the --baseline.  [default: 0]",
    ),
    click.option(
        "--gate",
        type=click.Choice(("difference", "non-inferior")),
        help="difference fails on a drop that the test confirms; non-inferior fails unless the drop of the mean is"
        " shown to be less than --max-drop.  [default: difference]",
    ),
    click.option(
        "--noise",
        type=Finite(0, 100),
        metavar="X",
        help="Points by which runs of one system differ (predict --repeat-batches measures it): a drop within X is not"
        " confirmed.  [default: not known, or that of several --baseline]",
    ),
    click.option("--strict-drop", is_flag=True, help="A larger drop needs no test to confirm it."),
    click.option(
        "--alpha",
        type=Finite(0, 1, min_open=True, max_open=True),
        metavar="P",
        help="What the p value of a drop must be below.  [default: 0.05]",
    ),
    click.option(
        "--trials",
        type=click.IntRange(1),
        metavar="N",
        help=f"Of the test of a drop; `compare` and `report` have as many.  [default: {TRIALS}]",
    ),
    click.option(
        "--expect",
        multiple=True,
        metavar="[DATASET:]N",
        help="Exit code 6 where fewer than N sentences are there, in all or of a data set: a file without a run.json"
        " does not tell that another was forgotten. Repeatable.",
    ),
)


@dataclass(frozen=True)
class GateOptions:
    """What the options of ``gates`` say; None where one was not given."""

    fail_under: tuple[str, ...]
    baseline: tuple[Path, ...]
    max_drop: float | None
    gate: Literal["difference", "non-inferior"] | None
    noise: float | None
    strict_drop: bool
    alpha: float | None
    trials: int | None
    expect: tuple[str, ...]


def gates(command: Command) -> Command:
    """The options that make scores pass or fail."""
    for option in reversed(GATES):
        command = option(command)
    return command


@contextmanager
def interruptible(what: str) -> Iterator[None]:
    """Let Ctrl-C end a command in good order, with exit code 130, and a second one at once.

    ``what`` says what stays, and is followed by that the same command continues: finished work is on disk.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(signum: int, frame: object) -> None:
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        click.echo(f"Interrupted: {what}; the same command continues.", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None
    finally:
        if signal.getsignal(signal.SIGINT) is interrupt:
            signal.signal(signal.SIGINT, before)


def print_json(document: object) -> None:
    """Print a document for programs: JSON is UTF-8 whatever the encoding of stdout is."""
    click.echo((to_json(document) + "\n").encode("utf-8"), nl=False)


def is_offline(flag: bool) -> bool:
    """Whether ``--offline`` or the environment switches the network off."""
    from gner_bench.fetch.home import offline as switched_off

    return switched_off(flag)
