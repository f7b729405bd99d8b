"""What the small Hub keeps on disk.

`ROOT/ORG/NAME/commits/SHA/...` are the files of a commit, `refs.json` says where branches, tags and pull requests
point, `history.json` which commit came before, `large.json` which files of a commit are large and what their Xet hashes
are. Files `private`, `gated` (the token `TOKEN` opens it) and `status` (the HTTP status that every request gets) change
how a repository answers. Large objects lie in `ROOT/.lfs`, what hf_xet has stored in `ROOT/.xet`.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

LARGE = (".parquet", ".png", ".arrow", ".bin", ".safetensors")
LARGE_SIZE = 10_000_000
INITIAL = {".gitattributes": b"*.parquet filter=lfs diff=lfs merge=lfs -text\n"}


class Refusal(Exception):
    """An answer with an error status and, where the Hub has one, its code; `more` is what the body says besides."""

    def __init__(self, status: int, code: str = "", message: str = "", **more: str) -> None:
        super().__init__(message)
        self.status, self.code, self.more = status, code, more


class Repository:
    """One dataset repository under a root."""

    def __init__(self, root: Path, name: str) -> None:
        self.root, self.name, self.home = root, name, root / name

    def refs(self) -> dict[str, str]:
        """Where branches, tags, pull requests and conversions point."""
        return _read(self.home / "refs.json")

    def parents(self) -> dict[str, str]:
        """The commit before each commit that was made through the protocol, empty for a first one."""
        return _read(self.home / "history.json")

    def large(self, commit: str) -> dict[str, str]:
        """The large files of a commit, each with its Xet hash, which is empty where it has none."""
        return _read(self.home / "large.json").get(commit, {})

    def commit(self, revision: str) -> Path:
        """The folder of a revision's commit."""
        commit = self.home / "commits" / self.refs().get(revision, revision)
        if not commit.is_dir():
            raise Refusal(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return commit

    def point(self, ref: str, commit: str) -> None:
        """Let a ref point at a commit."""
        _write(self.home / "refs.json", self.refs() | {ref: commit})

    def change(
        self,
        ref: str,
        parent: str,
        files: Mapping[str, bytes] = {},
        large: Mapping[str, tuple[Path, str]] = {},
        deleted: Iterable[str] = (),
        summary: str = "",
    ) -> str:
        """A commit on a parent that adds files, large ones by their object and Xet hash, and takes others away."""
        gone = {*deleted, *files, *large}
        kept = {path: file for path, file in self.files(parent).items() if path not in gone} if parent else {}
        hashes = self.large(parent)
        digest = hashlib.sha1(f"{self.name} {parent} {summary}".encode())
        for path, content in sorted(files.items()):
            digest.update(path.encode() + b"\0" + hashlib.sha1(content).digest())
        for path, (file, xet) in sorted(large.items()):
            digest.update(f"{path} {file.name} {xet}".encode())
        digest.update("\n".join(sorted(deleted)).encode())
        commit = digest.hexdigest()
        home = self.home / "commits" / commit
        home.mkdir(parents=True, exist_ok=True)
        for path, file in kept.items():
            _link(file, home / path)
        for path, content in files.items():
            (home / path).parent.mkdir(parents=True, exist_ok=True)
            (home / path).write_bytes(content)
        for path, (file, _) in large.items():
            _link(file, home / path)
        own = {path: hashes[path] for path in kept if path in hashes}
        own |= {path: xet for path, (_, xet) in large.items()}
        _write(self.home / "large.json", _read(self.home / "large.json") | {commit: own})
        _write(self.home / "history.json", self.parents() | {commit: parent})
        self.point(ref, commit)
        return commit

    def files(self, commit: str) -> dict[str, Path]:
        """The files of a commit by their paths."""
        home = self.home / "commits" / commit
        return {path.relative_to(home).as_posix(): path for path in sorted(home.rglob("*")) if path.is_file()}

    def entries(self, commit: str) -> list[dict[str, object]]:
        """The folders and files of a commit, as the Hub's tree lists them."""
        home, large = self.home / "commits" / commit, self.large(commit)
        entries: list[dict[str, object]] = []
        for path in sorted(home.rglob("*")):
            name = path.relative_to(home).as_posix()
            if path.is_dir():
                entries.append({"type": "directory", "path": name, "oid": blob(name.encode()), "size": 0})
                continue
            content = path.read_bytes()
            entry: dict[str, object] = {"type": "file", "path": name, "oid": blob(content), "size": len(content)}
            if name in large:
                size = int(content.split()[1]) if large[name] else len(content)
                oid = content.split()[0].decode() if large[name] else hashlib.sha256(content).hexdigest()
                pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n".encode()
                entry |= {"oid": blob(pointer), "size": size}
                entry["lfs"] = {"oid": oid, "size": size, "pointerSize": len(pointer)}
                if large[name]:
                    entry["xetHash"] = large[name]
            entries.append(entry)
        return entries


def add_commit(root: Path, repository: str, files: Mapping[str, bytes], *refs: str) -> str:
    """Make a commit of these files alone and let the refs (`main` if none is named) point at it; gives its hash."""
    digest = hashlib.sha1(repository.encode())
    for path, content in sorted(files.items()):
        digest.update(path.encode() + b"\0" + hashlib.sha1(content).digest())
    commit = digest.hexdigest()
    home = root / repository
    for path, content in files.items():
        target = home / "commits" / commit / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    _write(home / "refs.json", _read(home / "refs.json") | dict.fromkeys(refs or ("main",), commit))
    return commit


def is_large(path: str, size: int) -> bool:
    """Whether the Hub keeps a file of this name and size outside git."""
    return path.endswith(LARGE) or size > LARGE_SIZE


def blob(content: bytes) -> str:
    """The hash that git gives a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _link(file: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        os.link(file, target)


def _read(path: Path) -> dict:
    return json.loads(path.read_text()) if path.exists() else {}


def _write(path: Path, content: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(content))
    os.replace(partial, path)
