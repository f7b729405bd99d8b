"""A dataset that was pushed is read by everything that reads the Hub, whichever way its bytes went."""

import json

import pyarrow.parquet
import pytest

from tests.engine.conftest import contents
from tests.hub.server import running_hub
from tests.hub.xet_store import stored_bytes
from tests.publishing.hub.conftest import Hub, shell
from tests.publishing.hub.dressed import requests, rows_of

pytestmark = pytest.mark.xdist_group("hub_push")


@pytest.fixture
def xet_hub(tmp_path):
    """A Hub whose clients send and fetch large files through hf_xet, which stores them in a local folder."""
    (tmp_path / "hub").mkdir()
    with running_hub(tmp_path / "hub") as address, shell(tmp_path / "home", address, xet=True) as ask:
        yield Hub(tmp_path / "hub", address, ask)


def loaded(hub, target, revision, folder):
    """The rows of every split as `datasets.load_dataset` gives them."""
    return json.loads(hub.taskgen("datasets", target, revision, cwd=folder).out)


def test_load_dataset_gives_the_same_rows(hub, target, dataset, other, tmp_path):
    hub.taskgen("push", "set", target, "--tag", "v1", cwd=tmp_path)
    hub.taskgen("push", "other", target, cwd=tmp_path)
    assert loaded(hub, target, "v1", tmp_path) == {"train": rows_of(dataset)}
    assert loaded(hub, target, "main", tmp_path) == {"train": rows_of(other)}


def test_a_stage_of_curation_reads_the_same_rows_and_names_the_commit(hub, target, dataset, tmp_path):
    hub.taskgen("push", "set", target, cwd=tmp_path)
    code, _, complaints = hub.taskgen("dedup", f"hf:{target}", "-o", "unique", cwd=tmp_path)
    assert code == 0, complaints
    assert pyarrow.parquet.read_table(tmp_path / "unique/data").to_pylist() == rows_of(dataset)
    (given,) = json.loads((tmp_path / "unique/manifest.json").read_text())["stages"][-1]["inputs"]
    assert given["revision"] == hub.repository(target).refs()["main"]


def test_by_xet_the_same_rows_come_back_and_what_is_there_is_not_sent_again(xet_hub, dataset, tmp_path):
    hub, store = xet_hub, xet_hub.root / ".xet"
    assert hub.taskgen("push", "set", "org/set", "--tag", "v1", cwd=tmp_path).code == 0
    first = stored_bytes(store)
    size = sum(path.stat().st_size for path in (dataset / "data").iterdir())
    assert 0 < first < 1.2 * size
    assert not [line for line in requests(hub.root) if "lfs" in line]
    assert hub.taskgen("push", "set", "org/set", "--tag", "v1", cwd=tmp_path).code == 0
    assert hub.taskgen("push", "set", "org/copy", cwd=tmp_path).code == 0
    assert stored_bytes(store) - first < 0.1 * size
    assert (hub.commits("org/set"), hub.commits("org/copy")) == (1, 1)
    assert loaded(hub, "org/set", "v1", tmp_path) == {"train": rows_of(dataset)}
    assert hub.taskgen("pull", "org/copy", "-o", "back", cwd=tmp_path).code == 0
    assert contents(tmp_path / "back") == contents(dataset)
