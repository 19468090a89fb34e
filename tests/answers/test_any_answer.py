"""Answers as models give them that were asked in one format and answer in it, nearly in it, or in another.

The kinds are those of public reports (reference/other_systems.md, "What readers must survive") and their like.
"""

from __future__ import annotations

import json

import pytest

from gner_bench.answers import Mentions, answer_format
from gner_bench.answers.any_form import OTHER
from gner_bench.answers.front import read_answer
from gner_bench.answers.inline import OTHER_MARKS
from gner_bench.answers.lenient_json import CUT
from gner_bench.structure import place

WORDS = ["Ann", "O'Brien", "likes", "free", "jazz", "in", "Rio", "de", "Janeiro", "."]
TYPES = ("person", "music genre", "place")
TAGS = [*("B-person", "I-person", "O", "B-music genre", "I-music genre", "O"), *("B-place", "I-place", "I-place", "O")]
BY_TYPE = '{"person": ["Ann O\'Brien"], "music genre": ["free jazz"], "place": ["Rio de Janeiro"]}'
LINES = "person: Ann O'Brien; music genre: free jazz; place: Rio de Janeiro"
MARKED = "<person>Ann O'Brien</person> likes <music genre>free jazz</music genre> in <place>Rio de Janeiro</place> ."
CALLS = 'Person(span="Ann O\'Brien"), MusicGenre(span="free jazz"), Place(span="Rio de Janeiro")'

