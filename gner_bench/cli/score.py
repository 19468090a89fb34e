"""``gner-bench score``."""

from __future__ import annotations

from pathlib import Path

import click

from gner_bench.cli import options as shared


@click.command("score")
@click.argument("files", nargs=-1, required=True, type=shared.PATH, metavar="FILE…")
@click.option(
    "--tokenizer",
    metavar="PATH|none",
    help="Tokenizer of the checkpoint (tokenizer.json, SentencePiece model or a folder with one) for back-tokenization."
    " By default the one that predict left beside the file, if any.",
)
@click.option("--name", help="Name of the system in tables; by default the model of run.json or the file's name.")
@click.option("--per-type", is_flag=True, help="Also a table of every entity type.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole result as one JSON document.")
@click.option("--out", type=shared.PATH, metavar="scores.json", help="Also write the result to this file.")
def score_command(
    files: tuple[Path, ...], tokenizer: str | None, name: str | None, per_type: bool, as_json: bool, out: Path | None
) -> None:
    """Score prediction files: the GNER metric and strict span F1.

    FILE is a predictions.jsonl (or .jsonl.gz) or the folder of a run; several files are scored together as one system.
    Needs neither a model nor torch.

    \b
    Example:
      gner-bench score prediction_results/base --per-type --out base.json
    """
    from gner_bench.files import to_json, write_json
    from gner_bench.scoring.run import score_run

    result = score_run(files, tokenizer, name)
    if out is not None:
        write_json(out, result.document)
    for warning in result.warnings:
        shared.tell(warning)
    if as_json:
        click.echo(to_json(result.document))
    else:
        from gner_bench.report.scores import print_scores

        print_scores(result.document, per_type)
    result.require_complete()
