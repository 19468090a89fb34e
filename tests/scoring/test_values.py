from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from seqeval.metrics import f1_score
from seqeval.scheme import IOB2

from gner_bench.api import load_predictions, score
from gner_bench.bio import strict_spans
from gner_bench.documents.scores import Counts, Macro, Resampling, Value
from gner_bench.scoring.metrics import METRICS, Metric, ordered
from gner_bench.scoring.predictions import Prediction
from gner_bench.scoring.values import SystemValues

from .sentences import SUMMED, Given, given_sets, predictions, sentence

SENTENCES = st.lists(predictions(), min_size=1, max_size=6)
FEW = Resampling(25)
NONE = Resampling(0)


def figures(resampling: Resampling = NONE, **sets: list[Prediction]) -> SystemValues:
    return SystemValues(score(given_sets(**sets), METRICS), resampling)


def shares(value: Value) -> tuple[float, float, float]:
    return value.precision, value.recall, value.f1


# The reference implementation


@pytest.fixture(scope="module", params=["gner-t5-base.dev700.jsonl", "gner-t5-large.dev700.jsonl"])
def file(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=["t5_tokenizer", "no_tokenizer"])
def golden(request: pytest.FixtureRequest, shared: Path, file: str) -> tuple[list[Prediction], dict[str, Any]]:
    """Real outputs, structured, and what the reference implementation gives for them by data set, and on average."""
    expected = json.loads((shared / "predictions/expected_scores.json").read_text(encoding="utf-8"))[file]
    tokenizer = shared / "tokenizers/t5" if request.param == "t5_tokenizer" else "none"
    found = list(load_predictions(shared / "predictions" / file, tokenizer=tokenizer))
    average = expected.pop("average_f1")[request.param]
    by_set = {name: {"examples": each["examples"], **each[request.param]} for name, each in expected.items()}
    return found, {"average": average, "sets": by_set}


def by_set(sentences: list[Prediction]) -> dict[str, list[Prediction]]:
    found: dict[str, list[Prediction]] = {}
    for each in sentences:
        found.setdefault(each.dataset, []).append(each)
    return found


def test_real_outputs_score_as_the_reference_implementation(golden: tuple[list[Prediction], dict[str, Any]]) -> None:
    sentences, expected = golden
    found = SystemValues(score(given_sets(**by_set(sentences))), NONE)
    assert list(found.sets) == list(expected["sets"])
    assert found.average("gner").f1 == pytest.approx(expected["average"], abs=1e-9)
    for name, reference in expected["sets"].items():
        part = found.sets[name]
        assert len(part.scores.statistics) == reference["examples"]
        steps = {step: count for step, count in (part.scores.analysis.matched_by or {}).items() if count}
        assert steps == reference["matched_by"]
        for metric, key in (("gner", "gner"), ("strict", "seqeval_strict_iob2_micro")):
            figure = part.micro(metric)  # type: ignore[arg-type]
            for value in ("precision", "recall", "f1"):
                assert getattr(figure, value) == pytest.approx(reference[key][value], abs=1e-9)


def test_the_tags_of_real_outputs_are_those_of_the_reference_implementation(
    golden: tuple[list[Prediction], dict[str, Any]],
) -> None:
    """As far as seqeval's default F1 of them tells, which is no metric of ours."""
    sentences, expected = golden
    for name, part in by_set(sentences).items():
        gold, predicted = [list(each.gold) for each in part], [list(each.predicted) for each in part]
        reference = expected["sets"][name]["seqeval_default_micro_f1"]
        assert f1_score(gold, predicted) == pytest.approx(reference, abs=1e-9)


# By hand


def test_micro_types_macro_mean_and_pooled_by_hand() -> None:
    found = figures(
        news=[sentence("B-x O", "B-x B-y"), sentence("B-x B-z", "B-x O", types=["x", "y", "z", "never"])],
        films=[sentence("B-y O O", "O O B-y")],
    )
    news = found.sets["news"]
    assert news.micro("strict").counts == Counts(2, 3, 3)
    assert news.micro("strict").f1 == pytest.approx(2 / 3)
    types = news.types("strict")
    assert list(types) == ["x", "y", "z", "never"]
    assert {kind: each.f1 for kind, each in types.items()} == {"x": 1.0, "y": 0.0, "z": 0.0, "never": 0.0}
    assert types["never"].counts == Counts(0, 0, 0)
    assert news.macro("strict") == Macro(pytest.approx(1 / 3))  # of x, y and z: never does not occur
    assert found.average("strict").f1 == pytest.approx(1 / 3)
    assert found.average("strict").counts is None
    assert found.pooled("strict").counts == Counts(2, 4, 4)
    assert found.pooled("strict").f1 == pytest.approx(0.5)
    assert found.macro("strict").f1 == pytest.approx(1 / 6)


