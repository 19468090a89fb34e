from __future__ import annotations

import random
import zlib
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from statistics import stdev

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gner_bench.documents.scores import Resampling, System
from gner_bench.errors import UsageError
from gner_bench.scoring.counting import score, sentence_key
from gner_bench.scoring.metrics import Metric, prf
from gner_bench.scoring.paired import (
    Difference,
    PairedSet,
    corrected,
    correction,
    detectable,
    differences,
    holm,
    pair,
    require_same_sentences,
    swaps,
)
from gner_bench.scoring.predictions import Origin
from gner_bench.scoring.resampling import f1
from gner_bench.scoring.scores import Scores, SetScores
from gner_bench.scoring.statistics import Statistics
from gner_bench.scoring.tokenizers import Tokenizers

Triple = tuple[int, int, int]
Pair = tuple[Triple, Triple]
FEW = Resampling(200)


def data_set(
    name: str, counts: Mapping[str, Triple], metrics: Sequence[Metric] = ("gner",), gold: str = ""
) -> SetScores:
    """A data set whose sentences have the words of their id and these counts of the type person."""
    statistics = Statistics(("gner",))
    for triple in counts.values():
        statistics.add({"gner": {"person": triple} if any(triple) else {}})
    keys = [sentence_key(id, [id]) for id in counts]
    content = gold or str(sum(key * (1 + triple[2]) for key, triple in zip(keys, counts.values(), strict=True)))
    return SetScores(name, "test", ("person",), content, statistics, list(counts), array("Q", keys))


def system(name: str, *sets: SetScores) -> Scores:
    origin = Origin((Path(f"{name}.jsonl"),), System(name))
    return Scores(origin, ("gner",), {each.name: each for each in sets})


def two_systems(**sets: Sequence[Pair]) -> tuple[Scores, Scores]:
    """Systems ``one`` and ``two`` with the pairs of counts of each data set, the sentences numbered."""
    found = []
    for side, name in enumerate(("one", "two")):
        parts = [data_set(n, {str(i): pair[side] for i, pair in enumerate(pairs)}) for n, pairs in sets.items()]
        found.append(system(name, *parts))
    return found[0], found[1]


@st.composite
def sentence_pairs(draw: st.DrawFn, most: int = 12) -> list[Pair]:
    """Counts of two systems on sentences with the same gold."""
    found: list[Pair] = []
    for _ in range(draw(st.integers(1, most))):
        gold = draw(st.integers(0, 4))
        sides = [(draw(st.integers(0, gold)), draw(st.integers(0, 3))) for _ in range(2)]
        one, two = ((right, right + spurious, gold) for right, spurious in sides)
        found.append((one, two))
    return found


def f1_of(triples: Sequence[Triple]) -> float:
    return prf(*(float(sum(column)) for column in zip(*triples, strict=True)), "gner").f1


def difference_of(pairs: Sequence[Pair]) -> float:
    return f1_of([two for _, two in pairs]) - f1_of([one for one, _ in pairs])


@given(sentence_pairs())
def test_a_system_does_not_differ_from_itself(pairs: list[Pair]) -> None:
    one, _ = two_systems(news=pairs, films=pairs[:1])
    for found in differences(one, one, "gner", FEW):
        assert (found.difference, found.interval, found.detectable) == (0, (0, 0), 0)
        assert (found.p_bootstrap, found.p_randomization) == (1, 1)
        assert found.p_holm in (1, None)
        assert not found.significant


@pytest.mark.slow
@given(sentence_pairs(), sentence_pairs())
def test_systems_in_the_other_order_differ_by_the_negative(news: list[Pair], films: list[Pair]) -> None:
    one, two = two_systems(news=news, films=films)
    for found, turned in zip(differences(one, two, "gner", FEW), differences(two, one, "gner", FEW), strict=True):
        assert (turned.first, turned.second) == (found.second, found.first)
        assert turned.difference == -found.difference
        assert turned.interval == pytest.approx((-found.interval[1], -found.interval[0]), abs=1e-12)
        assert turned.p_randomization == found.p_randomization
        assert turned.p_bootstrap == found.p_bootstrap
        assert turned.p_holm == found.p_holm
        assert turned.detectable == pytest.approx(found.detectable, abs=1e-12)


