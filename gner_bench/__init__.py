"""The benchmark suite for generative named entity recognition (GNER)."""

__version__ = "0.1.0"
