"""Filtering by pass rates: what stays, what is written beside it, and whose rollouts decide."""

import json

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
from tests.curation.filter_inputs import ALWAYS, CELL, HALF, NEVER, OUTCOMES, dataset, dropped, identity, kept
from tests.curation.filter_inputs import data as data
from tests.curation.filter_inputs import rollouts as rollouts
from tests.curation.made_rows import read, row, write
from tests.curation.rollout_folders import SAMPLING, write_folder
from tests.engine.conftest import contents


def run(data, rollouts, out, **settings):
    folders = rollouts if isinstance(rollouts, list) else [rollouts]
    return filter_by_pass_rate(open_source(data), folders, out, FilterSettings(**settings))


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
