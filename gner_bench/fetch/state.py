"""In a word, what of the catalogue is in the cache."""

from __future__ import annotations

from gner_bench.catalog.datasets import Dataset, File
from gner_bench.data.gner_layout import SPLITS
from gner_bench.errors import IntegrityError
from gner_bench.fetch.checkpoint import find_checkpoint
from gner_bench.fetch.datasets import find_split, remote_file
from gner_bench.fetch.http import is_whole


def checkpoint_state(hub: str, revision: str) -> str:
    """``yes``, ``no`` or ``altered``."""
    try:
        return "no" if find_checkpoint(hub, revision) is None else "yes"
    except IntegrityError:
        return "altered"


def split_state(dataset: Dataset, split: str) -> str:
    """``yes``, ``no`` or ``altered``; ``yes`` for a folder of the user's own."""
    try:
        return "yes" if dataset.folder or find_split(dataset, split) else "no"
    except IntegrityError:
        return "altered"


def dataset_state(dataset: Dataset) -> str:
    """The splits in the cache, ``folder`` or ``no``; altered ones are marked so."""
    if dataset.folder:
        return "folder"
    states = {split: split_state(dataset, split) for split in SPLITS}
    there = [split if state == "yes" else f"{split} (altered)" for split, state in states.items() if state != "no"]
    return ", ".join(there) or "no"


def file_state(file: File) -> str:
    """``yes``, ``no`` or ``altered``."""
    remote = remote_file(file.name)
    return "yes" if is_whole(remote) else "altered" if remote.path.is_file() else "no"
