"""The model card."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gner_bench.train.recipe import PILE_NER

pytestmark = pytest.mark.usefixtures("short_outputs")
FineTuned = Callable[..., Path]


def card(folder: Path) -> str:
    return (folder / "README.md").read_text(encoding="utf-8")


def test_the_card_gives_scores_data_overlap_and_recipe(fine_tuned: FineTuned) -> None:
    out = fine_tuned(note="a test")
    text, scores = card(out), json.loads((out / "selection_scores.json").read_text(encoding="utf-8"))
    assert text.startswith("---\nlibrary_name: transformers\ntags:\n")
    assert "# mine\n" in text
    assert "a test" in text
    assert f"\n```\n{scores['signature']}\n```\n" in text
    assert "| films/train-heldout | 1 | 0.0 | 0.0 | 0.0 | 0.0 |" in text
    assert re.search(r"\| films/train \| 14 \| all \| 0 \| `[0-9a-f]{16}` \|", text)
    assert "- trained on 1 sentence of films/train that is in films/test\n" in text
    assert "was trained on news." in text
    assert f"```toml\n{(out / 'recipe.toml').read_text(encoding='utf-8')}```" in text
    assert "base_model" not in text


def test_the_card_names_overlaps_that_could_not_be_checked(fine_tuned: FineTuned) -> None:
    told: list[str] = []
    text = card(fine_tuned(told=told, test=["mit-movie"], steps=1))
    assert (
        "- none found, by words in lower case\n- not checked, because the test sets were not there: mit-movie\n" in text
    )
    assert told == ["not checked for test sentences, their test sets are not here: mit-movie"]


def test_the_card_says_what_became_of_mentions_without_places(fine_tuned: FineTuned, films: Path) -> None:
    (films / PILE_NER).mkdir()
    said = ["Text: Ann met Ann in Rome", "I've read this text.", "What describes person in the text?", '["Ann"]']
    said += ["What describes city in the text?", '["Rome", "Paris"]']
    turns = [{"from": ("human", "gpt")[i % 2], "value": value} for i, value in enumerate(said)]
    records = [{"id": str(i), "conversations": turns} for i in range(3)]
    (films / PILE_NER / "train.json").write_text(json.dumps(records), encoding="utf-8")
    out = fine_tuned(sets=[{"name": PILE_NER, "negative_types": 1}], selection=None, steps=1)
    assert (
        "Of those in the file, 6 were tagged (3 of them occur more than once in their passage: every occurrence was"
        " tagged); 0 overlap with a longer mention or one before, 0 were listed under an earlier type too and keep that"
        " one, and 3 are not in the text"
    ) in card(out)
    run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert run["data"]["training"][f"{PILE_NER}/train"]["mentions"]["missing"] == 3
    assert "| 1 | 0 |" in card(out)


def test_names_of_people_are_text_and_a_recipe_cannot_leave_its_block(fine_tuned: FineTuned) -> None:
    out = fine_tuned(name="<b>a|b</b> [x](y)", note="# no heading", source="```\n# out", steps=1)
    text = card(out)
    assert r"# \<b\>a\|b\</b\> \[x\](y)" in text
    assert "\n# no heading" not in text
    assert "\n````toml\n" in text
