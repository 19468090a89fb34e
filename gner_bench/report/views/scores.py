"""Views of one scores.json: tables of data sets and of types, every number, gates and sets as test cases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gner_bench.documents.scores import Macro, ScoresDocument, SetDocument, Structuring
from gner_bench.documents.scores import Value as Measured
from gner_bench.number_text import NOTHING, p_text, percent, points
from gner_bench.report.grid import Cell, Column, Grid, Section, Value
from gner_bench.report.views.seen import short_verdict
from gner_bench.scoring.gates import NOT_JUDGED, Outcome, exit_code, require_passed
from gner_bench.scoring.metrics import METRICS, Metric, ordered
from gner_bench.structure.matching import STEPS

STEP_HEADS = {"exact": "exact", "subsequence": "subseq.", "lcs": "LCS"}
ASTRAY_HEADS = {
    "unread": ("empty_outputs", "unlabelled_outputs"),
    "partly": ("partly_read",),
    "mended": ("mended",),
    "cut": ("cut_outputs", "cut_inputs"),
    "unknown": ("unknown_labels",),
    "around": ("outer_outputs",),
    "strange": ("strange_outputs",),
}
"""The columns of counts that can move F1, shown where one is not zero, see ``Structuring`` and its ``readings``."""
RATIOS = ("precision", "recall", "f1")
COUNTS = ("true_positives", "predicted", "gold")
COLUMNS = (
    *("system", "scope", "dataset", "split", "type", "metric", *RATIOS, "low", "high", *COUNTS),
    *("sentences", "planned", "signature"),
)
ELEMENTS = {"failed": "failure", "error": "error"}
"""The element of JUnit for a gate that did not pass; others have a ``system-out``."""
NAMES = Column(right=False, whole=False, kind="name")
COUNT = Column(whole=False, kind="count")
Columns = list[tuple[Column, str, list[str]]]
"""Columns with their heads and cells."""


@dataclass(frozen=True)
class Result:
    """The ``document`` of scores.json, what the gates say of it (``gated`` where any were asked for), and warnings.

    ``baseline`` are the scores that it can be compared with, if any.
    """

    document: ScoresDocument
    outcomes: Sequence[Outcome] = ()
    warnings: Sequence[str] = ()
    gated: bool = False
    baseline: ScoresDocument | None = None

    @property
    def exit_code(self) -> int:
        """That of the command."""
        return exit_code(self.outcomes)

    @property
    def verdict(self) -> str:
        """``passed``, ``failed``, ``not judged`` or, where nothing was asked for and nothing is missing, ``scored``."""
        if self.exit_code == NOT_JUDGED:
            return "not judged"
        return "failed" if self.exit_code else "passed" if self.gated else "scored"

    @property
    def notes(self) -> list[str]:
        """The warnings, which of the data was scored in part among them."""
        sets = self.document.datasets.values()
        parts = [said for part in sets if " of " in (said := sentences_of(part))]
        mentioned = all(any(said in warning for warning in self.warnings) for said in parts)
        return [*([] if mentioned else [part_note(self.document)]), *self.warnings]

    @property
    def p_values(self) -> dict[Metric, dict[str | None, str]]:
        """Of the differences from the baseline that were tested: by metric and data set, None for the mean."""
        texts: dict[Metric, dict[str | None, str]] = {}
        for gate in self.outcomes:
            if "p" in gate.details:
                text = p_text(float(gate.details["p"]), float(gate.details["alpha"]))
                texts.setdefault(str(gate.details["metric"]), {})[gate.dataset] = text
        return texts

    def require_passed(self) -> None:
        """Raise GateError with the reasons for the exit code, if any."""
        require_passed(self.outcomes)


def sentences_of(part: SetDocument) -> str:
    """How many sentences of a set were scored, ``100 of 431`` where some are missing or were not selected."""
    planned = part.planned or 0
    return f"{part.sentences} of {planned}" if planned > part.sentences else str(part.sentences)


def title_of(document: ScoresDocument) -> str:
    """The system, what is said beside it, and of how many runs the scores are the mean."""
    runs = f"n = {len(document.runs)} runs" if document.runs else ""
    beside = ", ".join(filter(None, [document.system.note, runs]))
    return document.system.name + (f" ({beside})" if beside else "")


def part_note(document: ScoresDocument) -> str:
    """Which sets were scored in part, empty where none."""
    sets = document.datasets.items()
    parts = [f"{name} {said}" for name, part in sets if " of " in (said := sentences_of(part))]
    return f"Not all sentences were scored: {', '.join(parts)}" if parts else ""


def metrics_of(document: ScoresDocument) -> list[Metric]:
    """The metrics of a document, in the order of tables."""
    return list(ordered(document.metrics))


def sets_grid(document: ScoresDocument, ends: bool = False, against: Result | None = None) -> Grid:
    """The data sets and their mean: precision and recall by the first metric, F1 by each.

    Beside F1 is half its interval, or with ``ends`` both ends of it; then, without ``ends``, how many sentences were
    matched by which step; then the counts of answers that can move F1, where there are any. The differences are those
    from the baseline of ``against``, with their p values.
    """
    resampling, metrics = document.resampling, metrics_of(document)
    parts, steps = list(document.datasets.values()), [part.analysis.placed_by for part in document.datasets.values()]
    confidence, total = f"{resampling.confidence:.0%} interval", sum(part.sentences for part in parts)
    before, p_values = (against.baseline, against.p_values) if against else (None, {})
    columns: Columns = [
        (NAMES, "data set", [*document.datasets, "mean"]),
        (COUNT, "sentences", [*map(sentences_of, parts), str(total)]),
        *_values(
            [*(part.values for part in parts), document.average],
            metrics,
            confidence if ends else "",
            [*(before.datasets[name].values for name in document.datasets), before.average] if before else (),
            {metric: [of.get(name, "") for name in (*document.datasets, None)] for metric, of in p_values.items()},
        ),
    ]
    if not ends and any(any(counts.values()) for counts in steps if counts):
        step = Column(whole=False, kind="step")
        for name in STEPS:
            columns.append((step, STEP_HEADS[name], [*(str((counts or {}).get(name, "")) for counts in steps), ""]))
    if any(part.analysis.seen for part in parts):
        column = Column(right=False, whole=False, kind="step", remark="types seen: in training, of all of the set")
        columns.append((column, "types seen", [*(short_verdict(part.analysis.seen) for part in parts), NOTHING]))
    structurings = [part.analysis.structuring or Structuring() for part in parts]
    for head, keys in ASTRAY_HEADS.items():
        numbers = [sum(getattr(s, key, s.readings.get(key, 0)) for key in keys) for s in structurings]
        if any(numbers):
            columns.append((Column(whole=False, kind="astray"), head, [*map(str, numbers), str(sum(numbers))]))
    remarks = {
        "share": f"P and R by the {metrics[0]} metric" if len(metrics) > 1 else "",
        "margin": f"± half the {confidence} of {resampling.resamples:,} resamples{other_intervals(document)}",
    }
    if document.runs:
        remarks |= {"margin": f"{remarks['margin']} and over runs", "spread": "SD over runs"}
    grid = _grid("scores", title_of(document), _remarked(columns, remarks))
    [section] = grid.sections
    mean = (replace(section.rows[-1][0], code=False), *section.rows[-1][1:])  # no name of people's choosing
    return replace(
        grid,
        sections=(Section(section.rows[:-1]), Section((mean,), bold=True)),
        remarks=("percent; micro in each set, plain mean over sets" + ("; mean over runs" if document.runs else ""),),
    )


def types_grid(
    name: str, part: SetDocument, metrics: Sequence[Metric], ends: bool = False, before: SetDocument | None = None
) -> Grid | None:
    """The entity types of a data set, most frequent in the gold first; None by metrics blind to types.

    The differences are those from the same set ``before``.
    """
    typed = [metric for metric in metrics if METRICS[metric].typed]
    if not typed:
        return None
    types = dict(sorted(part.types.items(), key=lambda item: -(item[1][typed[0]].gold or 0)))
    rows = list(types.values())
    counts = {key: [getattr(row[typed[0]], key) for row in rows] for key in ("gold", "predicted")}
    columns: Columns = [
        (NAMES, "type", list(types)),
        # Means over runs have no counts.
        *((COUNT, key, list(map(str, of_types))) for key, of_types in counts.items() if None not in of_types),
        *_values(
            rows, typed, "interval" if ends else "", [before.types.get(kind, {}) for kind in types] if before else ()
        ),
    ]
    lacking = any(row[metric].no_interval for row in rows for metric in typed)
    remarks = {"margin": f"{NOTHING} no gold mention, no interval" if lacking else ""}
    return _grid(f"types_{name}", f"{name}: entity types", _remarked(columns, remarks))


def _remarked(columns: Columns, remarks: Mapping[str, str]) -> Columns:
    """The columns with what is to be said under a table of those of a kind."""
    return [
        (replace(column, remark=column.remark or remarks.get(column.kind, "")), head, cells)
        for column, head, cells in columns
    ]


def other_intervals(document: ScoresDocument) -> str:
    """What there is besides percentiles of resampled sentences."""
    fields, told = document.signature_fields, []
    if "cl" in fields:
        told.append("of documents")
    if "ci" in fields:
        told.append("Wilson's for small sets")
    return f" ({', '.join(told)})" if told else ""


def _values(
    rows: Sequence[Mapping[Metric, Measured]],
    metrics: Sequence[Metric],
    ends: str,
    before: Sequence[Mapping[Metric, Measured]] = (),
    p_values: Mapping[Metric, Sequence[str]] | None = None,
) -> Columns:
    """Precision and recall by the first metric, F1 by each with half its interval or, under ``ends``, both ends.

    Values have their differences from those ``before``, if any, and F1 the ``p_values`` of these.
    """
    share, value, margin, test = (Column(whole=False, kind=kind) for kind in ("share", "value", "margin", "value"))
    spread = Column(whole=False, kind="spread")

    def texts(metric: Metric, key: str) -> list[str]:
        return [
            percent(getattr(row[metric], key)) + _change(row[metric], old.get(metric), key)
            for row, old in zip(rows, before or [{}] * len(rows), strict=True)
        ]

    columns: Columns = [
        (share, "P", texts(metrics[0], "precision")),
        (share, "R", texts(metrics[0], "recall")),
    ]
    for metric in metrics:
        columns.append((value, METRICS[metric].title, texts(metric, "f1")))
        if tests := (p_values or {}).get(metric):
            columns.append((test, "p", list(tests)))
        intervals = [interval["f1"] if (interval := row[metric].interval) else None for row in rows]
        if any(intervals):
            both = ["–".join(map(percent, each)) if each else NOTHING for each in intervals]
            halves = [percent((each[1] - each[0]) / 2) if each else NOTHING for each in intervals]
            columns.append((margin, ends or "±", both if ends else halves))
        spreads = [row[metric].sd for row in rows]
        if any(sd is not None for sd in spreads):
            columns.append((spread, "SD", ["" if sd is None else percent(sd) for sd in spreads]))
    return columns


def _change(now: Measured, before: Measured | None, key: str) -> str:
    return "" if before is None else f" ({points(100 * (getattr(now, key) - getattr(before, key)), 2)})"


def _grid(name: str, title: str, columns: Columns) -> Grid:
    layout, heads, cells = zip(*columns, strict=True)
    rows = ((Cell(first, code=True), *map(Cell, others)) for first, *others in zip(*cells, strict=True))
    return Grid(name, title, tuple(map(Cell, heads)), (Section(tuple(rows)),), layout=tuple(layout), frame="scores")


def values_grid(document: ScoresDocument) -> Grid:
    """Every number of a document in long form, at full precision from 0 to 1: a row for each metric of each scope.

    A scope is ``set`` or ``type`` (micro), ``mean`` (over sets), ``pooled`` (micro over all sets), ``set-macro`` and
    ``mean-macro`` (the mean of F1 over types).
    """
    name, signature = document.system.name, document.signature_short
    columns: tuple[str, ...] = COLUMNS
    of_all: dict[str, Value] = {"system": name, "signature": signature}
    if document.runs:
        columns, of_all = (*COLUMNS, "runs", "sd"), of_all | {"runs": len(document.runs)}
    rows = [row | of_all for row in _rows(document)]
    values = tuple(tuple(row.get(column) for column in columns) for row in rows)
    return Grid("scores", name, (), (), columns=columns, values=values)


def _rows(document: ScoresDocument) -> Iterator[dict[str, Value]]:
    """The rows of every set and type, then of all sets together, by column."""
    parts, metrics = document.datasets.values(), document.metrics
    for name, part in document.datasets.items():
        place: dict[str, Value] = {"dataset": name, "split": part.split}
        place |= {"sentences": part.sentences, "planned": part.planned}
        yield from _scopes(place, {"set": part.values, "set-macro": part.macro}, metrics)
        for kind, values in part.types.items():
            there = [metric for metric in metrics if metric in values]
            yield from _scopes({**place, "type": kind}, {"type": values}, there)
    plans = [part.planned for part in parts if part.planned is not None]
    place = {"sentences": sum(part.sentences for part in parts)}
    place |= {"planned": sum(plans) if len(plans) == len(parts) else None}
    yield from _scopes(
        place, {"mean": document.average, "mean-macro": document.macro, "pooled": document.pooled}, metrics
    )


def _scopes(
    place: dict[str, Value], scopes: Mapping[str, Mapping[Metric, Measured | Macro]], metrics: Sequence[Metric]
) -> Iterator[dict[str, Value]]:
    for metric in metrics:
        for scope, values in scopes.items():
            value = values[metric]
            low, high = (value.interval or {}).get("f1", (None, None))
            numbers = {key: getattr(value, key, None) for key in (*RATIOS, *COUNTS, "sd")}
            yield {**place, "scope": scope, "metric": metric, "low": low, "high": high, **numbers}


def suites(result: Result) -> list[Grid]:
    """Gates and scored data sets as suites of test cases (``render.junit``).

    A failed gate is a failure, one that could not be evaluated an error; both give the reason. The signature is in what
    the suites put out.
    """
    document = result.document
    metrics = metrics_of(document)
    facts = {"signature": document.signature, "signature_short": document.signature_short}
    facts |= {"system": document.system.name}
    for metric in metrics:
        facts[f"mean {METRICS[metric].title} (percent)"] = percent(document.average[metric].f1)
    gates = [
        (gate.name, ELEMENTS.get(gate.status, "system-out"), f"exit code {gate.exit_code}", gate.reason)
        for gate in result.outcomes
    ]
    remarks = (*result.notes, document.signature)
    sets: list[tuple[Value, ...]] = []
    for name, part in document.datasets.items():
        lines = [f"{sentences_of(part)} sentences"]
        for metric in metrics:
            precision, recall, f1 = (percent(getattr(part.values[metric], key)) for key in RATIOS)
            lines.append(f"{METRICS[metric].title}: {f1}% (precision {precision}%, recall {recall}%)")
        sets.append((f"{name}/{part.split}", "system-out", "", "\n".join(lines)))
    return [
        Grid("gates", "Gates", (), (), remarks, values=tuple(gates), facts=facts),
        Grid("scores", "Scores", (), (), (document.signature,), values=tuple(sets)),
    ]
