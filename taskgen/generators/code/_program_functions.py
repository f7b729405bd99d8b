"""Functions for `program_output`: plain and recursive ones, some that change their arguments, and closures."""

from taskgen.generators.code._program_fragments import Fragment, branch, change, loop
from taskgen.generators.code._program_writer import SIGNS, Signature, Writer
from taskgen.verifiers.code._program import (
    Assign,
    Binary,
    Builtin,
    Call,
    Define,
    Do,
    Expression,
    If,
    Index,
    Int,
    List,
    Method,
    Put,
    Return,
    Slice,
    Statement,
    Update,
    Var,
    mentioned,
)


def plain(writer: Writer, nesting: int) -> Statement:
    """A function of one or two numbers, with a test or a loop in it."""
    stream = writer.stream
    name = writer.name("function")
    with writer.function():
        parameters = tuple(writer.variable("int") for _ in range(stream.between(1, 2)))
        inside: Fragment = []
        if stream.chance(0.5):
            inside.append(If(writer.condition(), (Return(writer.integer(1)),)))
        elif nesting > 0 and stream.chance(0.6):
            value = writer.integer(1)
            inside.append(Assign((writer.variable("int"),), value))
            inside.extend(loop(writer, nesting - 1))
        else:
            inside.append(branch(writer, nesting - 1))
        result: Expression = writer.integer(1)
        for parameter in parameters:
            if parameter not in mentioned(result):
                result = Binary(stream.choice(SIGNS), result, Var(parameter))
        inside.append(Return(result))
    writer.functions.append(Signature(name, ("int",) * len(parameters), "int", max(9, writer.values)))
    return Define(name, parameters, (), (), tuple(inside))


def recursive(writer: Writer, nesting: int) -> Statement:
    """A function of a number that calls itself with smaller ones."""
    stream = writer.stream
    name, number = writer.name("function"), writer.name("int")
    value = Var(number)

    def again(smaller: Expression) -> Expression:
        return Call(name, (smaller,))

    less, half = Binary("-", value, Int(1)), Binary("//", value, Int(2))
    constant = Int(stream.between(2, 5))
    base = If(Binary("<", value, Int(2)), (Return(Binary("+", value, Int(stream.between(1, 5)))),))
    match stream.below(5):
        case 0:
            shapes: tuple[Statement, ...] = (Return(Binary("+", again(less), Binary("*", value, constant))),)
            limit = 8
        case 1:
            two = again(Binary("-", value, Int(2)))
            shapes = (Return(Binary(stream.choice(SIGNS), Binary("*", again(less), Int(stream.between(1, 2))), two)),)
            limit = 5
        case 2:
            test = If(
                Binary("==", Binary("%", value, Int(2)), Int(stream.below(2))),
                (Return(Binary("+", again(half), constant)),),
            )
            shapes = (test, Return(Binary("-", Binary("*", again(less), Int(2)), value)))
            limit = 20
        case 3:
            third = again(Binary("//", value, Int(3)))
            shapes = (Return(Binary(stream.choice(SIGNS), Binary("+", again(half), value), third)),)
            limit = 30
        case _:
            wheel = Binary("+", Binary("*", again(less), constant), value)
            shapes = (Return(Binary("%", wheel, Int(stream.between(11, 97)))),)
            limit = 8
    writer.functions.append(Signature(name, ("int",), "int", limit))
    return Define(name, (number,), (), (), (base, *shapes))


def over_list(writer: Writer, nesting: int) -> Statement:
    """A function that takes a list or a string apart by calling itself."""
    stream = writer.stream
    name = writer.name("function")
    kind = stream.choice(("list", "str"))
    parameter = writer.name(kind)
    value, first, rest = Var(parameter), Index(Var(parameter), Int(0)), Slice(Var(parameter), Int(1))
    short = Binary("<", Builtin("len", (value,)), Int(2))
    if kind == "str":
        last, begin = Index(value, Int(-1)), Slice(value, Int(1), Int(-1))
        again: Expression = Call(name, (begin,))
        forms = (
            Binary("+", Binary("+", last, again), first),
            Binary("+", Binary("+", again, first), last),
            Binary("+", Binary("+", Call(name, (Slice(value, Int(2)),)), Index(value, Int(1))), first),
        )
        writer.functions.append(Signature(name, ("str",), "str", 0))
        return Define(name, (parameter,), (), (), (If(short, (Return(value),)), Return(stream.choice(forms))))
    again = Call(name, (rest,))
    end = Return(Binary("+", Builtin("len", (value,)), Int(stream.below(4))))
    writer.functions.append(Signature(name, ("list",), "int", 0))
    inside: Fragment = [If(short, (end,))]
    if stream.chance(0.5):
        inside.append(If(Binary(">", first, Index(value, Int(1))), (Return(Binary("+", again, first)),)))
    inside.append(
        Return(Binary("-", first, again) if stream.chance(0.6) else Binary("+", again, Binary("%", first, Int(4))))
    )
    return Define(name, (parameter,), (), (), tuple(inside))


def mutator(writer: Writer, nesting: int) -> Statement:
    """A function that changes the list it is given and returns a number."""
    stream = writer.stream
    name = writer.name("function")
    with writer.function():
        items, number = writer.variable("list"), writer.variable("int")
        first: tuple[Statement, Statement] = (
            Do(Method(Var(items), "append", (Binary("+", Var(number), Index(Var(items), Int(0))),))),
            Put(Var(items), Int(stream.choice((0, -1))), Var(number), stream.choice(SIGNS)),
        )
        inside: Fragment = [stream.choice(first), change(writer)]
        if stream.chance(0.5):
            # From here on the parameter is another list, and the caller's stays as it is.
            inside.insert(stream.between(1, 2), Assign((items,), Binary("+", Var(items), List((Var(number),)))))
        inside.append(Return(Binary("-", Builtin("sum", (Var(items),)), Var(number))))
    writer.functions.append(Signature(name, ("list", "int"), "int", writer.values))
    return Define(name, (items, number), (), (), tuple(inside))


def remembering(writer: Writer, nesting: int) -> Statement:
    """A function that keeps a list from call to call, in its default argument."""
    stream = writer.stream
    name, number, kept = writer.name("function"), writer.name("int"), writer.name("list")
    append = Do(Method(Var(kept), "append", (Binary("%", Var(number), Int(stream.between(3, 9))),)))
    result = Binary("+", Builtin("sum", (Var(kept),)), Binary("*", Builtin("len", (Var(kept),)), Var(number)))
    writer.functions.append(Signature(name, ("int",), "int", writer.values))
    return Define(name, (number, kept), (List(()),), (), (append, Return(result)))


def closure(writer: Writer, nesting: int) -> Fragment:
    """A function that makes functions with a state of their own, and two of these."""
    stream = writer.stream
    maker, start, inner, number = (writer.name(kind) for kind in ("function", "int", "function", "int"))
    grow = Update(start, stream.choice(SIGNS), Var(number))
    again = If(
        Binary("==", Binary("%", Var(start), Int(stream.between(2, 3))), Int(0)),
        (Update(start, "+", Int(stream.between(1, 5))),),
    )
    result = Return(Binary("+", Binary("*", Var(start), Int(stream.between(2, 4))), Var(number)))
    define = Define(inner, (number,), (), (start,), (grow, again, result))
    written: Fragment = [Define(maker, (start,), (), (), (define, Return(Var(inner))))]
    for _ in range(stream.between(1, 2)):
        made = writer.name("function")
        written.append(Assign((made,), Call(maker, (writer.constant(),))))
        writer.functions.append(Signature(made, ("int",), "int", writer.values))
    return written
