"""The reference trainer's tiny path: what it reads, what it leaves, and that it goes on where it stopped."""

import shutil
import signal
import subprocess
from collections import Counter

import pytest
import torch

import taskgen
from taskgen.environment import MultiTurnProblem
from taskgen.seeding import Stream
from taskgen.training import train_grpo
from taskgen.training.rows import Supply, read_rows, relabelled
from tests.training.runs import TINY, command, dataset, metrics, options, train


@pytest.fixture(scope="module")
def sudokus(tmp_path_factory):
    return dataset(tmp_path_factory.mktemp("sudokus") / "data", tasks=[("sudoku", (1, 2))])


@pytest.fixture
def folder(sudokus, tmp_path):
    shutil.copytree(sudokus, tmp_path / "set")
    return tmp_path / "set"


def test_without_a_test_split_structures_of_train_are_held_out(sudokus):
    train_rows, held_out = read_rows(sudokus, True, Counter())
    assert len(train_rows) + len(held_out) == 60
    assert 4 <= len(held_out) <= 15
    assert not {row.structure for row in train_rows} & {row.structure for row in held_out}


def test_the_test_split_is_held_out_where_there_is_one(folder):
    dataset(folder, count=7, split="test")
    train_rows, held_out = read_rows(folder, True, Counter())
    assert [len(train_rows), len(held_out)] == [60, 7]
    assert {row.split for row in held_out} == {"test"}


def test_a_relabelled_copy_is_another_puzzle_of_the_same_structure_with_its_answer(sudokus):
    rows, _ = read_rows(sudokus, True, Counter())
    copies = [relabelled(row, Stream.keyed("copy", number), lambda _: True) for number, row in enumerate(rows[:20])]
    assert all(taskgen.verify(copy, train_grpo.target(copy)) for copy in copies)
    assert all(taskgen.problem.structure_id(taskgen.problem.decode(copy.problem)) == copy.structure for copy in copies)
    assert sum(copy.prompt != row.prompt for copy, row in zip(copies, rows, strict=False)) >= 18


def test_endless_rows_are_fresh_and_never_a_held_out_structure(sudokus):
    supply = Supply(sudokus, terse=True, endless=True, seed=0)
    supply.keep(lambda _: True)
    known = {row.id for row in (*supply.train, *supply.held_out)}
    drawn = [supply.draw(0, Stream.keyed("draw", number)) for number in range(60)]
    assert not {row.structure for row in drawn} & {row.structure for row in supply.held_out}
    assert len({row.id for row in drawn} - known) >= 50
    assert {(row.difficulty, row.split) for row in drawn} == {(1, "train")}


def test_one_command_gives_one_set_of_figures(folder):
    first = train(folder, "--name", "a")
    assert first == train(folder, "--name", "b")
    assert [line["phase"] for line in first] == ["before", "warmed up", "grpo", "grpo", "grpo", "grpo", "end"]
    weights = [torch.load(folder / "runs" / name / "checkpoint.pt")["model"] for name in ("a", "b")]
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())


@pytest.mark.parametrize("words", [[], ["--endless", "--sampling", "dynamic", "--reuse", "2", "--loss", "dapo"]])
@pytest.mark.parametrize("stop", [2, 6])
def test_a_resumed_run_has_the_figures_of_one_that_was_never_stopped(folder, words, stop, monkeypatch):
    whole = train(folder, "--name", "whole", *words)
    run = train_grpo.Run(options(folder, "--name", "parts", *words))

    def then_interrupt(step):
        def stepped():
            run.stopping = run.state["step"] + 1 == stop
            return step()

        return stepped

    monkeypatch.setattr(run, "warm_step", then_interrupt(run.warm_step))
    monkeypatch.setattr(run, "grpo_step", then_interrupt(run.grpo_step))
    with pytest.raises(train_grpo.Trouble, match=f"stopped after step {stop}"):
        run.train()
    assert train(folder, "--name", "parts", "--resume", *words) == whole
    weights = [torch.load(folder / "runs" / name / "checkpoint.pt")["model"] for name in ("whole", "parts")]
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())


def test_more_steps_go_on_from_a_finished_run(folder):
    train(folder)
    longer = train(folder, "--resume", "--steps", "5")
    assert longer == train(folder, "--name", "once", "--steps", "5")


