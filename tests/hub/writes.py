"""The write protocol of the small Hub: who may write, uploads of large objects, commits, tags."""

import base64
import hashlib
import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.hub.cards import faults
from tests.hub.repositories import INITIAL, Refusal, Repository, blob, is_large
from tests.hub.xet_store import xet_hashes

TOKEN, WRITER = "hf_reader", "hf_writer"
USERS = {TOKEN: ("reader", []), WRITER: ("writer", ["org"])}
"""The user of every token, with the organisations that the user may write to."""


def who(authorization: str) -> tuple[str, list[str]] | None:
    """The user of a request and the namespaces that may be written to; nobody where it has no token."""
    if not authorization:
        return None
    if (token := authorization.removeprefix("Bearer ")) not in USERS:
        raise Refusal(401, message="Invalid credentials in Authorization header")
    name, organisations = USERS[token]
    return name, [name, *organisations]


def writer_of(namespace: str, authorization: str) -> str:
    """The user of a request that may write to a namespace."""
    user = who(authorization)
    if user is None:
        raise Refusal(401, message="Invalid username or password.")
    if namespace not in user[1]:
        raise Refusal(403, message=f'You don\'t have the rights to create a dataset under the namespace "{namespace}"')
    return user[0]


def create(repository: Repository, asked: Mapping[str, Any], url: str) -> None:
    """A repository with its first commit."""
    if repository.home.exists():
        raise Refusal(409, message="You already created this dataset repo", url=url)
    repository.change("main", "", INITIAL, summary="initial commit")
    if asked.get("private") or asked.get("visibility") == "private":
        (repository.home / "private").touch()


def modes(repository: Repository, revision: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """How each file is to be uploaded, and what hash it has in the repository if it is there."""
    commit = repository.commit(revision).name
    known = {entry["path"]: entry.get("lfs", entry) for entry in repository.entries(commit)}
    files = []
    for file in asked["files"]:
        mode = "lfs" if is_large(file["path"], file["size"]) else "regular"
        there = {"oid": known[file["path"]]["oid"]} if file["path"] in known else {}
        files.append({"path": file["path"], "uploadMode": mode, "shouldIgnore": False} | there)
    return {"commitOid": commit, "files": files}


def batch(repository: Repository, address: str, asked: Mapping[str, Any], refusal: str) -> dict[str, Any]:
    """Where large objects go; those that are there already go nowhere. With a refusal, none is taken."""
    objects = []
    for item in asked["objects"]:
        answer = {"oid": item["oid"], "size": item["size"]}
        if refusal:
            answer |= {"error": {"code": 422, "message": refusal}}
        elif not (repository.root / ".lfs" / item["oid"]).exists():
            verify = f"{address}/datasets/{repository.name}.git/info/lfs/verify"
            upload = {"href": f"{address}/.lfs/{item['oid']}"}
            answer |= {"actions": {"upload": upload, "verify": {"href": verify}}}
        objects.append(answer)
    return {"transfer": "basic", "objects": objects}


def store(root: Path, oid: str, content: bytes) -> None:
    """Keep a large object, if it is what its name says."""
    if hashlib.sha256(content).hexdigest() != oid:
        raise Refusal(400, message="the object is not what its name says")
    (root / ".lfs").mkdir(exist_ok=True)
    (root / ".lfs" / oid).write_bytes(content)


def verify(root: Path, asked: Mapping[str, Any]) -> None:
    """Whether a large object has arrived."""
    path = root / ".lfs" / asked["oid"]
    if not path.exists() or path.stat().st_size != asked["size"]:
        raise Refusal(404, message="the object is not there")


def xet_access(repository: Repository) -> dict[str, Any]:
    """Where hf_xet writes and reads: a folder of ours."""
    store = (repository.root / ".xet").resolve()
    store.mkdir(exist_ok=True)
    return {"accessToken": "xet", "exp": int(time.time()) + 3600, "casUrl": f"local://{store}"}


def check_card(content: str) -> None:
    """Refuse a card as the Hub does."""
    if complaints := faults(content):
        raise Refusal(400, message="; ".join(complaints))


def commit(repository: Repository, revision: str, body: bytes, pull_request: bool) -> tuple[str, int]:
    """Make a commit of the lines of a request; gives its hash and the number of the pull request, if one was opened."""
    lines = [json.loads(line) for line in body.splitlines()]
    header = next(line["value"] for line in lines if line["key"] == "header")
    head = repository.commit(revision).name
    if header.get("parentCommit", head) != head:
        raise Refusal(412, message="A commit has happened since. Please refresh and try again.")
    there, files, large, deleted = repository.files(head), {}, {}, []
    for line in lines:
        value = line["value"]
        match line["key"]:
            case "file":
                files[value["path"]] = base64.b64decode(value["content"])
            case "lfsFile":
                large[value["path"]] = _object(repository, value["oid"], value["size"])
            case "deletedFile":
                if value["path"] not in there:
                    raise Refusal(404, "EntryNotFound", "A file with this name doesn't exist")
                deleted.append(value["path"])
    if "README.md" in files:
        check_card(files["README.md"].decode())
    number = 1 + sum(name.startswith("refs/pr/") for name in repository.refs()) if pull_request else 0
    ref = f"refs/pr/{number}" if pull_request else revision
    return repository.change(ref, head, files, large, deleted, header["summary"]), number


def _object(repository: Repository, oid: str, size: int) -> tuple[Path, str]:
    """A large object's file and its Xet hash; of what hf_xet has stored, the file says only its SHA-256 and size."""
    path = repository.root / ".lfs" / oid
    if path.exists():
        return path, ""
    xet = xet_hashes(repository.root / ".xet").get(oid)
    if xet is None:
        raise Refusal(400, message=f"LFS pointer pointed to a file that does not exist: {oid}")
    pointer = repository.root / ".pointers" / oid
    pointer.parent.mkdir(exist_ok=True)
    pointer.write_text(f"{oid} {size}")
    return pointer, xet


def tag(repository: Repository, revision: str, name: str) -> None:
    """Name a commit."""
    if not re.fullmatch(r"[\w.-]+", name):
        raise Refusal(400, message=f"Invalid tag name: {name}")
    if name in repository.refs():
        raise Refusal(409, message="Reference already exists")
    repository.point(name, repository.commit(revision).name)


def refs(repository: Repository) -> dict[str, list[dict[str, str]]]:
    """Branches, conversions, tags and pull requests, as the Hub lists them."""
    listed: dict[str, list[dict[str, str]]] = {"branches": [], "converts": [], "tags": [], "pullRequests": []}
    for name, commit in sorted(repository.refs().items()):
        kind, ref = "tags", f"refs/tags/{name}"
        if name == "main":
            kind, ref = "branches", "refs/heads/main"
        elif name.startswith("refs/"):
            kind, ref = ("pullRequests" if "/pr/" in name else "converts"), name
        listed[kind].append({"name": name, "ref": ref, "targetCommit": commit})
    return listed


def meanwhile(repository: Repository, files: Mapping[str, str]) -> None:
    """Somebody else commits these files."""
    content = {path: text.encode() for path, text in files.items()}
    repository.change("main", repository.refs()["main"], content, summary=blob(repr(files).encode()))
