"""The comparison table as a value, before any format."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from gner_bench.catalog import catalog
from gner_bench.catalog.published import PublishedScore
from gner_bench.report.load import DatasetScores, SystemScores
from gner_bench.report.signature import signature_warnings
from gner_bench.scoring.metrics import Metric

NO_AVERAGE = "no average: not all data sets of this table were scored"
PUBLISHED_AVERAGE = "average as published, not over all data sets of this table"
SOME_PARTIAL = "in part not the whole test split"


@dataclass(frozen=True)
class Row:
    """One system: ``cells`` (one for each data set) and ``average`` are F1 in percent or None.

    ``marks`` holds a footnote for each cell and, last, for the average, "" for none; ``note`` is one for the
    system. ``origin`` is the signature line of a measured row, the publication of a quoted one. ``steps``
    counts the sentences of each data set by matching step; a quoted row has none.
    """

    system: str
    quoted: bool
    cells: tuple[float | None, ...]
    average: float | None
    note: str
    marks: tuple[str, ...]
    parameters: float | None
    origin: str
    steps: tuple[Mapping[str, int] | None, ...] = ()

    @property
    def figures(self) -> tuple[float | None, ...]:
        """The cells and the average."""
        return (*self.cells, self.average)


@dataclass(frozen=True)
class Table:
    """Systems by data sets for one metric, measured rows first. ``columns`` are the heads of the figures."""

    metric: Metric
    datasets: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    warnings: tuple[str, ...]

    @property
    def measured(self) -> list[Row]:
        """The rows with figures measured here."""
        return [row for row in self.rows if not row.quoted]

    @property
    def quoted(self) -> list[Row]:
        """The rows with figures of publications."""
        return [row for row in self.rows if row.quoted]


def comparison(
    scores: Sequence[SystemScores], metric: Metric = "gner", published: Sequence[PublishedScore] = ()
) -> Table:
    """The table of ``scores`` and of the ``published`` scores that share a data set with them.

    Published scores are by the GNER metric, so the strict table holds none. Columns are the sets of the
    catalogue in its order, then others in file order.
    """
    measured = {name for system in scores for name in system.datasets}
    quoted = [p for p in published if metric == "gner" and (not measured or measured & p.scores.keys())]
    names = _in_order([*(system.datasets for system in scores), *(p.scores for p in quoted)])
    titles = {d.name: d.title for d in catalog().group("zero-shot")}
    return Table(
        metric=metric,
        datasets=names,
        columns=(*(titles.get(name, name) for name in names), "Average"),
        rows=(*(_measured(s, metric, names) for s in scores), *(_quoted(p, names) for p in quoted)),
        warnings=tuple(signature_warnings(scores)),
    )


def printed(figure: float) -> str:
    """A figure as tables print it: one decimal, half to even on the binary value."""
    return f"{figure:.1f}"


def best(table: Table) -> frozenset[tuple[int, int]]:
    """Row and column of each best measured figure; all that print alike are best.

    Figures with a footnote on their data do not compete with whole ones, nor with differently marked ones. A
    column with fewer than two figures that compete has no best.
    """
    return frozenset((row, column) for column in range(len(table.columns)) for row in _best_of(table, column))


def footnotes(table: Table) -> dict[str, str]:
    """The symbol of each footnote, by its text, in reading order."""
    texts = dict.fromkeys(text for row in table.rows for text in (row.note, *row.marks) if text)
    fixed = {NO_AVERAGE: "†", PUBLISHED_AVERAGE: "‡"}
    letters = iter(letter * times for times in range(1, len(texts) + 1) for letter in string.ascii_lowercase)
    return {text: fixed.get(text) or next(letters) for text in texts}


def data_mark(row: Row) -> str:
    """One footnote for all figures of a row: that of its cells where they agree, else SOME_PARTIAL."""
    marks = {mark for cell, mark in zip(row.cells, row.marks, strict=False) if cell is not None}
    return SOME_PARTIAL if len(marks) > 1 else "".join(marks)


def _in_order(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    found = dict.fromkeys(name for group in groups for name in group)
    known = [d.name for d in catalog().group("zero-shot") if d.name in found]
    return tuple(dict.fromkeys([*known, *found]))


def _measured(system: SystemScores, metric: Metric, names: Sequence[str]) -> Row:
    found = [system.datasets.get(name) for name in names]
    cells = tuple(None if scores is None else 100 * scores.f1[metric] for scores in found)
    average = _mean(cells)
    row = Row(
        system=system.name,
        quoted=False,
        cells=cells,
        average=average,
        note=system.note,
        marks=tuple(map(_partial, names, found)),
        parameters=system.parameters,
        origin=system.signature,
        steps=tuple(None if scores is None else scores.steps for scores in found),
    )
    return replace(row, marks=(*row.marks, NO_AVERAGE if average is None else data_mark(row)))


def _quoted(score: PublishedScore, names: Sequence[str]) -> Row:
    return Row(
        system=score.system,
        quoted=True,
        cells=tuple(score.scores.get(name) for name in names),
        average=score.average,
        note=score.note,
        marks=("",) * len(names) + ("" if set(names) == set(score.scores) else PUBLISHED_AVERAGE,),
        parameters=score.parameters,
        origin=score.source,
    )


def _mean(cells: Sequence[float | None]) -> float | None:
    figures = [cell for cell in cells if cell is not None]
    return sum(figures) / len(figures) if figures and len(figures) == len(cells) else None


def _partial(name: str, scores: DatasetScores | None) -> str:
    if scores is None:
        return ""
    whole = {d.name: d.sentences for d in catalog().group("zero-shot")}.get(name, scores.sentences)
    whole_test = scores.split == "test" and scores.sentences == whole
    return "" if whole_test else f"{scores.split}, {scores.sentences} sentences"


def _best_of(table: Table, column: int) -> list[int]:
    marked: dict[str, dict[int, float]] = {}
    for index, row in enumerate(table.rows):
        figure = row.figures[column]
        if not row.quoted and figure is not None:
            marked.setdefault(row.marks[column], {})[index] = figure
    figures = next(iter(marked.values())) if len(marked) == 1 else marked.get("", {})
    top = printed(max(figures.values(), default=0.0))
    return [index for index, figure in figures.items() if len(figures) > 1 and printed(figure) == top]
