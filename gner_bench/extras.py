"""What `pip install gner-bench` leaves out: libraries that only some verbs need, and the extras that bring them."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from gner_bench.errors import UsageError, first_line

EXTRAS = {
    **dict.fromkeys(("accelerate", "safetensors", "torch", "transformers"), "predict"),
    **dict.fromkeys(("peft", "tensorboard"), "train"),
    "gliner": "gliner",
    "gliner2": "gliner2",
    "datasets": "data",
    "deepspeed": "deepspeed",
    "flair": "flair",
    "matplotlib": "report",
    "seqeval": "seqeval",
    "spacy": "spacy",
    "vllm": "vllm",
}
"""The extra of this package by the name under which a library of it is imported."""


def installed(library: str) -> bool:
    """Whether there is one. Imports none; a folder of that name without a module in it, such as of data, is none."""
    if library in sys.modules:
        return True
    spec = find_spec(library)
    return spec is not None and spec.origin is not None


def require(*libraries: str) -> None:
    """Raise UsageError for the first of ``libraries`` that is not installed; of ``a|b``, one will do. Imports none."""
    for library in libraries:
        names = library.split("|")
        if not any(map(installed, names)):
            raise UsageError(not_installed(names[0]))


def required(library: str) -> Any:
    """The module ``library``. Raises UsageError where it is not installed or cannot be imported."""
    require(library.partition(".")[0])
    try:
        return import_module(library)
    except Exception as error:  # whatever a library raises that does not go together with another
        raise UsageError(f"{library} is installed but cannot be imported: {first_line(error)}") from error


def not_installed(library: str) -> str:
    """The line that says so, with the command that installs it."""
    name = library.partition(".")[0]
    wanted = f"'gner-bench[{EXTRAS[name]}]'" if name in EXTRAS else name
    return f"{name} is not installed; pip install {wanted}"


def explained(error: ImportError) -> UsageError | None:
    """What a failed import means for a user; None where a module of this package is at fault."""
    name = (error.name or "").partition(".")[0]
    if name == "gner_bench":
        return None
    if name in EXTRAS and not installed(name):
        return UsageError(not_installed(name))
    return UsageError(f"a library cannot be imported, where -v tells: {first_line(error)}")
