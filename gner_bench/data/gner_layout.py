"""Moved to gner_bench.data.formats.gner."""

from gner_bench.data.formats.gner import LABELS as LABELS
from gner_bench.data.formats.gner import SPLITS as SPLITS
from gner_bench.data.formats.gner import dataset_names as dataset_names
from gner_bench.data.formats.gner import is_dataset as is_dataset
from gner_bench.data.formats.gner import read_dataset as read_dataset
from gner_bench.data.formats.gner import split_file as split_file
from gner_bench.data.formats.gner import splits as splits
