from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.answers.answer import Span
from gner_bench.api import load_predictions, score
from gner_bench.bio import Reading, tags_of
from gner_bench.cli import importing as cli
from gner_bench.data.sentence import Dataset
from gner_bench.errors import InputError, UsageError
from gner_bench.scoring.counts import gner_counts, strict_counts
from gner_bench.scoring.gold import Gold
from gner_bench.scoring.loading import formats
from gner_bench.scoring.predictions import Prediction, Predictions
from gner_bench.scoring.scores import Scores, warnings_of
from gner_bench.structure.placing import place_spans

from .foreign import NAMES, WRITERS, dataset_of, spans, written
from .sentences import predictions, sentence

NEWS = [
    sentence("B-person O B-place", "B-person O B-person", "Ann saw Oslo", ("person", "place"), id="0"),
    sentence("B-person O B-place", "O O B-place", "Ann saw Oslo", ("person", "place"), id="1"),
    sentence("B-place I-place O", "B-place I-place O", "New York sleeps", ("person", "place"), id="2"),
]
GOLD = dataset_of(NEWS)
Files = tuple[Path, ...]


def legal(sentence: Prediction) -> tuple[str, ...]:
    """The predicted tags as a format of spans holds them."""
    return tuple(tags_of(len(sentence.words), spans(sentence)))


def imported(path: Path, text: str, format: str, gold: Dataset | None = GOLD, **options: Any) -> Predictions:
    path.write_text(text, encoding="utf-8")
    return load_predictions(path, format=NAMES.get(format, format), gold=[gold] if gold else (), **options)


def lines(*records: object) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def refused(path: Path, text: str, format: str, gold: Dataset | None = GOLD, **options: Any) -> str:
    with pytest.raises((InputError, UsageError)) as caught:
        imported(path, text, format, gold, **options)
    return str(caught.value).replace(f"{path}", "FILE")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "system.txt"


@pytest.mark.parametrize("format", WRITERS)
def test_every_format_gives_the_sentences_of_the_gold_with_the_tags_that_were_written(file: Path, format: str) -> None:
    found = imported(file, written(format, NEWS), format)
    bare = {"file": Path(), "line": 0, "structured": None, "text": "", "structuring": "", "notes": (), "reading": ""}
    assert [replace(each, **bare) for each in found] == NEWS
    origin = found.origin
    assert (origin.system.name, origin.expected, origin.planned) == ("system", 3, {"news": 3})
    edition = 2 if format in ("uniner", "slimer", "inline") else 1
    expected = "hierarchical-1" if format == "text" else f"import-{NAMES.get(format, format)}-{edition}"
    assert origin.structuring == expected
    assert len(origin.warnings) == 1
    assert score(found).lacking == 0


SENTENCES = st.lists(predictions(unplaced=False), min_size=1, max_size=4).map(
    lambda found: [replace(each, id=str(index)) for index, each in enumerate(found)]
)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("imports") / "system.txt"


@pytest.mark.slow
@given(sentences=SENTENCES)
def test_columns_and_tagged_text_keep_any_tags_legal_or_not(scratch: Path, sentences: list[Prediction]) -> None:
    for format, reading in {"conll": Reading(scheme="iob2"), "text": None}.items():
        found = imported(scratch, written(format, sentences), format, dataset_of(sentences), predicted=reading)
        assert [each.predicted for each in found] == [each.predicted for each in sentences]


@pytest.mark.slow
@given(sentences=SENTENCES)
def test_formats_of_spans_keep_every_span(scratch: Path, sentences: list[Prediction]) -> None:
    for format in ("spans", "characters", "inline"):
        found = imported(scratch, written(format, sentences), format, dataset_of(sentences))
        assert [each.predicted for each in found] == [legal(each) for each in sentences]
        assert not any(each.unplaced for each in found)


@pytest.mark.slow
@given(sentences=SENTENCES)
def test_answers_without_places_keep_the_counts_of_the_gner_metric(scratch: Path, sentences: list[Prediction]) -> None:
    for format in ("uniner", "slimer"):
        found = imported(scratch, written(format, sentences), format, dataset_of(sentences))
        assert [gner_counts(each) for each in found] == [gner_counts(each) for each in sentences]


