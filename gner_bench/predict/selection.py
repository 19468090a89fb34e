"""Which sentences of the data a run takes: a range, named ones, every n-th."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gner_bench.data import Dataset
from gner_bench.errors import InputError, UsageError, short
from gner_bench.predict.options import Limit, Options, Shard
from gner_bench.predict.plan import Task


def parse_limit(text: str) -> Limit:
    """``N`` (the first N sentences) or ``A-B``. Raises UsageError for anything else."""
    found = re.fullmatch(r"(?:(\d+)-)?(\d+)", text.strip(), re.ASCII)
    limit = Limit(int(found[1] or 1), int(found[2])) if found else None
    if limit is None or not 1 <= limit.first <= limit.last:
        raise UsageError(f"{short(text)}: expected a number of sentences, or a range such as 11-20")
    return limit


def parse_shard(text: str) -> Shard:
    """``i/n`` with i from 1 to n. Raises UsageError for anything else."""
    found = re.fullmatch(r"(\d+)/(\d+)", text.strip(), re.ASCII)
    shard = Shard(int(found[1]), int(found[2])) if found else None
    if shard is None or not 1 <= shard.index <= shard.count:
        raise UsageError(f"{short(text)}: expected i/n with i from 1 to n, such as 1/4")
    return shard


def parse_ids(text: str) -> tuple[str, ...]:
    """Ids separated by commas, or ``@FILE`` with ids separated by commas or line ends.

    Raises UsageError when there is none, InputError for a file that cannot be read.
    """
    source = _read(Path(text[1:])) if text.startswith("@") else text
    ids = tuple(dict.fromkeys(each.strip() for each in re.split(r"[,\r\n]", source) if each.strip()))
    if not ids:
        raise UsageError(f"{short(text)}: names no sentence")
    return ids


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(path, error.strerror or str(error)) from None
    except UnicodeDecodeError:
        raise InputError(path, "is not UTF-8 text") from None


def chosen(datasets: Sequence[Dataset], options: Options) -> list[Dataset]:
    """``datasets`` cut to the limit and the ids of ``options``, without those of which nothing is left.

    Raises UsageError for an id that no data set has within the limit, and when nothing at all is left.
    """
    cut = [_within(dataset, options.limit) for dataset in datasets]
    if options.sample_ids:
        cut = _named(cut, options.sample_ids)
    left = [dataset for dataset in cut if dataset.sentences]
    if not left:
        raise UsageError(f"there is no sentence {options.limit}" if options.limit else "the data holds no sentence")
    return left


def sharded(tasks: Sequence[Task], shard: Shard | None) -> list[Task]:
    """The tasks of ``shard``; all without one."""
    return list(tasks[shard.index - 1 :: shard.count] if shard else tasks)


def _within(dataset: Dataset, limit: Limit | None) -> Dataset:
    if limit is None:
        return dataset
    return replace(dataset, sentences=dataset.sentences[limit.first - 1 : limit.last])


def _named(datasets: Sequence[Dataset], ids: Sequence[str]) -> list[Dataset]:
    missing, cut = dict.fromkeys(ids), []
    for dataset in datasets:
        names = {f"{dataset.name}/{sentence.id}": sentence for sentence in dataset.sentences}
        if len(datasets) == 1:
            names |= {sentence.id: sentence for sentence in dataset.sentences}
        wanted = {names[each].id for each in ids if each in names}
        missing = {each: None for each in missing if each not in names}
        cut.append(replace(dataset, sentences=tuple(s for s in dataset.sentences if s.id in wanted)))
    if missing:
        raise UsageError(_unknown_ids(list(missing), [dataset.name for dataset in datasets]))
    return cut


def _unknown_ids(missing: Sequence[str], names: Sequence[str]) -> str:
    more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
    form = f"; write DATASET/ID with one of {', '.join(names)}" if len(names) > 1 else f" in {names[0]}"
    return f"--sample-ids: there is no sentence {short(missing[0])}{more}{form}"
