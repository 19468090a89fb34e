"""Files from the web: continued where they broke off, verified before they take their place.

Also the policy of all requests that may be repeated: what may pass, how often and after how long they are repeated.
"""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from gner_bench import __version__
from gner_bench.documents.fields import read_object
from gner_bench.errors import GnerBenchError, InputError, IntegrityError, UnreachableError
from gner_bench.fetch.home import CancelledError, checksum_of, kind_of, locked, matches, require_space, size_text
from gner_bench.files import write_json
from gner_bench.messages import is_quiet
from gner_bench.terminal import log_progress

if TYPE_CHECKING:
    import httpx2

Advance = Callable[[int], None]
"""Called with the bytes that arrived; less than zero where bytes turned out to be of no use. From any thread."""
USER_AGENT = f"gner-bench/{__version__}"
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


class TemporaryError(Exception):
    """An attempt failed in a way that the next one may not. ``wait``: what the server asks for, in seconds."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


def is_temporary(status: int) -> bool:
    """Whether the same request may succeed after an answer with this HTTP status: time-outs, conflicts, too many
    requests and errors of the server."""
    return status in (408, 409, 429) or status >= 500


def backoff(failures: int, requested: float | None = None, jitter: float = 0.0) -> float:
    """Seconds to wait after so many failures in a row; what the server ``requested`` counts, within reason. ``jitter``
    is how much longer the wait may be, as a fraction of it, so that many requests do not come back at once."""
    wait = min(FIRST_WAIT * 2 ** (failures - 1) if requested is None else requested, LONGEST_WAIT)
    return wait * random.uniform(1, 1 + jitter) if jitter else wait


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


@contextmanager
def byte_progress(title: str, total: int | None, done: int = 0) -> Iterator[Advance]:
    """Show on stderr the progress over ``total`` bytes (None: unknown) of which ``done`` are there; yields what
    advances it. A terminal gets a bar, a log file a line every half minute; both give speed and time to go."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    stderr = Console(stderr=True, quiet=is_quiet())
    if not stderr.is_terminal:
        of_total = "" if total is None else f" of {size_text(total)}"
        yield log_progress(
            stderr,
            title,
            total,
            done,
            lambda count, speed: f"{size_text(count)}{of_total}, {size_text(max(int(speed), 0))}/s",
        )
        return
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=stderr) as progress:
        task = progress.add_task(title, total=total, completed=done)
        yield lambda count: progress.advance(task, count)


@dataclass(frozen=True)
class RemoteFile:
    """A file to be had from any of ``urls`` and kept at ``path``.

    ``checksum`` is written as in ``fetch.home.kind_of``, empty where unknown; ``size`` is in bytes. ``token`` goes out
    as an Authorization header, though not to another host that a url redirects to.
    """

    urls: tuple[str, ...]
    path: Path
    checksum: str = ""
    size: int | None = None
    token: str = field(default="", repr=False)

    def beside(self, suffix: str) -> Path:
        """``.part``, where the bytes gather until they are all there and verified, ``.lock``, or ``.json``, the record
        of what was fetched, for files without a known checksum."""
        return self.path.with_name(self.path.name + suffix)


def is_whole(file: RemoteFile) -> bool:
    """Whether ``file.path`` holds the file, by its checksum or else by the record made when it was fetched."""
    if not file.path.is_file() or (file.size is not None and _size(file.path) != file.size):
        return False
    checksum = file.checksum
    if not checksum:
        try:
            checksum = f"sha256:{read_object(file.beside('.json')).get('sha256', str)}"
        except InputError:
            return False
    with suppress(OSError, ValueError):  # not to be read, or no checksum
        return matches(file.path, checksum)
    return False


def fetch(file: RemoteFile, advance: Advance = lambda count: None, force: bool = False, offline: bool = False) -> Path:
    """Return ``file.path`` once it holds the whole, verified file; a broken download is continued.

    ``advance`` is called with the bytes that come to what was on disk before. Raises UnreachableError without a
    connection (or ``offline`` and not there), IntegrityError for wrong bytes, GnerBenchError where no url has the file
    or the disk is full.
    """
    if not force and is_whole(file):
        return file.path
    return fetch_all([file], "", force=force, offline=offline, advance=advance)[0]


