"""A model hub on this machine: it speaks as much of the hub's HTTP as its libraries ask for, and fails when told to.

It serves folders as repositories, keeps a log of the requests, and holds a list of faults that each spoil one answer.
"""

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "c0ffee" * 6 + "c0de"
FILE = re.compile(r"^/(?P<datasets>datasets/)?(?P<id>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<name>.+)$")
API = re.compile(
    r"^/api/(?P<kind>models|datasets)/(?P<id>[^/]+/[^/]+)(?:/(?P<what>revision|tree|paths-info)/(?P<rest>.+))?$"
)


@dataclass
class Repository:
    """A folder on the hub.

    Args:
        folder: its files.
        gated: whether nobody may read them.
        renamed: its id now, where it has another.
        card: what its README says of it.
        tags: what the hub says of it.
    """

    folder: Path
    gated: bool = False
    renamed: str | None = None
    card: dict = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)

    def files(self) -> list[str]:
        """The names of its files."""
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())


@dataclass
class Fault:
    """What goes wrong once or more often.

    Args:
        path: a part of the address that it befalls.
        status: the status to answer with; 0: none.
        headers: headers of that answer.
        cut_at: bytes after which the connection breaks off; None: it does not.
        delay_s: seconds before the answer.
        times: how often it happens.
        method: the method that it befalls.
    """

    path: str
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    cut_at: int | None = None
    delay_s: float = 0.0
    times: int = 1
    method: str = "GET"


@dataclass
class Request:
    """One line of the server's log."""

    method: str
    path: str
    range: str | None
    token: str | None
    status: int = 0


class Hub:
    """The state of the server: repositories by id (data sets with `datasets/` before it), faults to come, the log."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.faults: list[Fault] = []
        self.log: list[Request] = []
        self.address = ""

    def fault(self, method: str, path: str) -> Fault | None:
        """The fault that befalls this request, used up by it."""
        for one in self.faults:
            if one.times and one.method == method and one.path in path:
                one.times -= 1
                return one
        return None


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """Serve `hub` on loopback while the context lasts."""
    handler = type("Handler", (_Handler,), {"hub": hub})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        hub.address = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield hub
        finally:
            server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None: ...

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        path = unquote(urlsplit(self.path).path)
        token = self.headers.get("Authorization")
        self._request = Request(self.command, path, self.headers.get("Range"), token)
        self.hub.log.append(self._request)
        fault = self.hub.fault(self.command, path)
        time.sleep(fault.delay_s if fault else 0)
        if fault and fault.status:
            self._send(fault.status, b"", fault.headers)
        elif match := FILE.match(path):
            self._file(match, fault.cut_at if fault else None)
        elif match := API.match(path):
            self._api(match, body)
        else:
            self._send(200 if path == "/" else 404, b"{}")

    def _repository(self, key: str) -> Repository | None:
        """The repository, unless the answer is already given: it is missing, gated, or renamed."""
        repository = self.hub.repositories.get(key)
        if repository is None:
            self._send(401, b"", {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Repository not found"})
        elif repository.gated and "/resolve/" in self.path:
            self._send(403, b"", {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted"})
        elif repository.renamed:
            self._send(307, b"", {"Location": self.path.replace(key, repository.renamed)})
        else:
            return repository
        return None

    def _file(self, match: re.Match, cut_at: int | None) -> None:
        repository = self._repository((match["datasets"] or "") + match["id"])
        if repository is None:
            return
        if match["revision"] not in ("main", COMMIT):
            self._send(404, b"", {"X-Error-Code": "RevisionNotFound", "X-Error-Message": "Invalid rev id"})
            return
        file = repository.folder / match["name"]
        if not file.is_file():
            self._send(404, b"", {"X-Error-Code": "EntryNotFound", "X-Error-Message": "Entry not found"})
            return
        content = file.read_bytes()
        headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{_digest(content)}"', "Accept-Ranges": "bytes"}
        asked = re.match(r"bytes=(\d+)-(\d*)$", self._request.range or "")
        if asked:
            start, end = int(asked[1]), int(asked[2] or len(content) - 1)
            headers["Content-Range"] = f"bytes {start}-{end}/{len(content)}"
            self._send(206, content[start : end + 1], headers, cut_at)
        else:
            self._send(200, content, headers, cut_at)

    def _api(self, match: re.Match, body: bytes) -> None:
        prefix = "datasets/" if match["kind"] == "datasets" else ""
        repository = self._repository(prefix + match["id"])
        if repository is None:
            return
        entries = [_entry(repository.folder, name) for name in repository.files()]
        if match["what"] == "tree":
            folder, recursive = match["rest"].partition("/")[2], "recursive=true" in self.path.lower()
            entries = _below(entries, f"{folder}/" if folder else "", recursive)
            if entries:
                self._send(200, json.dumps(entries).encode())
            else:
                self._send(404, b"{}", {"X-Error-Code": "EntryNotFound"})
        elif match["what"] == "paths-info":
            wanted = set(_form(body, self.headers.get("Content-Type") or ""))
            known = entries + _below(entries, "", recursive=False)
            self._send(200, json.dumps([one for one in known if one["path"] in wanted]).encode())
        else:
            told = {
                "id": match["id"],
                "sha": COMMIT,
                "tags": repository.tags,
                "cardData": repository.card,
                "private": False,
                "gated": False,
                "downloads": 0,
                "likes": 0,
                "lastModified": "2026-01-01T00:00:00.000Z",
                "siblings": [{"rfilename": name} for name in repository.files()],
            }
            self._send(200, json.dumps(told).encode())

    def _send(
        self, status: int, content: bytes, headers: dict[str, str] | None = None, cut_at: int | None = None
    ) -> None:
        self._request.status = status
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[:cut_at])
            self.close_connection = self.close_connection or cut_at is not None


def _entry(folder: Path, name: str) -> dict:
    content = (folder / name).read_bytes()
    return {"type": "file", "path": name, "size": len(content), "oid": _digest(content)}


def _below(entries: list[dict], prefix: str, recursive: bool) -> list[dict]:
    """The entries under `prefix`, or those directly under it and its folders."""
    inside = [one for one in entries if one["path"].startswith(prefix)]
    if recursive:
        return inside
    folders = {
        prefix + one["path"].removeprefix(prefix).partition("/")[0]
        for one in inside
        if "/" in one["path"].removeprefix(prefix)
    }
    found = [{"type": "directory", "path": name, "size": 0, "oid": _digest(name.encode())} for name in sorted(folders)]
    return found + [one for one in inside if "/" not in one["path"].removeprefix(prefix)]


def _form(body: bytes, kind: str) -> list[str]:
    """The paths that a request for their facts names."""
    if "json" in kind:
        paths = json.loads(body)["paths"]
        return [paths] if isinstance(paths, str) else paths
    return [unquote(pair.partition("=")[2]) for pair in body.decode().split("&") if pair.startswith("paths=")]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
