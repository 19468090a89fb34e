"""Answers as general models give them: perfect content in whatever dress is read whole under the rule ``mended``."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.answers import Tagged, answer_format, forms, front
from gner_bench.answers.front import read_answer
from gner_bench.answers.gner import COMMAS, tagged_text
from gner_bench.answers.types import ALIKE
from gner_bench.structure import place, structure

WORDS = ["John", "Smith", ",", "who", "saw", "(", "O'Hara", ")", "in", "New", "York", ":", "OK", "."]
TAGS = ["B-person", "I-person", "O", "O", "O", "O", "B-person", "O", "O", "B-place name", "I-place name", "O", "O", "O"]
TYPES = ("person", "place name")
ROWS = list(zip(WORDS, TAGS, strict=True))
PERFECT = tagged_text(WORDS, TAGS)


def lines(form: str) -> str:
    return "\n".join(form.format(word, tag) for word, tag in ROWS)


DRESSED = {
    "as it is": PERFECT,
    "thoughts": f"<think>\nJohn(O) or John(B-person)? Hmm.\n</think>\n\n{PERFECT}",
    "thoughts whose opening mark was in the prompt": f"Let me see: Smith(O)\n</think>\n{PERFECT}",
    "thoughts within thoughts": f"<think>a <think>b</think> c</think>{PERFECT}",
    "empty thoughts": f"<think>\n\n</think>\n\n{PERFECT}",
    "other names of thoughts": f"<reasoning>Hm(O).</reasoning><answer>{PERFECT}</answer>",
    "thoughts in capitals": f"<THINKING>Hm(O).</THINKING>\n{PERFECT}",
    "Mistral's thoughts": f"[THINK]Hm(O).[/THINK]{PERFECT}",
    "Kimi's thoughts": f"◁think▷Hm(O).◁/think▷{PERFECT}",
    "channels": "<|channel|>analysis<|message|>John(O)?<|end|><|start|>assistant<|channel|>final<|message|>"
    f"{PERFECT}<|return|>",
    "channels decoded without marks": f"analysisJohn(O)?assistantfinal{PERFECT}",
    "a solution": f"<|begin_of_thought|>Hm(O).<|end_of_thought|>\n<|begin_of_solution|>{PERFECT}<|end_of_solution|>",
    "a turn that runs on": f"{PERFECT}<|im_end|>\n<|im_start|>user\nJohn(O) saw(B-person)",
    "the end token": f"{PERFECT}</s>",
    "the prompt's mark": f"[/INST] {PERFECT}",
    "a fence": f"```\n{PERFECT}\n```",
    "a fence with a language": f"```text\n{PERFECT}\n```\nLet me know if you need more.",
    "a fence that never closes": f"Sure!\n```plaintext\n{PERFECT}",
    "a fence on one line": f"```{PERFECT}```",
    "tildes": f"~~~\n{PERFECT}\n~~~",
    "an inline fence": f"`{PERFECT}`",
    "thoughts and a fence": f"<think>x</think>\nHere you go:\n```\n{PERFECT}\n```",
    "a preamble": f"Here is the tagged sentence: {PERFECT}",
    "a preamble on its own line": f"Sure! Here is the tagged sentence:\n\n{PERFECT}\n\nI hope this helps (really).",
    "output": f"Output: {PERFECT}",
    "bold output": f"**Output:** {PERFECT}",
    "commas": ", ".join(f"{word}({tag})" for word, tag in ROWS),
    "commas without spaces": ",".join(f"{word}({tag})" for word, tag in ROWS),
    "commas after a preamble": "Output: " + ", ".join(f"{word}({tag})" for word, tag in ROWS) + ".",
    "semicolons": "; ".join(f"{word}({tag})" for word, tag in ROWS),
    "bars": " | ".join(f"{word}({tag})" for word, tag in ROWS),
    "lines": lines("{}({})"),
    "a list": lines("- {}({})"),
    "a numbered list": "\n".join(f"{i}. {word}({tag})" for i, (word, tag) in enumerate(ROWS, start=1)),
    "bold words": " ".join(f"**{word}**({tag})" for word, tag in ROWS),
    "square brackets": " ".join(f"{word} [{tag}]" for word, tag in ROWS),
    "spaces in brackets": " ".join(f"{word} ( {tag} )" for word, tag in ROWS),
    "tuples": "[" + ", ".join(f'("{word}", "{tag}")' for word, tag in ROWS) + "]",
    "Python's tuples": str(ROWS),
    "bare tuples": ", ".join(f"({word}, {tag})" for word, tag in ROWS),
    "JSON arrays": json.dumps(ROWS),
    "JSON objects": json.dumps([{"word": word, "label": tag} for word, tag in ROWS], indent=1),
    "JSON objects with other keys": json.dumps([{"token": word, "ner_tag": tag} for word, tag in ROWS]),
    "tabs": lines("{}\t{}"),
    "spaces": lines("{} {}"),
    "colons": lines("{}: {}"),
    "arrows": lines("{} -> {}"),
    "a table": "| Word | Label |\n|------|-------|\n" + lines("| {} | {} |"),
    "slashes": " ".join(f"{word}/{tag.replace(' ', '_')}" for word, tag in ROWS),
    "lower case": " ".join(f"{word}({tag.lower()})" for word, tag in ROWS),
    "types in capitals": " ".join(f"{word}({tag.upper()})" for word, tag in ROWS),
    "types with _": PERFECT.replace("place name", "place_name"),
    "types in capitals with _": PERFECT.replace("-place name", "-PLACE_NAME").replace("-person", "-Person"),
    "types alone": PERFECT.replace("(B-", "(").replace("(I-", "("),
    "a colon for the dash": PERFECT.replace("B-", "B: ").replace("I-", "I: "),
    "BIOES": PERFECT.replace("Smith(I-", "Smith(E-").replace("York(I-", "York(E-").replace("Hara(B-", "Hara(S-"),
    "words that share a label": PERFECT.replace("New(B-place name) York(I-place name)", "New York(B-place name)"),
}


@pytest.mark.parametrize("dress", DRESSED)
def test_perfect_content_is_read_in_every_dress(dress: str) -> None:
    answer = read_answer(answer_format("gner"), DRESSED[dress], WORDS, TYPES, "mended")
    assert isinstance(answer, Tagged)
    found = structure(WORDS, TYPES, answer)
    assert (found.match.tags, found.unknown_labels) == (TAGS, 0)
    assert bool(answer.notes) == (dress not in ("as it is", "lines"))


@pytest.mark.parametrize("dress", DRESSED)
def test_the_rule_raw_reads_what_the_protocol_reads(dress: str) -> None:
    gner = answer_format("gner")
    assert gner.rule == "raw"
    assert read_answer(gner, DRESSED[dress], WORDS, TYPES) == gner.read(DRESSED[dress], WORDS, TYPES)


def test_what_was_done_is_in_the_notes_once_an_answer() -> None:
    def notes(dress: str) -> tuple[str, ...]:
        return tuple(read_answer(answer_format("gner"), DRESSED[dress], WORDS, TYPES, "mended").notes)

    assert notes("thoughts") == (front.THOUGHTS,)
    assert notes("thoughts and a fence") == (front.THOUGHTS, front.FENCES)
    assert notes("a fence that never closes") == (front.FENCES,)
    assert notes("the end token") == (front.TURNS,)
    assert notes("commas") == (COMMAS,)
    assert notes("semicolons") == (forms.BRACKETS,)
    assert notes("JSON objects") == (forms.OBJECTS,)
    assert notes("types with _") == (ALIKE, ALIKE)


@pytest.mark.parametrize(
    "text", ["<think>John(B-person) is", "<|channel|>analysis<|message|>John(B-person)?", "", "No."]
)
def test_thoughts_that_never_end_and_refusals_are_no_answer(text: str) -> None:
    answer = read_answer(answer_format("gner"), text, WORDS, TYPES, "mended")
    assert isinstance(answer, Tagged)
    assert list(answer.pairs) == []
    assert list(answer.notes) == ([front.UNENDED] if text.startswith("<") else [])


def test_marks_that_are_the_sentences_own_or_a_type_stay() -> None:
    words = ["the", "tag", "<think>", "and", "```", "</s>", "<answer>"]
    text = tagged_text(words, ["O"] * len(words))
    answer = read_answer(answer_format("gner"), text, words, TYPES, "mended")
    assert isinstance(answer, Tagged)
    assert ([word for word, _ in answer.pairs], answer.notes) == (words, ())
    marked = "<thought>Cogito</thought> said <answer>forty two</answer>"
    read = read_answer(answer_format("inline"), marked, ["Cogito", "said", "forty", "two"], ("thought", "answer"))
    assert place(read, ["Cogito", "said", "forty", "two"]).tags == ["B-thought", "O", "B-answer", "I-answer"]


@pytest.mark.parametrize(
    "text",
    [
        "<person>Ann</person> likes <music genre>free jazz</music genre> .",
        "<think><person>likes</person></think><person>Ann</person> likes <music genre>free jazz</music genre> .",
        "Here is it: <person>Ann</person> likes <Music_Genre>free jazz</Music_Genre> .\nDone: <person>Bo</person>",
        "```xml\n<output><person>Ann</person> likes <music genre>free jazz</music genre> .</output>\n```",
    ],
)
def test_marks_in_the_sentence_are_read_in_every_dress(text: str) -> None:
    words = ["Ann", "likes", "free", "jazz", "."]
    placed = place(read_answer(answer_format("inline"), text, words, ("person", "music genre")), words)
    assert (placed.tags, placed.unplaced) == (["B-person", "O", "B-music genre", "I-music genre", "O"], [])


def test_prose_is_no_answer_in_columns() -> None:
    text = "I think the person is John, and the place name is New York, O dear."
    assert read_answer(answer_format("gner"), text, WORDS, TYPES, "mended") == Tagged(
        [], answer_format("gner").read("", WORDS, TYPES).label, text=text
    )


@pytest.mark.parametrize("name", ["gner", "entities", "full", "full+bioes", "inline", "slimer", "uniner", "spans"])
@given(text=st.text("[]{}()<>/|\"'`\\,:=ab person\nOBI-1think", max_size=60))
def test_no_text_makes_the_front_raise(name: str, text: str) -> None:
    for wrapped in (text, f"<think>{text}", f"```{text}", json.dumps([text, text])):
        read_answer(answer_format(name), wrapped, ["a", "b"], ("person", "a(b)"), "mended")


WORD = st.text("abXY01.,'-é:/|", min_size=1, max_size=5)


@given(
    st.lists(st.tuples(WORD, st.sampled_from(["O", "B-person", "I-person", "B-place name"])), min_size=1, max_size=9)
)
def test_gner_text_without_a_mistake_is_read_alike_by_both_rules(pairs: list[tuple[str, str]]) -> None:
    words, tags = [word for word, _ in pairs], [tag for _, tag in pairs]
    gner, text = answer_format("gner"), tagged_text(words, tags)
    raw, mended = (read_answer(gner, text, words, TYPES, rule) for rule in ("raw", "mended"))
    assert isinstance(raw, Tagged)
    assert isinstance(mended, Tagged)
    assert (list(mended.pairs), mended.notes) == (list(raw.pairs), ())


def tags_read_raw(text: str, words: list[str]) -> tuple[list[str], list[str]]:
    answer = read_answer(answer_format("gner"), text, words, TYPES)
    assert isinstance(answer, Tagged)
    return structure(words, TYPES, answer).match.tags, list(answer.notes)


def test_the_rule_raw_reads_the_commas_of_the_prompt_where_no_label_would_have_a_place() -> None:
    """The prompt says ``word_1(label_1), word_2(label_2), ...``; a comma of the sentence is a word of its own."""
    assert tags_read_raw(DRESSED["commas"], WORDS) == (TAGS, [COMMAS])
    assert tags_read_raw(DRESSED["commas without spaces"], WORDS) == (TAGS, [COMMAS])
    # One label without a comma, or one comma that is the sentence's, and the text is read as it is.
    assert tags_read_raw("Ann(B-person), saw(O) Oslo(O)", ["Ann", "saw", "Oslo"]) == (["B-person", "O", "O"], [])
    assert tags_read_raw("Ann(B-person) ,(O)", ["Ann", ","]) == (["B-person", "O"], [])
    assert tags_read_raw("Ann(O) ,b(B-person)", ["Ann", ",b"]) == (["O", "B-person"], [])
    assert tags_read_raw("Ann(B-person)", ["Ann"]) == (["B-person"], [])
