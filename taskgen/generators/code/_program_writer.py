"""Random typed expressions for `program_output`, over the variables and functions written so far."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, NamedTuple

from taskgen.seeding import Stream
from taskgen.verifiers.code._program import (
    Binary,
    Builtin,
    Call,
    Choice,
    Each,
    Expression,
    Index,
    Int,
    List,
    Method,
    Slice,
    Text,
    Var,
)

POOLS = {
    "int": "a b c x y z n m p q u v w k".split(),
    "loop": "i j e g h r".split(),
    "str": "s t text word code label".split(),
    "list": "xs ys zs data items queue".split(),
    "words": "parts names tokens".split(),
    "grid": "grid rows table".split(),
    "dict": "seen tally price index".split(),
    "function": "f fold twist step mix walk probe build shift merge".split(),
}
SIGNS: tuple[Literal["+", "-"], ...] = ("+", "-")
LETTERS = "abcdeghknorstu"
SYLLABLES = "ka ro ti mu ne so la bi do re gu pa".split()


class Signature(NamedTuple):
    """A function that has been written: what it takes and gives, and how large its numbers may be."""

    name: int
    takes: tuple[str, ...]
    gives: str
    limit: int


class Writer:
    """Names, the variables that can be read at the present place, and expressions over them."""

    def __init__(self, stream: Stream, values: int) -> None:
        self.stream = stream
        self.values = values
        self.names: list[str] = []
        self.variables: dict[str, list[int]] = {kind: [] for kind in POOLS}
        self.unread: list[int] = []
        self.functions: list[Signature] = []
        self.inside = 0
        """How many loops and functions are around the present place."""

    def name(self, kind: str) -> int:
        """A new identifier for a value of this kind."""
        free = [name for name in POOLS[kind] if name not in self.names]
        number = 2
        while not free:
            free = [f"{name}{number}" for name in POOLS[kind] if f"{name}{number}" not in self.names]
            number += 1
        self.names.append(self.stream.choice(free))
        return len(self.names) - 1

    def variable(self, kind: str) -> int:
        """A new variable of this kind, which can be read from now on."""
        name = self.name(kind)
        self.variables[kind].append(name)
        self.written(name)
        return name

    def written(self, name: int) -> None:
        """Note that a variable holds something that nothing has read yet."""
        if name not in self.unread:
            self.unread.append(name)

    def pick(self, kind: str) -> int:
        """A variable of this kind, sooner one that has not been read."""
        known = self.variables[kind]
        fresh = [name for name in known if name in self.unread]
        return self.stream.choice(fresh if fresh and self.stream.chance(0.6) else known)

    def read(self, kind: str) -> Expression:
        """The value of a variable of this kind."""
        name = self.pick(kind)
        if name in self.unread:
            self.unread.remove(name)
        return Var(name)

    @contextmanager
    def block(self) -> Iterator[None]:
        """Variables that are new inside cannot be read after it."""
        before = {kind: list(names) for kind, names in self.variables.items()}
        self.inside += 1
        yield
        self.inside -= 1
        inside = {name for kind, names in self.variables.items() for name in names if name not in before[kind]}
        self.variables = before
        self.unread = [name for name in self.unread if name not in inside]

    @contextmanager
    def function(self) -> Iterator[None]:
        """Inside, only parameters and what the body defines can be read."""
        variables, unread = self.variables, self.unread
        self.variables, self.unread = {kind: [] for kind in POOLS}, []
        self.inside += 1
        yield
        self.inside -= 1
        self.variables, self.unread = variables, unread

    def constant(self) -> Int:
        """A number from 2 to the knob's bound."""
        return Int(self.stream.between(2, self.values))

    def integers(self) -> bool:
        """Whether there is a number to read."""
        return bool(self.variables["int"] or self.variables["loop"])

    def number(self) -> Expression:
        """A variable that holds a number or, where there is none, a constant."""
        kinds = [kind for kind in ("int", "int", "loop") if self.variables[kind]]
        return self.read(self.stream.choice(kinds)) if kinds else self.constant()

    def integer(self, depth: int = 1) -> Expression:
        """An expression for a number."""
        stream = self.stream
        if depth == 0:
            return self.number() if stream.chance(0.8) else self.constant()
        roll = stream.below(12)
        if roll < 3 and (read := self.measure()) is not None:
            return joined(stream.choice(SIGNS), self.integer(depth - 1), read)
        if roll < 5 and self.functions and (call := self.call("int")) is not None:
            return call
        if roll < 6:
            return joined(stream.choice(("//", "%")), self.integer(depth - 1), Int(stream.between(2, 9)))
        if roll < 8:
            return joined("*", self.integer(depth - 1), Int(stream.between(2, 5)))
        if roll == 8 and depth > 1 and self.inside:
            return Choice(self.integer(0), self.condition(), self.integer(0))
        left, right = self.integer(depth - 1), self.integer(0)
        return joined("-" if left != right and stream.chance(0.5) else "+", left, right)

    def measure(self) -> Expression | None:
        """A number read off a string, a list or a dict; None where there are none."""
        kinds = [kind for kind in ("str", "list", "words", "grid", "dict") if self.variables[kind]]
        if not kinds:
            return None
        stream, kind = self.stream, self.stream.choice(kinds)
        value = self.read(kind)
        length = Builtin("len", (value,))
        if kind == "str":
            return length if stream.chance(0.5) else Method(value, "count", (Text(stream.choice(LETTERS)),))
        if kind == "list":
            place = Binary("%", self.number(), length) if self.integers() else Int(-1)
            folded = Builtin(stream.choice(("sum", "max", "min")), (value,))
            reads: list[Expression] = [folded, Index(value, place), Index(value, Int(stream.choice((0, -1))))]
            return stream.choice(reads)
        if kind == "grid":
            return Builtin("sum", (Index(value, Binary("%", self.number(), length)),))
        if kind == "words":
            return Builtin("len", (Index(value, Int(stream.choice((0, -1)))),))
        return length if stream.chance(0.5) else Builtin("sum", (Method(value, "values", ()),))

    def condition(self) -> Expression:
        """A test that should come out now one way, now the other."""
        stream = self.stream
        roll = stream.below(8)
        if roll < 4:
            divisor = stream.between(2, 4)
            remainder = Binary("%", self.integer(1) if stream.chance(0.5) else self.number(), Int(divisor))
            return Binary(stream.choice(("==", "==", "!=")), remainder, Int(stream.below(divisor)))
        if roll == 4 and self.variables["str"]:
            return Binary(stream.choice(("in", "not in")), Text(stream.choice(LETTERS)), self.read("str"))
        left, right = self.number(), self.integer(0)
        if left == right:
            right = self.constant()
        test = Binary(stream.choice(("<", ">", "<=", ">=")), left, right)
        if roll == 5:
            other = Binary("==", Binary("%", self.number(), Int(2)), Int(stream.below(2)))
            return Binary(stream.choice(("and", "or")), test, other)
        return test

    def argument(self, kind: str, limit: int) -> Expression:
        """An argument of this kind; numbers stay in 0..limit."""
        if kind != "int":
            return self.read(kind)
        if self.stream.chance(0.3) or not self.integers():
            return Int(self.stream.between(max(1, limit // 2), limit))
        return Binary("%", self.number(), Int(limit + 1))

    def call(self, gives: str) -> Expression | None:
        """A call of a function that gives this kind; None where none can be called."""
        fitting = [
            function
            for function in self.functions
            if function.gives == gives and all(kind == "int" or self.variables[kind] for kind in function.takes)
        ]
        if not fitting:
            return None
        function = self.stream.choice(fitting)
        return Call(function.name, tuple(self.argument(kind, function.limit) for kind in function.takes))

    def word(self) -> Text:
        """A made-up word."""
        return Text("".join(self.stream.choice(SYLLABLES) for _ in range(self.stream.between(2, 3))))

    def string(self) -> Expression:
        """An expression for a string."""
        stream = self.stream
        if not self.variables["str"] or stream.chance(0.2):
            return self.word()
        value = self.read("str")
        match stream.below(5):
            case 0:
                return Slice(value, None, None, Int(-1))
            case 1:
                return Binary("+", value, Builtin("str", (self.number(),)))
            case 2:
                return Binary(
                    "+", Slice(value, Int(stream.between(1, 3))), Slice(value, None, Int(stream.between(1, 3)))
                )
            case 3:
                return Method(value, "replace", (Text(stream.choice("aoieu")), Text(stream.choice(LETTERS))))
            case _:
                return Binary("+", value, self.word())

    def numbers(self) -> Expression:
        """An expression for a list of numbers, always a new list."""
        stream = self.stream
        if not self.variables["list"] or stream.chance(0.35):
            return List(tuple(Int(stream.between(1, self.values)) for _ in range(stream.between(3, 5))))
        value = self.read("list")
        match stream.below(5):
            case 0:
                return Builtin("sorted", (value,))
            case 1:
                return Slice(value, Int(stream.between(1, 2)))
            case 2:
                return Binary("+", Slice(value, None, None, Int(-1)), List((self.integer(),)))
            case 3:
                return self.mapped(value, tested=True)
            case _:
                return self.mapped(value, tested=False)

    def mapped(self, value: Expression, tested: bool) -> Expression:
        """A comprehension over a list of numbers."""
        with self.block():
            name = self.name("loop")
            self.variables["loop"] = [name]
            element = self.integer(1)
            test = Binary("!=", Binary("%", Var(name), Int(self.stream.between(2, 4))), Int(self.stream.below(2)))
        return Each(element, name, value, test if tested else None)


def joined(operator: Literal["+", "-", "*", "//", "%"], left: Expression, right: Expression) -> Expression:
    """Two operands under an operator, worked out where both are constants."""
    if not isinstance(left, Int) or not isinstance(right, Int):
        return Binary(operator, left, right)
    first, second = left.value, right.value
    match operator:
        case "+":
            return Int(first + second)
        case "-":
            return Int(first - second)
        case "*":
            return Int(first * second)
        case "//":
            return Int(first // second)
        case "%":
            return Int(first % second)
