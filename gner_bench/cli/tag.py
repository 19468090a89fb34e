"""``gner-bench tag``."""

from __future__ import annotations

import sys
from typing import Any

import click

from gner_bench.cli import options as shared


@click.command("tag")
@shared.model
@click.option("--labels", type=shared.Names(), required=True, metavar="A,B", help="The entity types to look for.")
@shared.dtype
@shared.device
@shared.offline
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
@click.argument("texts", nargs=-1, metavar="[TEXT]…")
def tag_command(
    model: str,
    labels: tuple[str, ...],
    dtype: Any,
    device: str,
    offline: bool,
    as_json: bool,
    texts: tuple[str, ...],
) -> None:
    """Tag text: words with their tags, and entities with character offsets.

    Without TEXT, every non-empty line of standard input is a text.

    \b
    Example:
      gner-bench tag --model demo --labels person,location,organization \\
        "Marie Curie moved from Warsaw to Paris ."
    """
    found = texts or tuple(line.strip() for line in sys.stdin if line.strip())
    if not found:
        raise click.UsageError("no text: give it as an argument or on standard input")
    from dataclasses import asdict

    from gner_bench.fetch.locate import on_hub
    from gner_bench.fetch.need import Needs, ensure
    from gner_bench.files import to_json

    hub = on_hub(model)
    ensure(Needs((hub,) if hub else ()), shared.tell, offline)
    from gner_bench.predict.checkpoint import load_checkpoint
    from gner_bench.predict.tagging import tag

    tagged = tag(load_checkpoint(model, dtype, device), found, labels)
    if as_json:
        click.echo(to_json([asdict(each) for each in tagged]))
        return
    for each in tagged:
        click.echo(" ".join(f"{word}({mark})" for word, mark in zip(each.words, each.tags, strict=True)))
        for entity in each.entities:
            click.echo(f"  {entity.start}-{entity.end}  {entity.type}: {entity.text}")
