"""Moved to gner_bench.data.problems."""

from gner_bench.data.problems import ProblemFinder as ProblemFinder
from gner_bench.data.problems import known_problems as known_problems
from gner_bench.data.problems import problem_warning as problem_warning
