from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import gner_bench
from gner_bench.documents.scores import Resampling, System
from gner_bench.errors import InputError, UsageError
from gner_bench.files import to_json
from gner_bench.scoring.comparison import (
    Comparison,
    changes,
    comparison,
    label_of,
    measured,
    read_measured,
    scores_file,
    shared_metrics,
    type_differences,
)
from gner_bench.scoring.counting import score
from gner_bench.scoring.document import scores_document
from gner_bench.scoring.metrics import METRICS, Metric
from gner_bench.scoring.paired import corrected, differences
from gner_bench.scoring.predictions import Origin, Prediction
from gner_bench.scoring.scores import Scores
from gner_bench.scoring.signature import SignatureDifference
from gner_bench.scoring.signature import differences as signature_differences

FEW = Resampling(200)
GOLD = ["B-person O B-place", "B-person I-person O", "O B-place O", "O O O", "B-place O B-person"]
BASE = ["B-person O O", "B-person O O", "O B-person O", "O O O", "B-place O B-person"]
BETTER = ["B-person O B-place", "B-person I-person O", "O B-place O", "O B-place O", "B-place O B-person"]


@dataclass(frozen=True)
class Given:
    """Predictions in memory."""

    sentences: Sequence[Prediction]
    origin: Origin

    def __iter__(self) -> Iterator[Prediction]:
        return iter(self.sentences)


def system(
    name: str,
    predicted: Sequence[str],
    metrics: Sequence[Metric] = ("gner", "strict"),
    gold: Sequence[str] = GOLD,
    **origin: Any,
) -> Scores:
    """One data set, its predicted tags as given and its sentences numbered from 0."""
    sentences = [
        Prediction("news", "test", str(i), ("person", "place"), ("w0", "w1", "w2"), tuple(g.split()), tuple(p.split()))
        for i, (g, p) in enumerate(zip(gold, predicted, strict=True))
    ]
    return score(Given(sentences, Origin((Path(f"{name}.jsonl"),), System(name), **origin)), metrics)


def compared(*systems: Scores, metrics: Sequence[Metric] | None = None) -> Comparison:
    return comparison([measured(label_of(i), each) for i, each in enumerate(systems)], metrics, FEW)


@pytest.fixture
def base() -> Scores:
    return system("base", BASE)


@pytest.fixture
def better() -> Scores:
    return system("better", BETTER)


def test_the_first_system_is_the_baseline_of_all_others(base: Scores, better: Scores) -> None:
    found = compared(base, better, base)
    assert [(each.first.title, each.second.title) for each in found.against] == [
        ("A base", "B better"),
        ("A base", "C base"),
    ]
    pairs = [differences(base, other, "strict", FEW) for other in (better, base)]
    assert [each.differences["strict"] for each in found.against] == corrected(pairs)
    assert found.document()["correction"] == {"method": "Holm", "pairs": 2, "datasets": 2, "mean": 2}
    assert found.against[1].differences["gner"][0].difference == 0


def test_all_pairs_are_compared_and_corrected_together(base: Scores, better: Scores) -> None:
    systems = [measured(label_of(i), each) for i, each in enumerate((base, better, base))]
    found = comparison(systems, ["gner"], FEW, all_pairs=True)
    assert [(each.first.label, each.second.label) for each in found.against] == [("A", "B"), ("A", "C"), ("B", "C")]
    pairs = [differences(one, two, "gner", FEW) for one, two in ((base, better), (base, base), (better, base))]
    assert [each.differences["gner"] for each in found.against] == corrected(pairs)
    document = found.document()
    assert document["letters"] == {
        "gner": {"mean": dict.fromkeys("ABC", "a"), "datasets": {"news": dict.fromkeys("ABC", "a")}}
    }
    assert (document["correction"]["datasets"], document["test"]) == (3, "studentized permutation")


def test_trials_too_few_for_so_many_tests_are_told(base: Scores, better: Scores) -> None:
    systems = [measured(label_of(i), each) for i, each in enumerate((base, better, base))]
    (told,) = comparison(systems, ["gner"], Resampling(59), all_pairs=True).warnings()
    assert told == (
        "59 trials cannot confirm a difference of a data set when corrected for 3 tests; give --resamples 60 or more"
    )
    assert comparison(systems, ["gner"], Resampling(60), all_pairs=True).warnings() == []


