"""Runs taskgen's command lines in one process of its own: the Hub's clients read their settings when they are imported.

Every line of standard input is a JSON list: a token, a folder to stand in, and the arguments; every line of standard
output is exit code, standard output and standard error. Arguments `datasets NAME REVISION` give the rows of every split
as `datasets.load_dataset` has them, in place of the output.
"""

import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout

from taskgen.cli.main import run


def loaded(name: str, revision: str) -> str:
    """The rows of every split as `datasets` has them."""
    import datasets

    datasets.disable_progress_bars()
    return json.dumps({split: list(rows) for split, rows in datasets.load_dataset(name, revision=revision).items()})


def answer(token: str, folder: str, arguments: list[str]) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command line."""
    os.environ["HF_TOKEN"] = token
    os.chdir(folder)
    if arguments[0] == "datasets":
        return 0, loaded(*arguments[1:]), ""
    out, complaints = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    code = 0
    with redirect_stdout(out), redirect_stderr(complaints):
        try:
            run(arguments)
        except SystemExit as end:
            code = int(end.code or 0)
    return code, *(stream.buffer.getvalue().decode() for stream in (out, complaints))


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(*json.loads(line))), flush=True)
