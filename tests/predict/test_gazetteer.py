"""The baseline that knows mentions by heart, and what the catalogue makes of a model's name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.answers import Span
from gner_bench.demo import CORPUS
from gner_bench.documents.record import read_records
from gner_bench.documents.run import read_run
from gner_bench.errors import InputError, UsageError
from gner_bench.predict.backend import BACKENDS, SystemOptions, as_known
from gner_bench.predict.backends.gazetteer import counted, matched, read_mentions
from gner_bench.predict.engine import run_prediction
from gner_bench.predict.options import Limit, Options

MENTIONS = (
    (("New", "York"), "city"),
    (("new", "york"), "state"),
    (("New", "York"), "city"),
    (("New", "York", "Times"), "paper"),
    (("York",), "city"),
    (("York",), "band"),
)


def found(
    text: str, types: tuple[str, ...] = ("city", "state", "paper", "band")
) -> list[tuple[str, str, float | None]]:
    spans = matched(text.split(), counted(MENTIONS), types)
    return [(span.text, span.type, span.score) for span in spans]


def test_the_longest_match_wins_in_any_case() -> None:
    assert found("the NEW york times of New York") == [("NEW york times", "paper", 1.0), ("New York", "city", 0.6667)]


def test_the_most_frequent_type_wins_and_the_first_one_of_equals() -> None:
    assert found("york") == [("york", "city", 0.5)]


def test_only_types_that_are_asked_for_and_their_share_of_all() -> None:
    assert found("new york", ("state",)) == [("new york", "state", 0.3333)]
    assert found("the new york times", ("city",)) == [("new york", "city", 0.6667)]
    assert found("times", ("city",)) == []


@given(st.lists(st.sampled_from(["new", "york", "times", "x", ""]), max_size=12))
def test_matches_lie_in_the_sentence_and_never_in_each_other(words: list[str]) -> None:
    spans: list[Span] = matched(words, counted(MENTIONS), ("city", "paper"))
    ends = [0, *(span.end for span in spans)]
    assert all(end <= span.first < span.end <= len(words) for end, span in zip(ends, spans, strict=False))


def test_a_run_on_the_training_mentions_is_recorded_with_what_it_knows(tmp_path: Path) -> None:
    options = Options(CORPUS, tmp_path / "run", ("mit-restaurant",), limit=Limit(1, 24))
    path = run_prediction(SystemOptions("train", "gazetteer"), options, lambda _: None, name="memory")
    run = read_run(path.with_name("run.json"))
    assert (run.name, run.model.name, run.format) == ("memory", "gazetteer", "spans")
    assert run.model.training_sets == ("mit-restaurant/train",)
    assert list(run.model.files or {}) == ["mit-restaurant/train"]
    records = list(read_records(path))
    # The first sentence is: find me a cheap peruvian place near the airport; of that, training has only the price.
    assert json.loads(records[0].prediction) == [[3, 3, "Price", 1.0]]


def test_the_asked_split_is_never_what_it_knows(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="by heart"):
        BACKENDS.get("gazetteer").make(SystemOptions("train", "gazetteer"), Options(CORPUS, tmp_path, split="train"))


def test_a_list_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "list.tsv"
    file.write_text("Warsaw\tlocation\n\nMarie Curie\tperson\n", encoding="utf-8")
    assert list(read_mentions(file)) == [(("Warsaw",), "location"), (("Marie", "Curie"), "person")]
    backend = BACKENDS.get("gazetteer").make(SystemOptions(str(file), "gazetteer"), Options(CORPUS, tmp_path))
    assert list(backend.model.files or {}) == ["list.tsv"]
    file.write_text("Warsaw\tlocation\nParis\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"list\.tsv, line 2: expected mention<TAB>type"):
        list(read_mentions(file))
    with pytest.raises(UsageError, match="expected train, or a file"):
        BACKENDS.get("gazetteer").make(SystemOptions("nowhere", "gazetteer"), Options(CORPUS, tmp_path))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (SystemOptions("UniNER-7B-type"), SystemOptions("UniNER-7B-type", format="uniner")),
        (SystemOptions("slimer-3"), SystemOptions("slimer-3", format="slimer", wrapping="chat")),
        (SystemOptions("SLIMER-3", format="json"), SystemOptions("SLIMER-3", format="json", wrapping="chat")),
        (SystemOptions("HiTZ/GoLLIE-7B"), SystemOptions("HiTZ/GoLLIE-7B", format="gollie")),
        (SystemOptions("GNER-T5-base"), SystemOptions("GNER-T5-base")),
        (SystemOptions("KnowCoder-7B", format="gollie"), SystemOptions("KnowCoder-7B", format="gollie")),
        (SystemOptions("my/own"), SystemOptions("my/own")),
        (
            SystemOptions("SLIMER", "openai", base_url="http://h/v1"),
            SystemOptions("SLIMER", "openai", format="slimer", base_url="http://h/v1"),
        ),
    ],
)
def test_options_that_are_not_set_come_from_the_catalogue(given: SystemOptions, expected: SystemOptions) -> None:
    assert as_known(given) == expected


def test_a_system_without_a_prompt_here_is_refused() -> None:
    with pytest.raises(UsageError, match="ReasoningNER-8B: no public checkpoint"):
        as_known(SystemOptions("ReasoningNER-8B"))
