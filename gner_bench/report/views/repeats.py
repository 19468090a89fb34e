"""Runs of one system that differ in batch size or number format alone: F1 of each, and how far they vary."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import stdev

from gner_bench.api import score
from gner_bench.documents.record import read_records
from gner_bench.documents.run import NAME, read_run
from gner_bench.documents.scores import Resampling
from gner_bench.report.grid import Cell, Column, Grid, Section, Value
from gner_bench.scoring.metrics import Metric
from gner_bench.scoring.values import SystemValues

NOTE = "texts: sentences whose text is not that of the first run. SD and range: of these runs, in points"
USE = "This is the noise of the system: `score --noise` takes it, `--baseline` several scores.json of such runs."
COLUMNS = ("run", "dtype", "batch_size", "texts", "dataset", "f1")


def repeats_grid(files: Sequence[Path], metric: Metric = "gner") -> Grid:
    """A row for each of the ``files`` (predictions.jsonl, a run.json beside each), then what they vary by."""
    texts = [_texts(file) for file in files]
    different = [sum(other[key] != text for key, text in texts[0].items()) for other in texts]
    f1 = [_f1(file, metric) for file in files]
    names, rows, values = list(f1[0]), [], list[tuple[Value, ...]]()
    for file, percents, differ in zip(files, f1, different, strict=True):
        run = read_run(file.with_name(NAME))
        about = (file.parent.name, str(run.settings.get("dtype", "")), run.batch_size)
        cells = [about[0], about[1], "auto" if about[2] is None else str(about[2])]
        rows.append(tuple(map(Cell, (*cells, *(f"{percents[name]:.2f}" for name in names), str(differ)))))
        values += [(*about, differ, name, percents[name]) for name in names]
    columns = [[percents[name] for percents in f1] for name in names]
    deviations = [f"{stdev(column):.2f}" if len(column) > 1 else "" for column in columns]
    ranges = [f"{max(column) - min(column):.2f}" for column in columns]
    spread = [
        tuple(map(Cell, (what, "", "", *figures, ""))) for what, figures in (("SD", deviations), ("range", ranges))
    ]
    heads = ("run", "dtype", "batch", *names, "texts")
    return Grid(
        "repeats",
        f"F1 ({metric}) of runs that differ in batch size or number format",
        tuple(map(Cell, heads)),
        (Section(tuple(rows)), Section(tuple(spread), bold=True)),
        (f"percent; micro in each set, plain mean over sets; {len(texts[0])} sentences. {NOTE}", USE),
        columns=COLUMNS,
        values=tuple(values),
        layout=(Column(right=False, whole=False, kind="name"), *(Column(whole=False) for _ in heads[1:])),
        frame="scores",
    )


def _texts(file: Path) -> dict[tuple[str, str, str], str]:
    return {(record.dataset, record.split, record.id): record.prediction for record in read_records(file)}


def _f1(file: Path, metric: Metric) -> dict[str, float]:
    """F1 in percent of each data set, then their mean."""
    values = SystemValues(score(file, [metric]), Resampling(0))
    by_set = {name: 100 * part.micro(metric).f1 for name, part in values.sets.items()}
    return {**by_set, "mean": 100 * values.average(metric).f1}
