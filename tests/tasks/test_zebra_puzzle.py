"""Zebra puzzles: what is read as a table, what each kind of clue says, and clue sets that can spare nothing."""

import msgspec
import pytest

import taskgen
from taskgen.generators.logic.zebra_puzzle import LOOSE, VALUES
from taskgen.knobs import KnobError
from taskgen.problem import decode
from taskgen.prompts import render
from taskgen.verifiers.logic.zebra_puzzle import Attribute, Clue, ZebraPuzzle

PETS = Attribute("pet", ("cat", "dog", "fox"))
DRINKS = Attribute("drink", ("tea", "milk", "wine"))
CAT, DOG, FOX = (0, 0), (0, 1), (0, 2)
TEA, MILK, WINE = (1, 0), (1, 1), (1, 2)
PUZZLE = ZebraPuzzle(
    (PETS, DRINKS),
    (
        Clue("at", (CAT,), 1),
        Clue("directly_left", (DOG, FOX)),
        Clue("same", (FOX, TEA)),
        Clue("different", (CAT, WINE)),
    ),
)
ANSWER = "1 | cat | milk\n2 | dog | wine\n3 | fox | tea"
HEADED = "| House | Pet | Drink |\n|---|:---:|---|\n| 1 | Cat | Milk |\n| 2 | Dog | Wine |\n| 3 | Fox | Tea |"


@pytest.mark.parametrize(
    "answer",
    [
        ANSWER,
        "3|fox|tea\n1|cat|milk\n\n2|dog|wine",
        "House 1 | cat | milk\nHouse 2 | dog | wine\nHouse 3 | fox | tea",
        HEADED,
        HEADED.replace("House", "number"),
        HEADED.replace("House", "No."),
        HEADED.replace("House", " "),
        HEADED.replace("House", "#").replace("|---|:---:|---|", "+===+-----+---+"),
        HEADED.replace("|---|:---:|---|", "├───┼─────┼───┤").replace("|", "│"),
        "**1** | cat | milk\n#2 | dog | wine\n3. | **fox** | tea",
        "**House 1** | cat | milk\nHouse #2 | dog | wine\n3 | fox | tea",
    ],
)
def test_a_table_may_have_bars_a_heading_and_any_order_of_lines(answer):
    assert PUZZLE.verify(answer)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("1 | cat | milk\n2 | dog | wine", "2 of 3 houses are given"),
        (ANSWER + "\n3 | fox | tea", "house 3 is given twice"),
        (ANSWER + "\n4 | fox | tea", "a line begins with '4', not with the number of a house"),
        ("cat | milk\ndog | wine\nfox | tea", "a line begins with 'cat', not with the number of a house"),
        (ANSWER.replace("cat | milk", "milk | cat"), "cat is in no house's column for pet"),
        (ANSWER.replace("fox", "cat dog fox"), "fox is in no house's column for pet"),
        (ANSWER.replace("dog", "fox"), "dog is in no house's column for pet"),
        (ANSWER.replace("tea", "tea | wine"), "house 3 has 3 values, not 2"),
        ("pet | drink\nNo. | pet | tea", "a line begins with 'no.', not with the number of a house"),
        ("-1 | cat | milk", "a line begins with '-1', not with the number of a house"),
        ("٣ | fox | tea", "a line begins with '٣', not with the number of a house"),
    ],
)
def test_what_is_not_one_complete_table_scores_nothing(answer, reason):
    assert (PUZZLE.verify(answer).score, PUZZLE.verify(answer).reason) == (0.0, reason)


def test_a_first_row_of_values_named_like_the_attributes_is_no_heading():
    puzzle = ZebraPuzzle(
        (Attribute("pet", ("pet", "dog")), Attribute("drink", ("drink", "tea"))), (Clue("at", (CAT,), 1),)
    )
    assert puzzle.verify("1 | pet | drink\n2 | dog | tea")


@pytest.mark.parametrize("wording", ["street", "neighbours", "census", "puzzle"])
def test_no_wording_begins_with_a_numeral(wording):
    assert not render(taskgen.task("zebra_puzzle").template, PUZZLE, wording)[0].isdigit()


def test_every_row_listing_all_values_is_no_table():
    row = "cat dog fox | tea milk wine"
    assert not PUZZLE.verify("\n".join(f"{house} | {row}" for house in (1, 2, 3)))


def test_a_complete_table_that_breaks_a_clue_is_wrong():
    verdict = PUZZLE.verify("1 | cat | wine\n2 | dog | milk\n3 | fox | tea")
    assert (verdict.status, verdict.reason, verdict.partial) == ("wrong", "clue 4 of 4 broken", 0.75)


