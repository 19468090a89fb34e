"""The options that say how files are read, at the verbs: schemes, columns, keys, names of tags, standard input."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gner_bench.api import load_predictions, score
from gner_bench.bio import Reading
from gner_bench.cli import main
from gner_bench.data import read_dataset
from gner_bench.data.formats import FORMATS
from gner_bench.scoring.gold import Gold

Run = Callable[..., Result]
Refusal = Callable[..., str]
# The five entities of IOB1: Ann Lee and Bo, who is directly after her, Oslo, Rio, X directly after Rio in another type.
IOB1 = "Ann I-PER\nLee I-PER\nBo B-PER\nsaw O\nOslo I-LOC\n\nRio I-LOC\nX I-ORG\n"
IOB2 = "Ann B-PER\nLee I-PER\nBo B-PER\nsaw O\nOslo B-LOC\n\nRio B-LOC\nX B-ORG\n"
BIOES = "Ann B-PER\nLee E-PER\nBo S-PER\nsaw O\nOslo S-LOC\n\nRio S-LOC\nX S-ORG\n"
GERMEVAL = "#\thttp://example.org/Ann\n1\tAnn\tB-PER\tO\n2\tsaw\tO\tO\n3\tOslo\tB-LOC\tB-LOCpart\n\n1\tRain\tO\tO\n"


@pytest.fixture
def place(tmp_path: Path) -> Callable[[str, str], Path]:
    def write(name: str, content: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(content, encoding="utf-8")
        return path

    return write


Place = Callable[[str, str], Path]


def f1(predicted: Path, gold: Path, **options: Any) -> dict[str, float]:
    predictions = load_predictions(predicted, format="conll", gold=Gold((gold,)), **options)
    return {metric: round(100 * score(predictions, (metric,)).f1, 6) for metric in ("gner", "strict")}


@pytest.mark.parametrize(
    ("predicted", "scheme"),
    [
        (IOB1, "iob1"),
        (IOB2, ""),
        (IOB1.replace("B-PER", "O"), "io"),
        (BIOES, ""),
        ("Ann B-PER\nLee L-PER\nBo U-PER\nsaw O\nOslo U-LOC\n\nRio U-LOC\nX U-ORG\n", ""),
    ],
)
def test_equal_predictions_score_100_in_every_scheme_by_every_metric(place: Place, predicted: str, scheme: str) -> None:
    file, same = place("system.conll", predicted), place("gold.conll", predicted)
    assert f1(file, same) == {"gner": 100, "strict": 100}
    assert load_predictions(file, format="conll", gold=Gold((same,))).origin.options.get("scheme", "") == scheme
    if scheme != "io":  # which cannot hold two neighbours of one type
        assert f1(file, place("iob2.conll", IOB2)) == {"gner": 100, "strict": 100}


def test_predictions_of_i_alone_are_illegal_bio_where_the_gold_beside_them_is_bio(place: Place) -> None:
    file = place("system.conll", "Ann B-PER I-PER\nsaw O O\nOslo B-LOC I-LOC\n")
    [sentence] = load_predictions(file, format="conll")
    assert (sentence.gold, sentence.predicted) == (("B-PER", "O", "B-LOC"), ("I-PER", "O", "I-LOC"))


def test_the_scheme_of_predictions_is_in_the_signature_where_it_is_not_the_usual_one(run: Run, place: Place) -> None:
    gold = place("gold.conll", IOB2)
    for content, options, there in (
        (IOB1, (), "|scheme:iob1|"),
        (IOB2, (), ""),
        (IOB2, ("--repair", "begin"), ""),
        (BIOES, ("--repair", "begin"), "|scheme:bioes+begin|"),
    ):
        file = place("system.conll", content)
        result = run("score", file, "--from", "conll", "--gold", gold, "--resamples", "0", *options)
        assert result.exit_code == 0, result.output
        assert there in result.stdout
        assert there or "|scheme:" not in result.stdout


ILLEGAL = {
    "a last word after an only one": ("Ann S-PER\nLee E-PER\nsaw O\n", 2, ["B-PER", "B-PER", "O"], ["B-PER", "O", "O"]),
    "an inner word after an only one": (
        "hi O\n\nA S-X\nB I-X\nC E-X\nD E-X\n",
        4,
        ["O", "B-X", "B-X", "I-X", "B-X"],
        ["O", "B-X", "O", "O", "O"],
    ),
    "an entity without its last word": ("Ann S-X\nBo B-PER\nsaw O\n", 2, ["B-X", "B-PER", "O"], ["B-X", "O", "O"]),
    "the same at the end of a sentence": (
        "A S-X\nB B-X\nC I-X\n\nD O\n",
        3,
        ["B-X", "B-X", "I-X", "O"],
        ["B-X", "O", "O", "O"],
    ),
    "another type in an entity": ("Ann B-PER\nLee E-LOC\n", 2, ["B-PER", "B-LOC"], ["O", "O"]),
    "BILOU": ("Ann U-PER\nLee L-PER\n", 2, ["B-PER", "B-PER"], ["B-PER", "O"]),
}


@pytest.mark.parametrize("case", ILLEGAL)
def test_illegal_sequences_are_refused_by_line_until_a_repair_is_chosen_on_both_sides(
    run: Run, refusal: Refusal, place: Place, case: str
) -> None:
    content, line, begun, discarded = ILLEGAL[case]
    file = place("a.conll", content)
    words = [row.split()[0] if row else "" for row in content.splitlines()]
    plain = place("plain.conll", "\n".join(f"{word} O" if word else "" for word in words) + "\n")
    out = file.with_name("out.jsonl")
    as_gold = ("convert", file, out, "--to", "gner-jsonl")
    as_predicted = ("score", file, "--from", "conll", "--gold", plain, "--resamples", "0")
    for arguments, field in ((as_gold, "tag"), (as_predicted, "predicted tag")):
        message = refusal(*arguments)
        assert message.startswith(f"{file}, line {line}: {field}: ")
        assert message.endswith("choose a repair (--repair begin or discard)")
    for repair, expected in (("begin", begun), ("discard", discarded)):
        assert f"repaired ({repair}): " in run(*as_gold, "--repair", repair).stderr
        labels = [json.loads(row)["instance"]["labels"] for row in out.read_text().splitlines()]
        assert [tag for tags in labels for tag in tags] == expected
        assert f"illegal predicted tags repaired ({repair}): " in run(*as_predicted, "--repair", repair).stderr
        found = load_predictions(file, format="conll", gold=Gold((plain,)), predicted=Reading(repair))
        assert [tag for sentence in found for tag in sentence.predicted] == expected


def test_gold_that_was_repaired_or_is_in_another_scheme_is_said_by_score(run: Run, place: Place) -> None:
    file = place("system.conll", IOB2)
    gold = place("gold.conll", "Ann B-PER\nLee E-PER\nBo E-PER\nsaw O\nOslo S-LOC\n\nRio S-LOC\nX S-ORG\n")
    result = run("score", file, "--from", "conll", "--gold", gold, "--resamples", "0", "--repair", "begin")
    assert "gold/test: illegal gold tags repaired: 1" in result.stderr
    assert "gold of gold/test: tags read as BIOES" in result.stderr


def test_columns_are_named_for_predictions_and_for_gold_each(run: Run, refusal: Refusal, place: Place) -> None:
    file, gold = place("system.tsv", GERMEVAL), place("gold.tsv", GERMEVAL)
    command = ("score", file, "--from", "conll", "--gold", gold, "--resamples", "0")
    assert "columns 3 and 4 hold tags" in refusal(*command)
    assert "columns 3 and 4 hold tags" in refusal(*command, "--gold-columns", "tag=3")
    result = run(*command, "--gold-columns", "word=2,tag=3", "--columns", "tag=3", "--format", "csv")
    [row] = [row.split(",") for row in result.stdout.splitlines() if ",set,gold,test,,strict," in row]
    assert row[8:14] == ["1.0", "", "", "2", "2", "2"]
    own = run("score", file, "--from", "conll", "--columns", "gold=3,tag=4", "--resamples", "0", "--format", "csv")
    assert ",set,system,test,,strict,0.0,0.0,0.0,,,0,1,2," in own.stdout


@pytest.mark.parametrize("value", ["word", "word=0", "word=x", "tag=1,tag=2", "word=2,tag=2", "pos=1", ""])
def test_columns_that_make_no_sense(run: Run, place: Place, value: str) -> None:
    result = run("convert", place("a.tsv", GERMEVAL), "out.jsonl", "--to", "gner-jsonl", "--columns", value)
    assert result.exit_code == 2
    assert "--columns" in result.stderr


def test_columns_that_a_file_lacks(refusal: Refusal, place: Place) -> None:
    path = place("a.tsv", GERMEVAL)
    for value in ("word=2,tag=5", "tag=5"):
        message = refusal("convert", path, "out.jsonl", "--to", "gner-jsonl", "--columns", value)
        assert message == f"{path}, line 2: has 4 columns, not 5 as --columns says"


def test_audit_and_predict_read_by_the_same_options(run: Run, place: Place, tmp_path: Path) -> None:
    place("root/news/test.conll", GERMEVAL)
    assert run("audit", "--data", tmp_path / "root").exit_code == 2
    result = run("audit", "--data", tmp_path / "root", "--columns", "tag=3", "--json")
    assert json.loads(result.stdout)[0]["splits"]["test"]["types"] == {"PER": 1, "LOC": 1}


def test_keys_of_json_may_have_other_names(run: Run, refusal: Refusal, place: Place) -> None:
    gold = place("gold.conll", IOB2)
    answers = [{"nr": 0, "reply": {"text": "PER: Ann Lee; LOC: Oslo"}}, {"nr": 1, "reply": {"text": "LOC: Rio"}}]
    file = place("answers.jsonl", "".join(json.dumps(answer) + "\n" for answer in answers))
    command = ("score", file, "--from", "uniner", "--gold", gold, "--resamples", "0")
    assert refusal(*command, "--field", "conversations=talk") == f"{file}, line 1: talk: is missing"
    rows = '{"nr": 0, "out": {"all": {"PER": ["Ann Lee", "Bo"]}}}\n{"nr": 1, "out": {"all": {}}}\n'
    mentions = place("m.jsonl", rows)
    keys = ("--field", "entities=out.all", "--field", "id=nr")
    result = run("score", mentions, "--from", "mentions", "--gold", gold, *keys, "--format", "csv", "--resamples", "0")
    assert ",set,gold,test,,strict,1.0,0.4," in result.stdout


def test_predictions_jsonl_takes_other_keys_from_standard_input(
    record: Callable[..., dict[str, Any]], predictions_file: Callable[..., Path]
) -> None:
    path = predictions_file(record())
    changed = path.read_text().replace('"prediction":', '"output":')
    options = ["--resamples", "0", "--format", "csv", "--name", "x"]
    expected = CliRunner().invoke(main, ["score", str(path), *options])
    result = CliRunner().invoke(main, ["score", "-", "--field", "prediction=output", *options], input=changed)
    assert (result.exit_code, result.stdout) == (0, expected.stdout)
    refused = CliRunner().invoke(main, ["score", "-", *options], input=changed)
    assert (refused.exit_code, refused.stderr) == (2, "Error: standard input, line 1: prediction: is missing\n")


@pytest.mark.parametrize("content", [IOB2, GERMEVAL.replace("\tB-LOCpart", "\t_").replace("\tO\n", "\t_\n"), None])
def test_convert_reads_standard_input(tmp_path: Path, content: str | None) -> None:
    text = content or '{"tokens": ["Ann", "ran"], "ner_tags": ["B-PER", "O"]}\n'
    out = tmp_path / "out.jsonl"
    result = CliRunner().invoke(main, ["convert", "-", str(out), "--to", "gner-jsonl"], input=text)
    assert result.exit_code == 0, result.stderr
    assert json.loads(out.read_text().splitlines()[0])["instance"]["words"][0] == "Ann"


def test_a_folder_of_splits_without_label_file_is_one_data_set(run: Run, place: Place, tmp_path: Path) -> None:
    for split, kind in (("train", "PER"), ("valid", "LOC"), ("test", "PER")):
        place(f"ai/{split}.txt", f"Ann\tB-{kind}\n")
    result = run("convert", tmp_path / "ai", tmp_path / "out", "--to", "gner")
    assert (result.exit_code, result.stderr) == (0, "")
    assert read_dataset(tmp_path / "out", "ai", "dev").types == ("PER", "LOC")
    place("ai/dev.txt", "Ann\tB-PER\n")
    result = run("convert", tmp_path / "ai", tmp_path / "out", "--to", "gner")
    assert "dev.txt and valid.txt may both be the split dev" in result.stderr


def test_all_of_crossner_is_converted_at_once_into_gners_copies(run: Run, shared: Path, tmp_path: Path) -> None:
    raw = shared / "data/raw/crossner"
    result = run("convert", raw, tmp_path, "--to", "gner", "--as", "crossner", "--split", "test")
    assert result.exit_code == 0, result.stderr
    for domain in ("ai", "literature", "music", "politics", "science"):
        own = tmp_path / f"crossner_{domain}" / "test.txt"
        assert own.read_bytes() == (shared / "data/gner" / own.relative_to(tmp_path)).read_bytes()


MENTIONS = [
    {"text": "Ann saw Oslo", "entities": [{"text": "Oslo", "type": "LOC"}, {"text": "Ann", "label": "PER"}]},
    {"PER": ["Ann"], "LOC": ["Oslo"]},
    {"entities": {"PER": ["Ann"], "LOC": ["Oslo"]}},
    {"entities": {"entities": {"PER": [{"text": "Ann", "confidence": 0.9}], "LOC": "Oslo"}}},
    {"id": "0", "entities": [["Ann", "PER"], ["Oslo", "LOC"]]},
    {"text": "Ann saw Oslo", "output": [{"PER": "Ann"}, {"LOC": ["Oslo"]}]},
    {"text": "Ann saw Oslo", "prediction": '{"PER": ["Ann"], "LOC": ["Oslo"]}'},
]


@pytest.mark.parametrize("answer", MENTIONS)
def test_mentions_without_places_are_placed(place: Place, answer: dict[str, Any]) -> None:
    gold = place("gold.conll", "Ann B-PER\nsaw O\nOslo B-LOC\n")
    file = place("m.jsonl", json.dumps(answer) + "\n")
    [sentence] = load_predictions(file, format="mentions", gold=Gold((gold,)))
    assert sentence.predicted == ("B-PER", "O", "B-LOC")


@pytest.mark.parametrize("answer", [{"entities": [3]}, {"entities": {"PER": [3]}}, {"entities": 3}, {"PER": {"a": 1}}])
def test_what_is_no_mention_is_refused_with_its_place(refusal: Refusal, place: Place, answer: dict[str, Any]) -> None:
    gold, file = place("gold.conll", "Ann B-PER\n"), place("m.jsonl", json.dumps(answer) + "\n")
    message = refusal("score", file, "--from", "mentions", "--gold", gold)
    assert message.startswith(f"{file}, line 1: ")
    assert ": expected " in message


@pytest.mark.parametrize(
    "line",
    [
        "PER: Ann Lee; LOC: Oslo, Rio",
        "LOC: Oslo; LOC: Rio; PER: Ann Lee;",
        "per: Ann Lee; loc: Rio; loc: Oslo",
        "LOC:Oslo;PER:Ann Lee;LOC:Rio",
    ],
)
def test_lists_of_type_and_text(place: Place, line: str) -> None:
    gold = place("gold.conll", "Ann B-PER\nLee I-PER\nOslo B-LOC\nRio B-LOC\n\nhi O\n")
    file = place("list.txt", f"{line}\nNone\n")
    first, second = load_predictions(file, format="list", gold=Gold((gold,)))
    assert (first.predicted, second.predicted) == (first.gold, ("O",))


def test_a_mention_in_a_list_may_hold_a_semicolon_a_colon_and_a_comma(place: Place) -> None:
    gold = place("gold.conll", "a;b:c B-PER\nRio, B-LOC\nX I-LOC\n")
    [sentence] = load_predictions(place("list.txt", "PER: a;b:c; LOC: Rio, X"), format="list", gold=Gold((gold,)))
    assert sentence.predicted == sentence.gold


def test_tags_and_predicted_tags_in_json_by_number(run: Run, place: Place) -> None:
    row = {"tokens": ["Ann", "Lee", "ran"], "ner_tags": [1, 2, 0], "predictions": [1, 0, 0]}
    file = place("rows.jsonl", json.dumps(row) + "\n")
    command = ("score", file, "--from", "tokens", "--resamples", "0", "--format", "csv")
    assert run(*command).exit_code == 2
    result = run(*command, "--tag-names", "O,B-PER,I-PER")
    assert ",set,rows,test,,strict,0.0,0.0,0.0,,,0,1,1," in result.stdout


def test_every_format_has_an_example_that_the_list_and_the_docs_show(run: Run) -> None:
    listed = run("list", "formats").stdout
    docs = (Path(__file__).parents[2] / "docs" / "files.md").read_text(encoding="utf-8")
    for name, format in FORMATS.usable().items():
        for line in format.example.splitlines():
            assert line in listed, name
            assert line in docs, name
        assert format.example, name
