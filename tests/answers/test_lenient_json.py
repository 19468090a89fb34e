"""JSON in answers as public reports show it (reference/other_systems.md, "What readers must survive")."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.answers import Mentions, answer_format
from gner_bench.answers.front import FENCES, THOUGHTS, read_answer
from gner_bench.answers.lenient_json import AROUND, CUT, EMPTY, MENDED, STRAY, UNREADABLE
from gner_bench.answers.types import ALIKE

WORDS = ["Ann", "O'Brien", "likes", "free", "jazz"]
TYPES = ("person", "music genre")
BOTH = [("Ann O'Brien", "person"), ("free jazz", "music genre")]
OBJECT = '{"person": ["Ann O\'Brien"], "music genre": ["free jazz"]}'


def read(text: str, name: str = "slimer") -> tuple[list[tuple[str, str]], list[str]]:
    answer = read_answer(answer_format(name), text, WORDS, TYPES)
    assert isinstance(answer, Mentions)
    return list(answer.mentions), list(answer.notes)


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        (OBJECT, []),
        (f"Sure, here it is: {OBJECT}. Anything else?", [AROUND]),
        (f"```json\n{OBJECT}\n```", [FENCES]),
        (f"```json\n{OBJECT}", [FENCES]),
        (f'<think>{{"person": ["x"]}}</think>{OBJECT}', [THOUGHTS]),
        (f"The form is {{type: [mention]}}. {OBJECT}", [AROUND]),
        (f'For example {{"type": ["mention"]}}, so: {OBJECT}', [AROUND]),
        (f"{OBJECT}\n(I left {{}} out [1].)", [AROUND]),
        ("{'person': ['Ann O'Brien'], 'music genre': ['free jazz']}", [MENDED]),
        ('{"person": ["Ann O\'Brien",], "music genre": ["free jazz",],}', [MENDED]),
        ("{'person': {\"Ann O'Brien\"}, 'music genre': ('free jazz',), 'x': None}", [MENDED]),
        ('{"person": ["Ann O\'Brien"], "music genre": ["free jazz"', [MENDED]),
        ('{"person": ["Ann O\'Brien"], "music genre": ["free jazz", "fr', [CUT]),
        ('{"person": ["Ann O\'Brien"] "music genre": ["free jazz"]}', [MENDED]),
        ('{person: ["Ann O\'Brien"], music genre: ["free jazz"]}', [MENDED]),
        ("{“person”: [“Ann O'Brien”], “music genre”: [“free jazz”]}", [MENDED]),
        ('{"person": ["Ann O\'Brien"], // a name\n "music genre": ["free jazz", ...]}', [MENDED]),
        ('{"person": "Ann O\'Brien", "music genre": "free jazz"}', []),
        ('{"Person": ["Ann O\'Brien"], "music_genre": ["free jazz"], "place": []}', [ALIKE, ALIKE]),
        (f'{{"entities": {OBJECT}}}', []),
        (
            '{"entities": [{"text": "Ann O\'Brien", "type": "person"}, {"text": "free jazz", "type": "music genre"}]}',
            [],
        ),
        ('[{"entity": "Ann O\'Brien", "entity_type": "person"}, {"span": "free jazz", "label": "music genre"}]', []),
        ('[{"name": "Ann O\'Brien", "category": "person"}, {"value": "free jazz", "label": "music genre"}]', []),
        ('[{"word": "Ann O\'Brien", "entity": "person"}, {"entity": "free jazz", "type": "music genre"}]', []),
        ('{"text": "Ann O\'Brien", "type": "person"}\n{"text": "free jazz", "type": "music genre"}', []),
        ('{"person": ["Ann O\'Brien"]}\n{"music genre": ["free jazz"]}', []),
        ('[["Ann O\'Brien", "person"], ["free jazz", "music genre"]]', []),
        ("[(\"Ann O'Brien\", 'person'), ('free jazz', 'music genre')]", [MENDED]),
        ('{"person": [{"text": "Ann O\'Brien", "confidence": 0.9}], "music genre": [{"text": "free jazz"}]}', []),
    ],
)
def test_every_dress_of_json_gives_all_mentions(text: str, notes: list[str]) -> None:
    assert read(text) == (BOTH, notes)


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("", [EMPTY]),
        (" \n", [EMPTY]),
        ("None", []),
        ("null", []),
        ("No entities found.", []),
        ("{}", []),
        ('{"person": [], "music genre": null}', []),
        ("I cannot do that.", [UNREADABLE]),
        ('{"person": [true]}', [STRAY]),
    ],
)
def test_what_holds_no_mention_is_told_from_what_could_not_be_read(text: str, notes: list[str]) -> None:
    assert read(text) == ([], notes)


def test_notes_on_answers_count_answers() -> None:
    """Three broken lists in one object are one broken answer; of three questions, three answers are."""
    assert read("{'a': ['x', 'b': ['y', 'c': ['z'")[1] == [MENDED]
    assert read(json.dumps(["['Ann'", "['jazz'"]), "uniner")[1] == [MENDED, MENDED]


def test_each_answer_of_several_has_its_own_front() -> None:
    answers = ['<think>["x"]</think>["Ann"]', '```json\n["free jazz"]\n```']
    assert read(json.dumps(answers), "uniner") == (
        [("Ann", "person"), ("free jazz", "music genre")],
        [THOUGHTS, FENCES],
    )
    assert read(json.dumps(["", "[]"]), "uniner") == ([], [EMPTY])


def test_spans_are_read_by_the_same_tolerance() -> None:
    answer = read_answer(answer_format("spans"), "Spans: [[0, 1, 'Person'], [3, 4, 'music genre'],", WORDS, TYPES)
    assert [(span.first, span.end, span.type) for span in answer.spans] == [(0, 2, "person"), (3, 5, "music genre")]
    assert list(answer.notes) == [MENDED, AROUND, ALIKE]


TEXTS = st.text("abc XYZ.,'\"\\[]{}:/é東\n", min_size=1, max_size=8).filter(str.strip)


@given(st.dictionaries(st.sampled_from(TYPES), st.lists(TEXTS, max_size=4), min_size=1), st.sampled_from(["", "So: "]))
def test_valid_json_is_read_as_it_is(answer: dict[str, list[str]], before: str) -> None:
    mentions = [(text, kind) for kind, texts in answer.items() for text in texts]
    assert read(before + json.dumps(answer))[0] == mentions


@given(st.lists(st.text("abc é東-", min_size=1, max_size=8).map(str.strip).filter(bool), min_size=1, max_size=4))
def test_python_literals_and_every_cut_are_read_as_far_as_they_go(texts: list[str]) -> None:
    whole = str({"person": texts})
    assert read(whole)[0] == [(text, "person") for text in texts]
    for end in range(len(whole)):
        finished = max(0, whole[:end].count("'") // 2 - 1)  # one pair of quotes is the key's
        assert read(whole[:end])[0] == [(text, "person") for text in texts[:finished]]
