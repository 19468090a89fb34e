from __future__ import annotations

import threading

import pytest

from gner_bench import terminal


def test_a_log_gets_lines_with_speed_and_time_to_go(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([0.0, 10.0, 35.0, 40.0, 60.0])
    monkeypatch.setattr(terminal.time, "monotonic", lambda: next(clock))
    with terminal.progress_bar("[base]", total=140, done=20) as advance:
        for count in (20, 50, 10, 40):
            advance(count)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "[base]: 90/140, 2.0 sentences/s, ETA 0:00:25",
        "[base]: 140/140, 2.0 sentences/s, ETA 0:00:00",
    ]


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with terminal.progress_bar("base", total=2) as advance:
        advance(2)
    assert "2/2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("columns", "width"),
    [("100", 100), ("10", 40), (None, 1000), ("", 1000), ("0", 1000), ("-5", 1000), ("many", 1000)],
)
def test_a_pipe_is_as_wide_as_columns_says_or_wraps_nothing(
    columns: str | None, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)
    assert terminal.console().width == width


def test_a_bar_beside_forks_has_no_thread_and_others_join_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    with terminal.progress_bar("in a log", total=1, beside_forks=True) as advance:
        advance(1)
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("FORCE_COLOR", "1")
    threads = threading.active_count()
    with terminal.progress_bar("files", total=2, unit="files", beside_forks=True) as outer:
        assert "files" in capsys.readouterr().err
        with terminal.progress_bar("parts", total=70, unit="parts") as inner:
            inner(70)
            outer(1)
            assert threading.active_count() == threads
            shown = capsys.readouterr().err
    assert "70/70" in shown
    assert "1/2" in shown
