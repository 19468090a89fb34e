"""Moved to gner_bench.data.formats."""

from gner_bench.data.formats.conll import write_conll as write_conll
from gner_bench.data.formats.gner import write_gner as write_gner
from gner_bench.data.formats.gner_jsonl import write_jsonl as write_jsonl
from gner_bench.data.formats.spans import write_spans as write_spans