def test_types_are_compared_by_themselves(base: Scores, better: Scores) -> None:
    person, place = type_differences(base.sets["news"], better.sets["news"], "strict", FEW)
    assert (person.name, person.gold, place.name, place.gold) == ("person", 3, "place", 3)
    # person: 2 of 4 predicted and 3 gold, then all; place: 1 of 1 predicted and 3 gold, then 3 of 4 predicted.
    assert (person.first, person.second) == pytest.approx((4 / 7, 1))
    assert (place.first, place.second) == pytest.approx((2 / 4, 6 / 7))
    assert place.difference == place.second - place.first
    assert person.interval is None  # of three mentions


def test_the_only_type_of_a_set_has_the_figures_of_the_set() -> None:
    def persons(tags: Sequence[str]) -> list[str]:
        return [each.replace("place", "person") for each in tags]

    def many(name: str, tags: Sequence[str]) -> Scores:
        return system(name, persons(tags) * 4, gold=persons(GOLD) * 4)

    one, two = many("one", BASE), many("two", BETTER)
    (kind,) = type_differences(one.sets["news"], two.sets["news"], "strict", FEW)
    micro = differences(one, two, "strict", FEW)[0]
    assert (kind.first, kind.second, kind.interval) == (micro.first, micro.second, micro.interval)