def fetch_all(
    files: Sequence[RemoteFile],
    title: str,
    *,
    force: bool = False,
    offline: bool = False,
    advance: Advance | None = None,
) -> list[Path]:
    """As ``fetch`` for several files side by side; shows progress unless there is an ``advance`` to call instead. The
    first error stops the others, which can be continued later, and is raised."""
    import httpx2

    on_disk = [0 if force else _size(file.path) or _size(file.beside(".part")) for file in files]
    sizes = [file.size for file in files if file.size is not None]
    total = sum(sizes) if len(sizes) == len(files) else None
    if files and total is not None and not offline:
        require_space(files[0].path.parent, total - sum(on_disk))
    progress: AbstractContextManager[Advance] = (
        byte_progress(title, total, sum(on_disk)) if advance is None else nullcontext(advance)
    )
    # Compressed, a body could not be continued at an offset of the file.
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
    timeout = httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    client = httpx2.Client(headers=headers, timeout=timeout, follow_redirects=True)
    stop = Event()
    with progress as shown, client, ThreadPoolExecutor(WORKERS) as pool:
        transfers = [_Transfer(file, client, shown, stop, size) for file, size in zip(files, on_disk, strict=True)]
        jobs = [pool.submit(transfer.run, force, offline) for transfer in transfers]
        try:
            for job in as_completed(jobs):
                job.result()
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [file.path for file in files]


class _NextUrlError(GnerBenchError):
    """A url will not give the file; another one may."""


