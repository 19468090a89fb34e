from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from gner_bench.report.write import Written

pytestmark = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex, which is not installed")


def compiled(folder: Path) -> str:
    """What pdflatex says of report.tex; asserts that it made a PDF without an error."""
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "report.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="latin-1", timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert (folder / "report.pdf").stat().st_size > 10_000
    return done.stdout


def test_a_document_with_all_tables_and_figures_compiles(latex_report: Written, tmp_path: Path) -> None:
    folder = tmp_path / "report"
    shutil.copytree(latex_report.out, folder)
    said = compiled(folder)
    for name in latex_report.files:
        if name.endswith((".pdf", ".tex")) and "/" in name:
            assert name in said.replace("\n", ""), name
    assert "Overfull" not in said
    assert "too large" not in said
    assert "undefined" not in said
