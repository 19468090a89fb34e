"""The metric of conlleval and that of surface forms: by hand, against seqeval, conlleval's own rules and WNUT 2017."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import precision_recall_fscore_support

from gner_bench.bio import conlleval_spans, strict_spans
from gner_bench.cli import main
from gner_bench.documents.scores import Resampling, Triple, read_scores
from gner_bench.errors import UsageError
from gner_bench.scoring import gates
from gner_bench.scoring.comparison import comparison, measured, shared_metrics
from gner_bench.scoring.counting import score
from gner_bench.scoring.document import scores_document, scores_of
from gner_bench.scoring.drops import Limits
from gner_bench.scoring.metrics import prf
from gner_bench.scoring.paired import differences
from gner_bench.scoring.predictions import Prediction
from gner_bench.scoring.values import SystemValues

from .sentences import given_sets, predictions, sentence, total

pytestmark = pytest.mark.slow

SENTENCES = st.lists(predictions(unplaced=False), min_size=1, max_size=6)
TEAMS = ("arcada", "drexel_cci", "flytxt", "mic-cis.txt", "sjtu_adapt.txt", "spinningbytes.txt", "uh_ritual")


def test_an_i_that_continues_nothing_begins_an_entity() -> None:
    tags = ["I-x", "I-x", "I-y", "B-y", "I-y", "O", "I-x", "B-x", "I-y"]
    expected = [(0, 2, "x"), (2, 3, "y"), (3, 5, "y"), (6, 7, "x"), (7, 8, "x"), (8, 9, "y")]
    assert conlleval_spans(tags) == expected
    assert strict_spans(tags) == [(3, 5, "y"), (7, 8, "x")]


@given(SENTENCES)
@settings(max_examples=60)
def test_figures_are_those_of_seqevals_default_mode(sentences: list[Prediction]) -> None:
    found = prf(*total("conlleval", sentences), "conlleval")
    sides = [[list(each.gold) for each in sentences], [list(each.predicted) for each in sentences]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = precision_recall_fscore_support(*sides, average="micro", zero_division=0)
    assert (found.precision, found.recall) == expected[:2]
    assert abs(found.f1 - expected[2]) < 1e-12


def by_conlleval(gold: Sequence[str], predicted: Sequence[str]) -> Triple:
    """conlleval's own way through one sentence, word by word (Tjong Kim Sang and Buchholz 2000), for BIO tags."""

    def parts(tag: str) -> tuple[str, str]:
        return (tag[0], tag[2:])

    def ends(before: str, tag: str) -> bool:
        (mark, kind), (next_mark, next_kind) = parts(before), parts(tag)
        return mark != "O" and (next_mark in "BO" or kind != next_kind)

    def begins(before: str, tag: str) -> bool:
        (mark, kind), (next_mark, next_kind) = parts(before), parts(tag)
        return next_mark == "B" or (next_mark == "I" and mark == "O") or (next_mark != "O" and kind != next_kind)

    right = made = expected = 0
    both_open, last_gold, last_predicted = False, "O", "O"
    for one, other in zip([*gold, "O"], [*predicted, "O"], strict=True):
        end, predicted_end = ends(last_gold, one), ends(last_predicted, other)
        if both_open and end and predicted_end and parts(last_gold)[1] == parts(last_predicted)[1]:
            right, both_open = right + 1, False
        elif both_open and (end != predicted_end or parts(one)[1] != parts(other)[1]):
            both_open = False
        begin, predicted_begin = begins(last_gold, one), begins(last_predicted, other)
        both_open |= begin and predicted_begin and parts(one)[1] == parts(other)[1]
        expected, made = expected + begin, made + predicted_begin
        last_gold, last_predicted = one, other
    return right, made, expected


@given(predictions(unplaced=False))
def test_counts_are_those_of_conllevals_way_through_the_words(found: Prediction) -> None:
    assert total("conlleval", [found]) == by_conlleval(found.gold, found.predicted)


