"""`taskgen export` as a person meets it: folders that are whole or not there, and one line where it cannot be done."""

import errno
import os
import resource
import signal
import time

import polars
import pyarrow
import pyarrow.compute
import pyarrow.parquet
import pytest

from taskgen.curation.sources import open_source
from taskgen.engine.manifest import read_manifest
from taskgen.publishing.exports.formats import FORMATS
from taskgen.publishing.exports.writing import export
from tests.curation.in_process import in_process
from tests.curation.made_rows import rows as made_rows
from tests.curation.made_rows import write as write_rows
from tests.engine.conftest import command, contents, start
from tests.publishing.exports.mixed import read, records, write_dataset


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A dataset of three tasks, in the folder where we are."""
    monkeypatch.chdir(tmp_path)
    return write_dataset(tmp_path / "mixed")


def many(path, count, prefix="row", **columns):
    """Rows whose problems are taskgen's as far as anybody looks."""
    problem = '{"task":"sudoku","version":1,"fields":{"number":%d}}'
    found = made_rows(count, prefix, **columns)
    return write_rows(path, [row | {"problem": problem % number} for number, row in enumerate(found)])


# What it leaves and says


def test_it_lies_beside_the_data_and_says_what_the_trainer_needs(data, capsys):
    code, output, complaints = in_process(capsys, "export", "mixed", "--to", "verl")
    assert (code, complaints) == (0, "")
    assert output.splitlines() == [
        "  mixed-verl/train.parquet  8 rows",
        "  mixed-verl/train-dialogues.parquet  4 rows",
        "  mixed-verl/test.parquet  4 rows",
        "  mixed-verl/test-dialogues.parquet  2 rows",
        "  of many turns, in files of their own: mastermind",
        "",
        f"data.train_files={data.parent}/mixed-verl/train.parquet",
        f"data.val_files={data.parent}/mixed-verl/test.parquet",
        f"reward.custom_reward_function.path={data.parent}/mixed-verl/reward.py",
        "",
        "  mixed-verl/README.md  says more",
    ]
    left = sorted(path.name for path in (data.parent / "mixed-verl").iterdir())
    assert left == [
        "README.md",
        "manifest.json",
        "reward.py",
        "test-dialogues.parquet",
        "test.parquet",
        "train-dialogues.parquet",
        "train.parquet",
    ]


@pytest.mark.parametrize("to", FORMATS)
def test_its_readme_has_the_options_without_a_path_of_this_machine(data, capsys, to):
    code, output, _ = in_process(capsys, "export", "mixed", "--to", to)
    assert code == 0
    folder = data.parent / f"mixed-{to}"
    text = (folder / "README.md").read_text()
    assert str(data.parent) not in text
    longest = max(len(record.prompt) for split in ("train", "test") for record in records(split))
    assert f"18 rows, the longest prompt has {longest:,} characters" in " ".join(text.split())
    options = output.partition("mastermind\n\n")[2].partition("\n\n  mixed-")[0]
    assert options.replace(str(folder), "$HERE") in text
    assert f"`{FORMATS[to].judge}` judges" in text


def test_its_manifest_tells_all_that_led_to_it(data, capsys):
    in_process(capsys, "export", "mixed", "--to", "trl")
    manifest = read_manifest(data.parent / "mixed-trl")
    (stage,) = manifest.stages
    assert (stage.stage, stage.settings, stage.rows_in, stage.rows_out) == ("export", {"to": "trl"}, 18, 18)
    assert stage.inputs[0].name == "mixed"
    assert stage.notes["dialogues"] == {"mastermind": 6}
    assert [file.rows for file in manifest.files] == [8, 4, 4, 2]
    assert [file.path for file in manifest.others] == ["README.md", "reward.py"]


