"""Answers that are not read, or read under another rule, are seen: in warnings, columns, signature and exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from gner_bench.answers import ANSWERS, answer_format
from gner_bench.api import load_predictions, score
from gner_bench.documents.run import Model
from gner_bench.predict.backend import Backend
from gner_bench.predict.generation import Generation
from gner_bench.predict.plan import Task

Build = Callable[..., dict[str, Any]]
Write = Callable[..., Path]
Run = Callable[..., Result]
PERFECT = "Ann(B-person) saw(O) Oslo(B-place)"
HINT = "answers were read raw, as GNER's protocol does; --answers mended also reads other forms of them"
COMMAS = "<think>Ann(O)?</think>Here it is: Ann(B-PERSON), saw(O), Oslo(B-Place)"


def warned(result: Result) -> list[str]:
    said = [line.removeprefix("Warning: ") for line in result.stderr.splitlines() if line.startswith("Warning: ")]
    return [line for line in said if "back-tokenization" not in line]


@pytest.fixture
def odd(record: Build, predictions_file: Write) -> Path:
    """A right answer, an empty one, a refusal, one with words around, one of an unknown type, one that was cut."""
    return predictions_file(
        record(prediction=PERFECT),
        record(id="1", prediction=" "),
        record(id="2", prediction="I cannot tag that."),
        record(id="3", prediction=f"Sure(O) {PERFECT}"),
        record(id="4", prediction=PERFECT.replace("B-place", "B-city")),
        record(id="5", prediction="Ann(B-person) saw(O)", generation={"finish": "length", "input_cut": True}),
    )


def test_every_count_that_can_move_f1_is_a_warning_and_a_column(run: Run, odd: Path) -> None:
    result = run("score", odd, "--tokenizer", "none")
    assert warned(result) == [
        "answers without text: 1",
        "answers in which nothing could be read: 1",
        "answers with words before the first or after the last word of the sentence: 1",
        "labels of types that the prompt lacks: 1: 'B-city'",
        "outputs were cut at the length limit: 1",
        "prompts were cut at the length limit: 1",
        HINT,
    ]
    printed = run("score", odd, "--tokenizer", "none", "--format", "markdown").stdout
    heads, _, row, *_ = (line.split("|")[1:-1] for line in printed.splitlines() if line.startswith("|"))
    cells = dict(zip(map(str.strip, heads), map(str.strip, row), strict=True))
    assert {head: cells[head] for head in ("unread", "cut", "unknown", "around")} == {
        **{"unread": "2", "cut": "2", "unknown": "1", "around": "1"}
    }
    assert {"unread", "cut", "unknown", "around"} <= set(result.stdout.split())


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("- Ann(B-person)\n- saw(O)\n- Oslo(B-place)", "answers most of whose words are not the sentence's: 1"),
        ("Ann(B_person) saw(O) Oslo(B-place)", "labels that are malformed and were not read: 1"),
        ('[["Ann", "B-person"], ["saw", "O"]]', "answers in which nothing could be read: 1"),
        ("```\nAnn(B-person) saw(O) Oslo(B-place)\n```", "answers with words before the first or after the last word"),
    ],
)
def test_raw_answers_in_another_form_are_never_zero_in_silence(
    run: Run, record: Build, predictions_file: Write, answer: str, said: str
) -> None:
    result = run("score", predictions_file(record(prediction=answer)), "--tokenizer", "none")
    assert any(line.startswith(said) for line in warned(result)), result.stderr
    assert (HINT in warned(result)) == ("before the first" not in said)
    mended = run("score", predictions_file(record(prediction=answer)), "--tokenizer", "none", "--answers", "mended")
    assert HINT not in warned(mended)


def test_the_protocols_steps_stay_as_they_are_in_the_file(run: Run, odd: Path) -> None:
    """Nothing written is a subsequence of the sentence for the protocol; expected_scores.json counts one so."""
    news = json.loads(run("score", odd, "--json", "-q").stdout)["datasets"]["news"]
    assert news["matched_by"] == {"exact": 2, "subsequence": 3, "lcs": 1}
    assert (news["structuring"]["empty_outputs"], news["structuring"]["unlabelled_outputs"]) == (1, 1)


def test_right_answers_have_neither_warnings_nor_columns(run: Run, record: Build, predictions_file: Write) -> None:
    result = run("score", predictions_file(record()), "--tokenizer", "none")
    assert warned(result) == []
    assert not {"unread", "around", "unknown"} & set(result.stdout.split())


def test_the_rule_decides_and_is_in_the_signature_where_it_is_not_the_default(
    run: Run, record: Build, predictions_file: Write
) -> None:
    file = predictions_file(record(prediction=COMMAS))
    figures, keys = {}, {}
    for rule in ("", "raw", "mended"):
        document = json.loads(run("score", file, "--json", "-q", *(["--answers", rule] if rule else [])).stdout)
        figures[rule] = document["average"]["strict"]["f1"]
        keys[rule] = document["signature_fields"].get("answers")
        assert ("|ans:" in document["signature_short"]) == (rule == "mended")
    assert figures == {"": 0, "raw": 0, "mended": 1}
    assert keys == {"": None, "raw": None, "mended": "mended"}
    assert warned(run("score", file, "--answers", "mended")) == [
        "answers in forms like word(label), word(label), read as GNER's: 1",
        "answers with thoughts, taken off: 1",
    ]


def test_two_rules_are_not_like_for_like(run: Run, record: Build, predictions_file: Write, tmp_path: Path) -> None:
    file = predictions_file(record(prediction=COMMAS))
    run("score", file, "--answers", "mended", "--out", tmp_path / "scores.json", "-q")
    result = run("compare", file, tmp_path / "scores.json", "--resamples", "100")
    assert any("answers is (not stated) for A" in line and "mended for B" in line for line in warned(result))
    same = run("compare", file, tmp_path / "scores.json", "--resamples", "100", "--answers", "mended")
    assert not any("not like for like" in line for line in warned(same))


def test_report_warns_and_explain_shows_what_was_read(
    run: Run, record: Build, predictions_file: Write, odd: Path, tmp_path: Path
) -> None:
    result = run("report", odd, "--out", tmp_path / "out", "--formats", "md", "--quoted", "none")
    assert "answers in which nothing could be read: 1" in warned(result)
    odd.write_text(json.dumps(record(prediction=COMMAS)) + "\n")
    told = json.loads(run("explain", odd, "--sample", "news/0", "--answers", "mended", "--json").stdout)
    explained = told["samples"][0]["systems"][0]
    assert "".join(piece["text"] for piece in explained["pieces"]) == PERFECT
    assert explained["text"] == COMMAS


def test_other_formats_are_mended_by_default_and_their_types_found(
    run: Run, record: Build, predictions_file: Write
) -> None:
    answer = "<think>{}</think>```json\n{'PERSON': ['Ann'], 'place': ['Oslo'],}\n```"
    file = predictions_file(record(prediction=answer, format="slimer"))
    document = json.loads(run("score", file, "--json", "-q").stdout)
    assert document["average"]["strict"]["f1"] == 1
    assert "answers" not in document["signature_fields"]
    assert document["datasets"]["news"]["structuring"]["notes"] == {
        "answers in code fences, taken off": 1,
        "answers that are no valid JSON, read as far as they go": 1,
        "answers with thoughts, taken off": 1,
        "types in another case or with _ for a space, read as those of the list": 1,
    }
    raw = json.loads(run("score", file, "--json", "-q", "--answers", "raw").stdout)
    assert raw["signature_fields"]["answers"] == "raw"


@pytest.fixture
def free(record: Build, predictions_file: Write) -> Path:
    """Answers in JSON: right, single-quoted, cut within a mention, a refusal, none, of a type that nobody asked for."""
    right = '{"person": ["Ann"], "place": ["Oslo"]}'
    answers = (right, right.replace('"', "'"), right[:-4], "I cannot.", "", right.replace("place", "vehicle"))
    lines = (record(id=str(i), prediction=text, format="json") for i, text in enumerate(answers))
    return predictions_file(*lines)


def test_free_answers_are_counted_once_each_by_how_they_were_read(run: Run, free: Path) -> None:
    document = json.loads(run("score", free, "--json", "-q").stdout)
    structuring = document["datasets"]["news"]["structuring"]
    assert structuring["readings"] == {"as_is": 2, "mended": 1, "partly_read": 1, "unread": 1, "empty": 1}
    assert (structuring["unknown_labels"], structuring["most_frequent"]["unknown_labels"]) == (1, [["vehicle", 1]])
    said = warned(run("score", free))
    assert "of 6 answers 2 were read as they are, 1 mended, 1 partly read, 1 unread, 1 empty" in said
    assert "labels of types that the prompt lacks: 1: 'vehicle'" in said
    assert {"unread", "partly", "mended", "unknown"} <= set(run("score", free).stdout.split())
    told = run("score", free, "--errors").stdout
    assert all(f"answers {how}" in told for how in ("read as they are", "mended", "partly read", "unread", "empty"))


def test_answers_that_need_no_word_get_none(run: Run, record: Build, predictions_file: Write) -> None:
    right = '{"person": ["Ann"], "place": ["Oslo"]}'
    lines = (record(id=str(i), prediction=text, format="json") for i, text in enumerate((right, f"```\n{right}\n```")))
    said = warned(run("score", predictions_file(*lines)))
    assert said == ["answers in code fences, taken off: 1"]


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("json", '{"person": ["Ann"], "place": ["Oslo"]}'),
        ("json", {"person": ["Ann"], "place": ["Oslo"]}),
        ("json", [{"text": "Ann", "type": "person"}, {"text": "Oslo", "type": "place"}]),
        ("uniner", None),
        ("b2ner", "person: Ann; place: Oslo"),
        ("instructuie", "person: Ann; place: Oslo"),
        ("gollie", '[Person(span="Ann"), Place(span="Oslo")]'),
    ],
)
def test_files_of_answers_in_each_format_are_scored(run: Run, tmp_path: Path, name: str, answer: object) -> None:
    """The answer may be JSON in JSON; null is an answer without content. uniner's own files are conversations."""
    gold, file = tmp_path / "gold.txt", tmp_path / "system.jsonl"
    gold.write_text("Ann\tB-person\nsaw\tO\nOslo\tB-place\n\nhi\tO\n")
    if name == "uniner":
        said = [{"value": value} for value in ("Text: Ann saw Oslo", "Yes.")]
        for kind, text in (("person", '["Ann"]'), ("place", '["Oslo"]')):
            said += [{"value": f"What describes {kind} in the text?"}, {"value": text}]
        more = [{"value": value} for value in ("Text: hi", "Yes.", "What describes place in the text?", "[]")]
        lines = [{"id": "0", "conversations": said}, {"id": "1", "conversations": more}]
    else:
        lines = [{"id": "0", "prediction": answer}, {"id": "1", "prediction": None}]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    document = json.loads(run("score", file, "--from", name, "--gold", gold, "--json", "-q").stdout)
    assert document["average"]["strict"]["f1"] == 1
    if name != "uniner":
        [part] = document["datasets"].values()
        assert part["structuring"]["readings"]["empty"] == 1


