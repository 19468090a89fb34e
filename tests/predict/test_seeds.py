"""Which runs depend on a seed, and how a seed reaches what it decides."""

from __future__ import annotations

from pathlib import Path

import pytest

from gner_bench.errors import IncompleteError, UsageError
from gner_bench.predict.backend import SystemOptions
from gner_bench.predict.options import Options
from gner_bench.predict.requests import changed, parse_changes
from gner_bench.predict.seeds import Waiting, depends_on_seed, seeded


@pytest.mark.parametrize(
    ("system", "shuffled", "depends"),
    [
        ({}, False, False),
        ({}, True, True),
        ({"format": "json", "shots": 2}, False, True),
        ({"backend": "spacy"}, True, False),  # is told no types
        ({"backend": "gliner"}, True, True),
        ({"backend": "openai"}, False, False),
        ({"backend": "openai", "request": ("temperature=0",)}, False, False),
        ({"backend": "openai", "request": ("temperature=0.7",)}, False, True),
        ({"backend": "batch", "request": ("temperature=0.7",)}, False, True),
        ({"backend": "openai", "request": ("temperature=0.7", "seed=3")}, False, False),
        ({"backend": "openai", "request": ("temperature=0.7", "seed=")}, False, True),
    ],
)
def test_what_depends_on_a_seed(system: dict[str, object], shuffled: bool, depends: bool) -> None:
    asked = SystemOptions("m", **system)  # type: ignore[arg-type]
    assert depends_on_seed(asked, "shuffled" if shuffled else "file") is depends


@pytest.mark.parametrize(
    ("request_", "seed"), [((), {"seed": 5}), (("seed->random_seed",), {"random_seed": 5}), (("seed=",), {})]
)
def test_sampling_is_asked_for_by_the_seed(request_: tuple[str, ...], seed: dict[str, int]) -> None:
    system = SystemOptions("m", "openai", request=("temperature=0.7", *request_))
    ((asked, options),) = seeded(system, Options(None, Path("out")), [5])
    assert options.out == Path("out/seed-5")
    body = changed({"temperature": 0, "seed": 0}, parse_changes(asked.request))
    assert body == {"temperature": 0.7, **seed}


def test_copies_are_refused() -> None:
    with pytest.raises(UsageError, match="so that the runs would be copies"):
        seeded(SystemOptions("m"), Options(None, Path("out")), [0, 1])


def test_runs_that_wait_let_others_go_on() -> None:
    said: list[str] = []
    waiting = Waiting(said.append)
    with waiting.run("seed-0"):
        raise IncompleteError("2 answers are to come")
    with waiting.run("seed-1"):
        pass
    with pytest.raises(IncompleteError, match="no report yet: answers of seed-0 are missing; the same command"):
        waiting.require_none("no report yet")
    assert said == ["seed-0: 2 answers are to come"]
