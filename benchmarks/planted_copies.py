"""Copies of reasoning-gym rows that ask the same puzzle: verbatim, in other typography, relabelled, reordered.

A part of dedup_recipes.py. A copy changes question and metadata together, as the library would have written them for
other names or another order. Nothing here is shared with the code that has to find the copies.
"""

import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

from reasoning_gym.graphs.family_relationships import FamilyRelationshipsConfig

from taskgen.seeding import Stream

Row = dict[str, Any]
Change = Callable[[Stream, Row], Row | None]

LETTERS = "abcdefghijklmnopqrstuvwxyz"
COLOURS = "red orange yellow green blue indigo violet pink brown gray black white cyan magenta gold silver".split()
PEOPLE = "Emma Liam Olivia Noah Ethan Sophia Mason William James Lucas Henry Evelyn Jacob Logan Ella Jack Grace".split()
TERMS = (
    "doctors nurses pilots farmers painters singers dancers bakers tailors cooks judges miners clerks sailors".split()
)
GRID_LINE = re.compile(r"^(Input: +|Output: +)?[0-9](?: [0-9])*\s*$", re.MULTILINE)


def typographic(stream: Stream, row: Row) -> Row:
    """Other line endings, quotes, blanks at the ends of lines and lines around the text."""
    text = row["question"].replace("'", "\u2019").replace("\n", " \r\n")
    return row | {"question": f"\n{text}\n\n"}


def cosmetic(stream: Stream, row: Row) -> Row:
    """The same, and no full stop at the end, unless that may be part of a picture or of what is to be put in order."""
    text = row["question"]
    if row["metadata"]["source_dataset"] not in ("figlet_font", "sentence_reordering"):
        text = text.rstrip().removesuffix(".")
    return typographic(stream, row | {"question": text})


def shuffled(stream: Stream, items: Sequence[Any]) -> list[Any]:
    """The items in another order, where there is one."""
    for _ in range(50):
        order = stream.shuffled(items)
        if order != list(items):
            return order
    return list(items)


def bijection(stream: Stream, items: Sequence[Any]) -> dict[Any, Any]:
    """The items renamed among themselves."""
    return dict(zip(items, shuffled(stream, items), strict=True))


def renamed(value: Any, names: dict[str, str]) -> Any:
    """Every whole word that has another name replaced, in texts, lists and dictionaries."""
    if isinstance(value, str):
        pattern = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
        return re.sub(rf"(?<!\w)(?:{pattern})(?!\w)", lambda match: names[match[0]], value)
    if isinstance(value, list | tuple):
        return [renamed(part, names) for part in value]
    if isinstance(value, dict):
        return {renamed(key, names): renamed(part, names) for key, part in value.items()}
    return value


def rewritten(row: Row, old: str, new: str, **metadata: Any) -> Row | None:
    """The row with a part of its question and some metadata replaced; None where that changes nothing."""
    assert row["question"].count(old), (row["metadata"]["source_dataset"], old)
    if old == new:
        return None
    before, _, after = row["question"].rpartition(old)
    return {"question": before + new + after, "metadata": row["metadata"] | metadata}


def lines(cells: Sequence[Sequence[Any]], between: str = " ") -> str:
    return "\n".join(between.join(map(str, line)) for line in cells)