def test_ctrl_c_ends_after_the_step_and_leaves_a_checkpoint(folder):
    words = ["--data", folder, *TINY, "--warm", "100000", "--look-rows", "2"]
    process = subprocess.Popen(command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while "warm start" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors.startswith("train_grpo: stopped after step ")
    assert errors.count("\n") == 1
    stopped = torch.load(folder / "runs/tiny/checkpoint.pt")["state"]["step"]
    assert f"step {stopped}," in errors
    assert (folder / "runs/tiny/model/model.safetensors").is_file()


def test_seconds_end_grpo_early(folder):
    lines = train(folder, "--steps", "1000", "--seconds", "0.001")
    assert [line["step"] for line in lines if line["phase"] == "grpo"] == [5]


def test_what_a_run_leaves(folder, capsys):
    train(folder)
    assert sorted(path.name for path in (folder / "runs/tiny").iterdir()) == [
        "checkpoint.pt",
        "metrics.jsonl",
        "model",
        "plot.png",
    ]
    end = metrics(folder)[-1]
    assert set(end) == {"phase", "step", "held_out", "by_rung", "pass@1", "pass@2", "pass@4"}
    assert set(end["by_rung"]) == {"sudoku d1", "sudoku d2"}
    printed = capsys.readouterr().out
    assert "sudoku d1 is beyond this model (0.00); try taskgen generate --task sudoku --knob NAME=VALUE" in printed
    assert "sudoku d2 is beyond this model (0.00); try taskgen generate --task sudoku --difficulty 1\n" in printed


@pytest.fixture
def refusal(capsys):
    """What a command that is to be changed is answered."""

    def refused(*words):
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            train_grpo.main([str(word) for word in words])
        error = capsys.readouterr().err
        assert end.value.code == 2
        assert error.startswith("train_grpo: ")
        assert error.count("\n") == 1
        return error

    return refused


def test_errors_are_one_line(folder, tmp_path, refusal):
    assert "has too little to train on: 0 rows" in refusal("--data", tmp_path / "nowhere")
    assert "--device tpu is not here; torch sees" in refusal("--data", folder, "--device", "tpu")
    assert "there is no" in refusal("--data", folder, "--resume")
    assert "cannot be loaded" in refusal("--data", folder, "--model", tmp_path / "nothing")
    train(folder)
    assert "runs/tiny exists: --resume continues it" in refusal("--data", folder)
    assert "other settings (seed 0" in refusal("--data", folder, *TINY, "--look-rows", "2", "--look-samples", "2",
        "--look-every", "2", "--resume", "--seed", "3")  # fmt: skip
    (folder / "runs/tiny/checkpoint.pt").write_bytes(b"not a checkpoint")
    assert "cannot be read" in refusal("--data", folder, "--resume")
    (folder / "data" / "train-00000-of-00001.parquet").write_bytes(b"not Parquet")
    assert "train: " in refusal("--data", folder, "--name", "other")


def test_a_dataset_of_others_is_refused_in_one_line(tmp_path, refusal):
    import pyarrow
    import pyarrow.parquet

    (tmp_path / "data").mkdir()
    table = pyarrow.table({"question": ["1 + 1"], "answer": ["2"]})
    pyarrow.parquet.write_table(table, tmp_path / "data" / "train-00000-of-00001.parquet")
    assert "not a taskgen record" in refusal("--data", tmp_path)


@pytest.mark.parametrize("words", [["--group", "1"], ["--width", "40"], ["--prompts", "0"], ["--loss", "ppo"]])
def test_options_out_of_range_are_refused(words, capsys):
    with pytest.raises(SystemExit) as end:
        train_grpo.arguments(words)
    assert end.value.code == 2


def test_without_taskgen_it_says_how_to_install_it(tmp_path):
    blocked = "import runpy, sys; sys.modules['taskgen'] = None; runpy.run_path(sys.argv[1], run_name='__main__')"
    words = [*command()[:1], "-c", blocked, train_grpo.__file__]
    result = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert result.returncode == 1
    assert result.stderr == "train_grpo: taskgen is missing: pip install 'taskgen[train]'\n"


def test_completions_that_cannot_be_judged_are_left_out_and_counted(folder, monkeypatch):
    run = train_grpo.Run(options(folder))
    verdicts = iter(
        [taskgen.problem.verifier_error("a fault"), taskgen.problem.correct(), taskgen.problem.wrong("no")] * 4
    )
    monkeypatch.setattr(train_grpo.taskgen, "verify", lambda row, text: next(verdicts))
    groups = run.roll_out(run.looked_at[:2], 6, Stream.keyed("test"))
    assert [group.rewards for group in groups] == [[1.0, 0.0, 1.0, 0.0]] * 2
    assert [len(group.completions) for group in groups] == [4, 4]
    assert run.state["faults"] == 4


def test_groups_of_nothing_but_faults_are_survived(folder, monkeypatch):
    run = train_grpo.Run(options(folder))
    fault = taskgen.problem.verifier_error("a fault")
    monkeypatch.setattr(train_grpo.taskgen, "verify", lambda row, text: fault)
    before = {name: value.clone() for name, value in run.model.state_dict().items()}
    assert run.grpo_step() == {"reward": 0.0, "groups": 0, "flat": 0, "kept": 0}
    assert all(torch.equal(value, before[name]) for name, value in run.model.state_dict().items())


@pytest.mark.long
def test_every_task_at_its_first_rung_trains_or_says_why_not(name, tmp_path, refusal):
    dataset(tmp_path / "set", tasks=[(name, (1,))], count=24)
    if issubclass(taskgen.task(name).problem_type, MultiTurnProblem):
        assert "24 rows left out: tasks of several turns" in refusal("--data", tmp_path / "set")
        return
    lines = train(tmp_path / "set", "--steps", "1")
    assert lines[-1]["phase"] == "end"


def test_a_task_of_several_turns_is_left_out_with_its_count(tmp_path, refusal):
    dataset(tmp_path / "set", tasks=[("mastermind", (1,))], count=5)
    assert "5 rows left out: tasks of several turns" in refusal("--data", tmp_path / "set")
