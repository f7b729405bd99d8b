"""What may be renamed and reordered in the puzzles of reasoning-gym that no task of ours states.

Each function turns metadata and question into a value that stays the same under the family's symmetries.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from taskgen.curation.parsers._reasoning_gym_tasks import arc_grids
from taskgen.curation.parsers._terms import Bag, Name, Square, Term, bag, least, orientations, pattern

Metadata = Mapping[str, Any]

_STATEMENT = re.compile(r"(All|No|Some) (.+?) are (not )?(.+)")
_MARRIED = re.compile(r"(\w+) is married to (\w+)\.(?: They have (?:a child|children) called ([^.]+)\.)?")
_EDGE = re.compile(r"\|([0-9]+) ([0-9]+)")
_ENDS = re.compile(r"/([0-9]+) ([0-9]+) =")


def names(words: Iterable[str | int]) -> tuple[Name, ...]:
    """Words in order, each of which may be called anything else."""
    return tuple(Name(word) for word in words)


def _acre(metadata: Metadata, text: str) -> Term:
    """Objects in experiments: what they are called and the order of objects and experiments say nothing."""
    results, test = text.split("Previous experimental results:")[1].split("New test case:")
    lines = [line.split(" → ") for line in results.split("\n") if line.strip()]
    experiments = bag((_objects(listed), light.strip()) for listed, light in lines)
    return experiments, _objects(test.strip().split("\n")[0])


def _objects(listed: str) -> Bag:
    return bag(names(thing.strip() for thing in listed.split(",")))


def _arc(metadata: Metadata, text: str) -> Any:
    """Examples in any order, colours under other names, all grids turned alike: for what is too large to be ours."""
    ways = [[orientations(tuple(map(tuple, grid))) for grid in grids] for grids in arc_grids(text)]
    return min(
        pattern((bag(_colours(grid[way] for grid in pair) for pair in ways[:-1]), *_colours([ways[-1][0][way]])))
        for way in range(8)
    )


def _colours(grids: Iterable[Square]) -> Term:
    return tuple(tuple(map(names, grid)) for grid in grids)


def _color_cube_rotation(metadata: Metadata, text: str) -> Term:
    sides = sorted(metadata["initial_state"].items())
    return tuple((side, Name(color)) for side, color in sides), tuple(metadata["rotations"]), metadata["target_side"]


def _course_schedule(metadata: Metadata, text: str) -> Term:
    return len(metadata["courses"]), bag(map(names, metadata["prerequisites"]))


def _cryptarithm(metadata: Metadata, text: str) -> Term:
    return bag(map(names, metadata["words_letters"])), names(metadata["result_letters"]), metadata["allow_leading_zero"]


def _dice(metadata: Metadata, text: str) -> Term:
    return bag(metadata["puzzle"]["dice_str"].split(", ")), metadata["puzzle"]["target"]


def _family_relationships(metadata: Metadata, text: str) -> Term:
    """Couples and their children; the answer tells the sex of who is asked about, that of others says nothing."""
    couples = bag(
        (bag(names(couple)), bag(names(re.findall(r"\w+", re.sub(r"\band\b", " ", children)))))
        for *couple, children in _MARRIED.findall(text)
    )
    return couples, *names((metadata["person1"], metadata["person2"])), metadata["relationship"]


def _futoshiki(metadata: Metadata, text: str) -> Any:
    """The board's eight orientations; a constraint is a smaller cell and a greater one."""
    board = metadata["puzzle"]
    order = len(board)
    cells = orientations(tuple(tuple((row, column) for column in range(order)) for row in range(order)))
    return min(_turned_futoshiki(board, metadata["constraints"], square) for square in cells)


def _turned_futoshiki(board: Any, constraints: Any, square: Square) -> Any:
    places = {cell: place for place, cell in enumerate(cell for row in square for cell in row)}
    pairs = [((a, b), (c, d)) if sign == "<" else ((c, d), (a, b)) for a, b, c, d, sign in constraints]
    turned = [board[row][column] for line in square for row, column in line]
    return turned, sorted((places[smaller], places[greater]) for smaller, greater in pairs)


def _graph_color(metadata: Metadata, text: str) -> Term:
    puzzle = metadata["puzzle"]
    return len(puzzle["vertices"]), puzzle["num_colors"], bag(bag(names(edge)) for edge in puzzle["edges"])


def _isomorphic_strings(metadata: Metadata, text: str) -> Term:
    return tuple(map(names, metadata["words"]))


def _jugs(metadata: Metadata, text: str) -> Term:
    return bag(metadata["puzzle"]["jug_capacities"]), metadata["puzzle"]["target"]


def _kakurasu(metadata: Metadata, text: str) -> Any:
    sums = metadata["row_sums"], metadata["col_sums"]
    return min(sums, sums[::-1])


def _list_functions(metadata: Metadata, text: str) -> Term:
    examples = re.findall(r"Input [0-9]+: (.+)\nOutput [0-9]+: (.+)", text)
    return bag(tuple(map(str.strip, pair)) for pair in examples), re.findall(r"\nInput: (.+)", text)[-1].strip()


def _maze(metadata: Metadata, text: str) -> Any:
    parts = {metadata[part]: part for part in ("start", "goal", "wall", "path")}
    return least([parts[symbol] for symbol in row] for row in metadata["grid"])


def _needle_haystack(metadata: Metadata, text: str) -> Term:
    """Who likes what, in any order, and under other names."""
    told, _, question = text.strip().rpartition("\n")
    facts = [fact.strip().split(" ", 1) for fact in told.split(". ") if fact.strip()]
    return bag((Name(person), fact.rstrip(".")) for person, fact in facts), question.rstrip(" .")


