"""What a prediction run is asked to do, and which sentences of the data it takes: a range, a random sample, named
ones, every n-th."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from gner_bench.answers import LabelOrder
from gner_bench.bio import AnyScheme, Repair
from gner_bench.data import Dataset
from gner_bench.errors import InputError, UsageError, short
from gner_bench.predict.sampling import drawn

if TYPE_CHECKING:
    from gner_bench.predict.same_as import SameAs

T = TypeVar("T")
DecodingName = Literal["drafted", "greedy", "beam", "constrained"]
Split = Literal["train", "dev", "test"]
Api = Literal["completions", "chat"]
TypeNames = Literal["given", "underscore", "upper", "synonyms"]
DtypeName = Literal["auto", "fp32", "bf16", "fp16"]


@dataclass(frozen=True)
class Limit:
    """The sentences ``first`` to ``last`` of each data set, counted from 1, both included."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


@dataclass(frozen=True)
class Shard:
    """Part ``index`` (from 1) of ``count``: every ``count``-th sentence of the run."""

    index: int
    count: int

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    @property
    def folder(self) -> str:
        """The name of its folder below that of the run."""
        return f"shard-{self.index}-of-{self.count}"


@dataclass(frozen=True)
class Options:
    """``data`` is a folder in the GNER layout, None for the cache; no ``datasets`` means all those of the folder.

    ``same_as`` are the sentences of a file, in its order, of which ``limit`` and ``sample_ids`` choose, or of which
    ``sample`` of each data set are drawn by ``sample_seed``. ``sample_ids`` are ``dataset/id``, or plain ids where
    there is one data set; none means all sentences. ``batch_size`` sentences are decoded side by side, or as many as
    ``batch_tokens`` or the memory allow.
    ``draft_from`` is a run whose outputs are the drafts; ``repair`` says what becomes of illegal gold tags;
    ``scheme`` and ``columns`` say how the data is read.
    Raises UsageError for drafts that the decoding has no use for, for two sizes of batches, and for a sample of what
    ``limit`` or ``sample_ids`` choose.
    """

    data: Path | None
    out: Path
    datasets: tuple[str, ...] = ()
    split: Split = "test"
    same_as: SameAs | None = None
    limit: Limit | None = None
    sample: int | None = None
    sample_seed: int = 0
    sample_ids: tuple[str, ...] = ()
    shard: Shard | None = None
    decoding: DecodingName = "drafted"
    batch_size: int | None = None
    batch_tokens: int | None = None
    num_beams: int = 1
    draft_from: Path | None = None
    label_order: LabelOrder = "file"
    seed: int = 0
    repair: Repair = "refuse"
    scheme: AnyScheme = "auto"
    columns: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.draft_from and self.effective_decoding != "drafted":
            raise UsageError(f"--draft-from is for drafted decoding, not for {self.effective_decoding}")
        if self.batch_size is not None and self.batch_tokens is not None:
            raise UsageError("--batch-size and --batch-tokens exclude each other")
        if self.sample is not None and (self.limit or self.sample_ids):
            other = "--limit" if self.limit else "--sample-ids"
            raise UsageError(f"--sample and {other} exclude each other: both choose sentences of each data set")

    @property
    def effective_decoding(self) -> DecodingName:
        """The decoding that is meant: several beams are a beam search."""
        return "beam" if self.num_beams > 1 else self.decoding

    @property
    def folder(self) -> Path:
        """Where the run writes: ``out``, or the folder of its shard in there."""
        return self.out / self.shard.folder if self.shard else self.out


def parse_limit(text: str) -> Limit:
    """``N`` (the first N sentences) or ``A-B``. Raises UsageError for anything else."""
    match = re.fullmatch(r"(?:(\d+)-)?(\d+)", text.strip(), re.ASCII)
    limit = Limit(int(match[1] or 1), int(match[2])) if match else None
    if limit is None or not 1 <= limit.first <= limit.last:
        raise UsageError(f"{short(text)}: expected a number of sentences, or a range such as 11-20")
    return limit


