"""Expressions of the programs in `_program`: closures that evaluate them."""

import operator
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from taskgen.verifiers.code._program import (
    LAZY_BUILTINS,
    LAZY_METHODS,
    Binary,
    Bool,
    Builtin,
    Call,
    Choice,
    Dict,
    Each,
    Expression,
    Index,
    Int,
    List,
    Method,
    Slice,
    Text,
    Tuple,
    Unary,
    Var,
    children,
)
from taskgen.verifiers.code._program_machine import (
    ARITHMETIC,
    LAZY,
    METHODS,
    OVER_ITEMS,
    PLAIN,
    UNBOUND,
    Frame,
    Machine,
    ProgramError,
    Run,
    Scope,
    listed,
)

COSTS = {"call": 3, "method": 2, "builtin": 2, "each": 2}


def cost(node: Struct) -> int:
    """The price of a statement's own expressions, or of an expression: its nodes, calls counting more."""
    return sum(
        COSTS.get(str(child.__struct_config__.tag), 1) + cost(child)
        for child in children(node)
        if isinstance(child, Expression)
    )


class Compiler:
    """Closures that take a frame and return the value of an expression."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def expressions(self, several: Sequence[Expression], scope: Scope) -> list[Run]:
        """The closures of several expressions."""
        return [self.expression(expression, scope) for expression in several]

    def expression(self, expression: Expression, scope: Scope) -> Run:
        """The closure of an expression. Raises ProgramError where the expression is not valid."""
        match expression:
            case Int(constant) | Bool(constant) | Text(constant):
                return lambda frame: constant
            case Var(name):
                return self.variable(name, scope)
            case List(items):
                parts = self.expressions(items, scope)
                return lambda frame: [part(frame) for part in parts]
            case Tuple(items):
                parts = self.expressions(items, scope)
                return lambda frame: tuple([part(frame) for part in parts])
            case Dict(items):
                return self.dictionary(self.expressions(items, scope))
            case Binary(symbol, left, right):
                return self.binary(symbol, self.expression(left, scope), self.expression(right, scope))
            case Unary(symbol, operand):
                value = self.expression(operand, scope)
                negative = symbol == "-"
                return lambda frame: operator.neg(value(frame)) if negative else not value(frame)
            case Choice(then, test, otherwise):
                taken, decides, other = self.expressions((then, test, otherwise), scope)
                return lambda frame: taken(frame) if decides(frame) else other(frame)
            case Index(base, at):
                return self.index(self.expression(base, scope), self.expression(at, scope))
            case Slice():
                return self.slice(expression, scope)
            case Call(name, arguments):
                return self.call(self.variable(name, scope), self.expressions(arguments, scope))
            case Builtin():
                return self.builtin(expression, scope)
            case Method():
                return self.method(expression, scope)
            case Each():
                return self.each(expression, scope)

    def variable(self, name: int, scope: Scope) -> Run:
        depth, slot = scope.resolve(name)

        def look_out(frame: Frame) -> Any:
            for _ in range(depth):
                frame = frame[0]
            return look(frame)

        def look(frame: Frame) -> Any:
            value = frame[slot]
            if value is UNBOUND:
                raise ProgramError("a variable is read before it has a value")
            return value

        return look_out if depth else look

    def dictionary(self, parts: list[Run]) -> Run:
        if len(parts) % 2:
            raise ProgramError("a key without a value")
        key = self.machine.key
        pairs = list(zip(parts[::2], parts[1::2], strict=True))
        return lambda frame: {key(first(frame)): second(frame) for first, second in pairs}

    def binary(self, symbol: str, left: Run, right: Run) -> Run:
        if symbol == "and":
            return lambda frame: left(frame) and right(frame)
        if symbol == "or":
            return lambda frame: left(frame) or right(frame)
        apply, machine = ARITHMETIC[symbol], self.machine
        return lambda frame: apply(machine, left(frame), right(frame))

    def index(self, base: Run, at: Run) -> Run:
        key = self.machine.key

        def run(frame: Frame) -> Any:
            container = base(frame)
            return container[key(at(frame))]

        return run

    def slice(self, expression: Slice, scope: Scope) -> Run:
        base = self.expression(expression.base, scope)
        ends = [
            self.expression(end, scope) if end is not None else None
            for end in (expression.start, expression.stop, expression.step)
        ]

        def run(frame: Frame) -> Any:
            container = base(frame)
            if not isinstance(container, str | list | tuple):
                raise ProgramError("only strings, lists and tuples are sliced")
            return container[slice(*[None if end is None else end(frame) for end in ends])]

        return run

    def call(self, function: Run, arguments: list[Run]) -> Run:
        machine = self.machine
        return lambda frame: machine.call(function(frame), [argument(frame) for argument in arguments])

    def iterable(self, expression: Expression, scope: Scope) -> Run:
        """The closure of an expression whose items are gone through: here range, enumerate and their kin may stand."""
        match expression:
            case Builtin(function, arguments) if function in LAZY_BUILTINS:
                arities, make = LAZY[function]
                if len(arguments) not in arities:
                    raise ProgramError(f"{function} with {len(arguments)} arguments")
                compiled = self.expression if function == "range" else self.iterable
                parts = [compiled(argument, scope) for argument in arguments]
                return lambda frame: make(*[part(frame) for part in parts])
            case Method(base, method, ()) if method in LAZY_METHODS:
                holder = self.expression(base, scope)

                def view(frame: Frame) -> Any:
                    items = holder(frame)
                    if not isinstance(items, dict):
                        raise ProgramError(f"{method} takes a dict")
                    return getattr(items, method)()

                return view
        return self.expression(expression, scope)

    def builtin(self, expression: Builtin, scope: Scope) -> Run:
        function, arguments, machine = expression.function, expression.arguments, self.machine
        if function == "str" and len(arguments) == 1:
            value = self.expression(arguments[0], scope)
            return lambda frame: machine.bounded(machine.shown(value(frame)))
        if function in PLAIN and len(arguments) == PLAIN[function][0]:
            operand, apply = self.expression(arguments[0], scope), PLAIN[function][1]
            return lambda frame: apply(operand(frame))
        if function in ("min", "max") and len(arguments) > 1:
            parts, best = self.expressions(arguments, scope), OVER_ITEMS[function]
            return lambda frame: best(machine.weighed([part(frame) for part in parts]))
        if function in OVER_ITEMS and len(arguments) == 1:
            items, fold = self.iterable(arguments[0], scope), OVER_ITEMS[function]
            return lambda frame: machine.bounded(fold(machine.weighed(listed(items(frame)))))
        raise ProgramError(f"{function} cannot stand here, or not with {len(arguments)} arguments")

    def method(self, expression: Method, scope: Scope) -> Run:
        method, machine = expression.method, self.machine
        base, arguments = self.expression(expression.base, scope), self.expressions(expression.arguments, scope)
        compares, keyed = method in ("index", "count", "remove", "sort"), method in ("get", "pop")
        if method in LAZY_METHODS:
            raise ProgramError(f"{method} stands only where items are gone through")

        def run(frame: Frame) -> Any:
            holder = base(frame)
            if method not in METHODS.get(type(holder), ()):
                raise ProgramError(f"{type(holder).__name__} has no method {method}")
            values = [argument(frame) for argument in arguments]
            if compares:
                machine.weighed(holder)
                machine.weighed(values)
            elif keyed and values:
                machine.key(values[0])
            result = getattr(holder, method)(*values)
            machine.bounded(holder)
            return machine.bounded(result)

        return run

    def each(self, expression: Each, scope: Scope) -> Run:
        items = self.iterable(expression.source, scope)
        # The variable has a slot of its own, so that a variable of the same name outside keeps its value.
        slot = scope.size
        scope.size += 1
        hidden = scope.slots.get(expression.name)
        outer, scope.outer = scope.outer, scope.outer - {expression.name}
        scope.slots[expression.name] = slot
        element = self.expression(expression.element, scope)
        test = self.expression(expression.test, scope) if expression.test is not None else None
        scope.outer = outer
        if hidden is None:
            del scope.slots[expression.name]
        else:
            scope.slots[expression.name] = hidden
        machine, price = self.machine, 1 + cost(expression)

        def run(frame: Frame) -> list[Any]:
            found: list[Any] = []
            for item in items(frame):
                machine.spend(price)
                frame[slot] = item
                if test is None or test(frame):
                    found.append(element(frame))
            machine.bounded(found)
            return found

        return run
