"""Files from the web: continued where they broke off, verified before they take their place."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from gner_bench import __version__
from gner_bench.errors import GnerBenchError, IntegrityError, UnreachableError
from gner_bench.fetch.checksum import checksum_of, kind_of, matches
from gner_bench.fetch.home import require_space, size_text
from gner_bench.fetch.lock import CancelledError, locked
from gner_bench.fetch.progress import Advance, byte_progress
from gner_bench.files import write_json

if TYPE_CHECKING:
    import httpx2

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
"""How long a connection may be silent before it counts as broken."""
ATTEMPTS = 5
"""How often a url is asked in a row without a byte more than before."""
FIRST_WAIT = 1.0
"""Seconds before the second attempt; each further wait is twice as long."""
LONGEST_WAIT = 60.0
"""Seconds; also the most that a server's Retry-After is granted."""
WORKERS = 4
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class RemoteFile:
    """A file to be had from any of ``urls`` and kept at ``path``.

    ``checksum`` is written as in gner_bench.fetch.checksum, empty where unknown; ``size`` is in bytes. ``token`` goes
    out as an Authorization header, though not to another host that a url redirects to.
    """

    urls: tuple[str, ...]
    path: Path
    checksum: str = ""
    size: int | None = None
    token: str = field(default="", repr=False)

    @property
    def part(self) -> Path:
        """Where the bytes gather until they are all there and verified."""
        return self.path.with_name(self.path.name + ".part")

    @property
    def sidecar(self) -> Path:
        """The record of what was fetched, for files without a known checksum."""
        return self.path.with_name(self.path.name + ".json")


