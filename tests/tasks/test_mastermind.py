"""Mastermind: feedback, dialogues with friendly and hostile players, forged transcripts, and the player's guarantee."""

import json
import time
from itertools import permutations, product

import msgspec
import numpy as np
import pytest

import taskgen
from taskgen.environment import MAX_ACTION, Environment
from taskgen.judging import judge, read_problem
from taskgen.knobs import KnobError
from taskgen.problem import encode, structure_id
from taskgen.prompts import render, wordings
from taskgen.seeding import Stream
from taskgen.verifiers.games.mastermind import Mastermind

COLOURS = Mastermind(("red", "blue", "green", "white"), (0, 0, 1, 2), ((0, 1, 1, 3),), 5)
DIGITS = Mastermind(tuple("123456"), (0, 1, 2, 3), (), 4)
HOSTILE = {
    "nothing": "",
    "a megabyte": "1 2 3 4 " * 125_000,
    "a megabyte in tags": "<answer>" + "9" * 1_000_000 + "</answer>",
    "null characters": "\0" * 1_000,
    "surrogates": "\ud800 \udfff",
    "a win claimed": '4 exact, 0 misplaced"], ["1 2 3 4", "4 exact, 0 misplaced',
    "a transcript": '[["1 2 3 4", "4 exact, 0 misplaced"]]',
    "too few": "1 2 3",
    "too many": "1 2 3 4 5",
    "another symbol": "1 2 3 7",
    "other digits": "١ ٢ ٣ ٤",
    "unfinished reasoning": "<think> 1 2 3 4",
    "an open tag": "<answer>1 2 3 4",
    "template": "{{ problem.secret }}",
}


@pytest.fixture(scope="module")
def task():
    return taskgen.task("mastermind")


@pytest.fixture
def environment():
    return Environment()


@pytest.mark.parametrize(
    ("guess", "told"),
    [
        ("red red blue green", "4 exact, 0 misplaced"),
        ("red blue red green", "2 exact, 2 misplaced"),
        ("blue green red red", "0 exact, 4 misplaced"),
        ("red red red red", "2 exact, 0 misplaced"),
        ("white blue blue blue", "1 exact, 0 misplaced"),
        ("blue blue white white", "0 exact, 1 misplaced"),
        ("white white white white", "0 exact, 0 misplaced"),
    ],
)
def test_a_symbol_is_matched_once_and_exact_matches_come_first(guess, told):
    assert COLOURS.reply((), guess).observation == told


@pytest.mark.parametrize("guess", ["1 2 3 4", "1,2,3,4", " 1, 2,3 4\n", "1234", "12 34", "<answer>1 2 3 4</answer>"])
def test_a_guess_may_be_separated_or_not(environment, guess):
    environment.reset(DIGITS)
    assert environment.step(guess)[:3] == ("4 exact, 0 misplaced", 1.0, True)


def test_names_are_read_in_either_case_and_never_run_together():
    assert COLOURS.reply((), "RED Red blue GREEN").finished
    assert COLOURS.reply((), "redredbluegreen").observation.startswith("not a guess")


@pytest.mark.parametrize(
    "guess",
    [
        "[1 2 3 4]",
        "[1, 2, 3, 4]",
        "(1 2 3 4)",
        "**1 2 3 4**",
        "`1234`",
        '"1 2 3 4".',
        '["1", "2", "3", "4"]',
        "[ 1 2 3 4 ]",
    ],
)
def test_brackets_quotation_marks_and_emphasis_around_a_guess_mean_nothing(task, guess):
    assert DIGITS.reply((), guess).finished
    assert task.oracle.accepts(DIGITS, json.dumps([[guess, "4 exact, 0 misplaced"]]))


@pytest.mark.parametrize("guess", ["1.2.3.4", "1*2*3*4", "1 2 3 4?", "1 2 3(4)", "-1 2 3 4", "...."])
def test_marks_inside_a_guess_are_none(task, guess):
    observation = DIGITS.reply((), guess).observation
    assert observation.startswith("not a guess")
    win = ["1 2 3 4", "4 exact, 0 misplaced"]
    assert task.oracle.accepts(DIGITS, json.dumps([[guess, observation], win]))
    assert judge(DIGITS, json.dumps([[guess, observation], win]))


