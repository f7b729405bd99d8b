"""What a task's files promise to whoever reads or imports them."""

import ast
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import taskgen
from taskgen.knobs import describe
from taskgen.registry import all_tasks

HEAVY = "numpy numba sympy z3 datasets pyarrow polars networkx pysat".split()


def sources(name):
    task = taskgen.task(name)
    return [Path(find_spec(module).origin) for module in (task.rules_module, task.generator_module, task.oracle_module)]


def test_all_four_files_are_there(name):
    for path in [*sources(name), taskgen.task(name).template]:
        assert path.is_file(), path


def test_no_file_is_longer_than_four_hundred_lines(name):
    for path in sources(name):
        assert len(path.read_text().splitlines()) <= 400, path


def test_model_text_reaches_no_evaluator(name):
    tree = ast.parse(sources(name)[0].read_text())
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert not called & {"eval", "exec", "compile", "__import__"}


def test_rules_and_generators_import_nothing_heavy():
    modules = [module for task in all_tasks().values() for module in (task.rules_module, task.generator_module)]
    code = f"import sys, importlib\nfor m in {modules!r}: importlib.import_module(m)\n"
    code += f"print([heavy for heavy in {HEAVY!r} if heavy in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_every_knob_says_what_it_does(name):
    for knob, span, meaning, _ in describe(taskgen.task(name).knobs_type):
        assert meaning, f"knob {knob} has no description"
        assert span


def test_no_text_field_takes_a_line_break_at_its_end(name):
    for path in sources(name)[:1]:
        for pattern in re.findall(r'pattern=r?"([^"]*)"', path.read_text()):
            assert not pattern.endswith("$"), f"{pattern} also matches before a final line break: write \\Z"
