"""The functions of seqeval against seqeval itself; what differs is asserted as such, with the reason."""

from __future__ import annotations

import doctest
import json
import math
import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import seqeval.metrics as theirs
import seqeval.scheme
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.scheme import Entities

import gner_bench.seqeval as ours
from gner_bench import compare, score
from gner_bench.bio import from_end, strict_spans

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

EXAMPLES = 50
"""Of each property, scheme and mode."""
TYPES = ("PER", "LOC", "a-b", "_")
BOOLEANS = st.booleans()
Tags = list[str]
Sides = tuple[list[Tags], list[Tags]]


def tags_of(scheme: str) -> list[str]:
    return ["O", *(f"{prefix}-{kind}" for prefix in ours.PREFIXES[scheme] if prefix != "O" for kind in TYPES)]


@st.composite
def sides(draw: st.DrawFn, scheme: str) -> Sides:
    """Gold and predictions of a few sentences, legal in the scheme or not; many words of the two are the same."""
    known = tags_of(scheme)
    gold = draw(st.lists(st.lists(st.sampled_from(known), max_size=7), min_size=1, max_size=3))
    predicted = [[draw(st.sampled_from([tag, tag, *known])) for tag in tags] for tags in gold]
    return gold, predicted


def discarded(tags: Tags) -> Tags:
    """IOB1 in which every B- that follows no entity of its type is O."""
    legal = ["O"]
    for tag in tags:
        orphan = tag.startswith("B-") and legal[-1][2:] != tag[2:]
        legal.append("O" if orphan else tag)
    return legal[1:]


def bioes(tags: Tags) -> Tags:
    return [{"L": "E", "U": "S"}.get(tag[0], tag[0]) + tag[1:] for tag in tags]


EXPLAINED: dict[tuple[str, str | None], tuple[str, Callable[[Tags], Tags]]] = {
    # A B- directly followed by one of another type is dropped by seqeval, although it follows an entity of its type;
    # of two B- after nothing the second counts. Neither happens in legal IOB1.
    ("IOB1", "strict"): ("IOB1", discarded),
    # seqeval misses an entity of one word before another of its type (E- after O or another type), which is legal, and
    # more ("IOE1 hasn't yet been able to handle some cases", says its source). IOE1 is IOB1 read from the end.
    ("IOE1", "strict"): ("IOB1", lambda tags: discarded(from_end(tags))),
    # seqeval's default mode does not know L- and U-: U- U- is one entity, and one that L- ends is lost before another.
    ("BILOU", None): ("IOBES", bioes),
}
"""What seqeval is given, and in which scheme, where it is wrong on the tags as they are."""


def explained(scheme: str, mode: str | None, given: Sides) -> tuple[str, Sides]:
    name, change = EXPLAINED.get((scheme, mode), (scheme, list))
    gold, predicted = ([change(tags) for tags in side] for side in given)
    return name, (gold, predicted)


def suffixed(tags: Tags) -> Tags:
    return ["-".join(tag.split("-", 1)[::-1]) for tag in tags]


AVERAGES = ("micro", "macro", "weighted", None)
SCORES = ("precision_score", "recall_score", "f1_score")


@pytest.mark.parametrize("mode", [None, "strict"])
@pytest.mark.parametrize("scheme", ours.PREFIXES)
def test_all_figures_are_those_of_seqeval(scheme: str, mode: str | None) -> None:
    @given(sides(scheme), st.sampled_from(["warn", 0, 1]), st.sampled_from(AVERAGES), st.sampled_from(SCORES), BOOLEANS)
    @settings(max_examples=EXAMPLES, deadline=None)
    def check(given: Sides, zero: str | int, average: str | None, figure: str, suffix: bool) -> None:
        name, other = explained(scheme, mode, given)
        sides = (given, other)
        if suffix:
            sides = tuple([[suffixed(tags) for tags in side] for side in both] for both in sides)
        mine, their = sides
        asked = {"mode": mode, "scheme": scheme if mode else None, "zero_division": zero, "suffix": suffix}
        as_theirs = {**asked, "scheme": getattr(seqeval.scheme, name) if mode else None}
        report = ours.classification_report(*mine, output_dict=True, **asked)
        value = getattr(ours, figure)(*mine, average=average, **asked)
        nothing = len(report) == 3
        if nothing and average == "macro":
            assert value == (zero == 1)  # the mean of nothing, which is nan in seqeval
        else:
            expected = getattr(theirs, figure)(*their, average=average, **as_theirs)
            assert value.tolist() == expected.tolist() if average is None else value == expected
        if nothing:
            with pytest.raises(ValueError, match="empty"):  # seqeval's report of nothing
                theirs.classification_report(*their, **as_theirs)
        else:
            assert report == theirs.classification_report(*their, output_dict=True, **as_theirs)
            text = ours.classification_report(*mine, digits=4, **asked)
            assert text == theirs.classification_report(*their, digits=4, **as_theirs)
        if any(given[0]):
            assert ours.accuracy_score(*given) == theirs.accuracy_score(*given)
        else:
            assert ours.accuracy_score(*given) == 0  # a division by zero in seqeval

    check()


