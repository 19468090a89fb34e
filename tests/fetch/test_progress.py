from __future__ import annotations

import pytest

from gner_bench.fetch import progress
from gner_bench.fetch.progress import byte_progress


def test_a_log_gets_a_line_now_and_then(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 10.0, 31.0, 40.0, 50.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(times))
    with byte_progress("weights", 4_000_000, done=1_000_000) as advance:
        for count in (500_000, 500_000, -500_000, 2_500_000):
            advance(count)
    assert capsys.readouterr().err.splitlines() == [
        "weights: 2.0 MB of 4.0 MB, 32.3 kB/s, ETA 0:01:02",
        "weights: 4.0 MB of 4.0 MB, 60.0 kB/s, ETA 0:00:00",
    ]


def test_an_unknown_total(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LOG_SECONDS", 0.0)
    with byte_progress("data", None) as advance:
        advance(1500)
    assert capsys.readouterr().err.startswith("data: 1.5 kB, ")


def test_a_terminal_gets_a_bar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with byte_progress("weights", 2000) as advance:
        advance(2000)
    told = capsys.readouterr()
    assert told.out == ""
    assert "2.0/2.0 kB" in told.err
