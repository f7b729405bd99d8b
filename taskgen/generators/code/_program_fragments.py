"""Fragments of programs for `program_output`: single steps, loops and tests with bodies, aliases, and dictionaries."""

from collections.abc import Callable
from typing import Literal

from taskgen.generators.code._program_writer import LETTERS, SIGNS, Writer
from taskgen.verifiers.code._program import (
    Assign,
    Binary,
    Builtin,
    Choice,
    Delete,
    Dict,
    Do,
    Each,
    Expression,
    For,
    If,
    Index,
    Int,
    Leave,
    List,
    Method,
    Put,
    Slice,
    Statement,
    Text,
    Tuple,
    Update,
    Var,
    While,
)

Fragment = list[Statement]
ORDERS: tuple[Literal["<", ">"], ...] = ("<", ">")


def begin(writer: Writer, kind: str) -> Statement:
    """A new variable of a kind, with its first value."""
    stream = writer.stream
    match kind:
        case "str":
            value: Expression = writer.string()
        case "list":
            value = writer.numbers()
        case "words":
            value = List(tuple(writer.word() for _ in range(stream.between(2, 4))))
        case "dict":
            keys = stream.sample(LETTERS, stream.between(2, 3))
            value = Dict(tuple(part for key in keys for part in (Text(key), writer.constant())))
        case "grid":
            value = _grid(writer)
        case _:
            value = writer.integer(2) if writer.integers() and stream.chance(0.6) else writer.constant()
    return Assign((writer.variable(kind),), value)


def _grid(writer: Writer) -> Expression:
    """A list of lists: rows of their own, or one row several times."""
    stream = writer.stream
    width, height = stream.between(2, 3), stream.between(2, 3)
    if writer.variables["list"] and stream.chance(0.4):
        row = writer.read("list")
        return List((row, stream.choice((row, Slice(row))), row))
    zeros = Binary("*", List((Int(stream.below(3)),)), Int(width))
    if stream.chance(0.5):
        return Binary("*", List((zeros,)), Int(height))
    return Each(zeros, writer.name("loop"), Builtin("range", (Int(height),)))


def change(writer: Writer) -> Statement:
    """A step that changes a variable which exists."""
    kinds = [kind for kind in ("int", "int", "str", "list", "list", "dict", "grid") if writer.variables[kind]]
    kind = writer.stream.choice(kinds)
    name = writer.pick(kind)
    statement = _CHANGES[kind](writer, name)
    writer.written(name)
    return statement


def _change_number(writer: Writer, name: int) -> Statement:
    stream = writer.stream
    match stream.below(6):
        case 0:
            wheel = Binary("+", Binary("*", Var(name), Int(stream.between(2, 5))), writer.integer(0))
            return Assign((name,), Binary("%", wheel, Int(stream.between(11, 5 * writer.values + 11))))
        case 1 if len(writer.variables["int"]) > 1:
            other = stream.choice([other for other in writer.variables["int"] if other != name])
            mixed = Binary(stream.choice(SIGNS), Var(name), stream.choice((Var(other), writer.integer(0))))
            writer.written(other)
            return Assign((name, other), Tuple((Var(other), mixed)))
        case 2 if writer.inside:
            test, then = writer.condition(), Binary("+", Var(name), writer.integer(0))
            return Assign((name,), Choice(then, test, Binary("-", Var(name), writer.constant())))
        case _:
            return Update(name, stream.choice(("+", "+", "-")), writer.integer(1))


def _change_string(writer: Writer, name: int) -> Statement:
    stream = writer.stream
    match stream.below(3):
        case 0:
            return Assign((name,), Binary("+", Slice(Var(name), Int(1)), Slice(Var(name), None, Int(1))))
        case 1:
            extra = Builtin("str", (Binary("%", writer.number(), Int(10)),)) if writer.integers() else writer.word()
            return Update(name, "+", extra)
        case _:
            return Assign((name,), Slice(Var(name), None, None, Int(-1)))


def _change_list(writer: Writer, name: int) -> Statement:
    stream, items = writer.stream, Var(name)
    place = Binary("%", writer.number(), Builtin("len", (items,)))
    match stream.below(8):
        case 0 | 1:
            return Do(Method(items, "append", (writer.integer(1),)))
        case 2:
            return Put(items, place, writer.integer(1))
        case 3:
            return Put(items, place, writer.integer(0), stream.choice(SIGNS))
        case 4:
            return Do(Method(items, "insert", (Int(stream.below(2)), Method(items, "pop", ()))))
        case 5:
            return Do(Method(items, stream.choice(("reverse", "sort")), ()))
        case 6:
            return Update(name, "+", List((writer.integer(0),)))
        case _:
            return Do(Method(items, "append", (Method(items, "pop", (Int(0),)),)))


