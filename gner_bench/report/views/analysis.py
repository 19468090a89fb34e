"""The terminal's view of the error analysis in one scores.json."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from gner_bench.documents.scores import Analysis, Calibration, ScoresDocument, Structuring, Triple
from gner_bench.number_text import NOTHING, decimal, share_text
from gner_bench.report.analysis import Mistakes, added, conflict_note, mistakes_of, pooled, pooled_bins
from gner_bench.report.escape import visible
from gner_bench.report.grid import FOLDED, NAMES, NUMBERS, Cell, Column, Grid, Part, Section, Styled, line, styled
from gner_bench.report.views.seen import seen_view
from gner_bench.scoring.errors import PAPER, UNLISTED_NAME
from gner_bench.scoring.metrics import METRICS, prf

MOST_CONFUSIONS = 15
MOST_FREQUENT = 10
"""How many of the most frequent are shown."""
ALL, MEAN = "all", "mean"
POSITIONS = (3, 6, 9, 12)
"""The last position of each group of types but the open one."""
BUCKETS = {
    "by_entity_length": "Strict F1 by length of entities, in words",
    "by_sentence_length": "Strict F1 by length of sentences, in words",
    "by_type_position": "Strict F1 by position of the type in the prompt's list",
}
CLASSES = ("correct", "wrong\ntype", "wrong\nbounds", "both\nwrong", "missed", "spurious")
CLASSES_NOTE = "Pairs of a gold and a predicted entity, and those without pair, by strict spans; below, percent of all."
PAPER_NOTE = (
    "{sums}. This is our reading of the error names of Ding et al. (2024), Table 1: their definitions are not known to "
    "us, so do not compare these shares with theirs."
)
ORACLES = {
    "as_it_is": "as it\nis",
    "perfect_structuring": "perfect\nstructuring",
    "perfect_types": "perfect\ntypes",
}
STEPS = {
    "exact": "sentences with all words in place",
    "subsequence": "sentences with words left out only",
    "lcs": "sentences with words changed",
}
READINGS = {
    "as_is": "answers read as they are",
    "mended": "answers mended",
    "partly_read": "answers partly read",
    "unread": "answers unread",
    "empty": "answers empty",
}
COUNTS = {
    "omitted_words": "words omitted",
    "added_words": "words added",
    "substituted_words": "words substituted",
    "words_outside_vocabulary": "words outside the tokenizer's vocabulary",
    "unknown_labels": "labels of unknown types",
    "unread": "malformed: not read as a label",
    "unclosed": "malformed: bracket not closed",
    "empty_type": "malformed: B- or I- without a type",
    "without_word": "malformed: label without a word",
    "orphan_tags": "I- that continues nothing",
    "type_changes": "I- of another type than before it",
    "empty_outputs": "outputs without text",
    "unlabelled_outputs": "outputs with text, no label",
    "outer_outputs": "outputs with words around the sentence",
    "strange_outputs": "outputs most of whose words are not the sentence's",
    "cut_outputs": "outputs cut at the length limit",
    "cut_inputs": "prompts cut at the length limit",
    "gold_outside_types": "gold tags of types not in the prompt",
}
FREQUENT = {
    "omitted_words": "omitted",
    "added_words": "added",
    "substituted_words": "substituted",
    "words_outside_vocabulary": "outside vocabulary",
    "unknown_labels": "unknown labels",
}
CALIBRATION = ("entities", "mean\nconfidence", "strictly\nright", "ECE", "AP")
CALIBRATION_NOTE = (
    "ECE: expected calibration error, 10 bins (Guo et al. 2017); AP: average precision over confidence, against all"
    " gold entities."
)


def analysis_view(document: ScoresDocument) -> Iterator[Part]:
    """Classes, confusions, F1 by length and position, structuring, oracles and calibration of a document."""
    parts = document.datasets.items()
    analyses = {name: part.analysis for name, part in parts if part.analysis.errors is not None}
    analysed = {name: mistakes_of(part.errors) for name, part in analyses.items() if part.errors is not None}
    if not analysed:
        yield line("This document holds no error analysis.")
        return
    yield from _kinds(analysed)
    yield from _confusions(analysed)
    for bucket, title in BUCKETS.items():
        yield _buckets(analysed, bucket, title)
    note = f"F1 in percent, the row {ALL} over the entities of all data sets; {NOTHING} where there are none."
    yield line(note, "dim")
    yield from seen_view(analyses, next(metric for metric in METRICS if metric in document.metrics))
    yield from _structuring(analyses)
    yield from _oracles(analysed, document)
    if calibrated := {name: part.calibration for name, part in analyses.items() if part.calibration is not None}:
        yield from _calibration(calibrated)


def _list(
    title: str,
    heads: Sequence[str],
    sections: Iterable[Sequence[tuple[Cell, ...]]],
    names: int = 1,
    remarks: Sequence[str] = (),
    numbers: Column = NUMBERS,
) -> Grid:
    """A table below a heading; its first columns hold names, which may be folded, the others numbers."""
    return Grid(
        "analysis",
        title,
        tuple(map(styled, heads)),
        tuple(Section(tuple(rows)) for rows in sections),
        tuple(remarks),
        layout=(*[NAMES] * names, *[numbers] * (len(heads) - names)),
        frame="list",
    )


def _row(name: str, cells: Iterable[str]) -> tuple[Cell, ...]:
    return (styled((visible(name), "bold" if name in (ALL, MEAN) else "")), *map(styled, cells))


def _with_all(sets: Mapping[str, Mistakes]) -> dict[str, Mistakes]:
    """The data sets and, of several, all together."""
    return {**sets, ALL: pooled(sets.values())} if len(sets) > 1 else dict(sets)


def _kinds(sets: Mapping[str, Mistakes]) -> Iterator[Grid]:
    """Entities by class, then by our reading of the paper's errors: counts with their percentages of all below."""
    parts = _with_all(sets)
    sums = "; ".join(f"{error}: {' + '.join(names)}".replace("_", " ") for error, names in PAPER.items())
    classes_note = " ".join(filter(None, (CLASSES_NOTE, conflict_note(sets))))
    note = PAPER_NOTE.format(sums=sums[0].upper() + sums[1:])
    for title, kinds, counted, remark in (
        ("Entities by class", CLASSES, [part.classes for part in parts.values()], classes_note),
        ("Errors as unlabeled, noisy and boundary errors", PAPER, [part.paper for part in parts.values()], note),
    ):
        rows = []
        for (name, part), counts in zip(parts.items(), counted, strict=True):
            whole = part.classes.total() or 1
            rows.append(_row(name, (f"{count:,}\n{decimal(100 * count / whole)}" for count in counts.values())))
        yield _list(title, ["data set", *kinds], [rows], remarks=[remark])


