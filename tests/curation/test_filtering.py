"""`taskgen filter` and the stage behind it."""

import json
import shlex
import signal
import time

import msgspec
import numpy
import pyarrow
import pyarrow.parquet
import pytest

from taskgen.curation.filtering import COLUMNS, FilterSettings, filter_by_pass_rate
from taskgen.curation.pass_rates import pass_rates
from taskgen.curation.rollouts.tallies import tallies
from taskgen.curation.sources import open_source
from taskgen.curation.stages import read_settings
from taskgen.engine.building import build
from taskgen.engine.errors import FolderTaken, UsageError
from taskgen.engine.manifest import read_manifest
from taskgen.engine.orders import place_order
from taskgen.records import load
from tests.curation.in_process import in_process
from tests.curation.made_rows import read, row, write
from tests.curation.rollout_folders import SAMPLING, write_folder
from tests.engine.conftest import contents, start

ALWAYS, NEVER, HALF = [1] * 16, [0] * 16, [1, 0] * 8
CELL = ("sudoku", 3, "{}")
NO_ROLLOUTS = "holds no rollouts (no records.parquet); `taskgen rollout` makes them"
OUTCOMES = {
    CELL: [ALWAYS, HALF, NEVER, [1] + [0] * 15, [1, 1, 1, 0] * 4, [None, None], [1, 0, None, 1]],
    ("countdown", 1, "{}"): [ALWAYS] * 3 + [HALF] * 2,
}


def identity(cell, place):
    return f"{cell[0]}-{cell[1]}-{len(cell[2])}-{place}"


def dataset(path, outcomes, *others):
    """A Parquet file with a row for each record of `outcomes`, then rows of other names; returns its name."""
    content = [
        row(identity(cell, place), id=identity(cell, place), task=cell[0], difficulty=cell[1], knobs=cell[2])
        for cell, lists in outcomes.items()
        for place in range(len(lists))
    ]
    return write(path, content + [row(name) for name in others])


@pytest.fixture
def rollouts(tmp_path):
    return write_folder(tmp_path / "data-rollouts", OUTCOMES)


@pytest.fixture
def data(tmp_path):
    return dataset(tmp_path / "data.parquet", OUTCOMES, "never sampled")


def run(data, rollouts, out, **settings):
    folders = rollouts if isinstance(rollouts, list) else [rollouts]
    return filter_by_pass_rate(open_source(data), folders, out, FilterSettings(**settings))


def kept(folder):
    return read(folder)["id"].to_list()


def dropped(folder):
    return pyarrow.parquet.read_table(folder / "dropped.parquet").to_pylist()


def test_what_lies_in_the_band_by_the_posterior_mean_stays(data, rollouts, tmp_path):
    entry = run(data, rollouts, tmp_path / "out", pass_rate="0.2:0.8")
    table = tallies(rollouts)
    cells = [0 if task == "sudoku" else 1 for task in table["task"].to_pylist()]
    found = pass_rates(cells, table["correct"], table["trials"], (0.2, 0.8), cells)
    means = dict(zip(table["id"].to_pylist(), found.mean.tolist(), strict=True))
    judged = [name for name, trials in zip(means, table["trials"].to_pylist(), strict=True) if trials]
    expected = [name for name in judged if 0.2 <= means[name] <= 0.8]
    assert kept(tmp_path / "out") == expected
    assert expected == [*(identity(CELL, place) for place in (1, 4, 6)), *(f"countdown-1-2-{n}" for n in (3, 4))]
    assert entry.reasons == {"no_rollouts": 2, "too_easy": 4, "too_hard": 2}


