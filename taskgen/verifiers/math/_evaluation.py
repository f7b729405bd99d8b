"""Expression trees as programs, run at a point: the value and, at the same time, the derivative, both as balls.

Derivatives are carried along (forward-mode automatic differentiation), so a hostile tree costs no more than its length,
and equal subtrees are one step. Real functions of a real variable throughout: logarithms and powers that are not whole
need a positive base, so that the cube root of a negative number is undefined.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Generic, NamedTuple, Protocol, TypeVar

from taskgen.verifiers.math._trees import PI, Call, Name, Number, Power, Product, Rational, Sum, Tree

N = TypeVar("N", int, float)
Dual = tuple[tuple[N, N], tuple[N, N] | None]
"""A value and its derivative, each a ball; None stands for a derivative that is 0 throughout."""


class Arithmetic(Protocol[N]):
    """What a program needs of numbers: balls (middle, radius), see `_balls` and `_float_balls`."""

    def ratio(self, top: int, bottom: int = 1) -> tuple[N, N]: ...
    def negative(self, ball: tuple[N, N]) -> tuple[N, N]: ...
    def add(self, left: tuple[N, N], right: tuple[N, N]) -> tuple[N, N]: ...
    def times(self, left: tuple[N, N], right: tuple[N, N]) -> tuple[N, N]: ...
    def inverse(self, ball: tuple[N, N]) -> tuple[N, N]: ...
    def whole_power(self, ball: tuple[N, N], exponent: int) -> tuple[N, N]: ...
    def sign(self, ball: tuple[N, N]) -> int: ...
    def square_root(self, ball: tuple[N, N]) -> tuple[N, N]: ...
    def exponential(self, ball: tuple[N, N]) -> tuple[N, N]: ...
    def logarithm(self, ball: tuple[N, N]) -> tuple[N, N]: ...
    def cosine_sine(self, ball: tuple[N, N]) -> tuple[tuple[N, N], tuple[N, N]]: ...
    def arctangent(self, ball: tuple[N, N]) -> tuple[N, N]: ...
    def pi(self) -> tuple[N, N]: ...


class Step(NamedTuple):
    """One operation on the results of earlier steps; without operands, a number or the name that `kind` gives."""

    kind: str
    operands: tuple[int, ...] = ()
    value: Rational = 0


class Program:
    """The steps that work out some trees; `calls` counts elementary functions, `length` operands."""

    def __init__(self, *trees: Tree) -> None:
        self.steps: list[Step] = []
        self._known: dict[Step, int] = {}
        self.results = tuple(self._place(tree) for tree in trees)
        self.length = sum(1 + len(step.operands) for step in self.steps)
        self.calls = sum(_elementary(step) for step in self.steps)

    def _place(self, tree: Tree) -> int:
        match tree:
            case Number(value):
                step = Step("number", (), value)
            case Name(name):
                step = Step(name)
            case Sum(terms):
                step = Step("sum", tuple(map(self._place, terms)))
            case Product(factors):
                step = Step("product", tuple(map(self._place, factors)))
            case Power(base, Number(exponent)):
                step = Step("fixed", (self._place(base),), exponent)
            case Power(base, exponent):
                step = Step("power", (self._place(base), self._place(exponent)))
            case Call(function, argument):
                step = Step(function, (self._place(argument),))
        place = self._known.setdefault(step, len(self.steps))
        if place == len(self.steps):
            self.steps.append(step)
        return place

    def run(self, balls: Arithmetic[N], values: Mapping[str, tuple[N, N]], variable: str) -> list[Dual[N]]:
        """The trees where names have these values, and their derivatives. Raises Undefined or Overflow."""
        runner = _Runner(balls, values, variable)
        add, times = balls.add, runner.times
        duals: list[Dual[N]] = []
        for step in self.steps:
            kind, operands, exponent = step
            if not operands:
                duals.append(runner.leaf(step))
            elif kind == "product":
                product = duals[operands[0]]
                for place in operands[1:]:
                    product = times(product, duals[place])
                duals.append(product)
            elif kind == "sum":
                total, slope = duals[operands[0]]
                for place in operands[1:]:
                    value, change = duals[place]
                    total = add(total, value)
                    slope = change if slope is None else slope if change is None else add(slope, change)
                duals.append((total, slope))
            elif kind == "fixed":
                duals.append(runner.fixed_power(*duals[operands[0]], exponent))
            elif kind == "power":
                logarithm = runner.call("ln", *duals[operands[0]])
                duals.append(runner.call("exp", *times(duals[operands[1]], logarithm)))
            else:
                duals.append(runner.call(kind, *duals[operands[0]]))
        return [duals[place] for place in self.results]


def _elementary(step: Step) -> int:
    """How much a step costs, in elementary functions of an exact ball."""
    if not step.operands or step.kind in ("sum", "product", "abs"):
        return 0
    if step.kind == "fixed":
        return 2 if step.value.denominator > 2 else 0
    return {"power": 3, "sinh": 2, "cosh": 2, "tanh": 2}.get(step.kind, 1)


class _Runner(Generic[N]):
    """Duals of single steps."""

    def __init__(self, balls: Arithmetic[N], values: Mapping[str, tuple[N, N]], variable: str) -> None:
        self.balls: Arithmetic[N] = balls
        self.values: Mapping[str, tuple[N, N]] = values
        self.variable = variable

    def leaf(self, step: Step) -> Dual[N]:
        if step.kind == "number":
            return self.balls.ratio(step.value.numerator, step.value.denominator), None
        if step.kind == PI.name:
            return self.balls.pi(), None
        return self.values[step.kind], self.balls.ratio(1) if step.kind == self.variable else None

    def times(self, left: Dual[N], right: Dual[N]) -> Dual[N]:
        times = self.balls.times
        (first, slope), (second, change) = left, right
        value = times(first, second)
        if slope is None:
            return value, None if change is None else times(first, change)
        if change is None:
            return value, times(slope, second)
        return value, self.balls.add(times(slope, second), times(first, change))

    def fixed_power(self, base: tuple[N, N], slope: tuple[N, N] | None, exponent: Rational) -> Dual[N]:
        balls = self.balls
        if isinstance(exponent, Fraction):
            value = self.root_power(base, exponent)
            below = None if slope is None else balls.times(value, balls.inverse(base))
        elif exponent < 0:
            inverse = balls.inverse(base)
            value = balls.whole_power(inverse, -exponent)
            below = None if slope is None else balls.times(value, inverse)
        else:
            below = balls.whole_power(base, exponent - 1)
            value = balls.times(below, base)
        if slope is None or below is None:
            return value, None
        factor = balls.times(below, balls.ratio(exponent.numerator, exponent.denominator))
        return value, balls.times(slope, factor)

    def root_power(self, base: tuple[N, N], exponent: Fraction) -> tuple[N, N]:
        balls = self.balls
        if exponent.denominator == 2:
            value = balls.whole_power(balls.square_root(base), abs(exponent.numerator))
            return value if exponent > 0 else balls.inverse(value)
        return balls.exponential(balls.times(balls.logarithm(base), balls.ratio(*exponent.as_integer_ratio())))

    def call(self, function: str, value: tuple[N, N], slope: tuple[N, N] | None) -> Dual[N]:
        """A function and the chain rule."""
        result, factor = self.outer(function, value)
        return result, None if slope is None else self.balls.times(slope, factor)

    def outer(self, function: str, value: tuple[N, N]) -> tuple[tuple[N, N], tuple[N, N]]:
        """A function and its derivative."""
        balls = self.balls
        match function:
            case "exp":
                result = balls.exponential(value)
                return result, result
            case "ln":
                return balls.logarithm(value), balls.inverse(value)
            case "abs":
                sign = balls.sign(value)
                return (value if sign > 0 else balls.negative(value)), balls.ratio(sign)
            case "sin":
                cosine, sine = balls.cosine_sine(value)
                return sine, cosine
            case "cos":
                cosine, sine = balls.cosine_sine(value)
                return cosine, balls.negative(sine)
            case "tan":
                cosine, sine = balls.cosine_sine(value)
                secant = balls.inverse(cosine)
                return balls.times(sine, secant), balls.times(secant, secant)
            case "sinh" | "cosh" | "tanh":
                return self.hyperbolic(function, value)
        return self.inverse_function(function, value)

    def hyperbolic(self, function: str, value: tuple[N, N]) -> tuple[tuple[N, N], tuple[N, N]]:
        balls = self.balls
        half = balls.ratio(1, 2)
        grown = balls.times(half, balls.exponential(value))
        shrunk = balls.times(half, balls.exponential(balls.negative(value)))
        cosine, sine = balls.add(grown, shrunk), balls.add(grown, balls.negative(shrunk))
        if function == "sinh":
            return sine, cosine
        if function == "cosh":
            return cosine, sine
        secant = balls.inverse(cosine)
        return balls.times(sine, secant), balls.times(secant, secant)

    def inverse_function(self, function: str, value: tuple[N, N]) -> tuple[tuple[N, N], tuple[N, N]]:
        """The inverse functions, by their expressions in arctan, ln and sqrt."""
        balls = self.balls
        one = balls.ratio(1)
        square = balls.times(value, value)
        if function == "arctan":
            return balls.arctangent(value), balls.inverse(balls.add(one, square))
        if function == "arcsinh":
            root = balls.square_root(balls.add(one, square))
            return balls.logarithm(balls.add(value, root)), balls.inverse(root)
        if function == "arccosh":
            below, above = balls.add(value, balls.negative(one)), balls.add(value, one)
            root = balls.times(balls.square_root(below), balls.square_root(above))
            return balls.logarithm(balls.add(value, root)), balls.inverse(root)
        rest = balls.add(one, balls.negative(square))
        if function == "arctanh":
            ratio = balls.times(balls.add(one, value), balls.inverse(balls.add(one, balls.negative(value))))
            return balls.times(balls.logarithm(ratio), balls.ratio(1, 2)), balls.inverse(rest)
        factor = balls.inverse(balls.square_root(rest))
        angle = balls.arctangent(balls.times(value, factor))
        if function == "arcsin":
            return angle, factor
        quarter = balls.times(balls.pi(), balls.ratio(1, 2))
        return balls.add(quarter, balls.negative(angle)), balls.negative(factor)
