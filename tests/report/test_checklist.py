"""The checklist says what the files of a report hold, and no more."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from gner_bench.report.checklist import checklist, checklist_text
from gner_bench.report.contents import prepare
from gner_bench.report.write import write_report

ScoresFile = Callable[..., Path]


def test_what_no_file_says_is_left_open(scores_file: ScoresFile) -> None:
    contents = prepare([scores_file("weak", name="weak", right={"mit-movie": 0.3})])
    items = checklist(contents)["systems"]["weak"]
    assert items["hardware"] is None
    assert items["number format"] is None
    assert items["measure (signature)"] == contents.systems[0].signature
    assert contents.systems[0].scores["mit-movie"].content_hash in items["test data"]
    text = checklist_text(contents)
    assert "- hardware: **not known: fill in**" in text
    assert "- tests of differences: known: none: no baseline was named" in text


def test_a_group_tells_of_each_of_its_runs(tmp_path: Path) -> None:
    run = Path(__file__).parents[2] / "prediction_results/demo/gner-tiny"
    for seed in (0, 1):
        other = tmp_path / f"seed-{seed}"
        shutil.copytree(run, other)
        (other / "scores.json").unlink()
        about = json.loads((run / "run.json").read_text(encoding="utf-8"))
        about["settings"]["seed"] = seed
        (other / "run.json").write_text(json.dumps(about), encoding="utf-8")
    contents = prepare([run], groups={"two": [tmp_path / "seed-0", tmp_path / "seed-1"]}, baseline="two")
    found = checklist(contents)
    assert found["systems"]["two"]["number of runs (seeds, trainings)"] == "2, their mean is shown"
    assert found["systems"]["two"]["seeds"] == "seed 0; seed 1"
    assert "over sentences and runs" in found["systems"]["two"]["intervals"]
    assert found["systems"]["two"]["number format"] == found["systems"]["gner-tiny"]["number format"] == "dtype fp32"
    assert found["all"]["tests of differences"].startswith("against two: studentized permutation test, paired")
    # A page of groups alone, which have no counts.
    contents = prepare([], groups={"two": [tmp_path / "seed-0", tmp_path / "seed-1"]})
    assert "index.html" in write_report(contents, tmp_path / "report", ("html",)).files
    assert "checklist.md" in (tmp_path / "report/index.html").read_text(encoding="utf-8")
