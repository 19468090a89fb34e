from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gner_bench.report.write import Written

PROGRAMS = ("pdflatex", "bibtex")
pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, PROGRAMS)), reason=f"needs {' and '.join(PROGRAMS)}, which are not installed"
)
COLUMNS = r"""\documentclass[twocolumn]{article}
\usepackage{booktabs}
\usepackage{graphicx}
\setlength{\textwidth}{16cm}
\setlength{\columnsep}{0.6cm}
\extrafloats{500}
\makeatletter
\long\def\@makecaption#1#2{\setbox0\vbox{\hsize=\linewidth#1: #2\par\message{LINES:\the\prevgraf.}}\unvbox0}
\makeatother
\begin{document}
BODY
\bibliographystyle{plain}
\bibliography{quoted}
\end{document}
"""
"""A paper with columns of 7.7 cm, as those of ACL, that says how many lines each caption has."""


def compiled(folder: Path, name: str) -> str:
    """What pdflatex says in the end of a document with citations; asserts that it made a PDF without an error."""
    latex = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", name]
    for command in (latex, ["bibtex", name], latex, latex):
        done = subprocess.run(command, cwd=folder, capture_output=True, encoding="latin-1", timeout=120, check=False)
        assert done.returncode == 0, done.stdout[-2000:]
    assert (folder / f"{name}.pdf").stat().st_size > 10_000
    return done.stdout.replace("\n", "")


def test_a_document_with_all_tables_and_figures_compiles(latex_report: Written, tmp_path: Path) -> None:
    folder = tmp_path / "report"
    shutil.copytree(latex_report.out, folder)
    said = compiled(folder, "report")
    for name in latex_report.files:
        if name.endswith((".pdf", ".tex")) and name != "report.tex":
            assert name in said, name
    assert "Overfull" not in said
    assert "too large" not in said
    assert "undefined" not in said


def test_captions_have_two_lines_in_a_paper_of_two_columns(latex_report: Written, tmp_path: Path) -> None:
    folder = tmp_path / "report"
    shutil.copytree(latex_report.out, folder)
    parts = [name.removesuffix(".tex") for name in latex_report.files if name.endswith(".tex") and "report" not in name]
    (folder / "paper.tex").write_text(COLUMNS.replace("BODY", "\n".join(rf"\input{{{name}}}" for name in parts)))
    said = compiled(folder, "paper")
    lines = re.findall(r"LINES:(\d+)\.", said)
    text = "".join((folder / f"{name}.tex").read_text(encoding="utf-8") for name in parts)
    assert len(lines) >= text.count(r"\caption{") > 20
    assert set(lines) <= {"1", "2"}
    assert "undefined" not in said
