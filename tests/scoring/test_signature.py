from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gner_bench import __version__
from gner_bench.api import score
from gner_bench.cli import main
from gner_bench.demo import CHECKPOINT
from gner_bench.documents.scores import Resampling, System
from gner_bench.scoring.metrics import METRICS, Metric
from gner_bench.scoring.predictions import Origin, Prediction
from gner_bench.scoring.scores import Scores
from gner_bench.scoring.signature import SHORT, long_line, short_line, signature_fields

from .sentences import Given, sentence

USUAL = Resampling()
GENERATED = Origin(
    (Path("a.jsonl"),), System("tiny"), "greedy", "f5dfec16" * 8, structuring="hierarchical-1", planned={"news": 2}
)
TWO = (sentence("B-x O", "B-x B-y", id="0"), sentence("B-y O", "O O", id="1"))


def scores(
    *sentences: Prediction, metrics: tuple[Metric, ...] = ("gner", "strict"), origin: Origin = GENERATED
) -> Scores:
    return score(Given(sentences or TWO, origin), metrics)


def fields(found: Scores | None = None, resampling: Resampling = USUAL) -> dict[str, str]:
    return signature_fields(found or scores(), resampling)


def test_the_signature_key_by_key() -> None:
    found = fields()
    content = scores().sets["news"].content_hash
    assert found == {
        "data": f"news/test=2@{content[:8]}",
        "misc": "none",
        "dec": "greedy",
        "metric": "gner+strict",
        "match": "hierarchical-1",
        "tok": "f5dfec16",
        "norm": "squad",
        "count": "gner=set-per-sentence,strict=position",
        "repair": "gner=lenient,strict=none",
        "avg": "micro-per-set,mean-over-sets",
        "bs": "1000",
        "ci": "wilson",
        "seed": "0",
        "version": __version__,
    }


def test_the_long_line_holds_every_key_and_the_short_line_the_main_ones() -> None:
    found = fields()
    assert dict(part.split(":", 1) for part in long_line(found).split("|")) == found
    short = dict(part.split(":", 1) for part in short_line(found).split("|"))
    assert set(short) == {"d", "x", "dec", "m", "mt", "t", "bs", "ci", "s", "v"}
    assert short["d"].startswith("1@")
    assert len(short_line(found)) < len(long_line(found)) / 2


