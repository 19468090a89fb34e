from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from rich.console import Console

Build = Callable[..., dict[str, Any]]
Write = Callable[..., Path]
Run = Callable[..., Result]
Refusal = Callable[..., str]
Files = tuple[Path, Path]

NOTHING = "Ann(O) saw(O) Oslo(O)"
FEW = ("--resamples", 100)
QUIET = ("--tokenizer", "none")
HINT = "; --common compares the sentences that all systems have"


def sentences(record: Build, first: str, second: str, dataset: str = "news") -> list[dict[str, Any]]:
    """Twenty sentences with the outputs ``first``, then ten with ``second``."""
    outputs = [first] * 20 + [second] * 10
    return [record(id=str(i), prediction=text, dataset=dataset) for i, text in enumerate(outputs)]


@pytest.fixture
def files(record: Build, predictions_file: Write) -> Files:
    """Two systems on two sets of thirty sentences: the second finds what the first misses in twenty of news."""
    right = "Ann(B-person) saw(O) Oslo(B-place)"
    films = sentences(record, right, NOTHING, "films")
    return (
        predictions_file(*sentences(record, NOTHING, right), *films, file="base.jsonl"),
        predictions_file(*films, *reversed(sentences(record, right, right)), file="large.jsonl"),
    )


def rows(result: Result) -> list[list[str]]:
    return [line.replace("│", " ").split() for line in result.stdout.splitlines()]


def test_the_table_shows_both_systems_their_difference_and_the_tests(run: Run, files: Files) -> None:
    result = run("compare", *files, *QUIET, *FEW, "--metric", "strict")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(f"A base  {files[0]}\nB large  {files[1]}\n")
    found = {row[0]: row for row in reversed(rows(result)) if row}
    assert found["news"][1:4] == ["50.00", "100.00", "+50.00"]
    assert found["news"][5] == "to"
    assert found["news"][7:10] == ["0.0099", "0.020*", "0.0099"]
    assert found["films"][1:] == ["80.00", "80.00", "0.00", "0.00", "to", "0.00", "1.000", "1.000", "1.000", "0.00"]
    assert found["mean"][1:4] == ["65.00", "90.00", "+25.00"]
    assert found["mean"][7:9] == ["0.0099**", "0.0099"]
    assert "strict F1: B against A" in result.stdout
    assert "100 trials; p Holm: corrected after Holm over 2 data sets" in " ".join(result.stdout.split())


def test_json_is_one_document_and_the_same_in_the_file(run: Run, files: Files, tmp_path: Path) -> None:
    out = tmp_path / "new" / "comparison.json"
    result = run("compare", *files, *FEW, "--json", "--out", out)
    assert result.exit_code == 0
    assert out.read_text(encoding="utf-8") == result.stdout
    found = json.loads(result.stdout)
    assert found["metrics"] == ["gner", "strict"]
    news = found["comparisons"][0]["differences"]["strict"]["datasets"]["news"]
    assert (news["first"], news["second"], news["p_holm"], news["significant"]) == (0.5, 1.0, 2 / 101, True)
    assert [each["id"] for each in found["comparisons"][0]["changed"]["news"]["better"]] == [str(i) for i in range(20)]


def test_the_same_seed_gives_the_same_bytes(run: Run, files: Files) -> None:
    first, second = (run("compare", *files, *FEW, "--json", "--seed", 3).stdout for _ in range(2))
    assert first == second
    assert first != run("compare", *files, *FEW, "--json", "--seed", 4).stdout


def test_scores_json_and_run_folders_stand_for_their_predictions(run: Run, files: Files, tmp_path: Path) -> None:
    direct = json.loads(run("compare", *files, *FEW, *QUIET, "--json").stdout)
    scores = tmp_path / "base" / "scores.json"
    run("score", files[0], *QUIET, "--out", scores)
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "predictions.jsonl").write_bytes(files[1].read_bytes())
    for source in (scores, scores.parent):
        result = run("compare", source, folder, *FEW, *QUIET, "--json")
        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout)["comparisons"] == direct["comparisons"]


def test_every_further_system_is_compared_with_the_first(run: Run, files: Files) -> None:
    result = run("compare", files[1], *files, *FEW, "--metric", "gner")
    assert result.exit_code == 0
    assert "F1: B against A" in result.stdout
    assert "F1: C against A" in result.stdout
    assert "F1: C against B" not in result.stdout


