"""The small language of `program_output`: a subset of Python as a typed, bounded syntax tree.

Names are numbers, positions in the problem's table of identifiers, so renaming leaves the tree alone. A field that
holds names is called `name`, `names` or `outer`. Every kind of node means what the same text means in Python 3.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

MAX_NAMES = 100
MAX_NODES = 1_500
MAX_BLOCK = 40
MAX_TOP_LEVEL = 100
MAX_DEPTH = 16

Name = Annotated[int, Meta(ge=0, lt=MAX_NAMES)]
Names = Annotated[tuple[Name, ...], Meta(max_length=6)]


class Int(Struct, frozen=True, array_like=True, tag="int"):
    """A number."""

    value: Annotated[int, Meta(ge=-(10**9), le=10**9)]


class Bool(Struct, frozen=True, array_like=True, tag="bool"):
    """True or False."""

    value: bool


class Text(Struct, frozen=True, array_like=True, tag="str"):
    """A string of printable ASCII without quotes and backslashes."""

    value: Annotated[str, Meta(pattern=r"^[ !#-&(-\[\]-~]*\Z", max_length=40)]


class Var(Struct, frozen=True, array_like=True, tag="var"):
    """The value of a variable."""

    name: Name


class List(Struct, frozen=True, array_like=True, tag="list"):
    """`[a, b, c]`."""

    items: Annotated[tuple["Expression", ...], Meta(max_length=20)]


class Tuple(Struct, frozen=True, array_like=True, tag="tuple"):
    """`(a, b, c)`."""

    items: Annotated[tuple["Expression", ...], Meta(min_length=1, max_length=6)]


class Dict(Struct, frozen=True, array_like=True, tag="dict"):
    """`{k: v, l: w}`: keys and values take turns in `items`."""

    items: Annotated[tuple["Expression", ...], Meta(max_length=24)]


class Binary(Struct, frozen=True, array_like=True, tag="op"):
    """Two operands and the operator between them."""

    operator: Literal[
        "+", "-", "*", "//", "%", "**", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or"
    ]  # fmt: skip
    left: "Expression"
    right: "Expression"


class Unary(Struct, frozen=True, array_like=True, tag="unary"):
    """`-a` or `not a`."""

    operator: Literal["-", "not"]
    operand: "Expression"


class Choice(Struct, frozen=True, array_like=True, tag="choice"):
    """`a if test else b`."""

    then: "Expression"
    test: "Expression"
    otherwise: "Expression"


class Index(Struct, frozen=True, array_like=True, tag="index"):
    """`base[at]`."""

    base: "Expression"
    at: "Expression"


class Slice(Struct, frozen=True, array_like=True, tag="slice"):
    """`base[start:stop:step]`, each of the three or none."""

    base: "Expression"
    start: "Expression | None" = None
    stop: "Expression | None" = None
    step: "Expression | None" = None


class Call(Struct, frozen=True, array_like=True, tag="call"):
    """A call of a function of the program, or of a variable that holds one."""

    name: Name
    arguments: Annotated[tuple["Expression", ...], Meta(max_length=6)]


class Builtin(Struct, frozen=True, array_like=True, tag="builtin"):
    """A call of a built-in function."""

    function: Literal[
        "len", "abs", "min", "max", "sum", "sorted", "str", "int", "list", "tuple", "any", "all", "ord", "chr",
        "range", "enumerate", "zip", "reversed",
    ]  # fmt: skip
    arguments: Annotated[tuple["Expression", ...], Meta(min_length=1, max_length=3)]


class Method(Struct, frozen=True, array_like=True, tag="method"):
    """`base.method(arguments)`."""

    base: "Expression"
    method: Literal[
        "append", "extend", "insert", "pop", "remove", "reverse", "sort", "copy", "index", "count", "get", "items",
        "keys", "values", "upper", "lower", "replace", "split", "join", "find", "startswith", "endswith",
    ]  # fmt: skip
    arguments: Annotated[tuple["Expression", ...], Meta(max_length=2)]


class Each(Struct, frozen=True, array_like=True, tag="each"):
    """`[element for name in source if test]`."""

    element: "Expression"
    name: Name
    source: "Expression"
    test: "Expression | None" = None


Expression = (
    Int | Bool | Text | Var | List | Tuple | Dict | Binary | Unary | Choice | Index | Slice
    | Call | Builtin | Method | Each
)  # fmt: skip
Arithmetic = Literal["+", "-", "*", "//", "%"]
Block = Annotated[tuple["Statement", ...], Meta(min_length=1, max_length=MAX_BLOCK)]


class Assign(Struct, frozen=True, array_like=True, tag="="):
    """`a = value`, or `a, b = value` for several names."""

    names: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=4)]
    value: Expression


class Update(Struct, frozen=True, array_like=True, tag="op="):
    """`a += value` and its kin."""

    name: Name
    operator: Arithmetic
    value: Expression


class Put(Struct, frozen=True, array_like=True, tag="put"):
    """`base[at] = value` or, with an operator, `base[at] += value`."""

    base: Expression
    at: Expression
    value: Expression
    operator: Arithmetic | None = None


class Delete(Struct, frozen=True, array_like=True, tag="del"):
    """`del base[at]`."""

    base: Expression
    at: Expression


class Do(Struct, frozen=True, array_like=True, tag="do"):
    """A call as a statement."""

    call: Call | Method


class If(Struct, frozen=True, array_like=True, tag="if"):
    """`if`, with an `else` where there is something in it; an `else` that is one `if` reads as `elif`."""

    test: Expression
    then: Block
    otherwise: Annotated[tuple["Statement", ...], Meta(max_length=MAX_BLOCK)] = ()


class For(Struct, frozen=True, array_like=True, tag="for"):
    """`for a in source`, or `for a, b in source`."""

    names: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=3)]
    source: Expression
    body: Block


class While(Struct, frozen=True, array_like=True, tag="while"):
    """`while test`."""

    test: Expression
    body: Block


class Leave(Struct, frozen=True, array_like=True, tag="leave"):
    """`break` or `continue`."""

    how: Literal["break", "continue"]


class Return(Struct, frozen=True, array_like=True, tag="return"):
    """`return value`."""

    value: Expression


class Print(Struct, frozen=True, array_like=True, tag="print"):
    """`print(a, b, c)`."""

    values: Annotated[tuple[Expression, ...], Meta(min_length=1, max_length=8)]


class Define(Struct, frozen=True, array_like=True, tag="def"):
    """A function: its name, then its parameters, the last ones with defaults; `outer` are global or nonlocal names."""

    name: Name
    names: Names
    defaults: Annotated[tuple[Expression, ...], Meta(max_length=6)]
    outer: Names
    body: Block


Statement = (
    Assign | Update | Put | Delete | Do | If | For | While | Leave | Return | Print | Define
)  # fmt: skip

LAZY_BUILTINS = ("range", "enumerate", "zip", "reversed")
LAZY_METHODS = ("items", "keys", "values")
BUILTIN_NAMES = frozenset(
    "print len abs min max sum sorted str int list tuple any all ord chr range enumerate zip reversed".split()
)


def children(node: Struct) -> Iterator[Struct]:
    """The nodes directly inside a node, in the order of its fields."""
    for field in node.__struct_fields__:
        value = getattr(node, field)
        if isinstance(value, Struct):
            yield value
        elif isinstance(value, tuple):
            yield from (item for item in value if isinstance(item, Struct))


def nodes(node: Struct) -> int:
    """The number of nodes in a tree. Raises ValueError where it is deeper than MAX_DEPTH."""
    total, stack = 0, [(node, 1)]
    while stack:
        inner, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise ValueError(f"the program is nested more than {MAX_DEPTH} deep")
        total += 1
        stack.extend((child, depth + 1) for child in children(inner))
    return total


def mentioned(node: Struct) -> set[int]:
    """The names that a tree mentions."""
    found: set[int] = set()
    stack = [node]
    while stack:
        inner = stack.pop()
        stack.extend(children(inner))
        for field in ("name", "names", "outer"):
            value = getattr(inner, field, ())
            found.update((value,) if isinstance(value, int) else value)
    return found


def canonical(block: tuple[Struct, ...], order: dict[int, int]) -> tuple[Any, ...]:
    """A block as nested tuples of tags, literals and names; names are numbered anew, by first appearance."""
    return tuple(_canonical(node, order) for node in block)


def _canonical(node: Struct, order: dict[int, int]) -> tuple[Any, ...]:
    parts: list[Any] = [node.__struct_config__.tag]
    for field in node.__struct_fields__:
        value = getattr(node, field)
        if field == "name":
            parts.append(order.setdefault(value, len(order)))
        elif field in ("names", "outer"):
            parts.append(tuple(order.setdefault(name, len(order)) for name in value))
        elif isinstance(value, Struct):
            parts.append(_canonical(value, order))
        elif isinstance(value, tuple):
            parts.append(canonical(value, order))
        else:
            parts.append(value)
    return tuple(parts)


def assigned(block: tuple[Statement, ...]) -> set[int]:
    """The names that a block binds itself: not those bound in functions defined in it, nor by comprehensions."""
    found: set[int] = set()
    for statement in block:
        match statement:
            case Define(name) | Update(name):
                found.add(name)
            case Assign(names):
                found.update(names)
            case For(names, _, body):
                found.update(names, assigned(body))
            case If(_, then, otherwise):
                found.update(assigned(then), assigned(otherwise))
            case While(_, body):
                found.update(assigned(body))
    return found


def renamed(block: tuple[Any, ...], numbers: Mapping[int, int]) -> tuple[Any, ...]:
    """The block with every name replaced by the one that `numbers` gives for it."""
    return tuple(_renamed(part, numbers) if isinstance(part, Struct) else part for part in block)


def _renamed(node: Struct, numbers: Mapping[int, int]) -> Struct:
    fields: dict[str, Any] = {}
    for field in node.__struct_fields__:
        value = getattr(node, field)
        if field == "name":
            fields[field] = numbers[value]
        elif field in ("names", "outer"):
            fields[field] = tuple(numbers[name] for name in value)
        elif isinstance(value, Struct):
            fields[field] = _renamed(value, numbers)
        elif isinstance(value, tuple):
            fields[field] = renamed(value, numbers)
        else:
            fields[field] = value
    return type(node)(**fields)