def turned(stream: Stream, cells: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """A grid turned or flipped in one of seven ways."""
    for _ in range(stream.between(1, 3)):
        cells = [list(line) for line in zip(*cells[::-1], strict=True)]
    return [list(line) for line in (cells[::-1] if stream.chance(0.5) else cells)]


def turn(field: str, blank: str = "0", between: str = " ") -> Change:
    """A grid printed as it stands in a field, turned."""

    def change(stream: Stream, row: Row) -> Row | None:
        old = row["metadata"][field]
        new = turned(stream, old)
        return rewritten(row, lines(old, between), lines(new, between), **{field: new})

    return change


def reorder(field: str, between: str = ", ", written: Callable[[Any], str] = str) -> Change:
    """A list printed as it stands in a field, in another order."""

    def change(stream: Stream, row: Row) -> Row | None:
        old = row["metadata"][field]
        new = shuffled(stream, old)
        return rewritten(row, between.join(map(written, old)), between.join(map(written, new)), **{field: new})

    return change


# Relabelled: other names for the same things.


def people(stream: Stream, row: Row) -> Row:
    own = row["metadata"]["names"]
    fresh = stream.sample([name for name in PEOPLE if name not in own], len(own))
    return renamed(row, dict(zip(own, fresh, strict=True)))


def zebra_people(stream: Stream, row: Row) -> Row:
    own = re.search(r"unique name: (.+)", row["question"])[1].split(", ")
    fresh = stream.sample([name.lower() for name in PEOPLE], len(own))
    names = dict(zip(own, fresh, strict=True))
    return renamed(row, names | {old.capitalize(): new.capitalize() for old, new in names.items()})


def digits(stream: Stream, row: Row) -> Row | None:
    board = row["metadata"]["puzzle"]
    names = {0: 0} | bijection(stream, range(1, len(board) + 1))
    fresh = [[names[cell] for cell in line] for line in board]
    old, new = (lines(cells).replace("0", "_") for cells in (board, fresh))
    return rewritten(row, old, new, puzzle=fresh)


def grid_colours(stream: Stream, row: Row) -> Row:
    table = str.maketrans({str(old): str(new) for old, new in bijection(stream, range(10)).items()})
    metadata = deepcopy(row["metadata"])
    for holder in (metadata, metadata.get("test_example", {}), *metadata.get("train_examples", ())):
        for part in ("input", "output"):
            if part in holder:
                holder[part] = recoloured(holder[part], table)
    return {
        "question": GRID_LINE.sub(lambda match: match[0].translate(table), row["question"]),
        "metadata": metadata,
    }


def recoloured(cells: Any, table: dict[int, str]) -> Any:
    return (
        [recoloured(part, table) for part in cells]
        if isinstance(cells, list | tuple)
        else int(str(cells).translate(table))
    )


def courses(stream: Stream, row: Row) -> Row | None:
    names = bijection(stream, sorted(row["metadata"]["courses"]))
    old = row["metadata"]["prerequisites"]
    new = [[names[course] for course in pair] for pair in old]
    return rewritten(row, pairs(old), pairs(new), prerequisites=new)


def pairs(edges: Sequence[Sequence[Any]]) -> str:
    return "[" + ", ".join(f"({first}, {second})" for first, second in edges) + "]"


def vertices(stream: Stream, row: Row) -> Row | None:
    puzzle = row["metadata"]["puzzle"]
    names = bijection(stream, puzzle["vertices"])
    new = sorted(sorted(names[vertex] for vertex in edge) for edge in puzzle["edges"])
    return rewritten(row, pairs(puzzle["edges"]), pairs(new), puzzle=puzzle | {"edges": new})


def relatives(stream: Stream, row: Row) -> Row:
    config = FamilyRelationshipsConfig()
    told = set(re.findall(r"\b[A-Z][a-z]+\b", row["question"]))
    names: dict[str, str] = {}
    for known in (config.male_names, config.female_names):
        own = [name for name in known if name in told]
        names |= zip(own, stream.sample([name for name in known if name not in told], len(own)), strict=False)
    return renamed(row, names)


def terms(stream: Stream, row: Row) -> Row:
    sentences = [row["metadata"][name] for name in ("premise1", "premise2", "conclusion")]
    own = sorted(
        {term for text in sentences for term in re.findall(r"(?:All|No|Some) (.+?) are (?:not )?(.+)", text)[0]}
    )
    fresh = stream.sample([term for term in TERMS if term not in own], len(own))
    return renamed(row, dict(zip(own, fresh, strict=True)))


def variables_in_premises(stream: Stream, row: Row) -> Row | None:
    premises = row["metadata"]["premises"]
    used = sorted(set(re.findall(r"[A-Z]", "".join(premises))))
    names = dict(zip(used, stream.sample(list("ABCDEFGH"), len(used)), strict=True))
    return written_premises(row, [renamed(premise, names) for premise in premises])


def written_premises(row: Row, premises: Sequence[str]) -> Row | None:
    old, new = (
        "".join(f"{number}. {premise}\n." for number, premise in enumerate(listed, 1))
        for listed in (row["metadata"]["premises"], premises)
    )
    return rewritten(row, old, new, premises=list(premises))


def cipher_letters(stream: Stream, row: Row) -> Row | None:
    own = row["metadata"]["letters"]
    table = {ord(a): b for a, b in zip(own, stream.sample(list(LETTERS.upper()), len(own)), strict=True)}
    old = "\n".join(row["question"].split("\n")[2:-4])
    words = [word.translate(table) for word in row["metadata"]["words_letters"]]
    result = row["metadata"]["result_letters"].translate(table)
    return rewritten(row, old, old.translate(table), words_letters=words, result_letters=result)


def string_letters(stream: Stream, row: Row) -> Row | None:
    table = str.maketrans(bijection(stream, list(LETTERS)))
    old = row["metadata"]["words"]
    new = [word.translate(table) for word in old]
    return rewritten(row, " ".join(old), " ".join(new), words=new)


def persons(stream: Stream, row: Row) -> Row:
    own = sorted(set(re.findall(r"(?:^|\. )([A-Z][\w'-]*) ", row["question"])))
    return renamed(row, bijection(stream, own))


def objects(stream: Stream, row: Row) -> Row:
    results = row["question"].split("Previous experimental results:")[1]
    return renamed(row, bijection(stream, sorted(set(re.findall(r"[a-z]+ [a-z]+ (?:cube|cylinder|sphere)", results)))))


def colours(stream: Stream, row: Row) -> Row:
    own = sorted(row["metadata"]["initial_state"].values())
    return renamed(
        row, dict(zip(own, stream.sample([word for word in COLOURS if word not in own], len(own)), strict=True))
    )


def cars(stream: Stream, row: Row) -> Row:
    board = row["metadata"]["board_config"]
    table = str.maketrans(bijection(stream, sorted(set(board) - set("oxA"))))
    told, _, shown = row["question"].partition("Board:\n")
    letters = str.maketrans(bijection(stream, sorted(set(shown) - set(".xA\n"))))
    return {
        "question": f"{told}Board:\n{shown.translate(letters)}",
        "metadata": row["metadata"] | {"board_config": board.translate(table)},
    }


def glyphs(stream: Stream, row: Row) -> Row:
    metadata = row["metadata"]
    parts = ("start", "goal", "wall", "path")
    names = dict(zip((metadata[part] for part in parts), stream.sample(list("#@%&+=?!*~"), 4), strict=True))
    table = str.maketrans(names)
    first, grid, last = row["question"].split("```")
    quoted = [re.sub(r"'(.)'", lambda match: f"'{names[match[1]]}'", text) for text in (first, last)]
    return {
        "question": f"{quoted[0]}```{grid.translate(table)}```{quoted[1]}",
        "metadata": metadata
        | {part: names[metadata[part]] for part in parts}
        | {"grid": [line.translate(table) for line in metadata["grid"]]},
    }


def unknown(field: str) -> Change:
    """The variable of an expression under another letter."""

    def change(stream: Stream, row: Row) -> Row | None:
        metadata = row["metadata"]
        own = metadata.get("variable") or metadata["variables"][0]
        fresh = stream.choice([letter for letter in "xyztuvw" if letter not in metadata.get("variables", own)])
        old = metadata[field]
        new = re.sub(rf"(?<![A-Za-z]){own}(?![A-Za-z])", fresh, old)
        marks = {"variable": fresh} if "variable" in metadata else {}
        if "variables" in metadata:
            marks["variables"] = [fresh if letter == own else letter for letter in metadata["variables"]]
        question = row["question"].replace(f"{old} d{own}", f"{old} d{fresh}").replace(f" {own} in", f" {fresh} in")
        return rewritten(row | {"question": question}, old, new, **{field: new}, **marks)

    return change


RELABELLED: dict[str, Change] = {
    "acre": objects,
    "arc_1d": grid_colours,
    "arc_agi": grid_colours,
    "color_cube_rotation": colours,
    "course_schedule": courses,
    "cryptarithm": cipher_letters,
    "family_relationships": relatives,
    "graph_color": vertices,
    "intermediate_integration": unknown("integrand"),
    "isomorphic_strings": string_letters,
    "knights_knaves": people,
    "maze": glyphs,
    "mini_sudoku": digits,
    "needle_haystack": persons,
    "polynomial_equations": unknown("polynomial_expr"),
    "polynomial_multiplication": unknown("polynomial_expr"),
    "propositional_logic": variables_in_premises,
    "rearc": grid_colours,
    "rush_hour": cars,
    "simple_equations": unknown("equation"),
    "simple_integration": unknown("integrand"),
    "sudoku": digits,
    "syllogism": terms,
    "zebra_puzzles": zebra_people,
}
