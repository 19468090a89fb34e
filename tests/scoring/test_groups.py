"""Groups of runs: their figures against loops by hand, their test and its tails against scipy."""

from __future__ import annotations

import json
import random
from array import array
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import gner_bench
from gner_bench.documents.run import Model, Run
from gner_bench.documents.scores import Resampling, System, read_scores
from gner_bench.errors import InputError, UsageError
from gner_bench.files import write_json
from gner_bench.scoring import paired
from gner_bench.scoring.comparison import comparison, measured
from gner_bench.scoring.document import scores_document, scores_of
from gner_bench.scoring.groups import Group, GroupValues, RunsDifference, differences, group, spread
from gner_bench.scoring.metrics import prf
from gner_bench.scoring.predictions import Origin, Prediction
from gner_bench.scoring.resampling import draws
from gner_bench.scoring.scores import Scores, warnings_of
from gner_bench.scoring.student import quantile, two_sided
from gner_bench.scoring.values import SystemValues

stats = pytest.importorskip("scipy.stats")
FEW = Resampling(60)
TAGS = ("O", "B-person", "B-place")


class Given(list[Prediction]):
    """Predictions held in memory."""

    origin: Origin


def run(seed: int | None, wrong: float = 0.3, sizes: Sequence[int] = (12, 9), **changes: object) -> Scores:
    """Scores of two data sets of two-word sentences, of whose tags a share is ``wrong`` and depends on the seed."""
    chance, gold, given = random.Random(f"{seed} {wrong}"), random.Random(0), Given()
    for name, size in zip(("news", "web"), sizes, strict=True):
        for number in range(size):
            tags = tuple(gold.choice(TAGS) for _ in range(2))
            predicted = tuple(chance.choice(TAGS) if chance.random() < wrong else tag for tag in tags)
            words = (f"{name}{number}", "w")
            given.append(Prediction(name, "test", str(number), ("person", "place"), words, tags, predicted))
    file = Path(f"seed{seed}/predictions.jsonl")
    settings = {"format": "gner", "decoding": "greedy", "label_order": "shuffled", "seed": seed}
    found = Run(model=Model(name="T5", files={"w": "1"}), settings=settings)
    given.origin = Origin((file,), System("T5"), decoding="greedy", runs={file: found})
    given.origin = replace(given.origin, **changes)  # type: ignore[arg-type]
    return gner_bench.score(given, ("strict", "gner"))


@pytest.fixture(scope="module")
def three() -> Group:
    made = group([run(seed) for seed in (1, 2, 3)], "T5")
    assert isinstance(made, Group)
    return made


@pytest.mark.parametrize("freedom", [1, 1.7, 4, 33.3, 5000])
def test_student_s_t_is_that_of_scipy(freedom: float) -> None:
    for t in (0.0, 0.2, 1.0, 2.5, 12.0):
        assert two_sided(t, freedom) == pytest.approx(2 * stats.t.sf(t, freedom), rel=1e-7)
    for share in (0.6, 0.8, 0.975, 0.995):
        assert quantile(share, freedom) == pytest.approx(stats.t.ppf(share, freedom), rel=1e-7)


def test_without_doubt_about_sentences_the_test_is_welch_s() -> None:
    """scipy's Welch test has Satterthwaite's degrees of freedom; over pairs it is the paired t test."""
    one, two, none = np.array([0.5, 0.52, 0.55]), np.array([0.56, 0.53, 0.58, 0.6]), np.zeros(50)
    known, welch = spread(none, [one, two], 100), stats.ttest_ind(two, one, equal_var=False)
    assert known.freedom == pytest.approx(welch.df)
    assert known.p_value(two.mean() - one.mean()) == pytest.approx(welch.pvalue)
    assert known.half(0.95) == pytest.approx((welch.confidence_interval().high - welch.confidence_interval().low) / 2)
    pairs = spread(none, [two[:3] - one], 100)
    assert pairs.p_value((two[:3] - one).mean()) == pytest.approx(stats.ttest_rel(two[:3], one).pvalue)
    assert spread(none, [], 100).p_value(0.1) == 1.0