def test_the_list_of_answer_formats_says_what_each_asks_with(run: Run) -> None:
    rows = {row["name"]: row for row in json.loads(run("list", "answers", "--json").stdout)}
    assert (rows["slimer"]["asks"], rows["slimer"]["uses"]) == ("for each type", ["definitions"])
    assert (rows["json"]["asks"], rows["json"]["uses"]) == ("once", ["definitions", "shots"])
    assert (rows["list"]["asks"], rows["gner"]["wrapping"], rows["json"]["wrapping"]) == ("never", None, "chat")
    assert "definitions, shots" in run("list", "answers").stdout


def test_ambiguous_types_are_named_where_they_are_asked_for(run: Run, record: Build, predictions_file: Write) -> None:
    file = predictions_file(record(label_list=["person", "place", "date, time"]))
    said = "news: types that hold a comma and read as several in the prompt: 'date, time'"
    assert warned(run("score", file)) == [said]


GOLD = "Ann\tB-person\nsaw\tO\nOslo\tB-place\n"


@pytest.mark.parametrize(
    ("text", "format", "named"),
    [
        ('{"id": "0", "prediction": "Ann(B-person) saw(O)"}\n', "text", "JSON with answers"),
        ('[\n {"text": "Ann"}\n]\n', "text", "JSON"),
        ('{"conversations": []}\n', "inline", "JSON (uniner)"),
        ("<!DOCTYPE html>\n<p>Ann</p>\n", "text", "HTML or XML"),
        ("<html><p>Ann</p></html>\n", "inline", "HTML or XML"),
        (GOLD, "text", "columns (conll)"),
        (GOLD, "inline", "columns (conll)"),
        ("<person>Ann</person> saw <place>Oslo</place>\n", "text", "text with marks of entities (inline)"),
        (f"{PERFECT}\n", "inline", "words with tags, word(tag) word(tag) (text)"),
    ],
)
def test_what_is_plainly_another_format_is_refused_by_name(
    refusal: Callable[..., str], tmp_path: Path, text: str, format: str, named: str
) -> None:
    gold, file = tmp_path / "gold.txt", tmp_path / "system.out"
    gold.write_text(GOLD)
    file.write_text(text)
    said = refusal("score", file, "--from", format, "--gold", gold)
    assert said.startswith(f"{file}: looks like {named}")


