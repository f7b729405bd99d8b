"""CSV, JSON lines and JSON arrays: values arrive as they were written, and what cannot be read is named."""

import bz2
import gzip
import subprocess
import sys

import msgspec
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgen.curation import text_files
from taskgen.curation.sources import open_source
from taskgen.engine.errors import UsageError


@pytest.fixture
def read(tmp_path):
    """The rows and the Arrow types of a file with this content."""

    def reader(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        source = open_source(str(path))
        rows = [row for table in source.tables() for row in table.to_pylist()]
        assert len(rows) == source.rows
        return rows, {field.name: str(field.type) for field in source.schema}

    return reader


@pytest.fixture
def complaint(read):
    """The one line that a file with this content is refused with, without the path before it."""

    def complain(name, content):
        with pytest.raises(UsageError) as error:
            read(name, content)
        assert len(str(error.value).splitlines()) == 1
        return str(error.value).split(name)[1].strip()

    return complain


def test_a_csv_cell_is_text_whatever_it_holds(read):
    rows, types = read("a.csv", 'n,t\n007,"a ""quoted"", word"\n1e3,"two\nlines"\n,\n')
    assert rows == [{"n": "007", "t": 'a "quoted", word'}, {"n": "1e3", "t": "two\nlines"}, {"n": "", "t": ""}]
    assert set(types.values()) == {"string"}


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_the_line_endings_of_a_csv_file_do_not_matter(read, ending):
    rows, _ = read("a.csv", ending.join(["\ufeffa,b", "1,2", "", "3,4"]))
    assert rows == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


def test_line_breaks_in_a_csv_cell_stay_as_they_are(read):
    assert read("a.csv", 'a,b\r\n"x\r\ny","p\rq"\r\n')[0] == [{"a": "x\r\ny", "b": "p\rq"}]


def test_a_csv_column_without_a_name_is_called_as_in_pandas(read):
    assert read("a.csv", ",x\n0,a\n")[0] == [{"Unnamed: 0": "0", "x": "a"}]


def test_a_csv_cell_may_be_longer_than_any_buffer(read):
    assert len(read("a.csv", f"a,b\n1,{'x' * 3_000_000}\n")[0][0]["b"]) == 3_000_000


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a,b\n1,2\n3\n", "line 3: 1 cells where the header has 2"),
        ("a,b\n1,2\n3,4,5\n", "line 3: 3 cells where the header has 2"),
        ('a,b\n1,"x\n2,3\n', "line 3: not CSV (unexpected end of data)"),
        ("a,b,a\n1,2,3\n", "has two columns a"),
        (b"a,b\n1,\xff\n", "is damaged or not CSV: 'utf-8' codec can't decode byte 0xff"),
        ("a,b\n", "holds no rows"),
        ("", "is empty"),
    ],
)
def test_a_csv_file_that_cannot_be_read_is_refused_in_one_line(complaint, content, words):
    assert complaint("a.csv", content).startswith(words)


def test_json_values_have_the_type_that_holds_them_all(read):
    rows, types = read("a.jsonl", '{"i":1,"f":1,"b":true,"s":"x","l":[1]}\n{"i":2,"f":0.5,"b":false,"s":"y","l":[]}\n')
    assert types == {"i": "int64", "f": "double", "b": "bool", "s": "string", "l": "list<item: int64>"}
    assert rows[1] == {"i": 2, "f": 0.5, "b": False, "s": "y", "l": []}


def test_keys_that_some_lines_miss_are_null_there_wherever_they_appear_first(read):
    lines = ['{"a":1}'] * 20_000 + ['{"b":"late","a":2}', '{"c":null}']
    rows, types = read("a.jsonl", "\n".join(lines))
    assert types == {"a": "int64", "b": "string", "c": "string"}
    assert rows[0] == {"a": 1, "b": None, "c": None}
    assert rows[-2:] == [{"a": 2, "b": "late", "c": None}, {"a": None, "b": None, "c": None}]


