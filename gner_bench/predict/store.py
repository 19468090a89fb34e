"""predictions.jsonl while a run writes it: appended line by line, continued after a kill."""

from __future__ import annotations

import errno
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from gner_bench.documents.fields import Fields, Json, parse_object
from gner_bench.documents.record import Record
from gner_bench.errors import GnerBenchError, InputError, IntegrityError
from gner_bench.files import replacement
from gner_bench.predict.plan import Key, Task
from gner_bench.scoring.gold import first_difference

LOCK = ".lock"
SYNC_SECONDS = 10.0
"""How long a finished line may be in the system's memory only."""
BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file: its place in bytes, its sentence, its prompt and what the run noted of the answer."""

    offset: int
    content: bytes
    key: Key
    words: tuple[str, ...]
    tags: tuple[str, ...]
    types: tuple[str, ...]
    prompt: str
    generation: Json


def read_lines(path: Path) -> Iterator[Line]:
    """The lines of the file. Raises InputError for one that predict did not write or that is cut short."""
    # Continuing a run needs less of a line than scoring it does, and must not read 100,000 sentences word by word.
    offset = 0
    with path.open("rb") as file:
        for number, content in enumerate(file, start=1):
            if not content.endswith(b"\n"):
                raise InputError(path, "is a line cut short", number)
            try:
                record = Fields(path, parse_object(path, number, content.decode("utf-8")), number)
                instance = record.inner("instance")
                line = Line(
                    offset,
                    content,
                    (record.get("dataset", str), record.get("split", str), instance.get("id", str)),
                    instance.strings("words"),
                    instance.strings("labels"),
                    record.strings("label_list"),
                    instance.get("instruction_inputs", str),
                    record.get("generation", dict),
                )
            except UnicodeDecodeError:
                raise InputError(path, "is not UTF-8 text; choose another --out", number) from None
            except InputError as error:
                if error.field is None:
                    raise
                raise InputError(path, "is not a line that predict wrote; choose another --out", number) from None
            yield line
            offset += len(content)


def recover(path: Path, tasks: Iterable[Task]) -> tuple[set[Key], Counter[str]]:
    """The sentences that ``path`` holds and, by data set, how many have other gold in the data now.

    A line cut short is removed. Raises InputError for a line of another run, IntegrityError for a sentence whose words
    or types are others in the data now: what was predicted is no answer to what would be asked.
    """
    done: set[Key] = set()
    moved: Counter[str] = Counter()
    if not path.exists():
        return done, moved
    with path.open("r+b") as file:  # is cut after its last line end, which is looked for from the end, block by block
        end = start = file.seek(0, os.SEEK_END)
        whole = 0
        while start and not whole:
            start = max(0, start - BLOCK)
            file.seek(start)
            last = file.read(BLOCK).rfind(b"\n")
            whole = start + last + 1 if last >= 0 else 0
        if whole < end:
            file.truncate(whole)
    expected = {task.key: task for task in tasks}
    for number, line in enumerate(read_lines(path), start=1):
        task, name = expected.get(line.key), "/".join(line.key)
        if task is not None and (other := _other_data(line, task)):
            raise IntegrityError(
                f"{path}, line {number}: {name} has other {other}: the data changed after it was predicted;"
                " put the data back or choose another --out"
            )
        if task is None or task.whole_prompt != line.prompt:
            raise InputError(path, f"holds {name} of another run; choose another --out", number)
        done.add(task.key)
        moved[task.dataset] += line.tags != task.sentence.tags
    return done, +moved


def whole_lines(path: Path) -> int:
    """How many lines of the file are finished; 0 where it is not there."""
    if not path.exists():
        return 0
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(BLOCK), b""))


def _other_data(line: Line, task: Task) -> str:
    """What of the sentence that was asked is not in the data now, empty where all is."""
    if line.words != task.sentence.words:
        return f"words ({first_difference(line.words, task.sentence.words, 'data')})"
    if line.types != (types := task.own_types or task.types):
        return f"types ({', '.join(line.types)}; in the data {', '.join(types)})"
    return ""


def renew_gold(path: Path, tasks: Iterable[Task]) -> None:
    """Give the sentences of ``path`` the gold tags of ``tasks``: at once, or not at all.

    The lines are then those that a run on this data writes. What was predicted stays, as no prompt holds gold. Raises
    InputError as ``appending`` does.
    """
    expected = {task.key: task for task in tasks}
    with replacing(path) as target:
        for line in read_lines(path):
            task, content = expected[line.key], line.content
            if line.tags != task.sentence.tags:
                record = json.loads(content)
                now = task.record("", {}).document()["instance"]
                record["instance"] |= {key: now[key] for key in ("labels", "prompt_labels")}
                content = _encoded(record)
            target.write(content)


def _encoded(document: Json) -> bytes:
    """The line of a record."""
    return json.dumps(document, ensure_ascii=False).encode("utf-8") + b"\n"


@contextmanager
def appending(path: Path) -> Iterator[Callable[[Record], None]]:
    """Yields what appends a record as a line. Raises InputError when the disk is full or fails; lines before stay."""
    with _explained(path):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    synced = time.monotonic()

    def append(record: Record) -> None:
        nonlocal synced
        data = _encoded(record.document())
        with _explained(path):
            # One write a line, so that a kill leaves whole lines; a nearly full disk takes only a part of one.
            while data:
                data = data[os.write(file, data) :]
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


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        what = (
            "the disk is full: make room" if full else f"cannot be written ({error.strerror or error}): fix the cause"
        )
        raise InputError(path, f"{what} and run the same command again; finished sentences are kept") from None


@dataclass
class Totals:
    """What the lines of a file note: ``cut`` counts prompts that were cut (``input_cut``) and, by their finish reason,
    answers that did not end by themselves; tokens are summed. ``uncounted`` answers are of prompts without a count."""

    cut: Counter[str] = field(default_factory=Counter)
    prompt_tokens: int = 0
    completion_tokens: int = 0
    uncounted: int = 0

    def add(self, noted: Json) -> None:
        """Count what is noted of an answer."""
        self.cut["input_cut"] += bool(noted.get("input_cut"))
        if (finish := noted.get("finish")) not in ("stop", None):
            self.cut[str(finish)] += 1
        self.prompt_tokens += noted.get("prompt_tokens", 0)
        self.completion_tokens += noted.get("tokens", 0)
        self.uncounted += "prompt_tokens" not in noted

    def statistics(self, price: tuple[float, float] | None) -> Json:
        """The tokens, and what they cost, where the prompts' were counted."""
        if not self.prompt_tokens and price is None:
            return {}
        noted: Json = {"prompt_tokens": self.prompt_tokens, "completion_tokens": self.completion_tokens}
        if self.uncounted:
            noted["answers_without_tokens"] = self.uncounted
        if price is not None:
            dollars = (self.prompt_tokens * price[0] + self.completion_tokens * price[1]) / 1e6
            noted |= {"dollars": round(dollars, 6), "dollars_for_a_million_tokens": list(price)}
        return noted


def put_in_order(path: Path, tasks: Sequence[Task]) -> Totals:
    """Order a complete file as ``tasks`` are, and sum up its lines. Raises GnerBenchError where one is missing."""
    places: dict[Key, tuple[int, int]] = {}
    totals = Totals()
    doubled = False
    for line in read_lines(path):
        if line.key in places:
            doubled = True  # the first line is kept
            continue
        places[line.key] = line.offset, len(line.content)
        totals.add(line.generation)
    missing = sum(task.key not in places for task in tasks)
    if missing:
        raise GnerBenchError(f"{path}: {missing} sentences got no output; run the same command again")
    if doubled or list(places) != [task.key for task in tasks]:
        with path.open("rb") as source, replacing(path) as target:
            for task in tasks:
                offset, length = places[task.key]
                source.seek(offset)
                target.write(source.read(length))
    return totals


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Yields a file that takes the place of ``path`` at the end, or not at all. Raises InputError as appending does."""
    with _explained(path), replacement(path) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
