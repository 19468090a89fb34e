"""``gner-bench audit``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gner_bench.bio import AnyScheme, Reading
from gner_bench.cli import options as shared
from gner_bench.cli.command import Command
from gner_bench.cli.completion import dataset_names, offer
from gner_bench.cli.values import DataRoot
from gner_bench.errors import UsageError
from gner_bench.messages import one_line
from gner_bench.number_text import counted

if TYPE_CHECKING:
    from gner_bench.data.audit import Audit
    from gner_bench.report.grid import Part

COUNTS = ("sentences", "words", "entities")


@click.command("audit", cls=Command)
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
    from gner_bench.fetch.datasets import absent_split, data_root
    from gner_bench.report.render.terminal import show
    from gner_bench.structure import load_back_tokenizer

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
    show(part for entry in audits for part in _view(entry))


def _view(entry: Audit) -> Iterator[Part]:
    """The splits of a data set and what is wrong with it."""
    from gner_bench.report.grid import line, listing

    rows = []
    for split, facts in entry.splits.items():
        numbers = (f"{getattr(facts, count):,}" for count in COUNTS)
        rows.append((split, *numbers, facts.catalogue, facts.content_hash[:12]))
    title, heads = f"{entry.name}: {counted(len(entry.types), 'type')}", ("split", *COUNTS, "catalogue", "content")
    yield listing(title, heads, rows, right=COUNTS, kept=4)
    yield from (line(f"  - {one_line(problem)}", soft=True) for problem in entry.problems())
