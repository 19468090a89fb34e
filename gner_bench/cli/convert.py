"""``gner-bench convert``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from gner_bench.bio import AnyScheme, Reading, Repair
from gner_bench.cli import options as shared
from gner_bench.cli.command import Command
from gner_bench.cli.completion import dataset_names, offer
from gner_bench.cli.importing import FormatName, new_names
from gner_bench.data.convert import AUTO, entries_for, inputs, load, outputs, remarks, save
from gner_bench.data.formats import FORMATS
from gner_bench.data.sentence import Dataset


@click.command("convert", cls=Command)
@click.argument("source", metavar="IN", shell_complete=offer(path="file"))
@click.argument("out", type=shared.PATH, metavar="OUT")
@click.option("--to", "to", type=FormatName(outputs, FORMATS.__contains__), required=True, help="Format of OUT.")
@click.option(
    "--from",
    "format",
    type=FormatName(inputs, lambda name: name == AUTO or name in FORMATS),
    default=AUTO,
    show_default=True,
    help="Format of IN; auto tells by its name and content.",
)
@click.option("--name", metavar="NAME", help="Name of the data set.")
@click.option(
    "--split", type=click.Choice(["train", "dev", "test"]), help="Split of the file, or the only one to convert."
)
@shared.repair
@shared.scheme()
@shared.columns()
@shared.keys
@shared.tag_names
@click.option("--rename", "renames", multiple=True, metavar="OLD=NEW", help="Rename a type. Repeatable.")
@click.option("--drop", multiple=True, metavar="TYPE", help="Make entities of a type O. Repeatable.")
@click.option(
    "--as",
    "entry",
    metavar="NAME",
    shell_complete=offer(dataset_names),
    help="Name, types and label mapping of a data set of the catalogue, or the beginning of those of folders in IN.",
)
@click.option("--keep-misc", is_flag=True, help="With --as, keep the types that the catalogue drops (CrossNER's misc).")
@click.option("--lossy", is_flag=True, help="Write even where ids or orders of types are lost.")
@click.option("--config", metavar="NAME", help="Configuration of the hub data set.")
@click.option("--revision", metavar="REVISION", help="Commit or branch of the hub data set.")
def convert_command(
    source: str,
    out: Path,
    to: str,
    repair: Repair,
    scheme: AnyScheme,
    columns: dict[str, int],
    keys: tuple[tuple[str, str], ...],
    tag_names: tuple[str, ...],
    renames: tuple[str, ...],
    drop: tuple[str, ...],
    entry: str | None,
    keep_misc: bool,
    lossy: bool,
    **options: Any,
) -> None:
    """Convert data sets to another format.

    IN is a file, - for standard input, the folder of a data set, a folder of these or, with --from hub, a hub id. A
    folder needs no label.txt where its files are called train, dev or test. OUT is a folder of data sets for gner and a
    file for the others. What a format cannot hold is an error that names the sentence. `gner-bench list formats` shows
    an example of each format.

    \b
    Examples:
      gner-bench convert train.json data/mine --to gner --from spans --name news
      gner-bench convert ner_data/ai/test.txt data/gner --to gner --as crossner_ai
      gner-bench convert ner_data data/gner --to gner --as crossner
      gner-bench convert NER-de-test.tsv data/gner --to gner --columns word=2,tag=3
    """
    reading = Reading(repair, new_names(renames), frozenset(drop), scheme, columns, dict(keys), tag_names)
    datasets: list[Dataset] = []
    for place, known in entries_for(source, entry) if entry is not None else [(source, None)]:
        chosen, own = reading, dict(options)
        if known is not None:
            # What the user says comes before what the catalogue does.
            mapping = known.reading(keep_dropped=keep_misc)
            chosen = replace(reading, rename={**mapping.rename, **reading.rename}, drop=mapping.drop | reading.drop)
            own["name"] = options["name"] or known.name
            own["types"] = (*known.types, *(known.drop if keep_misc else ())) or None
        loaded = load(place, reading=chosen, **own)
        for line in remarks(loaded, chosen):
            click.echo(line, err=True)
        datasets += loaded
    for path in save(datasets, out, to, lossy):
        click.echo(str(path))
