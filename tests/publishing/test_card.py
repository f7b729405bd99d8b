"""The card of a dataset: every claim on it is one of the manifest's or the rows', and what it says to type works."""

import re
import shlex
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import pyarrow.parquet
import pytest
from markdown_it import MarkdownIt

from taskgen.cli.main import app
from taskgen.curation.curriculum import CURRICULUM
from taskgen.curation.filtering import COLUMNS as RATED
from taskgen.curation.filtering import MARKS
from taskgen.curation.mixing import MixSettings, mix
from taskgen.curation.mixture.choosing import FATES
from taskgen.curation.sources import open_source
from taskgen.engine.manifest import Manifest, read_manifest
from taskgen.engine.schema import SCHEMA
from taskgen.publishing.cards.card import MANY, write_card
from taskgen.publishing.cards.columns import COLUMNS, kind_of
from taskgen.publishing.cards.making import REASONS
from taskgen.publishing.facts import gather
from taskgen.publishing.figures import Picture, Plot
from tests.engine.conftest import contents

MARKDOWN = MarkdownIt("commonmark").enable("table")


def body(card):
    return card.split("\n---\n", 1)[1]


def fences(card):
    return [token.content.removesuffix("\n") for token in MARKDOWN.parse(body(card)) if token.type == "fence"]


def without_fences(card):
    return re.sub(r"^(`{3,})text\n.*?\n\1$", "(a fence)", card, flags=re.MULTILINE | re.DOTALL)


def section(card, heading):
    """The text under a heading, up to the next one of its level."""
    level = heading.split()[0]
    return re.split(rf"^{level} ", card.split(f"\n{heading}\n", 1)[1], flags=re.MULTILINE)[0]


def tables(card):
    """Every table as a list of rows of cells."""
    found, inside = [], None
    for line in without_fences(body(card)).splitlines():
        if not line.startswith("|"):
            inside = None
            continue
        if inside is None:
            inside = []
            found.append(inside)
        inside.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return found


@pytest.fixture
def card(generated):
    return (generated / "README.md").read_text()


# What it tells


def test_it_begins_with_what_there_is_in_numbers(card):
    assert "# linear_system and sudoku, difficulty 2 to 3\n" in card
    assert (
        "**46 problems whose answers a program can check**: 22 of `linear_system` and 24 of `sudoku`, at difficulty "
        "2 to 3; 40 in the train split and 6 in the test split.\n"
    ) in card


def test_a_sample_of_each_task_is_shown_with_its_answer_just_as_a_model_sees_it(generated, card):
    shown = fences(card)
    for task in gather(generated).tasks:
        assert task.sample.prompt in shown
        assert task.sample.answer in shown


def test_rungs_are_told_with_their_rows_knobs_effort_and_tokens(card):
    rows = tables(section(card, "### sudoku") and card)
    table = next(table for table in rows if "`givens`" in table[0])
    assert table[0] == ["difficulty", "train", "test", "`box`", "`givens`", "effort", "prompt tokens"]
    assert [row[:5] for row in table[2:]] == [["2", "10", "2", "2, 3", "14"], ["3", "10", "2", "3, 3", "40"]]
    assert "At every rung: `tier` 1, `nodes` 0." in card
    assert "- `givens`: cells that are filled at the start\n" in card


def test_the_rules_of_each_task_are_told_in_its_own_words(card):
    sudoku, system = section(card, "### sudoku"), section(card, "### linear_system")
    assert "Fill a partly filled square so that every row, column and box holds every number once." in sudoku
    assert "Exactly one answer is right" in sudoku
    assert "`x = 3, y = 1/2 - 2t` for all unknowns in any order" in system
    assert "Every answer that keeps the rules is right" in system
    assert "or else a last `\\boxed{...}`; of at most 4,000 characters" in system


def test_every_status_of_a_verdict_is_explained(card):
    from typing import get_args

    from taskgen.problem import Status

    told = section(card, "## What counts as an answer")
    assert all(f"| `{status}` |" in told for status in get_args(Status))


def test_the_floor_is_told_with_what_was_tried(generated, card):
    told = section(card, "## What guessing scores")
    assert "59 of them were judged on up to 24 records of each task" in told
    assert "All of them score 0 on every task." in told
    assert (
        "never right on 22 records is right, at 95 % confidence, on fewer than 13 % of all" in told
    )  # 1 - 0.05^(1/22)
    facts = gather(generated)
    guessed = replace(facts.tasks[0], floor=0.25, floor_policy="constant 'yes'")
    told = section(write_card(replace(facts, tasks=(guessed, facts.tasks[1])), [], {}, ()), "## What guessing scores")
    assert "scores 0.25 on `linear_system` (constant 'yes'); all of them score 0 on the other tasks." in told


