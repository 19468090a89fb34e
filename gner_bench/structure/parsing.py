"""Moved to gner_bench.answers.gner."""

from gner_bench.answers.gner import LABEL as LABEL
from gner_bench.answers.gner import LABEL_FAULTS as LABEL_FAULTS
from gner_bench.answers.gner import LabelFault as LabelFault
from gner_bench.answers.gner import label_faults as label_faults
from gner_bench.answers.gner import parse_generation as parse_generation
