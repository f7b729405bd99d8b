"""A package of somebody else brings a task through the entry-point group `taskgen.tasks`.

Its code is the example of docs/architecture.md, so the guide is tested, too.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs" / "architecture.md").read_text()


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    site = tmp_path_factory.mktemp("site")
    package = site / "acme_tasks" / "between"
    package.mkdir(parents=True)
    for folder in (package.parent, package):
        (folder / "__init__.py").write_text("")
    guide = GUIDE.replace("taskgen.verifiers.math.between", "acme_tasks.between.rules")
    modules = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    for name, code in zip(("rules", "generator", "oracle"), modules, strict=True):
        (package / f"{name}.py").write_text(code)
    (package / "generator.md.jinja").write_text(re.findall(r"```jinja\n(.*?)```", guide, re.DOTALL)[0])
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


def test_it_passes_the_tests_over_every_task(environment):
    unwritten = "not four_wordings and not golden and not all_drawn and not wordings_differ"
    result = run(environment, "-m", "pytest", "tests/every_task", "--task", "between", "-k", unwritten, cwd=ROOT)
    assert result.returncode == 0, result.stdout[-3000:]
