"""SLIMER's answers: a question for each type, with its definition or without, answered by a JSON list of mentions.

The prompt is that of expertai/SLIMER (LLaMA-2-chat): https://github.com/andrewzamai/SLIMER,
src/SFT_finetuning/templates/LLaMA2-chat.json, with the instructions of src/data_handlers/data_handler_pileNER.py
(``convert_MIT_CrossNER_test_sets_for_SLIMER_inference``). SLIMER-PARALLEL answers with an object by type; it is read.
"""

from __future__ import annotations

from gner_bench.answers import by_type
from gner_bench.answers.answer import AnswerFormat, Question
from gner_bench.answers.uniner import read

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
    start, prompts = START + " ".join(question.words) + MIDDLE, []
    for kind in question.types:
        asked, definition = f"{kind.upper()} from the text chunk you have read.", question.definitions.get(kind)
        # The authors' definitions all have guidelines.
        if definition is not None and definition.guidelines:
            asked += f" You are given a DEFINITION and some GUIDELINES.\nDEFINITION: {definition.text}"
            asked += f"\nGUIDELINES: {definition.guidelines}"
        elif definition is not None:
            asked += f" You are given a DEFINITION.\nDEFINITION: {definition.text}"
        prompts.append(f"{start}{asked}{END}")
    return prompts


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
