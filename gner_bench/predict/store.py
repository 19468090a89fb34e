"""predictions.jsonl while a run writes it: appended line by line, picked up again after a kill."""

from __future__ import annotations

import errno
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gner_bench.errors import GnerBenchError, InputError
from gner_bench.fetch.lock import locked_if_free
from gner_bench.predict.plan import Key, Task
from gner_bench.records import Json, parse_object

LOCK = ".lock"
SYNC_SECONDS = 10.0
"""How long a finished line may be in the system's memory only."""
BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file: its place in bytes, its sentence, and what stands in it."""

    offset: int
    content: bytes
    key: Key
    prompt: str
    generation: Json


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep other processes from writing the run in ``folder``. Raises GnerBenchError when one does."""
    with locked_if_free(folder / LOCK) as free:
        if not free:
            raise GnerBenchError(f"{folder}: another process is writing this run; wait for it or choose another --out")
        yield


def read_lines(path: Path) -> Iterator[Line]:
    """The lines of the file. Raises InputError for one that predict did not write or that is cut short."""
    offset = 0
    with path.open("rb") as file:
        for number, content in enumerate(file, start=1):
            yield _line(path, number, offset, content)
            offset += len(content)


def _line(path: Path, number: int, offset: int, content: bytes) -> Line:
    if not content.endswith(b"\n"):
        raise InputError(path, "is a line cut short", number)
    try:
        record = parse_object(path, number, content.decode("utf-8"))
        instance = record["instance"]
        key = (record["dataset"], record["split"], instance["id"])
        return Line(offset, content, key, instance["instruction_inputs"], record["generation"])
    except UnicodeDecodeError:
        raise InputError(path, "is not UTF-8 text; choose another --out", number) from None
    except (KeyError, TypeError):
        raise InputError(path, "is not a line that predict wrote; choose another --out", number) from None


def recover(path: Path, tasks: Iterable[Task]) -> set[Key]:
    """The sentences that ``path`` holds already; a last line cut short by a kill is removed.

    Raises InputError for a line that belongs to another run: not one of ``tasks``, or with another prompt.
    """
    if not path.exists():
        return set()
    _drop_cut_line(path)
    expected = {task.key: task for task in tasks}
    done = set()
    for number, line in enumerate(read_lines(path), start=1):
        task = expected.get(line.key)
        if task is None or task.prompt != line.prompt:
            raise InputError(path, f"holds {'/'.join(map(str, line.key))} of another run; choose another --out", number)
        done.add(task.key)
    return done


def _drop_cut_line(path: Path) -> None:
    with path.open("r+b") as file:
        end = start = file.seek(0, os.SEEK_END)
        whole = 0
        while start and not whole:
            start = max(0, start - BLOCK)
            file.seek(start)
            found = file.read(BLOCK).rfind(b"\n")
            whole = start + found + 1 if found >= 0 else 0
        if whole < end:
            file.truncate(whole)


@contextmanager
def appending(path: Path) -> Iterator[Callable[[Json], None]]:
    """Yields the function that appends a record as one line, in one write, on disk ``SYNC_SECONDS`` later at most.

    Raises InputError when the disk is full or fails; lines written before stay.
    """
    with _explained(path):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    synced = time.monotonic()

    def append(record: Json) -> None:
        nonlocal synced
        with _explained(path):
            _write(file, json.dumps(record, ensure_ascii=False).encode("utf-8") + b"\n")
            if time.monotonic() - synced >= SYNC_SECONDS:
                os.fsync(file)
                synced = time.monotonic()

    try:
        yield append
    finally:
        with _explained(path):
            try:
                os.fsync(file)
            finally:
                os.close(file)


def _write(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        what = "the disk is full: make room" if full else f"cannot be written ({error.strerror or error}): mend that"
        raise InputError(path, f"{what} and run the same command again; finished sentences are kept") from None


def put_in_order(path: Path, tasks: Sequence[Task]) -> Counter[str]:
    """Rewrite a complete file in the order of ``tasks``, if it is not, and return what it says of cut sentences.

    Of a sentence that stands twice the first line is kept. Raises GnerBenchError when one is missing.
    """
    places: dict[Key, tuple[int, int]] = {}
    cut: Counter[str] = Counter()
    doubled = False
    for line in read_lines(path):
        if line.key in places:
            doubled = True
            continue
        places[line.key] = line.offset, len(line.content)
        cut.update(_cut_marks(line))
    missing = sum(task.key not in places for task in tasks)
    if missing:
        raise GnerBenchError(f"{path}: {missing} sentences got no output; run the same command again")
    if doubled or list(places) != [task.key for task in tasks]:
        _reorder(path, [places[task.key] for task in tasks])
    return cut


def _cut_marks(line: Line) -> list[str]:
    marks = ["input_cut"] if line.generation.get("input_cut") else []
    return [*marks, "length"] if line.generation.get("finish") == "length" else marks


def _reorder(path: Path, places: Iterable[tuple[int, int]]) -> None:
    with path.open("rb") as source, replacing(path) as target:
        for offset, length in places:
            source.seek(offset)
            target.write(source.read(length))


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Yields a file that takes the place of ``path`` at the end, or not at all. Raises InputError as appending does."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with _explained(path):
            with temporary.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink()
