"""Moved to gner_bench.bio."""

from gner_bench.bio import AS_BIO as PREFIXES
from gner_bench.bio import Reading as Reading
from gner_bench.bio import Repair as Repair
from gner_bench.bio import TagReader as TagReader
from gner_bench.bio import may_follow as continues

__all__ = ["PREFIXES", "Reading", "Repair", "TagReader", "continues"]
