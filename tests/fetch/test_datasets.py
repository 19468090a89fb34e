from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gner_bench.catalog import catalog, use_file
from gner_bench.catalog.entries import Dataset as Entry
from gner_bench.data import Dataset, Reading, Sentence
from gner_bench.errors import GnerBenchError, InputError, IntegrityError, UnreachableError, UsageError
from gner_bench.fetch.datasets import fetch_split, find_split, import_split, load_split, split_path, verify_dataset
from gner_bench.predict.plan import Asking, plan

from .loopback import Loopback

COLUMNS = b"Ann\tB-person\nsaw\tO\nOslo\tB-place\n\nbye\tO\n"
RECORDS = b"".join(
    json.dumps(
        {
            "dataset": "news",
            "split": "test",
            "label_list": types,
            "instance": {"id": str(index), "words": words, "labels": tags},
        }
    ).encode()
    + b"\n"
    for index, (words, tags, types) in enumerate(
        [
            (["Ann", "saw", "Oslo"], ["B-person", "O", "B-place"], ["place", "person"]),
            (["bye"], ["O"], ["person", "place"]),
        ]
    )
)
FILM = (
    b'{"dataset": "film", "split": "test", "label_list": ["actor"], "instance": {"words": ["Ann"], "labels": ["O"]}}\n'
)
CONTENT = Dataset(
    "news",
    "test",
    ("person", "place"),
    (Sentence("0", ("Ann", "saw", "Oslo"), ("B-person", "O", "B-place")), Sentence("1", ("bye",), ("O",))),
).content_hash
Build = Callable[..., Entry]


@pytest.fixture
def news(loopback: Loopback, tmp_path: Path) -> Iterator[Build]:
    """Catalogues the set ``news`` with its test split in the given files, in order of preference."""
    contexts = []

    def build(*files: tuple[str, bytes], content_hash: str = CONTENT, extra: str = "") -> Entry:
        text = f'[[dataset]]\nname = "news"\ntypes = ["person", "place"]\n{extra}\n'
        if content_hash:
            text += f'[dataset.splits.test]\nsentences = 2\ncontent_hash = "{content_hash}"\n'
        for index, (format, _) in enumerate(files):
            text += f'[[dataset.sources]]\nformat = "{format}"\nfiles = {{ test = "news/{index}" }}\n'
        for index, (_, content) in enumerate(files):
            url = loopback.put(f"/news/{index}", content)
            text += f'[[file]]\nname = "news/{index}"\nurls = ["{url}"]\n'
        file = tmp_path / "catalog.toml"
        file.write_text(text, encoding="utf-8")
        contexts.append(use_file(file))
        contexts[-1].__enter__()
        return catalog().get_dataset("news")

    yield build
    for context in contexts:
        context.__exit__(None, None, None)


def silent(message: str) -> None:
    raise AssertionError(f"nothing should be said, but: {message}")


def test_a_split_is_fetched_once_and_read_from_the_cache(news: Build, loopback: Loopback) -> None:
    entry = news(("conll", COLUMNS))
    assert find_split(entry, "test") is None
    stored = fetch_split(entry, "test", silent)
    assert (stored.sentences, stored.content_hash, find_split(entry, "test")) == (2, CONTENT, stored)
    found = load_split(entry, "test")
    assert found.content_hash == CONTENT
    assert loopback.url in found.source
    assert len(loopback.gets("/news/0")) == 1


def test_the_type_order_of_the_authors_file_reaches_the_prompt(news: Build) -> None:
    entry = news(("gner-jsonl", RECORDS))
    fetch_split(entry, "test", silent)
    tasks = plan(load_split(entry, "test"), "file", 0, Asking())
    assert [task.types for task in tasks] == [("place", "person"), ("person", "place")]
    assert "tags: place, person and O." in tasks[0].prompt


def test_a_file_of_several_sets_gives_the_one_that_is_asked_for(news: Build) -> None:
    """As the authors' zero-shot-test.jsonl: the other sets in it have types of their own."""
    entry = news(("gner-jsonl", FILM + RECORDS))
    stored = fetch_split(entry, "test", silent)
    assert (stored.sentences, load_split(entry, "test").types) == (2, ("person", "place"))


def test_a_type_that_the_catalogue_does_not_know_is_refused(news: Build) -> None:
    with pytest.raises(InputError, match="'actor' is no type of news"):
        fetch_split(news(("gner-jsonl", FILM.replace(b"film", b"news"))), "test", silent)


def test_a_source_with_other_sentences_gives_way_to_the_next(news: Build) -> None:
    said: list[str] = []
    stored = fetch_split(news(("conll", COLUMNS.partition(b"\n\n")[0]), ("conll", COLUMNS)), "test", said.append)
    assert "/news/1" in stored.source
    assert len(said) == 1
    assert "not those of the catalogue" in said[0]
    assert "took news/test from" in said[0]


