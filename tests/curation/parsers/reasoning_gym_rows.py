"""The rows in `rows/`, which reasoning-gym made."""

import json
import lzma
from functools import lru_cache
from pathlib import Path

from taskgen.curation.parsers import Row, identity, recognise
from taskgen.curation.texts import normal

ROWS = Path(__file__).parent / "rows"


@lru_cache
def read_rows(name):
    """The rows of a file, each a dictionary."""
    return [json.loads(line) for line in lzma.decompress((ROWS / name).read_bytes()).decode().splitlines()]


def found(row, **changes):
    """What the parsers make of a row."""
    row = row | changes
    return recognise(Row(normal(row["question"]), {"metadata": row["metadata"]}))


def ids(row, **changes):
    """The ids of a row that some parser knows."""
    return identity(found(row, **changes))
