"""A small Hub on loopback: the read protocol of dataset repositories as the released clients speak it.

    python -m tests.hub.server ROOT

prints its address and serves what `add_commit` has put under ROOT: `ROOT/ORG/NAME/commits/SHA/...` are the files of a
commit, `refs.json` says where branches and tags point, a file `gated` asks for the token `TOKEN`, and a file `status`
holds the HTTP status that every request about the repository gets. Requests are listed in `ROOT/requests`.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "hf_reader"


def add_commit(root: Path, repository: str, files: Mapping[str, bytes], *refs: str) -> str:
    """Make a commit of these files and let the refs (`main` if none is named) point at it; the result is its hash."""
    digest = hashlib.sha1(repository.encode())
    for path, content in sorted(files.items()):
        digest.update(path.encode() + b"\0" + hashlib.sha1(content).digest())
    commit = digest.hexdigest()
    home = root / repository
    for path, content in files.items():
        target = home / "commits" / commit / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    known = json.loads((home / "refs.json").read_text()) if (home / "refs.json").exists() else {}
    (home / "refs.json").write_text(json.dumps(known | dict.fromkeys(refs or ("main",), commit)))
    return commit


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


class Refusal(Exception):
    """An answer with an error status and, where the Hub has one, its code."""

    def __init__(self, status: int, code: str = "", message: str = "") -> None:
        super().__init__(message)
        self.status, self.code = status, code


class Handler(BaseHTTPRequestHandler):
    """Answers one connection; `root` is set by `serve`."""

    protocol_version = "HTTP/1.1"
    root: Path

    def do_GET(self) -> None:
        """Repository info, file tree, file content."""
        self._answer()

    def do_HEAD(self) -> None:
        """The headers of GET alone."""
        self._answer()

    def do_POST(self) -> None:
        """What is at some paths."""
        self._answer()

    def _answer(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with open(self.root / "requests", "a") as log:
            log.write(f"{self.command} {self.path}\n")
        try:
            self._route([unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")])
        except Refusal as refusal:
            headers = {"X-Error-Code": refusal.code, "X-Error-Message": str(refusal)}
            content = json.dumps({"error": str(refusal)}).encode()
            self._send(refusal.status, content, {name: value for name, value in headers.items() if value})

    def _route(self, parts: list[str]) -> None:
        match parts:
            case ["api", "datasets", owner, name]:
                self._info(f"{owner}/{name}", "main")
            case ["api", "datasets", owner, name, "revision", revision]:
                self._info(f"{owner}/{name}", revision)
            case ["api", "datasets", owner, name, "tree", revision, *path]:
                self._tree(f"{owner}/{name}", revision, "/".join(path))
            case ["api", "datasets", owner, name, "paths-info", revision]:
                self._paths(f"{owner}/{name}", revision)
            case ["datasets", owner, name, "resolve", revision, *path]:
                self._file(f"{owner}/{name}", revision, "/".join(path))
            case _:
                raise Refusal(404, message="no such place")

    def _commit(self, repository: str, revision: str) -> Path:
        """The folder of a revision's commit."""
        home = self.root / repository
        if not home.is_dir():
            raise Refusal(401, "RepoNotFound", "Repository not found")
        if (home / "status").exists():
            raise Refusal(int((home / "status").read_text()), message="Something is wrong on our side")
        commit = home / "commits" / json.loads((home / "refs.json").read_text()).get(revision, revision)
        if not commit.is_dir():
            raise Refusal(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return commit

    def _info(self, repository: str, revision: str) -> None:
        commit = self._commit(repository, revision)
        gated = "manual" if (self.root / repository / "gated").exists() else False
        siblings = [{"rfilename": entry["path"]} for entry in _entries(commit) if entry["type"] == "file"]
        self._json({"id": repository, "sha": commit.name, "private": False, "gated": gated, "siblings": siblings})

    def _tree(self, repository: str, revision: str, under: str) -> None:
        commit = self._commit(repository, revision)
        if not (commit / under).exists():
            raise Refusal(404, "EntryNotFound", f"{under} does not exist")
        recursive = parse_qs(urlsplit(self.path).query).get("recursive", [""])[0].lower() in ("1", "true")
        inside = [entry for entry in _entries(commit) if Path(entry["path"]).is_relative_to(under)]
        depth = len(Path(under).parts) + 1
        self._json([entry for entry in inside if recursive or len(Path(entry["path"]).parts) == depth])

    def _paths(self, repository: str, revision: str) -> None:
        wanted = json.loads(self.body)["paths"] if self.body[:1] == b"{" else parse_qs(self.body.decode())["paths"]
        self._json([entry for entry in _entries(self._commit(repository, revision)) if entry["path"] in wanted])

    def _file(self, repository: str, revision: str, path: str) -> None:
        commit = self._commit(repository, revision)
        if (self.root / repository / "gated").exists() and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise Refusal(401, "GatedRepo", f"Access to dataset {repository} is restricted")
        if not (commit / path).is_file():
            raise Refusal(404, "EntryNotFound", f"{path} does not exist")
        content = (commit / path).read_bytes()
        self._send(200, content, {"ETag": f'"{_blob(content)}"', "X-Repo-Commit": commit.name})

    def _json(self, content: object) -> None:
        self._send(200, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Requests are listed in a file."""


def _entries(commit: Path) -> list[dict[str, object]]:
    """The folders and files of a commit, as the Hub's tree lists them."""
    entries: list[dict[str, object]] = []
    for path in sorted(commit.rglob("*")):
        name = path.relative_to(commit).as_posix()
        if path.is_dir():
            entries.append({"type": "directory", "path": name, "oid": _blob(name.encode()), "size": 0})
        else:
            content = path.read_bytes()
            entries.append({"type": "file", "path": name, "oid": _blob(content), "size": len(content)})
    return entries


def _blob(content: bytes) -> str:
    """The hash that git gives a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


if __name__ == "__main__":
    Handler.root = Path(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
