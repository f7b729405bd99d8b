"""taskgen: unlimited problems whose answers a program can check.

>>> import taskgen
>>> record = taskgen.task("sudoku").generate(difficulty=5, seed=1)
>>> taskgen.verify(record, f"<answer>{record.answer}</answer>").score
1.0
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from taskgen.engine.batch import verify_batch as verify_batch
    from taskgen.environment import Environment as Environment
    from taskgen.judging import verify as verify
    from taskgen.problem import Problem as Problem
    from taskgen.problem import Verdict as Verdict
    from taskgen.records import Record as Record
    from taskgen.records import load as load
    from taskgen.registry import task as task
    from taskgen.registry import tasks as tasks

__version__ = "0.1.0"

_HOMES = {
    "Environment": "taskgen.environment",
    "Problem": "taskgen.problem",
    "Record": "taskgen.records",
    "Verdict": "taskgen.problem",
    "load": "taskgen.records",
    "task": "taskgen.registry",
    "tasks": "taskgen.registry",
    "verify": "taskgen.judging",
    "verify_batch": "taskgen.engine.batch",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'taskgen' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
