"""Moved to gner_bench.answers.gner."""

from collections.abc import Sequence

from gner_bench.answers.gner import GNER as GNER
from gner_bench.answers.gner import Scheme as Scheme
from gner_bench.answers.gner import Target as Target
from gner_bench.answers.gner import parse_target as parse_target


def structuring_name(target: str = str(GNER)) -> str:
    """Is parse_target(target).version now."""
    return parse_target(target).version


def target_text(words: Sequence[str], tags: Sequence[str], target: Target = GNER) -> str:
    """Is target.perfect(words, tags) now."""
    return target.perfect(words, tags)