def test_sentences_that_are_not_the_published_ones_are_never_stored(news: Build) -> None:
    entry = news(("conll", COLUMNS.replace(b"Oslo", b"Rome")))
    for _ in range(2):
        with pytest.raises(IntegrityError, match=r"news/test are not those of the catalogue \(2 sentences") as caught:
            fetch_split(entry, "test", silent)
        assert caught.value.exit_code == 5
        assert find_split(entry, "test") is None


def test_a_split_that_nothing_vouches_for_is_said_to_be_unverified(news: Build) -> None:
    said: list[str] = []
    fetch_split(news(("conll", COLUMNS), content_hash=""), "test", said.append)
    assert said == ["news/test is not verified: the catalogue knows no hash of it"]


def test_an_unreadable_source_is_named(news: Build) -> None:
    with pytest.raises(InputError, match=r"news/0, line 1: is not JSON"):
        fetch_split(news(("gner-jsonl", b'{"dataset": "ne')), "test", silent)


def test_a_format_that_nobody_knows_is_named(news: Build) -> None:
    with pytest.raises(UsageError, match=r"news: unknown format 'conl'; did you mean 'conll'\?"):
        fetch_split(news(("conl", COLUMNS)), "test", silent)


def test_a_host_that_does_not_answer(news: Build, loopback: Loopback) -> None:
    entry = news(("conll", COLUMNS), ("gner-jsonl", RECORDS))
    loopback.stop()
    with pytest.raises(UnreachableError):
        fetch_split(entry, "test", silent)


def test_a_set_without_a_source_says_how_to_get_it(news: Build) -> None:
    entry = news(extra='homepage = "https://example.org"')
    with pytest.raises(GnerBenchError, match=r"home is https://example\.org.*download news --from ROOT"):
        fetch_split(entry, "test", silent)


def test_an_altered_file_of_the_cache_is_noticed_and_can_be_fetched_again(news: Build) -> None:
    entry = news(("conll", COLUMNS))
    fetch_split(entry, "test", silent)
    path = split_path("news", "test")
    path.write_text(path.read_text(encoding="utf-8").replace("Ann", "Eve"), encoding="utf-8")
    for attempt in (find_split, load_split):
        with pytest.raises(IntegrityError, match="was altered since it was stored; run: gner-bench download news"):
            attempt(entry, "test")
    assert len(verify_dataset("news")[0]) == 1
    fetch_split(entry, "test", silent, force=True)
    assert load_split(entry, "test").content_hash == CONTENT
    assert verify_dataset("news")[0] == []


def test_an_altered_record_of_the_cache_is_noticed(news: Build) -> None:
    entry = news(("conll", COLUMNS))
    fetch_split(entry, "test", silent)
    split_path("news", "test").with_name("source.json").write_text("{", encoding="utf-8")
    with pytest.raises(IntegrityError, match="is not what gner-bench wrote"):
        find_split(entry, "test")


def local(root: Path, content: bytes = COLUMNS) -> Path:
    (root / "news").mkdir(parents=True)
    (root / "news" / "label.txt").write_text("person\nplace\n", encoding="utf-8")
    (root / "news" / "test.txt").write_bytes(content)
    return root


def test_a_local_folder_is_taken_when_its_content_is_right(news: Build, tmp_path: Path) -> None:
    entry = news()
    import_split(entry, "test", local(tmp_path / "good"), silent)
    assert load_split(entry, "test").content_hash == CONTENT
    with pytest.raises(IntegrityError):
        import_split(entry, "test", local(tmp_path / "bad", COLUMNS + b"\nmore\tO\n"), silent)


def test_illegal_tags_are_stored_as_published_and_repaired_when_read(news: Build, tmp_path: Path) -> None:
    entry = news(content_hash="")
    import_split(entry, "test", local(tmp_path / "data", b"Ann\tI-person\nsaw\tO\nBo\tB-person\n"), lambda _: None)
    with pytest.raises(InputError, match="choose a repair"):
        load_split(entry, "test")
    repaired = load_split(entry, "test", Reading(repair="begin"))
    assert (repaired.sentences[0].tags, repaired.repaired) == (("B-person", "O", "B-person"), 1)


def test_a_folder_of_the_users_catalogue_is_read_where_it_is(news: Build, tmp_path: Path) -> None:
    entry = news(extra=f'folder = "{local(tmp_path / "mine")}"')
    assert load_split(entry, "test").source == str(tmp_path / "mine")
    (tmp_path / "mine" / "news" / "test.txt").write_bytes(b"else\tO\n")
    with pytest.raises(IntegrityError):
        load_split(entry, "test")


def test_several_splits_stored_at_once_are_all_recorded(news: Build) -> None:
    entry = news(("conll", COLUMNS))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: fetch_split(entry, "test", silent, force=True), range(8)))
    assert load_split(entry, "test").content_hash == CONTENT
