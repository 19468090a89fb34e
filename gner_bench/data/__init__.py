"""Corpora: sentences of words with BIO tags, and the readers of the formats they come in."""

from gner_bench.data.gner_layout import dataset_names, read_dataset
from gner_bench.data.sentence import Dataset, Sentence
from gner_bench.data.tags import Reading, Repair

__all__ = ["Dataset", "Reading", "Repair", "Sentence", "dataset_names", "read_dataset"]
