"""Writing a leaderboard: index.html, leaderboard.json and the files of its runs in one folder."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gner_bench import __version__
from gner_bench.documents.fields import Json
from gner_bench.files import make_folder, to_json, write_atomic
from gner_bench.report.contents import Contents
from gner_bench.report.leaderboard.board import Group, Part, parts_of
from gner_bench.report.leaderboard.files import RUNS, Files, RunFile, RunFiles
from gner_bench.report.load import SystemScores
from gner_bench.report.page.leaderboard import write_board
from gner_bench.report.render.json import to_records
from gner_bench.report.views.leaderboard import group_grid, quoted_grid
from gner_bench.scoring.scores import warnings_of_all

VERSION = 1
NAME = "leaderboard.json"
TITLE = "Leaderboard"
OWN = re.compile(rf"{RUNS}/[A-Za-z0-9_-][A-Za-z0-9._-]*/(?:\d+/)?[a-z]+\.jsonl?(?:\.gz)?")
"""The files of a leaderboard that a later one may remove."""


@dataclass(frozen=True)
class Written:
    """The ``parts`` of the page in ``out``, and how many ``files`` of runs are beside it."""

    out: Path
    parts: Sequence[Part]
    files: int


def write_leaderboard(
    contents: Contents, out: Path, wanted: Files, groups: Mapping[str, Sequence[Path]] | None = None
) -> Written:
    """Write the leaderboard of ``contents`` to ``out``; ``groups`` are the runs of those systems that are several.

    Files that an earlier leaderboard wrote there and this one does not are removed. Raises InputError for files that
    cannot be read and for a folder that cannot be written.
    """
    make_folder(out)
    before, parts, kept = _earlier(out), parts_of(contents), RunFiles(out, wanted)
    of_runs = {system.name: kept.of(system, (groups or {}).get(system.name, ())) for system in contents.systems}
    links = {name: [file.link for file in files] for name, files in of_runs.items()}
    title = contents.title or TITLE
    write_board(out, title, parts, links, NAME)
    write_atomic(out / NAME, to_json(_document(contents, title, parts, of_runs, kept.written)) + "\n")
    linked = {file.path for files in of_runs.values() for file in files}
    for name in before - linked:
        (out / name).unlink(missing_ok=True)
        with suppress(OSError):  # others put files there
            (out / name).parent.rmdir()
    return Written(out, parts, len(linked))


def _document(
    contents: Contents,
    title: str,
    parts: Sequence[Part],
    files: Mapping[str, Sequence[RunFile]],
    written: Sequence[str],
) -> Json:
    """What leaderboard.json says: all that the page shows, values in full digits."""
    return {
        "leaderboard": VERSION,
        "version": __version__,
        "title": title,
        "metrics": list(contents.metrics),
        "parts": [
            {
                "metric": part.metric,
                "layout": part.layout,
                "groups": [_group(group) for group in part.groups],
                **({"quoted": to_records(quoted_grid(part.quoted))} if part.quoted else {}),
            }
            for part in parts
        ],
        "systems": [_system(system, files[system.name]) for system in contents.systems],
        "warnings": warnings_of_all([(system.name, system.scores) for system in contents.systems]),
        "files": list(written),
    }


def _group(group: Group) -> Json:
    apart = [
        {"what": each.what, "here": each.here, "in_groups": {str(n): value for n, value in each.there.items()}}
        for each in group.apart
    ]
    datasets = {
        name: {
            "split": scores.split,
            "sentences": len(scores.statistics),
            "content_hash": scores.content_hash,
            "types": list(scores.types),
        }
        for name, scores in group.systems[0].scores.sets.items()
    }
    table = to_records(group_grid(group))
    return {"heading": group.heading, "not_like_for_like": apart, "datasets": datasets, "table": table}


def _system(system: SystemScores, files: Sequence[RunFile]) -> Json:
    seen = {name: part.analysis.seen.verdict for name, part in system.scores.sets.items() if part.analysis.seen}
    return {
        "name": system.name,
        "parameters": system.parameters,
        "note": system.note,
        "runs": len(system.scores.runs),
        "training_sets": list(system.scores.origin.system.training_sets),
        "seen": seen,
        "signature": system.signature,
        "signature_short": system.signature_short,
        "files": [file.document() for file in files],
    }


def _earlier(out: Path) -> set[str]:
    """The files of runs that a leaderboard in the folder says it wrote."""
    try:
        document = json.loads((out / NAME).read_text(encoding="utf-8"))
        names = document["files"] if document.get("leaderboard") == VERSION else []
        return {name for name in names if isinstance(name, str) and OWN.fullmatch(name)}
    except (OSError, ValueError, AttributeError, KeyError, TypeError, RecursionError):
        return set()
