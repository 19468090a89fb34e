"""Moved to gner_bench.scoring.comparison."""

from gner_bench.scoring.comparison import ChangedSentence as ChangedSentence
from gner_bench.scoring.comparison import Changes as Changes
from gner_bench.scoring.comparison import TypeDifference as TypeDifference
