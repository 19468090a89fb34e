from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.words import WORD


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("state-of-the-art, isn't it?", ["state-of-the-art", ",", "isn", "'", "t", "it", "?"]),
        (
            unicodedata.normalize("NFD", "André était là"),
            [unicodedata.normalize("NFD", w) for w in ("André", "était", "là")],
        ),
        ("हिन्दी में लिखा।", ["हिन्दी", "में", "लिखा", "।"]),
        ("ที่นี่ ภาษาไทย", ["ที่นี่", "ภาษาไทย"]),
        ("שָׁלוֹם", ["שָׁלוֹם"]),
        ("می‌خواهم", ["می‌خواهم"]),
        ("👩‍💻 👍🏽 ❤️ ok", ["👩‍💻", "👍🏽", "❤️", "ok"]),
        ("東京、2024", ["東京", "、", "2024"]),
    ],
)
def test_words_keep_their_marks_in_every_script(text: str, words: list[str]) -> None:
    assert WORD.findall(text) == words


@given(st.text("aé東हि-_ .,'\u0301\u200d👍", max_size=20))
def test_every_character_that_is_not_white_space_is_in_one_word(text: str) -> None:
    assert "".join(WORD.findall(text)) == "".join(text.split())


@given(st.text("abé東-_9 .,'", max_size=20))
def test_decomposed_text_has_the_same_words(text: str) -> None:
    decomposed = unicodedata.normalize("NFD", text)
    assert [unicodedata.normalize("NFC", word) for word in WORD.findall(decomposed)] == WORD.findall(text)
