"""The terminal's view of explained sentences. Colour only repeats what marks in the text say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from rich.console import Console, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from gner_bench.report.alignment import alignment, label
from gner_bench.report.counted import counts_table, gner_table, verdicts_table
from gner_bench.report.plain import STYLES, heading, number, plain, table_of, visible
from gner_bench.scoring.entities import lenient_spans
from gner_bench.scoring.explain import Explanation, GeneratedWord, Piece
from gner_bench.scoring.samples import Ranked

STEPS = {
    "exact": "the generated words are those of the sentence",
    "subsequence": "the generated words are part of the sentence, in its order; placed from the left",
    "lcs": "the generated words are not part of the sentence; a longest common subsequence is placed",
}
WIDE = 90
"""Columns from which every generated word is written out beside the sentence."""


def print_sample(name: str, systems: Sequence[tuple[str, Explanation]], out: Console) -> None:
    """Print one sentence as each of ``systems`` (name, explanation) has it."""
    for each in sample(name, systems, out.width < WIDE):
        out.print(each)


def sample(name: str, systems: Sequence[tuple[str, Explanation]], brief: bool) -> Iterator[RenderableType]:
    """The parts of the view of one sentence: what it is, then each system."""
    _, first = systems[0]
    yield plain(name, "bold")
    yield Rule(characters="═", style="dim")
    yield _facts([("types", _types(first)), ("gold", _tagged(first, first.sentence.gold))])
    for system, each in systems:
        yield heading(system)
        yield Rule(style="dim")
        yield from _system(each, first, brief)


def _system(each: Explanation, first: Explanation, brief: bool) -> Iterator[RenderableType]:
    sentence = each.sentence
    facts = [("read from", plain(f"{sentence.file}, line {sentence.line}"))]
    if sentence.types != first.sentence.types:
        facts.append(("types", _types(each)))
    if (sentence.words, sentence.gold) != (first.sentence.words, first.sentence.gold):
        facts.append(("gold", Text.assemble(("[other words or tags] ", STYLES["wrong"]), _tagged(each, sentence.gold))))
    facts.append(("predicted", _tagged(each, sentence.predicted)))
    if sentence.structured:
        facts += [("generated", generated_text(each)), ("generation", _generation(each)), ("placing", _placing(each))]
    yield _facts(facts)
    yield from alignment(each, brief)
    yield from verdicts_table(each)
    yield from gner_table(each.gner)
    yield from counts_table(each)


def _facts(rows: Iterable[tuple[str, Text]]) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _types(each: Explanation) -> Text:
    types = each.sentence.types
    return plain(f"{len(types)}, in the prompt's order: {', '.join(types)}")


def _tagged(each: Explanation, tags: Sequence[str]) -> Text:
    """The sentence with its entities as ``[text|type]``."""
    words, gold = each.sentence.words, set(lenient_spans(each.sentence.gold))
    found, place = Text(), 0
    for span in lenient_spans(tags):
        start, end, kind = span
        style = STYLES["entity" if tags == each.sentence.gold else "right" if span in gold else "wrong"]
        found.append("".join(f"{visible(word)} " for word in words[place:start]))
        found.append(f"[{visible(' '.join(words[start:end]))}|{visible(kind)}]", style).append(" ")
        place = end
    return found.append(visible(" ".join(words[place:])))


def generated_text(each: Explanation) -> Text:
    """The generated text; what found no place, and what was ignored, stands in marked brackets."""
    found = Text()
    for mark, run in groupby(_marked(each), lambda pair: pair[0]):
        inner = [_piece(piece, each.generated) for _, piece in run]
        if mark:
            inner = [Text(f"[{mark}: ", STYLES["ignored"]), *inner, Text("]", STYLES["ignored"])]
        found.append_text(Text.assemble(*inner))
    return found if found.plain else Text("(nothing)", STYLES["wrong"])


def _marked(each: Explanation) -> Iterator[tuple[str, Piece]]:
    """The pieces with the mark of each; space between words that were added belongs to them."""
    marks = [_mark(piece, each.generated) for piece in each.pieces]
    for index, piece in enumerate(each.pieces):
        around = marks[max(index - 1, 0) : index + 2]
        joins = piece.kind == "space" and around[0] == around[-1] == "added"
        yield "added" if joins else marks[index], piece


def _mark(piece: Piece, generated: Sequence[GeneratedWord]) -> str:
    if piece.index is not None and generated[piece.index].place is None:
        return "added"
    return {"dropped": "no word", "tail": "ignored"}.get(piece.kind, "")


def _piece(piece: Piece, generated: Sequence[GeneratedWord]) -> Text:
    if piece.kind != "label" or piece.index is None:
        return plain(piece.text, "" if piece.kind in ("word", "space") else STYLES["ignored"])
    return label(piece.text, generated[piece.index])


def _generation(each: Explanation) -> Text:
    noted = each.sentence.generation
    parts = [
        Text(f"{noted[key]:,} {key.replace('_', ' ')}") for key in ("tokens", "passes") if type(noted.get(key)) is int
    ]
    if noted.get("input_cut"):
        parts.append(Text("[cut] prompt cut at the length limit", STYLES["wrong"]))
    if noted.get("finish") == "length":
        parts.append(Text("[cut] output cut at the length limit", STYLES["wrong"]))
    elif noted.get("finish") == "stop":
        parts.append(Text("ended by itself"))
    sure = [(word.confidence, place) for place, word in enumerate(each.words) if word.confidence is not None]
    if sure:
        parts.append(Text("least sure of word {1}: {0:.3f}".format(*min(sure))))
    return Text("; ").join(parts) if parts else Text("the run noted nothing about it", STYLES["O"])


def _placing(each: Explanation) -> Text:
    words, unknown = len(each.words), sum(word.unknown for word in each.generated)
    figures = {
        f"{words - len(each.omitted)} of {words} words got a label": True,
        f"{number(len(each.added), 'generated word')} found no place": each.added,
        f"{number(unknown, 'label')} of an unknown type became O": unknown,
        f"{number(each.unreached, 'word')} at the end got nothing": each.unreached,
    }
    told = "; ".join(figure for figure, there in figures.items() if there)
    return Text.assemble((str(each.step), "bold"), f": {STEPS[str(each.step)]}. {told}.")


def print_worst(system: str, found: Sequence[Ranked], out: Console) -> None:
    """Print the sentences of a system that have errors, to choose one from: its name for --sample, errors, step."""
    out.print(heading(f"{system}: {'sentences with the most errors' if found else 'no sentence has such errors'}"))
    table = table_of(["sample", "errors", "classes", "placed by"], right=["errors"])
    for each in found:
        classes = ", ".join(f"{count} {kind}" for kind, count in each.errors.most_common())
        table.add_row(plain(each.name), str(each.errors.total()), Text(classes), each.step or "-")
    if found:
        out.print(table)
