"""Tables and plots of scores.json files, beside the published scores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gner_bench.catalog.published import PublishedScore, published_scores
from gner_bench.files import make_folder, write_atomic
from gner_bench.report.load import SystemScores, load_all, load_scores
from gner_bench.report.render import to_csv, to_latex, to_markdown, to_rich
from gner_bench.report.signature import signature_warnings
from gner_bench.report.table import Table, comparison
from gner_bench.scoring.metrics import METRICS

__all__ = [
    "SystemScores",
    "Table",
    "comparison",
    "load_all",
    "load_scores",
    "signature_warnings",
    "to_csv",
    "to_latex",
    "to_markdown",
    "to_rich",
    "write_report",
]


def write_report(scores: Sequence[Path], out: Path, published: bool = True) -> list[Path]:
    """Write the tables and plots of ``scores`` (scores.json files) into ``out`` and return the files written.

    Tables of both metrics: table.md, table.tex, scores_gner.csv, scores_strict.csv. Plots of the GNER metric,
    PNG and SVG: f1_per_set, f1_by_size; they leave out published rows that are not comparable. ``published``
    adds published rows. Raises InputError for unusable scores and for a folder that cannot be written.
    """
    systems, quoted = load_all(scores), published_scores() if published else []
    tables = {metric: comparison(systems, metric, quoted) for metric in METRICS}
    texts = {
        "table.md": to_markdown(*tables.values()),
        "table.tex": "\n".join(map(to_latex, tables.values())),
        **{f"scores_{metric}.csv": to_csv(table) for metric, table in tables.items()},
    }
    make_folder(out)
    for name, text in texts.items():
        write_atomic(out / name, text)
    return [out / name for name in texts] + _write_plots(systems, quoted, out)


def _write_plots(systems: Sequence[SystemScores], quoted: Sequence[PublishedScore], out: Path) -> list[Path]:
    # Only a report that draws pays for importing matplotlib.
    from gner_bench.report.plot import bars, save, size_plot, size_points

    table = comparison(systems, "gner", [score for score in quoted if score.comparable])
    return save(bars(table), out, "f1_per_set") + save(size_plot(size_points(table)), out, "f1_by_size")
