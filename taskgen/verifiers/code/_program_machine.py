"""The machine on which the programs of `_program` run: bounds on values, and the operators and functions it has."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

MAX_LENGTH = 200
MAX_INTEGER = 10**15
MAX_WEIGHT = 1_000
MAX_CALLS = 40
MAX_OUTPUT = 2_000

Frame = list[Any]
Run = Callable[[Frame], Any]
UNBOUND = object()


class ProgramError(ValueError):
    """The program is not valid, fails as it runs, or exceeds a bound."""


class Scope:
    """The slots of a function's frame; slot 0 holds the frame of the function around it."""

    def __init__(self, parent: "Scope | None", names: Sequence[int], outer: Sequence[int]) -> None:
        self.parent = parent
        self.slots = {name: slot for slot, name in enumerate(names, 1)}
        self.outer = frozenset(outer)
        self.size = len(self.slots) + 1

    def resolve(self, name: int) -> tuple[int, int]:
        """How many frames outward a name lives, and in which slot. Raises ProgramError."""
        scope: Scope | None = self
        depth = 0
        while scope is not None:
            if name in scope.slots and name not in scope.outer:
                return depth, scope.slots[name]
            scope, depth = scope.parent, depth + 1
        raise ProgramError("a name is used that nothing binds")


class Function:
    """A function as a value: what its definition says, and the frame in which it was defined."""

    __slots__ = ("arity", "body", "defaults", "frame", "scope")

    def __init__(self, arity: int, defaults: list[Any], scope: Scope, body: Run, frame: Frame) -> None:
        self.arity, self.defaults, self.scope, self.body, self.frame = arity, defaults, scope, body, frame

    def __repr__(self) -> str:
        raise ProgramError("a function is printed")


class Machine:
    """What a run uses up and what it prints."""

    def __init__(self) -> None:
        self.start(0)

    def start(self, fuel: int) -> None:
        """Begin a run."""
        self.fuel = fuel
        self.calls = 0
        self.printed = 0
        self.lines: list[str] = []

    def spend(self, amount: int) -> None:
        """Use up fuel. Raises ProgramError where there is not enough."""
        self.fuel -= amount
        if self.fuel < 0:
            raise ProgramError("the program runs too long")

    def bounded(self, value: Any) -> Any:
        """The value itself. Raises ProgramError where it is too large."""
        if isinstance(value, int):
            if not -MAX_INTEGER <= value <= MAX_INTEGER:
                raise ProgramError("a number grows too large")
        elif isinstance(value, str | list | tuple | dict) and len(value) > MAX_LENGTH:
            raise ProgramError("a string or a container grows too long")
        return value

    def weighed(self, value: Any) -> Any:
        """The value itself, its parts counted. Raises ProgramError where they are too many, or hold one another."""
        if not isinstance(value, list | tuple | dict):
            return value
        total, stack = 0, [value]
        while stack:
            inner = stack.pop()
            total += len(inner)
            if total > MAX_WEIGHT:
                raise ProgramError("a container holds too much")
            parts = (*inner.keys(), *inner.values()) if isinstance(inner, dict) else inner
            stack.extend(part for part in parts if isinstance(part, list | tuple | dict))
        self.spend(total >> 3)
        return value

    def key(self, value: Any) -> Any:
        """A value as an index or a key."""
        if isinstance(value, tuple):
            return self.weighed(value)
        if isinstance(value, int | str):
            return value
        raise ProgramError("an index or a key of the wrong type")

    def shown(self, value: Any) -> str:
        """The text of a value. Raises ProgramError where it has none."""
        return str(self.weighed(value))

    def print(self, line: str) -> None:
        """Print a line. Raises ProgramError on too much output."""
        self.printed += len(line) + 1
        if self.printed > MAX_OUTPUT:
            raise ProgramError("the program prints too much")
        self.lines.append(line)

    def call(self, function: Any, arguments: list[Any]) -> Any:
        """What a function returns."""
        if not isinstance(function, Function):
            raise ProgramError("what is called is not a function")
        missing = function.arity - len(arguments)
        if not 0 <= missing <= len(function.defaults):
            raise ProgramError("the number of arguments does not fit the function")
        if missing:
            arguments += function.defaults[len(function.defaults) - missing :]
        frame = [function.frame, *arguments]
        frame += [UNBOUND] * (function.scope.size - len(frame))
        self.calls += 1
        if self.calls > MAX_CALLS:
            raise ProgramError("functions call one another too deeply")
        signal = function.body(frame)
        self.calls -= 1
        return None if signal is None else signal[0]