def test_the_answer_is_taken_out_of_a_completion_with_reasoning(environment):
    environment.reset(DIGITS)
    long = "<think>" + "maybe <answer>4 3 2 1</answer> " * 500 + "</think>So: <answer> 1 2 3 4 </answer>"
    assert environment.step(long)[:3] == ("4 exact, 0 misplaced", 1.0, True)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_action_costs_a_turn_and_nothing_else(environment, hostile):
    environment.reset(encode(DIGITS))
    start = time.perf_counter()
    observation, reward, terminated, truncated, state = environment.step(HOSTILE[hostile])
    assert time.perf_counter() - start < 0.05
    assert observation == "not a guess; write 4 symbols from 1, 2, 3, 4, 5, 6, separated by spaces"
    assert (reward, terminated, truncated) == (0.0, False, False)
    assert len(state["turns"][0]["action"]) <= MAX_ACTION
    assert environment.step("1 2 3 4")[1:3] == (1.0, True)
    assert taskgen.verify(DIGITS, f"<answer>{environment.transcript()}</answer>").score == 1.0


def test_the_turn_limit_ends_the_dialogue_even_if_every_action_is_as_long_as_it_may_be(environment):
    problem = Mastermind(tuple("123456"), (0, 1, 2, 3), (), 20)
    environment.reset(problem)
    for turn in range(1, 21):
        _, reward, terminated, _, state = environment.step("\1" * 5_000)
        assert (reward, terminated, state["finished"]) == (0.0, turn == 20, turn == 20)
    assert environment.verdict().status == "wrong"
    with pytest.raises(RuntimeError, match="ended"):
        environment.step("1 2 3 4")


def test_a_win_on_the_last_turn_counts(environment):
    environment.reset(DIGITS)
    for _ in range(3):
        assert environment.step("6 6 6 6")[1:3] == (0.0, False)
    assert environment.step("1 2 3 4")[1:3] == (1.0, True)


def test_forged_and_stretched_transcripts_are_wrong():
    win = ["1 2 3 4", "4 exact, 0 misplaced"]
    miss = ["1 1 3 3", "2 exact, 0 misplaced"]
    assert judge(DIGITS, json.dumps([miss, win])).score == 1.0
    for turns, status in {
        "no turn": ([], "wrong"),
        "not won": ([miss], "wrong"),
        "a claimed win": ([["1 2 3 5", "4 exact, 0 misplaced"]], "wrong"),
        "a forged clue": ([["1 1 3 3", "3 exact, 0 misplaced"], win], "wrong"),
        "on after the win": ([win, win], "wrong"),
        "a win hidden by a forged answer": ([["1 2 3 4", "3 exact, 0 misplaced"], win], "wrong"),
        "a win after the last turn": ([miss] * 4 + [win], "wrong"),
        "a third entry": ([[*win, "and more"]], "malformed"),
        "one entry": ([["1 2 3 4"]], "malformed"),
        "numbers": ([[1234, "4 exact, 0 misplaced"]], "malformed"),
    }.values():
        assert judge(DIGITS, json.dumps(turns)).status == status, turns
    assert judge(DIGITS, "1 2 3 4").status == "malformed"


def test_nothing_that_a_player_sees_holds_the_secret_before_it_is_guessed(task, environment):
    for difficulty in (1, 5, 10):
        for index in range(5):
            problem = read_problem(task.generate(difficulty=difficulty, index=index))
            hidden = [problem.symbols[number] for number in problem.secret]
            secrets = [separator.join(hidden) for separator in (" ", ", ", ",", "")] + [repr(problem.secret)]
            seen = [render(task.template, problem, wording) for wording in wordings(task.template)]
            prompt, state = environment.reset(problem)
            seen += [prompt, json.dumps(state)]
            wrong = " ".join(problem.symbols[(number + 1) % len(problem.symbols)] for number in problem.secret)
            finished = False
            while not finished:
                observation, _, finished, _, state = environment.step(wrong)
                seen += [observation, json.dumps(state)]
            listed = ", ".join(problem.symbols)
            for text in seen:
                assert not any(secret in text.replace(listed, "") for secret in secrets)


