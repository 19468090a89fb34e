from __future__ import annotations

import json
from pathlib import Path

import pytest

from gner_bench.predict.decode.units import Labels, Units

END = 1
MERGED = "\ue000"


def characters(merged: str = "") -> Units:
    """Units of single characters after a space; ``¤`` is not in the vocabulary, ``merged`` is one token."""

    def encode(texts: list[str]) -> list[list[int]]:
        spaced = (f" {text}".replace(merged, MERGED) if merged else f" {text}" for text in texts)
        return [[ord(c) for c in text if c != "¤"] for text in spaced]

    return Units(encode, lambda ids: "".join(map(chr, ids)).replace(MERGED, merged), END)


def ids(text: str) -> tuple[int, ...]:
    return tuple(map(ord, text))


def test_puts_units_together_from_word_and_tag() -> None:
    units = characters()
    assert units.unit("Oslo", "B-place") == ids(" Oslo(B-place)")
    assert units.head("Oslo") == ids(" Oslo")
    assert units.tail("B-place") == ids("(B-place)")


def test_encodes_a_word_once() -> None:
    asked: list[str] = []

    def encode(texts: list[str]) -> list[list[int]]:
        asked.extend(texts)
        return [[ord(c) for c in text] for text in texts]

    units = Units(encode, lambda ids: "".join(map(chr, ids)), END)
    units.learn(["an", "old", "an"])
    for tag in ("O", "B-x", "I-x"):
        units.unit("an", tag)
        units.unit("old", tag)
    assert sorted(asked) == sorted(["a", "a(O)", "an(O)", "old(O)", "a(B-x)", "a(I-x)"])


def test_encodes_units_whole_where_word_and_tag_share_a_token() -> None:
    units = characters(merged=".(")
    assert units.head("Mr.") is None
    assert units.unit("Mr.", "B-x") == ids(f" Mr{MERGED}B-x)")


@pytest.mark.parametrize(("word", "unit"), [("", " (O)"), ("¤", " (O)"), ("(O)", " (O)(O)"), (" ", "  (O)")])
def test_odd_words(word: str, unit: str) -> None:
    assert characters().unit(word, "O") == ids(unit)


def test_a_tokenizer_that_leaves_nothing() -> None:
    units = Units(lambda texts: [[] for _ in texts], lambda ids: "", END)
    assert units.unit("word", "B-x") == ()
    assert Labels(units, ["x"]).tags == {}


def test_knows_closing_tokens_and_shows_words_as_they_come_out() -> None:
    units = characters()
    assert units.closes(ord(")"))
    assert not units.closes(ord("("))
    assert units.shown("Kana¤L") == "kanal"


def test_labels_are_found_by_their_beginnings() -> None:
    labels = Labels(characters(), ["actor", "ac"])
    assert labels.fitting[ids("(B-ac")] == ["B-actor", "B-ac"]
    assert labels.fitting[ids("(B-ac)")] == ["B-ac"]
    labels.add("B-orther")
    labels.add("B-orther")
    assert labels.fitting[ids("(B-o")] == ["B-orther"]


def test_of_labels_with_the_same_ids_the_first_counts() -> None:
    assert Labels(characters(), ["x¤", "x"]).tags[ids("(B-x)")] == "B-x¤"


@pytest.mark.parametrize("name", ["t5/tokenizer.json", "llama/tokenizer.model"])
def test_units_put_together_are_those_of_the_real_tokenizers(shared: Path, name: str) -> None:
    encode = real_encoder(shared / "tokenizers" / name)
    units = Units(encode, lambda ids: "", END)
    with (shared / "predictions" / "gner-t5-base.dev700.jsonl").open() as lines:
        records = [json.loads(line) for line in lines][::10]
    for record in records:
        tags = ["O", *(f"{kind}-{name}" for kind in "BI" for name in record["label_list"])]
        for word in record["instance"]["words"]:
            assert [list(units.unit(word, tag)) for tag in tags] == encode([f"{word}({tag})" for tag in tags])


def real_encoder(path: Path):  # type: ignore[no-untyped-def]
    if path.suffix == ".model":
        from sentencepiece import SentencePieceProcessor

        return SentencePieceProcessor(model_file=str(path)).encode
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    return lambda texts: [encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]
