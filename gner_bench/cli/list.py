"""``gner-bench list``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click


@click.command("list")
@click.argument("what", type=click.Choice(["models", "datasets", "published"]))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of a table.")
def list_command(what: str, as_json: bool) -> None:
    """List the checkpoints, data sets or published scores that gner-bench knows.

    \b
    Example:
      gner-bench list models
    """
    from dataclasses import asdict

    from gner_bench.files import to_json

    rows = [asdict(entry) for entry in _entries(what)]
    if as_json:
        click.echo(to_json(rows))
    else:
        _print_table(what, rows)


def _entries(what: str) -> Sequence[Any]:
    from gner_bench.catalog import datasets, models, published

    catalogue: dict[str, Callable[[], Sequence[Any]]] = {
        "models": models.models,
        "datasets": datasets.datasets,
        "published": published.published_scores,
    }
    return catalogue[what]()


def _print_table(what: str, rows: list[dict[str, Any]]) -> None:
    from rich.table import Table

    from gner_bench.terminal import console

    title = "published zero-shot scores (quoted)" if what == "published" else what
    columns = [name for name in rows[0] if not isinstance(rows[0][name], dict)]
    table = Table(title=title)
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*("" if row[name] is None else str(row[name]) for name in columns))
    console().print(table)