CHANGES: dict[str, Any] = {
    "data: a gold tag": lambda: fields(scores(TWO[0], replace(TWO[1], gold=("B-x", "O")))),
    "data: a word": lambda: fields(scores(TWO[0], replace(TWO[1], words=("w0", "other")))),
    "data: the split": lambda: fields(scores(*(replace(each, split="dev") for each in TWO))),
    "data: the set": lambda: fields(scores(*(replace(each, dataset="films") for each in TWO))),
    "part: fewer sentences": lambda: fields(scores(TWO[0])),
    "misc: a type misc in the prompts": lambda: fields(scores(*(replace(e, types=("x", "y", "Misc")) for e in TWO))),
    "dec: decoding": lambda: fields(scores(origin=replace(GENERATED, decoding="beam4"))),
    "metric: fewer": lambda: fields(scores(metrics=("gner",))),
    "match: tags that came as such": lambda: fields(scores(origin=replace(GENERATED, structuring=""))),
    "tok: another tokenizer": lambda: fields(scores(origin=replace(GENERATED, tokenizer="0" * 64))),
    "tok: no tokenizer": lambda: fields(scores(origin=replace(GENERATED, tokenizer=None))),
    "bs: resamples": lambda: fields(resampling=Resampling(200)),
    "seed: seed": lambda: fields(resampling=Resampling(seed=1)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_a_score_changes_both_lines(change: str) -> None:
    one, other = fields(), CHANGES[change]()
    key = change.split(":")[0]
    assert one.get(key) != other.get(key)
    assert long_line(one) != long_line(other)
    assert short_line(one) != short_line(other)


def test_the_predictions_and_the_order_of_sentences_do_not_change_it() -> None:
    one = fields()
    assert fields(scores(*TWO[::-1])) == one
    assert fields(scores(*(replace(each, predicted=each.gold) for each in TWO))) == one
    assert fields(scores(origin=replace(GENERATED, system=System("other"), files=(Path("b"),)))) == one


def test_metrics_named_in_another_order_have_the_same_signature() -> None:
    assert fields(scores(metrics=("strict", "gner"))) == fields()


def test_every_metric_tells_what_it_counts_and_repairs() -> None:
    found = fields(scores(metrics=METRICS))
    assert [part.split("=")[0] for part in found["count"].split(",")] == list(METRICS)
    assert [part.split("=")[0] for part in found["repair"].split(",")] == list(METRICS)
    assert fields(scores(metrics=("strict",)))["norm"] == "none"


def test_missing_sentences_are_told_by_set() -> None:
    found = fields(scores(TWO[0]))
    assert found["part"] == "news=1/2"
    assert "|p:yes|" in short_line(found)
    assert "part" not in fields()


@pytest.mark.parametrize(
    ("dataset", "types", "misc"),
    [
        ("crossner_ai", ("person", "misc"), "kept"),
        ("crossner_ai", ("person",), "dropped"),
        ("mine", ("person", "Else"), "kept"),
        ("mine", ("person",), "none"),
        ("mit-movie", ("actor",), "none"),
    ],
)
def test_what_became_of_misc(dataset: str, types: tuple[str, ...], misc: str) -> None:
    sentences = [replace(each, dataset=dataset, types=types) for each in TWO]
    assert fields(scores(*sentences))["misc"] == misc


def test_the_short_line_tells_data_sets_apart() -> None:
    both = [*TWO, *(replace(each, dataset="films") for each in TWO)]
    turned = [*(replace(each, dataset="films") for each in TWO), *TWO]
    lines = {short_line(fields(scores(*sentences))).split("|")[0] for sentences in (TWO, both, turned)}
    assert len(lines) == 3
    assert {line[:4] for line in lines} == {"d:1@", "d:2@"}


def test_names_cannot_break_the_line() -> None:
    found = fields(scores(*(replace(each, dataset="a|tok:none\nb@c=1") for each in TWO)))
    line = long_line(found)
    assert "\n" not in line
    assert line.count("|") == len(found) - 1
    assert short_line(found).startswith("d:1@")


def test_every_short_key_is_one_of_the_long_ones() -> None:
    optional = {"dtype", "batch", "runs", "part", "common", "answers", "scheme", "spaces", "align", "cl"}
    assert set(SHORT) <= {*fields(), *optional}
    assert len(set(SHORT.values())) == len(SHORT)


def test_spaces_that_were_cleaned_up_are_in_the_signature_and_make_a_difference(tmp_path: Path) -> None:
    # T5's tokenizer would do; the embedded one keeps the space inside a word, too, unless it is cleaned up.
    labels = ["B-x", "O"]
    instance = {"id": "0", "words": ["a .", "b"], "labels": labels, "instruction_inputs": "", "prompt_labels": ""}
    record = {"dataset": "news", "split": "test", "label_list": ["x"], "instance": instance}
    path = tmp_path / "predictions.jsonl"
    path.write_text(json.dumps({**record, "prediction": "a.(B-x) b(O)"}) + "\n")
    options = ["score", str(path), "--tokenizer", str(CHECKPOINT), "--json"]
    plain, cleaned = (
        json.loads(CliRunner().invoke(main, [*options, *more]).stdout) for more in ([], ["--clean-up-spaces"])
    )
    assert (plain["average"]["strict"]["f1"], cleaned["average"]["strict"]["f1"]) == (0, 1)
    assert "spaces" not in plain["signature_fields"]
    assert cleaned["signature_fields"]["spaces"] == "cleaned"
    assert "|sp:cleaned|" in cleaned["signature_short"]
    outs = [str(tmp_path / f"{name}.json") for name in ("plain", "cleaned")]
    for out, more in zip(outs, ([], ["--clean-up-spaces"]), strict=True):
        CliRunner().invoke(main, [*options, *more, "--out", out])
    told = CliRunner().invoke(main, ["compare", *outs]).stderr
    assert "not like for like: spaces is (not stated) for A" in told
    refused = CliRunner().invoke(main, ["score", str(path), "--tokenizer", "none", "--clean-up-spaces"])
    assert (refused.exit_code, "needs a tokenizer" in refused.stderr) == (2, True)
