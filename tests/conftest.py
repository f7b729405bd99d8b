"""Options and fixtures of the whole suite: tests that take `name` run over every task that the registry finds."""

import pytest
from hypothesis import settings

import taskgen

settings.register_profile("taskgen", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("taskgen")


def pytest_addoption(parser):
    parser.addoption("--task", action="append", help="run the tests over every task for this task only (repeatable)")


def pytest_configure(config):
    for name in config.getoption("--task") or []:
        try:
            taskgen.task(name)
        except ValueError as error:
            raise pytest.UsageError(str(error)) from None


def pytest_generate_tests(metafunc):
    if "name" in metafunc.fixturenames:
        names = metafunc.config.getoption("--task") or taskgen.tasks()
        metafunc.parametrize("name", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in names])