@dataclass
class _Transfer:
    """One file on its way. ``shown`` are the bytes of it that the progress counts; ``validator`` is what the server
    calls the version of the file whose first bytes came."""

    file: RemoteFile
    client: httpx2.Client
    advance: Advance
    stop: Event
    shown: int
    answered: bool = False
    validator: str = ""

    @property
    def position(self) -> int:
        return _size(self.file.beside(".part"))

    def show(self, position: int) -> None:
        if position != self.shown:
            self.advance(position - self.shown)
            self.shown = position

    def discard(self) -> None:
        self.file.beside(".part").unlink(missing_ok=True)
        self.show(0)

    def run(self, force: bool, offline: bool) -> None:
        """See to it that the file is whole. Raises as ``fetch`` does, CancelledError after a ``stop``."""
        file = self.file
        try:
            if not force and is_whole(file):
                self.show(_size(file.path))
            elif offline and file.path.is_file():
                raise IntegrityError(f"{file.path}: is not the published file, and the network is switched off")
            elif offline:
                raise UnreachableError(f"{file.path}: is not in the cache, and the network is switched off")
            else:
                with locked(file.beside(".lock"), self.stop.is_set):
                    # Whoever held the lock before may have fetched the file.
                    if force or not is_whole(file):
                        self.complete(force)
                    self.show(_size(file.path))
        except OSError as error:
            if error.errno in DISK_FULL:
                message = f"{file.beside('.part')}: the disk is full ({error.strerror}); the download can be continued"
                raise GnerBenchError(message) from None
            raise GnerBenchError(f"{error.filename or file.path}: {error.strerror or error}") from None

    def complete(self, force: bool) -> None:
        """Download the part, as far as it is not there, verify it and put it in its place. Needs the file's lock."""
        file = self.file
        if force or (file.size is not None and self.position > file.size):
            self.discard()
        self.show(self.position)
        is_complete = bool(file.checksum) and self.position == file.size
        url = file.urls[0] if is_complete else self.download()
        checksum = checksum_of(file.beside(".part"), kind_of(file.checksum) if file.checksum else "sha256")
        if not file.checksum:
            record = {"url": url, "sha256": checksum.partition(":")[2], "size": self.position}
            write_json(file.beside(".json"), record)
        elif checksum != file.checksum:
            self.discard()
            raise IntegrityError(f"{url}: expected {file.checksum}, found {checksum}")
        file.beside(".part").replace(file.path)

    def download(self) -> str:
        """Get the whole part from the first url that gives it, and return that url. A url is asked until the part is
        whole, or several attempts in a row have brought nothing new."""
        problems: list[GnerBenchError] = []
        for url in self.file.urls:
            self.answered, self.validator = False, ""
            failures, furthest = 0, self.position
            while True:
                try:
                    self.request(url)
                    return url
                except (UnreachableError, _NextUrlError) as error:
                    problems.append(error)
                    break
                except TemporaryError as error:
                    failures = 1 if self.position > furthest else failures + 1
                    furthest = max(furthest, self.position)
                    if failures == ATTEMPTS:
                        problems.append(GnerBenchError(f"{url}: {error} ({ATTEMPTS} times in a row)"))
                        break
                    if self.stop.wait(backoff(failures, error.wait)):
                        raise CancelledError from None
        unreachable = all(isinstance(problem, UnreachableError) for problem in problems)
        raise (UnreachableError if unreachable else GnerBenchError)("; ".join(map(str, problems)))

    def request(self, url: str) -> None:
        """One attempt at the missing rest. Raises TemporaryError when another attempt may help."""
        import httpx2

        file = self.file
        if self.position and not (file.checksum or self.validator):
            # Nothing could show that the rest, from this url, belongs to the bytes that came from another.
            self.discard()
        headers = {"Authorization": f"Bearer {file.token}"} if file.token else {}
        if self.position:
            headers["Range"] = f"bytes={self.position}-"
            if not file.checksum:
                headers["If-Range"] = self.validator
        try:
            with self.client.stream("GET", url, headers=headers) as response:
                self.answered = True
                status = response.status_code
                if status == 416:
                    self.discard()
                    raise TemporaryError("refused to continue (HTTP 416)", 0.0)
                if is_temporary(status):
                    raise TemporaryError(f"HTTP {status}", retry_after(response.headers.get("Retry-After")))
                if status in (404, 410):
                    raise _NextUrlError(f"{url}: not found (HTTP {status})")
                if status not in (200, 206):
                    reason = response.headers.get("X-Error-Message", response.reason_phrase)
                    raise _NextUrlError(f"{url}: refused (HTTP {status}: {reason})")
                if response.headers.get("Content-Encoding", "identity") != "identity":
                    raise _NextUrlError(f"{url}: comes compressed, which was not asked for")
                self.receive(url, response)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError) as error:
            if not self.answered:
                raise UnreachableError(f"{url}: cannot be reached ({error})") from None
            raise TemporaryError(f"cannot be reached any more ({error})") from None
        except (httpx2.UnsupportedProtocol, httpx2.TooManyRedirects, httpx2.InvalidURL) as error:
            raise _NextUrlError(f"{url}: {error}") from None
        except httpx2.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise TemporaryError(f"broke off at {size_text(self.position)} ({reason})") from None

    def receive(self, url: str, response: httpx2.Response) -> None:
        """Append the body to the part. Raises TemporaryError for a short one, IntegrityError for a wrong length."""
        # A server without ranges sends the whole file (200) whatever is asked.
        start = 0 if response.status_code == 200 else self.position
        if response.status_code == 206 and not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            self.discard()
            raise TemporaryError("sent another part than was asked for", 0.0)
        length = response.headers.get("Content-Length")
        total = start + int(length) if length is not None else None
        size = self.file.size
        if total is not None and size is not None and total != size:
            self.discard()
            raise IntegrityError(f"{url}: expected {size:,} bytes, found {total:,}")
        require_space(self.file.path.parent, (total or start) - start)
        # If-Range takes no weak ETag (W/"…"), but the time of change instead.
        etag = response.headers.get("ETag", "")
        self.validator = response.headers.get("Last-Modified", "") if etag[:1] != '"' else etag
        self.show(start)
        with self.file.beside(".part").open("ab" if start else "wb") as part:
            for chunk in response.iter_raw():
                if self.stop.is_set():
                    raise CancelledError
                part.write(chunk)
                self.show(self.shown + len(chunk))
            part.flush()
            os.fsync(part.fileno())
        if self.position < (total or size or 0):
            raise TemporaryError(f"broke off at {size_text(self.position)}")


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
