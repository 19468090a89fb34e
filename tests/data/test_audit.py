from __future__ import annotations

from pathlib import Path

import pytest

from gner_bench.data.audit import audit
from gner_bench.errors import InputError
from gner_bench.structure import BackTokenizer


def write(root: Path, **files: str) -> Path:
    folder = root / "news"
    folder.mkdir()
    for name, text in {"label": "person\nplace\n", **files}.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return root


def test_a_sound_data_set_has_no_problems(tmp_path: Path) -> None:
    found = audit(write(tmp_path, test="Ann\tB-person\nsaw\tO\nOslo\tB-place\n", train="hi\tO\n"), "news")
    assert list(found.problems()) == []
    test = found.splits["test"]
    assert (test.sentences, test.words, test.entities, test.types) == (1, 3, 2, {"person": 1, "place": 1})
    assert (test.catalogue, test.unknown_words, found.unused_types) == ("unknown", None, [])


def test_every_problem_is_named(tmp_path: Path) -> None:
    test = "Ann\tB-person\n\nAnn\tO\n\nAnn\tO\n\nOslo\tI-place\n\n \tO\n\nShip\tB-boat\n"
    root = write(tmp_path, label="person\nplace\nsong\n", test=test, dev=test, train="Ann\tO\n\nshared\tO\n")
    assert list(audit(root, "news").problems()) == [
        "dev is identical to test",
        "1 train sentence is in dev",
        "1 train sentence is in test",
        *(
            f"{split}: {problem}"
            for split in ("dev", "test")
            for problem in (
                "2 duplicate sentences; 1 sentence with conflicting gold",
                "1 I- tag without an entity to continue",
                "types missing from label.txt: boat",
                "1 word of white space alone",
            )
        ),
        "types without an entity: song",
    ]


def test_words_outside_a_tokenizers_vocabulary_are_counted(tmp_path: Path) -> None:
    ascii_only = BackTokenizer(lambda words: [word.encode("ascii", "ignore").decode() for word in words], "0")
    root = write(tmp_path, test="Zoë\tB-person\nZoë\tB-person\nhi\tO\n")
    assert audit(root, "news", ascii_only).splits["test"].unknown_words == 2


def test_a_data_set_without_a_split(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no split"):
        audit(write(tmp_path), "news")


EXPECTED = {
    "mit-movie": ["dev is identical to test", "24 train sentences are in test"],
    "mit-restaurant": ["dev is identical to test"],
    "crossner_music": [
        "6 train sentences are in test",
        "test: 8 duplicate sentences; 5 sentences with conflicting gold",
    ],
    "crossner_science": [
        "1 train sentence is in test",
        "test: 11 duplicate sentences; 2 sentences with conflicting gold",
    ],
    "crossner_ai": ["test: 1 duplicate sentence"],
    "WikiNeural": ["dev: 439 I- tags without an entity to continue"],
    "broad_twitter_corpus": ["test: 3 words of white space alone"],
    "MultiNERD": ["types without an entity: SUPER, PHY"],
}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "problems"), EXPECTED.items())
def test_the_known_problems_of_the_reference_corpora_are_found(shared: Path, name: str, problems: list[str]) -> None:
    found = audit(shared / "data" / "gner", name)
    assert set(problems) <= set(found.problems())
    assert {split.catalogue for split in found.splits.values()} == {"equal"}