def test_partial_figures_count_halves() -> None:
    part = figures(news=[sentence("B-x I-x O B-x", "B-x O O B-y")]).sets["news"]
    assert part.micro("partial").counts == Counts(1.5, 2, 2)
    assert shares(part.micro("partial")) == (0.75, 0.75, 0.75)
    assert part.types("partial") == {}


def test_a_set_without_any_entity_has_figures_of_zero() -> None:
    found = figures(FEW, news=[sentence("O O", "O O", types=["x"])])
    for metric in SUMMED:
        figure = found.sets["news"].micro(metric)
        for value in (figure, found.average(metric), found.pooled(metric)):
            assert shares(value) == (0, 0, 0)
        assert figure.interval == {"precision": (0, 1), "recall": (0, 1), "f1": (0, 1)}
        assert found.macro(metric).f1 == found.sets["news"].macro(metric).f1 == 0


def test_without_resampling_there_are_no_intervals() -> None:
    found = figures(news=[sentence("B-x", "B-x")])
    assert found.average("gner").interval is None
    assert found.pooled("gner").interval is None
    assert found.macro("gner").interval is None
    assert found.sets["news"].types("gner")["x"].interval is None
    assert "interval" not in found.average("gner").json()


def test_metrics_stand_in_one_order() -> None:
    assert ordered(("token", "gner", "strict")) == ("gner", "strict", "token")


# Properties


@pytest.mark.slow
@given(SENTENCES, SENTENCES)
@settings(max_examples=20)
def test_every_figure_is_from_0_to_1(news: list[Prediction], films: list[Prediction]) -> None:
    found = figures(FEW, news=news, films=films)
    for metric in SUMMED:
        several = [found.average(metric), found.pooled(metric)]
        for part in found.sets.values():
            typed = [each for each in part.types(metric).values() if each.gold]
            several += [part.micro(metric), *typed]
            assert 0 <= part.macro(metric).f1 <= 1
        for figure in several:
            assert figure.interval is not None
            for name, (low, high) in figure.interval.items():
                assert 0 <= low <= getattr(figure, name) + 1e-9 <= high + 2e-9 <= 1 + 2e-9


@given(st.lists(predictions(unplaced=False), min_size=1, max_size=5))
@settings(max_examples=20)
def test_gold_against_gold_is_1(sentences: list[Prediction]) -> None:
    found = figures(news=[replace(each, predicted=each.gold) for each in sentences]).sets["news"]
    for metric in SUMMED:
        if found.micro(metric).counts != Counts(0, 0, 0):
            assert found.micro(metric).f1 == pytest.approx(1, abs=1e-9)
            assert found.macro(metric).f1 == pytest.approx(1, abs=1e-9)


@given(SENTENCES)
@settings(max_examples=20)
def test_counts_of_types_add_up_to_those_of_the_set(sentences: list[Prediction]) -> None:
    found = figures(news=sentences).sets["news"]
    for metric in SUMMED:
        if METRICS[metric].typed:
            parts = [each.counts for each in found.types(metric).values()]
            whole = found.micro(metric).counts
            for name in ("true_positives", "predicted", "gold"):
                assert sum(getattr(part, name) for part in parts) == getattr(whole, name)


@pytest.mark.slow
@given(SENTENCES, st.randoms(use_true_random=False))
@settings(max_examples=20)
def test_the_order_of_sentences_does_not_matter(sentences: list[Prediction], random: Random) -> None:
    numbered = given_sets(news=sentences).sentences
    shuffled = random.sample(numbered, len(numbered))
    first, second = (SystemValues(score(Given(each), METRICS), FEW) for each in (numbered, shuffled))
    for metric in SUMMED:
        assert first.sets["news"].micro(metric) == second.sets["news"].micro(metric)
        assert first.sets["news"].types(metric) == second.sets["news"].types(metric)
        assert first.macro(metric).f1 == pytest.approx(second.macro(metric).f1, abs=1e-12)
        for one, other in zip(intervals(first, metric), intervals(second, metric), strict=True):
            assert one == pytest.approx(other, abs=1e-12)


@pytest.mark.slow
@given(SENTENCES, SENTENCES)
@settings(max_examples=20)
def test_the_order_of_data_sets_does_not_matter(news: list[Prediction], films: list[Prediction]) -> None:
    first, second = figures(FEW, news=news, films=films), figures(FEW, films=films, news=news)
    for metric in SUMMED:
        for name in ("news", "films"):
            assert first.sets[name].micro(metric) == second.sets[name].micro(metric)
        assert first.pooled(metric) == second.pooled(metric)
        assert first.macro(metric).f1 == pytest.approx(second.macro(metric).f1, abs=1e-12)
        for one, other in zip(intervals(first, metric), intervals(second, metric), strict=True):
            assert one == pytest.approx(other, abs=1e-12)


