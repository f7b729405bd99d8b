"""What the programs of `_program` do: they are compiled to closures and run on bounded values within a budget.

Values are Python's own and so are the operators, hence every result is what Python computes; the interpreter decides
which operators there are, refuses values that grow too large, and stops programs that run too long.
"""

from collections.abc import Callable
from typing import Any

from taskgen.verifiers.code._program import (
    Assign,
    Block,
    Define,
    Delete,
    Do,
    For,
    If,
    Leave,
    Print,
    Put,
    Return,
    Statement,
    Update,
    While,
    assigned,
)
from taskgen.verifiers.code._program_expressions import Compiler, cost
from taskgen.verifiers.code._program_machine import (
    ARITHMETIC,
    UNBOUND,
    Frame,
    Function,
    Machine,
    ProgramError,
    Run,
    Scope,
)

MAX_FUEL = 16_000

_FAULTS = (
    ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, RuntimeError, TypeError, ValueError
)  # fmt: skip


class Program:
    """A compiled program, to be run any number of times. Raises ProgramError where it is not valid Python."""

    def __init__(self, block: Block) -> None:
        self.machine = Machine()
        compiler = _StatementCompiler(self.machine)
        scope = Scope(None, sorted(assigned(block)), ())
        self._main = compiler.block(block, scope)
        self._scope = scope

    def run(self, fuel: int = MAX_FUEL) -> list[str]:
        """The lines that the program prints. Raises ProgramError where it fails or exceeds a bound."""
        machine = self.machine
        machine.start(fuel)
        try:
            if self._main([UNBOUND] * self._scope.size) is not None:
                raise ProgramError("a return outside of a function")
        except _FAULTS as error:
            if isinstance(error, ProgramError):
                raise
            raise ProgramError(f"{type(error).__name__}: {error}") from None
        return machine.lines


