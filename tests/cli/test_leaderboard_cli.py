"""``gner-bench leaderboard``: groups, ranks, files, JSON, and the check of runs."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gner_bench.report.leaderboard import ranking as ranking_module

from .conftest import Run

pytestmark = pytest.mark.slow

Sentences = Callable[..., Path]
Json = dict[str, Any]


@pytest.fixture
def folder(run: Run, sentences: Sentences, tmp_path: Path) -> Callable[..., Path]:
    """The folder of a run whose predictions were scored, with ``missed`` of 30 persons not found."""

    def make(name: str, missed: int = 0, *options: object, **changes: Any) -> Path:
        path = sentences(missed, file=f"runs/{name}/predictions.jsonl", **changes).parent
        result = run("-q", "score", path / "predictions.jsonl", "--name", name, "--out", path / "scores.json", *options)
        assert result.exit_code == 0, result.output
        return path

    return make


@pytest.fixture
def scores(folder: Callable[..., Path]) -> Callable[..., Path]:
    """The scores.json of such a run."""
    return lambda *arguments, **changes: folder(*arguments, **changes) / "scores.json"


@pytest.fixture
def board(run: Run, tmp_path: Path) -> Callable[..., Json]:
    """The leaderboard.json of runs."""

    def make(*arguments: object) -> Json:
        result = run("-q", "leaderboard", *arguments, "--out", tmp_path / "site", "--json")
        assert result.exit_code == 0, result.output
        document: Json = json.loads(result.stdout)
        assert document == json.loads((tmp_path / "site/leaderboard.json").read_text(encoding="utf-8"))
        return document

    return make


def groups(document: Json, metric: str = "gner") -> list[Json]:
    return [group for part in document["parts"] if part["metric"] == metric for group in part["groups"]]


def rows(group: Json) -> list[Json]:
    table = group["table"]
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]


def edited(path: Path, change: Callable[[Json], object]) -> Path:
    """The JSON at ``path`` changed in place."""
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


# Ranks


def test_systems_that_the_test_does_not_tell_apart_share_a_rank(
    scores: Callable[..., Path], board: Callable[..., Json]
) -> None:
    """Of 60 entities one or 20 are missed: F1 is 2·59/119 and 2·40/100; the next rank counts all that are ahead."""
    [group] = groups(board(scores("poor", 20), scores("best"), scores("near", 1)))
    found = {row["system"]: row for row in rows(group)}
    assert list(found) == ["best", "near", "poor"]
    assert [row["mean rank"] for row in found.values()] == [1, 1, 3]
    assert [row["mean letters"] for row in found.values()] == ["a", "a", "b"]
    assert [row["news rank"] for row in found.values()] == [1, 1, 3]
    assert [round(row["mean"], 6) for row in found.values()] == [100, round(200 * 59 / 119, 6), 80]
    assert found["poor"]["mean low"] < 80 < found["poor"]["mean high"] < 100
    assert (group["heading"], group["not_like_for_like"]) == ("news (test), 30 sentences", [])


@pytest.mark.parametrize("setting", [("MOST_TESTED", 1), ("TRIALS", 20)])
def test_where_there_are_too_many_systems_to_test_intervals_tell_them_apart(
    scores: Callable[..., Path], board: Callable[..., Json], monkeypatch: pytest.MonkeyPatch, setting: tuple[str, int]
) -> None:
    """With few trials it is so of single data sets alone, of which there are more tests."""
    monkeypatch.setattr(ranking_module, *setting)
    [group] = groups(board(scores("poor", 20), scores("best"), scores("near", 1)))
    assert [(row["mean rank"], row["mean letters"], row["news rank"]) for row in rows(group)] == [
        *[(1, "a", 1)] * 2,
        (3, "b", 3),
    ]
    assert any("their intervals do not overlap" in remark for remark in group["table"]["remarks"])


def test_one_run_has_no_rank(scores: Callable[..., Path], board: Callable[..., Json], tmp_path: Path) -> None:
    [group] = groups(board(scores("alone", 3)))
    [row] = rows(group)
    assert (row["mean rank"], row["mean letters"]) == (None, "")
    assert "Rank: one more" not in (tmp_path / "site/index.html").read_text(encoding="utf-8")


def test_runs_of_a_group_are_one_row(folder: Callable[..., Path], board: Callable[..., Json], tmp_path: Path) -> None:
    """Two runs as far apart as these say little of their mean."""
    runs = [folder("one", 20), folder("two", 10)]
    document = board("--group", f"both={runs[0]},{runs[1]}", folder("best") / "scores.json")
    [group] = groups(document)
    best, both = rows(group)
    assert (best["system"], both["system"], both["mean rank"]) == ("best", "both", 1)
    assert both["mean"] == pytest.approx((80 + 200 * 50 / 110) / 2)
    files = {file["title"]: file["path"] for file in document["systems"][1]["files"]}
    assert files == {
        "scores": "runs/both/scores.json",
        **{f"scores {n}": f"runs/both/{n}/scores.json" for n in (1, 2)},
        **{f"predictions {n}": f"runs/both/{n}/predictions.jsonl" for n in (1, 2)},
    }
    assert "both (n = 2)" in (tmp_path / "site/index.html").read_text(encoding="utf-8")


# Groups that are not like for like


def test_what_is_not_like_for_like_is_kept_apart_under_a_heading_that_says_why(
    folder: Callable[..., Path], board: Callable[..., Json], tmp_path: Path
) -> None:
    other = folder("other", 2)
    edited(other / "scores.json", lambda document: document["signature_fields"].update(misc="kept"))
    news, gold = [folder("best"), folder("near", 1)], folder("gold", 1, label_list=["person", "place", "x"], count=20)
    found = groups(board(*(path / "scores.json" for path in (other, *news, gold))))
    assert [group["heading"] for group in found] == [
        "Group 1: news (test), 30 sentences; differs from others in data, misc types",
        "Group 2: news (test), 30 sentences; differs from others in data, misc types",
        "Group 3: news (test), 20 sentences; differs from others in data, misc types",
    ]
    assert [[row["system"] for row in rows(group)] for group in found] == [["best", "near"], ["other"], ["gold"]]
    told = {each["what"]: each for each in found[1]["not_like_for_like"]}
    assert (told["misc types"]["here"], told["misc types"]["in_groups"]) == ("kept", {"1": "none", "3": "none"})
    assert told["data"]["in_groups"] == {"3": "other sentences or gold of news"}
    page = (tmp_path / "site/index.html").read_text(encoding="utf-8")
    assert "misc types: kept here, none in groups 1, 3" in page


def test_disjoint_data_sets_are_groups_of_their_own(scores: Callable[..., Path], board: Callable[..., Json]) -> None:
    found = groups(board(scores("a", dataset="films"), scores("b", dataset="news"), scores("c", 1, dataset="films")))
    assert [[row["system"] for row in rows(group)] for group in found] == [["a", "c"], ["b"]]
    assert found[0]["not_like_for_like"] == [{"what": "data sets", "here": "films", "in_groups": {"2": "news"}}]


def test_supervised_and_zero_shot_sets_have_groups_of_their_own(
    folder: Callable[..., Path], board: Callable[..., Json]
) -> None:
    """On ncbi the data differ, which is nothing to crossner_ai, a zero-shot set, on which all are one group."""

    def both(name: str, missed: int, count: int) -> Path:
        path = folder(name, missed, dataset="crossner_ai")
        more = folder(f"{name}-ncbi", missed, dataset="ncbi", count=count)
        with (path / "predictions.jsonl").open("a", encoding="utf-8") as file:
            file.write((more / "predictions.jsonl").read_text(encoding="utf-8"))
        (path / "scores.json").unlink()
        return path

    document = board(both("a", 0, 30), both("b", 1, 30), both("c", 20, 20))
    parts = {part["layout"]: part["groups"] for part in document["parts"] if part["metric"] == "gner"}
    assert [len(group["table"]["rows"]) for group in parts["zero-shot"]] == [3]
    assert [len(group["table"]["rows"]) for group in parts["supervised"]] == [2, 1]
    assert [each["what"] for each in parts["supervised"][0]["not_like_for_like"]] == ["data"]


def test_published_rows_are_a_table_of_their_own(scores: Callable[..., Path], board: Callable[..., Json]) -> None:
    document = board(scores("a", dataset="mit-movie"), "--quoted", "GNER-T5-x*")
    quoted = document["parts"][0]["quoted"]
    found = [dict(zip(quoted["columns"], row, strict=True)) for row in quoted["rows"]]
    assert [(row["system"], row["mean"], row["mean rank"]) for row in found] == [
        ("GNER-T5-xxl", 69.06, None),
        ("GNER-T5-xl", 66.12, None),
    ]
    assert "quoted" not in document["parts"][1]  # they are by the GNER metric
    assert "quoted" not in board(scores("b", dataset="mit-movie"), "--quoted", "none")["parts"][0]


def test_training_is_told(folder: Callable[..., Path], board: Callable[..., Json], tmp_path: Path) -> None:
    """From run.json; without one, from --trained-on; else it is not known."""
    trained, plain, unseen = folder("trained"), folder("plain"), folder("unseen")
    model = {"name": "trained", "training_sets": ["news/train"]}
    (trained / "run.json").write_text(json.dumps({"version": 2, "status": "done", "model": model}), encoding="utf-8")
    data = tmp_path / "data.conll"
    data.write_text("Ann B-person\n\nJazz B-genre\n", encoding="utf-8")
    sources = [trained / "predictions.jsonl", plain / "predictions.jsonl", f"u={unseen / 'predictions.jsonl'}"]
    document = board(*sources, "--trained-on", f"u={data}")
    found = {row["system"]: row["training"] for group in groups(document) for row in rows(group)}
    assert found == {
        "trained": "supervised",
        "predictions": "not known",
        "u": "types seen (1 of 2)",
    }


# Input


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"version": 1}', "version: 1 has no counts of sentences; score the predictions again"),
        ('{"version": 3}', "version: 3 is not a version that this program reads; score the predictions again"),
        ('{"version": 2, "sys', "is not JSON (a file cut short?)"),
        ("{}", "version: is missing"),
        ('{"version": 3, "datasets": {}, "average": {}}', "version: 3 is not a version that this program reads;"),
        ('{"leaderboard": 1, "parts": []}', "is the leaderboard.json of a leaderboard; no command reads it: give"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    folder: Callable[..., Path], refusal: Callable[..., str], tmp_path: Path, content: str, said: str
) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text(content, encoding="utf-8")
    assert refusal("leaderboard", folder("good"), bad, "--out", tmp_path / "site").startswith(f"{bad}: {said}")
    assert not (tmp_path / "site").exists()


def test_names_that_are_there_twice(
    folder: Callable[..., Path], board: Callable[..., Json], refusal: Callable[..., str], tmp_path: Path
) -> None:
    one, two = folder("one"), folder("two", 1)
    for path in (one, two):
        edited(path / "scores.json", lambda document: document["system"].update(name="same"))
    [group] = groups(board(one / "scores.json", two / "scores.json"))
    assert [row["system"] for row in rows(group)] == ["same (one)", "same (two)"]
    said = refusal("leaderboard", f"x={one}", f"x={two}", "--out", tmp_path / "site")
    assert said.startswith("two systems are called 'x'")


def test_what_is_lacking_is_told(folder: Callable[..., Path], refusal: Callable[..., str]) -> None:
    assert refusal("leaderboard", "--out", "x").startswith("Missing argument '[NAME=]RUN…'")
    assert refusal("leaderboard", folder("a")) == "Missing option '--out DIR' (or --check alone)"


HOSTILE = "</script><script>alert('&')</script>\u202e../.."


def test_names_never_become_markup_or_paths(
    folder: Callable[..., Path], board: Callable[..., Json], tmp_path: Path
) -> None:
    source = folder("a", dataset="<b>set</b>", label_list=["person", "place"])
    document = board(f"{HOSTILE}={source}", f"..={folder('b')}", f"A={folder('c')}", f"a={folder('d')}")
    page = (tmp_path / "site/index.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "<b>set" not in page
    assert document["systems"][0]["name"] == HOSTILE
    places = [system["files"][0]["path"].split("/")[1] for system in document["systems"]]
    assert places == ["script-script-alert-script", "run", "A", "a-2"]  # where case does not count, too


# Files


def test_the_page_links_files_that_are_in_its_folder(
    folder: Callable[..., Path], board: Callable[..., Json], tmp_path: Path
) -> None:
    source, scores = folder("a run", 1), folder("b", 2) / "scores.json"
    document = board(source, scores)
    site, page = tmp_path / "site", (tmp_path / "site/index.html").read_text(encoding="utf-8")
    links = re.findall(r'href="([^"#]+)"', page)
    assert links.count("leaderboard.json") == 1
    assert all((site / link).is_file() for link in links if link != "data:,")
    assert not re.search(r'(?:src|href)="(?:https?:|//|/)', page)
    for system in document["systems"]:
        for file in system["files"]:
            assert file["path"] in links
            assert hashlib.sha256((site / file["path"]).read_bytes()).hexdigest() == file["sha256"]
    assert (site / "runs/b/scores.json").read_bytes() == scores.read_bytes()
    # Of predictions that were scored here, the scores that the page shows.
    shown = json.loads((site / "runs/predictions/scores.json").read_text(encoding="utf-8"))
    assert shown["average"]["gner"]["f1"] == pytest.approx(2 * 59 / 119)
    assert (site / "runs/predictions/predictions.jsonl").read_bytes() == (source / "predictions.jsonl").read_bytes()


@pytest.mark.parametrize(
    ("files", "kept"), [("all", {"scores", "predictions"}), ("scores", {"scores"}), ("none", set())]
)
def test_predictions_may_be_left_out_and_what_is_no_longer_linked_goes(
    folder: Callable[..., Path], board: Callable[..., Json], tmp_path: Path, files: str, kept: set[str]
) -> None:
    board(folder("gone"), source := folder("b"))
    own = tmp_path / "site/runs/notes.txt"
    own.write_text("of a person", encoding="utf-8")
    [system] = board(f"b={source}", "--files", files)["systems"]
    assert {file["title"] for file in system["files"]} == kept
    there = {path.relative_to(tmp_path / "site").as_posix() for path in (tmp_path / "site/runs").rglob("*.*")}
    assert there == {file["path"] for file in system["files"]} | {"runs/notes.txt"}


def test_runs_in_the_folder_of_the_page_stay_where_they_are(
    folder: Callable[..., Path], board: Callable[..., Json], tmp_path: Path
) -> None:
    inside = tmp_path / "site/runs/a"
    inside.parent.mkdir(parents=True)
    folder("a").rename(inside)
    before = {path: path.read_bytes() for path in inside.iterdir()}
    for _ in range(2):
        [system] = board(inside / "scores.json")["systems"]
        assert {file["path"] for file in system["files"]} == {"runs/a/scores.json", "runs/a/predictions.jsonl"}
        assert {path: path.read_bytes() for path in inside.iterdir()} == before


# The check


def sums(folder: Path) -> None:
    """As ``sha256sum * > SHA256SUMS`` writes it."""
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(folder.iterdir())]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def test_a_run_that_is_what_it_says_passes(run: Run, folder: Callable[..., Path], tmp_path: Path) -> None:
    paths = [folder("a", 1), folder("b", 2)]
    sums(paths[0])
    result = run("leaderboard", "--check", *paths, "--out", tmp_path / "site", "--quoted", "none")
    assert result.exit_code == 0, result.output
    passed = "passed: 1 data set, 30 sentences, scored again by gner, strict"
    assert [f"{path}: {passed}" in result.stdout.splitlines() for path in paths] == [True, True]
    assert f"{paths[1]}: note: no SHA256SUMS" in result.stdout
    assert f"{paths[0]}: note: no run.json" in result.stdout
    assert (tmp_path / "site/index.html").is_file()


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def more_right(document: Json) -> None:
    """Better scores that agree with their counts: a row of the sentences that were missed is one of those found."""
    counts = document["datasets"]["news"]["counts"]
    counts["sentences"] = [max(counts["sentences"])] * 30


CHANGES: dict[str, tuple[str, Callable[[Path], object], int, str]] = {
    "a file": ("b", lambda path: replaced(path / "predictions.jsonl", "Oslo", "oslo"), 5, "SHA-256 is "),
    "gold": (
        "",
        lambda path: replaced(path / "predictions.jsonl", '"labels": ["B-person"', '"labels": ["O"'),
        5,
        "words and gold of news in the predictions have the content hash ",
    ),
    "an answer": (
        "",
        lambda path: replaced(path / "predictions.jsonl", '"prediction": "Ann(O)', '"prediction": "Ann(B-person)'),
        1,
        "scores.json: datasets.news.gner",
    ),
    "a count": ("", lambda path: edited(path / "scores.json", more_right), 1, "the predictions give"),
    "an interval": (
        "",
        lambda path: edited(
            path / "scores.json", lambda d: d["datasets"]["news"]["gner"]["interval"].update(f1=[0.99, 1.0])
        ),
        1,
        "datasets.news.gner.interval.f1[0]: is 0.99, the predictions give 0.",
    ),
    "a claim": (
        "",
        lambda path: edited(path / "scores.json", lambda d: d["system"].update(training_sets=["x/train"])),
        1,
        "system.training_sets: has 1 values, the predictions give 0",
    ),
    "a signature": (
        "",
        lambda path: edited(path / "scores.json", lambda d: d["signature_fields"].update(dec="beam4")),
        1,
        "signature_fields.dec: is 'beam4', the predictions give 'unknown'",
    ),
    "what was seen": (
        "",
        lambda path: edited(
            path / "scores.json",
            lambda d: d["datasets"]["news"].update(
                seen={"verdict": "types unseen", "trained_on": [], "complete": True, "types": {"person": "unseen"}}
            ),
        ),
        1,
        "datasets.news.seen: does not follow from the predictions",
    ),
    "no predictions": ("", lambda path: (path / "predictions.jsonl").unlink(), 2, "predictions.jsonl: is not there"),
    "no scores": ("", lambda path: (path / "scores.json").unlink(), 2, "scores.json: is not there"),
    "sums of another kind": (
        "",
        lambda path: (path / "SHA256SUMS").write_text("../../x\n", encoding="utf-8"),
        2,
        "SHA256SUMS, line 1: expected a SHA-256 and the name of a file, found '../../x'",
    ),
    "a sum of another folder": (
        "",
        lambda path: (path / "SHA256SUMS").write_text(f"{'0' * 64}  ../x\n", encoding="utf-8"),
        2,
        "SHA256SUMS, line 1: expected a SHA-256",
    ),
    "other data than run.json": (
        "",
        lambda path: (path / "run.json").write_text(
            json.dumps({"version": 2, "status": "done", "datasets": {"news": {"content_hash": "0" * 64}}}),
            encoding="utf-8",
        ),
        5,
        "in run.json 000000000000",
    ),
    "an unfinished run": (
        "",
        lambda path: (path / "run.json").write_text(
            json.dumps({"version": 2, "status": "done", "sentences": 40}), encoding="utf-8"
        ),
        6,
        "30 of 40 sentences of its run.json are there",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_run_that_is_not_what_it_says_fails_and_nothing_is_written(
    run: Run, folder: Callable[..., Path], tmp_path: Path, change: str
) -> None:
    kind, make, code, said = CHANGES[change]
    path, good = folder("a", 3), folder("good")
    if kind:
        sums(path)
    make(path)
    result = run("leaderboard", "--check", path, good, "--out", tmp_path / "site")
    assert result.exit_code == code, result.output
    assert f"{path}: failed: " in result.stdout
    assert said in result.stdout
    assert f"{good}: passed: " in result.stdout
    assert result.stderr.startswith("Error: ")
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize("name", ["predictions.jsonl", "other.json"])
def test_what_is_checked_is_a_folder(run: Run, folder: Callable[..., Path], name: str) -> None:
    path = folder("a")
    (path / "scores.json").rename(path / "other.json")
    said = "is a file; a run to be checked is a folder with scores and predictions"
    result = run("leaderboard", "--check", path / name)
    assert (result.exit_code, result.stderr) == (2, f"Error: {path / name}: {said}\n")


def test_a_group_is_checked_run_by_run(run: Run, folder: Callable[..., Path], tmp_path: Path) -> None:
    runs = [folder("a", 1), folder("b", 2)]
    assert run("leaderboard", "--check", "--group", f"both={runs[0]},{runs[1]}").exit_code == 0
    scored = tmp_path / "both"
    scored.mkdir()
    together = ("score", "--group", f"both={runs[0]},{runs[1]}", "--out", scored / "scores.json")
    assert run("-q", *together).exit_code == 0
    (scored / "predictions.jsonl").write_bytes((runs[0] / "predictions.jsonl").read_bytes())
    result = run("leaderboard", "--check", scored)
    assert (result.exit_code, "is of several runs; check each in its own folder" in result.stdout) == (2, True)


def test_other_decodings_are_ranked_together_with_a_warning(
    folder: Callable[..., Path], board: Callable[..., Json], tmp_path: Path
) -> None:
    other = folder("other", 2)
    edited(other / "scores.json", lambda document: document["signature_fields"].update(dec="beam4"))
    [group] = groups(board(folder("best") / "scores.json", other / "scores.json"))
    assert [row["system"] for row in rows(group)] == ["best", "other"]
    page = (tmp_path / "site/index.html").read_text(encoding="utf-8")
    assert "not like for like: dec is unknown for best; beam4 for other" in page
