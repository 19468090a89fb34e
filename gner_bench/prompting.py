"""Moved to gner_bench.answers."""

from gner_bench.answers.answer import LabelOrder as LabelOrder
from gner_bench.answers.answer import Wrapping as Wrapping
from gner_bench.answers.answer import ordered_types as ordered_types
from gner_bench.answers.gner import INSTRUCTION as INSTRUCTION
from gner_bench.answers.gner import SENTENCE_JOINT as SENTENCE_JOINT
from gner_bench.answers.gner import TYPES_JOINT as TYPES_JOINT
from gner_bench.answers.gner import prompt as prompt
from gner_bench.answers.gner import tagged_text as tagged_text
