"""The terminal's view of explained sentences. Colour only repeats what marks in the text say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from gner_bench.answers.answer import Piece
from gner_bench.bio import lenient_spans
from gner_bench.number_text import counted
from gner_bench.report.escape import visible
from gner_bench.report.grid import FOLDED, NAMES, Cell, Column, Grid, Line, Part, Section, Styled, line, styled
from gner_bench.scoring.explain import OMITTED, AlignedWord, Entry, Explanation, GeneratedWord, Mention
from gner_bench.scoring.samples import Ranked

STEPS = {
    "exact": "the generated words are those of the sentence",
    "subsequence": "the generated words are part of the sentence, in its order; placed from the left",
    "lcs": "the generated words are not part of the sentence; a longest common subsequence is placed",
}
BRIEF_STEPS = {"subsequence": "subseq."}
WIDE = 90
"""Columns from which every generated word is written out beside the sentence."""
ADDED = "added"
Pieces = list[Styled]
Row = tuple[int | None, AlignedWord | None, GeneratedWord | None]
"""The index of a word of the sentence, the word, and the generated word on it; either word may be missing."""


def sentence_view(name: str, systems: Sequence[tuple[str, Explanation]], brief: bool) -> Iterator[Part]:
    """What a sentence is, then how each system (name, explanation) has it.

    ``brief`` is for a terminal of fewer than ``WIDE`` columns.
    """
    _, first = systems[0]
    yield line(visible(name), "bold", rule="═")
    yield _facts([("types", _types(first)), ("gold", _tagged(first, first.sentence.gold))])
    for system, explanation in systems:
        yield Line((("\n", ""), (visible(system), "bold")), rule="─")
        yield _facts(list(_system_facts(explanation, first)))
        yield _words(explanation, brief)
        yield _entities(explanation)
        for side, places in explanation.outside.items():
            if places:
                where = ", ".join(map(str, places))
                yield line(f"{side} tags that continue no entity and count nowhere in it: {where}", "ignored")
        yield _gner_set(explanation.gner)
        rows = []
        for metric, counts in explanation.counts.items():
            numbers = (counts.true_positives, counts.predicted, counts.gold)
            rows.append((styled(metric), *(styled(f"{number:g}") for number in numbers)))
        heads = ("metric", "right", "predicted", "gold")
        yield _list("Counts of this sentence", heads, rows, right=heads[1:])


def worst_view(system: str, sentences: Sequence[Ranked]) -> Iterator[Part]:
    """The sentences of a system that have errors, to choose one from: its name for --sample, errors, step."""
    rows = []
    for ranked in sentences:
        classes = ", ".join(f"{count} {kind}" for kind, count in ranked.errors.most_common())
        texts = (visible(ranked.name), str(ranked.errors.total()), classes, ranked.step or "-")
        rows.append(tuple(map(styled, texts)))
    title = f"{system}: {'sentences with the most errors' if sentences else 'no sentence has such errors'}"
    yield _list(title, ("sample", "errors", "classes", "placed by"), rows, right=("errors",))


def _list(title: str, heads: Sequence[str], rows: Iterable[tuple[Cell, ...]], right: Sequence[str] = ()) -> Grid:
    """A table below a heading whose cells are never cut; the columns named ``right`` hold numbers."""
    layout = tuple(FOLDED if head in right else NAMES for head in heads)
    return Grid("sentence", title, tuple(map(styled, heads)), (Section(tuple(rows)),), layout=layout, frame="list")


def _facts(facts: Sequence[tuple[str, Pieces]]) -> Grid:
    rows = tuple((styled((name, "bold")), styled(*pieces)) for name, pieces in facts)
    layout = (Column(right=False), NAMES)
    return Grid("facts", "", (Cell(), Cell()), (Section(rows),), layout=layout, frame="facts")


def _types(explanation: Explanation) -> Pieces:
    types = explanation.sentence.types
    return [(f"{len(types)}, in the prompt's order: {visible(', '.join(types))}", "")]


def _tagged(explanation: Explanation, tags: Sequence[str]) -> Pieces:
    """The sentence with its entities as ``[text|type]``."""
    sentence = explanation.sentence
    words, gold = [visible(word) for word in sentence.words], set(lenient_spans(sentence.gold))
    pieces: Pieces = []
    place = 0
    for span in lenient_spans(tags):
        start, end, kind = span
        style = "entity" if tags == sentence.gold else "right" if span in gold else "wrong"
        pieces.append(("".join(f"{word} " for word in words[place:start]), ""))
        pieces += [(f"[{' '.join(words[start:end])}|{visible(kind)}]", style), (" ", "")]
        place = end
    return [*pieces, (" ".join(words[place:]), "")]


def _system_facts(explanation: Explanation, first: Explanation) -> Iterator[tuple[str, Pieces]]:
    """Where the sentence was read, what differs from the ``first`` system's, and what became of its generated text."""
    sentence = explanation.sentence
    yield "read from", [(visible(f"{sentence.file}, line {sentence.line}"), "")]
    if sentence.types != first.sentence.types:
        yield "types", _types(explanation)
    if (sentence.words, sentence.gold) != (first.sentence.words, first.sentence.gold):
        yield "gold", [("[other words or tags] ", "wrong"), *_tagged(explanation, sentence.gold)]
    yield "predicted", _tagged(explanation, sentence.predicted)
    if sentence.structured:
        yield "generated", _generated_text(explanation)
        yield "generation", _generation(explanation)
        yield "placing", _placing(explanation)


