"""``gner-bench cache``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gner_bench.cli import options as shared
from gner_bench.cli.command import Group
from gner_bench.cli.completion import cached_names, offer
from gner_bench.errors import GnerBenchError, IntegrityError

if TYPE_CHECKING:
    from gner_bench.fetch.cache import Entry


@click.group("cache", cls=Group)
def cache_group() -> None:
    """Look at and tidy the folder of downloads.

    It is $GNER_BENCH_HOME, or else in the user's cache folder.
    """


@cache_group.command("path")
def path_command() -> None:
    """Print the folder."""
    from gner_bench.fetch.home import home

    click.echo(str(home()))


@cache_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of a table.")
def list_command(as_json: bool) -> None:
    """List what is in the cache, with its size on disk."""
    from dataclasses import asdict

    from gner_bench.fetch.cache import entries
    from gner_bench.fetch.home import home, size_text
    from gner_bench.report.grid import listing
    from gner_bench.report.render.terminal import show

    cached = entries()
    if as_json:
        shared.print_json([{**asdict(entry), "path": str(entry.path)} for entry in cached])
        return
    rows = [(entry.name, entry.kind, size_text(entry.size)) for entry in cached]
    show([listing(f"cache: {home()}", ("name", "what", "size"), rows, right=("size",), kept=3)])
    click.echo(f"{size_text(sum(entry.size for entry in cached))} in all", err=True)


@cache_group.command("verify")
@click.argument("names", nargs=-1, metavar="[NAMES]…", shell_complete=offer(cached_names))
def verify_command(names: tuple[str, ...]) -> None:
    """Compare every byte in the cache with its checksum.

    With NAMES, those entries alone. Prints how many files and bytes each has, and whether all is well. Exit code 5 when
    something was altered, which is named.
    """
    from gner_bench.fetch.cache import verify
    from gner_bench.fetch.home import home
    from gner_bench.number_text import counted

    chosen, bad, unknown, files = _chosen(names), [], [], []
    for entry in chosen:
        problems, checked = verify(entry)
        files += checked
        bad += [entry.name] if problems else []
        unknown += [] if problems or checked else [entry.name]
        state = "altered" if problems else "ok" if checked else "unknown"
        amount = f"{counted(len(checked), 'file')}, {_size(checked)}" if checked else "no checksum is known"
        click.echo(f"{state:<7}  {entry.kind} {entry.name}: {amount}")
        for problem in problems:
            click.echo(f"         {problem}")
    if bad:
        raise IntegrityError(
            f"{len(bad)} of {len(chosen)} in the cache are not what was fetched: {', '.join(bad)};"
            " `gner-bench download NAME --force` fetches them again"
        )
    if not chosen:
        click.echo(f"The cache is empty: {home()}")
    elif unknown:
        click.echo(f"No file with a checksum was altered, but there is none of {', '.join(unknown)}.")
    else:
        read = f"{counted(len(files), 'file')}, {_size(files)}"
        click.echo(f"All is well: {read}, each with the checksum that it was fetched with, in {home()}")


def _size(files: list[Path]) -> str:
    from gner_bench.fetch.home import size_text

    return size_text(sum(file.stat().st_size for file in files if file.is_file()))


@cache_group.command("prune")
@click.argument("names", nargs=-1, metavar="[NAMES]…", shell_complete=offer(cached_names))
@click.option("--dry-run", is_flag=True, help="Only print what would be removed.")
def prune_command(names: tuple[str, ...], dry_run: bool) -> None:
    """Remove what broken downloads left behind, and old revisions.

    With NAMES, remove those entries instead.
    """
    from gner_bench.fetch.cache import leftovers, remove
    from gner_bench.fetch.home import size_text

    paths = [entry.path for entry in _chosen(names)] if names else leftovers()
    for path in paths:
        click.echo(str(path))
    if not dry_run:
        click.echo(f"{size_text(remove(paths))} freed", err=True)


def _chosen(names: tuple[str, ...]) -> list[Entry]:
    from gner_bench.catalog import catalog
    from gner_bench.errors import did_you_mean
    from gner_bench.fetch.cache import entries

    cached = entries()
    hubs = {model.name.lower(): model.hub for model in catalog().model}
    wanted = [hubs.get(name.lower(), name) for name in names]
    known = [entry.name for entry in cached]
    for name in wanted:
        if name not in known:
            raise GnerBenchError(f"{name} is not in the cache; {did_you_mean(name, known) if known else 'it is empty'}")
    return [entry for entry in cached if not names or entry.name in wanted]
