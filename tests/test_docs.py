"""What README and the documentation say runs, page by page, as who reads them would run it: where a page fetches, on a
server of this machine that plays the hub; where it asks a model, on one that plays its server. What is said to be
printed is what is printed. A block that needs more than that says so in its first line, and its options exist."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from gner_bench import parse_generation
from gner_bench.bio import lenient_spans
from gner_bench.catalog import catalog, use_file
from gner_bench.cli import main
from gner_bench.data.sentence import content_hash
from gner_bench.demo import CHECKPOINT, CORPUS
from gner_bench.documents.record import read_records
from gner_bench.errors import UsageError

from .fetch.loopback import Loopback, sha256
from .predict.loopback import Api

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```", re.DOTALL | re.M)
MARK = re.compile(r"# needs (a network|a GPU): \S.*\n")
SERVERS = re.compile(r"https?://(127\.0\.0\.1:8000|api\.example\.com)/v1")
DEMO = ROOT / "prediction_results/demo/gner-tiny"
LONG_AGO = ("gner-t5-xxl-predictions.jsonl", "gner-llama-7b-predictions.jsonl")
"""The files of generations that the authors published."""


@dataclass(frozen=True)
class Block:
    """A block of code of a page; ``needs`` is the first line that says why it cannot run here, if it cannot."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def needs(self) -> str:
        return self.text.partition("\n")[0] if self.text.startswith("# needs") else ""

    @property
    def commands(self) -> Iterator[tuple[str, list[str]]]:
        """Each command with the lines that it is said to print."""
        text = self.text.removeprefix(f"{self.needs}\n").replace("\\\n", " ")
        for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
            command, *printed = part.rstrip("\n").splitlines()
            yield re.sub(r"\s{2,}# .*", "", command), printed


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(page, text.count("\n", 0, found.start()) + 1, found["language"], found["text"])
        for found in BLOCK.finditer(text)
    ]


CONSOLE = {page: found for page in PAGES if (found := [b for b in blocks(page) if b.language == "console"])}
PYTHON = [block for page in PAGES for block in blocks(page) if block.language == "python"]


# What the pages take for granted


@pytest.fixture(scope="module")
def web() -> Iterator[tuple[Loopback, Api]]:
    """The hub with the demonstration under the names of GNER's checkpoints, and a server that answers something."""
    hub, api = Loopback().start(), Api()
    for name in ("T5-base", "T5-large", "T5-xl", "T5-xxl", "LLaMA-7B"):
        revision = catalog().find_model(f"GNER-{name}").revision
        hub.repo(f"dyyyyyyyy/GNER-{name}", CHECKPOINT, branches=(revision,))
    api.models = {"data": [{"id": name} for name in ("GNER-LLaMA-7B", "some-model", "qwen3")]}
    yield hub, api
    hub.stop()
    api.stop()


