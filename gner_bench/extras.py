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
    **dict.fromkeys(("gliner", "gliner2"), "gliner"),
    **dict.fromkeys(("pandas", "polars"), "frames"),
    "datasets": "data",
    "deepspeed": "deepspeed",
    "inspect_ai": "inspect",
    "lm_eval": "lm-eval",
    "matplotlib": "report",
    "mlflow": "mlflow",
    "seqeval": "seqeval",
    "spacy": "spacy",
    "trackio": "trackio",
    "vllm": "vllm",
    "wandb": "wandb",
}
"""The extra of this package by the name under which a library of it is imported."""


def installed(library: str) -> bool:
    """Whether there is one. Imports none; a folder of that name without a module in it, such as of data, is none."""
    if sys.modules.get(library) is not None:
        return True
    spec = find_spec(library)
    return spec is not None and spec.origin is not None


def require(*libraries: str) -> None:
    """Raise UsageError for those of ``libraries`` that are not installed; of ``a|b``, one will do. Imports none."""
    if missing := [names[0] for names in (text.split("|") for text in libraries) if not any(map(installed, names))]:
        extras = dict.fromkeys(EXTRAS[name] for name in missing if name in EXTRAS)
        wanted = [f"'gner-bench[{','.join(extras)}]'"] if extras else []
        wanted += [name for name in missing if name not in EXTRAS]
        are, how = "is" if len(set(missing)) == 1 else "are", " ".join(dict.fromkeys(wanted))
        raise UsageError(f"{', '.join(dict.fromkeys(missing))} {are} not installed; pip install {how}")


def required(library: str) -> Any:
    """The module ``library``. Raises UsageError where it is not installed or cannot be imported."""
    require(library.partition(".")[0])
    try:
        return import_module(library)
    except Exception as error:  # whatever a library raises that does not go together with another
        raise UsageError(f"{library} is installed but cannot be imported: {first_line(error)}") from error


def explained(error: ImportError) -> UsageError | None:
    """What a failed import means for a user; None where a module of this package is at fault."""
    name = (error.name or "").partition(".")[0]
    if name == "gner_bench":
        return None
    if name in EXTRAS:
        try:
            require(name)
        except UsageError as missing:
            return missing
    return UsageError(f"a library cannot be imported, where -v tells: {first_line(error)}")