def test_types_may_hold_dashes() -> None:
    found = sentence("B-creative-work I-creative-work", "I-creative-work I-creative-work")
    assert total("conlleval", [found]) == by_conlleval(found.gold, found.predicted) == (1, 1, 1)


@pytest.fixture(scope="module")
def wnut(shared: Path) -> Path:
    return shared / "data/wnut17"


def scored(path: Path, gold: Path, *arguments: str) -> dict[str, Any]:
    """What the command prints of a file of columns, as JSON."""
    options = ["score", str(path), "--from", "conll", "--gold", str(gold), "--json", *arguments]
    result = CliRunner().invoke(main, options, catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return dict(json.loads(result.stdout))


@pytest.mark.parametrize("team", TEAMS)
def test_the_published_figures_of_wnut17_are_ours_to_both_decimals(wnut: Path, team: str) -> None:
    published = json.loads((wnut / "published.json").read_text())
    aligned = ["--align", "position"] if team == "mic-cis.txt" else []
    metrics = ["--metric", "conlleval", "--metric", "surface", "--resamples", "0"]
    average = scored(wnut / "submissions" / team, wnut / "emerging.test.annotated", *metrics, *aligned)["average"]
    name = team.removesuffix(".txt")
    assert f"{100 * average['conlleval']['f1']:.2f}" == f"{published['entity_f1'][name]:.2f}"
    assert f"{100 * average['surface']['f1']:.2f}" == f"{published['surface_f1'][name]:.2f}"


# Surface forms

PARIS = sentence("B-x O", "B-x O", words="Paris ,")
NEWS = [
    PARIS,
    PARIS,
    sentence("B-x O", "O O", words="Paris ,"),
    sentence("B-x O", "O B-x", words="Rome Rome"),
    sentence("O O", "B-y I-y", words="New York"),
    sentence("O O", "O B-y", words="a ,", unplaced=(("New  York", "y"),)),
]


def test_a_text_counts_once_in_a_set_and_is_right_where_an_entity_is() -> None:
    # Gold: Paris x, Rome x. Predicted: Paris x, Rome x (elsewhere than the gold one), New York y, the comma y.
    values = SystemValues(score(given_sets(news=NEWS), ["conlleval", "surface"]), Resampling(20)).sets["news"]
    found = values.micro("surface")
    assert (found.true_positives, found.predicted, found.gold) == (1, 4, 2)
    assert {kind: each.counts for kind, each in values.types("surface").items()}.keys() == {"x", "y"}
    assert (values.types("surface")["x"].f1, values.types("surface")["y"].predicted) == (0.5, 2)
    assert found.interval is None
    assert values.macro("surface").interval is None
    assert values.micro("conlleval").interval is not None


def test_a_set_in_parts_is_that_of_the_whole_and_is_read_back(tmp_path: Path) -> None:
    whole = score(given_sets(news=NEWS), ["surface"])
    statistics = score(given_sets(news=NEWS[:2]), ["surface"]).sets["news"].statistics
    statistics.extend(score(given_sets(news=NEWS[2:]), ["surface"]).sets["news"].statistics)
    assert statistics == whole.sets["news"].statistics
    assert statistics.totals() == {"surface": (1, 4, 2)}
    path = tmp_path / "scores.json"
    path.write_text(json.dumps(scores_document(whole, Resampling(20)).json(), default=list))
    assert scores_of(read_scores(path), path).f1 == whole.f1 == pytest.approx(1 / 3)


def test_what_is_no_sum_over_sentences_has_no_interval_and_no_test(tmp_path: Path) -> None:
    one, two = (score(given_sets(news=part), ["conlleval", "surface"]) for part in (NEWS, NEWS))
    with pytest.raises(UsageError, match="the metric surface has no interval and no test"):
        differences(one, two, "surface", Resampling(100))
    alone = [measured(label, score(given_sets(news=NEWS), ["surface"])) for label in "AB"]
    with pytest.raises(UsageError, match="the metric surface has no interval and no test"):
        comparison(alone)
    with pytest.raises(UsageError, match="the metric surface has no interval and no test"):
        _ = score(given_sets(news=NEWS), ["surface"]).interval
    assert shared_metrics([measured("A", one), measured("B", two)]) == ("conlleval",)
    path = tmp_path / "scores.json"
    path.write_text(json.dumps(scores_document(one, Resampling(20)).json(), default=list))
    with pytest.raises(UsageError, match=r"no test that could confirm a drop; give --strict-drop"):
        gates.baseline((path,), "surface", 1000, Limits(), False)
    drop = gates.baseline((path,), "surface", 1000, Limits(), True)
    worse = score(given_sets(news=[*NEWS[:-1], sentence("O O", "B-y B-x", words="a ,")]), ["surface"])
    outcomes = gates.evaluate(worse, gates.Gates((gates.floor("surface:20", ["surface"]),), drop), Resampling())
    assert [each.status for each in outcomes] == ["passed", "passed", "failed", "failed"]


# By position


@pytest.fixture
def columns(tmp_path: Path) -> tuple[Path, Path]:
    gold, system = tmp_path / "gold.conll", tmp_path / "system.conll"
    gold.write_text("@ann B-x\nsaw O\nhttps://t.co/1 O\n\nBob B-x\n")
    system.write_text("@user B-x\nsaw O\nurl O\n\nBob O\n")
    return system, gold


def test_other_words_at_the_same_positions_are_taken_when_asked_and_counted(columns: tuple[Path, Path]) -> None:
    refused = CliRunner().invoke(main, ["score", str(columns[0]), "--from", "conll", "--gold", str(columns[1])])
    assert (refused.exit_code, refused.stdout) == (2, "")
    found = scored(*columns, "--metric", "conlleval", "--align", "position")
    assert found["average"]["conlleval"]["recall"] == 0.5
    assert found["signature_fields"]["align"] == "position"
    assert "|align:position|" in found["signature"]
    assert "|al:position|" in found["signature_short"]
    options = ["score", str(columns[0]), "--from", "conll", "--gold", str(columns[1]), "--align", "position"]
    told = CliRunner().invoke(main, options).stderr
    counted = "aligned by position: 2 of 4 words differ from the gold's, in 1 of 2 sentences"
    assert f"gold/test: {counted} (sentence '0', word 1: '@user' for '@ann')" in told


def test_the_key_is_there_only_where_it_was_asked_for(columns: tuple[Path, Path]) -> None:
    assert "align" not in scored(columns[1], columns[1])["signature_fields"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@user B-x\nsaw O\n\nBob O\n", r"line 1: 2 words, 3 in sentence '0' of gold/test"),
        ("@user B-x\nsaw O\nurl O\n", r"1 sentences, but the gold of gold/test has 2"),
    ],
)
def test_other_numbers_are_refused(columns: tuple[Path, Path], text: str, message: str) -> None:
    columns[0].write_text(text)
    options = ["score", str(columns[0]), "--from", "conll", "--gold", str(columns[1]), "--align", "position"]
    result = CliRunner().invoke(main, options)
    assert result.exit_code == 2
    assert message in result.stderr


def test_answers_have_no_positions(columns: tuple[Path, Path], tmp_path: Path) -> None:
    text = tmp_path / "answers.txt"
    text.write_text("@user(B-x) saw(O) url(O)\nBob(O)\n")
    options = ["score", str(text), "--from", "text", "--gold", str(columns[1]), "--align", "position"]
    assert "neither tags nor spans of words" in CliRunner().invoke(main, options).stderr
    options[3] = "gner-jsonl"
    assert "--align is for imported predictions" in CliRunner().invoke(main, options).stderr


def test_gold_in_columns_is_told_by_its_first_line_whatever_the_file_is_called(columns: tuple[Path, Path]) -> None:
    named = columns[1].rename(columns[1].with_name("gold.annotated"))
    assert scored(named, named, "--metric", "conlleval")["average"]["conlleval"]["f1"] == 1
    named.write_text("no columns of tags\n")
    options = ["score", str(columns[0]), "--from", "conll", "--gold", str(named)]
    assert f"{named}, line 1: tag: 'tags' is neither O" in CliRunner().invoke(main, options).stderr
