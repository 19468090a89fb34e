from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from gner_bench.report.escape import visible
from gner_bench.report.render.terminal import show
from gner_bench.report.views.sentence import WIDE, sentence_view, worst_view
from gner_bench.scoring.explain import Explanation, explain
from gner_bench.scoring.predictions import Prediction
from gner_bench.scoring.samples import Ranked
from gner_bench.structure import structure

TYPES = ("person", "programming language")
WORDS = ("Ann", "wrote", "C++", "in", "Oslo")
GOLD = ("B-person", "O", "B-programming language", "O", "O")
NASTY = "[/bold]\x1b[2J\u202e\x9b\n[red]"


def explained(
    text: str, words: Sequence[str] = WORDS, gold: Sequence[str] = GOLD, types: Sequence[str] = TYPES, **changes: Any
) -> Explanation:
    found = structure(words, types, text)
    tags = tuple(found.match.tags)
    return explain(
        Prediction("news", "test", "7", tuple(types), tuple(words), tuple(gold), tags, (), text, found, **changes)
    )


def shown(*systems: Explanation, width: int = 120, colour: bool = False, name: str = "news/7") -> str:
    out = StringIO()
    console = Console(file=out, width=width, force_terminal=colour, color_system="truecolor" if colour else None)
    named = [(f"system {index}", each) for index, each in enumerate(systems)]
    show(sentence_view(name, named, width < WIDE), console)
    return out.getvalue()


def row(text: str, start: str) -> list[str]:
    """The cells of the first line that starts with ``start``."""
    line = next(line for line in text.splitlines() if line.split()[: len(start.split())] == start.split())
    return line.split()


def flat(text: str) -> str:
    return " ".join(text.split())


def test_generated_text_marks_what_is_unknown_ignored_and_placed_nowhere() -> None:
    text = flat(shown(explained("Ann(B-drug)(O) saw(O) us(O) C++(B-person) and so")))
    assert "generated Ann(B-drug)[unknown][no word: (O)] [added: saw(O) us(O)] C++(B-person) [ignored: and so]" in text


def test_every_word_has_its_label_tags_and_step() -> None:
    text = shown(explained("Ann(B-drug) wrote(O) it(O) c++(I-person) Oslo(O)"))
    assert row(text, "0 Ann") == ["0", "Ann", "Ann(B-drug)[unknown]", "O", "≠", "B-person", "lcs"]
    assert row(text, "1 wrote") == ["1", "wrote", "wrote(O)", "O", "O", "lcs"]
    assert row(text, "2 C++")[:5] == ["2", "C++", "c++(I-person)", "I-person", "≠"]
    assert row(text, "3 in") == ["3", "in", "O", "O", "omitted"]
    assert row(text, "+") == ["+", "it(O)", "added"]


def test_added_words_stand_where_they_were_generated() -> None:
    lines = shown(explained("oh(O) Ann(O) well(O) in(O) no(O)")).splitlines()
    first = lines.index(next(line for line in lines if line.split()[:1] == ["+"]))
    assert [line.split()[0] for line in lines[first : first + 8]] == ["+", "0", "1", "2", "+", "3", "4", "+"]


def test_a_narrow_terminal_gets_only_what_the_row_does_not_say() -> None:
    text = shown(explained("Ann(B-drug) wrote(O) it(O) c++(O) Oslo(O)"), width=80)
    assert "placed by lcs" in text
    assert row(text, "0 Ann") == ["0", "Ann", "Ann(B-drug)[unknown]", "O", "≠", "B-person"]
    assert row(text, "1 wrote") == ["1", "wrote", "same", "O", "O"]
    assert row(text, "2 C++")[:4] == ["2", "C++", "c++", "O"]
    assert row(text, "3 in") == ["3", "in", "[omitted]", "O", "O"]
    assert row(text, "+") == ["+", "[added]", "it(O)"]