def test_the_same_data_give_the_same_bytes_wherever_they_lie(data):
    assert command("export", "mixed", "--to", "nemo-gym", "--out", "one", cwd=data.parent, PYTHONHASHSEED="1")[0] == 0
    (data.parent / "elsewhere").mkdir()
    data.rename(data.parent / "elsewhere" / "mixed")
    arguments = ("export", "elsewhere/mixed", "--to", "nemo-gym", "--out", "new/two")
    assert command(*arguments, cwd=data.parent, PYTHONHASHSEED="2")[0] == 0
    assert contents(data.parent / "one") == contents(data.parent / "new" / "two")


def test_the_bytes_do_not_tell_how_the_rows_came_in(tmp_path):
    """Two Parquet files, one, or JSON lines: the same train file, in the same row groups."""
    whole = pyarrow.parquet.read_table(many(tmp_path / "one" / "train.parquet", 12_000))
    (tmp_path / "two").mkdir()
    pyarrow.parquet.write_table(whole.slice(0, 7_001), tmp_path / "two" / "train-0.parquet")
    pyarrow.parquet.write_table(whole.slice(7_001), tmp_path / "two" / "train-1.parquet", row_group_size=900)
    (tmp_path / "three").mkdir()
    polars.from_arrow(whole).write_ndjson(tmp_path / "three" / "train.jsonl")
    made = []
    for name in ("one", "two", "three"):
        export(open_source(str(tmp_path / name)), "verl", tmp_path / f"{name}-verl")
        made.append((tmp_path / f"{name}-verl" / "train.parquet").read_bytes())
    assert made[0] == made[1] == made[2]
    file = pyarrow.parquet.ParquetFile(tmp_path / "one-verl" / "train.parquet")
    assert [file.metadata.row_group(group).num_rows for group in range(2)] == [10_000, 2_000]
    assert [row["extra_info"]["index"] for row in file.read(["extra_info"]).to_pylist()] == list(range(12_000))


def test_a_finished_export_is_checked_and_left_alone(data, capsys):
    first = in_process(capsys, "export", "mixed", "--to", "slime")
    folder = data.parent / "mixed-slime"
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert in_process(capsys, "export", "mixed", "--to", "slime") == first
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    (folder / "README.md").write_text("mine")
    code, output, complaint = in_process(capsys, "export", "mixed", "--to", "slime")
    assert (code, output, complaint.count("\n")) == (1, "", 1)
    assert "README.md is not what the manifest says" in complaint
    assert (folder / "README.md").read_text() == "mine"


# Odd data


def test_unicode_arrives_as_it_was(tmp_path):
    texts = ["Löse 数独 \U0001f9e9", "a\u2028b\x00c\r\n\t'\"\\", "", "<image> {{ x }} {% raw %}", "<|im_end|>"]
    path = tmp_path / "set" / "train.parquet"
    problem = '{"task":"sudoku","version":1,"fields":{}}'
    write_rows(
        path, [row | {"prompt": text, "problem": problem} for row, text in zip(made_rows(5), texts, strict=True)]
    )
    for to, place in (("trl", lambda row: row["prompt"][0]["content"]), ("easyr1", lambda row: row["prompt"])):
        export(open_source(str(path)), to, tmp_path / to)
        assert [place(row) for row in read(tmp_path / to / "train.parquet")] == texts
    export(open_source(str(path)), "nemo-gym", tmp_path / "nemo-gym")
    lines = polars.read_ndjson(tmp_path / "nemo-gym" / "train.jsonl")
    assert [row["input"][0]["content"] for row in lines["responses_create_params"]] == texts


def test_a_pass_rate_becomes_a_fact_of_the_row(tmp_path):
    rates = [0.25, None, 1.0]
    rows = [row | {"pass_rate": rate} for row, rate in zip(made_rows(3), rates, strict=True)]
    rows = [row | {"problem": '{"task":"sudoku","version":1,"fields":{}}'} for row in rows]
    write_rows(tmp_path / "set.parquet", rows, pass_rate=pyarrow.float64())
    export(open_source(str(tmp_path / "set.parquet")), "skyrl", tmp_path / "out")
    found = read(tmp_path / "out" / "train.parquet")
    assert [row["extra_info"]["pass_rate"] for row in found] == rates


