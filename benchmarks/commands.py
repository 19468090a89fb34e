"""What whole commands take of the processors when little is computed, of several checkouts in turns, as Markdown.

    python benchmarks/commands.py --data DATA --predictions A B --tokenizer T5 --checkout before=FOLDER …

DATA is a folder of data sets in the GNER layout, A and B are predictions of two systems on the same sentences. Every
run is a process of its own on one core, from its start to its exit; a checkout is a folder with a `gner_bench` in it,
and all run with this Python and its libraries. Seconds are those of the processor (user and system, children
included), which say how fast a command is where the machine is busy too: the median of the repeats. The script says
where what the checkouts print on stdout or write, but for run.json, is not equal byte for byte.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import resource
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

SENTENCES = 1_000


def used() -> float:
    """Seconds of the processors that finished processes have used."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def commands(options: argparse.Namespace, folder: Path) -> dict[str, list[str]]:
    """The commands by what the table calls them; OUT is where they write."""
    first, second = map(str, options.predictions)
    thousand = str(first_lines(options.predictions[0], SENTENCES, folder / "thousand.jsonl"))
    tokenizer = ["--tokenizer", str(options.tokenizer)]
    data = ["--data", str(options.data)]
    return {
        "`--help`": ["--help"],
        "`predict --model demo --limit 1`, one set": [
            *("predict", "--model", "demo", *data, "--datasets", "crossner_ai", "--limit", "1", "--out", "OUT/run")
        ],
        "`score`, 1,000 sentences": ["score", thousand, "--tokenizer", "none", "--out", "OUT/scores.json"],
        "`score`, 1,000 sentences, T5's tokenizer": ["score", thousand, *tokenizer, "--out", "OUT/scores.json"],
        "`compare`, 700 sentences, 10,000 trials": ["compare", first, second, *tokenizer, "--json"],
        "`convert`, a set of 40,000 sentences": [
            "convert",
            str(options.data / "WikiANN-en"),
            "OUT/out.jsonl",
            "--to",
            "spans",
        ],
        "`audit`, one set": ["audit", "crossner_ai", *data],
        "`audit`, all sets": ["audit", *data],
    }


def first_lines(file: Path, number: int, out: Path) -> Path:
    """Write as many lines of ``file`` to ``out``, from its beginning again, with new ids, where it has fewer."""
    lines = file.read_text(encoding="utf-8").splitlines()
    many = [line.replace('"id": "', f'"id": "{copy}-') for copy in range(-(-number // len(lines))) for line in lines]
    out.write_text("".join(f"{line}\n" for line in islice(many, number)), encoding="utf-8")
    return out


def run(checkout: Path, command: Sequence[str]) -> tuple[float, str]:
    """Seconds of the processor, and a hash of what was printed and written. Raises RuntimeError where it fails."""
    environment = {**os.environ, "PYTHONPATH": str(checkout.absolute()), "OMP_NUM_THREADS": "1", "NO_COLOR": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    core = str(min(os.sched_getaffinity(0)))
    with TemporaryDirectory() as out:
        ours = [argument.replace("OUT", out) for argument in command]
        before = used()
        done = subprocess.run(
            ["taskset", "-c", core, sys.executable, "-m", "gner_bench", *ours],
            cwd=checkout,  # -m takes a package of the folder first
            env=environment,
            capture_output=True,
        )
        seconds = used() - before
        if done.returncode not in (0, 1):
            raise RuntimeError(f"{' '.join(ours)} ended with {done.returncode}: {done.stderr.decode()}")
        files = sorted(path for path in Path(out).rglob("*") if path.is_file() and path.name != "run.json")
        whole = b"\0".join([done.stdout, *(path.read_bytes() for path in files)])
        return seconds, hashlib.sha256(whole.replace(out.encode(), b"OUT")).hexdigest()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of data sets in the GNER layout")
    parser.add_argument("--predictions", type=Path, nargs=2, required=True, metavar="FILE", help="of two systems")
    parser.add_argument("--tokenizer", type=Path, required=True, metavar="T5", help="for back-tokenization, a folder")
    parser.add_argument("--checkout", action="append", required=True, metavar="NAME=FOLDER", help="may be repeated")
    parser.add_argument("--repeats", type=int, default=5, help="of which the median is taken (default: %(default)s)")
    parser.add_argument("--only", default="", metavar="TEXT", help="only the commands that have it in their name")
    options = parser.parse_args()
    options.data, options.tokenizer = options.data.absolute(), options.tokenizer.absolute()
    options.predictions = [file.absolute() for file in options.predictions]
    return options


def measured(name: str, command: Sequence[str], checkouts: Mapping[str, Path], repeats: int) -> list[float]:
    """The median seconds of each checkout; says so where what they made differs."""
    seconds, hashes = defaultdict[str, list[float]](list), set[str]()
    for _ in range(repeats):
        for checkout, folder in checkouts.items():
            taken, made = run(folder, command)
            seconds[checkout].append(taken)
            hashes.add(made)
    if len(hashes) > 1:
        print(f"what {name} made differs", file=sys.stderr)
    return [statistics.median(seconds[checkout]) for checkout in checkouts]


def main() -> None:
    options = arguments()
    checkouts = {name: Path(folder) for name, _, folder in (each.partition("=") for each in options.checkout)}
    print(f"Python {platform.python_version()}, {platform.machine()}, {options.repeats} repeats\n")
    print(f"| command | {' | '.join(f'{name}, s' for name in checkouts)} | times faster |")
    print(f"| --- |{' ---: |' * (len(checkouts) + 1)}")
    with TemporaryDirectory() as folder:
        for name, command in commands(options, Path(folder)).items():
            if options.only in name:
                medians = measured(name, command, checkouts, options.repeats)
                cells = [f"{median:.2f}" for median in medians] + [f"{medians[0] / medians[-1]:.2f}"]
                print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
