"""Sentences of one document are drawn, and exchanged, together."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gner_bench.api import load_predictions, score
from gner_bench.bio import Reading
from gner_bench.data.convert import load
from gner_bench.documents.scores import Resampling, read_scores
from gner_bench.errors import UsageError
from gner_bench.files import to_json
from gner_bench.scoring.document import scores_document, scores_of
from gner_bench.scoring.gold import Gold
from gner_bench.scoring.metrics import Metric
from gner_bench.scoring.paired import differences
from gner_bench.scoring.predictions import Prediction
from gner_bench.scoring.scores import Scores, warnings_of
from gner_bench.scoring.signature import signature_fields
from gner_bench.scoring.values import SystemValues

from .sentences import given_sets, sentence

RIGHT, WRONG, HALF = sentence("B-x", "B-x"), sentence("B-x", "O"), sentence("B-x B-x", "B-x O")
STRICT: tuple[Metric, ...] = ("strict",)


def scored(sentences: Sequence[Prediction], documents: Sequence[str] | None = None) -> Scores:
    named = documents or [""] * len(sentences)
    together = [replace(one, document=name) for one, name in zip(sentences, named, strict=True)]
    return score(given_sets(news=together), STRICT)


def repeated(scores: Scores, times: int) -> Scores:
    """Every sentence so often, as one document each, whose keys are in the order of the sentences'."""
    part = scores["news"]
    statistics = replace(part.statistics, places=array("I", [p for p in part.statistics.places for _ in range(times)]))
    keys = array("Q", [key * times + copy for key in part.keys for copy in range(times)])
    documents = [number for number in range(len(part.keys)) for _ in range(times)]
    ids = [str(key) for key in keys]
    return replace(scores, sets={"news": replace(part, statistics=statistics, ids=ids, keys=keys, documents=documents)})


@pytest.mark.parametrize("times", [2, 8])
def test_repeated_sentences_that_are_one_document_say_no_more_than_once(times: int) -> None:
    """Percentiles (120 sentences) and Wilson's interval (24) alike; taken for independent they would be narrower."""
    alone = scored([RIGHT, RIGHT, WRONG] * 5 * times)
    again = repeated(alone, 3)
    one, three = (SystemValues(each, Resampling(200)).sets["news"] for each in (alone, again))
    assert three.micro("strict").f1 == one.micro("strict").f1
    expected = one.micro("strict").interval or {}
    assert three.micro("strict").interval == {name: pytest.approx(end) for name, end in expected.items()}
    assert again.interval == pytest.approx(alone.interval)
    low, high = scored([RIGHT, RIGHT, WRONG] * 15 * times).interval
    assert high - low < 0.7 * (alone.interval[1] - alone.interval[0])


def test_tests_draw_and_exchange_whole_documents() -> None:
    first, second = scored([WRONG, RIGHT, WRONG] * 10), scored([RIGHT, RIGHT, WRONG] * 10)
    second = replace(second, sets={"news": replace(second["news"], keys=first["news"].keys)})
    alone = differences(first, second, "strict", Resampling(200))
    again = differences(repeated(first, 3), repeated(second, 3), "strict", Resampling(200))
    assert again == [
        replace(
            each,
            difference=pytest.approx(each.difference),
            interval=pytest.approx(each.interval),
            detectable=pytest.approx(each.detectable),
        )
        for each in alone
    ]


def test_one_system_whose_documents_are_known_is_enough_for_a_comparison() -> None:
    both = [repeated(scored(each * 10), 2) for each in ([WRONG, RIGHT], [RIGHT, RIGHT])]
    both[1] = replace(both[1], sets={"news": replace(both[1]["news"], keys=both[0]["news"].keys)})
    expected = differences(*both, "strict", Resampling(100))
    for place in (0, 1):
        one = list(both)
        one[place] = replace(one[place], sets={"news": replace(one[place]["news"], documents=None)})
        assert differences(*one, "strict", Resampling(100)) == expected


@given(st.permutations(range(12)))
@settings(max_examples=10)
def test_the_order_of_sentences_and_documents_does_not_matter(order: list[int]) -> None:
    sentences = [replace([RIGHT, WRONG, HALF][i % 3], id=str(i), document=f"d{i // 2}") for i in range(12)]
    found = [
        score(type(given_sets())([replace(each) for each in chosen]), STRICT)["news"]
        for chosen in (sentences, [sentences[i] for i in order])
    ]
    drawn = [part.samples(STRICT, Resampling(30))["strict"].drawn for part in found]
    assert (drawn[0] == drawn[1]).all()


def test_documents_count_where_they_tell_sentences_apart_and_hold_several() -> None:
    assert scored([RIGHT] * 4)["news"].documents is None
    assert scored([RIGHT] * 4, ["a", "a", "a", "a"])["news"].documents is None
    assert scored([RIGHT] * 4, ["a", "b", "c", "d"])["news"].documents is None
    assert scored([RIGHT] * 4, ["a", "b", "a", "b"])["news"].documents == [0, 1, 0, 1]
    assert scored([RIGHT] * 4, ["a", "", "a", "b"])["news"].documents == [0, 2, 0, 1]  # one by itself


