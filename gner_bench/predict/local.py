"""Moved to gner_bench.predict.backends.local."""

from gner_bench.predict.backends.local import local_backend as local_backend
