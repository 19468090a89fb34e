from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.data import Dataset, Reading, Sentence, dataset_names, read_dataset
from gner_bench.errors import InputError, UsageError

ZERO_SHOT = {
    "crossner_ai": 431,
    "crossner_literature": 416,
    "crossner_music": 465,
    "crossner_politics": 651,
    "crossner_science": 543,
    "mit-movie": 2443,
    "mit-restaurant": 1521,
}
SUPERVISED = (
    "AnatEM",
    "bc2gm",
    "bc5cdr",
    "broad_twitter_corpus",
    "FabNER",
    "HarveyNER",
    "MultiNERD",
    "ncbi",
    "TweetNER7",
    "WikiANN-en",
    "WikiNeural",
)
SPLITS = ("train", "dev", "test")


def write(root: Path, content: str | bytes, types: str | bytes = "person\nprogramming language\n") -> Path:
    """Write the test split of the set ``news`` below ``root`` and return its path."""
    folder = root / "news"
    folder.mkdir()
    for name, text in {"label.txt": types, "test.txt": content}.items():
        (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return folder / "test.txt"


def tagged(root: Path) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    return [(sentence.words, sentence.tags) for sentence in read_dataset(root, "news").sentences]


def test_reads_types_sentences_and_ids_in_file_order(tmp_path: Path) -> None:
    write(tmp_path, "Ann\tB-person\nLee\tI-person\n\nhi\tO\n\n")
    assert read_dataset(tmp_path, "news") == Dataset(
        name="news",
        split="test",
        types=("person", "programming language"),
        sentences=(Sentence("0", ("Ann", "Lee"), ("B-person", "I-person")), Sentence("1", ("hi",), ("O",))),
    )


def test_the_split_is_chosen(tmp_path: Path) -> None:
    write(tmp_path, "test\tO\n").with_name("dev.txt").write_text("dev\tO\n")
    dev = read_dataset(tmp_path, "news", "dev")
    assert (dev.split, dev.sentences[0].words) == ("dev", ("dev",))


def test_a_type_may_hold_spaces(tmp_path: Path) -> None:
    write(tmp_path, "C\tB-programming language\n")
    assert tagged(tmp_path) == [(("C",), ("B-programming language",))]


@pytest.mark.parametrize("word", [" ", "  ", "\u3000", "\x0b", "\u2028", "\x85"])
def test_a_word_of_white_space_is_a_word(tmp_path: Path, word: str) -> None:
    write(tmp_path, f"a\tO\n{word}\tB-person\nb\tO\n")
    assert tagged(tmp_path) == [(("a", word, "b"), ("O", "B-person", "O"))]


@pytest.mark.parametrize("word", ["NA", "null", "nan", '"', "#", "-DOCSTART-", "O", "Zoë", "東京", "👩‍🚀", "e\u0301"])
def test_a_word_is_kept_as_it_stands(tmp_path: Path, word: str) -> None:
    write(tmp_path, f"{word}\tB-person\n")
    assert tagged(tmp_path) == [((word,), ("B-person",))]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("Ann\tB-person\r\n\r\nhi\tO\r\n", id="CRLF"),
        pytest.param("Ann\tB-person\n\nhi\tO", id="no final newline"),
        pytest.param("\ufeffAnn\tB-person\n\nhi\tO\n", id="byte order mark"),
        pytest.param("\n\nAnn\tB-person\n\n\n\nhi\tO\n\n\n", id="many blank lines"),
        pytest.param("Ann\tB-person\n  \nhi\tO\n", id="a blank line with spaces"),
    ],
)
def test_line_ends_and_blank_lines_change_nothing(tmp_path: Path, content: str) -> None:
    write(tmp_path, content)
    assert tagged(tmp_path) == [(("Ann",), ("B-person",)), (("hi",), ("O",))]


def test_a_label_file_with_crlf_mark_and_blank_lines(tmp_path: Path) -> None:
    write(tmp_path, "C\tB-programming language\n", types="\ufeffperson\r\n\r\nprogramming language")
    assert read_dataset(tmp_path, "news").types == ("person", "programming language")


def test_data_sets_are_the_folders_with_a_label_file(tmp_path: Path) -> None:
    for name in ("b", "a", "C"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "label.txt").write_text("person\n")
    (tmp_path / "notes").mkdir()
    (tmp_path / "label.txt").write_text("person\n")
    assert dataset_names(tmp_path) == ["C", "a", "b"]


def test_an_unknown_data_set_gets_the_nearest_name(tmp_path: Path) -> None:
    write(tmp_path, "hi\tO\n")
    with pytest.raises(UsageError, match=r"unknown data set 'nwes'; did you mean 'news'\?"):
        read_dataset(tmp_path, "nwes")


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none: no such folder"):
        dataset_names(tmp_path / "none")


def test_a_data_set_of_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none: no such folder"):
        read_dataset(tmp_path / "none", "news")


def test_a_folder_without_data_sets(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"holds no data set"):
        dataset_names(tmp_path)


