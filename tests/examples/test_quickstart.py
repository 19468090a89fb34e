"""The quick-start notebook runs from end to end, and what it says comes out."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import nbformat
import pytest

pytestmark = pytest.mark.slow

NOTEBOOK = Path(__file__).parents[2] / "examples/quickstart.ipynb"


def test_the_notebook_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """In this process: a kernel would have to import torch anew. The value of a cell's last line is what it shows."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    monkeypatch.chdir(NOTEBOOK.parent)
    names: dict[str, Any] = {}
    value = None
    for cell in notebook.cells:
        if cell.cell_type == "code":
            tree = ast.parse(cell.source)
            last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, NOTEBOOK, "exec"), names)
            value = eval(compile(ast.Expression(last.value), NOTEBOOK, "eval"), names) if last else None
    text = capsys.readouterr().out
    assert "person         0-11  Marie Curie" in text
    assert "misc:dropped" in text or "misc:none" in text
    assert value is not None
    assert "image/png" in value._repr_mimebundle_()[0]


def test_the_notebook_is_committed_without_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in notebook.cells)