def f1_by_hand(scores: Scores, name: str, places: Sequence[int]) -> float:
    """Strict F1 of the sentences of a set at ``places``, sentences in the order of their keys."""
    part = scores.sets[name]
    order = sorted(range(len(part.keys)), key=lambda place: part.keys[place])
    rows, columns = list(part.statistics.rows), list(part.statistics.columns)
    total = [0, 0, 0]
    for place in places:
        for column, triple in rows[part.statistics.places[order[place]]]:
            if columns[column][0] == "strict":
                total = [number + more for number, more in zip(total, triple, strict=True)]
    right, predicted, gold = total
    return prf(right, predicted, gold, "strict").f1


def by_hand(runs: Sequence[Scores], resampling: Resampling) -> tuple[np.ndarray, np.ndarray]:
    """The mean over sets of strict F1, shape (runs,), and of every resample, (resamples, runs), in plain loops."""
    sets = runs[0].sets
    drawn = {name: np.concatenate(list(draws(len(sets[name].keys), resampling, name))) for name in sets}
    whole = [np.mean([f1_by_hand(each, name, range(len(sets[name].keys))) for name in sets]) for each in runs]
    resamples = [
        [np.mean([f1_by_hand(each, name, drawn[name][at].tolist()) for name in sets]) for each in runs]
        for at in range(resampling.resamples)
    ]
    return np.array(whole), np.array(resamples)


def test_mean_sd_and_interval_are_those_by_hand(three: Group) -> None:
    whole, drawn = by_hand(three.runs, FEW)
    value, of_runs = GroupValues(three, FEW).average("strict"), whole.var(ddof=1) / 3
    of_sentences = drawn.mean(axis=1).var(ddof=1)
    variance = of_sentences + of_runs
    freedom = variance**2 / (of_sentences**2 / 20 + of_runs**2 / 2)
    half = stats.t.ppf(0.975, freedom) * variance**0.5
    assert (value.f1, value.sd) == pytest.approx((whole.mean(), whole.std(ddof=1)))
    assert value.interval is not None
    assert value.interval["f1"] == pytest.approx((whole.mean() - half, min(1, whole.mean() + half)), rel=1e-6)
    singles = [SystemValues(each, Resampling(0)) for each in three.runs]
    f1 = [each.sets["web"].micro("strict").f1 for each in singles]
    micro = GroupValues(three, FEW).sets["web"].micro("strict")
    assert [micro.f1, micro.sd] == pytest.approx([np.mean(f1), np.std(f1, ddof=1)])
    assert micro.counts is None
    assert three.f1 == pytest.approx(whole.mean())
    assert three["web"].f1 == pytest.approx(np.mean(f1))


def test_difference_of_pairs_is_that_by_hand_whatever_the_order_of_the_seeds() -> None:
    ones, twos = [run(seed) for seed in (1, 2, 3)], [run(seed, 0.2) for seed in (3, 1, 2)]
    *_, mean = differences(group(ones, "one"), group(twos, "two"), "strict", FEW)
    assert isinstance(mean, RunsDifference)
    (a, drawn_a), (b, drawn_b) = by_hand(ones, FEW), by_hand([twos[1], twos[2], twos[0]], FEW)
    of_sentences, of_runs = (drawn_b - drawn_a).mean(axis=1).var(ddof=1), (b - a).var(ddof=1) / 3
    t = (b - a).mean() / (of_sentences + of_runs) ** 0.5
    freedom = (of_sentences + of_runs) ** 2 / (of_sentences**2 / 20 + of_runs**2 / 2)
    assert (mean.by_seed, mean.runs) == (True, (3, 3))
    assert [mean.freedom, mean.difference] == pytest.approx([freedom, (b - a).mean()])
    assert mean.p == pytest.approx(2 * stats.t.sf(abs(t), freedom))
    assert mean.sd == pytest.approx((a.std(ddof=1), b.std(ddof=1)))


def test_runs_of_other_seeds_are_not_pairs_and_a_single_run_is_noted(three: Group) -> None:
    other = group([run(seed, 0.2) for seed in (3, 4)], "other")
    *sets, mean = differences(three, other, "strict", FEW)
    assert isinstance(mean, RunsDifference)
    assert (mean.by_seed, mean.runs) == (False, (3, 2))
    assert [each.p_holm for each in sets] == paired.holm([each.p_bootstrap for each in sets])
    compared = comparison([measured("A", three), measured("B", run(7))], ["strict"], FEW)
    assert "of T5 there is a single run" in " ".join(compared.against[0].notes)
    assert compared.document()["comparisons"][0]["types"] == {"strict": {}}
    with pytest.raises(TypeError):
        paired.differences(three, run(7), "strict", FEW)


