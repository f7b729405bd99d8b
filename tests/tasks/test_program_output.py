"""program_output: the language means what Python means, every statement matters, foreign programs are safe."""

import time

import pytest

import taskgen
from taskgen.oracles.code.program_output import solutions
from taskgen.problem import decode, encode
from taskgen.verifiers.code._program import (
    Assign,
    Binary,
    Bool,
    Builtin,
    Call,
    Define,
    Do,
    Each,
    For,
    If,
    Index,
    Int,
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
)
from taskgen.verifiers.code._program_interpreter import Program
from taskgen.verifiers.code._program_machine import ProgramError
from taskgen.verifiers.code.program_output import ProgramOutput

A, B, C = Var(0), Var(1), Var(2)
NAMES = ("a", "b", "c")


def problem(*program: Statement) -> ProgramOutput:
    return ProgramOutput(NAMES, program)


LANGUAGE = {
    "floor": (Print((Binary("//", Int(-7), Int(2)), Binary("%", Int(-7), Int(3)), Binary("**", Int(-2), Int(2)))),),
    "sign of a power": (Print((Unary("-", Binary("**", Int(2), Int(2))),)),),
    "brackets": (
        Assign((0,), Int(5)),
        Print((Binary("-", A, Binary("-", A, Int(1))), Binary("*", Binary("+", A, Int(1)), Unary("-", A)))),
        Print((Binary("==", Binary("<", A, Int(9)), Bool(True)), Unary("not", Binary("and", A, Int(0))))),
    ),
    "and gives an operand": (Print((Binary("or", Int(0), Text("x")), Binary("and", Int(3), List(())))),),
    "alias": (
        Assign((0,), List((Int(1),))),
        Assign((1,), A),
        Update(1, "+", List((Int(2),))),
        Assign((2,), Slice(A)),
        Assign((1,), Binary("+", B, List((Int(3),)))),
        Do(Method(B, "append", (Int(4),))),
        Print((A, B, C)),
    ),
    "one row three times": (
        Assign((0,), Binary("*", List((List((Int(0), Int(0))),)), Int(3))),
        Put(Index(A, Int(1)), Int(0), Int(7), "+"),
        Print((A,)),
    ),
    "list changed while gone through": (
        Assign((0,), List((Int(1), Int(2), Int(3)))),
        For((1,), A, (If(Binary("<", B, Int(3)), (Do(Method(A, "append", (Binary("+", B, Int(2)),))),)),)),
        Print((A,)),
    ),
    "a comprehension keeps its variable to itself": (
        Assign((0,), Int(9)),
        Print((Each(Binary("*", A, A), 0, Builtin("range", (Int(3),))), A)),
    ),
    "the value of an update is read first": (
        Assign((0,), Int(1)),
        Define(1, (), (), (0,), (Update(0, "+", Int(10)), Return(Int(5)))),
        Update(0, "+", Call(1, ())),
        Print((A,)),
    ),
    "a default is made once": (
        Define(0, (1, 2), (List(()),), (), (Do(Method(C, "append", (B,))), Return(C))),
        Print((Call(0, (Int(1),)), Call(0, (Int(2),)))),
    ),
    "swap": (
        Assign((0, 1), Tuple((Int(1), Int(2)))),
        Assign((0, 1), Tuple((B, Binary("+", A, B)))),
        Print((A, B, Tuple((A,)))),
    ),
    "quotes inside a list only": (Print((Text("ab"), List((Text("ab"),)))),),
}


@pytest.mark.parametrize("program", LANGUAGE.values(), ids=LANGUAGE.keys())
def test_the_interpreter_prints_what_cpython_prints(program):
    statement = problem(*program)
    assert solutions(statement, 2) == ["\n".join(Program(statement.program).run()) + "\n"]
    assert statement.verify(solutions(statement, 1)[0])


@pytest.mark.parametrize("difficulty", range(1, 11))
def test_without_any_one_statement_the_output_is_another(difficulty):
    statement = decode(taskgen.task("program_output").generate(difficulty=difficulty, seed=3).problem)
    printed = Program(statement.program).run()
    shorter = list(_deletions(statement.program))
    assert len(shorter) >= 4
    assert all(_output(program) != printed for program in shorter)


def _output(program):
    try:
        return Program(program).run()
    except ProgramError:
        return None


def _deletions(block):
    """The block without one of its statements, in every way; a body that runs empty is left with a 0 in it."""
    nothing = Assign((59,), Int(0))
    for number, statement in enumerate(block):
        yield (*block[:number], nothing, *block[number + 1 :])
        for field in ("then", "otherwise", "body"):
            for inner in _deletions(getattr(statement, field, ())):
                fields = {name: getattr(statement, name) for name in statement.__struct_fields__} | {field: inner}
                yield (*block[:number], type(statement)(**fields), *block[number + 1 :])


