"""Makes programs in which every statement matters: what makes no difference to the output is taken out."""

import re
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from taskgen.generators.code import _program_fragments as fragments
from taskgen.generators.code import _program_functions as functions
from taskgen.generators.code._program_probe import Probe
from taskgen.generators.code._program_writer import SIGNS, Writer
from taskgen.knobs import BaseKnobs, ladder
from taskgen.registry import Draft
from taskgen.seeding import Stream
from taskgen.verifiers.code._program import (
    MAX_NAMES,
    MAX_NODES,
    MAX_TOP_LEVEL,
    Assign,
    Binary,
    Call,
    Define,
    Expression,
    For,
    If,
    Int,
    Print,
    Statement,
    Unary,
    Update,
    Var,
    While,
    assigned,
    mentioned,
    nodes,
    renamed,
)
from taskgen.verifiers.code._program_interpreter import MAX_FUEL, Program
from taskgen.verifiers.code._program_machine import ProgramError
from taskgen.verifiers.code.program_output import ProgramOutput

MAX_LINES = 12
MAX_LINE = 110
MAX_NUMBER = 7
KINDS = (("int",), ("int", "int", "str"), ("int", "str", "list"), ("int", "str", "list", "list", "dict", "grid"))

Block = tuple[Statement, ...]


class Knobs(BaseKnobs, frozen=True):
    """What moves the difficulty of the program."""

    statements: Annotated[int, Meta(ge=3, le=60, description="least number of statements, all of which matter")] = 14
    nesting: Annotated[int, Meta(ge=0, le=4, description="how deep tests and loops stand in loops")] = 2
    loops: Annotated[int, Meta(ge=0, le=8, description="how many loops stand outside of others")] = 2
    functions: Annotated[int, Meta(ge=0, le=6, description="how many functions are defined, without recursion")] = 1
    recursion: Annotated[int, Meta(ge=0, le=3, description="how many recursive functions are defined")] = 0
    closures: Annotated[bool, Meta(description="whether there are functions with a state of their own")] = False
    aliasing: Annotated[int, Meta(ge=0, le=4, description="how often a list gets a second name")] = 0
    types: Annotated[int, Meta(ge=1, le=4, description="1: numbers; 2: and strings; 3: and lists; 4: and dicts")] = 3
    values: Annotated[int, Meta(ge=5, le=90, description="the largest number written in the program")] = 12
    steps: Annotated[tuple[int, int], Meta(description="least and greatest number of evaluation steps")] = (60, 2_000)

    def __post_init__(self) -> None:
        if self.aliasing and self.types < 3:
            raise ValueError("aliasing is about lists: set types to 3 or 4")
        if self.loops and not self.nesting:
            raise ValueError("a loop is a level of nesting: raise nesting or set loops to 0")
        if not 1 <= self.steps[0] < self.steps[1] <= MAX_FUEL:
            raise ValueError(f"steps is a least and a greatest number, between 1 and {MAX_FUEL}")


LADDER = ladder(
    Knobs,
    statements=[4, 5, 7, 9, 12, 14, 17, 21, 25, 29],
    nesting=   [0, 1, 1, 2, 2, 2, 2, 3, 3, 3],
    loops=     [0, 1, 1, 1, 1, 1, 1, 2, 2, 2],
    functions= [0, 0, 0, 0, 1, 1, 1, 1, 1, 1],
    recursion= [0, 0, 0, 0, 0, 0, 1, 1, 1, 2],
    closures=  [False, False, False, False, False, False, False, False, True, True],
    aliasing=  [0, 0, 0, 0, 0, 1, 1, 1, 1, 1],
    types=     [1, 1, 2, 3, 3, 3, 3, 4, 4, 4],
    values=    [9, 9, 9, 9, 12, 12, 15, 15, 20, 20],
    steps=     [(12, 60), (30, 120), (50, 200), (80, 300), (110, 450), (150, 600), (220, 900), (320, 1200),
                (440, 1700), (600, 2600)],
)  # fmt: skip


def generate(stream: Stream, knobs: Knobs) -> Draft | None:
    """A random program, cut down to the statements that matter; None where it fails or too little is left of it."""
    writer = Writer(stream, knobs.values)
    program = _pruned(_write(writer, knobs), writer.names)
    if program is None or not _fits(program, knobs):
        return None
    try:
        compiled = Program(program)
        lines = compiled.run(knobs.steps[1])
    except ProgramError:
        return None
    steps = knobs.steps[1] - compiled.machine.fuel
    if steps < knobs.steps[0] or not _telling(lines):
        return None
    used = sorted(set().union(*map(mentioned, program)))
    if len(used) > MAX_NAMES or len(program) > MAX_TOP_LEVEL or sum(map(nodes, program)) > MAX_NODES:
        return None
    numbers = {name: number for number, name in enumerate(used)}
    problem = ProgramOutput(tuple(writer.names[name] for name in used), renamed(program, numbers))
    return Draft(problem, "\n".join(lines), effort=steps)


