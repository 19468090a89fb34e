"""How long `gner-bench report` takes from the command to the last file, of several checkouts in turns, as Markdown.

    python benchmarks/report.py FILE… --tokenizer PATH --checkout before=FOLDER --checkout after=. [--cores 2,1]

Every run is a process of its own with default options: the prediction FILEs are scored, and all tables, figures and the
page are written. A checkout is a folder with a `gner_bench` in it; all run with this Python and its libraries, on the
first so many cores of this process. Seconds are medians of the repeats; those of the processors (user and system) are
of all processes together and say how fast it is where the machine is busy.
"""

from __future__ import annotations

import argparse
import compileall
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory


@dataclass(frozen=True)
class Run:
    """``wall`` and ``processors`` in seconds, the ``files`` written and their ``size`` in bytes."""

    wall: float
    processors: float
    files: int
    size: int


def used() -> float:
    """Seconds of the processors that finished processes have used."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(checkout: Path, cores: int, arguments: list[str]) -> Run:
    """One report, into a new folder. Raises CalledProcessError where it fails."""
    chosen = sorted(os.sched_getaffinity(0))[:cores]
    environment = {**os.environ, "PYTHONPATH": str(checkout.absolute()), "OMP_NUM_THREADS": "1"}
    with TemporaryDirectory() as out:
        command = [sys.executable, "-m", "gner_bench", "--quiet", "report", *arguments, "--out", out]
        before, start = used(), time.perf_counter()
        subprocess.run(
            ["taskset", "-c", ",".join(map(str, chosen)), *command],
            check=True,
            cwd=checkout,  # -m takes a package of the folder first
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wall, processors = time.perf_counter() - start, used() - before
        files = [path for path in Path(out).rglob("*") if path.is_file()]
        return Run(wall, processors, len(files), sum(path.stat().st_size for path in files))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--tokenizer", default="none", metavar="PATH", help="back-tokenizer (default: %(default)s)")
    parser.add_argument("--checkout", action="append", required=True, metavar="NAME=FOLDER", help="may be repeated")
    parser.add_argument("--cores", default="2,1", metavar="N,…", help="cores to run on (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="of which the median is taken (default: %(default)s)")
    options = parser.parse_args()
    checkouts = {name: Path(folder) for name, _, folder in (each.partition("=") for each in options.checkout)}
    tokenizer = Path(options.tokenizer)
    known = str(tokenizer.absolute()) if tokenizer.exists() else options.tokenizer
    arguments = [*map(str, map(Path.absolute, options.files)), "--tokenizer", known]
    for checkout in checkouts.values():
        compileall.compile_dir(checkout / "gner_bench", quiet=1)  # as pip does where it installs
    runs: dict[tuple[str, int], list[Run]] = defaultdict(list)
    for _ in range(options.repeats):
        for cores in map(int, options.cores.split(",")):
            for name, checkout in checkouts.items():
                runs[name, cores].append(run(checkout, cores, arguments))
    print(f"Python {platform.python_version()}, {platform.machine()}, load {os.getloadavg()[1]:.1f}\n")
    print("| report | cores | seconds | of the processors | files | MB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for (name, cores), found in runs.items():
        wall, processors = (statistics.median(getattr(each, what) for each in found) for what in ("wall", "processors"))
        size = found[0].size / 1e6
        print(f"| {name} | {cores} | {wall:.1f} | {processors:.1f} | {found[0].files} | {size:.2f} |")


if __name__ == "__main__":
    main()
