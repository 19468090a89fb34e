"""Tables of what went astray between generated text and tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from rich.console import RenderableType
from rich.text import Text

from gner_bench.records import Json
from gner_bench.report.plain import heading, plain, table_of, visible

MOST = 10
"""How many of the most frequent are shown."""
STEP_NAMES = {
    "exact": "sentences with all words in place",
    "subsequence": "sentences with words left out only",
    "lcs": "sentences with words changed",
}
FACTS = {
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


def structuring_tables(parts: Mapping[str, Json]) -> Iterator[RenderableType]:
    """What was counted, in all data sets and in each, and the most frequent words and labels of it."""
    facts = {name: _facts(part) for name, part in parts.items()}
    yield heading("From generated text to tags")
    table = table_of(["", "all", "of these"], right=["all"])
    for key, title in {**STEP_NAMES, **FACTS}.items():
        counts = {name: each[key] for name, each in facts.items()}
        if any(counts.values()):
            table.add_row(title, f"{sum(counts.values()):,}", "" if key in STEP_NAMES else _by_set(counts))
    yield table if table.row_count else Text("Nothing went astray.")
    yield from _frequent(parts)


def _facts(part: Json) -> dict[str, int]:
    """Sentences by step and every count of a data set."""
    counted = part.get("structuring", {})
    everything = part.get("matched_by", {}) | counted | counted.get("malformed_labels", {})
    return {key: everything.get(key, 0) for key in (*STEP_NAMES, *FACTS)}


def _by_set(counts: Mapping[str, int]) -> Text:
    """``crossner_ai 12, mit-movie 3``, most first; nothing for a single data set."""
    if len(counts) == 1:
        return Text()
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return plain(", ".join(f"{name} {count:,}" for name, count in ordered if count))


def _frequent(parts: Mapping[str, Json]) -> Iterator[RenderableType]:
    found: dict[str, Counter[tuple[str, ...]]] = {key: Counter() for key in FREQUENT}
    for part in parts.values():
        for key, rows in part.get("structuring", {}).get("most_frequent", {}).items():
            for *texts, count in rows:
                found[key][tuple(texts)] += count
    if not any(found.values()):
        return
    yield heading("Most frequent of these")
    table = table_of(["", "with their counts"])
    for key, counts in found.items():
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST]
        if ordered:
            table.add_row(FREQUENT[key], _list(ordered))
    yield table
    if len(parts) > 1:
        yield Text("Summed over the 20 most frequent of each data set.", "dim")


def _list(counts: list[tuple[tuple[str, ...], int]]) -> Text:
    return Text("  ").join(
        Text.assemble(" → ".join(map(visible, each)), (f" ×{count:,}", "dim")) for each, count in counts
    )
