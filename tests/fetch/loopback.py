"""A web server on 127.0.0.1 that plays a host of raw files and the Hugging Face hub, with faults on demand."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "c0ffee" + 34 * "0"


def git_blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one GET: a ``status`` instead of the file, a ``cut`` after so many bytes of the body,
    another ``content`` than the file's, or a ``hold`` before the answer, of so many seconds or until it is set."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    content: bytes | None = None
    hold: float | threading.Event = 0.0


@dataclass(frozen=True)
class Request:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]

    @property
    def range(self) -> str | None:
        return self.headers.get("range")


@dataclass
class Repo:
    """A repository of the hub: files of which those with a name in ``lfs`` are stored as LFS."""

    files: dict[str, bytes]
    commit: str = COMMIT
    branches: tuple[str, ...] = ("main",)
    lfs: tuple[str, ...] = (".safetensors", ".bin", ".model", ".onnx", ".msgpack", ".pt")


class Loopback:
    """The server. ``files`` maps paths to contents, ``repos`` hub ids to repositories.

    ``fault`` adds faults to a path, one for each GET that follows. LFS files of a repository are redirected to
    ``/cdn/<hub id>/<file>`` below ``cdn``; that path is where their faults go. ``requests`` are those so far.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.repos: dict[str, Repo] = {}
        self.without_ranges: set[str] = set()
        self.requests: list[Request] = []
        self.stopped = False
        self._faults: dict[str, list[Fault]] = {}
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"loopback": self}))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.cdn = self.url

    def start(self) -> Loopback:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def stop(self) -> None:
        """Answer nothing any more, on connections that are open either."""
        self.stopped = True
        self._server.shutdown()
        self._server.server_close()

    def put(self, path: str, content: bytes) -> str:
        """Serve ``content`` under ``path``; returns its url."""
        self.files[path] = content
        return self.url + path

    def repo(self, hub_id: str, folder: Path, **changes: Any) -> Repo:
        """Serve a folder as a repository of the hub."""
        paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
        self.repos[hub_id] = Repo(files, **changes)
        return self.repos[hub_id]

    def fault(self, path: str, *faults: Fault) -> None:
        self._faults.setdefault(path, []).extend(faults)

    def gets(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.method == "GET" and request.path == path]

    def note(self, request: Request) -> Fault:
        """Remember a request and take the fault that is planned for it."""
        with self._lock:
            self.requests.append(request)
            planned = self._faults.get(request.path) if request.method == "GET" else None
            return planned.pop(0) if planned else Fault()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Says nothing about clients that went away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    loopback: Loopback

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        if self.loopback.stopped:
            self.close_connection = True
            return
        path = unquote(urlsplit(self.path).path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        fault = self.loopback.note(Request(self.command, path, headers))
        if isinstance(fault.hold, threading.Event):
            fault.hold.wait()
        elif fault.hold:
            time.sleep(fault.hold)
        if fault.status:
            self._send(fault.status, dict(fault.headers), b"no luck")
        elif self.command == "POST" and not path.startswith("/api/datasets/"):
            self._posted(path)
        elif path.startswith("/api/models/"):
            self._info(path.removeprefix("/api/models/"))
        elif path.startswith("/api/datasets/"):
            self._dataset_info(path.removeprefix("/api/"))
        elif "/resolve/" in path:
            self._resolve(*path[1:].split("/resolve/"), fault)
        elif path.startswith("/cdn/"):
            hub_id, _, name = path.removeprefix("/cdn/").rpartition("/")
            repo = self.loopback.repos[hub_id]
            self._file(repo.files.get(name), fault, True, **{"X-Repo-Commit": repo.commit})
        else:
            self._file(self.loopback.files.get(path), fault, path not in self.loopback.without_ranges)

    def _file(self, content: bytes | None, fault: Fault, ranges: bool, **headers: str) -> None:
        if content is None:
            self._send(404, headers, b"not found")
            return
        etag = f'"{sha256(content)}"'
        content = content if fault.content is None else fault.content
        headers = {"ETag": etag, **headers, **({"Accept-Ranges": "bytes"} if ranges else {})}
        start, wanted = 0, self.headers.get("Range")
        if wanted and ranges and self.headers.get("If-Range", etag) == etag:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            if start >= len(content):
                self._send(416, {"Content-Range": f"bytes */{len(content)}"}, b"")
                return
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self._send(206 if start else 200, headers, content[start:], fault.cut)

    def _send(self, status: int, headers: Mapping[str, str], body: bytes, cut: int | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body if cut is None else body[:cut])
        if cut is not None:
            self.wfile.flush()
            self.close_connection = True

    def _repo(self, hub_id: str, revision: str) -> Repo | None:
        """The repository at a revision; where there is none, the hub's answer is sent."""
        repo = self.loopback.repos.get(hub_id)
        if repo is None:
            self._send(401, {"X-Error-Code": "RepoNotFound"}, b"")
        elif revision != repo.commit and revision not in repo.branches:
            self._send(404, {"X-Error-Code": "RevisionNotFound"}, b"")
        else:
            return repo
        return None

    def _info(self, rest: str) -> None:
        hub_id, _, revision = rest.partition("/revision/")
        if repo := self._repo(hub_id, revision or "main"):
            siblings = [_sibling(repo, name, content) for name, content in repo.files.items()]
            document = {"id": hub_id, "sha": repo.commit, "private": False, "siblings": siblings}
            self._send(200, {"Content-Type": "application/json"}, json.dumps(document).encode())

    def _dataset_info(self, rest: str) -> None:
        """What ``datasets`` asks of a data set: the repository, the files below a folder, or those that it names."""
        hub_id, what, place = next(
            rest.partition(f"/{w}/") for w in ("revision", "tree", "paths-info") if f"/{w}/" in rest
        )
        if what == "/revision/":
            self._info(rest)
            return
        revision, _, folder = place.partition("/")
        if repo := self._repo(hub_id, revision):
            names = self._posted_paths() or _children(repo, folder)
            found = [_tree_entry(repo, name) for name in names]
            self._send(200, {"Content-Type": "application/json"}, json.dumps(found).encode())

    def _posted_paths(self) -> list[str]:
        return parse_qs(self._body().decode()).get("paths", []) if self.command == "POST" else []

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _posted(self, path: str) -> None:
        """What huggingface_hub asks to upload: whether the card is right, how to send files, and the commit, which
        changes the files of the repository (or, for a pull request, none)."""
        body, answer = self._body(), dict[str, Any]()
        hub_id, _, what = path.removeprefix("/api/models/").partition("/preupload/")
        if path == "/api/repos/create":
            wanted = json.loads(body)
            hub_id = "/".join(filter(None, [wanted.get("organization") or "me", wanted["name"]]))
            self.loopback.repos.setdefault(hub_id, Repo({}))
            answer = {"url": f"{self.loopback.url}/{hub_id}"}
        elif what:
            files = json.loads(body)["files"]
            answer = {"files": [{"path": f["path"], "uploadMode": "regular", "shouldIgnore": False} for f in files]}
        elif "/commit/" in path:
            hub_id = path.removeprefix("/api/models/").partition("/commit/")[0]
            repo = self._repo(hub_id, "main")
            if repo is None:
                return
            proposed = "create_pr=1" in self.path
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "file" and not proposed:
                    repo.files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            answer = {"commitUrl": f"{self.loopback.url}/{hub_id}/commit/{COMMIT}", "commitOid": COMMIT}
            answer |= {"pullRequestUrl": f"{self.loopback.url}/{hub_id}/discussions/1"} if proposed else {}
        self._send(200, {"Content-Type": "application/json"}, json.dumps(answer).encode())

    def _resolve(self, hub_id: str, rest: str, fault: Fault) -> None:
        revision, _, name = rest.partition("/")
        repo = self._repo(hub_id, revision)
        if repo is None:
            return
        content = repo.files.get(name)
        common = {"X-Repo-Commit": repo.commit}
        if content is None:
            self._send(404, {**common, "X-Error-Code": "EntryNotFound"}, b"")
        elif name.endswith(repo.lfs):
            linked = {"X-Linked-Etag": f'"{sha256(content)}"', "X-Linked-Size": str(len(content))}
            self._send(302, {**common, **linked, "Location": f"{self.loopback.cdn}/cdn/{hub_id}/{name}"}, b"")
        else:
            self._file(content, fault, True, ETag=f'"{git_blob(content)}"', **common)


def _sibling(repo: Repo, name: str, content: bytes) -> dict[str, Any]:
    plain = {"rfilename": name, "size": len(content), "blobId": git_blob(content)}
    if not name.endswith(repo.lfs):
        return plain
    return {**plain, "lfs": {"sha256": sha256(content), "size": len(content), "pointerSize": 130}}


def _children(repo: Repo, folder: str) -> list[str]:
    """The files and folders that stand in a folder."""
    start = f"{folder}/" if folder else ""
    inside = [name.removeprefix(start) for name in repo.files if name.startswith(start)]
    return list(dict.fromkeys(start + name.partition("/")[0] for name in inside))


def _tree_entry(repo: Repo, name: str) -> dict[str, Any]:
    content = repo.files.get(name)
    if content is None:
        return {"type": "directory", "path": name, "oid": git_blob(name.encode())}
    return {"type": "file", "path": name, "size": len(content), "oid": git_blob(content)}
