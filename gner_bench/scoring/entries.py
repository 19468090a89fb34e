"""Moved to gner_bench.scoring.explain."""

from gner_bench.scoring.explain import Entry as Entry
from gner_bench.scoring.explain import Mention as Mention
from gner_bench.scoring.explain import outside_strict_spans as outside_strict_spans
