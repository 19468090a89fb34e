"""The shards of a run put together: one predictions.jsonl in the order of the data, and its run.json."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from gner_bench.errors import IncompleteError, InputError
from gner_bench.fetch.lock import locked
from gner_bench.files import write_atomic, write_json
from gner_bench.predict import run_record, store
from gner_bench.predict.options import Shard
from gner_bench.predict.plan import Key, prompt_hash
from gner_bench.records import Json
from gner_bench.structure.back_tokenizer import tokenizer_file

COMMON = ("version", "model", "settings", "batch_size", "datasets", "selection", "prompt_hash", "versions")
"""Keys of run.json that a merged run takes over from its first shard."""
OWN = ("device", "command", "started", "ended", "sentences", "cut", "throughput", "statistics")
"""Keys that it keeps for each shard."""


@dataclass(frozen=True)
class _Part:
    """A shard on disk: its folder and its run.json."""

    shard: Shard
    folder: Path
    document: Json

    @property
    def sentences(self) -> int:
        """How many lines it must have."""
        return int(self.document["sentences"])


def merge(folder: Path) -> Path:
    """Write ``folder/predictions.jsonl`` and run.json from the folders ``shard-i-of-n`` in it and return the former.

    Shards may have run on other devices and in other batches. Raises IncompleteError naming shards that are missing or
    unfinished, InputError when there is none, when they differ in weights, settings or data, and when ``folder`` holds
    another run.
    """
    if not _shards(folder):
        raise InputError(folder, "holds no shards (folders such as shard-1-of-4, which predict --shard 1/4 writes)")
    with locked(folder / store.LOCK):
        parts = _parts(folder)
        document = _document(parts)
        about, path = folder / "run.json", folder / "predictions.jsonl"
        run_record.refuse_other_run(about, document)
        if not (path.exists() and run_record.is_done(about) and _same_data(run_record.read(about), document)):
            _interleave(parts, path, document["prompt_hash"])
            file = tokenizer_file(parts[0].folder)
            if file is not None:
                write_atomic(folder / file.name, file.read_bytes())
            write_json(about, document)
        return path


def _parts(folder: Path) -> list[_Part]:
    found = _shards(folder)
    counts = sorted({shard.count for shard in found})
    if len(counts) > 1:
        raise InputError(folder, f"holds shards of several runs: of {' and of '.join(map(str, counts))}")
    parts = [_read(shard, path) for shard, path in sorted(found.items(), key=lambda each: each[0].index)]
    for part in parts:
        _require_same(parts[0], part)
    begun = {part.shard: part for part in parts}
    wanted = [Shard(index, counts[0]) for index in range(1, counts[0] + 1)]
    lacking = [_unfinished(begun[shard]) if shard in begun else f"shard {shard} is not there" for shard in wanted]
    if any(lacking):
        raise IncompleteError(f"{folder}: {'; '.join(filter(None, lacking))}")
    return parts


def refuse_other_shards(folder: Path, shard: Shard) -> None:
    """Raise InputError when ``folder`` holds shards of another number, with which ``shard`` could not be merged."""
    for other in sorted(_shards(folder), key=str):
        if other.count != shard.count:
            raise InputError(folder, f"holds a shard {other}, not of {shard.count}; choose another --out")


def _shards(folder: Path) -> dict[Shard, Path]:
    """The shards in ``folder`` that have begun."""
    found = {}
    for path in folder.glob("shard-*-of-*/run.json"):
        numbers = re.fullmatch(r"shard-(\d+)-of-(\d+)", path.parent.name)
        if numbers:
            found[Shard(int(numbers[1]), int(numbers[2]))] = path.parent
    return found


def _read(shard: Shard, folder: Path) -> _Part:
    document = run_record.read(folder / "run.json")
    if not {"status", "sentences", *COMMON} <= document.keys():
        raise InputError(folder / "run.json", "is not the run.json of a shard")
    return _Part(shard, folder, document)


def _require_same(first: _Part, other: _Part) -> None:
    differing = run_record.differences(other.document, first.document)
    if not differing and not _same_data(other.document, first.document):
        differing = ["other sentences or prompts"]
    if differing:
        raise InputError(other.folder, f"differs from {first.shard.folder}: {'; '.join(differing)}")


def _same_data(one: Json, other: Json) -> bool:
    return one.get("prompt_hash") == other.get("prompt_hash") and _hashes(one) == _hashes(other)


def _hashes(document: Json) -> Json:
    return {name: each.get("content_hash") for name, each in document.get("datasets", {}).items()}


def _unfinished(part: _Part) -> str:
    """What a shard still lacks, in words."""
    path = part.folder / "predictions.jsonl"
    lines = _count_lines(path) if path.exists() else 0
    if lines == part.sentences and part.document["status"] == "done":
        return ""
    return f"shard {part.shard} is unfinished ({lines} of {part.sentences} sentences)"


def _count_lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(line.endswith(b"\n") for line in file)


def _interleave(parts: Sequence[_Part], path: Path, expected: str) -> None:
    """Write the lines of ``parts`` in turn. Raises InputError unless they hold the prompts that ``expected`` names."""
    keys: set[Key] = set()
    with store.replacing(path) as target:

        def prompts() -> Iterator[str]:
            for line in _in_turn(parts):
                target.write(line.content)
                keys.add(line.key)
                yield line.prompt

        if prompt_hash(prompts()) != expected or len(keys) != sum(part.sentences for part in parts):
            raise InputError(path.parent, "the shards do not hold the sentences that their run.json names")


def _in_turn(parts: Sequence[_Part]) -> Iterator[store.Line]:
    shards = [store.read_lines(part.folder / "predictions.jsonl") for part in parts]
    for each in zip_longest(*shards):
        yield from filter(None, each)


def _document(parts: Sequence[_Part]) -> Json:
    first = parts[0].document
    marks = {mark for part in parts for mark in part.document["cut"]}
    return {
        **{key: first[key] for key in COMMON},
        "status": "done",
        "selection": {name: value for name, value in first["selection"].items() if name != "shard"},
        "device": ", ".join(dict.fromkeys(part.document["device"] for part in parts)),
        "git_commit": first["git_commit"],
        "started": min(part.document["started"] for part in parts),
        "ended": max(part.document["ended"] for part in parts),
        "sentences": sum(part.sentences for part in parts),
        "sentences_done": sum(part.sentences for part in parts),
        "cut": {mark: sum(part.document["cut"].get(mark, 0) for part in parts) for mark in sorted(marks)},
        "shards": [{key: part.document[key] for key in OWN} for part in parts],
    }
