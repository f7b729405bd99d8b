"""The page of a task, for every task there is: what it says is true, and it is the same wherever it is made."""

import re
import resource
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

import taskgen
from taskgen.engine.errors import Trouble
from taskgen.knobs import describe
from taskgen.problem import decode
from taskgen.prompts import wordings
from taskgen.publishing.cards.task_page import SHOWN, task_page, write_task_page
from tests.curation.in_process import in_process
from tests.engine.conftest import command, contents

DATA_CARDS = Path(__file__).parents[2] / "data_cards"
MARKDOWN = MarkdownIt("commonmark").enable("table")


def fences(text):
    return [token.content.removesuffix("\n") for token in MARKDOWN.parse(text) if token.type == "fence"]


@pytest.fixture(scope="module")
def pages():
    """Pages that were made already, by task."""
    return {}


@pytest.fixture
def page(name, pages):
    return pages.setdefault(name, task_page(name)) if name not in pages else pages[name]


# For every task


def test_the_page_in_data_cards_is_what_the_command_makes(name, page):
    assert (DATA_CARDS / f"{name}.md").read_text(encoding="utf-8") == page.text
    assert {path: (DATA_CARDS / path).read_bytes() for path in page.pictures} == page.pictures


def test_a_page_shows_problems_that_are_solved_by_the_answers_shown(name, page):
    shown = fences(page.text)
    for rung in SHOWN:
        record = taskgen.task(name).generate(difficulty=rung)
        assert record.prompt[:2_000] in "\n".join(shown)
        assert record.answer[:1_000] in "\n".join(shown)
        assert taskgen.verify(record, f"<answer>{record.answer}</answer>")


def test_a_page_explains_every_knob_and_names_every_wording(name, page):
    task = taskgen.task(name)
    for knob, _, meaning, _ in describe(task.knobs_type):
        assert f"| `{knob}` |" in page.text
        assert meaning.split(";")[0].replace("|", "\\|") in page.text
    assert all(f"`{wording}`" in page.text for wording in wordings(task.template))


def test_a_page_has_all_rungs_with_rising_difficulty(name, page):
    ladder = page.text.split("## The ladder")[1].split("## Samples")[0]
    assert re.findall(r"^\| (\d+) \|", ladder, re.MULTILINE) == [str(rung) for rung in range(1, 11)]


def test_a_page_tells_what_a_wrong_answer_is_told(name, page):
    reasons = page.text.split("| status | reason |")[1].split("##")[0]
    assert re.search(r"^\| `(wrong|malformed)` \| \S", reasons, re.MULTILINE)
    assert "| `no_answer` | the last &lt;answer&gt; is never closed |" in reasons
    assert "verifier_error" not in reasons


def test_a_page_says_that_guessing_scores_nothing(name, page):
    assert "scores 0 on the 40 records above." in page.text


def test_a_page_shows_its_picture_and_no_other(name, page):
    shown = re.findall(r"!\[[^\n]+\]\(([^)\n]+)\)", page.text)
    assert shown == list(page.pictures)
    assert all(content.startswith((b"<svg", b"<?xml")) for content in page.pictures.values())


