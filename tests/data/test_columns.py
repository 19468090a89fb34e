from __future__ import annotations

from pathlib import Path

import pytest

from gner_bench.data.formats import Source
from gner_bench.data.formats.conll import read_conll
from gner_bench.errors import InputError


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "file.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def tagged(folder: Path, content: str) -> list[tuple[str, ...]]:
    path = write(folder, content)
    [dataset] = read_conll(Source(path, "news", "test"))
    return [row for sentence in dataset.sentences for row in zip(sentence.words, sentence.tags, strict=True)]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("Ann\tB-person\nLee\tI-person\n\nhi\tO\n", id="word first"),
        pytest.param("B-person\tAnn\nI-person\tLee\n\nO\thi\n", id="tag first"),
        pytest.param("Ann NNP B-NP B-person\nLee NNP I-NP I-person\n\nhi UH O O\n", id="four columns"),
        pytest.param("Ann  B-person\nLee      I-person\n\nhi O\n", id="any number of spaces"),
        pytest.param("-DOCSTART- O\n\nAnn B-person\nLee I-person\n\n-DOCSTART- O\n\nhi O\n", id="document starts"),
        pytest.param("\ufeffAnn\tB-person\r\nLee\tE-person\r\n\r\nhi\tO\r\n", id="mark, CRLF and BIOES"),
    ],
)
def test_the_columns_are_found(tmp_path: Path, content: str) -> None:
    assert tagged(tmp_path, content) == [("Ann", "B-person"), ("Lee", "I-person"), ("hi", "O")]


def test_words_that_look_like_tags_or_missing_values_are_kept(tmp_path: Path) -> None:
    words = ["O", "B-52", "NA", "null", "nan", "-DOCSTART-"]
    content = "".join(f"{word}\tB-x\n" for word in words) + "\n".join(["a\tO"] * 3)
    assert [word for word, _ in tagged(tmp_path, content)] == [*words, "a", "a", "a"]


def test_with_tabs_a_word_may_hold_spaces(tmp_path: Path) -> None:
    assert tagged(tmp_path, "{@Joe Lee@}\tB-person\n \tO\n") == [("{@Joe Lee@}", "B-person"), (" ", "O")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("Ann\tB-person\nsaw O\n", "line 2: tag: expected word<TAB>tag"),
        ("Ann B-person\nsaw\tO\n", "line 2: tag: mixes tabs with the spaces of the lines before"),
        ("O\tAnn\nO\tsaw\textra\n", "line 2: tag: expected tag<TAB>word"),
        ("a b O\na O\n", "line 2: tag: expected word<SPACE>…<SPACE>tag"),
        ("O\ta\nO\t\n", "line 2: word: the word is empty"),
        ("\n\nhello\n", "line 3: tag: expected word<TAB>tag"),
        ("hi\tO\n\nAnn\tperson\n", "line 3: tag: 'person' is neither O nor"),
        ("", "is empty"),
        ("\n \n\n", "is empty"),
    ],
)
def test_bad_columns_are_named(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        tagged(tmp_path, content)
    assert said in str(caught.value)


def test_bytes_that_are_not_utf8_name_their_line(tmp_path: Path) -> None:
    path = write(tmp_path, b"hi\tO\n\ncaf\xe9\tO\n")
    with pytest.raises(InputError, match=r"file\.txt, line 3: is not UTF-8 text \(byte 9\)"):
        read_conll(Source(path, "news", "test"))


@pytest.mark.parametrize("line", ["x" * 10_000_000, "x" * 10_000_000 + "\ty"])
def test_a_line_of_ten_megabytes_is_refused_in_a_short_message(tmp_path: Path, line: str) -> None:
    with pytest.raises(InputError) as caught:
        tagged(tmp_path, line)
    assert "line 1: tag:" in str(caught.value)
    assert len(str(caught.value)) < 400