def test_all_pairs_have_letters_and_a_matrix(run: Run, files: Files) -> None:
    result = run("compare", files[1], *files, "--resamples", 200, "--metric", "gner", "--all-pairs")
    assert result.exit_code == 0
    found = [row for row in rows(result) if row]
    assert ["A", "large", "80.00", "a", "100.00", "a", "90.00", "a"] in found
    assert ["B", "base", "80.00", "a", "50.00", "b", "65.00", "b"] in found
    assert ["B", "base", "-25.00*", "-25.00*"] in found
    assert "corrected after Holm over 6 tests of data sets in 3 pairs of systems" in " ".join(result.stdout.split())


def test_all_pairs_in_every_format(run: Run, files: Files) -> None:
    def said(format_: str) -> str:
        result = run(
            "compare", files[1], *files, "--resamples", 200, "--metric", "gner", "--all-pairs", "--format", format_
        )
        assert result.exit_code == 0, result.output
        return str(result.stdout)

    assert "| B base | 80.00 a | 50.00 b | 65.00 b |" in said("markdown")
    assert "B base & 80.00 a & 50.00 b & 65.00 b" in said("latex")
    csv = said("csv").splitlines()
    assert csv[0] == "system,metric,films,films letters,news,news letters,mean,mean letters"
    assert csv[5] == "system,less,metric,difference,low,high,p_randomization,p_holm,significant"
    assert len(csv) == 4 + 1 + 1 + 6
    document = json.loads(said("json"))
    assert document["letters"]["gner"]["datasets"]["news"] == {"A": "a", "B": "b", "C": "a"}
    assert (document["correction"]["datasets"], len(document["comparisons"])) == (6, 3)


def test_formats_of_all_pairs_need_them(refusal: Refusal, files: Files) -> None:
    assert refusal("compare", *files, "--format", "csv") == "--format csv needs --all-pairs"
    assert refusal("compare", *files, "--json", "--format", "csv") == "--json and --format csv exclude each other"


def test_power_says_what_sentences_find(run: Run, files: Files) -> None:
    plain, asked = (run("compare", *files, *FEW, "--metric", "gner", "--power", *more) for more in ((), (10,)))
    assert "Power, F1: B against A" in plain.stdout
    document = json.loads(run("compare", *files, *FEW, "--metric", "gner", "--json").stdout)
    news = document["comparisons"][0]["differences"]["gner"]["datasets"]["news"]
    assert news["sentences"] == 30
    needed = math.ceil(30 * (news["detectable"] / 0.1) ** 2)
    assert ["news", "30", f"{100 * news['detectable']:.2f}", str(needed)] in rows(asked)
    # No sentence of films differs.
    assert ["films", "30", "0.00", "–"] in rows(asked)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("x.json", "is no number of points"),
        ("101", "is not from 0.001"),
        ("nan", "is not from 0.001"),
        ("1e-320", "is not from 0.001"),
    ],
)
def test_a_power_that_is_no_number_is_refused(run: Run, files: Files, given: str, said: str) -> None:
    result = run("compare", *files, f"--power={given}")
    assert (result.exit_code, said in result.stderr) == (2, True)


def test_changed_names_sentences_with_their_counts(run: Run, files: Files) -> None:
    plain, named = run("compare", *files, *FEW), run("compare", *files, *FEW, "--changed", 2)
    assert ["news", "20", "0", "0", "30"] in rows(plain)
    assert "news better" not in plain.stdout
    assert "news better: 0 (0/0/2 to 2/2/2), 1 (0/0/2 to 2/2/2) and 18 more\n" in named.stdout
    assert "films better" not in named.stdout


def test_per_type_adds_tables_of_types(run: Run, files: Files) -> None:
    plain, typed = run("compare", *files, *FEW), run("compare", *files, *FEW, "--per-type")
    assert "F1: B against A, news" not in plain.stdout
    assert "F1: B against A, news" in typed.stdout
    assert ["person", "30", "50.00", "100.00", "+50.00"] in [row[:5] for row in rows(typed)]


