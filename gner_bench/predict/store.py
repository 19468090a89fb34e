"""predictions.jsonl while a run writes it: appended line by line, picked up again after a kill."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from gner_bench.errors import InputError
from gner_bench.files import write_atomic
from gner_bench.predict.plan import Key, Task
from gner_bench.records import Json, parse_object


def recover(path: Path, tasks: Iterable[Task]) -> set[Key]:
    """The sentences that ``path`` holds already; a last line cut short by a kill is removed.

    Raises InputError for a line that belongs to another run: not one of ``tasks``, or with another prompt.
    """
    if not path.exists():
        return set()
    _drop_cut_line(path)
    expected = {task.key: task.prompt for task in tasks}
    done = set()
    for number, line in enumerate(_lines(path), start=1):
        key, prompt = _identity(path, number, line)
        if expected.get(key) != prompt:
            raise InputError(path, f"holds {'/'.join(key)} of another run; choose another --out", number)
        done.add(key)
    return done


def _lines(path: Path) -> list[str]:
    try:
        return path.read_bytes().decode("utf-8").split("\n")[:-1]
    except UnicodeDecodeError:
        raise InputError(path, "is not UTF-8 text; choose another --out") from None


def _identity(path: Path, number: int, line: str) -> tuple[Key, str]:
    record = parse_object(path, number, line)
    try:
        return (record["dataset"], record["split"], record["instance"]["id"]), record["instance"]["instruction_inputs"]
    except (KeyError, TypeError):
        raise InputError(path, "is not a line that predict wrote; choose another --out", number) from None


def _drop_cut_line(path: Path) -> None:
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        with path.open("r+b") as file:
            file.truncate(whole)


def append(path: Path, records: Iterable[Json]) -> None:
    """Append records line by line, each flushed before the next is begun."""
    with path.open("a", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
            file.flush()


def put_in_order(path: Path, tasks: Sequence[Task]) -> None:
    """Rewrite a complete file in the order of ``tasks``."""
    by_key = {_identity(path, number, line)[0]: line for number, line in enumerate(_lines(path), start=1)}
    write_atomic(path, "".join(by_key[task.key] + "\n" for task in tasks))
