from __future__ import annotations

from pathlib import Path
from threading import Event, Thread

import pytest

from gner_bench.fetch import lock
from gner_bench.fetch.lock import locked, locked_if_free


def test_a_long_wait_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, held = tmp_path / "folder" / "lock", Event()
    monkeypatch.setattr(lock, "SILENT_SECONDS", 0.05)

    def hold() -> None:
        with locked(path):
            held.set()
            Event().wait(0.3)

    other = Thread(target=hold)
    other.start()
    held.wait()
    with locked_if_free(path) as free:
        assert not free
    with locked(path):
        assert capsys.readouterr().err == f"waiting for another process, which holds {path}\n"
    other.join()
    with locked_if_free(path) as free:
        assert free
