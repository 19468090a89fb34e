from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.answers import answer_format
from gner_bench.answers.answer import pieces
from gner_bench.answers.gner import LABEL
from gner_bench.api import load_predictions
from gner_bench.scoring.errors import ERROR_CLASSES
from gner_bench.scoring.explain import (
    Entry,
    Mention,
    counts_of,
    document,
    explain,
    gner_entries,
    outside_strict_spans,
    verdicts,
)
from gner_bench.scoring.generations import Generations
from gner_bench.scoring.metrics import METRICS
from gner_bench.scoring.predictions import Prediction
from gner_bench.structure import parse_generation, structure

TYPES = ("person", "place")
TAGS = ("O", "B-person", "I-person", "B-place", "I-place")
parts = st.sampled_from(
    ["Ann", "the", "C++", "C", "(O)", "(B-person)", "(I-place)", "(B-drug)", "(", ")", "\n", " ", "B-", "A"]
)
texts = st.lists(parts, max_size=20).map("".join)
sentences = st.lists(st.sampled_from(["Ann", "the", "C++", "C", "Oslo", "A"]), min_size=1, max_size=8)


def generated(
    text: str, words: Sequence[str] = ("Ann", "saw", "Oslo"), gold: Sequence[str] = (), **more: object
) -> Prediction:
    """A sentence whose tags come from generated ``text``; its gold is O throughout if none is given."""
    found = structure(words, TYPES, text)
    return tagged(found.match.tags, gold or ["O"] * len(words), words, text=text, structured=found, **more)


def tagged(predicted: Sequence[str], gold: Sequence[str], words: Sequence[str], **more: object) -> Prediction:
    return Prediction("news", "test", "7", TYPES, tuple(words), tuple(gold), tuple(predicted), **more)  # type: ignore[arg-type]


@given(texts)
def test_the_pieces_are_the_whole_text_and_hold_the_parsed_pairs(text: str) -> None:
    found = pieces(text, LABEL)
    assert "".join(piece.text for piece in found) == text
    words = [piece.text for piece in found if piece.kind == "word"]
    labels = [piece.text[1:-1].strip() for piece in found if piece.kind == "label"]
    assert list(zip(words, labels, strict=True)) == parse_generation(text)
    assert [piece.index for piece in found if piece.kind == "word"] == list(range(len(words)))


def test_a_label_without_a_word_and_the_text_after_the_last_label_are_pieces_of_their_own() -> None:
    found = [(piece.kind, piece.text) for piece in pieces("Ann(B-person)(O) saw (O) and then\n", LABEL)]
    assert found == [
        ("word", "Ann"),
        ("label", "(B-person)"),
        ("dropped", "(O)"),
        ("space", " "),
        ("word", "saw"),
        ("space", " "),
        ("label", "(O)"),
        ("space", " "),
        ("tail", "and then"),
        ("space", "\n"),
    ]


@given(texts, sentences)
def test_explaining_agrees_with_structuring(text: str, words: list[str]) -> None:
    sentence = generated(text, words)
    assert sentence.structured is not None
    found = explain(sentence)
    assert [word.predicted for word in found.words] == sentence.structured.match.tags
    assert sum(word.unknown for word in found.generated) == sentence.structured.unknown_labels
    assert len(found.omitted) == sentence.structured.omitted_words
    assert len(found.added) == sentence.structured.added_words
    for place, word in enumerate(found.words):
        if word.source is None:
            assert (word.by, word.predicted) == ("omitted", "O")
        else:
            source = found.generated[word.source]
            assert (word.by, source.place) == (found.step, place)
            assert (source.word.lower(), source.kept) == (word.compared, word.predicted)


def test_a_label_of_an_unknown_type_is_told_from_what_is_kept() -> None:
    found = explain(generated("Ann(B-drug) saw(O) Bob(I-place) Oslo(B-place) Lima(B-drug)"))
    assert [(each.label, each.kept, each.place, each.unknown) for each in found.generated] == [
        ("B-drug", "O", 0, True),
        ("O", "O", 1, False),
        ("I-place", "I-place", None, False),
        ("B-place", "B-place", 2, False),
        ("B-drug", "O", None, True),
    ]
    assert found.added == [2, 4]


