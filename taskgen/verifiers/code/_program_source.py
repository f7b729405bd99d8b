"""Python text for the syntax trees of `_program`, with no more brackets than needed."""

from collections.abc import Iterable, Sequence

from taskgen.verifiers.code._program import (
    Assign,
    Binary,
    Block,
    Bool,
    Builtin,
    Call,
    Choice,
    Define,
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
    Print,
    Put,
    Return,
    Slice,
    Statement,
    Text,
    Tuple,
    Unary,
    Update,
    Var,
    While,
    assigned,
)

CHOICE, OR, NOT, COMPARE, SIGN, POWER, ATOM = 1, 2, 4, 5, 8, 9, 10
LEVELS = {"or": OR, "and": 3, "+": 6, "-": 6, "*": 7, "//": 7, "%": 7, "**": POWER}
INDENT = "    "


def source(block: Block, names: Sequence[str]) -> str:
    """The program's text, without a final line break."""
    return "\n".join(SourceWriter(names).block(block, ()))


class SourceWriter:
    """Writes trees; `enclosing` holds the names bound by each function around the place, the outermost first."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names

    def block(self, block: Iterable[Statement], enclosing: tuple[set[int], ...]) -> list[str]:
        return [line for statement in block for line in self.statement(statement, enclosing)]

    def inner(self, block: Iterable[Statement], enclosing: tuple[set[int], ...]) -> list[str]:
        return [INDENT + line for line in self.block(block, enclosing)]

    def statement(self, statement: Statement, enclosing: tuple[set[int], ...]) -> list[str]:
        match statement:
            case Assign(targets, value):
                bare = len(targets) > 1 and isinstance(value, Tuple)
                right = self.listed(value.items) if bare and isinstance(value, Tuple) else self.text(value)
                return [f"{self.joined(targets)} = {right}"]
            case Update(name, operator, value):
                return [f"{self.names[name]} {operator}= {self.text(value)}"]
            case Put(base, at, value, augmented):
                return [f"{self.text(base, ATOM)}[{self.text(at)}] {augmented or ''}= {self.text(value)}"]
            case Delete(base, at):
                return [f"del {self.text(base, ATOM)}[{self.text(at)}]"]
            case Do(call):
                return [self.text(call)]
            case If():
                return self.branches(statement, enclosing)
            case For(targets, iterated, body):
                return [f"for {self.joined(targets)} in {self.text(iterated)}:", *self.inner(body, enclosing)]
            case While(test, body):
                return [f"while {self.text(test)}:", *self.inner(body, enclosing)]
            case Leave(how):
                return [how]
            case Return(value):
                return [f"return {self.text(value)}"]
            case Print(values):
                return [f"print({self.listed(values)})"]
            case Define():
                return self.define(statement, enclosing)

    def branches(self, statement: If, enclosing: tuple[set[int], ...]) -> list[str]:
        lines = [f"if {self.text(statement.test)}:", *self.inner(statement.then, enclosing)]
        otherwise = statement.otherwise
        if len(otherwise) == 1 and isinstance(otherwise[0], If):
            first, *rest = self.branches(otherwise[0], enclosing)
            return [*lines, f"el{first}", *rest]
        return [*lines, "else:", *self.inner(otherwise, enclosing)] if otherwise else lines

    def define(self, statement: Define, enclosing: tuple[set[int], ...]) -> list[str]:
        defaults = [""] * (len(statement.names) - len(statement.defaults))
        defaults += [f"={self.text(default)}" for default in statement.defaults]
        parameters = (self.names[name] + default for name, default in zip(statement.names, defaults, strict=True))
        around = set().union(*enclosing)
        bound = (assigned(statement.body) | set(statement.names)) - set(statement.outer)
        lines = [f"def {self.names[statement.name]}({', '.join(parameters)}):"]
        lines += [
            f"{INDENT}{'nonlocal' if name in around else 'global'} {self.names[name]}" for name in statement.outer
        ]
        return [*lines, *self.inner(statement.body, (*enclosing, bound))]

    def joined(self, names: Sequence[int]) -> str:
        return ", ".join(self.names[name] for name in names)

    def listed(self, expressions: Sequence[Expression]) -> str:
        return ", ".join(self.text(expression) for expression in expressions)

    def text(self, expression: Expression, least: int = CHOICE) -> str:
        """An expression, in brackets where it binds less tightly than `least`."""
        written, level = self.expression(expression)
        return written if level >= least else f"({written})"

    def expression(self, expression: Expression) -> tuple[str, int]:
        match expression:
            case Int(value):
                return str(value), SIGN  # so that a number is bracketed before a dot and as the base of a power
            case Bool(value):
                return str(value), ATOM
            case Text(value):
                return f"'{value}'", ATOM
            case Var(name):
                return self.names[name], ATOM
            case List(items):
                return f"[{self.listed(items)}]", ATOM
            case Tuple(items):
                return f"({self.listed(items)}{',' * (len(items) == 1)})", ATOM
            case Dict(items):
                texts = [self.text(item) for item in items]
                pairs = (f"{key}: {value}" for key, value in zip(texts[::2], texts[1::2], strict=True))
                return "{" + ", ".join(pairs) + "}", ATOM
            case Binary(operator, left, right):
                return self.binary(operator, left, right)
            case Unary("not", operand):
                return f"not {self.text(operand, NOT)}", NOT
            case Unary(_, operand):
                return f"-{self.text(operand, SIGN)}", SIGN
            case Choice(then, test, otherwise):
                return f"{self.text(then, OR)} if {self.text(test, OR)} else {self.text(otherwise)}", CHOICE
            case Index(base, at):
                return f"{self.text(base, ATOM)}[{self.text(at)}]", ATOM
            case Slice(base, start, stop, step):
                first, second, third = (self.text(part) if part else "" for part in (start, stop, step))
                return f"{self.text(base, ATOM)}[{first}:{second}{':' + third if third else ''}]", ATOM
            case Call(name, arguments):
                return f"{self.names[name]}({self.listed(arguments)})", ATOM
            case Builtin(function, arguments):
                return f"{function}({self.listed(arguments)})", ATOM
            case Method(base, method, arguments):
                return f"{self.text(base, ATOM)}.{method}({self.listed(arguments)})", ATOM
            case Each(element, name, iterated, test):
                condition = f" if {self.text(test, OR)}" if test else ""
                loop = f"for {self.names[name]} in {self.text(iterated, OR)}"
                return f"[{self.text(element)} {loop}{condition}]", ATOM

    def binary(self, operator: str, left: Expression, right: Expression) -> tuple[str, int]:
        level = LEVELS.get(operator, COMPARE)
        if operator == "**":
            first = str(left.value) if isinstance(left, Int) and left.value >= 0 else self.text(left, ATOM)
            return f"{first} ** {self.text(right, SIGN)}", level
        # Comparisons would chain, so both of their sides bind more tightly; the others associate to the left.
        sides = (level + 1, level + 1) if level == COMPARE else (level, level + 1)
        return f"{self.text(left, sides[0])} {operator} {self.text(right, sides[1])}", level
