"""Corpora: sentences of words with BIO tags, and the readers of the formats they come in."""

from gner_bench.data.gner_layout import dataset_names, read_dataset
from gner_bench.data.sentence import Dataset, Sentence

__all__ = ["Dataset", "Sentence", "dataset_names", "read_dataset"]
