"""Moved to gner_bench.catalog.entries."""

from gner_bench.catalog.entries import BYTES as BYTES
from gner_bench.catalog.entries import Family as Family
from gner_bench.catalog.entries import FamilyName as FamilyName
from gner_bench.catalog.entries import Model as Model
