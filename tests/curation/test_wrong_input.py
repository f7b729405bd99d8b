"""Whatever a command is given that it cannot use, it says so in one line and changes nothing."""

import shlex
from itertools import product

import msgspec
import pyarrow
import pyarrow.parquet
import pytest

from taskgen.cli.main import app, run
from taskgen.engine.building import build
from taskgen.engine.orders import place_order
from taskgen.engine.schema import SCHEMA
from taskgen.records import load

COMMANDS = {
    "dedup": ["{bad}", "{bad} --by structure"],
    "leak-check": ["{bad} {good}", "{good} {bad}"],
    "near-duplicates": ["{bad}", "{bad} --remove"],
    "decontaminate": ["{bad} --against {good}", "{good} --against {bad}"],
    "index": ["{bad} --out index.parquet", "{good} {bad} --out index.parquet"],
    "rollout": ["{bad} --policy replay:{completions}", "{good} --policy replay:{bad}"],
    "rescore": ["{bad}"],
    "filter": ["{bad} --rollouts {rollouts}", "{good} --rollouts {bad}", "{bad}"],
    "calibrate": ["{bad}", "{rollouts} {bad}"],
    "weak": ["{bad}"],
    "mix": ["{bad}", "{good} {bad}"],
    "split": ["{bad}"],
    "curate": ["{bad}", "recipe.yaml"],
    "card": ["{bad}"],
    "export": ["{bad} --to trl"],
    "push": ["{bad} org/name"],
    "reproduce": ["{bad}"],
}
"""What each command is given: a dataset that it cannot use is `{bad}`, all else is in order."""
OTHERS = {"generate", "list", "show", "verify", "audit", "pull"}
"""Commands that read no dataset from the disk."""
REGISTERED = [command.name for command in app.registered_commands]
LINES = [f"{name} {given}" for name in REGISTERED for given in COMMANDS.get(name, [])]
NO_FAULT = {("curate recipe.yaml", "foreign.parquet")}
"""A recipe may load rows of any columns; its next stage fails, and what was loaded is kept."""


def foreign(path):
    pyarrow.parquet.write_table(pyarrow.table({"x": [1, 2], "y": [0.5, None]}), path)


def truncated(path):
    foreign(path)
    path.write_bytes(path.read_bytes()[:-20])


BAD = {
    "missing.parquet": lambda path: None,
    "missing": lambda path: None,
    "empty.parquet": lambda path: path.touch(),
    "empty.jsonl": lambda path: path.touch(),
    "empty.csv": lambda path: path.touch(),
    "no_rows.parquet": lambda path: pyarrow.parquet.write_table(SCHEMA.empty_table(), path),
    "foreign.parquet": foreign,
    "truncated.parquet": truncated,
    "text.parquet": lambda path: path.write_text("id,prompt\n1,2\n"),
    "torn.jsonl": lambda path: path.write_text('{"x":1}\n{"x":'),
    "ragged.csv": lambda path: path.write_text("x,y\n1,2\n3\n"),
    "notes.txt": lambda path: path.write_text("nothing of use"),
    "folder": lambda path: path.mkdir(),
    "folder_of_folders": lambda path: (path / "data").mkdir(parents=True),
}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """A dataset, completions for it and rollouts of them, all in order."""
    folder = tmp_path_factory.mktemp("inputs")
    build(place_order([("knights_and_knaves", (1,))], count=20), folder / "good", workers=1)
    records = load(folder / "good")
    lines = [{"id": record.id, "completion": f"<answer>{record.answer}</answer>"} for record in records]
    (folder / "completions.jsonl").write_bytes(b"\n".join(map(msgspec.json.encode, lines)))
    with pytest.raises(SystemExit) as end:
        run(
            shlex.split(
                f"rollout {folder}/good --policy replay:{folder}/completions.jsonl --out {folder}/rollouts -w 1"
            )
        )
    assert end.value.code == 0
    return folder


def everything(folder):
    """All folders and files below one, with their bytes."""
    return {str(path): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def test_every_command_that_curates_is_tried():
    assert set(REGISTERED) - OTHERS <= set(COMMANDS)


@pytest.mark.parametrize(("line", "bad"), [pair for pair in product(LINES, BAD) if pair not in NO_FAULT])
def test_it_is_refused_in_one_line_and_nothing_is_changed(inputs, tmp_path, monkeypatch, capsys, line, bad):
    monkeypatch.chdir(tmp_path)
    BAD[bad](tmp_path / bad)
    (tmp_path / "recipe.yaml").write_text(f"name: demo\nstages:\n  - load: {{data: {bad}}}\n  - dedup\n  - split\n")
    names = {name: inputs / name for name in ("good", "rollouts")}
    arguments = line.format(bad=bad, completions=inputs / "completions.jsonl", **names)
    before = everything(tmp_path) | everything(inputs)
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        run(shlex.split(arguments))
    said = capsys.readouterr()
    assert end.value.code in (1, 2)
    assert len(said.err.splitlines()) == 1, said.err
    assert said.err.startswith("taskgen: ")
    assert everything(tmp_path) | everything(inputs) == before


@pytest.mark.parametrize("line", LINES)
def test_an_option_that_does_not_exist_is_refused_in_one_line(line, capsys):
    with pytest.raises(SystemExit) as end:
        run([*shlex.split(line), "--no-such-option"])
    said = capsys.readouterr()
    assert (end.value.code, said.out) == (2, "")
    assert said.err.splitlines() == [f"taskgen: {said.err.strip().removeprefix('taskgen: ')}"]