@pytest.mark.parametrize("width", [60, 72, 80, 100, 140])
def test_nothing_is_cut_in_a_narrow_terminal(
    run: Run, files: Files, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gner_bench.report.render.terminal.console", lambda: Console(width=width))
    result = run("compare", *files, *FEW, *QUIET, "--per-type", "--changed", 3)
    assert max(map(len, result.stdout.splitlines())) <= width
    assert "…" not in result.stdout
    for figure in ("50.00", "100.00", "+50.00", "0.0099", "0.020*", "+25.00"):
        assert figure in result.stdout
    # What is found with 80% power is a column or a line, never lost.
    assert ("┃ 80% power" in result.stdout) != ("Found with 80% power: news" in result.stdout)


def test_no_colours_reach_a_pipe(run: Run, files: Files) -> None:
    assert "\x1b" not in run("compare", *files, *FEW, "--per-type").stdout


def test_names_do_not_act_as_markup(run: Run, record: Build, predictions_file: Write) -> None:
    hostile = "[red]a\x1b[31m\nb:bug:"
    lines = [record(dataset=hostile, id="[/x]"), record(dataset=hostile, id="[b]1", prediction=NOTHING)]
    first = predictions_file(*lines, file="base.jsonl")
    second = predictions_file(*[line | {"prediction": NOTHING} for line in lines], file="[large].jsonl")
    result = run("compare", first, second, *FEW, "--changed", 5)
    assert result.exit_code == 0, result.output
    assert result.stdout.count("│ [red]a�[31m b:bug: │") == 3
    assert "[red]a�[31m b:bug: worse: " in result.stdout
    assert "worse: [/x] (2/2/2 to 0/0/2)" in result.stdout
    assert "B [large]" in result.stdout
    assert "\x1b" not in result.stdout


def test_systems_that_were_not_scored_alike_are_compared_with_a_warning(run: Run, files: Files, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"settings": {"decoding": "beam", "num_beams": 4}}))
    path = tmp_path / "predictions.jsonl"
    path.write_bytes(files[1].read_bytes())
    result = run("compare", files[0], path, *FEW, *QUIET)
    assert result.exit_code == 0
    assert result.stderr == "Warning: not like for like: dec is unknown for A base, beam4 for B predictions\n"


def test_sentences_that_differ_are_named(
    refusal: Refusal, files: Files, record: Build, predictions_file: Write
) -> None:
    less = predictions_file(*sentences(record, NOTHING, NOTHING), record(dataset="films", id="x"), file="less.jsonl")
    said = refusal("compare", files[0], less)
    assert said.startswith("films: 30 sentences (0, 1, 2, 3, 4, …) scored for base")
    assert said.endswith(f"1 sentence (x) scored for less ({less}) alone{HINT}")


def test_sets_that_differ_are_named(refusal: Refusal, files: Files, record: Build, predictions_file: Write) -> None:
    less = predictions_file(*sentences(record, NOTHING, NOTHING), file="less.jsonl")
    assert refusal("compare", files[0], less) == f"data sets scored for base ({files[0]}) alone: films{HINT}"


def test_gold_that_differs_is_named(refusal: Refusal, record: Build, predictions_file: Write) -> None:
    first = predictions_file(record(), record(id="1"), file="a.jsonl")
    second = predictions_file(record(), record(labels=["B-person", "O", "O"], id="1"), file="b.jsonl")
    assert refusal("compare", first, second) == f"news: gold of 1 sentence (1) differs{HINT}"


def test_one_system_is_refused(refusal: Refusal, files: Files) -> None:
    assert refusal("compare", files[0]) == "a comparison needs two systems or more"


def test_scores_of_version_1_are_refused_in_one_line(refusal: Refusal, files: Files, tmp_path: Path) -> None:
    old = tmp_path / "scores.json"
    old.write_text('{\n  "version": 1,\n  "datasets": {}\n}\n')
    assert refusal("compare", old, files[0]).startswith(f"{old}: version: ")


def test_a_metric_that_scores_lack_is_refused(refusal: Refusal, run: Run, files: Files, tmp_path: Path) -> None:
    run("score", files[0], "--metric", "gner", "--out", tmp_path / "scores.json")
    said = refusal("compare", tmp_path / "scores.json", files[1], "--metric", "strict")
    assert "was not scored by strict" in said


def test_unreadable_input_is_refused(refusal: Refusal, files: Files, tmp_path: Path) -> None:
    missing = tmp_path / "none.json"
    assert refusal("compare", missing, files[0]).startswith(f"{missing}: No such file")
    assert str(tmp_path / "none") in refusal("compare", files[0], tmp_path / "none")