def test_rates_counts_and_policy_are_written_beside_every_row(data, rollouts, tmp_path):
    run(data, rollouts, tmp_path / "out")
    rows = read(tmp_path / "out").to_dicts()
    table = tallies(rollouts).to_pydict()
    found = pass_rates(
        [0 if task == "sudoku" else 1 for task in table["task"]],
        table["correct"],
        table["trials"],
        (0.2, 0.8),
        [0 if task == "sudoku" else 1 for task in table["task"]],
    )
    place = table["id"].index(identity(CELL, 6))
    assert {name: rows[2][name] for name in COLUMNS.names} == {
        "pass_rate": round(found.mean[place], 6),
        "pass_rate_low": round(found.low[place], 6),
        "pass_rate_high": round(found.high[place], 6),
        "rollouts": 3,
        "rollouts_correct": 2,
        "rollouts_censored": 1,
        "pass_rate_model": "solver",
        "pass_rate_settings": SAMPLING,
    }
    assert rows[2]["pass_rate_low"] < rows[2]["pass_rate"] < rows[2]["pass_rate_high"]
    schema = pyarrow.parquet.read_schema(next((tmp_path / "out" / "data").iterdir()))
    assert [schema.field(field.name).type for field in COLUMNS] == [field.type for field in COLUMNS]


def test_every_dropped_row_has_its_reason_and_what_is_known(data, rollouts, tmp_path):
    run(data, rollouts, tmp_path / "out", by="observed")
    found = dropped(tmp_path / "out")
    assert [(one["row"], one["reason"]) for one in found] == [
        (0, "too_easy"),
        (2, "too_hard"),
        (3, "too_hard"),
        (5, "no_rollouts"),
        (7, "too_easy"),
        (8, "too_easy"),
        (9, "too_easy"),
        (12, "no_rollouts"),
    ]
    assert found[0]["id"] == identity(CELL, 0)
    assert found[3]["detail"] == "0 of 0 correct, 2 cut short"
    assert found[-1]["detail"] == "0 of 0 correct"
    rate, low, high = (
        float(word.strip("(),")) for word in found[2]["detail"].split() if word[0] in "(0" and "." in word
    )
    assert low < rate < high
    assert found[2]["detail"] == f"{rate:.3f} ({low:.3f} to {high:.3f}), 1 of 16 correct"


@pytest.mark.parametrize(("band", "places"), [("0.2:0.8", [1, 4]), ("0.21:0.8", [4]), ("0.2:0.79", [1])])
def test_the_ends_of_the_band_belong_to_it(tmp_path, band, places):
    outcomes = {CELL: [[0] * 5, [1, 0, 0, 0, 0], [0] * 5, [1] * 5, [1, 1, 1, 1, 0]]}
    folder = write_folder(tmp_path / "rollouts", outcomes)
    data = dataset(tmp_path / "data.parquet", outcomes)
    run(data, folder, tmp_path / "out", by="observed", pass_rate=band)
    assert kept(tmp_path / "out") == [identity(CELL, place) for place in places]


def test_extremes_alone_go_as_dapo_does_it(data, rollouts, tmp_path):
    entry = run(data, rollouts, tmp_path / "out", drop_extremes=True)
    assert entry.reasons == {"always_solved": 4, "never_solved": 1, "no_rollouts": 2}
    assert kept(tmp_path / "out") == [identity(CELL, n) for n in (1, 3, 4, 6)] + ["countdown-1-2-3", "countdown-1-2-4"]


def test_one_rollout_a_record_is_judged_by_its_cell_too(tmp_path):
    easy, hard, mixed = (("sudoku", rung, "{}") for rung in (1, 9, 5))
    outcomes = {easy: [[1]] * 99 + [[0]], hard: [[0]] * 99 + [[1]], mixed: [[1], [0]] * 50}
    folder = write_folder(tmp_path / "rollouts", outcomes)
    run(dataset(tmp_path / "data.parquet", outcomes), folder, tmp_path / "out")
    stay = kept(tmp_path / "out")
    assert set(stay) >= {identity(mixed, place) for place in range(100)}
    assert not set(stay) & {identity(easy, place) for place in range(99)}
    assert not set(stay) & {identity(hard, place) for place in range(99)}


# --- marking


