from __future__ import annotations

from pathlib import Path

import pytest

from gner_bench.bio import Reading
from gner_bench.data.formats import Source
from gner_bench.data.formats.conll import read_conll, read_predictions
from gner_bench.errors import InputError


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "file.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def tagged(folder: Path, content: str) -> list[tuple[str, ...]]:
    path = write(folder, content)
    [dataset] = read_conll(Source(path, "news", "test"))
    return [row for sentence in dataset.sentences for row in zip(sentence.words, sentence.tags, strict=True)]


def sentences(folder: Path, content: str) -> list[list[str]]:
    [dataset] = read_conll(Source(write(folder, content), "news", "test"))
    return [list(sentence.words) for sentence in dataset.sentences]


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


@pytest.mark.parametrize(
    "mark", ["-DOCSTART- -X- O O", "-DOCSTART- -X- -X- O", "-DOCSTART- O", "-DOCSTART-", "-DOCSTART- (1 EU)"]
)
@pytest.mark.parametrize("gap", ["\n", "\n\n", "\n \t\n"])
def test_marks_of_documents_part_sentences_and_are_no_words(tmp_path: Path, mark: str, gap: str) -> None:
    rows = ("Ann NNP B-NP B-person\nran VBD B-VP O", "hi UH O O")
    content = f"{mark}{gap}{rows[0]}\n{mark}{gap}{rows[1]}{gap}{mark}"
    assert sentences(tmp_path, content + "\n") == [["Ann", "ran"], ["hi"]]
    path = write(tmp_path, "".join(f"{line}\n" for line in content.split("\n")))
    # The same file as predictions, whose last column is the predicted tag.
    predicted = read_predictions(Source(path, reading=Reading(columns={"word": 1, "tag": 4})), None)
    assert [list(item.words) for item in predicted] == [["Ann", "ran"], ["hi"]]


def test_a_file_of_marks_alone_is_empty(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is empty: no sentence in it"):
        tagged(tmp_path, "-DOCSTART- O\n\n-DOCSTART- O\n")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("#\tO\n#NFL\tB-org\n# 1\tO\n", [["#", "#NFL", "# 1"]]),
        ("# O\n#NFL B-org\nran O\n", [["#", "#NFL", "ran"]]),
        ("hi\tO\n\n#\tO\n#a\tO\n", [["hi"], ["#", "#a"]]),
        ("# id 3\tdomain=en\nAnn _ _ B-x\n# _ _ O\n\n# id 4\tdomain=en\nhi _ _ O\n", [["Ann", "#"], ["hi"]]),
        ("# text = # O\n1\tAnn\tO\n2\t#\tB-x\n", [["Ann", "#"]]),
        ("# text = O\nAnn NNP X O\nran VB X B-x\n", [["Ann", "ran"]]),
        ("#\thttp://x [2009]\n1\tAnn\tO\n2\t#x\tB-x\n\n#\thttp://y [1]\n1\ta\tO\n", [["Ann", "#x"], ["a"]]),
        ("#begin document (a); part 000\nAnn x B-x\n#end document\n#begin document (b)\nhi x O\n", [["Ann"], ["hi"]]),
        ("# newdoc\n# sent = 1\n\n# sent = 2\nhi\tO\n# sent = 3\n", None),
    ],
)
def test_comments_are_left_out_and_words_with_a_hash_are_not(
    tmp_path: Path, content: str, words: list[list[str]] | None
) -> None:
    if words is None:
        with pytest.raises(InputError, match=r"line 6: '# sent = 3' is inside a sentence and neither"):
            tagged(tmp_path, content)
    else:
        assert sentences(tmp_path, content) == words


def test_a_hashtag_without_its_tag_is_no_comment(tmp_path: Path) -> None:
    for content in ("#NFL\nhi\tO\n", "hi\tO\n#NFL\n"):
        with pytest.raises(InputError, match=r"line [12]: tag: expected word<TAB>tag"):
            tagged(tmp_path, content)


TWO = [["Ann", "ran", "."], ["hi", "Bo"]]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("1 Ann B-x\n2 ran O\n3 . O\n\n1 hi O\n2 Bo B-x\n", id="counting anew"),
        pytest.param("0 Ann B-x\n1 ran O\n2 . O\n\n3 hi O\n4 Bo B-x\n", id="counting on"),
        pytest.param("0 3 Ann B-x\n4 7 ran O\n7 8 . O\n\n10 12 hi O\n13 15 Bo B-x\n", id="characters"),
        pytest.param("d1 1 Ann B-x\nd1 1 ran O\nd1 1 . O\n\nd1 2 hi O\nd1 2 Bo B-x\n", id="document, sentence"),
        pytest.param("1-1 Ann B-x\n1-2 ran O\n1-3 . O\n\n2-1 hi O\n2-2 Bo B-x\n", id="sentence-token"),
        pytest.param("Ann B-x NNP\nran O VB\n. O .\n\nhi O UH\nBo B-x NNP\n", id="tag in the middle"),
        pytest.param("B-x 1 Ann\nO 2 ran\nO 3 .\n\nO 1 hi\nB-x 2 Bo\n", id="tag first, then counting"),
        pytest.param("Ann 1 B-x\nran 2 O\n. 3 O\n\nhi 1 O\nBo 2 B-x\n", id="word first, then counting"),
    ],
)
def test_numbers_and_names_of_documents_are_never_the_words(tmp_path: Path, content: str) -> None:
    assert sentences(tmp_path, content) == TWO
    assert sentences(tmp_path, content.replace(" ", "\t")) == TWO


def test_numbers_are_words_where_nothing_else_is(tmp_path: Path) -> None:
    assert sentences(tmp_path, "1 O\n2 O\n3 O\n") == [["1", "2", "3"]]
    assert sentences(tmp_path, "1984 CD O\n") == [["1984"]]


def test_parts_of_speech_before_the_words_are_for_the_user_to_tell(tmp_path: Path) -> None:
    content = "".join(f"{'NN' if i % 2 else 'VB'} word{i} O\n" for i in range(90))
    with pytest.raises(
        InputError, match=r"line 1: word: columns 1 and 2 may both hold the words; say which does, such"
    ):
        tagged(tmp_path, content)
    path = write(tmp_path, content)
    [dataset] = read_conll(Source(path, "news", "test", reading=Reading(columns={"word": 2})))
    assert dataset.sentences[0].words[:2] == ("word0", "word1")


def test_white_space_alone_parts_sentences_in_every_form(tmp_path: Path) -> None:
    content = "Ann\tB-x\n\t\nhi\tO\n  \t \n \tO\n\u3000\nBo\tO\n"
    assert sentences(tmp_path, content) == [["Ann"], ["hi"], [" "], ["Bo"]]


def test_a_word_may_hold_a_space_of_another_kind_than_the_separator(tmp_path: Path) -> None:
    assert sentences(tmp_path, "10\u00a0000 B-x\nhi O\n") == [["10\u00a0000", "hi"]]


def test_lines_are_those_of_the_file_after_comments_and_marks(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"line 6: tag: 'I-x' continues no entity"):
        tagged(tmp_path, "-DOCSTART- O\n# a\n# b\nAnn B-x\nran O\nfast I-x\n")


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
