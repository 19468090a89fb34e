"""Moved to gner_bench.scoring.counts and gner_bench.bio."""

from gner_bench.bio import Span as Span
from gner_bench.bio import lenient_spans as lenient_spans
from gner_bench.bio import strict_spans as strict_spans
from gner_bench.scoring.counts import entities as entities
from gner_bench.scoring.counts import normalise as normalise