def test_marking_keeps_every_row_in_its_order_with_what_would_become_of_it(data, rollouts, tmp_path):
    entry = run(data, rollouts, tmp_path / "out", mark=True, by="observed")
    before = pyarrow.parquet.read_table(data)
    after = pyarrow.parquet.read_table(tmp_path / "out" / "data")
    assert after.select(before.column_names).equals(before)
    assert after.column_names == [*before.column_names, *COLUMNS.names, "keep", "reason"]
    run(data, rollouts, tmp_path / "cut", by="observed")
    cut = {one["row"]: one["reason"] for one in dropped(tmp_path / "cut")}
    assert after["keep"].to_pylist() == [place not in cut for place in range(13)]
    assert after["reason"].to_pylist() == [cut.get(place, "") for place in range(13)]
    assert (entry.rows_out, entry.reasons) == (13, {})
    assert entry.notes["marked"] == {"no_rollouts": 2, "too_easy": 4, "too_hard": 2}
    assert dropped(tmp_path / "out") == []


def test_marking_leaves_the_bytes_of_the_columns_that_were_there(toys, tmp_path):
    build(place_order([("addition", [5])], count=6000), tmp_path / "set", workers=1)
    ids = [record.id for record in load(tmp_path / "set")]
    write_folder(tmp_path / "rollouts", {("addition", 5, "{}"): [[1], [0]] * 10})
    rename(tmp_path / "rollouts", ids)
    run(str(tmp_path / "set"), tmp_path / "rollouts", tmp_path / "out", mark=True)
    (old,), (new,) = ((tmp_path / name / "data").glob("*.parquet") for name in ("set", "out"))
    assert old.name == new.name
    assert chunks(new) >= chunks(old)
    assert sum(map(len, chunks(old))) > 0.9 * old.stat().st_size


def rename(folder, ids):
    """Give the records of a ROLLOUTS folder, in order, other ids."""
    names = pyarrow.parquet.read_table(folder / "records.parquet")["id"].to_pylist()
    new = dict(zip(names, ids, strict=False))
    for file in folder.rglob("*.parquet"):
        table = pyarrow.parquet.read_table(file)
        column = pyarrow.array([new[name] for name in table["id"].to_pylist()])
        pyarrow.parquet.write_table(table.set_column(table.schema.get_field_index("id"), "id", column), file)


def chunks(file):
    """The bytes of every column chunk."""
    content, footer = file.read_bytes(), pyarrow.parquet.read_metadata(file)
    found = set()
    for group in range(footer.num_row_groups):
        for column in range(footer.num_columns):
            chunk = footer.row_group(group).column(column)
            begin = chunk.dictionary_page_offset or chunk.data_page_offset
            found.add(content[begin : begin + chunk.total_compressed_size])
    return found


def test_columns_that_are_there_already_are_replaced(data, rollouts, tmp_path):
    run(data, rollouts, tmp_path / "first", mark=True)
    later = write_folder(tmp_path / "later", {CELL: [NEVER] * 7}, model="other")
    run(str(tmp_path / "first"), later, tmp_path / "second", mark=True)
    first, second = (pyarrow.parquet.read_table(tmp_path / name / "data") for name in ("first", "second"))
    assert first.column_names == second.column_names
    assert set(second["pass_rate_model"].to_pylist()) == {"other"}
    assert second["reason"].to_pylist() == ["too_hard"] * 7 + ["no_rollouts"] * 6


# --- where rows and rollouts come from


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_foreign_rows_need_nothing_but_an_id(tmp_path, suffix):
    outcomes = {CELL: [ALWAYS, HALF]}
    folder = write_folder(tmp_path / "rollouts", outcomes)
    rename(folder, ["7", "8"])
    table = pyarrow.table({"text": ["one", "two", "three"], "id": [7, 8, 9]})
    path = tmp_path / f"rows.{suffix}"
    match suffix:
        case "parquet":
            pyarrow.parquet.write_table(table, path)
        case "jsonl":
            path.write_text("\n".join(map(json.dumps, table.to_pylist())))
        case "csv":
            path.write_text("text,id\none,7\ntwo,8\nthree,9\n")
    run(str(path), folder, tmp_path / "out")
    assert read(tmp_path / "out")["text"].to_list() == ["two"]
    assert [one["reason"] for one in dropped(tmp_path / "out")] == ["too_easy", "no_rollouts"]


