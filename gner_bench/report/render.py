"""The comparison table as text for the terminal, Markdown, LaTeX and CSV. All but CSV print one decimal."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from rich.table import Table as RichTable

from gner_bench.report.markup import LATEX, MARKDOWN, RICH, TITLES, caption, grid, notes, one_line, origins
from gner_bench.report.table import Row, Table
from gner_bench.structure.matching import STEPS


def to_rich(table: Table) -> RichTable:
    """The table for the terminal; footnotes and warnings stand in its caption."""
    lines = [RICH.text(caption(table)), *notes(table, RICH)]
    shown = RichTable(title=TITLES[table.metric], caption="\n".join(lines), caption_justify="left")
    shown.add_column("System", overflow="fold")
    for head in table.columns:
        shown.add_column(RICH.text(head), justify="right", no_wrap=True)
    for index, cells in enumerate(grid(table, RICH)):
        shown.add_row(*cells, end_section=index == len(table.measured) - 1)
    return shown


def to_markdown(*tables: Table) -> str:
    """One page: the tables of the same systems by several metrics, sources, signatures, matching steps."""
    rows = [row for table in tables for row in table.rows]
    quoted = [
        f"{MARKDOWN.text(', '.join(dict.fromkeys(systems)))}: {MARKDOWN.text(source)}"
        for source, systems in origins([row for row in rows if row.quoted]).items()
    ]
    signatures = [f"{MARKDOWN.text(row.system)}: {_code(row.origin)}" for row in tables[0].measured]
    parts = [
        *map(_markdown_section, tables),
        _list("Sources of quoted rows", quoted),
        _list("Signatures", signatures),
    ]
    return "\n".join(["# Scores\n", *filter(None, parts), _markdown_steps(tables[0])])


def to_latex(table: Table) -> str:
    """A ``table*`` float to include in a document; its first line says which packages it needs."""
    body = [_latex_line(cells) for cells in grid(table, LATEX)]
    measured, quoted = body[: len(table.measured)], body[len(table.measured) :]
    lines = [
        r"% Needs \usepackage{booktabs} and \usepackage{graphicx}; the text is UTF-8.",
        r"\begin{table*}[t]",
        r"\centering",
        rf"\caption[{TITLES[table.metric]}]{{{_latex_caption(table)}}}",
        rf"\label{{tab:gner-bench-{table.metric}}}",
        r"\resizebox{\ifdim\width>\textwidth\textwidth\else\width\fi}{!}{%",
        rf"\begin{{tabular}}{{l{'r' * len(table.columns)}}}",
        r"\toprule",
        _latex_line(["System", *map(LATEX.text, table.columns)]),
        r"\midrule",
        *measured,
        *([r"\midrule"] if measured and quoted else []),
        *quoted,
        r"\bottomrule",
        r"\end{tabular}}",
        *_latex_notes(table),
        r"\end{table*}",
    ]
    return "\n".join(lines) + "\n"


def to_csv(table: Table) -> str:
    """Columns system, kind (measured or quoted), one for each data set, average, note.

    Figures are F1 in percent: measured with all digits, quoted as published, empty where there is none.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["system", "kind", *table.datasets, "average", "note"])
    for row in table.rows:
        figures = ["" if figure is None else repr(figure) for figure in row.figures]
        kind = "quoted" if row.quoted else "measured"
        writer.writerow([one_line(row.system), kind, *figures, one_line(_csv_note(table, row))])
    return out.getvalue()


def _csv_note(table: Table, row: Row) -> str:
    places = zip((*table.datasets, "average"), row.marks, strict=True)
    return "; ".join(filter(None, [row.note, *(f"{name}: {mark}" for name, mark in places if mark)]))


def _markdown_section(table: Table) -> str:
    body = grid(table, MARKDOWN)
    if table.measured and table.quoted:
        body.insert(len(table.measured), ["*quoted from publications:*"] + [""] * len(table.columns))
    lines = "\n\n".join([caption(table), *notes(table, MARKDOWN)])
    return f"## {TITLES[table.metric]}\n\n{_markdown_table(table.columns, body)}\n{lines}\n"


def _markdown_steps(table: Table) -> str:
    body = [[MARKDOWN.text(row.system), *map(_steps, row.steps)] for row in table.measured]
    head = f"## Structuring: sentences matched by {' / '.join(STEPS)}"
    return f"{head}\n\n{_markdown_table(table.columns[:-1], body)}"


def _steps(counts: Mapping[str, int] | None) -> str:
    return "" if counts is None else " / ".join(str(counts[step]) for step in STEPS)


def _markdown_table(columns: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    head = ["System", *map(MARKDOWN.text, columns)]
    rule = ["---", *["---:"] * len(columns)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in [head, rule, *body])


def _list(title: str, items: Sequence[str]) -> str:
    return f"## {title}\n\n" + "".join(f"- {item}\n" for item in items) if items else ""


def _code(text: str) -> str:
    return "`" + one_line(text).replace("`", "'") + "`"


def _latex_line(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _latex_caption(table: Table) -> str:
    signatures = [
        f"Signature of {LATEX.text(', '.join(systems))}: {_breakable(signature)}."
        for signature, systems in origins(table.measured).items()
    ]
    return " ".join([f"{TITLES[table.metric]}.", LATEX.text(caption(table)), *signatures])


def _breakable(signature: str) -> str:
    """An escaped signature that may be broken between its fields."""
    return LATEX.text(signature).replace(r"\textbar{}", r"\textbar{}\allowbreak{}")


def _latex_notes(table: Table) -> list[str]:
    sources = [
        f"Source of {LATEX.text(', '.join(systems))}: {LATEX.text(source)}."
        for source, systems in origins(table.quoted).items()
    ]
    lines = [f"{line}\\par" for line in [*notes(table, LATEX), *sources]]
    return [r"\par\smallskip", r"\parbox{\textwidth}{\footnotesize", *lines, "}"] if lines else []