def test_single_runs_are_compared_as_ever() -> None:
    assert differences(run(1), run(2), "strict", FEW) == paired.differences(run(1), run(2), "strict", FEW)


def test_order_of_sentences_in_a_run_is_of_no_account(three: Group) -> None:
    moved = run(2)
    for name, part in moved.sets.items():
        turned = array("I", part.statistics.places[::-1])
        moved.sets[name] = replace(
            part,
            keys=part.keys[::-1],
            ids=list(part.ids)[::-1],
            statistics=replace(part.statistics, places=turned),
        )
    again = group([run(1), moved, run(3)], "T5")
    assert isinstance(again, Group)
    assert GroupValues(again, FEW).average("strict") == GroupValues(three, FEW).average("strict")


def test_scores_json_of_a_group_is_read_back(three: Group, tmp_path: Path) -> None:
    document, file = scores_document(three, FEW), tmp_path / "scores.json"
    write_json(file, document.json())
    again = scores_of(read_scores(file), file)
    assert isinstance(again, Group)
    assert (again.seeds, again.runs[1].f1, again.f1) == ((1, 2, 3), three.runs[1].f1, three.f1)
    assert scores_document(again, FEW).average == document.average
    assert document.signature_fields["runs"] == "3"
    assert "|runs:3|" in document.signature_short
    assert "runs" not in scores_document(run(1), FEW).json()
    broken = json.loads(file.read_text())
    broken["runs"][1]["scores"]["datasets"] = {}
    write_json(file, broken)
    with pytest.raises(InputError, match=r"runs\[1\]\.scores\.datasets"):
        read_scores(file)


def test_groups_of_groups_are_their_runs_and_one_run_is_itself(three: Group) -> None:
    four = group([three, run(4)], "four")
    assert isinstance(four, Group)
    assert four.seeds == (1, 2, 3, 4)
    alone = gner_bench.group([run(5)], "alone")
    assert not isinstance(alone, Group)
    assert alone.origin.system.name == "alone"
    assert any("is one run" in line for line in warnings_of(alone))


def test_what_runs_are_not_alike_in_is_named() -> None:
    other = run(2, decoding="beam4")
    [found] = other.origin.runs.values()
    settings = {**found.settings, "decoding": "beam", "label_order": "given"}
    changed = replace(found, model=replace(found.model, files={"w": "2"}), settings=settings)
    other = replace(other, origin=replace(other.origin, runs={other.origin.files[0]: changed}))
    made = group([run(1), other, run(1)], "T5")
    text = "\n".join(warnings_of(made))
    assert "dec beam4, not greedy; other weights" in text
    assert "label_order" not in text
    assert "have the same counts in every sentence" in text
    assert made.origin.decoding == "greedy+beam4"
    assert not warnings_of(group([run(1), run(2)], "T5"))


def test_runs_must_share_sentences_and_metrics() -> None:
    with pytest.raises(UsageError, match=r"scored for .* alone"):
        group([run(1), run(2, sizes=(12, 8))], "T5")
    with pytest.raises(UsageError, match="by the same metrics"):
        group([run(1), replace(run(2), metrics=("gner",))], "T5")
    with pytest.raises(UsageError, match="has no run"):
        group([], "T5")


def test_what_is_found_with_80_percent_power_is_by_the_t_test_at_the_corrected_level(three: Group) -> None:
    other = group([run(seed, 0.2) for seed in (4, 5)], "other")
    found = comparison([measured("A", three), measured("B", other)], ["strict"], FEW).against[0].differences["strict"]
    for each, tests in zip(found, (2, 2, 1), strict=True):
        assert isinstance(each, RunsDifference)
        # Half the interval is t(0.975) standard errors.
        error = (each.interval[1] - each.interval[0]) / 2 / stats.t.ppf(0.975, each.freedom)
        quantiles = stats.t.ppf(1 - 0.025 / tests, each.freedom) + stats.t.ppf(0.8, each.freedom)
        assert each.detectable == pytest.approx(quantiles * error)
    assert [(each.sentences, each.sentences_for(0.01)) for each in found] == [(12, None), (9, None), (21, None)]
