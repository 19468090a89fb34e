from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from gner_bench import __version__, terminal
from gner_bench.errors import GnerBenchError, IntegrityError, UnreachableError
from gner_bench.fetch import http
from gner_bench.fetch.http import (
    ATTEMPTS,
    RemoteFile,
    backoff,
    byte_progress,
    fetch,
    fetch_all,
    is_temporary,
    retry_after,
)

CONTENT = random.Random(0).randbytes(300_000)
SHA256 = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
Remote = Callable[..., RemoteFile]


def nowhere() -> str:
    """A url at which no one listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/file"


@pytest.mark.parametrize("checksum", [SHA256, ""], ids=["checksum", "none"])
def test_a_whole_file_is_fetched_once(remote: Remote, loopback: Any, checksum: str) -> None:
    file, seen = remote(CONTENT, checksum=checksum), []
    assert fetch(file, seen.append) == file.path
    assert fetch(file, seen.append) == file.path
    assert file.path.read_bytes() == CONTENT
    assert sum(seen) == len(CONTENT)
    assert [request.range for request in loopback.gets("/data.bin")] == [None]
    assert loopback.requests[0].headers["user-agent"] == f"gner-bench/{__version__}"
    assert not file.beside(".part").exists()
    assert file.beside(".json").exists() == (not checksum)


def test_force_fetches_again(remote: Remote, loopback: Any) -> None:
    file = remote(CONTENT, checksum=SHA256)
    fetch(file)
    fetch(file, force=True)
    assert len(loopback.gets("/data.bin")) == 2


@pytest.mark.parametrize("checksum", [SHA256, ""], ids=["checksum", "none"])
def test_a_cut_connection_is_continued(remote: Remote, loopback: Any, fault: Any, checksum: str) -> None:
    file, seen = remote(CONTENT, checksum=checksum), []
    loopback.fault("/data.bin", fault(cut=100_000), fault(cut=50_000))
    fetch(file, seen.append)
    assert file.path.read_bytes() == CONTENT
    assert [request.range for request in loopback.gets("/data.bin")] == [None, "bytes=100000-", "bytes=150000-"]
    assert sum(seen) == len(CONTENT)
    conditions = [request.headers.get("if-range") for request in loopback.gets("/data.bin")]
    assert conditions[1:] == ([None] * 2 if checksum else [f'"{SHA256[7:]}"'] * 2)


def test_a_second_call_continues_what_a_first_one_left(remote: Remote, loopback: Any, fault: Any) -> None:
    file, seen = remote(CONTENT, checksum=SHA256), []
    loopback.fault("/data.bin", fault(cut=200_000), *[fault(cut=0)] * (ATTEMPTS - 1))
    with pytest.raises(GnerBenchError, match=r"data\.bin: broke off at 200\.0 kB .*5 times in a row"):
        fetch(file)
    assert (file.path.exists(), file.beside(".part").stat().st_size) == (False, 200_000)
    before = len(loopback.requests)
    fetch(file, seen.append)
    assert [request.range for request in loopback.requests[before:]] == ["bytes=200000-"]
    assert (file.path.read_bytes() == CONTENT, sum(seen)) == (True, 100_000)


def test_without_a_checksum_an_old_part_is_not_trusted(remote: Remote, loopback: Any) -> None:
    file = remote(CONTENT)
    file.beside(".part").parent.mkdir()
    file.beside(".part").write_bytes(b"old")
    fetch(file)
    assert [request.range for request in loopback.gets("/data.bin")] == [None]
    assert file.path.read_bytes() == CONTENT


def test_a_complete_part_needs_no_connection(tmp_path: Path) -> None:
    file = RemoteFile((nowhere(),), tmp_path / "file", SHA256, len(CONTENT))
    file.beside(".part").write_bytes(CONTENT)
    assert fetch(file).read_bytes() == CONTENT


@pytest.mark.parametrize("size", [None, len(CONTENT)])
def test_a_part_that_is_too_long_starts_again(remote: Remote, loopback: Any, size: int | None) -> None:
    file, seen = remote(CONTENT, checksum=SHA256, size=size), []
    file.beside(".part").parent.mkdir()
    file.beside(".part").write_bytes(CONTENT + b"more")
    fetch(file, seen.append)
    assert file.path.read_bytes() == CONTENT
    assert sum(seen) == -len(b"more")
    assert [request.range for request in loopback.gets("/data.bin")][-1] is None


def test_a_server_without_ranges_starts_again(remote: Remote, loopback: Any, fault: Any) -> None:
    file, seen = remote(CONTENT, checksum=SHA256), []
    loopback.without_ranges.add("/data.bin")
    loopback.fault("/data.bin", fault(cut=100_000))
    fetch(file, seen.append)
    assert file.path.read_bytes() == CONTENT
    assert sum(seen) == len(CONTENT)


def test_a_server_that_never_gets_further_is_given_up(remote: Remote, loopback: Any, fault: Any) -> None:
    file = remote(CONTENT, checksum=SHA256)
    loopback.without_ranges.add("/data.bin")
    loopback.fault("/data.bin", *[fault(cut=1000)] * 50)
    with pytest.raises(GnerBenchError, match="broke off"):
        fetch(file)
    assert len(loopback.requests) == ATTEMPTS


@pytest.mark.parametrize("size", [None, len(CONTENT)])
def test_wrong_bytes_are_not_kept(remote: Remote, loopback: Any, fault: Any, size: int | None) -> None:
    file, seen = remote(CONTENT, checksum=SHA256, size=size), []
    wrong = b"x" + CONTENT[1:]
    loopback.fault("/data.bin", fault(content=wrong), fault(content=wrong))
    for _ in range(2):
        with pytest.raises(IntegrityError, match=rf"/data\.bin: expected {SHA256}, found sha256:") as caught:
            fetch(file, seen.append)
        assert caught.value.exit_code == 5
        assert not file.path.exists()
        assert not file.beside(".part").exists()
    assert sum(seen) == 0
    assert fetch(file).read_bytes() == CONTENT


def test_a_wrong_length_is_refused_before_the_bytes_come(remote: Remote) -> None:
    with pytest.raises(IntegrityError, match="expected 3 bytes, found 300,000"):
        fetch(remote(CONTENT, checksum=SHA256, size=3))


def test_not_found(remote: Remote, loopback: Any) -> None:
    urls = (loopback.url + "/a", loopback.url + "/b")
    with pytest.raises(GnerBenchError, match=r"/a: not found \(HTTP 404\); .*/b: not found \(HTTP 404\)") as caught:
        fetch(remote(CONTENT, urls=urls))
    assert caught.value.exit_code == 1
    assert len(loopback.requests) == 2


@pytest.mark.parametrize("first", ["/gone", None])
def test_the_next_url_is_tried(remote: Remote, loopback: Any, first: str | None) -> None:
    file = remote(CONTENT, checksum=SHA256)
    before = loopback.url + first if first else nowhere()
    assert fetch(RemoteFile((before, *file.urls), file.path, SHA256)).read_bytes() == CONTENT


def test_a_redirect_is_followed(remote: Remote, loopback: Any, fault: Any) -> None:
    file = remote(CONTENT, checksum=SHA256)
    loopback.fault("/old", fault(status=302, headers={"Location": "/data.bin"}))
    assert fetch(RemoteFile((loopback.url + "/old",), file.path, SHA256)).read_bytes() == CONTENT


def test_busy_servers_are_asked_again(remote: Remote, loopback: Any, fault: Any) -> None:
    busy = fault(status=429, headers={"Retry-After": "3600"})
    loopback.fault("/data.bin", busy, fault(status=500), busy, fault(status=503))
    assert fetch(remote(CONTENT, checksum=SHA256)).read_bytes() == CONTENT


def test_a_busy_server_is_given_up(remote: Remote, loopback: Any, fault: Any) -> None:
    loopback.fault("/data.bin", *[fault(status=429)] * ATTEMPTS)
    with pytest.raises(GnerBenchError, match=r"HTTP 429 \(5 times in a row\)"):
        fetch(remote(CONTENT, checksum=SHA256))


def test_a_refusal_is_told_in_the_servers_words(remote: Remote, loopback: Any, fault: Any) -> None:
    loopback.fault("/data.bin", fault(status=403, headers={"X-Error-Message": "please log in"}))
    with pytest.raises(GnerBenchError, match=r"refused \(HTTP 403: please log in\)"):
        fetch(remote(CONTENT))


def test_waits_grow_and_are_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "FIRST_WAIT", 1.0)
    monkeypatch.setattr(http, "LONGEST_WAIT", 60.0)
    assert [backoff(failures) for failures in (1, 2, 3, 9)] == [1, 2, 4, 60]
    assert (backoff(1, 7.0), backoff(1, 3600.0)) == (7, 60)


def test_waits_may_differ_so_that_requests_do_not_come_back_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LONGEST_WAIT", 60.0)
    waits = {backoff(1, 8.0, jitter=0.5) for _ in range(20)}
    assert len(waits) > 1
    assert all(8 <= wait <= 12 for wait in waits)


def test_a_wait_without_jitter_leaves_the_random_numbers_alone() -> None:
    before = random.getstate()
    backoff(3)
    assert random.getstate() == before


def test_which_answers_may_pass() -> None:
    assert [status for status in (200, 401, 404, 408, 409, 416, 429, 500, 503) if is_temporary(status)] == [
        408,
        409,
        429,
        500,
        503,
    ]


def test_retry_after_is_seconds_or_a_date() -> None:
    soon = retry_after(format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True))
    assert soon is not None
    assert 0 < soon <= 30
    assert (retry_after("12"), retry_after("soon"), retry_after(None)) == (12.0, None, None)


@pytest.mark.parametrize("url", ["http://host.invalid/file", None])
def test_no_connection_is_an_error_without_a_wait(
    tmp_path: Path, url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "backoff", lambda *_: pytest.fail("waits for another attempt"))
    with pytest.raises(UnreachableError, match="cannot be reached"):
        fetch(RemoteFile((url or nowhere(),), tmp_path / "file"))


def test_offline(remote: Remote, loopback: Any) -> None:
    file = remote(CONTENT)
    with pytest.raises(UnreachableError, match="not in the cache, and the network is switched off"):
        fetch(file, offline=True)
    fetch(file)
    assert fetch(file, offline=True) == file.path
    assert len(loopback.requests) == 1


@pytest.mark.parametrize("checksum", [SHA256, ""], ids=["checksum", "none"])
def test_an_altered_file_is_noticed(remote: Remote, loopback: Any, checksum: str) -> None:
    file = remote(CONTENT, checksum=checksum)
    fetch(file)
    file.path.write_bytes(b"x" + CONTENT[1:])
    with pytest.raises(IntegrityError, match="is not the published file"):
        fetch(file, offline=True)
    assert fetch(file).read_bytes() == CONTENT
    assert len(loopback.requests) == 2


def test_a_damaged_record_counts_as_none(remote: Remote, loopback: Any) -> None:
    file = remote(CONTENT)
    fetch(file)
    assert json.loads(file.beside(".json").read_text())["size"] == len(CONTENT)
    file.beside(".json").write_text("[]")
    fetch(file)
    assert len(loopback.requests) == 2


LIMITED = """
import resource, sys
from pathlib import Path
from gner_bench.errors import GnerBenchError
from gner_bench.fetch.http import RemoteFile, fetch
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    fetch(RemoteFile((sys.argv[1],), Path(sys.argv[2]), sys.argv[3]))
except GnerBenchError as error:
    print(error, end="")