def test_several_folders_count_together_and_must_not_overlap(tmp_path):
    other = ("countdown", 2, "{}")
    one = write_folder(tmp_path / "one", {CELL: [HALF, ALWAYS]})
    two = write_folder(tmp_path / "two", {other: [HALF, NEVER]})
    data = dataset(tmp_path / "data.parquet", {CELL: [HALF, ALWAYS], other: [HALF, NEVER]})
    entry = run(data, [one, two], tmp_path / "out")
    assert kept(tmp_path / "out") == [identity(CELL, 0), identity(other, 0)]
    assert [given.name for given in entry.inputs] == ["data.parquet", "one", "two"]
    with pytest.raises(UsageError, match="both have rollouts of record"):
        run(data, [one, two, one], tmp_path / "again")


@pytest.fixture
def two_models(tmp_path):
    """One folder with two models, of which one was sampled in two ways."""
    greedy = '{"max_tokens":4096,"temperature":0.0,"top_p":1.0}'
    folder = write_folder(tmp_path / "several", {CELL: [ALWAYS, HALF]}, model="large")
    for number, (model, settings, outcomes) in enumerate(
        [("small", SAMPLING, [HALF, NEVER]), ("small", greedy, [HALF, ALWAYS])], 1
    ):
        write_folder(tmp_path / "more", {CELL: outcomes}, model, settings)
        for kind in ("rollouts", "verdicts"):
            (tmp_path / "more" / kind / "00000.parquet").rename(folder / kind / f"{number:05d}.parquet")
    return folder, dataset(tmp_path / "two.parquet", {CELL: [ALWAYS, HALF]}), greedy


def test_of_several_models_one_has_to_be_named(two_models, tmp_path):
    folder, data, greedy = two_models
    with pytest.raises(UsageError) as error:
        run(data, folder, tmp_path / "out")
    assert str(error.value) == (
        "there are rollouts of 3 policies; choose one with --model: 'large', 'small temperature=0.0', "
        "'small temperature=1.0'"
    )
    with pytest.raises(UsageError, match="there are no rollouts of tiny"):
        run(data, folder, tmp_path / "out", model="tiny")
    entry = run(data, folder, tmp_path / "large", model="large")
    assert kept(tmp_path / "large") == [identity(CELL, 1)]
    assert entry.settings["model"] == "large"
    entry = run(data, folder, tmp_path / "greedy", model="small", settings=greedy)
    assert entry.reasons == {"too_easy": 1}
    entry = run(data, folder, tmp_path / "warm", model="small temperature=1.0")
    assert entry.reasons == {"too_hard": 1}
    assert entry.notes["settings"] == SAMPLING


def test_rollouts_of_other_records_are_no_reason_to_drop_everything(rollouts, tmp_path):
    data = write(tmp_path / "others.parquet", [row("one"), row("two")])
    with pytest.raises(UsageError, match=r"holds rollouts of other records: no id of .*others.parquet is among them"):
        run(data, rollouts, tmp_path / "out")
    assert not (tmp_path / "out").exists()


# --- the folder


def test_the_manifest_says_whose_rollouts_decided_and_how_many_there_were(data, rollouts, tmp_path):
    entry = run(data, rollouts, tmp_path / "out")
    assert read_manifest(tmp_path / "out").stages[-1] == entry
    assert entry.notes == {
        "model": "solver",
        "settings": SAMPLING,
        "records": 12,
        "rollouts": 10 * 16 + 3,
        "correct": 16 + 8 + 1 + 12 + 2 + 3 * 16 + 2 * 8,
        "censored": 3,
    }
    assert str(tmp_path) not in (tmp_path / "out" / "manifest.json").read_text()


