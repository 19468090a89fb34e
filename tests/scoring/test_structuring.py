from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.api import load_predictions, score
from gner_bench.scoring.predictions import Prediction
from gner_bench.scoring.structuring import LONGEST_TEXT, TOP, Frequent, StructuringTally
from gner_bench.structure import structure

from .sentences import predictions, sentence

TYPES = ("person", "place")


def generated(words: str, text: str, gold: str = "", **changes: Any) -> Prediction:
    """A sentence whose tags come from ``text``; its tokenizer knows no brackets and no ``ö``."""
    found = structure(words.split(), TYPES, text, lambda lowered: [w.strip("{}").replace("ö", "") for w in lowered])
    tags = " ".join(found.match.tags)
    return replace(sentence(gold or tags, tags, words, TYPES), text=text, structured=found, **changes)


def parts(*sentences: Prediction) -> dict[str, Any]:
    """What is not 0 or empty of ``matched_by`` and ``structuring`` together."""
    counted = StructuringTally()
    for each in sentences:
        counted.add(each)
    matched_by, structuring = counted.parts()
    found = json.loads(json.dumps([matched_by, structuring.json()]))
    return {key: value for part in found for key, value in part.items() if value}


def test_a_faithful_output_leaves_nothing_but_its_step() -> None:
    assert parts(generated("Ann saw Oslo", "Ann(B-person) saw(O) Oslo(B-place)")) == {"exact": 1}


def test_words_left_out_are_omitted() -> None:
    found = parts(generated("Ann saw Oslo", "Ann(B-person) Oslo(B-place)"))
    assert found == {"subsequence": 1, "omitted_words": 1, "most_frequent": {"omitted_words": [["saw", 1]]}}


def test_as_many_words_between_the_same_neighbours_are_substituted_and_others_added_and_omitted() -> None:
    found = parts(generated("a b c d e f", "a(O) x(O) y(O) d(O) e(O) ef(O) g(O)"), generated("a b", "b(O) b(O)"))
    assert {key: found[key] for key in ("substituted_words", "omitted_words", "added_words")} == {
        "substituted_words": 2,
        "omitted_words": 2,
        "added_words": 3,
    }
    assert found["most_frequent"]["substituted_words"] == [["b", "x", 1], ["c", "y", 1]]
    assert found["most_frequent"]["added_words"] == [["b", 1], ["ef", 1], ["g", 1]]


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=8), st.lists(st.sampled_from("abcd"), max_size=8))
def test_each_word_without_label_is_omitted_or_substituted(words: list[str], output: list[str]) -> None:
    each = generated(" ".join(words), " ".join(f"{word}(O)" for word in output))
    assert each.structured is not None
    found = Counter(parts(each))
    assert found["omitted_words"] + found["substituted_words"] == each.structured.omitted_words
    assert found["added_words"] + found["substituted_words"] == each.structured.added_words


def test_labels_of_unknown_types_are_named() -> None:
    found = parts(generated("a b c", "a(B-city) b(I-city) c(B-city)"))
    assert found["unknown_labels"] == 3
    assert found["most_frequent"]["unknown_labels"] == [["B-city", 2], ["I-city", 1]]


def test_malformed_labels_are_counted_by_their_fault() -> None:
    found = parts(generated("a b c d", "a(B-) (O) b(person) c(E-place)(O) d(B-pla"))
    assert found["malformed_labels"] == {"unread": 2, "unclosed": 1, "empty_type": 1, "without_word": 1}


def test_brackets_of_the_sentence_are_no_malformed_labels() -> None:
    assert parts(generated("a ( 1999 ) b", "a(O) ((O) 1999(O) )(O) b(O)")) == {"exact": 1}


@pytest.mark.parametrize(
    ("tags", "orphans", "changes"),
    [
        ("B-x I-x O", 0, 0),
        ("I-x I-x O", 1, 0),
        ("O I-x I-y", 1, 1),
        ("B-x I-y I-y", 0, 1),
        ("B-x B-y I-x", 0, 1),
    ],
)
def test_tags_that_bio_does_not_allow(tags: str, orphans: int, changes: int) -> None:
    for times in (1, 2):
        found = Counter(parts(*[sentence("O O O", tags)] * times))
        assert (found["orphan_tags"], found["type_changes"]) == (times * orphans, times * changes)


