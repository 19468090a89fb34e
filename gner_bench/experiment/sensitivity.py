"""What a system's scores owe to how it was asked: the same system in several arms, each against the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import stdev

from gner_bench.answers import answer_format
from gner_bench.api import load_predictions, score
from gner_bench.documents.fields import Json
from gner_bench.documents.record import GNER
from gner_bench.documents.scores import Resampling
from gner_bench.errors import UsageError
from gner_bench.messages import Say
from gner_bench.predict.backend import BACKENDS, SystemOptions, as_known
from gner_bench.predict.engine import run_prediction
from gner_bench.predict.inputs import select
from gner_bench.predict.options import Options, TypeNames
from gner_bench.predict.seeds import Waiting
from gner_bench.predict.type_names import GIVEN, type_names
from gner_bench.scoring.metrics import Metric
from gner_bench.scoring.paired import Difference, differences, holm
from gner_bench.scoring.scores import Scores, warnings_of

VERSION = 1
BASE, ORDERS, NAMES, DEFINITIONS, SHOTS = "base", "label order", "type names", "definitions", "shots"


@dataclass(frozen=True)
class Asked:
    """What is varied: ``orders`` shuffled label orders, styles of type ``names``, ``definitions``, and ``shots``."""

    orders: int = 5
    names: tuple[TypeNames, ...] = ("underscore", "upper", "synonyms")
    definitions: str = "catalog"
    shots: int = 0


@dataclass(frozen=True)
class Arm:
    """One way to ask: ``kind`` says what differs from the base, ``name`` how; ``folder`` is that of its run."""

    kind: str
    name: str
    folder: str
    system: SystemOptions
    options: Options


@dataclass(frozen=True)
class Row:
    """What an arm gave: F1 (0 to 1) is in ``differences`` from the base, by data set and then of the mean.

    ``p`` is that of the mean, corrected after Holm over all arms.
    """

    arm: Arm
    differences: Sequence[Difference]
    p: float

    @property
    def mean(self) -> Difference:
        return self.differences[-1]


@dataclass(frozen=True)
class Sensitivity:
    """The ``base`` arm with its scores, and a row for each other arm, by one ``metric``.

    ``left_out`` says of arms that are not there why.
    """

    system: str
    metric: Metric
    base: Arm
    scores: Scores
    rows: tuple[Row, ...]
    resampling: Resampling
    left_out: tuple[str, ...] = ()

    @property
    def base_f1(self) -> float:
        """The mean F1 over data sets of the base."""
        return self.rows[0].mean.first

    @property
    def order_sd(self) -> tuple[float, int] | None:
        """The standard deviation of mean F1 over the shuffled label orders, and their number; None for fewer than 2."""
        values = [row.mean.second for row in self.rows if row.arm.kind == ORDERS]
        return (stdev(values), len(values)) if len(values) > 1 else None

    def document(self) -> Json:
        """As JSON, F1 from 0 to 1."""
        sd = self.order_sd
        return {
            "sensitivity": VERSION,
            "system": self.system,
            "metric": self.metric,
            "resampling": self.resampling.json(),
            "sentences": {name: len(part.keys) for name, part in self.scores.sets.items()},
            "base": {"folder": self.base.folder, "mean": self.base_f1},
            "arms": [
                {
                    "kind": row.arm.kind,
                    "name": row.arm.name,
                    "folder": row.arm.folder,
                    "mean": row.mean.second,
                    "difference": row.mean.difference,
                    "interval": list(row.mean.interval),
                    "p": row.mean.p,
                    "p_holm": row.p,
                    "datasets": {
                        each.name: {"f1": each.second, "difference": each.difference, "interval": list(each.interval)}
                        for each in row.differences[:-1]
                    },
                }
                for row in self.rows
            ],
            "label_orders": None if sd is None else {"orders": sd[1], "sd": sd[0]},
            "left_out": list(self.left_out),
        }


def arms_of(system: SystemOptions, options: Options, asked: Asked) -> tuple[list[Arm], list[str]]:
    """The arms that apply to the system, the base first, and why others do not.

    Raises UsageError for a system that is told no types, and for arms of which none is left.
    """
    known = as_known(system)
    kind = BACKENDS.get(known.backend)
    if "type_names" not in kind.takes:
        raise UsageError(f"the systems of --backend {known.backend} are told no types, so that no prompt can be varied")
    system = replace(system, type_names=GIVEN, definitions="none", shots=0)

    def arm(kind: str, name: str, folder: str, system: SystemOptions = system, **changes: object) -> Arm:
        return Arm(kind, name, folder, system, replace(options, out=options.out / folder, **changes))  # type: ignore[arg-type]

    arms = [arm(BASE, "base", "base")]
    seeds = (seed for seed in range(asked.orders + 1) if options.label_order == "file" or seed != options.seed)
    for _, seed in zip(range(asked.orders), seeds, strict=False):
        arms.append(arm(ORDERS, f"shuffled, seed {seed}", f"order-{seed}", label_order="shuffled", seed=seed))
    left_out, datasets = [], select(options) if asked.names else []
    for style in asked.names:
        if any(type_names(style, datasets).values()):
            arms.append(arm(NAMES, style, f"names-{style}", replace(system, type_names=style)))
        else:
            left_out.append(f"type names {style}: the types have no other names by it")
    uses = answer_format(known.format or GNER).uses if "format" in kind.takes else kind.takes
    more = []
    if asked.definitions != "none":
        more.append(arm(DEFINITIONS, asked.definitions, DEFINITIONS, replace(system, definitions=asked.definitions)))
    if asked.shots:
        more.append(arm(SHOTS, f"{asked.shots} shown", f"shots-{asked.shots}", replace(system, shots=asked.shots)))
    arms += [each for each in more if each.kind in uses]
    place = f"the answer format {known.format or GNER} has no place for them"
    left_out += [f"{each.kind}: {place}" for each in more if each.kind not in uses]
    if len(arms) == 1:
        raise UsageError(f"there is nothing to vary ({'; '.join(left_out) or 'no arm is asked for'})")
    return arms, left_out


def run_sensitivity(
    system: SystemOptions,
    options: Options,
    asked: Asked,
    metric: Metric,
    resampling: Resampling,
    say: Say,
    offline: bool = False,
    name: str = "",
) -> Sensitivity:
    """Predict every arm below the folder of ``options``, continuing what exists, and compare each with the base.

    Raises IncompleteError once all others are done where answers are still to come (those of a batch), UsageError as
    ``arms_of`` and what predicting and scoring raise.
    """
    from gner_bench.predict.inputs import provide_inputs

    fetched = BACKENDS.get(as_known(system).backend).fetched(as_known(system))
    provide_inputs(fetched, options, lambda _: None, offline)
    arms, left_out = arms_of(system, options, asked)
    waiting, paths = Waiting(say), list[Path]()
    for arm in arms:
        with waiting.run(arm.folder):
            # What is to be said of the data is said once.
            tell = say if arm is arms[0] else lambda _: None
            paths.append(run_prediction(arm.system, arm.options, tell, offline, first=arm is arms[0], name=name))
    waiting.require_none("no table yet")
    scores = [score(load_predictions(path), [metric]) for path in paths]
    for warning in warnings_of(scores[0]):
        say(warning)
    against = [differences(scores[0], other, metric, resampling) for other in scores[1:]]
    corrected = holm([rows[-1].p for rows in against])
    rows = tuple(Row(arm, found, p) for arm, found, p in zip(arms[1:], against, corrected, strict=True))
    title = scores[0].origin.system.name
    return Sensitivity(title, metric, arms[0], scores[0], rows, resampling, tuple(left_out))
