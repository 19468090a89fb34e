from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.api import load_predictions, score
from gner_bench.bio import Span
from gner_bench.scoring.counting import score as count
from gner_bench.scoring.counts import strict_counts
from gner_bench.scoring.errors import ERROR_CLASSES, PAPER, classify
from gner_bench.scoring.metrics import METRICS
from gner_bench.scoring.predictions import Prediction
from gner_bench.structure import structure

from .sentences import given_sets, of_spans, predictions, sentence, spans

SETS = st.lists(predictions(), min_size=1, max_size=5)
WORDS = ("Ann", "saw", "Oslo", "and", "Rome")
LABELS = ("O", "B-x", "I-x", "B-y", "I-y", "B-unknown", "I-unknown")


def errors(*sentences: Prediction, metrics: Sequence[Any] = ("gner", "strict")) -> dict[str, Any]:
    """The part ``errors`` of the sentences, as it is read back from scores.json."""
    analysis = count(given_sets(news=sentences), metrics).sets["news"].analysis
    found: dict[str, Any] = json.loads(json.dumps(analysis.json()["errors"]))
    return found


def strict_sums(sentences: Sequence[Prediction]) -> list[int]:
    triples = [triple for each in sentences for triple in strict_counts(each).values()]
    return [sum(column) for column in zip((0, 0, 0), *triples, strict=True)]


def classes(gold: Sequence[Span], predicted: Sequence[Span]) -> list[str]:
    return [name for name, _, _ in classify(gold, predicted)]


@pytest.mark.parametrize(
    ("gold", "predicted", "found"),
    [
        ("B-x I-x O", "B-x I-x O", {"correct": 1}),
        ("B-x I-x O", "B-y I-y O", {"wrong_type": 1}),
        ("B-x I-x O", "B-x O O", {"wrong_boundary": 1}),
        ("B-x I-x O", "B-x I-x I-x", {"wrong_boundary": 1}),
        ("B-x I-x O", "B-y O O", {"wrong_both": 1}),
        ("B-x I-x O", "O O B-x", {"missed": 1, "spurious": 1}),
        ("B-x I-x O", "O O O", {"missed": 1}),
        ("O O O", "O B-y O", {"spurious": 1}),
        ("B-x I-x O", "O I-x O", {"missed": 1}),
        ("B-x I-x I-x I-x", "B-x I-x B-x I-x", {"wrong_boundary": 1, "spurious": 1}),
        ("B-x I-x B-x I-x", "B-x I-x I-x I-x", {"wrong_boundary": 1, "missed": 1}),
        ("B-x I-x I-x", "B-y B-x I-x", {"wrong_boundary": 1, "spurious": 1}),
        ("B-x B-y I-y", "B-x I-x I-x", {"wrong_boundary": 1, "missed": 1}),
        ("B-x I-x B-y", "B-y I-y B-x", {"wrong_type": 2}),
    ],
)
def test_classes_by_hand(gold: str, predicted: str, found: dict[str, int]) -> None:
    there = errors(sentence(gold, predicted))["classes"]
    assert {name: number for name, number in there.items() if number} == found
    assert tuple(there) == ERROR_CLASSES


def test_pairs_are_told_from_left_to_right_with_their_spans() -> None:
    gold = [(0, 2, "x"), (3, 4, "y"), (6, 8, "x")]
    predicted = [(0, 2, "y"), (2, 3, "x"), (3, 4, "y"), (7, 9, "y")]
    assert classify(gold, predicted) == [
        ("wrong_type", (0, 2, "x"), (0, 2, "y")),
        ("spurious", None, (2, 3, "x")),
        ("correct", (3, 4, "y"), (3, 4, "y")),
        ("wrong_both", (6, 8, "x"), (7, 9, "y")),
    ]


def test_overlaps_of_one_type_come_before_overlaps_to_their_left() -> None:
    assert classify([(0, 4, "x")], [(0, 1, "y"), (3, 5, "x")]) == [
        ("spurious", None, (0, 1, "y")),
        ("wrong_boundary", (0, 4, "x"), (3, 5, "x")),
    ]


