"""The figures of a report. A new one is a module here with a function ``plots``, and a line in ``FIGURES``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module

from gner_bench.messages import warn
from gner_bench.report.contents import Contents
from gner_bench.report.figures.plot import FileFormat, NoData, Plot, render
from gner_bench.report.figures.style import DARK, LIGHT, Sizes, Style

FIGURES: dict[str, str] = {
    "per_set": "F1 per data set",
    "differences": "differences from the baseline",
    "by_size": "F1 by size",
    "radar": "radar",
    "errors": "error composition",
    "confusion": "type confusion",
    "lengths": "F1 by length",
    "reliability": "reliability",
    "speed": "F1 by throughput",
}
"""What messages call each figure, by the module that makes it, in the order of the page."""
IN_LIGHT: tuple[FileFormat, ...] = ("png", "svg", "pdf")
IN_DARK: tuple[FileFormat, ...] = ("png", "svg")
"""PDF is for paper, which is white."""
NAMED = 40
"""Characters that a warning shows."""


@dataclass(frozen=True)
class Figures:
    """The ``plots`` of a report, and the reason for each figure that was ``left_out``, by its name."""

    plots: Sequence[Plot]
    left_out: dict[str, str]

    def rendered(self, formats: Sequence[str], sizes: Sizes) -> Iterator[tuple[str, dict[str, bytes]]]:
        """The name of each plot and its files, by what follows the name, such as ``_dark.svg``.

        A page (``html`` among the ``formats``) needs SVG, so there is SVG then.
        """
        wanted = {*formats, "svg"} if "html" in formats else set(formats)
        light = [kind for kind in IN_LIGHT if kind in wanted]
        dark = [kind for kind in IN_DARK if kind in wanted]
        if not light:
            return
        boxes: set[str] = set()
        for plot in self.plots:
            files = {f".{kind}": data for kind, data in render(plot, Style(sizes, LIGHT), light, boxes).items()}
            if dark:
                files |= {f"_dark.{kind}": data for kind, data in render(plot, Style(sizes, DARK), dark).items()}
            yield plot.name, files
        if boxes:
            listed = "".join(sorted(boxes))
            shown = f"{listed[:NAMED]}…" if len(listed) > NAMED else listed
            warn(
                f"figures: no installed font has {len(boxes)} of the characters in names ({shown}), which are drawn as"
                " boxes; install a font that has them, such as Noto Sans CJK for Chinese, Japanese and Korean"
            )


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