IN_JSON = (
    BY_TYPE,
    f'{{"entities": {BY_TYPE}}}',
    f'{{"result": {{"entities": {BY_TYPE}}}}}',
    BY_TYPE.replace("music genre", "Music_Genre").replace("person", "PERSON"),
    '{"person": "Ann O\'Brien", "music genre": "free jazz", "place": "Rio de Janeiro", "reasoning": "Ann is one."}',
    '{"entities": [{"entity": "Ann O\'Brien", "type": "person"}, {"entity": "free jazz", "type": "music genre"},'
    ' {"entity": "Rio de Janeiro", "type": "place"}]}',
    '{"text": "Ann O\'Brien likes", "entities": [{"word": "Ann O\'Brien", "entity_group": "person"},'
    ' {"mention": "free jazz", "label": "music genre"}, {"span": "Rio de Janeiro", "category": "place"}]}',
    '{"labels": [{"text": "Ann O\'Brien", "label": "person"}, {"name": "free jazz", "class": "music genre"},'
    ' {"value": "Rio de Janeiro", "entity_type": "place"}]}',
    '{"Ann O\'Brien": "person", "free jazz": "music genre", "Rio de Janeiro": "place"}',
    '{"Ann O\'Brien": ["person"], "free jazz": {"type": "music genre"}, "Rio de Janeiro": "place"}',
    '{"1": {"text": "Ann O\'Brien", "type": "person"}, "2": {"text": "free jazz", "type": "music genre"},'
    ' "3": {"text": "Rio de Janeiro", "type": "place"}}',
    '[{"type": "person", "entities": ["Ann O\'Brien"]}, {"type": "music genre", "mentions": ["free jazz"]},'
    ' {"label": "place", "text": ["Rio de Janeiro"]}]',
    '[{"person": "Ann O\'Brien"}, {"music genre": "free jazz"}, {"place": ["Rio de Janeiro"]}]',
    '{"person": [{"name": "Ann O\'Brien", "start": 0}], "music genre": {"free jazz": 0.9},'
    ' "place": {"entities": ["Rio de Janeiro"]}}',
    "{'person': ['Ann O'Brien'], 'music genre': ['free jazz'], 'place': ['Rio de Janeiro'],}",
    "[('Ann O\\'Brien', 'person'), ('free jazz', 'music genre'), ('Rio de Janeiro', 'place')]",
    '{"text": "Ann O\'Brien", "label": "person"}, {"text": "free jazz", "label": "music genre"},'
    ' {"text": "Rio de Janeiro", "label": "place"}',
    f"The form is {{type: [entity]}}, so:\n{BY_TYPE}",
    f'<think>Maybe {{"person": ["likes"]}}?</think>\n{BY_TYPE}',
    f"Here you are:\n```json\n{BY_TYPE}\n```\nI hope {{this}} helps.",
    BY_TYPE.removesuffix("]}"),
    f'{BY_TYPE}\n\n### Next sentence: {{"person": []}}',
    BY_TYPE.replace('"', '\\"'),
    json.dumps(BY_TYPE),
    '{"type": "object", "properties": ' + BY_TYPE + "}",
    "{person: Ann O'Brien, music genre: free jazz, place: Rio de Janeiro}",
    '{"person": [["Ann O\'Brien"]], "music genre": [["free jazz"]], "place": "Rio de Janeiro", "other": null}',
)
AS_LINES = (
    LINES,
    f"{LINES};",
    LINES.replace("; ", "\n"),
    LINES.replace("; ", ", "),
    f"Answer: {LINES}",
    "- **person**: Ann O'Brien\n- **music genre**: free jazz\n- **place**: Rio de Janeiro",
    "* Person: Ann O'Brien\n* Music_Genre: free jazz\n* `Place`: Rio de Janeiro",
    "1. **Ann O'Brien** (person)\n2. **free jazz** (music genre)\n3. **Rio de Janeiro** (place)",
    "person:\n  - Ann O'Brien\nmusic genre:\n  - free jazz\nplace:\n  - 'Rio de Janeiro'",
    'entities:\n  person: [Ann O\'Brien]\n  music genre: [free jazz]\n  place: ["Rio de Janeiro"]',
    "| Entity | Type |\n|---|---|\n| Ann O'Brien | person |\n| free jazz | music genre |\n| Rio de Janeiro | place |",
    "| Type | Entity |\n|:--|--:|\n| **person** | Ann O'Brien |\n| music genre | `free jazz` |\n|place|Rio de Janeiro|",
    "### Person\n- Ann O'Brien\n### Music genre\n- free jazz\n### Place\n- Rio de Janeiro",
    "**Person:**\n- Ann O'Brien\n\n**Music Genre:**\n- free jazz\n\n**Place:**\n- Rio de Janeiro",
    "Ann O'Brien: person\nfree jazz: music genre\nRio de Janeiro: place",
    "Ann O'Brien - person\nfree jazz - music genre\nRio de Janeiro - place",
    "Ann O'Brien -> person; free jazz → music genre; Rio de Janeiro => place",
    '"Ann O\'Brien" is a person.\n"free jazz" is a music genre.\n"Rio de Janeiro" is a place.',
    "(Ann O'Brien, person), (free jazz, music genre), (Rio de Janeiro, place)",
    "('person', 'Ann O\\'Brien'), ('music genre', 'free jazz'), ('place', 'Rio de Janeiro')",
    LINES.replace("; ", " | "),
    "Entity: Ann O'Brien, Type: person\nEntity: free jazz, Type: music genre\nEntity: Rio de Janeiro, Type: place",
    "- text: Ann O'Brien\n  type: person\n- text: free jazz\n  type: music genre\n"
    "- text: Rio de Janeiro\n  type: place",
    "person,Ann O'Brien\nmusic genre,free jazz\nplace,Rio de Janeiro",
    "Ann O'Brien\tperson\nfree jazz\tmusic genre\nRio de Janeiro\tplace",
    "[person] Ann O'Brien; [music genre] free jazz; [place] Rio de Janeiro",
    '* "Ann O\'Brien" (Type: person)\n* "free jazz" (Type: music genre)\n* "Rio de Janeiro" (Type: place)',
    f"{LINES}.\n\nNote: Nothing else.",
    'person = ["Ann O\'Brien"]\nmusic_genre = ["free jazz"]\nplace = ["Rio de Janeiro"]',
)
IN_PYTHON = (
    f"[{CALLS}]",
    f"result = [\n    {CALLS.replace('), ', '),' + chr(10) + '    ')},\n]",
    'results = [\n\tPerson("Ann O\'Brien"),\n\tMusicGenre("free jazz"),\n\tPlace("Rio de Janeiro"),\n]',
    "[Person(span='Ann O'Brien'), MusicGenre(score=0.5, span='free jazz'), Place(name='x', span='Rio de Janeiro')]",
    '[PERSON(span="Ann O\'Brien"), Music_Genre(mention="free jazz"), place(text="Rio de Janeiro")]',
    f"```python\n[{CALLS}]\n```",
    f"class Person(Entity):\n    span: str\n\nresult = [{CALLS}]",
    f"[{CALLS.removesuffix(')')}",
    '[Entity(span="Ann O\'Brien", type="person"), Entity(label="music genre", span="free jazz"),'
    ' Entity(text="Rio de Janeiro", category="place")]',
    f"[{CALLS}, Person(span=None)]",
)
IN_MARKS = (
    MARKED,
    MARKED.replace("music genre", "Music_Genre").replace("<person>", "<Person>"),
    "[Ann O'Brien](person) likes [free jazz](music genre) in [Rio de Janeiro](place) .",
    "[Ann O'Brien | person] likes [free jazz|music genre] in [Rio de Janeiro | place] .",
    "[person: Ann O'Brien] likes [music genre: free jazz] in [place | Rio de Janeiro] .",
    "**Ann O'Brien** (person) likes **free jazz** (music genre) in **Rio de Janeiro** (place) .",
    "<entity type=\"person\">Ann O'Brien</entity> likes <span class='music genre'>free jazz</span> in"
    " <ne type=place>Rio de Janeiro</ne> .",
    f"Sentence: {MARKED}\n\nExplanation: <person>Rio</person> is none.",
    f"```xml\n<sentence>{MARKED}</sentence>\n```",
    MARKED.replace(" .", "."),
    "{Ann O'Brien}[person] likes {free jazz}[music genre] in {Rio de Janeiro}[place] .",
    f"{' '.join(WORDS)}\n\n<person>Ann O'Brien</person>\n<music genre>free jazz</music genre>\n"
    "<place>Rio de Janeiro</place>",
)
FORMS = {"json": IN_JSON, "list": AS_LINES, "gollie": IN_PYTHON, "inline": IN_MARKS}
ASKED = ("json", "slimer", "uniner", "list", "b2ner", "instructuie", "gollie", "inline")