def test_common_sentences_are_compared_and_what_is_left_out_is_said(
    run: Run, record: Build, predictions_file: Write, tmp_path: Path
) -> None:
    right, wrong = "Ann(B-person) saw(O) Oslo(B-place)", NOTHING
    ids = [f"{number:02}" for number in range(12)]
    # A has 00 to 09, one of them (03) with other words; B 02 to 11, one (05) with other gold; only A has films.
    other_words = {"03": record(["Ann", "saw", "Rome"], id="03")}
    other_gold = {"05": record(labels=["B-person", "O", "O"], id="05")}
    first = [other_words.get(id, record(id=id, prediction=wrong)) for id in ids[:10]]
    second = [other_gold.get(id, record(id=id, prediction=right)) for id in reversed(ids[2:])]
    films = [record(id=id, dataset="films", prediction=right) for id in ids]
    a = predictions_file(*first, *films, file="a.jsonl")
    b = predictions_file(*second, file="b.jsonl")
    kept = ["02", "04", "06", "07", "08", "09"]
    one = predictions_file(*(record(id=id, prediction=wrong) for id in kept), file="one.jsonl")
    two = predictions_file(*(record(id=id, prediction=right) for id in kept), file="two.jsonl")
    command = ("compare", a, b, *QUIET, *FEW, "--common", "--changed", "9", "--per-type")
    result, whole = run(*command, "--json"), run("compare", one, two, *QUIET, *FEW, "--json")
    assert (result.exit_code, whole.exit_code) == (0, 0), result.stderr
    found, expected = json.loads(result.stdout), json.loads(whole.stdout)
    for key in ("differences", "types", "changed"):
        assert found["comparisons"][0][key] == expected["comparisons"][0][key]
    assert found["common"] == {
        "news": {"sentences": 6, "left_out": {"A": 4, "B": 4}},
        "films": {"sentences": 0, "left_out": {"A": 12, "B": 0}},
    }
    assert "common" not in expected
    for system in found["systems"]:
        assert system["signature_fields"]["common"] == "news=6,films=0"
        assert system["signature_fields"]["data"].startswith("news/test=6@")
    assert found["comparisons"][0]["signature_differences"] == []
    note = "Only sentences that all systems have: news 6 (left out: 4 of A, 4 of B); films 0 (left out: 12 of A)."
    assert note in found["warnings"]
    assert " ".join(run(*command).stdout.split()).count(note) == 5  # two metrics, their types, the sentences
    # The same of scores.json, which keeps the number of entities of gold.
    for path in (a, b):
        scored = run("score", path, *QUIET, "--resamples", 0, "--out", path.with_suffix(".json"))
        assert scored.exit_code == 0, scored.stderr
    again = run("compare", a.with_suffix(".json"), b.with_suffix(".json"), *FEW, "--common", "--json")
    assert json.loads(again.stdout)["comparisons"][0]["differences"] == found["comparisons"][0]["differences"]


def test_common_changes_nothing_where_all_have_the_same(run: Run, files: Files) -> None:
    command = ("compare", *files, *QUIET, *FEW, "--json")
    assert run(*command, "--common").stdout == run(*command).stdout


def test_systems_without_a_common_sentence_are_refused(
    refusal: Refusal, record: Build, predictions_file: Write
) -> None:
    files = [predictions_file(record(id=id), file=f"{id}.jsonl") for id in ("1", "2")]
    message = "no sentence is common to all systems (by data set, id, words and gold)"
    assert refusal("compare", *files, *QUIET, "--common") == message


def test_systems_are_called_by_names_that_are_given(run: Run, files: Files) -> None:
    result = run("compare", f"our own={files[0]}", f"<theirs>={files[1]}", *QUIET, *FEW, "--json")
    found = json.loads(result.stdout)["systems"]
    assert [system["name"] for system in found] == ["our own", "<theirs>"]
    assert [system["files"] for system in found] == [[str(file)] for file in files]


def test_a_named_file_that_is_not_there_ends_in_one_line(refusal: Refusal, files: Files) -> None:
    line = refusal("compare", files[0], "lr=0.1/none.jsonl", *QUIET)
    assert line == "there is neither lr=0.1/none.jsonl nor 0.1/none.jsonl (to be called 'lr')"
