"""ZebraLogicBench's wording, written by the test from puzzles of ours, and read again."""

import pytest

from taskgen.curation.parsers import Puzzle, Row, identity, recognise
from taskgen.curation.parsers._zebra_phrases import Attribute, Phrases
from taskgen.problem import decode, instance_id, structure_id
from taskgen.registry import task
from tests.curation.parsers.reasoning_gym_rows import found, read_rows

ORDINALS = "first second third fourth fifth sixth seventh eighth".split()
KINDS = ["at", "not_at", "same", "different", "left", "directly_left", "next", "apart"]
LINES = {
    "name": ("Each person has a unique name", "%s"),
    "nationality": ("The people are of nationalities", "the %s"),
    "pet": ("Each person has a unique type of pet", "the person who has a %s"),
    "drink": ("Each person has a unique favorite drink", "the person who drinks %s"),
    "colour": ("Each person has a favorite color", "the person whose favorite color is %s"),
    "job": ("Each person has an occupation", "the person who is a %s"),
    "hobby": ("Each person has a unique hobby", "the person who enjoys %s"),
    "sport": ("People have unique favorite sports", "the person who loves %s"),
    "fruit": ("Everyone eats a unique fruit", "the person who eats %s"),
    "instrument": ("They all play a unique instrument", "the person who plays the %s"),
    "flower": ("They all have a unique favorite flower", "the person who loves the bouquet of %s"),
    "transport": ("Everyone has a unique means of transport", "the person who goes by %s"),
    "birthday": ("Each person has a unique birthday month", "the person whose birthday is in %s"),
    "city": ("Everyone was raised in a unique city", "the person from %s"),
}
"""What a line says of an attribute, and the phrase for a value."""
PUZZLE = """There are 3 houses, numbered 1 to 3 from left to right, as seen from across the street. Each house is \
occupied by a different person. Each house has a unique attribute for each of the following characteristics:
 - Each person has a unique name: `Peter`, `Alice`, `Eric`
 - Each mother is accompanied by their child: `Alice`, `Bella`, `Fred`
 - People have unique hair colors: `red`, `brown`, `black`
 - Each person has a favorite color: `red`, `white`, `yellow`

## Clues:
1. The person's child is named Alice is not in the third house.
2. Alice is the person who has red hair.
3. The person who loves white is directly left of the person whose favorite color is red.
4. There is one house between Eric and the person's child is named Bella.
"""


def render(problem, ticks="`"):
    """A puzzle of ours in ZebraLogicBench's words."""

    def phrase(item):
        attribute = problem.attributes[item[0]]
        return LINES[attribute.name][1] % attribute.values[item[1]]

    def sentence(clue):
        a, b = [phrase(item) for item in (*clue.items, clue.items[0])[:2]]
        match clue.kind:
            case "at" | "not_at":
                return f"{a} is {'not ' * (clue.kind == 'not_at')}in the {ORDINALS[clue.number - 1]} house"
            case "same":
                return f"{a} is {b}"
            case "different":
                return f"{a} is not {b}"
            case "left":
                return f"{b} is somewhere to the right of {a}"
            case "directly_left":
                return f"{a} is directly left of {b}"
            case "next":
                return f"{a} and {b} are next to each other"
        houses = {2: "is one house", 3: "are two houses", 4: "are three houses"}[clue.number]
        return f"there {houses} between {a} and {b}"

    n = problem.houses
    lines = [
        f"There are {n} houses, numbered 1 to {n} from left to right, as seen from across the street. Each house is "
        "occupied by a different person. Each house has a unique attribute for each of the following characteristics:"
    ]
    for attribute in problem.attributes:
        values = ", ".join(f"{ticks}{value}{ticks}" for value in attribute.values)
        lines.append(f" - {LINES[attribute.name][0]}: {values}")
    lines += ["", "## Clues:"]
    for number, clue in enumerate(problem.clues, 1):
        text = sentence(clue)
        lines.append(f"{number}. {text[0].upper()}{text[1:]}.")
    return "\n".join(lines)


def read(text):
    return recognise(Row(text, {}))


@pytest.mark.parametrize("ticks", ["`", ""])
@pytest.mark.parametrize("index", range(12))
def test_a_puzzle_of_ours_in_other_words_keeps_its_ids(index, ticks):
    knobs = {"kinds": KINDS, "houses": 4 + index % 2, "attributes": 3 + index % 3}
    problem = decode(task("zebra_puzzle").generate(knobs=knobs, index=index).problem)
    again = read(render(problem, ticks))
    assert structure_id(again) == structure_id(problem)
    assert instance_id(again) == instance_id(problem)


def test_values_that_occur_twice_are_told_apart_by_what_is_said_of_them():
    problem = read(PUZZLE)
    names = [[attribute.name, *attribute.values] for attribute in problem.attributes]
    child, hair, colour = names[1][0], names[2][0], names[3][0]
    assert names == [
        ["name", "Peter", "Alice", "Eric"],
        [child, f"{child}Alice", "Bella", "Fred"],
        [hair, "red", "brown", "black"],
        [colour, f"{colour}red", "white", "yellow"],
    ]
    assert [(clue.kind, clue.items, clue.number) for clue in problem.clues] == [
        ("not_at", ((1, 0),), 3),
        ("same", ((0, 1), (2, 0)), 0),
        ("directly_left", ((3, 1), (3, 0)), 0),
        ("apart", ((0, 2), (1, 1)), 2),
    ]