def _change_dict(writer: Writer, name: int) -> Statement:
    stream = writer.stream
    key = Text(stream.choice(LETTERS[:5]))
    count = Method(Var(name), "get", (key, Int(stream.below(3))))
    return Put(Var(name), key, Binary("+", count, writer.integer(0)))


def _change_grid(writer: Writer, name: int) -> Statement:
    row = Index(Var(name), Binary("%", writer.number(), Builtin("len", (Var(name),))))
    if writer.stream.chance(0.25):
        return Do(Method(row, "append", (writer.integer(0),)))
    return Put(row, Int(writer.stream.below(2)), writer.integer(0), "+")


_CHANGES: dict[str, Callable[[Writer, int], Statement]] = {
    "int": _change_number,
    "str": _change_string,
    "list": _change_list,
    "dict": _change_dict,
    "grid": _change_grid,
}


def body(writer: Writer, nesting: int, leaves: bool) -> Fragment:
    """What stands in a loop: one to three steps, some under tests; `leaves` where it may break and continue."""
    stream = writer.stream
    written: Fragment = []
    for _ in range(stream.between(1, 3)):
        roll = stream.below(10)
        if roll < 4 and nesting > 0:
            written.append(branch(writer, nesting - 1))
        elif roll == 4 and nesting > 0:
            written.extend(loop(writer, nesting - 1))
        else:
            written.append(change(writer))
    if leaves and nesting > 0 and stream.chance(0.4):
        leave = If(writer.condition(), (Leave(stream.choice(("break", "continue"))),))
        written.insert(stream.between(1, len(written)) if len(written) > 1 else 0, leave)
    return written


def branch(writer: Writer, nesting: int) -> Statement:
    """A test with one or more branches."""
    stream = writer.stream
    test = writer.condition()
    then: Fragment = [change(writer)]
    if nesting > 0 and stream.chance(0.25):
        then.append(branch(writer, nesting - 1))
    if stream.chance(0.4):
        return If(test, tuple(then))
    if nesting > 0 and stream.chance(0.35):
        return If(test, tuple(then), (If(writer.condition(), (change(writer),), (change(writer),)),))
    return If(test, tuple(then), (change(writer),))


def loop(writer: Writer, nesting: int) -> Fragment:
    """A loop of some form, with what goes before it."""
    kinds = [kind for kind in ("str", "list", "words", "dict") if writer.variables[kind]]
    if writer.stream.chance(0.3):
        return countdown(writer, nesting)
    if kinds and writer.stream.chance(0.6):
        return [over_items(writer, nesting, writer.stream.choice(kinds))]
    return [over_range(writer, nesting)]


