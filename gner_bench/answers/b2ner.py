"""B2NER's answers: mentions as ``type: text; type: text``.

The prompt is that of the adapters of Umean/B2NER-Internlm2.5-7B-LoRA and its like, for texts in English:
https://github.com/UmeanNever/B2NER, configs/instruction_config_ml.json, src/b2ner_dataset.py and src/demo.ipynb.
"""

from __future__ import annotations

from gner_bench.answers.answer import AnswerFormat
from gner_bench.answers.listed import read, write
from gner_bench.answers.template import Template

PROMPT = (
    "Given the label set of entities, please recognize all the entities in the text. The answer format should be"
    ' "entity label: entity; entity label: entity". \nLabel Set: {types} \n\nText: {text} \nAnswer:'
)
B2NER = AnswerFormat(
    "b2ner",
    "B2NER's mentions as type: text; type: text",
    "b2ner-1",
    read,
    Template(PROMPT),
    write,
    wrapping="plain",
    max_new_tokens=512,
)
