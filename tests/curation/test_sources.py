"""A source is any dataset: its files, their splits, one schema of plain types, all rows in order."""

import decimal
import subprocess
import sys

import msgspec
import numpy
import polars
import pyarrow
import pyarrow.parquet
import pytest

from taskgen.curation import parquet_files
from taskgen.curation.sources import DataFile, Description, Source, open_source, plain_name, reopen
from taskgen.engine.building import build
from taskgen.engine.errors import UsageError
from taskgen.engine.orders import place_order
from taskgen.engine.schema import SCHEMA


def write(path, rows, schema=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, schema=schema), path)


def rows_of(source, columns=None):
    return [row for table in source.tables(columns) for row in table.to_pylist()]


def places(source, folder):
    return [(file.path.relative_to(folder).as_posix(), file.split) for file in source.files]


def refusal(name, split=None):
    with pytest.raises(UsageError) as error:
        open_source(str(name), split)
    assert len(str(error.value).splitlines()) == 1
    return str(error.value)


# Which files


def test_a_generated_folder_is_read_split_by_split(tmp_path, toys):
    for split in ("train", "test"):
        build(place_order([("addition", (6,))], count=30, split=split), tmp_path / "set")
    source = open_source(str(tmp_path / "set"))
    assert places(source, tmp_path / "set") == [
        ("data/test-00000-of-00001.parquet", "test"),
        ("data/train-00000-of-00001.parquet", "train"),
    ]
    assert source.schema == SCHEMA
    assert (source.rows, source.file_rows) == (60, (30, 30))
    assert {row["split"] for row in rows_of(open_source(str(tmp_path / "set"), "test"))} == {"test"}
    assert refusal(tmp_path / "set", "validation") == f"{tmp_path}/set holds no validation split"


@pytest.mark.parametrize(
    ("path", "split"),
    [
        ("test.jsonl", "test"),
        ("gsm8k_eval.jsonl", "test"),
        ("dev-00001.jsonl", "validation"),
        ("Valid.JSONL", "validation"),
        ("training.jsonl", "train"),
        ("contest.jsonl", "train"),
        ("test/part-0.jsonl", "test"),
        ("a/validation/train.jsonl", "train"),
        ("data/hard-00000-of-00001.jsonl", "hard"),
        ("data/sub/eval-00000-of-00001.jsonl", "test"),
        ("part-00000-of-00002.jsonl", "train"),
        ("data/train-00002-of-00006-stage-1.jsonl", "train"),
    ],
)
def test_the_split_is_told_by_the_name_of_the_file_or_of_a_folder_around_it(tmp_path, path, split):
    file = tmp_path / "set" / path
    file.parent.mkdir(parents=True)
    file.write_text('{"a":1}\n')
    assert [found.split for found in open_source(str(tmp_path / "set")).files] == [split]


def test_a_file_alone_is_of_the_split_that_is_asked_for(tmp_path):
    (tmp_path / "test.jsonl").write_text('{"a":1}\n')
    assert open_source(str(tmp_path / "test.jsonl")).files[0].split == "test"
    assert open_source(str(tmp_path / "test.jsonl"), "train").files[0].split == "train"


