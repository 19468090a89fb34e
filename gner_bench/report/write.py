"""Writing a report: tables, figures, report.md, report.json, report.tex and index.html in one folder."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gner_bench import __version__
from gner_bench.files import make_folder, to_json, write_atomic
from gner_bench.records import Json
from gner_bench.report.contents import Contents
from gner_bench.report.digest import digest
from gner_bench.report.figures.registry import Figures as Plates
from gner_bench.report.figures.registry import collect
from gner_bench.report.figures.style import SIZES as STYLES
from gner_bench.report.figures.style import StyleName
from gner_bench.report.grid import Grid
from gner_bench.report.kinds import FORMATS, Format
from gner_bench.report.render.html import to_html
from gner_bench.report.render.latex import document, to_latex
from gner_bench.report.render.markdown import to_markdown
from gner_bench.report.render.values import to_csv, to_records
from gner_bench.report.tables.collect import Tables
from gner_bench.report.verdict import verdict

VERSION = 1
OWN = re.compile(r"(?:tables|figures)/[A-Za-z0-9_]+\.[a-z]+")
"""The files of a report that a later one may remove."""


@dataclass
class Written:
    """The ``files`` of a report, relative to its folder, and the figures ``left_out`` with the reason."""

    out: Path
    files: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, data: str | bytes) -> None:
        """Write a file. Raises InputError if that fails."""
        write_atomic(self.out / name, data)
        self.files.append(name)


def write_report(
    contents: Contents, out: Path, formats: Sequence[Format] = FORMATS, style: StyleName = "acl"
) -> Written:
    """Write the report of ``contents`` into ``out``.

    ``report.md`` and ``report.json`` are always written, tables and figures in the ``formats``, figures in the sizes of
    ``style`` and, but for PDF, also for dark pages. With ``html`` there is a page, with ``tex`` a document of all.
    Files that an earlier report wrote there and this one does not are removed. Raises InputError for a folder that
    cannot be written.
    """
    written, tables = Written(make_folder(out)), Tables.of(contents)
    plates = collect(contents)
    written.left_out = plates.left_out
    before = _earlier(out)
    for name, grids in tables.by_name.items():
        for kind, text in _table_texts(grids, formats).items():
            written.write(f"tables/{name}.{kind}", text)
    svgs = _write_figures(plates, written, formats, style)
    if "tex" in formats:
        written.write("report.tex", _document(tables, plates, style, with_figures="pdf" in formats))
    if "html" in formats:
        _write_page(contents, tables, plates, svgs, written)
    written.write("report.md", digest(contents, tables.main, tables.changes, written.files))
    written.write("report.json", to_json(_summary(contents, tables, plates, written.files)) + "\n")
    for name in before - set(written.files):
        (out / name).unlink(missing_ok=True)
    return written


def _table_texts(grids: Sequence[Grid], formats: Sequence[Format]) -> dict[Format, str]:
    ways: dict[Format, Callable[[], str]] = {
        "md": lambda: "\n".join(map(to_markdown, grids)),
        "tex": lambda: to_latex(*grids),
        "csv": lambda: to_csv(*grids),
        "json": lambda: to_json({"tables": [to_records(grid) for grid in grids]}) + "\n",
        "html": lambda: "\n".join(map(to_html, grids)),
    }
    return {kind: way() for kind, way in ways.items() if kind in formats}


def _write_figures(
    plates: Plates, written: Written, formats: Sequence[Format], style: StyleName
) -> dict[str, tuple[str, str]]:
    """Write every figure; returns the SVG of each for light and dark pages, where a page is wanted."""
    svgs: dict[str, tuple[str, str]] = {}
    for name, files in plates.rendered(formats, STYLES[style]):
        for kind, data in files.items():
            if kind.partition(".")[2] in formats:
                written.write(f"figures/{name}{kind}", data)
        if "html" in formats:
            svgs[name] = files[".svg"].decode(), files["_dark.svg"].decode()
    return svgs


def _document(tables: Tables, plates: Plates, style: StyleName, with_figures: bool) -> str:
    size = STYLES[style]
    figures = [
        (f"figures/{each.name}.pdf", each.caption, size.text if each.wide else size.column) for each in plates.plots
    ]
    return document([f"tables/{name}.tex" for name in tables.by_name], figures if with_figures else [])


def _write_page(
    contents: Contents, tables: Tables, plates: Plates, svgs: Mapping[str, tuple[str, str]], written: Written
) -> None:
    from gner_bench.report.page import PageFigure, PageSystem, write_page
    from gner_bench.scoring.warnings import warnings_of

    systems = [
        PageSystem(each.document, each.predictions, tuple(warnings_of(each.scores)), each.name)
        for each in contents.systems
    ]
    figures = [PageFigure(svgs[each.name][0], each.caption, svgs[each.name][1]) for each in plates.plots]
    warnings = list(dict.fromkeys(warning for grid in tables.main for warning in grid.warnings))
    # The page makes its own tables of errors and structuring.
    shown = [*tables.comparisons, *tables.changes]
    page = write_page(written.out, systems, "gner-bench report", figures, shown, tables.types, warnings)
    written.files.append(page.name)


def _summary(contents: Contents, tables: Tables, plates: Plates, files: Sequence[str]) -> Json:
    baseline = contents.baseline
    return {
        "report": VERSION,
        "version": __version__,
        "metrics": list(contents.metrics),
        "baseline": baseline.name if baseline else None,
        "verdicts": _verdicts(contents),
        "systems": [
            {
                "name": each.name,
                "file": str(each.path),
                "parameters": each.parameters,
                "note": each.note,
                "signature": each.signature,
                "signature_short": each.signature_short,
            }
            for each in contents.systems
        ],
        "tables": [to_records(grid) for grids in tables.by_name.values() for grid in grids],
        "figures": [{"name": each.name, "caption": each.caption} for each in plates.plots],
        "left_out": plates.left_out,
        "files": list(files),
    }


def _verdicts(contents: Contents) -> list[Json]:
    if contents.baseline is None:
        return []
    changes = contents.changes(contents.metric)
    found = [(each.system, *verdict(contents.baseline, each, contents.metric)) for each in changes]
    return [{"system": system, "verdict": word, "figures": figures} for system, word, figures in found]


def _earlier(out: Path) -> set[str]:
    """The tables and figures that a report in the folder says it wrote."""
    try:
        found = json.loads((out / "report.json").read_text(encoding="utf-8"))
        names = found["files"] if found.get("report") == VERSION else []
        return {name for name in names if isinstance(name, str) and OWN.fullmatch(name)}
    except (OSError, ValueError, AttributeError, KeyError, TypeError, RecursionError):
        return set()
