"""F1 by the length of entities and of sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gner_bench.report.contents import Contents
from gner_bench.report.figures.drawing import Drawing, NoData
from gner_bench.report.figures.look import Look
from gner_bench.report.mistakes import Mistakes, mistakes_by_set, pooled
from gner_bench.scoring.counts import Triple
from gner_bench.scoring.metrics import prf

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS = {"by_entity_length": "words in the entity", "by_sentence_length": "words in the sentence"}
MOST_SYSTEMS = 7


def drawings(contents: Contents) -> list[Drawing]:
    """One drawing. Raises NoData."""
    found = {system.name: pooled(mistakes_by_set(system).values()) for system in contents.systems}
    there = {name: each for name, each in found.items() if each}
    if not there:
        raise NoData("no scores hold an error analysis")
    shown = dict(list(there.items())[:MOST_SYSTEMS])
    left_out = f" {len(there) - len(shown)} systems are left out." if len(there) > len(shown) else ""
    caption = (
        "Strict F1 (spans by position and type), micro over all data sets, by the length of entities and of sentences."
        f" Below each length: its gold entities, as far as they are the same for all systems.{left_out}"
    )
    return [Drawing("f1_by_length", caption, lambda look: draw(shown, look), wide=True)]


def draw(found: Mapping[str, Mistakes], look: Look) -> Figure:
    """The figure: a line for each system."""
    from gner_bench.report.figures.parts import canvas, legend, percent_axis

    figure = canvas(look, True, 2.5)
    places = figure.subplots(1, len(PANELS), sharey=True)
    handles: list[Any] = []
    for axes, (key, label) in zip(places, PANELS.items(), strict=True):
        parts: list[Mapping[str, Triple]] = [getattr(each, key) for each in found.values()]
        names = _names(parts)
        handles = [_line(axes, names, part, index, look) for index, part in enumerate(parts)]
        axes.set_xticks(range(len(names)), [_tick(name, parts) for name in names])
        axes.set(xlabel=label, xlim=(-0.4, len(names) - 0.6))
        percent_axis(axes, "strict F1 in percent" if key == "by_entity_length" else "")
    legend(figure, look, handles, list(found))
    return figure


def _names(parts: Sequence[Mapping[str, Triple]]) -> list[str]:
    """The lengths of which any system has gold entities."""
    there = {name for part in parts for name, (_, _, gold) in part.items() if gold}
    return list(dict.fromkeys(name for part in parts for name in part if name in there))


def _line(axes: Axes, names: list[str], part: Mapping[str, Triple], index: int, look: Look) -> Any:
    f1 = {name: 100 * prf(*part[name], "strict").f1 for name in names if any(part.get(name, (0, 0, 0)))}
    [line] = axes.plot(
        [names.index(name) for name in f1],
        list(f1.values()),
        color=look.colour(index),
        linestyle=look.line(index),
        marker=look.marker(index),
    )
    return line


def _tick(name: str, parts: list[Mapping[str, Triple]]) -> str:
    gold = {part.get(name, (0, 0, 0))[2] for part in parts}
    length = name.replace("-", "–")
    return f"{length}\n({gold.pop():,})" if len(gold) == 1 else length
