"""The shards of a run put together: one predictions.jsonl in the order of the data, and its run.json."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

from gner_bench.config import plain
from gner_bench.data.sentence import ContentHash
from gner_bench.documents.run import NAME, Run, differences, read_own_run, refuse_other_run, write_run
from gner_bench.errors import IncompleteError, InputError, IntegrityError
from gner_bench.fetch.home import locked
from gner_bench.files import write_atomic
from gner_bench.predict import store
from gner_bench.predict.options import Shard
from gner_bench.predict.plan import Key, prompt_hash
from gner_bench.structure.back_tokenizer import tokenizer_file

OWN = ("device", "threads", "command", "started", "ended", "sentences", "cut", "throughput", "statistics")
"""Keys of run.json that a merged run keeps for each shard."""


def merge(folder: Path) -> Path:
    """Write ``folder/predictions.jsonl`` and run.json from the folders ``shard-i-of-n`` in it and return the former.

    Shards may have run on other devices and in other batches. Raises IncompleteError naming shards that are missing or
    unfinished, InputError when there is none, when they differ in weights, settings or data, and when ``folder`` holds
    another run, IntegrityError when their sentences have other words or gold than run.json describes.
    """
    if not shards_in(folder):
        raise InputError(folder, "holds no shards (folders such as shard-1-of-4, which predict --shard 1/4 writes)")
    with locked(folder / store.LOCK):
        parts = _parts(folder)
        run = _merged([part for _, part in parts])
        about, path = folder / NAME, folder / "predictions.jsonl"
        refuse_other_run(about, run)
        before = read_own_run(about) if about.exists() else None
        if before is not None and path.exists() and before.done and same_data(before, run):
            return path
        keys: set[Key] = set()
        contents: dict[str, ContentHash] = {}
        with store.replacing(path) as target:

            def prompts() -> Iterator[str]:
                for turn in zip_longest(*(store.read_lines(part / path.name) for part, _ in parts)):
                    for line in filter(None, turn):
                        target.write(line.content)
                        keys.add(line.key)
                        contents.setdefault(line.key[0], ContentHash()).add(line.words, line.tags)
                        yield line.prompt

            if prompt_hash(prompts()) != run.prompt_hash or len(keys) != run.sentences:
                raise InputError(folder, "the shards do not hold the sentences that their run.json names")
            hashes = {name: content.hexdigest() for name, content in contents.items()}
            if moved := [name for name, data in run.datasets.items() if hashes.get(name) != data.content_hash]:
                raise IntegrityError(
                    f"{folder}: the gold of {', '.join(moved)} in the shards is not that of their run.json; run the"
                    " commands of the shards again, which renew it"
                )
        file = tokenizer_file(parts[0][0])
        if file is not None:
            write_atomic(folder / file.name, file.read_bytes())
        write_run(about, run)
        return path


def _parts(folder: Path) -> list[tuple[Path, Run]]:
    """Shards in order. Raises InputError for several runs, IncompleteError naming what is missing."""
    shards = shards_in(folder)
    counts = sorted({shard.count for shard in shards})
    if len(counts) > 1:
        raise InputError(folder, f"holds shards of several runs: of {' and of '.join(map(str, counts))}")
    runs = {shard: read_own_run(shards[shard] / NAME) for shard in sorted(shards, key=lambda shard: shard.index)}
    first, *_ = runs
    for shard, run in runs.items():
        differing = differences(run, runs[first])
        if not differing and not same_data(run, runs[first]):
            differing = ["other sentences or prompts"]
        if differing:
            raise InputError(shards[shard], f"differs from {first.folder}: {'; '.join(differing)}")
    lacking = []
    for shard in (Shard(index, counts[0]) for index in range(1, counts[0] + 1)):
        if shard not in runs:
            lacking.append(f"shard {shard} is not there")
            continue
        lines, path, run = 0, shards[shard] / "predictions.jsonl", runs[shard]
        if path.exists():
            with path.open("rb") as file:
                lines = sum(line.endswith(b"\n") for line in file)
        if lines != run.sentences or not run.done:
            lacking.append(f"shard {shard} is unfinished ({lines} of {run.sentences} sentences)")
    if lacking:
        raise IncompleteError(f"{folder}: {'; '.join(lacking)}")
    return [(shards[shard], run) for shard, run in runs.items()]


def shards_in(folder: Path) -> dict[Shard, Path]:
    """The shards in ``folder`` that have begun."""
    shards = {}
    for path in folder.glob(f"shard-*-of-*/{NAME}"):
        numbers = re.fullmatch(r"shard-(\d+)-of-(\d+)", path.parent.name)
        if numbers:
            shards[Shard(int(numbers[1]), int(numbers[2]))] = path.parent
    return shards


def same_data(one: Run, other: Run) -> bool:
    """Whether two runs asked the same of the same sentences with the same gold."""
    hashes = [{name: data.content_hash for name, data in run.datasets.items()} for run in (one, other)]
    return one.prompt_hash == other.prompt_hash and hashes[0] == hashes[1]


def _merged(runs: Sequence[Run]) -> Run:
    """The run.json of the whole, which keeps of each shard what only that one did."""
    marks = sorted({mark for run in runs for mark in run.cut})
    sentences = sum(run.sentences for run in runs)
    return replace(
        runs[0],
        status="done",
        selection={name: value for name, value in runs[0].selection.items() if name != "shard"},
        device=", ".join(dict.fromkeys(run.device for run in runs)),
        command=(),
        started=min(run.started for run in runs),
        ended=max(run.ended or "" for run in runs),
        sentences=sentences,
        sentences_done=sentences,
        cut={mark: sum(run.cut.get(mark, 0) for run in runs) for mark in marks},
        throughput={},
        statistics={},
        more={"shards": [{key: plain(getattr(run, key)) for key in OWN} for run in runs]},
    )
