"""Reading the TOML files of this package."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def facts(name: str, kind: str) -> list[dict[str, Any]]:
    """The tables ``[[kind]]`` of the packaged file ``name``, in file order."""
    text = files("gner_bench.catalog").joinpath(name).read_text(encoding="utf-8")
    tables: list[dict[str, Any]] = tomllib.loads(text)[kind]
    return tables
