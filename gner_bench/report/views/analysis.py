"""The terminal's view of the error analysis in one scores.json."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from gner_bench.documents.scores import Analysis, Calibration, ScoresDocument, Structuring, Triple
from gner_bench.number_text import NOTHING, decimal, share_text
from gner_bench.report.analysis import Mistakes, added, mistakes_of, pooled
from gner_bench.report.escape import visible
from gner_bench.report.grid import FOLDED, NAMES, NUMBERS, Cell, Column, Grid, Part, Section, Styled, line, styled
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
FREQUENT = ("omitted_words", "added_words", "substituted_words", "words_outside_vocabulary", "unknown_labels")
FREQUENT_TITLES = ("omitted", "added", "substituted", "outside vocabulary", "unknown labels")
CALIBRATION = ("entities", "mean\nconfidence", "strictly\nright", "ECE", "AP")
CALIBRATION_NOTE = (
    "ECE: expected calibration error, 10 bins (Guo et al. 2017); AP: average precision over confidence, against all"
    " gold entities."
)


def analysis_view(document: ScoresDocument) -> Iterator[Part]:
    """Classes, confusions, F1 by length and position, structuring, oracles and calibration of a document."""
    sets = document.datasets
    analyses = {name: part.analysis for name, part in sets.items() if part.analysis.errors is not None}
    analysed = {name: mistakes_of(part.errors) for name, part in analyses.items() if part.errors is not None}
    if not analysed:
        yield line("This document holds no error analysis.")
        return
    yield _classes(analysed)
    yield _paper(analysed)
    yield from _confusions(analysed)
    for bucket, title in BUCKETS.items():
        yield _buckets(analysed, bucket, title)
    note = f"F1 in percent, the row {ALL} over the entities of all data sets; {NOTHING} where there are none."
    yield line(note, "dim")
    yield from _structuring(analyses)
    for metric in METRICS:
        values = {name: mistakes.oracle_f1(metric) for name, mistakes in analysed.items()}
        values = {name: {"as_it_is": sets[name].values[metric].f1, **f1} for name, f1 in values.items() if f1}
        if values:
            yield _oracles(values, f"F1 by {metric} if one step made no mistakes")
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


def _shares(counts: Iterable[int], whole: int) -> list[str]:
    """Counts, each with its percentage of the ``whole`` below."""
    return [f"{count:,}\n{decimal(100 * count / whole if whole else 0.0)}" for count in counts]


def _classes(sets: Mapping[str, Mistakes]) -> Grid:
    rows = [_row(name, _shares(part.classes.values(), part.classes.total())) for name, part in _with_all(sets).items()]
    return _list("Entities by class", ["data set", *CLASSES], [rows], remarks=[CLASSES_NOTE])


def _paper(sets: Mapping[str, Mistakes]) -> Grid:
    rows = [_row(name, _shares(part.paper.values(), part.classes.total())) for name, part in _with_all(sets).items()]
    sums = "; ".join(f"{error}: {' + '.join(names)}".replace("_", " ") for error, names in PAPER.items())
    note = PAPER_NOTE.format(sums=sums[0].upper() + sums[1:])
    return _list("Errors as unlabeled, noisy and boundary errors", ["data set", *PAPER], [rows], remarks=[note])


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
        for key, rows in structuring.most_frequent.items():
            frequent[key].update({tuple(map(str, texts)): int(count) for *texts, count in rows})
    table = []
    read = {f"answers {key}": what for key, what in READINGS.items()}
    for key, what in {**STEPS, **read, **COUNTS}.items():
        by_set = {name: counts.get(key, 0) for name, counts in counted.items()}
        ordered = sorted(by_set.items(), key=lambda item: -item[1]) if key not in STEPS and len(by_set) > 1 else []
        listed = ", ".join(f"{visible(name)} {count:,}" for name, count in ordered if count)
        if any(by_set.values()):
            table.append((styled(what), styled(f"{sum(by_set.values()):,}"), styled(listed)))
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
    titles = zip(FREQUENT, FREQUENT_TITLES, strict=True)
    if rows_of := [(styled(what), styled(*_most_frequent(frequent[key]))) for key, what in titles if frequent[key]]:
        remarks = ["Summed over the 20 most frequent of each data set."] if len(sets) > 1 else []
        yield _list("Most frequent of these", ["", "with their counts"], [rows_of], 2, remarks)


def _most_frequent(counts: Counter[tuple[str, ...]]) -> Iterator[str | Styled]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_FREQUENT]
    for place, (texts, count) in enumerate(ordered):
        yield ("  " if place else "") + " → ".join(map(visible, texts))
        yield f" ×{count:,}", "dim"


def _oracles(values: Mapping[str, Mapping[str, float]], title: str) -> Grid:
    """``values`` are F1 by data set and oracle."""
    keys = [key for key in ORACLES if any(key in f1 for f1 in values.values())]
    sections = [[_row(name, [share_text(f1.get(key)) for key in keys]) for name, f1 in values.items()]]
    if len(values) > 1 and all(len(f1) == len(keys) for f1 in values.values()):
        means = (sum(f1[key] for f1 in values.values()) / len(values) for key in keys)
        sections.append([_row(MEAN, map(share_text, means))])
    return _list(title, ["data set", *(ORACLES[key] for key in keys)], sections)


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
    for bins in zip(*(part.reliability for part in sets.values()), strict=True):
        count = sum(part.count for part in bins)
        confidence = sum((part.confidence or 0.0) * part.count for part in bins if part.count)
        shares_of = (confidence / count, sum(part.correct for part in bins) / count) if count else (None, None)
        rows.append(_row(f"{bins[0].above:.0%} to {bins[0].to:.0%}", [f"{count:,}", *map(share_text, shares_of)]))
    title = "Reliability" + (", all data sets together" if len(sets) > 1 else "")
    yield _list(title, ["confidence", *CALIBRATION[:3]], [rows])
