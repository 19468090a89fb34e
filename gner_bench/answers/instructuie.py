"""InstructUIE's answers: mentions as ``type: text; type: text``, or ``None``.

The prompt is that of ZWK/InstructUIE (Flan-T5-xxl): https://github.com/BeyonderXX/InstructUIE,
configs/instruction_config.json (the first of its three instructions, which its strategy ``single`` takes) and
src/uie_dataset.py.
"""

from __future__ import annotations

from gner_bench.answers.answer import AnswerFormat
from gner_bench.answers.listed import read, write
from gner_bench.answers.template import Template

PROMPT = (
    "Please list all entity words in the text that fit the category.Output format is"
    ' "type1: word1; type2: word2". \nOption: {types} \nText: {text} \nAnswer:'
)
INSTRUCTUIE = AnswerFormat(
    "instructuie",
    "InstructUIE's mentions as type: text; type: text",
    "instructuie-1",
    read,
    Template(PROMPT),
    write,
    wrapping="plain",
    max_new_tokens=256,
)
