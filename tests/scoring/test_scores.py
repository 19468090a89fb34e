from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gner_bench.api import load_predictions, score
from gner_bench.data.sentence import content_hash
from gner_bench.documents.scores import Resampling
from gner_bench.errors import InputError
from gner_bench.scoring.counting import score as count
from gner_bench.scoring.counting import sentence_key
from gner_bench.scoring.document import scores_document
from gner_bench.scoring.metrics import METRICS, Metric
from gner_bench.scoring.values import SystemValues

from .sentences import given_sets, sentence

Build = Callable[..., dict[str, Any]]
Write = Callable[..., Path]
EXPECTED: dict[Metric, str] = {"gner": "gner", "strict": "seqeval_strict_iob2_micro"}
WITHOUT = Resampling(0)


@pytest.mark.parametrize("tokenizer", ["t5_tokenizer", "no_tokenizer"])
@pytest.mark.parametrize("file", ["gner-t5-base.dev700.jsonl", "gner-t5-large.dev700.jsonl"])
def test_real_files_score_as_the_reference_implementation(shared: Path, file: str, tokenizer: str) -> None:
    expected = json.loads((shared / "predictions/expected_scores.json").read_text(encoding="utf-8"))[file]
    path = shared / "tokenizers/t5" if tokenizer == "t5_tokenizer" else "none"
    found = scores_document(score(load_predictions(shared / "predictions" / file, tokenizer=path)), WITHOUT).json()
    average = expected.pop("average_f1")[tokenizer]
    assert found["average"]["gner"]["f1"] == pytest.approx(average, abs=1e-9)
    assert set(found["datasets"]) == set(expected)
    for name, reference in expected.items():
        scores = found["datasets"][name]
        assert scores["sentences"] == reference["examples"]
        assert {k: v for k, v in scores["matched_by"].items() if v} == reference[tokenizer]["matched_by"]
        for ours, theirs in EXPECTED.items():
            for figure, value in reference[tokenizer][theirs].items():
                assert scores[ours][figure] == pytest.approx(value, abs=1e-9)


def line(number: int, prediction: str, **changes: Any) -> str:
    record = {
        "dataset": changes.get("dataset", "mit-movie"),
        "split": "test",
        "label_list": ["actor", "year"],
        "instance": {"id": str(number), "words": ["Tom", "Hanks", "1994"], "labels": ["B-actor", "I-actor", "B-year"]},
        "prediction": prediction,
        "generation": {"tokens": 9, "finish": changes.get("finish", "stop")},
    }
    return json.dumps(record) + "\n"


