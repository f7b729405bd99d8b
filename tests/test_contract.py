"""The contract's root: problems as strings, verdicts, ids, knobs, ladder, registry, light imports."""

import json
import subprocess
import sys

import pytest

import taskgen
from taskgen.judging import read_problem
from taskgen.knobs import KnobError, ladder
from taskgen.problem import decode, encode, instance_id, split_of, structure_id
from taskgen.registry import UnknownTask
from taskgen.verifiers.logic.knights_and_knaves import Is, KnightsAndKnaves, Statement


@pytest.fixture(scope="module")
def record():
    return taskgen.task("knights_and_knaves").generate(difficulty=3, seed=7)


def test_importing_taskgen_loads_no_heavy_package():
    heavy = "numpy numba sympy z3 datasets pyarrow polars networkx jinja2 typer rich pysat".split()
    code = f"import sys, taskgen; print([name for name in {heavy!r} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_importing_taskgen_takes_under_60_milliseconds():
    code = (
        "import time; start = time.process_time(); import taskgen; taskgen.verify; print(time.process_time() - start)"
    )
    seconds = [float(subprocess.run([sys.executable, "-c", code], capture_output=True).stdout) for _ in range(5)]
    assert min(seconds) < 0.06


def test_judging_loads_no_solver_and_no_array_library(record):
    code = (
        "import sys, taskgen\n"
        f"print(taskgen.verify({record.problem!r}, {f'<answer>{record.answer}</answer>'!r}).score)\n"
        "print([name for name in ('numpy', 'z3', 'sympy', 'pysat', 'numba') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.stdout.split("\n")[:2] == ["1.0", "[]"]


def test_a_problem_is_one_self_describing_string(record):
    envelope = json.loads(record.problem)
    assert list(envelope) == ["task", "version", "fields"]
    assert envelope["task"] == "knights_and_knaves"
    assert encode(decode(record.problem)) == record.problem


@pytest.mark.parametrize(
    "wrap",
    [
        lambda record: record,
        lambda record: record.problem,
        lambda record: {"problem": record.problem, "x": 1},
        read_problem,
    ],
)
def test_verify_takes_the_string_and_whatever_holds_it(record, wrap):
    assert taskgen.verify(wrap(record), f"<answer>{record.answer}</answer>").score == 1.0


@pytest.mark.parametrize(
    "problem",
    [
        "", "{}", "[]", "null", "\ud800", '{"task":"sudoku"}', '{"task":"nonsense","version":1,"fields":{}}',
        '{"task":"knights_and_knaves","version":1,"fields":{}}',
        '{"task":"knights_and_knaves","version":99,"fields":{}}',
        '{"task":"knights_and_knaves","version":1,"fields":' + "[" * 100_000,
        '{"task":"knights_and_knaves","version":-1,"fields":{}}',
        '{"task":"knights_and_knaves","version":1,"fields":{},"more":1}',
        '{"task":"' + "x" * 3_000_000 + '","version":1,"fields":{}}',
        '{"task":"two\\nlines","version":1,"fields":{}}',
        None, 7, {}, {"problem": None}, {"problem": 3},
    ],
)  # fmt: skip
def test_an_unreadable_problem_is_a_verifier_error_and_never_a_wrong_answer(problem):
    verdict = taskgen.verify(problem, "<answer>1</answer>")
    assert verdict.status == "verifier_error"
    assert verdict.score == 0.0
    assert "\n" not in verdict.reason
    assert len(verdict.reason) < 300


def test_a_fault_in_a_verifier_is_a_verifier_error():
    class Faulty(taskgen.Problem, frozen=True):
        def verify(self, answer):
            raise ZeroDivisionError("oh")

    verdict = taskgen.verify(Faulty(), "<answer>1</answer>")
    assert verdict.status == "verifier_error"
    assert "ZeroDivisionError: oh" in verdict.reason


@pytest.mark.parametrize("completion", [None, 7, b"<answer>1</answer>", ["<answer>1</answer>"]])
def test_a_completion_that_is_not_text_is_no_answer(record, completion):
    assert taskgen.verify(record, completion).status == "no_answer"


def test_an_overlong_answer_is_a_limit(record):
    assert taskgen.verify(record, f"<answer>{'x' * 30_000}</answer>").status == "limit"


def test_a_verdict_is_true_only_for_score_one(record):
    assert taskgen.verify(record, f"<answer>{record.answer}</answer>")
    assert not taskgen.verify(record, "<answer></answer>")


def test_instance_id_tells_problems_apart_and_structure_id_does_not_tell_relabelled_ones():
    ann = KnightsAndKnaves(("Ann", "Bob"), (Statement(0, Is(1, True)), Statement(1, Is(0, False))))
    bob = KnightsAndKnaves(("Bob", "Ann"), (Statement(1, Is(0, True)), Statement(0, Is(1, False))))
    assert instance_id(ann) != instance_id(bob)
    assert structure_id(ann) == structure_id(bob)


def test_a_twentieth_of_the_hashes_is_test_and_another_validation():
    splits = [split_of(f"{(2 * number + 1) * 2**128 // 2000:032x}") for number in range(1000)]
    assert (splits.count("test"), splits.count("validation"), splits.count("train")) == (50, 50, 900)


def test_an_unknown_task_names_the_nearest():
    with pytest.raises(UnknownTask, match="unknown task knight_and_knave; did you mean knights_and_knaves"):
        taskgen.task("knight_and_knave")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"people": 99}, "knights_and_knaves: knob people=99 is out of range: people takes 2 to 16"),
        ({"people": "many"}, "knob people=many is out of range"),
        ({"peeple": 3}, r"unknown knob peeple; did you mean people\? \(knobs: people, depth, plain, counts, splits\)"),
    ],
)
def test_a_wrong_knob_is_named_with_its_range(settings, message):
    with pytest.raises(KnobError, match=message):
        taskgen.task("knights_and_knaves").generate(difficulty=3, knobs=settings)


