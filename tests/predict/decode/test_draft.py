from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.answers.gner import parse_generation
from gner_bench.predict.decode.draft import Drafter, SentenceDraft
from gner_bench.predict.decode.units import Units

END = 1
TYPES = ("actor", "genre")
WORDS = ["did", "george", "clooney", "make", "a", "musical"]
TAGGED = "did(O) george(B-actor) clooney(I-actor) make(O) a(O) musical(B-genre)"


def characters() -> Units:
    """Units of single characters after a space; ``¤`` is not in the vocabulary."""
    return Units(
        lambda texts: [[ord(c) for c in f" {text}" if c != "¤"] for text in texts],
        lambda ids: "".join(map(chr, ids)),
        END,
    )


def begin(words: Sequence[str] = WORDS, hint: str | None = None, types: Sequence[str] = TYPES) -> SentenceDraft:
    return Drafter(characters()).sentence("movies", words, types, hint)


def replay(draft: SentenceDraft, target: Sequence[int], most: int = 5000, chance: random.Random | None = None) -> int:
    """The passes to write ``target``; choices after a wrong token are random with ``chance``, else not told."""
    at = passes = 0
    while at < len(target):
        drafted = draft.propose(most)
        assert len(drafted) <= most
        same = 0
        while same < len(drafted) and at + same < len(target) - 1 and drafted[same] == target[at + same]:
            same += 1
        later = [chance.choice(target) for _ in drafted[same:]] if chance else []
        draft.advance(target[at : at + same + 1], [*drafted[:same], target[at + same], *later])
        at += same + 1
        passes += 1
    assert draft.tokens == list(target[:-1])
    draft.finish()
    return passes


def ids(text: str) -> list[int]:
    return [*map(ord, f" {text}"), END]


def after(draft: SentenceDraft, text: str, most: int = 1000) -> str:
    """The draft once the model wrote ``text``, one token a pass."""
    for token in ids(text)[:-1]:
        draft.propose(most)
        draft.advance([token], [token])
    return "".join(map(chr, draft.propose(most))).replace(chr(END), "$")


def test_copies_the_words_and_ends() -> None:
    draft = begin(["did", "you"])
    assert draft.propose(100) == ids("did(O) you(O)")
    assert draft.propose(7) == ids("did(O) you(O)")[:7]
    assert draft.propose(0) == []


def test_goes_on_in_the_middle_of_a_word_and_of_a_label() -> None:
    assert after(begin(), "did(O) geo") == "rge(O) clooney(O) make(O) a(O) musical(O)$"
    assert after(begin(), "did(O) george(B") == "-actor) clooney(I-actor) make(I-actor) a(I-actor) musical(I-actor)$"
    assert after(begin(), "did(O) george(B-g", 11) == "enre) cloon"


def test_learns_from_finished_outputs() -> None:
    drafter = Drafter(characters())
    passes = [replay(drafter.sentence("movies", WORDS, TYPES), ids(TAGGED)) for _ in range(8)]
    assert passes[0] > 3
    assert passes[-1] == 1


def test_learns_labels_outside_the_list() -> None:
    drafter = Drafter(characters())
    replay(drafter.sentence("movies", ["ore"], TYPES), ids("ore(B-orther)"))
    assert after(drafter.sentence("movies", ["mine"], TYPES), "mine(B-o") == "rther)$"
    assert after(drafter.sentence("other", ["mine"], TYPES), "mine(B-o") == ")$"


@pytest.mark.parametrize(
    ("written", "follows"),
    [
        ("did(O) georgec", "looney(O) make"),
        ("did(O) george,", "(O) clooney(O)"),
        ("did(O) c", "looney(O) make"),
        ("did(O) m", "ake(O) a(O)"),
        ("did(O) d", "id(O) george(O)"),
        ("did(O) george ", "clooney(O) make"),
        ("did(O) now", "(O) clooney(O)"),
        ("did(O) now(O)", " clooney(O)"),
        ("did(O) did(O)", " george(O)"),
        ("did(O) george clooney(O)", " make(O)"),
        ("clooney(O)", " make(O)"),
        ("did(O) george(B-xy", ") clooney(O)"),
    ],
)
def test_follows_a_model_that_leaves_the_sentence(written: str, follows: str) -> None:
    assert after(begin(), written).startswith(follows)


def test_follows_changed_letters() -> None:
    assert after(begin(["The", "end"]), "the(O").startswith(") end(O)")
    assert after(begin(["Kana¤l", "end"]), "Kanal(O)").startswith(" end(O)")
    assert after(begin(["¤", "¤", "end"]), "(O)") == " (O) end(O)$"


