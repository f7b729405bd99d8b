"""Jobs for the executors' tests."""

import os
import signal
from pathlib import Path

from taskgen.knobs import KnobError


def double(spec, tick):
    tick(1)
    return 2 * spec


def noisy(spec, tick):
    print("a stray print", flush=True)
    os.write(1, b"and a stray write")
    return spec


def die_once(spec, tick):
    marker = Path(spec)
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "second try"


def die(spec, tick):
    os.kill(os.getpid(), signal.SIGKILL)


def wrong_knob(spec, tick):
    raise KnobError("people=99 is out of range")


def no_file(spec, tick):
    Path("/nowhere/at/all").read_text()


def fault(spec, tick):
    return 1 // 0