def test_a_task_that_this_taskgen_does_not_know_is_shown_without_rules(generated):
    facts = gather(generated)
    unknown = replace(facts.tasks[0], name="conundrum", floor=None, floor_policy="")
    card = write_card(replace(facts, tasks=(unknown, facts.tasks[1])), [], {}, ())
    assert "| [`conundrum`](#conundrum) | math | 22 | 2 to 3 |" in card
    assert "What counts" not in section(card, "### conundrum")


def test_what_was_asked_for_and_found_is_told(generated, card):
    found = next(table for table in tables(card) if table[0][:3] == ["task", "split", "asked for"])
    assert ["`sudoku`", "train", "20", "20", "20", "0", "none"] in found
    assert sum(int(row[3]) for row in found[2:]) == 46
    assert [row[1] for row in found[2:]] == ["train", "train", "test", "test"]


def test_an_exhausted_space_is_told_with_its_rung(generated):
    facts = gather(generated)
    splits = dict(facts.manifest.splits)
    cells = (msgspec.structs.replace(splits["train"].cells[0], exhausted=True, found=7), *splits["train"].cells[1:])
    splits["train"] = msgspec.structs.replace(splits["train"], cells=cells)
    card = write_card(replace(facts, manifest=Manifest(splits=splits)), [], {}, ())
    assert "| `sudoku` | train | 20 | 17 | 20 | 0 | 2 |" in card


def test_every_column_is_listed_with_type_and_meaning(generated, curated):
    for folder in (generated, curated):
        card = (folder / "README.md").read_text()
        table = next(table for table in tables(card) if table[0] == ["column", "type", "meaning"])
        schema = pyarrow.parquet.read_schema(next((folder / "data").glob("train-*")))
        assert [row[:2] for row in table[2:]] == [[f"`{field.name}`", str(field.type)] for field in schema]
        assert all(row[2] and "its source" not in row[2] for row in table[2:])


def test_the_table_of_columns_knows_every_column_that_taskgen_makes():
    made = [*SCHEMA, *RATED, *MARKS, *(pyarrow.field(*column) for column in CURRICULUM)]
    assert all(kind_of(field.name) == field.type for field in made)
    others = set(COLUMNS) - {field.name for field in made}
    assert others == {"prompt_tokens", "prompt_tokens_estimate", "source_id", "source_structure", "source_task"}


def test_every_reason_for_dropping_a_row_has_a_meaning():
    root = Path(taskgen_file()).parent
    written = set(FATES) - {""} | {"too_hard", "too_easy", "always_solved", "never_solved", "no_rollouts"}
    for path in (root / "curation").rglob("*.py"):
        written |= set(re.findall(r'"((?:duplicate|evaluation|text|near|space)_[a-z]+)"', path.read_text()))
    reasons = written & set(REASONS)
    assert reasons == set(REASONS)
    assert {"evaluation_structure", "near_duplicate", "over_weight", "space_exhausted"} <= reasons


def taskgen_file():
    import taskgen

    return taskgen.__file__


def test_every_stage_is_told_with_its_rows_and_reasons(curated):
    card = (curated / "README.md").read_text()
    stages = next(table for table in tables(card) if table[0][0] == "stage")[2:]
    entries = read_manifest(curated).stages
    assert [row[0] for row in stages] == [entry.stage for entry in entries]
    assert [[int(row[1]), int(row[2])] for row in stages] == [[entry.rows_in, entry.rows_out] for entry in entries]
    for row, entry in zip(stages, entries, strict=True):
        assert row[3] == ", ".join(f"{reason} {count}" for reason, count in entry.reasons.items())
        assert all(f"- `{reason}`: {REASONS[reason]}." in card for reason in entry.reasons)
    assert {reason for entry in entries for reason in entry.reasons} >= {"evaluation_instance", "too_hard"}


def test_decontamination_is_told_with_sets_hashes_and_rule(curated):
    told = section((curated / "README.md").read_text(), "## How it was made")
    (notes,) = [entry.notes for entry in read_manifest(curated).stages if entry.stage == "decontaminate"]
    (evaluation,) = notes["sets"]
    assert f"| `evaluation.jsonl` | `{evaluation['sha256'][0][:12]}` | 4 | {evaluation['rows_dropped']} |" in told
    assert "60 % of an item's 4-grams" in told


