"""`taskgen generate` as a person meets it."""

import msgspec
import polars

from tests.engine.conftest import command, contents

ADDITION = ("generate", "--task", "addition", "--difficulty", "6")


def test_it_shows_a_problem_the_files_and_what_to_type_next(tmp_path):
    code, output, complaints = command(*ADDITION, "--count", 12, cwd=tmp_path)
    assert (code, complaints) == (0, "")
    folder = tmp_path / "taskgen-data" / "addition-d6"
    rows = polars.read_parquet(folder / "data" / "*.parquet")
    assert rows.height == 12
    assert rows["answer"][0] in output
    for expected in (
        "What is ",
        "12 records in",
        "taskgen-data/addition-d6/data/train-00000-of-00001.parquet",
        "next:",
        "taskgen show addition -d 6",
        'load_dataset("taskgen-data/addition-d6")',
    ):
        assert expected in output


def test_a_test_split_joins_the_folder_and_a_repetition_changes_nothing(tmp_path):
    command(*ADDITION, "--count", 5, cwd=tmp_path)
    code, _, _ = command(*ADDITION, "--count", 4, "--split", "test", "--wording", "terse", cwd=tmp_path)
    assert code == 0
    folder = tmp_path / "taskgen-data" / "addition-d6"
    manifest = msgspec.json.decode((folder / "manifest.json").read_bytes())
    assert {split: entry["rows"] for split, entry in manifest["splits"].items()} == {"test": 4, "train": 5}
    before = contents(folder)
    code, output, _ = command(*ADDITION, "--count", 5, cwd=tmp_path)
    assert code == 0
    assert "train: was complete already" in output
    assert contents(folder) == before


def test_a_small_space_is_a_warning_with_its_number(tmp_path):
    code, _, complaints = command(*ADDITION, "--knob", "largest=0", "--count", 3, cwd=tmp_path)
    assert code == 0
    assert complaints == (
        "taskgen: warning: addition d6: 1 of 3 records: only 1 distinct problems were found in 2,001 draws; the space "
        "at these knobs holds no more\n"
    )


def test_another_command_for_the_same_folder_is_refused(tmp_path):
    command(*ADDITION, "--count", 5, cwd=tmp_path)
    code, output, complaints = command(*ADDITION, "--count", 6, cwd=tmp_path)
    assert (code, output) == (1, "")
    assert complaints == (
        "taskgen: taskgen-data/addition-d6 holds a train split that another command made; choose another --out or "
        "delete it\n"
    )


def test_a_folder_below_a_file_is_one_clear_error(tmp_path):
    (tmp_path / "file").touch()
    code, _, complaints = command(*ADDITION, "--out", "file/set", cwd=tmp_path)
    assert (code, complaints) == (1, "taskgen: file/set: Not a directory\n")