def test_the_same_command_leaves_the_same_bytes_and_is_recognised(data, rollouts, tmp_path):
    run(data, rollouts, tmp_path / "one")
    run(data, rollouts, tmp_path / "two")
    before = contents(tmp_path / "one")
    assert contents(tmp_path / "two") == before
    run(data, rollouts, tmp_path / "one")
    assert contents(tmp_path / "one") == before


def test_new_verdicts_make_another_result(data, rollouts, tmp_path):
    run(data, rollouts, tmp_path / "out")
    write_folder(rollouts, OUTCOMES | {CELL: [NEVER, *OUTCOMES[CELL][1:]]})
    with pytest.raises(FolderTaken):
        run(data, rollouts, tmp_path / "out")
    assert run(data, rollouts, tmp_path / "new").reasons["too_hard"] == 3


# --- the command


def test_the_command_finds_the_rollouts_beside_the_data(data, rollouts, tmp_path, capsys):
    code, said, complaints = in_process(capsys, "filter", data)
    assert (code, complaints) == (0, "")
    assert "filter: 13 rows in, 5 rows out" in said
    assert "by 163 rollouts of solver; 3 more were cut short" in said
    assert len(kept(tmp_path / "data-filter")) == 5


def test_the_command_says_what_it_marked(data, rollouts, tmp_path, capsys):
    options = ("--rollouts", rollouts, "--mark", "--by", "observed", "--out", tmp_path / "marked")
    code, said, _ = in_process(capsys, "filter", data, *options)
    assert code == 0
    assert "filter: 13 rows in, 13 rows out" in said
    assert [line.strip() for line in said.splitlines() if "marked " in line] == [
        "marked too_easy: 4",
        "marked too_hard: 2",
        "marked no_rollouts: 2",
    ]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ("--pass-rate 0.8:0.2", "band 0.8:0.2 is out of range: 0 to 1, the lower rate first"),
        ("--pass-rate half", "band half cannot be read; write it as 0.2:0.8"),
        ("--pass-rate nan:0.8", "band nan:0.8 is out of range: 0 to 1, the lower rate first"),
        ("--pass-rate 0.2:0.8 --drop-extremes", "pass_rate and drop_extremes exclude each other; choose one"),
        ("--by luck", "by luck is out of range: by takes one of observed, posterior"),
        ("--model tiny", "there are no rollouts of tiny; --model takes one of 'solver'"),
        ("--settings {}", "there are no rollouts of {}; --model takes one of 'solver'"),
        ("--rollouts nowhere", f"nowhere {NO_ROLLOUTS}"),
        ("--rollouts data.parquet", f"data.parquet {NO_ROLLOUTS}"),
    ],
)
def test_wrong_options_end_in_one_line(data, rollouts, tmp_path, capsys, monkeypatch, options, complaint):
    monkeypatch.chdir(tmp_path)
    before = contents(tmp_path)
    code, said, complaints = in_process(capsys, "filter", data, *shlex.split(options))
    assert (code, said, complaints) == (2, "", f"taskgen: {complaint}\n")
    assert contents(tmp_path) == before


def spoil_records(folder):
    (folder / "records.parquet").write_bytes(b"PAR1 and no more")


def drop_column(folder):
    file = folder / "verdicts" / "00000.parquet"
    pyarrow.parquet.write_table(pyarrow.parquet.read_table(file).drop_columns(["score"]), file)


def remove_verdicts(folder):
    (folder / "verdicts" / "00000.parquet").unlink()


def truncate(folder):
    file = folder / "rollouts" / "00000.parquet"
    file.write_bytes(file.read_bytes()[:-30])


