"""The original publications of CrossNER and MIT, read as the catalogue says, against the copies in the GNER layout."""

from __future__ import annotations

from pathlib import Path

import pytest

from gner_bench.catalog import catalog
from gner_bench.data import read_dataset
from gner_bench.data.formats import Source, read_file
from gner_bench.data.sentence import Dataset, Sentence
from gner_bench.fetch.home import matches

CROSSNER = ("ai", "literature", "music", "politics", "science")
FILES = {
    **{(f"crossner_{d}", split): f"crossner/{d}/{split}.txt" for d in CROSSNER for split in ("train", "dev", "test")},
    **{(f"mit-{d}", split): f"mit/{d}/{split}.txt" for d in ("movie", "restaurant") for split in ("train", "test")},
}


def raw(shared: Path, name: str, split: str) -> Dataset:
    entry = catalog().get_dataset(name)
    path = shared / "data" / "raw" / FILES[name, split]
    return read_file(Source(path, name, split, entry.types, entry.reading()))[0]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "split"), [key for key in FILES if key != ("crossner_politics", "dev")])
def test_a_raw_split_equals_the_gner_copy(shared: Path, name: str, split: str) -> None:
    assert raw(shared, name, split) == read_dataset(shared / "data" / "gner", name, split)


def test_the_one_difference_is_a_word_that_a_renaming_of_types_hit(shared: Path) -> None:
    original = raw(shared, "crossner_politics", "dev")
    copy = read_dataset(shared / "data" / "gner", "crossner_politics", "dev")
    differing = [(a, b) for a, b in zip(original.sentences, copy.sentences, strict=True) if a != b]
    (ours, theirs) = differing[0]
    assert len(differing) == 1
    assert ours == Sentence(
        theirs.id, tuple(word.replace("organization", "organisation") for word in theirs.words), theirs.tags
    )
    facts = catalog().get_dataset("crossner_politics").splits["dev"]
    assert (copy.content_hash, (original.content_hash,)) == (facts.content_hash, facts.other_hashes)


@pytest.mark.parametrize(("name", "split"), FILES)
def test_the_raw_files_have_the_checksums_of_the_catalogue(shared: Path, name: str, split: str) -> None:
    entry = catalog().get_dataset(name)
    file = next(source.files[split] for source in entry.sources if source.format == "conll" and not source.hub)
    assert matches(shared / "data" / "raw" / FILES[name, split], catalog().get_file(file).checksum)


def test_misc_is_kept_on_request(shared: Path) -> None:
    entry = catalog().get_dataset("crossner_science")
    path = shared / "data" / "raw" / FILES["crossner_science", "test"]
    kept = read_file(Source(path, "x", "test", (*entry.types, "misc"), entry.reading(keep_dropped=True)))[0]
    assert sum(tag == "B-misc" for sentence in kept.sentences for tag in sentence.tags) == 520
