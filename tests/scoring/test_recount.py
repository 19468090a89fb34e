"""`score --check seqeval`: what agrees, what is refused, and what seqeval would get wrong by itself."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from gner_bench.cli import main
from gner_bench.errors import GnerBenchError
from gner_bench.scoring import recount
from gner_bench.scoring.counting import score
from gner_bench.scoring.predictions import Prediction

from .sentences import given_sets, predictions, sentence

pytestmark = pytest.mark.slow

RUN = Path(__file__).parents[2] / "prediction_results/demo/gner-tiny"


@given(st.lists(predictions(), min_size=1, max_size=6), st.sampled_from([("gner",), ("strict",), ("conlleval",)]))
@settings(max_examples=30)
def test_seqeval_counts_the_same(sentences: list[Prediction], metrics: tuple[str, ...]) -> None:
    made = given_sets(news=sentences)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # none is to reach a user
        line = recount.check_with_seqeval(made, score(made, metrics))
    assert line == "seqeval counts the same strict and conlleval F1 in news"


def test_types_whose_names_seqeval_takes_for_one_are_kept_apart() -> None:
    made = given_sets(news=[sentence("B--a O", "B-a O"), sentence("B-a O", "B-a O")])
    scores = score(made, ("strict",))
    assert scores.f1 == 0.5  # one of two right; seqeval by itself takes all for right
    assert recount.check_with_seqeval(made, scores)


@pytest.mark.parametrize(
    ("metric", "theirs"),
    [
        # The prediction holds B-a and an I-a after O, which strict reading does not see and conlleval's does.
        ("strict", "100 (1 right of 1 predicted and 1 in the gold)"),
        ("conlleval", "66.66666667 (1 right of 2 predicted and 1 in the gold)"),
    ],
)
def test_scores_that_differ_are_refused_with_both_counts(metric: str, theirs: str) -> None:
    other = score(given_sets(news=[sentence("O O O", "O O O")]), (metric,))
    with pytest.raises(GnerBenchError) as refusal:
        recount.check_with_seqeval(given_sets(news=[sentence("B-a O O", "B-a O I-a")]), other)
    ours = "0 (0 right of 0 predicted and 0 in the gold)"
    assert str(refusal.value) == f"news: {metric} F1 is {ours}, and by seqeval {theirs}"
    assert refusal.value.exit_code == 1


def test_a_difference_of_a_billionth_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    made = given_sets(news=[sentence("B-a", "B-a")])
    scores = score(made, ("strict",))
    for distance, refused in ((9e-10, False), (1.1e-9, True)):
        monkeypatch.setitem(recount.RECOUNTS, "strict", lambda *_, off=distance: (1 - off, (1, 1, 1)))
        if refused:
            with pytest.raises(GnerBenchError, match=r"^news: strict F1 is 100 .* and by seqeval 99\.99999989"):
                recount.check_with_seqeval(made, scores)
        else:
            assert recount.check_with_seqeval(made, scores)


def test_the_command_says_what_agreed_and_writes_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["score", str(RUN), "--resamples", "0", "--json"]
    plain, checked = (CliRunner().invoke(main, [*arguments, *more]) for more in ([], ["--check", "seqeval"]))
    assert checked.exit_code == 0
    assert checked.stdout == plain.stdout
    assert checked.stderr.startswith("seqeval counts the same strict and conlleval F1 in crossner_ai, ")
    monkeypatch.setitem(recount.RECOUNTS, "conlleval", lambda *_: (0.0, (0, 0, 0)))
    out = tmp_path / "scores.json"
    refused = CliRunner().invoke(main, [*arguments, "--check", "seqeval", "--out", str(out)])
    assert (refused.exit_code, refused.stdout, out.exists()) == (1, "", False)
    assert refused.stderr.startswith("Error: crossner_ai: conlleval F1 is ")
