"""``gner-bench audit``."""

from __future__ import annotations

from pathlib import Path

import click

from gner_bench.bio import AnyScheme, Reading
from gner_bench.cli import options as shared
from gner_bench.cli.values import DataRoot
from gner_bench.errors import UsageError


@click.command("audit")
@click.argument("datasets", nargs=-1, metavar="[DATASET]…")
@click.option(
    "--data",
    "root",
    type=DataRoot(),
    metavar="ROOT|demo",
    help="Folder with data sets; without it, those in the cache.",
)
@click.option("--tokenizer", type=shared.PATH, metavar="PATH", help="Also count the words that this tokenizer lacks.")
@shared.scheme()
@shared.columns(what="the files of the data sets")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def audit_command(
    datasets: tuple[str, ...],
    root: Path | None,
    tokenizer: Path | None,
    scheme: AnyScheme,
    columns: dict[str, int],
    as_json: bool,
) -> None:
    """Look for what is wrong with data sets: duplicates, leaks between splits, illegal tags, other content.

    All data sets of ROOT by default. The content of each split is compared with the hashes of the catalogue.

    \b
    Example:
      gner-bench audit mit-movie crossner_music --data data/gner
    """
    from dataclasses import asdict

    from gner_bench.data.audit import audit
    from gner_bench.data.formats.gner import dataset_names
    from gner_bench.fetch.datasets import absent_split, data_root
    from gner_bench.structure import load_back_tokenizer
    from gner_bench.terminal import print_rows

    folder, reading = root or data_root(), Reading(repair="keep", scheme=scheme, columns=columns)
    if root is None and not folder.is_dir() and not datasets:
        raise UsageError(f"no data set is in the cache {folder.parent}; name one, or a folder: --data FOLDER")
    names = datasets or dataset_names(folder)
    if absent := [name for name in names if root is None and not (folder / name).is_dir()]:
        raise UsageError(absent_split(absent[0]))
    back_tokenizer = load_back_tokenizer(tokenizer) if tokenizer else None
    audits = [audit(folder, name, back_tokenizer, reading) for name in names]
    if as_json:
        shared.print_json([{**asdict(entry), "problems": list(entry.problems())} for entry in audits])
        return
    counts = ("sentences", "words", "entities")
    for entry in audits:
        rows = [
            (
                split,
                f"{facts.sentences:,}",
                f"{facts.words:,}",
                f"{facts.entities:,}",
                facts.content_hash[:12],
                facts.catalogue,
            )
            for split, facts in entry.splits.items()
        ]
        title = f"{entry.name}: {len(entry.types)} types"
        heads = ("split", *counts, "content", "catalogue")
        print_rows(title, heads, rows, numeric=counts, justify_title="left")
        for problem in entry.problems():
            click.echo(f"  - {problem}")
        click.echo()
