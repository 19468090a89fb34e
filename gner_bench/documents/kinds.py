"""What a file or folder is that was given where another is wanted, and which command takes it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MOST_BYTES = 1 << 28
"""Of a file that is looked into."""
NAMED = 3
"""Runs that a message names."""


@dataclass(frozen=True)
class Kind:
    """``what`` is said of it, how to ``use`` it (with its ``{path}``), and the verbs, or options, that take it."""

    what: str
    use: str
    verbs: tuple[str, ...] = ()


OF_SYSTEMS = ("score", "compare", "report", "leaderboard", "explain", "push")
OF_SCORES = ("compare", "report", "leaderboard", "push", "--baseline")
AGAIN = "no command reads it: give {verb} the scores or runs again"
EXPERIMENT = Kind("is a configuration of run", "gner-bench run {path}", ("run",))
JSON = (
    (("datasets", "average"), Kind("is a scores.json", "compare, report and score --baseline take it", OF_SCORES)),
    (("comparisons", "systems"), Kind("is the result of a comparison", AGAIN.format(verb="compare"))),
    (("leaderboard", "parts"), Kind("is the leaderboard.json of a leaderboard", AGAIN.format(verb="leaderboard"))),
    (("report", "tables"), Kind("is the report.json of a report", AGAIN.format(verb="report"))),
    (("model", "datasets"), Kind("is the run.json of a run", "give its folder, {folder}, to score, compare or report")),
    (("model", "added_tokens"), Kind("is a tokenizer", "score, compare and report take it as --tokenizer {path}")),
    (("instance", "prediction"), Kind("holds predictions", "score takes them, and --out keeps scores", OF_SYSTEMS)),
)
"""The kind of a JSON document, or of lines of them, by keys that it has, the first that fits."""
TOML = (
    (("systems",), EXPERIMENT),
    (("checkpoints",), EXPERIMENT),
    (("checkpoint",), Kind("is a recipe of train", "gner-bench train {path}", ("train",))),
)
"""The kind of a TOML document, likewise."""
FOLDERS = (
    ("predictions.jsonl*", Kind("is the folder of a run", "score, compare, report and explain take it", OF_SYSTEMS)),
    ("shard-*-of-*", Kind("is a run in shards", "gner-bench merge {path} puts them together", ("merge",))),
    ("report.json", Kind("is the folder of a report", AGAIN.format(verb="report"))),
    ("scores.json", Kind("holds no predictions", "compare and report take {path}/scores.json")),
    ("config.json", Kind("is a checkpoint", "gner-bench predict --model {path}", ("predict", "tag"))),
    (
        "label.txt",
        Kind("is a data set", "score takes it as --gold {path}, predict and audit its folder as --data", ("convert",)),
    ),
    ("*/label.txt", Kind("is a folder of data sets", "predict and audit take it as --data {path}", ("convert",))),
)
"""The kind of a folder by what is in it, the first that fits."""


def told_kind(path: Path, verb: str) -> str:
    """What ``path`` is and what takes it, empty where ``verb`` takes such or it is nothing that is known."""
    try:
        kind = _of_folder(path) if path.is_dir() else _of_file(path)
    except (OSError, ValueError, RecursionError):
        return ""
    if kind is None or verb in kind.verbs:
        return ""
    return f"{kind.what}; {kind.use.format(path=path, folder=path.parent)}"


def _of_file(path: Path) -> Kind | None:
    if not path.is_file() or path.stat().st_size > MOST_BYTES:
        return None
    text = path.read_text(encoding="utf-8")
    known, document = (TOML, tomllib.loads(text)) if path.suffix == ".toml" else (JSON, _json(text))
    keys = set(document if isinstance(document, dict) else ())
    return next((kind for wanted, kind in known if keys.issuperset(wanted)), None)


def _json(text: str) -> Any:
    """The document, or the first of documents in lines."""
    try:
        return json.loads(text)
    except ValueError:
        return json.loads(text.partition("\n")[0])


def _of_folder(path: Path) -> Kind | None:
    for pattern, kind in FOLDERS:
        if any(path.glob(pattern)):
            return kind
    runs = sorted(_runs_below(path), key=str)
    if not runs:
        return None
    more = f" and {len(runs) - NAMED} more" if len(runs) > NAMED else ""
    return Kind("holds no predictions", f"runs are below it: {', '.join(map(str, runs[:NAMED]))}{more}")


def _runs_below(path: Path) -> Iterator[Path]:
    for depth in range(1, 4):
        yield from {file.parent for file in path.glob("*/" * depth + "predictions.jsonl*")}
