"""Any names of types: what a perfect system writes is read back, or the audit says that it is ambiguous."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.answers import Tagged, answer_format
from gner_bench.answers.gner import label_faults, label_pattern, prompt
from gner_bench.answers.types import ambiguous_types, known_as
from gner_bench.data.audit import audit
from gner_bench.structure import structure

ODD = ("person (fictional)", "date, time", "O", "B-x", "a(b)c)", "x)(O", "person", "(", ")")
NAMES = st.sampled_from(ODD) | st.text("abO(),)-_ \n", min_size=1, max_size=8)
WORDS = st.text("abO()-BI.", min_size=1, max_size=5)


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("name", ["gner", "full+bioes"])
def test_perfect_text_of_any_type_gives_every_tag_back(name: str, kind: str) -> None:
    words, tags = (
        ["John", ")", "met", "Ann", "(", "Lee"],
        [f"B-{kind}", "O", "O", f"B-{kind}", f"I-{kind}", f"I-{kind}"],
    )
    format, types = answer_format(name), (kind, "other")
    text = format.perfect(words, tags)
    found = structure(words, types, text, format=format)
    assert (found.match.tags, found.unknown_labels) == (tags, 0)
    if name == "gner":
        assert not +label_faults(text, found.generated, types, label_pattern("bio", frozenset(types)))


@pytest.mark.parametrize("kind", ["person (fictional)", "a(b)c)", "date, time", "B-x"])
def test_types_alone_are_read_back_too(kind: str) -> None:
    words, tags = ["John", "met", "Ann"], [f"B-{kind}", "O", f"B-{kind}"]
    full = answer_format("full")
    assert structure(words, (kind,), full.perfect(words, tags), format=full).match.tags == tags


def test_types_of_letters_alone_are_read_by_the_protocols_own_pattern() -> None:
    assert (
        label_pattern("bio", frozenset({"person", "music genre", "date, time", "O"})).pattern == r"\((O|[BI]-[^)\n]*)\)"
    )


@given(st.data())
def test_any_words_and_types_are_read_back_or_the_audit_says_so(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    types = tuple(
        data.draw(
            st.lists(NAMES.map(str.strip).filter(lambda k: k and "\n" not in k), min_size=1, max_size=3, unique=True)
        )
    )
    words = data.draw(st.lists(WORDS, min_size=1, max_size=5))
    kinds = [data.draw(st.sampled_from(["O", *(f"B-{kind}" for kind in types)])) for _ in words]
    root = tmp_path_factory.mktemp("audit")
    folder = root / "odd"
    folder.mkdir()
    (folder / "label.txt").write_text("".join(f"{kind}\n" for kind in types), encoding="utf-8")
    (folder / "test.txt").write_text(
        "".join(f"{w}\t{t}\n" for w, t in zip(words, kinds, strict=True)), encoding="utf-8"
    )
    gner = answer_format("gner")
    answer = gner.read(gner.perfect(words, kinds), words, types)
    assert isinstance(answer, Tagged)
    back = list(answer.pairs) == list(zip(words, kinds, strict=True))
    said = [line for line in audit(root, "odd").problems() if "cannot hold" in line]
    assert bool(said) == (not back)


@pytest.mark.parametrize(
    ("types", "said"),
    [
        (("person", "music genre", "person (fictional)"), []),
        (("date, time", "place"), ["hold a comma and read as several in the prompt: 'date, time'"]),
        (("O",), ["read as the label of words outside entities: 'O'"]),
        (("B-x",), ["begin as a BIO tag does: 'B-x'"]),
        (("a\nb",), ["hold a line break, or begin or end with white space: 'a\\nb'"]),
        (
            ("Person", "person", "a b", "a_b"),
            ["differ from another in nothing but case or _ for a space: 'Person', 'person', 'a b', 'a_b'"],
        ),
    ],
)
def test_what_remains_ambiguous_is_named(types: tuple[str, ...], said: list[str]) -> None:
    assert list(ambiguous_types(types)) == said
    assert all(kind in prompt(["a"], types) for kind in types)


def test_a_name_is_the_lists_own_before_it_is_one_that_is_alike() -> None:
    name = known_as(("Person", "person", "music genre"))
    assert [name(kind) for kind in ("person", "Person", "PERSON", "Music_Genre", "place")] == [
        *("person", "Person", "PERSON", "music genre", "place")
    ]


def test_real_sets_have_no_words_or_types_that_cannot_be_read_back(shared: Path) -> None:
    for name in ("crossner_ai", "mit-restaurant"):
        assert not [line for line in audit(shared / "data/gner", name).problems() if "cannot hold" in line]
