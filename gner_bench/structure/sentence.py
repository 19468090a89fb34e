"""Moved to gner_bench.structure.structured."""

from gner_bench.structure.structured import Structured as Structured
from gner_bench.structure.structured import WordDifferences as WordDifferences
from gner_bench.structure.structured import labels_of as labels_of
from gner_bench.structure.structured import structure as structure
from gner_bench.structure.structured import word_differences as word_differences
