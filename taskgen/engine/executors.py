"""Where shards are made: in this process or in a pool of workers. Ray would be one more class of this shape."""

import os
import selectors
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import msgspec

from taskgen.engine.errors import ShardLost
from taskgen.engine.worker import Failure, resolve, unpack
from taskgen.engine.workers import Worker, WorkerGone

TRIES = 2
"""How often a shard is begun before a worker that dies on it is reported."""


class Executor(Protocol):
    """Runs a function over specs; which backend does it changes no result."""

    def map_shards(self, function: str, specs: Sequence[Any], tick: Callable[[int], None]) -> Iterator[tuple[int, Any]]:
        """Position and result of every spec, in order of completion.

        `function` is named `module:name` and called as `function(spec, tick)`; specs and results are what msgpack can
        carry. `tick(n)` is called as units of work are done. The first exception ends the map and is raised here.
        """

    def close(self) -> None:
        """Stop whatever still runs."""


class Inline:
    """Runs shards in this process, one after the other."""

    def map_shards(self, function: str, specs: Sequence[Any], tick: Callable[[int], None]) -> Iterator[tuple[int, Any]]:
        """See Executor."""
        job = resolve(function)
        for position, spec in enumerate(specs):
            yield position, msgspec.to_builtins(job(msgspec.to_builtins(spec), tick))

    def close(self) -> None:
        """Nothing runs between shards."""


class ProcessPool:
    """Runs shards in worker processes, which start at the first map and live until `close`."""

    def __init__(self, workers: int) -> None:
        self._size = workers
        self._idle: list[Worker] = []
        self._busy: dict[Worker, tuple[int, int]] = {}
        """Position and try of the shard that each worker is at."""

    def map_shards(self, function: str, specs: Sequence[Any], tick: Callable[[int], None]) -> Iterator[tuple[int, Any]]:
        """See Executor."""
        waiting = deque((position, 1) for position in range(len(specs)))
        with selectors.DefaultSelector() as selector:
            while waiting or self._busy:
                while waiting and len(self._busy) < self._size:
                    self._start(selector, function, specs, waiting.popleft())
                for key, _ in selector.select():
                    worker: Worker = key.data
                    try:
                        kind, content = worker.answer()
                    except WorkerGone as end:
                        waiting.appendleft(self._lost(selector, worker, end))
                        continue
                    if kind == "tick":
                        tick(content)
                        continue
                    position, _ = self._busy.pop(worker)
                    selector.unregister(worker)
                    self._idle.append(worker)
                    if kind == "failed":
                        raise unpack(msgspec.convert(content, Failure))
                    yield position, content

    def _start(
        self, selector: selectors.BaseSelector, function: str, specs: Sequence[Any], shard: tuple[int, int]
    ) -> None:
        worker = self._idle.pop() if self._idle else Worker()
        self._busy[worker] = shard
        selector.register(worker, selectors.EVENT_READ, worker)
        worker.call(function, specs[shard[0]])

    def _lost(self, selector: selectors.BaseSelector, worker: Worker, end: WorkerGone) -> tuple[int, int]:
        """The shard of a dead worker, to be begun again. Raises ShardLost where that has been done."""
        position, tries = self._busy.pop(worker)
        selector.unregister(worker)
        worker.kill()
        if tries == TRIES:
            raise ShardLost(position, str(end))
        return position, tries + 1

    def close(self) -> None:
        """Kill every worker, busy or idle."""
        for worker in [*self._idle, *self._busy]:
            worker.kill()
        self._idle.clear()
        self._busy.clear()


def executor(workers: int) -> Executor:
    """The backend for this many workers: a process pool, or this process where one worker is all."""
    return ProcessPool(workers) if workers > 1 else Inline()


def default_workers() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
