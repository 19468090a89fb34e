"""Several runs of one system that differ in their seed alone, in folders beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar

from gner_bench.answers import LabelOrder
from gner_bench.errors import IncompleteError, UsageError
from gner_bench.messages import Say
from gner_bench.predict.backend import BACKENDS, SystemOptions, as_known
from gner_bench.predict.options import Options
from gner_bench.predict.requests import decoding_of, parse_changes

S = TypeVar("S", bound=SystemOptions)
COPIES = (
    "nothing depends on a seed (fixed label order, no shots, no sampling), so that the runs would be copies; a shuffled"
    " label order or shots make them differ"
)


def seed_folder(seed: int) -> str:
    """The name of a run below the folder that runs of several seeds share."""
    return f"seed-{seed}"


def samples(system: SystemOptions) -> bool:
    """Whether its answers are drawn, by a seed that no --request fixes: a server is asked for a temperature."""
    if "request" not in BACKENDS.get(as_known(system).backend).takes:
        return False
    changes = parse_changes(system.request)
    fixed = any(change.path == ("seed",) and not (change.drops or change.to) for change in changes)
    return decoding_of(changes) == "sampled" and not fixed


def depends_on_seed(system: SystemOptions, order: LabelOrder) -> bool:
    """Whether another seed gives another run: by the order of types, the choice of shots, or sampling."""
    told_types = "definitions" in BACKENDS.get(as_known(system).backend).takes
    return (told_types and order == "shuffled") or system.shots > 0 or samples(system)


def seeded(system: SystemOptions, options: Options, seeds: Sequence[int]) -> list[tuple[SystemOptions, Options]]:
    """A run for each seed, below the folder of ``options``.

    Raises UsageError where nothing depends on a seed: the runs would be copies.
    """
    if not depends_on_seed(system, options.label_order):
        raise UsageError(f"--seeds: {COPIES}")
    return [
        (with_seed(system, seed), replace(options, seed=seed, out=options.out / seed_folder(seed))) for seed in seeds
    ]


def with_seed(system: S, seed: int) -> S:
    """The system, asked to sample by ``seed`` where it samples."""
    # Before the other changes: a service that calls the field otherwise, or has none, has one of them.
    return replace(system, request=(f"seed={seed}", *system.request)) if samples(system) else system


@dataclass
class Waiting:
    """The runs of one command whose answers are still to come, as those of a batch: the others go on meanwhile."""

    say: Say
    names: list[str] = field(default_factory=list)

    @contextmanager
    def run(self, name: str) -> Iterator[None]:
        """A block for the run of that ``name``, which may end in IncompleteError."""
        try:
            yield
        except IncompleteError as error:
            self.say(f"{name}: {error}")
            self.names.append(name)

    def require_none(self, lacking: str) -> None:
        """Raise IncompleteError where any run waits; ``lacking`` says what there is not yet."""
        if self.names:
            names = ", ".join(self.names)
            raise IncompleteError(f"{lacking}: answers of {names} are missing; the same command continues")
