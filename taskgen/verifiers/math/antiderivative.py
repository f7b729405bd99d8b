"""A function is given; name one whose derivative it is.

The verdict compares the derivative of the answer with the integrand at points, by ball arithmetic: see
`_equality` for what is proved and what is certified.
"""

from collections.abc import Hashable
from functools import lru_cache
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from taskgen.problem import Forms, Problem, Verdict, correct, limit, malformed, wrong
from taskgen.verifiers.math._answer_forms import read_answer
from taskgen.verifiers.math._derivative import tidy
from taskgen.verifiers.math._equality import Comparison, is_derivative
from taskgen.verifiers.math._grammar import parse
from taskgen.verifiers.math._trees import ExpressionError, Name, TooLarge, Tree, show, substitute

Variable = Literal["x", "t", "u", "y", "z", "s", "w", "v"]


class Antiderivative(Problem, frozen=True):
    """An integrand, as text in one variable."""

    forms: ClassVar[Forms] = ("answer", "boxed")
    max_answer: ClassVar[int] = 3_000

    integrand: Annotated[str, Meta(min_length=1, max_length=500)]
    variable: Variable

    def __post_init__(self) -> None:
        self.structure()

    def tree(self) -> Tree:
        """The integrand, read. Raises ExpressionError, a ValueError."""
        return _read(self.integrand, self.variable)

    def verify(self, answer: str) -> Verdict:
        """An expression in the variable, perhaps with `F(x) =` in front, perhaps with a constant of integration."""
        try:
            candidate, dropped = read_answer(answer, self.variable)
            outcome = is_derivative(self.tree(), candidate, self.variable, dropped)
        except TooLarge as error:
            return limit(str(error))
        except ExpressionError as error:
            return malformed(str(error))
        if outcome is Comparison.EQUAL:
            return correct()
        if outcome is Comparison.DIFFERENT:
            return wrong("the derivative of the answer is not the integrand")
        if outcome is Comparison.UNDEFINED:
            return wrong("found no points at which both the answer and the integrand are defined")
        return limit("the answer could not be told from a right one with the precision allowed")

    def structure(self) -> Hashable:
        """The text of the integrand with operands sorted and the variable called x."""
        return _structure(self.integrand, self.variable)


@lru_cache(maxsize=4096)
def _read(text: str, variable: str) -> Tree:
    dropped: list[Tree] = []
    tree = parse(text, frozenset((variable,)), dropped)
    if dropped:
        raise ExpressionError("the integrand holds a product with 0 or a power 0")
    return tree


@lru_cache(maxsize=4096)
def _structure(text: str, variable: str) -> str:
    """Tidying may still find a division by zero, or numbers that are too large: then there is no such problem."""
    return show(tidy(substitute(_read(text, variable), variable, Name("x"))))
