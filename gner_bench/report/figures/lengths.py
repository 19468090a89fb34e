"""F1 by the length of entities and of sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from gner_bench.documents.scores import Triple
from gner_bench.report.analysis import Mistakes, pooled_by_system
from gner_bench.report.contents import Contents
from gner_bench.report.figures.plot import NoData, Plot, left_out_caption
from gner_bench.report.figures.style import Style
from gner_bench.scoring.metrics import prf

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PANELS = {"by_entity_length": "words in the entity", "by_sentence_length": "words in the sentence"}
KINDS = {"by_entity_length": "entities", "by_sentence_length": "sentences"}
MOST_SYSTEMS = 7
NOTHING: Triple = (0, 0, 0)


def plots(contents: Contents) -> list[Plot]:
    """One plot. Raises NoData."""
    analysed = {name: mistakes for name, mistakes in pooled_by_system(contents.systems).items() if mistakes}
    if not analysed:
        raise NoData("no scores hold an error analysis")
    shown = dict(list(analysed.items())[:MOST_SYSTEMS])
    panels = {panel: lengths for panel in PANELS if len(lengths := lengths_of(panel, shown)) > 1}
    if not panels:
        raise NoData("all entities are of one length, and all sentences too")
    caption = (
        "Strict F1 (spans by position and type), micro over all data sets, by the length of"
        f" {' and of '.join(KINDS[panel] for panel in panels)}."
        " Below each length: its gold entities, as far as they are the same for all systems."
        f"{left_out_caption(len(analysed) - len(shown))}"
    )
    return [Plot("f1_by_length", caption, partial(draw, shown, panels), wide=True)]


def lengths_of(panel: str, systems: Mapping[str, Mistakes]) -> list[str]:
    """The lengths of a panel that have gold entities, the shortest first."""
    counts: list[Mapping[str, Triple]] = [getattr(mistakes, panel) for mistakes in systems.values()]
    with_gold = {length for triples in counts for length, (_, _, gold) in triples.items() if gold}
    return list(dict.fromkeys(length for triples in counts for length in triples if length in with_gold))


def draw(systems: Mapping[str, Mistakes], panels: Mapping[str, Sequence[str]], style: Style) -> Figure:
    """A panel for each of ``panels`` with its lengths, a line in it for each system."""
    from gner_bench.report.figures.drawing import canvas, legend, percent_axis

    figure = canvas(style, True, 2.5)
    handles: list[Any] = []
    all_axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (panel, lengths) in zip(all_axes, panels.items(), strict=True):
        counts: list[Mapping[str, Triple]] = [getattr(mistakes, panel) for mistakes in systems.values()]
        handles = []
        for index, triples in enumerate(counts):
            places = {at: triples[length] for at, length in enumerate(lengths) if any(triples.get(length, NOTHING))}
            f1 = [100 * prf(*triple, "strict").f1 for triple in places.values()]
            handles += axes.plot(list(places), f1, **style.line_and_marker(index))
        ticks = []
        for length in lengths:
            gold = {triples.get(length, NOTHING)[2] for triples in counts}
            ticks.append(length.replace("-", "–") + (f"\n({gold.pop():,})" if len(gold) == 1 else ""))
        axes.set_xticks(range(len(lengths)), ticks)
        axes.set(xlabel=PANELS[panel], xlim=(-0.4, len(lengths) - 0.6))
        percent_axis(axes, "strict F1 in percent" if axes is all_axes[0] else "")
    legend(figure, style, handles, list(systems))
    return figure
