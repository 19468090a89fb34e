from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.answers.gner import prompt
from gner_bench.data import Dataset, Reading, Sentence, read_dataset
from gner_bench.data.convert import load, save
from gner_bench.data.formats import Source, read_file
from gner_bench.data.formats.conll import write_conll
from gner_bench.data.formats.gner import write_gner
from gner_bench.data.formats.gner_jsonl import write_jsonl
from gner_bench.data.formats.spans import write_spans
from gner_bench.errors import GnerBenchError, InputError, UsageError

pytestmark = pytest.mark.slow

KEEP = Reading(repair="keep")
LEE = Sentence("0", ("Ann", "Lee"), ("B-person", "I-person"))
OSLO = Sentence("1", ("in", "Oslo"), ("O", "B-place"))
NEWS = Dataset("news", "test", ("person", "place"), (LEE, OSLO))


def back(path: Path, format: str, dataset: Dataset = NEWS) -> list[Dataset]:
    return read_file(Source(path, dataset.name, dataset.split, None, KEEP), format)


def with_sentence(words: Sequence[str], tags: Sequence[str], **changes: object) -> Dataset:
    sentence = Sentence("0", tuple(words), tuple(tags))
    return replace(NEWS, sentences=(replace(sentence, **changes),))  # type: ignore[arg-type]


def test_the_layout(tmp_path: Path) -> None:
    written = write_gner(tmp_path, [NEWS, replace(NEWS, split="dev")])
    assert [str(path.relative_to(tmp_path)) for path in written] == ["news/label.txt", "news/test.txt", "news/dev.txt"]
    assert written[0].read_text() == "person\nplace\n"
    assert written[1].read_text() == "Ann\tB-person\nLee\tI-person\n\nin\tO\nOslo\tB-place\n\n"
    assert read_dataset(tmp_path, "news") == NEWS


def test_records_are_those_of_the_authors(tmp_path: Path) -> None:
    other = replace(NEWS, name="b", sentences=(replace(LEE, types=("place", "person")), OSLO))
    first, _, third, _ = map(json.loads, write_jsonl(tmp_path / "a.jsonl", [NEWS, other])[0].read_text().splitlines())
    assert first == {
        "id": "0",
        "dataset": "news",
        "split": "test",
        "label_list": ["person", "place"],
        "instance": {
            "id": "0",
            "words": ["Ann", "Lee"],
            "labels": ["B-person", "I-person"],
            "instruction_inputs": prompt(LEE.words, NEWS.types),
            "prompt_labels": "Ann(B-person) Lee(I-person)",
        },
    }
    assert third["instance"]["instruction_inputs"] == prompt(LEE.words, ("place", "person"))
    assert third["dataset_types"] == ["person", "place"]
    assert back(tmp_path / "a.jsonl", "auto") == [NEWS, other]


def test_spans_are_those_of_gliner(tmp_path: Path) -> None:
    write_spans(tmp_path / "a.jsonl.gz", [NEWS])
    (tmp_path / "b.jsonl").write_text("")
    assert back(tmp_path / "a.jsonl.gz", "auto") == [NEWS]
    write_spans(tmp_path / "b.jsonl", [NEWS])
    assert json.loads((tmp_path / "b.jsonl").read_text().splitlines()[0]) == {
        "tokenized_text": ["Ann", "Lee"],
        "ner": [[0, 1, "person"]],
        "id": "0",
        "dataset": "news",
        "split": "test",
        "ner_labels": ["person", "place"],
    }


def test_columns(tmp_path: Path) -> None:
    write_conll(tmp_path / "a.conll", [NEWS])
    assert back(tmp_path / "a.conll", "auto") == [NEWS]


COLUMNS = {
    "a tab": (["a\tb"], ["O"], "has a word or type with a tab or line end"),
    "a line end": (["a\nb"], ["O"], "has a word or type with a tab or line end"),
    "an empty word": (["a", ""], ["O", "O"], "has an empty word"),
    "no word": ([], [], "has no word"),
    "the mark of documents": (["-DOCSTART-"], ["O"], "has a word that would be taken for the mark -DOCSTART-"),
    "a byte order mark": (["\ufeffa"], ["O"], "begins with a byte order mark"),
}


