"""The command in an environment that holds the core alone, and what it says of libraries that are not there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import venv
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import distribution
from pathlib import Path

import pytest
from click.testing import CliRunner
from packaging.requirements import Requirement

from gner_bench import extras
from gner_bench.cli import main
from gner_bench.errors import UsageError

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RUN = ROOT / "prediction_results/demo/gner-tiny"
Result = tuple[int, str, str]


def closure(requirements: list[str]) -> Iterator[str]:
    """The names of the distributions that ``requirements`` bring, some more than once."""
    seen: set[tuple[str, str]] = set()
    waiting = [(requirement, "") for requirement in requirements]
    while waiting:
        text, extra = waiting.pop()
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": extra}):
            continue
        yield wanted.name
        for own in {"", *wanted.extras}:
            if (wanted.name, own) not in seen:
                seen.add((wanted.name, own))
                waiting += [(needed, own) for needed in distribution(wanted.name).requires or ()]


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with what `pip install gner-bench` brings, by links to what is installed here."""
    folder = tmp_path_factory.mktemp("core")
    venv.create(folder, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    places = {}
    for name in set(closure(PROJECT["dependencies"])):
        installed = distribution(name)
        places |= {file.parts[0]: installed.locate_file(file.parts[0]) for file in installed.files or ()}
    for top in places.keys() - {"..", "__pycache__"}:
        (packages / top).symlink_to(places[top])
    (packages / "gner_bench").symlink_to(ROOT / "gner_bench")
    (packages / "recipes").symlink_to(ROOT / "recipes")
    return folder / "bin/python"


SCRIPT = """
import json, sys
from click.testing import CliRunner
from gner_bench.cli import main

results = [CliRunner().invoke(main, command) for command in json.load(sys.stdin)]
print(json.dumps([(result.exit_code, result.stdout, result.stderr) for result in results]))
"""


@pytest.fixture
def run(core: Path, tmp_path: Path) -> Callable[..., list[Result]]:
    """Runs commands, one after the other in one process of the core; gives exit code, stdout and stderr of each."""
    environment = {"PATH": os.environ["PATH"], "GNER_BENCH_CACHE": str(tmp_path / "cache"), "COLUMNS": "200"}

    def started(*commands: Sequence[object]) -> list[Result]:
        given = json.dumps([list(map(str, command)) for command in commands])
        done = subprocess.run(
            [core, "-c", SCRIPT], input=given, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        )
        return [tuple(result) for result in json.loads(done.stdout)]

    return started


@pytest.mark.slow
def test_every_verb_of_the_core_runs_without_the_rest(run: Callable[..., list[Result]], tmp_path: Path) -> None:
    lists = ("models", "datasets", "published", "metrics", "backends", "answers", "formats", "recipes")
    commands = [
        ("score", "--help"),
        ("score", RUN, "--out", "scores.json", "--resamples", "20", "--errors"),
        ("score", RUN, "--fail-under", "gner:55", "--baseline", "scores.json", "--format", "junit"),
        ("compare", "scores.json", RUN),
        ("explain", RUN, "--worst", "2"),
        ("report", "scores.json", "--out", "report", "--formats", "md,tex,csv"),
        ("leaderboard", "scores.json", "--out", "board"),
        ("convert", ROOT / "gner_bench/demo/corpus/mit-movie", "movie.jsonl", "--to", "spans"),
        ("audit", "mit-movie", "--data", "demo"),
        ("download", "GNER-T5-base", "--dry-run"),
        ("cache", "list"),
        ("run", "--preset", "demo", "--dry-run"),
        *(("list", what) for what in lists),
    ]
    for command, (code, stdout, stderr) in zip(commands, run(*commands), strict=True):
        assert code == 0, (command, stderr)
        assert stdout + stderr
    assert (tmp_path / "report/report.tex").is_file()
    assert (tmp_path / "board/index.html").is_file()


@pytest.mark.slow
def test_what_is_not_installed_is_one_line_with_the_command(run: Callable[..., list[Result]], tmp_path: Path) -> None:
    (tmp_path / "matplotlib").mkdir()  # a folder of that name is no library
    ask = ("predict", "--model", "demo", "--data", "demo", "--backend")
    commands = {
        ("report", RUN / "scores.json", "--out", "r"): ("matplotlib", "report"),
        ("run", "--preset", "demo", "--out", "r"): ("matplotlib, torch", "report,predict"),
        (*ask, "local"): ("torch", "predict"),
        (*ask, "token-classification"): ("torch", "predict"),
        (*ask, "gliner"): ("gliner", "gliner"),
        (*ask, "spacy"): ("spacy", "spacy"),
        (*ask, "vllm"): ("vllm", "vllm"),
        ("tag", "--model", "demo", "--labels", "person", "Ann"): ("torch", "predict"),
        ("train", "gner-t5-base", "--dry-run"): ("torch", "predict"),
        ("convert", "owner/name", "out", "--from", "hub", "--to", "gner"): ("datasets", "data"),
        ("score", RUN, "--check", "seqeval"): ("seqeval", "seqeval"),
    }
    for (library, extra), (code, stdout, stderr) in zip(commands.values(), run(*commands), strict=True):
        assert (code, stdout, stderr.count("\n")) == (2, "", 1), stderr
        assert stderr.startswith(f"Error: {library}")
        assert stderr.endswith(f" not installed; pip install 'gner-bench[{extra}]'\n")


def test_every_library_of_an_extra_is_a_requirement_of_it() -> None:
    optional = PROJECT["optional-dependencies"]
    assert {*extras.EXTRAS.values()} <= {*optional}
    for library, extra in extras.EXTRAS.items():
        assert library in {Requirement(text).name for text in optional[extra]}


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ModuleNotFoundError("No module named 'vllm'", name="vllm.lora"), "pip install 'gner-bench[vllm]'"),
        (ModuleNotFoundError("No module named 'sympy'", name="sympy"), "No module named 'sympy'"),
        (ImportError("\nT5Tokenizer requires protobuf\nmore"), "T5Tokenizer requires protobuf"),
    ],
)
def test_a_failed_import_is_one_line_of_any_command(
    monkeypatch: pytest.MonkeyPatch, error: ImportError, line: str
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr("gner_bench.catalog.published_scores", fail)
    result = CliRunner().invoke(main, ["list", "models"])
    assert result.exit_code == 2
    assert (result.stderr.count("\n"), result.stderr[:7]) == (1, "Error: ")
    assert line in result.stderr


def test_a_failed_import_of_our_own_is_no_message() -> None:
    assert extras.explained(ImportError("cannot import name 'x'", name="gner_bench.api")) is None


def test_a_library_that_is_there_and_broken_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_library.py").write_text("raise RuntimeError('needs\\nanother')", encoding="utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with pytest.raises(UsageError, match=r"^broken_library is installed but cannot be imported: needs$"):
        extras.required("broken_library")
    with pytest.raises(UsageError, match=r"^no_library is not installed; pip install no_library$"):
        extras.required("no_library")