def test_folders_in_a_folder_are_read_in_order_and_hidden_files_are_not(tmp_path):
    for name in (
        "b/2.jsonl",
        "b/10.jsonl",
        "a.csv",
        ".cache/x.jsonl",
        "b/.tmp.jsonl",
        "__pycache__/x.jsonl",
        "notes.txt",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("v\n1\n" if name.endswith("csv") else '{"v":"1"}\n')
    assert [place for place, _ in places(open_source(str(tmp_path)), tmp_path)] == ["a.csv", "b/10.jsonl", "b/2.jsonl"]


def test_of_a_folder_with_a_data_folder_only_that_is_read(tmp_path):
    write(tmp_path / "data" / "train-00000-of-00001.parquet", [{"a": 1}])
    write(tmp_path / "dropped.parquet", [{"b": 1}])
    assert open_source(str(tmp_path)).schema.names == ["a"]


def test_json_files_beside_the_data_are_no_data(tmp_path):
    (tmp_path / "only").mkdir()
    for name in ("only/questions.json", "report.json", "only/manifest.json"):
        (tmp_path / name).write_text('[{"a":1}]')
    write(tmp_path / "rows.parquet", [{"b": 1}])
    assert [file.path.name for file in open_source(str(tmp_path)).files] == ["rows.parquet"]
    assert [file.path.name for file in open_source(str(tmp_path / "only")).files] == ["questions.json"]


def test_a_column_may_be_named_and_must_be_there(tmp_path):
    (tmp_path / "a#b.jsonl").write_text('{"c":"x"}\n')
    assert open_source(f"{tmp_path}/a#b.jsonl").column is None
    assert open_source(f"{tmp_path}/a#b.jsonl#c").column == "c"
    write(tmp_path / "a.parquet", [{"q": "x"}])
    assert open_source(f"{tmp_path}/a.parquet#q").column == "q"
    assert refusal(f"{tmp_path}/a.parquet#prompt").endswith("has no column prompt (columns: q)")


def test_the_folder_at_hand_is_a_source(tmp_path, monkeypatch):
    write(tmp_path / "a.parquet", [{"q": "x"}])
    monkeypatch.chdir(tmp_path)
    assert open_source(".").rows == 1
    assert plain_name(".") == tmp_path.name
    assert plain_name(f"{tmp_path}/a.parquet#q") == "a.parquet"
    assert plain_name("hf:org/set@v1:config:test#q") == "org/set:config:test"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "does not exist; name a Parquet, JSONL or CSV file"),
        (lambda path: path.mkdir(), "holds no .parquet, .jsonl, .json, .csv file"),
        (lambda path: (path / "data").mkdir(parents=True), "holds no .parquet, .jsonl, .json, .csv file"),
        (lambda path: path.write_text("x"), "is none of .parquet, .jsonl, .json, .csv"),
    ],
)
def test_what_is_no_dataset_is_refused_in_one_line(tmp_path, make, words):
    make(tmp_path / "thing")
    assert refusal(tmp_path / "thing").startswith(f"{tmp_path}/thing {words}")


def test_no_name_is_not_the_folder_at_hand():
    assert refusal("").startswith("no name does not exist")


# One schema


def test_json_files_of_a_folder_share_the_types_that_hold_all_their_values(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"n":1,"x":{"p":1}}\n')
    (tmp_path / "b.jsonl").write_text('{"n":0.5,"only":"b","x":{"q":2}}\n')
    (tmp_path / "c.jsonl").write_text("")
    source = open_source(str(tmp_path))
    assert source.file_rows == (1, 1, 0)
    assert rows_of(source) == [{"n": 1.0, "x": '{"p":1}', "only": None}, {"n": 0.5, "x": '{"q":2}', "only": "b"}]


def test_parquet_files_may_differ_in_order_of_columns_and_in_columns_without_values(tmp_path):
    write(tmp_path / "a.parquet", [{"p": 1, "q": None}])
    write(tmp_path / "b.parquet", [{"q": "x", "p": 2}])
    source = open_source(str(tmp_path))
    assert source.schema == pyarrow.schema([("p", pyarrow.int64()), ("q", pyarrow.string())])
    assert rows_of(source) == [{"p": 1, "q": None}, {"p": 2, "q": "x"}]


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"p": 1, "r": 1}, "b.parquet has other columns than {}/a.parquet: q, r"),
        ({"p": "1", "q": 1}, "b.parquet has string in column p where {}/a.parquet has int64"),
    ],
)
def test_files_that_do_not_belong_together_are_refused(tmp_path, other, words):
    write(tmp_path / "a.parquet", [{"p": 1, "q": 1}])
    write(tmp_path / "b.parquet", [other])
    assert refusal(tmp_path) == f"{tmp_path}/{words.format(tmp_path)}"