@pytest.mark.parametrize(("words", "tags", "message"), COLUMNS.values(), ids=COLUMNS)
def test_what_columns_cannot_hold_is_refused(tmp_path: Path, words: list[str], tags: list[str], message: str) -> None:
    for write, out in ((write_gner, tmp_path), (write_conll, tmp_path / "a.txt")):
        with pytest.raises(InputError) as caught:
            write(out, [with_sentence(words, tags)], lossy=True)
        assert str(caught.value).endswith(f": sentence '0' of news/test: {message}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": "7"}, "sentence '7' of news/test: its id, which is not 0, would be lost"),
        (
            {"types": ("place", "person")},
            "sentence '0' of news/test: the order of the types in its prompt would be lost",
        ),
    ],
)
def test_ids_and_orders_are_lost_on_request_only(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    dataset = with_sentence(["a", "b"], ["B-person", "B-place"], **changes)
    for write, out in ((write_gner, tmp_path), (write_conll, tmp_path / "a.txt")):
        with pytest.raises(InputError, match=message):
            write(out, [dataset])
        write(out, [dataset], lossy=True)
    assert read_dataset(tmp_path, "news") == with_sentence(["a", "b"], ["B-person", "B-place"])


def test_columns_hold_one_data_set_and_no_list_of_types(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds one data set, not 2"):
        write_conll(tmp_path / "a.txt", [NEWS, replace(NEWS, split="dev")], lossy=True)
    for types in (("place", "person"), ("person", "place", "ship")):
        with pytest.raises(InputError, match="the list of types of news/test would be lost"):
            write_conll(tmp_path / "a.txt", [replace(NEWS, types=types)])
        write_conll(tmp_path / "a.txt", [replace(NEWS, types=types)], lossy=True)
        assert back(tmp_path / "a.txt", "auto") == [NEWS]


def test_a_label_file_with_other_types_stays(tmp_path: Path) -> None:
    write_gner(tmp_path, [NEWS])
    other = replace(NEWS, split="dev", types=("ship", "place", "person"))
    for datasets in ([other], [NEWS, other]):
        with pytest.raises(InputError, match=r"label\.txt: is there with other types than news/dev has"):
            write_gner(tmp_path, datasets)
    assert not (tmp_path / "news" / "dev.txt").exists()
    write_gner(tmp_path, [other], lossy=True)
    assert read_dataset(tmp_path, "news", "dev").types == ("person", "place", "ship")


@pytest.mark.parametrize("kind", ["a\tb", "a\nb", " a", "a ", "", "\ufeffa"])
def test_a_type_that_a_label_file_cannot_hold(tmp_path: Path, kind: str) -> None:
    with pytest.raises(InputError, match="a line cannot hold the type"):
        write_gner(tmp_path, [replace(NEWS, types=("person", "place", kind))])


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/a", "../a", "a\0", "a\n"])
def test_a_name_that_is_no_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="cannot name the folder"):
        write_gner(tmp_path / "root", [replace(NEWS, name=name)])
    assert list(tmp_path.iterdir()) == []


def test_a_split_that_the_layout_does_not_know(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="news/unknown: the layout holds train, dev, test, not 'unknown'"):
        write_gner(tmp_path, [replace(NEWS, split="unknown")])


def test_an_illegal_sequence_is_no_span(tmp_path: Path) -> None:
    illegal = with_sentence(["a", "b"], ["O", "I-person"])
    with pytest.raises(InputError, match="sentence '0' of news/test: has an I- that continues no entity"):
        write_spans(tmp_path / "a.jsonl", [illegal])
    for format in ("gner", "gner-jsonl"):
        save([illegal], tmp_path / format, format)
    assert back(tmp_path / "gner-jsonl", "gner-jsonl") == [illegal]
    assert read_dataset(tmp_path / "gner", "news", reading=KEEP) == illegal


BROKEN: dict[str, tuple[list[Dataset], str]] = {
    "nothing": ([], "there is no data set to write"),
    "one twice": ([NEWS, NEWS], "news/test is given twice"),
    "no sentence": ([replace(NEWS, sentences=())], "news/test has no sentence"),
    "ids twice": ([replace(NEWS, sentences=(LEE, LEE))], "sentence '0' of news/test: shares its id"),
    "a type that is not listed": (
        [replace(NEWS, types=("place",))],
        "sentence '0' of news/test: has a type that is not",
    ),
    "too few tags": ([with_sentence(["a", "b"], ["O"])], "not one tag for each word"),
    "a list with other types": ([with_sentence(["a"], ["O"], types=("ship",))], "has a type that is not listed"),
}


@pytest.mark.parametrize(("datasets", "message"), BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("format", ["gner", "gner-jsonl", "conll", "spans"])
def test_what_no_reader_gives_is_refused(tmp_path: Path, format: str, datasets: list[Dataset], message: str) -> None:
    with pytest.raises(InputError, match=message):
        save(datasets, tmp_path / "out", format, lossy=True)


UNUSUAL = [
    "NA",
    "null",
    "nan",
    '"',
    "\\",
    "-DOCSTART-",
    "O",
    "B-person",
    " ",
    "\u3000",
    "\u2028",
    "\x85",
    "\r",
    "\t",
    "",
]
TEXT = st.text(st.characters(codec="utf-8"), max_size=4)
WORDS = st.sampled_from([*UNUSUAL, "👩‍🚀", "e\u0301", "{", "\ufeff"]) | TEXT
NAMES = st.sampled_from(["news", "a b", "..", "東京"]) | TEXT
TYPES = st.sampled_from(["person", "a-b", "O", "B-x", "x "]) | TEXT.filter(bool)


@st.composite
def sentence_lists(draw: st.DrawFn, types: list[str], plain: bool) -> tuple[Sentence, ...]:
    ids = draw(st.lists(TEXT, unique=True, min_size=1, max_size=3))
    found = []
    for index, id in enumerate(ids):
        own = tuple(draw(st.permutations(types))) if not plain and draw(st.booleans()) else tuple(types)
        tag = st.sampled_from(["O", *(f"{prefix}-{kind}" for prefix in "BI" for kind in types)])
        rows = draw(st.lists(st.tuples(WORDS, tag), max_size=5))
        words, tags = [word for word, _ in rows], [mark for _, mark in rows]
        name = str(index) if plain else id
        found.append(Sentence(name, tuple(words), tuple(tags), () if own == tuple(types) else own))
    return tuple(found)


@st.composite
def corpora(draw: st.DrawFn) -> list[Dataset]:
    places = st.tuples(NAMES, st.sampled_from(["train", "dev", "test", "other"]))
    found = []
    for name, split in draw(st.lists(places, unique=True, min_size=1, max_size=2)):
        types = draw(st.lists(TYPES, unique=True, max_size=3))
        found.append(Dataset(name, split, tuple(types), draw(sentence_lists(types, draw(st.booleans())))))
    return found


def read_gner(root: Path, datasets: Sequence[Dataset]) -> list[Dataset]:
    return [read_dataset(root, dataset.name, dataset.split, KEEP) for dataset in datasets]


Read = Callable[[Path, Sequence[Dataset]], list[Dataset]]
READ: dict[str, Read] = {
    "gner": read_gner,
    "gner-jsonl": lambda path, _: load(str(path), "gner-jsonl", KEEP),
    "spans": lambda path, _: load(str(path), "spans", KEEP),
    "conll": lambda path, datasets: back(path, "conll", datasets[0]),
}


@pytest.mark.parametrize("format", READ)
@given(datasets=corpora())
def test_what_is_written_is_read_back_or_refused(format: str, datasets: list[Dataset]) -> None:
    with TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        try:
            save(datasets, out, format)
        except GnerBenchError as error:
            message = str(error)
        else:
            assert READ[format](out, datasets) == datasets
            return
        assert format != "gner-jsonl", "this format can hold everything"
        assert "\n" not in message
        assert not out.exists()


@pytest.mark.parametrize("format", ["gner", "conll"])
@given(datasets=corpora())
def test_with_lossy_words_and_tags_are_read_back_or_refused(format: str, datasets: list[Dataset]) -> None:
    with TemporaryDirectory() as folder:
        try:
            save(datasets, Path(folder) / "out", format, lossy=True)
        except GnerBenchError:
            return
        found = READ[format](Path(folder) / "out", datasets)
        assert [each.content_hash for each in found] == [each.content_hash for each in datasets]


@pytest.mark.parametrize("name", ["crossner_ai", "mit-restaurant", "TweetNER7", "broad_twitter_corpus", "WikiNeural"])
def test_real_corpora_survive_every_format(shared: Path, tmp_path: Path, name: str) -> None:
    """The first 2,000 sentences of each split: of WikiNeural they have illegal sequences already."""
    folder = tmp_path / "real" / name
    folder.mkdir(parents=True)
    for path in (shared / "data" / "gner" / name).iterdir():
        blocks = path.read_text(encoding="utf-8").split("\n\n", 2000)[:2000]
        text = "\n\n".join(blocks)
        (folder / path.name).write_text(text if path.name == "label.txt" else f"{text.rstrip()}\n\n", encoding="utf-8")
    datasets = load(str(folder), "auto", KEEP)
    save(datasets, tmp_path / "a.jsonl", "gner-jsonl")
    assert load(str(tmp_path / "a.jsonl"), "auto", KEEP) == datasets
    for path in save(datasets, tmp_path / "gner", "gner"):
        assert path.read_bytes() == (folder / path.name).read_bytes()
    legal = [replace(each, repaired=0) for each in load(str(folder), "auto", Reading(repair="begin"))]
    save(legal, tmp_path / "b.jsonl", "spans")
    assert load(str(tmp_path / "b.jsonl"), "auto", Reading()) == legal