@given(spans(), spans())
def test_every_span_stands_in_one_class(gold: list[Span], predicted: list[Span]) -> None:
    found = classify(gold, predicted)
    assert sorted(span for _, span, _ in found if span) == sorted(gold)
    assert sorted(span for _, _, span in found if span) == sorted(predicted)


@given(spans(), spans())
def test_a_pair_is_what_its_class_says(gold: list[Span], predicted: list[Span]) -> None:
    for name, left, made in classify(gold, predicted):
        if left is None or made is None:
            assert name == ("spurious" if left is None else "missed")
            continue
        assert left[0] < made[1]
        assert made[0] < left[1]
        same = left[:2] == made[:2], left[2] == made[2]
        names = {(True, True): "correct", (True, False): "wrong_type", (False, True): "wrong_boundary"}
        assert name == names.get(same, "wrong_both")


@given(spans(), spans())
def test_no_missed_and_spurious_spans_are_left_that_share_a_word(gold: list[Span], predicted: list[Span]) -> None:
    found = classify(gold, predicted)
    missed = [left for name, left, _ in found if name == "missed" and left]
    spurious = [made for name, _, made in found if name == "spurious" and made]
    assert not [1 for one in missed for other in spurious if one[0] < other[1] and other[0] < one[1]]


@given(spans(), spans())
def test_exchanging_gold_and_prediction_keeps_the_correct_and_the_wrongly_typed(
    gold: list[Span], predicted: list[Span]
) -> None:
    there, back = classes(gold, predicted), classes(predicted, gold)
    for name in ("correct", "wrong_type"):
        assert there.count(name) == back.count(name)


@pytest.mark.slow
@given(SETS)
def test_classes_add_up_to_gold_and_predicted_and_correct_is_what_strict_counts(sentences: list[Prediction]) -> None:
    found = errors(*sentences)["classes"]
    right, predicted, gold = strict_sums(sentences)
    assert found["correct"] == right
    assert sum(found.values()) - found["spurious"] == gold
    assert sum(found.values()) - found["missed"] == predicted


@given(SETS)
def test_buckets_add_up_to_what_strict_counts(sentences: list[Prediction]) -> None:
    found = errors(*sentences)
    for buckets in ("by_entity_length", "by_sentence_length", "by_type_position"):
        sums = [sum(column) for column in zip((0, 0, 0), *found[buckets].values(), strict=True)]
        assert sums == strict_sums(sentences), buckets


@pytest.mark.slow
@given(SETS)
def test_types_and_confusion_hold_every_pair_and_span(sentences: list[Prediction]) -> None:
    found = errors(*sentences)
    by_type = [each for counts in found["types"].values() for each in counts.items()]
    assert {name: sum(n for key, n in by_type if key == name) for name in ERROR_CLASSES} == found["classes"]
    rows = found["confusion"]
    assert sum(n for _, _, n in rows) == sum(found["classes"].values())
    assert sum(n for gold, _, n in rows if gold is None) == found["classes"]["spurious"]
    assert sum(n for _, predicted, n in rows if predicted is None) == found["classes"]["missed"]
    gold = {kind: sum(n for left, _, n in rows if left == kind) for kind in found["types"]}
    assert gold == {kind: sum(c.values()) - c.get("spurious", 0) for kind, c in found["types"].items()}


@pytest.mark.slow
@given(SETS)
def test_the_errors_of_the_paper_are_every_error_once(sentences: list[Prediction]) -> None:
    found = errors(*sentences)
    counts = found["classes"]
    assert sorted(name for names in PAPER.values() for name in names) == sorted(set(ERROR_CLASSES) - {"correct"})
    assert sum(each["count"] for each in found["paper"].values()) == sum(counts.values()) - counts["correct"]


@pytest.mark.slow
@given(SETS)
def test_the_order_of_sentences_does_not_matter(sentences: list[Prediction]) -> None:
    assert json.dumps(errors(*sentences)) == json.dumps(errors(*reversed(sentences)))


