"""The documentation builds without a warning and without a network, and its examples run."""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gner_bench.cli import main
from gner_bench.demo import CHECKPOINT, CORPUS

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(
    r"(?:<!-- not run in tests: (?P<why>[^\n]+) -->\n)?```(?P<language>python|console)\n(?P<text>.*?)```", re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """A block of code of a page, and why it cannot run here, if it cannot."""

    page: Path
    line: int
    language: str
    text: str
    why: str | None

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(language: str) -> list[Block]:
    texts = {page: page.read_text(encoding="utf-8") for page in PAGES}
    return [
        Block(page, text.count("\n", 0, found.start("text")), language, found["text"], found["why"])
        for page, text in texts.items()
        for found in BLOCK.finditer(text)
        if found["language"] == language
    ]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the examples speak of: runs and scores of the demonstration, its corpus, its tokenizer."""
    folder = tmp_path_factory.mktemp("examples")
    run = ROOT / "prediction_results/demo/gner-tiny"
    for name in ("demo/gner-tiny", "base", "new", "mine", "mine/base", "GNER-T5-base"):
        shutil.copytree(run, folder / "prediction_results" / name, dirs_exist_ok=True)
    shutil.copytree(run.parent, folder / "build/demo/predictions")
    shutil.copy(run / "predictions.jsonl", folder)
    for name in ("tokenizer.json", "path/to/tokenizer.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKPOINT / "tokenizer.json", folder / name)
    shutil.copytree(CORPUS, folder / "data/gner")
    shutil.copytree(CORPUS / "crossner_science", folder / "data/gner/ncbi")
    (folder / "ner_data/ai").mkdir(parents=True)
    (folder / "ner_data/ai/test.txt").write_text("Python B-programlang\nwins O\n", encoding="utf-8")
    for name in ("base", "large", "mine"):
        scored = CliRunner().invoke(main, ["score", str(run), "--name", name, "--out", str(folder / f"{name}.json")])
        assert scored.exit_code == 0, scored.output
    (folder / "mine.toml").write_text(
        'data = "demo"\ndatasets = ["mit-movie"]\nlimit = 2\npredictions = "p"\nreport = "r"\n'
        '[[checkpoints]]\nmodel = "demo"\nname = "base"\n',
        encoding="utf-8",
    )
    return folder


@pytest.fixture
def folder(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, undrawn: None) -> Path:
    """A copy of it, in which the example runs."""
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    return tmp_path


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each command of a console block with the lines that it is said to print."""
    for part in re.split(r"^\$ ", text.replace("\\\n", " "), flags=re.M)[1:]:
        command, *printed = part.splitlines()
        yield re.sub(r"\s{2,}# .*", "", command), [line for line in printed if line]


@pytest.mark.slow
@pytest.mark.parametrize("block", blocks("console"), ids=str)
def test_the_commands_of_the_pages_run(block: Block, folder: Path) -> None:
    if block.why:
        pytest.skip(f"not run in tests: {block.why}")
    for command, printed in commands(block.text):
        words = shlex.split(command)
        assert words[0] == "gner-bench", command
        words = words[1 : words.index(">")] if ">" in words else words[1:]
        result = CliRunner().invoke(main, words)
        assert result.exit_code == 0, f"{command}\n{result.output}"
        if printed:
            assert result.stdout.splitlines() == printed


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_the_python_of_the_pages_runs(block: Block, folder: Path) -> None:
    """Where the last line is an expression with a comment below, that is its value."""
    if block.why:
        pytest.skip(f"not run in tests: {block.why}")
    tree = ast.parse(block.text)
    names: dict[str, Any] = {}
    last = tree.body[-1]
    if isinstance(last, ast.Expr):
        tree.body.pop()
    exec(compile(tree, str(block), "exec"), names)
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), str(block), "eval"), names)
        comment = block.text.rstrip().splitlines()[-1]
        if comment.startswith("# "):
            assert repr(value) == comment[2:]


def test_every_page_with_examples_has_some_that_run() -> None:
    ran = {block.page.name for block in (*blocks("console"), *blocks("python")) if not block.why}
    assert {"README.md", "index.md", "api.md", "ci.md", "reports.md"} <= ran


@pytest.mark.slow
def test_the_site_builds_in_strict_mode(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    offline = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, **offline})
    assert done.returncode == 0, done.stderr
    pages = {page.name: page.read_text(encoding="utf-8") for page in tmp_path.rglob("*.html")}
    verbs = ("predict", "score", "compare", "explain", "report", "run")
    assert all(f"gner-bench {verb}" in pages["cli.html"] for verb in verbs)
    assert "load_predictions" in pages["api.html"]
    assert not [name for name, page in pages.items() if "fonts.googleapis" in page]