def _confusions(sets: Mapping[str, Mistakes]) -> Iterator[Part]:
    wrong = [(name, *row) for name, part in sets.items() for row in part.taken_for_others]
    wrong.sort(key=lambda row: (-row[3], row[:3]))
    rows = [_row(name, [*map(visible, types), f"{count:,}"]) for name, *types, count in wrong[:MOST_CONFUSIONS]]
    if rows:
        more = [f"{MOST_CONFUSIONS} of {len(wrong):,}."] if len(wrong) > MOST_CONFUSIONS else []
        heads = ["data set", "gold", "predicted", "pairs"]
        yield _list("Types taken for others, most frequent first", heads, [rows], 3, more)


def _buckets(sets: Mapping[str, Mistakes], bucket: str, title: str) -> Grid:
    counts: dict[str, dict[str, Triple]] = {name: getattr(part, bucket) for name, part in _with_all(sets).items()}
    together = counts[ALL] if len(sets) > 1 else next(iter(counts.values()))
    groups = _positions(together) if bucket == "by_type_position" else {name: [name] for name in together}
    rows = []
    for name, buckets in counts.items():
        sums = [added(buckets[key] for key in keys if key in buckets) for keys in groups.values()]
        shares = [prf(*triple, "strict").f1 if triple[1] or triple[2] else None for triple in sums]
        rows.append(_row(name, map(share_text, shares)))
    gold = [f"{sum(together[key][2] for key in keys):,}" for keys in groups.values()]
    return _list(title, ["data set", *groups], [rows, [_row("gold entities", gold)]])


def _positions(names: Iterable[str]) -> dict[str, list[str]]:
    """The positions of each group that occurs."""
    starts = [1, *(last + 1 for last in POSITIONS)]
    titles = [*(f"{start}-{last}" for start, last in zip(starts, POSITIONS, strict=False)), f"{starts[-1]}+"]
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        position = None if name == UNLISTED_NAME else int(name.rstrip("+"))
        place = len(titles) if position is None else sum(position > last for last in POSITIONS)
        groups[[*titles, UNLISTED_NAME][place]].append(name)
    return {title: groups[title] for title in [*titles, UNLISTED_NAME] if title in groups}


