from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench import load_predictions, score
from gner_bench.documents.scores import Resampling
from gner_bench.errors import UsageError
from gner_bench.files import write_json
from gner_bench.scoring.document import scores_document
from gner_bench.scoring.drops import Limits
from gner_bench.scoring.gates import (
    PRECEDENCE,
    Baseline,
    Floor,
    GateError,
    Gates,
    Outcome,
    baseline,
    evaluate,
    exit_code,
    floor,
    require_passed,
    to_know,
)
from gner_bench.scoring.scores import Scores

RESAMPLING = Resampling(200)
Write = Callable[..., Path]
Make = Callable[..., Scores]
Against = Callable[..., Baseline]


@pytest.fixture
def make(record: Callable[..., dict[str, Any]], predictions_file: Write) -> Make:
    """Scores of sentences with one person each: ``news=(40, 8)`` are 40 sentences of which 8 persons were missed."""

    def build(
        ids: Sequence[str] | None = None,
        word: str = "Ann",
        gold: str = "B-person",
        metrics: Sequence[str] = ("gner", "strict"),
        **sets: tuple[int, int],
    ) -> Scores:
        records = []
        for name, (sentences, missed) in sets.items():
            names = ids or [str(place) for place in range(sentences)]
            records += [
                record([word], [gold], id, dataset=name, prediction=f"{word}({'O' if place < missed else gold})")
                for place, id in enumerate(names)
            ]
        return score(load_predictions(predictions_file(*records, file="made.jsonl"), tokenizer="none"), metrics)

    return build


@pytest.fixture
def against(tmp_path: Path) -> Against:
    """The gate against scores that were written to a file and read again."""

    def gate(
        scores: Scores, max_drop: float = 0.0, alpha: float = 0.05, strict: bool = False, metric: Any = "gner"
    ) -> Baseline:
        path = tmp_path / "baseline.json"
        write_json(path, scores_document(scores, RESAMPLING).json())
        return baseline([path], metric, RESAMPLING.resamples, Limits(max_drop, alpha), strict)

    return gate


def judged(scores: Scores, gates: Gates) -> list[Outcome]:
    """What the gates say, without the outcome about completeness."""
    return evaluate(scores, gates, RESAMPLING)[1:]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("60", Floor("strict", None, 60.0)),
        ("59.5", Floor("strict", None, 59.5)),
        (".5", Floor("strict", None, 0.5)),
        ("0", Floor("strict", None, 0.0)),
        ("gner:100", Floor("gner", None, 100.0)),
        ("@mit-movie:50", Floor("strict", "mit-movie", 50.0)),
        ("gner@a@b:c:50", Floor("gner", "a@b:c", 50.0)),
    ],
)
def test_a_floor_names_metric_data_set_and_percent(text: str, found: Floor) -> None:
    assert floor(text, ("strict", "gner")) == found


@pytest.mark.parametrize(
    "text", ["", "x", "60%", "-1", "101", "1e1", "nan", "inf", "1_0", ":60", "gner:", "gner 60", "６０"]
)
def test_what_is_no_percent_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"--fail-under .*expected \[METRIC\]\[@DATASET\]:X or X"):
        floor(text, ("gner",))


def test_a_floor_of_an_unknown_or_uncounted_metric_is_refused() -> None:
    with pytest.raises(UsageError, match="did you mean 'strict'"):
        floor("strikt:60", ("gner",))
    with pytest.raises(UsageError, match="add --metric strict"):
        floor("strict:60", ("gner",))


def test_the_floor_is_compared_at_full_precision_and_says_by_how_much_it_fails(make: Make) -> None:
    scores = make(news=(7, 1))  # recall 6/7: F1 is 12/13, 92.3076923…
    passed, failed = judged(scores, Gates((floor("strict:92.3076", ("gner", "strict")), Floor("strict", None, 92.308))))
    assert (passed.status, passed.exit_code) == ("passed", 0)
    assert (failed.status, failed.exit_code) == ("failed", 3)
    assert failed.reason == "mean strict F1 92.3077% is 0.0003 points below 92.308%"
    assert passed.reason == "mean strict F1 92.31% is at least 92.3076%"


def test_perfect_predictions_reach_100_percent_by_the_gner_metric(make: Make) -> None:
    scores = make(news=(3, 0))
    assert [each.status for each in judged(scores, Gates((Floor("gner", None, 100.0),)))] == ["passed"]


