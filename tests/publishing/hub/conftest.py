"""A Hub on loopback, and a process that runs taskgen's commands against it."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.hub.repositories import Repository
from tests.hub.server import WRITER, running_hub, settings
from tests.publishing.hub.dressed import make_dataset

REPOSITORY = Path(__file__).parents[3]


class Outcome(NamedTuple):
    """How a command line ended."""

    code: int
    out: str
    complaints: str


class Hub:
    """A running Hub: its root, its address, and a shell beside it."""

    def __init__(self, root, address, ask):
        self.root, self.address, self._ask, self._names = root, address, ask, count()

    def name(self):
        """A repository that nobody has used."""
        return f"org/set-{next(self._names)}"

    def taskgen(self, *arguments, cwd, token=WRITER):
        """Run a command line in a folder."""
        return Outcome(*self._ask([token, str(cwd), [str(argument) for argument in arguments]]))

    def repository(self, name):
        """A repository as it lies on the disk of the Hub."""
        return Repository(self.root, name)

    def files(self, name, ref="main"):
        """The bytes of every file of a repository but the one that the Hub puts there itself."""
        repository = self.repository(name)
        found = repository.files(repository.refs()[ref])
        return {path: file.read_bytes() for path, file in found.items() if path != ".gitattributes"}

    def commits(self, name):
        """How many commits a repository has, the first, empty one left out."""
        return len(self.repository(name).parents()) - 1


@contextmanager
def shell(home, address, xet=False):
    """A function that runs command lines in a process of its own, which knows this Hub and has its cache in `home`."""
    path = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH", ""), str(REPOSITORY)]))
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.hub.commands"],
        env=os.environ | settings(home, address, xet=xet) | {"PYTHONPATH": path},
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def ask(question):
        process.stdin.write(json.dumps(question) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    try:
        yield ask
    finally:
        process.stdin.close()
        process.wait(20)


@pytest.fixture(scope="session")
def hub(tmp_path_factory):
    root = tmp_path_factory.mktemp("hub")
    with running_hub(root) as address, shell(tmp_path_factory.mktemp("home"), address) as ask:
        yield Hub(root, address, ask)


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Two datasets of other seeds, made once."""
    folder = tmp_path_factory.mktemp("made")
    return make_dataset(folder / "first"), make_dataset(folder / "second", count=20, seed=1)


@pytest.fixture
def dataset(made, tmp_path):
    """A dataset in the folder `set`."""
    return Path(shutil.copytree(made[0], tmp_path / "set"))


@pytest.fixture
def other(made, tmp_path):
    """Another dataset in the folder `other`."""
    return Path(shutil.copytree(made[1], tmp_path / "other"))


@pytest.fixture
def target(hub):
    """A repository that nobody has used."""
    return hub.name()
