"""``gner-bench score``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gner_bench.cli import importing
from gner_bench.cli import options as shared
from gner_bench.cli.command import OTHERS, Command, section
from gner_bench.cli.values import Thresholds, Written
from gner_bench.errors import GnerBenchError, UsageError, did_you_mean
from gner_bench.extras import require
from gner_bench.files import write_atomic, write_json
from gner_bench.messages import QUIET, note, verbosity, warn
from gner_bench.number_text import percent

if TYPE_CHECKING:
    from gner_bench.documents.scores import Resampling, ScoresDocument
    from gner_bench.report.views.scores import Result
    from gner_bench.scoring.gates import Gates
    from gner_bench.scoring.gold import Gold
    from gner_bench.scoring.predictions import Predictions
    from gner_bench.scoring.scores import Scores

FORMATS = ("table", "json", "markdown", "csv", "junit")
MEAN = "mean"


def _installed(ctx: click.Context, param: click.Parameter, library: str | None) -> str | None:
    """The library of an option. Raises UsageError where it is not installed, before anything is read."""
    require(*filter(None, [library]))
    return library


@click.command("score", cls=Command)
@click.argument("files", nargs=-1, required=True, type=shared.PATH, metavar="FILE…")
@section("Scores")
@shared.metric
@shared.resamples
@shared.resampling_seed
@section("Output")
@click.option("--name", help="Name of the system in tables; by default the model of run.json or the file's name.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="What is printed: a table, what scores.json holds, Markdown for a comment, every value as CSV, JUnit XML.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@shared.decimals(usual=2)
@click.option(
    "-b",
    "--only",
    type=shared.FIGURE,
    help="Print one F1 alone, in percent: mean (of the first --metric), strict, strict@mit-movie, @mit-movie.",
)
@click.option("--per-type", is_flag=True, help="Also a table of every entity type (table and markdown).")
@click.option("--errors", is_flag=True, help="Also what kinds of errors were made (table).")
@click.option(
    "--thresholds",
    type=Thresholds(),
    metavar="P,P…|FROM:TO:STEP",
    help="Instead, scores of the entities whose confidence is at least each P, of predictions that have confidences.",
)
@click.option(
    "--corrected-gold",
    "corrected",
    multiple=True,
    type=shared.PATH,
    metavar="PATH",
    help="Instead, scores against the gold and against this one, which --as, --split, --keep-misc, --gold-scheme and"
    " --gold-columns describe, too; with the sentences whose gold changed. Repeatable.",
)
@click.option("--out", type=shared.PATH, metavar="scores.json", help="Also write the result to this file.")
@section("Scores")
@click.option(
    "--write",
    type=Written(FORMATS[1:]),
    multiple=True,
    metavar="FORMAT=FILE",
    help="Also write this format to a file: markdown=comment.md, junit=junit.xml. Repeatable.",
)
@click.option(
    "--check",
    type=click.Choice(("seqeval",)),
    callback=_installed,
    help="Count strict and conlleval F1 again with this library, and refuse scores that differ (exit code 1).",
)
@shared.gates
@importing.options
@section(OTHERS)
@click.option("-q", "--quiet", is_flag=True, help="No warnings but those that the verdict is to be read by.")
def score_command(
    files: tuple[Path, ...],
    metric: tuple[str, ...],
    resamples: int,
    seed: int,
    name: str | None,
    format_: str,
    as_json: bool,
    only: tuple[str | None, str | None] | None,
    per_type: bool,
    errors: bool,
    thresholds: tuple[float, ...] | None,
    corrected: tuple[Path, ...],
    out: Path | None,
    write: tuple[tuple[str, Path], ...],
    check: str | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Score predictions: F1 with intervals, and gates for CI.

    By default F1 is that of the GNER metric and that of strict spans. FILE is a predictions.jsonl (or .jsonl.gz), - for
    standard input, or the folder of a run; several files are scored together as one system. Needs neither a model nor
    torch. Under Linux, up to eight processors count large files; the scores are the same.

    The results are printed and written before a gate ends the command with exit code 6 (sentences of the run are
    missing), 5 (the baseline has the same sentence ids with other words or gold), 2 (--fail-under names an unknown data
    set), 3 (--fail-under), 4 (--baseline) or 7 (the baseline is missing, cannot be read or is of other data sets or
    sentences: not judged), the first of them that applies. Sentences that are not those that the run.json beside them
    describes are not scored (exit code 5). In GitHub Actions the Markdown also goes to the step's summary.

    \b
    Examples:
      gner-bench score prediction_results/base --per-type --out base.json
      gner-bench score prediction_results/base --only strict@mit-movie
      gner-bench score prediction_results/new --fail-under 55 --baseline base.json --max-drop 0.5
      gner-bench score answers.jsonl --from uniner --gold data/gner/crossner_ai --as crossner_ai --split test
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # data sets are resampled side by side instead
    from gner_bench.api import score
    from gner_bench.documents.scores import Resampling
    from gner_bench.report.score import text_of
    from gner_bench.scoring.counting import usable_processes
    from gner_bench.scoring.document import scores_document
    from gner_bench.scoring.expected import expected
    from gner_bench.scoring.metrics import DEFAULT

    if quiet:
        click.get_current_context().with_resource(verbosity(QUIET))
    format_ = _format(format_, as_json, errors, (name or "", *map(str, files)))
    if only and (format_ != "table" or per_type or errors):
        raise UsageError("--only prints a number alone: it goes with none of --format, --json, --per-type, --errors")
    named = [only[0]] if only and only[0] else []
    metrics, resampling = tuple(dict.fromkeys([*(metric or DEFAULT), *named])), Resampling(resamples, seed)
    read_as = {key: options.pop(key) for key in importing.KEYS}
    if corrected:
        _require_alone(
            "--corrected-gold", out, write, only, per_type, errors, format_ == "junit", thresholds, *options.values()
        )
        _print_corrected(*importing.load_with_other(files, name, corrected, read_as), metrics, resampling, format_)
        return
    if thresholds is not None:
        _require_alone("--thresholds", out, write, only, per_type, errors, format_ == "junit", *options.values())
        _print_sweep(importing.load(files, name, **read_as), thresholds, metrics, format_)
        return
    asked = shared.GateOptions(**options)
    gates, tests = _gates(asked, metrics, seed, [out, *(path for _, path in write)])
    wanted = expected(asked.expect)
    predictions = importing.load(files, name, **read_as)
    wanted.require_described(predictions.origin)
    scores = wanted.applied(score(predictions, metrics, usable_processes()))
    _recount(check, predictions, scores)
    document = scores_document(scores, resampling)
    alone = _figure(document, only[0] or metrics[0], only[1]) if only else ""
    if out is not None:
        write_json(out, document.json())
    result = _judged(scores, document, gates, tests)
    for written_as, path in write:
        write_atomic(path, text_of(result, written_as, per_type))
    _print(result, format_, per_type, errors, alone)
    result.require_passed()


def _judged(scores: Scores, document: ScoresDocument, gates: Gates, tests: Resampling) -> Result:
    """What the gates say of scores; warnings go to stderr, those that a gate rests on always."""
    from gner_bench.documents.scores import Resampling
    from gner_bench.report.views.scores import Result
    from gner_bench.scoring.document import scores_document
    from gner_bench.scoring.gates import compared_with, evaluate, to_know
    from gner_bench.scoring.scores import warnings_of

    judged_by = to_know(scores, gates)
    warnings = list(dict.fromkeys([*warnings_of(scores), *judged_by]))
    for warning in warnings:
        warn(warning, always=warning in judged_by)
    outcomes = evaluate(scores, gates, tests)
    baseline = None
    if before := compared_with(gates, outcomes):
        baseline = replace(scores_document(before.scores, Resampling(0)), signature_short=before.signature_short)
    return Result(document, outcomes, warnings, bool(gates), baseline)


def _recount(library: str | None, predictions: Predictions, scores: Scores) -> None:
    """Say what the library of --check counts. Raises GnerBenchError where that is something else."""
    if library is not None:
        from gner_bench.scoring.recount import check_with_seqeval

        note(check_with_seqeval(predictions, scores))


def _require_alone(option: str, *others: object) -> None:
    """Raise UsageError for what cannot be had together with an ``option`` that prints something else."""
    if any(others):
        raise UsageError(
            f"{option} goes with no gates and none of --expect, --out, --write, --only, --per-type, --errors,"
            " --format junit"
        )


def _print_sweep(
    predictions: Predictions, thresholds: tuple[float, ...], metrics: tuple[str, ...], format_: str
) -> None:
    """Print the scores at each of the thresholds."""
    from gner_bench.documents.scores import Resampling
    from gner_bench.files import to_json
    from gner_bench.report.render import csv, markdown
    from gner_bench.report.render.terminal import show
    from gner_bench.report.views.thresholds import thresholds_document, thresholds_grid
    from gner_bench.scoring.counting import usable_processes
    from gner_bench.scoring.document import scores_document
    from gner_bench.scoring.scores import warnings_of
    from gner_bench.scoring.thresholds import sweep

    swept = sweep(predictions, thresholds, metrics, usable_processes())
    documents = {least: scores_document(scores, Resampling(0)) for least, scores in swept.items()}
    for warning in dict.fromkeys(line for scores in swept.values() for line in warnings_of(scores)):
        warn(warning)
    if format_ == "table":
        show([thresholds_grid(documents)])
        return
    texts = {
        "json": lambda: to_json(thresholds_document(documents)) + "\n",
        "csv": lambda: csv.verbatim(thresholds_grid(documents)),
        "markdown": lambda: markdown.render([thresholds_grid(documents)]),
    }
    click.echo(texts[format_]().encode("utf-8"), nl=False)


def _print_corrected(
    predictions: Predictions, gold: Gold, metrics: tuple[str, ...], resampling: Resampling, format_: str
) -> None:
    """Print the scores against both golds."""
    from gner_bench.files import to_json
    from gner_bench.report.render import csv, markdown
    from gner_bench.report.render.terminal import show
    from gner_bench.report.views.corrected import corrected_grids
    from gner_bench.scoring.corrected import against_corrected
    from gner_bench.scoring.counting import usable_processes

    compared = against_corrected(predictions, gold.read(), metrics, resampling, usable_processes())
    for warning in compared.warnings():
        warn(warning)
    grids = corrected_grids(compared)
    if format_ == "table":
        show(grids)
        return
    texts = {
        "json": lambda: to_json(compared.document()) + "\n",
        "csv": lambda: csv.render(grids[:-1]),
        "markdown": lambda: markdown.render(grids),
    }
    click.echo(texts[format_]().encode("utf-8"), nl=False)


def _format(format_: str, as_json: bool, errors: bool, texts: Sequence[str]) -> str:
    """What is printed. Raises UsageError for options that exclude each other, and for names that are not UTF-8."""
    if as_json and format_ not in ("table", "json"):
        raise UsageError(f"--json and --format {format_} exclude each other")
    format_ = "json" if as_json else format_
    if errors and format_ != "table":
        raise UsageError("--errors is for --format table; JSON holds the error analysis anyway")
    for text in texts:
        if not text.isascii() and text.encode("utf-8", "replace").decode() != text:
            raise UsageError(f"{text.encode('utf-8', 'replace').decode()}: is not UTF-8")
    return format_


def _gates(
    asked: shared.GateOptions, metrics: tuple[str, ...], seed: int, written: Iterable[Path | None]
) -> tuple[Gates, Resampling]:
    """The gates, and how often the test of a drop draws. Raises UsageError where the baseline is to be ``written``."""
    from gner_bench.documents.scores import Resampling
    from gner_bench.scoring import gates, paired
    from gner_bench.scoring.trials import TRIALS

    tests = Resampling(asked.trials or TRIALS, seed)
    floors = tuple(gates.floor(text, metrics) for text in asked.fail_under)
    path, alpha = asked.baseline, paired.ALPHA if asked.alpha is None else asked.alpha
    if path is None:
        if asked.strict_drop or {asked.max_drop, asked.alpha, asked.trials} != {None}:
            raise UsageError("--max-drop, --strict-drop, --alpha and --trials need --baseline")
        return gates.Gates(floors), tests
    for file in filter(None, written):
        if file.resolve() == path.resolve():
            raise UsageError(f"{file} would replace the --baseline, even when the gate fails; write to another file")
    baseline = gates.baseline(path, metrics[0], tests.resamples, asked.max_drop or 0.0, alpha, asked.strict_drop)
    return gates.Gates(floors, baseline), tests


def _figure(document: ScoresDocument, metric: str, dataset: str | None) -> str:
    """F1 of a data set, or of the mean, in percent. Raises UsageError for a data set that was not scored."""
    sets = document.datasets
    if dataset is None or (dataset == MEAN and MEAN not in sets):
        return percent(document.average[metric].f1)
    if dataset not in sets:
        raise UsageError(f"--only {metric}@{dataset}: no data set {dataset!r}; {did_you_mean(dataset, list(sets))}")
    return percent(sets[dataset].values[metric].f1)


def _print(result: Result, format_: str, per_type: bool, errors: bool, alone: str) -> None:
    """Print the results, or the number ``alone``; in GitHub Actions, add the results to the summary of the step."""
    from gner_bench.report.score import SUMMARY, append_summary, print_scores, print_verdict, text_of

    try:
        if alone:
            click.echo(alone)
        elif format_ == "table":
            print_scores(result.document, per_type, errors)
            print_verdict(result)
        else:
            click.echo(text_of(result, format_, per_type).encode("utf-8"), nl=False)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise GnerBenchError(f"the results cannot be printed ({error.strerror or error})") from None
    if os.environ.get(SUMMARY) and (problem := append_summary(text_of(result, "markdown", per_type), os.environ)):
        warn(problem)
