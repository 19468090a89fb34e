"""Moved to gner_bench.scoring.scores."""

from gner_bench.scoring.scores import Scores
from gner_bench.scoring.scores import warnings_of as warnings_of


def lacking(scores: Scores) -> int:
    return scores.lacking
