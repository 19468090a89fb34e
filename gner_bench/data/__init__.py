"""Corpora: sentences of words with BIO tags, and the readers of the formats they come in."""

from gner_bench.bio import Reading, Repair
from gner_bench.data.formats.gner import dataset_names, read_dataset
from gner_bench.data.sentence import Dataset, Sentence

__all__ = ["Dataset", "Reading", "Repair", "Sentence", "dataset_names", "read_dataset"]
