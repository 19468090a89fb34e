"""Seeing to it that what a run needs is in the cache, or saying in one line how to get it there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from gner_bench.catalog import catalog
from gner_bench.catalog.datasets import Dataset, File
from gner_bench.errors import GnerBenchError, IntegrityError, UnreachableError
from gner_bench.fetch import home
from gner_bench.fetch.checkpoint import fetch_checkpoint, find_checkpoint
from gner_bench.fetch.datasets import fetch_split, find_split, origins, remote_file
from gner_bench.fetch.http import fetch_all, is_whole
from gner_bench.fetch.locate import HubCheckpoint
from gner_bench.fetch.progress import byte_progress

Tell = Callable[[str], None]
WORKERS = 4
"""Splits that are fetched and converted side by side."""


@dataclass(frozen=True)
class Needs:
    """Checkpoints, splits of data sets and files of published predictions."""

    checkpoints: tuple[HubCheckpoint, ...] = ()
    splits: tuple[tuple[Dataset, str], ...] = ()
    predictions: tuple[File, ...] = ()

    @property
    def names(self) -> list[str]:
        """What `gner-bench download` has to be told to fetch these."""
        models = [c.name if catalog().find_model(c.name) else c.hub for c in self.checkpoints]
        sets = [dataset.name for dataset, _ in self.splits]
        return list(dict.fromkeys([*models, *sets, *(["--predictions"] if self.predictions else [])]))

    def __bool__(self) -> bool:
        return bool(self.checkpoints or self.splits or self.predictions)


def missing(needs: Needs) -> Needs:
    """What is not in the cache. Raises IntegrityError for what is there but altered."""
    return Needs(
        tuple(c for c in needs.checkpoints if find_checkpoint(c.hub, c.revision) is None),
        tuple((d, split) for d, split in needs.splits if not d.folder and find_split(d, split) is None),
        tuple(file for file in needs.predictions if not is_whole(remote_file(file.name))),
    )


def ensure(needs: Needs, tell: Tell, offline: bool = False) -> None:
    """Fetch what is missing. Raises GnerBenchError in one line with the command to run where there is a network."""
    absent = missing(needs)
    if not absent:
        return
    if home.offline(offline):
        raise GnerBenchError(advice(absent, "the network is switched off"))
    try:
        provide(absent, tell)
    except UnreachableError as error:
        raise GnerBenchError(advice(absent, str(error))) from None


def advice(absent: Needs, reason: str) -> str:
    """One line: what is missing, why, and what to run elsewhere."""
    names = " ".join(absent.names)
    return (
        f"not in the cache {home.home()}: {', '.join(absent.names)} ({reason}); where there is a network, run"
        f" `gner-bench download {names}` and copy the folder that `gner-bench cache path` prints there to {home.home()}"
    )


def provide(needs: Needs, tell: Tell, *, force: bool = False, allow_pickle: bool = False) -> None:
    """Fetch data, predictions and checkpoints, several files side by side, with progress on stderr.

    Raises UnreachableError without a network, IntegrityError for wrong bytes, GnerBenchError for anything else.
    """
    if needs.predictions:
        fetch_all([remote_file(file.name) for file in needs.predictions], "predictions", force=force)
    if needs.splits:
        _provide_splits(needs.splits, tell, force)
    for checkpoint in needs.checkpoints:
        fetch_checkpoint(checkpoint.hub, checkpoint.revision, force=force, allow_pickle=allow_pickle)


def _provide_splits(splits: Sequence[tuple[Dataset, str]], tell: Tell, force: bool) -> None:
    """Fetch side by side; what comes from a file that another split has just fetched anew follows in a second round."""
    wanted = [(d, split) for d, split in splits if force or _absent(d, split)]
    first = {_first_file(d, split): (d, split) for d, split in wanted}
    rest = [pair for pair in wanted if pair not in first.values()]
    with byte_progress("data", None) as advance, ThreadPoolExecutor(WORKERS) as pool:
        for round, forced in ((list(first.values()), force), (rest, False)):
            jobs = [pool.submit(fetch_split, d, split, tell, advance, forced) for d, split in round]
            for job in jobs:
                job.result()


def _first_file(dataset: Dataset, split: str) -> str:
    found = origins(dataset, split)
    return found[0].files[split] if found else f"{dataset.name}/{split}"


def _absent(dataset: Dataset, split: str) -> bool:
    try:
        return find_split(dataset, split) is None
    except IntegrityError:
        return True
