"""Moved to gner_bench.data.formats.uniner."""

from gner_bench.data.formats.uniner import Placement as Placement
from gner_bench.data.formats.uniner import read_uniner_counted as read_uniner_counted
