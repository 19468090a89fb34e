"""The files of `gner-bench sensitivity`: its table, its plot, and a page of Markdown with both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gner_bench.experiment.sensitivity import Sensitivity
from gner_bench.files import make_folder, to_json, write_atomic
from gner_bench.report.figures.files import drawing
from gner_bench.report.figures.sensitivity import plot
from gner_bench.report.figures.style import SIZES
from gner_bench.report.render import RENDERS, render
from gner_bench.report.views.sensitivity import sensitivity_grid


def write_sensitivity(sensitivity: Sensitivity, out: Path, formats: Sequence[str]) -> list[str]:
    """Write ``report.md``, ``sensitivity.json``, the table and the plot in ``formats`` into ``out``; their names.

    Raises InputError for a folder that cannot be written.
    """
    make_folder(out)
    grid, figure = sensitivity_grid(sensitivity), plot(sensitivity)
    files: dict[str, str | bytes] = {"sensitivity.json": to_json(sensitivity.document()) + "\n"}
    tables = [kind for kind in RENDERS if kind in formats and kind != "json"]
    files |= {f"sensitivity.{kind}": render(kind, [grid]) for kind in tables}
    with drawing([figure], formats, SIZES["acl"]) as drawn:
        for _, drawings in drawn:
            files |= {f"{figure.name}{suffix}": data for suffix, data in drawings.items()}
    picture = f"\n![{figure.caption}]({figure.name}.png)\n\n{figure.caption}\n"
    files["report.md"] = render("md", [grid]) + picture
    for name, data in files.items():
        write_atomic(out / name, data)
    return sorted(files)
