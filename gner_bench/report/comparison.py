"""The terminal's view of a comparison of systems."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from gner_bench.report.escape import one_line
from gner_bench.scoring.changed import ChangedSentence, Changes, TypeDifference
from gner_bench.scoring.comparison import Against, Comparison
from gner_bench.scoring.metrics import DEFINITIONS, Metric
from gner_bench.scoring.paired import Difference
from gner_bench.terminal import console

STARS = ((0.001, "***"), (0.01, "**"), (0.05, "*"))
UNBOUNDED = 10_000
Row = Sequence[str]


def print_comparison(comparison: Comparison, per_type: bool, changed: int) -> None:
    """Print the tables of ``comparison`` on stdout, F1 in percent; of each set up to ``changed`` sentences each way."""
    out = console()
    for system in comparison.systems:
        files = ", ".join(str(file) for file in system.scores.origin.files)
        out.print(Text.assemble((one_line(system.title), "bold"), ("  " + one_line(files), "dim")))
    for against in comparison.against:
        for metric, found in against.differences.items():
            out.print()
            tables = [layout(against, metric, found) for layout in LAYOUTS]
            table = _fitting(out, tables)
            out.print(table)
            if table is not tables[0]:
                out.print(Text(_detectable(found), style="dim"))
        if per_type:
            _print_types(out, against)
        out.print()
        _print_changed(out, against, changed)
    out.print(Text(_meaning(comparison), style="dim"))


def _fitting(out: Console, tables: Sequence[Table]) -> Table:
    """The first of ``tables`` that the terminal is wide enough for, or the last."""
    options = out.options.update(max_width=UNBOUNDED)
    return next((each for each in tables if Measurement.get(out, options, each).maximum <= out.width), tables[-1])


@dataclass(frozen=True)
class _Figures:
    """The cells of one row."""

    first: str
    second: str
    difference: str
    interval: str
    p: str
    p_holm: str
    p_bootstrap: str
    detectable: str


def _figures(found: Difference) -> _Figures:
    mark = stars(found.p_randomization if found.p_holm is None else found.p_holm)
    return _Figures(
        percent(found.first),
        percent(found.second),
        signed(found.difference),
        f"{signed(found.interval[0])} to {signed(found.interval[1])}",
        p_text(found.p_randomization) + (mark if found.p_holm is None else ""),
        "" if found.p_holm is None else p_text(found.p_holm) + mark,
        p_text(found.p_bootstrap),
        percent(found.detectable),
    )


def percent(share: float) -> str:
    return f"{100 * share:.2f}"


def signed(share: float) -> str:
    """In percentage points with their sign; what rounds to zero has none."""
    text = f"{100 * share:+.2f}"
    return "0.00" if float(text) == 0 else text


def p_text(p: float) -> str:
    return f"{p:.4f}" if p >= 0.0001 else "<.0001"


def stars(p: float) -> str:
    return next((mark for limit, mark in STARS if p < limit), "")


def _wide(against: Against, metric: Metric, found: Sequence[Difference]) -> Table:
    """Everything in a column of its own."""
    heads = [*_systems(against), _interval(against), "p", "p Holm", "p boot.", "detectable"]

    def cells(f: _Figures) -> Row:
        return f.first, f.second, f.difference, f.interval, f.p, f.p_holm, f.p_bootstrap, f.detectable

    return _table(_title(against, metric), heads, found, cells)


def _medium(against: Against, metric: Metric, found: Sequence[Difference]) -> Table:
    """Without the bootstrap's p value and the detectable difference."""
    heads = [*_systems(against), _interval(against), "p", "p Holm"]

    def cells(f: _Figures) -> Row:
        return f.first, f.second, f.difference, f.interval, f.p, f.p_holm

    return _table(_title(against, metric), heads, found, cells)


def _stacked(against: Against, metric: Metric, found: Sequence[Difference]) -> Table:
    """Two lines a row."""
    first, second, difference = _systems(against)
    heads = [f"{first}\n{second}", f"{difference}\n{_interval(against)}", "p\np Holm"]

    def cells(f: _Figures) -> Row:
        return f"{f.first}\n{f.second}", f"{f.difference}\n{f.interval}", f"{f.p}\n{f.p_holm}"

    return _table(_title(against, metric), heads, found, cells)


LAYOUTS = (_wide, _medium, _stacked)


def _systems(against: Against) -> tuple[str, str, str]:
    first, second = against.first.label, against.second.label
    return first, second, f"{second} - {first}"


def _interval(against: Against) -> str:
    return f"{against.resampling.confidence:.0%} interval"


def _title(against: Against, metric: Metric) -> str:
    return f"{DEFINITIONS[metric].title}: {against.second.label} against {against.first.label}"


