"""Datasets on the Hub, read by the released clients from a small Hub on loopback, through a cache of their own."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet
import pytest

from taskgen.curation.hub_sources import HubPlace, parse_place
from taskgen.curation.sources import open_source
from taskgen.curation.stages import Plan, run_stage
from taskgen.engine.errors import UsageError
from taskgen.engine.manifest import read_manifest
from tests.curation.odd_stage import OddSettings, odd
from tests.engine.conftest import command
from tests.hub.server import TOKEN, add_commit, running_hub

NOWHERE = "http://127.0.0.1:9"
LOCAL = "; a local copy (a file or a folder) can be given in its place"
CARD = b"""---
configs:
- config_name: easy
  data_files:
  - split: train
    path: easy/*.jsonl
  - split: few_shot
    path: shots.jsonl
- config_name: hard
  data_files: "hard/**/part[0-9].jsonl"
---
Puzzles.
"""

pytestmark = pytest.mark.xdist_group("hub")


def lines(*rows):
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """The root of a Hub and its address."""
    root = tmp_path_factory.mktemp("hub")
    easy = {f"easy/{name}.jsonl": lines({"q": name, "n": 1}) for name in ("b", "a")}
    hard = {"hard/x/part1.jsonl": lines({"q": "hard"}), "hard/other.jsonl": lines({"q": "other"})}
    shots = {"shots.jsonl": lines({"q": "shot", "n": 2}), "odd [1].jsonl": lines({"q": "odd"})}
    for name in ("org/puzzles", "org/halves"):
        add_commit(root, name, {"README.md": CARD, "notes.txt": b"no data"} | easy | hard | shots)
    add_commit(root, "org/plain", {"data/train-00000-of-00001.csv": b"q\nold\n"}, "v1", "main")
    add_commit(
        root,
        "org/plain",
        {"data/train-00000-of-00001.csv": b"q\nnew\n", "data/dev-00000-of-00001.csv": b"q\ndev\n"},
        "main",
        "refs/convert/parquet",
    )
    add_commit(root, "org/named", {"test.jsonl": lines({"q": 1}), "valid.jsonl": lines({"q": 2}), "stats.txt": b""})
    add_commit(root, "org/gated", {"train.csv": b"q\nsecret\n"})
    add_commit(root, "org/busy", {"train.csv": b"q\nx\n"})
    add_commit(root, "org/pictures", {"a.png": b"png"})
    add_commit(root, "org/broken", {"README.md": b"---\nconfigs: [\n---\n", "a.csv": b"q\nx\n"})
    add_commit(root, "org/lost", {"README.md": CARD.replace(b"shots", b"gone"), "easy/a.jsonl": lines({"q": 1})})
    (root / "org/gated/gated").touch()
    (root / "org/busy/status").write_text("503")
    with running_hub(root) as address:
        yield root, address


def settings(home, address):
    """The environment of a process that knows this Hub and has its cache in `home`."""
    return {"HF_ENDPOINT": address, "HF_HOME": str(home), "HF_HUB_OFFLINE": "0", "HF_TOKEN": ""}


@contextmanager
def client(home, address, **environment):
    """A function that opens a name in a process that knows this Hub and has its cache in `home`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.hub.client"],
        env=os.environ | settings(home, address) | environment,
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )

    def ask(name):
        process.stdin.write(name + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    try:
        yield ask
        _, complaints = process.communicate(timeout=20)
        assert complaints == ""
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def ask(hub, home):
    with client(home, hub[1]) as opened:
        yield opened


@pytest.fixture(scope="module")
def offline(hub, home, ask):
    """The same cache without a network, after `ask` has filled it."""
    for name in ("hf:org/puzzles:easy", "hf:org/plain@v1", "hf:org/plain", "hf:org/halves:easy:few_shot"):
        assert "error" not in ask(name)
    with client(home, hub[1], HF_HUB_OFFLINE="1") as opened:
        yield opened


def commit_of(hub, repository, ref):
    return json.loads((hub[0] / repository / "refs.json").read_text())[ref]


@pytest.mark.parametrize(
    ("place", "parts"),
    [
        ("hf:set", ("set", None, None, None)),
        ("hf:org/set", ("org/set", None, None, None)),
        ("hf:org/set@refs/pr/1", ("org/set", "refs/pr/1", None, None)),
        ("hf:org/my.set-2@v1.0:a config", ("org/my.set-2", "v1.0", "a config", None)),
        ("hf:org/set:easy:test", ("org/set", None, "easy", "test")),
    ],
)
def test_a_place_has_up_to_four_parts(place, parts):
    assert parse_place(place) == HubPlace(*parts)


@pytest.mark.parametrize(
    "place", ["hf:", "hf:a/b/c", "hf:org/set:", "hf:org/set@", "hf:org/set:a:b:c", "hf:org/set::test"]
)
def test_a_place_that_cannot_be_read_shows_the_form(place):
    with pytest.raises(UsageError, match=r"cannot be read; write hf:ID\[@REVISION\]\[:CONFIG\[:SPLIT\]\]"):
        parse_place(place)


def test_a_configuration_is_what_its_card_says_split_by_split(ask, hub):
    found = ask("hf:org/puzzles:easy")
    assert found["files"] == [["a.jsonl", "train"], ["b.jsonl", "train"], ["shots.jsonl", "few_shot"]]
    assert [row["q"] for row in found["rows"]] == ["a", "b", "shot"]
    assert found["revision"] == commit_of(hub, "org/puzzles", "main")


def test_one_split_and_a_column_can_be_named(ask):
    found = ask("hf:org/puzzles:easy:few_shot#q")
    assert (found["rows"], found["split"], found["column"]) == ([{"q": "shot", "n": 2}], "few_shot", "q")


def test_only_the_files_that_are_read_are_fetched(ask, hub):
    log = hub[0] / "requests"
    before = len(log.read_text()) if log.exists() else 0
    assert ask("hf:org/puzzles:hard")["files"] == [["part1.jsonl", "train"]]
    fetched = [
        line.split("/")[-1] for line in log.read_text()[before:].splitlines() if line.startswith("GET /datasets/")
    ]
    assert [name for name in fetched if name != "README.md"] == ["part1.jsonl"]  # the card may be in the cache


def test_a_revision_is_a_branch_a_tag_or_a_commit(ask, hub):
    old, new = (commit_of(hub, "org/plain", ref) for ref in ("v1", "main"))
    assert [row["q"] for row in ask("hf:org/plain")["rows"]] == ["new", "dev"]
    for name in ("v1", old):
        found = ask(f"hf:org/plain@{name}")
        assert (found["rows"], found["revision"]) == ([{"q": "old"}], old)
    assert ask("hf:org/plain@refs/convert/parquet:default:dev")["revision"] == new


def test_a_repository_without_a_card_is_split_by_the_names_of_its_files(ask):
    assert ask("hf:org/named")["files"] == [["valid.jsonl", "validation"], ["test.jsonl", "test"]]


@pytest.mark.parametrize(
    ("name_asked", "config"), [("org/puzzles", "easy"), ("org/puzzles", "hard"), ("org/named", "default")]
)
def test_datasets_itself_finds_the_same_rows_in_the_same_splits(ask, name_asked, config):
    theirs = ask(f"datasets {name_asked} {config}")["splits"]
    ours = {split: ask(f"hf:{name_asked}:{config}:{split}")["rows"] for split in theirs}
    assert ours == theirs


REFUSED = {
    "hf:org/plain@v9": "hf:org/plain has no revision v9",
    "hf:org/puzzles": "hf:org/puzzles has several configurations, name one as hf:org/puzzles:NAME "
    "(configurations: easy, hard)",
    "hf:org/puzzles:odd": "hf:org/puzzles has no configuration odd (configurations: easy, hard)",
    "hf:org/puzzles:easy:dev": "hf:org/puzzles:easy:dev has no split dev (splits: train, few_shot)",
    "hf:org/plain#p": "hf:org/plain#p has no column p (columns: q)",
    "hf:org/pictures": "hf:org/pictures holds no Parquet, JSONL or CSV file; the Hub may have made a Parquet copy of "
    "it: hf:org/pictures@refs/convert/parquet",
    "hf:org/lost:easy": "hf:org/lost: its card does not fit it: Unable to find './gone.jsonl'",
    "hf:or--g/set": "hf:or--g/set is no name of a dataset: Cannot have -- or .. in repo_id: 'or--g/set'.",
    "hf:org/none": "hf:org/none is not on the Hub, or private; check the name, or log in with `hf auth login`" + LOCAL,
}
NO_ACCESS = {
    "hf:org/gated": "hf:org/gated is gated: ask for access on its page, then log in with `hf auth login` or set "
    "HF_TOKEN" + LOCAL,
    "hf:org/busy": "hf:org/busy is not in the cache, or only in part, and the Hub answered 503" + LOCAL,
}


@pytest.mark.parametrize("asked", REFUSED)
def test_what_is_not_there_is_refused_in_one_line_that_says_what_is(ask, asked):
    assert ask(asked) == {"error": "UsageError", "message": REFUSED[asked]}


@pytest.mark.parametrize("asked", NO_ACCESS)
def test_what_the_hub_does_not_give_is_trouble_in_one_line(ask, asked):
    assert ask(asked) == {"error": "Trouble", "message": NO_ACCESS[asked]}


def test_a_card_that_cannot_be_read_is_named(ask):
    assert ask("hf:org/broken")["message"].startswith("hf:org/broken: its card does not fit it: while parsing")


def test_a_token_opens_a_gated_repository(hub, tmp_path):
    with client(tmp_path, hub[1], HF_TOKEN=TOKEN) as ask:
        assert ask("hf:org/gated")["rows"] == [{"q": "secret"}]


def test_what_the_cache_holds_is_read_without_a_network(offline, hub):
    log = hub[0] / "requests"
    before = log.read_text()
    assert [row["q"] for row in offline("hf:org/puzzles:easy")["rows"]] == ["a", "b", "shot"]
    assert [row["q"] for row in offline("hf:org/plain")["rows"]] == ["new", "dev"]
    assert [row["q"] for row in offline("hf:org/plain@v1")["rows"]] == ["old"]
    assert log.read_text() == before


def test_what_the_cache_does_not_hold_whole_is_never_read_in_part(offline):
    assert offline("hf:org/halves:easy:few_shot")["rows"] == [{"q": "shot", "n": 2}]
    for name in ("halves:easy", "gated"):
        repository = f"hf:org/{name.split(':')[0]}"
        assert offline(f"hf:org/{name}") == {
            "error": "Trouble",
            "message": f"{repository} is not in the cache, or only in part, and the Hub is away{LOCAL}",
        }


def test_without_a_network_the_cache_stands_in_and_else_the_hub_is_away(offline, hub, home):
    with client(home, NOWHERE) as ask:
        assert [row["q"] for row in ask("hf:org/plain")["rows"]] == ["new", "dev"]
        assert (
            ask("hf:org/none")["message"]
            == "hf:org/none is not in the cache, or only in part, and the Hub is away" + LOCAL
        )


def test_a_stage_names_the_commit_and_goes_on_with_the_history_of_a_dataset_of_ours(hub, tmp_path):
    (tmp_path / "a.csv").write_text("q\n" + "x\n" * 30)
    run_stage(Plan("odd", OddSettings(), (open_source(str(tmp_path / "a.csv")),)), tmp_path / "set", odd())
    files = {path.relative_to(tmp_path / "set").as_posix(): path for path in (tmp_path / "set").rglob("*.*")}
    commit = add_commit(hub[0], "org/ours", {name: path.read_bytes() for name, path in files.items()})
    subprocess.run(
        [sys.executable, "-m", "tests.curation.odd_stage", "hf:org/ours:default:train", tmp_path / "again", "0"],
        env=os.environ | settings(tmp_path / "home", hub[1]),
        cwd=Path(__file__).parents[2],
        check=True,
    )
    first, second = read_manifest(tmp_path / "again").stages
    assert [(stage.rows_in, stage.rows_out) for stage in (first, second)] == [(30, 20), (20, 13)]
    assert [(given.name, given.revision) for given in second.inputs] == [("org/ours:default:train", commit)]


def test_a_fault_is_one_line_on_standard_error(hub, tmp_path):
    environment = settings(tmp_path / "home", hub[1])
    code, _, complaints = command("dedup", "hf:org/gated", cwd=tmp_path, **environment)
    assert (code, len(complaints.splitlines())) == (1, 1)
    assert complaints.startswith("taskgen: hf:org/gated is gated")
    assert not (tmp_path / "taskgen-data").exists()


def test_data_is_decontaminated_against_a_column_of_a_revision_on_the_hub(hub, tmp_path):
    question = "Anna picks 17 apples on Monday and 25 on Tuesday and gives 9 of them away; how many are left?"
    commit = add_commit(
        hub[0], "org/evaluation", {"test.jsonl": lines({"q": question, "n": 1}, {"q": "2 + 2?", "n": 2})}
    )
    (tmp_path / "data.jsonl").write_bytes(
        lines({"prompt": question}, {"prompt": "Name a river that flows into a lake."})
    )
    environment = settings(tmp_path / "home", hub[1])
    against = f"hf:org/evaluation@{commit}:default:test#q"
    code, _, complaints = command("decontaminate", "data.jsonl", "--against", against, cwd=tmp_path, **environment)
    assert code == 0, complaints
    dropped = pyarrow.parquet.read_table(tmp_path / "data-decontaminate/dropped.parquet")
    assert dropped["row"].to_pylist() == [0]
    (entry,) = read_manifest(tmp_path / "data-decontaminate").stages
    assert entry.notes["sets"][0]["revision"] == commit
