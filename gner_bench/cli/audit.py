"""``gner-bench audit``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gner_bench.cli import options as shared

if TYPE_CHECKING:
    from gner_bench.data.audit import Audit


@click.command("audit")
@click.argument("datasets", nargs=-1, metavar="[DATASET]…")
@click.option(
    "--data",
    "root",
    type=shared.DataRoot(),
    metavar="ROOT|demo",
    help="Folder with data sets; without it, those in the cache.",
)
@click.option("--tokenizer", type=shared.PATH, metavar="PATH", help="Also count the words that this tokenizer lacks.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def audit_command(datasets: tuple[str, ...], root: Path | None, tokenizer: Path | None, as_json: bool) -> None:
    """Look for what is wrong with data sets: duplicates, leaks between splits, illegal tags, other content.

    All data sets of ROOT by default. The content of each split is compared with the hashes of the catalogue.

    \b
    Example:
      gner-bench audit mit-movie crossner_music --data data/gner
    """
    from dataclasses import asdict

    from gner_bench.data.audit import audit
    from gner_bench.data.gner_layout import dataset_names
    from gner_bench.fetch.datasets import data_root
    from gner_bench.files import to_json
    from gner_bench.structure import load_back_tokenizer

    folder = root or data_root()
    back_tokenizer = load_back_tokenizer(tokenizer) if tokenizer else None
    found = [audit(folder, name, back_tokenizer) for name in datasets or dataset_names(folder)]
    if as_json:
        click.echo(to_json([{**asdict(each), "problems": list(each.problems())} for each in found]))
        return
    for each in found:
        _print(each)


def _print(found: Audit) -> None:
    from rich.table import Table

    from gner_bench.terminal import console

    table = Table(title=f"{found.name}: {len(found.types)} types", title_justify="left")
    for column in ("split", "sentences", "words", "entities", "content", "catalogue"):
        table.add_column(column, justify="right" if column in ("sentences", "words", "entities") else "left")
    for split, facts in found.splits.items():
        counts = (f"{facts.sentences:,}", f"{facts.words:,}", f"{facts.entities:,}")
        table.add_row(split, *counts, facts.content_hash[:12], facts.catalogue)
    console().print(table)
    for problem in found.problems():
        click.echo(f"  - {problem}")
    click.echo()