def test_objects_with_the_same_keys_are_structs_and_others_their_json(read):
    rows, types = read(
        "a.jsonl", '{"p":{"x":1,"y":[2]},"q":{"x":1}}\n{"p":{"x":3,"y":[]},"q":{"z":"\u00e9"}}\n{"p":null}\n'
    )
    assert types == {"p": "struct<x: int64, y: list<item: int64>>", "q": "string"}
    assert [row["p"] for row in rows] == [{"x": 1, "y": [2]}, {"x": 3, "y": []}, None]
    assert [row["q"] for row in rows] == ['{"x":1}', '{"z":"\u00e9"}', None]


@pytest.mark.parametrize(
    "values", [[1, "1"], [True, 1], [2**63], [-(2**70), 5], [2**53 + 1, 0.5], [[1, "a"]], [{}], ["a", ["b"]]]
)
def test_values_that_no_one_type_holds_keep_their_json(read, values):
    rows, types = read("a.jsonl", b"\n".join(msgspec.json.encode({"v": value}) for value in values))
    assert types == {"v": "string"}
    assert [msgspec.json.decode(row["v"]) for row in rows] == values


SCALARS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=5)
VALUES = st.recursive(
    SCALARS.filter(lambda value: not isinstance(value, float) or abs(value) < 1e308),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("pqr"), inner, max_size=2),
    max_leaves=6,
)


@given(st.lists(st.dictionaries(st.sampled_from("ab"), VALUES, max_size=2), min_size=1, max_size=6))
def test_whatever_the_objects_hold_comes_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("any") / "a.jsonl"
    path.write_bytes(b"\n".join(map(msgspec.json.encode, rows)))
    if not any(rows):
        return
    source = open_source(str(path))
    found = [row for table in source.tables() for row in table.to_pylist()]
    for name in source.contents.as_json:
        for row in found:
            row[name] = None if row[name] is None else msgspec.json.decode(row[name])
    assert found == [{name: row.get(name) for name in source.schema.names} for row in rows]


@pytest.mark.parametrize("values", [[2**63 - 1, -(2**63)], [2**53, 0.5], [1e308, 5e-324]])
def test_numbers_that_arrow_holds_are_exact(read, values):
    rows, _ = read("a.jsonl", b"\n".join(msgspec.json.encode({"v": value}) for value in values))
    assert [row["v"] for row in rows] == values


def test_nesting_beyond_reason_stays_json(read):
    deep = "[" * 200 + "]" * 200
    assert read("a.jsonl", f'{{"v":{deep}}}')[0] == [{"v": deep}]


def test_blank_lines_a_byte_order_mark_and_windows_line_endings_are_no_trouble(read):
    assert read("a.jsonl", '\ufeff{"a":1}\r\n\r\n   \n{"a":2}\r\n')[0] == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"a":1}\n\n{"a":', "line 3: not JSON (Input data was truncated)"),
        ('{"a":1}\n{"a":NaN}', "line 2: not JSON (JSON is malformed: invalid character"),
        ('{"a":1}\n7\n', "line 2: not a JSON object but int"),
        ('{"a":"\ud800"}'.encode(errors="surrogatepass"), "line 1: not JSON"),
        ('{"a":' + "[" * 100_000, "line 1: not JSON (maximum recursion depth"),
        ("{}\n", "has no columns"),
        ("\n\n", "holds no rows"),
        ("", "holds no rows"),
        ("PAR1 and so on", "line 1: not JSON"),
    ],
)
def test_json_lines_that_cannot_be_read_are_refused_in_one_line(complaint, content, words):
    assert complaint("a.jsonl", content).startswith(words)


def test_a_json_array_of_objects_is_read_like_lines(read):
    lines = [{"a": number, "t": "x]},[{" * (number % 7)} for number in range(5000)]
    pretty = msgspec.json.format(msgspec.json.encode(lines), indent=2)
    assert read("a.json", pretty)[0] == lines
    assert read("b.json", b"\n".join(map(msgspec.json.encode, lines)))[0] == lines
    assert read("c.json", b"\xef\xbb\xbf \n[" + b",".join(map(msgspec.json.encode, lines)) + b"]\n")[0] == lines