@pytest.mark.slow
@given(st.lists(predictions(), max_size=4))
def test_every_tag_that_bio_does_not_allow_is_counted(sentences: list[Prediction]) -> None:
    found = Counter(parts(*sentences))
    expected: Counter[str] = Counter()
    for each in sentences:
        for before, tag in zip(("O", *each.predicted), each.predicted, strict=False):
            if tag.startswith("I-") and before[2:] != tag[2:]:
                expected["orphan_tags" if before == "O" else "type_changes"] += 1
    assert {key: found[key] for key in ("orphan_tags", "type_changes")} == {
        key: expected[key] for key in ("orphan_tags", "type_changes")
    }


def test_words_that_the_tokenizer_changes_or_drops_are_outside_its_vocabulary() -> None:
    found = parts(generated("Österreich { and {", "sterreich(B-place) and(O)"))
    assert found["words_outside_vocabulary"] == 3
    assert found["most_frequent"]["words_outside_vocabulary"] == [["{", 2], ["Österreich", 1]]


def test_outputs_without_text_are_told_from_those_without_labels() -> None:
    found = parts(generated("a", ""), generated("a", "  \n"), generated("a", "I cannot do that."))
    assert (found["empty_outputs"], found["unlabelled_outputs"]) == (2, 1)


def test_cut_outputs_and_prompts_and_gold_types_that_the_prompt_lacks() -> None:
    cut = generated("a b", "a(O)", "B-city I-city", generation={"finish": "length", "input_cut": True})
    found = parts(cut, generated("a", "a(O)", generation={"finish": "stop"}))
    assert (found["cut_outputs"], found["cut_inputs"], found["gold_outside_types"]) == (1, 1, 2)


def test_tags_that_came_as_such_have_no_step() -> None:
    assert parts(sentence("B-x", "O")) == {}


def test_long_texts_are_cut() -> None:
    frequent = Frequent()
    frequent.update([("x" * 100,), ("y" * LONGEST_TEXT,)])
    assert frequent.top() == (("x" * (LONGEST_TEXT - 1) + "…", 1), ("y" * LONGEST_TEXT, 1))


@given(st.lists(st.sampled_from("abcdefgh").map(lambda text: (text,)), max_size=60))
def test_the_most_frequent_are_exact_while_all_are_remembered(texts: list[tuple[str]]) -> None:
    frequent = Frequent(remembered=8)
    for text in texts:
        frequent.update([text])
    expected = sorted(Counter(texts).items(), key=lambda item: (-item[1], item[0]))
    assert frequent.top() == tuple((text, count) for (text,), count in expected)
    assert not frequent.forgot


def test_too_many_different_ones_lose_the_rarest_and_say_so() -> None:
    frequent = Frequent(remembered=10)
    frequent.update([("often",)] * 5)
    frequent.update([(str(number),) for number in range(100)])
    frequent.update([("often",)])
    assert frequent.forgot
    assert frequent.top()[0] == ("often", 6)
    assert len(frequent.top()) <= 10


def test_at_most_twenty_are_shown_and_ties_are_alphabetical() -> None:
    frequent = Frequent()
    frequent.update([(f"{number:03}",) for number in reversed(range(50))])
    assert frequent.top() == tuple((f"{number:03}", 1) for number in range(TOP))


def sums(sets: Sequence[dict[str, Any]], key: str) -> int:
    return sum(each["structuring"][key] for each in sets)


def test_real_outputs(shared: Path) -> None:
    tokenizer = shared / "tokenizers/t5"
    loaded = load_predictions(shared / "predictions/gner-t5-base.dev700.jsonl", tokenizer=tokenizer)
    sets = [each.analysis.json() for each in score(loaded).sets.values()]
    structured = [each.structured for each in loaded if each.structured]
    assert sum(sum(each["matched_by"].values()) for each in sets) == 700
    assert sums(sets, "omitted_words") + sums(sets, "substituted_words") == sum(s.omitted_words for s in structured)
    assert sums(sets, "added_words") + sums(sets, "substituted_words") == sum(s.added_words for s in structured)
    assert sums(sets, "unknown_labels") == sum(s.unknown_labels for s in structured)
    assert ["'s", 6] in sets[1]["structuring"]["most_frequent"]["omitted_words"]
    assert all(len(json.dumps(each["structuring"])) < 6000 for each in sets)
