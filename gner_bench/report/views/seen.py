"""How far data sets are zero-shot: types, mentions and sentences that were in the training data, and F1 by these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gner_bench.documents.scores import Analysis, Seen
from gner_bench.documents.scores import Value as Scored
from gner_bench.number_text import NOTHING, decimal, rounding, share_text
from gner_bench.report.grid import NAMES, NUMBERS, Cell, Grid, Section, Value
from gner_bench.report.views.table import title
from gner_bench.scoring.metrics import METRICS, Metric
from gner_bench.scoring.seen import ALL_SEEN, NONE_SEEN, SEEN, UNKNOWN, UNSEEN

Rows = Sequence[tuple[str, str, Seen]]
"""System, data set, what of it was in training."""
GROUPS = (SEEN, UNSEEN, UNKNOWN)
HEADS = ("types", "mentions", "distinct", "sentences", "familiarity")
FACTS = (
    *("system", "dataset", "training sets", "verdict", "types", "exact", "normalised", "unseen", "unknown"),
    *("sentences seen", "mentions", "mentions seen", "distinct mentions", "distinct mentions seen", "familiarity"),
)
F1 = ("true_positives", "predicted", "gold", "precision", "recall", "f1", "f1 low", "f1 high")
FACTS_NOTE = (
    "Types: how many of a data set the training data has too, whatever their spelling (what that is, the run,"
    " --trained-on and the catalogue tell); at least, where its types are not all known."
)
MENTIONS_NOTE = (
    "Mentions: share of gold entities whose text is that of an entity in the data of --trained-on, in percent, and of"
    " distinct texts; sentences: how many of the data set are in it."
)
FAMILIARITY_NOTE = "Familiarity of Golde et al. (2025), in percent, by {encoder}."
F1_NOTE = "Micro over the entities of a group, with the interval."


def seen_grids(systems: Mapping[str, Mapping[str, Analysis]], metric: Metric) -> list[Grid]:
    """A table of what was in training, and of F1 by it; none where nothing is known of any system."""
    rows = [(name, key, part.seen) for name, sets in systems.items() for key, part in sets.items() if part.seen]
    by_group = {
        "types": [(name, key, _of(seen.by_type, metric)) for name, key, seen in rows],
        "mentions": [(name, key, _of(seen.by_mention or {}, metric)) for name, key, seen in rows],
    }
    found = {what: [row for row in of if len(row[2]) > 1] for what, of in by_group.items()}
    return [_facts(rows), *(_f1(what, of, metric) for what, of in found.items() if of)] if rows else []


def seen_view(sets: Mapping[str, Analysis], metric: Metric) -> Iterator[Grid]:
    """The same of one system, for the terminal, its data sets by their names."""
    for grid in seen_grids({"": sets}, metric):
        names = [str(key) for _, key, *_ in grid.values]
        rows = [row[2:] for row in grid.sections[0].rows]
        cells = ((Cell(key), *row) for key, row in zip(dict.fromkeys(names), rows, strict=True))
        layout = (NAMES, *(NUMBERS if head.text in ("gold", *HEADS[1:]) else NAMES for head in grid.heads[2:]))
        yield replace(grid, heads=grid.heads[1:], sections=(Section(tuple(cells)),), layout=layout, frame="list")


def short_verdict(seen: Seen | None) -> str:
    """The verdict where there is little room: ``supervised``, ``4 of 11``, ``5+ of 13``, ``all``, ``none``."""
    if seen is None or seen.supervised:
        return "supervised" if seen else ""
    said = seen.verdict.partition(",")[0]
    least, _, of = said.removesuffix(" types seen").removeprefix("at least ").partition(" of ")
    plus = "+" if said.startswith("at least") else ""
    return {ALL_SEEN: "all", NONE_SEEN: "none"}.get(said) or (f"{least}{plus} of {of}" if of else said)


def _facts(rows: Rows) -> Grid:
    encoders = dict.fromkeys(seen.familiarity.encoder for _, _, seen in rows if seen.familiarity)
    notes = [FACTS_NOTE]
    notes += [MENTIONS_NOTE] if any(seen.mentions for _, _, seen in rows) else []
    notes += [FAMILIARITY_NOTE.format(encoder=", ".join(encoders))] if encoders else []
    lines = []
    for name, key, seen in rows:
        mentions = [share_text(part / of if of else None) for part, of in (seen.mentions or {}).values()]
        sentences = NOTHING if seen.sentences is None else f"{seen.sentences:,}"
        familiarity = share_text(seen.familiarity.mean if seen.familiarity else None)
        lines.append((name, title(key), seen.verdict, *(mentions or [NOTHING] * 2), sentences, familiarity))
    heads = ("System", "Data set", *HEADS)
    shown = [at for at in range(len(heads)) if at < 3 or any(line[at] != NOTHING for line in lines)]
    return Grid(
        "seen",
        "What of the data sets was in training",
        tuple(Cell(heads[at]) for at in shown),
        (Section(tuple(tuple(Cell(line[at]) for at in shown) for line in lines)),),
        remarks=tuple(notes),
        legend=tuple(notes),
        columns=FACTS,
        values=tuple(_fact_values(*row) for row in rows),
    )


def _fact_values(name: str, key: str, seen: Seen) -> tuple[Value, ...]:
    how, mentions = list(seen.types.values()), seen.mentions or {}
    counts = (len(how), *(how.count(each) for each in ("exact", "normalised", UNSEEN, UNKNOWN)))
    of_mentions = [number for each in ("tokens", "types") for number in reversed(mentions.get(each, (None, None)))]
    familiarity = 100 * seen.familiarity.mean if seen.familiarity else None
    described = (name, key, "; ".join(seen.trained_on), seen.verdict)
    return (*described, *counts, seen.sentences, *of_mentions, familiarity)


def _of(groups: Mapping[str, Mapping[Metric, Scored]], metric: Metric) -> dict[str, Scored]:
    return {group: groups[group][metric] for group in GROUPS if metric in groups.get(group, {})}


def _f1(what: str, rows: Sequence[tuple[str, str, Mapping[str, Scored]]], metric: Metric) -> Grid:
    shown = [group for group in GROUPS if any(group in groups for _, _, groups in rows)]
    heads = ("System", "Data set", *(text for group in shown for text in (f"{group} {what}", "gold")))
    cells = (
        (name, title(key), *(text for group in shown for text in _texts(groups.get(group))))
        for name, key, groups in rows
    )
    return Grid(
        f"seen_{what}_{metric}",
        f"{METRICS[metric].title} of {what} that were in training and of others",
        tuple(map(Cell, heads)),
        (Section(tuple(tuple(map(Cell, texts)) for texts in cells)),),
        remarks=(rounding(), F1_NOTE),
        legend=(F1_NOTE,),
        columns=("system", "dataset", "group", *F1),
        values=tuple(
            (name, key, group, *_f1_values(value)) for name, key, groups in rows for group, value in groups.items()
        ),
    )


def _texts(value: Scored | None) -> tuple[str, str]:
    """F1 with its interval, and the number of gold entities."""
    if value is None or not (value.gold or value.predicted):
        return NOTHING, "0"
    ends = (value.interval or {}).get("f1")
    between = f" ({decimal(100 * ends[0])} to {decimal(100 * ends[1])})" if ends else ""
    return decimal(100 * value.f1) + between, f"{value.gold:,.0f}"


def _f1_values(value: Scored) -> tuple[Value, ...]:
    ends = (value.interval or {}).get("f1")
    ratios = (100 * value.precision, 100 * value.recall, 100 * value.f1)
    return (
        value.true_positives,
        value.predicted,
        value.gold,
        *ratios,
        *([100 * e for e in ends] if ends else (None,) * 2),
    )