"""


def test_a_full_disk_keeps_what_is_there(remote: Remote, loopback: Any) -> None:
    file = remote(CONTENT, checksum=SHA256)
    arguments = [sys.executable, "-c", LIMITED, file.urls[0], str(file.path), SHA256]
    told = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout
    assert told == f"{file.beside('.part')}: the disk is full (File too large); the download can be continued"
    assert file.beside(".part").read_bytes() == CONTENT[:100_000]
    fetch(file)
    assert loopback.requests[-1].range == "bytes=100000-"


def test_a_disk_without_room_is_told_first(remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil_usage(free=1000)
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    with pytest.raises(GnerBenchError, match=r"^needs 300\.0 kB, 1\.0 kB free in "):
        fetch(remote(CONTENT))
    with pytest.raises(GnerBenchError, match=r"^needs 300\.0 kB, 1\.0 kB free in "):
        fetch_all([remote(CONTENT, size=len(CONTENT))], "data")


def shutil_usage(free: int) -> Any:
    return type("Usage", (), {"free": free})()


def test_a_folder_that_cannot_be_written(remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error", "somewhere")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(GnerBenchError, match=r"^somewhere: Input/output error$"):
        fetch(remote(CONTENT))


PROCESS = """
import sys
from pathlib import Path
from gner_bench.fetch.http import RemoteFile, fetch
fetch(RemoteFile((sys.argv[1],), Path(sys.argv[2])))
"""


@pytest.mark.slow
def test_two_processes_fetch_it_once(remote: Remote, loopback: Any, fault: Any) -> None:
    file = remote(CONTENT)
    loopback.fault("/data.bin", fault(hold=0.5))
    arguments = [sys.executable, "-c", PROCESS, file.urls[0], str(file.path)]
    started = [subprocess.Popen(arguments) for _ in range(2)]
    assert [process.wait() for process in started] == [0, 0]
    assert len(loopback.gets("/data.bin")) == 1
    assert file.path.read_bytes() == CONTENT


def test_several_files_side_by_side(remote: Remote, loopback: Any, capsys: pytest.CaptureFixture[str]) -> None:
    files = [remote(CONTENT, f"/{number}", checksum=SHA256, size=len(CONTENT)) for number in range(8)]
    assert fetch_all(files, "eight files") == [file.path for file in files]
    assert all(file.path.read_bytes() == CONTENT for file in files)
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("eight files: 2.4 MB of 2.4 MB, ")
    assert told.err.count("\n") == 1


def test_threads_fetch_the_same_file_once(remote: Remote, loopback: Any) -> None:
    seen: list[int] = []
    fetch_all([remote(CONTENT, checksum=SHA256)] * 3, "same", advance=seen.append)
    assert len(loopback.requests) == 1
    assert sum(seen) == 3 * len(CONTENT)


def test_the_first_error_stops_the_others(
    remote: Remote, loopback: Any, fault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [remote(CONTENT, f"/{number}", checksum=SHA256) for number in range(12)]
    stopped = threading.Event()
    for number in range(1, 12):
        loopback.fault(f"/{number}", fault(hold=stopped))
    loopback.fault("/0", fault(status=404))
    shutdown = ThreadPoolExecutor.shutdown

    def shutting_down(pool: ThreadPoolExecutor, *arguments: Any, **options: Any) -> None:
        """Only once the files that are waiting have been cancelled do the others go on."""
        if options.get("cancel_futures"):
            shutdown(pool, *arguments, **options)
            stopped.set()
        else:
            shutdown(pool, *arguments, **options)

    monkeypatch.setattr(ThreadPoolExecutor, "shutdown", shutting_down)
    with pytest.raises(GnerBenchError, match="/0: not found"):
        fetch_all(files, "twelve")
    assert len(loopback.requests) <= 5
    assert not any(file.path.exists() for file in files)


def test_a_stop_ends_the_wait_for_a_lock(remote: Remote, loopback: Any, fault: Any) -> None:
    held, missing = remote(CONTENT, "/held"), remote(CONTENT, "/missing", urls=(loopback.url + "/no",))
    answer = threading.Event()
    loopback.fault("/held", fault(hold=answer))
    other = threading.Thread(target=fetch, args=(held,), daemon=True)
    other.start()
    while not loopback.gets("/held"):
        time.sleep(0.01)
    with pytest.raises(GnerBenchError, match="/no: not found"):
        fetch_all([held, missing], "two")
    assert not held.path.exists()
    answer.set()
    other.join()
    assert held.path.exists()


def test_a_log_gets_a_line_now_and_then(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 10.0, 31.0, 40.0, 50.0])
    monkeypatch.setattr(terminal.time, "monotonic", lambda: next(times))
    with byte_progress("weights", 4_000_000, done=1_000_000) as advance:
        for count in (500_000, 500_000, -500_000, 2_500_000):
            advance(count)
    assert capsys.readouterr().err.splitlines() == [
        "weights: 2.0 MB of 4.0 MB, 32.3 kB/s, ETA 0:01:02",
        "weights: 4.0 MB of 4.0 MB, 60.0 kB/s, ETA 0:00:00",
    ]


def test_an_unknown_total(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "LOG_SECONDS", 0.0)
    with byte_progress("data", None) as advance:
        advance(1500)
    assert capsys.readouterr().err.startswith("data: 1.5 kB, ")


def test_a_terminal_gets_a_bar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with byte_progress("weights", 2000) as advance:
        advance(2000)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "2.0/2.0 kB" in printed.err