ENCODED = {
    "dictionary": pyarrow.array(["a", "b", "a"]).dictionary_encode(),
    "large": pyarrow.array(["a", "b", None], pyarrow.large_string()),
    "view": pyarrow.array(["a", "b", None], pyarrow.string_view()),
    "json": pyarrow.ExtensionArray.from_storage(pyarrow.json_(pyarrow.string()), pyarrow.array(["1", "2", "3"])),
    "binary": pyarrow.array([b"a", b"b", None], pyarrow.binary_view()),
    "list": pyarrow.array([["a"], [], None], pyarrow.large_list(pyarrow.string_view())),
    "struct": pyarrow.array([{"p": "a"}, {"p": None}, None], pyarrow.struct([("p", pyarrow.large_string())])),
    "map": pyarrow.array([[("k", 1)], [], None], pyarrow.map_(pyarrow.string(), pyarrow.int64())),
    "decimal": pyarrow.array([decimal.Decimal("1.50"), None, decimal.Decimal("0.25")]),
    "time": pyarrow.array([1, 2, None], pyarrow.timestamp("us", "UTC")),
    "required": pyarrow.array([1, 2, 3], pyarrow.int8()),
    "nothing": pyarrow.nulls(3),
}


def test_columns_of_any_encoding_come_as_plain_types_with_the_same_values(tmp_path):
    fields = [
        pyarrow.field(name, array.type, nullable=name != "required", metadata={"k": "v"})
        for name, array in ENCODED.items()
    ]
    table = pyarrow.Table.from_arrays(list(ENCODED.values()), schema=pyarrow.schema(fields, {"huggingface": "{}"}))
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    source = open_source(str(tmp_path / "a.parquet"))
    plain = {field.name: str(field.type) for field in source.schema}
    assert plain == {
        "dictionary": "string",
        "large": "string",
        "view": "string",
        "json": "string",
        "binary": "binary",
        "list": "list<item: string>",
        "struct": "struct<p: string>",
        "map": "map<string, int64>",
        "decimal": "decimal128(3, 2)",
        "time": "timestamp[us, tz=UTC]",
        "required": "int8",
        "nothing": "null",
    }
    (read,) = source.tables()
    assert read.schema.equals(source.schema, check_metadata=True)
    assert read.to_pydict() == table.to_pydict()


def test_what_polars_writes_is_read(tmp_path):
    frame = polars.DataFrame({"s": ["a", None], "c": ["x", "y"], "l": [[1], []], "n": numpy.arange(2)}).with_columns(
        polars.col("c").cast(polars.Categorical)
    )
    frame.write_parquet(tmp_path / "a.parquet")
    source = open_source(str(tmp_path / "a.parquet"))
    assert rows_of(source) == frame.to_dicts()
    assert source.schema.field("c").type == pyarrow.string()


# All rows in order


def test_rows_come_in_order_with_the_columns_asked_for_in_tables_of_one_file_each(tmp_path):
    for number in range(3):
        write(tmp_path / f"{number}.parquet", [{"row": 100 * number + row, "t": "x", "t.u": "y"} for row in range(100)])
    source = open_source(str(tmp_path))
    tables = list(source.tables(["t", "row"], rows=40))
    assert [table.num_rows for table in tables] == [40, 40, 20] * 3
    assert tables[0].column_names == ["t", "row"]
    assert pyarrow.concat_tables(tables)["row"].to_pylist() == list(range(300))
    assert [table["row"][0].as_py() for table in source.file_tables(2)] == [200]


def test_large_rows_of_a_parquet_file_come_in_smaller_tables(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_files, "TABLE_BYTES", 100_000)
    texts = [f"{number:03d}" + "".join(map(str, range(number, number + 2000))) for number in range(100)]
    write(tmp_path / "a.parquet", [{"t": text} for text in texts])
    tables = list(open_source(str(tmp_path / "a.parquet")).tables())
    assert 5 < len(tables) <= 100
    assert [text for table in tables for text in table["t"].to_pylist()] == texts


