"""The benchmark suite for generative named entity recognition (GNER)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gner_bench.api import compare as compare
    from gner_bench.api import entities as entities
    from gner_bench.api import group as group
    from gner_bench.api import load_predictions as load_predictions
    from gner_bench.api import match as match
    from gner_bench.api import parse_generation as parse_generation
    from gner_bench.api import score as score
    from gner_bench.api import to_frame as to_frame

__version__ = "0.1.0"
__all__ = [
    "__version__",
    "compare",
    "entities",
    "group",
    "load_predictions",
    "match",
    "parse_generation",
    "score",
    "to_frame",
]


def __getattr__(name: str) -> Any:
    """Load the Python interface when it is first asked for: the command must start fast."""
    if name in __all__:
        from gner_bench import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
