"""What ``--report-to`` logs of scores, comparisons and reports, and how it is given to the trackers.

Numbers are shares from 0 to 1 as in the files. The trackers' own output goes to stderr: stdout holds results.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

from gner_bench.documents.scores import ScoresDocument
from gner_bench.errors import GnerBenchError
from gner_bench.extras import require
from gner_bench.fetch.hub import told
from gner_bench.files import write_atomic
from gner_bench.messages import note
from gner_bench.publish import TRACKERS, Logged
from gner_bench.report.views.scores import values_grid
from gner_bench.scoring.comparison import Comparison

RATIOS = ("f1", "precision", "recall")


def require_trackers(names: Iterable[str]) -> None:
    """Raise UsageError for an unknown tracker and for one whose library is not installed."""
    require(*[TRACKERS.get(name).library for name in names])


def track(names: Sequence[str], logged: Logged) -> None:
    """Log a run with each tracker and say where it is. Raises GnerBenchError when one cannot."""
    for name in names:
        try:
            with redirect_stdout(sys.stderr):
                place = TRACKERS.get(name).log(logged)
        except GnerBenchError:
            raise
        except Exception as error:  # whatever a tracker and its transport raise
            raise GnerBenchError(f"--report-to {name}: {told(error)}; the results themselves are whole") from None
        note(f"{name}: {logged.name} is in {place}")


@contextmanager
def kept(texts: Mapping[str, str]) -> Iterator[tuple[Path, ...]]:
    """Files with these texts by name, for as long as a tracker needs them."""
    with TemporaryDirectory(prefix="gner-bench-") as folder:
        paths = tuple(Path(folder) / name for name in texts)
        for path, text in zip(paths, texts.values(), strict=True):
            write_atomic(path, text)
        yield paths


def track_scores(names: Sequence[str], document: ScoresDocument, texts: Mapping[str, str], run: str = "") -> None:
    """Log the scores of one system: every set's and the mean's ratios with the interval of F1, and all values as a
    table; ``texts`` are the files of the artifact. The run is called ``run``, else as the system."""
    metrics: dict[str, float] = {}
    for metric in document.metrics:
        values = {name: part.values[metric] for name, part in document.datasets.items()}
        # Last, as a data set may be called mean, too.
        for name, value in [*values.items(), ("mean", document.average[metric])]:
            place = f"{name}/{metric}"
            metrics |= {f"{place}/{ratio}": float(getattr(value, ratio)) for ratio in RATIOS}
            if ends := (value.interval or {}).get("f1"):
                metrics |= {f"{place}/f1_low": ends[0], f"{place}/f1_high": ends[1]}
    config = {"system": document.system.name, **document.signature_fields, "signature": document.signature}
    grid = values_grid(document)
    with kept(texts) as files:
        track(names, Logged(run or document.system.name, config, metrics, grid.columns, grid.values, files))


COMPARED = ("first", "second", "metric", "dataset", "f1_first", "f1_second", "difference", "low", "high", "p")


def track_comparison(names: Sequence[str], result: Comparison, texts: Mapping[str, str]) -> None:
    """Log a comparison: a row for each pair, metric and set (last the mean), and their numbers as metrics."""
    rows, metrics = [], dict[str, float]()
    for against in result.against:
        for metric, differences in against.differences.items():
            for row in differences:
                numbers = (row.first, row.second, row.difference, *row.interval, row.p)
                rows.append((against.first.label, against.second.label, metric, row.name, *numbers))
                place = f"{against.first.label} to {against.second.label}/{row.name}/{metric}"
                metrics |= {f"{place}/{key}": value for key, value in zip(COMPARED[6:], numbers[2:], strict=True)}
    config = {f"signature of {s.label}": str(dict(s.signature)) for s in result.systems}
    name = " against ".join(system.label for system in result.systems)
    with kept(texts) as files:
        track(names, Logged(name, config, metrics, COMPARED, rows, files))


def track_report(names: Sequence[str], title: str, documents: Mapping[str, ScoresDocument], report: Path) -> None:
    """Log the scores of all runs of an experiment, each as a run, then the folder of the report as one more."""
    from gner_bench.files import to_json

    rows, metrics = [], dict[str, float]()
    for name, document in documents.items():
        track_scores(names, document, {"scores.json": to_json(document.json()) + "\n"}, name)
        for metric in document.metrics:
            mean = document.average[metric]
            low, high = (mean.interval or {}).get("f1", (None, None))
            rows.append((name, metric, mean.f1, low, high, document.signature_short))
            metrics[f"{name}/mean/{metric}/f1"] = mean.f1
    columns = ("run", "metric", "mean f1", "low", "high", "signature")
    track(names, Logged(title or "report", {"report": str(report)}, metrics, columns, rows, (report,)))
