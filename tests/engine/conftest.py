"""A toy task in a package of its own, and a way to run the command line in a process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from taskgen.engine.batch import _POOL
from taskgen.registry import all_tasks

TOYS = str(Path(__file__).parent / "toys")


@pytest.fixture
def toys(monkeypatch):
    """The task `addition`, found through its entry point, here and in worker processes."""
    monkeypatch.syspath_prepend(TOYS)
    _POOL.close()
    all_tasks.cache_clear()
    yield
    _POOL.close()
    all_tasks.cache_clear()


def start(*arguments, cwd, **environment):
    """A taskgen process that also knows the toy task."""
    path = os.pathsep.join([TOYS, os.environ.get("PYTHONPATH", ""), str(Path(__file__).parents[2])])
    return subprocess.Popen(
        [sys.executable, "-m", "taskgen", *map(str, arguments)],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": path} | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def command(*arguments, cwd, given=b"", **environment):
    """Exit code, standard output and standard error of a finished taskgen process."""
    process = start(*arguments, cwd=cwd, **environment)
    output, complaints = process.communicate(given, timeout=120)
    return process.returncode, output.decode(), complaints.decode()


def contents(folder):
    """Every file under a folder with its bytes."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}
