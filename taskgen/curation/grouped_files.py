"""Entries on disk by group: the shuffle between two passes of shards. One pass writes parts, each a file with its
entries sorted by group; the next reads one group out of every part.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy

from taskgen.engine.files import naming

_BOUND = numpy.dtype("<i8")


def write_part(path: Path, entries: Any, group: Any, groups: int) -> None:
    """Write a structured array with the group, 0 to groups - 1, of each entry; within a group they keep their order."""
    order = numpy.argsort(group, kind="stable")
    bounds = numpy.searchsorted(group[order], numpy.arange(groups + 1)).astype(_BOUND)
    with naming(path), open(path, "wb") as file:
        file.write(bounds.tobytes())
        file.write(entries[order].tobytes())


def read_group(parts: Iterable[Path], kind: Any, group: int, groups: int) -> Any:
    """The entries of a group, of dtype `kind`, from all parts in the order given."""
    found = []
    for path in parts:
        start, end = numpy.fromfile(path, _BOUND, 2, offset=group * _BOUND.itemsize)
        place = (groups + 1) * _BOUND.itemsize + int(start) * kind.itemsize
        found.append(numpy.fromfile(path, kind, end - start, offset=place))
    return numpy.concatenate(found) if found else numpy.empty(0, kind)
