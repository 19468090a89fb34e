"""Groups of a leaderboard, and published rows, as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from gner_bench.documents.scores import Value as Scored
from gner_bench.messages import one_line
from gner_bench.number_text import NOTHING, decimal, quoted_decimal, rounding
from gner_bench.report.grid import Cell, Grid, Section, Value, by_value, line
from gner_bench.report.grid import Part as Shown
from gner_bench.report.leaderboard.board import Group, Part
from gner_bench.report.leaderboard.ranking import MOST_TESTED
from gner_bench.report.load import SystemScores
from gner_bench.report.views.systems import HALF, LAYOUT_TITLES, QUOTED, RUNS
from gner_bench.report.views.table import ALL_SEEN, NONE_SEEN, SOME_SEEN, Entry, Table
from gner_bench.scoring.metrics import METRICS
from gner_bench.scoring.seen import EXACT, NORMALISED, UNKNOWN, UNSEEN

Links = Mapping[str, Sequence[tuple[str, str]]]
"""By system, the addresses of its files and what they are called."""
FIRST, LAST = ("System", "Rank", "Letters", "Mean"), ("Parameters (M)", "Training")
"""The heads around those of the data sets; ``leaderboard.js`` counts on their number and order."""
SUPERVISED, SEEN, ALL_UNSEEN, NOT_KNOWN = "supervised", "types seen", "types unseen", "not known"
TRAINING = (ALL_UNSEEN, SEEN, SUPERVISED, NOT_KNOWN)
"""What data sets were to a system: how the text of its cell begins."""
TRAINING_NOTE = (
    "Training: whether a system was trained on the data sets, else how many of their entity types its training data"
    " has, as far as run, catalogue and --trained-on tell."
)
SHARED = "Systems that share a letter are not told apart."
OF_QUOTED = {NONE_SEEN: ALL_UNSEEN, SOME_SEEN: SEEN, ALL_SEEN: SEEN}


def group_grid(group: Group, links: Links | None = None) -> Grid:
    """The systems of a group. Pages have a column of ``links`` to files, the terminal has none."""
    table, ranking = group.table, group.ranking
    rows, values = [], []
    for system, row in zip(group.systems, table.rows, strict=True):
        names = [*table.datasets]
        known = [training(system, [name]) for name in names]
        overall, name = training(system, names), system.name
        ranks = [ranking.rank(place, name) for place in range(len(names) + 1)]
        # Of many systems that all overlap, letters would be words of 50 of them.
        letters = ranking.letters[-1][name] if ranking.letters and len(group.systems) <= MOST_TESTED else ""
        cells = [
            _figure(entry, rank, known_of)
            for entry, rank, known_of in zip(row.entries, ranks, [*known, overall], strict=True)
        ]
        mean = cells.pop()
        beside = f" (n = {row.runs})" if row.runs > 1 else ""
        first = (Cell(name + beside, notes=row.notes), Cell(_text(ranks[-1])), Cell(letters or NOTHING), mean)
        addresses = links.get(name, ()) if links is not None else ()
        files = [Cell(", ".join(text for _, text in addresses), links=tuple(addresses))] if links is not None else []
        rows.append((*first, *cells, Cell(_millions(row.parameters)), Cell(overall), *files))
        scored = [of[name] for of in ranking.values]
        values.append((name, "measured", *_values(scored, ranks, ranking.letters, name), row.parameters, overall))
    return Grid(
        name=f"leaderboard_{table.metric}{table.suffix}",
        title=METRICS[table.metric].long_title + LAYOUT_TITLES[table.layout],
        heads=_heads(table, ["Files"] if links is not None else []),
        sections=(Section(tuple(rows)),),
        remarks=tuple(_remarks(group)),
        warnings=tuple(table.unlike.values()),
        signatures=by_value((row.system, row.origin) for row in table.rows),
        columns=("system", "kind", *_columns(table), "parameters", "training"),
        values=tuple(values),
        subject=str(group.number or ""),
    )


def quoted_grid(table: Table) -> Grid:
    """Published rows, with the columns of a group but for files. They have no intervals, and so no ranks."""
    rows, values = [], []
    for row in table.rows:
        known = [_known_of_quoted(entry, table) for entry in row.entries[:-1]]
        told = [each for each, entry in zip(known, row.entries, strict=False) if entry]
        overall = told[0] if len(set(told)) == 1 else SEEN if SEEN in told else NOT_KNOWN
        *cells, mean = (_quoted(entry, each) for entry, each in zip(row.entries, [*known, overall], strict=True))
        name, _, remark = row.system.partition(" (")
        notes = tuple(filter(None, (remark.removesuffix(")"), *row.notes, row.no_mean)))
        first = (Cell(f"{name} (quoted)", notes=notes, cite=row.cite), Cell(NOTHING), Cell(NOTHING), mean)
        rows.append((*first, *cells, Cell(_millions(row.parameters)), Cell(overall)))
        figures = [value for entry in row.entries for value in (entry.f1 if entry else None, None, None, None, "")]
        values.append((row.system, "quoted", *figures, row.parameters, overall))
    return Grid(
        name=f"leaderboard_{table.metric}{table.suffix}_quoted",
        title=METRICS[table.metric].long_title + LAYOUT_TITLES[table.layout],
        heads=_heads(table, []),
        sections=(Section(tuple(rows), QUOTED),),
        remarks=(rounding(), TRAINING_NOTE),
        sources=by_value((row.system, row.origin) for row in table.rows),
        columns=("system", "kind", *_columns(table), "parameters", "training"),
        values=tuple(values),
    )


def parts_view(parts: Sequence[Part]) -> Iterator[Shown]:
    """The groups for the terminal, a heading and what keeps each apart before its table."""
    for part in parts:
        for group in part.groups:
            yield line(one_line(group.heading), "bold", soft=True)
            yield from (line(one_line(f"not like for like: {each}"), soft=True) for each in group.apart)
            yield group_grid(group)
        if part.quoted:
            yield quoted_grid(part.quoted)


def training(system: SystemScores, names: Sequence[str]) -> str:
    """What the data sets ``names`` are to a system, one of ``TRAINING`` and, in brackets, of how many that is true."""
    supervised = [name for name in names if system.trained_on(name)]
    if supervised:
        part = f" ({len(supervised)} of {len(names)} data sets)" if len(supervised) < len(names) else ""
        return SUPERVISED + part
    of_sets = [system.scores.sets[name].analysis.seen for name in names]
    how = Counter(how for seen in of_sets if seen for how in seen.types.values())
    leaked = sum(seen.sentences or 0 for seen in of_sets if seen)
    said = f", {leaked:,} sentences in training" if leaked else ""
    if seen := how[EXACT] + how[NORMALISED]:
        least = "+" if how[UNKNOWN] or None in of_sets else ""
        return f"{SEEN} ({seen}{least} of {how.total()}){said}"
    known = None not in of_sets and how.total() == how[UNSEEN] > 0
    return (ALL_UNSEEN if known else NOT_KNOWN) + said


def _known_of_quoted(entry: Entry | None, table: Table) -> str:
    if table.layout == "supervised":
        return SUPERVISED
    return OF_QUOTED.get(entry.seen, NOT_KNOWN) if entry else NOT_KNOWN


def _figure(entry: Entry | None, rank: int | None, known: str) -> Cell:
    assert entry is not None  # the systems of a group have all its data sets
    half = decimal((entry.interval[1] - entry.interval[0]) / 2) if entry.interval else ""
    return Cell(decimal(entry.f1), half, facts=(("rank", _text(rank)), ("training", known)))


def _quoted(entry: Entry | None, known: str) -> Cell:
    if entry is None:
        return Cell(NOTHING)
    notes = (entry.note,) if entry.note else ()
    return Cell(quoted_decimal(entry.f1), notes=notes, facts=(("rank", NOTHING), ("training", known)))


def _text(rank: int | None) -> str:
    return NOTHING if rank is None else str(rank)


def _millions(parameters: float | None) -> str:
    return f"{parameters / 1e6:,.0f}" if parameters else NOTHING


def _heads(table: Table, last: Sequence[str]) -> tuple[Cell, ...]:
    system, rank, *others = FIRST
    sets = (Cell(head, facts=(("set", name),)) for head, name in zip(table.heads, table.datasets, strict=False))
    first = Cell(system), Cell(rank, facts=(("first", "ascending"),)), *map(Cell, others)
    return (*first, *sets, *map(Cell, (*LAST, *last)))


def _columns(table: Table) -> tuple[str, ...]:
    parts = ("", " low", " high", " rank", " letters")
    return tuple(name + part for name in (*table.datasets, "mean") for part in parts)


def _values(
    scored: Sequence[Scored], ranks: Sequence[int | None], letters: Sequence[Mapping[str, str]], name: str
) -> list[Value]:
    """F1 in percent, the ends of its interval, rank and letters, of each data set and of the mean."""
    found: list[Value] = []
    for place, value in enumerate(scored):
        low, high = value.interval["f1"] if value.interval else (None, None)
        ends = [None if end is None else 100 * end for end in (low, high)]
        found += [100 * value.f1, *ends, ranks[place], letters[place][name] if letters else ""]
    return found


def _remarks(group: Group) -> list[str]:
    ranking, told = group.ranking, [rounding()]
    if any(row.mean and row.mean.interval for row in group.table.rows):
        told.append(HALF)
    if ranking.ranks:
        told.append(
            "Rank: one more than the number of systems that are ahead. One is ahead of another where"
            f" {ranking.means}." + (f" {SHARED}" if len(group.systems) <= MOST_TESTED else "")
        )
        if ranking.sets != ranking.means:
            told.append(f"Of a single data set one is ahead of another where {ranking.sets}.")
    if any(row.runs > 1 for row in group.table.rows):
        told.append(RUNS)
    return [*told, TRAINING_NOTE]
