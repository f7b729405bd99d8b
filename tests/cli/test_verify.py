"""`taskgen verify`: Parquet, JSON lines, standard input."""

import msgspec
import polars
import pytest

from taskgen.cli.main import run
from tests.engine.conftest import command, start


def rows(*answers):
    return [
        {
            "number": number,
            "problem": f'{{"task":"addition","version":1,"fields":{{"first":{number},"second":1}}}}',
            "completion": f"<answer>{answer}</answer>",
        }
        for number, answer in enumerate(answers)
    ]


def lines(rows):
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)


def scored(text):
    return [msgspec.json.decode(line) for line in text.splitlines()]


def test_standard_input_comes_back_scored_with_a_summary_on_standard_error(tmp_path):
    code, output, complaints = command("verify", "-", cwd=tmp_path, given=lines(rows(1, 5, "x")))
    assert code == 0
    assert [row["status"] for row in scored(output)] == ["correct", "wrong", "malformed"]
    assert scored(output)[1] == rows(1, 5)[1] | {
        "score": 0.0,
        "status": "wrong",
        "reason": "not the sum",
        "partial": 0.0,
    }
    assert "addition" in complaints
    assert "0.33" in complaints


def test_a_file_is_summed_up_by_task(toys, tmp_path, capsys):
    (tmp_path / "in.jsonl").write_bytes(lines(rows(1, 2, "x", 4)))
    with pytest.raises(SystemExit) as end:
        run(["verify", str(tmp_path / "in.jsonl")])
    output = capsys.readouterr()
    assert (end.value.code, output.err) == (0, "")
    assert output.out.strip().splitlines()[-1].split() == ["addition", "4", "3", "0", "0", "1", "0", "0", "0.75"]
    assert [file.name for file in tmp_path.iterdir()] == ["in.jsonl"]


def test_a_reader_that_leaves_is_no_error(tmp_path):
    process = start("verify", "-", cwd=tmp_path)
    process.stdout.close()
    _, complaints = process.communicate(lines(rows(*range(3000))))
    assert complaints == b""


def test_parquet_in_parquet_out_keeps_columns_and_types(toys, tmp_path, capsys):
    table = polars.DataFrame(rows(1, 2, 9)).with_columns(polars.col("number").cast(polars.Int8))
    table.write_parquet(tmp_path / "in.parquet")
    with pytest.raises(SystemExit) as end:
        run(["verify", str(tmp_path / "in.parquet"), "--out", str(tmp_path / "out.parquet"), "--workers", "2"])
    assert end.value.code == 0
    out = polars.read_parquet(tmp_path / "out.parquet")
    assert out.columns == [*table.columns, "score", "status", "reason", "partial"]
    assert out["number"].dtype == polars.Int8
    assert out["score"].to_list() == [1.0, 1.0, 0.0]
    assert "addition" in capsys.readouterr().out


def test_a_row_may_hold_several_completions_and_columns_other_names(toys, tmp_path):
    (first, second) = rows(1, 2)
    table = [
        {"p": first["problem"], "c": [first["completion"], "nothing"]},
        {"p": second["problem"], "c": []},
    ]
    (tmp_path / "in.jsonl").write_bytes(lines(table))
    for suffix in ("jsonl", "parquet"):
        out = tmp_path / f"out.{suffix}"
        arguments = ("--problem-column", "p", "--completion-column", "c", "--out", str(out))
        with pytest.raises(SystemExit):
            run(["verify", str(tmp_path / "in.jsonl"), *arguments])
        read = polars.read_ndjson(out) if suffix == "jsonl" else polars.read_parquet(out)
        assert read["score"].to_list() == [[1.0, 0.0], []]
        assert read["status"].to_list() == [["correct", "no_answer"], []]


def test_the_column_completions_is_found_by_itself(toys, tmp_path, capsys):
    (row,) = rows(1)
    (tmp_path / "in.jsonl").write_bytes(lines([{"problem": row["problem"], "completions": [row["completion"]] * 2}]))
    with pytest.raises(SystemExit):
        run(["verify", str(tmp_path / "in.jsonl"), "--out", "-"])
    assert scored(capsys.readouterr().out)[0]["score"] == [1.0, 1.0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lines(rows(1)) + b"\n{broken\n", "in.jsonl line 3: not JSON"),
        (b"[1]\n", "in.jsonl line 1: not a JSON object but list"),
        (
            b"\n" + lines([{"problem": "p", "text": "t"}]),
            "in.jsonl line 2: no column completion (columns: problem, text)",
        ),
        (lines([rows(1)[0] | {"score": 1}]), "in.jsonl line 1: there is a column score already; rename it"),
        (b'{"problem": "\xff"}\n', "in.jsonl line 1: not JSON"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_written(toys, tmp_path, capsys, content, message):
    (tmp_path / "in.jsonl").write_bytes(content)
    with pytest.raises(SystemExit) as end:
        run(["verify", str(tmp_path / "in.jsonl"), "--out", str(tmp_path / "out.jsonl")])
    complaint = capsys.readouterr().err
    assert end.value.code == 2
    assert message in complaint
    assert complaint.count("\n") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["in.jsonl"]


def test_a_file_that_is_no_parquet_is_named(tmp_path, capsys):
    (tmp_path / "in.parquet").write_bytes(b"not at all")
    with pytest.raises(SystemExit) as end:
        run(["verify", str(tmp_path / "in.parquet")])
    assert end.value.code == 2
    assert "in.parquet is not a Parquet file" in capsys.readouterr().err


def test_a_missing_file_is_named(tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        run(["verify", str(tmp_path / "none.jsonl")])
    assert end.value.code == 1
    assert capsys.readouterr().err == f"taskgen: {tmp_path / 'none.jsonl'}: No such file or directory\n"


def test_an_unreadable_problem_is_our_trouble_and_not_a_wrong_answer(toys, tmp_path, capsys):
    (tmp_path / "in.jsonl").write_bytes(lines([{"problem": "{}", "completion": "x"}]))
    with pytest.raises(SystemExit):
        run(["verify", str(tmp_path / "in.jsonl"), "--out", "-"])
    output = capsys.readouterr()
    assert scored(output.out)[0]["status"] == "verifier_error"
    assert "(unreadable)" in output.err
