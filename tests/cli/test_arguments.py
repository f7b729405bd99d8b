"""Wrong arguments: one clear line, exit code 2, no traceback."""

import pytest

from taskgen.cli.arguments import default_folder, pair_difficulties
from taskgen.cli.main import run
from taskgen.engine.orders import parse_difficulties

KNIGHTS = ("generate", "--task", "knights_and_knaves")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("genrate",), "No such command 'genrate'. Did you mean 'generate'"),
        (("generate",), "Missing option '--task' / '-t'."),
        (("generate", "--tsk", "x"), "No such option: --tsk"),
        (("generate", "--task", "knights_and_knave"), "did you mean knights_and_knaves?"),
        (("show", "knights"), "unknown task knights; did you mean knights_and_knaves?"),
        (("audit", "knights"), "unknown task knights"),
        (("audit",), "name a task, or give --all"),
        ((*KNIGHTS, "--knob", "peple=3"), "unknown knob peple; did you mean people?"),
        ((*KNIGHTS, "--knob", "people=99"), "knob people=99 is out of range: people takes 2 to 16"),
        ((*KNIGHTS, "--knob", "people"), "knob people cannot be read; write it as name=value"),
        ((*KNIGHTS, "-d", "11"), "difficulty 11 is out of range: 1 to 10"),
        ((*KNIGHTS, "-d", "7-3"), "difficulty 7-3 is out of range: 1 to 10, the lower one first"),
        ((*KNIGHTS, "-d", "hard"), "difficulty hard cannot be read; write 5, 3-7 or 2,4,6"),
        ((*KNIGHTS, "-d", "1", "-d", "2"), "1 --task and 2 --difficulty"),
        ((*KNIGHTS, "--count", "0"), "'--count'"),
        ((*KNIGHTS, "--count", "many"), "'--count'"),
        ((*KNIGHTS, "--split", "dev"), "unknown split dev"),
        ((*KNIGHTS, "--wording", "rude"), "unknown wording rude (wordings: "),
        ((*KNIGHTS, "--wording", "rude"), "terse"),
        (("verify", "--workers", "0", "x"), "'--workers'"),
    ],
)
def test_a_wrong_argument_is_one_line(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        run(list(arguments))
    output = capsys.readouterr()
    assert end.value.code == 2
    assert output.err.startswith("taskgen: ")
    assert output.err.count("\n") == 1
    assert message in output.err
    assert output.out == ""
    assert not list(tmp_path.iterdir())


def test_knobs_that_allow_nothing_are_named(capsys, tmp_path):
    with pytest.raises(SystemExit) as end:
        run([*KNIGHTS, "-d", "1", "-k", "people=2", "-k", "splits=40", "-n", "5", "--out", str(tmp_path / "out")])
    assert end.value.code == 2
    assert "knights_and_knaves: found no problem for the train split" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_fault_of_ours_shows_its_traceback(monkeypatch):
    def fail(*arguments, **options):
        raise ZeroDivisionError

    monkeypatch.setattr("taskgen.engine.orders.place_order", fail)
    with pytest.raises(ZeroDivisionError):
        run(["show", "knights_and_knaves"])


def test_difficulties_are_read_as_they_are_written():
    assert parse_difficulties("5") == (5,)
    assert parse_difficulties("3-7") == (3, 4, 5, 6, 7)
    assert parse_difficulties("6, 2,4") == (2, 4, 6)
    assert parse_difficulties("1-2,2-3") == (1, 2, 3)


def test_each_task_has_its_own_difficulty_or_all_have_one():
    assert pair_difficulties(["a", "b"], []) == [("a", tuple(range(1, 11))), ("b", tuple(range(1, 11)))]
    assert pair_difficulties(["a", "b"], ["3"]) == [("a", (3,)), ("b", (3,))]
    assert pair_difficulties(["a", "b"], ["3", "4-5"]) == [("a", (3,)), ("b", (4, 5))]


@pytest.mark.parametrize(
    ("pairs", "folder"),
    [
        ([("sudoku", (5,))], "sudoku-d5"),
        ([("sudoku", (3, 4, 5))], "sudoku-d3-5"),
        ([("sudoku", (2, 4)), ("zebra", (6,))], "sudoku-zebra-d2,4,6"),
        ([(name, (1,)) for name in "abcd"], "mixed-4-tasks-d1"),
    ],
)
def test_the_default_folder_says_what_is_in_it(pairs, folder):
    assert str(default_folder(pairs)) == f"taskgen-data/{folder}"
