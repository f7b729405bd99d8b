import contextlib
import time
from fractions import Fraction
from math import factorial, isfinite

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskgen.judging import judge
from taskgen.verifiers.math._balls import Balls
from taskgen.verifiers.math._derivative import derivative, tidy
from taskgen.verifiers.math._equality import Comparison, is_derivative
from taskgen.verifiers.math._evaluation import Program
from taskgen.verifiers.math._float_balls import FloatBalls
from taskgen.verifiers.math._grammar import FUNCTIONS, parse
from taskgen.verifiers.math._trees import (
    ExpressionError,
    Name,
    Tree,
    add,
    call,
    multiply,
    number,
    power,
    show,
    substitute,
)
from taskgen.verifiers.math.antiderivative import Antiderivative

NAMES = frozenset({"x", "C"})


def read(text: str) -> Tree:
    return parse(text, NAMES)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("2x", "2*x"),
        ("x sin(x)", "x*sin(x)"),
        ("xe^(2x)", "x*exp(2*x)"),
        ("-x^2", "-x^2"),
        ("1/2x", "x/2"),
        ("2^3^2", "512"),
        ("x**-2", "1/x^2"),
        ("sin^2(x)", "sin(x)^2"),
        ("sin 2x cos x", "sin(2*x)*cos(x)"),
        ("3(x+1)(x-1)", "3*(x + 1)*(x - 1)"),
        ("ln|x-1|", "ln(abs(x - 1))"),
        ("|x||x+1|", "abs(x)*abs(x + 1)"),
        ("sec(x)", "1/cos(x)"),
        (r"\frac{1}{2}\,e^{2x}\left(x+1\right)", "exp(2*x)*(x + 1)/2"),
        (r"\sqrt{x^2+1} \cdot \operatorname{arsinh} x", "sqrt(x^2 + 1)*arcsinh(x)"),
        (r"$\tfrac{\pi}{4} \arctan\left(\frac{x}{2}\right)$", "pi*arctan(x/2)/4"),
        ("0.25*x", "x/4"),
        (r"\sqrt[3]{x+1}", "(x + 1)^(1/3)"),
        (r"\sqrt{x}\sqrt[2]{x+1}", "sqrt(x)*sqrt(x + 1)"),
        ("sqrt[x+1]", "sqrt(x + 1)"),
        ("√(x) + √2", "sqrt(x) + sqrt(2)"),
        ("x²/2 + sin²(x)", "x^2/2 + sin(x)^2"),
        ("x⁻¹² ⋅ 3 ∗ x¹", "3*x/x^12"),
        (r"\cos^{3/2}(x)", "cos(x)^(3/2)"),
        (r"\ln\lvert x\rvert \left\lvert x\right\rvert", "ln(abs(x))*abs(x)"),
        (r"\frac12 x + \frac1{x} + \frac x2 + \frac{1}3", "x/2 + 1/x + x/2 + 1/3"),
        (r"\log_e(x) + \log_{e} x", "ln(x) + ln(x)"),
    ],
)
def test_notations_are_read(text, plain):
    assert show(read(text)) == plain


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x2",
        "2 3",
        "1e-9",
        "sin",
        "sin^-1(x)",
        "x+",
        "(x",
        "x)",
        "(x]",
        "f(x)",
        "|x",
        "x = 2",
        "1/0",
        "٣x",
        "x^",
        "lambda: 0",
        "sin 2(x+1)",
        "sin pi x",
        "log10(x)",
        "log_2(x)",
        "sin^{-1}(x)",
        "sin⁻¹(x)",
        "sqrt 2x",
        "sqrt x^2",
        r"\sqrt[3] x",
        r"\sqrt[x]{3}",
        r"\sqrt[0]{x}",
        r"\frac123",
        r"\frac{1}23",
    ],
)
def test_what_is_unclear_is_refused(text):
    with pytest.raises(ExpressionError):
        read(text)


numbers = st.fractions(min_value=-50, max_value=50, max_denominator=12).map(number)
trees = st.recursive(
    st.one_of(numbers, st.just(Name("x")), st.just(Name("pi"))),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: add(*parts)),
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: multiply(*parts)),
        st.builds(lambda base, exponent: power(add(base, Name("x")), exponent), inner, numbers),
        st.builds(call, st.sampled_from(sorted(set(FUNCTIONS.values()))), inner),
    ),
    max_leaves=12,
)


def shown_and_read(tree: Tree) -> Tree:
    return parse(show(tree), NAMES)


@given(trees)
@settings(max_examples=200, deadline=None)
def test_what_is_shown_is_read_back(tree):
    try:
        again = shown_and_read(tree)
    except ExpressionError as error:
        assert "divides by zero" in str(error) or "large" in str(error)  # noqa: PT017
        return
    assert shown_and_read(again) == again
    assert tidy(again) == tidy(tree)