def test_the_signature_and_scores_json_tell_of_documents(tmp_path: Path) -> None:
    scores = scored([RIGHT, WRONG] * 10, list("aabbccddeeffgghhiijj"))
    fields = signature_fields(scores, Resampling())
    assert (fields["cl"], fields["ci"]) == ("doc", "wilson")
    assert "cl" not in signature_fields(scored([RIGHT, WRONG] * 5), Resampling())
    assert not {"cl", "ci"} & signature_fields(scores, Resampling(0)).keys()
    assert "ci" not in signature_fields(scored([RIGHT, WRONG] * 50), Resampling())
    path = tmp_path / "scores.json"
    path.write_text("".join(to_json(scores_document(scores, Resampling()).json())), encoding="utf-8")
    again = scores_of(read_scores(path), path)
    assert again["news"].documents == [place // 2 for place in range(20)]
    assert again.interval == scores.interval


def test_fewer_than_ten_documents_have_no_interval_and_a_warning() -> None:
    scores = scored([RIGHT, WRONG] * 60, ["a", "b", "c", "d"] * 30)
    why = "4 documents are too few for intervals and tests, 10 the fewest"
    assert f"news: {why}" in warnings_of(scores)
    found = SystemValues(scores, Resampling(50))
    part = found.sets["news"]
    assert part.micro("strict").json()["no_interval"] == part.types("strict")["x"].no_interval == why
    assert found.average("strict").no_interval == found.pooled("strict").no_interval == f"news: {why}"
    assert found.average("strict").interval is None
    with pytest.raises(UsageError, match="too few"):
        _ = scores.interval


# Where documents come from

MARKED = "-DOCSTART- O\n\nAnn B-P\n\nsaw O\n\n-DOCSTART- O\n\nOslo B-L\n"
COMMENTS = {
    "marks": (MARKED, ["1", "1", "2"]),
    "a mark without a blank line": ("Ann B-P\n\n-DOCSTART- O\nsaw O\n\nOslo B-L\n", ["", "1", "1"]),
    "newdoc": ("# newdoc id = a\n# sent_id = 1\nAnn B-P\n\nsaw O\n\n# newdoc\nOslo B-L\n", ["1", "1", "2"]),
    "begin document": ("#begin document (a)\nAnn B-P\n\nsaw O\n\n#end document\nOslo B-L\n", ["1", "1", "1"]),
    "names": ("# doc_id = n 7\nAnn B-P\n\n# doc_id = n 8\nsaw O\n\n# doc_id = n 7\nOslo B-L\n", ["n 7", "n 8", "n 7"]),
    "sentences": ("# id 12\tdomain=en\nAnn B-P\n\n# id 13\tdomain=en\nsaw O\n\nOslo B-L\n", ["", "", ""]),
    "no comment": ("Ann B-P\n\n# doctors say\nsaw O\n\nOslo B-L\n", ["", "", ""]),
}


@pytest.mark.parametrize(("text", "documents"), COMMENTS.values(), ids=COMMENTS)
def test_columns_say_which_document_a_sentence_is_of(text: str, documents: list[str], tmp_path: Path) -> None:
    path = tmp_path / "news.conll"
    path.write_text(text, encoding="utf-8")
    [dataset] = load(str(path), "conll", Reading())
    marks = [each.document.removeprefix("-DOCSTART-") for each in dataset.sentences]
    assert marks == documents


RECORDS = {
    "tokens": '{"tokens": ["Ann"], "ner_tags": ["B-P"], "doc_id": 7}\n',
    "spans": '{"tokenized_text": ["Ann"], "ner": [[0, 0, "P"]], "document_id": "7"}\n',
    "gner-jsonl": '{"dataset": "news", "split": "test", "label_list": ["P"], "instance": {"id": "0",'
    ' "document_id": "7", "words": ["Ann"], "labels": ["B-P"]}, "prediction": "Ann(B-P)"}\n',
}


@pytest.mark.parametrize("format", RECORDS)
def test_records_say_which_document_a_sentence_is_of(format: str, tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl"
    path.write_text(RECORDS[format], encoding="utf-8")
    [dataset] = load(str(path), format, Reading())
    assert [each.document for each in dataset.sentences] == ["7"]


def test_documents_of_gold_and_of_records_reach_the_scores(tmp_path: Path) -> None:
    record = RECORDS["gner-jsonl"]
    lines = [
        record.replace('"id": "0"', f'"id": "{n}"').replace('"document_id": "7"', f'"document_id": "{n // 2}"')
        for n in range(4)
    ]
    path = tmp_path / "predictions.jsonl"
    path.write_text("".join(lines), encoding="utf-8")
    assert score(load_predictions(path, tokenizer="none"))["news"].documents == [0, 0, 1, 1]
    gold, predicted = tmp_path / "gold.conll", tmp_path / "predicted.conll"
    gold.write_text(MARKED, encoding="utf-8")
    predicted.write_text(MARKED.replace("-DOCSTART- O\n\n", ""), encoding="utf-8")
    found = score(load_predictions(predicted, format="conll", gold=Gold((gold,))))
    assert [list(part.documents or ()) for part in found.sets.values()] == [[0, 0, 1]]
