"""Progress goes to standard error: a bar on a terminal, a line now and then elsewhere."""

import io
import sys
import time

from taskgen.cli import progress
from taskgen.cli.progress import Bar


class Terminal(io.StringIO):
    """A standard error that says it is a terminal."""

    def isatty(self):
        return True


def test_on_a_terminal_a_bar_shows_count_rate_and_time_left(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with Bar(1000, "records", "compiling kernels (first run only)") as bar:
        bar.report("making records", 0)
        bar._progress.refresh()
        assert "making records; compiling kernels (first run only)" in screen.getvalue()
        bar.report("making records", 100)
        time.sleep(0.01)
        bar.report("making records", 300)
        bar._progress.refresh()
    shown = screen.getvalue()
    assert "300 of 1,000" in shown
    assert "records/s" in shown
    assert "left" in shown
    assert "compiling" not in shown.rpartition("making records")[2]


def test_elsewhere_there_are_lines_but_seldom(monkeypatch, capsys):
    with Bar(100, "records") as bar:
        bar.report("making records", 10)
        assert capsys.readouterr().err == ""
        monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)
        bar.report("making records", 50)
    line = capsys.readouterr().err
    assert line.startswith("making records: 50 of 100 records")
    assert line.count("\n") == 1
