from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gner_bench.report.contents import prepare
from gner_bench.report.grid import Grid
from gner_bench.report.paper import Figure, files
from gner_bench.report.render import render
from gner_bench.report.write import tables_of

ScoresFile = Callable[..., Path]
NASTY = r"50%_of {\bf x} & $y$ #1 ~ ^"
LONG = (
    "Differences of F1 (GNER metric) from base, in points, with 95% paired bootstrap intervals. Filled marks: p < 0.05."
)
FIGURES = [Figure("differences.pdf", LONG, 3.03, wide=False), Figure("f1_per_set.png", f"By {NASTY}.", 6.3, wide=True)]


@pytest.fixture
def tables(scores_file: ScoresFile) -> dict[str, list[Grid]]:
    """The tables of two systems with nasty names on three sets, with a baseline and quoted rows."""
    names = {NASTY: 0.2, f"{NASTY} 2": 0.9}
    sets = ("crossner_ai", "mit-movie", "mine")
    paths = [scores_file(str(share), name=name, right=dict.fromkeys(sets, share)) for name, share in names.items()]
    return tables_of(prepare(paths, baseline=str(paths[0]))).by_file


def test_labels_citations_and_files_are_those_that_there_are(tables: dict[str, list[Grid]]) -> None:
    made, of_tables = files(tables, FIGURES), [render("tex", grids) for grids in tables.values()]
    labels = [label for text in (*of_tables, made["figures.tex"]) for label in re.findall(r"\\label{(.*?)}", text)]
    captions = sum(text.count(r"\caption{") for text in (*of_tables, made["figures.tex"]))
    assert len(set(labels)) == len(labels) == captions == sum(map(len, tables.values())) + len(FIGURES)
    assert re.findall(r"\\ifcsname r@(.*)\\endcsname", made["notes.tex"]) == labels
    cites = [keys for text in of_tables for keys in re.findall(r"\\cite{(.*?)}", text)]
    keys = {key for several in cites for key in several.split(",")}
    assert keys == set(re.findall(r"^@\w+{(.*),$", made["quoted.bib"], re.MULTILINE)) != set()
    included = re.findall(r"\\input{(.*?)}", made["report.tex"])
    assert included == [*(f"tables/{name}" for name in tables), "figures", "notes"]


def test_figures_have_a_short_caption_and_the_long_one_in_comment_and_notes(tables: dict[str, list[Grid]]) -> None:
    made = files(tables, FIGURES)
    text = made["figures.tex"]
    assert r"\caption{Differences of F1 (GNER metric) from base, in points.}" in text
    assert re.findall(r"\\begin{(figure\*?)}", text) == ["figure", "figure*"]
    assert "Filled marks" in "".join(line for line in text.splitlines() if line.startswith("%"))
    assert r"intervals. Filled marks: p \textless{} 0.05.\par" in made["notes.tex"]
    # From another folder only \graphicspath is needed.
    assert re.findall(r"{(figures/.*?)}", text) == ["figures/differences.pdf", "figures/f1_per_set.png"]


def test_notes_hold_what_captions_leave_out(tables: dict[str, list[Grid]]) -> None:
    notes = files(tables, [])["notes.tex"]
    assert "half to even" in notes
    assert r"Signature of 50\%\_\allowbreak{}of" in notes
    assert r"\textbar{}\allowbreak{}m:gner+strict" in notes
    assert r"Source of GNER-T5-small: GNER, Ding et al." in notes
    for line in notes.splitlines():
        if line.startswith(r"\par"):
            assert not re.search(r"(?<!\\)[#$%&_^~]", line.partition("}.} ")[2])
