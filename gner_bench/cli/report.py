"""``gner-bench report``."""

from __future__ import annotations

from pathlib import Path

import click

from gner_bench.cli import options as shared


@click.command("report")
@click.argument("scores", nargs=-1, required=True, type=shared.PATH, metavar="SCORES…")
@click.option("--out", type=shared.PATH, required=True, metavar="DIR", help="Folder of the report.")
@click.option("--published/--no-published", default=True, show_default=True, help="Add quoted published rows.")
def report_command(scores: tuple[Path, ...], out: Path, published: bool) -> None:
    """Compare systems: tables and plots from scores.json files.

    Prints the comparison and writes it to DIR as Markdown, LaTeX (booktabs) and CSV, with a bar chart per data set and
    F1 against size as PNG and SVG. Published rows are quoted, marked so, and never in bold.

    \b
    Example:
      gner-bench report base.json large.json --out reports/sizes
    """
    print_report(scores, out, published)


def print_report(scores: tuple[Path, ...], out: Path, published: bool) -> None:
    """Write the report of ``scores`` to ``out`` and print its table on stdout and the files on stderr."""
    from gner_bench.catalog.published import published_scores
    from gner_bench.report import comparison, load_all, to_rich, write_report
    from gner_bench.terminal import console

    written = write_report(scores, out, published)
    console().print(to_rich(comparison(load_all(scores), "gner", published_scores() if published else [])))
    for path in written:
        click.echo(str(path), err=True)
