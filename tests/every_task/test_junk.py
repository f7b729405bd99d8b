"""Junk never raises, never scores and never takes long."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgen.judging import judge
from tests.every_task.sampling import problem, rung, some

MEGABYTE = 1_000_000
JUNK = {
    "digits": "9" * 15_000,
    "spaced digits": "1 " * 9_000,
    "comma digits": "1," * 9_000,
    "lines of digits": "1 2 3\n" * 3_000,
    "deep brackets": "(" * 9_000 + ")" * 9_000,
    "deep lists": "[" * 9_000 + "]" * 9_000,
    "deep braces": "{" * 9_000 + "}" * 9_000,
    "deep minus": "-" * 19_000 + "1",
    "powers": "9^9^9^9^9^9^9",
    "star powers": "9**9**9**9",
    "tower": "^".join(["9"] * 5_000),
    "sum": "+".join(["1"] * 9_000),
    "product": "*".join(["99999999"] * 2_000),
    "fractions": "/".join(["7"] * 9_000),
    "huge exponent": "1e999999999",
    "huge fraction": f"{'7' * 4000}/{'3' * 4000}",
    "decimals": "0." + "3" * 15_000,
    "not a number": "nan inf -inf NaN Infinity",
    "other digits": "١٢٣ ²³ １２３ ",
    "null characters": "\0" * 10_000,
    "surrogates": "\ud800\udfff" * 100,
    "right to left": "\u202e1 2 3" * 100,
    "combining": "e" + "\u0301" * 10_000,
    "emoji": "\U0001f9e9" * 5_000,
    "letters": "UDLR" * 4_900,
    "words": "lorem ipsum dolor " * 1_000,
    "names": "Ada: knight, " * 1_500,
    "arrows": "A -> B -> " * 1_800,
    "functions": "sin(" * 4_000 + "x" + ")" * 4_000,
    "integral of logs": "ln(" * 6_000,
    "latex": "\\frac{1}{" * 2_000 + "}" * 2_000,
    "clauses": "unsat:\n" + "1 -2 3 0\n" * 2_000,
    "json": '{"a":' * 3_000,
    "code": "__import__('os').system('true')",
    "template": "{{ 7 * 7 }} {% for x in y %}",
    "pipes": "|" * 19_000,
    "rows": "x | y | z\n" * 1_900,
    "tags": "<answer>" * 2_000,
    "carriage returns": "1\r2\r\n3" * 2_000,
}


@pytest.mark.parametrize("junk", JUNK)
def test_junk_is_judged_quickly(name, junk):
    for record in some(name):
        statement = problem(record)
        seconds = []
        for _ in range(3):
            start = time.perf_counter()
            verdict = judge(statement, JUNK[junk])
            seconds.append(time.perf_counter() - start)
            if seconds[-1] < 0.05:
                break
        assert verdict.score == 0.0
        assert verdict.status != "verifier_error", verdict.reason
        assert "\n" not in verdict.reason
        assert min(seconds) < 0.05, f"{min(seconds):.3f} s at rung {record.difficulty}"


def test_a_megabyte_of_text_is_a_limit(name):
    from taskgen import verify

    for record in some(name):
        start = time.perf_counter()
        verdict = verify(record, "<answer>" + record.answer * (MEGABYTE // len(record.answer)) + "</answer>")
        assert verdict.status == "limit"
        assert time.perf_counter() - start < 0.05


def test_any_text_is_judged(name):
    statement = problem(rung(name, 4)[0])

    @given(st.one_of(st.text(), st.text("0123456789+-*/().,:; \n|^xyzUDLRabc", max_size=60)))
    def judged(text):
        verdict = judge(statement, text)
        assert verdict.status != "verifier_error", verdict.reason
        assert verdict.score in (0.0, 1.0)

    judged()


def test_any_damage_to_a_right_answer_is_judged(name):
    record = rung(name, 4)[0]
    statement = problem(record)

    @given(st.integers(0, len(record.answer)), st.integers(0, 40), st.text(max_size=8))
    def judged(start, length, insertion):
        verdict = judge(statement, record.answer[:start] + insertion + record.answer[start + length :])
        assert verdict.status != "verifier_error", verdict.reason

    judged()