def test_words_show_what_back_tokenization_made_of_them() -> None:
    words = ("Ann", "{", "Öl")
    text = "Ann(O) l(B-person)"

    def back_tokenize(words: Sequence[str]) -> list[str]:
        return [word.replace("{", "").replace("ö", "") for word in words]

    found = structure(words, TYPES, text, back_tokenize)
    sentence = tagged(found.match.tags, ["O"] * 3, words, text=text, structured=found)
    assert [(word.compared, word.by) for word in explain(sentence, back_tokenize).words] == [
        ("ann", "subsequence"),
        ("", "omitted"),
        ("l", "subsequence"),
    ]


def test_words_after_the_last_placed_one_are_unreached() -> None:
    assert explain(generated("Ann(O)")).unreached == 2
    assert explain(generated("Oslo(O)")).unreached == 0
    assert explain(generated("")).unreached == 3


def test_an_answer_in_another_format_is_explained_as_it_was_read() -> None:
    words, text = ("Ann", "saw", "Oslo"), "Ann(person) saw(O) Oslo(place) (drug) Lima(drug)"
    found = structure(words, TYPES, text, None, answer_format("full"))
    sentence = tagged(found.match.tags, ["O"] * 3, words, text=text, structured=found)
    explained = explain(sentence)
    assert [word.predicted for word in explained.words] == ["B-person", "O", "B-place"]
    assert [(each.word, each.place, each.unknown) for each in explained.generated][-1] == ("Lima", None, True)
    assert "".join(piece.text for piece in explained.pieces) == text
    assert document(explained)["step"] == found.match.step


def test_tags_that_came_as_such_have_no_alignment() -> None:
    found = explain(tagged(["O", "B-place"], ["O", "O"], ["in", "Oslo"]))
    assert (found.step, found.pieces, found.generated, found.added, found.omitted) == (None, (), (), [], [])
    assert [(word.predicted, word.by) for word in found.words] == [("O", None), ("B-place", None)]


@st.composite
def predictions(draw: st.DrawFn) -> Prediction:
    words = draw(sentences)
    sides = [draw(st.lists(st.sampled_from(TAGS), min_size=len(words), max_size=len(words))) for _ in range(2)]
    unplaced = draw(st.lists(st.tuples(st.sampled_from(["ann", "C"]), st.sampled_from(TYPES)), max_size=2))
    return tagged(*sides, words, unplaced=tuple(unplaced))


@pytest.mark.slow
@given(predictions())
def test_the_entries_of_gner_add_up_to_its_counts(sentence: Prediction) -> None:
    entries, counts = gner_entries(sentence), counts_of(sentence, "gner")
    assert sum(entry.counted == "right" for entry in entries) == counts.true_positives
    assert sum(bool(entry.predicted) for entry in entries) == counts.predicted
    assert sum(bool(entry.gold) for entry in entries) == counts.gold


@given(predictions())
def test_the_verdicts_add_up_to_the_counts_of_strict(sentence: Prediction) -> None:
    found, counts = verdicts(sentence), counts_of(sentence, "strict")
    assert sum(verdict.kind == "correct" for verdict in found) == counts.true_positives
    assert sum(verdict.predicted is not None for verdict in found) == counts.predicted
    assert sum(verdict.gold is not None for verdict in found) == counts.gold
    assert {verdict.kind for verdict in found} <= set(ERROR_CLASSES)


@given(predictions())
def test_counts_of_a_sentence_are_the_sums_over_types_in_whole_units(sentence: Prediction) -> None:
    for metric in METRICS:
        by_type, unit = METRICS[metric].count(sentence), METRICS[metric].unit
        found = counts_of(sentence, metric)
        assert found.true_positives * unit == sum(triple[0] for triple in by_type.values())
        assert found.gold * unit == sum(triple[2] for triple in by_type.values())


def test_what_normalisation_merges_is_one_entry_that_names_its_forms() -> None:
    sentence = tagged(["B-place", "B-place"], ["O", "B-place"], ["C", "C++"])
    entry = Entry(
        "c", "place", (Mention("C++", "place", 1, 2),), (Mention("C", "place", 0, 1), Mention("C++", "place", 1, 2))
    )
    assert gner_entries(sentence) == [entry]
    assert entry.forms == [("C++", "place"), ("C", "place")]


