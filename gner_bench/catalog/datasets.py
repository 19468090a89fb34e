"""Moved to gner_bench.catalog.entries."""

from gner_bench.catalog.entries import Dataset as Dataset
from gner_bench.catalog.entries import File as File
from gner_bench.catalog.entries import Problem as Problem
from gner_bench.catalog.entries import Source as Source
from gner_bench.catalog.entries import Split as Split
from gner_bench.catalog.entries import SplitFacts as SplitFacts