def _table(title: str, heads: Row, found: Sequence[Difference], cells: Callable[[_Figures], Row]) -> Table:
    table = _empty(title, ["data set", *heads])
    for each in found:
        if each is found[-1]:
            table.add_section()
        table.add_row(Text(one_line(each.name)), *cells(_figures(each)), style="bold" if each is found[-1] else None)
    return table


def _empty(title: str, heads: Row) -> Table:
    table = Table(title=Text(title), title_justify="left")
    table.add_column(heads[0], overflow="fold")
    for head in heads[1:]:
        # A p value has as many digits as any other, and then its stars.
        table.add_column(head, justify="left" if head.startswith("p") else "right", no_wrap=True)
    return table


def _detectable(found: Sequence[Difference]) -> str:
    """The column of the widest table, in a line."""
    return "Detectable: " + ", ".join(f"{one_line(each.name)} {percent(each.detectable)}" for each in found) + "."


def _print_types(out: Console, against: Against) -> None:
    for metric, sets in against.types.items():
        for name, found in sets.items():
            title = one_line(f"{_title(against, metric)}, {name}")
            out.print()
            out.print(_fitting(out, [_wide_types(against, title, found), _stacked_types(against, title, found)]))


def _wide_types(against: Against, title: str, found: Sequence[TypeDifference]) -> Table:
    table = _empty(title, ["type", "gold", *_systems(against), _interval(against)])
    for each in _by_gold(found):
        table.add_row(*_named(each), *_type_figures(each))
    return table


def _stacked_types(against: Against, title: str, found: Sequence[TypeDifference]) -> Table:
    one, other, less = _systems(against)
    table = _empty(title, ["type", "gold", f"{one}\n{other}", f"{less}\n{_interval(against)}"])
    for each in _by_gold(found):
        first, second, difference, interval = _type_figures(each)
        table.add_row(*_named(each), f"{first}\n{second}", f"{difference}\n{interval}")
    return table


def _by_gold(found: Sequence[TypeDifference]) -> list[TypeDifference]:
    return sorted(found, key=lambda each: -each.gold)


def _named(found: TypeDifference) -> tuple[Text, str]:
    return Text(one_line(found.name)), f"{found.gold:g}"


def _type_figures(found: TypeDifference) -> tuple[str, str, str, str]:
    interval = f"{signed(found.interval[0])} to {signed(found.interval[1])}"
    return percent(found.first), percent(found.second), signed(found.difference), interval


def _print_changed(out: Console, against: Against, most: int) -> None:
    title = f"Sentences of {against.second.label} with other counts than {against.first.label} ({against.changed_by})"
    table = _empty(title, ["data set", "better", "worse", "other", "of"])
    for name, found in against.changed.items():
        counts = (len(found.better), len(found.worse), len(found.other), found.sentences)
        table.add_row(Text(one_line(name)), *map(str, counts))
    out.print(table)
    for name, found in against.changed.items() if most else ():
        for text in _listed(name, found, most):
            out.print(Text(text))


def _listed(name: str, found: Changes, most: int) -> list[str]:
    """A line for each way in which sentences of a set changed, those that changed most first."""
    ways = {"better": found.better, "worse": found.worse, "other": found.other}
    lines = []
    for way, sentences in ways.items():
        top = sorted(sentences, key=lambda each: -abs(each.gain))[:most]
        rest = len(sentences) - len(top)
        said = ", ".join(map(_changed, top)) + (f" and {rest} more" if rest else "")
        lines += [f"{one_line(name)} {way}: {said}"] if top else []
    return lines


def _changed(sentence: ChangedSentence) -> str:
    """Such as ``12 (1/3/2 to 2/2/2)``: right, predicted and gold of both systems."""
    first, second = ("/".join(f"{count:g}" for count in counts) for counts in (sentence.first, sentence.second))
    return f"{one_line(sentence.id)} ({first} to {second})"


def _meaning(comparison: Comparison) -> str:
    """What the figures of the tables are."""
    resampling, sets = comparison.resampling, len(comparison.systems[0].scores.sets)
    return (
        "F1 in percent, two decimals, differences of unrounded figures; micro in each set, plain mean over sets."
        f" Interval: paired bootstrap over sentences, {resampling.resamples:,} resamples, seed {resampling.seed}."
        f" p: approximate randomization, two-sided, {resampling.resamples:,} trials; p Holm: corrected for"
        f" {sets} data set{'s' if sets > 1 else ''}; p boot.: paired bootstrap."
        " Stars at p Holm, for the mean at p: * below 0.05, ** 0.01, *** 0.001."
        " Detectable: the smallest difference, in points, that these sentences show with 80% power in a test at 5%."
        " Sentences: right/predicted/gold entities; better is a higher right - spurious - missed."
    )
