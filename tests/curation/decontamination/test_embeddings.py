"""The embedding layer reports what is near, through a real server in its own process, and drops nothing."""

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet
import pytest

from taskgen.curation.decontamination.decontaminate import DecontaminateSettings, decontaminate, save_index
from taskgen.curation.sources import open_source
from taskgen.engine.errors import Trouble, UsageError
from taskgen.engine.manifest import read_manifest
from tests.curation.decontamination.datasets import data_rows, dropped, record, write_lines, write_records
from tests.curation.decontamination.embedding_server import embedding
from tests.curation.decontamination.test_text_layer import BAKERY, UNRELATED

RETOLD = "Near the harbour a small bakery baked 48 loaves of rye bread; how many loaves were left when noon was before?"


@contextmanager
def served(fault="none"):
    """The URL and model of a server."""
    script = Path(__file__).with_name("embedding_server.py")
    process = subprocess.Popen([sys.executable, str(script), fault], stdout=subprocess.PIPE, text=True)
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1#words"
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def data(tmp_path):
    """A training set with a retold item, and the evaluation set."""
    rows = [{"question": text} for text in (*UNRELATED, RETOLD, BAKERY)]
    training = write_lines(tmp_path / "train.jsonl", rows)
    return training, write_lines(tmp_path / "evaluation.jsonl", [{"question": "Why?"}, {"question": BAKERY}])


def run(tmp_path, data, place, out="out"):
    settings = DecontaminateSettings(against=(data[1],), embeddings=place)
    decontaminate(open_source(data[0]), tmp_path / out, settings)
    return tmp_path / out


def cosine(first, second):
    one, other = embedding(first), embedding(second)
    inner = sum(a * b for a, b in zip(one, other, strict=True))
    return inner / (sum(a * a for a in one) * sum(b * b for b in other)) ** 0.5


def test_every_row_gets_its_nearest_item_and_the_cosine(tmp_path, data):
    with served() as place:
        out = run(tmp_path, data, place)
    rows = pyarrow.parquet.read_table(out / "embeddings.parquet").to_pylist()
    assert [row["row"] for row in rows] == list(range(len(UNRELATED) + 2))
    assert rows[-2]["nearest"] == "evaluation.jsonl row 1"
    assert rows[-2]["cosine"] == pytest.approx(cosine(RETOLD, BAKERY), abs=1e-5)
    assert rows[-1]["cosine"] == pytest.approx(1.0, abs=1e-5)
    assert max(row["cosine"] for row in rows[:-2]) < rows[-2]["cosine"]


def test_it_drops_nothing(tmp_path, data):
    with served() as place:
        out = run(tmp_path, data, place)
    assert data_rows(out, "question") == [*UNRELATED, RETOLD]
    assert [(row, reason) for row, reason, _ in dropped(out)] == [(len(UNRELATED) + 1, "evaluation_instance")]


def test_the_notes_name_the_model_and_not_the_place(tmp_path, data):
    with served() as place:
        out = run(tmp_path, data, place)
    stage = read_manifest(out).stages[-1]
    assert stage.notes["embeddings"] == {
        "model": "words",
        "items": 2,
        "rows": len(UNRELATED) + 2,
        "cosine_at_least_0.9": 1,
    }
    assert "127.0.0.1" not in (out / "manifest.json").read_text()


def test_records_keep_their_ids_in_the_report(tmp_path):
    rows = [record("countdown", index) for index in range(3)]
    data = write_records(tmp_path / "train.parquet", rows), write_records(tmp_path / "evaluation.parquet", rows[:1])
    with served() as place:
        out = run(tmp_path, data, place)
    table = pyarrow.parquet.read_table(out / "embeddings.parquet")
    assert table["id"].to_pylist() == [row.id for row in rows]


def test_a_busy_server_is_asked_again(tmp_path, data):
    with served() as place, served("busy") as busy:
        first, second = run(tmp_path, data, place), run(tmp_path, data, busy, out="busy")
    names = ("embeddings.parquet", "dropped.parquet", "manifest.json")
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)


@pytest.mark.parametrize(
    ("fault", "complaint"), [("broken", "gives no embeddings: .*500"), ("short", "gave 1 embeddings for 2 texts")]
)
def test_a_server_that_fails_leaves_nothing_behind(tmp_path, data, fault, complaint):
    with served(fault) as place, pytest.raises(Trouble, match=complaint):
        run(tmp_path, data, place)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["evaluation.jsonl", "train.jsonl"]


def test_a_server_that_is_not_there_is_one_clear_line(tmp_path, data):
    with served() as place:
        pass
    with pytest.raises(Trouble, match=r"http://127.0.0.1:\d+/v1 gives no embeddings: Connection error"):
        run(tmp_path, data, place)


@pytest.mark.parametrize("place", ["words", "http://127.0.0.1:1/v1", "ftp://x#words", "http://127.0.0.1:1/v1#"])
def test_a_place_that_cannot_be_read_is_refused(tmp_path, data, place):
    with pytest.raises(UsageError, match="write URL#MODEL"):
        run(tmp_path, data, place)


def test_an_index_holds_no_text_to_embed(tmp_path, data):
    save_index([open_source(data[1])], tmp_path / "index.parquet")
    with pytest.raises(UsageError, match="is an index and holds no text"):
        run(tmp_path, (data[0], str(tmp_path / "index.parquet")), "http://127.0.0.1:1/v1#words")