def _path_star(metadata: Metadata, text: str) -> Term:
    """Edges in any order. All graphs of one size are alike but for their labels: those are the puzzle, and stay."""
    task = text.split("Solve the following task:")[1]
    return bag(_EDGE.findall(task)), _ENDS.findall(task)[0]


def _polynomial(metadata: Metadata, text: str) -> Any:
    variables = metadata.get("variables") or [metadata["variable"]]
    expression = metadata.get("equation") or metadata["polynomial_expr"]
    tokens = re.findall(r"[A-Za-z]+|[0-9.]+|[^\sA-Za-z0-9]+", expression)
    return tuple(Name(token) if token in variables else token for token in tokens)


def _propositional_logic(metadata: Metadata, text: str) -> Term:
    return bag(
        tuple(Name(sign) if sign.isalpha() else sign for sign in premise if sign != " ")
        for premise in metadata["premises"]
    )


def _quantum_lock(metadata: Metadata, text: str) -> Term:
    buttons = bag((button["type"], button["value"], button["active_state"]) for button in metadata["buttons"])
    return buttons, metadata["initial_value"], metadata["initial_state"], metadata["target_value"]


def _ransom_note(metadata: Metadata, text: str) -> Term:
    return bag(metadata["ransom_note"]), bag(metadata["magazine"])


def _rush_hour(metadata: Metadata, text: str) -> Any:
    """Cars are called by letters in any order, but A has to get out on the right; up and down are alike."""
    board = metadata["board_config"]
    rows = [board[start : start + 6] for start in range(0, 36, 6)]
    return min(_relabelled("".join(rows)), _relabelled("".join(rows[::-1])))


def _relabelled(board: str) -> list[int]:
    numbers: dict[str, int] = {sign: number for number, sign in enumerate("oxA")}
    return [numbers.setdefault(sign, len(numbers)) for sign in board]


def _survo(metadata: Metadata, text: str) -> Term:
    """A table with sums at its ends, the rows and columns of which may trade places."""
    *rows, sums = metadata["puzzle"]
    cells = bag(
        (Name(row, "row"), Name(column, "column"), value)
        for row, line in enumerate(rows)
        for column, value in enumerate(line[:-1])
    )
    row_sums = bag((Name(row, "row"), line[-1]) for row, line in enumerate(rows))
    column_sums = bag((Name(column, "column"), value) for column, value in enumerate(sums[:-1]))
    return cells, row_sums, column_sums, bag(metadata["candidate_numbers"])


def _syllogism(metadata: Metadata, text: str) -> Term:
    premises = bag(_categorical(metadata[premise]) for premise in ("premise1", "premise2"))
    return premises, _categorical(metadata["conclusion"])


def _categorical(sentence: str) -> Term:
    quantity, subject, negated, predicate = _STATEMENT.findall(sentence)[0]
    return quantity, bool(negated), Name(subject), Name(predicate)


def _shuffled(listed: str, *kept: str) -> Callable[[Metadata, str], Term]:
    """A list whose order says nothing, beside fields that are kept as they are."""
    return lambda metadata, text: (bag(metadata[listed]), *(metadata[field] for field in kept))


def _turned(grid: str) -> Callable[[Metadata, str], Any]:
    """A grid that may be turned and flipped."""
    return lambda metadata, text: least(metadata[grid])


_GRAPHS: dict[str, Callable[[Metadata, str], Term]] = {
    "acre": _acre,
    "color_cube_rotation": _color_cube_rotation,
    "course_schedule": _course_schedule,
    "cryptarithm": _cryptarithm,
    "dice": _dice,
    "family_relationships": _family_relationships,
    "gcd": _shuffled("numbers"),
    "graph_color": _graph_color,
    "group_anagrams": _shuffled("words"),
    "isomorphic_strings": _isomorphic_strings,
    "jugs": _jugs,
    "lcm": _shuffled("numbers"),
    "list_functions": _list_functions,
    "needle_haystack": _needle_haystack,
    "number_format": _shuffled("formatted_candidates", "size"),
    "number_sorting": _shuffled("original_numbers", "direction"),
    "palindrome_generation": _shuffled("letters"),
    "path_star": _path_star,
    "polynomial_equations": _polynomial,
    "polynomial_multiplication": _polynomial,
    "propositional_logic": _propositional_logic,
    "quantum_lock": _quantum_lock,
    "ransom_note": _ransom_note,
    "simple_equations": _polynomial,
    "survo": _survo,
    "syllogism": _syllogism,
    "word_sorting": _shuffled("transformed_words", "direction"),
}
_LEAST: dict[str, Callable[[Metadata, str], Any]] = {
    "arc_agi": _arc,
    "binary_matrix": _turned("matrix"),
    "futoshiki": _futoshiki,
    "kakurasu": _kakurasu,
    "largest_island": _turned("grid"),
    "maze": _maze,
    "n_queens": _turned("puzzle"),
    "rearc": _arc,
    "rotten_oranges": _turned("matrix"),
    "rush_hour": _rush_hour,
    "tsumego": _turned("board"),
}


def structure(family: str, metadata: Metadata, text: str) -> Any:
    """What renaming and reordering leave of a row; None where the family has no symmetry. Odd rows raise anything."""
    if family in _GRAPHS:
        return pattern(_GRAPHS[family](metadata, text))
    return _LEAST[family](metadata, text) if family in _LEAST else None
