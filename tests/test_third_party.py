"""A package of somebody else brings a task through the entry-point group `taskgen.tasks`."""

import os
import subprocess
import sys

import pytest

RULES = '''
"""Any whole number strictly between two others."""
import re
from typing import Annotated, ClassVar
from msgspec import Meta
from taskgen.problem import Problem, correct, malformed, wrong

class Between(Problem, frozen=True):
    """Two bounds."""
    max_answer: ClassVar[int] = 40
    low: Annotated[int, Meta(ge=0, le=10**9)]
    high: Annotated[int, Meta(ge=0, le=10**9)]

    def verify(self, answer):
        if not re.fullmatch(r"[0-9]{1,10}", answer, re.ASCII):
            return malformed("the answer is not a whole number")
        return correct() if self.low < int(answer) < self.high else wrong("not between")

    def structure(self):
        return (self.low, self.high)
'''
GENERATOR = '''
"""Draws two bounds."""
from typing import Annotated
from msgspec import Meta
from taskgen.knobs import BaseKnobs, ladder
from taskgen.registry import Draft
from acme_tasks.between.rules import Between

class Knobs(BaseKnobs, frozen=True):
    """The size of the numbers."""
    size: Annotated[int, Meta(ge=10, le=10**8, description="largest lower bound")] = 100

LADDER = ladder(Knobs, size=[10**2, 10**3, 10**4, 10**5, 10**6, 10**7, 2 * 10**7, 4 * 10**7, 6 * 10**7, 10**8])

def generate(stream, knobs):
    low = stream.below(knobs.size)
    return Draft(Between(low, low + 2 + stream.below(9)), str(low + 1), effort=knobs.size)
'''
TEMPLATE = """
{% macro plain(problem) %}
Name a whole number between {{ problem.low }} and {{ problem.high }}. {{ answer_rule("the number.") }}
{% endmacro %}
{% macro terse(problem) %}{{ problem.low }} < n < {{ problem.high }}. {{ answer_terse("n") }}{% endmacro %}
"""
ORACLE = '''
"""Counts."""
def solutions(problem, limit):
    return [str(number) for number in range(problem.low + 1, problem.high)][:limit]

def accepts(problem, answer):
    return answer.isdecimal() and problem.low < int(answer) < problem.high

def relabel(problem, stream):
    return problem
'''


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    site = tmp_path_factory.mktemp("site")
    package = site / "acme_tasks" / "between"
    package.mkdir(parents=True)
    for folder in (package.parent, package):
        (folder / "__init__.py").write_text("")
    (package / "rules.py").write_text(RULES)
    (package / "generator.py").write_text(GENERATOR)
    (package / "generator.md.jinja").write_text(TEMPLATE)
    (package / "oracle.py").write_text(ORACLE)
    metadata = site / "acme_tasks-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-tasks\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[taskgen.tasks]\nmath.between = acme_tasks.between\n")
    return dict(os.environ, PYTHONPATH=str(site))


def run(environment, *command, cwd=None):
    return subprocess.run([sys.executable, *command], env=environment, cwd=cwd, capture_output=True, text=True)


def test_it_is_found_generated_from_and_judged(environment):
    code = (
        "import taskgen; record = taskgen.task('between').generate(difficulty=2); "
        "print(record.domain, taskgen.verify(record.problem, f'<answer>{record.answer}</answer>').score)"
    )
    result = run(environment, "-c", code)
    assert result.stdout == "math 1.0\n", result.stderr


def test_the_command_line_generates_from_it(environment, tmp_path):
    command = ["-m", "taskgen", "generate", "--task", "between", "--difficulty", "3", "--count", "60", "--workers", "2"]
    result = run(environment, *command, "--out", str(tmp_path / "out"))
    assert result.returncode == 0, result.stderr
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(tmp_path / "out" / "data" / "train-00000-of-00001.parquet")
    assert table.num_rows == 60
    assert set(table["task"].to_pylist()) == {"between"}


def test_it_is_listed(environment):
    assert "between" in run(environment, "-m", "taskgen", "list").stdout