def test_buckets_by_hand() -> None:
    long = " ".join(["B-b", *["I-b"] * 6])
    found = errors(
        sentence(f"B-a O {long} O O", f"B-a O {long} O B-c", types=("a", "b")),
        sentence("B-b", "B-a", types=("b", "a")),
    )
    assert found["by_entity_length"] == {
        "1": [1, 3, 2],
        "2": [0, 0, 0],
        "3": [0, 0, 0],
        "4": [0, 0, 0],
        "5+": [1, 1, 1],
    }
    assert found["by_sentence_length"]["1-10"] == [0, 1, 1]
    assert found["by_sentence_length"]["11-20"] == [2, 3, 2]
    assert found["by_type_position"] == {"1": [1, 1, 2], "2": [1, 2, 1], "unlisted": [0, 1, 0]}


@pytest.mark.parametrize(
    ("words", "bucket"), [(10, "1-10"), (11, "11-20"), (40, "31-40"), (41, "41-60"), (60, "41-60"), (61, "61+")]
)
def test_sentences_stand_in_the_range_of_their_length(words: int, bucket: str) -> None:
    tags = " ".join(["B-x"] + ["O"] * (words - 1))
    assert [name for name, sums in errors(sentence(tags, tags))["by_sentence_length"].items() if any(sums)] == [bucket]


def test_positions_after_the_thirtieth_are_counted_together() -> None:
    types = [f"t{place}" for place in range(1, 41)]
    tags = "B-t30 B-t31 B-t40"
    assert errors(sentence(tags, tags, types=types))["by_type_position"] == {"30": [1, 1, 1], "31+": [2, 2, 2]}


def test_a_type_listed_twice_has_its_first_position() -> None:
    assert list(errors(sentence("B-x", "B-x", types=("y", "x", "x")))["by_type_position"]) == ["2"]


def test_entities_that_stand_nowhere_are_spurious() -> None:
    found = errors(sentence("B-x", "O", types=("x", "y"), unplaced=(("New York", "y"),)))
    assert found["classes"] == dict.fromkeys(ERROR_CLASSES, 0) | {"missed": 1, "spurious": 1}
    assert found["confusion"] == [[None, "y", 1], ["x", None, 1]]
    assert found["by_entity_length"]["2"] == [0, 1, 0]
    assert found["by_type_position"]["2"] == [0, 1, 0]


@pytest.mark.slow
@given(SETS)
def test_perfect_types_turn_wrong_types_right_and_leave_the_numbers_as_they_are(sentences: list[Prediction]) -> None:
    found = errors(*sentences)
    right, predicted, gold = strict_sums(sentences)
    oracle = found["oracle"]["perfect_types"]["strict"]
    assert oracle == [right + found["classes"]["wrong_type"], predicted, gold]
    assert oracle[0] >= right


@pytest.mark.slow
@given(st.lists(st.tuples(spans(), spans()), min_size=1, max_size=4))
def test_perfect_types_by_gner_are_what_gner_counts_of_changed_tags(sides: list[tuple[list[Span], list[Span]]]) -> None:
    given_, changed = [], []
    for gold, predicted in sides:
        kinds = {span[:2]: span[2] for span in gold}
        given_.append(of_spans(gold, predicted))
        changed.append(of_spans(gold, [(*span[:2], kinds.get(span[:2], span[2])) for span in predicted]))
    triples = [triple for each in changed for triple in METRICS["gner"].count(each).values()]
    expected = [sum(column) for column in zip((0, 0, 0), *triples, strict=True)]
    assert errors(*given_)["oracle"]["perfect_types"]["gner"] == expected


def test_perfect_types_reads_spans_as_each_metric_does() -> None:
    found = errors(sentence("B-x I-x O", "B-y I-z O"))["oracle"]["perfect_types"]
    assert found == {"gner": [1, 1, 1], "strict": [0, 1, 1]}


def structured(gold: Sequence[str], text: str, types: Sequence[str] = ("x", "y")) -> Prediction:
    found = structure(WORDS, types, text)
    given_ = sentence(" ".join(gold), " ".join(found.match.tags), " ".join(WORDS), types)
    return replace(given_, text=text, structured=found)


