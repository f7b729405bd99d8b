"""Faults that the small Hub commits on demand, each so many times, kept in `ROOT/faults.json`."""

import json
import os
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_LOCK = threading.Lock()


def inject(root: Path, *faults: Mapping[str, Any]) -> None:
    """Commit these faults on the requests `METHOD PATH` that `match` is found in, `times` times (once if unsaid).

    `status` (with `headers` and `message`) is answered instead; `drop` closes the connection after so many bytes of the
    request's body, `cut` after so many of the answer's, `lost` after the work is done, without an answer; `hold` waits
    so many seconds first; `objects` is why no large object is taken; `meanwhile` are files that somebody else commits
    first.
    """
    _write(root, [{"times": 1} | dict(fault) for fault in faults])


def next_fault(root: Path, request: str) -> dict[str, Any]:
    """The fault that a request meets, if any; it is used up by that."""
    with _LOCK:
        if not (root / "faults.json").exists():
            return {}
        faults = json.loads((root / "faults.json").read_text())
        for fault in faults:
            if fault["times"] and re.search(fault["match"], request):
                fault["times"] -= 1
                _write(root, faults)
                return fault
        return {}


def unused_faults(root: Path) -> list[dict[str, Any]]:
    """The faults that no request has met as often as they were meant."""
    return [fault for fault in json.loads((root / "faults.json").read_text()) if fault["times"]]


def _write(root: Path, faults: list[dict[str, Any]]) -> None:
    partial = root / "faults.partial"
    partial.write_text(json.dumps(faults))
    os.replace(partial, root / "faults.json")
