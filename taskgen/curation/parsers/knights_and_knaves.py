"""Knights and knaves as Xie et al. ("On Memorization of Large Language Models in Logical Reasoning", 2024) and
reasoning-gym write them, as trees in columns or as text.

Who always tells the truth may be called a knight, an angel, a sage, ...: names and words for the two kinds are
forgotten here, except people's own names. "Not a knight" is read as "a knave".
"""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from taskgen.curation.parsers import Row, problem
from taskgen.verifiers.logic.knights_and_knaves import KnightsAndKnaves

MARKS = ("always tell the truth, and",)
COLUMNS = ({"names", "statements"},)

MAX_STATEMENTS = 20_000
"""Longest text of nested tuples that is read, in characters."""
_TUPLES_AS_JSON = str.maketrans("()'", '[]"')
_CONNECTIVES = {"and": "and", "or": "or", "->": "if", "<=>": "iff"}
_ISLAND = re.compile(
    r"(?P<truthful>[A-Z][a-z]+)s always tell the truth, and (?P<lying>[a-z]+)s always lie\. "
    r"You meet [0-9]+ inhabitants: (?P<people>[^.]+)\.(?P<said>.*?) So who is an? [a-z]+ and who is an? [a-z]+\?",
    re.DOTALL,
)
# Rules beyond those of the plain puzzle, in the text around it; a verb that turns a claim into its opposite.
_OTHER_RULES = re.compile(
    r"\b(?:truth\w*|lies?|liars?|spy|spies|normals?|alternat\w+|sometimes|assum\w+|suppos\w+|given that|exactly|"
    r"at least|at most|neither|hint)\b|\bif\b[^.\n]*\b(?:knights?|knaves?|one|two|all)\b|\bonly by \w+, ",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:den(?:y|ied|ies)|doubt\w*|disput\w+|disagree\w*|reject\w*|contradict\w*|lied)\b", re.IGNORECASE
)
_NAME = r"(?P<name>[A-Z][A-Za-z]*)"
_SAID = tuple(
    re.compile(pattern)
    for pattern in (
        rf'\s*"(?P<claim>[^"]+)"\s*(?:- )?{_NAME}(?: [a-z]+)?\.',
        rf'\s*(?:According to|In a statement by|In|As) {_NAME}(?:\'s words| put it)?[,:] "(?P<claim>[^"]+)"\.?',
        rf'\s*{_NAME} (?:was heard )?[a-z]+[,:] "(?P<claim>[^"]+)"\.?',
        rf"\s*{_NAME} (?:said|told you|expressed) that (?P<claim>[^.\"]+)\.",
    )
)


def parse(row: Row) -> KnightsAndKnaves | None:
    """The people and their claims, from the columns `names` and `statements` or from the text."""
    if row.fields.keys() >= {"names", "statements"}:
        return knights_and_knaves(row.fields["names"], row.fields["statements"])
    islands = list(_ISLAND.finditer(row.text))
    if len(islands) != 1 or _OTHER_RULES.search(_ISLAND.sub("", row.text)) or _DENIED.search(islands[0]["said"]):
        return None
    return _from_text(*islands[0].groups())


def knights_and_knaves(names: Sequence[str], statements: Any) -> KnightsAndKnaves | None:
    """The problem in which person i makes the claim `statements[i]`, a tree such as `["and", ["lying", 0], ...]`.

    Trees may also come as the text of a Python tuple. Odd ones raise MsgspecError, ValueError, LookupError, TypeError.
    """
    if isinstance(statements, str):
        if len(statements) > MAX_STATEMENTS:
            return None
        statements = msgspec.json.decode(statements.translate(_TUPLES_AS_JSON))
    said = [{"speaker": speaker, "claim": _claim(tree)} for speaker, tree in enumerate(statements)]
    return problem(KnightsAndKnaves, people=names, statements=said)


def _claim(tree: Sequence[Any]) -> list[Any]:
    kind, *parts = tree
    if kind in ("telling-truth", "lying"):
        return ["is", int(parts[0]), kind == "telling-truth"]
    return _joined(kind, [_claim(part) for part in parts])


def _joined(kind: str, parts: list[list[Any]]) -> list[Any]:
    """A claim of ours; three and more parts are joined from the left."""
    if kind == "not":
        (part,) = parts
        return ["is", part[1], not part[2]] if part[0] == "is" else ["not", part]
    if len(parts) < 2 or (len(parts) > 2 and kind not in ("and", "or")):
        raise ValueError(f"{kind} does not join {len(parts)} claims")
    whole = parts[0]
    for part in parts[1:]:
        whole = ["joined", _CONNECTIVES[kind], whole, part]
    return whole


def _from_text(truthful: str, lying: str, people: str, said: str) -> KnightsAndKnaves | None:
    names = re.split(r",? and |, ", people)
    reader = _Claims(names, truthful.lower(), lying)
    statements, place = [], 0
    while said[place:].strip():
        match = next((match for pattern in _SAID if (match := pattern.match(said, place))), None)
        if match is None:
            return None
        statements.append({"speaker": names.index(match["name"]), "claim": reader.read(match["claim"].strip(" ,."))})
        place = match.end()
    return problem(KnightsAndKnaves, people=names, statements=statements)


class _Claims:
    """Reads claims such as "if (Zoey is a knave and Jack is a knight) then Zoey is not a knave"."""

    def __init__(self, names: Sequence[str], truthful: str, lying: str) -> None:
        self._names = names
        self._kinds = {truthful: True, lying: False}

    def read(self, text: str) -> list[Any]:
        """The claim as plain values. Raises ValueError or LookupError where it is none."""
        while text.startswith("(") and _closing(text) == len(text) - 1:
            text = text[1:-1]
        head = text[:1].lower() + text[1:]
        if head.startswith("it is not the case that "):
            return _joined("not", [self.read(head.removeprefix("it is not the case that "))])
        if head.startswith("if "):
            condition, conclusion = _split(head.removeprefix("if "), " then ")
            return _joined("->", [self.read(condition.removesuffix(",")), self.read(conclusion)])
        for connective, words in (("<=>", " if and only if "), ("or", " or "), ("and", " and ")):
            parts = _split(text, words)
            if len(parts) > 1:
                if any(len(_split(part, other)) > 1 for part in parts for other in (" and ", " or ")):
                    raise ValueError("and, or: without brackets it is not plain what belongs together")
                return _joined(connective, [self.read(part) for part in parts])
        match = re.fullmatch(r"([A-Z][A-Za-z]*) is (not )?an? ([a-z]+)", text)
        if match is None:
            raise ValueError("not a claim")
        return ["is", self._names.index(match[1]), self._kinds[match[3]] is not bool(match[2])]


def _closing(text: str) -> int:
    """Where the bracket closes that the text begins with."""
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return place
    raise ValueError("a bracket is not closed")


def _split(text: str, words: str) -> list[str]:
    """The parts of a text between some words that stand outside of brackets."""
    parts, depth, start, place = [], 0, 0, 0
    while place < len(text):
        depth += (text[place] == "(") - (text[place] == ")")
        if depth == 0 and text.startswith(words, place):
            parts.append(text[start:place])
            place = start = place + len(words)
        else:
            place += 1
    return [*parts, text[start:]]
