"""The command line without a process of its own, which takes a second to start."""

import pytest

from taskgen.cli.main import run


def in_process(capsys, *arguments):
    """Exit code, standard output and standard error of a command."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        run([str(argument) for argument in arguments])
    said = capsys.readouterr()
    return end.value.code, said.out, said.err