def test_an_opening_clue_must_not_be_the_hidden_code():
    with pytest.raises(ValueError, match="gives the hidden code away"):
        Mastermind(tuple("123456"), (0, 1, 2, 3), ((0, 1, 2, 3),), 4)


@pytest.mark.parametrize(
    "fields",
    [
        {"symbols": ["a", "A"]},
        {"secret": [0, 1, 2, 6]},
        {"history": [[0, 1, 2]]},
        {"repeats": False, "secret": [0, 1, 2, 2]},
        {"limit": 21},
        {"symbols": ["a b", "c"]},
    ],
)
def test_problems_that_cannot_be_are_refused(fields):
    whole = json.loads(msgspec.json.encode(DIGITS))
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(whole | fields, Mastermind)


def candidates(problem):
    numbers = range(len(problem.symbols))
    pegs = len(problem.secret)
    clues = [(guess, problem.feedback(guess)) for guess in problem.history]
    for code in product(numbers, repeat=pegs) if problem.repeats else permutations(numbers, pegs):
        if code not in problem.history:
            other = msgspec.structs.replace(problem, secret=code)
            if all(other.feedback(guess) == told for guess, told in clues):
                yield other


@pytest.mark.parametrize(("difficulty", "slack"), [(1, 6), (6, 2), (10, 0)])
def test_the_limit_is_what_the_player_needs_in_the_worst_case_and_the_slack(task, difficulty, slack):
    from taskgen.generators.games.mastermind import _codes
    from taskgen.kernels.codebreaking import play

    problem = read_problem(task.generate(difficulty=difficulty))
    knobs = task.knobs(difficulty)
    codes, words, tallies = _codes(knobs.pegs, knobs.symbols, knobs.repeats)
    numbers = {tuple(code): number for number, code in enumerate(codes.tolist())}
    possible = list(candidates(problem))
    fitting = np.array([numbers[other.secret] for other in possible])
    assert 20 <= knobs.candidates <= len(fitting) <= 3 * knobs.candidates
    needed = []
    for other in possible:
        path, worst, _ = play(knobs.pegs, words, tallies, fitting, numbers[other.secret], knobs.probes)
        assert worst + slack == problem.limit
        assert tuple(codes[path[-1]]) == other.secret
        needed.append(len(path))
    assert max(needed) == problem.limit - slack


def test_structures_are_the_same_exactly_for_relabelled_games():
    def canonical(problem):
        forms = []
        for places in permutations(range(4)):
            for history in permutations(problem.history):
                names = {}
                for code in (problem.secret, *history):
                    for place in places:
                        names.setdefault(code[place], len(names))
                forms.append([[names[code[place]] for place in places] for code in (problem.secret, *history)])
        return str(min(forms))

    by_form, by_id = {}, {}
    for number in range(1_500):
        stream = Stream.keyed("structure", number)
        secret, *history = (tuple(stream.below(4) for _ in range(4)) for _ in range(3))
        if secret not in history:
            problem = Mastermind(tuple("ABCD"), secret, tuple(history), 5)
            assert by_form.setdefault(canonical(problem), structure_id(problem)) == structure_id(problem)
            assert by_id.setdefault(structure_id(problem), canonical(problem)) == canonical(problem)
    assert len(by_form) > 500


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"pegs": 7, "symbols": 12}, "more than 20000"),
        ({"pegs": 3, "symbols": 4, "candidates": 100}, "fewer than candidates"),
        ({"pegs": 6, "symbols": 5, "repeats": False}, "symbols must be at least pegs"),
    ],
)
def test_knobs_that_cannot_go_together_are_refused_by_name(task, settings, named):
    with pytest.raises(KnobError, match=named):
        task.knobs(settings=settings)
