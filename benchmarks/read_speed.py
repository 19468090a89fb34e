"""Words a second and memory of reading corpora: every format, and the columns reader on growing files.

    python benchmarks/read_speed.py --data data/gner

The data is read as it stands (GNER layout), then converted to the other formats in a temporary folder and read again.
Memory is the peak that Python allocates while the file is read, by tracemalloc, in a second, slower pass.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from gner_bench.data import Dataset, Reading, dataset_names, read_dataset
from gner_bench.data.formats import Source, read_file
from gner_bench.data.formats.gner import splits
from gner_bench.data.formats.gner_jsonl import write_jsonl
from gner_bench.data.formats.spans import write_spans

KEEP = Reading(repair="keep")


def words_of(datasets: list[Dataset]) -> int:
    return sum(len(sentence.words) for dataset in datasets for sentence in dataset.sentences)


def timed(read: Callable[[], list[Dataset]]) -> tuple[int, float]:
    started = time.perf_counter()
    datasets = read()
    return words_of(datasets), time.perf_counter() - started


def peak_megabytes(read: Callable[[], list[Dataset]]) -> float:
    tracemalloc.start()
    read()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def row(name: str, words: int, seconds: float, megabytes: float | None = None) -> None:
    memory = "" if megabytes is None else f"{megabytes:,.0f}"
    print(f"| {name} | {words:,} | {seconds:.2f} | {words / seconds:,.0f} | {memory} |", flush=True)


def all_sets(root: Path) -> Callable[[], list[Dataset]]:
    return lambda: [
        read_dataset(root, name, split, KEEP) for name in dataset_names(root) for split in splits(root, name)
    ]


def other_formats(root: Path, folder: Path) -> None:
    for format, write in (("gner-jsonl", write_jsonl), ("spans", write_spans)):
        words, seconds = 0, 0.0
        for name in dataset_names(root):
            for split in splits(root, name):
                path = folder / f"{name}-{split}.jsonl"
                write(path, [read_dataset(root, name, split, Reading(repair="begin"))])
                found = timed(partial(read_file, Source(path, name, split), format))
                words, seconds = words + found[0], seconds + found[1]
                path.unlink()
        row(format, words, seconds)


def growing(root: Path, folder: Path) -> None:
    """The largest file of the data, once, twice and four times over."""
    name, split = max(
        ((name, split) for name in dataset_names(root) for split in splits(root, name)),
        key=lambda pair: (root / pair[0] / f"{pair[1]}.txt").stat().st_size,
    )
    text = (root / name / f"{split}.txt").read_text(encoding="utf-8").rstrip("\n") + "\n\n"
    path = folder / "grown.txt"
    for times in (1, 2, 4):
        path.write_text(text * times, encoding="utf-8")

        def read() -> list[Dataset]:
            return read_file(Source(path, name, split, None, KEEP), "conll")

        row(f"{name}/{split} x {times}", *timed(read), peak_megabytes(read))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder in the GNER layout")
    root = parser.parse_args().data
    print("| read | words | seconds | words/s | peak MB |\n| --- | ---: | ---: | ---: | ---: |")
    row("GNER layout, all sets", *timed(all_sets(root)))
    with TemporaryDirectory() as folder:
        other_formats(root, Path(folder))
        growing(root, Path(folder))


if __name__ == "__main__":
    main()
