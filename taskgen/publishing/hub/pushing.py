"""A dataset folder goes to the Hub: what its manifest lists, in one commit on the commit that was looked at before.

The commit is made of the differences, so a push of what is there already makes none, and after a broken connection
only what has not arrived is sent: large files are known to the server by their hashes. Files that an earlier push has
listed and this one does not are taken away; a file that was changed on the Hub since, or is somebody else's, never is.

One commit takes some hundreds of files easily. With thousands the Hub may answer too late, which is seen as a
connection that broke: the state is read again before anything is repeated. More than 10,000 in a folder are refused.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from taskgen import __version__
from taskgen.engine.errors import Stopped, Trouble, UsageError
from taskgen.engine.manifest import NAME, data_files
from taskgen.publishing.hub.client import (
    LOG_IN,
    TOKENS,
    WAITS,
    Account,
    account,
    check_name,
    open_client,
    patiently,
    plain_words,
    rest,
    status_of,
    understood,
)
from taskgen.publishing.hub.contents import (
    CARD,
    SENDING,
    Begin,
    Local,
    Remote,
    differing,
    holds_rows,
    listed,
    read_folder,
)
from taskgen.publishing.hub.reading import content_hash, read_remote

BATCH_BYTES, BATCH_FILES = 256_000_000, 100
"""Files are sent in batches, after each of which what was sent is kept by the server for good."""


class Pushed(NamedTuple):
    """Where a dataset is now: its page or the pull request's, the commit, how many files were sent and taken away."""

    address: str
    commit: str
    sent: int
    deleted: int


class _Change(NamedTuple):
    """What has to happen on the Hub."""

    add: tuple[str, ...]
    delete: tuple[str, ...]


def push(folder: Path, repository: str, private: bool, tag: str, pull_request: bool, begin: Begin) -> Pushed:
    """Push a dataset folder, creating the repository where there is none.

    Raises UsageError where the folder or the repository is not fit for it, Damaged where data is not what the manifest
    says, Trouble where the Hub refuses or stays away, Stopped at Ctrl-C.
    """
    check_name(repository)
    if tag and pull_request:
        raise UsageError("--tag and --pr exclude each other: a pull request is tagged when it is merged")
    local = read_folder(folder, begin)
    try:
        with plain_words(repository, "the same command goes on where this one stopped"):
            client = open_client()
            with _rights(account(client), repository):
                remote = _find(client, repository, private, pull_request)
                change = _compare(client, local, remote, pull_request)
                new_tag = bool(tag) and _is_new(client, remote, tag, change)
                if CARD in change.add:
                    _check_card(client, local)
                commit, address = _send(client, local, remote, change, pull_request, begin)
                if new_tag:
                    _set_tag(client, repository, tag, commit)
    except KeyboardInterrupt:
        raise Stopped("the files that were sent") from None
    return Pushed(address, commit, len(change.add), len(change.delete))


@contextmanager
def _rights(user: Account, repository: str) -> Iterator[None]:
    """Say what a refusal to write means for this user."""
    from huggingface_hub.errors import HfHubHTTPError

    try:
        yield
    except (HfHubHTTPError, RuntimeError) as error:
        if status_of(error) not in (401, 403):
            raise
        namespace = repository.partition("/")[0]
        if namespace not in user.namespaces:
            places = ", ".join(user.namespaces)
            raise Trouble(f"{user.name} may not write to {namespace}, but to: {places}; nothing was pushed") from None
        raise Trouble(
            f"the token of {user.name} may not write to {repository}; make one that may on {TOKENS} and {LOG_IN}"
        ) from None


def _find(client: Any, repository: str, private: bool, pull_request: bool) -> Remote:
    """The repository as it is, made if need be."""
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        remote = read_remote(client, repository)
    except RepositoryNotFoundError:
        if pull_request:
            raise UsageError(f"{repository} is not on the Hub: there is nothing to open a pull request on") from None
        patiently(lambda: client.create_repo(repository, repo_type="dataset", private=private or None, exist_ok=True))
        remote = read_remote(client, repository)
    if private and not remote.private:
        raise UsageError(f"{repository} is there and public; make it private on its page or leave out --private")
    return remote


def _compare(client: Any, local: Local, remote: Remote, pull_request: bool) -> _Change:
    """What differs. Raises UsageError where a file on the Hub would be lost that no push of ours has left there."""
    earlier = {file.path: file.sha256 for file in listed(remote.manifest)} if remote.manifest else {}
    add = differing(local, remote)
    delete = [path for path in earlier if path not in local.hashes and path in remote.files]
    for path in () if pull_request else (*add, *delete):
        if path not in remote.files or (path == NAME and remote.manifest):
            continue
        if earlier.get(path) != content_hash(client, remote, path):
            since = "was changed on the Hub since the last push" if path in earlier else "on the Hub is not from a push"
            raise UsageError(
                f"{path} of {remote.repository} {since}; take it into {local.folder} or remove it there, then push "
                "again, or push with --pr and choose there"
            )
    return _Change(tuple(add), tuple(delete))