def test_lines_of_answers_in_another_dress_are_read_and_counted(run: Run, tmp_path: Path) -> None:
    gold, file = tmp_path / "gold.txt", tmp_path / "system.out"
    gold.write_text(GOLD)
    file.write_text(f"{COMMAS}\n")
    arguments = ("score", file, "--from", "text", "--gold", gold, "--json")
    raw, mended = (json.loads(run(*arguments, *more).stdout) for more in ((), ("--answers", "mended")))
    assert (raw["average"]["strict"]["f1"], mended["average"]["strict"]["f1"]) == (0, 1)
    refused = run("score", gold, "--from", "conll", "--gold", gold, "--answers", "raw")
    assert (refused.exit_code, "--answers is for answers" in refused.stderr) == (2, True)


def test_real_outputs_keep_their_scores_and_their_few_odd_answers_are_told(shared: Path) -> None:
    file = shared / "predictions/gner-t5-large.dev700.jsonl"
    raw = score(load_predictions(file, tokenizer=shared / "tokenizers/t5"))
    structuring = [part.analysis.structuring for part in raw.sets.values() if part.analysis.structuring]
    assert sum(part.unlabelled_outputs for part in structuring) == 1
    assert sum(part.outer_outputs for part in structuring) == 1
    assert sum(part.unknown_labels for part in structuring) == 45
    assert raw["crossner_science"].analysis.matched_by == {"exact": 98, "subsequence": 2, "lcs": 0}


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the embedded checkpoint write the first two words of a text and stop at the limit."""

    def decode(tasks: Sequence[Task]) -> Iterator[tuple[Task, Generation]]:
        for task in tasks:
            text = " ".join(f"{word}(O)" for word in task.sentence.words[:2])
            yield task, Generation(text, 9, "length", True)

    backend = Backend("half", Model("half"), {}, "plain", "cpu", decode)
    monkeypatch.setattr("gner_bench.predict.backends.local.local_backend", lambda *_: backend)


@pytest.mark.slow
@pytest.mark.usefixtures("cut")
def test_text_that_was_cut_is_seen_in_every_output_of_tag(run: Run) -> None:
    arguments = ("tag", "--model", "demo", "--labels", "person", "Ann saw Oslo today")
    said = [
        "the prompt was cut at the length limit: its last words were never seen",
        "the output was cut at the length limit",
        "2 of 4 words got no label and have no tag",
    ]
    plain = run(*arguments)
    assert plain.stdout.splitlines() == ["Ann(O) saw(O) Oslo(?) today(?)", *(f"  ! {line}" for line in said)]
    for flag, first in (("--json", lambda text: json.loads(text)[0]), ("--jsonl", json.loads)):
        result = run(*arguments, flag)
        document = first(result.stdout)
        assert document["tags"] == ["O", "O", None, None]
        assert (document["cut"], document["unlabelled"]) == (["input", "output"], [2, 3])
        assert warned(result) == [f"text 1: {line}" for line in said] == warned(plain)


@pytest.mark.parametrize("name", [*(name for name in ANSWERS.names() if name != "context"), "context:1"])
def test_files_of_answers_are_read_in_every_format_also_where_a_data_format_has_its_name(
    name: str, run: Run, tmp_path: Path
) -> None:
    folder, file = tmp_path / "news", tmp_path / "answers.jsonl"
    folder.mkdir()
    (folder / "test.txt").write_text("Ann\tB-person\nsaw\tO\nOslo\tB-place\n\nhm\tO\n\n", encoding="utf-8")
    (folder / "label.txt").write_text("person\nplace\n", encoding="utf-8")
    format = answer_format(name)
    right = [format.perfect(("Ann", "saw", "Oslo"), ("B-person", "O", "B-place")), format.perfect(("hm",), ("O",))]
    file.write_text("".join(json.dumps({"prediction": text}) + "\n" for text in right), encoding="utf-8")
    result = run("score", file, "--from", name, "--gold", folder, "--split", "test", "--resamples", "0", "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["average"]["gner"]["f1"] == pytest.approx(1, abs=1e-9)
