"""Moved to gner_bench.fetch.checkpoint."""

from gner_bench.fetch.checkpoint import HUB_ID as HUB_ID
from gner_bench.fetch.checkpoint import HubCheckpoint as HubCheckpoint
from gner_bench.fetch.checkpoint import LocalCheckpoint as Located
from gner_bench.fetch.checkpoint import locate as locate
from gner_bench.fetch.checkpoint import on_hub as on_hub

__all__ = ["HUB_ID", "HubCheckpoint", "Located", "locate", "on_hub"]
