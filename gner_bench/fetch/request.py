"""From the names on the command line of `gner-bench download` to what they stand for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gner_bench.catalog import catalog
from gner_bench.catalog.datasets import Dataset
from gner_bench.data.gner_layout import SPLITS
from gner_bench.errors import UsageError, did_you_mean
from gner_bench.fetch.datasets import origins, remote_file
from gner_bench.fetch.home import home
from gner_bench.fetch.locate import HUB_ID, HubCheckpoint, on_hub
from gner_bench.fetch.need import Needs
from gner_bench.fetch.state import checkpoint_state, file_state, split_state

ALL = "all"


@dataclass(frozen=True)
class Item:
    """A line of the plan. ``bytes`` is 0 where the size is unknown; ``cached`` is yes, no or altered."""

    kind: str
    name: str
    source: str
    bytes: int
    cached: str
    path: str


def needs_of(names: Iterable[str], models: Iterable[str], datasets: Iterable[str], predictions: bool) -> Needs:
    """What names of any kind, models, data sets or groups, and ``predictions`` stand for.

    Raises UsageError with the nearest name for an unknown one, and for a model that is a folder.
    """
    checkpoints: dict[str, HubCheckpoint] = {}
    sets: dict[str, Dataset] = {}
    for name in [*names, *models]:
        if _is_data(name):
            sets.update({each.name: each for each in catalog().expand((name,))})
        else:
            checkpoints.update({each.hub: each for each in _checkpoints(name)})
    sets.update({each.name: each for each in catalog().expand(tuple(datasets))})
    splits = [(dataset, split) for dataset in sets.values() for split in _splits(dataset)]
    files = tuple(file for file in catalog().file if file.predictions_of) if predictions else ()
    return Needs(tuple(checkpoints.values()), tuple(splits), files)


def plan_of(needs: Needs) -> list[Item]:
    """One line for each thing, with its size as far as the catalogue knows it; uses no network."""
    files = [(file, remote_file(file.name)) for file in needs.predictions]
    return [
        *(Item("predictions", f.name, f.urls[0], f.bytes, file_state(f), str(r.path)) for f, r in files),
        *(_split_item(dataset, split) for dataset, split in needs.splits),
        *(
            Item(
                "checkpoint", c.name, f"{c.hub}@{c.revision}", c.bytes, checkpoint_state(c.hub, c.revision), _folder(c)
            )
            for c in needs.checkpoints
        ),
    ]


def _is_data(name: str) -> bool:
    return catalog().find_dataset(name) is not None or name in catalog().groups()


def _checkpoints(name: str) -> list[HubCheckpoint]:
    if name == ALL:
        return [found for model in catalog().model if (found := on_hub(model.name)) is not None]
    if catalog().find_model(name) is None and HUB_ID.fullmatch(name) is None:
        known = [*(m.name for m in catalog().model), *(d.name for d in catalog().dataset), *catalog().groups()]
        raise UsageError(f"nothing is called {name!r}; {did_you_mean(name, known)}")
    found = on_hub(name)
    if found is None:
        raise UsageError(f"{name}: is a folder here; there is nothing to fetch")
    return [found]


def _splits(dataset: Dataset) -> list[str]:
    """The splits that can be fetched; the test split for a set that cannot be, so that it is not passed over."""
    return [split for split in SPLITS if origins(dataset, split)] or ["test"]


def _split_item(dataset: Dataset, split: str) -> Item:
    found = origins(dataset, split)
    first = found[0] if found else None
    place = first.files[split] if first else ""
    size = 0 if first is None or first.hub else catalog().get_file(place).bytes
    source = f"{first.hub}/{place}" if first and first.hub else place or dataset.folder or "by hand"
    path = str(home() / "data" / dataset.name)
    return Item("data", f"{dataset.name}/{split}", source, size, split_state(dataset, split), path)


def _folder(checkpoint: HubCheckpoint) -> str:
    return str(home() / "hub" / f"models--{checkpoint.hub.replace('/', '--')}")
