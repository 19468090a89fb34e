from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from gner_bench.demo import CHECKPOINT
from gner_bench.errors import InputError
from gner_bench.structure import load_back_tokenizer
from gner_bench.structure.back_tokenizer import PLAIN, BackTokenizer, tokenizer_file

pytestmark = pytest.mark.slow


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


def tokenizer_of(shared: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared / "tokenizers/t5/tokenizer.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture
def load(tmp_path: Path) -> Callable[[dict[str, Any]], BackTokenizer]:
    def write(tokenizer: dict[str, Any]) -> BackTokenizer:
        path = tmp_path / "tokenizer.json"
        path.write_text(json.dumps(tokenizer), encoding="utf-8")
        return load_back_tokenizer(path)

    return write


def encoded(shared: Path, words: list[str]) -> list[str]:
    """What T5's tokenizer makes of each word, encoded by itself."""
    tokenizer = tokenizer_once(shared / "tokenizers/t5/tokenizer.json")
    return [tokenizer.decode(tokenizer.encode(word).ids, skip_special_tokens=True) for word in words]


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(words=st.lists(st.text(st.sampled_from(sorted(PLAIN)), min_size=1), min_size=1))
def test_words_that_t5_is_known_to_keep_are_kept(shared: Path, words: list[str]) -> None:
    back_tokenizer = load_once(shared / "tokenizers/t5")
    assert back_tokenizer.unchanged == PLAIN
    assert back_tokenizer(words) == words == encoded(shared, words)


@pytest.mark.slow
def test_every_word_of_the_real_test_sets_is_what_t5_makes_of_it(shared: Path) -> None:
    files = sorted((shared / "data/gner").glob("*/test.txt"))
    lines = {line for file in files for line in file.read_text(encoding="utf-8").splitlines() if "\t" in line}
    words = sorted({line.split("\t")[0].lower() for line in lines})
    assert len(words) > 10_000
    assert load_back_tokenizer(shared / "tokenizers/t5")(words) == encoded(shared, words)


def _adds_a_token(tokenizer: dict[str, Any]) -> None:
    tokenizer["added_tokens"].append({**tokenizer["added_tokens"][0], "id": 32_100, "content": "abc"})


def _replaces(tokenizer: dict[str, Any]) -> None:
    step = {"type": "Replace", "pattern": {"String": "abc"}, "content": "x"}
    tokenizer["normalizer"]["normalizers"].append(step)


def _lacks_a_letter(tokenizer: dict[str, Any]) -> None:
    tokenizer["model"]["vocab"] = [["\u2581\u2581b" if p == "b" else p, s] for p, s in tokenizer["model"]["vocab"]]


def _normalizes_otherwise(tokenizer: dict[str, Any]) -> None:
    tokenizer["normalizer"] = {"type": "Replace", "pattern": {"String": "abc"}, "content": "x"}


def _upper(tokenizer: dict[str, Any]) -> None:
    tokenizer["normalizer"]["normalizers"].append({"type": "Prepend", "prepend": "x"})


@pytest.mark.parametrize("change", [_adds_a_token, _replaces, _lacks_a_letter, _normalizes_otherwise, _upper])
def test_nothing_is_taken_for_unchanged_that_a_tokenizer_may_change(
    shared: Path, load: Callable[[dict[str, Any]], BackTokenizer], change: Callable[[dict[str, Any]], None]
) -> None:
    tokenizer = tokenizer_of(shared)
    change(tokenizer)
    back_tokenizer = load(tokenizer)
    assert back_tokenizer.unchanged == frozenset()
    assert back_tokenizer(["abc", "xqbqx"]) != ["abc", "xqbqx"]


def test_another_kind_of_tokenizer_encodes_every_word() -> None:
    assert load_back_tokenizer(CHECKPOINT).unchanged == frozenset()


# What transformers did when GNER was evaluated

ODD = st.text(alphabet=".?!,'ntmsverex a{\u00a0\u00b4\u2026\u6771", min_size=1, max_size=8)
SPECIAL = st.sampled_from(["</s>", "<pad>", "<unk>", "<extra_id_0>", "<extra_id_99>", "<s>", "</S>"])


@pytest.fixture(scope="module")
def transformers_t5(shared: Path) -> Any:
    return pytest.importorskip("transformers").AutoTokenizer.from_pretrained(shared / "tokenizers/t5")


@given(word=ODD)
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_spaces_are_cleaned_up_as_by_transformers(shared: Path, transformers_t5: Any, word: str) -> None:
    for clean in (True, False):
        back_tokenizer = load_once(shared / "tokenizers/t5/tokenizer.json", clean)
        ids = transformers_t5.encode(word)
        expected = transformers_t5.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=clean)
        assert back_tokenizer([word]) == [expected]


@cache
def tokenizer_once(path: Path) -> Tokenizer:
    return Tokenizer.from_file(str(path))


@cache
def load_once(path: Path, clean: bool = False) -> BackTokenizer:
    return load_back_tokenizer(path, clean)


def test_by_default_spaces_stay() -> None:
    words = ["a .", "do n't", "it 's", "a ' b", "a ?"]
    assert load_back_tokenizer(CHECKPOINT)(words) == words
    assert load_back_tokenizer(CHECKPOINT, True)(words) == ["a.", "don't", "it's", "a'b", "a?"]


@given(parts=st.lists(st.one_of(SPECIAL, st.text(alphabet="ab<>/", max_size=3)), max_size=4))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_special_tokens_that_a_word_spells_out_vanish(shared: Path, transformers_t5: Any, parts: list[str]) -> None:
    word = "".join(parts)
    expected = transformers_t5.decode(
        transformers_t5.encode(word), skip_special_tokens=True, clean_up_tokenization_spaces=False
    )
    for name in ("tokenizer.json", "spiece.model"):
        assert load_once(shared / "tokenizers/t5" / name)([word]) == [expected]


def test_special_tokens_of_llama_vanish_and_those_of_t5_stay(shared: Path) -> None:
    back_tokenizer = load_back_tokenizer(shared / "tokenizers/llama")
    assert back_tokenizer(["</s>", "a<s>b", "<unk>", "<pad>", "<extra_id_0>"]) == [
        "",
        "a b",
        "",
        "<pad>",
        "<extra_id_0>",
    ]
