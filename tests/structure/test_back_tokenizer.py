from __future__ import annotations

from pathlib import Path

import pytest

from gner_bench.demo import CHECKPOINT
from gner_bench.errors import InputError
from gner_bench.structure import load_back_tokenizer
from gner_bench.structure.back_tokenizer import tokenizer_file


def test_the_embedded_tokenizer_loses_no_character() -> None:
    words = ["Gödel", "東京", "jalapeño", "(", "))", "a{b}", "'s", "don't", "x" * 50, "☃"]
    assert load_back_tokenizer(CHECKPOINT)(words) == words


def test_t5_drops_what_its_vocabulary_lacks(shared: Path) -> None:
    back_tokenizer = load_back_tokenizer(shared / "tokenizers/t5")
    assert back_tokenizer(["hat", "{", "\\", "x^2", "東京"]) == ["hat", "", "", "x2", ""]


def test_t5_sentencepiece_model_and_tokenizer_json_agree_on_real_words(shared: Path) -> None:
    lines = (shared / "data/gner/crossner_science/test.txt").read_text(encoding="utf-8").splitlines()
    words = sorted({line.split("\t")[0].lower() for line in lines if line})
    fast = load_back_tokenizer(shared / "tokenizers/t5/tokenizer.json")(words)
    assert load_back_tokenizer(shared / "tokenizers/t5/spiece.model")(words) == fast


def test_llama_sentencepiece_keeps_words(shared: Path) -> None:
    back_tokenizer = load_back_tokenizer(shared / "tokenizers/llama")
    assert back_tokenizer(["hat", "{", "東京", "x^2"]) == ["hat", "{", "東京", "x^2"]


def test_the_fingerprint_follows_the_file(tmp_path: Path) -> None:
    first = load_back_tokenizer(CHECKPOINT)
    changed = tmp_path / "tokenizer.json"
    changed.write_text((CHECKPOINT / "tokenizer.json").read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert first.fingerprint == load_back_tokenizer(CHECKPOINT / "tokenizer.json").fingerprint
    assert first.fingerprint != load_back_tokenizer(changed).fingerprint


def test_a_folder_without_tokenizer_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no tokenizer here \(looked for tokenizer.json"):
        load_back_tokenizer(tmp_path)
    assert tokenizer_file(tmp_path) is None


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer.model"])
def test_a_broken_tokenizer_file_is_one_clear_line(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{not a tokenizer", encoding="utf-8")
    with pytest.raises(InputError, match=f"{name}: is not a tokenizer file"):
        load_back_tokenizer(tmp_path)