def test_a_word_that_back_tokenization_changes_shows_how_it_is_read() -> None:
    words, text = ("Öl", "{", "Ann"), "l(O) Ann(O)"

    def back_tokenize(lower: Sequence[str]) -> list[str]:
        return [word.replace("ö", "").replace("{", "") for word in lower]

    found = structure(words, TYPES, text, back_tokenize)
    tags = tuple(found.match.tags)
    sentence = Prediction("news", "test", "7", TYPES, words, ("O",) * 3, tags, (), text, found)
    output = shown(explain(sentence, back_tokenize))
    assert row(output, "0 Öl") == ["0", "Öl", "[read", "as", "l]", "l(O)", "O", "O", "subseq."]
    assert row(output, "1 {")[:5] == ["1", "{", "[read", "as", "nothing]"]
    assert "[read" not in row(output, "2 Ann")


def test_gold_and_prediction_are_told_in_words() -> None:
    text = flat(shown(explained("Ann(B-person) wrote(O) C++(O) in(O) Oslo(O)")))
    assert "gold [Ann|person] wrote [C++|programming language] in Oslo" in text
    assert "predicted [Ann|person] wrote C++ in Oslo" in text
    assert "types 2, in the prompt's order: person, programming language" in text


def test_entities_stand_with_their_class() -> None:
    text = shown(explained("Ann(B-person) wrote(O) C++(B-person) in(O) Oslo(I-person)"))
    assert row(text, "correct") == ["correct", "Ann", "[person]", "0", "same"]
    assert flat(text).count("wrong_type C++ [person] 2 C++ [programming language] 2") == 1
    assert "predicted tags that continue no entity and count nowhere in it: 4" in text


def test_places_are_first_and_last_words() -> None:
    label = "programming language"
    gold = ("O", "B-person", "I-person", "I-person", "O")
    text = flat(shown(explained(f"Ann(O) wrote(B-{label}) C++(I-{label}) in(O) Oslo(O)", gold=gold)))
    assert f"wrong_both wrote C++ [{label}] 1-2 wrote C++ in [person] 1-3" in text
    assert f"wrote c [{label}] 1-2 - spurious" in text


def test_the_set_of_gner_tells_what_normalisation_and_counting_once_did() -> None:
    gold = ["B-programming language", "O", "B-programming language", "O", "O"]
    label = "B-programming language"
    text = flat(shown(explained(f"C(O) C({label}) C++(O) the({label}) C#(O)", ("C", "C", "C++", "the", "C#"), gold)))
    assert "c [programming language] 1 0, 2 right from C, C++ 2 gold mentions count once right by its text" in text
    assert "(nothing) [programming language] 3 - spurious from the" in text


def test_counts_are_of_every_metric() -> None:
    text = shown(explained("Ann(B-person) wrote(I-person) C++(O) in(O) Oslo(O)"))
    table = text[text.index("Counts of this sentence") :]
    assert row(table, "strict") == ["strict", "0", "1", "2"]
    assert row(table, "partial") == ["partial", "0.5", "1", "2"]
    assert row(table, "token") == ["token", "1", "2", "2"]


@pytest.mark.parametrize(
    ("noted", "told"),
    [
        ({"tokens": 1640, "finish": "stop", "passes": 9}, "1,640 tokens; 9 passes; ended by itself"),
        ({"finish": "length"}, "[cut] output cut at the length limit"),
        ({"input_cut": True}, "[cut] prompt cut at the length limit"),
        ({"confidence": [0.9, 1, 0.25, 0.5, 0.9]}, "least sure of word 2: 0.250"),
        ({}, "the run noted nothing about it"),
        ({"tokens": "many", "passes": None}, "the run noted nothing about it"),
    ],
)
def test_what_the_run_noted_of_the_generation_is_told(noted: dict[str, Any], told: str) -> None:
    assert f"generation {told} placing" in flat(shown(explained("Ann(O)", generation=noted)))


