"""All figures of a report, and drawing them into files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from gner_bench.report.contents import Contents
from gner_bench.report.figures import (
    by_size,
    confusion,
    differences,
    errors,
    lengths,
    per_set,
    radar,
    reliability,
    speed,
)
from gner_bench.report.figures.drawing import Drawing, Kind, NoData, render
from gner_bench.report.figures.look import DARK, LIGHT, Look, Style

FIGURES: dict[str, Callable[[Contents], list[Drawing]]] = {
    "F1 per data set": per_set.drawings,
    "differences from the baseline": differences.drawings,
    "F1 by size": by_size.drawings,
    "radar": radar.drawings,
    "error composition": errors.drawings,
    "type confusion": confusion.drawings,
    "F1 by length": lengths.drawings,
    "reliability": reliability.drawings,
    "F1 by throughput": speed.drawings,
}
IN_LIGHT: tuple[Kind, ...] = ("png", "svg", "pdf")
IN_DARK: tuple[Kind, ...] = ("png", "svg")
"""Paper is white."""


@dataclass(frozen=True)
class Plates:
    """The ``drawings`` of a report, and the reason of each figure that was ``left_out``."""

    drawings: Sequence[Drawing]
    left_out: dict[str, str]

    def rendered(self, formats: Sequence[str], style: Style) -> Iterator[tuple[str, dict[str, bytes]]]:
        """The name of each drawing and its files by what follows the name, such as ``_dark.svg``.

        A page (``html``) needs SVG.
        """
        wanted = {*formats, "svg"} if "html" in formats else set(formats)
        light = [kind for kind in IN_LIGHT if kind in wanted]
        dark = [kind for kind in IN_DARK if kind in wanted]
        if not light:
            return
        for drawing in self.drawings:
            files = {f".{kind}": data for kind, data in render(drawing, Look(style, LIGHT), light).items()}
            if dark:
                files |= {f"_dark.{kind}": data for kind, data in render(drawing, Look(style, DARK), dark).items()}
            yield drawing.name, files


def collect(contents: Contents) -> Plates:
    """The drawings that there are data for."""
    found: list[Drawing] = []
    left_out: dict[str, str] = {}
    for name, drawings in FIGURES.items():
        try:
            found += drawings(contents)
        except NoData as reason:
            left_out[name] = str(reason)
    return Plates(found, left_out)
