"""Confidence of predicted entities against how often they are right (a reliability diagram)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gner_bench.errors import InputError
from gner_bench.report.contents import Contents
from gner_bench.report.figures.drawing import Drawing, NoData
from gner_bench.report.figures.look import Look
from gner_bench.report.load import SystemScores

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_SYSTEMS = 7


@dataclass(frozen=True)
class Bin:
    """The ``count`` entities of a range of confidence up to ``to``: how many are ``correct``, their mean confidence."""

    to: float
    count: int
    correct: int
    confidence: float


def drawings(contents: Contents) -> list[Drawing]:
    """One drawing. Raises NoData."""
    found = {system.name: bins_of(system) for system in contents.systems}
    there = {name: bins for name, bins in found.items() if any(each.count for each in bins)}
    if not there:
        raise NoData("no scores hold the calibration of confidences (decode with --decoding constrained for them)")
    shown = dict(list(there.items())[:MOST_SYSTEMS])
    caption = (
        "Share of right entities (strict spans) by their confidence, all data sets together, and below it how the"
        " entities spread over confidences. On the dashed line confidence says how often entities are right. ECE is the"
        " expected calibration error in ten bins."
    )
    return [Drawing("reliability", caption, lambda look: draw(shown, look))]


def bins_of(system: SystemScores) -> list[Bin]:
    """The bins of all data sets together, empty without calibration. Raises InputError for a part of another form."""
    total: dict[float, Bin] = {}
    for name, scores in system.scores.sets.items():
        part = scores.details.get("calibration")
        try:
            rows = [_bin(row) for row in part["reliability"]] if part else []
        except (KeyError, TypeError, ValueError):
            place = f"datasets.{name}.calibration"
            raise InputError(system.path, "is no calibration that this program reads", field=place) from None
        for row in rows:
            total[row.to] = _together(total.get(row.to, Bin(row.to, 0, 0, 0.0)), row)
    return [total[to] for to in sorted(total)]


def _bin(row: Mapping[str, Any]) -> Bin:
    count, correct = row["count"], row["correct"]
    if type(count) is not int or type(correct) is not int or not 0 <= correct <= count:
        raise ValueError(row)
    return Bin(float(row["to"]), count, correct, float(row["confidence"]) if count else 0.0)


def _together(first: Bin, second: Bin) -> Bin:
    count = first.count + second.count
    confidence = first.confidence * first.count + second.confidence * second.count
    return Bin(first.to, count, first.correct + second.correct, confidence / count if count else 0.0)


def calibration_error(bins: Sequence[Bin]) -> float:
    """The mean over entities of the distance between share and mean confidence of their bin (Guo et al. 2017)."""
    count = sum(each.count for each in bins)
    return sum(abs(each.correct - each.confidence * each.count) for each in bins) / count if count else 0.0


def draw(found: Mapping[str, Sequence[Bin]], look: Look) -> Figure:
    """The figure: shares above, the spread of entities below."""
    from gner_bench.report.figures.parts import canvas, legend

    figure = canvas(look, False, 3.6)
    layout = figure.get_layout_engine()
    assert layout is not None
    layout.set(hspace=0.08)  # type: ignore[call-arg]
    shares, spread = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    shares.plot((0, 1), (0, 1), linestyle=(0, (3, 3)), color=look.theme.faint, linewidth=0.8 * look.scale)
    handles = [_series(shares, spread, bins, index, look) for index, bins in enumerate(found.values())]
    shares.set(xlim=(0, 1), ylim=(0, 1), ylabel="share right")
    spread.set(ylim=(0, None), xlabel="confidence", ylabel="entities")
    for axes in (shares, spread):
        axes.grid(visible=True)
    names = [f"{name} (ECE {calibration_error(bins):.3f})" for name, bins in found.items()]
    legend(figure, look, handles, names)
    return figure


def _series(shares: Axes, spread: Axes, bins: Sequence[Bin], index: int, look: Look) -> Any:
    style = {"color": look.colour(index), "linestyle": look.line(index), "marker": look.marker(index)}
    there = [each for each in bins if each.count]
    # Marks at 0 and 1 must not be cut in half.
    [line] = shares.plot(
        [each.confidence for each in there], [each.correct / each.count for each in there], clip_on=False, **style
    )
    middles = [each.to - 0.5 / len(bins) for each in bins]
    spread.plot(middles, [each.count for each in bins], markersize=3 * look.scale, clip_on=False, **style)
    return line
