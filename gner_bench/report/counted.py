"""What became of the entities of one sentence, as tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from gner_bench.report.plain import STYLES, heading, number, plain, table_of
from gner_bench.scoring.entries import Entry, Mention
from gner_bench.scoring.explain import Explanation
from gner_bench.scoring.metrics import METRICS

FIGURES = ("right", "predicted", "gold")


def verdicts_table(each: Explanation) -> Iterator[RenderableType]:
    """The strict spans and what is wrong with them, and the tags that are in none."""
    yield heading("Entities by position, as strict counts them" + ("" if each.verdicts else ": none"))
    table = table_of(["class", "predicted", "gold"])
    for verdict in each.verdicts:
        right = verdict.kind == "correct"
        gold = Text("same", STYLES["O"]) if right else _mention(verdict.gold)
        table.add_row(Text(verdict.kind, STYLES["right" if right else "wrong"]), _mention(verdict.predicted), gold)
    if each.verdicts:
        yield table
    for side, places in each.outside.items():
        if places:
            tags = f"{side} tags that continue no entity and count nowhere in it: {', '.join(map(str, places))}"
            yield Text(tags, STYLES["ignored"])


def _mention(mention: Mention | None) -> Text:
    return plain(f"{mention.text} [{mention.type}] {place(mention)}") if mention else Text("-")


def gner_table(entries: Sequence[Entry]) -> Iterator[RenderableType]:
    """The sets of the GNER metric, and what normalisation and counting once did to them."""
    yield heading("Entities as gner counts them, a set of normalised texts and types" + ("" if entries else ": none"))
    table = table_of(["text [type]", "predicted at", "gold at", "counts as"])
    for entry in entries:
        style = STYLES["right" if entry.counted == "right" else "wrong"]
        places = (", ".join(map(place, side)) or "-" for side in (entry.predicted, entry.gold))
        table.add_row(_entry(entry), *map(Text, places), Text(entry.counted, style))
    if entries:
        yield table


def _entry(entry: Entry) -> Text:
    found = plain(f"{entry.text or '(nothing)'} [{entry.type}]")
    for note in _effects(entry):
        found.append_text(Text("\n  ")).append_text(plain(note, STYLES["ignored"]))
    return found


def _effects(entry: Entry) -> Iterator[str]:
    if entry.forms:
        yield f"from {', '.join(text if kind == entry.type else f'{text} [{kind}]' for text, kind in entry.forms)}"
    for side, mentions in (("predicted", entry.predicted), ("gold", entry.gold)):
        if len(mentions) > 1:
            yield f"{number(len(mentions), f'{side} mention')} count once"
    if entry.elsewhere:
        yield "right by its text, at another place"


def place(mention: Mention) -> str:
    """The words of a mention, such as ``3-5``."""
    if mention.start is None or mention.end is None:
        return "no words"
    return str(mention.start) if mention.end == mention.start + 1 else f"{mention.start}-{mention.end - 1}"


def counts_table(each: Explanation) -> Iterator[RenderableType]:
    """The counts of the sentence by every metric."""
    yield heading("Counts of this sentence")
    table = table_of(["metric", *FIGURES], right=FIGURES)
    for metric in METRICS:
        found = each.counts[metric]
        table.add_row(metric, *(f"{figure:g}" for figure in (found.true_positives, found.predicted, found.gold)))
    yield table
