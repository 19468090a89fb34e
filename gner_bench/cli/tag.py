"""``gner-bench tag``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import click

from gner_bench.cli import options as shared
from gner_bench.cli.command import OTHERS, Command, section
from gner_bench.cli.values import Names
from gner_bench.messages import warn

if TYPE_CHECKING:
    from gner_bench.predict.tagging import Tagged

UNREAD = "?"
"""The tag of words without a label in a text that was cut."""
CHUNK = 64
"""Texts that are read before they are tagged together."""


@click.command("tag", cls=Command)
@section("System")
@shared.model
@section("Text")
@click.option("--labels", type=Names(), required=True, metavar="A,B", help="The entity types to look for.")
@shared.system
@section(OTHERS)
@shared.offline
@section("Checkpoints on this machine")
@click.option(
    "--decoding",
    type=click.Choice(["drafted", "constrained"]),
    default="drafted",
    show_default=True,
    help="Of a GNER checkpoint on this machine: constrained keeps every word and gives entities a confidence.",
)
@section("Text")
@click.option("--no-windows", "whole", is_flag=True, help="Refuse a text that is too long to be asked about at once.")
@section("Output")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
@click.option("--jsonl", "as_lines", is_flag=True, help="Print one JSON object a line, as soon as it is done.")
@click.argument("texts", nargs=-1, metavar="[TEXT]…")
def tag_command(
    model: str,
    labels: tuple[str, ...],
    offline: bool,
    decoding: Any,
    whole: bool,
    as_json: bool,
    as_lines: bool,
    texts: tuple[str, ...],
    **settings: Any,
) -> None:
    """Tag text by any system.

    Words are printed with their tags, and entities with their places, counted in characters. A text that is longer than
    the system can read or answer at once is tagged in windows, which end where a sentence does if one does there. Words
    without a label, in a text that was cut at the length limit all the same, have no tag: (?) and, in JSON, null.

    Without TEXT, every non-empty line of standard input is a text.

    \b
    Examples:
      gner-bench tag --model demo --labels person,location,organization \\
        "Marie Curie moved from Warsaw to Paris ."
      gner-bench tag --model GNER-T5-base --labels drug,disease --jsonl < notes.txt
      gner-bench tag --backend openai --base-url http://localhost:8000/v1 --api chat \\
        --format inline --model qwen3 --labels drug,disease --jsonl < notes.txt
    """
    lines = (line.decode("utf-8", "replace").strip() for line in sys.stdin.buffer)
    given = iter(texts) if texts else filter(None, lines)
    first = next(given, None)
    if first is None:
        raise click.UsageError("no text: give it as an argument or on standard input")
    from gner_bench.predict.backend import SystemOptions
    from gner_bench.predict.tagging import text_tagger

    tagger = text_tagger(SystemOptions(model, **settings), labels, decoding, whole, shared.is_offline(offline))
    # Standard input is tagged while it is read; a chunk is decoded side by side.
    waiting = chain([first], given)
    chunks = iter(lambda: list(islice(waiting, CHUNK)), [])
    tagged = _told(text for chunk in chunks for text in tagger(chunk))
    if as_json:
        shared.print_json([text.document() for text in tagged])
        return
    for text in tagged:
        if as_lines:
            click.echo(json.dumps(text.document(), ensure_ascii=False).encode("utf-8"))
            continue
        click.echo(" ".join(f"{word}({tag or UNREAD})" for word, tag in zip(text.words, text.tags, strict=True)))
        for line in text.warnings():
            click.echo(f"  ! {line}")
        for entity in text.entities:
            confidence = "" if entity.confidence is None else f"  {entity.confidence:.2f}"
            click.echo(f"  {entity.start}-{entity.end}  {entity.type}: {entity.text}{confidence}")


def _told(tagged: Iterable[Tagged]) -> Iterator[Tagged]:
    """The texts, warned of where they were cut or words got no label."""
    for number, text in enumerate(tagged, start=1):
        for line in text.warnings():
            warn(f"text {number}: {line}")
        yield text
