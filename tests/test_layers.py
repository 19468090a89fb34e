"""No import runs back up the stages, and no modules import each other in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "gner_bench"
STAGES = (
    ("", "errors", "extras", "files", "messages", "number_text", "terminal", "config", "plugins", "words"),
    ("bio", "documents", "demo"),
    ("answers",),
    ("structure",),
    ("catalog",),
    ("data",),
    ("fetch",),
    ("scoring",),
    ("frames", "seqeval"),
    ("api",),
    ("predict",),
    ("experiment", "integrations", "train"),
    ("report",),
    ("publish",),
    ("cli",),
    ("__main__",),
)
"""What may be imported comes first; modules of one stage may import each other, if not in a circle."""
RANKS = {name: rank for rank, stage in enumerate(STAGES) for name in stage}
LAZY = {("", "api")}
"""The package hands on the Python interface when it is asked for a name."""


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in PACKAGE.rglob("*.py")}


def imports(tree: ast.AST, lazy: bool) -> Iterator[str]:
    """The modules of this package that are imported, those in functions if ``lazy``; none for type checking alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not lazy:
            continue
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "gner_bench":
            module = node.module or ""
            names = [f"{module}.{alias.name}" for alias in node.names]
            inner = [name for name in names if name in MODULES]
            yield from inner if len(inner) == len(names) else [*inner, module]
        yield from imports(node, lazy)


def stage(module: str) -> str:
    return [*module.split("."), ""][1]


@pytest.mark.slow
def test_no_import_runs_back_up() -> None:
    wrong = []
    for module, path in MODULES.items():
        for imported in imports(ast.parse(path.read_text(encoding="utf-8")), lazy=True):
            pair = stage(module), stage(imported)
            if RANKS[pair[0]] < RANKS[pair[1]] and pair not in LAZY:
                wrong.append(f"{module} imports {imported}")
    assert not wrong


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {
        module: {name for name in imports(ast.parse(path.read_text(encoding="utf-8")), lazy=False) if name in MODULES}
        for module, path in MODULES.items()
    }
    # A module of a package imports the package first; that is no circle unless the package imports it, too.
    left = {module: names - {module} for module, names in graph.items()}
    while free := [module for module, names in left.items() if not names & left.keys()]:
        for module in free:
            del left[module]
    assert not left, f"in or behind a circle: {sorted(left)}"
