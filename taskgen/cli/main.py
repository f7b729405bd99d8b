"""The command line: `taskgen COMMAND`. Commands load what they need when they run, so that help comes at once."""

import os
import sys
from typing import Annotated

import typer

from taskgen import __version__
from taskgen.cli import (
    audit,
    calibrate,
    card,
    curate,
    decontaminate,
    dedup,
    export,
    generate,
    leak_check,
    listing,
    mix,
    near_duplicates,
    pull,
    push,
    reproduce,
    rescore,
    rollout,
    show,
    split,
    verify,
    weak,
)
from taskgen.cli import filter as filtering

USAGE, TROUBLE, INTERRUPTED, PIPE_CLOSED = 2, 1, 130, 141
# Newer typers bring their own copy of click, older ones need the original: take the class from where it is.
_ClickException = typer.BadParameter.__mro__[2]

app = typer.Typer(
    name="taskgen",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("generate")(generate.generate)
app.command("list")(listing.list_tasks)
app.command("show")(show.show)
app.command("verify")(verify.verify)
app.command("audit")(audit.audit)
app.command("dedup")(dedup.dedup)
app.command("decontaminate")(decontaminate.decontaminate)
app.command("index")(decontaminate.index)
app.command("leak-check")(leak_check.leak_check)
app.command("near-duplicates")(near_duplicates.near_duplicates)
app.command("rollout")(rollout.rollout)
app.command("rescore")(rescore.rescore)
app.command("filter")(filtering.filter_rows)
app.command("curate")(curate.curate)
app.command("mix")(mix.mix)
app.command("split")(split.split)
app.command("calibrate")(calibrate.calibrate)
app.command("weak")(weak.weak)
app.command("card")(card.card)
app.command("push")(push.push)
app.command("pull")(pull.pull)
app.command("export")(export.export)
app.command("reproduce")(reproduce.reproduce)


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    """Unlimited reasoning problems whose answers a program can check.

    Begin with: taskgen generate --task knights_and_knaves --difficulty 3
    """
    if version:
        print(f"taskgen {__version__}")
    elif context.invoked_subcommand is None:
        print(context.get_help())


def run(arguments: list[str] | None = None) -> None:
    """Run a command line and leave with its exit code; what a user can put right is one line on standard error."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        code = app(arguments, standalone_mode=False)
        sys.stdout.flush()
        if code == INTERRUPTED:  # how newer typers tell of Ctrl-C
            _complain("stopped", INTERRUPTED)
    except (KeyboardInterrupt, typer.Abort):
        code = _complain("stopped", INTERRUPTED)
    except BrokenPipeError:
        _give_up_output()
        code = PIPE_CLOSED
    except Exception as error:
        code = _explain(error)
    sys.exit(code or 0)


def _explain(error: Exception) -> int:
    """Say in one line what went wrong, where that was not a fault of ours."""
    from taskgen.engine.errors import Stopped, Trouble, UsageError
    from taskgen.knobs import KnobError
    from taskgen.records import GeneratorFault
    from taskgen.registry import UnknownTask

    if isinstance(error, _ClickException):
        return _complain(error.format_message(), USAGE)  # type: ignore[attr-defined]
    match error:
        case UsageError() | KnobError() | UnknownTask():
            return _complain(str(error), USAGE)
        case Stopped():
            return _complain(str(error), INTERRUPTED)
        case Trouble() | GeneratorFault():
            return _complain(str(error), TROUBLE)
        case OSError(strerror=str()):
            _give_up_output()
            place = f"{error.filename}: " if error.filename else ""
            return _complain(f"{place}{error.strerror}", TROUBLE)
    raise error


def _give_up_output() -> None:
    """Standard output may be what failed: let Python not try it again at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(message: str, code: int) -> int:
    print(f"taskgen: {' '.join(message.split())}", file=sys.stderr)
    return code