def parse_shard(text: str) -> Shard:
    """``i/n`` with i from 1 to n. Raises UsageError for anything else."""
    match = re.fullmatch(r"(\d+)/(\d+)", text.strip(), re.ASCII)
    shard = Shard(int(match[1]), int(match[2])) if match else None
    if shard is None or not 1 <= shard.index <= shard.count:
        raise UsageError(f"{short(text)}: expected i/n with i from 1 to n, such as 1/4")
    return shard


def parse_seeds(text: str) -> tuple[int, ...]:
    """Seeds separated by commas. Raises UsageError for other text and for a seed that is there twice."""
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch(r"-?\d{1,18}", part, re.ASCII) for part in parts):
        raise UsageError(f"{short(text)}: expected whole numbers separated by commas, such as 0,1,2")
    return distinct_seeds([int(part) for part in parts])


def distinct_seeds(seeds: Sequence[int]) -> tuple[int, ...]:
    """``seeds``, where none is there twice. Raises UsageError, as the two runs would be copies."""
    if twice := [seed for place, seed in enumerate(seeds) if seed in seeds[:place]]:
        raise UsageError(f"names the seed {twice[0]} twice")
    return tuple(seeds)


def parse_ids(text: str) -> tuple[str, ...]:
    """Ids separated by commas or, in ``@FILE``, line ends. Raises UsageError for none, InputError for a bad file."""
    names = text
    if text.startswith("@"):
        path = Path(text[1:])
        try:
            names = path.read_text(encoding="utf-8")
        except OSError as error:
            raise InputError(path, error.strerror or str(error)) from None
        except UnicodeDecodeError:
            raise InputError(path, "is not UTF-8 text") from None
    ids = tuple(dict.fromkeys(name.strip() for name in re.split(r"[,\r\n]", names) if name.strip()))
    if not ids:
        raise UsageError(f"{short(text)}: names no sentence")
    return ids


def chosen(datasets: Sequence[Dataset], options: Options) -> list[Dataset]:
    """``datasets`` cut to a file's sentences, limit, sample and ids, without empty ones.

    Raises UsageError for unknown ids and for none left, InputError for sentences of a file that the data lack.
    """
    limit, ids, cut = options.limit, options.sample_ids, list(datasets)
    if options.same_as is not None:
        cut = options.same_as.chosen(cut)
    if limit is not None:
        cut = [replace(dataset, sentences=dataset.sentences[limit.first - 1 : limit.last]) for dataset in cut]
    if options.sample is not None:
        cut = [drawn(dataset, options.sample, options.sample_seed) for dataset in cut]
    if ids:
        missing, whole, cut = list(dict.fromkeys(ids)), cut, []
        for dataset in whole:
            names = {f"{dataset.name}/{sentence.id}": sentence for sentence in dataset.sentences}
            if len(whole) == 1:
                names |= {sentence.id: sentence for sentence in dataset.sentences}
            wanted = {names[id].id for id in ids if id in names}
            missing = [id for id in missing if id not in names]
            cut.append(replace(dataset, sentences=tuple(s for s in dataset.sentences if s.id in wanted)))
        if missing:
            more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
            known = [dataset.name for dataset in whole]
            form = f"; write DATASET/ID with one of {', '.join(known)}" if len(known) > 1 else f" in {known[0]}"
            raise UsageError(f"--sample-ids: there is no sentence {short(missing[0])}{more}{form}")
    left = [dataset for dataset in cut if dataset.sentences]
    if not left:
        raise UsageError(f"there is no sentence {limit}" if limit else "the data holds no sentence")
    return left


def sharded(items: Sequence[T], shard: Shard | None) -> list[T]:
    """Those of ``shard``; all without one."""
    return list(items[shard.index - 1 :: shard.count] if shard else items)