def test_many_types_are_resampled_in_parts(base: Scores, better: Scores, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = type_differences(base.sets["news"], better.sets["news"], "gner", FEW)
    monkeypatch.setattr("gner_bench.scoring.comparison.TYPES_AT_ONCE", 1)
    assert type_differences(base.sets["news"], better.sets["news"], "gner", FEW) == whole


def test_sentences_are_better_worse_or_other(base: Scores, better: Scores) -> None:
    found = changes(base.sets["news"], better.sets["news"], "gner")
    assert found.sentences == 5
    assert [(each.id, each.first, each.second, each.gain) for each in found.better] == [
        ("0", (1, 1, 2), (2, 2, 2), 2),
        ("1", (0, 1, 1), (1, 1, 1), 2 + 1),
        ("2", (0, 1, 1), (1, 1, 1), 3 - 0),
    ]
    assert [(each.id, each.gain) for each in found.worse] == [("3", -1)]
    assert found.other == ()
    turned = changes(better.sets["news"], base.sets["news"], "gner")
    assert [each.id for each in turned.worse] == ["0", "1", "2"]


def test_one_more_right_for_three_more_predicted_is_neither_better_nor_worse() -> None:
    one = system("one", ["O O O", *GOLD[1:]])
    two = system("two", ["B-person B-x B-y", *GOLD[1:]])
    (found,) = changes(one.sets["news"], two.sets["news"], "strict").other
    assert (found.id, found.first, found.second, found.gain) == ("0", (0, 0, 2), (1, 3, 2), 0)


def test_half_credit_is_told_in_entities() -> None:
    one, two = (
        system(name, [first, *GOLD[1:]], metrics=("partial",))
        for name, first in (("one", "O O B-place"), ("two", "B-person I-person B-place"))
    )
    (found,) = changes(one.sets["news"], two.sets["news"], "partial").better
    assert (found.first, found.second, found.gain) == ((1, 1, 2), (1.5, 2, 2), 0.5)


def test_systems_scored_alike_have_no_differing_signature(base: Scores, better: Scores) -> None:
    assert compared(base, better).warnings() == []


def test_another_tokenizer_or_decoding_is_told(base: Scores) -> None:
    other = system("other", BETTER, tokenizer="4aeb8d2c" * 8, decoding="beam4")
    (against,) = compared(base, other).against
    assert against.signature_differences == [
        SignatureDifference("dec", "unknown", "beam4"),
        SignatureDifference("tok", "none", "4aeb8d2c"),
    ]
    assert "not like for like: tok is none for A base, 4aeb8d2c for B other" in compared(base, other).warnings()


def test_keys_that_a_comparison_settles_do_not_count(base: Scores) -> None:
    """Other metrics beside the one compared, unscored sentences and the seed are no difference."""
    other = system("other", BETTER, metrics=("strict",), planned={"news": 700})
    (against,) = compared(base, other, metrics=["strict"]).against
    assert against.signature_differences == []


def test_another_way_of_counting_the_same_metric_is_told(base: Scores) -> None:
    found = measured("A", base).signature
    changed = {**found, "count": found["count"].replace("strict=position", "strict=elsewhere")}
    assert signature_differences(found, changed, ["gner"]) == []
    assert signature_differences(found, changed, ["strict"]) == [
        SignatureDifference("count", "strict=position", "strict=elsewhere")
    ]


def test_the_order_of_data_sets_is_no_difference() -> None:
    one, two = "a,/b/test=1@00000001", "b/test=2@00000002"
    assert signature_differences({"data": f"{one},{two}"}, {"data": f"{two},{one}"}, ["gner"]) == []


def test_of_the_data_the_sets_that_both_have_are_compared() -> None:
    first = {"data": "a/test=1@00000001,b/test=2@00000002,c/test=3@00000003"}
    second = {"data": "b/dev=2@00000002,c/test=3@00000003,d/test=4@00000004"}
    (found,) = signature_differences(first, second, ["gner"])
    assert found == SignatureDifference("data", "b/test=2@00000002", "b/dev=2@00000002")
    assert found.sentence("A", "B") == "not like for like: data is b/test=2@00000002 for A, b/dev=2@00000002 for B"


@pytest.mark.parametrize("key", ["bs", "seed", "metric", "part"])
def test_what_moves_no_f1_is_no_difference(base: Scores, key: str) -> None:
    found = measured("A", base).signature
    assert signature_differences(found, {**found, key: "other"}, ["gner", "strict"]) == []


@pytest.mark.parametrize("key", ["misc", "dec", "match", "tok", "norm", "avg", "version"])
def test_what_moves_f1_is_a_difference(base: Scores, key: str) -> None:
    found = measured("A", base).signature
    for other, value in (({**found, key: "x"}, "x"), ({k: v for k, v in found.items() if k != key}, "(not stated)")):
        assert signature_differences(found, other, ["gner"]) == [SignatureDifference(key, found[key], value)]
    assert bool(signature_differences(found, {**found, key: "x"}, ["strict"])) is (key != "norm")


def test_warnings_of_all_systems_are_told_once_and_others_with_their_label(base: Scores) -> None:
    all_warned = [system(name, BETTER, warnings=("both", name)) for name in ("one", "two")]
    assert compared(*all_warned).warnings() == ["both", "A: one", "B: two"]


def test_the_usual_metrics_are_compared_where_all_systems_have_them(base: Scores) -> None:
    rich = [measured("A", system("a", BASE, METRICS)), measured("B", system("b", BETTER, METRICS))]
    assert shared_metrics(rich) == ("gner", "strict")
    assert shared_metrics([*rich, measured("C", system("c", BASE, ("strict", "token")))]) == ("strict",)
    assert shared_metrics([rich[0], measured("B", system("b", BASE, ("token", "type")))]) == ("type", "token")
    with pytest.raises(UsageError, match=r"share no metric: A base by gner, strict; B b by token"):
        shared_metrics([measured("A", base), measured("B", system("b", BASE, ("token",)))])


def test_one_system_is_no_comparison(base: Scores) -> None:
    with pytest.raises(UsageError, match="two systems"):
        compared(base)


def test_the_document_holds_everything(base: Scores, better: Scores) -> None:
    found = json.loads(json.dumps(compared(base, better).document()))
    assert found["version"] == 1
    assert [(each["label"], each["name"], each["files"]) for each in found["systems"]] == [
        ("A", "base", ["base.jsonl"]),
        ("B", "better", ["better.jsonl"]),
    ]
    assert found["resampling"] == {"resamples": 200, "seed": 0, "confidence": 0.95}
    (pair,) = found["comparisons"]
    assert (pair["first"], pair["second"], pair["changed_by"]) == ("A", "B", "gner")
    expected = differences(base, better, "gner", FEW)
    news, mean = pair["differences"]["gner"]["datasets"]["news"], pair["differences"]["gner"]["mean"]
    assert (news["difference"], news["p_holm"], news["interval"]) == (
        expected[0].difference,
        expected[0].p_holm,
        list(expected[0].interval),
    )
    assert (mean["p_randomization"], mean["p_holm"]) == (expected[1].p_randomization, None)
    assert list(pair["types"]["strict"]["news"]) == ["person", "place"]
    assert [each["id"] for each in pair["changed"]["news"]["better"]] == ["0", "1", "2"]
    assert pair["signature_differences"] == []


def test_a_data_set_may_be_called_mean(base: Scores, better: Scores) -> None:
    one, two = (
        replace(each, sets={"mean": replace(each.sets["news"], name="mean"), **each.sets}) for each in (base, better)
    )
    found = compared(one, two).document()["comparisons"][0]["differences"]["gner"]
    assert list(found["datasets"]) == ["mean", "news"]
    assert (found["mean"]["p_holm"], found["datasets"]["mean"]["p_holm"] is None) == (None, False)


def write(path: Path, scores: Scores, **changes: Any) -> Path:
    path.write_text(to_json(scores_document(scores, Resampling(50)).json() | changes))
    return path


def test_scores_read_from_a_file_compare_like_those_in_memory(base: Scores, better: Scores, tmp_path: Path) -> None:
    files = [write(tmp_path / f"{name}.json", each) for name, each in (("a", base), ("b", better))]
    found = gner_bench.compare(*files, resamples=200)
    assert found.against[0].differences == compared(base, better).against[0].differences
    assert found.warnings() == []
    assert gner_bench.compare(base, better, resamples=200, metric="gner").metrics == ("gner",)
    assert gner_bench.compare(base, better, resamples=200, metric=["strict", "gner"]).metrics == ("gner", "strict")


def test_the_signature_in_the_file_is_what_counts(base: Scores, better: Scores, tmp_path: Path) -> None:
    fields = dict(measured("A", base).signature) | {"version": "0.0.1", "match": "hierarchical-0"}
    old = write(tmp_path / "old.json", base, signature_fields=fields)
    told = gner_bench.compare(old, better, resamples=200).warnings()
    assert [line.split(": ", 1)[1].split(" is ")[0] for line in told] == ["match", "version"]
    assert "version is 0.0.1 for A base" in told[1]


def test_scores_without_counts_are_refused(tmp_path: Path, base: Scores) -> None:
    path = write(tmp_path / "scores.json", base, version=1)
    with pytest.raises(InputError, match="score the predictions again"):
        gner_bench.compare(path, base)


def test_an_unknown_metric_is_refused(base: Scores) -> None:
    with pytest.raises(UsageError, match="unknown metric 'stric'"):
        gner_bench.compare(base, base, metric="stric")


def test_files_of_scores_are_told_from_predictions(tmp_path: Path, base: Scores) -> None:
    scores = write(tmp_path / "scores.json", base)
    pretty = tmp_path / "pretty.json"
    pretty.write_text(
        json.dumps(json.loads(to_json(scores_document(base, Resampling(50)).json())), indent=1, sort_keys=True)
    )
    predictions = tmp_path / "predictions.json"
    predictions.write_text('{"dataset": "news", "version": 2}\n')
    assert scores_file(scores) == scores
    assert scores_file(pretty) == pretty
    assert scores_file(predictions) is None
    assert scores_file(tmp_path / "run.jsonl") is None
    assert scores_file(tmp_path) == scores
    (tmp_path / "predictions.jsonl.gz").touch()
    assert scores_file(tmp_path) is None
    assert read_measured("A", pretty).scores.sets["news"].keys == base.sets["news"].keys


@pytest.mark.parametrize(("index", "label"), [(0, "A"), (25, "Z"), (26, "27")])
def test_systems_have_letters(index: int, label: str) -> None:
    assert label_of(index) == label


def test_other_sentences_are_refused_before_anything_is_drawn(base: Scores) -> None:
    shifted = array("Q", [key + 1 for key in base.sets["news"].keys])
    other = replace(base, sets={"news": replace(base.sets["news"], ids=["9"] * 5, keys=shifted)})
    with pytest.raises(UsageError, match=r"5 sentences \(0, 1, 2, 3, 4\) scored for base"):
        comparison([measured("A", base), measured("B", base), measured("C", other)], None, Resampling(10**12))
