"""What goes wrong when entities are scored, and what we do instead: the table of traps in docs/protocol.md."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.api import load_predictions, score
from gner_bench.bio import lenient_spans, strict_spans
from gner_bench.data.sentence import Dataset, Sentence
from gner_bench.documents.scores import Resampling
from gner_bench.errors import InputError
from gner_bench.number_text import decimal
from gner_bench.scoring.counts import entities, gner_counts, normalise, partial_counts, strict_counts, type_counts
from gner_bench.scoring.document import scores_document
from gner_bench.scoring.metrics import METRICS, prf
from gner_bench.scoring.scores import warnings_of
from gner_bench.scoring.signature import SHORT, signature_fields
from gner_bench.scoring.values import SystemValues
from gner_bench.structure import match, parse_generation, structure

from .sentences import f1, given_sets, of_spans, sentence

ROOT = Path(__file__).parents[2]
PROTOCOL = (ROOT / "docs/protocol.md").read_text(encoding="utf-8")
NONE = Resampling(0)
Build = Callable[..., dict[str, Any]]
Write = Callable[..., Path]


# Data


def test_dropped_types_stand_in_the_signature_and_gold_with_them_can_be_given(
    record: Build, predictions_file: Write
) -> None:
    path = predictions_file(record(dataset="crossner_ai"))
    dropped = score(path)
    assert signature_fields(dropped, NONE)["misc"] == "dropped"
    gold = Sentence("0", ("Ann", "saw", "Oslo"), ("B-person", "B-misc", "B-place"))
    kept = score(load_predictions(path, gold=[Dataset("crossner_ai", "test", ("person", "place", "misc"), (gold,))]))
    assert signature_fields(kept, NONE)["misc"] == "kept"
    assert SystemValues(kept, NONE).average("strict").recall < SystemValues(dropped, NONE).average("strict").recall == 1
    assert any("types that the prompts did not ask for" in line for line in warnings_of(kept))


def test_a_split_that_equals_another_is_told(record: Build, predictions_file: Write) -> None:
    path = predictions_file(record(dataset="mit-movie", split="dev"))
    assert any("mit-movie/dev: it is the test split" in line for line in warnings_of(score(path)))


def test_sentences_with_the_same_words_and_other_gold_are_counted_apart(record: Build, predictions_file: Write) -> None:
    labels = ["O", "O", "B-place"]
    path = predictions_file(record(), record(id="1", labels=labels, prediction="Ann(B-person) saw(O) Oslo(B-place)"))
    counts = SystemValues(score(path), NONE).sets["news"].micro("strict").counts
    assert counts is not None
    assert (counts.true_positives, counts.predicted, counts.gold) == (3, 4, 3)


def test_types_are_compared_letter_by_letter_and_foreign_gold_is_told(record: Build, predictions_file: Write) -> None:
    path = predictions_file(record(label_list=["Person", "place"]))
    found = score(path)
    figures = SystemValues(found, NONE).sets["news"].types("strict")
    assert {kind: (each.f1, each.counts.gold if each.counts else 0) for kind, each in figures.items()} == {
        "Person": (0.0, 0),
        "place": (1.0, 1),
        "person": (0.0, 1),
    }
    assert any("gold tags have a type that label_list lacks" in line for line in warnings_of(found))


def test_a_copy_of_a_data_set_with_fewer_sentences_or_other_words_is_told(
    record: Build, predictions_file: Write
) -> None:
    path = predictions_file(record(dataset="mit-restaurant"))
    found = score(path)
    assert any("1 of 1521 of mit-restaurant/test" in line for line in warnings_of(found))
    fields = signature_fields(found, NONE)
    assert fields["part"] == "mit-restaurant=1/1521"
    other = predictions_file(record(dataset="mit-restaurant", words=["Ann", "saw", "oslo"]), file="other.jsonl")
    assert signature_fields(score(other), NONE)["data"] != fields["data"]


# From text to tags


def test_words_are_those_of_the_record_and_are_never_split_again() -> None:
    words = ["rock-n-roll", "don't", "New York", "(", "U.S."]
    text = "rock-n-roll(B-x) don't(O) New York(B-x) ((O) U.S.(B-x)"
    found = structure(words, ["x"], text).match
    assert (found.step, found.tags) == ("exact", ["B-x", "O", "B-x", "O", "B-x"])


def test_the_text_is_taken_whole_without_looking_for_a_marker() -> None:
    assert parse_generation("Ann(B-person)") == [("Ann", "B-person")]
    assert parse_generation("[/INST] Ann(B-person)") == [("[/INST] Ann", "B-person")]


def test_broken_labels_become_o_and_are_counted() -> None:
    found = structure(["john", "smith", "ran"], ["person"], "john(B-person smith(I-person) ran(O)")
    assert found.match.tags == ["O", "O", "O"]
    assert found.unknown_labels == 1
    assert parse_generation("a(B-tv (series)) b(O)") == [("a", "B-tv (series"), (") b", "O")]
    assert parse_generation("(O) a(O)") == [("a", "O")]
    assert parse_generation("press (O) now(O)") == [("press", "O"), ("now", "O")]


def test_words_without_known_characters_move_the_sentence_to_a_later_step() -> None:
    def back(words: Sequence[str]) -> list[str]:
        return [word.replace("東", "") for word in words]

    assert match(["a", "東", "b"], ["a", "b"], ["B-x", "O"]).step == "subsequence"
    assert match(["a", "東", "b"], ["a", "b"], ["B-x", "O"], back).step == "subsequence"
    assert match(["a", "東", "b"], ["a", "東", "b"], ["B-x", "O", "O"]).step == "exact"
    assert match(["a", "東", "b"], ["a", "東", "b"], ["B-x", "O", "O"], back).step == "lcs"
    assert match(["x東", "b"], ["x", "b"], ["B-x", "O"], back).step == "exact"


def test_scoring_without_back_tokenization_is_told(record: Build, predictions_file: Write) -> None:
    found = score(predictions_file(record()))
    assert any("scored without back-tokenization" in line for line in warnings_of(found))
    assert signature_fields(found, NONE)["tok"] == "none"


def test_a_subsequence_goes_to_the_first_equal_words_even_where_that_splits_an_entity() -> None:
    words = ["new", "york", "and", "new", "york", "city"]
    found = structure(words, ["place"], "new(B-place) york(I-place) city(I-place)")
    assert found.match.step == "subsequence"
    assert found.match.tags == ["B-place", "I-place", "O", "O", "O", "I-place"]
    assert entities(words, lenient_spans(found.match.tags)) == {("new york", "place"), ("city", "place")}
    assert strict_spans(found.match.tags) == [(0, 2, "place")]


def chosen_alignment(words: Sequence[str], generated: Sequence[str]) -> list[int | None]:
    """Of the longest alignments: from the last pair to the first, each the latest possible word of the sentence, and
    for it the earliest possible generated word."""
    length = [[0] * (len(generated) + 1) for _ in range(len(words) + 1)]
    for row, word in enumerate(words):
        for column, other in enumerate(generated):
            longest = max(length[row][column + 1], length[row + 1][column])
            length[row + 1][column + 1] = length[row][column] + 1 if word == other else longest
    sources: list[int | None] = [None] * len(words)
    wanted = length[-1][-1]
    for row in range(len(words) - 1, -1, -1):
        ranks = (c for c, other in enumerate(generated) if other == words[row] and length[row][c] + 1 == wanted)
        sources[row] = next(ranks, None) if wanted else None
        wanted -= sources[row] is not None
    return sources


@given(st.lists(st.sampled_from("abcd"), max_size=12), st.lists(st.sampled_from("abcd"), max_size=12))
def test_of_equally_long_alignments_one_rule_chooses(words: list[str], generated: list[str]) -> None:
    found = match(words, generated, ["O"] * len(generated))
    if found.step == "lcs":
        assert found.sources == chosen_alignment(words, generated)


def test_words_that_differ_in_case_alone_are_the_same_to_matching() -> None:
    found = match(["US", "and", "us"], ["us", "US"], ["O", "B-country"])
    assert (found.step, found.tags) == ("subsequence", ["O", "O", "B-country"])


# Spans


def test_an_orphan_opens_an_entity_for_the_gner_metric_and_none_for_the_strict_one() -> None:
    assert f1(sentence("B-x I-x", "I-x I-x"), "gner") == pytest.approx(1)
    assert f1(sentence("B-x I-x", "I-x I-x")) == 0


def test_the_last_label_names_an_entity_for_the_gner_metric() -> None:
    assert lenient_spans(["B-actor", "I-director"]) == [(0, 2, "director")]
    assert f1(sentence("B-director I-director", "B-actor I-director"), "gner") == pytest.approx(1)
    assert strict_spans(["B-actor", "I-director"]) == [(0, 1, "actor")]


def test_equal_mentions_in_a_sentence_count_once_for_the_gner_metric_and_each_for_the_strict_one() -> None:
    found = sentence("B-x O B-x", "B-x O O", words="Paris or Paris")
    assert gner_counts(found) == {"x": (1, 1, 1)}
    assert strict_counts(found) == {"x": (1, 1, 2)}
    elsewhere = sentence("B-x O O", "O O B-x", words="Paris or Paris")
    assert gner_counts(elsewhere) == {"x": (1, 1, 1)}
    assert strict_counts(elsewhere) == {"x": (0, 1, 1)}


def test_what_normalisation_merges_is_one_entity_for_the_gner_metric_and_keeps_its_place_for_the_strict_one() -> None:
    found = sentence("B-x B-x B-x", "B-x B-x B-x", words="C C# C++")
    assert gner_counts(found) == {"x": (1, 1, 1)}
    assert strict_counts(found) == {"x": (3, 3, 3)}
    empty = sentence("B-x I-x O", "O O B-x", words="The The a")
    assert normalise("The The") == ""
    assert gner_counts(empty) == {"x": (1, 1, 1)}
    assert strict_counts(empty) == {"x": (0, 1, 1)}


def test_types_that_normalisation_empties_still_count_under_their_name() -> None:
    assert gner_counts(sentence("B-a", "B-a")) == {"a": (1, 1, 1)}


# Averages and denominators


def test_each_average_has_its_own_name() -> None:
    large = [sentence("B-x", "B-x")] * 9 + [sentence("B-y", "O")]
    small = [sentence("B-x", "O")]
    found = scores_document(score(given_sets(large=large, small=small)), NONE).json()
    assert found["average"]["strict"]["f1"] == pytest.approx((18 / 19) / 2)
    assert found["pooled"]["strict"]["f1"] == pytest.approx(18 / 20)
    assert found["macro"]["strict"]["f1"] == pytest.approx((1 / 2 + 0) / 2)
    assert found["signature_fields"]["avg"] == "micro-per-set,mean-over-sets"


def test_no_sentence_and_no_type_leaves_the_denominator(record: Build, predictions_file: Write) -> None:
    labels = ["B-person", "O", "B-place"]
    path = predictions_file(
        record(prediction=""),
        record(id="1", prediction="no labels here"),
        record(id="2", prediction="(((B-"),
        record(id="3", labels=labels, label_list=["place"]),
    )
    counts = SystemValues(score(path), NONE).sets["news"].micro("strict").counts
    assert counts is not None
    assert (counts.true_positives, counts.predicted, counts.gold) == (1, 1, 8)


def test_a_record_that_cannot_be_read_is_an_error_and_never_left_out(bad_predictions: Any) -> None:
    with pytest.raises(InputError):
        score(bad_predictions.path)


def test_several_predictions_on_one_gold_entity_are_right_once() -> None:
    found = of_spans([(0, 6, "x")], [(0, 2, "x"), (2, 4, "x"), (4, 6, "x")])
    assert type_counts(found) == {"x": (1, 3, 1)}
    assert partial_counts(found) == {"": (1, 6, 2)}
    for metric in METRICS:
        assert f1(found, metric) <= 1


def test_one_prediction_on_two_gold_entities_is_right_once() -> None:
    found = of_spans([(0, 2, "x"), (2, 4, "x")], [(1, 3, "x")])
    assert type_counts(found) == {"x": (1, 1, 2)}
    assert partial_counts(found) == {"": (1, 2, 4)}


def test_scores_are_stored_unrounded_and_tables_round_the_binary_value_half_to_even() -> None:
    found = scores_document(score(given_sets(news=[sentence("B-x B-x B-x", "B-x O O")])), NONE).json()
    assert found["average"]["strict"]["f1"] == 2 * (1 / 3) / (1 + 1 / 3)
    assert prf(1, 1, 3, "gner").f1 == pytest.approx(0.5, abs=1e-9)
    assert [decimal(figure) for figure in (0.25, 0.75, 66.05, 66.15, 99.96)] == ["0.2", "0.8", "66.0", "66.2", "100.0"]


# What docs/protocol.md says


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    lines = PROTOCOL.split(f"## {heading}\n", 1)[1].splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith("|"))
    table = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line[1:-1].split("|")])
    return table[2:]


def test_every_test_that_the_protocol_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", PROTOCOL))
    written = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)\(", path.read_text())
    }
    assert len(named) > 25
    assert named <= written


def test_the_protocol_lists_every_metric_as_it_is_defined() -> None:
    found = {cells[0].strip("`"): cells for cells in rows("Metrics")}
    assert list(found) == list(METRICS)
    for metric, cells in found.items():
        definition = METRICS[metric]  # type: ignore[index]
        assert cells[1:4] == [definition.title, f"`{definition.counts_what}`", f"`{definition.repair}`"]


def test_the_protocol_lists_every_key_of_the_signature() -> None:
    found = {cells[0].strip("`"): cells[1].strip("`") for cells in rows("Signature")}
    fields = signature_fields(score(given_sets(news=[sentence("B-x", "B-x")])), NONE)
    assert set(found) == {*fields, "part", "answers", "scheme", "spaces", "align", "ci", "cl"}
    assert {key: short for key, short in found.items() if short} == SHORT