@pytest.mark.parametrize(("asked", "text"), [(name, text) for name, texts in FORMS.items() for text in texts])
def test_an_answer_near_to_the_format_is_read_whole(asked: str, text: str) -> None:
    answer = read_answer(answer_format(asked), text, WORDS, TYPES)
    placed = place(answer, WORDS)
    assert (placed.tags, placed.unplaced) == (TAGS, [])
    assert OTHER not in answer.notes


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("text", [BY_TYPE, AS_LINES[5], AS_LINES[10], f"[{CALLS}]", MARKED])
def test_an_answer_in_another_form_is_read_and_told(asked: str, text: str) -> None:
    answer = read_answer(answer_format(asked), text, WORDS, TYPES)
    placed = place(answer, WORDS)
    assert (placed.tags, placed.unplaced) == (TAGS, [])


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize(
    "text", ["I am sorry, I cannot help with that.", "As an AI (language model): no.", "Sure! Here it is:", "42 [1]"]
)
def test_prose_holds_no_mention(asked: str, text: str) -> None:
    answer = read_answer(answer_format(asked), text, WORDS, TYPES)
    placed = place(answer, WORDS)
    assert placed.tags == ["O"] * len(WORDS)
    assert placed.unplaced == [] or asked in ("list", "b2ner", "instructuie")


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("json", '{"vehicle": ["free jazz"], "person": ["Ann O\'Brien"]}'),
        ("json", '[{"text": "free jazz", "type": "vehicle"}, {"text": "Ann O\'Brien", "type": "person"}]'),
        ("list", "vehicle: free jazz; person: Ann O'Brien"),
        ("gollie", "[vehicle(span='free jazz'), Person(span=\"Ann O'Brien\")]"),
        ("inline", "<person>Ann O'Brien</person> likes <vehicle>free jazz</vehicle> in Rio de Janeiro ."),
    ],
)
def test_a_type_that_nobody_asked_for_stays_and_counts_as_wrong(asked: str, text: str) -> None:
    placed = place(read_answer(answer_format(asked), text, WORDS, TYPES), WORDS)
    assert placed.tags == ["B-person", "I-person", "O", "B-vehicle", "I-vehicle", *["O"] * 5]


def test_nested_marks_are_read_and_the_longer_one_is_placed() -> None:
    text = "<person>Ann <place>O'Brien</place></person> likes free jazz in Rio de Janeiro ."
    placed = place(read_answer(answer_format("inline"), text, WORDS, TYPES), WORDS)
    assert placed.tags[:3] == ["B-person", "I-person", "O"]
    assert placed.unplaced == [("O'Brien", "place")]


def test_a_mark_that_never_closes_is_left_out() -> None:
    text = "<person>Ann O'Brien</person> likes <music genre>free jazz in Rio de Janeiro ."
    answer = read_answer(answer_format("inline"), text, WORDS, TYPES)
    assert place(answer, WORDS).tags == ["B-person", "I-person", *["O"] * 8]
    assert list(answer.notes) == ["answers with marks that do not open or close, left out"]


def test_marks_of_another_kind_are_told() -> None:
    assert OTHER_MARKS in read_answer(answer_format("inline"), IN_MARKS[2], WORDS, TYPES).notes


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("json", BY_TYPE[: BY_TYPE.index(" de Janeiro")]),
        ("gollie", CALLS[: CALLS.index(" de Janeiro")]),
        ("slimer", BY_TYPE[: BY_TYPE.index(" de Janeiro")]),
    ],
)
def test_an_answer_cut_within_a_mention_keeps_those_before(asked: str, text: str) -> None:
    answer = read_answer(answer_format(asked), text, WORDS, TYPES)
    assert isinstance(answer, Mentions)
    assert list(answer.mentions) == [("Ann O'Brien", "person"), ("free jazz", "music genre")]
    assert list(answer.notes) == [CUT]


def test_an_answer_may_be_a_list_of_bullets_for_one_type() -> None:
    answer = read_answer(answer_format("uniner"), '["- Ann O\'Brien", "1. free jazz\\n2. jazz", "[]"]', WORDS, TYPES)
    assert isinstance(answer, Mentions)
    assert [*answer.mentions] == [("Ann O'Brien", "person"), ("free jazz", "music genre"), ("jazz", "music genre")]