def test_prompt_and_problem_are_enough(data):
    rows = [{"prompt": record.prompt, "problem": record.problem} for record in records("train")]
    polars.DataFrame(rows).write_ndjson(data.parent / "bare.jsonl")
    export(open_source("bare.jsonl"), "verl", data.parent / "out")
    assert read("out/train.parquet")[0]["extra_info"] == {"index": 0, "split": "train", "task": "knights_and_knaves"}


def test_numbers_of_a_csv_file_are_numbers_again(data):
    rows = [{"prompt": "p", "problem": records("train")[0].problem, "difficulty": 3}]
    polars.DataFrame(rows).write_csv(data.parent / "rows.csv")
    export(open_source("rows.csv"), "trl", data.parent / "out")
    assert read("out/train.parquet")[0]["difficulty"] == 3


def test_an_empty_split_has_no_file(data):
    empty = pyarrow.parquet.read_table(data / "data" / "test-00000-of-00001.parquet").slice(0, 0)
    pyarrow.parquet.write_table(empty, data / "data" / "test-00000-of-00001.parquet")
    manifest = export(open_source("mixed"), "verl", data.parent / "out")
    assert [file.path for file in manifest.files] == ["train.parquet", "train-dialogues.parquet"]
    assert "val_files" not in (data.parent / "out" / "README.md").read_text()


def test_without_a_train_split_no_option_names_one(data, capsys):
    (data / "data" / "train-00000-of-00001.parquet").unlink()
    for to in FORMATS:
        code, output, _ = in_process(capsys, "export", "mixed", "--to", to)
        assert (code, "train.parquet" in output, "train.jsonl" in output) == (0, False, False)


def test_dialogues_alone_go_where_they_can_be_played(data, capsys):
    for path in (data / "data").iterdir():
        table = pyarrow.parquet.read_table(path)
        pyarrow.parquet.write_table(table.filter(pyarrow.compute.field("task") == "mastermind"), path)
    assert in_process(capsys, "export", "mixed", "--to", "trl") == (
        2,
        "",
        "taskgen: mixed holds only problems of many turns (mastermind), which this format does not play; `--to skyrl` "
        "does\n",
    )
    assert sorted(path.name for path in data.parent.iterdir()) == ["mixed"]
    code, output, _ = in_process(capsys, "export", "mixed", "--to", "skyrl")
    assert code == 0
    assert f"data.train_data=\"['{data.parent}/mixed-skyrl/train-dialogues.parquet']\"" in output


# What cannot be done


def refused(capsys, folder, *arguments):
    """The complaint of a command that has to be mended by the user and changes nothing."""
    before = contents(folder)
    code, output, complaint = in_process(capsys, "export", *arguments)
    assert (code, output, complaint.count("\n")) == (2, "", 1)
    assert contents(folder) == before
    assert not any(path.name.endswith(".partial") for path in folder.iterdir())
    return complaint


def test_an_unknown_trainer_lists_the_known_ones(data, capsys):
    assert refused(capsys, data.parent, "mixed", "--to", "axolotl") == (
        "taskgen: --to axolotl is none of trl, verl, openrlhf, easyr1, skyrl, slime, nemo-gym, verifiers, ms-swift, "
        "open-instruct\n"
    )
    assert "--to" in refused(capsys, data.parent, "mixed")
    assert "--help" not in refused(capsys, data.parent, "mixed", "--to", "trl", "--system", "x")