@pytest.mark.parametrize("difficulty", [-1, 11])
def test_a_difficulty_off_the_ladder_is_refused(difficulty):
    with pytest.raises(KnobError, match="out of range: 1 to 10"):
        taskgen.task("knights_and_knaves").generate(difficulty=difficulty)


def test_impossible_settings_end_in_one_line():
    with pytest.raises(KnobError, match="found no problem for the train split in 2000 attempts with knobs") as error:
        taskgen.task("knights_and_knaves").generate(knobs={"people": 2, "depth": 0, "splits": 40})
    assert "\n" not in str(error.value)


def test_knobs_as_text_are_read_as_on_a_command_line():
    knobs = taskgen.task("knights_and_knaves").knobs(3, {"people": "7", "counts": "0.5"})
    assert (knobs.people, knobs.counts) == (7, 0.5)


def test_a_ladder_column_has_ten_values():
    kind = taskgen.task("knights_and_knaves").knobs_type
    with pytest.raises(KnobError, match="ladder column people has 3 values, not 10"):
        ladder(kind, people=[2, 3, 4])


def test_a_record_is_a_function_of_its_arguments(record):
    task = taskgen.task("knights_and_knaves")
    assert task.generate(difficulty=3, seed=7) == record
    assert task.generate(difficulty=3, seed=8).id != record.id
    assert task.generate(difficulty=3, seed=7, index=1).id != record.id


def test_a_split_holds_only_structures_of_that_split():
    task = taskgen.task("knights_and_knaves")
    for split in ("train", "validation", "test"):
        made = task.generate(difficulty=3, split=split)
        assert made.split == split == split_of(made.structure)


def test_a_wording_can_be_asked_for_and_terse_is_one_line():
    task = taskgen.task("knights_and_knaves")
    assert "\n" not in task.generate(difficulty=2, wording="terse").prompt
    with pytest.raises(ValueError, match=r"unknown wording loud \(wordings: court"):
        task.generate(difficulty=2, wording="loud")
