"""The figures of a report. A new one is a module here with a function ``plots``, and a line in ``FIGURES``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

from gner_bench.report.contents import Contents
from gner_bench.report.figures.plot import NoData, Plot

FIGURES: dict[str, str] = {
    "per_set": "F1 per data set",
    "differences": "differences from the baseline",
    "by_size": "F1 by size",
    "errors": "error composition",
    "confusion": "type confusion",
    "lengths": "F1 by length",
    "reliability": "reliability",
    "speed": "F1 by throughput",
}
"""What messages call each figure, by the module that makes it, in the order of the page."""


@dataclass(frozen=True)
class Figures:
    """The ``plots`` of a report, and the reason for each figure that was ``left_out``, by its name."""

    plots: Sequence[Plot]
    left_out: dict[str, str]


def collect(contents: Contents) -> Figures:
    """The plots that there are data for; nothing is drawn yet. Raises InputError for scores that cannot be read."""
    plots: list[Plot] = []
    left_out: dict[str, str] = {}
    for module, name in FIGURES.items():
        try:
            plots += import_module(f"{__package__}.{module}").plots(contents)
        except NoData as reason:
            left_out[name] = str(reason)
    return Figures(plots, left_out)