@given(percent=st.floats(0, 100))
def test_a_floor_passes_exactly_from_the_figure_down(scores: Scores, percent: float) -> None:
    (outcome,) = judged(scores, Gates((Floor("strict", None, percent),)))
    assert (outcome.exit_code == 0) is (percent <= 100 * 12 / 13 + 1e-7)


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> Scores:
    path = tmp_path_factory.mktemp("scores") / "predictions.jsonl"
    lines = [
        {
            "dataset": "news",
            "split": "test",
            "label_list": ["person"],
            "instance": {"id": str(place), "words": ["Ann"], "labels": ["B-person"]},
            "prediction": "Ann(B-person)" if place else "Ann(O)",
        }
        for place in range(7)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return score(load_predictions(path, tokenizer="none"))


def test_a_floor_may_hold_for_one_data_set_or_for_the_mean(make: Make) -> None:
    scores = make(news=(10, 0), films=(10, 5))
    outcomes = judged(scores, Gates(tuple(Floor("strict", name, 80.0) for name in ("news", "films", None))))
    assert [each.exit_code for each in outcomes] == [0, 3, 0]
    assert outcomes[1].reason.startswith("films strict F1 66.67% is 13.33 points below 80%")


def test_a_floor_of_an_unknown_data_set_cannot_be_judged(make: Make) -> None:
    (outcome,) = judged(make(films=(1, 0)), Gates((Floor("gner", "film", 10.0),)))
    assert (outcome.status, outcome.exit_code) == ("error", 2)
    assert "did you mean 'films'?" in outcome.reason


def test_the_same_predictions_are_no_drop(make: Make, against: Against) -> None:
    scores = make(news=(40, 8), films=(10, 1))
    outcomes = judged(scores, Gates(baseline=against(scores, strict=True)))
    assert [(each.dataset, each.exit_code) for each in outcomes] == [(None, 0), ("news", 0), ("films", 0)]
    assert outcomes[1].reason == "news F1 88.89% is that of the baseline"


def test_a_drop_that_the_test_confirms_fails(make: Make, against: Against) -> None:
    gate = against(make(news=(40, 0)))
    mean, news = judged(make(news=(40, 20)), Gates(baseline=gate))
    assert (mean.status, mean.exit_code, news.exit_code) == ("failed", 4, 4)
    assert mean.reason.startswith("mean F1 66.67% is 33.33 points below the baseline's 100.00%, more than 0 points; ")
    assert "the test confirms it (p = 0.00" in mean.reason
    assert "(corrected p = " in news.reason


def test_a_drop_that_the_test_does_not_confirm_passes_unless_strict(make: Make, against: Against) -> None:
    before, after = make(news=(40, 0)), make(news=(40, 2))
    loose = judged(after, Gates(baseline=against(before)))
    assert [(each.status, each.exit_code) for each in loose] == [("passed", 0)] * 2
    assert "the test does not confirm it (p = " in loose[0].reason
    strict = judged(after, Gates(baseline=against(before, strict=True)))
    assert [(each.status, each.exit_code) for each in strict] == [("failed", 4)] * 2
    assert "test" not in strict[0].reason


def test_a_drop_up_to_max_drop_passes(make: Make, against: Against) -> None:
    before, after = make(news=(40, 0)), make(news=(40, 20))
    drop = 100 - 200 / 3
    assert {each.exit_code for each in judged(after, Gates(baseline=against(before, drop, metric="strict")))} == {0}
    assert {each.exit_code for each in judged(after, Gates(baseline=against(before, drop - 0.001)))} == {4}


def test_alpha_decides_what_is_confirmed(make: Make, against: Against) -> None:
    before, after = make(news=(40, 0)), make(news=(40, 5))
    p = judged(after, Gates(baseline=against(before)))[0].details["p"]
    assert 0.02 < float(p) < 0.2
    below, above = (against(before, alpha=float(p) + step) for step in (0.01, -0.01))
    assert [judged(after, Gates(baseline=gate))[0].exit_code for gate in (below, above)] == [4, 0]


def test_one_data_set_that_got_worse_fails_though_the_mean_got_better(make: Make, against: Against) -> None:
    gate = against(make(news=(40, 0), films=(40, 39)))
    mean, news, films = judged(make(news=(40, 20), films=(40, 0)), Gates(baseline=gate))
    assert (mean.exit_code, news.exit_code, films.exit_code) == (0, 4, 0)
    assert "points above the baseline's" in mean.reason


def test_p_of_data_sets_is_corrected_for_their_number(make: Make, against: Against) -> None:
    alone = judged(make(news=(40, 7)), Gates(baseline=against(make(news=(40, 0)))))[1]
    sets = dict.fromkeys("abc", (40, 0))
    among = judged(make(news=(40, 7), **sets), Gates(baseline=against(make(news=(40, 0), **sets))))[1]
    assert float(among.details["p"]) == pytest.approx(4 * float(alone.details["p"]))


def test_sentences_in_another_order_compare(make: Make, against: Against) -> None:
    gate = against(make(ids=["1", "2", "3"], news=(3, 0)), strict=True)
    assert {each.exit_code for each in judged(make(ids=["3", "1", "2"], news=(3, 0)), Gates(baseline=gate))} == {0}


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"news": (3, 0)}, 7, "1 sentence"),
        ({"news": (5, 0)}, 7, "1 sentence"),
        ({"news": (4, 0), "films": (4, 0)}, 7, "films"),
        ({"films": (4, 0)}, 7, "news"),
        ({"ids": ["0", "1", "2", "x"], "news": (4, 0)}, 7, "x"),
        ({"gold": "B-place", "news": (4, 0)}, 5, "gold"),
        ({"gold": "I-person", "news": (4, 0)}, 5, "gold"),
        ({"word": "Bob", "news": (4, 0)}, 5, "words"),
    ],
)
def test_a_baseline_on_other_sentences_is_told_from_one_with_other_content(
    make: Make, against: Against, changes: Any, code: int, said: str
) -> None:
    gate = against(make(news=(4, 0)), strict=True)
    (outcome,) = judged(make(**changes), Gates(baseline=gate))
    assert (outcome.status, outcome.exit_code) == ("error", code)
    assert outcome.reason.startswith(f"not judged: {gate.paths[0]}: is no baseline for these scores: ")
    assert said in outcome.reason