def intervals(found: SystemValues, metric: Metric) -> list[tuple[float, float]]:
    average = found.average(metric).interval
    assert average is not None
    return list(average.values())


@given(SENTENCES)
@settings(max_examples=20)
def test_other_data_sets_do_not_change_the_interval_of_one(news: list[Prediction]) -> None:
    alone = figures(FEW, news=news).sets["news"]
    among = figures(FEW, films=[sentence("B-x", "O")], news=news).sets["news"]
    for metric in SUMMED:
        assert alone.micro(metric) == among.micro(metric)
        assert alone.macro(metric) == among.macro(metric)


def test_the_seed_decides_the_interval_and_nothing_else_does() -> None:
    news = [sentence("B-x", "B-x"), sentence("B-x", "O"), sentence("O B-y", "B-y B-y")] * 60
    found = [figures(Resampling(50, seed), news=news).average("gner").interval for seed in (0, 0, 1)]
    assert found[0] == found[1] != found[2]


def test_the_interval_of_the_mean_is_of_means_of_sets_resampled_by_themselves() -> None:
    """Two sets of the same name alone would be drawn alike; here half the width shrinks as the square root of two."""
    mixed = [sentence("B-x", "B-x"), sentence("B-x", "O")] * 100
    many = Resampling(2000)
    low, high = figures(many, a=mixed).average("strict").interval["recall"]  # type: ignore[index]
    lower, higher = figures(many, a=mixed, b=mixed).average("strict").interval["recall"]  # type: ignore[index]
    assert (higher - lower) / (high - low) == pytest.approx(0.5**0.5, rel=0.08)


@pytest.mark.parametrize("times", [5, 60])
def test_the_mean_of_one_set_and_its_pooled_figures_have_the_interval_of_the_set(times: int) -> None:
    news = [sentence("B-x", "B-x"), sentence("B-x", "O"), sentence("O B-y", "B-y B-y")] * times
    found = figures(Resampling(50), news=news)
    expected = found.sets["news"].micro("strict").interval
    assert found.average("strict").interval == {
        name: pytest.approx(end, abs=1e-12) for name, end in (expected or {}).items()
    }
    assert found.pooled("strict").interval == expected


def test_a_perfect_system_has_an_interval_with_a_width() -> None:
    """Of 400 sentences with one entity each, all right: Wilson's interval of 400 of 400 by scipy, transformed."""
    found = figures(Resampling(50), news=[sentence("B-x", "B-x")] * 400).sets["news"].micro("strict").interval
    low = binomtest(400, 400).proportion_ci(method="wilson").low
    assert found == {
        "precision": pytest.approx((low, 1)),
        "recall": pytest.approx((low, 1)),
        "f1": pytest.approx((2 * low / (1 + low), 1)),
    }


def test_a_type_without_gold_has_no_interval_and_says_so() -> None:
    types = figures(FEW, news=[sentence("B-x O", "B-x B-y", types=["x", "y", "never"])]).sets["news"].types("strict")
    assert types["x"].interval is not None
    assert [types[kind].interval for kind in ("y", "never")] == [None, None]
    assert types["never"].json()["no_interval"] == types["y"].no_interval == "no gold mention"


def test_macro_f1_has_an_interval_from_20_gold_mentions_of_every_type_on() -> None:
    news = [sentence("B-x B-y", "B-x O"), sentence("B-x B-y", "O B-y")] * 10
    found = figures(FEW, news=news)
    assert found.sets["news"].macro("strict").interval is not None
    assert found.macro("strict").interval == found.sets["news"].macro("strict").interval
    assert "no_interval" not in found.macro("strict").json()
    rare = figures(FEW, news=news, films=[*news, sentence("O", "B-z")])
    assert rare.sets["films"].macro("strict").no_interval == "types with fewer than 20 gold mentions: z"
    assert rare.macro("strict").json() == {"f1": rare.macro("strict").f1, "no_interval": "none of films"}
    assert rare.macro("exact").interval is not None  # blind to types


@given(st.lists(predictions(unplaced=False), min_size=1, max_size=6))
@settings(max_examples=25)
def test_strict_macro_f1_is_that_of_seqeval(sentences: list[Prediction]) -> None:
    found = figures(news=sentences).macro("strict").f1
    gold, predicted = [list(each.gold) for each in sentences], [list(each.predicted) for each in sentences]
    if strict_occurs(sentences):
        expected = f1_score(gold, predicted, average="macro", mode="strict", scheme=IOB2, zero_division=0)
        assert found == pytest.approx(expected, abs=1e-12)
    else:
        assert found == 0


def strict_occurs(sentences: list[Prediction]) -> bool:
    return any(strict_spans(each.gold) or strict_spans(each.predicted) for each in sentences)
