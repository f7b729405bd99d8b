"""Records of real tasks, a real server that answers their prompts, and ways to look at what is left behind."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import pyarrow.parquet
import pytest

import taskgen
from taskgen.curation.rollouts.sampling import rollout
from taskgen.curation.rollouts.settings import RolloutSettings
from taskgen.curation.sources import open_source
from taskgen.engine.schema import to_table

ROOT = Path(__file__).parents[3]


def make_records(name, count, difficulty=1):
    return [taskgen.task(name).generate(difficulty=difficulty, index=index) for index in range(count)]


@pytest.fixture(scope="session")
def records():
    """Ten records of linear_system."""
    return make_records("linear_system", 10)


@pytest.fixture
def data(records, tmp_path):
    """A dataset of these records."""
    return write(records, tmp_path / "data.parquet")


def write(records, path):
    pyarrow.parquet.write_table(to_table(records), path)
    return path


def tagged(answer):
    return f"<answer>{answer}</answer>"


def right(records):
    """What a server answers that is always right."""
    return {record.prompt: tagged(record.answer) for record in records}


class Served:
    """A running server."""

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}/v1"
        self.policy = f"openai:{self.url}#toy"

    def _call(self, path, method="GET", content=None):
        request = urllib.request.Request(self.url.replace("/v1", path), content, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    @property
    def seen(self):
        return self._call("/seen")

    def begin(self, answers, **plan):
        """Give it a plan of its own to a test."""
        self._call("/plan", "PUT", json.dumps({"answers": answers} | plan).encode())
        return self

    def change(self, **plan):
        self._call("/plan", "PATCH", json.dumps(plan).encode())


@pytest.fixture(scope="session")
def served():
    """A server, in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.curation.rollouts.openai_server"], cwd=ROOT, stdout=subprocess.PIPE
    )
    yield Served(int(process.stdout.readline()))
    process.kill()
    process.communicate()


@pytest.fixture
def serve(served):
    """A function that gives the server a plan."""
    return served.begin


def sample(data, out, policy, **settings):
    """Run the stage as a recipe does; verdicts are made in this process."""
    return rollout(open_source(str(data)), out, RolloutSettings(policy=policy, **settings), workers=1)


def rollouts_in(out):
    """All completions in the parts, as rows."""
    return [row for part in sorted(out.glob("rollouts/*")) for row in pyarrow.parquet.read_table(part).to_pylist()]


def verdicts_in(out):
    return [row for part in sorted(out.glob("verdicts/*")) for row in pyarrow.parquet.read_table(part).to_pylist()]


def keys_in(out):
    return [(row["id"], row["model"], row["settings"], row["number"]) for row in rollouts_in(out)]