def test_drafts_a_loop_from_its_own_output() -> None:
    loop = "so(O) it(O) goes(O) "
    assert replay(begin(["so", "it", "goes"]), ids(loop * 30 + "on(O)")) < 40
    assert replay(begin(["so"]), ids("x(O) " * 120)) < 40


@pytest.mark.parametrize(
    "words",
    [["(O)"], ["a", "(B-actor)", "b"], [")", "(", ")"], ["", " ", "\n"], [], ["¤"], ["x"] * 400],
)
@pytest.mark.parametrize("types", [(), ("actor",), ("a) b", "(O)")])
def test_odd_words_take_one_pass(words: list[str], types: tuple[str, ...]) -> None:
    text = " ".join(f"{word}(O)" for word in words).replace("¤", "")
    assert replay(begin(words, types=types), ids(text) if words else [END]) == 1


def test_takes_the_output_of_another_run() -> None:
    assert replay(begin(hint=TAGGED), ids(TAGGED)) == 1
    assert replay(begin(hint=TAGGED), ids(TAGGED.replace("genre", "actor"))) == 2
    left = "did(O) georgeclooney(B-actor) make(O) musical,(B-orther)"
    assert replay(begin(hint=left), ids(left)) <= 2
    assert replay(begin(hint="nonsense ) ((("), ids(TAGGED)) == replay(begin(), ids(TAGGED))


def test_takes_the_choices_of_a_failed_pass_as_hints() -> None:
    draft = begin()
    drafted = draft.propose(1000)
    choices = list(drafted)
    for word, tag in (("did", "B"), ("musical", "B")):
        choices["".join(map(chr, drafted)).index(f"{word}(O)") + len(word) + 1] = ord(tag)
    draft.advance([*drafted[:5], ord("B")], choices)
    follows = "".join(map(chr, draft.propose(1000)))
    assert follows.endswith(f"musical(B-actor){chr(END)}")
    assert " a(O) " in follows


def test_a_hint_gives_way_where_it_is_not_legal() -> None:
    draft = begin(["a", "b", "c"])
    draft.advance(ids("a(B")[:-1], [])
    drafted = draft.propose(1000)
    assert "".join(map(chr, drafted)).startswith("-actor) b(I-actor) c(I-actor)")
    draft.advance([*drafted[:10], ord("O")], [*drafted[:10], ord("O"), *drafted[11:]])
    assert "".join(map(chr, draft.propose(1000))) == f") c(O){chr(END)}"


@given(
    st.lists(st.text("ab(O)-B.¤ ", max_size=5), max_size=8),
    st.lists(st.sampled_from([*map(ord, " (O)B-Iabx.actor"), 0, 7, 955]), max_size=120),
    st.integers(0, 40),
    st.randoms(use_true_random=False),
    st.none() | st.text("ab(O)-B. ", max_size=60),
)
def test_writes_any_target(
    words: list[str], target: list[int], most: int, chance: random.Random, hint: str | None
) -> None:
    assert replay(begin(words, hint), [*target, END], most, chance) <= len(target) + 1


@given(
    st.lists(st.sampled_from([*WORDS, "a", "¤", "(B-x)"]), max_size=10),
    st.lists(
        st.tuples(st.sampled_from([*WORDS, "new", ""]), st.sampled_from(["O", "B-actor", "I-orther"])), max_size=30
    ),
    st.randoms(use_true_random=False),
)
def test_writes_any_units(words: list[str], units: list[tuple[str, str]], chance: random.Random) -> None:
    drafter = Drafter(characters())
    target = ids(" ".join(f"{word}({tag})" for word, tag in units))
    for _ in range(2):
        assert replay(drafter.sentence("d", words, TYPES), target, 50, chance) <= len(target)


def test_never_exceeds_the_passes_of_the_study(shared: Path) -> None:
    """20 real sentences of each set: on average at most 9 passes, hints not counted."""
    tokenizers = pytest.importorskip("tokenizers")
    tokenizer = tokenizers.Tokenizer.from_file(str(shared / "tokenizers" / "t5" / "tokenizer.json"))
    units = Units(
        lambda texts: [encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)],
        tokenizer.decode,
        END,
    )
    with (shared / "predictions" / "gner-t5-base.dev700.jsonl").open() as lines:
        records = [json.loads(line) for line in lines][::5]
    drafter, passes = Drafter(units), 0
    for record in records:
        words = record["instance"]["words"]
        target = [token for pair in parse_generation(record["prediction"]) for token in units.unit(*pair)]
        passes += replay(drafter.sentence(record["dataset"], words, record["label_list"]), [*target, END])
    assert passes / len(records) < 9