@pytest.mark.slow
@pytest.mark.parametrize("system", ["base", "large"])
def test_real_predictions_score_the_same_in_every_format(shared: Path, tmp_path: Path, system: str) -> None:
    original = shared / "predictions" / f"gner-t5-{system}.dev700.jsonl"
    own = list(load_predictions(original, tokenizer=shared / "tokenizers" / "t5"))
    counts, strict = [gner_counts(each) for each in own], [strict_counts(each) for each in own]
    strict_of_legal = [strict_counts(replace(each, predicted=legal(each))) for each in own]
    sets: dict[str, list[Prediction]] = {}
    for each in own:
        sets.setdefault(each.dataset, []).append(each)
    for format in WRITERS:
        paths = [tmp_path / f"{name}.{format}" for name in sets]
        for path, sentences in zip(paths, sets.values(), strict=True):
            path.write_text(written(format, sentences), encoding="utf-8")
        gold = [dataset_of(sentences) for sentences in sets.values()]
        found = list(load_predictions(*paths, format=NAMES.get(format, format), gold=gold))
        assert [gner_counts(each) for each in found] == counts
        if format in ("conll", "text"):
            assert [strict_counts(each) for each in found] == strict
        elif format in ("spans", "characters", "inline"):
            assert [strict_counts(each) for each in found] == strict_of_legal


def test_records_with_ids_may_stand_in_any_order(file: Path) -> None:
    found = imported(file, written("spans", [NEWS[2], NEWS[0], NEWS[1]]), "spans")
    assert [(each.id, each.predicted) for each in found] == [(NEWS[i].id, NEWS[i].predicted) for i in (2, 0, 1)]


def test_missing_sentences_are_named_and_leave_the_score_incomplete(file: Path) -> None:
    for format in ("spans", "characters", "conll", "uniner"):
        found = imported(file, written(format, [NEWS[0], NEWS[2]]), format)
        assert [each.id for each in found] == ["0", "2"]
        assert "news/test: sentences without prediction: 1 ('1')" in found.origin.warnings
        assert score(found).lacking == 1


def test_ids_that_are_not_the_golds_leave_order_and_words_to_decide(file: Path) -> None:
    foreign = [replace(each, id=f"doc{each.id}") for each in NEWS]
    found = imported(file, written("spans", foreign), "spans")
    assert [each.id for each in found] == ["0", "1", "2"]
    assert "ids are not the gold's, sentences told by order and words: news/test" in found.origin.warnings[0]


def test_words_cut_otherwise_are_matched_by_their_characters(file: Path) -> None:
    record = {"id": "2", "tokenized_text": ["new", "yorksle", "eps"], "ner": [[0, 0, "place"], [0, 1, "place"]]}
    (found,) = imported(file, lines(record), "spans")
    assert found.predicted == ("B-place", "O", "O")
    assert found.unplaced == (("new yorksle", "place"),)
    text = {"id": "2", "text": "New York sleeps", "entities": [[0, 8, "place"], [4, 6, "person"]]}
    (found,) = imported(file, lines(text), "spans")
    assert (found.predicted, found.unplaced) == (NEWS[2].predicted, (("Yo", "person"),))


def test_words_that_differ_are_matched_and_this_is_told(file: Path) -> None:
    gold = dataset_of([sentence("O O O B-place", "O O O O", "we saw old Oslo")])
    found = imported(file, "we O\nsaw O\nold O\nÖslo B-place\n", "conll", gold)
    (only,) = found
    assert only.predicted == ("O", "O", "O", "O")
    assert only.unplaced == (("Öslo", "place"),)
    assert "sentences whose words differ from the gold's, matched: 1" in warnings_of(score(found))
    text = lines({"text": "we saw old town Oslo", "entities": [[16, 20, "place"]]})
    assert [each.predicted for each in imported(file, text, "spans", gold)] == [("O", "O", "O", "B-place")]


def test_of_overlapping_spans_the_higher_score_stands_else_the_longer_and_the_others_count_as_predicted() -> None:
    long, short, late = Span(0, 3, "a", "x y z"), Span(1, 2, "b", "y"), Span(2, 4, "a", "z w")
    assert place_spans(4, [short, long, late]).tags == ["B-a", "I-a", "I-a", "O"]
    scored = [replace(long, score=0.5), replace(short, score=0.9), replace(late, score=0.75)]
    placed = place_spans(4, scored)
    assert placed.tags == ["O", "B-b", "B-a", "I-a"]
    assert placed.unplaced == [("x y z", "a")]
    assert placed.confidence == [1.0, 0.9, 0.75, 1.0]
    assert place_spans(4, [*scored, long]).tags == place_spans(4, [long, short, late]).tags


