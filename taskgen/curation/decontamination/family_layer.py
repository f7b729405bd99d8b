"""The family layer: training rows that are the same problem as an evaluation item, by instance or structure id."""

from typing import Any

import numpy

from taskgen.curation.decontamination.columns import PROMPT
from taskgen.curation.decontamination.index import Index
from taskgen.curation.decontamination.keys import keyed_id
from taskgen.curation.identities import Identities

NO_ITEM = -1


class FamilyLayer:
    """The ids of all items of an index."""

    def __init__(self, index: Index, key: bytes | None) -> None:
        self._key = key
        self._instances: dict[bytes, int] = {}
        self._structures: dict[bytes, int] = {}
        parts = index.table["part"].to_pylist()
        columns = (index.table["instance"].to_pylist(), index.table["structure"].to_pylist())
        for item, (part, instance, structure) in enumerate(zip(parts, *columns, strict=True)):
            if part == PROMPT:
                self._instances.setdefault(instance, item)
                self._structures.setdefault(structure, item)

    def find(self, ids: Identities) -> tuple[Any, Any]:
        """For each row the first item of the same instance, or else of the same structure, or NO_ITEM; and whether it
        is the same instance.
        """
        instances, structures = (
            [known.get(keyed_id(bytes.fromhex(text), self._key), NO_ITEM) for text in column]
            for known, column in ((self._instances, ids.instance), (self._structures, ids.structure))
        )
        same = numpy.array(instances, numpy.int32)
        return numpy.where(same != NO_ITEM, same, numpy.array(structures, numpy.int32)), same != NO_ITEM