def test_the_policy_of_pass_rates_is_named_with_its_settings(curated):
    told = section((curated / "README.md").read_text(), "## How it was made")
    (notes,) = [entry.notes for entry in read_manifest(curated).stages if entry.stage == "rollout"]
    assert f"- Model `replay:completions.jsonl`, sampled with `{notes['settings']}`." in told
    assert f"- {notes['trials']} completions of {notes['records']} records were judged, {notes['correct']} were" in told


def test_pass_rates_stand_beside_the_rungs(curated):
    card = (curated / "README.md").read_text()
    (rung,) = next(task for task in gather(curated).tasks if task.name == "countdown").rungs
    assert f" {rung.rate.mean:.2f} ({rung.rate.low:.2f} to {rung.rate.high:.2f}) |" in section(card, "### countdown")


def test_without_decontamination_it_says_so(card):
    assert "None was done. `taskgen leak-check . EVALUATION`" in section(card, "## How it was made")


def test_stages_of_the_train_split_are_told(curated, card):
    assert "The train split lies in 2 stages, easy to hard" in (curated / "README.md").read_text()
    assert "easy to hard: `data/" not in card


def test_files_are_listed_with_their_hashes(curated):
    told = section((curated / "README.md").read_text(), "## Make it again")
    manifest = read_manifest(curated)
    for file in (*manifest.files, *manifest.others):
        assert f"| `{file.path}` | {file.rows} | `{file.sha256}` |" in told


def test_plots_and_pictures_are_shown_with_words_for_those_who_cannot_see_them(generated):
    plot = Plot("effort", "Effort by rung, [log] scale <b>", b"png")
    picture = Picture(b"svg", b"png", "A square of 9 x 9 cells")
    card = write_card(gather(generated), [plot], {"sudoku": picture}, ())
    assert "![A square of 9 x 9 cells](pictures/sudoku.png)\n" in section(card, "### sudoku")
    assert "![Effort by rung, \\[log\\] scale &lt;b&gt;](plots/effort.png)\n" in section(card, "## Plots")
    assert "Effort by rung, [log] scale &lt;b&gt;\n" in section(card, "## Plots")


def test_only_trainers_that_lie_in_the_folder_are_named(generated, card):
    assert "train_grpo.py" not in card
    card = write_card(gather(generated), [], {}, ["train_grpo.py", "tiny_model.py", "configs/verl.yaml"])
    assert "python train_grpo.py --model MODEL" in card
    assert "[`configs/verl.yaml`](configs/verl.yaml)." in card
    assert "train_trl" not in card
    assert "python tiny_model.py" not in card


# Rows of others


def test_rows_that_are_no_records_get_a_card_that_says_so(foreign):
    card = (foreign / "README.md").read_text()
    assert "# 30 rows curated with taskgen\n" in card
    assert "**30 rows** of `questions.parquet`, curated with taskgen" in card
    assert "They are no records of taskgen's" in card
    assert "| `question` | string | as its source has it |" in card
    assert "\nFor rows from `questions.parquet` the licence of their source holds." in card
    assert "nothing has checked that they share no row" in card
    for word in ("taskgen.verify", "Apache-2.0.\n", "What guessing scores", "train_grpo"):
        assert word not in card


def test_rows_of_others_in_a_mix_are_counted_apart(generated, foreign, tmp_path):
    mix([open_source(str(folder)) for folder in (generated, foreign)], tmp_path / "mix", MixSettings())
    card = write_card(gather(tmp_path / "mix"), [], {}, ("train_grpo.py",))
    assert "python train_grpo.py" not in card
    assert "**46 problems whose answers a program can check**: 22 of `linear_system` and 24 of `sudoku`" in card
    assert "30 of the 76 rows are not taskgen's: they come from `questions.parquet` and are carried along." in card
    assert sum(map(int, re.findall(" ([0-9]+) in the", card))) == 76
    assert "| `question` | string | as its source has it |" in card
    assert "import taskgen" not in card  # taskgen.load reads records only
    assert "licence of their source holds" in card


def test_what_was_not_made_by_one_command_names_none(generated, tmp_path):
    mix([open_source(str(generated))], tmp_path / "mix", MixSettings())
    told = section(write_card(gather(tmp_path / "mix"), [], {}, ()), "## Make it again")
    assert "The stages above are commands of taskgen's" in told
    assert "taskgen generate" not in told
    assert "taskgen reproduce" not in told


def test_a_dataset_of_no_rows_says_so(generated):
    facts = gather(generated)
    empty = replace(facts, tasks=(), splits=tuple(replace(split, rows=0) for split in facts.splits))
    assert "No rows are left" in write_card(empty, [], {}, ())


