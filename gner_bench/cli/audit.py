"""``gner-bench audit``."""

from __future__ import annotations

from pathlib import Path

import click

from gner_bench.bio import AnyScheme, Reading
from gner_bench.cli import options as shared
from gner_bench.cli.completion import dataset_names, offer
from gner_bench.cli.values import DataRoot
from gner_bench.messages import one_line
from gner_bench.number_text import counted


@click.command("audit")
@click.argument("datasets", nargs=-1, metavar="[DATASET]…", shell_complete=offer(dataset_names))
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
    """Look for what is wrong with data sets.

    That is duplicates, leaks between splits, illegal tags and other content. All data sets of ROOT by default. The
    content of each split is compared with the hashes of the catalogue.

    \b
    Example:
      gner-bench audit mit-movie crossner_music --data data/gner
    """
    from dataclasses import asdict

    from gner_bench.data.audit import audit
    from gner_bench.data.formats.gner import dataset_names
    from gner_bench.fetch.datasets import data_root
    from gner_bench.report.grid import line, listing
    from gner_bench.report.render.terminal import show
    from gner_bench.structure import load_back_tokenizer

    folder, reading = root or data_root(), Reading(repair="keep", scheme=scheme, columns=columns)
    back_tokenizer = load_back_tokenizer(tokenizer) if tokenizer else None
    audits = [audit(folder, name, back_tokenizer, reading) for name in datasets or dataset_names(folder)]
    if as_json:
        shared.print_json([{**asdict(entry), "problems": list(entry.problems())} for entry in audits])
        return
    counts = ("sentences", "words", "entities")
    for entry in audits:
        rows = []
        for split, facts in entry.splits.items():
            numbers = (f"{getattr(facts, count):,}" for count in counts)
            rows.append((split, *numbers, facts.catalogue, facts.content_hash[:12]))
        heads = ("split", *counts, "catalogue", "content")
        title = f"{entry.name}: {counted(len(entry.types), 'type')}"
        problems = [line(f"  - {one_line(problem)}", soft=True) for problem in entry.problems()]
        show([listing(title, heads, rows, right=counts, kept=4), *problems])