@given(sentence_pairs(), st.randoms(), st.randoms())
def test_the_order_of_sentences_changes_nothing(pairs: list[Pair], first: random.Random, second: random.Random) -> None:
    def ordered(side: int, chance: random.Random) -> Scores:
        numbered = [(str(i), pair[side]) for i, pair in enumerate(pairs)]
        chance.shuffle(numbered)
        return system("any", data_set("news", dict(numbered)))

    straight = differences(*two_systems(news=pairs), "gner", FEW)
    assert differences(ordered(0, first), ordered(1, second), "gner", FEW) == straight


def test_sets_come_in_order_and_then_their_plain_mean() -> None:
    one, two = two_systems(news=[((1, 2, 2), (2, 2, 2))], films=[((1, 1, 1), (0, 1, 1))], law=[((1, 1, 2), (2, 3, 2))])
    found = differences(one, two, "gner", FEW)
    assert [each.name for each in found] == ["news", "films", "law", "mean"]
    assert [round(each.first, 6) for each in found] == [0.5, 1, 0.666667, round((0.5 + 1 + 2 / 3) / 3, 6)]
    assert found[3].second == sum(each.second for each in found[:3]) / 3
    assert all(each.difference == each.second - each.first for each in found)


@settings(max_examples=25)
@given(sentence_pairs(most=6), sentence_pairs(most=4))
def test_the_permutation_test_nears_the_exact_one(news: list[Pair], films: list[Pair]) -> None:
    trials = 4000
    found = differences(*two_systems(news=news, films=films), "gner", Resampling(trials))
    exact = [share_as_far(news), share_as_far(films), share_as_far(news, films)]
    for each, share in zip(found, exact, strict=True):
        error = (share * (1 - share) / trials) ** 0.5
        assert abs(each.p_randomization - share) <= 6 * error + 2 / trials, each.name


def share_as_far(*sets: Sequence[Pair]) -> float:
    """The share of all exchanges of outputs whose mean difference is as many of its errors from 0 as the real one."""
    by_set = [
        [
            (difference_of(swapped), variance_of(swapped))
            for swap in product((False, True), repeat=len(pairs))
            for swapped in [[each[::-1] if turn else each for each, turn in zip(pairs, swap, strict=True)]]
        ]
        for pairs in sets
    ]
    # The first of each set exchanges nothing.
    values = [errors_from_0(*(sum(column) for column in zip(*each, strict=True))) for each in product(*by_set)]
    return sum(value >= values[0] * (1 - 1e-9) for value in values) / len(values)


def variance_of(pairs: Sequence[Pair]) -> float:
    """The sum of squares over sentences of how much more each moves the second F1, each in the plain formula."""
    influences = []
    for side in (0, 1):
        whole = sum(each[side][1] + each[side][2] for each in pairs)
        score = 2 * sum(each[side][0] for each in pairs) / whole if whole else 0.0
        influences.append([(2 * r - score * (p + g)) / whole if whole else 0.0 for r, p, g in (x[side] for x in pairs)])
    return sum((two - one) ** 2 for one, two in zip(*influences, strict=True))


def errors_from_0(difference: float, variance: float) -> float:
    if abs(difference) < 1e-9:
        return 0.0
    return abs(difference) / variance**0.5 if variance > 1e-15 else float("inf")