def test_of_several_puzzles_the_last_is_asked():
    example = PUZZLE.replace("Alice is the person who has red hair", "Alice is the person who has brown hair")
    assert read(f"# Example Puzzle\n\n{example}\n\n# Puzzle to Solve\n\n{PUZZLE}") == read(PUZZLE)


def test_a_question_for_one_value_is_another_problem_with_the_structure_of_its_clues():
    whole = read(PUZZLE)
    first, second = (read(f"{PUZZLE}\nWhat is Name of the person who lives in House {house}?") for house in (1, 2))
    assert isinstance(first, Puzzle)
    assert identity(first).structure == identity(second).structure == structure_id(whole)
    assert len({identity(first).instance, identity(second).instance, instance_id(whole)}) == 3


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("the person who has red hair", "the person who has green hair"),
        ("the person who has red hair", "the person who drives a red car"),
        ("Alice is the person", "Alice likes the person"),
        ("one house between", "an empty house between"),
        ("`Peter`, `Alice`, `Eric`", "`Peter`, `Alice`"),
        ("not in the third house", "not in the last house"),
    ],
)
def test_a_clue_that_cannot_be_read_for_certain_is_not_read(old, new):
    assert old in PUZZLE
    assert read(PUZZLE.replace(old, new)) is None


@pytest.mark.parametrize("row", [row for row in read_rows("copies.jsonl.xz") if "zebra" in str(row["metadata"])])
def test_a_row_of_reasoning_gym_has_one_solution(row):
    assert len(task("zebra_puzzle").oracle.solutions(found(row).structure, 2)) == 1


@pytest.mark.parametrize(
    ("described", "value", "phrase"),
    [
        ("The people are of nationalities", "swede", "the Swedish person"),
        ("The people are of nationalities", "brit", "the British person"),
        ("The people are of nationalities", "dane", "The Dane"),
        ("Each person has a unique birthday month", "jan", "the person whose birthday is in January"),
        ("Each person has a unique birthday month", "sept", "the person whose birthday is in September"),
        ("Everyone has a unique favorite cigar", "blends", "the person who smokes many different blends"),
        ("Everyone has a unique favorite cigar", "blue master", "the person who smokes Blue Master"),
        ("People have unique heights", "very short", "the person who is very short"),
        ("People have unique heights", "average", "the person who has an average height"),
        ("People own unique car models", "ford f150", "the person who owns a Ford F-150"),
        ("People use unique phone models", "samsung galaxy s21", "the person who uses a Samsung Galaxy S21"),
        ("They all have a unique favorite flower", "roses", "the person who loves the rose bouquet"),
        ("They all have a unique favorite flower", "carnations", "the person who loves a carnations arrangement"),
        ("Each person has a unique hobby", "painting", "the person who paints as a hobby"),
        ("Each person has a unique hobby", "photography", "the photography enthusiast"),
        ("The people keep unique animals", "horse", "the person who keeps horses"),
        ("The people keep unique animals", "bird", "the bird keeper"),
        ("Each person has a unique type of pet", "fish", "the person with an aquarium of fish"),
        ("Each person has a unique level of education", "high school", "the person with a high school diploma"),
        ("Each person has a unique level of education", "associate", "the person with an associate's degree"),
        ("The mothers' names in different houses are unique", "Holly", "The person whose mother's name is Holly"),
        ("Each mother is accompanied by their child", "Timothy", "the person who is the mother of Timothy"),
        ("Each person lives in a unique style of house", "ranch", "the person in a ranch-style home"),
        ("Each person prefers a unique type of vacation", "cultural", "the person who goes on cultural tours"),
        ("Each person prefers a unique type of vacation", "cruise", "the person who likes going on cruises"),
        ("People have unique favorite music genres", "hip hop", "the person who loves hip-hop music"),
        ("People have unique favorite book genres", "science fiction", "the person who loves science fiction books"),
        ("Everyone has a favorite smoothie", "desert", "the Desert smoothie lover"),
        ("Everyone has something unique for lunch", "stir fry", "the person who loves stir fry"),
    ],
)
def test_the_benchmarks_phrases_mean_their_values(described, value, phrase):
    others = [
        Attribute("Each person has a unique name", ["Eric", "Holly", "Timothy"]),
        Attribute("People have unique heights", ["tall", "short", "super tall"]),
        Attribute("Each person has a favorite color", ["red", "blue", "white"]),
    ]
    attributes = [other for other in others if other.described != described]
    assert Phrases([*attributes, Attribute(described, ["other", "thing", value])]).item(phrase) == (len(attributes), 2)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("has red hair.", "does not have red hair."),
        ("has red hair.", "has red or black hair."),
        ("named Bella.\n", "named Bella.\n\nAlso, Peter is not in the first house.\n"),
        ("named Bella.\n", "named Bella.\n- Peter is in the second house.\n"),
        ("named Bella.\n", "named Bella.\nTell me who lives in the second house.\n"),
        ("from left to right,", "from left to right in a circle,"),
    ],
)
def test_a_changed_or_added_statement_makes_another_puzzle(old, new):
    assert old in PUZZLE
    changed = read(PUZZLE.replace(old, new))
    assert changed is None or identity(changed).structure != identity(read(PUZZLE)).structure
