"""Moved to gner_bench.messages."""

from gner_bench.messages import NORMAL as NORMAL
from gner_bench.messages import QUIET as QUIET
from gner_bench.messages import VERBOSE as VERBOSE
from gner_bench.messages import is_quiet as is_quiet
from gner_bench.messages import is_verbose as is_verbose
from gner_bench.messages import verbosity as verbosity
