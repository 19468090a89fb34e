"""``gner-bench download``."""

from __future__ import annotations

from pathlib import Path

import click

from gner_bench.cli import options as shared
from gner_bench.cli.command import Command
from gner_bench.cli.completion import dataset_names, group_names, model_names, of, offer
from gner_bench.cli.values import Names
from gner_bench.messages import warn


@click.command("download", cls=Command)
@click.argument("names", nargs=-1, metavar="[NAMES]…", shell_complete=offer(model_names, group_names, dataset_names))
@click.option(
    "--models",
    type=Names(),
    default=(),
    metavar="A,B|all",
    shell_complete=offer(of("all"), model_names, several=True),
    help="Checkpoints; all those of GNER.",
)
@click.option(
    "--datasets",
    type=Names(),
    default=(),
    metavar="A,B|zero-shot|supervised",
    shell_complete=offer(group_names, dataset_names, several=True),
    help="Data sets.",
)
@click.option("--predictions", is_flag=True, help="The generations that the GNER authors published.")
@click.option("--from", "root", type=shared.PATH, metavar="ROOT", help="Take the data sets from a local folder.")
@click.option("--dry-run", is_flag=True, help="Only print what would be fetched; uses no network.")
@click.option("--force", is_flag=True, help="Fetch again what is there.")
@click.option("--allow-pickle", is_flag=True, help="Take pickled weights where there are no others; they can run code.")
@shared.offline
@click.option("--json", "as_json", is_flag=True, help="Print the plan or the result as one JSON document.")
def download_command(
    names: tuple[str, ...],
    models: tuple[str, ...],
    datasets: tuple[str, ...],
    predictions: bool,
    root: Path | None,
    dry_run: bool,
    force: bool,
    allow_pickle: bool,
    offline: bool,
    as_json: bool,
) -> None:
    """Fetch checkpoints, data sets and predictions into the cache.

    NAMES are checkpoints, hub ids, data sets or groups of data sets. A download that broke off is continued; bytes with
    another checksum, or sentences with another content hash, are refused (exit code 5).

    \b
    Examples:
      gner-bench download GNER-T5-base zero-shot
      gner-bench download --predictions --dry-run
      gner-bench download ncbi --from data/gner
    """
    from dataclasses import asdict

    from gner_bench.data.formats.gner import splits
    from gner_bench.errors import UsageError
    from gner_bench.fetch.datasets import import_split
    from gner_bench.fetch.home import home, size_text
    from gner_bench.fetch.requirements import ensure, fetch_requirements, plan, requirements_of
    from gner_bench.report.grid import listing
    from gner_bench.report.render.terminal import show

    requirements = requirements_of(names, models, datasets, predictions)
    if not requirements:
        raise click.UsageError("name what to download: names, --models, --datasets or --predictions")
    if not dry_run:
        if root is not None:
            if requirements.checkpoints or requirements.predictions:
                raise UsageError("--from takes data sets alone")
            for dataset in {entry.name: entry for entry, _ in requirements.splits}.values():
                for split in splits(root, dataset.name) or ["test"]:
                    import_split(dataset, split, root, warn)
        elif shared.is_offline(offline):
            ensure(requirements, warn, offline=True)
        else:
            fetch_requirements(requirements, warn, force=force, allow_pickle=allow_pickle)
    items = plan(requirements)
    if as_json:
        shared.print_json([asdict(item) for item in items])
        return
    rows = [(i.name, i.kind, size_text(i.bytes) if i.bytes else "", i.cached, i.source) for i in items]
    show([listing(f"cache: {home()}", ("name", "what", "size", "cached", "source"), rows, right=("size",), kept=4)])
    total = sum(item.bytes for item in items if item.cached != "yes")
    if total:
        click.echo(f"to fetch: about {size_text(total)}", err=True)
