"""Formats of another package: a data format and an answer format that entry points add, through the command."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from ..forked import run_beside

MODULE = '''
from gner_bench.answers import AnswerFormat, Mentions, Tags
from gner_bench.data import Dataset, Sentence
from gner_bench.data.formats import DataFormat, Predicted
from gner_bench.documents.fields import Fields


def rows(path):
    """``word/tag word/tag``, a line a sentence."""
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        words, tags = zip(*(cell.split("/") for cell in line.split()))
        yield number, words, tags


def read(source):
    tags = source.tag_reader()
    found = [Sentence(str(n - 1), words, tags.read(marks, n, 0)) for n, words, marks in rows(source.path)]
    return [source.dataset(found, tags)]


def read_predictions(source, own_gold):
    for number, words, tags in rows(source.path):
        yield Predicted(Fields(source.path, {}, number), words, Tags(words, tags))


def write(path, datasets, lossy):
    (dataset,) = datasets
    lines = (" ".join(map("/".join, zip(s.words, s.tags))) for s in dataset.sentences)
    path.write_text("".join(f"{line}\\n" for line in lines))
    return [path]


SLASHES = DataFormat("slashes", "word/tag", read, read_predictions, write, (".slashes",), version="slashes-1")


def mentions(text, words, types):
    """``type=text; type=text``."""
    pairs = (part.partition("=") for part in text.split(";") if "=" in part)
    return Mentions([(name.strip(), kind.strip()) for kind, _, name in pairs])


PAIRS = AnswerFormat("pairs", "type=text; type=text", "pairs-1", mentions)
'''
ENTRY_POINTS = """
[gner_bench.data_formats]
slashes = my_formats:SLASHES
broken = my_formats:NOTHING

[gner_bench.answers]
pairs = my_formats:PAIRS
"""
Run = Callable[..., CompletedProcess[str]]
GOLD = "Ann/B-person saw/O Oslo/B-place\nNew/B-place York/I-place sleeps/O\n"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """The command, with the package beside it."""
    package = tmp_path / "package"
    (package / "my_formats-1.dist-info").mkdir(parents=True)
    (package / "my_formats.py").write_text(MODULE)
    (package / "my_formats-1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: my_formats\nVersion: 1\n"
    )
    (package / "my_formats-1.dist-info" / "entry_points.txt").write_text(ENTRY_POINTS)
    return partial(run_beside, [package], tmp_path)


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    path = tmp_path / "news.slashes"
    path.write_text(GOLD)
    return path


def f1(result: CompletedProcess[str]) -> float:
    assert result.returncode == 0, result.stderr
    return float(json.loads(result.stdout)["datasets"]["news"]["gner"]["f1"])


@pytest.mark.slow
def test_a_data_format_is_read_written_told_and_scored(run: Run, gold: Path, tmp_path: Path) -> None:
    columns = tmp_path / "news.conll"
    assert run("convert", gold, columns, "--to", "conll", "--from", "slashes").returncode == 0
    assert columns.read_text().startswith("Ann\tB-person\n")
    told = run("convert", gold, tmp_path / "told.conll", "--to", "conll")
    assert "format 'broken' of my_formats cannot be loaded" in told.stderr
    assert (tmp_path / "told.conll").read_bytes() == columns.read_bytes()
    assert run("convert", columns, tmp_path / "back", "--to", "slashes").returncode == 0
    assert (tmp_path / "back").read_text() == GOLD
    system = tmp_path / "system.slashes"
    system.write_text(GOLD.replace("Oslo/B-place", "Oslo/O"))
    scored = run("score", system, "--from", "slashes", "--gold", gold, "--json", "--resamples", "0")
    assert f1(scored) == pytest.approx(0.8)
    assert "|slashes" in run("convert", "--help").stdout.replace("\n", "").replace(" ", "")


@pytest.mark.slow
def test_an_answer_format_is_read_from_lines_of_answers_and_from_records(run: Run, gold: Path, tmp_path: Path) -> None:
    answers = ["person=Ann; place=Rome", "place=new york"]
    lines = tmp_path / "system.jsonl"
    lines.write_text("".join(json.dumps({"id": str(i), "prediction": text}) + "\n" for i, text in enumerate(answers)))
    scored = run("score", lines, "--from", "pairs", "--gold", gold, "--json", "--resamples", "0")
    assert f1(scored) == pytest.approx(2 / 3)
    records = tmp_path / "predictions.jsonl"
    sentences = [[cell.split("/") for cell in line.split()] for line in GOLD.splitlines()]
    records.write_text(
        "".join(
            json.dumps(
                {
                    "dataset": "news",
                    "split": "test",
                    "format": "pairs",
                    "label_list": ["person", "place"],
                    "instance": {"id": str(i), "words": [w for w, _ in cells], "labels": [t for _, t in cells]},
                    "prediction": text,
                }
            )
            + "\n"
            for i, (cells, text) in enumerate(zip(sentences, answers, strict=True))
        )
    )
    assert f1(run("score", records, "--json", "--resamples", "0")) == pytest.approx(2 / 3)
    unknown = run("score", records, "--from", "pears", "--gold", gold)
    assert (unknown.returncode, "did you mean 'pairs'?" in unknown.stderr) == (2, True)
    none = run("score", gold, "--from", "hub", "--gold", gold)
    assert (none.returncode, "the format hub holds no predictions" in none.stderr) == (2, True)
