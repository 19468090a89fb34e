"""The ``gner-bench`` command: one module a verb. Heavy libraries are imported by the verb that needs them."""

from __future__ import annotations

import atexit
import gc
import io
import sys
import traceback
from pathlib import Path
from typing import Any

import click

from gner_bench import __version__
from gner_bench.cli.audit import audit_command
from gner_bench.cli.cache import cache_group
from gner_bench.cli.command import Group
from gner_bench.cli.compare import compare_command
from gner_bench.cli.convert import convert_command
from gner_bench.cli.download import download_command
from gner_bench.cli.explain import explain_command
from gner_bench.cli.leaderboard import leaderboard_command
from gner_bench.cli.list import list_command
from gner_bench.cli.merge import merge_command
from gner_bench.cli.predict import predict_command
from gner_bench.cli.push import push_command
from gner_bench.cli.report import report_command
from gner_bench.cli.run import run_command
from gner_bench.cli.score import score_command
from gner_bench.cli.sensitivity import sensitivity_command
from gner_bench.cli.tag import tag_command
from gner_bench.cli.train import train_command
from gner_bench.errors import GnerBenchError
from gner_bench.extras import explained
from gner_bench.messages import NORMAL, QUIET, VERBOSE, is_verbose, verbosity

OBJECTS = 100_000
"""New objects between two searches for cycles: imports make many objects and no garbage."""


class _Main(Group):
    """Prints our own errors as one line and leaves with their exit code."""

    def main(self, *arguments: Any, **settings: Any) -> Any:
        # What stdout cannot show is replaced, where it is ASCII or Latin-1, in what --help says, too.
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")
        return super().main(*arguments, **settings)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (GnerBenchError, ImportError) as error:
            told = explained(error) if isinstance(error, ImportError) else error
            if told is None:
                raise
            if is_verbose():
                traceback.print_exc()
            click.echo(f"Error: {' '.join(str(told).splitlines())}", err=True)
            ctx.exit(told.exit_code)


@click.group(cls=_Main, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gner-bench")
@click.option(
    "--catalog",
    type=click.Path(path_type=Path),
    envvar="GNER_BENCH_CATALOG",
    metavar="FILE",
    help="TOML file with checkpoints and data sets of your own.  [env: GNER_BENCH_CATALOG]",
)
@click.option(
    "-q", "--quiet", is_flag=True, help="No progress, and no warnings but those that a verdict is to be read by."
)
@click.option("-v", "--verbose", is_flag=True, help="Details, and where an error came from.")
@click.pass_context
def main(ctx: click.Context, catalog: Path | None, quiet: bool, verbose: bool) -> None:
    """The benchmark suite for generative named entity recognition.

    \b
    Run everything once:     gner-bench run --preset demo --out build/demo
    Score your own output:   gner-bench score predictions.jsonl --tokenizer tokenizer.json

    Exit codes: 0 done, 1 the run failed, 2 usage or unreadable input, 3 below --fail-under, 4 worse than --baseline,
    5 a checksum or content hash does not match, 6 sentences are missing, 7 not judged: no usable --baseline.
    """
    ctx.with_resource(verbosity(VERBOSE if verbose else QUIET if quiet else NORMAL))
    if catalog is not None:
        from gner_bench.catalog import use_file

        ctx.with_resource(use_file(catalog))


for command in (
    download_command,
    predict_command,
    merge_command,
    score_command,
    compare_command,
    explain_command,
    push_command,
    report_command,
    leaderboard_command,
    run_command,
    sensitivity_command,
    tag_command,
    train_command,
    convert_command,
    list_command,
    audit_command,
    cache_group,
):
    main.add_command(command)


def process() -> None:
    """``main`` as a process of its own, which searches little for garbage in cycles and not at all at its end."""
    gc.set_threshold(OBJECTS)
    atexit.register(gc.freeze)
    main()