def test_a_json_array_may_have_items_longer_than_a_block(read, monkeypatch):
    monkeypatch.setattr(text_files, "_BLOCK", 1000)
    lines = [{"t": "y" * length} for length in (5, 990, 4000, 0, 2500)]
    assert read("a.json", msgspec.json.encode(lines))[0] == lines


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('[{"a":1},{"a":', "item 2: not JSON (Expecting value"),
        ('[{"a":1}', "item 1: not JSON (neither a comma nor ] follows)"),
        ('[{"a":1} {"a":2}]', "item 1: not JSON (neither a comma nor ] follows)"),
        ('[{"a":1},]', "item 2: not JSON (Expecting value"),
        ('[{"a":1}]\n[{"a":2}]', "item 1: not JSON (there is more after the array)"),
        ("[1]", "item 1: not a JSON object but int"),
        ("[]", "holds no rows"),
        ('{\n "a": 1\n}', "line 1: not JSON"),
    ],
)
def test_a_json_file_that_cannot_be_read_is_refused_in_one_line(complaint, content, words):
    assert complaint("a.json", content).startswith(words)


def test_an_item_of_an_array_has_a_longest_length(complaint, monkeypatch):
    monkeypatch.setattr(text_files, "_BLOCK", 100)
    monkeypatch.setattr(text_files, "MAX_ITEM", 1000)
    assert complaint("a.json", '[{"a":"' + "x" * 5000 + '"}]').startswith("item 1: not JSON")


def test_text_files_may_be_compressed(read):
    assert read("a.jsonl.gz", gzip.compress(b'{"a":1}\n'))[0] == [{"a": 1}]
    assert read("a.csv.bz2", bz2.compress(b"a\n1\n"))[0] == [{"a": "1"}]
    assert read("a.json.zst", pyarrow.compress(b'[{"a":1}]', "zstd", asbytes=True))[0] == [{"a": 1}]


def test_a_compressed_file_that_is_cut_off_is_refused(complaint):
    whole = gzip.compress(b"".join(b'{"a":%d}\n' % number**5 for number in range(5000)))
    assert complaint("a.jsonl.gz", whole[:-4]) == "is damaged or not JSON: Truncated compressed stream"
    assert complaint("b.csv.gz", b"a,b\n").startswith("is damaged or not CSV: zlib inflate failed")


def test_rows_keep_their_order_and_a_table_has_at_most_the_rows_asked_for(tmp_path):
    (tmp_path / "a.jsonl").write_text("".join(f'{{"a":{number},"b":"x"}}\n' for number in range(1000)))
    source = open_source(str(tmp_path / "a.jsonl"))
    tables = list(source.tables(["b", "a"], rows=300))
    assert [table.num_rows for table in tables] == [300, 300, 300, 100]
    assert pyarrow.concat_tables(tables)["a"].to_pylist() == list(range(1000))
    assert tables[0].column_names == ["b", "a"]


def test_long_rows_come_in_smaller_tables(tmp_path, monkeypatch):
    monkeypatch.setattr(text_files, "TABLE_BYTES", 10_000)
    for name, line in (("a.jsonl", '{"a":"%s"}\n'), ("a.csv", "%s\n")):
        (tmp_path / name).write_text("a\n" * name.endswith("csv") + line % ("x" * 3000) * 10)
        assert [table.num_rows for table in open_source(str(tmp_path / name)).tables()] == [4, 4, 2]


PEAK = """
import resource, sys
import pyarrow.parquet
from taskgen.curation import text_files
from taskgen.curation.sources import open_source
text_files.TABLE_BYTES = 1 << 20
used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = used()
assert sum(table.num_rows for table in open_source(sys.argv[1]).tables()) == 8_000
print(used() - before)
"""


@pytest.mark.parametrize("file_name", ["a.jsonl", "a.json", "a.csv"])
def test_the_memory_needed_does_not_grow_with_the_file(tmp_path, file_name):
    begin, row, between = {
        "a.jsonl": ("", '{"a":"%s"}', "\n"),
        "a.json": ("[", '{"a":"%s"}', ","),
        "a.csv": ("a\n", "%s", "\n"),
    }[file_name]
    with open(tmp_path / file_name, "w") as file:
        file.write(begin)
        for number in range(8_000):
            file.write((between if number else "") + row % ("x" * 5000))
        file.write("]" if begin == "[" else "\n")
    done = subprocess.run(
        [sys.executable, "-c", PEAK, tmp_path / file_name], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 25_000, "kilobytes, for a file of 40 MB"
