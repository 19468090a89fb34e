from __future__ import annotations

from pathlib import Path

import pytest

from gner_bench.catalog import use_file
from gner_bench.errors import InputError, UsageError
from gner_bench.fetch import requirements
from gner_bench.predict.inputs import provide_inputs, select
from gner_bench.predict.options import Options


def options(data: Path | None, *datasets: str, **changes: object) -> Options:
    return Options(data, Path("out"), datasets, **changes)  # type: ignore[arg-type]


def test_groups_of_the_catalogue_stand_for_sets_of_a_folder(shared: Path) -> None:
    names = [dataset.name for dataset in select(options(shared / "data" / "gner", "zero-shot", limit=1))]
    assert names[0] == "crossner_ai"
    assert len(names) == 7


def test_known_problems_are_told_in_one_line(shared: Path) -> None:
    said: list[str] = []
    provide_inputs([], options(shared / "data" / "gner", "crossner_music", "mit-movie"), said.append)
    assert said == [
        "known problems of the data: crossner_music/test: 6 sentences are in train too, 8 sentences are there more than"
        " once, 5 of them with conflicting gold; mit-movie/test: 24 sentences are in train too, 1 sentence is"
        " there more than once (see gner-bench audit)"
    ]


def test_the_demonstration_has_no_known_problems() -> None:
    from gner_bench.demo import CORPUS

    provide_inputs([], options(CORPUS), pytest.fail)


def test_illegal_gold_is_refused_until_a_repair_is_chosen_and_then_counted(shared: Path) -> None:
    with pytest.raises(InputError, match=r"WikiNeural/dev\.txt, line \d+: tag: 'I-\w+' continues no entity"):
        select(options(shared / "data" / "gner", "WikiNeural", split="dev"))
    said: list[str] = []
    provide_inputs([], options(shared / "data" / "gner", "WikiNeural", split="dev", repair="begin"), said.append)
    assert said[-1] == "WikiNeural/dev: 439 illegal tags were repaired"


def test_data_must_be_named() -> None:
    with pytest.raises(UsageError, match="say which data"):
        provide_inputs([], options(None), pytest.fail)


def test_a_checkpoint_trained_on_the_set_is_not_zero_shot(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.toml"
    entry = 'name = "mine"\nhub = "me/mine"\nfamily = "t5"\nparameters = 1\ntraining_sets = ["other"]'
    file.write_text(f"[[model]]\n{entry}\n", encoding="utf-8")
    monkeypatch.setattr(requirements, "missing", lambda wanted: requirements.Requirements())
    said: list[str] = []
    with use_file(file):
        provide_inputs(["mine"], options(corpus, "other"), said.append)
    assert said == ["mine was trained on other: not zero-shot"]