def test_a_span_that_stands_twice_counts_once_and_one_of_two_types_as_two() -> None:
    span = Span(0, 1, "a", "x")
    assert place_spans(1, [span, span]).unplaced == []
    assert place_spans(1, [span, replace(span, type="b")]).unplaced == [("x", "b")]


def test_entities_may_come_as_gliner_spacy_and_transformers_give_them(file: Path) -> None:
    gliner = {"text": "Ann saw Oslo", "entities": [{"start": 8, "end": 12, "label": "place", "score": 0.5}]}
    spacy = {"text": "Ann saw Oslo", "ents": [{"start": 8, "end": 12, "label": "place"}]}
    pipeline = {
        "text": "New York sleeps",
        "entities": [{"entity_group": "place", "score": 0.5, "word": "New York", "start": 0, "end": 8}],
    }
    found = list(imported(file, lines(gliner, spacy, pipeline), "spans"))
    assert [each.predicted for each in found] == [NEWS[1].predicted, NEWS[1].predicted, NEWS[2].predicted]
    assert [each.generation for each in found] == [{"confidence": [1.0, 1.0, 0.5]}, {}, {"confidence": [0.5, 1.0, 1.0]}]


def test_entities_without_the_text_of_the_sentence_must_have_their_own(file: Path) -> None:
    records = [{"entities": [{"start": 8, "end": 12, "label": "place", "text": "Oslo"}]}, {"entities": []}]
    found = list(imported(file, lines(*records, {"entities": []}), "spans"))
    assert found[0].predicted == ("O", "O", "B-place")
    records[1] = {"entities": [{"start": 8, "end": 12, "label": "place", "text": "Rome"}]}
    message = "FILE, line 2: entities: 8 to 12 is 'Oslo' in the text, not 'Rome'"
    assert refused(file, lines(*records, {"entities": []}), "spans") == message


def test_gold_may_stand_in_the_file(file: Path) -> None:
    columns = "-DOCSTART- -X- O O\n\nAnn NNP S-person I-person\nsaw V O O\n\nOslo NNP S-place B-place\n"
    found = imported(file, columns, "conll", None)
    assert [(each.id, each.gold, each.predicted) for each in found] == [
        ("0", ("B-person", "O"), ("I-person", "O")),
        ("1", ("B-place",), ("B-place",)),
    ]
    assert {(each.dataset, each.split, each.types) for each in found} == {("system", "test", ("person", "place"))}
    record = {"tokenized_text": ["Ann"], "ner": [[0, 0, "person"]], "predictions": [[0, 0, "place", 0.5]]}
    (only,) = imported(file, lines(record | {"dataset": "news", "split": "dev"}), "spans", None)
    assert (only.dataset, only.split, only.gold, only.predicted) == ("news", "dev", ("B-person",), ("B-place",))


def test_gold_in_the_file_is_read_as_the_data_set_that_it_is_said_to_be(file: Path) -> None:
    file.write_text("Ann B-misc B-programlang\nBob B-programlang B-misc\n")
    for keep, tags in ((False, ("O", "B-programming language")), (True, ("B-misc", "B-programming language"))):
        gold = Gold((), ("crossner_ai",), "dev", keep)
        (found,) = load_predictions(file, format="conll", gold=gold)
        assert (found.dataset, found.split, found.gold) == ("crossner_ai", "dev", tags)
        assert found.predicted == ("B-programming language", "B-misc" if keep else "O")


def test_types_that_the_gold_lacks_count_as_wrong_until_they_are_renamed(file: Path) -> None:
    shouted = written("spans", NEWS).replace('"place"', '"spot"')
    found = imported(file, shouted, "spans")
    assert [each.predicted[2] for each in found][1] == "B-spot"
    assert found.origin.warnings[1] == (
        "news/test: predicted types that the gold lacks count as wrong (--rename OLD=NEW names them): 'spot'"
    )
    named = imported(file, shouted, "spans", rename={"spot": "place"})
    assert [each.predicted for each in named] == [each.predicted for each in NEWS]
    assert len(named.origin.warnings) == 1


