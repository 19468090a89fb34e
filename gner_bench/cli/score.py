"""``gner-bench score``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gner_bench.cli import importing
from gner_bench.cli import options as shared
from gner_bench.cli.command import OTHERS, Command, section
from gner_bench.cli.values import MEAN, Text, Thresholds, Written, grouped
from gner_bench.errors import GnerBenchError, UsageError, did_you_mean
from gner_bench.extras import require
from gner_bench.files import write_atomic, write_json
from gner_bench.messages import QUIET, note, verbosity, warn
from gner_bench.number_text import percent

if TYPE_CHECKING:
    from gner_bench.documents.fields import Json
    from gner_bench.documents.scores import Resampling, ScoresDocument
    from gner_bench.report.grid import Grid
    from gner_bench.report.views.scores import Result
    from gner_bench.scoring.gates import Gates
    from gner_bench.scoring.gold import Gold
    from gner_bench.scoring.predictions import Predictions
    from gner_bench.scoring.scores import Scores
    from gner_bench.scoring.seen import Training

FORMATS = ("table", "json", "markdown", "csv", "junit")


def _quiet(ctx: click.Context, param: click.Parameter, quiet: bool) -> None:
    if quiet:
        ctx.with_resource(verbosity(QUIET))


def _installed(ctx: click.Context, param: click.Parameter, library: str | None) -> str | None:
    """The library of an option. Raises UsageError where it is not installed, before anything is read."""
    require(*filter(None, [library]))
    return library


@click.command("score", cls=Command)
@click.argument("files", nargs=-1, type=shared.PATH, metavar="FILE…")
@section("Scores")
@shared.metric
@shared.resamples
@shared.resampling_seed
@shared.group
@section("Output")
@click.option(
    "--name", type=Text(), help="Name of the system in tables; by default the model of run.json or the file's name."
)
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
@shared.report_to
@shared.trained_on
@shared.familiarity
@shared.gates
@importing.options
@section(OTHERS)
@click.option(
    "-q",
    "--quiet",
    is_flag=True,
    callback=_quiet,
    expose_value=False,
    help="No warnings but those that the verdict is to be read by.",
)
def score_command(
    files: tuple[Path, ...],
    metric: tuple[str, ...],
    resamples: int,
    seed: int,
    groups: tuple[tuple[str, tuple[Path, ...]], ...],
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
    report_to: tuple[str, ...],
    trained_on: tuple[Path, ...],
    familiarity: str | None,
    **options: Any,
) -> None:
    """Score predictions: F1 with intervals, and gates for CI.

    By default F1 is that of the GNER metric and that of strict spans. FILE is a predictions.jsonl (or .jsonl.gz), - for
    standard input, or the folder of a run; several files are scored together as one system, several runs of a system
    (--group) each by itself, and then their mean. Needs neither a model nor torch.

    The results are printed and written before a gate ends the command with exit code 6 (sentences of the run are
    missing), 5 (the baseline has the same sentence ids with other words or gold), 2 (--fail-under names an unknown data
    set), 3 (--fail-under), 4 (--baseline) or 7 (the baseline is missing, cannot be read or is of other data sets or
    sentences: not judged), the first of them that applies. Sentences that are not those that the run.json beside them
    describes are not scored (exit code 5). In GitHub Actions the Markdown also goes to the step's summary.

    \b
    Examples:
      gner-bench score prediction_results/base --per-type --out base.json
      gner-bench score prediction_results/base --only strict@mit-movie
      gner-bench score --group 'base=runs/seed*' --out base.json
      gner-bench score prediction_results/new --fail-under 55 --baseline base.json --max-drop 0.5
      gner-bench score answers.jsonl --from uniner --gold data/gner/crossner_ai --as crossner_ai --split test
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # data sets are resampled side by side instead
    from gner_bench.documents.scores import Resampling
    from gner_bench.scoring.document import scores_document
    from gner_bench.scoring.metrics import DEFAULT
    from gner_bench.scoring.seen import training_data

    group_name, runs = _one_group(groups, files, name, thresholds, check)
    format_ = _format(format_, as_json, only is not None, per_type, errors)
    metrics = tuple(dict.fromkeys([*(metric or DEFAULT), *filter(None, only[:1] if only else ())]))
    resampling = Resampling(resamples, seed)
    read_as = {key: options.pop(key) for key in importing.KEYS}
    if corrected or thresholds is not None:
        others = (out, write, only, per_type, errors, trained_on, report_to, runs, format_ == "junit")
        _require_alone(*others, *options.values(), corrected and thresholds)
        if corrected:
            _print_corrected(*importing.load_with_other(files, name, corrected, read_as), metrics, resampling, format_)
        else:
            _print_sweep(importing.load(files, name, **read_as), thresholds or (), metrics, format_)
        return
    asked = shared.GateOptions(**options)
    gates, tests = _gates(asked, metrics, seed, [out, *(path for _, path in write)])
    if runs:
        scores = _scores_of_runs(runs, group_name, read_as, metrics, asked.expect)
    else:
        training = training_data(trained_on, familiarity)
        scores = _counted(files, name, read_as, metrics, resampling, asked.expect, check, training, familiarity)
    document = scores_document(scores, resampling)
    alone = _figure(document, only[0] or metrics[0], only[1]) if only else ""
    if out is not None:
        write_json(out, document.json())
    result = _judged(scores, document, gates, tests)
    _print(result, format_, per_type, errors, alone, write)
    if report_to:
        _track(result, document, report_to)
    result.require_passed()