def test_an_entry_that_differs_in_case_alone_names_no_forms() -> None:
    assert Entry("oslo", "place", (Mention("Oslo", "Place", 0, 1),)).forms == []


def test_a_right_entry_at_another_place_is_told() -> None:
    (entry,) = gner_entries(tagged(["B-place", "O"], ["O", "B-place"], ["Oslo", "Oslo"]))
    assert (entry.counted, entry.elsewhere) == ("right", True)
    (entry,) = gner_entries(tagged(["B-place", "O"], ["B-place", "B-place"], ["Oslo", "Oslo"]))
    assert (entry.counted, entry.elsewhere) == ("right", False)


def test_verdicts_stand_in_the_order_of_the_sentence() -> None:
    gold = ["O", "B-place", "O", "B-person", "B-place", "I-place"]
    made = ["B-place", "O", "O", "B-place", "B-place", "O"]
    found = verdicts(tagged(made, gold, list("abcdef"), unplaced=(("x", "place"),)))
    assert [(each.kind, each.gold and each.gold.text, each.predicted and each.predicted.text) for each in found] == [
        ("spurious", None, "a"),
        ("missed", "b", None),
        ("wrong_type", "d", "d"),
        ("wrong_boundary", "e f", "e"),
        ("spurious", None, "x"),
    ]


def test_tags_outside_strict_spans_are_those_it_does_not_count() -> None:
    assert outside_strict_spans(["I-place", "B-place", "I-place", "I-person", "O"]) == [0, 3]


@pytest.mark.parametrize("noted", [[0.5, 1], [0.5, 1.0, "high"], [0.5, 1, 10**400], [1, 1, -1], "high", None, {}])
def test_confidence_that_does_not_fit_the_words_is_left_out(noted: object) -> None:
    found = explain(generated("Ann(O) saw(O) Oslo(O)", generation={"confidence": noted}))
    assert [word.confidence for word in found.words] == [None] * 3


def test_the_document_tells_every_step_of_a_word() -> None:
    sentence = generated("Ann(B-drug) Oslo(B-place) (O)", gold=("B-person", "O", "B-place"))
    found = document(explain(sentence))
    assert found["types"] == ["person", "place"]
    assert found["step"] == "subsequence"
    assert found["words"][0] == {
        "word": "Ann",
        "compared": "ann",
        "source": 0,
        "by": "subsequence",
        "predicted": "O",
        "gold": "B-person",
        "confidence": None,
    }
    assert found["generated"][0] == {"word": "Ann", "label": "B-drug", "kept": "O", "place": 0}
    assert found["counts"]["strict"] == {"true_positives": 1, "predicted": 1, "gold": 2}
    assert [entity["class"] for entity in found["entities"]] == ["missed", "correct"]
    assert found["entities"][0]["gold"] == {"text": "Ann", "type": "person", "start": 0, "end": 1}
    assert "".join(piece["text"] for piece in found["pieces"]) == sentence.text


@pytest.mark.slow
def test_explanations_of_real_predictions_add_up_to_the_reference_scores(shared: Path) -> None:
    file = shared / "predictions" / "gner-t5-base.dev700.jsonl"
    expected = json.loads((file.parent / "expected_scores.json").read_text())[file.name]
    predictions = load_predictions(file, tokenizer=shared / "tokenizers" / "t5")
    assert isinstance(predictions, Generations)
    sums: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for sentence in predictions:
        each = explain(sentence, predictions.back_tokenizer)
        sums[sentence.dataset].update(
            gner_right=sum(entry.counted == "right" for entry in each.gner),
            gner_predicted=sum(bool(entry.predicted) for entry in each.gner),
            strict_right=sum(verdict.kind == "correct" for verdict in each.verdicts),
            strict_gold=sum(verdict.gold is not None for verdict in each.verdicts),
        )
    assert len(sums) == 7
    for name, found in sums.items():
        reference = expected[name]["t5_tokenizer"]
        assert found["gner_right"] / found["gner_predicted"] == pytest.approx(reference["gner"]["precision"], abs=1e-9)
        strict = reference["seqeval_strict_iob2_micro"]["recall"]
        assert found["strict_right"] / found["strict_gold"] == pytest.approx(strict, abs=1e-9)
