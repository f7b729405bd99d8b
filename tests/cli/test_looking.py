"""`taskgen list`, `show`, `audit`, `--version`, and how soon they answer."""

import subprocess
import sys
import time

import msgspec
import pytest

import taskgen
from taskgen.cli.main import run


def ask(capsys, *arguments):
    with pytest.raises(SystemExit) as end:
        run(list(arguments))
    return end.value.code, capsys.readouterr().out


def test_list_shows_every_task_with_domain_levels_and_knobs(toys, capsys):
    code, output = ask(capsys, "list")
    assert code == 0
    row = next(line for line in output.splitlines() if "addition" in line)
    assert row.split() == ["addition", "toys", "1-10", "largest", "500→1000000000,", "pause", "0.0,", "failing", "0.0"]
    assert all(name in output for name in taskgen.tasks())


def test_list_json_holds_ranges_and_ladders(toys, capsys):
    entries = {entry["task"]: entry for entry in msgspec.json.decode(ask(capsys, "list", "--json")[1])}
    knob = entries["addition"]["knobs"][0]
    assert (knob["name"], knob["range"], knob["default"]) == ("largest", "0 to 1000000000", 1000)
    assert knob["levels"][:3] == [500, 800, 1000]


def test_a_task_that_cannot_be_loaded_does_not_hide_the_others(toys, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "toys.generator", None)
    output = ask(capsys, "list")[1]
    assert "cannot be loaded: ModuleNotFoundError" in output
    assert "knights_and_knaves" in output


def test_show_prints_prompt_problem_answer_and_verdict(toys, capsys):
    code, output = ask(capsys, "show", "addition", "-d", "2", "--wording", "terse", "--index", "4")
    record = taskgen.task("addition").generate(difficulty=2, index=4, wording="terse")
    assert code == 0
    for expected in (record.prompt.split(" Reply")[0], f"│ {record.answer} ", record.id, "correct, score 1"):
        assert expected in output


def test_show_json_is_the_record_with_its_verdict(toys, capsys):
    row = msgspec.json.decode(ask(capsys, "show", "addition", "--json", "--knob", "largest=9", "--seed", "3")[1])
    record = taskgen.task("addition").generate(difficulty=5, knobs={"largest": 9}, seed=3)
    assert row == msgspec.to_builtins(record) | {
        "verdict": {"score": 1.0, "status": "correct", "reason": "", "partial": 1.0, "answer": record.answer}
    }


def test_audit_prints_a_table_and_says_how_many_faults(toys, capsys):
    code, output = ask(capsys, "audit", "addition", "--sample", "2")
    assert code == 0
    assert "effort rises with the level" in output
    assert "faults: 0" in output


def test_audit_of_a_faulty_task_names_the_faults(toys, capsys, monkeypatch):
    monkeypatch.setattr(taskgen.task("addition").oracle, "solutions", lambda problem, limit: [])
    with pytest.raises(SystemExit) as end:
        run(["audit", "addition", "--sample", "2"])
    complaints = capsys.readouterr().err
    assert end.value.code == 1
    assert complaints.count("taskgen: fault: addition d1: seed 0 index 0: the oracle proves") == 1
    assert complaints.count("\n") == 20


def test_version(capsys):
    assert ask(capsys, "--version") == (0, f"taskgen {taskgen.__version__}\n")


def test_help_answers_at_once():
    best = 9.0
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "taskgen", "--help"], check=True, capture_output=True)
        best = min(best, time.perf_counter() - start)
    assert best < 0.6, "twice the target, for machines that do other work too"


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["generate", "--help"]])
def test_looking_around_loads_nothing_heavy(arguments):
    code = (
        "import sys\nfrom taskgen.cli.main import run\ntry:\n    run(sys.argv[1:])\nfinally:\n"
        "    heavy = {'numpy', 'numba', 'pyarrow', 'sympy', 'z3', 'datasets', 'polars', 'jinja2'} & set(sys.modules)\n"
        "    print(*heavy, file=sys.stderr)"
    )
    finished = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    assert (finished.returncode, finished.stderr.strip()) == (0, "")


def test_an_output_that_is_full_is_one_line():
    with open("/dev/full", "w") as full:
        finished = subprocess.run(
            [sys.executable, "-m", "taskgen", "--version"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert (finished.returncode, finished.stderr) == (1, "taskgen: No space left on device\n")