def _times(machine: Machine, left: Any, right: Any) -> Any:
    if isinstance(left, str | list | tuple) and isinstance(right, int) and len(left) * right > MAX_LENGTH:
        raise ProgramError("a string or a container grows too long")
    if isinstance(right, str | list | tuple) and isinstance(left, int) and len(right) * left > MAX_LENGTH:
        raise ProgramError("a string or a container grows too long")
    return machine.bounded(left * right)


def _power(machine: Machine, left: Any, right: Any) -> Any:
    if not isinstance(left, int) or not isinstance(right, int) or right < 0 or abs(left).bit_length() * right > 64:
        raise ProgramError("a power is negative or too large")
    return machine.bounded(left**right)


def _modulo(machine: Machine, left: Any, right: Any) -> Any:
    if isinstance(left, str):
        raise ProgramError("% takes numbers")
    return left % right


ARITHMETIC: dict[str, Callable[[Machine, Any, Any], Any]] = {
    "+": lambda machine, left, right: machine.bounded(left + right),
    "-": lambda machine, left, right: machine.bounded(left - right),
    "*": _times,
    "**": _power,
    "//": lambda machine, left, right: left // right,
    "%": _modulo,
    "==": lambda machine, left, right: machine.weighed(left) == machine.weighed(right),
    "!=": lambda machine, left, right: machine.weighed(left) != machine.weighed(right),
    "<": lambda machine, left, right: machine.weighed(left) < machine.weighed(right),
    "<=": lambda machine, left, right: machine.weighed(left) <= machine.weighed(right),
    ">": lambda machine, left, right: machine.weighed(left) > machine.weighed(right),
    ">=": lambda machine, left, right: machine.weighed(left) >= machine.weighed(right),
    "in": lambda machine, left, right: machine.weighed(left) in machine.weighed(right),
    "not in": lambda machine, left, right: machine.weighed(left) not in machine.weighed(right),
}


def _character(code: int) -> str:
    if not 32 <= code < 127:
        raise ProgramError("chr takes the codes of printable ASCII")
    return chr(code)


def _integer(value: Any) -> int:
    if isinstance(value, str) and len(value) > 15:
        raise ProgramError("a number grows too large")
    return int(value)


def listed(items: Iterable[Any]) -> list[Any]:
    """The items of an iterable. Raises ProgramError where they are too many."""
    found = list(islice(items, MAX_LENGTH + 1))
    if len(found) > MAX_LENGTH:
        raise ProgramError("a container grows too long")
    return found


PLAIN: dict[str, tuple[int, Callable[..., Any]]] = {
    "len": (1, len), "abs": (1, abs), "int": (1, _integer), "ord": (1, ord), "chr": (1, _character)
}  # fmt: skip
OVER_ITEMS: dict[str, Callable[[list[Any]], Any]] = {
    "sum": sum, "sorted": sorted, "min": min, "max": max, "any": any, "all": all, "list": list, "tuple": tuple
}  # fmt: skip
LAZY: dict[str, tuple[tuple[int, ...], Callable[..., Iterable[Any]]]] = {
    "range": ((1, 2, 3), range), "enumerate": ((1, 2), enumerate), "zip": ((2, 3), zip), "reversed": ((1,), reversed)
}  # fmt: skip
METHODS: dict[type, frozenset[str]] = {
    list: frozenset(("append", "extend", "insert", "pop", "remove", "reverse", "sort", "copy", "index", "count")),
    tuple: frozenset(("index", "count")),
    dict: frozenset(("get", "pop", "copy")),
    str: frozenset(
        ("upper", "lower", "replace", "split", "join", "find", "startswith", "endswith", "index", "count")
    ),
}  # fmt: skip
