"""The generated words on the words of the sentence, as a table for the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.console import RenderableType
from rich.text import Text

from gner_bench.report.plain import STYLES, heading, plain, table_of, visible
from gner_bench.scoring.explain import OMITTED, AlignedWord, Explanation, GeneratedWord

ADDED = "added"
BY = {"subsequence": "subseq."}


@dataclass(frozen=True, slots=True)
class Row:
    """A word of the sentence and the generated word on it; either may be missing."""

    place: int | None
    word: AlignedWord | None
    generated: GeneratedWord | None


def rows(each: Explanation) -> Iterator[Row]:
    """Every word of the sentence in order, with the generated words that have no place where they were generated."""
    reached = 0
    for place, word in enumerate(each.words):
        if word.source is not None:
            yield from (Row(None, None, added) for added in each.generated[reached : word.source])
            reached = word.source + 1
        yield Row(place, word, None if word.source is None else each.generated[word.source])
    yield from (Row(None, None, added) for added in each.generated[reached:])


def alignment(each: Explanation, brief: bool = False) -> Iterator[RenderableType]:
    """Word by word: the generated word on it, its tag and the gold tag, and the step that placed it.

    ``brief`` names the step in the title, and of generated words only what their row does not say already.
    """
    columns: dict[str, Callable[[Row], Text]] = {"#": _number, "word": _word}
    if each.step is not None:
        columns["generated"] = _in_brief if brief else _in_full
    columns |= {"predicted": _predicted, "": _difference, "gold": _gold}
    if each.step is not None and not brief:
        columns["by"] = _by
    if any(word.confidence is not None for word in each.words):
        columns["sure"] = _sure
    by = f"; placed by {each.step}" if brief and each.step else ""
    yield heading(f"Words of the sentence, counted from 0{by}")
    table = table_of(columns, right=("#", "sure"))
    for row in rows(each):
        table.add_row(*(cell(row) for cell in columns.values()))
    yield table


def label(text: str, word: GeneratedWord) -> Text:
    """A label as generated, marked if the prompt lacks its type."""
    if word.unknown:
        return plain(f"{text}[unknown]", STYLES["wrong"])
    return plain(text, STYLES["O" if word.label == "O" else "entity"])


def _number(row: Row) -> Text:
    return Text("+", STYLES["ignored"]) if row.place is None else Text(str(row.place), "dim")


def _word(row: Row) -> Text:
    if row.word is None:
        return Text()
    found, compared = plain(row.word.word), row.word.compared
    if compared != row.word.word.lower():
        found.append(f" [read as {visible(compared) or 'nothing'}]", STYLES["ignored"])
    return found


def _in_full(row: Row) -> Text:
    if row.generated is None:
        return Text()
    return plain(row.generated.word).append_text(label(f"({row.generated.label})", row.generated))


def _in_brief(row: Row) -> Text:
    if row.word is None:
        return Text(f"[{ADDED}] ", STYLES["ignored"]).append_text(_in_full(row))
    if row.generated is None:
        return Text(f"[{OMITTED}]", STYLES["ignored"])
    if row.generated.unknown:
        return _in_full(row)
    return Text("same", STYLES["O"]) if row.generated.word == row.word.word else plain(row.generated.word)


def _predicted(row: Row) -> Text:
    return plain(row.word.predicted, _style(row.word)) if row.word else Text()


def _difference(row: Row) -> Text:
    return Text("≠", STYLES["wrong"]) if row.word and row.word.predicted != row.word.gold else Text()


def _gold(row: Row) -> Text:
    return plain(row.word.gold, _style(row.word)) if row.word else Text()


def _style(word: AlignedWord) -> str:
    return STYLES["wrong" if word.predicted != word.gold else "O" if word.gold == "O" else "right"]


def _by(row: Row) -> Text:
    by = row.word.by or "" if row.word else ADDED
    return Text(BY.get(by, by), STYLES["ignored"] if by in (OMITTED, ADDED) else "")


def _sure(row: Row) -> Text:
    return Text(f"{row.word.confidence:.3f}" if row.word and row.word.confidence is not None else "")
