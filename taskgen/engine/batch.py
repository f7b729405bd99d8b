"""Judging many completions at once, in worker processes that can be killed."""

import atexit
import os
import re
import selectors
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from taskgen.engine.workers import Worker, WorkerGone
from taskgen.judging import verify
from taskgen.problem import Problem, Verdict, encode, limit, verifier_error

if TYPE_CHECKING:
    from taskgen.records import Record

STALL_SECONDS = 10.0
"""A worker that judges no completion for so long is killed. Generous: a first call may compile a kernel."""
CHUNK_ITEMS = 512
CHUNK_CHARACTERS = 4_000_000

Item = tuple[str, str]
"""A problem's JSON string and a completion."""

_SURROGATES = re.compile("[\ud800-\udfff]")


def verify_batch(
    problems: "Sequence[str | Problem | Record | Mapping[str, Any]]", completions: Sequence[str], workers: int = 1
) -> list[Verdict]:
    """Judge completion i against problem i; the verdicts come in order. Safe to call from any thread.

    With one worker the judging happens in this process. With more it happens in worker processes that are started once
    and kept: there a completion that cannot be judged within STALL_SECONDS gets the status `limit`, one that kills its
    worker `verifier_error`. Raises ValueError where the two sequences differ in length.
    """
    if len(problems) != len(completions):
        raise ValueError(f"verify_batch got {len(problems)} problems and {len(completions)} completions")
    if workers < 1:
        raise ValueError(f"workers {workers} is out of range: 1 or more")
    texts = [_SURROGATES.sub("\ufffd", text) if isinstance(text, str) else text for text in completions]
    if workers == 1:
        return [verify(problem, text) for problem, text in zip(problems, texts, strict=True)]
    verdicts: list[Verdict | None] = []
    items: list[Item] = []
    for problem, text in zip(problems, texts, strict=True):
        carried = _carried(problem)
        if isinstance(text, str) and carried is not None:
            items.append((carried, text))
            verdicts.append(None)
        else:
            verdicts.append(verify(problem, text))
    judged = iter(_POOL.judge(items, workers))
    return [next(judged) if verdict is None else verdict for verdict in verdicts]


def _carried(problem: Any) -> str | None:
    """The problem as the string that goes to a worker; None for what only an error can be said about."""
    if isinstance(problem, Problem):
        return encode(problem)
    if isinstance(problem, Mapping):
        problem = problem.get("problem")
    text = problem if isinstance(problem, str) else getattr(problem, "problem", None)
    return _SURROGATES.sub("\ufffd", text) if isinstance(text, str) else None


def judge_chunk(items: Sequence[Item], tick: Callable[[int], None]) -> list[Verdict]:
    """The verdicts on a chunk; runs in a worker."""
    verdicts = []
    for problem, completion in items:
        verdicts.append(verify(problem, completion))
        tick(1)
    return verdicts


class _Pool:
    """Worker processes that outlive a batch. One batch at a time; other threads wait for their turn."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Worker] = []

    def judge(self, items: Sequence[Item], workers: int) -> list[Verdict]:
        """The verdicts on the items, in order."""
        with self._lock:
            batch = _Batch(items, workers, self._idle)
            try:
                return batch.run()
            finally:
                batch.kill_busy()

    def forget(self) -> None:
        """After a fork the workers belong to the parent: leave them to it."""
        self._lock, self._idle = threading.Lock(), []

    def close(self) -> None:
        """Stop the idle workers."""
        while self._idle:
            self._idle.pop().kill()


class _Batch:
    """One batch: chunks wait, are judged and, where a worker hangs or dies, are judged again item by item."""

    def __init__(self, items: Sequence[Item], workers: int, idle: list[Worker]) -> None:
        self._items = items
        self._verdicts: list[Verdict | None] = [None] * len(items)
        self._size = workers
        self._idle = idle
        self._waiting = deque(_chunks(items, workers))
        self._busy: dict[Worker, tuple[range, float]] = {}
        """The chunk that each worker is at and the time at which it was last seen moving."""

    def run(self) -> list[Verdict]:
        """Judge everything."""
        with selectors.DefaultSelector() as selector:
            while self._waiting or self._busy:
                while self._waiting and len(self._busy) < self._size:
                    self._start(selector, self._waiting.popleft())
                for key, _ in selector.select(STALL_SECONDS / 10):
                    self._hear(selector, key.data)
                now = time.monotonic()
                for worker, (chunk, seen) in list(self._busy.items()):
                    if now - seen > STALL_SECONDS:
                        self._drop(selector, worker)
                        self._blame(chunk, limit(f"not judged within {STALL_SECONDS:.0f} s"))
        return [verdict for verdict in self._verdicts if verdict is not None]

    def kill_busy(self) -> None:
        """Kill the workers that an exception left at work: their answers belong to no batch any more."""
        while self._busy:
            self._busy.popitem()[0].kill()

    def _start(self, selector: selectors.BaseSelector, chunk: range) -> None:
        worker = self._idle.pop() if self._idle else Worker()
        self._busy[worker] = (chunk, time.monotonic())
        selector.register(worker, selectors.EVENT_READ, worker)
        worker.call(f"{__name__}:judge_chunk", [self._items[position] for position in chunk])

    def _hear(self, selector: selectors.BaseSelector, worker: Worker) -> None:
        chunk, _ = self._busy[worker]
        try:
            kind, content = worker.answer()
        except WorkerGone as end:
            self._drop(selector, worker)
            self._blame(chunk, verifier_error(f"the worker that judged this died: {end}"))
            return
        if kind == "tick":
            self._busy[worker] = (chunk, time.monotonic())
            return
        selector.unregister(worker)
        del self._busy[worker]
        self._idle.append(worker)
        if kind == "failed":
            self._blame(chunk, verifier_error(str(content)))
        else:
            self._verdicts[chunk.start : chunk.stop] = msgspec.convert(content, list[Verdict])

    def _drop(self, selector: selectors.BaseSelector, worker: Worker) -> None:
        selector.unregister(worker)
        del self._busy[worker]
        worker.kill()

    def _blame(self, chunk: range, verdict: Verdict) -> None:
        """A chunk of one has found its culprit; a longer one is judged again item by item."""
        if len(chunk) == 1:
            self._verdicts[chunk.start] = verdict
        else:
            self._waiting.extend(range(position, position + 1) for position in chunk)


def _chunks(items: Sequence[Item], workers: int) -> list[range]:
    """Ranges that share the items among the workers, none too long to be sent in one message."""
    most = max(1, min(CHUNK_ITEMS, -(-len(items) // (4 * workers))))
    chunks, start, characters = [], 0, 0
    for position, (problem, completion) in enumerate(items):
        if position > start and (position - start == most or characters > CHUNK_CHARACTERS):
            chunks.append(range(start, position))
            start, characters = position, 0
        characters += len(problem) + len(completion)
    if start < len(items):
        chunks.append(range(start, len(items)))
    return chunks


_POOL = _Pool()
atexit.register(_POOL.close)
os.register_at_fork(after_in_child=_POOL.forget)
