"""Tables of how far confidence can be trusted, for outputs that have one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import RenderableType
from rich.text import Text

from gner_bench.records import Json
from gner_bench.report.figure_table import figure_table
from gner_bench.report.plain import heading, plain
from gner_bench.report.rounding import printed

NOTHING = "–"
HEADS = ("entities", "mean\nconfidence", "strictly\nright", "ECE", "AP")
BIN_HEADS = ("entities", "mean\nconfidence", "strictly\nright")


def calibration_tables(parts: Mapping[str, Json]) -> Iterator[RenderableType]:
    """Calibration of each data set, and the bins of all together; nothing where no output has a confidence."""
    found = {name: part["calibration"] for name, part in parts.items() if part.get("calibration")}
    if not found:
        return
    yield heading("Confidence of predicted entities, in percent")
    table = figure_table(["data set"], HEADS)
    for name, each in found.items():
        right = each["correct"] / each["entities"] if each["entities"] else None
        shares = (each["confidence"], right, each["ece"], each["average_precision"])
        table.add_row(plain(name), f"{each['entities']:,}", *map(_percent, shares))
    yield table
    yield Text(
        "ECE: expected calibration error, 10 bins (Guo et al. 2017); AP: average precision over confidence, against all"
        " gold entities.",
        "dim",
    )
    yield from _bins(found)


def _bins(found: Mapping[str, Json]) -> Iterator[RenderableType]:
    yield heading("Reliability" + (", all data sets together" if len(found) > 1 else ""))
    table = figure_table(["confidence"], BIN_HEADS)
    for bins in zip(*(each["reliability"] for each in found.values()), strict=True):
        count = sum(each["count"] for each in bins)
        confidence = sum(each["confidence"] * each["count"] for each in bins if each["count"])
        right = sum(each["correct"] for each in bins)
        shares = (confidence / count, right / count) if count else (None, None)
        table.add_row(f"{bins[0]['above']:.0%} to {bins[0]['to']:.0%}", f"{count:,}", *map(_percent, shares))
    yield table


def _percent(share: float | None) -> str:
    return NOTHING if share is None else printed(100 * share)