def refusal(root: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        read_dataset(root, "news")
    return caught.value


def test_a_line_without_tab(tmp_path: Path) -> None:
    path = write(tmp_path, "Ann\tB-person\n\nhi\n")
    assert str(refusal(tmp_path)) == f"{path}, line 3: tag: expected word<TAB>tag"


def test_a_line_of_white_space_alone_parts_sentences_and_a_word_of_it_does_not(tmp_path: Path) -> None:
    write(tmp_path, "hi\tO\n\t\nyou\tO\n \t \n\u3000\tO\n")
    assert [words for words, _ in tagged(tmp_path)] == [("hi",), ("you",), ("\u3000",)]


def test_a_type_that_the_label_file_lacks(tmp_path: Path) -> None:
    path = write(tmp_path, "hi\tO\nOslo\tB-place\n")
    assert str(refusal(tmp_path)).startswith(f"{path}, line 2: tag: 'B-place' is neither")


@pytest.mark.parametrize("tag", ["person", "X-person", "B-", "b-person", "Bperson", "", " O", "B-person "])
def test_a_tag_that_is_not_bio(tmp_path: Path, tag: str) -> None:
    path = write(tmp_path, f"hi\tO\nAnn\t{tag}\n")
    assert str(refusal(tmp_path)).startswith(f"{path}, line 2: tag: {tag!r} is neither")


def test_an_empty_word(tmp_path: Path) -> None:
    path = write(tmp_path, "hi\tO\n\tB-person\n")
    assert str(refusal(tmp_path)) == f"{path}, line 2: word: the word is empty"


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_a_file_without_sentences(tmp_path: Path, content: str) -> None:
    path = write(tmp_path, content)
    assert str(refusal(tmp_path)) == f"{path}: is empty: no sentence in it"


@pytest.mark.parametrize("types", ["", "\n \n"])
def test_a_label_file_without_types(tmp_path: Path, types: str) -> None:
    path = write(tmp_path, "hi\tO\n", types).with_name("label.txt")
    assert str(refusal(tmp_path)) == f"{path}: is empty: no entity type in it"


def test_a_missing_label_file(tmp_path: Path) -> None:
    labels = write(tmp_path, "hi\tO\n").with_name("label.txt")
    labels.unlink()
    assert str(refusal(tmp_path)) == f"{labels}: no such file; it lists the entity types, one a line"


def test_a_split_of_another_format_needs_no_label_file(tmp_path: Path) -> None:
    folder = tmp_path / "news"
    folder.mkdir()
    (folder / "test.jsonl").write_text('{"tokenized_text": ["Ann", "ran"], "ner": [[0, 0, "person"]]}\n')
    assert dataset_names(tmp_path) == ["news"]
    assert read_dataset(tmp_path, "news").types == ("person",)
    assert tagged(tmp_path) == [(("Ann", "ran"), ("B-person", "O"))]


def test_a_missing_split(tmp_path: Path) -> None:
    write(tmp_path, "hi\tO\n")
    with pytest.raises(InputError, match=r"train\.txt: no such file"):
        read_dataset(tmp_path, "news", "train")


def test_sentences_that_are_not_utf8(tmp_path: Path) -> None:
    path = write(tmp_path, b"hi\tO\ncaf\xe9\tO\n")
    assert str(refusal(tmp_path)) == f"{path}, line 2: is not UTF-8 text (byte 8)"


def test_types_that_are_not_utf8(tmp_path: Path) -> None:
    path = write(tmp_path, "hi\tO\n", types=b"caf\xe9\n").with_name("label.txt")
    assert str(refusal(tmp_path)).startswith(f"{path}, line 1: is not UTF-8 text")


LINE_ENDS_AND_MARK = "\n\r\ufeff"
WORDS = st.text(st.characters(codec="utf-8", exclude_characters=LINE_ENDS_AND_MARK + "\t"), min_size=1)
TYPES = st.text(st.characters(codec="utf-8", exclude_characters=LINE_ENDS_AND_MARK + "\t"), min_size=1)


@st.composite
def datasets(draw: st.DrawFn) -> Dataset:
    types = draw(st.lists(TYPES.map(str.strip).filter(bool), min_size=1, max_size=4, unique=True))
    tags = st.sampled_from(["O", *(f"{prefix}-{kind}" for prefix in "BI" for kind in types)])
    rows = draw(st.lists(st.lists(st.tuples(WORDS, tags), min_size=1, max_size=5), min_size=1, max_size=4))
    sentences = (
        Sentence(str(index), tuple(word for word, _ in row), tuple(tag for _, tag in row))
        for index, row in enumerate(rows)
    )
    return Dataset("news", "test", tuple(types), tuple(sentences))


@pytest.mark.slow
@given(datasets())
def test_what_is_written_in_the_layout_is_read_back(dataset: Dataset) -> None:
    blocks = (
        "".join(f"{word}\t{tag}\n" for word, tag in zip(sentence.words, sentence.tags, strict=True))
        for sentence in dataset.sentences
    )
    with TemporaryDirectory() as folder:
        write(Path(folder), "\n".join(blocks), "\n".join(dataset.types))
        assert read_dataset(Path(folder), "news", reading=Reading(repair="keep")) == dataset


@pytest.mark.parametrize(("name", "sentences"), ZERO_SHOT.items())
def test_the_zero_shot_sets_have_their_published_size(shared: Path, name: str, sentences: int) -> None:
    assert len(read_dataset(shared / "data" / "gner", name).sentences) == sentences


def test_the_reference_corpora_are_18(shared: Path) -> None:
    assert set(dataset_names(shared / "data" / "gner")) == {*ZERO_SHOT, *SUPERVISED}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({*ZERO_SHOT, *SUPERVISED} - {"MultiNERD", "WikiNeural"}))
def test_the_reference_corpora_are_read_in_every_split(shared: Path, name: str) -> None:
    """But for the two largest ones, which the test of ``audit`` reads."""
    root = shared / "data" / "gner"
    there = [split for split in SPLITS if (root / name / f"{split}.txt").exists()]
    assert {"dev", "test"} <= set(there)
    for split in there:
        assert read_dataset(root, name, split, Reading(repair="begin")).sentences


def test_bioes_is_read_as_bio(tmp_path: Path) -> None:
    write(tmp_path, "a\tS-person\nb\tB-person\nc\tI-person\nd\tE-person\n")
    assert tagged(tmp_path) == [(("a", "b", "c", "d"), ("B-person", "B-person", "I-person", "I-person"))]
