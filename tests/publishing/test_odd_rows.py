"""Rows that only look like records of ours, and texts that would break out of a card: counted, never believed."""

import json

import pyarrow
import pyarrow.parquet
import pytest
import yaml
from markdown_it import MarkdownIt

from taskgen.curation.recipes.steps import LoadSettings, Step, load_step
from taskgen.curation.sources import open_source
from taskgen.curation.stages import no_report
from taskgen.engine.schema import SCHEMA, to_table
from taskgen.publishing.bundle import dress
from taskgen.publishing.cards.columns import COLUMNS as MEANINGS
from taskgen.publishing.cards.columns import described
from taskgen.publishing.facts import gather
from taskgen.registry import task

ROWS = 6


@pytest.fixture(scope="module")
def records():
    """Records of ours, as a table."""
    return to_table(task("sudoku").generate(difficulty=1, index=index) for index in range(ROWS))


@pytest.fixture
def loaded(tmp_path):
    """Makes a dataset folder of a table, as a recipe that loads it does."""

    def load(table):
        file, out = tmp_path / "rows.parquet", tmp_path / "sets" / "set"
        pyarrow.parquet.write_table(table, file)
        load_step(Step(open_source(str(file)), out, tmp_path, (), 1, no_report), LoadSettings(str(file)))
        return out

    return load


def with_column(table, name, values, kind=None):
    column = pyarrow.array(values, kind)
    place = table.schema.get_field_index(name)
    return table.append_column(name, column) if place < 0 else table.set_column(place, name, column)


def native_rows(folder):
    return sum(found.count for found in gather(folder).tasks)


@pytest.mark.parametrize("lacking", SCHEMA.names)
def test_a_row_without_a_value_is_no_record(records, loaded, lacking):
    values = [None, *records[lacking].to_pylist()[1:]]
    folder = loaded(with_column(records, lacking, values, SCHEMA.field(lacking).type))
    dress(folder)
    assert native_rows(folder) == ROWS - 1


ODD = {
    "difficulty": ["hard", "harder"],
    "effort": [float("nan"), float("inf"), -float("inf"), 1e300],
    "task": ["", "../../outside", "a|b`<script>", "two\nlines\n7", "x" * 65],
    "domain": ["<script>", "", "a b"],
}


@pytest.mark.parametrize(("place", "value"), [(place, value) for place, values in ODD.items() for value in values])
def test_a_row_with_an_odd_value_is_no_record(records, loaded, tmp_path, place, value):
    folder = loaded(with_column(records, place, [value] * ROWS))
    around = set(tmp_path.rglob("*"))
    dress(folder)
    assert native_rows(folder) == 0
    assert all(path.is_relative_to(folder) for path in set(tmp_path.rglob("*")) - around)


def test_a_rung_that_no_ladder_has_is_no_record(records, loaded):
    folder = loaded(with_column(records, "difficulty", [-1, 0, 1, 10, 11, 100], pyarrow.int64()))
    assert sorted(rung.difficulty for found in gather(folder).tasks for rung in found.rungs) == [0, 1, 10]


@pytest.mark.parametrize("knobs", ["[1]", "{bad", "7", "[" * 10_000])
def test_knobs_that_are_no_object_are_not_told(records, loaded, knobs):
    folder = loaded(with_column(records, "knobs", [knobs] * ROWS))
    dress(folder)
    assert [rung.knobs for found in gather(folder).tasks for rung in found.rungs] == [()]


@pytest.mark.parametrize("problem", ["not JSON", '{"task":"nope","version":1,"fields":{}}', "[" * 100_000])
def test_a_problem_that_cannot_be_read_has_no_picture(records, loaded, problem):
    folder = loaded(with_column(records, "problem", [problem] * ROWS))
    dress(folder)
    assert not (folder / "pictures").exists()
    assert native_rows(folder) == ROWS


@pytest.mark.parametrize("effort", [-5.0, 5e-324, 0.0, 1e29])
def test_any_number_may_be_an_effort(records, loaded, effort):
    folder = loaded(with_column(records, "effort", [effort] * (ROWS - 1) + [1e6]))
    dress(folder)
    assert native_rows(folder) == ROWS


def test_rates_count_where_they_are_rates(records, loaded):
    table = with_column(records, "pass_rate", [0.25, 0.75, None, 7.0, -1.0, float("nan")])
    assert not gather(loaded(table)).rated, "nobody knows whose rates they are"


def test_rates_that_are_none_are_left_out(records, loaded):
    table = with_column(records, "pass_rate", [0.25, 0.75, None, 7.0, -1.0, float("nan")])
    for name, values in {"rollouts": [4, 4, None, 0, 0, 0], "pass_rate_model": ["m"] * 6}.items():
        table = with_column(table, name, values)
    folder = loaded(with_column(table, "pass_rate_settings", ["{}"] * 6))
    dress(folder)
    (found,) = gather(folder).tasks
    rate = found.rungs[0].rate
    assert (rate.mean, rate.records, rate.rollouts) == (0.5, 2, 8)


def test_efforts_beyond_single_precision_are_told_to_the_last_digit(records, loaded):
    folder = loaded(with_column(records, "effort", [123_456_789.0] * ROWS))
    dress(folder)
    assert "| 123,456,789 |" in (folder / "README.md").read_text()


EVIL = "---\n```\n````\n| a | b |\n</details><script>alert(1)</script>{{ 7 * 7 }}{% raw %}\n# Heading\n-->\n"
COLUMNS = ["a|b", "`", "<script>alert(1)</script>", "---", "{{ 7 * 7 }}", "two\nlines", " ", "x/y", "@id", "é"]


def test_no_text_breaks_out_of_the_card_or_its_metadata(records, loaded):
    table = with_column(records, "prompt", [EVIL] * ROWS)
    table = with_column(table, "answer", [EVIL] * ROWS)
    table = with_column(table, "knobs", [json.dumps({"<b>|": EVIL, "list": [EVIL]})] * ROWS)
    for name in COLUMNS:
        table = with_column(table, name, [EVIL] * ROWS)
    folder = loaded(table)
    dress(folder)
    card = (folder / "README.md").read_text()
    _, front, body = card.split("---\n", 2)
    assert [each["name"] for each in yaml.safe_load(front)["dataset_info"]["features"]] == table.column_names
    fields = json.loads((folder / "croissant.json").read_text())["recordSet"][1]["field"]
    assert [field["name"] for field in fields] == [*table.column_names, "file_split"]
    tokens = MarkdownIt("commonmark").enable("table").parse(body)
    inner = [child for token in tokens for child in (token, *(token.children or ()))]
    markup = {token.content.strip() for token in inner if token.type in ("html_block", "html_inline")}
    assert markup == {"<details><summary>What the knobs mean</summary>", "</details>"}
    assert EVIL in [token.content.removesuffix("\n") for token in tokens if token.type == "fence"]
    assert sum(token.content == "Heading" for token in tokens) == 0
    assert "49" not in body.split()


def test_columns_of_others_mean_what_they_mean_there():
    schema = pyarrow.schema(
        [("id", pyarrow.int64()), ("answer", pyarrow.string()), ("curriculum_rank", pyarrow.int32())]
    )
    meanings = {column.name: column.meaning for column in described(schema)}
    assert meanings == {"id": "", "answer": "", "curriculum_rank": MEANINGS["curriculum_rank"].meaning}