def _write(writer: Writer, knobs: Knobs) -> Block:
    """Definitions, first values, then steps, loops and aliases in random order, and what is printed."""
    stream = writer.stream
    makers = [
        functions.plain if knobs.types < 3 or stream.chance(0.6) else functions.mutator for _ in range(knobs.functions)
    ]
    for _ in range(knobs.recursion):
        makers.append(functions.over_list if knobs.types > 2 and stream.chance(0.35) else functions.recursive)
    written: list[Statement] = [maker(writer, knobs.nesting - 1) for maker in stream.shuffled(makers)]
    kinds = KINDS[knobs.types - 1]
    if knobs.closures:
        written += functions.closure(writer, knobs.nesting)
        if stream.chance(0.3):
            written.append(functions.remembering(writer, knobs.nesting))
    needed = {"int", kinds[-1], *(kind for function in writer.functions for kind in function.takes)}
    written += [fragments.begin(writer, kind) for kind in ("int", *sorted(needed))]
    parts = ["loop"] * knobs.loops + ["alias"] * knobs.aliasing + ["tally"] * (knobs.types == 4)
    missing = knobs.statements - _size(tuple(written)) - 5 * len(parts) - len(writer.functions)
    parts += ["call"] * len(writer.functions) + ["call"] * sum(stream.chance(0.4) for _ in writer.functions)
    parts += ["step"] * max(knobs.statements // 8, missing)
    for part in stream.shuffled(parts):
        written += _part(writer, knobs, part)
        if writer.unread and stream.chance(0.15):
            written.append(Print((Var(writer.unread.pop(0)),)))
    while _size(tuple(written)) < knobs.statements + 1:
        written += _part(writer, knobs, "step")
    return (*written, *_prints(writer))


def _part(writer: Writer, knobs: Knobs, part: str) -> list[Statement]:
    stream = writer.stream
    match part:
        case "loop":
            written = fragments.loop(writer, knobs.nesting - 1)
            if isinstance(written[-1], For) and stream.chance(0.15):
                shown = Print(tuple(Var(name) for name in stream.sample(*_some(writer.variables["int"], 2))))
                written[-1] = replace(written[-1], body=(*written[-1].body, shown))
            return written
        case "alias":
            return fragments.alias(writer)
        case "tally":
            return fragments.tally(writer)
        case "call":
            return [_use(writer)]
    if stream.chance(0.35):
        begun = fragments.begin(writer, stream.choice(KINDS[knobs.types - 1]))
        return [begun, fragments.change(writer)] if stream.chance(0.5) else [begun]
    if knobs.nesting and stream.chance(0.2):
        return [fragments.branch(writer, 0)]
    return [fragments.change(writer)]


def _some(names: list[int], most: int) -> tuple[list[int], int]:
    return names, min(most, len(names))


def _use(writer: Writer) -> Statement:
    """A statement that calls a function, each of them in turn."""
    stream = writer.stream
    function = writer.functions.pop(0)
    writer.functions.append(function)
    for kind in function.takes:
        if kind != "int" and not writer.variables[kind]:
            return fragments.begin(writer, kind)
    call: Expression = Call(function.name, tuple(writer.argument(kind, function.limit) for kind in function.takes))
    if function.gives == "str":
        return Assign((writer.variable("str"),), call)
    if stream.chance(0.4):
        name = writer.pick("int")
        writer.written(name)
        return Update(name, stream.choice(SIGNS), call)
    if stream.chance(0.5):
        second = Call(function.name, tuple(writer.argument(kind, function.limit) for kind in function.takes))
        call = Binary(stream.choice(SIGNS), call, second)
    return Assign((writer.variable("int"),), call)


def _prints(writer: Writer) -> list[Statement]:
    """Prints of what nothing has read, at least three values, a few in a line."""
    stream = writer.stream
    numbers = [name for kind in ("int", "list", "str") for name in writer.variables[kind]]
    rest = [name for name in numbers if name not in writer.unread]
    least = max(0, 3 - len(writer.unread))
    names = stream.shuffled(writer.unread) + stream.sample(*_some(rest, least))
    values: list[Expression] = [Var(name) for name in names]
    prints: list[Statement] = []
    while values:
        count = stream.between(1, 2 + (len(values) < 4))
        prints.append(Print(tuple(values[:count])))
        values = values[count:]
    return prints


def _fits(program: Block, knobs: Knobs) -> bool:
    """Whether the pruned program still has the parts that the knobs ask for."""
    if _size(program) < knobs.statements:
        return False
    loops = sum(isinstance(statement, For | While) for statement in program)
    defined = [statement for statement in _statements(program) if isinstance(statement, Define)]
    if any(not set(function.names) <= set().union(*map(mentioned, function.body)) for function in defined):
        return False  # a parameter that nothing reads
    if any(not set(function.outer) <= assigned(function.body) for function in defined):
        return False  # a nonlocal name that is not set
    return loops >= knobs.loops and len(defined) >= knobs.functions + knobs.recursion + 2 * knobs.closures


def _telling(lines: list[str]) -> bool:
    """Whether the output is varied enough not to be guessed, and short enough to be written down."""
    text = "\n".join(lines)
    words = re.findall(r"\w+", text)
    if len(text) < 6 or len(set(words)) < 3 or max(map(len, words)) > 40:
        return False
    numbers = re.findall(r"\d+", text)
    if sum(len(number) for number in set(numbers)) < 4 or max(map(len, numbers)) > MAX_NUMBER:
        return False
    return len(lines) <= MAX_LINES and all(line.strip() and len(line) <= MAX_LINE for line in lines)


def _size(program: Block) -> int:
    return sum(1 for _ in _statements(program))


def _statements(block: Block) -> Iterator[Statement]:
    """Every statement of a block, in the order of the text."""
    for statement in block:
        yield statement
        for field in ("then", "otherwise", "body"):
            yield from _statements(getattr(statement, field, ()))


def _pruned(program: Block, names: list[str]) -> Block | None:
    """The program without what makes no difference, proved statement by statement; None where that leads nowhere."""
    while True:
        probe = Probe(program, names)
        if probe.expected is None or not _telling(probe.expected):
            return None
        tests = _lone_tests(program)
        while True:
            _drop_idle(probe)
            open_tests = [number for number in tests if probe.present[number] and not probe.always[number]]
            if not [number for number in open_tests if probe.unwrap(number)]:
                break
        if not _sharp(probe):
            return None
        shorter = _without(program, probe, iter(range(len(probe.statements))))
        if shorter is None or len(_lone_tests(shorter)) == len(open_tests):
            return shorter
        program = shorter  # some test has lost its `else`: whether it is always true has not been asked yet


def _drop_idle(probe: Probe) -> None:
    """Drop statements, the last first, round and round until each has been tried since the last success."""
    count = len(probe.statements)
    number = count
    tried = 0
    while tried < count:
        number = (number or count) - 1
        tried = 0 if probe.present[number] and probe.drop(number) else tried + 1


def _lone_tests(program: Block) -> list[int]:
    """Numbers of the tests without an `else` that stand in loops and functions."""
    top = {id(statement) for statement in program}
    return [
        number
        for number, statement in enumerate(_statements(program))
        if isinstance(statement, If) and not statement.otherwise and id(statement) not in top
    ]


def _sharp(probe: Probe) -> bool:
    """Whether each first value matters, and which way each test comes out."""
    for number, statement in enumerate(probe.statements):
        if not probe.present[number]:
            continue
        match statement:
            case Assign((_,), Int()):
                if all(probe.same(bump=number, more=more) for more in (1, 2, 13)):
                    return False
            case If():
                if not probe.always[number] and probe.same(flip=number):
                    return False
    return True


def _without(block: Block, probe: Probe, numbers: Iterator[int]) -> Block | None:
    """The block with what the probe has dropped and unwrapped left out; None where a body runs empty."""
    kept: list[Statement] = []
    for statement in block:
        number = next(numbers)
        changed: dict[str, Block] = {}
        for field in ("then", "otherwise", "body"):
            if getattr(statement, field, ()):
                inner = _without(getattr(statement, field), probe, numbers)
                if inner is None:
                    return None
                changed[field] = inner
        if not probe.present[number]:
            continue
        if probe.always[number]:
            kept.extend(changed["then"])
        elif isinstance(statement, If) and not changed["then"]:
            if not changed.get("otherwise"):
                return None
            kept.append(If(_negated(statement.test), changed["otherwise"]))
        elif changed.get("body", (statement,)):
            kept.append(replace(statement, **changed) if changed else statement)
        else:
            return None
    return tuple(kept)


def _negated(test: Expression) -> Expression:
    opposite = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "in": "not in", "not in": "in"}
    if isinstance(test, Binary) and test.operator in opposite:
        return replace(test, operator=opposite[test.operator])
    return Unary("not", test)