def spans(tags: str, scheme: str) -> tuple[list[tuple[int, int, str]], list[tuple[int, int, str]]]:
    """Those that we count in strict mode, and those that seqeval counts."""
    given = tags.split()
    found = Entities([given], getattr(seqeval.scheme, scheme)).entities[0]
    predictions = ours.to_predictions([given], [given], [given], mode="strict", scheme=scheme)
    (sentence,) = predictions
    return strict_spans(sentence.gold), [(entity.start, entity.end, entity.tag) for entity in found]


@pytest.mark.parametrize(
    ("scheme", "tags", "mine", "their"),
    [
        ("IOB1", "I-a B-a B-b", [(0, 1, "a"), (1, 2, "a")], [(0, 1, "a")]),
        ("IOB1", "O B-a B-a", [], [(2, 3, "a")]),
        ("IOE1", "E-a I-a", [(0, 1, "a"), (1, 2, "a")], [(1, 2, "a")]),
        ("IOE1", "I-b E-a I-a", [(0, 1, "b"), (1, 2, "a"), (2, 3, "a")], [(0, 1, "b"), (2, 3, "a")]),
        ("IOE1", "I-a I-a E-a", [(0, 2, "a")], []),
        ("IOB2", "B-a- B-a", [(0, 1, "a-"), (1, 2, "a")], [(0, 1, "a"), (1, 2, "a")]),
    ],
)
def test_where_seqeval_is_wrong_in_strict_mode(
    scheme: str, tags: str, mine: list[tuple[int, int, str]], their: list[tuple[int, int, str]]
) -> None:
    """By the definitions of Tjong Kim Sang and Veenstra (1999): in IOB1 B- begins an entity directly after another of
    its type, in IOE1 E- ends one directly before another of its type."""
    assert spans(tags, scheme) == (mine, their)


def test_where_seqeval_is_wrong_on_bilou_in_its_default_mode() -> None:
    gold = [["B-a", "L-a", "U-a", "U-a", "O"]]
    report = ours.classification_report(gold, gold, output_dict=True)
    assert isinstance(report, dict)
    assert report["a"]["support"] == 3
    assert theirs.classification_report(gold, gold, output_dict=True)["a"]["support"] == 1


GOLD, PREDICTED = [["I-a", "O", "B-a"]], [["B-a", "O", "B-a"]]
"""The first is the same entity to conlleval and none to strict IOB2."""


def test_strict_mode_alone_is_strict_in_the_scheme_of_the_gold() -> None:
    """seqeval's f1_score reads the tags leniently then, its report does not."""
    assert theirs.f1_score(GOLD, PREDICTED, mode="strict") == 1
    report = theirs.classification_report(GOLD, PREDICTED, mode="strict", output_dict=True)
    assert ours.f1_score(GOLD, PREDICTED, mode="strict") == report["micro avg"]["f1-score"] == pytest.approx(2 / 3)


def test_a_scheme_alone_changes_nothing_and_says_so() -> None:
    with pytest.warns(UserWarning, match="scheme=IOB2 does nothing without mode='strict'"):
        assert ours.f1_score(GOLD, PREDICTED, scheme=ours.IOB2) == theirs.f1_score(GOLD, PREDICTED) == 1


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [("B-a O", "IOB2"), ("I-a E-a", "IOE2"), ("B-a E-a", "IOBES"), ("S-a O", "IOBES"), ("B-a L-a", "BILOU")],
)
def test_the_scheme_is_detected_as_seqeval_does(tags: str, scheme: str) -> None:
    side = [tags.split()]
    found = ours.classification_report(side, side, mode="strict")
    assert found == ours.classification_report(side, side, mode="strict", scheme=scheme)
    if "S-a" not in tags:  # seqeval detects IOBES in S- alone, not in S- and O
        assert found == theirs.classification_report(side, side, mode="strict")


def test_classes_of_seqeval_and_names_are_schemes() -> None:
    for scheme in (seqeval.scheme.IOB2, "IOB2", ours.IOB2):
        assert ours.f1_score(GOLD, PREDICTED, mode="strict", scheme=scheme) == pytest.approx(2 / 3)


