"""Results that travel: where ``push`` puts scores, and the trackers of ``--report-to``, one module each.

A target makes files of scores and puts them somewhere; a tracker logs them as a run. Each uses the library or the
schema of its own world, and none writes a token into a file or a message.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gner_bench.documents.run import Run
from gner_bench.documents.scores import ScoresDocument
from gner_bench.plugins import Registry
from gner_bench.scoring.predictions import Predictions

Files = dict[str, str]
"""The text of each file by its name at the target, which may be below folders."""
CellValue = str | float | int | None


@dataclass(frozen=True)
class Publication:
    """What is pushed: scores, the ``run`` that they are of, None where no run.json says it, and the ``predictions``,
    None where they are not here. ``note`` is said beside each score.

    ``model`` is the hub id of the model where it is known to whom pushes, ``organization`` who evaluated it, and
    ``relationship`` what that is to the model's authors.
    """

    document: ScoresDocument
    run: Run | None = None
    predictions: Predictions | None = None
    note: str = ""
    model: str = ""
    organization: str = ""
    relationship: str = "other"


@dataclass(frozen=True)
class Target:
    """A target of ``push``. ``files`` makes the files for a destination, whose form is ``destination`` in messages;
    ``put`` puts them there, with ``propose`` as a proposal where the target has such, and returns where they are.

    ``default`` is the destination where none is given, empty where one must be.
    """

    destination: str
    files: Callable[[Publication, str], Files]
    put: Callable[[Files, str, bool], str]
    default: str = ""


TARGETS: Registry[Target] = Registry(
    "gner_bench.targets",
    "target",
    Target,
    {"hub": "gner_bench.publish.hub:HUB", "every-eval-ever": "gner_bench.publish.every_eval_ever:EVERY_EVAL_EVER"},
)


@dataclass(frozen=True)
class Logged:
    """What a tracker is given as one run, called ``name``. ``config`` are settings, ``metrics`` numbers by name,
    ``columns`` and ``rows`` a table, and ``files`` (or folders) are kept as an artifact."""

    name: str
    config: Mapping[str, str]
    metrics: Mapping[str, float]
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[CellValue]] = ()
    files: Sequence[Path] = field(default=())


@dataclass(frozen=True)
class Tracker:
    """``log`` logs a run with the ``library``'s own settings, taken from its variables, and says where it is."""

    library: str
    log: Callable[[Logged], str]


TRACKERS: Registry[Tracker] = Registry(
    "gner_bench.trackers",
    "tracker",
    Tracker,
    {
        "trackio": "gner_bench.publish.trackio:TRACKIO",
        "mlflow": "gner_bench.publish.mlflow:MLFLOW",
        "wandb": "gner_bench.publish.wandb:WANDB",
    },
)
PROJECT = "gner-bench"
"""The project or experiment of a tracker whose variable names none."""