def test_scipy_gives_the_same_p_value() -> None:
    """scipy's permutation test over all exchanges of six sentences, by the jackknife-free plain formulas above."""
    scipy_stats = pytest.importorskip("scipy.stats")
    pairs: list[Pair] = [
        *[((1, 3, 2), (2, 2, 2)), ((0, 1, 1), (1, 1, 1)), ((2, 2, 3), (1, 2, 3))],
        *[((1, 1, 1), (1, 2, 1)), ((0, 2, 1), (1, 1, 1)), ((1, 4, 2), (1, 1, 2))],
    ]

    def statistic(first: np.ndarray, second: np.ndarray) -> float:
        both = [(pairs[i % 6][i // 6], pairs[j % 6][j // 6]) for i, j in zip(first, second, strict=True)]
        difference = difference_of(both)
        return float(np.copysign(errors_from_0(difference, variance_of(both)), difference))

    # Of index arrays scipy exchanges sentence i (first system) and i + 6 (second).
    result = scipy_stats.permutation_test(
        (np.arange(6), np.arange(6, 12)), statistic, permutation_type="samples", n_resamples=np.inf
    )
    assert result.pvalue == pytest.approx(share_as_far(pairs), abs=1e-12)
    found = differences(*two_systems(news=pairs), "gner", Resampling(20_000))[0]
    assert found.p_randomization == pytest.approx(result.pvalue, abs=0.02)


@given(sentence_pairs())
def test_the_variance_from_sums_is_that_from_sentences(pairs: list[Pair]) -> None:
    found, variances = paired_set(pairs).randomized(Resampling(20), "gner")
    assert len(found) == len(variances) == 21
    assert found[0] == pytest.approx(difference_of(pairs), abs=1e-12)
    assert variances[0] == pytest.approx(variance_of(pairs), abs=1e-12)


def paired_set(pairs: Sequence[Pair]) -> PairedSet:
    one, two = two_systems(news=pairs)
    return pair(one.sets["news"], two.sets["news"], "gner")


def test_the_variance_is_that_of_the_bootstrap() -> None:
    """Of 200 sentences; linearisation leaves out what is of the order of one in the number of sentences."""
    chance = random.Random(3)
    pairs: list[Pair] = []
    for _ in range(200):
        gold = chance.randint(1, 5)
        right = [sum(chance.random() < share for _ in range(gold)) for share in (0.6, 0.8)]
        one, two = ((right[side], right[side] + chance.randint(0, 1 + 2 * side), gold) for side in (0, 1))
        pairs.append((one, two))
    paired = paired_set(pairs)
    (variance,) = paired.randomized(Resampling(0), "gner")[1]
    drawn = f1(paired.resampled(Resampling(2000)), "gner")[..., 0]
    assert variance == pytest.approx(float(np.var(drawn[:, 1] - drawn[:, 0])), rel=0.12)


FROZEN = [1487, 2, 474]
FROZEN_BOOTSTRAP = [1084, 1, 383]
NEWS: list[Pair] = [((1, 3, 2), (2, 2, 2)), ((0, 1, 1), (1, 1, 1)), ((2, 2, 3), (1, 2, 3)), ((1, 1, 1), (1, 1, 1))]


def test_the_bootstrap_nears_all_resamples_there_are() -> None:
    every = [difference_of(drawn) for drawn in product(NEWS, repeat=len(NEWS))]
    centre, observed = sum(every) / len(every), difference_of(NEWS)
    share = sum(abs(each - centre) >= abs(observed) - 1e-12 for each in every) / len(every)
    found = differences(*two_systems(news=NEWS), "gner", Resampling(40_000))[0]
    assert found.p_bootstrap == pytest.approx(share, abs=0.015)
    assert found.detectable == pytest.approx((1.959964 + 0.841621) * stdev(every), rel=0.03)
    assert found.interval == pytest.approx(tuple(np.percentile(every, [2.5, 97.5])), abs=0.02)


def test_a_p_value_is_never_zero() -> None:
    pairs: list[Pair] = [((0, 1, 1), (1, 1, 1))] * 40
    found = differences(*two_systems(news=pairs), "gner", Resampling(500))[0]
    assert (found.p_randomization, found.difference) == (1 / 501, pytest.approx(1))
    # The resampled differences do not vary at all, so that none lies farther from their mean than the difference.
    assert found.p_bootstrap == 1 / 501


def test_one_sentence_that_differs_proves_nothing() -> None:
    pairs: list[Pair] = [((0, 1, 1), (1, 1, 1)), *[((1, 1, 1), (1, 1, 1))] * 9]
    assert differences(*two_systems(news=pairs), "gner", FEW)[0].p_randomization == 1


def test_a_set_has_the_same_figures_beside_other_sets() -> None:
    alone = differences(*two_systems(news=NEWS), "gner", FEW)[0]
    beside = differences(*two_systems(films=NEWS[:2], news=NEWS), "gner", FEW)[1]
    uncorrected = {"p_holm": alone.p_holm, "family": 1, "detectable": alone.detectable}
    assert replace(beside, **uncorrected) == alone
    assert alone.p_holm == alone.p_randomization


def test_the_seed_decides() -> None:
    systems = two_systems(news=NEWS)
    assert differences(*systems, "gner", FEW) == differences(*systems, "gner", FEW)
    assert differences(*systems, "gner", FEW) != differences(*systems, "gner", Resampling(200, seed=1))


@pytest.mark.parametrize("at_once", [1, 100, 4_001, 10**9])
def test_no_bound_of_memory_changes_a_p_value(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    systems, many = two_systems(news=NEWS, films=NEWS * 90), Resampling(400)
    usual = differences(*systems, "gner", many)
    monkeypatch.setattr("gner_bench.scoring.resampling.AT_ONCE", at_once)
    monkeypatch.setattr("gner_bench.scoring.paired.SWAPS_AT_ONCE", at_once)
    assert differences(*systems, "gner", many) == usual


def test_a_trial_can_be_drawn_without_those_before_it() -> None:
    """As the docstring of the module defines the stream: trial t begins at block t times the blocks of a trial."""
    sentences, seed = 300, 7
    drawn = np.concatenate(list(swaps(sentences, Resampling(6, seed), "news")))
    for trial, row in enumerate(drawn):
        stream = np.random.Philox(key=np.array([seed, zlib.crc32(b"news")], dtype=np.uint64)).advance(2 * trial)
        words = [int(word) for word in stream.random_raw(8)]
        assert row.tolist() == [words[i // 64] >> i % 64 & 1 for i in range(sentences)]


def test_every_sentence_is_swapped_in_half_of_the_trials() -> None:
    drawn = np.concatenate(list(swaps(70, Resampling(4000), "news")))
    assert drawn.shape == (4000, 70)
    assert abs(drawn.mean(axis=0) - 0.5).max() < 0.04  # five standard deviations


def test_p_values_of_a_seed_are_frozen() -> None:
    """If this fails, every published p value has changed."""
    found = differences(*two_systems(news=NEWS, films=NEWS * 40), "gner", Resampling(2000))
    assert [round(each.p_randomization * 2001) for each in found] == FROZEN
    assert [round(each.p_bootstrap * 2001) for each in found] == FROZEN_BOOTSTRAP


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([0.02, 0.02, 0.5]) == pytest.approx([0.06, 0.06, 0.5])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_keeps_the_order_and_lowers_nothing(p_values: list[float]) -> None:
    found = holm(p_values)
    assert all(p <= corrected <= 1 for p, corrected in zip(p_values, found, strict=True))
    places = sorted(range(len(found)), key=lambda place: p_values[place])
    assert [found[place] for place in places] == sorted(found)


def test_the_detectable_difference_is_of_80_percent_power() -> None:
    assert detectable(np.array([0.0, 0.02])) == pytest.approx(2.801585 * 0.02 / 2**0.5)


@pytest.mark.parametrize(
    ("p", "p_holm", "significant"), [(0.01, 0.06, False), (0.01, 0.04, True), (0.04, None, True), (0.05, None, False)]
)
def test_a_set_is_judged_by_its_corrected_p_value(p: float, p_holm: float | None, significant: bool) -> None:
    assert Difference("news", 0, 0, 0, (0, 0), 0.5, p, p_holm, 0).significant is significant


def refused(first: Scores, second: Scores, metric: Metric = "gner", resampling: Resampling = FEW) -> str:
    with pytest.raises(UsageError) as caught:
        differences(first, second, metric, resampling)
    return str(caught.value)


def test_sentences_of_one_system_alone_are_named() -> None:
    one = system("one", data_set("news", {"1": (1, 1, 1), "2": (1, 1, 1), "x": (1, 1, 1)}))
    two = system("two", data_set("news", {"1": (1, 1, 1), "y": (1, 1, 1)}))
    assert refused(one, two) == (
        "news: 2 sentences (2, x) scored for one (one.jsonl) alone; 1 sentence (y) scored for two (two.jsonl) alone"
    )


def test_many_sentences_are_not_all_named() -> None:
    one = system("one", data_set("news", {str(i): (1, 1, 1) for i in range(9)}))
    two = system("two", data_set("news", {"0": (1, 1, 1)}))
    assert "8 sentences (1, 2, 3, 4, 5, …) scored for one" in refused(one, two)


def test_other_words_under_the_same_id_are_named() -> None:
    one, two = two_systems(news=NEWS)
    keys = two.sets["news"].keys
    keys[2] += 1
    assert refused(one, two) == "news: the words of 1 sentence (2) differ"


def test_other_gold_is_counted_and_named() -> None:
    one = system("one", data_set("news", {"a": (1, 1, 1), "b": (1, 1, 2), "c": (0, 0, 0)}))
    two = system("two", data_set("news", {"c": (0, 0, 1), "b": (1, 1, 2), "a": (1, 1, 2)}))
    assert refused(one, two) == "news: gold of 2 sentences (a, c) differs"


def test_other_gold_with_the_same_counts_is_refused_too() -> None:
    one, two = (system(name, data_set("news", {"a": (1, 1, 1)}, gold=name)) for name in ("one", "two"))
    assert refused(one, two) == "news: the gold tags differ"


def test_data_sets_of_one_system_alone_are_named() -> None:
    one, two = two_systems(news=NEWS, films=NEWS)
    less = system("less", two.sets["news"])
    assert refused(one, less) == "data sets scored for one (one.jsonl) alone: films"
    assert refused(less, one) == "data sets scored for one (one.jsonl) alone: films"


def test_a_metric_that_was_not_counted_is_refused() -> None:
    one, two = two_systems(news=NEWS)
    assert (
        refused(one, two, "strict") == "one (one.jsonl) was not scored by strict; score it again with --metric strict"
    )


def test_nothing_to_compare_is_refused() -> None:
    assert refused(system("one"), system("two")) == "no sentences to compare"
    assert (
        refused(system("one", data_set("news", {})), system("two", data_set("news", {}))) == "no sentences to compare"
    )


def test_trials_too_few_for_a_test_are_refused() -> None:
    assert refused(*two_systems(news=NEWS), resampling=Resampling(19)).startswith("19 resamples are too few")


def test_sentences_in_another_order_are_the_same() -> None:
    one, two = two_systems(news=NEWS)
    turned = data_set("news", {str(i): NEWS[i][1] for i in (3, 1, 0, 2)})
    require_same_sentences(one, system("two", turned))
    require_same_sentences(one, two)


@pytest.mark.slow
def test_real_systems_differ_as_their_scores_say(shared: Path) -> None:
    from gner_bench.scoring.generations import load_generations
    from gner_bench.scoring.values import SystemValues

    files = [shared / "predictions" / f"gner-t5-{size}.dev700.jsonl" for size in ("base", "large")]
    one, two = (score(load_generations([file], Tokenizers(str(shared / "tokenizers/t5"))), ["gner"]) for file in files)
    found = {each.name: each for each in differences(one, two, "gner", Resampling(2000))}
    for side, scores in (("first", one), ("second", two)):
        figures = SystemValues(scores, Resampling(0))
        for name, each in figures.sets.items():
            assert getattr(found[name], side) == each.micro("gner").f1
        assert getattr(found["mean"], side) == pytest.approx(figures.average("gner").f1, abs=1e-15)
    assert found["mean"].significant
    assert found["mean"].interval[0] > 0
    assert found["crossner_ai"].p_randomization < 0.02 < found["crossner_music"].p_randomization


def uncorrected(name: str, p: float) -> Difference:
    return Difference(name, 0, 0, 0, (0, 0), 0.5, p, None, detectable(np.array([0.0, 0.02])), sentences=100)


def test_several_pairs_are_corrected_together() -> None:
    """Holm by hand: of the four tests of sets, and apart from them of the two means."""
    names = ("a", "b", "mean")
    one, two = (list(map(uncorrected, names, p)) for p in [(0.01, 0.04, 0.02), (0.03, 0.005, 0.03)])
    found = corrected([one, two])
    assert [[each.p_holm for each in pair] for pair in found] == [
        pytest.approx([0.03, 0.06, 0.04]),
        pytest.approx([0.06, 0.02, 0.04]),
    ]
    assert [[each.family for each in pair] for pair in found] == [[4, 4, 2]] * 2
    # Correcting again, over something else, forgets the correction before.
    assert [(each.p_holm, each.family) for each in corrected([found[0]])[0]] == [(0.02, 2), (0.04, 2), (None, 1)]
    assert [each.p_holm for each in corrected([one])[0]] == [pytest.approx(0.02), pytest.approx(0.04), None]
    assert correction([one]) == "corrected after Holm over 2 data sets (not for the mean)"
    assert correction([one, two]) == (
        "corrected after Holm over 4 tests of data sets in 2 pairs of systems, the mean over 2; each metric by itself"
    )


def test_the_detectable_difference_is_at_the_corrected_level() -> None:
    """z(1 - 0.05 / 14) = 2.690110 and z(0.8) = 0.841621, from R's qnorm."""
    sets = corrected([[*(uncorrected(str(i), 0.5) for i in range(7)), uncorrected("mean", 0.5)]])[0]
    assert sets[0].detectable == pytest.approx((2.690110 + 0.841621) * 0.02 / 2**0.5)
    assert sets[-1].detectable == pytest.approx((1.959964 + 0.841621) * 0.02 / 2**0.5)
    # Twice as fine a difference takes four times the sentences.
    assert sets[0].sentences_for(sets[0].detectable) == 100
    assert sets[0].sentences_for(sets[0].detectable / 2) == 400
    assert replace(sets[0], detectable=0).sentences_for(0.01) is None
