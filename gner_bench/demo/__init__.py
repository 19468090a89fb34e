"""What `gner-bench run --preset demo` runs on: a small checkpoint and a small corpus, both made for this project."""

from pathlib import Path

CHECKPOINT = Path(__file__).parent / "checkpoint"
CORPUS = Path(__file__).parent / "corpus"