RECORD = {"prompt": "p", "problem": '{"task":"sudoku","version":1,"fields":{}}'}


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ({"question": "2 + 2"}, "bad.jsonl has no column prompt; export takes what `taskgen generate` or"),
        ({"prompt": "2 + 2", "answer": "4"}, "bad.jsonl has no column problem; export takes"),
        ({"prompt": "p", "problem": "What is 2 + 2?"}, "row 1 has no problem of taskgen's in column problem"),
        ({"prompt": "p", "problem": '{"question":"2 + 2"}'}, "row 1 has no problem of taskgen's in column problem"),
        ({"prompt": "p", "problem": "[" * 100_000}, "row 1 has no problem of taskgen's in column problem"),
        ({"prompt": "p", "problem": None}, "row 1 has no problem of taskgen's in column problem"),
        ({"prompt": None, "problem": RECORD["problem"]}, "row 1 has no prompt"),
        ({"prompt": 5, "problem": RECORD["problem"]}, "column prompt holds"),
        (
            {"prompt": "p", "problem": '{"task":"chess","version":1,"fields":{}}'},
            "bad.jsonl: row 1: unknown task chess",
        ),
        (RECORD | {"difficulty": "hard"}, "bad.jsonl: column difficulty: Failed to parse string: 'hard'"),
    ],
)
def test_rows_that_are_not_ours_are_one_line(data, capsys, row, complaint):
    first = {name: RECORD.get(name, 1 if name == "difficulty" else value) for name, value in row.items()}
    if row.get("prompt") == 5:
        first["prompt"] = 4
    polars.DataFrame([first, row], strict=False, orient="row").write_ndjson(data.parent / "bad.jsonl")
    assert complaint in refused(capsys, data.parent, "bad.jsonl", "--to", "verl")


def test_an_export_is_no_dataset_to_export(data, capsys):
    in_process(capsys, "export", "mixed", "--to", "trl")
    assert "column prompt holds list" in refused(capsys, data.parent, "mixed-trl", "--to", "verl")


@pytest.mark.parametrize("bad", ["nothing", "empty", "corrupt.parquet"])
def test_data_that_cannot_be_read_are_one_line(data, capsys, bad):
    (data.parent / "empty").mkdir()
    (data.parent / "corrupt.parquet").write_bytes(b"PAR1 no PAR1")
    assert bad in refused(capsys, data.parent, bad, "--to", "verl")


def test_a_folder_with_anything_else_is_left_alone(data, capsys):
    in_process(capsys, "export", "mixed", "--to", "trl", "--out", "out")
    before = contents(data.parent)
    code, _, complaint = in_process(capsys, "export", "mixed", "--to", "verl", "--out", "out")
    assert (code, complaint) == (
        1,
        "taskgen: out is there already and not from this command; choose another --out or delete it\n",
    )
    assert contents(data.parent) == before
    assert "mixed/data/out lies in mixed" in refused(
        capsys, data.parent, "mixed", "--to", "trl", "--out", "mixed/data/out"
    )


@pytest.mark.parametrize("to", ["verl", "verifiers"])
def test_a_full_disk_leaves_nothing_and_is_named(tmp_path, to):
    source = open_source(many(tmp_path / "set.parquet", 3_000))
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for size in (100, 1000, 10_000):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            with pytest.raises(OSError, match="File too large") as error:
                export(source, to, tmp_path / "new" / "out")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        assert error.value.errno == errno.EFBIG
        assert str(error.value.filename).startswith(str(tmp_path / "new" / ".out.partial"))
        assert [path.name for path in tmp_path.iterdir()] == ["set.parquet"]


def test_ctrl_c_leaves_nothing_behind(tmp_path):
    many(tmp_path / "set.parquet", 150_000)
    process = start("export", "set.parquet", "--to", "verifiers", cwd=tmp_path)
    while not list(tmp_path.glob(".set-verifiers.partial/.train*")):
        assert process.poll() is None
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGINT)
    _, complaints = process.communicate(timeout=60)
    assert (process.returncode, complaints.decode()) == (130, "taskgen: stopped\n")
    assert [path.name for path in tmp_path.iterdir()] == ["set.parquet"]