def test_a_parquet_file_of_one_great_row_group_is_not_held_in_memory(tmp_path):
    texts = numpy.random.default_rng(0).bytes(25_000_000).hex()
    column = pyarrow.array([texts[start : start + 4000] for start in range(0, len(texts), 4000)])
    pyarrow.parquet.write_table(pyarrow.table({"t": column}), tmp_path / "a.parquet", use_dictionary=False)
    program = (
        "import resource, sys, pyarrow.parquet\n"
        "from taskgen.curation import parquet_files\n"
        "from taskgen.curation.sources import open_source\n"
        "parquet_files.TABLE_BYTES = 1 << 20\n"
        "used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = used()\n"
        "assert sum(table.num_rows for table in open_source(sys.argv[1]).tables()) == 12_500\n"
        "print(used() - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "a.parquet"], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 30_000, "kilobytes, for a row group of 50 MB"


def test_a_description_opens_the_same_rows_without_a_look_at_the_files(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"n":1,"x":[1,"a"]}\n')
    (tmp_path / "b.jsonl").write_text('{"m":"late"}\n')
    source = open_source(f"{tmp_path}#x")
    sent = msgspec.msgpack.encode(source.describe())
    again = reopen(msgspec.msgpack.decode(sent, type=Description))
    assert (again.schema, again.file_rows, again.column) == (source.schema, (1, 1), "x")
    assert next(again.file_tables(1)).to_pylist() == [{"n": None, "x": None, "m": "late"}]
    assert rows_of(again) == rows_of(source)


def test_fingerprints_are_the_hashes_of_the_files(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"a\n1\n")
    assert open_source(str(tmp_path)).fingerprints() == (
        "309b0e45a73d3fc5325e2b6ed0a01ef8b9cde6b05a5633c1f893f970d52bfddc",
    )


# What is damaged


def test_empty_files_are_refused_unless_another_holds_rows(tmp_path):
    write(tmp_path / "set" / "train.parquet", [], pyarrow.schema([("a", pyarrow.int64())]))
    assert refusal(tmp_path / "set") == f"{tmp_path}/set holds no rows"
    write(tmp_path / "set" / "test.parquet", [{"a": 1}])
    assert open_source(str(tmp_path / "set")).file_rows == (1, 0)
    assert list(Source("set", [DataFile(tmp_path / "set" / "train.parquet", "train")]).tables()) == []


def test_a_parquet_file_without_columns_is_refused(tmp_path):
    pyarrow.parquet.write_table(pyarrow.table({}), tmp_path / "a.parquet")
    assert refusal(tmp_path / "a.parquet") == f"{tmp_path}/a.parquet holds no rows"


def test_columns_of_one_name_are_refused(tmp_path):
    table = pyarrow.Table.from_arrays([pyarrow.array([1]), pyarrow.array([2])], names=["a", "a"])
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    assert refusal(tmp_path / "a.parquet").endswith("a.parquet has two columns a")


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1PAR1", b"not Parquet at all", b"{}\n" * 1000])
def test_what_is_no_parquet_file_is_refused(tmp_path, content):
    (tmp_path / "a.parquet").write_bytes(content)
    assert refusal(tmp_path / "a.parquet").startswith(f"{tmp_path}/a.parquet is damaged or not Parquet: ")


def test_a_truncated_parquet_file_is_refused(tmp_path):
    write(tmp_path / "a.parquet", [{"a": "x" * 50}] * 1000)
    whole = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(whole[: len(whole) // 2])
    assert "a.parquet is damaged or not Parquet: " in refusal(tmp_path / "a.parquet")


def test_a_parquet_file_harmed_anywhere_gives_rows_or_one_line(tmp_path):
    rows = [{"id": f"{number:032x}", "t": "text " * (number % 9), "n": number, "l": [number]} for number in range(300)]
    write(tmp_path / "a.parquet", rows)
    whole = (tmp_path / "a.parquet").read_bytes()
    complaints = []
    for place in range(4, len(whole), max(1, len(whole) // 400)):
        harmed = bytearray(whole)
        harmed[place] ^= 0xFF
        (tmp_path / "b.parquet").write_bytes(harmed)
        try:
            rows_of(open_source(f"{tmp_path}/b.parquet"))
        except UsageError as error:
            complaints.append(str(error))
    assert len(complaints) > 50
    assert {len(complaint.splitlines()) for complaint in complaints} == {1}


def test_text_that_is_not_unicode_is_refused(tmp_path):
    bad = pyarrow.array([b"\xff\xfe"]).view(pyarrow.string())
    pyarrow.parquet.write_table(pyarrow.table({"t": bad}), tmp_path / "a.parquet")
    with pytest.raises(UsageError, match=r"a\.parquet is damaged or not Parquet: .*UTF8"):
        rows_of(open_source(str(tmp_path / "a.parquet")))