def _structuring(sets: Mapping[str, Analysis]) -> Iterator[Part]:
    """What was counted, in all data sets and in each, and the most frequent words and labels of it."""
    counted: dict[str, dict[str, int]] = {}
    frequent: dict[str, Counter[tuple[str, ...]]] = {key: Counter() for key in FREQUENT}
    for name, part in sets.items():
        structuring = part.structuring or Structuring()
        counts = {key: getattr(structuring, key, 0) for key in COUNTS}
        readings = {f"answers {key}": count for key, count in structuring.readings.items()}
        counted[name] = {**(part.placed_by or {}), **readings, **counts, **structuring.malformed_labels}
        for key, listed in structuring.most_frequent.items():
            frequent[key].update({tuple(map(str, texts)): int(count) for *texts, count in listed})
    table = []
    read = {f"answers {key}": what for key, what in READINGS.items()}
    for key, what in {**STEPS, **read, **COUNTS}.items():
        by_set = {name: counts.get(key, 0) for name, counts in counted.items()}
        ordered = sorted(by_set.items(), key=lambda item: -item[1]) if key not in STEPS and len(by_set) > 1 else []
        of_these = ", ".join(f"{visible(name)} {count:,}" for name, count in ordered if count)
        if any(by_set.values()):
            table.append((styled(what), styled(f"{sum(by_set.values()):,}"), styled(of_these)))
    yield Grid(
        "structuring",
        "From generated text to tags",
        tuple(map(styled, ("", "all", "of these"))),
        (Section(tuple(table)),),
        layout=(NAMES, FOLDED, NAMES),
        frame="list",
    )
    if not table:
        yield line("Nothing went astray.")
    rows = []
    for key, what in FREQUENT.items():
        pieces: list[Styled] = []
        for texts, count in sorted(frequent[key].items(), key=lambda item: (-item[1], item[0]))[:MOST_FREQUENT]:
            pieces.append((("  " if pieces else "") + " → ".join(map(visible, texts)), ""))
            pieces.append((f" ×{count:,}", "dim"))
        rows += [(styled(what), styled(*pieces))] if pieces else []
    if rows:
        remarks = ["Summed over the 20 most frequent of each data set."] if len(sets) > 1 else []
        yield _list("Most frequent of these", ["", "with their counts"], [rows], 2, remarks)


def _oracles(analysed: Mapping[str, Mistakes], document: ScoresDocument) -> Iterator[Grid]:
    """A table for each metric that has oracles: F1 of each data set as it is and as it would be."""
    for metric in METRICS:
        values: dict[str, dict[str, float]] = {}
        for name, mistakes in analysed.items():
            if f1 := mistakes.oracle_f1(metric):
                values[name] = {"as_it_is": document.datasets[name].values[metric].f1, **f1}
        keys = [key for key in ORACLES if any(key in f1 for f1 in values.values())]
        sections = [[_row(name, [share_text(f1.get(key)) for key in keys]) for name, f1 in values.items()]]
        if len(values) > 1 and all(len(f1) == len(keys) for f1 in values.values()):
            means = (sum(f1[key] for f1 in values.values()) / len(values) for key in keys)
            sections.append([_row(MEAN, map(share_text, means))])
        if values:
            title = f"F1 by {metric} if one step made no mistakes"
            yield _list(title, ["data set", *(ORACLES[key] for key in keys)], sections)


def _calibration(sets: Mapping[str, Calibration]) -> Iterator[Part]:
    """Calibration of each data set, and the bins of all together."""
    rows = []
    for name, part in sets.items():
        right = part.correct / part.entities if part.entities else None
        shares = (part.confidence, right, part.ece, part.average_precision)
        rows.append(_row(name, [f"{part.entities:,}", *map(share_text, shares)]))
    title = "Confidence of predicted entities, in percent"
    yield _list(title, ["data set", *CALIBRATION], [rows], remarks=[CALIBRATION_NOTE])
    rows = []
    for bin_ in pooled_bins(sets.values()):
        cells = [f"{bin_.count:,}", share_text(bin_.confidence), share_text(bin_.share)]
        rows.append(_row(f"{bin_.above:.0%} to {bin_.to:.0%}", cells))
    title = "Reliability" + (", all data sets together" if len(sets) > 1 else "")
    yield _list(title, ["confidence", *CALIBRATION[:3]], [rows])