def test_compute_gives_what_evaluate_makes_of_the_report() -> None:
    """The script of evaluate's metric: the report's rows renamed, without the macro and weighted averages."""
    report = theirs.classification_report(GOLD, PREDICTED, output_dict=True, mode="strict", scheme=seqeval.scheme.IOB2)
    found = ours.compute(predictions=PREDICTED, references=GOLD, mode="strict", scheme="IOB2")
    kind, micro = report["a"], report["micro avg"]
    assert found == {
        "a": {"precision": kind["precision"], "recall": kind["recall"], "f1": kind["f1-score"], "number": 1},
        "overall_precision": micro["precision"],
        "overall_recall": micro["recall"],
        "overall_f1": micro["f1-score"],
        "overall_accuracy": theirs.accuracy_score(GOLD, PREDICTED),
    }
    assert json.loads(json.dumps(found)) == found  # seqeval's numbers are NumPy's, which JSON does not take


@pytest.mark.parametrize(
    ("gold", "predicted", "options", "error", "message"),
    [
        ([["ORG"]], [["O"]], {}, ValueError, "sentence 1, word 1: 'ORG' is neither O nor of the form B-type"),
        ([["O", "a-B"]], [["O", "O"]], {}, ValueError, "word 2: 'a-B' is .* suffix=True reads the other"),
        ([["X-a"]], [["O"]], {}, ValueError, "'X-a' is neither"),
        ([["E-a"]], [["O"]], {"mode": "strict", "scheme": "IOB2"}, ValueError, r"y_true: .*'E-a' is not of IOB2"),
        ([["I-a"]], [["O"]], {"mode": "strict"}, ValueError, "prefixes I do not tell the scheme; scheme= names it"),
        ([["O"]], [["O"]], {"scheme": "IOB3", "mode": "strict"}, ValueError, "scheme is 'IOB3', not one of IOB1"),
        ([["O"]], [["O"]], {"mode": "exact"}, ValueError, "mode is 'exact', neither"),
        ([["O"]], [["O"]], {"average": "samples"}, ValueError, "average is 'samples', not one of"),
        ([["O"]], [["O"]], {"zero_division": 0.5}, ValueError, "zero_division is 0.5"),
        ([["O"]], [["O"]], {"sample_weight": [1]}, ValueError, "sample_weight is not supported"),
        ([["O"]], [["O", "O"]], {}, ValueError, "sentence 1 has 1 tags in y_true, 2 in y_pred"),
        ([["O"]], [], {}, ValueError, "y_true has 1 sentences, y_pred has 0"),
        ([], [], {}, ValueError, "there are no sentences"),
        (["O", "B-a"], ["O", "O"], {}, TypeError, "y_true: sentence 1 is 'O', not a list of tags"),
        ([[0, 3]], [[0, 3]], {}, TypeError, "sentence 1, word 1: 0 is of type int, not a text"),
        ([None], [["O"]], {}, TypeError, "sentence 1 is None, not a list of tags"),
        ([{"B-a", "O"}], [["O", "O"]], {}, TypeError, "y_true: sentence 1 is .*, not a list of tags"),
        ([["O"]], [{"O": 1}], {}, TypeError, "y_pred: sentence 1 is .*, not a list of tags"),
        ({"a": ["O"]}, [["O"]], {}, TypeError, "y_true is .*, not a list of sentences"),
        ("O", "O", {}, TypeError, "y_true is 'O', not a list of sentences"),
        ([["O"]], None, {}, TypeError, "y_pred is None, not a list of sentences"),
    ],
)
def test_what_cannot_be_scored_is_one_line_with_its_place(
    gold: Any, predicted: Any, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as raised:
        ours.f1_score(gold, predicted, **options)
    assert "\n" not in str(raised.value)


def test_tuples_and_arrays_are_sentences_too() -> None:
    import numpy as np

    given = tuple(map(tuple, GOLD)), np.array(PREDICTED)
    assert ours.f1_score(*given) == ours.f1_score(GOLD, PREDICTED)
    assert ours.accuracy_score(GOLD[0], PREDICTED[0]) == theirs.accuracy_score(GOLD[0], PREDICTED[0]) == 2 / 3


def test_what_can_be_read_only_once_is_read_only_once() -> None:
    def once(side: list[list[str]]) -> Any:
        return (iter(tags) for tags in side)

    assert ours.f1_score(once(GOLD), once(PREDICTED)) == ours.f1_score(GOLD, PREDICTED)
    assert ours.accuracy_score(once(GOLD), once(PREDICTED)) == theirs.accuracy_score(GOLD, PREDICTED)
    assert ours.accuracy_score(iter(GOLD[0]), iter(PREDICTED[0])) == theirs.accuracy_score(GOLD[0], PREDICTED[0])
    expected = ours.compute(predictions=PREDICTED, references=GOLD, interval=True)
    assert ours.compute(predictions=once(PREDICTED), references=once(GOLD), interval=True) == expected
    with pytest.raises(TypeError, match="y_true is None, not a list of sentences"):
        ours.accuracy_score(None, GOLD)  # type: ignore[arg-type]


def test_figures_without_a_denominator_are_warned_of() -> None:
    with pytest.warns(ours.UndefinedMetricWarning, match=r"precision is set to 0 where no entity is predicted: b \("):
        ours.precision_score([["B-a", "B-b"]], [["B-a", "O"]], average=None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ours.precision_score([["B-a", "B-b"]], [["B-a", "O"]], average=None, zero_division=1).tolist() == [1, 1]


# Intervals


@pytest.fixture(scope="module")
def many() -> Sides:
    """300 sentences, of which a system has two thirds of the entities."""
    gold = [["B-a", "I-a", "O", "B-b"][number % 3 :] for number in range(300)]
    predicted = [["O"] * len(tags) if number % 7 in (0, 3) else tags for number, tags in enumerate(gold)]
    return [list(tags) for tags in gold], [list(tags) for tags in predicted]


def test_intervals_are_those_of_score(many: Sides) -> None:
    """Percentiles depend on the order in which sentences are drawn, by some thousandths."""
    words = [[f"w{place}" for place in range(len(tags))] for tags in many[0]]
    predictions = ours.to_predictions(words, *many)
    scores = score(predictions, ["conlleval"])
    found = ours.f1_score(*many, interval=True)
    assert found.value == ours.f1_score(*many) == scores.f1
    assert found.interval == pytest.approx(scores.interval, abs=0.01)
    assert found.interval[0] < found.value < found.interval[1]
    compared = compare(scores, score(ours.to_predictions(words, many[0], many[0]), ["conlleval"]), resamples=100)
    assert compared is not None


def test_every_figure_has_an_interval_or_says_why_not(many: Sides) -> None:
    for estimate in ours.recall_score(*many, average=None, interval=True):
        assert estimate.interval[0] < estimate.value < estimate.interval[1]
    macro = ours.f1_score(*many, average="macro", interval=True)
    assert macro.interval[0] < macro.value < macro.interval[1]
    weighted = ours.f1_score(*many, average="weighted", interval=True)
    assert weighted == (ours.f1_score(*many, average="weighted"), None, "none is defined for the weighted mean of f1")
    rare = ours.f1_score(GOLD, PREDICTED, average="macro", interval=True)
    assert rare[1:] == (None, "types with fewer than 20 gold mentions: a")
    nothing = ours.precision_score([["B-a"]], [["O"]], zero_division=1, interval=True)
    assert nothing == (1.0, None, "a denominator is zero")
    accuracy = ours.accuracy_score(*many, interval=True)
    assert accuracy.interval[0] < accuracy.value == ours.accuracy_score(*many) < accuracy.interval[1]


def test_reports_show_intervals(many: Sides) -> None:
    text = ours.classification_report(*many, interval=True)
    assert isinstance(text, str)
    head, _, first, *_ = text.splitlines()
    assert head.endswith("support  95% interval of f1")
    estimate = ours.f1_score(*many, average=None, interval=True)[0]
    assert first.endswith("{:.2f} to {:.2f}".format(*estimate.interval))
    found = ours.compute(references=many[0], predictions=many[1], interval=True)
    assert found["a"]["f1_interval"] == estimate.interval
    assert found["overall_f1_interval"] == ours.f1_score(*many, interval=True).interval
    assert not math.isnan(found["overall_accuracy_interval"][0])


# Beside the rest of the package


def test_taggings_become_predictions_in_bio() -> None:
    words = [["w0", "w1", "w2"]]
    (sentence,) = ours.to_predictions(words, [["B-a", "L-a", "U-a"]], [["I-a", "O", "I-b"]])
    assert sentence.gold == ("B-a", "I-a", "B-a")
    assert sentence.predicted == ("I-a", "O", "I-b")
    assert sentence.types == ("a", "b")
    with pytest.raises(ValueError, match="words and tags are not of the same sentences"):
        ours.to_predictions([["w0"]], GOLD, PREDICTED)


def test_the_example_of_the_module_runs() -> None:
    assert doctest.testmod(ours) == (0, 3)


def test_importing_it_imports_no_heavy_library() -> None:
    heavy = ["torch", "pandas", "polars", "sklearn", "transformers", "datasets", "matplotlib", "seqeval"]
    code = f"import sys, gner_bench.seqeval; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
