from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gner_bench.data import Dataset, Reading, Sentence
from gner_bench.data.formats import Source
from gner_bench.data.formats.hub import read_hub
from gner_bench.errors import GnerBenchError, InputError, UnreachableError, UsageError

NAMES = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
TOKENS = [["Ann", "Lee"], ["in", "Oslo"]]
NUMBERS = [[1, 2], [0, 3]]
STRINGS = [["B-PER", "I-PER"], ["O", "B-LOC"]]


def parquet(path: Path, tags: list[Any], names: list[str] | None = None, column: str = "ner_tags") -> Path:
    """Write rows as ``datasets`` does, with named numbers where ``names`` are given; return the folder."""
    from datasets import ClassLabel, Features, List, Value
    from datasets import Dataset as Rows

    tag = ClassLabel(names=names) if names else Value("string" if isinstance(tags[0][0], str) else "int64")
    features = Features({"tokens": List(Value("string")), column: List(tag)})
    path.parent.mkdir(parents=True, exist_ok=True)
    Rows.from_dict({"tokens": TOKENS[: len(tags)], column: tags}, features=features).to_parquet(str(path))
    return path.parent


def read(folder: Path, split: str = "test", data_files: Any = None, tag_names: Any = None, **options: Any) -> Dataset:
    source = Source(folder, "news", split, **options)
    [dataset] = read_hub(source, data_files, tag_names, cache_dir=folder.parent / "cache")
    return dataset


SENTENCES = (
    Sentence("0", ("Ann", "Lee"), ("B-PER", "I-PER")),
    Sentence("1", ("in", "Oslo"), ("O", "B-LOC")),
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The file of a test split, not there yet."""
    return tmp_path / "data" / "test.parquet"


def test_numbers_are_named_by_the_data_set(data: Path) -> None:
    assert read(parquet(data, NUMBERS, NAMES)) == Dataset("news", "test", ("PER", "LOC"), SENTENCES)


def test_numbers_are_named_by_the_caller(data: Path) -> None:
    assert read(parquet(data, NUMBERS), tag_names=NAMES).sentences == SENTENCES


@pytest.mark.parametrize("column", ["ner_tags", "tags"])
def test_strings_in_either_column(data: Path, column: str) -> None:
    assert read(parquet(data, STRINGS, column=column)) == Dataset("news", "test", ("PER", "LOC"), SENTENCES)


def test_types_are_renamed_dropped_and_kept_though_nothing_has_them(data: Path) -> None:
    folder = parquet(data, NUMBERS[:1], NAMES)
    assert read(folder).types == ("PER", "LOC")
    found = read(folder, reading=Reading(rename={"PER": "person"}, drop=frozenset({"LOC"})))
    assert (found.types, found.sentences[0].tags) == (("person",), ("B-person", "I-person"))


def test_the_caller_may_say_the_types(data: Path) -> None:
    folder = parquet(data, NUMBERS, NAMES)
    assert read(folder, types=("LOC", "PER", "SHIP")).types == ("LOC", "PER", "SHIP")
    with pytest.raises(InputError, match=r"\[1\]\.ner_tags: 'B-LOC' is neither O nor B-/I- with a type of the label"):
        read(folder, types=("PER",))


@pytest.mark.parametrize("called", ["validation", "dev"])
def test_dev_may_be_called_validation(tmp_path: Path, called: str) -> None:
    file = tmp_path / "data" / f"{called}.parquet"
    assert read(parquet(file, NUMBERS, NAMES), "dev").split == "dev"


def test_files_are_chosen_by_a_pattern(tmp_path: Path) -> None:
    parquet(tmp_path / "data" / "ai" / "dev" / "0.parquet", NUMBERS, NAMES)
    parquet(tmp_path / "data" / "music" / "dev" / "0.parquet", NUMBERS[:1], NAMES)
    assert read(tmp_path / "data", "dev", data_files="ai/dev/*.parquet").sentences == SENTENCES


def test_illegal_tags_are_repaired_on_request(data: Path) -> None:
    folder = parquet(data, [[2, 2], [0, 1]], NAMES)
    with pytest.raises(InputError, match=r"\[0\]\.ner_tags: 'I-PER' continues no entity"):
        read(folder)
    assert read(folder, reading=Reading(repair="begin")).repaired == 1


@pytest.mark.parametrize(
    ("tags", "options", "message"),
    [
        (NUMBERS, {}, r"\[0\]\.ner_tags: holds numbers, which nothing names; --tag-names"),
        ([[0, 9]], {"tag_names": NAMES}, r"\[0\]\.ner_tags: \[9\] has no name"),
        ([[0, -1]], {"tag_names": NAMES}, r"\[0\]\.ner_tags: \[-1\] has no name"),
        ([[0]], {"tag_names": NAMES}, r"\[0\]\.ner_tags: 1 tags for 2 words"),
        ([["PER", "O"]], {}, r"\[0\]\.ner_tags: 'PER' is neither O nor B-/I-"),
    ],
)
def test_bad_rows_are_refused(data: Path, tags: list[Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(parquet(data, tags), **options)


def test_other_columns_are_refused(data: Path) -> None:
    with pytest.raises(InputError, match="expected columns tokens and ner_tags or tags, found tokens, labels"):
        read(parquet(data, STRINGS, column="labels"))


def one_line(error: GnerBenchError) -> str:
    assert "\n" not in str(error)
    return str(error)


def test_an_unknown_split_or_configuration(data: Path) -> None:
    folder = parquet(data, NUMBERS, NAMES)
    for split, options in (("train", {}), ("dev", {}), ("test", {"config": "other"})):
        with pytest.raises(UsageError) as caught:
            read(folder, split, **options)
        assert one_line(caught.value).startswith(f"{folder}: ")


def test_files_that_are_not_there(data: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read(parquet(data, NUMBERS, NAMES), data_files="other/*.parquet")
    assert "No (supported) data files" in one_line(caught.value)


def test_a_loading_script_is_never_run(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "data.py").write_text("raise SystemExit('run')")
    with pytest.raises(GnerBenchError, match=r"only a loading script, .* refs/convert/parquet") as caught:
        read(tmp_path / "data")
    assert one_line(caught.value)
    assert caught.value.exit_code == 1


def test_without_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: Any, **__: Any) -> None:
        raise ConnectionError("Couldn't reach 'a/b' on the Hub\nand more")

    monkeypatch.setattr("huggingface_hub.HfApi.dataset_info", unreachable)
    with pytest.raises(UnreachableError) as caught:
        read_hub(Source(Path("a/b"), "b", "test"), cache_dir=tmp_path)
    assert one_line(caught.value) == "a/b: the hub cannot be reached (Couldn't reach 'a/b' on the Hub)"
