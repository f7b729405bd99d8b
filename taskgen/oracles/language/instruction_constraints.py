"""A second opinion on texts under rules: its own reading of them, and a local search that writes made-up words."""

from itertools import groupby
from typing import Any

from taskgen.oracles.language._text_search import kept_by_words, search
from taskgen.seeding import Stream
from taskgen.verifiers.language.instruction_constraints import Constraint, InstructionConstraints

RESTARTS = 3


def accepts(problem: InstructionConstraints, answer: str) -> bool:
    """Whether a text keeps every rule, read character by character."""
    text = answer.replace("\r\n", "\n").strip()
    if not _words(text) or any(not (" " <= character <= "~" or character in "\t\n") for character in text):
        return False
    return all(_kept(constraint, text) for constraint in problem.constraints)


def _kept(constraint: Constraint, text: str) -> bool:
    parts = _parts(text, constraint.where)
    if constraint.number:
        parts = parts[constraint.number - 1 : constraint.number]
    return bool(parts) and all(_obeys(constraint.rule, part) for part in parts)


def _parts(text: str, where: str) -> list[str]:
    """The pieces of a text, in order."""
    if where == "text":
        return [text]
    if where == "sentence":
        pieces, current = [], ""
        for character in text + ".":
            if character in ".!?":
                pieces.append(current)
                current = ""
            else:
                current += character
        return [piece for piece in pieces if _words(piece)]
    groups = [list(lines) for full, lines in groupby(text.split("\n"), key=lambda line: bool(line.strip())) if full]
    return [line for lines in groups for line in lines] if where == "line" else ["\n".join(lines) for lines in groups]


def _words(text: str) -> list[str]:
    """The words as they are written."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return ["".join(run) for is_word, run in groupby(text, key=letters.__contains__) if is_word]


def _obeys(rule: Any, text: str) -> bool:
    written = _words(text)
    match rule.__struct_config__.tag:
        case "sentences":
            return len(_parts(text, "sentence")) in range(rule.low, rule.high + 1)
        case "lines":
            return len(_parts(text, "line")) in range(rule.low, rule.high + 1)
        case "paragraphs":
            return len(_parts(text, "paragraph")) in range(rule.low, rule.high + 1)
        case "sum":
            runs = ["".join(run) for digits, run in groupby(text, key="0123456789".__contains__) if digits]
            return len(runs) == rule.times and sum(_value(run, rule.total + 1) for run in runs) == rule.total
        case "marks":
            return sum(character == rule.mark for character in text) == rule.times
        case "acrostic":
            firsts = [(_words(line) or ["?"])[0][0].lower() for line in _parts(text, "line")]
            return firsts == list(rule.letters)
        case "steps":
            counts = [len(_words(line)) for line in _parts(text, "line")]
            return counts == [rule.first + rule.step * number for number in range(len(counts))]
        case "case":
            styles = {
                "lower": [str.lower],
                "upper": [str.upper],
                "capitals": [str.capitalize],
                "turns": [str.lower, str.upper],
            }[rule.style]
            return all(word == styles[number % len(styles)](word) for number, word in enumerate(written))
    return kept_by_words(rule, [word.lower() for word in written])


def _value(digits: str, most: int) -> int:
    """The number that digits write, or `most` where it is larger."""
    value = 0
    for digit in digits:
        value = min(most, 10 * value + "0123456789".index(digit))
    return value


def solutions(problem: InstructionConstraints, limit: int) -> list[str] | None:
    """A text that keeps every rule, or None where the search does not find one: nothing is said about other texts."""
    stream = Stream.keyed("oracle", *(repr(constraint) for constraint in problem.constraints))
    for _ in range(RESTARTS):
        found = search(problem.constraints, stream)
        if found is not None and accepts(problem, found):
            return [found][:limit]
    return None


def relabel(problem: InstructionConstraints, stream: Stream) -> InstructionConstraints:
    """The same rules in another order."""
    while True:
        constraints = tuple(stream.shuffled(problem.constraints))
        if constraints != problem.constraints or len(constraints) == 1:
            return InstructionConstraints(constraints)