def over_range(writer: Writer, nesting: int) -> Statement:
    """`for i in range(...)`."""
    stream = writer.stream
    arguments: tuple[Expression, ...] = (Int(stream.between(2, 3 + writer.values // 4)),)
    if stream.chance(0.3):
        arguments = (Int(stream.between(1, 3)), Int(stream.between(5, 9 + writer.values // 4)))
        if stream.chance(0.5):
            arguments = (*arguments, Int(2))
    elif stream.chance(0.15):
        arguments = (Int(stream.between(5, 9)), Int(stream.below(3)), Int(-stream.between(1, 2)))
    with writer.block():
        name = writer.variable("loop")
        return For((name,), Builtin("range", arguments), tuple(body(writer, nesting, leaves=True)))


def over_items(writer: Writer, nesting: int, kind: str) -> Statement:
    """A loop over a copy of the items of a string, a list or a dict, so that its body may change them."""
    stream = writer.stream
    value = writer.read(kind)
    with writer.block():
        if kind == "dict":
            key, number = writer.name("str"), writer.variable("loop")
            return For(
                (key, number), Builtin("sorted", (Method(value, "items", ()),)), tuple(body(writer, nesting, True))
            )
        if kind != "list":
            item = writer.name("str")
            counted: Expression = Builtin("ord", (Var(item),)) if kind == "str" else Builtin("len", (Var(item),))
            first = Update(writer.pick("int"), "+", Binary("%", counted, Int(stream.between(3, 9))))
            inside = [first, *_without_growth(writer, item, nesting)]
            return For((item,), value, tuple(inside))
        copied = Slice(value)
        if stream.chance(0.4):
            place, number = writer.variable("loop"), writer.variable("loop")
            return For((place, number), Builtin("enumerate", (copied,)), tuple(body(writer, nesting, True)))
        number = writer.variable("loop")
        return For((number,), copied, tuple(body(writer, nesting, leaves=True)))


def _without_growth(writer: Writer, item: int, nesting: int) -> Fragment:
    """A body that reads the loop's string but does not change it."""
    stream = writer.stream
    if not nesting:
        return []
    test = Binary(stream.choice(("in", "not in")), Var(item), Text("".join(stream.sample("aeiou", 2))))
    if stream.chance(0.3):
        test = Binary(stream.choice(ORDERS), Var(item), Text(stream.choice("fghlmn")))
    return [If(test, (change(writer),), (change(writer),) if stream.chance(0.5) else ())]


def countdown(writer: Writer, nesting: int) -> Fragment:
    """A `while` loop that comes to an end because a number or a list in it shrinks."""
    stream = writer.stream
    if len(writer.variables["int"]) > 1 and stream.chance(0.25):
        return _euclid(writer)
    if writer.variables["list"] and stream.chance(0.35):
        return _queue(writer)
    start = Int(stream.between(12, 12 * writer.values))
    with writer.block():
        name = writer.name("int")
        writer.variables["loop"].append(name)
        inside = body(writer, nesting, leaves=False)
        if stream.chance(0.6):
            shrink = Update(name, "//", Int(stream.choice((2, 2, 3, 10))))
        else:
            shrink = Update(name, "-", Binary("+", Int(start.value // 6 + 1), Binary("%", Var(name), Int(3))))
        inside.insert(stream.choice((0, len(inside))), shrink)
    return [Assign((name,), start), While(Binary(">", Var(name), Int(stream.below(3))), tuple(inside))]


def _euclid(writer: Writer) -> Fragment:
    """Division with remainder, again and again."""
    stream = writer.stream
    count = stream.choice(writer.variables["int"])
    first, second = writer.name("int"), writer.name("int")
    high = 10 * writer.values
    starts = [Assign((name,), Int(stream.between(high // 3, high))) for name in (first, second)]
    writer.variables["int"].append(first)
    writer.written(first)
    writer.written(count)
    step = Assign((first, second), Tuple((Var(second), Binary("%", Var(first), Var(second)))))
    quotient = Binary("//", Var(first), Var(second))
    tally = Update(count, "+", quotient if stream.chance(0.5) else Var(second))
    return [*starts, While(Binary(">", Var(second), Int(0)), (tally, step))]


def _queue(writer: Writer) -> Fragment:
    """A list that is used up while its larger items come back smaller."""
    stream = writer.stream
    values = writer.read("list")
    queue, item = writer.name("list"), writer.name("loop")
    with writer.block():
        writer.variables["loop"].append(item)
        step = change(writer)
    again = Do(Method(Var(queue), "append", (Binary("//", Var(item), Int(stream.between(2, 3))),)))
    take = Assign((item,), Method(Var(queue), "pop", (Int(0),) if stream.chance(0.6) else ()))
    test = If(Binary(">", Var(item), Int(stream.between(2, 6))), (again,))
    start = Assign((queue,), Slice(values))
    return [start, While(Binary(">", Builtin("len", (Var(queue),)), Int(0)), (take, step, test))]


def alias(writer: Writer) -> Fragment:
    """A second name for a list, or a copy of it, and steps that tell which of the two it is."""
    stream = writer.stream
    fresh = [] if writer.variables["list"] else [begin(writer, "list")]
    original = writer.pick("list")
    copies: tuple[Expression, ...] = (
        Slice(Var(original)),
        Builtin("list", (Var(original),)),
        Method(Var(original), "copy", ()),
    )
    value: Expression = Var(original) if stream.chance(0.65) else stream.choice(copies)
    other = writer.variable("list")
    written: Fragment = [*fresh, Assign((other,), value)]
    for _ in range(stream.between(2, 3)):
        name = stream.choice((original, other))
        if stream.chance(0.3):
            more = List((writer.integer(0),))
            in_place = stream.chance(0.5)
            written.append(Update(name, "+", more) if in_place else Assign((name,), Binary("+", Var(name), more)))
        else:
            written.append(_change_list(writer, name))
        writer.written(original)
        writer.written(other)
    return written


def tally(writer: Writer) -> Fragment:
    """A dict that counts letters or remainders, and sometimes loses a key."""
    stream = writer.stream
    source = "list" if writer.variables["list"] and stream.chance(0.5) else "str"
    fresh = [] if writer.variables[source] else [begin(writer, source)]
    name, items = writer.name("dict"), writer.read(source)
    item = writer.name("loop" if source == "list" else "str")
    key = Binary("%", Var(item), Int(stream.between(2, 4))) if source == "list" else Var(item)
    step: Expression = Int(1) if stream.chance(0.5) else writer.integer(0)
    count = Put(Var(name), key, Binary("+", Method(Var(name), "get", (key, Int(0))), step))
    if source == "str":
        writer.variables["dict"].append(name)
    writer.written(name)
    written: Fragment = [*fresh, Assign((name,), Dict(())), For((item,), items, (count,))]
    if stream.chance(0.4):
        first = Index(Builtin("sorted", (Var(name),)), Int(stream.choice((0, -1))))
        written.append(Delete(Var(name), first))
    return written