@pytest.fixture(scope="module")
def catalogue(web: tuple[Loopback, Api], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zero-shot sets, a sentence of the demonstration each, and published generations, from the loopback."""
    every = [json.loads(line) for line in (DEMO / "predictions.jsonl").read_text(encoding="utf-8").splitlines()]
    records = [record for record in every if record["instance"]["id"] == "0"]
    content = "".join(f"{json.dumps(record)}\n" for record in records).encode()
    entries = []
    for name in ("zero-shot-test.jsonl", *LONG_AGO):
        of = {LONG_AGO[0]: "GNER-T5-xxl", LONG_AGO[1]: "GNER-LLaMA-7B"}.get(name, "")
        url = web[0].put(f"/{name}", content)
        entries.append(f'[[file]]\nname = "{name}"\nurls = ["{url}"]\nchecksum = "sha256:{sha256(content)}"')
        entries.append(f'predictions_of = "{of}"')
    for folder in sorted(CORPUS.iterdir()):
        types = (folder / "label.txt").read_text(encoding="utf-8").splitlines()
        of_set = [record["instance"] for record in records if record["dataset"] == folder.name]
        known = content_hash([(instance["words"], instance["labels"]) for instance in of_set])
        source = '{ format = "gner-jsonl", files = { test = "zero-shot-test.jsonl" } }'
        entries.append(f'[[dataset]]\nname = "{folder.name}"\ngroups = ["zero-shot"]\ntypes = {json.dumps(types)}')
        packaged = catalog().get_dataset(folder.name)
        rename = ", ".join(f'"{old}" = "{new}"' for old, new in packaged.rename.items())
        entries.append(f'splits.test = {{ sentences = 1, content_hash = "{known}" }}\nsources = [{source}]')
        entries.append(f'rename = {{ {rename} }}\ntitle = "{packaged.title}"')
    path = tmp_path_factory.mktemp("catalogue") / "catalog.toml"
    path.write_text("\n".join(entries), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the pages speak of: runs and scores of the demonstration, its corpus, its checkpoint."""
    folder = tmp_path_factory.mktemp("examples")
    for name in ("demo/gner-tiny", "base", "new"):
        shutil.copytree(DEMO, folder / "prediction_results" / name, dirs_exist_ok=True)
    shutil.copytree(DEMO.parent, folder / "build/demo/predictions")
    shutil.copy(DEMO / "predictions.jsonl", folder)
    for name in ("tokenizer.json", "path/to/tokenizer.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKPOINT / "tokenizer.json", folder / name)
    for name in ("checkpoint", "base", "large"):
        (folder / "path/to" / name).symlink_to(CHECKPOINT)
    for source in CORPUS.iterdir():
        copy = folder / "data/gner" / source.name
        copy.mkdir(parents=True)
        for file in source.iterdir():
            sentences = file.read_text(encoding="utf-8").split("\n\n")
            text = file.read_text(encoding="utf-8") if file.name == "label.txt" else "\n\n".join(sentences[:2]) + "\n"
            (copy / file.name).write_text(text, encoding="utf-8")
    shutil.copytree(folder / "data/gner/crossner_science", folder / "data/gner/ncbi")
    (folder / "ner_data/ai").mkdir(parents=True)
    (folder / "ner_data/ai/test.txt").write_text("Python B-programlang\nwins O\n", encoding="utf-8")
    (folder / "notes.txt").write_text("Aspirin helps .\n", encoding="utf-8")
    for name in ("base", "large"):
        scored = CliRunner().invoke(main, ["score", str(DEMO), "--name", name, "--out", str(folder / f"{name}.json")])
        assert scored.exit_code == 0, scored.output
    (folder / "mine.toml").write_text(
        'data = "demo"\ndatasets = ["mit-movie"]\nlimit = 2\npredictions = "p"\nreport = "r"\n'
        '[[systems]]\nmodel = "demo"\nname = "base"\n',
        encoding="utf-8",
    )
    return folder


@pytest.fixture
def folder(
    prepared: Path,
    catalogue: Path,
    web: tuple[Loopback, Api],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    undrawn: None,
) -> Path:
    """A copy of it, in which a page is followed, with an empty cache and the loopback as the web."""
    from huggingface_hub import constants

    here = tmp_path / "here"
    shutil.copytree(prepared, here, symlinks=True)
    monkeypatch.chdir(here)
    for name in ("GITHUB_STEP_SUMMARY", "HF_HUB_OFFLINE", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GNER_BENCH_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GNER_BENCH_CATALOG", str(catalogue))
    resolve = "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "ENDPOINT", web[0].url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", web[0].url + resolve)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    return here


# Commands


@dataclass(frozen=True)
class Line:
    """A command line of gner-bench: its words, the variables before them, and the files of stdin and stdout."""

    words: list[str]
    variables: dict[str, str]
    files: dict[str, Path]

    @classmethod
    def of(cls, command: str) -> Line | None:
        """What a shell makes of it, also within ``eval "$(…)"``; None for other programs."""
        words = shlex.split(re.sub(r'^eval "\$\((.*)\)"$', r"\1", command))
        variables = dict(words.pop(0).split("=", 1) for _ in range(sum("=" in word for word in words[:1])))
        files = {}
        for sign in {"<", ">"}.intersection(words):
            at = words.index(sign)
            files[sign] = Path(words[at + 1])
            del words[at : at + 2]
        return cls(words[1:], variables, files) if words[0] == "gner-bench" else None


def invoke(command: str) -> Any:
    """Run a command line, in this process."""
    command = re.sub(r"(?<!eval \")\$\(([^)]*)\)", lambda inner: invoke(inner[1]).stdout.strip(), command)
    line = Line.of(command)
    assert line is not None, command
    stdin = line.files["<"].read_bytes() if "<" in line.files else None
    result = CliRunner().invoke(main, line.words, input=stdin, env=line.variables, prog_name="gner-bench")
    assert result.exit_code == 0, f"{command}\n{result.output}"
    if ">" in line.files and "~" not in str(line.files[">"]):
        line.files[">"].write_bytes(result.stdout_bytes)
    return result


def agrees(printed: list[str], text: str) -> bool:
    """Whether a text has these lines; … is any text within a line and, alone on a line, any lines."""
    lines = [r"(?:.*\n)*?" if line.strip() == "…" else re.escape(line).replace("…", ".*") + "\n" for line in printed]
    return re.fullmatch("".join(lines), "".join(f"{line.rstrip()}\n" for line in text.splitlines())) is not None


@pytest.mark.slow
@pytest.mark.parametrize("page", CONSOLE, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_commands_of_a_page_run_one_after_the_other(
    page: Path, folder: Path, web: tuple[Loopback, Api], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A configuration of ``run`` that the page shows is the mine.toml of its commands; the tutorial of the paper's
    table needs nothing but a network, so it begins in an empty folder."""
    if page.name == "table2.md":
        monkeypatch.chdir(tmp_path)
    for block in blocks(page):
        if "[[systems]]" in block.text:
            Path("mine.toml").write_text(block.text, encoding="utf-8")
    for block in CONSOLE[page]:
        for command, printed in block.commands if not block.needs else ():
            result = invoke(SERVERS.sub(web[1].url, command))
            if printed:
                found = agrees(printed, result.stdout) or agrees(printed, result.output)
                assert found, f"{block}: {command}\n{result.output}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "command"),
    [
        ("  - dev is identical to test", "audit mit-movie crossner_music --data {0}/data/gner"),
        ("┏", "compare {0}/predictions/gner-t5-base.dev700.jsonl {0}/predictions/gner-t5-large.dev700.jsonl"
         " --tokenizer {0}/tokenizers/t5"),
    ],
)  # fmt: skip
def test_what_readme_shows_of_real_data_is_printed(first: str, command: str, shared: Path) -> None:
    block = next(b for b in blocks(ROOT / "README.md") if not b.language and b.text.startswith(first))
    printed = invoke(f"gner-bench {command.format(shared)}").stdout
    assert agrees(["…", *block.text.rstrip("\n").splitlines(), "…"], printed), printed


def test_what_cannot_run_says_what_it_needs_and_names_options_that_exist() -> None:
    for block in (block for found in CONSOLE.values() for block in found):
        assert not block.needs or MARK.match(block.text), f"{block}: {block.needs}"
        for command, _ in block.commands:
            accepted(command, f"{block}: {command}")


def accepted(command: str, place: str) -> None:
    """Fail unless the command line is one that gner-bench takes; nothing is run, and other programs pass."""
    line = Line.of(command.replace(" …", "").removeprefix("uvx "))
    if line is None or not line.words:
        return
    while line.words[0].startswith("-"):
        del line.words[0]
    verb = main.commands[line.words[0]]
    try:
        verb.make_context(line.words[0], line.words[1:], parent=click.Context(main, **main.context_settings))
    except click.ClickException as error:
        pytest.fail(f"{place}\n{error.format_message()}")
    except UsageError as error:  # such as NAME=FILE of a file that is not there
        if not re.search(r"there is (no|neither) ", str(error)):
            pytest.fail(f"{place}\n{error}")


def test_the_examples_of_help_are_command_lines() -> None:
    for verb in main.commands.values():
        text = re.sub(r" *\\\n *", " ", verb.help or "")
        for command in re.findall(r"^ +(gner-bench .*)", text, re.M):
            accepted(re.sub(r"\s{2,}# .*", "", command), f"gner-bench {verb.name} --help")


# The scripts of examples/


@pytest.fixture
def script(folder: Path, tmp_path: Path) -> Callable[..., list[Any]]:
    """Has a shell run a script, whose commands are then run in this process; returns their results."""
    stub = tmp_path / "bin/gner-bench"
    stub.parent.mkdir()
    stub.write_text('#!/bin/sh\nfor word in "$@"; do printf "%s\\0" "$word" >> "$CALLS"; done\necho >> "$CALLS"\n')
    stub.chmod(0o755)

    def run(name: str, *arguments: str) -> list[Any]:
        calls = tmp_path / "calls"
        calls.unlink(missing_ok=True)
        variables = {**os.environ, "PATH": f"{stub.parent}:{os.environ['PATH']}", "CALLS": str(calls)}
        subprocess.run(["sh", str(ROOT / "examples" / name), *arguments], env=variables, check=True)
        commands = [line.split("\0")[:-1] for line in calls.read_text(encoding="utf-8").splitlines()]
        return [CliRunner().invoke(main, words) for words in commands]

    return run


Script = Callable[..., list[Any]]


@pytest.mark.slow
def test_the_job_of_a_paper_table(script: Script) -> None:
    [result] = script("paper_table.sh", "path/to/checkpoint", "mine")
    assert result.exit_code == 0, result.output
    table = Path("mine/report/tables/f1_gner.tex").read_text(encoding="utf-8")
    assert "checkpoint" in table
    assert "GNER-T5-xxl" in table
    assert Path("mine/report/report.tex").is_file()
    assert Path("mine/predictions/checkpoint/predictions.jsonl").is_file()


@pytest.mark.slow
def test_the_job_of_answers_from_elsewhere(script: Script) -> None:
    """The same entities as the run's, as JSON by type: its recall, but for repeated texts, is the run's."""
    with Path("answers.jsonl").open("w", encoding="utf-8") as file:
        for record in read_records(DEMO / "predictions.jsonl"):
            words, labels = zip(*parse_generation(record.prediction), strict=True)
            by_type: dict[str, list[str]] = {}
            for first, end, kind in lenient_spans(labels):
                by_type.setdefault(kind, []).append(" ".join(words[first:end]))
            file.write(
                json.dumps({"dataset": record.dataset, "id": record.id, "prediction": json.dumps(by_type)}) + "\n"
            )
    scored, reported = script("llm_answers.sh", "answers.jsonl", "prediction_results/demo/gner-tiny", "llm")
    assert (scored.exit_code, reported.exit_code) == (0, 0), scored.output + reported.output
    figures = json.loads(Path("llm/llm.json").read_text(encoding="utf-8"))["average"]["gner"]
    committed = json.loads((DEMO / "scores.json").read_text(encoding="utf-8"))["average"]["gner"]
    assert figures["f1"] == pytest.approx(committed["f1"], abs=0.01)
    assert "No difference is confirmed: " in reported.stdout


@pytest.mark.slow
def test_the_job_of_a_gate(script: Script) -> None:
    [first] = script("ci_gate.sh", "prediction_results/new")
    assert first.exit_code == 7, first.output
    shutil.copy("scores.json", "baseline.json")
    assert [result.exit_code for result in script("ci_gate.sh", "prediction_results/new")] == [0]
    shutil.copytree(DEMO.with_name("gazetteer"), "prediction_results/worse")
    [worse] = script("ci_gate.sh", "prediction_results/worse")
    assert worse.exit_code == 3, worse.output
    assert "confirms it (corrected p" in worse.output


# Python, TOML and JSON


@pytest.mark.parametrize("block", PYTHON, ids=str)
def test_the_python_of_the_pages_runs(block: Block, folder: Path) -> None:
    """Where the last line is an expression with a comment below, that is its value."""
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


def test_the_configurations_of_the_pages_are_read(tmp_path: Path) -> None:
    """Of ``run``, and of ``--catalog``; others are TOML."""
    from gner_bench.experiment.config import read_experiment

    read = []
    for block in (block for page in PAGES for block in blocks(page) if block.language == "toml"):
        file = tmp_path / "block.toml"
        file.write_text(block.text.replace('"…"', '""').replace('"sha256:…"', '""'), encoding="utf-8")
        keys = tomllib.loads(block.text).keys()
        if "systems" in keys:
            read.append(len(read_experiment(file, ()).systems))
        elif "model" in keys:
            with use_file(file):
                read.append(catalog().get_dataset("news").name)
    assert len(read) >= 3


def test_the_record_that_readme_shows_is_read(tmp_path: Path) -> None:
    block = next(block for block in blocks(ROOT / "README.md") if block.language == "json")
    file = tmp_path / "predictions.jsonl"
    file.write_text(json.dumps(json.loads(block.text)), encoding="utf-8")
    assert [record.dataset for record in read_records(file)] == ["mit-movie"]