def test_counts_by_hand(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(
        line(0, "Tom(B-actor) Hanks(I-actor) 1994(B-year)")
        + line(1, "Tom(B-actor) Hanks(B-actor) 1994(B-orther)")
        + line(2, "Tom(B-actor) Hanks(I-actor)", finish="length"),
        encoding="utf-8",
    )
    part = scores_document(score(file), WITHOUT).json()["datasets"]["mit-movie"]
    for metric in EXPECTED:
        assert (part[metric]["true_positives"], part[metric]["predicted"], part[metric]["gold"]) == (3, 5, 6)
    assert part["types"]["year"]["gner"]["predicted"] == 1
    assert part["matched_by"] == {"exact": 2, "subsequence": 1, "lcs": 0}
    assert part["structuring"]["unknown_labels"] == 1
    assert part["structuring"]["cut_outputs"] == 1
    assert part["structuring"]["omitted_words"] == 1


def test_several_files_are_one_system_and_the_average_is_over_sets(tmp_path: Path) -> None:
    right, wrong = tmp_path / "right.jsonl", tmp_path / "wrong.jsonl.gz"
    right.write_text(line(0, "Tom(B-actor) Hanks(I-actor) 1994(B-year)"), encoding="utf-8")
    wrong.write_bytes(gzip.compress(line(0, "Tom(O)", dataset="other").encode()))
    found = scores_document(score(load_predictions(right, wrong)), WITHOUT).json()
    assert list(found["datasets"]) == ["mit-movie", "other"]
    assert found["average"]["strict"]["f1"] == 0.5


def test_the_signature_tells_data_and_tokenizer_apart(tmp_path: Path, shared: Path) -> None:
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    one.write_text(line(0, "Tom(O)"), encoding="utf-8")
    two.write_text(line(0, "Tom(O)") + line(1, ""), encoding="utf-8")
    signatures = {
        scores_document(score(load_predictions(file, tokenizer=back)), WITHOUT).json()["signature"]
        for file in (one, two)
        for back in ("none", shared / "tokenizers/t5")
    }
    assert len(signatures) == 4


def test_metrics_are_counted_once_and_in_their_order_however_they_were_named() -> None:
    found = count(given_sets(news=[sentence("B-x", "B-x")]), ["strict", "gner", "strict"])
    assert found.metrics == ("gner", "strict")
    assert found.sets["news"].statistics.metrics == ("gner", "strict")


def test_a_metric_does_not_depend_on_which_others_are_counted() -> None:
    sentences = [sentence("B-x I-x O B-y", "B-x O B-y I-y"), sentence("B-x", "O")]
    together = count(given_sets(news=sentences), METRICS).sets["news"].statistics
    for metric in METRICS:
        alone = count(given_sets(news=sentences), [metric]).sets["news"].statistics
        ours = {kind: together.sums()[column].tolist() for kind, column in together.columns_of(metric).items()}
        assert ours == {kind: alone.sums()[column].tolist() for kind, column in alone.columns_of(metric).items()}


def test_a_sentence_that_stands_twice_is_refused_with_both_places(record: Build, predictions_file: Write) -> None:
    path = predictions_file(record(id="7"), record(id="8"), record(id="7", prediction=""))
    place = re.escape(f"{path}, line 3: instance.id: sentence 7 of news was read already ({path}, line 1)")
    with pytest.raises(InputError, match=place):
        score(path)


def test_the_same_words_under_another_id_are_another_sentence(record: Build, predictions_file: Write) -> None:
    found = score(predictions_file(record(id="7"), record(id="8")))
    assert list(found.sets["news"].ids) == ["7", "8"]


def test_the_same_id_with_other_words_is_another_sentence(record: Build, predictions_file: Write) -> None:
    path = predictions_file(record(id="7"), record(words=["Bob", "saw", "Oslo"], id="7"))
    assert len(score(path).sets["news"].statistics) == 2


def test_the_same_sentence_may_stand_in_two_data_sets(record: Build, predictions_file: Write) -> None:
    assert set(score(predictions_file(record(), record(dataset="films"))).sets) == {"news", "films"}


def test_one_data_set_of_two_splits_is_refused(record: Build, predictions_file: Write) -> None:
    path = predictions_file(record(), record(id="1", split="dev"))
    with pytest.raises(InputError, match=r"line 2: split: 'dev', but earlier sentences of news are of 'test'"):
        score(path)


def test_a_set_knows_its_types_ids_and_content(record: Build, predictions_file: Write) -> None:
    path = predictions_file(record(id="3"), record(words=["Bob", "saw", "it"], id="4", label_list=["place", "time"]))
    found = score(path).sets["news"]
    assert found.types == ("person", "place", "time")
    assert list(found.ids) == ["3", "4"]
    labels = ("B-person", "O", "B-place")
    assert found.content_hash == content_hash([(("Ann", "saw", "Oslo"), labels), (("Bob", "saw", "it"), labels)])
    assert found.keys.tolist() == [sentence_key("3", ["Ann", "saw", "Oslo"]), sentence_key("4", ["Bob", "saw", "it"])]


def test_sentence_keys_are_whole_numbers_that_every_json_reader_keeps() -> None:
    keys = {sentence_key(str(number), ["a", "b"]) for number in range(1000)}
    assert len(keys) == 1000
    assert max(keys) < 2**53
    assert sentence_key("0", ["ab"]) != sentence_key("0", ["a", "b"])


def test_sentences_that_a_published_split_lacks_are_counted(record: Build, predictions_file: Write) -> None:
    found = score(predictions_file(record(dataset="crossner_ai"))).sets["crossner_ai"]
    assert (found.planned, found.missing) == (431, 430)
    other = score(predictions_file(record(dataset="mine"))).sets["mine"]
    assert (other.planned, other.missing) == (None, 0)


def test_scores_are_short_to_look_at_and_give_f1_and_its_interval(shared: Path) -> None:
    found = score(load_predictions(shared / "predictions/gner-t5-base.dev700.jsonl", name="base"), ["strict", "gner"])
    values = SystemValues(found)
    assert repr(found) == f"Scores(base: mean gner F1 {found.f1:.4f}, 700 sentences of 7 data sets)"
    assert repr(found["mit-movie"]) == f"SetScores(mit-movie/dev: gner F1 {found['mit-movie'].f1:.4f}, 100 sentences)"
    assert found.f1 == values.average("gner").f1
    assert found["mit-movie"].f1 == values.sets["mit-movie"].micro("gner").f1
    assert {"f1": found["mit-movie"].interval}.items() <= (
        values.sets["mit-movie"].micro("gner").interval or {}
    ).items()
    assert {"f1": found.interval}.items() <= (values.average("gner").interval or {}).items()


def test_the_way_from_answers_to_tags_is_that_of_the_records(record: Build, predictions_file: Write) -> None:
    records = [replace(sentence("B-x", "B-x"), structuring=name) for name in ("uniner-1", "", "hierarchical-1")]
    origin = replace(given_sets().origin, structuring="of run.json")
    found = count(replace(given_sets(news=records), origin=origin))
    assert found.origin.structuring == "hierarchical-1+uniner-1"
    unknown = [replace(each, structuring="") for each in records]
    assert count(replace(given_sets(news=unknown), origin=origin)).origin.structuring == "of run.json"