def _track(result: Result, document: ScoresDocument, trackers: tuple[str, ...]) -> None:
    from gner_bench.publish.tracking import track_scores
    from gner_bench.report.score import text_of

    texts = {"scores.json": text_of(result, "json"), "report.md": text_of(result, "markdown", True)}
    track_scores(trackers, document, texts)


def _one_group(
    groups: Sequence[tuple[str, tuple[Path, ...]]], files: Sequence[Path], *others: object
) -> tuple[str, tuple[Path, ...]]:
    """The name and the runs of --group, empty without one.

    Raises UsageError for what it does not go with, and for files whose names are not UTF-8.
    """
    by_name = grouped(groups)
    if not by_name and not files:
        raise click.UsageError("Missing argument 'FILE…' (or --group NAME=RUN,RUN…)", click.get_current_context())
    if by_name and (files or len(by_name) > 1 or any(others)):
        raise UsageError("--group takes the place of FILE: one group, without --name, --thresholds, --check")
    name, runs = next(iter(by_name.items()), ("", ()))
    for path in (*files, *runs):
        Text().convert(str(path), None, None)
    return name, runs


def _scores_of_runs(
    runs: Sequence[Path], name: str, read_as: Mapping[str, Any], metrics: Sequence[str], expect: tuple[str, ...]
) -> Scores:
    """The runs as one system. Raises UsageError for a scores.json that lacks a metric."""
    from gner_bench.api import group, score
    from gner_bench.scoring.comparison import scores_file
    from gner_bench.scoring.counting import usable_processes
    from gner_bench.scoring.expected import expected

    scored = [
        run if scores_file(run) else score(importing.load((run,), None, **read_as), metrics, usable_processes())
        for run in runs
    ]
    scores = expected(expect).applied(group(scored, name))
    if lacking := [metric for metric in metrics if metric not in scores.metrics]:
        raise UsageError(f"the runs were not scored by {lacking[0]}; score them again with --metric {lacking[0]}")
    return scores


def _counted(
    files: tuple[Path, ...],
    name: str | None,
    read_as: Mapping[str, Any],
    metrics: tuple[str, ...],
    resampling: Resampling,
    expect: tuple[str, ...],
    check: str | None,
    training: Training | None,
    encoder: str | None,
) -> Scores:
    """The scores of as many sentences as are expected, counted again by the library of --check, with what is known of
    the training data."""
    from gner_bench.api import score
    from gner_bench.scoring.counting import usable_processes
    from gner_bench.scoring.expected import expected
    from gner_bench.scoring.seen import sets_known_of, with_training

    wanted = expected(expect)
    predictions = importing.load(files, name, **read_as)
    wanted.require_described(predictions.origin)
    scores = wanted.applied(score(predictions, metrics, usable_processes()))
    if check is not None:
        from gner_bench.scoring.recount import check_with_seqeval

        note(check_with_seqeval(predictions, scores))
    return with_training(scores, training, resampling, predictions, encoder, sets_known_of(scores))


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


def _require_alone(*others: object) -> None:
    """Raise UsageError for what cannot be had together with an option that prints something else."""
    if any(others):
        raise UsageError(
            "--corrected-gold and --thresholds go not with each other, with no gates and none of --expect, --out,"
            " --write, --only, --per-type, --errors, --trained-on, --report-to, --group, --format junit"
        )


def _print_sweep(
    predictions: Predictions, thresholds: tuple[float, ...], metrics: tuple[str, ...], format_: str
) -> None:
    """Print the scores at each of the thresholds."""
    from gner_bench.documents.scores import Resampling
    from gner_bench.report.render import csv
    from gner_bench.report.views.thresholds import thresholds_document, thresholds_grid
    from gner_bench.scoring.counting import usable_processes
    from gner_bench.scoring.document import scores_document
    from gner_bench.scoring.scores import warnings_of
    from gner_bench.scoring.thresholds import sweep

    swept = sweep(predictions, thresholds, metrics, usable_processes())
    documents = {least: scores_document(scores, Resampling(0)) for least, scores in swept.items()}
    for warning in dict.fromkeys(line for scores in swept.values() for line in warnings_of(scores)):
        warn(warning)
    grid = thresholds_grid(documents)
    _print_grids(format_, [grid], lambda: thresholds_document(documents), lambda: csv.verbatim(grid))


