"""SLIMER's answers: a question for each type, with its definition or without, answered by a JSON list of mentions.

The prompt is that of expertai/SLIMER (LLaMA-2-chat): https://github.com/andrewzamai/SLIMER,
src/SFT_finetuning/templates/LLaMA2-chat.json, with the instructions of src/data_handlers/data_handler_pileNER.py
(``convert_MIT_CrossNER_test_sets_for_SLIMER_inference``). SLIMER-PARALLEL answers with an object by type; it is read.
"""

from __future__ import annotations

from gner_bench.answers import by_type
from gner_bench.answers.answer import AnswerFormat, Definition, Question
from gner_bench.answers.uniner import read
from gner_bench.answers.wording import joined

START = """\
[INST] You are given a text chunk (delimited by triple quotes) and an instruction.
Read the text and answer to the instruction in the end.
\"""
"""
MIDDLE = '\n"""\nInstruction: Extract the Named Entities of type '
END = (
    "\nReturn a JSON list of instances of this Named Entity type. Return an empty list if no instances are present."
    "\n[/INST]\n"
)


def ask(question: Question) -> list[str]:
    """A prompt for each type, whose name is in capitals; all begin with the text."""
    start, definitions = START + joined(question.words) + MIDDLE, question.definitions
    return [f"{start}{kind.upper()}{_defined(definitions.get(kind))}{END}" for kind in question.types]


def _defined(definition: Definition | None) -> str:
    """What is said between the type and what is to be returned; the authors' definitions all have guidelines."""
    asked = " from the text chunk you have read."
    if definition is None:
        return asked
    if not definition.guidelines:
        return f"{asked} You are given a DEFINITION.\nDEFINITION: {definition.text}"
    given = "You are given a DEFINITION and some GUIDELINES."
    return f"{asked} {given}\nDEFINITION: {definition.text}\nGUIDELINES: {definition.guidelines}"


SLIMER = AnswerFormat(
    "slimer",
    "SLIMER's JSON list of mentions for each type, or an object with all types",
    "import-slimer-2",
    read,
    ask,
    by_type.write,
    several=True,
    uses=frozenset({"definitions"}),
    wrapping="plain",
    max_new_tokens=128,
)
