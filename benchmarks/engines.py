"""A decoder-only GNER checkpoint in vLLM, in vLLM with our drafter and in our own loop, printed as Markdown.

    python benchmarks/engines.py --model FOLDER --data DATA [--limit N] [--out build/engines]

Needs a GPU and `pip install 'gner-bench[vllm]'`: none was at hand where this was written, so there is no table. Each
way is one `gner-bench predict` in a process of its own, on the first sentences of each data set; what is complete in
``--out`` is not run again. Sentences a second are those of run.json, without loading; "seconds" are of the
whole process, empty for one that was complete. Texts are compared with those of the first way that ran: in bf16
near-ties flip with the shape of a pass, in every engine, so that `--dtype fp32` tells whether an engine is exact.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from gner_bench.documents.record import read_records
from gner_bench.documents.run import NAME

WAYS = {
    "`generate`": ("--backend", "local", "--decoding", "greedy"),
    "our loop": ("--backend", "local"),
    "vLLM": ("--backend", "vllm", "--decoding", "greedy"),
    "vLLM, our drafter": ("--backend", "vllm"),
}


def predict(words: Sequence[str]) -> int:
    """The exit code of `gner-bench predict` with the arguments ``words``."""
    return subprocess.run([sys.executable, "-m", "gner_bench", "-q", "predict", *words]).returncode


def table(options: argparse.Namespace) -> Iterator[str]:
    """A row for each way as soon as it is done."""
    yield "| decoding | speculative decoding | sentences | sentences/s | tokens/s | seconds | texts that differ |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | ---: |"
    first: dict[tuple[str, str], str] = {}
    for place, (name, choice) in enumerate(WAYS.items()):
        out = options.out / str(place)
        complete = (out / NAME).is_file() and json.loads((out / NAME).read_text(encoding="utf-8"))["status"] == "done"
        shared = ["--model", options.model, "--data", str(options.data), "--datasets", options.datasets]
        shared += ["--limit", str(options.limit), "--dtype", options.dtype, "--out", str(out)]
        started = time.perf_counter()
        code = 0 if complete else predict([*shared, *choice])
        seconds = "" if complete else f"{time.perf_counter() - started:.0f}"
        if code:
            yield f"| {name} | failed, exit code {code} |  |  |  | {seconds} |  |"
            continue
        run = json.loads((out / NAME).read_text(encoding="utf-8"))
        written = {(record.dataset, record.id): record.prediction for record in read_records(out / "predictions.jsonl")}
        first = first or written
        differ = sum(first[key] != text for key, text in written.items())
        rates = run["throughput"]["generating"]
        cells = [
            name,
            run["statistics"].get("speculative", "our drafter" if name == "our loop" else "none"),
            str(len(written)),
        ]
        cells += [f"{rates[f'{what}_per_second']:.2f}" for what in ("sentences", "tokens")]
        yield f"| {' | '.join([*cells, seconds, str(differ)])} |"


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--model", required=True, metavar="FOLDER", help="or a name of the catalogue that is in the cache"
    )
    parser.add_argument("--data", type=Path, required=True, help="folder in the GNER layout")
    parser.add_argument("--datasets", default="zero-shot", metavar="NAMES")
    parser.add_argument("--limit", type=int, default=100, metavar="N", help="sentences of each set (%(default)s)")
    parser.add_argument("--dtype", choices=("bf16", "fp32"), default="bf16")
    parser.add_argument("--out", type=Path, default=Path("build/engines"), metavar="DIR")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> None:
    for line in table(arguments(words)):
        print(line, flush=True)


if __name__ == "__main__":
    main()
