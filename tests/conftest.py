from __future__ import annotations

import gc
import gzip
import json
import os
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# Before torch is imported: tests fork processes, which threads of OpenMP do not survive.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Properties are never timed: the machine may be busy.
# Half of the usual number of examples: the suite is run often. `thorough` is for a change of a core part.
settings.register_profile("untimed", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", settings.get_profile("untimed"), max_examples=500)
settings.register_profile("quick", settings.get_profile("untimed"), max_examples=10)
settings.load_profile("untimed")

ROOT = Path(__file__).parent.parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The quick tests do not import files that are slow as a whole, most of which import torch."""
    slow = config.option.markexpr == "not slow" and collection_path.suffix == ".py"
    return True if slow and "\npytestmark = pytest.mark.slow\n" in collection_path.read_text(encoding="utf-8") else None


@pytest.fixture(scope="module", autouse=True)
def little_garbage_to_look_through() -> None:
    """Takes what is there by now (tests, torch, transformers) out of the garbage collection.

    Each end of a training and each measurement collects, which would take a second otherwise.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def only_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails a test that connects to any other machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        assert isinstance(address, str) or address[0] in ("127.0.0.1", "::1"), f"connects to {address}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def as_wide_as_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables have their width, whatever terminal the tests run in."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the figures of reports be empty files: to draw them takes most of a report's time, and has its own tests."""

    def empty(plot: Any, style: Any, formats: Iterable[str], boxes: Any = None) -> dict[str, bytes]:
        suffixes = {"png": (".png", "_dark.png"), "svg": (".svg", "_dark.svg"), "pdf": (".pdf",)}
        return {suffix: b"<svg/>" for kind in formats for suffix in suffixes[kind]}

    monkeypatch.setattr("gner_bench.report.figures.files.render", empty)
    monkeypatch.setattr("gner_bench.report.write.usable_processes", lambda: 1)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data and vectors beside the project; tests that need it are skipped without it."""
    folder = ROOT.parent / "shared"
    if not (folder / "reference").is_dir():
        pytest.skip("needs ../shared (reference data beside the project), which is not here")
    return folder


def build_record(
    words: Sequence[str] = ("Ann", "saw", "Oslo"),
    labels: Sequence[str] = ("B-person", "O", "B-place"),
    id: str = "0",
    **changes: Any,
) -> dict[str, Any]:
    return {
        "dataset": "news",
        "split": "test",
        "label_list": ["person", "place"],
        "instance": {"id": id, "words": list(words), "labels": list(labels)},
        "prediction": " ".join(f"{word}({label})" for word, label in zip(words, labels, strict=False)),
        **changes,
    }


@pytest.fixture(scope="session")
def record() -> Callable[..., dict[str, Any]]:
    """Builds one line of predictions.jsonl whose prediction is right; ``changes`` replace its keys."""
    return build_record


@pytest.fixture
def predictions_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes records to ``file`` below the test's folder and returns its path."""

    def write(*records: dict[str, Any], file: str = "predictions.jsonl") -> Path:
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "".join(json.dumps(record) + "\n" for record in records).encode()
        path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
        return path

    return write


@dataclass(frozen=True)
class BadPredictions:
    """A file that cannot be read: the message about it starts with ``place`` and says ``reason``."""

    path: Path
    place: str
    reason: str


GOOD = json.dumps(build_record()).encode() + b"\n"
PACKED = gzip.compress(GOOD, mtime=0)


def second_line(**changes: Any) -> bytes:
    """A good line and one with ``changes``, of which None removes the key."""
    changed = build_record(id="1", **changes)
    return GOOD + json.dumps({key: value for key, value in changed.items() if value is not None}).encode() + b"\n"


LABELS = ", line 2: instance.labels: "
BAD: dict[str, tuple[bytes | None, str, str]] = {
    "a line cut in half": (GOOD + GOOD[: len(GOOD) // 2], ", line 2: ", "cut short"),
    "a line that is no object": (GOOD + b"[1, 2]\n", ", line 2: ", "expected a JSON object, found list"),
    "an empty file": (b"", ": ", "is empty"),
    "fewer labels than words": (second_line(labels=["O", "O"]), LABELS, "2 labels for 3 words"),
    "no prediction": (second_line(prediction=None), ", line 2: prediction: ", "is missing"),
    "label_list with a number": (second_line(label_list=["person", 3]), ", line 2: label_list: ", "array of strings"),
    "label_list is a string": (second_line(label_list="person"), ", line 2: label_list: ", "expected list, found str"),
    "a tag that is not BIO": (second_line(labels=["B-person", "O", "E-place"]), LABELS, "'E-place'"),
    "a tag without a type": (second_line(labels=["B-", "O", "O"]), LABELS, "'B-'"),
    "an integer beyond Python's limit": (GOOD + b'{"big": ' + b"1" * 5000 + b"}\n", ", line 2: ", ""),
    "a truncated gzip": (PACKED[:-12], ": ", "ended before the end-of-stream marker"),
    "a damaged gzip": (PACKED[:12] + b"\xff\xff\xff" + PACKED[15:], ": ", ""),
    "not UTF-8": (GOOD.replace(b"Ann", b"Ann\xe9"), ": ", "not UTF-8"),
    "a missing file": (None, ": ", "No such file"),
}


@pytest.fixture(params=BAD)
def bad_predictions(request: pytest.FixtureRequest, tmp_path: Path) -> BadPredictions:
    """Each kind of unreadable predictions file; where one line is to blame, it is the second."""
    content, place, reason = BAD[request.param]
    path = tmp_path / ("bad.jsonl.gz" if "gzip" in request.param else "bad.jsonl")
    if content is not None:
        path.write_bytes(content)
    return BadPredictions(path, f"{path}{place}", reason)
