"""`python -m taskgen` is `taskgen`."""

from taskgen.cli.main import run

run()