THREE_LINES = problem(Print((Int(12), Int(3))), Print((List((Int(1), Int(2))),)), Print((Text("ab"),)))


@pytest.mark.parametrize(
    "answer", ["12 3\n[1, 2]\nab", "12 3  \r\n  [1, 2]\nab\n\n", "```\n12 3\n[1, 2]\nab\n```", "12  3\n[1, 2]\nab"]
)
def test_white_space_around_words_is_free(answer):
    assert THREE_LINES.verify(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "12 3 [1, 2] ab",
        "123\n[1, 2]\nab",
        "12 3\n[1, 2]\n'ab'",
        "12 3\n[1, 2]",
        "12 3\n[1, 2]\nab\nab",
        "١٢ 3\n[1, 2]\nab",
    ],
)
def test_other_text_is_wrong(answer):
    assert THREE_LINES.verify(answer).status == "wrong"


def test_true_and_one_are_different_programs():
    assert problem(Print((Bool(True),))).verify("True")
    assert problem(Print((Int(1),))).verify("1")
    assert problem(Print((Bool(True),))).structure() != problem(Print((Int(1),))).structure()


DOUBLED = For((1,), Builtin("range", (Int(90),)), (Assign((0,), List((A, A))),))
HOSTILE = {
    "endless loop": (While(Bool(True), (Assign((0,), Int(1)),)),),
    "endless recursion": (Define(0, (), (), (), (Return(Call(0, ())),)), Print((Call(0, ()),))),
    "growing number": (Assign((0,), Int(9)), While(A, (Assign((0,), Binary("*", A, A)),))),
    "tower of powers": (Print((Binary("**", Int(9), Binary("**", Int(9), Binary("**", Int(9), Int(9)))),)),),
    "long string": (Print((Binary("*", Text("ab"), Int(10**9)),)),),
    "long range": (Print((Builtin("list", (Builtin("range", (Int(10**9),)),)),)),),
    "huge sum": (Print((Builtin("sum", (Builtin("range", (Int(10**9),)),)),)),),
    "list of itself": (Assign((0,), List(())), Do(Method(A, "append", (A,))), Print((A,))),
    "doubled list": (Assign((0,), List((Int(1),))), DOUBLED, Print((A,))),
    "comparison of doubled lists": (Assign((0,), List((Int(1),))), DOUBLED, Print((Binary("==", A, Slice(A)),))),
    "a printed function": (Define(0, (), (), (), (Return(Int(1)),)), Print((List((A,)),))),
    "an error": (Print((Index(List(()), Int(3)),)),),
    "formatting": (Print((Binary("%", Text("%999999999d"), Int(1)),)),),
}


@pytest.mark.parametrize("program", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_program_is_our_fault_and_stops_soon(program):
    started = time.perf_counter()
    assert taskgen.verify(problem(*program), "<answer>1</answer>").status == "verifier_error"
    assert time.perf_counter() - started < 2


def test_a_run_out_of_fuel_is_not_repeated_for_the_next_answer():
    statement = problem(
        Assign((0,), Builtin("list", (Builtin("range", (Int(199),)),))),
        While(Bool(True), (Assign((1,), Builtin("sorted", (A,))),)),
    )
    assert taskgen.verify(statement, "<answer>1</answer>").status == "verifier_error"
    started = time.perf_counter()
    assert all("too long" in taskgen.verify(statement, f"<answer>{n}</answer>").reason for n in range(100))
    assert time.perf_counter() - started < 0.1


def test_a_program_that_prints_nothing_is_our_fault():
    assert taskgen.verify(problem(Assign((0,), Int(1))), "<answer>1</answer>").status == "verifier_error"


@pytest.mark.parametrize("index", [117, *range(20)])
def test_the_longest_programs_fit_the_problem(index):
    record = taskgen.task("program_output").generate(difficulty=10, seed=11, index=index)
    assert encode(decode(record.problem)) == record.problem


@pytest.mark.long
def test_hundreds_of_the_longest_programs_fit_the_problem():
    for index in range(400):
        record = taskgen.task("program_output").generate(difficulty=10, seed=11, index=index)
        assert encode(decode(record.problem)) == record.problem


@pytest.mark.parametrize("names", [("len", "b"), ("a", "a"), ("if", "b")])
def test_names_that_mean_something_else_are_refused(names):
    with pytest.raises(ValueError):
        ProgramOutput(names, (Print((A,)),))


def test_a_tree_that_is_too_deep_or_too_large_is_refused():
    deep = A
    for _ in range(40):
        deep = Unary("-", deep)
    with pytest.raises(ValueError, match="deep"):
        problem(Print((deep,)))
    wide = List(tuple(List(tuple(List((Int(1),) * 5) for _ in range(20))) for _ in range(20)))
    with pytest.raises(ValueError, match="nodes"):
        problem(Print((wide,)))
