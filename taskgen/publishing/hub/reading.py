"""What a dataset repository on the Hub holds at one commit."""

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from taskgen.engine.manifest import NAME
from taskgen.publishing.hub.client import patiently
from taskgen.publishing.hub.contents import Remote, decode_manifest


def read_remote(client: Any, repository: str, revision: str | None = None) -> Remote:
    """A repository at a revision, its main branch if none is named. Raises what the client does."""
    from huggingface_hub import RepoFile

    info = patiently(lambda: client.repo_info(repository, repo_type="dataset", revision=revision))
    entries = patiently(
        lambda: list(client.list_repo_tree(repository, recursive=True, revision=info.sha, repo_type="dataset"))
    )
    files = {entry.path: entry for entry in entries if isinstance(entry, RepoFile)}
    content = read_content(client, repository, info.sha, NAME) if NAME in files else b""
    return Remote(repository, info.sha, bool(info.private), files, content, decode_manifest(content))


def read_content(client: Any, repository: str, commit: str, path: str) -> bytes:
    """A file's bytes."""
    with TemporaryDirectory(prefix="taskgen-hub-") as scratch:
        found = patiently(
            lambda: client.hf_hub_download(
                repository, path, repo_type="dataset", revision=commit, local_dir=Path(scratch)
            )
        )
        return Path(found).read_bytes()


def content_hash(client: Any, remote: Remote, path: str) -> str:
    """Hex SHA-256 of a file on the Hub; the Hub knows that of large ones."""
    file = remote.files[path]
    if file.lfs:
        return str(file.lfs.sha256)
    return hashlib.sha256(read_content(client, remote.repository, remote.commit, path)).hexdigest()