TEXTS = st.lists(
    st.tuples(st.sampled_from([*WORDS, "else"]), st.sampled_from(LABELS)).map(lambda pair: f"{pair[0]}({pair[1]})"),
    max_size=7,
).map(" ".join)
GOLD = spans().map(lambda found: [span for span in found if span[1] <= len(WORDS)])


@pytest.mark.slow
@given(st.lists(st.tuples(GOLD, TEXTS), min_size=1, max_size=4))
def test_perfect_structuring_loses_nothing_that_was_right(drawn: list[tuple[list[Span], str]]) -> None:
    sentences = [structured(of_spans(gold, []).gold[: len(WORDS)], text) for gold, text in drawn]
    right, _, gold_entities = strict_sums(sentences)
    oracle = errors(*sentences)["oracle"]["perfect_structuring"]["strict"]
    assert right <= oracle[0] <= gold_entities == oracle[2]


@given(GOLD, st.data())
def test_perfect_structuring_of_right_labels_is_perfect(gold: list[Span], data: st.DataObject) -> None:
    tags = of_spans(gold, []).gold[: len(WORDS)]
    labels = [data.draw(st.sampled_from([tag, "B-unknown", None])) for tag in tags]
    text = " ".join(f"{word}({label})" for word, label in zip(WORDS, labels, strict=True) if label)
    oracle = errors(structured(tags, text))["oracle"]["perfect_structuring"]
    assert oracle["strict"] == [len(gold)] * 3
    assert len(set(oracle["gner"])) == 1


def test_perfect_structuring_by_hand() -> None:
    gold = ("B-x", "O", "B-y", "O", "B-y")
    found = errors(structured(gold, "Ann(B-z) saw(O) and(O) Rome(O)"))
    assert found["classes"]["missed"] == 3
    assert found["oracle"]["perfect_structuring"] == {"gner": [2, 2, 3], "strict": [2, 2, 3]}


def test_perfect_structuring_can_lower_precision() -> None:
    gold = ("B-x", "I-x", "O", "O", "O")
    assert errors(structured(gold, "saw(O) Oslo(O) and(O) Rome(O)"))["oracle"]["perfect_structuring"]["strict"] == [
        0,
        1,
        1,
    ]


def test_perfect_structuring_needs_text_that_was_structured() -> None:
    assert list(errors(sentence("B-x", "O"))["oracle"]) == ["perfect_types"]


def test_oracles_are_for_the_metrics_that_were_counted() -> None:
    assert errors(sentence("B-x", "B-y"), metrics=("strict",))["oracle"] == {"perfect_types": {"strict": [1, 1, 1]}}
    assert errors(sentence("B-x", "B-y"), metrics=("token",))["oracle"] == {"perfect_types": {}}


@pytest.mark.parametrize("system", ["gner-t5-base", "gner-t5-large"])
def test_real_outputs(shared: Path, system: str) -> None:
    loaded = load_predictions(shared / f"predictions/{system}.dev700.jsonl", tokenizer=shared / "tokenizers/t5")
    scores = score(loaded)
    for name, each in scores.sets.items():
        found = each.analysis.json()["errors"]
        right, predicted, gold = each.statistics.sums()[list(each.statistics.columns_of("strict").values())].sum(axis=0)
        counts = found["classes"]
        assert counts["correct"] == right, name
        assert sum(counts.values()) - counts["spurious"] == gold
        assert sum(counts.values()) - counts["missed"] == predicted
        for oracle in found["oracle"].values():
            assert oracle["strict"][0] >= right
        assert len(json.dumps(found)) < 6000


@pytest.mark.slow
def test_the_part_is_the_same_for_any_hash_seed(record: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    import subprocess
    import sys

    path = tmp_path / "predictions.jsonl"
    lines = [
        record(labels=["B-person", "O", "B-place"], id=str(index), prediction=f"Ann({one}) saw({two}) Oslo({one})")
        for index, (one, two) in enumerate([("B-place", "O"), ("B-person", "B-place"), ("O", "B-person")])
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    code = (
        "import json, sys; from gner_bench.api import load_predictions, score;"
        "print(json.dumps(score(load_predictions(sys.argv[1], tokenizer='none')).sets['news'].analysis.json()))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code, str(path)], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
