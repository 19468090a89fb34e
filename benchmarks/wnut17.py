"""WNUT 2017: the seven systems' own submissions scored here, beside the figures that the task's paper prints.

    python benchmarks/wnut17.py FOLDER

FOLDER holds ``emerging.test.annotated``, ``submissions/`` and ``published.json``. Published figures are quoted.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from gner_bench import load_predictions, score
from gner_bench.documents.scores import Resampling
from gner_bench.scoring.gold import Gold
from gner_bench.scoring.values import SystemValues

HEAD = "| system | conlleval F1 | quoted | surface F1 | quoted | strict F1 | words that differ |"


def rows(folder: Path) -> list[str]:
    """A line of the table for each submission."""
    published = json.loads((folder / "published.json").read_text(encoding="utf-8"))
    lines = []
    for path in sorted((folder / "submissions").iterdir()):
        gold = Gold((folder / "emerging.test.annotated",))
        predictions = load_predictions(path, format="conll", gold=gold, align="position")
        values = SystemValues(score(predictions, ["conlleval", "surface", "strict"]), Resampling(0))
        ours = {metric: f"{100 * values.average(metric).f1:.2f}" for metric in ("conlleval", "surface", "strict")}
        entity, surface = (f"{published[key][path.stem]:.2f}" for key in ("entity_f1", "surface_f1"))
        told = [line for line in predictions.origin.warnings if "by position: " in line]
        differing = told[0].partition("by position: ")[2].split()[0] if told else "0"
        cells = (path.stem, ours["conlleval"], entity, ours["surface"], surface, ours["strict"], differing)
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    lines = rows(parser.parse_args().folder)
    print(HEAD, "| --- | ---: | ---: | ---: | ---: | ---: | ---: |", *lines, sep="\n")


if __name__ == "__main__":
    main()
