"""Opens sources for the tests, in a process of its own: the Hub's clients read their settings when they are imported.

Every line of standard input is a name; every line of standard output is a JSON object with what it held, or the error.
A line `datasets NAME CONFIG` is answered by `datasets.load_dataset` itself.
"""

import json
import sys

from taskgen.curation.sources import open_source
from taskgen.engine.errors import Trouble, UsageError


def held(name: str) -> dict[str, object]:
    """Splits, rows and commit of a source."""
    source = open_source(name)
    return {
        "rows": [row for table in source.tables() for row in table.to_pylist()],
        "files": [[file.path.name, file.split] for file in source.files],
        "revision": source.revision,
        "split": source.split,
        "column": source.column,
    }


def loaded(name: str, config: str) -> dict[str, object]:
    """The rows of every split as `datasets` has them."""
    import datasets

    datasets.disable_progress_bars()
    return {"splits": {split: list(rows) for split, rows in datasets.load_dataset(name, config).items()}}


def answer(line: str) -> dict[str, object]:
    """What a line asks for."""
    try:
        return loaded(*line.split()[1:]) if line.startswith("datasets ") else held(line)
    except (Trouble, UsageError) as error:
        return {"error": type(error).__name__, "message": str(error)}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(line.strip())), flush=True)
