"""A small Hub on loopback: the protocol of dataset repositories, reading and writing, as the released clients speak it.

    python -m tests.hub.server ROOT

prints its address and serves what lies under ROOT (`repositories.py`); `add_commit` puts something there. A test starts
it with `running_hub(ROOT)` and gives the processes that shall use it `settings(HOME, ADDRESS, WRITER)` as environment:
a subprocess `taskgen push FOLDER org/NAME` pushes here. Requests are listed in `ROOT/requests`, bytes of received
bodies in `ROOT/uploads`, ranges asked for in `ROOT/ranges`; `faults.inject` makes it fail.
"""

import hashlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from tests.hub import writes
from tests.hub.faults import next_fault
from tests.hub.repositories import Refusal, Repository, add_commit, blob
from tests.hub.writes import TOKEN, WRITER

__all__ = ["TOKEN", "WRITER", "add_commit", "running_hub", "settings"]


@contextmanager
def running_hub(root: Path) -> Iterator[str]:
    """A server process over a root; the value is its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.hub.server", str(root)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def settings(home: Path, address: str, token: str = "", xet: bool = False) -> dict[str, str]:
    """The environment of a process that knows this Hub and keeps its cache in `home`; large files go by LFS or Xet."""
    return {
        "HF_ENDPOINT": address,
        "HF_HOME": str(home),
        "HF_HUB_OFFLINE": "0",
        "HF_TOKEN": token,
        "HF_HUB_DISABLE_XET": "0" if xet else "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }


class Handler(BaseHTTPRequestHandler):
    """Answers one connection; `root` and `address` are set where the server starts."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    root: Path
    address: str

    def do_GET(self) -> None:
        """Who a token is, repository info, file tree, file content, refs."""
        self._answer()

    def do_HEAD(self) -> None:
        """The headers of GET alone."""
        self._answer()

    def do_POST(self) -> None:
        """Everything that writes, and what is at some paths."""
        self._answer()

    def do_PUT(self) -> None:
        """A large object."""
        self._answer()

    def _answer(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        self._note("requests", f"{self.command} {self.path}")
        self.fault = next_fault(self.root, f"{self.command} {self.path}")
        time.sleep(self.fault.get("hold", 0))
        if "drop" in self.fault:
            received = len(self.rfile.read(min(size, self.fault["drop"])))
            self._note("uploads", f"{self.path} {received}")
            return self._hang_up()
        self.body = self._receive(size)
        self._note("uploads", f"{self.path} {len(self.body)}")
        try:
            if "status" in self.fault:
                raise Refusal(self.fault["status"], message=self.fault.get("message", ""))
            self._route([unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")])
        except Refusal as refusal:
            headers = {"X-Error-Code": refusal.code, "X-Error-Message": str(refusal)} | self.fault.get("headers", {})
            content = json.dumps({"error": str(refusal)} | refusal.more).encode()
            self._send(refusal.status, content, {name: value for name, value in headers.items() if value})

    def _route(self, parts: list[str]) -> None:
        query = parse_qs(urlsplit(self.path).query)
        match self.command, parts:
            case _, ["api", "whoami-v2"]:
                self._who()
            case "POST", ["api", "validate-yaml"]:
                self._validate()
            case "POST", ["api", "repos", "create"]:
                self._create()
            case "PUT", [".lfs", oid]:
                writes.store(self.root, oid, self.body)
                self._json({})
            case _, ["api", "datasets", owner, name]:
                self._info(self._repository(owner, name), "main")
            case _, ["api", "datasets", owner, name, "revision", revision]:
                self._info(self._repository(owner, name), revision)
            case _, ["api", "datasets", owner, name, "refs"]:
                self._json(writes.refs(self._repository(owner, name)))
            case _, ["api", "datasets", owner, name, "tree", revision, *path]:
                self._tree(self._repository(owner, name), revision, "/".join(path), query)
            case _, ["api", "datasets", owner, name, "paths-info", revision]:
                self._paths(self._repository(owner, name), revision)
            case _, ["datasets", owner, name, "resolve", revision, *path]:
                self._file(self._repository(owner, name), revision, "/".join(path))
            case "GET", ["api", "datasets", owner, name, "xet-read-token", _]:
                self._xet(self._repository(owner, name))
            case _, ["api", "datasets", owner, name, action, revision]:
                self._write(self._repository(owner, name, writing=True), action, revision, query)
            case "POST", ["datasets", owner, name, "info", "lfs", *action]:
                self._lfs(self._repository(owner, name.removesuffix(".git"), writing=True), action)
            case _:
                raise Refusal(404, message="no such place")

    def _repository(self, owner: str, name: str, writing: bool = False) -> Repository:
        """A repository that the request's user may see or write to."""
        repository = Repository(self.root, f"{owner}/{name}")
        user = writes.who(self._authorization)
        hidden = (repository.home / "private").exists() and (user is None or owner not in user[1])
        if hidden or not repository.home.is_dir():
            raise Refusal(401 if user is None else 404, "RepoNotFound", "Repository not found")
        if (repository.home / "status").exists():
            raise Refusal(int((repository.home / "status").read_text()), message="Something is wrong on our side")
        if writing:
            writes.writer_of(owner, self._authorization)
        if "meanwhile" in self.fault:
            writes.meanwhile(repository, self.fault["meanwhile"])
        return repository

    def _who(self) -> None:
        user = writes.who(self._authorization)
        if user is None:
            raise Refusal(401, message="Invalid username or password.")
        organisations = [{"name": name, "roleInOrg": "write"} for name in user[1][1:]]
        self._json({"type": "user", "name": user[0], "orgs": organisations, "auth": {"type": "access_token"}})

    def _validate(self) -> None:
        complaints = writes.faults(json.loads(self.body)["content"])
        content = {"errors": [{"message": text} for text in complaints], "warnings": []}
        self._send(400 if complaints else 200, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _create(self) -> None:
        asked = json.loads(self.body)
        user = writes.writer_of(asked.get("organization") or "", self._authorization) if self._authorization else None
        if user is None:
            raise Refusal(401, message="Invalid username or password.")
        repository = Repository(self.root, f"{asked['organization']}/{asked['name']}")
        url = f"{self.address}/datasets/{repository.name}"
        writes.create(repository, asked, url)
        self._json({"url": url, "name": repository.name})

    def _write(self, repository: Repository, action: str, revision: str, query: Mapping[str, list[str]]) -> None:
        match action:
            case "preupload":
                self._json(writes.modes(repository, revision, json.loads(self.body)))
            case "xet-write-token":
                self._xet(repository)
            case "tag":
                writes.tag(repository, revision, json.loads(self.body)["tag"])
                self._json({})
            case "commit":
                commit, number = writes.commit(repository, revision, self.body, "create_pr" in query)
                page = f"{self.address}/datasets/{repository.name}"
                opened = {"pullRequestUrl": f"{page}/discussions/{number}"} if number else {}
                self._json({"success": True, "commitOid": commit, "commitUrl": f"{page}/commit/{commit}"} | opened)
            case _:
                raise Refusal(404, message="no such place")

    def _lfs(self, repository: Repository, action: list[str]) -> None:
        asked = json.loads(self.body)
        if action == ["objects", "batch"]:
            return self._json(writes.batch(repository, self.address, asked, self.fault.get("objects", "")))
        writes.verify(self.root, asked)
        return self._json({})

    def _xet(self, repository: Repository) -> None:
        access = writes.xet_access(repository)
        headers = {
            "X-Xet-Cas-Url": access["casUrl"],
            "X-Xet-Access-Token": access["accessToken"],
            "X-Xet-Token-Expiration": str(access["exp"]),
        }
        self._send(200, json.dumps(access).encode(), {"Content-Type": "application/json"} | headers)

    def _info(self, repository: Repository, revision: str) -> None:
        commit = repository.commit(revision)
        gated = "manual" if (repository.home / "gated").exists() else False
        private = (repository.home / "private").exists()
        siblings = [{"rfilename": path} for path in repository.files(commit.name)]
        self._json(
            {"id": repository.name, "sha": commit.name, "private": private, "gated": gated, "siblings": siblings}
        )

    def _tree(self, repository: Repository, revision: str, under: str, query: Mapping[str, list[str]]) -> None:
        commit = repository.commit(revision)
        if not (commit / under).exists():
            raise Refusal(404, "EntryNotFound", f"{under} does not exist")
        recursive = query.get("recursive", [""])[0].lower() in ("1", "true")
        inside = [entry for entry in repository.entries(commit.name) if Path(under) in Path(entry["path"]).parents]
        depth = len(Path(under).parts) + 1
        self._json([entry for entry in inside if recursive or len(Path(entry["path"]).parts) == depth])

    def _paths(self, repository: Repository, revision: str) -> None:
        wanted = json.loads(self.body)["paths"] if self.body[:1] == b"{" else parse_qs(self.body.decode())["paths"]
        commit = repository.commit(revision).name
        self._json([entry for entry in repository.entries(commit) if entry["path"] in wanted])

    def _file(self, repository: Repository, revision: str, path: str) -> None:
        commit = repository.commit(revision)
        if (repository.home / "gated").exists() and self._authorization != f"Bearer {TOKEN}":
            raise Refusal(401, "GatedRepo", f"Access to dataset {repository.name} is restricted")
        if not (commit / path).is_file():
            raise Refusal(404, "EntryNotFound", f"{path} does not exist")
        content = (commit / path).read_bytes()
        headers = {"ETag": f'"{blob(content)}"', "X-Repo-Commit": commit.name, "Accept-Ranges": "bytes"}
        large = repository.large(commit.name)
        if large.get(path):
            oid, size = content.decode().split()
            refresh = f"{self.address}/api/datasets/{repository.name}/xet-read-token/{commit.name}"
            headers |= {"X-Xet-Hash": large[path], "X-Xet-Refresh-Route": refresh, "X-Linked-Size": size}
            headers |= {"ETag": f'"{oid}"', "X-Linked-Etag": f'"{oid}"'}
            if self.command != "HEAD":
                raise Refusal(501, message="this file is read through Xet")
        elif path in large:
            headers["ETag"] = f'"{hashlib.sha256(content).hexdigest()}"'
        self._part(content, headers)

    def _part(self, content: bytes, headers: dict[str, str]) -> None:
        """Send a file, or the range of it that was asked for."""
        asked = self.headers.get("Range", "")
        if not asked.startswith("bytes="):
            return self._send(200, content, headers)
        self._note("ranges", f"{self.path} {asked}")
        first, _, last = asked.removeprefix("bytes=").partition("-")
        start = int(first) if first else max(0, len(content) - int(last))
        end = min(len(content), int(last) + 1 if first and last else len(content))
        if start >= len(content):
            return self._send(416, b"", {"Content-Range": f"bytes */{len(content)}"})
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(content)}"
        return self._send(206, content[start:end], headers)

    @property
    def _authorization(self) -> str:
        return self.headers.get("Authorization") or ""

    def _receive(self, size: int) -> bytes:
        """The body of a request, whether its length is said first or it comes in pieces."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(size)
        pieces = []
        while length := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(length))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _json(self, content: object) -> None:
        self._send(200, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
        if self.fault.get("lost") and status < 300:
            return self._hang_up()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            with suppress(ConnectionError):  # who asked may have gone
                self.wfile.write(content[: self.fault.get("cut")])
            if "cut" in self.fault:
                self.wfile.flush()
                self._hang_up()
        return None

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _note(self, file: str, line: str) -> None:
        with open(self.root / file, "a") as log:
            log.write(f"{line}\n")

    def log_message(self, *_: object) -> None:
        """Requests are listed in a file."""


if __name__ == "__main__":
    Handler.root = Path(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Handler.address = f"http://127.0.0.1:{server.server_port}"
    print(Handler.address, flush=True)
    server.serve_forever()
