"""Houses in a row as ZebraLogicBench words them (Lin et al., "ZebraLogic", 2025), and reasoning-gym's zebra_puzzles.

Both have houses from left to right, a line of values for each attribute, and numbered clues such as "The person who has
red hair is somewhere to the left of the cat lover." Where the whole table is asked, that is a zebra puzzle of ours in
other words; where one value is asked, its structure is still that of the clues.
"""

import re
from collections.abc import Iterator
from typing import Any, get_args

import msgspec

from taskgen.curation.parsers import Puzzle, Row, problem
from taskgen.curation.parsers._zebra_phrases import Attribute, Phrases
from taskgen.verifiers.logic.zebra_puzzle import AttributeName, ZebraPuzzle

MARKS = ("houses, numbered 1 to", "houses (numbered 1 on the left")
COLUMNS = ()

_COUNTS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_HOUSES = {word: place + 1 for place, word in enumerate(_ORDINALS)}
_PUZZLE = re.compile(
    r"There are (?P<houses>[2-8]) houses(?:, numbered 1 to (?P=houses) from left to right"
    r"| \(numbered 1 on the left, (?P=houses) on the right\))[^\n]*\n"
    r"(?P<attributes>(?:[ \t]*[-*] [^\n]+\n)+)\s*(?:#*\s*Clues:?\s*\n)?"
    r"(?P<clues>(?:\s*[0-9]+\. [^\n]+(?:\n|$))+)"
)
_PLACED = re.compile(r"(?P<one>.+) is (?P<no>not )?in the (?P<house>[a-z]+) house")
_BETWEEN = re.compile(r"There (?:is|are) (?P<count>[a-z]+) houses? between (?P<two>.+)")
_NEIGHBOURS = re.compile(r"(?P<two>.+) are next to each other")
# What stands between two phrases; the kind of our clue; whether the second phrase comes first in it.
_LINKS = (
    (" is directly left of ", "directly_left", False),
    (" is directly right of ", "directly_left", True),
    (" is somewhere to the left of ", "left", False),
    (" is somewhere left of ", "left", False),
    (" is somewhere to the right of ", "left", True),
    (" is somewhere right of ", "left", True),
    (" is not ", "different", False),
    (" is ", "same", False),
)
# Houses that stand in no row.
_NO_ROW = re.compile(r"\b(?:circle|circular|ring|loop)\b")
_HOUSE = re.compile(rf"\b(?:{'|'.join(_ORDINALS)}) house\b")
_DIGITS = str.maketrans("0123456789", "abcdefghij", "- '")


def parse(row: Row) -> ZebraPuzzle | Puzzle | None:
    """The last puzzle of the text: one before it is an example."""
    matches = list(_PUZZLE.finditer(row.text))
    if not matches:
        return None
    match, after = matches[-1], row.text[matches[-1].end() :]
    questions = re.findall(r"[^.?!\n]+\?", after)
    attributes = _attributes(match["attributes"])
    if _NO_ROW.search(match[0].partition("\n")[0]) or _tells_more(re.sub(r"[^.?!\n]+\?", "", after), attributes):
        return None
    puzzle = _zebra_puzzle(int(match["houses"]), attributes, match["clues"])
    if puzzle is None or not questions:
        return puzzle
    return Puzzle("zebra_question", [msgspec.to_builtins(puzzle), sorted(map(str.strip, questions))], puzzle)


def _attributes(lines: str) -> list[Attribute]:
    attributes = []
    for line in lines.strip().split("\n"):
        described, _, values = line.strip(" \t-*").partition(":")
        attributes.append(Attribute(described, [value.strip(" `.") for value in values.split(",")]))
    return attributes


def _tells_more(text: str, attributes: list[Attribute]) -> bool:
    """Whether what follows the clues speaks of a house or a value: a clue without a number, or another question."""
    values = "|".join(re.escape(value) for attribute in attributes for value in attribute.values if value)
    return bool(_HOUSE.search(text) or re.search(rf"\b(?:{values})\b", text, re.IGNORECASE))


def _zebra_puzzle(houses: int, attributes: list[Attribute], clue_lines: str) -> ZebraPuzzle | None:
    phrases = Phrases(attributes)
    clues = [_clue(re.sub(r"^\s*[0-9]+\. ", "", line).strip(" ."), phrases) for line in clue_lines.strip().split("\n")]
    if None in clues or any(len(attribute.values) != houses for attribute in attributes):
        return None
    return problem(ZebraPuzzle, attributes=_named(attributes, phrases.names()), clues=clues)


def _clue(text: str, phrases: Phrases) -> list[Any] | None:
    """The one way to read a clue: kind, items, number; None where there is none, or more than one."""
    placed = _PLACED.fullmatch(text)
    if placed and placed["house"] in _HOUSES:
        item = phrases.item(placed["one"])
        return item and ["not_at" if placed["no"] else "at", [item], _HOUSES[placed["house"]]]
    between, neighbours = _BETWEEN.fullmatch(text), _NEIGHBOURS.fullmatch(text)
    if between:
        items = list(_pairs(between["two"], " and ", phrases))
        return ["apart", items[0], _COUNTS[between["count"]] + 1] if len(items) == 1 else None
    if neighbours:
        items = list(_pairs(neighbours["two"], " and ", phrases))
        return ["next", items[0], 0] if len(items) == 1 else None
    for link, kind, turned in _LINKS:
        items = list(_pairs(text, link, phrases))
        if items:
            return [kind, items[0][::-1] if turned else items[0], 0] if len(items) == 1 else None
    return None


def _pairs(text: str, link: str, phrases: Phrases) -> Iterator[list[tuple[int, int]]]:
    """The pairs of items that the text gives when it is cut at a link; "the person who is tall" holds one itself."""
    place = text.find(link)
    while place >= 0:
        if not text.endswith(" who", 0, place):
            first, second = phrases.item(text[:place]), phrases.item(text[place + len(link) :])
            if first and second:
                yield [first, second]
        place = text.find(link, place + 1)


def _named(attributes: list[Attribute], known: list[AttributeName | None]) -> list[dict[str, Any]]:
    """The attributes under names of ours, with values that are words: what has no name of ours gets one left over."""
    left = iter([name for name in get_args(AttributeName) if name not in known])
    named: list[dict[str, Any]] = []
    taken: set[str] = set()
    for attribute, own in zip(attributes, known, strict=True):
        name = own or next(left)
        words = [value.translate(_DIGITS) for value in attribute.values]
        words = [f"{name}{word}" if word.casefold() in taken else word for word in words]
        taken.update(word.casefold() for word in words)
        named.append({"name": name, "values": words})
    return named
