"""``python -m gner_bench``."""

from gner_bench.cli import process

process()