@pytest.mark.parametrize("spoil", [spoil_records, drop_column, remove_verdicts, truncate])
def test_damaged_rollouts_end_in_one_line_and_change_nothing(data, rollouts, tmp_path, capsys, spoil):
    spoil(rollouts)
    before = contents(tmp_path)
    code, said, complaints = in_process(capsys, "filter", data)
    assert code in (1, 2)
    assert said == ""
    assert len(complaints.splitlines()) == 1
    assert str(rollouts) in complaints
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: pyarrow.parquet.write_table(pyarrow.table({"x": [1]}), path),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-20]),
        lambda path: pyarrow.parquet.write_table(pyarrow.table({"id": pyarrow.array([], pyarrow.string())}), path),
        lambda path: pyarrow.parquet.write_table(pyarrow.table({"id": [None, None]}), path),
        lambda path: pyarrow.parquet.write_table(pyarrow.table({"id": [["a"], ["b"]]}), path),
    ],
)
def test_data_that_cannot_be_joined_end_in_one_line_and_change_nothing(data, rollouts, tmp_path, capsys, spoil):
    spoil(tmp_path / "data.parquet")
    before = contents(tmp_path)
    code, said, complaints = in_process(capsys, "filter", data)
    assert (code, said) == (2, "")
    assert len(complaints.splitlines()) == 1
    assert complaints.startswith("taskgen: ")
    assert contents(tmp_path) == before


def test_interrupted_it_leaves_nothing(tmp_path):
    outcomes = {CELL: [[1]] * 30}
    write_folder(tmp_path / "data-rollouts", outcomes)
    data = tmp_path / "data.jsonl"
    names = [identity(CELL, place % 40) for place in range(400_000)]
    data.write_text("\n".join(json.dumps({"id": name, "prompt": "?" * 50}) for name in names))
    process = start("filter", data, cwd=tmp_path)
    while not (tmp_path / ".data-filter.partial" / "data").exists() and process.poll() is None:
        time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    _, complaints = process.communicate(timeout=60)
    assert (process.returncode, complaints.decode().splitlines()[-1]) == (130, "taskgen: stopped")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data-rollouts", "data.jsonl"]


def test_what_was_generated_and_sampled_is_filtered(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    build(place_order([("knights_and_knaves", (1, 2))], count=20), tmp_path / "set", workers=1)
    records = list(load(tmp_path / "set"))
    lines = [
        {"id": record.id, "completion": f"<answer>{record.answer if number in right else 'no'}</answer>"}
        for place, record in enumerate(records)
        for right in [(range(4), range(2), range(0))[place % 3]]
        for number in range(4)
    ]
    (tmp_path / "replies.jsonl").write_bytes(b"\n".join(map(msgspec.json.encode, lines)))
    rollout = "rollout set --policy replay:replies.jsonl --max-samples 4 --fixed -w 1"
    assert in_process(capsys, *shlex.split(rollout))[0] == 0
    code, said, _ = in_process(capsys, "filter", "set", "--by", "observed", "--pass-rate", "0.4:0.6")
    assert code == 0, said
    assert kept(tmp_path / "set-filter") == [record.id for record in records[1::3]]
    assert set(read(tmp_path / "set-filter")["rollouts"]) == {4}


def test_a_recipe_reads_the_settings():
    assert read_settings(FilterSettings, pass_rate="0.1:0.9", mark=True).band() == (0.1, 0.9)
    assert FilterSettings(drop_extremes=True).band() is None
    assert FilterSettings().band() == (0.2, 0.8)
    assert FilterSettings(pass_rate="2:3").fault() == (
        ("pass_rate",),
        "band 2:3 is out of range: 0 to 1, the lower rate first",
    )


def test_rates_come_from_all_records_of_a_cell_not_only_those_that_are_left(tmp_path):
    lists = [[1]] * 50 + [[0]] * 450
    folder = write_folder(tmp_path / "rollouts", {CELL: lists})
    data = dataset(tmp_path / "data.parquet", {CELL: lists[:5]})
    run(data, folder, tmp_path / "out", pass_rate="0:1")
    rates = numpy.array(read(tmp_path / "out")["pass_rate"])
    assert (rates < 0.5).all()