# What it can be trusted with


def test_no_text_of_a_record_breaks_out_of_its_fence(generated):
    facts = gather(generated)
    wild = "a\n```\n# heading\n````text\n| x |\n---\n<script>alert(1)</script>"
    sample = msgspec.structs.replace(facts.tasks[1].sample, prompt=wild, answer="```")
    tasks = (facts.tasks[0], replace(facts.tasks[1], sample=sample))
    card = write_card(replace(facts, tasks=tasks), [], {}, ())
    assert {wild, "```"} <= set(fences(card))
    headings = [token for token in MARKDOWN.parse(body(card)) if token.type == "heading_open"]
    plain = [
        token for token in MARKDOWN.parse(body((generated / "README.md").read_text())) if token.type[:9] == "heading_o"
    ]
    assert len(headings) == len(plain)


def test_long_samples_are_cut_and_the_card_says_by_how_much(generated):
    facts = gather(generated)
    long = "\n".join(["x" * 99] * 100)
    sample = msgspec.structs.replace(facts.tasks[1].sample, prompt=long)
    card = write_card(replace(facts, tasks=(replace(facts.tasks[1], sample=sample),)), [], {}, ())
    assert "\n".join(["x" * 99] * 30) in fences(card)  # whole lines of the first 3,000 characters
    assert "(7,000 more characters are left out.)" in card


def test_a_hundred_and_twenty_tasks_at_ten_rungs_fit_on_a_card(generated):
    facts = gather(generated)
    task = facts.tasks[1]
    rungs = tuple(replace(task.rungs[0], difficulty=rung) for rung in range(1, 11))
    sample = msgspec.structs.replace(task.sample, prompt="word " * 2_000)
    tasks = tuple(replace(task, name=f"puzzle_{number}", rungs=rungs, sample=sample) for number in range(120))
    assert len(tasks) > MANY
    card = write_card(replace(facts, tasks=tasks), [], {}, ())
    assert "### puzzle_119\n" in card
    assert len(card.encode()) < 120_000


def test_every_row_of_a_table_has_the_cells_of_its_heading(generated, curated, foreign):
    for folder in (generated, curated, foreign):
        for table in tables((folder / "README.md").read_text()):
            assert {len(row) for row in table} == {len(table[0])}, table[0]


def test_blank_lines_come_singly(generated, curated, foreign):
    for folder in (generated, curated, foreign):
        assert "\n\n\n" not in without_fences((folder / "README.md").read_text())


def test_equal_rows_give_equal_cards_whatever_the_folder_is_called(generated, tmp_path):
    import shutil

    moved = shutil.copytree(generated, tmp_path / "elsewhere | here")
    card = write_card(gather(moved), [], {}, ())
    assert card == (generated / "README.md").read_text()


def test_nothing_tells_of_the_machine(generated, curated, foreign):
    for folder in (generated, curated, foreign):
        text = (folder / "README.md").read_text() + (folder / "croissant.json").read_text()
        assert str(folder.parent) not in text
        assert socket.gethostname() not in text
        assert str(Path.home()) not in text


# What it says to type


def test_the_code_on_it_runs(curated, tmp_path):
    code = re.findall(r"```python\n(.*?)```", (curated / "README.md").read_text(), re.DOTALL)
    assert len(code) == 3
    environment = {
        "HF_HOME": str(tmp_path),
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(Path(taskgen_file()).parents[1]),
    }
    run = subprocess.run(
        [sys.executable, "-c", "\n".join(code)],
        cwd=curated,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.endswith("1.0 correct\n")


def test_its_commands_make_the_same_bytes_again(generated, card, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    commands = section(card, "## Make it again").split("```sh\n")[1].split("```")[0].splitlines()
    assert len(commands) == 2
    for command in commands:
        name, *arguments = shlex.split(command)
        assert name == "taskgen"
        app(arguments, standalone_mode=False)
    before, after = contents(generated), contents(tmp_path / "remade")
    assert {path: content for path, content in after.items() if path.startswith("data/")} == {
        path: content for path, content in before.items() if path.startswith("data/")
    }


def test_a_recipe_is_run_again(curated):
    told = section((curated / "README.md").read_text(), "## Make it again")
    assert "taskgen curate recipe.yaml --out remade\n" in told
    assert "`recipe.yaml` reads `evaluation.jsonl` and `completions.jsonl`, which are not in this folder" in told
    assert "the files that the recipe reads and the completions that were sampled, the bytes" in told
