"""What formats ask: the prompts of public checkpoints to the letter, each from the source that its module names."""

from __future__ import annotations

import ast

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.answers import Definition, Question, Shot, answer_format
from gner_bench.answers.gollie import class_names, literal

WORDS = ["Ann", "O'Hara", "saw", "Rio", "."]
TYPES = ("person", "program language")
PERSON = Definition("A named person.", "Leave out titles.", ("Ann", "Bo Lee"))
SHOTS = (
    Shot(("Bo", "sings"), ("B-person", "O")),
    Shot(("He", "writes", "C"), ("O", "O", "B-program language")),
)


def asked(name: str, **more: object) -> list[str]:
    return answer_format(name).ask(Question(WORDS, TYPES, **more))  # type: ignore[arg-type]


def test_uniner_asks_for_each_type_as_its_authors_do() -> None:
    """universal-ner/universal-ner: get_conv_template("ie_as_qa") filled with src/eval/test_data/CrossNER_AI.json."""
    start = "A virtual assistant answers questions from a user based on the provided text."
    # get_prompt with ADD_COLON_TWO: roles with ": ", " " after what the user says, "</s>" after the assistant.
    said = f"{start} USER: Text: Ann O'Hara saw Rio . ASSISTANT: I've read this text.</s>"
    assert asked("uniner") == [f"{said}USER: What describes {kind} in the text? ASSISTANT:" for kind in TYPES]


SLIMER = '''\
[INST] You are given a text chunk (delimited by triple quotes) and an instruction.
Read the text and answer to the instruction in the end.
"""
Ann O'Hara saw Rio .
"""
Instruction: Extract the Named Entities of type PROGRAM LANGUAGE from the text chunk you have read.
Return a JSON list of instances of this Named Entity type. Return an empty list if no instances are present.
[/INST]
'''


def test_slimer_asks_with_definition_and_guidelines_or_without() -> None:
    """andrewzamai/SLIMER: LLaMA2-chat.json and convert_MIT_CrossNER_test_sets_for_SLIMER_inference."""
    assert asked("slimer")[1] == SLIMER
    given, plain = asked("slimer", definitions={"person": PERSON})
    assert plain == SLIMER
    assert given == SLIMER.replace(
        "PROGRAM LANGUAGE from the text chunk you have read.",
        "PERSON from the text chunk you have read. You are given a DEFINITION and some GUIDELINES.\n"
        "DEFINITION: A named person.\nGUIDELINES: Leave out titles.",
    )
    alone = asked("slimer", definitions={"person": Definition("A named person.")})[0]
    assert "You are given a DEFINITION.\nDEFINITION: A named person.\nReturn a JSON list" in alone


def test_b2ner_asks_as_the_demonstration_of_its_authors() -> None:
    """UmeanNever/B2NER, src/demo.ipynb: the English template, types joined by a comma and a space."""
    assert asked("b2ner") == [
        "Given the label set of entities, please recognize all the entities in the text. The answer format should be"
        ' "entity label: entity; entity label: entity". \nLabel Set: person, program language \n\n'
        "Text: Ann O'Hara saw Rio . \nAnswer:"
    ]


def test_instructuie_asks_in_its_first_instruction() -> None:
    """BeyonderXX/InstructUIE, configs/instruction_config.json: the first of NER, as strategy "single" takes it."""
    assert asked("instructuie") == [
        'Please list all entity words in the text that fit the category.Output format is "type1: word1; type2: word2".'
        " \nOption: person, program language \nText: Ann O'Hara saw Rio . \nAnswer:"
    ]


GOLLIE = '''\
# The following lines describe the task definition
@dataclass
class Person(Entity):
    """A named person. Leave out titles."""

    span: str  # Such as: "Ann", "Bo Lee"


@dataclass
class ProgramLanguage(Entity):
    span: str


# This is the text to analyze
text = "Ann O'Hara saw Rio ."

# The annotation instances that take place in the text above are listed here
result ='''


def test_gollie_asks_in_python_as_black_formats_it() -> None:
    """hitz-zentroa/GoLLIE, notebooks/Named Entity Recognition.ipynb: the printed prompt up to ``result =``."""
    assert asked("gollie", definitions={"person": PERSON}) == [GOLLIE]


@given(st.text(max_size=20))
def test_a_sentence_in_python_is_that_sentence_in_the_quotes_of_black(text: str) -> None:
    assert ast.literal_eval(literal(text)) == text
    assert literal(text)[0] == '"' or text.count('"') > text.count("'")


@given(st.lists(st.text(min_size=1, max_size=6), max_size=6))
def test_class_names_are_names_and_differ(types: list[str]) -> None:
    names = class_names(types)
    assert list(names) == list(dict.fromkeys(types))
    assert len({name.lower() for name in names.values()}) == len(names)
    for name in names.values():
        ast.parse(f"class {name}: pass")


JSON = """\
Find the named entities in a sentence. The types of entities are:
- person: A named person. Leave out titles. Examples: Ann; Bo Lee.
- program language

Answer with one JSON object and nothing else. Its keys are these types, all of them and no others. The value of a type \
is the list of the entities of that type, each written exactly as in the sentence; it is empty where there is none. \
The form is {"TYPE": ["entity", "entity"], "TYPE": []}.

Sentence: Bo sings
Answer: {"person": ["Bo"], "program language": []}

Sentence: He writes C
Answer: {"person": [], "program language": ["C"]}

Sentence: Ann O'Hara saw Rio .
Answer:"""


def test_general_models_are_told_types_definitions_form_and_examples_before_the_sentence() -> None:
    assert asked("json", definitions={"person": PERSON}, shots=SHOTS) == [JSON]
    [inline] = asked("inline", definitions={"person": PERSON}, shots=SHOTS)
    assert "\n- person: A named person. Leave out titles. Examples: Ann; Bo Lee.\n- program language\n" in inline
    assert "\n\nSentence: Bo sings\nAnswer: <person>Bo</person> sings\n\nSentence: He writes C\n" in inline
    assert inline.endswith("\n\nSentence: Ann O'Hara saw Rio .\nAnswer:")
    for name in ("json", "inline"):
        one, other = (answer_format(name).ask(Question(words, TYPES))[0] for words in (["Ann"], ["Bo"]))
        assert one.removesuffix("Ann\nAnswer:") == other.removesuffix("Bo\nAnswer:")


def test_the_schema_holds_what_is_asked_for_and_no_more() -> None:
    schema = answer_format("json").schema
    assert schema is not None
    jsonschema.validate({"person": ["Ann"], "program language": []}, schema(TYPES))
    for wrong in ({"person": ["Ann"]}, {"person": [], "program language": [], "x": []}, {"person": "Ann"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema(TYPES))


def test_a_library_looks_for_the_types() -> None:
    assert asked("spans") == ["person, program language"]


def test_formats_say_what_they_take_and_how_they_are_wrapped() -> None:
    said = {
        name: (format.wrapping, format.max_new_tokens, "+".join(sorted(format.uses)))
        for name in ("gner", "uniner", "slimer", "b2ner", "instructuie", "gollie", "json", "inline", "spans")
        if (format := answer_format(name))
    }
    assert said == {
        "gner": (None, 0, ""),
        "uniner": ("plain", 256, ""),
        "slimer": ("plain", 128, "definitions"),
        "b2ner": ("plain", 512, ""),
        "instructuie": ("plain", 256, ""),
        "gollie": ("plain", 512, "definitions"),
        "json": ("chat", 1024, "definitions+shots"),
        "inline": ("chat", 1024, "definitions+shots"),
        "spans": ("plain", 0, "definitions"),
    }