def test_incomplete_scores_pass_no_gate(make: Make, against: Against) -> None:
    scores = make(news=(4, 0))
    lacking = replace(scores, origin=replace(scores.origin, expected=6))
    outcomes = evaluate(lacking, Gates((Floor("gner", None, 1.0),), against(scores, strict=True)), RESAMPLING)
    assert [each.exit_code for each in outcomes] == [6, 6, 6]
    assert [each.status for each in outcomes] == ["failed", "error", "error"]
    assert "2 sentences of the run are missing" in outcomes[0].reason
    assert outcomes[1].reason.startswith("not evaluated: 2 sentences")


def test_a_complete_run_says_so(make: Make) -> None:
    scores = make(news=(4, 0))
    known = replace(scores, origin=replace(scores.origin, expected=4))
    assert evaluate(known, Gates(), RESAMPLING)[0].reason == "all 4 sentences of the run were scored"
    assert "no run.json says" in evaluate(scores, Gates(), RESAMPLING)[0].reason


@given(codes=st.lists(st.sampled_from([0, 2, 3, 4, 5, 6, 7]), min_size=1))
def test_the_first_reason_decides_the_exit_code(codes: list[int]) -> None:
    outcomes = [Outcome("complete", "", None, "failed" if code else "passed", f"is {code}", code) for code in codes]
    worst = next((code for code in (6, 5, 2, 3, 4, 7) if code in codes), 0)
    assert exit_code(outcomes) == worst
    if worst:
        with pytest.raises(GateError, match=f"^is {worst}$") as error:
            require_passed(outcomes)
        assert error.value.exit_code == worst
    else:
        require_passed(outcomes)


def test_every_code_of_an_outcome_has_a_precedence() -> None:
    assert sorted(PRECEDENCE) == [2, 3, 4, 5, 6, 7]


def test_trials_that_could_never_confirm_a_drop_are_refused(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    write_json(path, scores_document(make(**dict.fromkeys("abcdefg", (2, 0))), Resampling(0)).json())
    with pytest.raises(UsageError, match=r"--trials 139 can never confirm a drop on 7 data sets.*140 or more"):
        baseline([path], "gner", 139, Limits(), False)
    baseline([path], "gner", 140, Limits(), False)
    baseline([path], "gner", 1, Limits(), True)


def test_the_fewest_resamples_can_confirm_a_drop(make: Make, against: Against) -> None:
    gate = against(make(news=(40, 0), films=(9, 0)))
    outcomes = evaluate(make(news=(40, 30), films=(9, 0)), Gates(baseline=gate), Resampling(40))
    assert outcomes[2].exit_code == 4
    assert float(outcomes[2].details["p"]) == pytest.approx(2 / 41)


def test_a_baseline_that_cannot_be_used_is_not_judged_by(make: Make, against: Against, tmp_path: Path) -> None:
    scores = make(news=(4, 0))
    cut, old = tmp_path / "cut.json", tmp_path / "old.json"
    gates = {
        "metrics: was not scored by gner": against(make(news=(4, 0), metrics=["strict"])),
        "No such file or directory": baseline([tmp_path / "none.json"], "gner", 1, Limits(), False),
    }
    document = json.loads((tmp_path / "baseline.json").read_text(encoding="utf-8"))
    cut.write_text('{"version": 2, "system"', encoding="utf-8")
    old.write_text(json.dumps({**document, "version": 9}), encoding="utf-8")
    gates["is not JSON"] = baseline([cut], "gner", 1, Limits(), False)
    gates["version: "] = baseline([old], "gner", 1, Limits(), False)
    gates["Is a directory"] = baseline([tmp_path], "gner", 1, Limits(), False)
    for said, gate in gates.items():
        (outcome,) = judged(scores, Gates(baseline=gate))
        assert (outcome.status, outcome.exit_code) == ("error", 7)
        assert outcome.reason.startswith(f"not judged: {gate.paths[0]}: ")
        assert said in outcome.reason


def test_scores_that_were_made_otherwise_are_told(make: Make, against: Against) -> None:
    scores = make(news=(4, 0), metrics=["gner"])
    gate = against(make(news=(4, 0)))
    assert to_know(scores, Gates(baseline=gate)) == []
    other = replace(scores, origin=replace(scores.origin, tokenizer="f" * 64, decoding="beam4"))
    told = to_know(other, Gates(baseline=gate))
    assert told == [
        f"not like for like: dec is beam4 here and unknown in {gate.paths[0]}",
        f"not like for like: tok is ffffffff here and none in {gate.paths[0]}",
    ]
