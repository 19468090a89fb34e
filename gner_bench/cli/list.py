"""``gner-bench list``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import click

Rows = list[dict[str, Any]]


@click.command("list")
@click.argument("what", type=click.Choice(["models", "datasets", "published"]))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document with all that is known.")
def list_command(what: str, as_json: bool) -> None:
    """List the checkpoints, data sets or published scores that gner-bench knows, and what is in the cache.

    \b
    Example:
      gner-bench list models
    """
    from gner_bench.files import to_json

    full, short = LISTS[what]
    rows = full()
    if as_json:
        click.echo(to_json(rows))
    else:
        _print_table(what, [short(row) for row in rows])


def _models() -> Rows:
    from gner_bench.catalog import catalog
    from gner_bench.catalog.published import published_scores
    from gner_bench.fetch.state import checkpoint_state

    published = {score.system: score.average for score in published_scores()}
    return [
        {
            **asdict(model),
            "pinned": model.pinned,
            "memory_class": model.memory_class,
            "memory": {dtype: model.weights_bytes(dtype) for dtype in ("fp32", "bf16")},
            **asdict(catalog().get_family(model.family)),
            "name": model.name,
            "published_zero_shot": published.get(model.name),
            "cached": checkpoint_state(model.hub, model.revision),
        }
        for model in catalog().model
    ]


def _short_model(row: dict[str, Any]) -> dict[str, Any]:
    from gner_bench.fetch.home import size_text

    return {
        "name": row["name"],
        "parameters": f"{row['parameters'] / 1e6:,.0f} M",
        "download": size_text(row["bytes"]),
        "GPU (bf16, estimate)": row["memory_class"],
        "revision": row["revision"][:8] if row["pinned"] else "unpinned",
        "licence": row["licence"],
        "zero-shot F1 (quoted)": row["published_zero_shot"],
        "cached": row["cached"],
    }


def _datasets() -> Rows:
    from gner_bench.catalog import catalog
    from gner_bench.fetch.state import dataset_state

    return [
        {**asdict(dataset), "sentences": dataset.sentences, "cached": dataset_state(dataset)}
        for dataset in catalog().dataset
    ]


def _short_dataset(row: dict[str, Any]) -> dict[str, Any]:
    test = row["splits"].get("test", {})
    sources = [source["hub"] or next(iter(source["files"].values())) for source in row["sources"]]
    return {
        "name": row["name"],
        "groups": ", ".join(row["groups"]),
        "types": len(row["types"]) or None,
        "test sentences": test.get("sentences"),
        "licence": row["licence"],
        "problems": len(row["problems"]) or None,
        "from": row["folder"] or (sources[0] if sources else "by hand"),
        "cached": row["cached"],
    }


def _published() -> Rows:
    from gner_bench.catalog.published import published_scores

    return [asdict(row) for row in (*published_scores(), *published_scores("supervised"))]


def _short_published(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not isinstance(value, dict)}


LISTS: dict[str, tuple[Callable[[], Rows], Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "models": (_models, _short_model),
    "datasets": (_datasets, _short_dataset),
    "published": (_published, _short_published),
}


def _print_table(what: str, rows: Rows) -> None:
    from rich.table import Table

    from gner_bench.terminal import console

    table = Table(title="published scores (quoted)" if what == "published" else what)
    for index, name in enumerate(rows[0]):
        table.add_column(name, overflow="fold", no_wrap=index == 0)
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    console().print(table)
