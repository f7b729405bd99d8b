"""Reordered copies of reasoning-gym rows: what is listed in another order, grids turned. A part of dedup_recipes.py."""

import json
import re
from typing import Any

from planted_copies import Change, Row, lines, pairs, reorder, rewritten, shuffled, turn, turned, written_premises

from taskgen.seeding import Stream


def islanders(stream: Stream, row: Row) -> Row | None:
    metadata = row["metadata"]
    order = shuffled(stream, range(len(metadata["names"])))
    place = {old: new for new, old in enumerate(order)}

    def moved(claim: list[Any]) -> list[Any]:
        return [claim[0], *(moved(part) if isinstance(part, list | tuple) else place[part] for part in claim[1:])]

    names = [metadata["names"][old] for old in order]
    statements = [moved(metadata["statements"][old]) for old in order]
    old, new = (f"{', '.join(listed[:-1])}, and {listed[-1]}. " for listed in (metadata["names"], names))
    return rewritten(row, old, new, names=names, statements=statements)


def clues(stream: Stream, row: Row) -> Row | None:
    old = re.findall(r"^[0-9]+\. (.+)$", row["question"], re.MULTILINE)
    texts = ["\n".join(f"{n}. {clue}" for n, clue in enumerate(listed, 1)) for listed in (old, shuffled(stream, old))]
    return rewritten(row, *texts)


def board(stream: Stream, row: Row) -> Row | None:
    """Flipped at its diagonal, two rows of the first band exchanged."""
    old = row["metadata"]["puzzle"]
    new = [list(line) for line in zip(*old, strict=True)]
    new[0], new[1] = new[1], new[0]
    texts = [lines(cells).replace("0", "_") for cells in (old, new)]
    return rewritten(row, *texts, puzzle=new)


def anagrams(stream: Stream, row: Row) -> Row | None:
    old = row["metadata"]["words"]
    new = shuffled(stream, old)
    return rewritten(row, json.dumps(old), json.dumps(new), words=new)


def magazine(stream: Stream, row: Row) -> Row | None:
    old = row["metadata"]["magazine"]
    new = "".join(shuffled(stream, old))
    return rewritten(row, f"Magazine: {old}", f"Magazine: {new}", magazine=new)


def dice(stream: Stream, row: Row) -> Row | None:
    puzzle = row["metadata"]["puzzle"]
    new = ", ".join(shuffled(stream, puzzle["dice_str"].split(", ")))
    return rewritten(row, puzzle["dice_str"], new, puzzle=puzzle | {"dice_str": new})


def jugs(stream: Stream, row: Row) -> Row | None:
    puzzle = row["metadata"]["puzzle"]
    new = shuffled(stream, puzzle["jug_capacities"])
    texts = [
        ", ".join(f"{chr(65 + place)}:{litres}" for place, litres in enumerate(listed))
        for listed in (puzzle["jug_capacities"], new)
    ]
    return rewritten(row, *texts, puzzle=puzzle | {"jug_capacities": new})


def animals(stream: Stream, row: Row) -> Row | None:
    old = re.search(r"if you have (.+)\?", row["question"])[1]
    return rewritten(row, old, ", ".join(shuffled(stream, old.split(", "))))


def prerequisites(stream: Stream, row: Row) -> Row | None:
    old = row["metadata"]["prerequisites"]
    new = shuffled(stream, old)
    return rewritten(row, pairs(old), pairs(new), prerequisites=new)


def edges(stream: Stream, row: Row) -> Row | None:
    puzzle = row["metadata"]["puzzle"]
    new = shuffled(stream, puzzle["edges"])
    return rewritten(row, pairs(puzzle["edges"]), pairs(new), puzzle=puzzle | {"edges": new})


def star(stream: Stream, row: Row) -> Row | None:
    old = row["question"].rpartition("task:\n")[2].partition("/")[0]
    return rewritten(row, old, "".join(f"|{edge}" for edge in shuffled(stream, old[1:].split("|"))))


def premises(stream: Stream, row: Row) -> Row | None:
    first, second = row["metadata"]["premise1"], row["metadata"]["premise2"]
    return rewritten(row, f"1. {first}\n2. {second}", f"1. {second}\n2. {first}", premise1=second, premise2=first)


def facts(stream: Stream, row: Row) -> Row | None:
    old = row["question"].rpartition("\n")[0]
    return rewritten(row, old, "".join(f"{fact}. " for fact in shuffled(stream, old.strip(". ").split(". "))))


def experiments(stream: Stream, row: Row) -> Row | None:
    old = re.search(r"results:\n(.+)\n\nNew test case", row["question"], re.DOTALL)[1]
    return rewritten(row, old, "\n".join(shuffled(stream, old.split("\n"))))


def examples(stream: Stream, row: Row) -> Row | None:
    listed = re.findall(r"Input [0-9]+: (.+)\nOutput [0-9]+: (.+)\n", row["question"])
    texts = [
        "".join(f"Input {n}: {given}\nOutput {n}: {made}\n" for n, (given, made) in enumerate(order, 1))
        for order in (listed, shuffled(stream, listed))
    ]
    return rewritten(row, *texts)