def _is_new(client: Any, remote: Remote, tag: str, change: _Change) -> bool:
    """Whether a tag is to be made. Raises UsageError where it would have to be moved, which is never done, or is a
    branch's name.
    """
    refs = patiently(lambda: client.list_repo_refs(remote.repository, repo_type="dataset"))
    if tag in [branch.name for branch in refs.branches]:
        raise UsageError(f"{remote.repository} has a branch {tag}; choose another name for the tag; nothing was pushed")
    places = [known.target_commit for known in refs.tags if known.name == tag]
    if places and (places[0] != remote.commit or change.add or change.delete):
        raise UsageError(
            f"{remote.repository} has a tag {tag} on another commit ({places[0][:8]}); choose another name; "
            "nothing was pushed"
        )
    return not places


def _check_card(client: Any, local: Local) -> None:
    """Let the Hub say whether it takes the card, before anything is sent."""
    from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

    card = local.folder / CARD
    asked = {"repoType": "dataset", "content": card.read_text(encoding="utf-8")}

    def validate() -> str:
        response = get_session().post(f"{client.endpoint}/api/validate-yaml", json=asked, headers=build_hf_headers())
        if response.status_code != 400:
            hf_raise_for_status(response)
        return "; ".join(entry["message"] for entry in response.json()["errors"])

    complaints = patiently(validate)
    if complaints:
        raise UsageError(f"the Hub refuses the front matter of {card}: {complaints[:300]}; nothing was pushed")


def _send(
    client: Any, local: Local, remote: Remote, change: _Change, pull_request: bool, begin: Begin
) -> tuple[str, str]:
    """Upload what has to be and commit it on the commit that was looked at; gives the commit and its page."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    page = f"{client.endpoint}/datasets/{remote.repository}"
    if not change.add and not change.delete:
        return remote.commit, page
    additions = [CommitOperationAdd(path, _content(local, path)) for path in change.add]
    _check_hashes(local, additions)
    _upload(client, remote.repository, additions, pull_request, begin)
    operations = [*additions, *(CommitOperationDelete(path) for path in change.delete)]
    rows = sum(file.rows for file in data_files(local.manifest))
    for wait in (*WAITS, None):
        try:
            done = understood(
                lambda: client.create_commit(
                    remote.repository,
                    operations,
                    commit_message=f"{rows:,} rows by taskgen {__version__}",
                    repo_type="dataset",
                    parent_commit=remote.commit,
                    create_pr=pull_request,
                )
            )
            return done.oid, done.pr_url or page
        except Exception as error:
            if status_of(error) == 412:
                raise _stale(remote.repository) from None
            if pull_request and not status_of(error):
                raise Trouble(
                    f"{remote.repository}: the connection broke while the pull request was opened; look at the pull "
                    f"requests on {page}/discussions before you push again"
                ) from None
            if wait is None:
                raise
            rest(error, wait)
        now = read_remote(client, remote.repository)
        if now.commit != remote.commit:
            if differing(local, now) or any(path in now.files for path in change.delete):
                raise _stale(remote.repository)
            return now.commit, page  # the commit was made, only its answer was lost
    raise AssertionError("the last try returns or raises")


def _content(local: Local, path: str) -> str | bytes:
    """The bytes of a file, which may be edited while large ones are on their way; of rows, where they lie."""
    if path == NAME:
        return local.text
    return str(local.folder / path) if holds_rows(path) else (local.folder / path).read_bytes()


def _check_hashes(local: Local, additions: Sequence[Any]) -> None:
    """Raise Trouble where a file is no longer what the manifest tells that goes with it."""
    for addition in additions:
        path = addition.path_in_repo
        if path != NAME and addition.upload_info.sha256.hex() != local.hashes[path]:
            raise Trouble(f"{local.folder / path} was changed while it was pushed; nothing was pushed; push again")


def _upload(client: Any, repository: str, additions: Sequence[Any], pull_request: bool, begin: Begin) -> None:
    """Send the content of large files; the client tries again by itself where a connection breaks."""
    report = begin(SENDING, sum(addition.upload_info.size for addition in additions))
    done = 0
    for batch in _batches(additions):
        understood(
            partial(
                client.preupload_lfs_files,
                repository,
                batch,
                repo_type="dataset",
                create_pr=pull_request,
                free_memory=False,
                revision="main",
            )
        )
        done += sum(addition.upload_info.size for addition in batch)
        report(done)


def _batches(additions: Sequence[Any]) -> list[list[Any]]:
    batches: list[list[Any]] = []
    size = BATCH_BYTES
    for addition in additions:
        if size + addition.upload_info.size > BATCH_BYTES or len(batches[-1]) == BATCH_FILES:
            batches.append([])
            size = 0
        batches[-1].append(addition)
        size += addition.upload_info.size
    return batches


def _set_tag(client: Any, repository: str, tag: str, commit: str) -> None:
    from huggingface_hub.errors import HfHubHTTPError

    try:
        patiently(lambda: client.create_tag(repository, tag=tag, revision=commit, repo_type="dataset", exist_ok=True))
    except HfHubHTTPError as error:
        if error.response.status_code in (400, 422):
            raise UsageError(f"the data is on the Hub, but it does not take {tag} as a tag; choose another") from None
        raise


def _stale(repository: str) -> Trouble:
    return Trouble(
        f"{repository}: somebody pushed meanwhile; look at what is there now, then repeat the command or push with --pr"
    )
