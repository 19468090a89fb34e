"""The checklist says what the files of a report hold, and no more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gner_bench.report.checklist import checklist, checklist_text
from gner_bench.report.contents import prepare

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