@pytest.mark.parametrize(
    ("clue", "holds"),
    [
        (Clue("at", (DOG,), 2), True),
        (Clue("not_at", (DOG,), 2), False),
        (Clue("end", (DOG,)), False),
        (Clue("end", (FOX,)), True),
        (Clue("same", (DOG, WINE)), True),
        (Clue("different", (DOG, WINE)), False),
        (Clue("left", (CAT, TEA)), True),
        (Clue("left", (CAT, MILK)), False),
        (Clue("left", (FOX, DOG)), False),
        (Clue("directly_left", (CAT, TEA)), False),
        (Clue("next", (TEA, DOG)), True),
        (Clue("next", (TEA, FOX)), False),
        (Clue("apart", (FOX, MILK), 2), True),
        (Clue("apart", (DOG, MILK), 2), False),
        (Clue("between", (WINE, FOX, CAT)), True),
        (Clue("between", (WINE, DOG, CAT)), False),
        (Clue("either", (WINE, CAT, DOG)), True),
        (Clue("either", (WINE, CAT, FOX)), False),
    ],
)
def test_each_kind_of_clue_means_what_the_prompt_says(clue, holds):
    assert bool(ZebraPuzzle((PETS, DRINKS), (clue,)).verify(ANSWER)) == holds


@pytest.mark.parametrize(
    "clue",
    [
        Clue("same", (CAT, DOG)),
        Clue("either", (CAT, TEA, DOG)),
        Clue("next", (CAT, CAT)),
        Clue("at", (CAT,), 4),
        Clue("apart", (CAT, TEA), 1),
        Clue("left", (CAT,)),
        Clue("end", ((2, 0),)),
    ],
)
def test_a_senseless_clue_is_refused(clue):
    with pytest.raises(ValueError, match="clue 1"):
        ZebraPuzzle((PETS, DRINKS), (clue,))


@pytest.mark.parametrize("difficulty", [6, 7, 8])
def test_without_redundancy_no_clue_can_be_spared(difficulty):
    task = taskgen.task("zebra_puzzle")
    problem = decode(task.generate(difficulty=difficulty).problem)
    for position in range(len(problem.clues)):
        fewer = msgspec.structs.replace(problem, clues=problem.clues[:position] + problem.clues[position + 1 :])
        assert len(task.oracle.solutions(fewer, 2)) == 2


def test_redundancy_adds_clues_that_change_nothing():
    task = taskgen.task("zebra_puzzle")
    problem = decode(task.generate(knobs={"houses": 4, "attributes": 3, "redundancy": 5}).problem)
    spared = [
        position
        for position in range(len(problem.clues))
        if len(
            task.oracle.solutions(
                msgspec.structs.replace(problem, clues=problem.clues[:position] + problem.clues[position + 1 :]), 2
            )
        )
        == 1
    ]
    assert len(spared) >= 5


def test_the_mirror_image_is_the_same_puzzle():
    mirrored = ZebraPuzzle(
        (PETS, DRINKS),
        (
            Clue("at", (CAT,), 3),
            Clue("directly_left", (FOX, DOG)),
            Clue("same", (FOX, TEA)),
            Clue("different", (CAT, WINE)),
        ),
    )
    half = msgspec.structs.replace(mirrored, clues=(Clue("at", (CAT,), 1), *mirrored.clues[1:]))
    assert mirrored.structure() == PUZZLE.structure() != half.structure()


def test_all_words_of_the_pools_differ():
    words = [word.casefold() for values in VALUES.values() for word in values.split()]
    assert len(words) == len(set(words))
    assert min(len(values.split()) for values in VALUES.values()) >= 10


@pytest.mark.parametrize(
    ("clue", "sentence"),
    [
        (Clue("same", (CAT, TEA)), "The owner of the cat drinks tea."),
        (Clue("different", (TEA, CAT)), "The person who drinks tea does not own the cat."),
        (Clue("either", (TEA, CAT, FOX)), "The person who drinks tea owns either the cat or the fox."),
        (Clue("apart", (TEA, CAT), 2), "There is exactly one house between the homes of the person who drinks tea and"),
        (Clue("between", (TEA, CAT, FOX)), "lives somewhere between the owner of the cat and the owner of the fox."),
    ],
)
def test_clues_read_as_english(clue, sentence):
    template = taskgen.task("zebra_puzzle").template
    assert sentence in render(template, ZebraPuzzle((PETS, DRINKS), (clue,)), "street")


@pytest.mark.parametrize("kinds", [("same", "next"), ("between", "either", "apart")])
def test_kinds_that_cannot_tell_left_from_right_are_refused(kinds):
    with pytest.raises(KnobError, match="left and right"):
        taskgen.task("zebra_puzzle").knobs(settings={"kinds": kinds})


def test_kinds_that_need_three_houses_are_refused_with_two():
    with pytest.raises(KnobError, match="houses=3"):
        taskgen.task("zebra_puzzle").knobs(settings={"houses": 2, "kinds": LOOSE})
