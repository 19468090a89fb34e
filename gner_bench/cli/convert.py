"""``gner-bench convert``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from gner_bench.bio import Reading, Repair
from gner_bench.cli import options as shared
from gner_bench.cli.importing import FormatName, new_names
from gner_bench.data.convert import AUTO, inputs, load, outputs, remarks, save
from gner_bench.data.formats import FORMATS


@click.command("convert")
@click.argument("source", metavar="IN")
@click.argument("out", type=shared.PATH, metavar="OUT")
@click.option("--to", "to", type=FormatName(outputs, FORMATS.names), required=True, help="Format of OUT.")
@click.option(
    "--from",
    "format",
    type=FormatName(inputs, lambda: [AUTO, *FORMATS.names()]),
    default=AUTO,
    show_default=True,
    help="Format of IN; auto tells by its name and content.",
)
@click.option("--name", metavar="NAME", help="Name of the data set.")
@click.option(
    "--split", type=click.Choice(["train", "dev", "test"]), help="Split of the file, or the only one to convert."
)
@shared.repair
@click.option("--rename", "renames", multiple=True, metavar="OLD=NEW", help="Rename a type. Repeatable.")
@click.option("--drop", multiple=True, metavar="TYPE", help="Make entities of a type O. Repeatable.")
@click.option("--as", "entry", metavar="NAME", help="Name, types and label mapping of a data set of the catalogue.")
@click.option("--keep-misc", is_flag=True, help="With --as, keep the types that the catalogue drops (CrossNER's misc).")
@click.option("--lossy", is_flag=True, help="Write even where ids or orders of types are lost.")
@click.option("--config", metavar="NAME", help="Configuration of the hub data set.")
@click.option("--revision", metavar="REVISION", help="Commit or branch of the hub data set.")
def convert_command(
    source: str,
    out: Path,
    to: str,
    repair: Repair,
    renames: tuple[str, ...],
    drop: tuple[str, ...],
    entry: str | None,
    keep_misc: bool,
    lossy: bool,
    **options: Any,
) -> None:
    """Convert data sets to another format.

    IN is a file, the folder of a data set, a folder of these or, with --from hub, a hub id. OUT is a folder of data
    sets for gner and a file for the others. What a format cannot hold is an error that names the sentence.

    \b
    Examples:
      gner-bench convert train.json data/mine --to gner --from spans --name news
      gner-bench convert ner_data/ai/test.txt data/gner --to gner --as crossner_ai
    """
    reading = Reading(repair, new_names(renames), frozenset(drop))
    if entry is not None:
        # What the user says comes before what the catalogue does.
        from gner_bench.catalog import catalog

        known = catalog().get_dataset(entry)
        own = known.reading(keep_dropped=keep_misc)
        reading = replace(reading, rename={**own.rename, **reading.rename}, drop=own.drop | reading.drop)
        options["name"] = options["name"] or known.name
        options["types"] = (*known.types, *(known.drop if keep_misc else ())) or None
    datasets = load(source, reading=reading, **options)
    for line in remarks(datasets, reading):
        click.echo(line, err=True)
    for path in save(datasets, out, to, lossy):
        click.echo(str(path))