def _print_corrected(
    predictions: Predictions, gold: Gold, metrics: tuple[str, ...], resampling: Resampling, format_: str
) -> None:
    """Print the scores against both golds."""
    from gner_bench.report.render import csv
    from gner_bench.report.views.corrected import corrected_grids
    from gner_bench.scoring.corrected import against_corrected
    from gner_bench.scoring.counting import usable_processes

    compared = against_corrected(predictions, gold.read(), metrics, resampling, usable_processes())
    for warning in compared.warnings():
        warn(warning)
    grids = corrected_grids(compared)
    _print_grids(format_, grids, compared.document, lambda: csv.render(grids[:-1]))


def _print_grids(format_: str, grids: Sequence[Grid], document: Callable[[], Json], table: Callable[[], str]) -> None:
    """Print what takes the place of scores; CSV is the ``table``."""
    from gner_bench.files import to_json
    from gner_bench.report.render import markdown
    from gner_bench.report.render.terminal import show

    if format_ == "table":
        show(grids)
    else:
        texts: dict[str, Callable[[], str]] = {
            "json": lambda: to_json(document()) + "\n",
            "csv": table,
            "markdown": lambda: markdown.render(grids),
        }
        click.echo(texts[format_]().encode("utf-8"), nl=False)


def _format(format_: str, as_json: bool, only: bool, per_type: bool, errors: bool) -> str:
    """What is printed. Raises UsageError for options that exclude each other."""
    if as_json and format_ not in ("table", "json"):
        raise UsageError(f"--json and --format {format_} exclude each other")
    format_ = "json" if as_json else format_
    if errors and format_ != "table":
        raise UsageError("--errors is for --format table; JSON holds the error analysis anyway")
    if only and (format_ != "table" or per_type or errors):
        raise UsageError("--only prints a number alone: it goes with none of --format, --json, --per-type, --errors")
    return format_


def _gates(
    asked: shared.GateOptions, metrics: tuple[str, ...], seed: int, written: Iterable[Path | None]
) -> tuple[Gates, Resampling]:
    """The gates, and how often the test of a drop draws. Raises UsageError where the baseline is to be ``written``."""
    from gner_bench.documents.scores import Resampling
    from gner_bench.scoring import gates, paired
    from gner_bench.scoring.drops import Limits
    from gner_bench.scoring.trials import TRIALS

    tests = Resampling(asked.trials or TRIALS, seed)
    floors = tuple(gates.floor(text, metrics) for text in asked.fail_under)
    paths, alpha = asked.baseline, paired.ALPHA if asked.alpha is None else asked.alpha
    if not paths:
        if asked.strict_drop or {asked.max_drop, asked.alpha, asked.trials, asked.noise, asked.gate} != {None}:
            raise UsageError("--max-drop, --strict-drop, --noise, --gate, --alpha and --trials need --baseline")
        return gates.Gates(floors), tests
    for file in filter(None, written):
        if any(file.resolve() == path.resolve() for path in paths):
            raise UsageError(f"{file} would replace the --baseline, even when the gate fails; write to another file")
    limits = Limits(asked.max_drop or 0.0, alpha, asked.gate or "difference", asked.noise)
    baseline = gates.baseline(paths, metrics[0], tests.resamples, limits, asked.strict_drop)
    return gates.Gates(floors, baseline), tests


def _figure(document: ScoresDocument, metric: str, dataset: str | None) -> str:
    """F1 of a data set, or of the mean, in percent. Raises UsageError for a data set that was not scored."""
    sets = document.datasets
    if dataset is None or (dataset == MEAN and MEAN not in sets):
        return percent(document.average[metric].f1)
    if dataset not in sets:
        raise UsageError(f"--only {metric}@{dataset}: no data set {dataset!r}; {did_you_mean(dataset, list(sets))}")
    return percent(sets[dataset].values[metric].f1)


def _print(
    result: Result, format_: str, per_type: bool, errors: bool, alone: str, write: tuple[tuple[str, Path], ...]
) -> None:
    """Write the results in the formats of --write, then print them, or the number ``alone``.

    In GitHub Actions the results also go to the summary of the step.
    """
    from gner_bench.report.score import SUMMARY, append_summary, print_scores, print_verdict, text_of

    for written_as, path in write:
        write_atomic(path, text_of(result, written_as, per_type))
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
