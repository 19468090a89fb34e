"""From answers back to one tag for each word of the sentence."""

from gner_bench.answers.gner import parse_generation
from gner_bench.structure.back_tokenizer import BackTokenizer, load_back_tokenizer
from gner_bench.structure.matching import BackTokenize, Match, Step, match
from gner_bench.structure.placing import Placed, place
from gner_bench.structure.structured import Structured, structure

__all__ = [
    "BackTokenize",
    "BackTokenizer",
    "Match",
    "Placed",
    "Step",
    "Structured",
    "load_back_tokenizer",
    "match",
    "parse_generation",
    "place",
    "structure",
]
