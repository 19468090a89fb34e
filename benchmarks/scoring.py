"""Speed and memory of scoring as a whole process against the obvious implementation, printed as Markdown.

    python benchmarks/scoring.py --predictions FILE --tokenizer T5 [--repeats 5] [--sentences 6470] [--million]

``gner-bench score`` and benchmarks/obvious_scoring.py run from start to exit, in turns, and must agree on every F1 to
1e-9. FILE, without what scoring does not read, is repeated with new ids until it has as many sentences as asked for;
copies share their words, so the back-tokenizer meets fewer new ones than in as many different sentences. Seconds are
the median of the repeats. Memory is that of the process and its children together (proportional set sizes), looked at
50 times a second in a run of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SENTENCES = 6_470
SIZES = (10_000, 100_000)
MILLION = 1_000_000


def repeated(predictions: Path, sentences: int, out: Path) -> Path:
    """Write the first ``sentences`` of the file repeated, to ``out``."""
    with out.open("w", encoding="utf-8") as lines:
        for record in islice(_records(predictions), sentences):
            lines.write(json.dumps(record, ensure_ascii=False) + "\n")
    return out


def _records(predictions: Path) -> Iterator[dict[str, Any]]:
    kept = []
    with predictions.open(encoding="utf-8") as lines:
        for line in lines:
            found = json.loads(line)
            instance = {key: found["instance"][key] for key in ("id", "words", "labels")}
            record = {key: found[key] for key in ("dataset", "split", "label_list", "prediction")}
            kept.append(({**record, "instance": instance}, str(instance["id"])))
    copy = 0
    while True:
        for record, identifier in kept:
            record["instance"]["id"] = f"{identifier}-{copy}" if copy else identifier
            yield record
        copy += 1


def ours(file: Path, tokenizer: Path, out: Path, resamples: int) -> list[str]:
    command = [sys.executable, "-m", "gner_bench", "score", file, "--tokenizer", tokenizer, "--out", out]
    return [*map(str, command), "--resamples", str(resamples)]


def obvious(file: Path, tokenizer: Path, out: Path, resamples: int) -> list[str]:
    command = [sys.executable, HERE / "obvious_scoring.py", file, tokenizer, out]
    return [*map(str, command), "--resamples", str(resamples)]


def seconds(command: Sequence[str]) -> float:
    """Run a command to its end. Raises RuntimeError with what it said when it fails."""
    start = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    found = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")
    return found


def megabytes(command: Sequence[str]) -> float:
    """The most memory that a command and its children held together."""
    most = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            most = max(most, _held(process.pid))
            time.sleep(0.02)
    return most / 1e6


def _held(pid: int) -> int:
    """The bytes of a process and its children; 0 for one that has just ended. Linux only."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return 0
    own = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return own * 1024 + sum(_held(int(child)) for child in children)


def compare(file: Path, options: argparse.Namespace, folder: Path) -> None:
    """Print both ways of scoring ``file``. Raises AssertionError where their F1 differ."""
    outs = [folder / "ours.json", folder / "obvious.json"]
    commands = [
        way(file, options.tokenizer, out, options.resamples) for way, out in zip((ours, obvious), outs, strict=True)
    ]
    turns = [[seconds(command) for command in commands] for _ in range(options.repeats)]
    first, second = (statistics.median(each) for each in zip(*turns, strict=True))
    held = [megabytes(command) for command in commands]
    found, plain = (json.loads(out.read_text(encoding="utf-8")) for out in outs)
    difference = largest_difference(found, plain)
    print_table(
        f"{options.sentences:,} sentences, {options.resamples:,} resamples: the whole process",
        ["", "seconds", "peak MB", "times gner-bench"],
        [
            ["`gner-bench score --out`", f"{first:.2f}", f"{held[0]:.0f}", "1.0"],
            ["obvious implementation", f"{second:.2f}", f"{held[1]:.0f}", f"{second / first:.1f}"],
        ],
    )
    steps = ", ".join(f"{step} {seconds:.2f}" for step, seconds in plain["seconds"].items())
    print(f"\nSeconds of the obvious implementation (last run): {steps}.")
    print(f"Largest difference of an F1 (gner and strict, {len(plain['f1'])} data sets): {difference:.1e}.")


def largest_difference(found: dict[str, Any], plain: dict[str, Any]) -> float:
    differences: list[float] = [
        abs(found["datasets"][name][metric]["f1"] - value)
        for name, figures in plain["f1"].items()
        for metric, value in figures.items()
    ]
    assert len(found["datasets"]) == len(plain["f1"])
    assert max(differences) < 1e-9, differences
    return max(differences)


def measure_size(sentences: int, options: argparse.Namespace, folder: Path, repeats: int) -> list[str]:
    file = repeated(options.predictions, sentences, folder / "many.jsonl")
    command = ours(file, options.tokenizer, folder / "ours.json", options.resamples)
    found = statistics.median([seconds(command) for _ in range(repeats)])
    row = [
        f"{file.stat().st_size / 1e6:,.0f}",
        f"{found:.1f}",
        f"{sentences / found:,.0f}",
        f"{megabytes(command):.0f}",
    ]
    file.unlink()
    return [f"{sentences:,}", *row]


def print_table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print(f"\n**{title}**\n")
    for cells in (heads, ["---", *["---:"] * (len(heads) - 1)], *rows):
        print(f"| {' | '.join(cells)} |", flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--predictions", type=Path, required=True, metavar="FILE", help="a predictions.jsonl")
    parser.add_argument("--tokenizer", type=Path, required=True, metavar="T5", help="for back-tokenization, a folder")
    parser.add_argument("--repeats", type=int, default=5, help="of which the median is taken (default: %(default)s)")
    parser.add_argument("--sentences", type=int, default=SENTENCES, help="of the comparison (default: %(default)s)")
    parser.add_argument(
        "--sizes", type=int, nargs="*", default=SIZES, help="of our command alone (default: %(default)s)"
    )
    parser.add_argument("--million", action="store_true", help="also a million sentences (once; a file of 1.3 GB)")
    parser.add_argument("--resamples", type=int, default=1000, help="of the bootstrap (default: %(default)s)")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} CPUs, {options.repeats} repeats")
    with tempfile.TemporaryDirectory() as folder:
        compare(repeated(options.predictions, options.sentences, Path(folder) / "some.jsonl"), options, Path(folder))
        sizes = [(size, options.repeats) for size in options.sizes] + [(MILLION, 1)] * options.million
        print_table(
            f"`gner-bench score --out`, {options.resamples:,} resamples",
            ["sentences", "file, MB", "seconds", "sentences/s", "peak MB"],
            [measure_size(size, options, Path(folder), repeats) for size, repeats in sizes],
        )


if __name__ == "__main__":
    main()