class _BrokenError(Exception):
    """An attempt failed in a way that the next one may not. ``wait``: what the server asks for, in seconds."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class _NextUrlError(GnerBenchError):
    """A url will not give the file; another one may."""


@dataclass
class _Transfer:
    """One file on its way. ``shown`` are the bytes of it that the progress counts."""

    file: RemoteFile
    client: httpx2.Client
    advance: Advance
    stop: Event
    shown: int
    answered: bool = False
    validator: str = ""

    @property
    def position(self) -> int:
        return _size(self.file.part)

    def show(self, position: int) -> None:
        if position != self.shown:
            self.advance(position - self.shown)
            self.shown = position

    def discard(self) -> None:
        self.file.part.unlink(missing_ok=True)
        self.show(0)

    def headers(self) -> dict[str, str]:
        """Asks for what is missing. Without a checksum, only the url that sent the first bytes may send the rest."""
        found = {"Authorization": f"Bearer {self.file.token}"} if self.file.token else {}
        if self.position and not (self.file.checksum or self.validator):
            self.discard()
        if self.position:
            found["Range"] = f"bytes={self.position}-"
            if not self.file.checksum:
                found["If-Range"] = self.validator
        return found


def fetch(file: RemoteFile, advance: Advance = lambda count: None, force: bool = False, offline: bool = False) -> Path:
    """Return ``file.path`` once it holds the whole, verified file; a broken download is continued.

    ``advance`` is called with the bytes that come to what was on disk before. Raises UnreachableError without a
    connection (or ``offline`` and not there), IntegrityError for wrong bytes, GnerBenchError where no url has the file
    or the disk is full.
    """
    if not force and is_whole(file):
        return file.path
    with _client() as client:
        return _fetch(_Transfer(file, client, advance, Event(), _shown(file, force)), force, offline)


def fetch_all(
    files: Sequence[RemoteFile],
    title: str,
    *,
    force: bool = False,
    offline: bool = False,
    advance: Advance | None = None,
) -> list[Path]:
    """As ``fetch`` for several files side by side; shows progress unless there is an ``advance`` to call instead.

    The first error stops the others, which can be continued later, and is raised.
    """
    done = sum(_shown(file, force) for file in files)
    sizes = [file.size for file in files if file.size is not None]
    total = sum(sizes) if len(sizes) == len(files) else None
    if files and total is not None and not offline:
        require_space(files[0].path.parent, total - done)
    if advance is not None:
        return _side_by_side(files, advance, force, offline)
    with byte_progress(title, total, done) as shown:
        return _side_by_side(files, shown, force, offline)


def is_whole(file: RemoteFile) -> bool:
    """Whether ``file.path`` holds the file, by its checksum or else by the record made when it was fetched."""
    if not file.path.is_file() or (file.size is not None and _size(file.path) != file.size):
        return False
    checksum = file.checksum or _recorded(file)
    with suppress(OSError):
        return bool(checksum) and matches(file.path, checksum)
    return False


def backoff(failures: int, asked: float | None = None) -> float:
    """Seconds to wait after so many failures in a row; what the server asked for counts, within reason."""
    return min(FIRST_WAIT * 2 ** (failures - 1) if asked is None else asked, LONGEST_WAIT)


def retry_after(text: str | None) -> float | None:
    """A Retry-After header in seconds, which may give a date instead; None where it gives neither."""
    if text is None:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        return max((parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None


def _client() -> httpx2.Client:
    import httpx2

    headers = {"User-Agent": f"gner-bench/{__version__}", "Accept-Encoding": "identity"}
    timeout = httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    return httpx2.Client(headers=headers, timeout=timeout, follow_redirects=True)


def _side_by_side(files: Sequence[RemoteFile], advance: Advance, force: bool, offline: bool) -> list[Path]:
    stop = Event()
    with _client() as client, ThreadPoolExecutor(WORKERS) as pool:
        transfers = [_Transfer(file, client, advance, stop, _shown(file, force)) for file in files]
        jobs = [pool.submit(_fetch, transfer, force, offline) for transfer in transfers]
        try:
            for job in as_completed(jobs):
                job.result()
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [job.result() for job in jobs]


def _fetch(transfer: _Transfer, force: bool, offline: bool) -> Path:
    file = transfer.file
    try:
        if not force and is_whole(file):
            transfer.show(_size(file.path))
        elif offline:
            raise _missing(file)
        else:
            with locked(file.path.with_name(file.path.name + ".lock"), transfer.stop.is_set):
                _fetch_locked(transfer, force)
    except OSError as error:
        raise _disk_error(file, error) from None
    return file.path


def _fetch_locked(transfer: _Transfer, force: bool) -> None:
    file = transfer.file
    if not force and is_whole(file):
        transfer.show(_size(file.path))
        return
    if force or (file.size is not None and transfer.position > file.size):
        transfer.discard()
    transfer.show(transfer.position)
    complete = bool(file.checksum) and transfer.position == file.size
    url = file.urls[0] if complete else _first_that_works(transfer)
    _verify(transfer, url)
    file.part.replace(file.path)
    transfer.show(_size(file.path))


def _first_that_works(transfer: _Transfer) -> str:
    """Download from the first url that gives the whole file, and return that."""
    problems: list[GnerBenchError] = []
    for url in transfer.file.urls:
        try:
            _persist(transfer, url)
            return url
        except (UnreachableError, _NextUrlError) as error:
            problems.append(error)
    unreachable = all(isinstance(problem, UnreachableError) for problem in problems)
    raise (UnreachableError if unreachable else GnerBenchError)("; ".join(map(str, problems)))


def _persist(transfer: _Transfer, url: str) -> None:
    """Ask ``url`` until the whole part is there, giving up when several attempts in a row bring nothing new."""
    transfer.answered, transfer.validator = False, ""
    failures, furthest = 0, transfer.position
    while True:
        try:
            _request(transfer, url)
            return
        except _BrokenError as broken:
            failures = 1 if transfer.position > furthest else failures + 1
            furthest = max(furthest, transfer.position)
            if failures == ATTEMPTS:
                raise _NextUrlError(f"{url}: {broken} ({ATTEMPTS} times in a row)") from None
            if transfer.stop.wait(backoff(failures, broken.wait)):
                raise CancelledError from None


def _request(transfer: _Transfer, url: str) -> None:
    """One attempt at the missing rest. Raises _BrokenError when another attempt may help."""
    import httpx2

    try:
        with transfer.client.stream("GET", url, headers=transfer.headers()) as response:
            transfer.answered = True
            _check_status(transfer, url, response)
            _receive(transfer, url, response)
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError) as error:
        if not transfer.answered:
            raise UnreachableError(f"{url}: cannot be reached ({error})") from None
        raise _BrokenError(f"cannot be reached any more ({error})") from None
    except (httpx2.UnsupportedProtocol, httpx2.TooManyRedirects, httpx2.InvalidURL) as error:
        raise _NextUrlError(f"{url}: {error}") from None
    except httpx2.HTTPError as error:
        reason = str(error) or type(error).__name__
        raise _BrokenError(f"broke off at {size_text(transfer.position)} ({reason})") from None


def _check_status(transfer: _Transfer, url: str, response: httpx2.Response) -> None:
    status = response.status_code
    if status == 416:
        transfer.discard()
        raise _BrokenError("refused to continue (HTTP 416)", 0.0)
    if status in (408, 429) or status >= 500:
        raise _BrokenError(f"HTTP {status}", retry_after(response.headers.get("Retry-After")))
    if status in (404, 410):
        raise _NextUrlError(f"{url}: not found (HTTP {status})")
    if status not in (200, 206):
        reason = response.headers.get("X-Error-Message", response.reason_phrase)
        raise _NextUrlError(f"{url}: refused (HTTP {status}: {reason})")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise _NextUrlError(f"{url}: comes compressed, which was not asked for")


def _receive(transfer: _Transfer, url: str, response: httpx2.Response) -> None:
    """Append the body to the part. Raises _BrokenError for a short one, IntegrityError for one of the wrong length."""
    start = _start(transfer, response)
    length = response.headers.get("Content-Length")
    total = start + int(length) if length is not None else None
    size = transfer.file.size
    if total is not None and size is not None and total != size:
        transfer.discard()
        raise IntegrityError(f"{url}: expected {size:,} bytes, found {total:,}")
    require_space(transfer.file.path.parent, (total or start) - start)
    etag = response.headers.get("ETag", "")
    transfer.validator = response.headers.get("Last-Modified", "") if etag[:1] != '"' else etag
    transfer.show(start)
    with transfer.file.part.open("ab" if start else "wb") as part:
        for chunk in response.iter_raw():
            if transfer.stop.is_set():
                raise CancelledError
            part.write(chunk)
            transfer.show(transfer.shown + len(chunk))
        part.flush()
        os.fsync(part.fileno())
    if transfer.position < (total or size or 0):
        raise _BrokenError(f"broke off at {size_text(transfer.position)}")


def _start(transfer: _Transfer, response: httpx2.Response) -> int:
    """The offset of the body's first byte: 0 from a server that sends the whole file whatever is asked."""
    if response.status_code == 200:
        return 0
    position = transfer.position
    if not response.headers.get("Content-Range", "").startswith(f"bytes {position}-"):
        transfer.discard()
        raise _BrokenError("sent another part than was asked for", 0.0)
    return position


