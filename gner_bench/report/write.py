"""Writing a report: tables, figures, report.md, report.json, report.tex and index.html in one folder."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path, PurePosixPath

from gner_bench import __version__
from gner_bench.documents.fields import Json
from gner_bench.documents.scores import Resampling
from gner_bench.files import make_folder, to_json, write_atomic
from gner_bench.report import paper
from gner_bench.report.checklist import checklist, checklist_text
from gner_bench.report.comments import report_comment
from gner_bench.report.contents import Contents
from gner_bench.report.figures.files import FORMATS as FIGURE_FORMATS
from gner_bench.report.figures.files import Painter, drawing
from gner_bench.report.figures.plot import Files, Plot
from gner_bench.report.figures.registry import Figures, collect
from gner_bench.report.figures.style import SIZES, StyleName
from gner_bench.report.grid import Grid
from gner_bench.report.page.content import PageFigure
from gner_bench.report.paper import Figure
from gner_bench.report.render import FORMATS, RENDERS, render
from gner_bench.report.render.json import to_records
from gner_bench.report.views.differences import difference_grid, verdict
from gner_bench.report.views.errors import error_grids, structuring_grids
from gner_bench.report.views.pairs import letters_grid, matrix_grid
from gner_bench.report.views.runs import run_grids
from gner_bench.report.views.seen import seen_grids
from gner_bench.report.views.systems import systems_grid
from gner_bench.report.views.types import type_grids
from gner_bench.report.views.verdict import lead_grids, statements
from gner_bench.scoring.counting import usable_processes
from gner_bench.scoring.metrics import METRICS, Metric
from gner_bench.scoring.paired import correction
from gner_bench.scoring.scores import warnings_of
from gner_bench.scoring.trials import TRIALS
from gner_bench.terminal import progress_bar

VERSION = 1
OWN = re.compile(r"(?:tables|figures)/[A-Za-z0-9_]+\.[a-z]+|(?:report|notes|figures)\.tex|quoted\.bib")
"""The files of a report that a later one may remove."""


@dataclass
class Written:
    """The ``files`` of a report, relative to its folder, and the figures ``left_out`` with the reason.

    ``unseen`` are the systems whose sentences the page does not show, with the reason.
    """

    out: Path
    files: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    unseen: dict[str, str] = field(default_factory=dict)

    @property
    def said_left_out(self) -> str:
        """The figures that were left out and why, on one line; empty where none was."""
        reasons = "; ".join(f"{name} ({reason})" for name, reason in self.left_out.items())
        return f"Figures left out: {reasons}." if reasons else ""

    def stems(self, folder: str) -> set[str]:
        """The names of the tables or figures of a ``folder``, each of which is there in several formats."""
        names = (PurePosixPath(name) for name in self.files)
        return {name.stem.removesuffix("_dark") for name in names if name.parent.name == folder}

    def write(self, name: str, data: str | bytes) -> None:
        """Write a file. Raises InputError if that fails."""
        write_atomic(self.out / name, data)
        self.files.append(name)


@dataclass(frozen=True)
class Tables:
    """``comparisons`` of systems for each metric and layout, of which ``main`` are those of the first metric.

    ``changes`` are the differences from the baseline, ``pairs`` those of all pairs of three or more systems, ``types``
    the tables of entity types by the name of a metric, ``other`` those of errors and structuring.
    """

    main: Sequence[Grid]
    comparisons: Sequence[Grid]
    changes: Sequence[Grid]
    pairs: Sequence[Grid]
    types: Mapping[str, Sequence[Grid]]
    other: Sequence[Grid]

    @property
    def by_file(self) -> dict[str, list[Grid]]:
        """The tables by the name of the file that they are in."""
        of_types = [grid for grids in self.types.values() for grid in grids]
        files: dict[str, list[Grid]] = {}
        for grid in (*self.comparisons, *self.changes, *self.pairs, *of_types, *self.other):
            files.setdefault(grid.name, []).append(grid)
        return files


def tables_of(contents: Contents) -> Tables:
    """All tables of a report."""
    grids = {
        metric: [systems_grid(table, contents.intervals) for table in tables]
        for metric, tables in contents.tables.items()
    }
    changes = []
    for metric, baseline in product(contents.metrics, contents.baselines):
        for difference in contents.changes(metric, baseline):
            if difference.differences:
                changes.append(difference_grid(baseline, difference, metric))
    pairs = [grid for metric in contents.metrics for grid in pair_grids(contents, metric)]
    types = {
        METRICS[metric].name_in_text: type_grids(contents.systems, metric, contents.intervals)
        for metric in contents.metrics
    }
    return Tables(
        grids[contents.metric],
        [grid for of_metric in grids.values() for grid in of_metric],
        changes,
        pairs,
        {name: of_metric for name, of_metric in types.items() if of_metric},
        [
            *(grid for metric in contents.metrics for grid in run_grids(contents.systems, metric)),
            *_seen(contents),
            *error_grids(contents.systems),
            *structuring_grids(contents.systems),
        ],
    )


def pair_grids(contents: Contents, metric: Metric) -> list[Grid]:
    """Letters and matrix of all pairs of systems, empty where there is one pair at most."""
    pairs = contents.pairs[metric]
    if pairs is None:
        return []
    names, found = {name: name for name in pairs.systems}, list(pairs.differences.values())
    over, trials = correction(found), Resampling(TRIALS)
    sets = [each.name for each in found[0][:-1]]
    return [letters_grid(pairs, metric, names, sets, over, trials), matrix_grid(pairs, metric, names, over, trials)]


def _seen(contents: Contents) -> list[Grid]:
    """What of the data sets was in training, by the first metric that has types."""
    metric = next((metric for metric in contents.metrics if METRICS[metric].typed), contents.metric)
    sets = {system.name: system.scores.sets for system in contents.systems}
    analyses = {name: {key: part.analysis for key, part in of.items()} for name, of in sets.items()}
    return seen_grids(analyses, metric)


@contextmanager
def painter(formats: Sequence[str] = FORMATS) -> Iterator[Painter | None]:
    """What draws the figures of a report beside this process, None where one process does all or draws nothing.

    It makes itself ready while the contents of the report are prepared.
    """
    processes = usable_processes()
    if processes < 2 or not {*FIGURE_FORMATS, "html"}.intersection(formats):
        yield None
        return
    started = Painter(processes, formats)
    try:
        yield started
    finally:
        started.close()


def write_report(
    contents: Contents,
    out: Path,
    formats: Sequence[str] = FORMATS,
    style: StyleName = "acl",
    painter: Painter | None = None,
) -> Written:
    """Write the report of ``contents`` into ``out``, its figures drawn by the ``painter`` where there is one.

    ``report.md``, ``checklist.md`` and ``report.json`` are always written, tables and figures in the ``formats``,
    figures in the sizes of ``style`` and, but for PDF, also for dark pages. With ``html`` there is a page, with ``tex``
    a document of all and what other documents need (``report.paper``). Files that an earlier report wrote there and
    this one does not are removed. Raises InputError for a folder that cannot be written.
    """
    written = Written(make_folder(out))
    with progress_bar("resampling", 1, unit="reports", beside_forks=True) as advance:
        figures = collect(contents)
        advance(1)
    written.left_out = figures.left_out
    before = _earlier(out)
    with drawing(figures.plots, formats, SIZES[style], painter) as drawn:
        tables = tables_of(contents)
        for name, grids in tables.by_file.items():
            for format_ in RENDERS:
                if format_ in formats:
                    written.write(f"tables/{name}.{format_}", render(format_, grids))
        plots = _written_figures(drawn, formats, written)
        if "html" in formats:
            _write_page(contents, tables, plots, written)
        else:
            deque(plots, maxlen=0)
    if "tex" in formats:
        sizes = SIZES[style]
        included = next((kind for kind in ("pdf", "png") if kind in formats), None)
        included_figures = [
            Figure(f"{plot.name}.{included}", plot.caption, sizes.text if plot.wide else sizes.column, plot.wide)
            for plot in (figures.plots if included else ())
        ]
        for name, text in paper.files(tables.by_file, included_figures).items():
            written.write(name, text)
    written.write("checklist.md", checklist_text(contents))
    written.write("report.md", report_comment(contents, tables.main, written.files, written.said_left_out))
    written.write("report.json", to_json(_summary(contents, tables, figures, written.files)) + "\n")
    for name in before - set(written.files):
        (out / name).unlink(missing_ok=True)
    return written


def _written_figures(
    drawn: Iterable[tuple[Plot, Files]], formats: Sequence[str], written: Written
) -> Iterator[PageFigure]:
    """Writes the files of each figure as it comes, and gives it to the page where there is one."""
    for plot, files in drawn:
        for suffix, data in files.items():
            if suffix.partition(".")[2] in formats:
                written.write(f"figures/{plot.name}{suffix}", data)
        if "html" in formats:
            yield PageFigure(plot.name, files[".svg"].decode(), plot.caption)


def _write_page(contents: Contents, tables: Tables, plots: Iterable[PageFigure], written: Written) -> None:
    from gner_bench.report.page import Content, PageSystem, write_page
    from gner_bench.report.sentences import sentences_of

    systems = []
    for system in contents.systems:
        shown, warnings = sentences_of(system, contents.tokenizers), tuple(warnings_of(system.scores))
        systems.append(PageSystem(system.document, shown.predictions, warnings, system.name, shown.reason))
        if shown.predictions is None:
            written.unseen[system.name] = shown.reason
    first = lead_grids(contents)
    content = Content(
        systems,
        contents.title or "gner-bench report",
        plots,
        # The page makes its own tables of errors and structuring.
        [
            *tables.comparisons,
            *(grid for grid in tables.changes if grid not in first),
            *tables.pairs,
            *_seen(contents),
        ],
        tables.types,
        list(dict.fromkeys(warning for grid in tables.main for warning in grid.warnings)),
        statements(contents),
        first,
        written.said_left_out,
    )
    written.files.append(write_page(written.out, content).name)


def _summary(contents: Contents, tables: Tables, figures: Figures, files: Sequence[str]) -> Json:
    """What report.json says."""
    baseline, verdicts = contents.baseline, []
    for difference in contents.changes(contents.metric):
        word, values = verdict(contents, difference)
        verdicts.append({"system": difference.system, "verdict": word, "figures": values})
    return {
        "report": VERSION,
        "version": __version__,
        **({"title": contents.title} if contents.title else {}),
        "metrics": list(contents.metrics),
        "baseline": baseline.name if baseline else None,
        "baselines": [each.name for each in contents.baselines],
        "verdicts": verdicts,
        "in_words": [str(statement) for statement in statements(contents)],
        "systems": [
            {
                "name": system.name,
                "file": str(system.path),
                "parameters": system.parameters,
                "note": system.note,
                "signature": system.signature,
                "signature_short": system.signature_short,
            }
            for system in contents.systems
        ],
        "tables": [to_records(grid) for grids in tables.by_file.values() for grid in grids],
        "figures": [{"name": plot.name, "caption": plot.caption} for plot in figures.plots],
        "checklist": checklist(contents),
        "left_out": figures.left_out,
        "files": list(files),
    }


def _earlier(out: Path) -> set[str]:
    """The tables and figures that a report in the folder says it wrote."""
    try:
        document = json.loads((out / "report.json").read_text(encoding="utf-8"))
        names = document["files"] if document.get("report") == VERSION else []
        return {name for name in names if isinstance(name, str) and OWN.fullmatch(name)}
    except (OSError, ValueError, AttributeError, KeyError, TypeError, RecursionError):
        return set()
