"""The page of a task, for `data_cards/`: rules, ladder, samples, effort, the floor. The same on every machine."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from taskgen.engine.audit import null_floor
from taskgen.engine.errors import Trouble
from taskgen.engine.files import whole_file
from taskgen.engine.folders import remove_if_empty
from taskgen.engine.policies import completion, mutations, null_completions
from taskgen.judging import verify
from taskgen.knobs import canonical
from taskgen.problem import Status
from taskgen.publishing.cards.card import FORMS, Sample, sample_of
from taskgen.publishing.cards.markdown import listed, render
from taskgen.publishing.cards.rules import rules_of
from taskgen.publishing.cards.settings import knob_table
from taskgen.publishing.pictures import draw
from taskgen.records import Record
from taskgen.registry import Task, task
from taskgen.seeding import Stream

RECORDS = 4
"""Records of each rung that are measured: the first of seed 0."""
SHOWN = (1, 5, 10)
"""Rungs of which a record is shown; the one in the middle is drawn."""
MOST = 3_000
"""Characters of a prompt that are shown."""
REASONS = 7
"""Kinds of reasons that are shown of each status."""
_STATUSES: tuple[Status, ...] = ("wrong", "malformed", "limit", "no_answer", "verifier_error")
_VARYING = re.compile(r"(?:(?:'[^']*'|\"[^\"]*\"|`[^`]*`|-?\d+|\b[A-Z]\w*)(?:[,/] ?)?)+")
"""Names and numbers in a reason, alone or in a list."""
_MARK = re.compile(r"\n<!-- taskgen card --task (\S+): ([0-9a-f]{64}) -->\n\Z")


@dataclass(frozen=True)
class TaskPage:
    """A page: its Markdown, and the pictures that it shows by their paths beside it."""

    text: str
    pictures: Mapping[str, bytes]


class Rung(NamedTuple):
    """What was measured on the records of a rung."""

    difficulty: int
    least: float
    effort: float
    most: float
    """Least, mean and most effort."""
    prompt: float
    answer: float
    """Mean characters of prompts and answers."""


class Reason(NamedTuple):
    """What the verifier says of an answer that it does not accept: one example of many that differ in names."""

    status: str
    example: str


def task_page(name: str) -> TaskPage:
    """The page of a task. Raises UnknownTask."""
    subject = task(name)
    rules = rules_of(name)
    assert rules is not None  # the registry knows the task
    rungs = [[_record(subject, rung, index) for index in range(RECORDS)] for rung in range(1, len(subject.ladder) + 1)]
    records = [record for rung in rungs for record in rung]
    floor, policy = null_floor(records)
    shown = [rungs[rung - 1][0] for rung in SHOWN]
    picture = draw(shown[len(shown) // 2].problem)
    drawn = f"pictures/{name}.svg"
    text = render(
        "task.md.jinja",
        task=subject,
        rules=rules,
        places=[FORMS[form] for form in rules.forms],
        ladder=[_measured(rung) for rung in rungs],
        knobs=knob_table([[canonical(knobs)] for knobs in subject.ladder]),
        samples=[_sample(record) for record in shown],
        picture=picture,
        drawn=drawn,
        drawn_at=SHOWN[len(SHOWN) // 2],
        reasons=list(_reasons([rung[0] for rung in rungs])),
        terse=_record(subject, SHOWN[0], 0, "terse"),
        floor=floor,
        floor_policy=policy,
        records=RECORDS,
        policies=len(null_completions("", "")),
        listed=listed,
    )
    pictures = {drawn: picture.svg} if picture else {}
    return TaskPage(_signed(name, text, pictures), pictures)


def write_task_page(name: str, out: Path) -> list[Path]:
    """Write the page of a task and its pictures to a folder, all of them or none; the result is their paths.

    Raises UnknownTask, OSError, and Trouble where a page or a picture of these names is there that was edited or is
    not ours.
    """
    page = task_page(name)
    files = {out / f"{name}.md": page.text.encode()} | {out / path: content for path, content in page.pictures.items()}
    _check_own(name, files)
    folders = {parent for path in files for parent in path.parents if not parent.exists()}
    try:
        with ExitStack() as stack:
            for path, content in files.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                file = stack.enter_context(whole_file(path))
                file.write(content)
                file.flush()  # a disk that is full says so before any file has its name
    except BaseException:
        for folder in sorted(folders, reverse=True):
            remove_if_empty(folder)
        raise
    return list(files)


def _check_own(name: str, files: Mapping[Path, bytes]) -> None:
    """Only what this command has written, and nobody has changed, may be replaced."""
    page, *pictures = files
    there = [path for path in files if path.exists() and not (path.is_file() and path.read_bytes() == files[path])]
    if not there:
        return
    text = page.read_text(errors="replace") if page.is_file() else ""
    mark = _MARK.search(text)
    drawn = {f"{path.parent.name}/{path.name}": path.read_bytes() for path in pictures if path.is_file()}
    if mark is None or mark[1] != name or _signature(text[: mark.start()], drawn) != mark[2]:
        raise Trouble(f"{there[0]} is not as `taskgen card --task {name}` left it; move it or choose another --out")


def _signed(name: str, text: str, pictures: Mapping[str, bytes]) -> str:
    """The page with a last line that tells whether anybody has changed it."""
    body = text.rstrip("\n") + "\n"
    return f"{body}\n<!-- taskgen card --task {name}: {_signature(body, pictures)} -->\n"


def _signature(text: str, pictures: Mapping[str, bytes]) -> str:
    digest = sha256(text.encode())
    for path, content in sorted(pictures.items()):
        digest.update(path.encode() + b"\0" + content)
    return digest.hexdigest()


def _record(subject: Task, rung: int, index: int, wording: str | None = None) -> Record:
    return subject.generate(difficulty=rung, index=index, wording=wording)


def _sample(record: Record) -> Sample:
    return sample_of(record.prompt, record.answer, record.difficulty, MOST)


def _measured(records: Sequence[Record]) -> Rung:
    efforts = [record.effort for record in records]
    lengths = [[len(getattr(record, name)) for record in records] for name in ("prompt", "answer")]
    means = [round(sum(values) / len(records)) for values in lengths]
    return Rung(records[0].difficulty, min(efforts), sum(efforts) / len(records), max(efforts), *means)


def _reasons(records: Sequence[Record]) -> Iterator[Reason]:
    """What the verifier says of damaged answers and of no answer at all: each kind of reason once."""
    found: dict[tuple[str, str], str] = {}
    for record in records:
        for text in _damaged(record):
            verdict = verify(record, text)
            if not verdict:
                pattern = _VARYING.sub("*", verdict.reason)
                found.setdefault((verdict.status, pattern), verdict.reason)
    for status in _STATUSES:
        kinds = sorted(pattern for own, pattern in found if own == status)
        yield from (Reason(status, found[status, pattern]) for pattern in kinds[:REASONS])


def _damaged(record: Record) -> Iterator[str]:
    yield from ("", "<answer>never closed", completion(""), completion("?"), completion("1 " * 20_000))
    yield from map(completion, mutations(record.answer, Stream.keyed("card", record.id)))