@given(st.one_of(st.text(max_size=60), st.text(alphabet="x()[]{}|^*/+-. 0123456789sincoetaplr\\C", max_size=200)))
@settings(max_examples=400, deadline=None)
def test_junk_raises_nothing_but_the_grammars_own_error(text):
    start = time.perf_counter()
    with contextlib.suppress(ExpressionError):
        show(read(text))
    assert time.perf_counter() - start < 1


@given(st.text(alphabet="x()|^*/+-.0123456789sincoetaplr ", max_size=120))
@settings(max_examples=200, deadline=None)
def test_junk_gets_a_verdict(text):
    assert judge(Antiderivative("3*x^2*cos(x^3) + 1/x", "x"), text).status in ("wrong", "malformed", "limit")


@pytest.mark.parametrize("function_name", sorted({*FUNCTIONS.values()}))
def test_the_symbolic_derivative_agrees_with_the_one_that_is_carried_along(function_name):
    shift = 3 if function_name == "arccosh" else 0
    function = call(function_name, read(f"x/40 + {shift}"))
    assert is_derivative(derivative(function, "x"), function, "x") is Comparison.EQUAL


# The polynomial that stands beside exp(3x) in the antiderivative of x^8*exp(3x), as text, from the constant up.
PARTS = [str(Fraction(factorial(8), factorial(k)) * Fraction((-1) ** (8 - k), 3 ** (9 - k))) for k in range(9)]


@pytest.mark.parametrize(
    ("integrand", "answer"),
    [
        ("1/x", "ln(x)"),
        ("1/x", "ln|x| + C"),
        ("1/x", "ln(-7x)"),
        ("3*x^2*cos(x^3) + 1/x", "F(x) = sin(x^3) + ln|x|"),
        ("2*sin(x)*cos(x)", "sin(x)^2"),
        ("2*sin(x)*cos(x)", "-cos(x)^2"),
        ("2*sin(x)*cos(x)", "-cos(2x)/2 + C/3"),
        ("1/sqrt(1 - x^2)", "-arccos(x)"),
        ("1/(x^2 - 1)", "ln|(x - 1)/(x + 1)|/2"),
        ("1/(x^2 - 1)", "-arctanh(x)"),
        ("1/cos(x)", "ln|sec(x) + tan(x)|"),
        ("1/cos(x)", "2arctanh(tan(x/2))"),
        ("1/sqrt(x^2 + 1)", "ln(x + sqrt(x^2 + 1))"),
        ("2^x", "2^x/ln(2)"),
        ("x^x*(ln(x) + 1)", "x^x"),
        ("x", "x^2/2 + sin(x)^2 + cos(x)^2"),
        ("x", r"\(x^2/2\)"),
        ("x", r"\[ \frac{x^2}{2}+C \]"),
        ("x", r"$F(x) = x^2/2 + C$."),
        ("x", "x^2/2 + C."),
        ("x", "x^2/2 + c"),
        ("x", "x^2/2 - K"),
        ("x", "f(x) = x²/2"),
        ("x", "y = x^2/2"),
        ("x", "x^2/2 + 0*ln(x)"),
        ("x^(1/3)", r"\frac34 x \sqrt[3]{x}"),
        ("abs(x - 20)", "(x - 20)*abs(x - 20)/2"),
        ("abs(x - 70)/(x - 70) + 1", "abs(x - 70) + x"),
        ("x/sqrt(x^2 - 1)", "sqrt(x^2 - 1)"),
        ("x^8*exp(3*x)", "".join(f"+{w}*x^{k}*exp(3x)" for k, w in enumerate(f"({part})" for part in PARTS))),
        ("2*x*exp(x^2)", "exp(x^2)"),
        ("exp(-x^2)*x", "-1/(2exp(x^2))"),
        ("0", "7"),
    ],
)
def test_every_antiderivative_counts(integrand, answer):
    assert Antiderivative(integrand, "x").verify(answer)


@pytest.mark.parametrize(
    ("integrand", "answer"),
    [
        ("1/x", "ln(x) + 0.000000001*x"),
        ("1/x", "1.000000001*ln(x)"),
        ("1/x", "ln(x) + x/10^60"),
        ("1/x", "ln(x) + x^200/10^59"),
        ("1/x", "C*ln(x)"),
        ("1/x", "ln(x) + C*x"),
        ("x", "x*|x|/2"),
        ("x", "0"),
        ("cos(x)", "sin(x) + x/7^50"),
        ("1/x", "sqrt(-x^2)"),
        ("3*exp(x) + x", "3*exp(x) + x"),
        ("x", "x^2/2 + abs(x - 20) + x"),
        ("x", "x^2/2 + (abs(x - 20) + x)/10^20"),
        ("x", "x^2/2 + abs(x - 3.14) + x"),
        ("x", "x^2/2 + abs(x + 1000) - x"),
        ("x", "x^2/2 + abs(x - 20) - 2*abs(x - 201/10) + abs(x - 202/10)"),
        ("x", "x^2/2 + sqrt((x - 700)^2) + x"),
        ("1", "arcsin(sin(x))"),
        ("sqrt(1 + cos(x))", "2*sqrt(2)*sin(x/2)"),
        ("x^(1/3)", r"\frac34 x \sqrt{3} x"),
        ("x", "x^2/2 + c*x"),
        ("x", "x^2/2 + c + k"),
        ("x", "x^2/2 + 0*ln(-1 - x^2)"),
        ("exp(-1000*x^2)", "0"),
    ],
)
def test_near_misses_are_wrong(integrand, answer):
    assert Antiderivative(integrand, "x").verify(answer).status in ("wrong", "malformed")


