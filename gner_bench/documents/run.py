"""run.json: what made a predictions file, enough to make it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gner_bench.config import build, plain
from gner_bench.documents.fields import Json, read_object
from gner_bench.documents.record import FULL_BIO, GNER
from gner_bench.errors import InputError, short
from gner_bench.files import write_json

NAME = "run.json"
VERSION = 2
SETTINGS = {
    **dict.fromkeys(("format", "decoding", "backend", "dtype", "label_order"), str),
    "num_beams": int,
    "seed": int,
}
"""The settings that are read again, and what they are."""


@dataclass(frozen=True)
class Model:
    """What answered: a checkpoint with the SHA-256 of its ``files``, a library or a served model.

    ``source`` is what the run was asked for, ``note`` what tables say beside the name; ``training_sets`` are the data
    sets it was trained on, as far as is known. ``files`` is None where the file does not say.
    """

    name: str = ""
    source: str = ""
    revision: str | None = None
    parameters: int | None = None
    note: str = ""
    training_sets: tuple[str, ...] | None = ()
    files: dict[str, str] | None = None
    more: Json = field(default_factory=dict)


@dataclass(frozen=True)
class RunData:
    """A data set of the run: its chosen ``sentences`` with their hash, of those that the data hold."""

    split: str = ""
    sentences: int = 0
    sentences_in_data: int | None = None
    content_hash: str = ""
    source: str = ""
    repaired_tags: int = 0
    more: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """The file. ``settings`` decide the text besides weights and prompts; a run with others is another run.

    ``sentences`` are those it set out to predict, ``sentences_done`` those in the file. ``cut`` counts the sentences
    whose prompt or output hit a limit; ``device``, ``threads`` (of a system that computes on this machine),
    ``throughput`` and ``statistics`` tell what the work took. ``system`` is what was asked for: the ``name`` that
    tables are to show and the options of the system that were set. Keys that only some runs have are in ``more``.
    """

    version: int = VERSION
    status: str = ""
    model: Model = field(default_factory=Model)
    system: Json = field(default_factory=dict)
    settings: Json = field(default_factory=dict)
    batch_size: int | None = None
    device: str = ""
    threads: int | None = None
    datasets: dict[str, RunData] = field(default_factory=dict)
    selection: Json = field(default_factory=dict)
    prompt_hash: str = ""
    versions: Json = field(default_factory=dict)
    git_commit: str | None = None
    command: tuple[str, ...] = ()
    started: str = ""
    sentences: int = 0
    sentences_done: int = 0
    ended: str | None = None
    cut: dict[str, int] = field(default_factory=dict)
    throughput: dict[str, Json] = field(default_factory=dict)
    statistics: Json = field(default_factory=dict)
    more: Json = field(default_factory=dict)

    @property
    def done(self) -> bool:
        return self.status == "done"

    @property
    def name(self) -> str:
        """What tables call the system: the name that it was given, else that of its model."""
        return str(self.system.get("name") or self.model.name)

    @property
    def format(self) -> str:
        """The answer format of the predictions."""
        return str(self.settings.get("format") or GNER)

    @property
    def decoding(self) -> str:
        """As the signature says it: ``greedy`` for drafted decoding too, whose outputs are the same."""
        name = self.settings.get("decoding", "unknown")
        return {"drafted": "greedy", "beam": f"beam{self.settings.get('num_beams')}"}.get(name, str(name))

    @property
    def generating(self) -> Json:
        """What generating took: seconds, sentences and tokens, in all and a second; empty where it is not noted."""
        return self.throughput.get("generating", {})


def read_run(path: Path) -> Run:
    """The run.json at ``path``, of this edition or an earlier one. Raises InputError naming the field."""
    run = build(Run, read_object(path).value, path)
    settings = dict(run.settings)
    if "format" not in settings:
        # Version 1 had a target, null for the GNER text; what follows the text of the record is the same.
        target = settings.pop("target", None)
        settings["format"] = GNER if target in (None, "", FULL_BIO) else target
    for name, kind in SETTINGS.items():
        value = settings.get(name)
        if value is not None and type(value) is not kind:
            raise InputError(path, f"expected {kind.__name__}, found {short(value)}", field=f"settings.{name}")
    settings["format"] = settings["format"] or GNER
    return replace(run, settings=settings)


def run_beside(path: Path) -> Run | None:
    """The run.json in the folder of ``path``, None where there is none that can be read."""
    try:
        return read_run(path.parent / NAME)
    except InputError:
        return None


def read_own_run(path: Path) -> Run:
    """The run.json of a run that predict wrote. Raises InputError for any other."""
    try:
        run = read_run(path)
        if run.model.files is None or not run.status:
            raise InputError(path, "names no weights or no status")
    except InputError as error:
        reason = f"{error.field}: {error.message}" if error.field else error.message
        raise InputError(path, f"is not the run.json of a run ({reason}); choose another --out") from None
    return run


def write_run(path: Path, run: Run) -> None:
    """Write run.json at once. Raises InputError when that fails."""
    write_json(path, plain(run))


def differences(theirs: Run, ours: Run) -> list[str]:
    """The settings in which two runs differ, as ``dtype fp32, not bf16``; None is as good as not being there."""
    weights = [] if (theirs.model.files or {}) == (ours.model.files or {}) else ["other weights"]
    before, now = theirs.settings, ours.settings
    names = [name for name in {**now, **before} if before.get(name) != now.get(name)]
    return weights + [f"{name} {_shown(before, name)}, not {_shown(now, name)}" for name in names]


def _shown(settings: Mapping[str, Any], name: str) -> str:
    value = settings.get(name)
    return "none" if value is None else str(value)


def refuse_other_run(path: Path, run: Run) -> None:
    """Raise InputError when ``path`` describes a run whose model or settings would write other text."""
    if path.exists() and (differing := differences(read_own_run(path), run)):
        raise InputError(path, f"this folder holds a run with {'; '.join(differing)}; choose another --out")


def now() -> str:
    """The time as run.json has it: UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
