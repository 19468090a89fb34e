from __future__ import annotations

from gner_tiny.tokenizer import END, PAD, UNKNOWN, train_tokenizer
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from gner_bench.answers.gner import prompt, tagged_text
from gner_bench.demo import CHECKPOINT

EMBEDDED = Tokenizer.from_file(str(CHECKPOINT / "tokenizer.json"))
# What stands for a space in the pieces comes back as a space, and special tokens are left out of what is decoded.
CHARACTERS = st.characters(exclude_categories=("Z", "C"), exclude_characters="▁")
WORD = st.text(CHARACTERS, min_size=1, max_size=8).filter(lambda word: not any(s in word for s in (PAD, END, UNKNOWN)))
WORDS = st.lists(WORD, min_size=1, max_size=8)


@given(WORDS)
def test_any_output_survives_encoding_and_decoding(words: list[str]) -> None:
    text = tagged_text(words, ["B-music genre"] * len(words))
    assert EMBEDDED.decode(EMBEDDED.encode(text).ids) == text


def test_the_fixed_parts_of_a_prompt_are_one_token_each() -> None:
    assert len(EMBEDDED.encode(prompt(["the"], ["year"])).ids) == 5


def test_words_are_spelt_alike_in_prompt_and_output() -> None:
    words = ["george", "clooney", "make"]
    asked = EMBEDDED.encode(prompt(words, ["actor"])).tokens
    answered = [token for token in EMBEDDED.encode(tagged_text(words, ["O"] * 3)).tokens if token != "(O)"]
    assert asked[-len(answered) :] == answered


def test_pieces_are_learned_from_the_text() -> None:
    learned = train_tokenizer([" clooney clooney clooney"] * 5, 300)
    assert learned.get_vocab_size() <= 300
    assert learned.encode("clooney").tokens[0] == "▁clooney"


def test_the_parts_of_all_labels_are_one_token_each() -> None:
    learned = train_tokenizer([" Ann actor"] * 5, 320, schemes=("bio", "plain", "bioes"))
    opening = [learned.encode(f"Ann({start}actor)").tokens for start in ("", "B-", "I-", "E-", "S-")]
    assert [next(token for token in tokens if token[0] == "(") for tokens in opening] == [
        "(",
        "(B-",
        "(I-",
        "(E-",
        "(S-",
    ]
    assert len({len(tokens) for tokens in opening}) == 1


def test_of_characters_that_are_as_frequent_the_first_code_points_are_kept() -> None:
    texts = [f" {chr(number) * 2}" for number in range(0x4E00, 0x4E40)]
    learned = [train_tokenizer(texts, 320, alphabet=9) for _ in range(3)]
    assert len({each.to_str() for each in learned}) == 1
    kept = {piece for piece in learned[0].get_vocab() if len(piece) == 1 and piece >= "\u4e00"}
    assert kept == set(map(chr, range(0x4E00, 0x4E08)))
