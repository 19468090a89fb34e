"""``gner-bench list``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import click

from gner_bench.cli import options as shared
from gner_bench.cli.command import Command
from gner_bench.errors import UsageError
from gner_bench.extras import require
from gner_bench.plugins import Registry, at

Row = dict[str, Any]


def _models() -> list[Row]:
    from gner_bench.catalog import catalog, published_scores
    from gner_bench.fetch.cache import state_of
    from gner_bench.fetch.checkpoint import find_checkpoint

    rows = []
    for model in catalog().model:
        quoted = [score for score in published_scores() if model.is_published_as(score.system)]
        own = asdict(model)
        rows.append(
            {
                **own,
                "pinned": model.pinned,
                "memory_class": model.memory_class,
                "memory": {dtype: model.weights_bytes(dtype) for dtype in ("fp32", "bf16")},
                **(asdict(catalog().get_family(model.family)) if model.family else {}),
                **{key: own[key] for key in ("name", "wrapping", "max_new_tokens") if own[key]},
                "published": [score.system for score in quoted],
                "published_zero_shot": next((score.average for score in quoted if score.comparable), None),
                "cached": state_of(partial(find_checkpoint, model.hub, model.revision)) if model.hub else "no",
            }
        )
    return rows


def _short_model(row: Row) -> Row:
    from gner_bench.fetch.home import size_text

    return {
        "name": row["name"],
        "route": f"{row['backend']} {row['format']}".strip() or "file",
        "cached": row["cached"],
        "parameters": _millions(row["parameters"]) or "unknown",
        "F1 (quoted)": row["published_zero_shot"],
        "GPU (bf16, estimate)": row["memory_class"],
        "download": size_text(row["bytes"]) if row["bytes"] else "unknown",
        "licence": row["licence"],
        "revision": row["revision"][:8] if row["pinned"] else "unpinned",
    }


def _millions(parameters: float | None) -> str | None:
    return f"{parameters / 1e6:,.0f} M" if parameters else None


def _datasets() -> list[Row]:
    from gner_bench.catalog import catalog
    from gner_bench.fetch.cache import states_of_dataset

    return [
        {**asdict(dataset), "sentences": dataset.sentences, "cached": states_of_dataset(dataset)}
        for dataset in catalog().dataset
    ]


def _short_dataset(row: Row) -> Row:
    sources = [source["hub"] or next(iter(source["files"].values())) for source in row["sources"]]
    return {
        "name": row["name"],
        "groups": ", ".join(row["groups"]),
        "types": len(row["types"]) or None,
        "test sentences": row["splits"].get("test", {}).get("sentences"),
        "cached": row["cached"],
        "problems": len(row["problems"]) or None,
        "from": row["folder"] or (sources[0] if sources else "by hand"),
        "licence": row["licence"],
    }


def _published() -> list[Row]:
    from gner_bench.catalog import published_scores

    return [asdict(score) for score in (*published_scores(), *published_scores("supervised"))]


def _short_published(row: Row) -> Row:
    return {
        "system": row["system"],
        "mean F1": row["average"],
        "setting": row["regime"],
        "sets": len(row["scores"]),
        "year": row["year"],
        "parameters": _millions(row["parameters"]),
        "comparable": "yes" if row["comparable"] else "no",
        "scorer": row["scorer"] or "not known",
        "note": row["note"],
        "source": row["source"],
    }


def _recipes() -> list[Row]:
    from gner_bench.train.recipe import RECIPES, read_recipe

    recipes = {path: read_recipe(path) for path in sorted(RECIPES.glob("*.toml"))}
    return [
        {"name": path.stem, "checkpoint": recipe.checkpoint, "what": recipe.note, "file": str(path)}
        for path, recipe in recipes.items()
    ]


def _without(key: str, row: Row) -> Row:
    return {name: value for name, value in row.items() if name != key}


@dataclass(frozen=True)
class Listing:
    """What can be listed: ``rows`` gives all that is known, ``short`` the cells of the table by their heads.

    Where the terminal is too narrow, the last columns are left out.
    """

    title: str
    rows: Callable[[], list[Row]]
    short: Callable[[Row], Row]


def _registered(place: str) -> list[Row]:
    """What a registry holds, one line each; a plug-in that cannot be loaded is left out with a warning."""
    registry: Registry[Any] = at(place)
    return [
        {
            "name": name,
            "what": getattr(thing, "description", thing.title),
            **({"lacks": _lacking(thing.needs)} if hasattr(thing, "needs") else {}),
            "from": registry.package(name),
            **({"example": thing.example} if getattr(thing, "example", "") else {}),
        }
        for name, thing in registry.usable().items()
    ]


def _answers() -> list[Row]:
    """The answer formats, each with how often it asks of a sentence and what it may ask with."""
    from gner_bench.answers import ANSWERS
    from gner_bench.answers.answer import read_only

    rows = _registered("gner_bench.answers:ANSWERS")
    for row in rows:
        format = ANSWERS.get(row["name"])
        once = "for each type" if format.several else "once"
        row["asks"] = "never" if format.ask is read_only and format.with_argument is None else once
        row |= {"uses": sorted(format.uses), "wrapping": format.wrapping, "max_new_tokens": format.max_new_tokens}
    return rows


def _short_answer(row: Row) -> Row:
    shown = {name: row[name] for name in ("name", "what", "asks")}
    return {**shown, "takes": ", ".join(row["uses"]), "wrapping": row["wrapping"] or "the checkpoint's"}


def _lacking(libraries: Sequence[str]) -> str:
    """What must be installed first, empty for nothing."""
    try:
        require(*libraries)
    except UsageError as error:
        return str(error)
    return ""


def _registry(title: str, place: str) -> Listing:
    return Listing(title, partial(_registered, place), partial(_without, "example"))


NUMBERS = frozenset(
    ("parameters", "download", "F1 (quoted)", "mean F1", "sets", "year", "types", "test sentences", "problems")
)
"""The heads of columns of numbers."""
LISTS = {
    "models": Listing("models", _models, _short_model),
    "datasets": Listing("datasets", _datasets, _short_dataset),
    "published": Listing("published scores (quoted)", _published, _short_published),
    "metrics": _registry("metrics", "gner_bench.scoring.metrics:METRICS"),
    "backends": _registry("backends", "gner_bench.predict.backend:BACKENDS"),
    "answers": Listing("answer formats", _answers, _short_answer),
    "recipes": Listing("recipes of train", _recipes, partial(_without, "file")),
    "formats": _registry("data formats", "gner_bench.data.formats:FORMATS"),
}


@click.command("list", cls=Command)
@click.argument("what", type=click.Choice(list(LISTS)))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document with all that is known.")
def list_command(what: str, as_json: bool) -> None:
    """List models, data sets, metrics, formats and published scores.

    Models and data sets are told with what is in the cache, backends with what must be installed for each, data formats
    with an example. Other packages can add metrics, backends, answer formats and data formats. Where the terminal is
    too narrow, the last columns are left out, which is said.

    \b
    Examples:
      gner-bench list models
      gner-bench list metrics
    """
    from gner_bench.report.grid import listing
    from gner_bench.report.render.terminal import show

    asked = LISTS[what]
    rows = asked.rows()
    if as_json:
        shared.print_json(rows)
        return
    table = [asked.short(row) for row in rows]
    heads = list(table[0]) if table else []
    cells = [["" if value is None else str(value) for value in row.values()] for row in table]
    show([listing(asked.title, heads, cells, right=NUMBERS)])
    for row in rows:
        if "example" in row:
            click.echo(f"\n{row['name']}\n  " + row["example"].replace("\n", "\n  "))