def _generated_text(explanation: Explanation) -> Pieces:
    """The generated text; what found no place, and what was ignored, is in marked brackets."""
    generated, marks = explanation.generated, []
    for piece in explanation.pieces:
        added = piece.index is not None and generated[piece.index].place is None
        marks.append(ADDED if added else {"dropped": "no word", "tail": "ignored"}.get(piece.kind, ""))
    marked: list[tuple[str, Piece]] = []
    for index, piece in enumerate(explanation.pieces):
        around = marks[max(index - 1, 0) : index + 2]
        # Space between words that were added belongs to them.
        joins = piece.kind == "space" and around[0] == around[-1] == ADDED
        marked.append((ADDED if joins else marks[index], piece))
    pieces: Pieces = []
    for mark, run in groupby(marked, lambda pair: pair[0]):
        pieces += [(f"[{mark}: ", "ignored")] if mark else []
        for _, piece in run:
            if piece.kind == "label" and piece.index is not None:
                pieces.append(_label(piece.text, generated[piece.index]))
            else:
                pieces.append((visible(piece.text), "" if piece.kind in ("word", "space") else "ignored"))
        pieces += [("]", "ignored")] if mark else []
    return pieces if any(text for text, _ in pieces) else [("(nothing)", "wrong")]


def _label(text: str, word: GeneratedWord) -> Styled:
    """A label as generated, marked if the prompt lacks its type."""
    if word.unknown:
        return visible(f"{text}[unknown]"), "wrong"
    return visible(text), "O" if word.label == "O" else "entity"


def _generation(explanation: Explanation) -> Pieces:
    noted = explanation.sentence.generation
    parts: Pieces = [
        (f"{noted[key]:,} {key.replace('_', ' ')}", "") for key in ("tokens", "passes") if type(noted.get(key)) is int
    ]
    if noted.get("input_cut"):
        parts.append(("[cut] prompt cut at the length limit", "wrong"))
    finish = noted.get("finish")
    if finish == "length":
        parts.append(("[cut] output cut at the length limit", "wrong"))
    elif finish == "stop":
        parts.append(("ended by itself", ""))
    elif isinstance(finish, str) and finish:
        parts.append((f"ended with the finish reason {visible(finish)}", "wrong"))
    sure = [(word.confidence, place) for place, word in enumerate(explanation.words) if word.confidence is not None]
    if sure:
        parts.append(("least sure of word {1}: {0:.3f}".format(*min(sure)), ""))
    if not parts:
        return [("the run noted nothing about it", "O")]
    return [piece for part in parts for piece in (("; ", ""), part)][1:]


def _placing(explanation: Explanation) -> Pieces:
    words, added, step = len(explanation.words), len(explanation.added), str(explanation.step)
    unknown, unreached = sum(word.unknown for word in explanation.generated), explanation.unreached
    said = [f"{words - len(explanation.omitted)} of {words} words got a label"]
    if added:
        said.append(f"{counted(added, 'generated word')} found no place")
    if unknown:
        said.append(f"{counted(unknown, 'label')} of an unknown type became O")
    if unreached:
        said.append(f"{counted(unreached, 'word')} at the end got nothing")
    return [(step, "bold"), (f": {STEPS[step]}. {'; '.join(said)}.", "")]


def _words(explanation: Explanation, brief: bool) -> Grid:
    """Word by word: the generated word on it, its tag and the gold tag, and the step that placed it.

    ``brief`` names the step in the title, and of generated words only what their row does not say already.
    """
    step = explanation.step
    sure = any(word.confidence is not None for word in explanation.words)
    shown = {
        "#": True,
        "word": True,
        "generated": step is not None,
        "predicted": True,
        "": True,
        "gold": True,
        "by": step is not None and not brief,
        "sure": sure,
    }
    heads = [head for head, there in shown.items() if there]
    rows = [{**_generated_cells(row, brief), **_word_cells(row)} for row in aligned(explanation)]
    cells = (tuple(styled(*row[head]) for head in heads) for row in rows)
    by = f"; placed by {step}" if brief and step else ""
    return _list(f"Words of the sentence, counted from 0{by}", heads, cells, right=("#", "sure"))