def test_what_was_lost_on_the_way_is_counted() -> None:
    text = flat(shown(explained("Ann(B-drug) well(O) wrote(O)")))
    assert (
        "2 of 5 words got a label; 1 generated word found no place; 1 label of an unknown type became O;"
        " 3 words at the end got nothing." in text
    )


def test_an_empty_generation_is_told() -> None:
    assert "generated (nothing)" in flat(shown(explained("")))


def test_tags_that_came_as_such_have_no_placing() -> None:
    text = shown(explain(Prediction("news", "test", "7", TYPES, ("Ann", "ran"), ("O", "O"), ("B-person", "O"))))
    assert row(text, "0 Ann") == ["0", "Ann", "B-person", "≠", "O"]
    assert "generated" not in text
    assert "placing" not in text


def test_systems_stand_under_one_another_with_the_gold_once() -> None:
    first, second = explained("Ann(B-person)"), explained("Ann(O)")
    text = shown(first, second)
    assert text.index("system 0") < text.index("system 1")
    assert [line.split()[0] for line in text.splitlines() if line.startswith(("gold ", "predicted "))] == [
        "gold",
        "predicted",
        "predicted",
    ]


def test_a_system_with_other_words_or_types_shows_its_own() -> None:
    other = explained("Bob(O)", ("Bob",), ("B-person",), ("person",))
    text = flat(shown(explained("Ann(O)"), other))
    assert "types 1, in the prompt's order: person" in text
    assert "gold [other words or tags] [Bob|person]" in text


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("width", [60, 120])
def test_hostile_text_is_shown_and_not_obeyed(width: int, colour: bool) -> None:
    words, types = (NASTY, "Ann"), (NASTY, "person")
    each = explained(f"Ann(B-{NASTY.replace(chr(10), '')}) {NASTY}(O) {NASTY}", words, (f"B-{NASTY}", "O"), types)
    text = shown(each, width=width, colour=colour)
    for harm in ("\x1b[2J", "\u202e", "\x9b"):
        assert harm not in text
    assert "\\x1b[2J" in text.replace("\n", "").replace(" ", "")
    assert "[/bold]" in text


@given(st.text())
def test_visible_text_is_printable_and_printable_text_is_unchanged(text: str) -> None:
    assert visible(text).isprintable()
    assert not text.isprintable() or visible(text) == text


@pytest.mark.parametrize("width", [60, 61, 89, 90, 160])
def test_no_line_is_wider_than_the_terminal_and_nothing_is_cut(width: int) -> None:
    words = ("Donaudampfschifffahrtsgesellschaftskapitänswitwe" * 2, "東京都庁", *WORDS)
    gold = ("B-programming language", "I-programming language", *GOLD)
    text = shown(
        explained(f"{words[0]}(B-antidisestablishmentarianism) {' '.join('x(O)' for _ in range(40))}", words, gold),
        width=width,
        name="a_data_set_with_a_long_name/" + "9" * 200,
    )
    assert text.count("9") == 200
    assert max(map(cell_len, text.splitlines())) <= width
    assert "…" not in text


def test_colour_adds_nothing_to_the_text() -> None:
    each = explained("Ann(B-drug) saw(O) C++(B-person)(O) and")
    plain = Console(file=StringIO(), width=100, color_system=None)
    coloured = shown(each, width=100, colour=True)
    assert "\x1b[" in coloured
    with plain.capture() as captured:
        show(sentence_view("news/7", [("system 0", each)], False), plain)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == captured.get()


def test_the_list_of_the_worst_names_samples_for_the_command() -> None:
    ranked = [Ranked(explained("Ann(O)").sentence, Counter(missed=3, spurious=1))]
    console = Console(file=StringIO(), width=80)
    with console.capture() as captured:
        show(worst_view("[b]base", ranked), console)
        show(worst_view("large", []), console)
    text = captured.get()
    assert "[b]base: sentences with the most errors" in text
    assert row(text, "news/7") == ["news/7", "4", "3", "missed,", "1", "spurious", "subsequence"]
    assert "large: no sentence has such errors" in text
