"""Confidence of predicted entities against how often they are right (a reliability diagram)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from gner_bench.documents.scores import Bin
from gner_bench.errors import InputError
from gner_bench.report.analysis import pooled_bins
from gner_bench.report.contents import Contents
from gner_bench.report.figures.plot import NoData, Plot, left_out_caption
from gner_bench.report.figures.style import Style
from gner_bench.report.load import SystemScores

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_SYSTEMS = 7


def plots(contents: Contents) -> list[Plot]:
    """One plot. Raises NoData."""
    all_bins = {system.name: bins_of(system) for system in contents.systems}
    calibrated = {name: bins for name, bins in all_bins.items() if any(part.count for part in bins)}
    if not calibrated:
        raise NoData("no confidences, which --decoding constrained and libraries that score their spans give")
    if not any(sum(part.count > 0 for part in bins) > 1 for bins in calibrated.values()):
        raise NoData("all confidences of a system are in one of ten bins")
    shown = dict(list(calibrated.items())[:MOST_SYSTEMS])
    caption = (
        "Share of right entities (strict spans) by their confidence, all data sets together, and below it how the"
        " entities spread over confidences. On the dashed line confidence says how often entities are right. ECE is the"
        f" expected calibration error in ten bins.{left_out_caption(len(calibrated) - len(shown))}"
    )
    return [Plot("reliability", caption, partial(draw, shown))]


def bins_of(system: SystemScores) -> list[Bin]:
    """The bins of all data sets together, empty without calibration. Raises InputError for impossible counts."""
    calibrations = {name: scores.analysis.calibration for name, scores in system.scores.sets.items()}
    known = {name: calibration for name, calibration in calibrations.items() if calibration}
    for name, calibration in known.items():
        for one in calibration.reliability:
            if not 0 <= one.correct <= one.count or (one.count and one.confidence is None):
                place = f"datasets.{name}.calibration"
                raise InputError(system.path, "is no calibration that this program reads", field=place)
    return pooled_bins(known.values())


def calibration_error(bins: Sequence[Bin]) -> float:
    """The mean over entities of the distance between share and mean confidence of their bin (Guo et al. 2017)."""
    count = sum(part.count for part in bins)
    return sum(abs(part.correct - (part.confidence or 0.0) * part.count) for part in bins) / count if count else 0.0


def draw(systems: Mapping[str, Sequence[Bin]], style: Style) -> Figure:
    """Shares that are right above, the spread of entities over confidences below; a line for each system."""
    from gner_bench.report.figures.drawing import canvas, legend

    figure = canvas(style, False, 3.6)
    layout = figure.get_layout_engine()
    assert layout is not None
    layout.set(hspace=0.08)  # type: ignore[call-arg]
    shares, spread = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    shares.plot((0, 1), (0, 1), linestyle=(0, (3, 3)), color=style.theme.faint, linewidth=0.8 * style.scale)
    handles: list[Any] = []
    for index, bins in enumerate(systems.values()):
        # Not clipped, or marks at 0 and 1 would be cut in half.
        line = {**style.line_and_marker(index), "clip_on": False}
        full = [part for part in bins if part.count]
        handles += shares.plot([part.confidence for part in full], [part.correct / part.count for part in full], **line)
        middles = [part.to - 0.5 / len(bins) for part in bins]
        spread.plot(middles, [part.count for part in bins], markersize=3 * style.scale, **line)
    shares.set(xlim=(0, 1), ylim=(0, 1), ylabel="share right")
    spread.set(ylim=(0, None), xlabel="confidence", ylabel="entities")
    for axes in (shares, spread):
        axes.grid(visible=True)
    legend(figure, style, handles, [f"{name} (ECE {calibration_error(bins):.3f})" for name, bins in systems.items()])
    return figure