def grid_examples(stream: Stream, row: Row) -> Row | None:
    _, *blocks = re.split(r"Example [0-9]+:\n", row["question"].partition("Below is a test")[0])
    order = shuffled(stream, range(len(blocks)))
    texts = [
        "".join(f"Example {n}:\n{blocks[place]}" for n, place in enumerate(places, 1))
        for places in (range(len(blocks)), order)
    ]
    train = row["metadata"].get("train_examples")
    return rewritten(row, *texts, **({"train_examples": [train[place] for place in order]} if train else {}))


def couples(stream: Stream, row: Row) -> Row | None:
    told = re.findall(r"\w+ is married to \w+\.(?: They have (?:a child|children) called [^.]+\.)?", row["question"])
    return rewritten(row, " ".join(told), " ".join(shuffled(stream, told)))


def addends(stream: Stream, row: Row) -> Row | None:
    old = row["metadata"]["words_letters"]
    width = max(map(len, (*old, row["metadata"]["result_letters"])))
    new = shuffled(stream, old)
    texts = [
        "\n".join([f"  {word:>{width}}" for word in listed[:-1]] + [f"+ {listed[-1]:>{width}}"])
        for listed in (old, new)
    ]
    return rewritten(row, *texts, words_letters=new)


def buttons(stream: Stream, row: Row) -> Row | None:
    old = row["metadata"]["buttons"]
    new = [button | {"name": chr(65 + place)} for place, button in enumerate(shuffled(stream, old))]
    texts = [
        "\n".join(f"{b['name']}: {b['type'].title()} {b['value']} (when {b['active_state']})" for b in listed)
        for listed in (old, new)
    ]
    return rewritten(row, *texts, buttons=new)


def sums(stream: Stream, row: Row) -> Row | None:
    """A square grid with its rows made columns."""
    metadata = row["metadata"]
    if metadata["n_rows"] != metadata["n_cols"]:
        return None
    old = re.search(r"\[[0-9, ]+\].*?\[[0-9, ]+\]", row["question"])[0]
    between = re.split(r"\[[0-9, ]+\]", old)[1]
    new = f"{metadata['col_sums']}{between}{metadata['row_sums']}"
    return rewritten(row, old, new, row_sums=metadata["col_sums"], col_sums=metadata["row_sums"])


def table(stream: Stream, row: Row) -> Row | None:
    old = row["metadata"]["puzzle"]
    new = [*shuffled(stream, old[:-1]), old[-1]]
    return rewritten(row, lines(old), lines(new), puzzle=new)


def goban(stream: Stream, row: Row) -> Row | None:
    old = row["metadata"]["board"]
    new = turned(stream, old)
    texts = [
        "\n".join(f"{len(cells) - place:2d} {' '.join(line)}" for place, line in enumerate(cells))
        for cells in (old, new)
    ]
    return rewritten(row, *texts, board=new)


def island(stream: Stream, row: Row) -> Row | None:
    old = row["metadata"]["grid"]
    new = turned(stream, old)
    texts = [f"{len(grid)} x {len(grid[0])} binary matrix grid:\n{lines(grid)}" for grid in (old, new)]
    return rewritten(row, *texts, grid=new)


def warehouse(stream: Stream, row: Row) -> Row | None:
    old = row["metadata"]["gamestr"]
    cells = [line.split() for line in old.split("\n") if line.strip()]
    new = "".join(f"{' '.join(line)}  \n" for line in turned(stream, cells)) + "\n"
    return rewritten(row, old, new, gamestr=new)


def corridors(stream: Stream, row: Row) -> Row | None:
    old = row["metadata"]["grid"]
    new = ["".join(line) for line in turned(stream, old)]
    return rewritten(row, "\n".join(old), "\n".join(new), grid=new)


REORDERED: dict[str, Change] = {
    "acre": experiments,
    "arc_1d": grid_examples,
    "arc_agi": grid_examples,
    "binary_matrix": turn("matrix"),
    "countdown": reorder("numbers"),
    "course_schedule": prerequisites,
    "cryptarithm": addends,
    "dice": dice,
    "family_relationships": couples,
    "gcd": reorder("numbers"),
    "graph_color": edges,
    "group_anagrams": anagrams,
    "jugs": jugs,
    "kakurasu": sums,
    "knights_knaves": islanders,
    "largest_island": island,
    "lcm": reorder("numbers"),
    "leg_counting": animals,
    "list_functions": examples,
    "maze": corridors,
    "mini_sudoku": board,
    "n_queens": turn("puzzle"),
    "needle_haystack": facts,
    "number_format": reorder("formatted_candidates", " "),
    "number_sorting": reorder("original_numbers"),
    "palindrome_generation": reorder("letters"),
    "path_star": star,
    "propositional_logic": lambda stream, row: written_premises(row, shuffled(stream, row["metadata"]["premises"])),
    "puzzle24": reorder("numbers"),
    "quantum_lock": buttons,
    "ransom_note": magazine,
    "rearc": grid_examples,
    "rotten_oranges": turn("matrix"),
    "shortest_path": turn("matrix"),
    "sokoban": warehouse,
    "sudoku": board,
    "survo": table,
    "syllogism": premises,
    "tsumego": goban,
    "word_sorting": reorder("transformed_words"),
    "zebra_puzzles": clues,
}