def test_types_that_differ_in_case_alone_are_the_golds_unless_two_are(file: Path) -> None:
    shouted = written("spans", NEWS).replace('"place"', '"PLACE"')
    found = imported(file, shouted, "spans")
    assert [each.predicted for each in found] == [each.predicted for each in NEWS]
    assert found.origin.warnings[1] == "news/test: predicted types read as those of the gold: 'PLACE' as 'place'"
    ambiguous = imported(file, shouted, "spans", replace(GOLD, types=("person", "place", "Place")))
    assert [each.predicted[2] for each in ambiguous][1] == "B-PLACE"


def test_a_broken_answer_is_read_as_far_as_it_goes_and_counted(file: Path) -> None:
    def asked(answer: object, kind: str = "place") -> dict[str, Any]:
        said = ["Text: Ann saw Oslo", "I've read this text.", f"What describes {kind} in the text?", "[]"]
        return {"conversations": [{"from": "x", "value": value} for value in said], "prediction": answer}

    whole = ['["Oslo"]', "none", ["Oslo"], '["Oslo", "Os\\n]lo"]', {}, '["Oslo", 3]']
    mended = ["['Oslo']", "['Oslo', ...]", "[Oslo]", "- Oslo"]
    cut = ['["Oslo", "An', "['Oslo', \"An"]
    nothing = ["Oslo", "[" * 5000, "I do not know."]
    gold = replace(GOLD, sentences=GOLD.sentences[:1])
    for answers, tag, phrase in (
        (whole, "B-place", ""),
        (mended[:3], "B-place", "answers that are no valid JSON, read as far as they go: 1"),
        (mended[3:], "B-place", "answers with a line for each mention, read as such: 1"),
        (cut, "B-place", "answers that end within a mention, which is left out: 1"),
        (nothing, "O", "answers in which nothing could be read: 1"),
    ):
        for answer in answers:
            found = imported(file, lines(asked(answer)), "uniner", gold)
            right = "O" if answer in ("none", {}) else tag
            assert [each.predicted[2] for each in found] == [right], answer
            said = [line for line in warnings_of(score(found)) if line.startswith("answers")]
            assert said == ([phrase] if phrase else []), answer


def test_mentions_stand_at_every_occurrence_and_elsewhere_count_as_predicted(file: Path) -> None:
    gold = dataset_of([sentence("O O O O O O", "O O O O O O", "Oslo and oslo and New Oslo", ("place", "person"))])
    answers = {"place": ["Oslo", "New Oslo", "Rome"], "person": ["oslo", "NEWOSLO", "New  oslo", " "]}
    found = imported(
        file, lines({"input": "Oslo and oslo and New Oslo", "pred_answers": json.dumps(answers)}), "slimer", gold
    )
    (only,) = found
    assert only.predicted == ("B-place", "O", "B-person", "O", "B-place", "I-place")
    assert sorted(only.unplaced) == [(" ", "person"), ("NEWOSLO", "person"), ("New  oslo", "person"), ("Rome", "place")]
    said = warnings_of(score(found))
    assert "mentions not in the sentence (they count as predicted): 2" in said
    assert "mentions only at words of other entities (they count as predicted): 2" in said


def test_a_mention_that_stands_twice_is_placed_twice(file: Path) -> None:
    gold = dataset_of([sentence("B-place O B-place", "O O O", "Oslo or Oslo")])
    (only,) = imported(file, lines({"input": "Oslo or Oslo", "pred_answers": '{"place": ["Oslo"]}'}), "slimer", gold)
    assert only.predicted == ("B-place", "O", "B-place")


def test_generated_text_is_structured_as_predictions_are(file: Path) -> None:
    text = "Ann(B-person) Oslo(B-city)\n\nNew(B-place) York(I-place) sleeps(O) well(B-place)\n"
    found = list(imported(file, text, "text"))
    assert [each.predicted for each in found] == [("B-person", "O", "O"), ("O",) * 3, ("B-place", "I-place", "O")]
    assert [each.structured.match.step for each in found if each.structured] == ["subsequence", "subsequence", "lcs"]
    (named, *_) = imported(file, text, "text", rename={"city": "place"})
    assert named.predicted == ("B-person", "O", "B-place")