@pytest.mark.parametrize(
    "answer",
    [
        "9^9^9^9",
        "x^9^9^9",
        "9^9^9^x^9",
        "((((x^99)^99)^99)^99)^99",
        "x^x^x^x^x^x^x^x^x^x",
        "(" * 1_500,
        "|" * 1_500,
        "-" * 3_000 + "x",
        "exp(" * 35 + "x" + ")" * 35,
        "sinh(" * 35 + "x" + ")" * 35,
        "+".join(["tanh(x)"] * 78),
        "+".join(f"x^{exponent}*sin({exponent}x)" for exponent in range(1, 40)),
        "+".join(["exp(x)^(1/7)"] * 90),
        "sin(10^59*x)",
        "x*" * 480 + "1",
        "1/(x-x)",
        "9" * 3_000,
    ],
)
def test_hostile_answers_are_judged_quickly(answer):
    problem = Antiderivative("9*x*ln(x)", "x")
    problem.verify("x")  # loads mpmath
    assert problem.verify(answer).status in ("wrong", "limit", "malformed")
    assert least_seconds(problem, answer) < 0.05


def least_seconds(problem: Antiderivative, answer: str) -> float:
    """CPU time of a verdict, the least of three."""
    seconds = []
    for _ in range(3):
        start = time.process_time()
        problem.verify(answer)
        seconds.append(time.process_time() - start)
    return min(seconds)


@pytest.mark.parametrize("count", [3, 9, 15, 38])
@pytest.mark.parametrize(
    "function_of_x",
    ["(x+20)^(x/9)", "(x+2{0})^(x/{0})", "arccos(x/{0}00)", "tan(x+{0})", "ln(x+5{0})", "abs(x^2-{0}*sin(x))"],
)
def test_what_cancels_out_costs_little(function_of_x, count):
    problem = Antiderivative("sin(x)*exp(cos(x))", "x")
    terms = (function_of_x.format(number) for number in range(1, count + 1))
    answer = "-exp(cos(x))+x*(tanh(500)-1)" + "".join(f"+{term}-{term}" for term in terms)
    assert problem.verify(answer).status in ("limit", "wrong")
    assert least_seconds(problem, answer) < 0.05


@pytest.mark.parametrize("part", ["0/(x - x)", "0*x/(x - x)", "(1/(x - x))^0", r"\frac{0}{x - x}", "exp(0/(x - x))"])
def test_what_is_undefined_is_not_folded_away(part):
    assert not Antiderivative("x", "x").verify(f"x^2/2 + {part}")


def test_an_integrand_that_cannot_be_told_from_zero_is_equal_to_nothing():
    assert Antiderivative("exp(-1000000*x^2)", "x").verify("0").status == "limit"


def test_the_structure_forgets_the_variable_and_the_order():
    first = Antiderivative("3*t^2*cos(t^3) + 1/t", "t")
    second = Antiderivative("1/x + cos(x^3)*3*x^2", "x")
    third = Antiderivative("1/x + cos(x^3)*6*x^2", "x")
    assert first.structure() == second.structure() != third.structure()


def test_a_problem_from_outside_must_be_an_expression_in_its_variable():
    with pytest.raises(ValueError, match="cannot read"):
        Antiderivative("x + y", "x")


@pytest.mark.parametrize("integrand", ["1/(x - x)", "0/(x - x)", "2^(10001/2)*2^(10001/2)"])
def test_a_problem_that_has_no_structure_is_refused(integrand):
    with pytest.raises(ValueError, match=r"zero|large|with 0"):
        Antiderivative(integrand, "x")


@given(trees, st.sampled_from(["1/7", "-13/8", "5/2", "9"]))
@settings(max_examples=200, deadline=None)
def test_floats_and_integers_enclose_the_same_numbers(tree, point):
    program, at = Program(tree), Fraction(point).as_integer_ratio()
    exact, rough = Balls(300), FloatBalls()
    try:
        precise = program.run(exact, {"x": exact.ratio(*at)}, "x")[0]
        floating = program.run(rough, {"x": rough.ratio(*at)}, "x")[0]
    except (ArithmeticError, ValueError):
        return
    for one, other in zip(precise, floating, strict=True):
        if one is not None and other is not None and isfinite(other[0]) and isfinite(other[1]):
            off = abs(Fraction(one[0], 1 << 300) - Fraction(other[0]))
            assert off <= Fraction(other[1]) + Fraction(one[1], 1 << 300)


def test_substitution_keeps_the_shape():
    assert show(substitute(read("x^2*sin(2*x)"), "x", Name("t"))) == "t^2*sin(2*t)"