def aligned(explanation: Explanation) -> Iterator[Row]:
    """Every word of the sentence in order, with the generated words that have no place where they were generated."""
    generated, reached = explanation.generated, 0
    for place, word in enumerate(explanation.words):
        if word.source is not None:
            yield from ((None, None, added) for added in generated[reached : word.source])
            reached = word.source + 1
        yield place, word, None if word.source is None else generated[word.source]
    yield from ((None, None, added) for added in generated[reached:])


def _generated_cells(row: Row, brief: bool) -> dict[str, Pieces]:
    """The generated word of a row with its label, in brief only what its row does not say already."""
    _, word, generated = row
    whole: Pieces = []
    if generated is not None:
        whole = [(visible(generated.word), ""), _label(f"({generated.label})", generated)]
    if not brief:
        return {"generated": whole}
    if word is None:
        return {"generated": [(f"[{ADDED}] ", "ignored"), *whole]}
    if generated is None:
        return {"generated": [(f"[{OMITTED}]", "ignored")]}
    if generated.unknown:
        return {"generated": whole}
    same = generated.word == word.word
    return {"generated": [("same", "O") if same else (visible(generated.word), "")]}


def _word_cells(row: Row) -> dict[str, Pieces]:
    """The cells of a row about the word of the sentence; a row without such a word is of a generated word alone."""
    place, word, _ = row
    if word is None:
        empty: dict[str, Pieces] = {head: [] for head in ("word", "predicted", "", "gold", "sure")}
        return {**empty, "#": [("+", "ignored")], "by": [(ADDED, "ignored")]}
    text: Pieces = [(visible(word.word), "")]
    if word.compared != word.word.lower():
        text.append((f" [read as {visible(word.compared) or 'nothing'}]", "ignored"))
    wrong, by = word.predicted != word.gold, word.by or ""
    style = "wrong" if wrong else "O" if word.gold == "O" else "right"
    return {
        "#": [(str(place), "dim")],
        "word": text,
        "predicted": [(visible(word.predicted), style)],
        "": [("≠", "wrong")] if wrong else [],
        "gold": [(visible(word.gold), style)],
        "by": [(BRIEF_STEPS.get(by, by), "ignored" if by == OMITTED else "")],
        "sure": [(f"{word.confidence:.3f}", "")] if word.confidence is not None else [],
    }


def _entities(explanation: Explanation) -> Grid:
    """The strict spans and what is wrong with them."""
    rows = []
    for verdict in explanation.verdicts:
        right = verdict.kind == "correct"
        gold = styled(("same", "O")) if right else styled(_mention(verdict.gold))
        kind = styled((verdict.kind, "right" if right else "wrong"))
        rows.append((kind, styled(_mention(verdict.predicted)), gold))
    title = "Entities by position, as strict counts them" + ("" if rows else ": none")
    return _list(title, ("class", "predicted", "gold"), rows)


def _mention(mention: Mention | None) -> str:
    return visible(f"{mention.text} [{mention.type}] {_place(mention)}") if mention else "-"


def _gner_set(entries: Sequence[Entry]) -> Grid:
    """The sets of the GNER metric, and what normalisation and counting once did to them."""
    rows = []
    for entry in entries:
        notes = "".join(f"\n  {visible(note)}" for note in _effects(entry))
        places = (", ".join(map(_place, side)) or "-" for side in (entry.predicted, entry.gold))
        rows.append(
            (
                styled(visible(f"{entry.text or '(nothing)'} [{entry.type}]"), (notes, "ignored")),
                *map(styled, places),
                styled((entry.counted, "right" if entry.counted == "right" else "wrong")),
            )
        )
    title = "Entities as gner counts them, a set of normalised texts and types" + ("" if rows else ": none")
    return _list(title, ("text [type]", "predicted at", "gold at", "counts as"), rows)


def _effects(entry: Entry) -> Iterator[str]:
    if entry.forms:
        yield f"from {', '.join(text if kind == entry.type else f'{text} [{kind}]' for text, kind in entry.forms)}"
    for side, mentions in (("predicted", entry.predicted), ("gold", entry.gold)):
        if len(mentions) > 1:
            yield f"{counted(len(mentions), f'{side} mention')} count once"
    if entry.elsewhere:
        yield "right by its text, at another place"


def _place(mention: Mention) -> str:
    """The words of a mention, such as ``3-5``."""
    if mention.start is None or mention.end is None:
        return "no words"
    return str(mention.start) if mention.end == mention.start + 1 else f"{mention.start}-{mention.end - 1}"