ODD = written("conll", NEWS)
FIRST = json.loads(written("spans", NEWS[:1]))
REFUSED: dict[str, tuple[str, str, str]] = {
    "a broken line of JSON": (
        "spans",
        lines(FIRST) + '{"id": "1", "tokeni',
        "FILE, line 2: is not JSON (a line cut short?)",
    ),
    "a span outside the words": (
        "spans",
        lines(FIRST | {"ner": [[2, 3, "place"]]}),
        "FILE, line 1: ner[0]: 2 to 3 does not lie within the 3 words",
    ),
    "a span outside the text": (
        "spans",
        lines({"id": "0", "text": "Ann saw Oslo", "entities": [[8, 13, "place"]]}),
        "FILE, line 1: entities: 8 to 13 does not lie within the 12 characters of the text",
    ),
    "a span without a type": (
        "spans",
        lines(FIRST | {"ner": [[0, 1]]}),
        "FILE, line 1: ner[0]: expected start, end and label (or type), found [0, 1]",
    ),
    "no spans": (
        "spans",
        lines({"id": "0", "text": "Ann"}),
        "FILE, line 1: entities: is missing (so are predictions, ents, spans, label, labels)",
    ),
    "an unknown id": (
        "spans",
        lines(FIRST, FIRST | {"id": "7"}),
        "FILE, line 2: id: sentence '7' is not in the gold of news/test",
    ),
    "an id twice": (
        "spans",
        lines(FIRST, FIRST),
        "FILE, line 2: id: sentence '0' of news/test is there twice (first line 1)",
    ),
    "an id with other words": (
        "spans",
        lines(FIRST | {"tokenized_text": ["Bob", "saw", "Rome"]}),
        "FILE, line 1: sentence '0' is not sentence '0' of the gold of news/test: word 1 is 'Bob', in the gold 'Ann'",
    ),
    "another number of words": (
        "conll",
        ODD.replace("saw\tO\n", "", 1),
        "FILE, line 1: is not sentence '0' of the gold of news/test: 2 words, 3 in the gold",
    ),
    "a sentence that the gold lacks": (
        "conll",
        "Bob O\n",
        "FILE, line 1: 'Bob' is no sentence of the gold of news/test",
    ),
    "sentences in another order": (
        "conll",
        written("conll", [NEWS[2], NEWS[0]]),
        "FILE, line 5: 'Ann saw Oslo' is no sentence of the gold of news/test after sentence '2'",
    ),
    "a line of other columns": (
        "conll",
        "Ann O\nsaw O O\n",
        "FILE, line 2: tag: expected word<SPACE>tag, found 3 columns",
    ),
    "a line of one column": ("conll", "Ann\n", "FILE, line 1: tag: expected word<TAB>tag"),
    "a tag that is none": (
        "conll",
        "Ann person\n",
        "FILE, line 1: predicted tag: 'person' is neither O nor B-/I- with a type; --scheme io reads types alone",
    ),
    "fewer lines than sentences": (
        "text",
        "Ann(O)\n",
        "FILE: 1 sentences, but the gold of news/test has 3 and nothing says which these are",
    ),
    "text of other sentences": (
        "text",
        "a(O) b(O)\nc(O) d(O)\nNew(O) York(O) sleeps(O)\n",
        "FILE, line 1: is not sentence '0' of the gold of news/test: 2 words, 3 in the gold",
    ),
    "no conversation": ("uniner", lines({"id": 1}), "FILE, line 1: conversations: is missing"),
    "another data set": (
        "spans",
        lines(FIRST | {"dataset": "films"}),
        "FILE, line 1: dataset: 'films' is none of the sets of the gold: news/test",
    ),
    "an empty file": ("inline", "\n", "FILE: is empty: no record in it"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_refused_with_its_place(file: Path, case: str) -> None:
    format, text, message = REFUSED[case]
    assert refused(file, text, format) == message


def test_formats_without_gold_ask_for_it(file: Path) -> None:
    for format in ("uniner", "slimer", "text", "inline"):
        message = f"predictions in the format {format} hold no gold; --gold PATH gives it"
        assert refused(file, "x\n", format, None) == message
    message = "FILE, line 1: expected word, gold tag and predicted tag (or --gold), found 2 columns"
    assert refused(file, "Ann O\n", "conll", None) == message
    message = "FILE, line 1: ner: holds no gold beside predictions; --gold PATH gives it"
    assert refused(file, lines(FIRST), "spans", None) == message


def test_files_are_of_the_golds_in_turn_and_never_guessed(file: Path) -> None:
    films = replace(GOLD, name="films")
    other = file.with_name("other.txt")
    other.write_text(written("conll", NEWS[:1]))
    file.write_text(written("conll", NEWS))
    found = load_predictions(other, file, format="conll", gold=[films, GOLD])
    assert [each.dataset for each in found] == ["films", "news", "news", "news"]
    assert found.origin.expected == 6
    with pytest.raises(UsageError, match="does not say its data set, and the gold has several: films/test, news/test"):
        load_predictions(file, format="conll", gold=[films, GOLD])


def test_gold_sets_without_predictions_are_named(file: Path) -> None:
    films = replace(GOLD, name="films")
    file.write_text(lines(*({"dataset": "news", **json.loads(written("spans", [each]))} for each in NEWS)))
    found = load_predictions(file, format="spans", gold=[films, GOLD])
    assert found.origin.warnings[-1] == "no predictions of films/test, which the gold holds"
    assert found.origin.expected == 3


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@cli.options
def command(files: Files, **options: Any) -> None:
    found: Scores = score(cli.load(files, None, **options))
    click.echo(json.dumps({name: [each.split, list(each.types), len(each.ids)] for name, each in found.sets.items()}))
    for line in found.origin.warnings:
        click.echo(line)


def invoked(*arguments: Sequence[str] | str | Path) -> str:
    result = CliRunner().invoke(command, [str(each) for each in arguments])
    return result.output if result.exit_code == 0 else str(result.exception if result.exit_code == 1 else result.stderr)


def test_the_options_name_every_format() -> None:
    assert {NAMES.get(name, name) for name in WRITERS} < set(formats())
    offered = ShellComplete(command, {}, "score", "").get_completions(["--from"], "")
    assert [item.value for item in offered] == formats()
    unknown = CliRunner().invoke(command, ["x", "--from", "slimmer"])
    assert (unknown.exit_code, "did you mean 'slimer'?" in unknown.stderr) == (2, True)


def test_the_options_load_foreign_predictions_against_the_gold_of_a_catalogued_set(file: Path, tmp_path: Path) -> None:
    gold = tmp_path / "dev.txt"
    gold.write_text("Python\tB-programlang\nrocks\tB-misc\n")
    file.write_text("Python O\nrocks B-misc\n")
    arguments = (file, "--from", "conll", "--gold", gold, "--as", "crossner_ai")
    assert '{"crossner_ai": ["dev", ["organization"' in invoked(*arguments)
    assert "predictions of types that this reading of the gold drops are left out: 'misc' (1)" in invoked(*arguments)
    assert '"metric", "misc"], 1]' in invoked(*arguments, "--keep-misc")
    assert '{"crossner_ai": ["test", ' in invoked(*arguments, "--split", "test")
    assert "unknown data set" in invoked(*arguments[:-1], "crossner_ia")


def test_the_options_choose_a_set_of_a_folder(file: Path, tmp_path: Path) -> None:
    for name in ("mit-movie", "crossner_ai"):
        folder = tmp_path / "data" / name
        folder.mkdir(parents=True)
        (folder / "label.txt").write_text("ACTOR\nmisc\n" if name == "mit-movie" else "person\n")
        (folder / "test.txt").write_text("Ann\tO\n")
    file.write_text("Ann O\n")
    arguments = (file, "--from", "conll", "--gold", tmp_path / "data", "--as", "crossner_ai")
    assert '"crossner_ai"' in invoked(*arguments)
    assert "the gold has several: crossner_ai/test, mit-movie/test" in invoked(*arguments, "--as", "mit-movie")


def test_options_that_do_not_go_together_are_refused(file: Path) -> None:
    file.write_text("Ann O\n")
    assert "--keep-misc needs --as NAME" in invoked(file, "--keep-misc")
    assert "--rename expects OLD=NEW" in invoked(file, "--rename", "a")
    assert "--rename is for imported predictions" in invoked(file, "--rename", "a=b")
    assert "--gold PATH gives it" in invoked(file, "--as", "crossner_ai")
    assert "2 names of data sets (--as) for 1 files of gold" in invoked(
        file, "--gold", file, "--as", "crossner_ai", "--as", "crossner_music"
    )
