"""Reading scores.json files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gner_bench.errors import InputError
from gner_bench.scoring.metrics import METRICS, Metric
from gner_bench.structure.matching import STEPS

PLACES: tuple[Callable[[Path], str], ...] = (lambda p: p.parent.name, lambda p: "/".join(p.parts[-2:]), str)


@dataclass(frozen=True)
class DatasetScores:
    """One data set of one system: ``f1`` (0 to 1) by metric, ``steps`` as sentences by matching step."""

    split: str
    sentences: int
    f1: Mapping[Metric, float]
    steps: Mapping[str, int]


@dataclass(frozen=True)
class SystemScores:
    """One scores.json file. ``parameters`` is a count, None where unknown."""

    name: str
    parameters: float | None
    note: str
    datasets: Mapping[str, DatasetScores]
    signature: str
    path: Path


@dataclass(frozen=True)
class _Field:
    """A value of a JSON document together with its place, so that every error can name it."""

    path: Path
    name: str
    value: Any

    def error(self, message: str) -> InputError:
        return InputError(self.path, message, field=self.name or None)

    def at(self, key: str) -> _Field:
        inner = _Field(self.path, f"{self.name}.{key}" if self.name else key, None)
        if key not in self.object():
            raise inner.error("is missing")
        return replace(inner, value=self.value[key])

    def object(self) -> dict[str, Any]:
        if not isinstance(self.value, dict):
            raise self.error("is not a JSON object")
        return self.value

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self.error("is not a string")
        return self.value

    def number(self, most: float) -> float:
        # A bool is an int in Python, and json reads NaN, which fails the comparison.
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self.error("is not a number")
        if not 0 <= self.value <= most:
            raise self.error(f"is not a number from 0 to {most:g}")
        return float(self.value)

    def count(self) -> int:
        if type(self.value) is not int or self.value < 0:
            raise self.error("is not a count")
        return self.value


def load_scores(path: Path) -> SystemScores:
    """Read one scores.json file, version 1 or later; unknown keys are ignored.

    Raises InputError, naming the field, for a file that cannot be read, is not JSON, has another version,
    lacks a field, or has a value of another kind.
    """
    root = _Field(path, "", _json(path))
    version = root.at("version")
    if type(version.value) is not int or version.value < 1:
        raise version.error("is not a version of scores.json that this program reads")
    system, sets = root.at("system"), root.at("datasets")
    if not sets.object():
        raise sets.error("is empty")
    return SystemScores(
        name=system.at("name").text(),
        parameters=_parameters(system.at("parameters")),
        note=system.at("note").text(),
        datasets={name: _dataset(sets.at(name)) for name in sets.object()},
        signature=root.at("signature").text(),
        path=path,
    )


def load_all(paths: Iterable[Path]) -> list[SystemScores]:
    """Read files, each once; systems of one name get the name of their folder added. Raises InputError."""
    return _distinct([load_scores(path) for path in {path.absolute(): path for path in paths}.values()])


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})") from None
    except json.JSONDecodeError as error:
        raise InputError(path, f"is not JSON ({error.msg})", line=error.lineno) from None
    except (UnicodeDecodeError, RecursionError):
        raise InputError(path, "is not JSON in UTF-8") from None


def _parameters(field: _Field) -> float | None:
    return None if field.value is None else field.number(1e15)


def _dataset(field: _Field) -> DatasetScores:
    steps = field.at("matched_by")
    return DatasetScores(
        split=field.at("split").text(),
        sentences=field.at("sentences").count(),
        f1={metric: field.at(metric).at("f1").number(1) for metric in METRICS},
        steps={step: steps.at(step).count() if step in steps.object() else 0 for step in STEPS},
    )


def _distinct(systems: Sequence[SystemScores]) -> list[SystemScores]:
    """Add to names that occur twice as much of the path as tells them apart."""
    names = [system.name for system in systems]
    for place in PLACES:
        count = Counter(names)
        names = [
            f"{system.name} ({place(system.path.absolute())})" if count[name] > 1 else name
            for name, system in zip(names, systems, strict=True)
        ]
    return [replace(system, name=name) for name, system in zip(names, systems, strict=True)]
