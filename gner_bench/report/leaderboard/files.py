"""The files of runs beside the page: copied into its folder, so that any static host has all that it links."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from gner_bench.documents import run as run_json
from gner_bench.documents import scores as scores_json
from gner_bench.documents.fields import Json
from gner_bench.errors import InputError
from gner_bench.files import STDIN, to_json, write_atomic
from gner_bench.report.load import SystemScores, file_of
from gner_bench.scoring.generations import PREDICTIONS

Files = Literal["all", "scores", "none"]
RUNS = "runs"
TITLES = {scores_json.NAME: "scores", run_json.NAME: "run", **dict.fromkeys(PREDICTIONS, "predictions")}
LONGEST = 60


@dataclass(frozen=True)
class RunFile:
    """A file of a system: its ``path`` in the folder of the page, and the SHA-256 (hex) of its bytes."""

    title: str
    path: str
    sha256: str

    @property
    def link(self) -> tuple[str, str]:
        """Its address from the page, and what it is called."""
        return quote(self.path), self.title

    def document(self) -> Json:
        return {"title": self.title, "path": self.path, "sha256": self.sha256}


@dataclass
class RunFiles:
    """Puts the ``wanted`` files of systems below ``out``; ``written`` are their paths there.

    What is in the folder already is linked where it is, and kept.
    """

    out: Path
    wanted: Files
    written: list[str] = field(default_factory=list)
    _folders: set[str] = field(default_factory=set)

    def of(self, system: SystemScores, runs: Sequence[Path] = ()) -> list[RunFile]:
        """The files of a system or, of a group, its scores and those of its ``runs``.

        Raises InputError for what cannot be read or written.
        """
        if self.wanted == "none":
            return []
        folder = self._folder(system.name)
        if runs:
            files = [self._scores(system, folder)]
            for number, path in enumerate(map(file_of, runs), start=1):
                files += [
                    self._copied(title, file, f"{folder}/{number}", f" {number}") for title, file in self._beside(path)
                ]
            return files
        made = system.predictions is not None
        files = [self._scores(system, folder)] if made else [self._copied("scores", system.path, folder)]
        beside = [(title, file) for title, file in self._beside(system.path) if title != "scores"]
        return files + [self._copied(title, file, folder) for title, file in beside]

    def _scores(self, system: SystemScores, folder: str) -> RunFile:
        """The scores that the page shows, of predictions that were scored for it."""
        return self._write("scores", f"{folder}/{scores_json.NAME}", to_json(system.document.json()).encode() + b"\n")

    def _beside(self, path: Path) -> Iterator[tuple[str, Path]]:
        """What belongs to the predictions or scores at ``path``: the files of its run folder, or itself alone."""
        if path == STDIN:
            return
        there = [path.with_name(name) for name in TITLES] if path.name in TITLES else [path]
        for file in there:
            title = TITLES.get(file.name, "scores" if file.suffix == ".json" else "predictions")
            if file.is_file() and (title != "predictions" or self.wanted == "all"):
                yield title, file

    def _copied(self, title: str, file: Path, folder: str, suffix: str = "") -> RunFile:
        try:
            content, root, own = file.read_bytes(), self.out.resolve(), file.resolve()
        except OSError as error:
            raise InputError(file, f"cannot be read ({error.strerror or error})") from None
        if own.is_relative_to(root):
            return RunFile(title + suffix, own.relative_to(root).as_posix(), hashlib.sha256(content).hexdigest())
        name = file.name if file.name in TITLES else {"scores": scores_json.NAME}.get(title, _name_of(file))
        return self._write(title + suffix, f"{folder}/{name}", content)

    def _write(self, title: str, path: str, content: bytes) -> RunFile:
        write_atomic(self.out / path, content)
        self.written.append(path)
        return RunFile(title, path, hashlib.sha256(content).hexdigest())

    def _folder(self, name: str) -> str:
        """A folder of its own for a system, of a name that every host and file system takes."""
        plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("._-")[:LONGEST] or "run"
        taken = (plain, *(f"{plain}-{number}" for number in range(2, len(self._folders) + 3)))
        free = next(one for one in taken if one.lower() not in self._folders)
        self._folders.add(free.lower())
        return f"{RUNS}/{free}"


def _name_of(file: Path) -> str:
    return PREDICTIONS[1 if file.suffix == ".gz" else 0]