class _StatementCompiler(Compiler):
    """Closures for statements. A closure returns None, "break", "continue" or, for a return, the value in a tuple."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self.loops = 0
        self.functions = 0

    def block(self, block: tuple[Statement, ...], scope: Scope) -> Run:
        steps = [(1 + cost(statement), self.statement(statement, scope)) for statement in block]
        machine = self.machine

        def run(frame: Frame) -> Any:
            for price, execute in steps:
                machine.fuel -= price
                if machine.fuel < 0:
                    raise ProgramError("the program runs too long")
                signal = execute(frame)
                if signal is not None:
                    return signal
            return None

        return run

    def statement(self, statement: Statement, scope: Scope) -> Run:
        match statement:
            case Assign(names, value):
                return self.assign(self.target(names, scope), self.expression(value, scope))
            case Update(name, operator, value):
                return self.update(name, operator, self.expression(value, scope), scope)
            case Put():
                return self.put(statement, scope)
            case Delete(base, at):
                return self.delete(self.expression(base, scope), self.expression(at, scope))
            case Do(call):
                return self.do(self.expression(call, scope))
            case If(test, then, otherwise):
                return self.branch(self.expression(test, scope), then, otherwise, scope)
            case For():
                return self.for_loop(statement, scope)
            case While():
                return self.while_loop(statement, scope)
            case Leave(how):
                if not self.loops:
                    raise ProgramError(f"a {how} outside of a loop")
                return lambda frame: how
            case Return(value):
                if not self.functions:
                    raise ProgramError("a return outside of a function")
                result = self.expression(value, scope)
                return lambda frame: (result(frame),)
            case Print(values):
                return self.print(tuple(self.expression(value, scope) for value in values))
            case Define():
                return self.define(statement, scope)

    def target(self, names: tuple[int, ...], scope: Scope) -> Callable[[Frame, Any], None]:
        """A closure that binds names to a value, or to its items where there are several names."""
        if len(names) == 1:
            return self.binder(names[0], scope)
        binders = [self.binder(name, scope) for name in names]

        def bind(frame: Frame, value: Any) -> None:
            if not isinstance(value, list | tuple | str | dict) or len(value) != len(binders):
                raise ProgramError("the number of values does not fit the number of names")
            for binder, item in zip(binders, value, strict=True):
                binder(frame, item)

        return bind

    def binder(self, name: int, scope: Scope) -> Callable[[Frame, Any], None]:
        depth, slot = scope.resolve(name)

        def bind(frame: Frame, value: Any) -> None:
            for _ in range(depth):
                frame = frame[0]
            frame[slot] = value

        def bind_here(frame: Frame, value: Any) -> None:
            frame[slot] = value

        return bind if depth else bind_here

    def assign(self, bind: Callable[[Frame, Any], None], value: Run) -> Run:
        return lambda frame: bind(frame, value(frame))

    def update(self, name: int, operator: str, value: Run, scope: Scope) -> Run:
        look, bind, apply = self.variable(name, scope), self.binder(name, scope), self.in_place(operator)

        def run(frame: Frame) -> None:
            bind(frame, apply(look(frame), value(frame)))

        return run

    def in_place(self, operator: str) -> Callable[[Any, Any], Any]:
        """The operator of an augmented assignment: a list grows where it is."""
        apply, bounded = ARITHMETIC[operator], self.machine.bounded

        def run(left: Any, right: Any) -> Any:
            if not isinstance(left, list):
                return apply(self.machine, left, right)
            grown = apply(self.machine, left, list(right) if operator == "+" else right)
            left[:] = bounded(grown)
            return left

        return run

    def put(self, statement: Put, scope: Scope) -> Run:
        machine = self.machine
        base, at, value = (self.expression(part, scope) for part in (statement.base, statement.at, statement.value))

        def run(frame: Frame) -> None:
            item = value(frame)
            container, key = base(frame), at(frame)
            container[machine.key(key)] = item
            machine.bounded(container)

        if statement.operator is None:
            return run
        apply = self.in_place(statement.operator)

        def run_augmented(frame: Frame) -> None:
            container, key = base(frame), machine.key(at(frame))
            container[key] = apply(container[key], value(frame))

        return run_augmented

    def delete(self, base: Run, at: Run) -> Run:
        machine = self.machine

        def run(frame: Frame) -> None:
            container = base(frame)
            del container[machine.key(at(frame))]

        return run

    def do(self, call: Run) -> Run:
        def run(frame: Frame) -> None:
            call(frame)

        return run

    def branch(self, test: Run, then: Block, otherwise: tuple[Statement, ...], scope: Scope) -> Run:
        taken, other = self.block(then, scope), self.block(otherwise, scope)
        return lambda frame: taken(frame) if test(frame) else other(frame)

    def for_loop(self, statement: For, scope: Scope) -> Run:
        bind, items = self.target(statement.names, scope), self.iterable(statement.source, scope)
        self.loops += 1
        body = self.block(statement.body, scope)
        self.loops -= 1
        spend = self.machine.spend

        def run(frame: Frame) -> Any:
            for item in items(frame):
                spend(1)
                bind(frame, item)
                signal = body(frame)
                if signal is not None and signal != "continue":
                    return None if signal == "break" else signal
            return None

        return run

    def while_loop(self, statement: While, scope: Scope) -> Run:
        test, price = self.expression(statement.test, scope), 1 + cost(statement)
        self.loops += 1
        body = self.block(statement.body, scope)
        self.loops -= 1
        spend = self.machine.spend

        def run(frame: Frame) -> Any:
            while test(frame):
                spend(price)
                signal = body(frame)
                if signal is not None and signal != "continue":
                    return None if signal == "break" else signal
            return None

        return run

    def print(self, values: tuple[Run, ...]) -> Run:
        machine = self.machine

        def run(frame: Frame) -> None:
            shown = [value(frame) for value in values]  # all of them before the first is turned into text
            machine.print(" ".join([machine.shown(value) for value in shown]))

        return run

    def define(self, statement: Define, scope: Scope) -> Run:
        if len(set(statement.names)) < len(statement.names) or set(statement.names) & set(statement.outer):
            raise ProgramError("a parameter is named twice")
        if len(statement.defaults) > len(statement.names):
            raise ProgramError("more defaults than parameters")
        bind = self.binder(statement.name, scope)
        defaults = [self.expression(default, scope) for default in statement.defaults]
        own = sorted(assigned(statement.body) - set(statement.names) - set(statement.outer))
        inner = Scope(scope, [*statement.names, *own], statement.outer)
        loops, self.loops, self.functions = self.loops, 0, self.functions + 1
        body = self.block(statement.body, inner)
        self.loops, self.functions = loops, self.functions - 1
        arity = len(statement.names)

        def run(frame: Frame) -> None:
            values = [default(frame) for default in defaults]
            bind(frame, Function(arity, values, inner, body, frame))

        return run