def _verify(transfer: _Transfer, url: str) -> None:
    """Compare the part with what was announced, or write the record of it. Raises IntegrityError, dropping the part."""
    file = transfer.file
    found = checksum_of(file.part, kind_of(file.checksum) if file.checksum else "sha256")
    if file.checksum and found != file.checksum:
        transfer.discard()
        raise IntegrityError(f"{url}: expected {file.checksum}, found {found}")
    if not file.checksum:
        record = {"url": url, "sha256": found.partition(":")[2], "size": transfer.position}
        write_json(file.sidecar, record)


def _recorded(file: RemoteFile) -> str:
    try:
        return f"sha256:{json.loads(file.sidecar.read_text(encoding='utf-8'))['sha256']}"
    except (OSError, ValueError, TypeError, KeyError):
        return ""


def _missing(file: RemoteFile) -> GnerBenchError:
    if file.path.is_file():
        return IntegrityError(f"{file.path}: is not the published file, and the network is switched off")
    return UnreachableError(f"{file.path}: is not in the cache, and the network is switched off")


def _disk_error(file: RemoteFile, error: OSError) -> GnerBenchError:
    if error.errno in DISK_FULL:
        return GnerBenchError(f"{file.part}: the disk is full ({error.strerror}); the download can be continued")
    return GnerBenchError(f"{error.filename or file.path}: {error.strerror or error}")


def _shown(file: RemoteFile, force: bool) -> int:
    """The bytes of a file that are on disk, of the file itself or else of its part."""
    return 0 if force else _size(file.path) or _size(file.part)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