def test_a_page_has_tables_whose_rows_have_the_cells_of_their_heading(name, page):
    outside = re.sub(r"^(`{3,})text\n.*?\n\1$", "(a fence)", page.text, flags=re.MULTILINE | re.DOTALL)
    width = 0
    for line in outside.splitlines():
        cells = len(re.split(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        assert not (width and cells) or cells == width, line
        width = cells
    assert "\n\n\n" not in outside


# The command


def test_the_command_writes_the_page_and_its_picture_the_same_whatever_the_order_of_hashes(tmp_path):
    code, output, complaints = command("card", "--task", "shortest_path", cwd=tmp_path, PYTHONHASHSEED="7")
    assert (code, complaints) == (0, "")
    assert output == "data_cards/shortest_path.md\ndata_cards/pictures/shortest_path.svg\n"
    made = contents(tmp_path / "data_cards")
    write_task_page("shortest_path", tmp_path / "here")
    assert made == contents(tmp_path / "here")
    assert b"](pictures/shortest_path.svg)" in made["shortest_path.md"]


def test_a_task_from_another_package_has_a_page_too(tmp_path):
    code, output, _ = command("card", "--task", "addition", "--out", "pages", cwd=tmp_path)
    assert (code, output) == (0, "pages/addition.md\n")
    assert "# addition\n" in (tmp_path / "pages/addition.md").read_text()


def test_a_page_is_made_anew_where_nobody_has_edited_it(tmp_path):
    made = [write_task_page("sokoban", tmp_path) for _ in range(2)]
    assert made[0] == made[1] == [tmp_path / "sokoban.md", tmp_path / "pictures/sokoban.svg"]
    assert sorted(contents(tmp_path)) == ["pictures/sokoban.svg", "sokoban.md"]


@pytest.mark.parametrize("lost", ["sokoban.md", "pictures/sokoban.svg"])
def test_what_a_run_that_died_has_not_written_is_written_by_the_next(tmp_path, lost):
    write_task_page("sokoban", tmp_path)
    before = contents(tmp_path)
    (tmp_path / lost).unlink()
    write_task_page("sokoban", tmp_path)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("edited", ["sokoban.md", "pictures/sokoban.svg"])
def test_an_edited_page_is_refused_and_left(tmp_path, capsys, edited):
    write_task_page("sokoban", tmp_path)
    with open(tmp_path / edited, "a") as file:
        file.write("\nmine\n")
    before = contents(tmp_path)
    code, output, complaints = in_process(capsys, "card", "--task", "sokoban", "--out", tmp_path)
    assert (code, output) == (1, "")
    assert complaints == (
        f"taskgen: {tmp_path}/{edited} is not as `taskgen card --task sokoban` left it; move it or choose "
        "another --out\n"
    )
    assert contents(tmp_path) == before


def test_a_page_that_is_not_ours_is_refused(tmp_path):
    (tmp_path / "sokoban.md").write_text("my notes\n")
    with pytest.raises(Trouble, match="is not as"):
        write_task_page("sokoban", tmp_path)
    assert contents(tmp_path) == {"sokoban.md": b"my notes\n"}


def test_a_full_disk_leaves_nothing_and_is_named(tmp_path):
    """The page fits on it, the picture does not."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (18_000, hard))
    try:
        with pytest.raises(OSError, match="File too large") as error:
            write_task_page("arc_grid", tmp_path / "pages")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert error.value.filename == str(tmp_path / "pages/pictures/arc_grid.svg")
    assert list(tmp_path.iterdir()) == []


WRONG = {
    "neither folder nor task": ([], "give a dataset folder, or --task NAME for the page of a task"),
    "both": (["set", "--task", "sudoku"], "give a dataset folder, or --task NAME for the page of a task"),
    "a folder elsewhere": (
        ["set", "--out", "other"],
        "--out is for --task; the card of a dataset stands in its folder",
    ),
    "an unknown task": (
        ["--task", "sudku"],
        f"unknown task sudku; did you mean sudoku? (`taskgen list` shows all {len(taskgen.tasks())})",
    ),
    "no folder": (
        ["nowhere"],
        "nowhere is no dataset folder of taskgen's: its manifest.json is missing or names no data",
    ),
}


@pytest.mark.parametrize(("arguments", "complaint"), WRONG.values(), ids=WRONG)
def test_wrong_arguments_are_one_line_and_leave_nothing(arguments, complaint, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert in_process(capsys, "card", *arguments) == (2, "", f"taskgen: {complaint}\n")
    assert list(tmp_path.iterdir()) == []


def test_the_problem_that_is_drawn_is_one_of_those_shown(pages):
    page = pages.get("sudoku") or task_page("sudoku")
    record = taskgen.task("sudoku").generate(difficulty=SHOWN[1])
    digits = [cell for row in decode(record.problem).givens for cell in row if cell]
    assert re.findall(r">(\d)<", page.pictures["pictures/sudoku.svg"].decode()) == [str(digit) for digit in digits]
